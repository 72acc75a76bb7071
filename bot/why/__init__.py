"""What became of an article, stage by stage, each with its verdict: the answer to "why did this alert?" and to "why
did it not?".

:func:`why` is pure: it is given what the store holds (:mod:`bot.record`), the rules as they are now, and the time.
:func:`absent` answers for an address under which there is nothing. :mod:`bot.why.gather` asks the store; command line
and chat render the same report (:mod:`bot.why.text`).
"""

from __future__ import annotations

import re

from bot.articles.identity import key_of_url
from bot.record import Address
from bot.web.urls import canonical
from bot.why.absent import absent
from bot.why.report import Mark, Outcome, RuleVerdict, Stage, WhyReport
from bot.why.sent import Around
from bot.why.stages import why

__all__ = ["Around", "Mark", "Outcome", "RuleVerdict", "Stage", "WhyReport", "absent", "address_of", "why"]

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?/\S+\Z", re.IGNORECASE)


def address_of(given: str) -> Address:
    """An article as somebody asks for it: its address, with or without ``https://``, or its guid."""
    given = given.strip().strip("<>")  # as chats write links
    url = f"https://{given}" if _HOST.match(given) else given
    return Address(given, canonical(url), key_of_url(url))
