"""What kept a rule from firing, and the smallest change with which it would have.

A change is a condition that would have to be otherwise: a word that the text would have to say, one that it must not
say, a window that would have to be wider. Of all sets of changes after which the rule fires, the cheapest is taken. A
condition that nearly holds (all its words are there, but too far apart, outside the title, too few) costs ``LOOSER``,
one of which nothing is there costs ``MISSING``; so what the text has counts for more than what it lacks. Ties go to
what stands first in the rule.

That the rule then fires is exact: the engine says so of the :func:`relaxed` rule, with each :attr:`Change.instead` in
the place of its condition, and the condition taken for met where there is none. Each change by itself is the least
that will do; where several windows lie inside one another, the inner ones are widened first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.entities.facts import country_name
from bot.entities.salience import MAIN, salience
from bot.rules import nearly_words
from bot.rules.match import Analysis
from bot.rules.model import (
    AtLeast,
    Condition,
    Count,
    Country,
    EntityLabel,
    Group,
    Names,
    Near,
    Origin,
    Rule,
    Term,
    Unit,
    Use,
    Within,
)
from bot.rules.near import INFINITE, Placed, least_cost, participants
from bot.rules.nearly_words import LISTED_MAX, alternatives, apart, lacking, one_of, quoted, wanted

LOOSER = 1  # cost of a condition that holds once it asks for a little less
MISSING = 2  # cost of one of which nothing is there, or of a word that must not be there
WORDS_MAX = 9_999  # the widest window that can be written


@dataclass(frozen=True, slots=True)
class Change:
    """``text`` says what of the text is not as the rule wants it. ``instead`` is what the condition would have to be,
    and ``allowed`` says it as people write it; ``None`` and empty where the text would have to be another."""

    condition: Condition
    text: str
    cost: int
    instead: Condition | None = None
    allowed: str = ""


Changes = tuple[Change, ...]


def smallest_change(analysis: Analysis, rule: Rule) -> Changes:
    """The changes with which a rule would have fired; none where it did."""
    analysis = analysis.seen_by(rule)
    changes: Changes = ()
    if analysis.evaluation.holds(rule.when) is None:
        asked = _changes(analysis, rule.when, "")
        changes = tuple({id(c.condition): c for c in asked}.values())  # what a define asks for twice is one change
    if rule.unless is not None and analysis.evaluation.holds(rule.unless) is not None:
        changes = (*changes, Change(rule.unless, kept_silent(analysis, rule.unless), MISSING))
    return changes


def sentence(changes: Sequence[Change]) -> str:
    """``the text lacks “border”``; empty without changes."""
    return nearly_words.sentence([(c.text, c.allowed) for c in changes]) if changes else ""


def kept_silent(analysis: Analysis, unless: Condition) -> str:
    """``kept silent by “video game” (unless)``."""
    words = _words(analysis, unless)
    return "kept silent by its unless" if words == unless.label else f"kept silent by {words} (unless)"


def cost(changes: Sequence[Change]) -> int:
    """How far from firing."""
    return sum(c.cost for c in changes)


def relaxed(condition: Condition, changes: Sequence[Change]) -> Condition | None:
    """The condition with the changes made; ``None`` where they leave nothing to ask for."""
    return _relaxed(condition, {id(c.condition): c for c in changes})


def _relaxed(condition: Condition, changes: Mapping[int, Change]) -> Condition | None:
    change = changes.get(id(condition))
    if change is not None:
        return change.instead
    match condition:
        case Group(op="none", of=members):
            kept = tuple(m for m in members if id(m) not in changes)
            return condition if len(kept) == len(members) else replace(condition, of=kept) if kept else None
        case Group(op=op, of=members):
            left = _all_relaxed(members, changes)
            met = len(left) < len(members) if op == "any" else not left
            return None if met else replace(condition, of=left)
        case AtLeast(n=n, of=members):
            left = _all_relaxed(members, changes)
            wanted = n - (len(members) - len(left))
            return replace(condition, n=wanted, of=left) if wanted > 0 else None
        case Near(of=members):
            left = _all_relaxed(members, changes)
            return replace(condition, of=left) if len(left) > 1 else left[0] if left else None
        case Use(of=of):  # by itself where it changed: what its name stands for is remembered elsewhere
            inner = _relaxed(of, changes)
            return condition if inner == of else inner
        case Count(of=of) | Within(of=of):
            inner = _relaxed(of, changes)
            return replace(condition, of=inner) if inner is not None else None
        case _:
            return condition


def _all_relaxed(members: Sequence[Condition], changes: Mapping[int, Change]) -> tuple[Condition, ...]:
    return tuple(less for m in members if (less := _relaxed(m, changes)) is not None)


# -- by kind of condition -------------------------------------------------------------------------------------------


def _changes(analysis: Analysis, condition: Condition, region: str) -> Changes:
    """For a condition that does not hold."""
    held = analysis.evaluation.holds
    match condition:
        case Group(op="all", of=members):
            return tuple(c for m in members if held(m, region) is None for c in _changes(analysis, m, region))
        case Group(op="none", of=members):
            return tuple(
                Change(m, _unwanted(analysis, m, region), MISSING) for m in members if held(m, region) is not None
            )
        case Group(of=members):
            return _any(analysis, condition, members, region)
        case AtLeast(n=n, of=members):
            missing = [_changes(analysis, m, region) for m in members if held(m, region) is None]
            needed = n - (len(members) - len(missing))
            return tuple(c for changes in sorted(missing, key=cost)[:needed] for c in changes)
        case Use(of=of):
            return _named(condition, _changes(analysis, of, region))
        case Count(of=of, min=least):
            return _count(analysis, condition, of, least, region)
        case Near():
            return _near(analysis, condition, region)
        case Within(region=inner, of=of):
            return _within(analysis, condition, inner, of, region)
        case Country():
            return (_country(analysis, condition, region),)
        case Origin():
            return (_origin(analysis, condition),)
        case Names() | Term() | EntityLabel():
            return (Change(condition, lacking(wanted(condition), region), MISSING),)


def _unwanted(analysis: Analysis, member: Condition, region: str) -> str:
    verb = "is" if _is_one(analysis, member, region) else "are"
    return f"{_words(analysis, member, region)} {verb} there, and must not be (none:)"


def _any(analysis: Analysis, group: Condition, members: Sequence[Condition], region: str) -> Changes:
    words = alternatives(group)
    if words is not None and not analysis.evaluation.touches(group):  # no way is shorter than another
        return (_said_one_of(group, words, region),)
    ways = [_changes(analysis, m, region) for m in members]
    best = min(ways, key=cost)
    if cost(best) < MISSING or words is None:
        leaves = [m for m in members if isinstance(m, Term)]
        if cost(best) == MISSING and len(leaves) > 1 and isinstance(best[0].condition, Term):
            return (replace(best[0], text=lacking(one_of([wanted(leaf) for leaf in leaves]), region)),)
        return best
    return (_said_one_of(group, words, region),)


def _said_one_of(group: Condition, words: Sequence[str], region: str) -> Change:
    return Change(group, lacking(one_of(words), region), MISSING)


def _named(use: Use, changes: Changes) -> Changes:
    """Where all of a define is missing, its name says more than the first of its words."""
    if len(changes) == 1 and changes[0].instead is None and changes[0].condition is use.of:
        return (replace(changes[0], text=f"{changes[0].text} ({use.name})"),)
    return changes


def _count(analysis: Analysis, count: Count, of: Condition, least: int, region: str) -> Changes:
    enough = next((n for n in range(least - 1, 0, -1) if analysis.evaluation.holds(replace(count, min=n), region)), 0)
    if not enough:
        times = "" if least == 1 else f" ({least} times)"
        return (Change(count, lacking(one_of(alternatives(of) or (of.label,)) + times, region), MISSING),)
    words = _words(analysis, replace(count, min=enough), region)
    text = f"{words} found {_times(enough)} where the rule asks for {least}"
    return (Change(count, text, LOOSER, replace(count, min=enough), f"min: {enough}"),)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _within(analysis: Analysis, within: Within, inner: str, of: Condition, region: str) -> Changes:
    if analysis.evaluation.holds(of, region) is not None:
        verb = "stands" if _is_one(analysis, of, region) else "stand"
        text = f"{_words(analysis, of, region)} {verb} in the text, but not in the {within.region}"
        return (Change(within, text, LOOSER, of, f"leaving {within.region}: out"),)
    return _changes(analysis, of, inner if region in ("", inner) else "nowhere")


def _country(analysis: Analysis, country: Country, region: str) -> Change:
    looser = replace(country, min_mentions=1, main=False)
    found = analysis.evaluation.holds(looser, region)
    if not found:
        named = f" (it names {', '.join(analysis.countries[:LISTED_MAX])})" if analysis.countries else ""
        return Change(country, lacking(wanted(country) + named, region), MISSING)
    code = found[0].entity or ""
    name = country_name(code)
    if country.main and analysis.evaluation.holds(replace(country, min_mentions=1), region) is None:
        share = salience(analysis.mentions, analysis.text).get(code, 0.0)
        text = f"{name} is named, but not what the text is mainly about (salience {share:.2f} of {MAIN:.2f})"
        return Change(country, text, LOOSER, looser, "leaving salience: main out")
    enough = next(
        n
        for n in range(country.min_mentions - 1, -1, -1)
        if n == 0 or analysis.evaluation.holds(replace(country, min_mentions=n), region)
    )
    times = f"is named {_times(enough)}" if enough else "is named in datelines only"
    text = f"{name} {times} where the rule asks for {country.min_mentions}"
    instead = replace(country, min_mentions=enough) if enough else looser
    return Change(country, text, LOOSER, instead, f"min_mentions: {max(enough, 1)}")


def _origin(analysis: Analysis, origin: Origin) -> Change:
    match origin.key:
        case "source":
            actual = analysis.subject.source_id
        case "tag":
            actual = ", ".join(analysis.subject.source_tags)
        case _:
            actual = analysis.evaluation.language or ""
    what = {"source": "the source", "tag": "the tags of the source"}.get(origin.key, "the language")
    verb = "are" if origin.key == "tag" else "is"
    text = f"{what} {verb} {actual or 'not known'}, and the rule asks for {one_of(origin.values)}"
    return Change(origin, text, MISSING)


def _near(analysis: Analysis, near: Near, region: str) -> Changes:
    evaluation = analysis.evaluation
    missing: list[Change] = []
    there: list[Condition] = []  # the members that mark words, once they ask for less where they must
    spans: list[list[Placed]] = []
    for member in near.of:
        found = evaluation.plain_spans(member, region)
        less: Condition | None = member
        if not found and evaluation.holds(member, region) is None:
            changes = _changes(analysis, member, region)
            missing.extend(changes)
            less = relaxed(member, changes)
            found = evaluation.plain_spans(less, region) if less is not None else []
        elif not found:  # a dateline alone, and the words beside it name another country
            words = _words(analysis, member, region)
            text = f"{words} stands in the dateline only, and the words beside it name another country"
            missing.append(Change(member, text, MISSING))
        if found and less is not None:
            there.append(less)
            spans.append(found)
    if len(there) < 2:
        return tuple(missing)
    asked = replace(near, of=tuple(there))
    instead = loosened(analysis, asked, spans)
    if instead == asked:
        return tuple(missing)
    words = _closest(analysis, spans, instead)
    if instead is not None:
        text, allowed = apart(near, instead, words)
        return (*missing, Change(near, text, LOOSER, instead, allowed))
    if evaluation.groups(spans, Unit.WORDS):
        why = "overlap, and each part of near: needs words of its own"
    else:
        why = "stand partly in the title and partly in the text, and near: does not reach across"
    return (*missing, Change(near, f"{words} {why}", MISSING))


def _closest(analysis: Analysis, spans: Sequence[list[Placed]], instead: Near | None) -> str:
    """The words of a near that come closest to what it asks for, in quotation marks; the first where none do."""
    chosen = [found[0] for found in spans]
    if instead is not None:
        for group in analysis.evaluation.groups(spans, instead.unit):
            limit = instead.words if instead.unit is Unit.WORDS else INFINITE
            chain = participants(group, limit, instead.ordered)
            if all(chain):
                chosen = [found[0] for found in chain]
                break
    return quoted(_of_span(analysis, span) for span in chosen)


def _of_span(analysis: Analysis, span: Placed) -> str:
    words = [" ".join(e.text.split()) for e in analysis.evidence(span.leaves)]
    if not words:
        return analysis.text.body[span.start : span.end]
    return words[0] if len(words) == 1 else f"{words[0]} … {words[-1]}"


def loosened(analysis: Analysis, near: Near, spans: Sequence[list[Placed]]) -> Near | None:
    """The narrowest near that holds on these spans: without its order, over a paragraph, or over as many words as it
    takes; ``None`` where none does, as no near reaches from the title into the text."""
    evaluation = analysis.evaluation
    tries = [near]
    if near.ordered:
        tries.append(replace(near, ordered=False))
    if near.unit is Unit.SENTENCE:
        tries.append(replace(near, unit=Unit.PARAGRAPH))
    for one in tries:
        if evaluation.chained(one, spans):
            return one
    for ordered in dict.fromkeys((near.ordered, False)):
        costs = [least_cost(group, ordered) for group in evaluation.groups(spans, Unit.WORDS)]
        least = min((c for c in costs if c is not None), default=None)
        if least is not None and least <= WORDS_MAX:
            return replace(near, unit=Unit.WORDS, words=least, ordered=ordered)
    return None


# -- words ----------------------------------------------------------------------------------------------------------


def _words(analysis: Analysis, condition: Condition, region: str = "") -> str:
    """The words by which a condition holds, in quotation marks; its name where it marks none."""
    leaves = analysis.evaluation.holds(condition, region) or ()
    words = list(dict.fromkeys(" ".join(e.text.split()) for e in analysis.evidence(leaves)))
    more = len(words) - LISTED_MAX
    return quoted(words[:LISTED_MAX]) + (f" and {more} more" if more > 0 else "") if words else condition.label


def _is_one(analysis: Analysis, condition: Condition, region: str = "") -> bool:
    leaves = analysis.evaluation.holds(condition, region) or ()
    return len({" ".join(e.text.split()) for e in analysis.evidence(leaves)}) <= 1
