"""Engines from a few lines of YAML, with a small gazetteer and a small table of word forms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.model import Mention, MentionKind
from bot.rules.compile import build
from bot.rules.evaluate import Subject
from bot.rules.language import Reader
from bot.rules.lists import _Reader as ListReader
from bot.rules.match import Engine
from bot.rules.model import NameList, RuleSet
from bot.scan import Hit
from bot.text import Text, pattern
from bot.yaml_nodes import Map, Seq, load

FILE = Path("rules.yaml")
CODES = frozenset({"IR", "KP", "RU", "NO", "FR"})
COUNTRIES = {"Iran": "IR", "Iranian": "IR", "North Korea": "KP", "Russia": "RU", "Moscow": "RU", "France": "FR"}
FORMS = {
    "deal": ("deals",),
    "deals": ("deal",),
    "weapon": ("weapons",),
    "supply": ("supplies", "supplied", "supplying"),
    "ceasefire": ("ceasefires",),
    "fire": ("fires", "fired", "firing"),
}


class Forms:
    """The forms of a few words."""

    def forms(self, word: str) -> tuple[str, ...]:
        return (word, *FORMS.get(word, ()))

    def save(self) -> None:
        """Nothing to keep."""


class Names:
    """A gazetteer of a few names. A name in capitals before a dash is a dateline."""

    def __init__(self, names: Mapping[str, str] = COUNTRIES) -> None:
        self._codes = list(names.values())
        self.patterns = tuple(pattern(name) for name in names)

    def resolve(
        self, text: Text, hits: Sequence[Hit], lang: str | None = None, source_name: str = ""
    ) -> tuple[Mention, ...]:
        found = []
        for number, start, end in hits:
            s, e = text.span(start, end)
            words = text.body[s:e]
            kind = MentionKind.DATELINE if words.isupper() else MentionKind.NAME
            found.append(Mention(words, s, e, self._codes[number], kind))
        return tuple(sorted(found, key=lambda m: m.start))


def names_list(source: str) -> NameList:
    reader = ListReader(Path("list.yaml"), CODES.__contains__)
    found = reader.read(load(source, Path("list.yaml")))
    assert not reader.problems, reader.problems
    assert found is not None
    return found


def reader_of(source: str, lists: Sequence[NameList] = (), **known: Any) -> tuple[Reader, tuple[Any, ...]]:
    """The reader after it has read a file, and the rules that it gave."""
    reader = Reader({one.name: one for one in lists}, is_country=CODES.__contains__, **known)
    document = load(source, FILE)
    assert isinstance(document, Map)
    define = document.get("define")
    if define is not None:
        reader.add_defines(define, set())
    reader.read_defines()
    listed = document.get("rules")
    rules = [reader.rule(node) for node in (listed.items if isinstance(listed, Seq) else ())]
    return reader, tuple(r for r in rules if r is not None)


def engine_of(source: str, lists: Sequence[NameList] = (), **options: Any) -> Engine:
    """The engine of a rule file. ``options``: of the reader (``has_model``), of the engine (``labeller``, ``detect``)."""  # noqa: E501
    made = {k: options.pop(k) for k in ("labeller", "detect") if k in options}
    reader, rules = reader_of(source, lists, **options)
    assert not reader.problems, reader.problems
    ruleset = RuleSet(rules, reader.defines, {one.name: one for one in lists})
    program, problems = build(ruleset, Names(), Forms())  # type: ignore[arg-type]
    assert not problems, problems
    return Engine(program, **made)


def rule(when: Any, unless: Any = None, define: Any = None) -> str:
    """A file with one rule ``r``; JSON is YAML."""
    made: dict[str, Any] = {"id": "r", "severity": "high", "when": when}
    if unless is not None:
        made["unless"] = unless
    document = {"rules": [made]}
    if define:
        document["define"] = define
    return json.dumps(document, ensure_ascii=False)


def found(when: Any, text: str, title: str = "", unless: Any = None, define: Any = None, **options: Any) -> Any:
    """The words of the evidence in order; ``None`` where the rule does not fire."""
    engine = engine_of(rule(when, unless, define), **options)
    matches = engine.match(Subject(title, text))
    return [e.text for e in matches[0].evidence] if matches else None
