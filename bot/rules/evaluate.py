"""One article against conditions: does it hold, and by which spans.

An :class:`Evaluation` belongs to one article and remembers what it worked out (spans of terms, words, sentences,
mentions), so that a hundred rules that ask for the same define cost as much as one. ``None`` stands for "does not
hold", a tuple of leaves for "holds, by these spans" (empty where a condition marks no words).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from bot.entities.annotate import paragraphs, sentences
from bot.model import Mention, MentionKind
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
    Term,
    Unit,
    Use,
    Within,
)
from bot.rules.near import INFINITE, Leaf, Placed, hulls, participants
from bot.text import Text

LEAD_WORDS = 60  # words of the text that count as its lead; DESIGN, "Conditions"

Leaves = tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What rules look at. ``lang`` is ``None`` where nobody said. ``day`` is the one on which it is looked at, for what
    rules say until a day (``except_entities``); without one, that day has not passed."""

    title: str
    text: str
    source_id: str = ""
    source_tags: tuple[str, ...] = ()
    lang: str | None = None
    source_name: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A span that a statistical model labelled."""

    start: int
    end: int
    label: str


class Evaluation:
    """See the module. ``find`` gives the spans of a term or a list, and ``present`` the terms and lists that may have
    any; the other callables work out what few rules need."""

    def __init__(
        self,
        subject: Subject,
        text: Text,
        present: Set[Term | Names],
        find: Callable[[Term | Names], Leaves],
        mentions: Callable[[], tuple[Mention, ...]],
        main_countries: Callable[[], frozenset[str]],
        language: Callable[[], str | None],
        labels: Callable[[], Sequence[LabelledSpan]],
    ) -> None:
        self.subject = subject
        self.text = text
        self._present = present
        self._find = find
        self._get_mentions = mentions
        self._get_main = main_countries
        self._get_language = language
        self._get_labels = labels
        self._found: dict[Term | Names, Leaves] = {}
        # By the name of a define and the region; within one rule set a name stands for one condition.
        self._held: dict[tuple[str, str], Leaves | None] = {}
        self._marked: dict[tuple[str, str], list[Placed]] = {}

    # -- what is worked out when it is asked for -------------------------------------------------------------------
    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        return self._get_mentions()

    @cached_property
    def main(self) -> frozenset[str]:
        """The countries that the article is about."""
        return self._get_main()

    @cached_property
    def language(self) -> str | None:
        return self._get_language()

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [s for s, _ in sentences(self.text)]

    @cached_property
    def _paragraph_starts(self) -> list[int]:
        return [s for s, _ in paragraphs(self.text)]

    @cached_property
    def _lead_end(self) -> int:
        """The offset at which the lead ends."""
        words = self.text.word_origins
        after = self.text.title_words + LEAD_WORDS
        return words[after] if after < len(words) else len(self.text.body)

    @cached_property
    def _countries_by_sentence(self) -> dict[int, set[str]]:
        named: dict[int, set[str]] = {}
        for mention in self.mentions:
            if mention.kind is not MentionKind.DATELINE:
                named.setdefault(bisect_right(self._sentence_starts, mention.start), set()).add(mention.entity)
        return named

    # -- conditions ------------------------------------------------------------------------------------------------
    def holds(self, condition: Condition, region: str = "") -> Leaves | None:
        """The leaves by which a condition holds in a region (``""`` is everywhere), or ``None``."""
        match condition:
            case Term() | Names() | EntityLabel():
                return self._leaf_spans(condition, region) or None
            case Use(of=of):
                key = (condition.name, region)
                if key not in self._held:
                    self._held[key] = self.holds(of, region)
                return self._held[key]
            case Group():
                return self._group(condition, region)
            case Near():
                return self._near(condition, region)
            case Country():
                return self._country(condition, region)
            case Within():
                inner = condition.region if region in ("", condition.region) else "nowhere"
                return self.holds(condition.of, inner)
            case AtLeast():
                held = [r for r in (self.holds(c, region) for c in condition.of) if r is not None]
                return _join(held) if len(held) >= condition.n else None
            case Count():
                return _leaves(_countable(self.spans(condition.of, region), condition.min)) or None
            case Origin():
                return () if self._origin(condition) else None

    def touches(self, condition: Condition) -> bool:
        """Whether something that a condition asks for is in the text, anywhere: without, it cannot hold. A condition
        that asks for what need not be there (``none``, ``source``), or for a label, counts as if."""
        match condition:
            case Term() | Names():
                return condition in self._present
            case Country(codes=codes):
                return any(codes is None or m.entity in codes for m in self.mentions)
            case Group(op="none") | Origin() | EntityLabel():
                return True
            case Group(of=members) | AtLeast(of=members) | Near(of=members):
                return any(self.touches(member) for member in members)
            case Use(of=of) | Within(of=of) | Count(of=of):
                return self.touches(of)

    def _group(self, group: Group, region: str) -> Leaves | None:
        if group.op == "any":
            held = [r for r in (self.holds(c, region) for c in group.of) if r is not None]
            return _join(held) if held else None
        if group.op == "none":
            return () if all(self.holds(c, region) is None for c in group.of) else None
        out: list[Leaves] = []
        for member in group.of:
            result = self.holds(member, region)
            if result is None:
                return None
            out.append(result)
        return _join(out)

    def _origin(self, condition: Origin) -> bool:
        match condition.key:
            case "source":
                return self.subject.source_id in condition.values
            case "tag":
                return any(t in condition.values for t in self.subject.source_tags)
            case _:
                language = self.language
                return language is not None and language.split("-")[0] in condition.values

    def _leaf_spans(self, condition: Term | Names | EntityLabel, region: str) -> Leaves:
        if isinstance(condition, EntityLabel):
            wanted = condition.text.casefold()
            body = self.text.body
            found = tuple(
                Leaf(s.start, s.end, condition.label, s.label)
                for s in self._get_labels()
                if s.label == condition.entity_label and (not wanted or body[s.start : s.end].casefold() == wanted)
            )
        else:
            if condition not in self._present:
                return ()
            known = self._found.get(condition)
            if known is None:
                known = self._found[condition] = self._find(condition)
            found = known
        return self._inside(found, region)

    def _inside(self, leaves: Leaves, region: str) -> Leaves:
        if not region or not leaves:
            return leaves
        if region == "title":
            return tuple(leaf for leaf in leaves if self.text.title and leaf.end <= self.text.title_length)
        if region == "lead":
            first, last = self.text.text_start, self._lead_end
            return tuple(leaf for leaf in leaves if leaf.start >= first and leaf.end <= last)
        return ()

    # -- countries -------------------------------------------------------------------------------------------------
    def _mentioned(self, condition: Country, region: str) -> Leaves:
        if condition.codes is not None and not condition.codes:
            return ()
        leaves = tuple(
            Leaf(m.start, m.end, condition.label, m.entity, m.kind is MentionKind.DATELINE)
            for m in self.mentions
            if condition.codes is None or m.entity in condition.codes
        )
        if condition.main:
            leaves = tuple(leaf for leaf in leaves if leaf.entity in self.main)
        leaves = self._inside(leaves, region)
        if condition.min_mentions > 1:
            counts: dict[str | None, int] = {}
            for leaf in leaves:
                if not leaf.dateline:
                    counts[leaf.entity] = counts.get(leaf.entity, 0) + 1
            leaves = tuple(leaf for leaf in leaves if counts.get(leaf.entity, 0) >= condition.min_mentions)
        return leaves

    def _country(self, condition: Country, region: str) -> Leaves | None:
        return self._mentioned(condition, region) or None

    # -- spans and near --------------------------------------------------------------------------------------------
    def spans(self, condition: Condition, region: str = "") -> list[Placed]:
        """The spans that a condition marks, by offset; those of an inner ``near`` are its windows."""
        match condition:
            case Term() | Names() | EntityLabel():
                return [Placed(leaf.start, leaf.end, (leaf,)) for leaf in self._leaf_spans(condition, region)]
            case Country():
                return [Placed(leaf.start, leaf.end, (leaf,)) for leaf in self._mentioned(condition, region)]
            case Use(of=of):
                key = (condition.name, region)
                if key not in self._marked:
                    self._marked[key] = self.spans(of, region)
                return self._marked[key]
            case Group(op="any", of=members):
                merged = [span for member in members for span in self.spans(member, region)]
                return sorted(merged, key=lambda s: (s.start, s.end)) if len(merged) > 1 else merged
            case Near():
                return self._windows(condition, region)
            case _:
                return []

    def plain_spans(self, condition: Condition, region: str = "") -> list[Placed]:
        """The same without what stands in a dateline."""
        return _no_datelines(self.spans(condition, region))

    def chained(self, near: Near, members: Sequence[list[Placed]]) -> bool:
        """Whether spans of the members of a near stand close enough together, datelines apart."""
        return self._chains(near, members, {})

    def _windows(self, near: Near, region: str) -> list[Placed]:
        members = []
        for member in near.of:
            spans = _no_datelines(self.spans(member, region))
            if not spans:
                return []
            members.append(spans)
        return [hull for group in self.groups(members, near.unit) for hull in hulls(group, _limit(near), near.ordered)]

    def _near(self, near: Near, region: str) -> Leaves | None:
        members: list[list[Placed]] = []
        for member in near.of:
            spans = self.spans(member, region)
            if not spans:
                return None
            members.append(spans)
        found: dict[Leaf, None] = {}
        plain = [_no_datelines(spans) for spans in members]
        self._chains(near, plain, found)
        for i, spans in enumerate(members):
            if len(plain[i]) < len(spans):
                self._near_dateline(near, plain, i, [s.leaves[0] for s in spans if s not in plain[i]], found)
        return tuple(found) if found else None

    def _chains(self, near: Near, members: Sequence[list[Placed]], found: dict[Leaf, None]) -> bool:
        """Take in the leaves of all spans that are close enough together; whether there are any."""
        held = False
        for group in self.groups(members, near.unit):
            for kept in participants(group, _limit(near), near.ordered):
                for span in kept:
                    held = True
                    found.update(dict.fromkeys(span.leaves))
        return held

    def _near_dateline(
        self, near: Near, plain: list[list[Placed]], i: int, datelines: list[Leaf], found: dict[Leaf, None]
    ) -> None:
        """A dateline stands in for member ``i``, from any distance, beside words in sentences of the text that name no
        other country."""
        if near.ordered and i:
            return
        for dateline in datelines:
            others = [
                [s for s in spans if self._names_no_other(s, dateline)] for j, spans in enumerate(plain) if j != i
            ]
            if self._chains(near, others, found):
                found[dateline] = None

    def _names_no_other(self, span: Placed, dateline: Leaf) -> bool:
        named = self._countries_by_sentence.get(bisect_right(self._sentence_starts, span.start), set())
        return span.start >= max(dateline.end, self.text.text_start) and named <= {dateline.entity or ""}

    def groups(self, members: Sequence[list[Placed]], unit: Unit) -> list[list[list[Placed]]]:
        """The members' spans by title and text, sentence or paragraph; groups where one is missing are left out."""
        if not all(members):
            return []
        match unit:
            case Unit.WORDS:
                starts = [0, self.text.text_start] if self.text.title else [0]
            case Unit.SENTENCE:
                starts = self._sentence_starts
            case Unit.PARAGRAPH:
                starts = self._paragraph_starts
        groups: dict[int, list[list[Placed]]] = {}
        for i, spans in enumerate(members):
            for span in spans:
                number = bisect_right(starts, span.start)
                if bisect_right(starts, span.end - 1) != number:
                    continue  # crosses a boundary, so it is inside neither
                placed = _with_words(span, self.text) if unit is Unit.WORDS else span
                groups.setdefault(number, [[] for _ in members])[i].append(placed)
        return [group for _, group in sorted(groups.items()) if all(group)]


class Remembering(Evaluation):
    """The same for whoever asks for every condition of many rules, those inside others too: what each came to is kept,
    and one of which nothing is in the text is not gone into. An engine that asks once is faster without."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # By identity; the condition is kept beside, so that no other can come to have its identity.
        self._came_to: dict[tuple[int, str], tuple[Condition, Leaves | None]] = {}
        self._placed: dict[tuple[int, str], tuple[Condition, list[Placed]]] = {}
        self._touched: dict[int, tuple[Condition, bool]] = {}

    def holds(self, condition: Condition, region: str = "") -> Leaves | None:
        if isinstance(condition, Term | Names):
            return self._leaf_spans(condition, region) or None
        key = (id(condition), region)
        known = self._came_to.get(key)
        if known is None:
            leaves = super().holds(condition, region) if self.touches(condition) else None
            known = self._came_to[key] = (condition, leaves)
        return known[1]

    def spans(self, condition: Condition, region: str = "") -> list[Placed]:
        key = (id(condition), region)
        known = self._placed.get(key)
        if known is None:
            spans = super().spans(condition, region) if self.touches(condition) else []
            known = self._placed[key] = (condition, spans)
        return known[1]

    def touches(self, condition: Condition) -> bool:
        if isinstance(condition, Term | Names):
            return condition in self._present
        known = self._touched.get(id(condition))
        if known is None:
            known = self._touched[id(condition)] = (condition, super().touches(condition))
        return known[1]


def _join(results: list[Leaves]) -> Leaves:
    if len(results) == 1:
        return results[0]
    merged: dict[Leaf, None] = {}
    for leaves in results:
        merged.update(dict.fromkeys(leaves))
    return tuple(merged)


def _leaves(spans: list[Placed]) -> Leaves:
    return tuple(dict.fromkeys(leaf for span in spans for leaf in span.leaves))


def _limit(near: Near) -> int:
    return near.words if near.unit is Unit.WORDS else INFINITE - 1


def _no_datelines(spans: list[Placed]) -> list[Placed]:
    return [s for s in spans if not (len(s.leaves) == 1 and s.leaves[0].dateline)]


def _with_words(span: Placed, text: Text) -> Placed:
    first, last = text.words_in(span.start, span.end)
    return Placed(span.start, span.end, span.leaves, first, last)


def _countable(spans: list[Placed], least: int) -> list[Placed]:
    """The spans that stand in some set of ``least`` spans of which no two overlap."""
    front = _packed((s.start, s.end) for s in spans)
    if len(front) < least:
        return []
    back = _packed((-s.end, -s.start) for s in spans)
    return [s for s in spans if bisect_right(front, s.start) + 1 + bisect_right(back, -s.end) >= least]


def _packed(spans: Iterable[tuple[int, int]]) -> list[int]:
    """Where the spans end of which as many as possible fit side by side."""
    ends: list[int] = []
    for start, end in sorted(spans, key=lambda s: s[1]):
        if not ends or start >= ends[-1]:
            ends.append(end)
    return ends
