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
from bot.rules.near import Placed, least_cost

LOOSER = 1  # cost of a condition that holds once it asks for a little less
MISSING = 2  # cost of one of which nothing is there, or of a word that must not be there
WORDS_MAX = 9_999  # the widest window that can be written
LISTED_MAX = 6  # alternatives in a sentence
SAID_MAX = 4  # changes in a sentence


@dataclass(frozen=True, slots=True)
class Change:
    """``text`` says what would have to be otherwise, as the end of "it would match if ...". ``instead`` is what the
    condition would have to be; ``None`` where the text would have to be another."""

    condition: Condition
    text: str
    cost: int
    instead: Condition | None = None


Changes = tuple[Change, ...]


def smallest_change(analysis: Analysis, rule: Rule) -> Changes:
    """The changes with which a rule would have fired; none where it did."""
    analysis = analysis.seen_by(rule)
    changes: Changes = ()
    if analysis.evaluation.holds(rule.when) is None:
        asked = _changes(analysis, rule.when, "")
        changes = tuple({id(c.condition): c for c in asked}.values())  # what a define asks for twice is one change
    if rule.unless is not None and analysis.evaluation.holds(rule.unless) is not None:
        changes = (*changes, Change(rule.unless, _unless(analysis, rule.unless), MISSING))
    return changes


def sentence(changes: Sequence[Change]) -> str:
    """``it would match if the text said border``; empty without changes."""
    texts = list(dict.fromkeys(c.text for c in changes))
    more = len(texts) - SAID_MAX
    shown = " and ".join(texts[:SAID_MAX]) + (f", and {more} more" if more > 0 else "")
    return f"it would match if {shown}" if texts else ""


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
                Change(m, f"{_place(region)} did not say {_said(analysis, m, region)}", MISSING)
                for m in members
                if held(m, region) is not None
            )
        case Group(of=members):
            return _any(analysis, condition, members, region)
        case AtLeast(n=n, of=members):
            missing = [_changes(analysis, m, region) for m in members if held(m, region) is None]
            wanted = n - (len(members) - len(missing))
            return tuple(c for changes in sorted(missing, key=cost)[:wanted] for c in changes)
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
            return (Change(condition, f"{_place(region)} {wanted_words(condition)}", MISSING),)


def _any(analysis: Analysis, group: Condition, members: Sequence[Condition], region: str) -> Changes:
    words = alternatives(group)
    if words is not None and not analysis.evaluation.touches(group):  # no way is shorter than another
        return (_said_one_of(group, words, region),)
    ways = [_changes(analysis, m, region) for m in members]
    best = min(ways, key=cost)
    if cost(best) < MISSING or words is None:
        leaves = [m for m in members if isinstance(m, Term)]
        if cost(best) == MISSING and len(leaves) > 1 and isinstance(best[0].condition, Term):
            said = few([leaf.label for leaf in leaves])
            return (replace(best[0], text=f"{_place(region)} said one of {said}"),)
        return best
    return (_said_one_of(group, words, region),)


def _said_one_of(group: Condition, words: Sequence[str], region: str) -> Change:
    verb = "said" if _only_terms(group) else "had"
    return Change(group, f"{_place(region)} {verb} one of {few(words)}", MISSING)


def _only_terms(condition: Condition) -> bool:
    match condition:
        case Group(of=members):
            return all(map(_only_terms, members))
        case Use(of=of):
            return _only_terms(of)
        case _:
            return isinstance(condition, Term)


def _named(use: Use, changes: Changes) -> Changes:
    """Where all of a define is missing, its name says more than the first of its words."""
    if len(changes) == 1 and changes[0].instead is None and changes[0].condition is use.of:
        return (replace(changes[0], text=f"{changes[0].text} ({use.name})"),)
    return changes


def _count(analysis: Analysis, count: Count, of: Condition, least: int, region: str) -> Changes:
    enough = next((n for n in range(least - 1, 0, -1) if analysis.evaluation.holds(replace(count, min=n), region)), 0)
    what = few(alternatives(of) or (of.label,))
    if not enough:
        times = "once" if least == 1 else f"{least} times"
        return (Change(count, f"{_place(region)} said {what} {times}", MISSING),)
    return (
        Change(count, f"{_place(region)} said {what} {least} times, not {enough}", LOOSER, replace(count, min=enough)),
    )


def _within(analysis: Analysis, within: Within, inner: str, of: Condition, region: str) -> Changes:
    if analysis.evaluation.holds(of, region) is not None:
        text = f"{_said(analysis, of, region)} stood in the {within.region}"
        return (Change(within, text, LOOSER, of),)
    return _changes(analysis, of, inner if region in ("", inner) else "nowhere")


def _country(analysis: Analysis, country: Country, region: str) -> Change:
    looser = replace(country, min_mentions=1, main=False)
    found = analysis.evaluation.holds(looser, region)
    if not found:
        named = f" (it names {', '.join(analysis.countries[:LISTED_MAX])})" if analysis.countries else ""
        return Change(country, f"{_place(region)} {wanted_words(country)}{named}", MISSING)
    code = found[0].entity or ""
    if country.main and analysis.evaluation.holds(replace(country, min_mentions=1), region) is None:
        share = salience(analysis.mentions, analysis.text).get(code, 0.0)
        text = f"it were mainly about {country_name(code)} (salience {share:.2f}; {MAIN:.2f} is asked for)"
        return Change(country, text, LOOSER, looser)
    enough = next(
        n
        for n in range(country.min_mentions - 1, -1, -1)
        if n == 0 or analysis.evaluation.holds(replace(country, min_mentions=n), region)
    )
    times = f", not {enough}" if enough else ""
    text = f"it named {country_name(code)} {country.min_mentions} times{times}"
    return Change(country, text, LOOSER, replace(country, min_mentions=enough) if enough else looser)


def _origin(analysis: Analysis, origin: Origin) -> Change:
    match origin.key:
        case "source":
            actual = analysis.subject.source_id
        case "tag":
            actual = ", ".join(analysis.subject.source_tags)
        case _:
            actual = analysis.evaluation.language or ""
    known = f"it is {actual}" if actual else "it is not known"
    what = {"source": "the source", "tag": "a tag of the source"}.get(origin.key, "the language")
    return Change(origin, f"{what} were {few(origin.values)} ({known})", MISSING)


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
            text = f"{member.label} were named beside it, not in the dateline only"
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
    if instead is not None:
        return (*missing, Change(near, _wider(near, instead), LOOSER, instead))
    apart = not evaluation.groups(spans, Unit.WORDS)
    why = (
        "its words stood together, not some in the title and some in the text"
        if apart
        else "no word served as two of its parts"
    )
    return (*missing, Change(near, why, MISSING))


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


def _wider(near: Near, instead: Near) -> str:
    parts = []
    if (near.unit, near.words) != (instead.unit, instead.words):
        asked = f"within {within(near)}" if near.unit is Unit.WORDS else f"in one {within(near)}"
        there = f"are {within(instead)} apart" if instead.unit is Unit.WORDS else f"share a {within(instead)}"
        parts.append(f"{asked} (they {there})")
    if near.ordered and not instead.ordered:
        parts.append("in the order of the rule")
    return f"its words stood {' and '.join(parts)}"


# -- words ----------------------------------------------------------------------------------------------------------


def within(near: Near) -> str:
    """``6 words``, ``sentence`` or ``paragraph``, as it stands in the YAML."""
    if near.unit is not Unit.WORDS:
        return near.unit.value
    return f"{near.words} word{'' if near.words == 1 else 's'}"


def few(listed: Sequence[str], most: int = LISTED_MAX) -> str:
    """The first of them, and how many more there are."""
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more} more" if more > 0 else "")


def alternatives(condition: Condition) -> tuple[str, ...] | None:
    """The labels of which one is enough, where a condition is nothing but that."""
    match condition:
        case Term() | Names() | EntityLabel() | Country() | Origin():
            return (condition.label,)
        case Use(of=of):
            return alternatives(of)
        case Group(op="any", of=members):
            found: list[str] = []
            for member in members:
                below = alternatives(member)
                if below is None:
                    return None
                found.extend(below)
            return tuple(found)
        case _:
            return None


def wanted_words(leaf: Term | Names | EntityLabel | Country) -> str:
    """What a text would have to do, as in ``said border``."""
    match leaf:
        case Country(codes=None):
            return "named a country"
        case Country(codes=codes, written=written):
            one = next(iter(codes)) if codes and len(codes) == 1 else ""
            return f"named {country_name(one)}" if one else f"named a country of {written}"
        case Names(key=key, list_name=name):
            return f"named {_NAMED[key]} of {name}"
        case EntityLabel():
            return f"had an {leaf.label}"
        case _:
            return f"said {leaf.label}"


_NAMED = {"list": "a name", "person": "a person", "org": "an organisation", "place": "a place"}
_PLACES = {"": "the text", "title": "the title", "lead": "the lead"}


def _place(region: str) -> str:
    return _PLACES.get(region, "one place")


def _unless(analysis: Analysis, condition: Condition) -> str:
    said = _said(analysis, condition)
    return f"its unless did not hold ({said})" if said == condition.label else f"the text did not say {said} (unless)"


def _said(analysis: Analysis, condition: Condition, region: str = "") -> str:
    """The words by which a condition holds, or its name where it marks none."""
    leaves = analysis.evaluation.holds(condition, region) or ()
    words = dict.fromkeys(" ".join(e.text.split()) for e in analysis.evidence(leaves))
    return few([repr(w) for w in words]) or condition.label
