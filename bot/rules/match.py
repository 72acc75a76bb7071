"""The engine: articles in, matches with their evidence out.

One scan finds all phrases and names; the index gives the few rules whose anchor is in the text; these are evaluated.
Word positions, sentences, countries and language are worked out only when one of them asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from bot.entities.gazetteer import countries_of, main_countries
from bot.model import Evidence, Match, Mention
from bot.rules import terms
from bot.rules.compile import Program
from bot.rules.evaluate import Evaluation, LabelledSpan, Leaves, Subject
from bot.rules.model import Names, Rule, Term, TermKind
from bot.rules.near import Leaf
from bot.scan import Hit
from bot.text import Text, phrase

EVIDENCE_MAX = 50  # spans of one match; DESIGN, "Evidence"
COMPOUND_MAX = 6  # parts of a hyphenated word that are also tried joined; longer ones are not words
REGEX_HITS_MAX = 1_000  # of one regex in one article

_COMPOUND_HYPHEN = re.compile("[-‐‑]")

Labeller = Callable[[Text, tuple[Mention, ...]], Sequence[LabelledSpan]]


class Engine:
    """Evaluates a :class:`~bot.rules.compile.Program`. Thread-safe: it holds nothing that changes.

    ``labeller`` runs the statistical model for conditions that ask for labels; ``detect`` tells the language of a text.
    """

    def __init__(
        self,
        program: Program,
        *,
        labeller: Labeller | None = None,
        detect: Callable[[str], str | None] | None = None,
    ) -> None:
        self.program = program
        self._labeller = labeller
        self._detect = detect
        self._regexes: dict[Term, Any] = {}
        for condition in program.needs:
            if isinstance(condition, Term) and condition.kind is TermKind.REGEX:
                import re2

                self._regexes[condition] = re2.compile(condition.text, terms.regex_options())
        self._always = frozenset(program.always)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.program.rules

    def analyse(self, subject: Subject) -> Analysis:
        """Scan an article. What is then asked of the analysis is worked out on the way."""
        return Analysis(self, subject)

    def match(self, subject: Subject) -> tuple[Match, ...]:
        """The rules that fire, most severe first."""
        return self.analyse(subject).matches

    def regex(self, term: Term) -> Any:
        return self._regexes[term]

    def labels(self, text: Text, mentions: tuple[Mention, ...]) -> Sequence[LabelledSpan]:
        return self._labeller(text, mentions) if self._labeller else ()

    def language(self, text: str) -> str | None:
        return self._detect(text) if self._detect else None


class Analysis:
    """One article seen by the engine."""

    def __init__(self, engine: Engine, subject: Subject) -> None:
        self.engine = engine
        self.subject = subject
        self.text = Text(subject.title, subject.text)
        program = engine.program
        count = program.pattern_count
        by_pattern = program.by_pattern
        hits: dict[int, list[tuple[int, int]]] = {}
        names: list[Hit] = []
        candidates: set[int] = set(engine._always)
        for number, start, end in program.scanner.scan(self.text.norm):
            if number < count:
                if number in hits:
                    hits[number].append((start, end))
                else:
                    hits[number] = [(start, end)]
                    candidates.update(by_pattern[number])
            else:
                names.append((number - count, start, end))
        self._hits = hits
        self._name_hits = names
        self._joined: dict[int, list[tuple[int, int]]] = {}
        self._scan_joined(candidates)
        if names:
            candidates.update(program.by_country)
        if program.by_regex:
            body = self.text.body
            if any(r.search(body) is not None for r in engine._regexes.values()):
                candidates.update(program.by_regex)
        self._candidates = candidates

    # -- hyphens ---------------------------------------------------------------------------------------------------
    def _scan_joined(self, candidates: set[int]) -> None:
        """Look at hyphenated words written as one, too (``cease-fire`` for the term ``ceasefire``)."""
        body = self.text.body
        if "-" not in body and "‐" not in body and "‑" not in body:
            return
        vocabulary = self.engine.program.vocabulary
        done = 0
        for hyphen in _COMPOUND_HYPHEN.finditer(body):
            at = hyphen.start()
            if at < done or not (0 < at < len(body) - 1) or not (body[at - 1].isalnum() and body[at + 1].isalnum()):
                continue
            start = at
            while start > 0 and at - start < 40 and body[start - 1].isalnum():
                start -= 1
            parts: list[tuple[int, int]] = []
            end = start
            while end < len(body) and len(parts) <= COMPOUND_MAX:
                last = end
                while end < len(body) and end - last < 40 and body[end].isalnum():
                    end += 1
                if end == last:
                    break
                parts.append((last, end))
                if end >= len(body) or body[end] not in "-‐‑":
                    break
                end += 1
            done = end
            for i in range(len(parts)):
                for j in range(i + 2, len(parts) + 1):
                    joined = phrase("".join(body[s:e] for s, e in parts[i:j]))
                    if joined in vocabulary:
                        self._scan_with(joined, parts[i][0], parts[j - 1][1], candidates)

    def _scan_with(self, joined: str, start: int, end: int, candidates: set[int]) -> None:
        """Scan the neighbourhood of ``body[start:end]`` with ``joined`` in its place."""
        program = self.engine.program
        words = self._words
        before = [w for w in words if w[2] <= start][-program.longest :]
        after = [w for w in words if w[1] >= end][: program.longest]
        line = [*before, (joined, start, end), *after]
        norm = " "
        spans: dict[int, int] = {}  # position in norm -> number of the word
        previous_end = 0
        for i, (word, first, last) in enumerate(line):
            if i and self._broken(previous_end, first):
                norm += " "  # a break in the text stays one
            spans[len(norm)] = i
            norm += word + " "
            previous_end = last
        middle = len(before)
        for number, s, e in program.scanner.scan(norm):
            if number >= program.pattern_count:
                continue
            first_word = spans.get(s + 1)
            if first_word is None:
                continue
            inner = [i for p, i in spans.items() if s < p < e]
            last_word = max(inner)
            if first_word <= middle <= last_word:
                self._joined.setdefault(number, []).append((line[first_word][1], line[last_word][2]))
                candidates.update(program.by_pattern[number])

    @cached_property
    def _words(self) -> list[tuple[str, int, int]]:
        """The words of the text with their spans in the body."""
        norm = self.text.norm
        found = []
        for start in self.text.word_starts:
            end = norm.index(" ", start)
            found.append((norm[start:end], *self.text.span(start, end)))
        return found

    def _broken(self, end: int, start: int) -> bool:
        """Whether something stands between two words that a phrase must not cross."""
        between = self.text.body[end:start]
        return phrase_break(between)

    # -- spans -----------------------------------------------------------------------------------------------------
    def find(self, condition: Term | Names) -> Leaves:
        """All spans of a term or of a list's names, by offset."""
        if isinstance(condition, Term) and condition.kind is TermKind.REGEX:
            return self._find_regex(condition)
        need = self.engine.program.needs[condition]
        text = self.text
        body = text.body
        label = condition.label
        found: dict[tuple[int, int], Leaf] = {}
        for number in need.patterns:
            spans = [self._span(start, end) for start, end in self._hits.get(number, ())]
            for start, end in (*spans, *self._joined.get(number, ())):
                if need.cased and terms.cased(body[start:end]) != need.cased:
                    continue
                if need.symbols and not _has_symbols(body, start, end, need.symbols):
                    continue
                if number in need.capitalised and body[start:end].islower():
                    continue
                found.setdefault((start, end), Leaf(start, end, label, need.entities.get(number)))
        return tuple(leaf for _, leaf in sorted(found.items()))

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """The words of a hit in the body; the hit of a prefix is drawn out to the end of its word."""
        norm = self.text.norm
        if norm[end - 1] != " ":
            end = norm.index(" ", end)
        return self.text.span(start, end)

    def _find_regex(self, term: Term) -> Leaves:
        found: list[Leaf] = []
        boundary = self.text.title_length
        for match in self.engine.regex(term).finditer(self.text.body):
            start, end = match.span()
            if start < boundary < end and self.text.title:
                continue  # the line break between title and text is ours, not the writer's
            if end > start:
                found.append(Leaf(start, end, term.label))
            if len(found) >= REGEX_HITS_MAX:
                break
        return tuple(found)

    # -- what rules see --------------------------------------------------------------------------------------------
    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """The countries of the article."""
        subject = self.subject
        return self.engine.program.gazetteer.resolve(self.text, self._name_hits, subject.lang, subject.source_name)

    @cached_property
    def countries(self) -> tuple[str, ...]:
        """Their codes, most mentioned first."""
        return countries_of(self.mentions)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The article for conditions."""
        return Evaluation(
            self.subject,
            self.text,
            find=self.find,
            mentions=lambda: self.mentions,
            main_countries=lambda: frozenset(main_countries(self.mentions, self.text)),
            language=lambda: self.subject.lang or self.engine.language(self.text.body),
            labels=lambda: self.engine.labels(self.text, self.mentions),
        )

    @cached_property
    def matches(self) -> tuple[Match, ...]:
        """The rules that fire, most severe first, then in the order of the files."""
        rules = self.engine.program.rules
        found = [m for number in sorted(self._candidates) if (m := self.match(rules[number])) is not None]
        return tuple(sorted(found, key=lambda m: -m.severity))

    def match(self, rule: Rule) -> Match | None:
        """The match of one rule, or ``None``."""
        leaves = self.evaluation.holds(rule.when)
        if leaves is None:
            return None
        if rule.unless is not None and self.evaluation.holds(rule.unless) is not None:
            return None
        return Match(rule.id, rule.title, rule.severity, rule.tags, self.evidence(leaves), rule.channels)

    def evidence(self, leaves: Iterable[Leaf]) -> tuple[Evidence, ...]:
        """Leaves as evidence: by offset, without repeats, at most ``EVIDENCE_MAX``."""
        body = self.text.body
        ordered = sorted({(leaf.start, leaf.end, leaf.label, leaf.entity or "") for leaf in leaves})
        return tuple(
            Evidence(body[start:end], start, end, label, entity or None)
            for start, end, label, entity in ordered[:EVIDENCE_MAX]
        )


def phrase_break(between: str) -> bool:
    """Whether what stands between two words keeps a phrase from reaching across."""
    return Text("", f"a{between}b").norm.strip() not in ("a b", "ab")


def _has_symbols(body: str, start: int, end: int, symbols: str) -> bool:
    """Whether the characters that normalisation dropped stand in or beside a span (``C++``, ``$5``)."""
    around = body[max(0, start - len(symbols)) : end + len(symbols)]
    return all(around.count(c) >= symbols.count(c) for c in set(symbols))
