"""Texts that a channel words in its own way: a small, safe part of Jinja, filled with the fields of an alert.

``{{ field }}``, ``{% if field %}``, comparisons, ``~`` and a few filters are known; loops, calls, arithmetic,
attributes and includes are not, so that no template can take long, grow large or reach anything. Which fields there are
is said once, in :data:`FIELDS`. What comes out is foreign text like any other: each channel cleans, escapes and cuts
it; the emphasis of a passage stays.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final, NoReturn

from bot.channels.text import clean_segments
from bot.message import Message, Segment

if TYPE_CHECKING:
    from jinja2 import nodes

SOURCE_MAX: Final = 2_000  # characters of a template

FIELDS: Final[Mapping[str, str]] = {
    "severity": "`INFO`, `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`",
    "headline": "the article's title",
    "text": "the passage that made the rules fire, their words emphasised",
    "url": "the article's address",
    "source": "the outlet",
    "published": "when it was published, in `timezone`",
    "countries": "with flags, separated by commas",
    "codes": "the countries' codes, separated by commas",
    "rules": "titles of the rules that fired, separated by commas",
    "rule_ids": "their ids, separated by commas",
    "words": "what the rules found, separated by commas",
    "tags": "of the rules, separated by commas",
    "lists": "the watch lists behind the evidence, separated by commas",
    "sources": "how many independent outlets report it, a number",
    "also": "the other outlets, separated by commas",
    "updated": "when the alert was last rewritten, in `timezone`; empty if never",
    "news": "what is new, in an answer to an earlier alert",
    "retracted": "why the alert no longer holds; empty while it does",
}
FILTERS: Final = frozenset({"upper", "lower", "title", "capitalize", "trim", "truncate", "default", "replace"})

_STRONG, _PLAIN = "\ue000", "\ue001"  # around emphasis on its way through the template; taken out of all else
_MARKS = re.compile(f"[{_STRONG}{_PLAIN}]")


class TemplateError(ValueError):
    """What is wrong with a template; ``line`` and ``column`` count from 1, within it."""

    def __init__(self, text: str, line: int, column: int) -> None:
        super().__init__(text)
        self.line, self.column = line, column


@dataclass(frozen=True, slots=True)
class Template:
    """One that was checked; made by :func:`parse`. It prints as it was written."""

    source: str
    _fill: Callable[[Mapping[str, object]], str] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.source

    def fill(self, values: Mapping[str, object]) -> tuple[Segment, ...]:
        """The text, with the emphasis of ``text``; see :func:`values_of`."""
        made = self._fill(values)
        parts = re.split(f"({_STRONG}[^{_PLAIN}]*{_PLAIN})", made)
        return clean_segments(Segment(_MARKS.sub("", part), part.startswith(_STRONG)) for part in parts)


@dataclass(frozen=True, slots=True)
class Wording:
    """The templates of one channel. ``None``: as it comes."""

    headline: Template | None = None
    text: Template | None = None
    notification: Template | None = None
    tz: tzinfo | None = None

    def __call__(self, message: Message) -> Message:
        """The message in these words. A template that comes out empty changes nothing."""
        values = values_of(message, self.tz)
        changed: dict[str, object] = {}
        if self.headline and (headline := _joined(self.headline.fill(values))):
            changed["headline"] = headline
        if self.text and (passage := self.text.fill(values)):
            changed["passage"] = passage
        if self.notification and (line := _joined(self.notification.fill(values))):
            changed["fallback"] = line
        return replace(message, **changed) if changed else message  # type: ignore[arg-type]


def _joined(segments: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in segments)


def values_of(message: Message, tz: tzinfo | None = None) -> Mapping[str, object]:
    """The fields of :data:`FIELDS`."""
    words = dict.fromkeys(word for rule in message.rules for word in rule.words)
    found: dict[str, object] = {
        "severity": message.severity.name,
        "headline": message.headline,
        "url": message.url,
        "source": message.source,
        "published": _time(message.published, tz),
        "countries": ", ".join(f"{country.flag} {country.name}" for country in message.countries),
        "codes": ", ".join(country.code for country in message.countries),
        "rules": ", ".join(rule.title for rule in message.rules),
        "rule_ids": ", ".join(rule.id for rule in message.rules),
        "words": ", ".join(words),
        "tags": ", ".join(message.tags),
        "lists": ", ".join(message.lists),
        "also": ", ".join(outlet.name for outlet in message.also),
        "updated": _time(message.updated_at, tz) if message.updated_at else "",
        "news": " ".join(message.news),
        "retracted": message.retracted,
    }
    unmarked = {name: _MARKS.sub("", str(value)) for name, value in found.items()}
    passage = (
        f"{_STRONG}{text}{_PLAIN}" if strong else text
        for text, strong in ((_MARKS.sub("", s.text), s.strong) for s in message.passage)
    )
    return {**unmarked, "text": "".join(passage), "sources": message.sources}


def _time(at: datetime, tz: tzinfo | None) -> str:
    local = at.astimezone(tz) if tz is not None else at
    return f"{local:%Y-%m-%d %H:%M %Z}"


def parse(source: str) -> Template:
    """A template, ready to be filled. Raises :class:`TemplateError`."""
    from jinja2 import StrictUndefined, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if len(source) > SOURCE_MAX:
        raise TemplateError(f"is longer than {SOURCE_MAX:,} characters; shorten it", 1, 1)
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    try:
        tree = environment.parse(source)
        _check(tree, source)
        made = environment.from_string(source)
    except TemplateSyntaxError as error:
        line = source.split("\n")[error.lineno - 1] if error.lineno <= source.count("\n") + 1 else ""
        column = max(line.find("{%"), line.find("{{"), 0) + 1
        why = str(error.message)
        if "'endif'" in why and why.startswith("Unexpected end"):
            raise TemplateError("an {% if %} is not closed; add {% endif %}", error.lineno, column) from None
        raise TemplateError(f"cannot be read ({why})", error.lineno, column) from None
    return Template(source, made.render)


def _check(tree: nodes.Template, source: str) -> None:
    """Only what cannot do harm, and only fields that there are. Raises :class:`TemplateError`."""
    from jinja2 import nodes

    allowed = (
        nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.If,
        nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat,
    )  # fmt: skip
    for node in _walk(tree):
        if isinstance(node, nodes.Name) and node.name not in FIELDS:
            _refuse(source, node.lineno, node.name, f"unknown field {node.name!r}{_nearest(node.name, FIELDS)}")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            _refuse(source, node.lineno, node.name, f"unknown filter {node.name!r}{_nearest(node.name, FILTERS)}")
        if not isinstance(node, allowed):
            what = _NOT_KNOWN.get(type(node).__name__, type(node).__name__.lower())
            hint = "write {{ field }}, {% if field %} or a filter such as {{ headline|upper }}"
            _refuse(source, node.lineno, "{", f"knows no {what}; {hint}")


_NOT_KNOWN: Final = {
    "For": "loops", "Getattr": "attributes", "Getitem": "attributes", "Call": "calls", "Assign": "assignments",
    "Macro": "macros", "Include": "includes", "Test": "tests", "List": "lists",
}  # fmt: skip


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _refuse(source: str, line: int, word: str, text: str) -> NoReturn:
    in_line = source.split("\n")[line - 1]
    found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)" if word != "{" else r"\{", in_line)
    raise TemplateError(text, line, (found.start() if found else 0) + 1)


def _nearest(name: str, known: Mapping[str, str] | frozenset[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(known))}"
