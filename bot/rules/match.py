"""The engine: articles in, matches with their evidence out.

One scan finds all phrases and names; the index gives the few rules whose anchor is in the text; these are evaluated.
Word positions, sentences, countries and language are worked out only when one of them asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import islice
from typing import Any

from bot.entities.gazetteer import countries_of, main_countries
from bot.model import Evidence, Match, Mention
from bot.rules import terms
from bot.rules.compile import Need, Program
from bot.rules.evaluate import Evaluation, LabelledSpan, Leaves, Remembering, Subject
from bot.rules.exemptions import in_force
from bot.rules.hyphens import Span, joined_hits
from bot.rules.index import COUNTRY
from bot.rules.model import Names, Rule, Term, TermKind
from bot.rules.near import Leaf
from bot.scan import Hit
from bot.text import Text

EVIDENCE_MAX = 50  # spans of one match; DESIGN, "Evidence"
REGEX_HITS_MAX = 1_000  # of one regex in one title or text

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
        self._passed_over: frozenset[str] = frozenset()  # entries of lists; those that one rule excepts
        self._evaluation: type[Evaluation] = Evaluation
        program = engine.program
        self._hits: dict[int, list[Span]] = {}
        self._name_hits: list[Hit] = []
        self._joined: dict[int, list[Span]] = {}
        self._take(program.scanner.scan(self.text.norm))
        for number, start, end in joined_hits(self.text, program.scanner, program.joinable):
            if number < program.pattern_count:
                self._joined.setdefault(number, []).append((start, end))
        found = {*self._hits, *self._joined}
        if self._name_hits:
            found.add(COUNTRY)
        found.update(self._matching_regexes())
        self._found = found
        self._candidates = program.index.candidates(found)

    def _take(self, hits: list[Hit]) -> None:
        count = self.engine.program.pattern_count
        found = self._hits
        names = self._name_hits
        for number, start, end in hits:
            if number >= count:
                names.append((number - count, start, end))
            elif number in found:
                found[number].append((start, end))
            else:
                found[number] = [(start, end)]

    def _matching_regexes(self) -> list[int]:
        subject = self.subject
        return [
            number
            for term, number in self.engine.program.regexes.items()
            if (r := self.engine.regex(term)).search(subject.text) is not None or r.search(subject.title) is not None
        ]

    @cached_property
    def _present(self) -> frozenset[Term | Names]:
        """The terms and lists of which something was found."""
        program = self.engine.program
        wanted = program.wanted_by
        present: set[Term | Names] = {t for t, number in program.regexes.items() if number in self._found}
        for number in (*self._hits, *self._joined):
            present.update(wanted[number])
        return frozenset(present)

    # -- spans -----------------------------------------------------------------------------------------------------
    def find(self, condition: Term | Names) -> Leaves:
        """All spans of a term or of a list's names, by offset."""
        if isinstance(condition, Term) and condition.kind is TermKind.REGEX:
            return self._find_regex(condition)
        need = self.engine.program.needs[condition]
        label = condition.label
        found: dict[Span, Leaf] = {}
        for number in _both(need.patterns, self._hits):
            for hit in self._hits[number]:
                self._admit(need, number, self._span(*hit), label, found)
        for number in _both(need.patterns, self._joined):
            for span in self._joined[number]:
                self._admit(need, number, span, label, found)
        return tuple(leaf for _, leaf in sorted(found.items()))

    def _admit(self, need: Need, number: int, span: Span, label: str, found: dict[Span, Leaf]) -> None:
        """Take a span in if it is written as its term or name asks."""
        start, end = span
        words = self.text.body[start:end]
        if need.cased and terms.cased(words) != need.cased:
            return
        if need.symbols is not None and not need.symbols.stand_at(self.text.body, start, end):
            return
        if number in need.capitalised and words.islower():
            return
        if number in need.shouted and not words.isupper():
            return
        entity = None
        if ids := need.entities.get(number):
            entity = next((i for i in ids if i not in self._passed_over), None)
            if entity is None:
                return
        found.setdefault(span, Leaf(start, end, label, entity))

    def _span(self, start: int, end: int) -> Span:
        """The words of a hit in the body; the hit of a prefix is drawn out to the end of its word."""
        norm = self.text.norm
        if norm[end - 1] != " ":
            end = norm.index(" ", end)
        return self.text.span(start, end)

    def _find_regex(self, term: Term) -> Leaves:
        """The title and the text are searched each by itself: the line break between them is not the writer's."""
        compiled = self.engine.regex(term)
        label = term.label
        found: list[Leaf] = []
        for text, offset in ((self.subject.title, 0), (self.subject.text, self.text.text_start)):
            for match in islice(compiled.finditer(text), REGEX_HITS_MAX):
                start, end = match.span()
                if end > start:
                    found.append(Leaf(start + offset, end + offset, label))
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
    def about(self) -> tuple[str, ...]:
        """The same, if the article is about any of them; where all are named in passing, none. A country in passing
        tells nothing of where the event was."""
        return self.countries if main_countries(self.mentions, self.text) else ()

    @cached_property
    def evaluation(self) -> Evaluation:
        """The article for conditions."""
        return self._evaluation(
            self.subject,
            self.text,
            present=self._present,
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
        found = [m for number in self._candidates if (m := self.match(rules[number])) is not None]
        return tuple(sorted(found, key=lambda m: -m.severity))

    def let_go(self) -> None:
        """Forget what looks back at the analysis, so that it goes with its last user and not when the collector comes:
        what is freed at once is at hand for the next article. Whatever is asked after this is worked out anew."""
        self.__dict__.pop("evaluation", None)

    def seen_by(self, rule: Rule) -> Analysis:
        """The same article as one rule sees it: without the entries of lists that the rule passes over."""
        passed_over = in_force(rule.exemptions, self.subject.day) if rule.exemptions else frozenset()
        if passed_over == self._passed_over:
            return self
        seen = self._copy()
        seen._passed_over = passed_over
        return seen

    @cached_property
    def remembering(self) -> Analysis:
        """The same article for whoever asks about all rules and all that is in them."""
        if self._evaluation is Remembering:
            return self
        _ = self.mentions  # found once for both
        kept = self._copy()
        kept._evaluation = Remembering
        return kept

    def _copy(self) -> Analysis:
        other = copy(self)
        for name in ("evaluation", "matches", "remembering"):  # these look back at what they are of
            other.__dict__.pop(name, None)
        return other

    def match(self, rule: Rule) -> Match | None:
        """The match of one rule, or ``None``."""
        evaluation = self.evaluation if not rule.exemptions else self.seen_by(rule).evaluation
        leaves = evaluation.holds(rule.when)
        if leaves is None:
            return None
        if rule.unless is not None and evaluation.holds(rule.unless) is not None:
            return None
        return Match(rule.id, rule.title, rule.severity, rule.tags, self.evidence(leaves), rule.channels, rule.shadow)

    def evidence(self, leaves: Iterable[Leaf]) -> tuple[Evidence, ...]:
        """Leaves as evidence: by offset, without repeats, at most ``EVIDENCE_MAX``."""
        body = self.text.body
        ordered = sorted({(leaf.start, leaf.end, leaf.label, leaf.entity or "") for leaf in leaves})
        editions = self.engine.program.editions
        return tuple(
            Evidence(body[start:end], start, end, label, entity or None, editions.get(label, "") if entity else "")
            for start, end, label, entity in ordered[:EVIDENCE_MAX]
        )


def _both(patterns: frozenset[int], hits: Mapping[int, object]) -> list[int]:
    """The patterns that were hit, the smaller side looked up in the larger: a list may have 100,000 names."""
    if len(patterns) < len(hits):
        return [p for p in patterns if p in hits]
    return [p for p in hits if p in patterns]
