"""Rules replayed over the archive: what would this rule have caught, and what does an edit gain and lose?

Pure but for the pages that the caller brings: an :class:`Archive` is any iterable of articles in the order in which
they were stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.model import Article, Match
from bot.pipeline import subject
from bot.rules.match import Engine
from bot.rules.model import Rule, RuleSet


@dataclass(frozen=True, slots=True)
class Hit:
    """An article of the archive that a rule fires on."""

    article: Article
    match: Match


@dataclass(frozen=True, slots=True)
class Difference:
    """What one version of a rule catches and the other does not."""

    rule_id: str
    gained: tuple[Hit, ...]
    lost: tuple[Hit, ...]
    same: int


def only(ruleset: RuleSet, rules: Sequence[Rule]) -> RuleSet:
    """The set with these rules and no others; switched-off ones are switched on, as somebody asks for them."""
    return RuleSet(tuple(replace(rule, enabled=True) for rule in rules), ruleset.defines, ruleset.lists)


def replay(engine: Engine, articles: Iterable[Article]) -> Iterator[Hit]:
    """Every match, in the order of the archive."""
    for article in articles:
        for match in engine.match(subject(article)):
            yield Hit(article, match)


def by_day(hits: Iterable[Hit], first: date, last: date) -> tuple[tuple[date, int], ...]:
    """Hits for each day from ``first`` to ``last``, days without one included; by the day of fetching, in UTC."""
    counted = Counter(hit.article.fetched_at.date() for hit in hits)
    days = (last - first).days + 1
    return tuple((day, counted[day]) for day in (first + timedelta(n) for n in range(max(days, 0))))


def differences(old: Iterable[Hit], new: Iterable[Hit]) -> tuple[Difference, ...]:
    """By rule id: what the new version gains and loses."""
    before, after = _by_rule(old), _by_rule(new)
    found = []
    for rule_id in sorted(before.keys() | after.keys()):
        was, now = before.get(rule_id, {}), after.get(rule_id, {})
        found.append(
            Difference(
                rule_id,
                gained=tuple(hit for key, hit in now.items() if key not in was),
                lost=tuple(hit for key, hit in was.items() if key not in now),
                same=len(was.keys() & now.keys()),
            )
        )
    return tuple(found)


def _by_rule(hits: Iterable[Hit]) -> Mapping[str, dict[str, Hit]]:
    found: dict[str, dict[str, Hit]] = {}
    for hit in hits:
        found.setdefault(hit.match.rule_id, {})[hit.article.key] = hit
    return found


def spread_examples(hits: Sequence[Hit], count: int) -> tuple[Hit, ...]:
    """``count`` hits, evenly from the whole period: the newest alone would all tell one story."""
    if len(hits) <= count:
        return tuple(hits)
    step = len(hits) / count
    return tuple(hits[int(n * step)] for n in range(count))
