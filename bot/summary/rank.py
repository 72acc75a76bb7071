"""Which stories of a period matter most, and how often what fired. Pure; the weights are in :mod:`bot.summary.weights`.

A story's score is the sum of four numbers between 0 and 1, each times its weight: how severe its alerts of the period
are; how many independent outlets tell it; how lately it was told; and how new it is: half for a story that began in the
period, half for bringing a rule and a country together that the period before did not hold.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import log

from bot.flags import country_name, country_tag
from bot.follow.origin import independent as count_independent
from bot.model import Severity
from bot.store.summary_port import AlertLine, FiredCount, FiredLine, StoryLine
from bot.summary import weights
from bot.summary.model import Count, Filters, Rank, Timeline

Owners = Mapping[str, str]
"""Source id or domain → who owns the outlet: those of one house are not independent of each other."""

LookUp = Callable[[Sequence[str]], Mapping[str, StoryLine]]
"""Ids → what is stored of these stories."""

RulesOf = Callable[[Sequence[str]], Mapping[str, tuple[FiredLine, ...]]]
"""Ids of alerts → the rules that fired on them."""

Pairs = Counter[tuple[str, str]]
"""How many alerts a rule had that name a country most."""

_LIFT = weights.SOURCES + weights.NOVELTY * 0.5  # of a score, by many outlets and a fresh beginning

AT_ONCE = 100  # stories looked up in one question

SERIES_MAX = 6  # countries with a colour of their own; more cannot be told apart
OTHERS = "others"
_STEPS = (  # the longest period, and the step that shows it in 12 to 50 bars
    (timedelta(hours=3), timedelta(minutes=10)),
    (timedelta(hours=48), timedelta(hours=1)),
    (timedelta(days=9), timedelta(hours=6)),
    (timedelta(days=50), timedelta(days=1)),
)
_LONGEST_STEP = timedelta(days=7)
_LEAST_SEVERE, _MOST_SEVERE = int(min(Severity)), int(max(Severity))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A story with its alerts of the period, oldest first."""

    story_id: str
    alerts: tuple[AlertLine, ...]
    severity: Severity
    sources: int
    is_new: bool
    rank: Rank


@dataclass(frozen=True, slots=True)
class Fired:
    """How many alerts each rule had in a period, and its title."""

    alerts: Counter[str]
    titles: Mapping[str, str]
    pairs: Pairs


def fired(counts: Iterable[FiredCount]) -> Fired:
    """``counts`` with the latest titles last."""
    alerts: Counter[str] = Counter()
    titles: dict[str, str] = {}
    pairs: Pairs = Counter()
    for one in counts:
        alerts[one.rule_id] += one.alerts
        titles[one.rule_id] = one.title
        pairs[one.rule_id, one.country] += one.alerts
    return Fired(alerts, titles, pairs)


def counts_of(lines: Iterable[AlertLine]) -> Iterator[FiredCount]:
    """The same of alerts that have their rules, oldest first."""
    for line in lines:
        for rule in line.rules:
            yield FiredCount(rule.rule_id, rule.title, _country(line), 1)


def meets(line: AlertLine, filters: Filters) -> bool:
    """Whether an alert is one that the summary is about; its source was asked for already."""
    return (
        (filters.min_severity is None or line.severity >= filters.min_severity)
        and (not filters.countries or not set(filters.countries).isdisjoint(line.countries))
        and (not filters.rules or any(fired.rule_id in filters.rules for fired in line.rules))
        and (not filters.tags or any(tag in filters.tags for fired in line.rules for tag in fired.tags))
    )


def by_story(lines: Iterable[AlertLine]) -> dict[str, list[AlertLine]]:
    """Story → its alerts, in the order given."""
    found: dict[str, list[AlertLine]] = defaultdict(list)
    for line in lines:
        found[line.story_id].append(line)
    return dict(found)


def order(
    lines: Sequence[AlertLine],
    seen: Pairs,
    since: datetime,
    until: datetime,
    owners: Owners,
    look_up: LookUp,
    count: int,
    rules_of: RulesOf = lambda _: {},
) -> tuple[int, list[Ranked]]:
    """How many stories ``lines`` tell, and the ``count`` that matter most, first the one that matters most. ``seen``
    are those of the period before. ``look_up`` is asked for the likeliest first, :data:`AT_ONCE` at a time, and no more
    once what it tells could not lift another story (by :data:`_LIFT` at most) among those that matter most; so is
    ``rules_of``, for alerts without their rules."""
    told = by_story(lines)
    half = (until - since) * weights.RECENCY_HALF
    most = {story_id: _most(alerts, until, half) for story_id, alerts in told.items()}
    likeliest = sorted(most, key=most.__getitem__, reverse=True)
    best: list[Ranked] = []
    for at in range(0, len(likeliest), AT_ONCE):
        if len(best) == count and most[likeliest[at]] + _LIFT < best[-1].rank.score:
            break
        some = likeliest[at : at + AT_ONCE]
        stories = look_up(some)
        if without := [line.alert_id for one in some for line in told[one] if not line.rules]:
            rules = rules_of(without)
            for one in some:
                told[one] = [line._replace(rules=rules.get(line.alert_id, line.rules)) for line in told[one]]
        best += [
            _ranked(one, told[one], _apart(told[one], seen, until, half), stories.get(one), since, owners)
            for one in some
        ]
        best = sorted(best, key=lambda one: (-one.rank.score, one.story_id))[:count]
    return len(told), best


def _most(alerts: Sequence[AlertLine], until: datetime, half: timedelta) -> float:
    """What the alerts of the period alone tell at most, were there none like them before."""
    severity, last = alerts[0].severity, alerts[0].created_at
    for line in alerts[1:]:
        severity, last = max(severity, line.severity), max(last, line.created_at)
    recency: float = weights.RECENCY * 0.5 ** max(0.0, (until - last) / half)
    return weights.SEVERITY * severity / _MOST_SEVERE + recency + weights.NOVELTY * 0.5


def _apart(alerts: Sequence[AlertLine], seen: Pairs, until: datetime, half: timedelta) -> Rank:
    """What the alerts of the period alone tell."""
    age = (until - max(line.created_at for line in alerts)) / half
    rarest = min((seen[pair] for line in alerts for pair in _pairs(line)), default=0) if seen else 0
    return Rank(
        severity=weights.SEVERITY * max(line.severity for line in alerts) / _MOST_SEVERE,
        sources=0.0,
        recency=weights.RECENCY * 0.5 ** max(0.0, age),
        novelty=weights.NOVELTY * 0.5 / (1 + log(1 + rarest)),
    )


def _ranked(
    story_id: str, alerts: Sequence[AlertLine], parts: Rank, story: StoryLine | None, since: datetime, owners: Owners
) -> Ranked:
    began = story.began if story is not None else alerts[0].created_at
    sources = independent(story, owners) if story is not None else 1
    is_new = began >= since
    whole = replace(
        parts,
        sources=weights.SOURCES * min(1.0, log(sources) / log(weights.SOURCES_ENOUGH)),
        novelty=parts.novelty + weights.NOVELTY * 0.5 * is_new,
    )
    return Ranked(story_id, tuple(alerts), max(line.severity for line in alerts), sources, is_new, whole)


def independent(story: StoryLine, owners: Owners) -> int:
    """The independent sources of a story, counted as on its alert; at least one."""
    return max(1, count_independent(story.reports, owners))


def _pairs(line: AlertLine) -> list[tuple[str, str]]:
    return [(rule.rule_id, _country(line)) for rule in line.rules]


def _country(line: AlertLine) -> str:
    """The one that it names most."""
    return line.countries[0] if line.countries else ""


def countries(lines: Iterable[AlertLine], before: Iterable[AlertLine] | None) -> tuple[Count, ...]:
    """Alerts by country, most first; an alert counts for each country that it names."""
    now = Counter(code for line in lines for code in line.countries)
    then = None if before is None else Counter(code for line in before for code in line.countries)
    return _counted(now, then, lambda code: (country_tag(code).name, country_tag(code).flag))


def rules(now: Fired, before: Fired | None) -> tuple[Count, ...]:
    """Alerts by rule, most first; an alert counts for each rule that fired."""
    then = None if before is None else before.alerts
    return _counted(now.alerts, then, lambda rule_id: (now.titles[rule_id] or rule_id, ""))


def _counted(
    now: Counter[str], then: Counter[str] | None, named: Callable[[str], tuple[str, str]]
) -> tuple[Count, ...]:
    keys = sorted(now, key=lambda key: (-now[key], key))
    return tuple(Count(key, *named(key), now[key], None if then is None else then[key]) for key in keys)


def timeline(lines: Sequence[AlertLine], since: datetime, until: datetime) -> Timeline:
    """What the chart shows. The steps end at ``until``; the first one may begin before ``since``."""
    step = next((step for longest, step in _STEPS if until - since <= longest), _LONGEST_STEP)
    number = max(1, -((since - until) // step))
    starts = tuple(until - step * n for n in range(number, 0, -1))
    first = [line.countries[0] if line.countries else "" for line in lines]
    shown = [code for code, _ in Counter(code for code in first if code).most_common(SERIES_MAX)]
    series = {code: [0] * number for code in [*shown, ""]}
    severities = {code: [0] * len(Severity) for code in series}
    for line, code in zip(lines, first, strict=True):
        at = min(number - 1, max(0, (line.created_at - starts[0]) // step))
        under = code if code in series else ""
        series[under][at] += 1
        severities[under][line.severity - _LEAST_SEVERE] += 1
    return Timeline(starts, step, _named(series), _named(severities))


def _named(series: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    return {country_name(code) if code else OTHERS: tuple(counts) for code, counts in series.items() if any(counts)}
