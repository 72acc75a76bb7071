"""What the process beside the bot does for one poll: asks for a feed, and reads what comes.

Where an answer is the one that came last time, or holds more than is worth handing over, or cannot be read, that is for
the bot to deal with: it would do the same, and knows what to say of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import httpx

from bot.errors import FetchError, FetchReason
from bot.model import Fetched, Source
from bot.polling.reading import Read, read_ahead
from bot.sources.delta import Seen, fingerprint
from bot.web.exchange import Address, Asked, Exchanges, Hop

BODY_MAX = 256 * 1024  # bytes; the thousand articles of a larger answer take as long to hand over as to read


class Task(NamedTuple):
    """An exchange (see :class:`bot.web.exchange.Asked`) and what its answer is read with. ``held`` is what the last
    answer of the source held."""

    source: Source
    now: datetime
    held: Seen
    url: str
    lifted: bool
    headers: list[tuple[bytes, bytes]]
    form: Mapping[str, str] | None
    deadline_s: float

    @classmethod
    def of(cls, source: Source, now: datetime, held: Seen, asked: Asked) -> Task:
        return cls(
            source, now, held, str(asked.at.url), asked.lifted, asked.headers, asked.form, asked.deadline_s
        )  # fmt: skip


class Found(NamedTuple):
    """What came. ``body`` is the fingerprint of what the answer held, empty where it is of no use. The content is left
    out where it is the one of last time, and where it was read."""

    hop: Hop
    body: bytes = b""
    read: Read | None = None


class Refused(NamedTuple):
    """A :class:`~bot.errors.FetchError`, as far as an exchange knows it."""

    reason: FetchReason
    text: str
    status: int | None
    retry_after_s: float | None


async def done(task: Task, exchanges: Exchanges) -> Found | Refused | None:
    """Do it. ``None`` where something went wrong that the bot should see for itself."""
    try:
        at = Address.of(httpx.URL(task.url))
        asked = Asked(task.source.id, at, task.lifted, task.headers, task.form, task.deadline_s)
        try:
            hop = await exchanges.make(asked)
        except FetchError as error:
            return Refused(error.reason, error.text, error.status, error.retry_after_s)
        return _looked_at(hop, task, at)
    except Exception:  # noqa: BLE001 - raised once more where it is of use
        return None


def _looked_at(hop: Hop, task: Task, at: Address) -> Found:
    if not 200 <= hop.status < 300:
        return Found(hop)
    body = fingerprint(hop.content)
    without = Hop(hop.status, hop.headers)
    if body == task.held.body:
        return Found(without, body)
    if len(hop.content) > BODY_MAX:
        return Found(hop, body)
    fetched = Fetched(
        task.source.id, at.told, hop.status, hop.headers, hop.content, task.now, known=task.held.marks
    )  # fmt: skip
    try:
        return Found(without, body, read_ahead(fetched, task.source))
    except Exception:  # noqa: BLE001 - see above
        return Found(hop, body)
