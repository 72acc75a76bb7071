"""YAML with the place of everything: files that people edit, read so that each complaint has a line and a column.

PyYAML's C parser composes nodes; nothing is ever constructed from tags. Plain scalars follow YAML 1.2's core schema
(``true``/``false``, ``null``, decimal numbers): ``NO`` stays the country code, ``22:30`` stays text. Anchors, aliases,
custom tags and merge keys are refused, which also ends YAML bombs; so are duplicate keys and more than one document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.errors import ConfigError, Problem
from bot.files import NOTHING_CAME, read_start
from bot.yaml_faults import empty_by_comment, faults

try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # a PyYAML built without libyaml reads the same files, twenty times slower
    from yaml.parser import Parser as _PurePythonParser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class _Parser(Reader, Scanner, _PurePythonParser):  # type: ignore[no-redef]
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            _PurePythonParser.__init__(self)


FILE_BYTES_MAX = 8 * 1024 * 1024  # bytes; 10,000 rules of ordinary size are 6 MB
DEPTH_MAX = 60  # nested collections; far above what a person can follow, far below Python's recursion limit
SCALAR_MAX = 64 * 1024  # characters of one value

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")


class Place(NamedTuple):
    """Where something stands: line and column from 1."""

    file: Path
    line: int
    column: int

    def problem(self, text: str, code: str = "invalid") -> Problem:
        """An error at this place."""
        return Problem(self.file, self.line, self.column, text, code)


class Scalar(NamedTuple):
    """A value. ``text`` is as written (quotes and escapes resolved); ``plain`` tells that it was not quoted, ``block``
    that it stands behind a ``|``: its lines are those of the file."""

    text: str
    plain: bool
    place: Place
    block: bool = False

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULL

    @property
    def value(self) -> str | int | float | bool | None:
        """What YAML 1.2's core schema makes of it; numbers with leading zeros (``007``) or 20 digits stay text."""
        if not self.plain:
            return self.text
        if self.text in _NULL:
            return None
        if self.text in _BOOL:
            return _BOOL[self.text]
        if re.match(r"[-+]?0[0-9]", self.text):
            return self.text
        if _INT.match(self.text):
            return int(self.text) if len(self.text) < 20 else self.text
        return float(self.text) if _FLOAT.match(self.text) else self.text


@dataclass(frozen=True, slots=True)
class Seq:
    """A list."""

    items: tuple[Node, ...]
    place: Place

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: str
    key_place: Place
    value: Node


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; keys are unique strings in the order of the file."""

    entries: tuple[Entry, ...]
    place: Place

    def get(self, key: str) -> Node | None:
        for entry in self.entries:
            if entry.key == key:
                return entry.value
        return None

    def entry(self, key: str) -> Entry | None:
        for entry in self.entries:
            if entry.key == key:
                return entry
        return None


Node = Scalar | Seq | Map


def load_file(path: Path, shown: Path | None = None) -> Node | None:
    """The file's one document; ``None`` if it is empty. Raises ``ConfigError``. ``shown`` is the path for messages."""
    name = shown or path
    return load(read_bytes(path, name), name)


def read_bytes(path: Path, name: Path) -> bytes:
    """What a file holds. Raises ``ConfigError``, which calls the file ``name``."""
    try:
        data = read_start(path, FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise ConfigError((Problem(name, 0, 0, "no such file; check the path", "missing-file"),)) from None
    except IsADirectoryError:
        text = "is a folder; name the file in it"
        raise ConfigError((Problem(name, 0, 0, text, "unreadable"),)) from None
    except OSError as error:
        remedy = "name a file, or a command that writes" if error.strerror == NOTHING_CAME else "check its permissions"
        text = f"cannot be read ({error.strerror}); {remedy}"
        raise ConfigError((Problem(name, 0, 0, text, "unreadable"),)) from error
    if len(data) > FILE_BYTES_MAX:
        text = f"larger than {FILE_BYTES_MAX // 2**20} MiB; split it into several files"
        raise ConfigError((Problem(name, 0, 0, text, "too-large"),))
    return data


def load(data: bytes | str, file: Path) -> Node | None:
    """The one document in ``data``; ``None`` if it is empty. Raises ``ConfigError``."""
    text = _decode(data, file) if isinstance(data, bytes) else data
    bad = _UNPRINTABLE.search(text)
    if bad:
        line, column = _line_column(text, bad.start())
        what = "a lone surrogate" if 0xD800 <= ord(bad[0]) <= 0xDFFF else f"the control character U+{ord(bad[0]):04X}"
        raise ConfigError((Problem(file, line, column, f"{what} is not allowed here; delete it", "bad-character"),))
    try:
        return _compose(text, file)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(faults(error, text, file)) from None
    except yaml.YAMLError as error:
        raise ConfigError((Problem(file, 0, 0, f"not YAML: {error}", "syntax"),)) from None


# All that YAML 1.2 calls non-printable, and lone surrogates.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def _decode(data: bytes, file: Path) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = _line_column(before, len(before))
        text = "not UTF-8 from here on; save the file in the encoding UTF-8"
        raise ConfigError((Problem(file, line, column, text, "encoding"),)) from None


def _line_column(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1


def _compose(text: str, file: Path) -> Node | None:
    return _Composer(text, file).document()


_new = tuple.__new__  # a named tuple without its keyword arguments, in a third of the time: a rule has fifty of them


_NO_SPACE = re.compile(r"[\w.-]+:(?!/)\S")  # key:value, which YAML takes for one word; an address is one
_OPENS = re.compile(r":[{\[]")


def _is_absent(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.text and node.plain


class _Composer:
    """Events to nodes. What spoils a value is collected; what spoils the whole file is raised at once."""

    def __init__(self, text: str, file: Path) -> None:
        self._next: Callable[[], Any] = _Parser(text).get_event
        self._file = file
        self._text = text
        self._lines: list[str] | None = None
        self._problems: list[Problem] = []

    def document(self) -> Node | None:
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        try:
            root = self._node(self._next(), 0)
        except ConfigError as error:
            raise ConfigError((*self._problems, *error.problems)) from None
        self._next()  # the end of the document
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            text = "a second document (---) in one file; put it into a file of its own"
            self._problems.append(self._place(event).problem(text, "second-document"))
        if self._problems:
            raise ConfigError(tuple(self._problems))
        return None if isinstance(root, Scalar) and root.is_null else root

    def _empty(self, key: str | None, at: Place) -> None:
        """A value that is not there. Why, where a comment took it; else it is for those who know the key to judge."""
        if "#" not in self._text:
            return
        if self._lines is None:
            self._lines = self._text.splitlines()
        line = self._lines[at.line - 1] if at.line <= len(self._lines) else ""
        found = empty_by_comment(line, key, at.column)
        if found is not None:
            column, text = found
            self._problems.append(Place(self._file, at.line, column).problem(text, "comment"))

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        mark = event.start_mark
        here = _new(Place, (self._file, mark.line + 1, mark.column + 1))
        if event.anchor is not None:
            # One is enough: where there are anchors there are aliases, and in a YAML bomb there are thousands.
            sign, what = ("*", "alias") if isinstance(event, yaml.AliasEvent) else ("&", "anchor")
            text = f"an {what} ({sign}{event.anchor}) is not supported; use define: and use:"
            if what == "alias":
                text += ", or quote a value that begins with *"
            raise ConfigError((here.problem(text, what),))
        if event.tag is not None:
            text = f"a tag ({event.tag}) is not supported; delete it, or quote a value that begins with !"
            self._problems.append(here.problem(text, "tag"))
        if isinstance(event, yaml.ScalarEvent):
            if len(event.value) > SCALAR_MAX:
                text = f"a value of {len(event.value):,} characters; the limit is {SCALAR_MAX:,}"
                raise ConfigError((here.problem(text, "too-long"),))
            if event.style and "\0" in event.value:
                text = "holds a null character (\\0), which no text and no path may; delete it"
                self._problems.append(here.problem(text, "null-character"))
            return _new(Scalar, (event.value, not event.style, here, event.style == "|"))
        if depth >= DEPTH_MAX:
            text = f"nested deeper than {DEPTH_MAX} levels; name parts of it under define: and use them"
            raise ConfigError((here.problem(text, "too-deep"),))
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := self._next(), yaml.SequenceEndEvent):
                item = self._node(inner, depth + 1)
                items.append(item)
                if _is_absent(item):
                    self._empty(None, item.place)
            return Seq(tuple(items), here)
        return self._map(here, depth)

    def _map(self, here: Place, depth: int) -> Map:
        entries: dict[str, Entry] = {}
        while not isinstance(inner := self._next(), yaml.MappingEndEvent):
            key = self._node(inner, depth + 1)
            value = self._node(self._next(), depth + 1)
            if not isinstance(key, Scalar):
                self._problems.append(key.place.problem("a key must be a plain word", "bad-key"))
            elif key.plain and _NO_SPACE.match(key.text) and (_is_absent(value) or _OPENS.search(key.text)):
                text = f"the colon of {key.text.partition(':')[0]}: needs a space behind it"
                self._problems.append(key.place.problem(text, "no-space"))
            elif key.text in entries:
                first = entries[key.text].key_place.line
                text = f"the key {key.text!r} stands here for the second time (first in line {first}); "
                self._problems.append(key.place.problem(text + "delete one of the two", "duplicate-key"))
            else:
                entries[key.text] = Entry(key.text, key.place, value)
                if _is_absent(value):
                    self._empty(key.text, key.place)
        return Map(tuple(entries.values()), here)


def plain(node: Node | None) -> Any:
    """The value as Python data (dict, list, str, int, float, bool, None), for models that check it themselves."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Seq):
        return [plain(item) for item in node.items]
    return {entry.key: plain(entry.value) for entry in node.entries}


def node_at(node: Node, path: tuple[str | int, ...]) -> Node | None:
    """The value at a path, if there is one."""
    found: Node | None = node
    for step in path:
        if isinstance(found, Map) and isinstance(step, str):
            found = found.get(step)
        elif isinstance(found, Seq) and isinstance(step, int) and step < len(found.items):
            found = found.items[step]
        else:
            return None
    return found


def place_of(node: Node, path: tuple[str | int, ...]) -> Place:
    """Where the value at a path stands (keys and list positions); the nearest parent's place if it is not there."""
    for step in path:
        if isinstance(node, Map) and isinstance(step, str):
            entry = node.entry(step)
            if entry is None:
                return node.place
            if step == path[-1] and isinstance(entry.value, Scalar) and entry.value.is_null:
                return entry.key_place
            node = entry.value
        elif isinstance(node, Seq) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.place
