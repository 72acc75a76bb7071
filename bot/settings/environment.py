"""What the surroundings give to the configuration: ``${NAME}`` from the environment, secrets from mounted files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Problem
from bot.files import read_start
from bot.yaml_nodes import Entry, Map, Node, Place, Scalar, Seq

SECRET_FILE_MAX = 64 * 1024  # bytes; tokens have under 200, so anything longer is the wrong file
_REFERENCE = re.compile(r"\$(?:\$|\{([^}]*)\}|(\{))")
NOWHERE = "https://unset.invalid/"  # a name that is reserved for what does not exist (RFC 2606)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass
class Surroundings:
    """Reads ``environ`` and files below ``folder``; collects what went wrong and which values came from outside. Not
    ``strict``: a value that is not there is stood in for by an address that leads nowhere, save in ``store:``."""

    environ: Mapping[str, str]
    folder: Path
    strict: bool = True
    problems: list[Problem] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)  # value → how to name it in a message

    def fill(self, node: Node) -> Node:
        """``node`` with ``${NAME}`` replaced in quoted values, and ``$$`` turned into ``$``."""
        if isinstance(node, Scalar):
            return self._fill_scalar(node)
        if isinstance(node, Seq):
            return Seq(tuple(self.fill(item) for item in node), node.place)
        return Map(tuple(Entry(e.key, e.key_place, self._under(e.key, e.value)) for e in node.entries), node.place)

    def _under(self, key: str, value: Node) -> Node:
        if key != "store" or self.strict:
            return self.fill(value)
        self.strict = True
        try:
            return self.fill(value)
        finally:
            self.strict = False

    def _fill_scalar(self, node: Scalar) -> Scalar:
        if "$" not in node.text:
            return node
        if node.plain:
            if "${" in node.text:
                text = f'put the value into quotes ("{node.text}") to have it filled in from the environment'
                self.problems.append(node.place.problem(text, "unquoted-reference"))
            return node

        def replace(found: re.Match[str]) -> str:
            if found[0] == "$$":
                return "$"
            name = found[1]
            if name is None or not _NAME.match(name):
                what = "${ is not closed" if name is None else "${ } does not hold the name of an environment variable"
                text = f"{what}; write ${{NAME}}, or $$ for a dollar sign"
                self.problems.append(node.place.problem(text, "bad-reference"))
                return ""
            if name not in self.environ and not self.strict:
                return NOWHERE
            if name not in self.environ:
                text = f"the environment variable {name} is not set; set it, or write $$ for a dollar sign"
                self.problems.append(node.place.problem(text, "unset-variable"))
                return f"unset-{name}"
            self._remember(self.environ[name], f"${{{name}}}")
            return self.environ[name]

        return node._replace(text=_REFERENCE.sub(replace, node.text), plain=False)

    def read_files(self, node: Map, keys: frozenset[str]) -> Map:
        """``node`` with each ``<key>_file: path`` turned into ``<key>: what the file holds``."""
        entries = []
        for entry in node.entries:
            key = entry.key.removesuffix("_file")
            if key == entry.key or key not in keys or not isinstance(entry.value, Scalar):
                entries.append(entry)
                continue
            if node.entry(key):
                text = f"{key} and {entry.key} stand here both; delete one of the two"
                self.problems.append(entry.key_place.problem(text, "one-of"))
                continue
            value = self._read(self.folder / entry.value.text, entry.value.place)
            entries.append(Entry(key, entry.key_place, Scalar(value, False, entry.value.place)))
        return Map(tuple(entries), node.place)

    def variable(self, name: str, whole_file: Path) -> str | None:
        """The value of ``NAME``, or the content of the file that ``NAME_FILE`` names; ``None`` if neither is set."""
        value, file = self.environ.get(name), self.environ.get(f"{name}_FILE")
        place = Place(whole_file, 0, 0)
        if value and file:
            text = f"the environment variables {name} and {name}_FILE are set both; unset one of the two"
            self.problems.append(place.problem(text, "one-of"))
        if value:
            self._remember(value, f"${{{name}}}")
            return value
        return self._read(Path(file), place, f"{name}_FILE: ") if file else None

    def hide(self, problem: Problem) -> Problem:
        """``problem`` without any value that came from outside the file."""
        text = problem.text
        for value, name in self.given.items():
            text = text.replace(value, name)
        return Problem(problem.file, problem.line, problem.column, text, problem.code, problem.level)

    def _read(self, path: Path, place: Place, prefix: str = "") -> str:
        try:
            content = read_start(path, SECRET_FILE_MAX + 1)
            value = content.decode().strip()
        except (OSError, ValueError) as error:
            if not self.strict:
                return NOWHERE
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            text = f"{prefix}cannot read {path} ({why}); correct the path or its permissions"
            self.problems.append(place.problem(text, "secret-file"))
            return "unreadable"
        if not value or len(content) > SECRET_FILE_MAX:
            what = "is empty" if not value else "is too large to be a secret"
            self.problems.append(place.problem(f"{prefix}{path} {what}; correct the path", "secret-file"))
            return "unreadable"
        self._remember(value, f"the content of {path.name}")
        return value

    def _remember(self, value: str, name: str) -> None:
        if len(value) >= 4:  # shorter ones would blot out ordinary words
            self.given[value] = name
