"""What a person did where YAML cannot be read, in words for that person: the parser's own speak of its grammar.

Nothing here decides what is valid. A file that the parser refused, or a value that it found empty, is looked at once
more, for the mistakes that people make: a ``#`` that swallowed the rest of a line, a bracket or quote left open, a
comma or quotes forgotten, tabs, a line at the wrong depth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.errors import Problem

SHOWN_MAX = 60  # characters of a value in a message
_SECRET = re.compile(r"secret|token|passw|key|url|webhook|auth", re.IGNORECASE)  # keys whose values are not repeated
_QUOTE = "quote the value if it holds any of : # [ ] { } , & * ! | > ' \" % @ `"
_SPECIAL = "@%`*&!|>"  # that YAML gives a meaning, or forbids, at the beginning of a value
_CLOSING = {"[": "]", "{": "}"}
# A word is tried from its beginning only, or a long one would cost its square.
_KEY_BEFORE = re.compile(r"(?<![\w.-])([\w.-]+)[\"']?[ \t]*:[ \t]*$")
_EMPTY_KEY = re.compile(r"(?P<mark>[\"']?)(?P<key>[^\"'#]*?)(?P=mark)[ \t]*:[ \t]+(?=#\w)")


def faults(error: yaml.MarkedYAMLError, text: str, file: Path) -> tuple[Problem, ...]:
    """A text that is not YAML: one problem, or one for each comment that swallowed what closes a bracket."""
    lines = text.splitlines()
    end = error.problem_mark or error.context_mark
    outline = _Outline(lines)
    last = len(lines) if end is None else end.line + 1
    swallowed = [s for s in outline.swallowed if s.line <= last]
    if swallowed:
        return tuple(Problem(file, s.line, s.column, _comment(s), "comment") for s in swallowed)
    return (_fault(error, lines, outline, file),)


def empty_by_comment(line: str, key: str | None, column: int) -> tuple[int, str] | None:
    """Why a value is empty, where a ``#`` without quotes and without a space behind it took it for a comment; with the
    column of that ``#``. ``column``, from 1, is where ``key`` stands in ``line``, or what comes before a list's item.
    """
    rest = line[column - 1 :]
    if key is None:
        found = re.match(r"[ \t]*(?=#\w)", rest)
    else:
        found = _EMPTY_KEY.match(rest)
        found = found if found is not None and found["key"] == key else None
    if found is None:
        return None
    at = column - 1 + found.end()
    named = f"{key}: is empty" if key else "this entry is empty"
    written = _written(key or "", line[at:])
    text = f"{named}, since a # without quotes begins a comment; write {written}"
    return at + 1, f"{text} (or, for a comment, a space after the #)"


@dataclass(frozen=True, slots=True)
class _Swallowed:
    """A comment inside brackets that holds what would close them, or a comma that parts their entries. ``key`` is what
    the value would have belonged to, ``whole``: the value would have begun with the ``#``."""

    line: int
    column: int
    key: str
    rest: str
    whole: bool


def _comment(one: _Swallowed) -> str:
    written = _written(one.key, one.rest) if one.whole else "the value in quotes"
    what = "a # without quotes begins a comment, so that the rest of the line is not read"
    return f"not valid YAML: {what}; write {written}"


def _written(key: str, value: str) -> str:
    """How to write a value that needs quotes; without repeating it where it may be secret."""
    value = re.split(r"[,\]}]|\s#", value, maxsplit=1)[0].strip()
    if not value or len(value) > SHOWN_MAX or _SECRET.search(key) or "\\" in value:
        return "the value in quotes"
    quoted = f"'{value}'" if '"' in value else f'"{value}"'
    return f"the value in quotes, {key}: {quoted}" if key else f"the value in quotes, {quoted}"


def _fault(error: yaml.MarkedYAMLError, lines: Sequence[str], outline: _Outline, file: Path) -> Problem:
    mark = error.problem_mark or error.context_mark
    opened = _unclosed(error, lines)
    if opened and error.context_mark is not None:
        begin = error.context_mark
        if (begin.line, begin.column) in outline.closed:
            hint = "a comma is missing before this; write one between the entries of a list or mapping"
        else:
            closing = _CLOSING.get(opened, opened)
            mark = begin
            hint = f"the {opened} that opens here is not closed; write {closing} where the value ends"
        return _problem(file, mark, f"not valid YAML: {hint}")
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    column = mark.column if mark is not None else 0
    problem = (error.problem or "cannot be read").strip()
    if "\t" in line[: column + 1]:
        return _problem(file, mark, "not valid YAML: a tab indents this line; indent with spaces, not tabs")
    if _is_indented_wrongly(error, line, column):
        hint = "this line is indented otherwise than its neighbours; indent this line like the key or - above that it"
        return _problem(file, mark, f"not valid YAML: {hint} belongs beside")
    special = _special(error, lines)
    if special is not None:
        return Problem(file, *special, "syntax")
    hint = _plain_words(problem, line[:column])
    if hint:
        return _problem(file, mark, f"not valid YAML: {hint}")
    return _problem(file, mark, f"not valid YAML ({problem}); {_QUOTE}")


def _plain_words(problem: str, before: str) -> str:
    """What the parser complains about, for mistakes that it knows by name; ``before``: the line up to there."""
    if "mapping values are not allowed" in problem:
        if ":" in before:
            return "this line has a second colon; quote the value if the colon belongs to it, or begin a new line"
        return "the line above has no colon; write key: value"
    if "block sequence entries are not allowed" in problem:
        return "a list cannot begin behind its key; begin it on a new line, or write [a, b]"
    if "unknown escape character" in problem:
        return "a \\ in double quotes begins an escape; use single quotes, or write it twice"
    if "expected key" in problem and before.rstrip().endswith(('"', "'")):
        return "the quotes end before this; put them around the whole value, and write a ' between single quotes twice"
    return ""


def _problem(file: Path, mark: yaml.Mark | None, text: str) -> Problem:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    return Problem(file, line, column, text, "syntax")


def _special(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> tuple[int, int, str] | None:
    """Line, column and what to do where a value begins with a character that means something to YAML."""
    mark = error.context_mark or error.problem_mark
    if mark is None or mark.line >= len(lines):
        return None
    line = lines[mark.line]
    character = line[mark.column : mark.column + 1]
    if not character or character not in _SPECIAL or "scanning" not in (error.context or ""):
        return None
    before = _KEY_BEFORE.search(line[: mark.column])
    written = _written(before[1] if before else "", line[mark.column :])
    text = f"not valid YAML: {character} has a meaning where a value begins; write {written}"
    return mark.line + 1, mark.column + 1, text


def _unclosed(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> str:
    """The quote or bracket that opens at the context of an error and is not closed; empty where that is not why."""
    begin, end = error.context_mark, error.problem_mark
    context, problem = error.context or "", error.problem or ""
    if begin is None or end is None:
        return ""
    if "quoted scalar" in context and "end of stream" in problem:
        return _char(lines, begin)
    if "flow sequence" in context or "flow mapping" in context:
        opened = _char(lines, begin)
        other = "}" if opened == "[" else "]"
        if opened and (end.line > begin.line or _char(lines, end) in ("", other)):
            return opened
    return ""


def _char(lines: Sequence[str], mark: yaml.Mark) -> str:
    line = lines[mark.line] if mark.line < len(lines) else ""
    return line[mark.column : mark.column + 1]


def _is_indented_wrongly(error: yaml.MarkedYAMLError, line: str, column: int) -> bool:
    """Whether what does not fit begins a line: the parser was not told to look for it at that depth."""
    if "mapping values are not allowed" in (error.problem or ""):
        return re.fullmatch(r"\s+(?:- +)*[\w-]+", line[:column]) is not None
    return "block" in (error.context or "") and not line[:column].strip()


class _Outline:
    """The brackets of a text, as its author meant them: ``closed`` holds the places (line and column from 0) of those
    that find their end, ``swallowed`` the comments that took an end away."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.closed: set[tuple[int, int]] = set()
        self.swallowed: list[_Swallowed] = []
        self._open: list[tuple[int, int]] = []
        self._lines = lines
        for number, line in enumerate(lines):
            self._read(number, line)

    def _read(self, number: int, line: str) -> None:
        at, begins = 0, True  # whether a value may begin here
        while at < len(line):
            character = line[at]
            if character == "#" and (begins or line[at - 1] in " \t"):
                self._end(number, at, line)
                return
            if begins and character in "\"'":
                at = _after_quoted(line, at)
                begins = False
                continue
            if character in "[{" and (begins or self._open):
                self._open.append((number, at))
                begins = True
            elif character in "]}" and self._open:
                place = self._open.pop()
                if _CLOSING[self._lines[place[0]][place[1]]] == character:
                    self.closed.add(place)
                begins = False
            elif character in ":-?," and (at + 1 == len(line) or line[at + 1] in ' \t[{"' or character == ","):
                begins = begins or character == ":" or bool(self._open)
            elif character not in " \t":
                begins = False
            at += 1

    def _end(self, number: int, at: int, line: str) -> None:
        rest = line[at:]
        closing = [c for c in rest if c in "]}"]
        before = _KEY_BEFORE.search(line[:at])
        whole = before is not None or line[:at].rstrip()[-1:] in ("[", ",")
        if not self._open or not re.match(r"#\w", rest) or not (closing or (whole and "," in rest)):
            return
        self.swallowed.append(_Swallowed(number + 1, at + 1, before[1] if before else "", rest, whole))
        for _ in closing:  # so that what follows is read as it was meant
            if self._open:
                self._open.pop()


def _after_quoted(line: str, at: int) -> int:
    """The place behind a quoted text that begins here; the end of the line where it does not end in it."""
    quote = line[at]
    pattern = r'"(?:[^"\\]|\\.)*"' if quote == '"' else r"'(?:[^']|'')*'"
    found = re.compile(pattern).match(line, at)
    return found.end() if found else len(line)
