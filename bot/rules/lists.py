"""Lists that editors keep: countries by code, or names with aliases; each says where it comes from and of what day."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from bot.errors import ConfigError, Problem
from bot.rules.hints import country_hint, keys_hint
from bot.rules.model import ListedCountry, ListedName, NameList
from bot.text import phrase
from bot.words import meant
from bot.yaml_nodes import Map, Node, Scalar, Seq, load_file

_FILE_KEYS = ("list", "title", "source", "as_of", "countries", "names", "note")
_COUNTRY_KEYS = ("code", "act", "date", "note")
_NAME_KEYS = ("name", "aliases", "kind", "country", "id", "note")
_KINDS = ("person", "org", "place", "any")
_LIST_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\Z")


def load_list(
    path: Path, shown: Path, is_country: Callable[[str], bool]
) -> tuple[NameList | None, tuple[Problem, ...]]:
    """One list file. A list with problems is ``None``."""
    try:
        node = load_file(path, shown)
    except ConfigError as error:
        return None, error.problems
    reader = _Reader(shown, is_country)
    found = reader.read(node)
    return (None if reader.problems else found), tuple(reader.problems)


class _Reader:
    def __init__(self, file: Path, is_country: Callable[[str], bool]) -> None:
        self.file = file
        self.is_country = is_country
        self.problems: list[Problem] = []

    def read(self, node: Node | None) -> NameList | None:
        if not isinstance(node, Map):
            self.problems.append(
                Problem(self.file, 1, 1, "a list file has list:, source:, as_of: and countries: or names:", "bad-list")
            )
            return None
        self._keys(node, _FILE_KEYS, "a list file")
        name = self._text(node, "list", required=True)
        if name and not _LIST_NAME.match(name):
            self._bad(node, f"the name {name!r} may hold a-z, 0-9, '_' and '-' only", "bad-list")
        countries, names = node.get("countries"), node.get("names")
        if (countries is None) == (names is None):
            self._bad(node, "a list has either countries: or names:", "bad-list")
            return None
        return NameList(
            name=name,
            title=self._text(node, "title") or name,
            source=self._text(node, "source", required=True),
            as_of=self._text(node, "as_of", required=True),
            countries=self._countries(countries) if countries else (),
            names=self._names(names, name) if names else (),
            place=node.place,
        )

    def _bad(self, node: Node, text: str, code: str) -> None:
        self.problems.append(node.place.problem(text, code))

    def _keys(self, node: Map, known: tuple[str, ...], what: str) -> None:
        for entry in node.entries:
            if entry.key not in known:
                text = f"{what} has no key {entry.key!r}{keys_hint(entry.key, known)}"
                self.problems.append(entry.key_place.problem(text, "unknown-key"))

    def _text(self, node: Map, key: str, required: bool = False) -> str:
        value = node.get(key)
        if value is None:
            if required and not any(meant(entry.key, (key,)) for entry in node.entries):  # misspelt, which is told
                self._bad(node, f"{key}: is missing; add it", "missing-key")
            return ""
        if not isinstance(value, Scalar) or not value.text.strip():
            self._bad(value, f"{key}: takes a text", "bad-value")
            return ""
        return value.text.strip()

    def _countries(self, node: Node) -> tuple[ListedCountry, ...]:
        found: list[ListedCountry] = []
        for item in self._items(node, "countries"):
            if isinstance(item, Scalar):
                code, act, date, place = item.text.strip(), "", "", item
            elif isinstance(item, Map):
                self._keys(item, _COUNTRY_KEYS, "a listed country")
                code = self._text(item, "code", required=True)
                act, date = self._text(item, "act"), self._text(item, "date")
                place = item.get("code") or item  # type: ignore[assignment]
            else:
                self._bad(item, "a listed country is a code, or code: with act: and date:", "bad-list")
                continue
            if not code:
                continue
            if not self.is_country(code):
                hint = country_hint(code, self.is_country) or "; use the two letters of ISO 3166, as in KP"
                self._bad(place, f"no country {code!r}{hint}", "unknown-country")
            else:
                found.append(ListedCountry(code, act, date))
        return tuple(found)

    def _names(self, node: Node, list_name: str) -> tuple[ListedName, ...]:
        found: list[ListedName] = []
        for item in self._items(node, "names"):
            if isinstance(item, Scalar):
                name, kind, country, key = item.text.strip(), "any", "", ""
                aliases: tuple[str, ...] = ()
            elif isinstance(item, Map):
                self._keys(item, _NAME_KEYS, "a listed name")
                name = self._text(item, "name", required=True)
                given = item.get("aliases")
                aliases = tuple(self._texts(given)) if given else ()
                kind, country, key = (
                    self._text(item, "kind") or "any",
                    self._text(item, "country"),
                    self._text(item, "id"),
                )
                if kind not in _KINDS:
                    self._bad(item.get("kind") or item, f"kind: takes {', '.join(_KINDS)}, not {kind!r}", "bad-value")
                if country and not self.is_country(country):
                    hint = country_hint(country, self.is_country) or "; use the two letters of ISO 3166, as in KP"
                    self._bad(item.get("country") or item, f"no country {country!r}{hint}", "unknown-country")
            else:
                self._bad(item, "a listed name is a text, or name: with aliases:, kind:, country:", "bad-list")
                continue
            for text in (name, *aliases):
                if text and not phrase(text):
                    self._bad(item, f"the name {text!r} holds no letter or digit; delete it", "bad-list")
            if name:
                found.append(
                    ListedName(key or f"{list_name}:{phrase(name).replace(' ', '-')}", name, aliases, kind, country)
                )
        return tuple(found)

    def _items(self, node: Node, key: str) -> tuple[Node, ...]:
        if isinstance(node, Seq) and node.items:
            return node.items
        self._bad(node, f"{key}: takes a list with at least one entry", "bad-list")
        return ()

    def _texts(self, node: Node) -> list[str]:
        found = []
        for item in node.items if isinstance(node, Seq) else (node,):
            if isinstance(item, Scalar) and item.text.strip():
                found.append(item.text.strip())
            else:
                self._bad(item, "aliases: takes texts", "bad-list")
        return found
