"""A rule that stands in no file: one term, near a country if one is named.

What people watch from chat, and what they try before they write a rule.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from bot.model import Severity
from bot.rules import terms
from bot.rules.model import Condition, Country, Near, Rule, Unit
from bot.yaml_nodes import Place


def watch_rule(
    rule_id: str,
    term: str,
    country: str | None = None,
    *,
    severity: Severity = Severity.MEDIUM,
    channels: Collection[str] = (),
    tags: Collection[str] = (),
    title: str = "",
    origin: str = "chat",
) -> Rule:
    """The rule that fires where a term is found, in one sentence with a country if one is given.

    ``term`` is written as in a rule (``arms deal``, ``=GTA``, ``missil*``), ``country`` is a code of
    :func:`bot.entities.facts.is_country`. ``origin`` is what messages name in the place of a file.
    Raises :class:`~bot.rules.terms.TermError`, a ``ValueError`` whose text says what to write instead.
    """
    place = Place(Path(origin), 0, 0)
    when: Condition = terms.parse(term, place)
    if country is not None:
        named = Country(frozenset({country}), country, 1, False, place)
        when = Near((when, named), Unit.SENTENCE, 0, False, place)
    return Rule(
        id=rule_id,
        title=title or (f"{term} and {country}" if country else term),
        severity=severity,
        tags=tuple(tags),
        channels=tuple(channels),
        when=when,
        unless=None,
        tests=(),
        enabled=True,
        shadow=False,
        place=place,
    )
