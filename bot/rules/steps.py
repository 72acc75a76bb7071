"""The tree of an explanation, condensed to what a person wants to read.

Of the alternatives of a condition that holds, one is shown; lists of words become one line; what found nothing at all
is a number. Pure: :func:`outline` is the plain text of it, :mod:`bot.cli.explaining` colours it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.model import Evidence
from bot.rules.explain import Explanation, Step
from bot.rules.nearly_words import few
from bot.stopwords import STOPWORDS

COUNTRY_WEIGHT = 0.4  # of a country beside other members: nearly every article names one
NEAR_MISS = 0.5  # of what a rule asks for: from here on it nearly fired
ALL_BUT_NEAR = 0.9  # every member is there, only too far apart


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree. ``holds`` is ``None`` for a remark that is no condition."""

    holds: bool | None
    label: str
    words: tuple[str, ...] = ()
    note: str = ""
    children: tuple[Branch, ...] = ()


def condense(step: Step, *, everything: bool = False) -> Branch:
    """A step as a branch. ``everything``: alternatives that found nothing are shown, too."""
    name, inner = _unwrap(step)
    listed = _alternatives(inner)
    if listed is not None and inner.children:
        return _list_line(name, inner, listed)
    label = f"{name}: {inner.label}" if name else inner.label
    if not inner.children:
        return Branch(inner.holds, label, words(inner), inner.note)
    if inner.label == "none":
        return _none_line(label, inner, everything)
    if inner.label == "any" and inner.holds:
        return _first_way(name, inner, everything)
    if inner.label == "any":
        return Branch(False, label, children=_failed_ways(inner, everything))
    shown = inner.children if not inner.holds else tuple(c for c in inner.children if c.holds)
    return Branch(inner.holds, label, (), inner.note, tuple(condense(c, everything=everything) for c in shown))


def words(step: Step) -> tuple[str, ...]:
    """What a step found, in the order of the text, without repeats; countries with their codes."""
    return _said(step.evidence)


def closeness(step: Step) -> float:
    """How much of a condition was found, from 0 to 1."""
    if step.holds:
        return 1.0
    if step.found_nothing or not step.children or step.label == "none":
        return 0.0
    if step.label == "any" or len(step.children) == 1:
        best = max(closeness(c) for c in step.children)
        return min(best, 0.5) if step.label.startswith("count") else best
    # What holds without having found something ("none", a source) says nothing about the text.
    telling = [(_weight(c), closeness(c)) for c in step.children if not c.holds or c.evidence]
    total = sum(weight for weight, _ in telling)
    return min(sum(weight * part for weight, part in telling) / total, ALL_BUT_NEAR) if total else 0.0


def near_misses(explained: Iterable[Explanation], most: int) -> list[Explanation]:
    """Of rules that did not fire those that nearly did, the nearest first: what only ``unless`` kept back, then those
    of which much is in the text. What was found counts for the more, the fewer of these rules ask for it; a country or
    a function word alone says nothing, as nearly every article has both."""
    silent = list(explained)
    telling = [{*map(_word, filter(_tells, _found(e.when)))} for e in silent]
    asked = Counter(word for words in telling for word in words)
    scored = [
        (2.0 if e.suppressed else round(closeness(e.when), 1), sum(1 / asked[word] for word in words), e)
        for e, words in zip(silent, telling, strict=True)
        if e.suppressed or (words and closeness(e.when) >= NEAR_MISS)
    ]
    return [e for _, _, e in sorted(scored, key=lambda one: (-one[0], -one[1]))[:most]]


def _tells(evidence: Evidence) -> bool:
    return not _is_country(evidence) and not all(word in STOPWORDS for word in _word(evidence).split())


def _is_country(evidence: Evidence) -> bool:
    return evidence.entity is not None and not evidence.listed and evidence.condition.startswith("country")


def _word(evidence: Evidence) -> str:
    return " ".join(evidence.text.casefold().split())


def miss(explanation: Explanation) -> str:
    """One sentence on a rule that did not fire: what was found, and the smallest change with which it would have."""
    if explanation.suppressed:
        return explanation.reason
    if explanation.when.found_nothing:
        return "nothing of it is in the text"
    # Words say more than countries, so they come first; function words say nothing, and what the remedy names is said.
    telling = [e for e in _found(explanation.when) if _tells(e) or _is_country(e)]
    found = [e for e in telling if f"“{' '.join(e.text.split())}”" not in explanation.remedy]
    words = _said(sorted(found, key=lambda e: e.entity is not None), "“{}”")
    return f"found {few(words)}; {explanation.remedy}" if words else explanation.remedy


def outline(explanation: Explanation, *, everything: bool = False) -> tuple[str, ...]:
    """The tree as lines of plain text, indented by two spaces a level, with a tick or a cross at each condition."""
    mark = "✔" if explanation.match else "✘"
    lines = [f"{mark} {explanation.rule.id}: {explanation.rule.title} ({explanation.rule.severity.word})"]
    lines += _lines(condense(explanation.when, everything=everything), 1)
    if explanation.unless is not None:
        if explanation.unless.holds:
            lines.append("  unless: suppresses the match")
            lines += _lines(condense(explanation.unless, everything=everything), 2)
        else:
            lines.append("  unless: does not hold")
    lines += [f"  {line}" for line in passed_over(explanation)]
    if explanation.match is None and not explanation.suppressed:
        lines.append(f"  {miss(explanation)}")
    return tuple(lines)


def passed_over(explanation: Explanation) -> tuple[str, ...]:
    """What ``except_entities`` took out of the text, a line for each."""
    return tuple(dict.fromkeys(f"passed over: {e.text} ({why})" for e, why in explanation.passed_over))


def _lines(branch: Branch, depth: int) -> list[str]:
    shown = few(branch.words)
    parts = [] if branch.holds is None else ["✔" if branch.holds else "✘"]
    if shown.casefold() != branch.label.casefold():
        parts.append(f"{branch.label}: {shown}" if shown else branch.label)
    else:
        parts.append(shown)
    if branch.note:
        parts.append(f"({branch.note})")
    below = [line for child in branch.children for line in _lines(child, depth + 1)]
    return ["  " * depth + " ".join(parts), *below]


def _unwrap(step: Step) -> tuple[str, Step]:
    """Conditions with one part that only name it or say where to look (use, title, lead) melt into that part."""
    names = []
    while len(step.children) == 1 and (step.label.startswith("use: ") or step.label in ("title", "lead")):
        names.append(step.label.removeprefix("use: "))
        step = step.children[0]
    return ", ".join(names[:2]), step


def _alternatives(step: Step) -> tuple[str, ...] | None:
    """The words of which one is enough, where a step is nothing but that."""
    if not step.children:
        return (step.label,)
    if step.label != "any":
        return None
    listed: list[str] = []
    for child in step.children:
        name, inner = _unwrap(child)
        below = _alternatives(inner)
        if below is None or "title" in name or "lead" in name:
            return None
        listed.extend(below)
    return tuple(listed)


def _list_line(name: str, step: Step, listed: Sequence[str]) -> Branch:
    if step.holds:
        return Branch(True, name or f"one of {len(listed)}", words(step))
    none = f"none of {few(listed)}"
    return Branch(False, f"{name}: {none}" if name else none)


def _none_line(label: str, step: Step, everything: bool) -> Branch:
    if not step.holds:
        held = tuple(condense(c, everything=everything) for c in step.children if c.holds)
        return Branch(False, label, note="this must not hold", children=held)
    return Branch(True, f"{label} of {few([_name(c) for c in step.children])}")


def _first_way(name: str, step: Step, everything: bool) -> Branch:
    """Of alternatives that hold, the first; one is enough."""
    held = [c for c in step.children if c.holds]
    if everything and len(held) > 1:
        return Branch(
            True, f"{name}: any" if name else "any", (), "", tuple(condense(c, everything=True) for c in held)
        )
    first = condense(held[0], everything=everything)
    note = f"and {len(held) - 1} other {'way' if len(held) == 2 else 'ways'}" if len(held) > 1 else ""
    label = f"{name}: {first.label}" if name else first.label
    return replace(first, label=label, note="; ".join(filter(None, (first.note, note))))


def _failed_ways(step: Step, everything: bool) -> tuple[Branch, ...]:
    plain = [c for c in step.children if not c.children]
    rest = sorted((c for c in step.children if c.children), key=closeness, reverse=True)
    shown = rest if everything else [c for c in rest if closeness(c) > 0]
    lines = [condense(c, everything=everything) for c in shown]
    if plain:
        lines.append(Branch(False, f"none of {few([c.label for c in plain])}"))
    if len(shown) < len(rest):
        lines.append(Branch(None, f"{len(rest) - len(shown)} other ways found nothing"))
    return tuple(lines)


def _name(step: Step) -> str:
    """A condition in a word or two."""
    name, inner = _unwrap(step)
    listed = _alternatives(inner)
    return name or (few(listed) if listed else inner.label)


def _weight(step: Step) -> float:
    return COUNTRY_WEIGHT if step.label.startswith("country: ") else 1.0


def _best(step: Step) -> Step:
    return max(step.children, key=closeness)


def _said(found: Iterable[Evidence], written: str = "{}") -> tuple[str, ...]:
    """The words, without repeats; countries with their codes."""
    texts = ((written.format(" ".join(e.text.split())), e.entity) for e in found)
    return tuple(dict.fromkeys(f"{text} ({entity})" if entity else text for text, entity in texts))


def _found(step: Step) -> Iterable[Evidence]:
    """What the alternative that came closest did find."""
    if step.holds:
        yield from step.evidence
    elif step.found_nothing:
        return
    elif step.label == "any":
        yield from _found(_best(step))
    elif step.label != "none":
        for child in step.children:
            yield from _found(child)
