"""Conditions that choose countries, names and origins: what they may name, and what they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.rules.fields import Fields
from bot.rules.hints import country_hint, keys_hint
from bot.rules.model import Condition, Country, EntityLabel, NameList, Names, Origin
from bot.yaml_nodes import Entry, Map, Node, Place, Scalar, Seq

_COUNTRY_OPTIONS = ("of", "min_mentions", "salience")
_PROGRAMMES = ("sanctioned_by", "arms_embargo")
LANG = re.compile(r"[A-Za-z]{2}\Z")


class Selectors(Fields):
    """``is_country`` tells a country code; ``sources`` and ``source_tags`` are known names, or ``None`` where they are
    not known and so not checked; ``has_model`` tells whether a statistical model is configured (for ``entity``)."""

    def __init__(
        self,
        lists: Mapping[str, NameList],
        is_country: Callable[[str], bool],
        sources: frozenset[str] | None,
        source_tags: frozenset[str] | None,
        has_model: bool,
    ) -> None:
        super().__init__()
        self._lists = lists
        self._is_country = is_country
        self._sources = sources
        self._source_tags = source_tags
        self._has_model = has_model

    def _country(self, node: Node, entry: Entry) -> Condition | None:
        least, main = 1, False
        if isinstance(node, Map) and not any(e.key in _PROGRAMMES for e in node.entries):
            options = self._options(node, "country", _COUNTRY_OPTIONS, ("of",))
            if options is None:
                return None
            min_node, salience = options.get("min_mentions"), options.get("salience")
            if min_node is not None:
                number = self._number(min_node, "min_mentions", 1, 1_000)
                if number is None:
                    return None
                least = number
            if salience is not None:
                if not isinstance(salience, Scalar) or salience.text not in ("main", "any"):
                    self._bad(salience.place, "salience: takes main or any", "bad-value")
                    return None
                main = salience.text == "main"
            node = options["of"]
        selected = self._codes(node)
        if selected is None:
            return None
        codes, written = selected
        return Country(codes, written, least, main, entry.key_place)

    def _codes(self, node: Node) -> tuple[frozenset[str] | None, str] | None:
        if isinstance(node, Map):
            return self._programme(node)
        items = node.items if isinstance(node, Seq) else (node,)
        codes: set[str] = set()
        written: list[str] = []
        good = bool(items)
        if not items:
            self._bad(node.place, "country: has nothing in it", "bad-value")
        for item in items:
            if not isinstance(item, Scalar):
                self._bad(item.place, 'a country is a code (KP), a list ("@sanctioned") or any', "unknown-country")
                good = False
                continue
            word = item.text.strip()
            written.append(word)
            if word == "any":
                if len(items) > 1:
                    self._bad(item.place, "any stands alone: country: any", "bad-value")
                    good = False
                return (None, "any") if good else None
            if word.startswith("@"):
                listed = self._list(word[1:], item.place, countries=True)
                if listed is None:
                    good = False
                else:
                    codes.update(c.code for c in listed.countries)
            elif self._is_country(word):
                codes.add(word)
            else:
                hint = (
                    country_hint(word, self._is_country)
                    or '; use the two letters of ISO 3166, as in KP, or a list, as in "@sanctioned"'
                )
                self._bad(item.place, f"no country {word!r}{hint}", "unknown-country")
                good = False
        return (frozenset(codes), ", ".join(written)) if good else None

    def _programme(self, node: Map) -> tuple[frozenset[str], str] | None:
        for entry in node.entries:
            if entry.key not in _PROGRAMMES:
                hint = "; put it beside of:" if entry.key in _COUNTRY_OPTIONS else keys_hint(entry.key, _PROGRAMMES)
                self._bad(entry.key_place, f"country takes no {entry.key!r} here{hint}", "unknown-key")
                return None
        if len(node.entries) != 1:
            self._bad(node.place, f"country takes one of {', '.join(_PROGRAMMES)} here", "bad-value")
            return None
        entry = node.entries[0]
        names = self._texts(entry.value, entry.key)
        codes: set[str] = set()
        good = bool(names)
        for name, place in names:
            listed = self._list(name if entry.key == "sanctioned_by" else f"arms_embargo_{name}", place, countries=True)
            if listed is None:
                good = False
            else:
                codes.update(c.code for c in listed.countries)
        return (frozenset(codes), f"{entry.key} {', '.join(n for n, _ in names)}") if good else None

    def _list(self, name: str, place: Place, *, countries: bool) -> NameList | None:
        found = self._lists.get(name)
        if found is None:
            hint = keys_hint(name, sorted(self._lists)) if self._lists else "; there is no list under rules/lists/"
            self._bad(place, f"no list {name!r}{hint}", "unknown-list")
            return None
        if countries and not found.countries:
            self._bad(place, f"the list {name!r} holds names, not countries; use list: {name}", "wrong-list")
            return None
        if not countries and found.countries:
            self._bad(place, f'the list {name!r} holds countries, not names; use country: "@{name}"', "wrong-list")
            return None
        return found

    def _names(self, node: Node, entry: Entry) -> Condition | None:
        scalar = self._scalar(node, entry.key)
        if scalar is None:
            return None
        word = scalar.text.strip()
        if entry.key != "list" and not word.startswith("@"):
            self._bad(
                scalar.place,
                f'{entry.key}: takes a list, as in {entry.key}: "@{nearest_list(self._lists)}"; for one name write '
                "the name as a term",
                "unknown-list",
            )
            return None
        name = word.removeprefix("@")
        listed = self._list(name, scalar.place, countries=False)
        if listed is None:
            return None
        # A watch list that was not downloaded yet has no names; the rules that name it load all the same.
        if entry.key != "list" and listed.names and not any(n.kind in (entry.key, "any") for n in listed.names):
            text = f"the list {name!r} holds no name of the kind {entry.key}; use list: {name}"
            self._bad(scalar.place, text, "wrong-list")
            return None
        return Names(entry.key, name, entry.key_place)

    def _entity(self, node: Node, entry: Entry) -> Condition | None:
        if isinstance(node, Scalar):
            label, text = node.text.strip(), ""
        else:
            options = self._options(node, "entity", ("label", "text"), ("label",))
            if options is None:
                return None
            text_node = options.get("text")
            scalar = self._scalar(options["label"], "label")
            if scalar is None:
                return None
            label, text = scalar.text.strip(), ""
            if text_node is not None:
                words = self._scalar(text_node, "text")
                if words is None:
                    return None
                text = words.text.strip()
        if not self._has_model:
            self._bad(
                entry.key_place,
                "entity: needs a statistical model; set ner_model: in wirewatch.yaml to one that is installed",
                "no-model",
            )
            return None
        return EntityLabel(label, text, entry.key_place)

    def _origin(self, node: Node, entry: Entry) -> Condition | None:
        values = self._texts(node, entry.key)
        if not values:
            self._bad(entry.key_place, f"{entry.key}: takes a word or a list of words", "bad-value")
            return None
        if entry.key == "lang":
            return self._languages(values, entry)
        known = self._sources if entry.key == "source" else self._source_tags
        good = True
        for value, place in values:
            if known is not None and value not in known:
                what = "source" if entry.key == "source" else "source tag"
                self._bad(place, f"no {what} {value!r}{keys_hint(value, sorted(known))}", f"unknown-{entry.key}")
                good = False
        return Origin(entry.key, tuple(v for v, _ in values), entry.key_place) if good else None

    def _languages(self, values: tuple[tuple[str, Place], ...], entry: Entry) -> Condition | None:
        good = True
        for value, place in values:
            if not LANG.match(value):
                self._bad(place, f"lang: takes the two letters of a language, as in en, not {value!r}", "bad-lang")
                good = False
        return Origin("lang", tuple(v.lower() for v, _ in values), entry.key_place) if good else None


def nearest_list(lists: Mapping[str, NameList]) -> str:
    """A list of names to show in an example."""
    return next((n for n, found in sorted(lists.items()) if found.names), "name_of_a_list")
