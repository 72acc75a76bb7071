"""What the votes on alerts say about rules and sources: how precise each is, and what to do about it.

Pure. A vote is one person's on one alert; an alert counts once, by its majority: *useful*, *noise*, or *disputed* where
both have as many. **Precision** is useful / (useful + noise); disputed alerts and those nobody voted on are counted
beside it and never guessed. Every precision comes with its 95% Wilson interval, which stays honest for a handful of
votes (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it for small n).

A rule is named **to tune** where the whole interval lies below :data:`TUNE_BELOW`: with the votes at hand it is as good
as certain that most of its alerts are noise. One that looks so and is not certain yet is named as one to watch.

**Phrases** that noise has in common are found by weighted log-odds with an informative prior (Monroe, Colaresi and
Quinn, "Fightin' Words", 2008), over the presence of one to three words in headline and lead: what stands in the noise
and not in what was useful. Candidates for ``unless:``, not decisions.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.people import Feedback, Opinion
from bot.stopwords import STOPWORDS

Z = 1.96  # standard deviations of a 95% interval
TUNE_BELOW = 0.5  # more noise than use
NOISE_MIN = 3  # alerts held for noise before a rule is named; from four of four on it is certain: [0, 0.49]
LEAD_WORDS = 60  # of a text, as conditions on the lead see
PHRASE_WORDS = 3
PHRASE_ALERTS_MIN = 3  # noise alerts that must hold a phrase; two may share it by chance
PHRASE_Z_MIN = 1.64  # one-sided 95%
PRIOR_ALERTS = (
    2.0  # weight of what is common to both, in alerts: strong enough to calm a phrase that stands three times
)
PHRASES_MAX = 5
RISES_MAX = 5
RISE = 2.0  # times as many alerts as before, from which on a rule is named
RISE_ALERTS_MIN = 5  # alerts; below that twice as many is chance
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that reached a channel, as far as a report wants to know it. ``lead`` is the beginning of the text."""

    alert_id: str
    title: str
    lead: str
    source_id: str
    rule_ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """Useful against noise. ``low`` and ``high`` are the 95% Wilson interval; all three are ``None`` without votes."""

    useful: int
    noise: int
    disputed: int
    precision: float | None
    low: float | None
    high: float | None

    @property
    def voted(self) -> int:
        return self.useful + self.noise + self.disputed


@dataclass(frozen=True, slots=True)
class Line:
    """A rule or a source: its alerts in the period and the one before, and what people thought of them."""

    id: str
    name: str
    alerts: int
    before: int
    share: Share


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that noise has in common: in how many noise and useful alerts, and how surely more in the former."""

    words: str
    noise: int
    useful: int
    z: float


@dataclass(frozen=True, slots=True)
class Advice:
    """A rule to tune (``certain``) or to watch, and the words that would part its noise from the rest."""

    rule_id: str
    name: str
    share: Share
    certain: bool
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. ``unvoted`` counts the period's alerts that nobody voted on; ``rises`` are rules with at least
    :data:`RISE` times the alerts of the period before."""

    since: datetime
    until: datetime
    alerts: int
    before: int
    unvoted: int
    voters: int
    votes: int
    share: Share
    rules: tuple[Line, ...]
    sources: tuple[Line, ...]
    advice: tuple[Advice, ...]
    phrases: tuple[Phrase, ...]
    rises: tuple[Line, ...]

    @property
    def worth_telling(self) -> bool:
        """Whether there is something to say to the operators: something was alerted, or somebody voted."""
        return bool(self.alerts or self.votes)


def wilson(hits: int, of: int, z: float = Z) -> tuple[float, float]:
    """The interval of a share. Raises ``ZeroDivisionError`` where ``of`` is 0: of nothing there is no share."""
    share = hits / of
    centre = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def make_report(
    votes: Sequence[Feedback],
    told: Sequence[Told],
    before: Sequence[Told],
    voted: Mapping[str, Told],
    names: Mapping[str, str],
    since: datetime,
    until: datetime,
) -> Report:
    """``votes`` are those given in the period, ``told`` its alerts and ``before`` those of the period before; ``voted``
    holds the alerts voted on that are still stored, whenever they were told. ``names`` maps rule and source ids to what
    people call them."""
    verdicts = _verdicts(votes)
    rules_of = {v.alert_id: v.rule_ids for v in votes}
    source_of = {v.alert_id: v.source_id for v in votes}
    rules = _lines(
        verdicts,
        lambda alert: rules_of[alert],
        Counter(r for one in told for r in one.rule_ids),
        Counter(r for one in before for r in one.rule_ids),
        names,
    )
    sources = _lines(
        verdicts,
        lambda alert: (source_of[alert],),
        Counter(one.source_id for one in told),
        Counter(one.source_id for one in before),
        names,
    )
    texts = {alert: phrases_of(f"{one.title}\n{one.lead}") for alert, one in voted.items()}
    noise = [texts[a] for a, v in verdicts.items() if v is Opinion.NOISE and a in texts]
    useful = [texts[a] for a, v in verdicts.items() if v is Opinion.USEFUL and a in texts]
    return Report(
        since=since,
        until=until,
        alerts=len(told),
        before=len(before),
        unvoted=sum(one.alert_id not in verdicts for one in told),
        voters=len({v.person.partition(" ")[0] for v in votes}),
        votes=len(votes),
        share=_share(verdicts.values()),
        rules=rules,
        sources=sources,
        advice=_advice(rules, verdicts, rules_of, texts, told),
        phrases=common_phrases(noise, useful),
        rises=_rises(rules) if before else (),
    )


def _verdicts(votes: Iterable[Feedback]) -> dict[str, Opinion | None]:
    """By alert what most said; ``None`` where they disagree."""
    counts: dict[str, Counter[Opinion]] = {}
    for vote in votes:
        counts.setdefault(vote.alert_id, Counter())[vote.verdict] += 1
    found: dict[str, Opinion | None] = {}
    for alert, given in counts.items():
        useful, noise = given[Opinion.USEFUL], given[Opinion.NOISE]
        found[alert] = None if useful == noise else Opinion.USEFUL if useful > noise else Opinion.NOISE
    return found


def _share(verdicts: Iterable[Opinion | None]) -> Share:
    counted = Counter(verdicts)
    useful, noise = counted[Opinion.USEFUL], counted[Opinion.NOISE]
    if not useful + noise:
        return Share(0, 0, counted[None], None, None, None)
    low, high = wilson(useful, useful + noise)
    return Share(useful, noise, counted[None], useful / (useful + noise), low, high)


def _lines(
    verdicts: Mapping[str, Opinion | None],
    groups: Callable[[str], Iterable[str]],
    now: Counter[str],
    before: Counter[str],
    names: Mapping[str, str],
) -> tuple[Line, ...]:
    """Worst precision first, then what has no votes, by the number of alerts."""
    given: dict[str, list[Opinion | None]] = {}
    for alert, verdict in verdicts.items():
        for group in groups(alert):
            given.setdefault(group, []).append(verdict)
    lines = [
        Line(id_, names.get(id_, id_), now[id_], before[id_], _share(given.get(id_, ())))
        for id_ in sorted({*now, *given})
    ]
    return tuple(sorted(lines, key=_worst_first))


def _worst_first(line: Line) -> tuple[bool, float, int]:
    share = line.share
    return share.high is None, share.high if share.high is not None else 0.0, -line.alerts


# -- what to do -----------------------------------------------------------------------------------------------------
def _advice(
    rules: Sequence[Line],
    verdicts: Mapping[str, Opinion | None],
    rules_of: Mapping[str, tuple[str, ...]],
    texts: Mapping[str, frozenset[str]],
    told: Sequence[Told],
) -> tuple[Advice, ...]:
    found = []
    for line in rules:
        share = line.share
        if share.precision is None or share.high is None or share.precision >= TUNE_BELOW:
            continue
        if share.noise < NOISE_MIN:
            continue
        mine = [a for a, ids in rules_of.items() if line.id in ids and a in texts]
        noise = [texts[a] for a in mine if verdicts[a] is Opinion.NOISE]
        rest = [texts[a] for a in mine if verdicts[a] is Opinion.USEFUL]
        if len(rest) < PHRASE_ALERTS_MIN:  # beside what was useful, what nobody complained of
            others = (one for one in told if line.id in one.rule_ids and one.alert_id not in verdicts)
            rest += [phrases_of(f"{one.title}\n{one.lead}") for one in others]
        certain = share.high < TUNE_BELOW
        found.append(Advice(line.id, line.name, share, certain, common_phrases(noise, rest)))
    return tuple(sorted(found, key=lambda a: (not a.certain, -a.share.noise, a.rule_id)))


def _rises(rules: Sequence[Line]) -> tuple[Line, ...]:
    risen = [r for r in rules if r.alerts >= RISE_ALERTS_MIN and r.alerts >= RISE * r.before]
    return tuple(sorted(risen, key=lambda r: r.before - r.alerts)[:RISES_MAX])


# -- phrases --------------------------------------------------------------------------------------------------------
def phrases_of(text: str) -> frozenset[str]:
    """The phrases of headline and lead: one to three words in a row, none of them a filler at either end."""
    title, _, body = text.partition("\n")
    found: set[str] = set()
    for part, most in ((title, LEAD_WORDS), (body, LEAD_WORDS)):
        words = [w.casefold() for w in _WORD.findall(part)][:most]
        for start, first in enumerate(words):
            if first in STOPWORDS:
                continue
            for end in range(start + 1, min(start + PHRASE_WORDS, len(words)) + 1):
                if words[end - 1] not in STOPWORDS:
                    found.add(" ".join(words[start:end]))
    return frozenset(found)


def common_phrases(noise: Sequence[frozenset[str]], useful: Sequence[frozenset[str]]) -> tuple[Phrase, ...]:
    """What noise says and the rest does not, surest first. Of phrases that share words the surest is named, of equally
    sure ones that which says most."""
    if not useful:
        return ()  # with nothing to compare, the subject of the rule would be all that is found
    in_noise = Counter(p for alert in noise for p in alert)
    in_useful = Counter(p for alert in useful for p in alert)
    whole = len(noise) + len(useful)
    found = []
    for words, count in in_noise.items():
        if count < PHRASE_ALERTS_MIN:
            continue
        share = (count + in_useful[words]) / whole
        z = _log_odds(count, len(noise), in_useful[words], len(useful), share)
        if z >= PHRASE_Z_MIN:
            found.append(Phrase(words, count, in_useful[words], round(z, 2)))
    telling = {p.words for p in found}
    whole_ones = [p for p in found if _is_whole(p.words, telling)]
    whole_ones.sort(key=lambda p: (-p.z, -len(_content(p.words)), len(p.words), p.words))
    chosen: list[Phrase] = []
    for phrase in whole_ones:
        if all(set(phrase.words.split()).isdisjoint(c.words.split()) for c in chosen):
            chosen.append(phrase)
    return tuple(chosen[:PHRASES_MAX])


def _is_whole(phrase: str, telling: Collection[str]) -> bool:
    """Whether all words of a phrase tell by themselves, or none does: "warning for gamers" is "gamers" with what stands
    beside it by chance."""
    return len({w in telling for w in _content(phrase)}) == 1


def _content(phrase: str) -> list[str]:
    return [w for w in phrase.split() if w not in STOPWORDS]


def _log_odds(count: int, of: int, other: int, of_other: int, share: float) -> float:
    """The difference of log-odds over its standard deviation; the prior is the share in both together."""
    yes, no = PRIOR_ALERTS * share, PRIOR_ALERTS * (1 - share)
    parts = (count + yes, of - count + no, other + yes, of_other - other + no)
    if not all(parts):
        return 0.0  # it stands in every alert of both
    difference = math.log(parts[0] / parts[1]) - math.log(parts[2] / parts[3])
    return difference / math.sqrt(sum(1 / part for part in parts))
