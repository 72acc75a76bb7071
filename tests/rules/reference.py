"""What the rule language means, written down as plainly as possible: slow, and sharing no code with the engine.

It reads the rule as Python data (what the YAML holds), cuts texts letter by letter, and tries every combination of
spans. Sentences, paragraphs and what a model labels are handed in; countries are plain names, those in capitals stand
in datelines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise, product
from typing import Any

from tests.rules.reference_words import JOINING, Token, fold, tokens

Span = tuple[int, int]
Found = tuple[int, int, str, str]
"""Start, end, condition as written, entity."""
Marked = tuple[int, int, frozenset[Found]]

SYMBOLS = "#@$%+&€£/_"
NAMES = ("list", "person", "org", "place")
LEAVES = (*NAMES, "exact", "regex", "entity", "country")
LEAD = 60  # words


@dataclass(frozen=True)
class Entry:
    """An entry of a list of names."""

    id: str
    kind: str
    names: Sequence[str]


@dataclass(frozen=True)
class World:
    """What a rule may speak of, beside the article. ``forms`` gives the forms of a word as typed; ``countries`` the
    code of each name; ``labels`` are spans with the label of a model."""

    forms: Callable[[str], tuple[str, ...]]
    countries: Mapping[str, str]
    lists: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    country_lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    defines: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[tuple[int, int, str]] = ()
    source: str = ""
    tags: Sequence[str] = ()
    lang: str = ""
    excepted: Sequence[str] = ()


@dataclass
class Reference:
    """One article."""

    title: str
    text: str
    sentences: Sequence[Span]
    paragraphs: Sequence[Span]
    world: World

    def __post_init__(self) -> None:
        self.text_start = len(self.title) + 1 if self.title else 0
        self.body = f"{self.title}\n{self.text}" if self.title else self.text
        self.parts = [tokens(self.title), tokens(self.text, self.text_start)]
        self.words = [*self.parts[0], *self.parts[1]]
        lead = self.parts[1]
        end = lead[LEAD].start if len(lead) > LEAD else len(self.body)
        self.lead = (self.text_start, end)
        self.mentions = sorted((s, e, code) for name, code in self.world.countries.items() for s, e in self.names(name))

    # -- terms -----------------------------------------------------------------------------------------------------
    def phrase(self, text: str, inflect: bool, prefix: bool = False, joining: bool = True) -> set[Span]:
        """Where a phrase stands, its hyphens (and those of the text, if ``joining``) read in every way."""
        cuts = [i for i, c in enumerate(text) if c in JOINING]
        found: set[Span] = set()
        for joints in product((" ", ""), repeat=len(cuts)):
            spelled = "".join(joints[cuts.index(i)] if i in cuts else c for i, c in enumerate(text))
            wanted = [
                [w.lower() for w in self.world.forms(t.typed)] if inflect and t.typed == t.word else [t.word]
                for t in tokens(spelled)
            ]
            for part in self.parts:
                for at in range(len(part)):
                    found.update((part[at].start, end) for end in self._run(part, at, wanted, prefix, joining))
        return found

    def _run(self, part: list[Token], at: int, wanted: list[list[str]], prefix: bool, joining: bool) -> list[int]:
        """The ends of all ways in which the words from ``at`` on are the wanted ones."""
        ends: list[int] = []
        joined = ""
        for k in range(at, min(at + 6, len(part))):
            if k > at and not (joining and part[k - 1].hyphened):
                break
            before, joined = joined, joined + part[k].word
            if prefix and len(wanted) == 1:
                fits = joined.startswith(wanted[0][0]) and not before.startswith(wanted[0][0])
            else:
                fits = joined in wanted[0]
            if not fits:
                continue
            if len(wanted) == 1:
                ends.append(part[k].end)
            elif k + 1 < len(part) and part[k].runs_on:
                ends.extend(self._run(part, k + 1, wanted[1:], prefix, joining))
        return ends

    def term(self, written: str) -> set[Found]:
        if written.startswith("="):
            letters = self.cased(tokens(written[1:]))
            spans = {s for s in self.phrase(written[1:], False) if self.cased(self.inside_of(s)) == letters}
        elif written.endswith("*"):
            spans = self.phrase(written[:-1], False, prefix=True)
        else:
            spans = self.phrase(written, True)
        return {(s, e, written, "") for s, e in spans if self.has_symbols(written, s, e)}

    def inside_of(self, span: Span) -> list[Token]:
        return [t for t in self.words if span[0] <= t.start and t.end <= span[1]]

    def cased(self, words: Sequence[Token]) -> list[tuple[str, bool]]:
        """The letters without accents, and whether each is a capital."""
        return [(fold(c), c.isupper()) for t in words for c in t.typed]

    def has_symbols(self, term: str, start: int, end: int) -> bool:
        """A term with marks that mean something (``C++``) is found with these: before, between and behind."""
        if not any(c in SYMBOLS for c in term):
            return True
        letters = [i for i, c in enumerate(term) if c.isalnum()]
        before, within, behind = term[: letters[0]], term[letters[0] : letters[-1] + 1], term[letters[-1] + 1 :]
        before, within, behind = ("".join(c for c in piece if c in SYMBOLS) for piece in (before, within, behind))
        return (
            self.body[:start].endswith(before)
            and self.body[end:].startswith(behind)
            and "".join(c for c in self.body[start:end] if c in SYMBOLS) == within
        )

    def regex(self, written: str) -> set[Found]:
        """Each part by itself; what matches no character is nothing."""
        return {
            (m.start() + offset, m.end() + offset, f"regex: {written}", "")
            for part, offset in ((self.title, 0), (self.text, self.text_start))
            for m in re.finditer(written, part, re.IGNORECASE)
            if m.end() > m.start()
        }

    # -- names -----------------------------------------------------------------------------------------------------
    def names(self, name: str) -> set[Span]:
        """A country's name joins nothing over hyphens."""
        words = [t.word for t in tokens(name)]
        found = set()
        for part in self.parts:
            for i in range(len(part) - len(words) + 1):
                run = part[i : i + len(words)]
                if [t.word for t in run] == words and all(t.runs_on for t in run[:-1]):
                    found.add((run[0].start, run[-1].end))
        return found

    def is_dateline(self, start: int, end: int) -> bool:
        return self.body[start:end].isupper()

    def listed(self, key: str, name: str) -> set[Found]:
        """Names of a list: of an entry that is not excepted, the first that bears the name. Names that hold capitals
        are not found in small letters, short ones in capitals in nothing else. What the hyphens of the text join comes
        after what they part."""
        label = f"{key}: {name}"
        found: dict[Span, Found] = {}
        for joining in (False, True):
            here: dict[Span, Found] = {}
            for entry in self.world.lists[name.removeprefix("@")]:
                if entry.id in self.world.excepted or (key != "list" and entry.kind not in (key, "any")):
                    continue
                for one in entry.names:
                    for s, e in self.phrase(one, False, joining=joining):
                        written = self.body[s:e]
                        if len(one) <= 3 and one.isupper():
                            good = written.isupper()
                        else:
                            good = one.islower() or not written.islower()
                        if good:
                            here.setdefault((s, e), (s, e, label, entry.id))
            found = {**here, **found}
        return set(found.values())

    def labelled(self, value: Any) -> set[Found]:
        label, text = (value, "") if isinstance(value, str) else (value["label"], value.get("text", ""))
        written = f"entity: {label}{' ' + text if text else ''}"
        return {
            (s, e, written, label)
            for s, e, given in self.world.labels
            if given == label and (not text or self.body[s:e].casefold() == text.casefold())
        }

    # -- countries -------------------------------------------------------------------------------------------------
    def country(self, value: Any, region: str) -> set[Found]:
        options = value if isinstance(value, dict) and "of" in value else {"of": value}
        codes, written = self.codes(options["of"])
        least, main = options.get("min_mentions", 1), options.get("salience") == "main"
        label = f"country: {written}"
        label += f", min_mentions: {least}" if least > 1 else ""
        label += ", salience: main" if main else ""
        here = [
            (s, e, code)
            for s, e, code in self.mentions
            if (codes is None or code in codes) and self.inside(s, e, region) and (not main or self.main(code))
        ]
        counted = [code for s, e, code in here if not self.is_dateline(s, e)]
        return {(s, e, label, code) for s, e, code in here if least == 1 or counted.count(code) >= least}

    def codes(self, of: Any) -> tuple[set[str] | None, str]:
        """The countries meant (``None``: all), and how they are written in evidence."""
        if of == "any":
            return None, "any"
        if isinstance(of, dict):
            ((key, programmes),) = of.items()
            prefix = "" if key == "sanctioned_by" else "arms_embargo_"
            named = [programmes] if isinstance(programmes, str) else programmes
            return {c for n in named for c in self.world.country_lists[prefix + n]}, f"{key} {', '.join(named)}"
        named = [of] if isinstance(of, str) else of
        codes: set[str] = set()
        for one in named:
            codes.update(self.world.country_lists[one[1:]] if one.startswith("@") else [one])
        return codes, ", ".join(named)

    def main(self, code: str) -> bool:
        """Whether the article is about a country: 3 points for the headline, 2 for the lead, 1 for each of up to six
        mentions, and half as many as the country with most; and named there, or twice."""
        plain = [(s, e, c) for s, e, c in self.mentions if not self.is_dateline(s, e)]

        def points(code: str) -> int:
            mine = [s for s, _, c in plain if c == code]
            titled = any(s < len(self.title) for s in mine)
            led = any(self.lead[0] <= s < self.lead[1] for s in mine)
            return 3 * titled + 2 * led + min(len(mine), 6)

        mine = [s for s, _, c in plain if c == code]
        if not mine or points(code) * 2 < max(points(c) for _, _, c in plain):
            return False
        return len(mine) >= 2 or mine[0] < self.lead[1]

    # -- conditions ------------------------------------------------------------------------------------------------
    def leaves(self, condition: Any, region: str) -> set[Found]:
        """The spans of a leaf."""
        if isinstance(condition, str):
            found = self.term(condition)
        else:
            ((key, value),) = condition.items()
            match key:
                case "exact":
                    spans = {s for s in self.phrase(value, False) if self.has_symbols(value, *s)}
                    found = {(s, e, f"exact: {value}", "") for s, e in spans}
                case "regex":
                    found = self.regex(value)
                case "country":
                    return self.country(value, region)
                case "entity":
                    found = self.labelled(value)
                case _:
                    found = self.listed(key, value)
        return {f for f in found if self.inside(f[0], f[1], region)}

    def inside(self, start: int, end: int, region: str) -> bool:
        match region:
            case "":
                return True
            case "title":
                return bool(self.title) and end <= len(self.title)
            case _:
                return self.lead[0] <= start and end <= self.lead[1]

    def holds(self, condition: Any, region: str = "") -> set[Found] | None:
        """The evidence, or ``None``."""
        if isinstance(condition, str):
            return self.leaves(condition, region) or None
        ((key, value),) = condition.items()
        match key:
            case _ if key in LEAVES:
                return self.leaves(condition, region) or None
            case "use":
                return self.holds(self.world.defines[value], region)
            case "title" | "lead":
                return self.holds(value, key)
            case "near":
                return {f for _, _, found in self.near(value, region) for f in found} | self.beside_datelines(
                    value, region
                ) or None
            case "count":
                return {f for _, _, found in self.count(value, region) for f in found} or None
            case "source" | "tag" | "lang":
                return set() if self.comes_from(key, [value] if isinstance(value, str) else value) else None
        parts = [self.holds(c, region) for c in (value["of"] if key == "at_least" else value)]
        held = [p for p in parts if p is not None]
        match key:
            case "all":
                good = len(held) == len(parts)
            case "any":
                good = bool(held)
            case "none":
                return set() if not held else None
            case _:
                good = len(held) >= value["n"]
        return set().union(*held) if good else None

    def comes_from(self, key: str, wanted: Sequence[str]) -> bool:
        match key:
            case "source":
                return self.world.source in wanted
            case "tag":
                return any(t in wanted for t in self.world.tags)
            case _:
                return self.world.lang[:2] in wanted

    # -- spans -----------------------------------------------------------------------------------------------------
    def marked(self, condition: Any, region: str) -> list[Marked]:
        """The spans that a condition marks."""
        if isinstance(condition, dict):
            ((key, value),) = condition.items()
            if key == "any":
                return [m for member in value for m in self.marked(member, region)]
            if key == "near":
                return self.near(value, region)
            if key == "use":
                return self.marked(self.world.defines[value], region)
        return [(f[0], f[1], frozenset({f})) for f in self.leaves(condition, region)]

    def count(self, value: Any, region: str) -> list[Marked]:
        """The spans that stand in a set of ``min`` spans apart from one another."""
        of = {"any": value["of"]} if isinstance(value["of"], list) else value["of"]
        spans = self.marked(of, region)
        good: set[Marked] = set()
        for chosen in combinations(spans, value["min"]):
            if all(a[1] <= b[0] or b[1] <= a[0] for a, b in combinations(chosen, 2)):
                good.update(chosen)
        return list(good)

    def near(self, value: Any, region: str) -> list[Marked]:
        """Every way to choose one span of each member, none in a dateline, so that they are close enough: its window,
        and its leaves."""
        members = [[m for m in self.marked(of, region) if not self.in_dateline(m)] for of in value["of"]]
        return self.ways(members, value)

    def ways(self, members: Sequence[Sequence[Marked]], value: Any) -> list[Marked]:
        windows: list[Marked] = []
        for way in product(*members):
            chain = sorted(way)
            if any(a[1] > b[0] for a, b in pairwise(chain)):
                continue
            if value.get("ordered") and chain != list(way):
                continue
            start, end = chain[0][0], chain[-1][1]
            if self.together(chain, start, end, value["within"]):
                windows.append((start, end, frozenset(f for _, _, found in way for f in found)))
        return windows

    def beside_datelines(self, value: Any, region: str) -> set[Found]:
        """A dateline stands in for one member, from any distance, if all others stand together in the text behind it,
        each beginning in a sentence that names no country but the dateline's."""
        found: set[Found] = set()
        members = [self.marked(of, region) for of in value["of"]]
        for i, spans in enumerate(members):
            if value.get("ordered") and i > 0:
                break
            for dateline in filter(self.in_dateline, spans):
                ((_, end, _, code),) = dateline[2]
                others = [
                    [
                        m
                        for m in other
                        if not self.in_dateline(m)
                        and m[0] >= max(end, self.text_start)
                        and self.named_beside(m[0]) <= {code}
                    ]
                    for k, other in enumerate(members)
                    if k != i
                ]
                for way in self.ways(others, value):
                    found |= way[2] | dateline[2]
        return found

    def in_dateline(self, marked: Marked) -> bool:
        (one, *more) = marked[2]
        return not more and one[2].startswith("country: ") and self.is_dateline(one[0], one[1])

    def named_beside(self, offset: int) -> set[str]:
        """The countries that the sentence at an offset names."""
        begun = [(s, e) for s, e in self.sentences if s <= offset]
        return {code for s, e, code in self.mentions if begun[-1][0] <= s < begun[-1][1] and not self.is_dateline(s, e)}

    def together(self, chain: list[Marked], start: int, end: int, within: str) -> bool:
        if within == "sentence":
            return any(s <= start and end <= e for s, e in self.sentences)
        if within == "paragraph":
            return any(s <= start and end <= e for s, e in self.paragraphs)
        if start < self.text_start < end:
            return False
        between = [t for t in self.words if t.end > start and t.start < end]
        outside = [t for t in between if not any(t.end > s and t.start < e for s, e, _ in chain)]
        return len(outside) <= int(within.split()[0])

    def evidence(self, when: Any, unless: Any = None) -> list[Found] | None:
        """What the engine must say: the evidence in order, the first 50, or ``None``."""
        found = self.holds(when)
        if found is None or (unless is not None and self.holds(unless) is not None):
            return None
        return sorted(found)[:50]
