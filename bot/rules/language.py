"""The rule language: YAML nodes to conditions, with a complaint for everything that cannot be meant.

Reading goes on after a mistake, so that one run shows all of them. What a condition refers to (defines, lists) is
resolved here too: afterwards a rule needs nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from bot.errors import Problem
from bot.model import Severity
from bot.rules import terms
from bot.rules.model import (
    AtLeast,
    Condition,
    Count,
    Country,
    EntityLabel,
    Group,
    NameList,
    Names,
    Near,
    Origin,
    Rule,
    RuleTest,
    Term,
    Unit,
    Use,
    Within,
)
from bot.yaml_nodes import Entry, Map, Node, Place, Scalar, Seq

RULE_KEYS = ("id", "title", "severity", "tags", "channels", "when", "unless", "tests", "enabled", "note")
FILE_KEYS = ("define", "rules")
NEAR_MEMBERS_MAX = 8  # the search over orders of members doubles with each
ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")
DEFINE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}\Z")
_WORDS = re.compile(r"(\d{1,4}) words?\Z")


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'any'?`` for a word close to a known one; empty otherwise."""
    close = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def keys_hint(word: str, known: Iterable[str]) -> str:
    """The nearest known name, or all of them."""
    known = tuple(known)
    return nearest(word, known) or f"; known: {', '.join(known)}"


class Reader:
    """Reads defines and rules of all files. ``problems`` collects what is wrong; values with a problem are ``None``.

    ``is_country`` tells a country code; ``sources`` and ``channels`` are known ids, or ``None`` where they are not
    known and so not checked; ``has_model`` tells whether a statistical model is configured (for ``entity``).
    """

    def __init__(
        self,
        lists: Mapping[str, NameList],
        *,
        is_country: Callable[[str], bool],
        channels: frozenset[str] | None = None,
        sources: frozenset[str] | None = None,
        source_tags: frozenset[str] | None = None,
        has_model: bool = False,
    ) -> None:
        self.problems: list[Problem] = []
        self.defines: dict[str, Condition] = {}
        self.used: set[str] = set()
        self._lists = lists
        self._is_country = is_country
        self._channels = channels
        self._sources = sources
        self._source_tags = source_tags
        self._has_model = has_model
        self._define_nodes: dict[str, Entry] = {}
        self._reading: list[str] = []
        self._readers: dict[str, Callable[[Node, Entry], Condition | None]] = {
            "all": self._group,
            "any": self._group,
            "none": self._group,
            "at_least": self._at_least,
            "count": self._count,
            "near": self._near,
            "country": self._country,
            "person": self._names,
            "org": self._names,
            "place": self._names,
            "list": self._names,
            "entity": self._entity,
            "title": self._within,
            "lead": self._within,
            "source": self._origin,
            "tag": self._origin,
            "lang": self._origin,
            "use": self._use,
            "exact": self._exact,
            "regex": self._regex,
        }

    # -- problems -------------------------------------------------------------------------------------------------
    def _bad(self, place: Place, text: str, code: str) -> None:
        self.problems.append(place.problem(text, code))

    # -- defines --------------------------------------------------------------------------------------------------
    def add_defines(self, node: Node, replace: frozenset[str] = frozenset()) -> None:
        """Take the names under ``define:``; their conditions are read when all names are known. Names in
        ``replace`` stand in an earlier folder and are replaced; any other name known already is a problem."""
        if not isinstance(node, Map):
            self._bad(node.place, "define: takes names with conditions, one to a line", "bad-define")
            return
        for entry in node.entries:
            if not DEFINE_NAME.match(entry.key):
                text = f"the name {entry.key!r} may hold letters, digits and _ only, a letter first"
                self._bad(entry.key_place, text, "bad-define")
            elif entry.key in self._define_nodes and entry.key not in replace:
                first = self._define_nodes[entry.key].key_place
                self._bad(
                    entry.key_place,
                    f"{entry.key!r} is defined already in {first.file}:{first.line}; rename one of the two",
                    "duplicate-define",
                )
            else:
                self._define_nodes[entry.key] = entry

    def read_defines(self) -> None:
        """Read the conditions of all defines."""
        for name in self._define_nodes:
            self._define(name)

    @property
    def define_names(self) -> frozenset[str]:
        return frozenset(self._define_nodes)

    def unused_defines(self) -> tuple[Entry, ...]:
        return tuple(e for name, e in self._define_nodes.items() if name not in self.used)

    def _define(self, name: str) -> Condition | None:
        if name in self.defines:
            return self.defines[name]
        if name in self._reading:
            return None
        entry = self._define_nodes[name]
        self._reading.append(name)
        condition = self.condition(entry.value)
        self._reading.pop()
        if condition is not None:
            self.defines[name] = condition
        return condition

    # -- rules ----------------------------------------------------------------------------------------------------
    def rule(self, node: Node) -> Rule | None:
        """A rule, or ``None`` if anything in it is wrong."""
        before = len(self.problems)
        if not isinstance(node, Map):
            self._bad(node.place, "a rule begins with '- id: some-name' and has its keys below", "bad-rule")
            return None
        for entry in node.entries:
            if entry.key not in RULE_KEYS:
                text = f"a rule has no key {entry.key!r}{keys_hint(entry.key, RULE_KEYS)}"
                self._bad(entry.key_place, text, "unknown-key")
        rule_id = self._text(node, "id", required=True)
        if rule_id and not ID.match(rule_id):
            place = node.get("id") or node
            self._bad(place.place, f"the id {rule_id!r} may hold a-z, 0-9, '.', '_' and '-' only", "bad-id")
        title = self._text(node, "title")
        word = self._text(node, "severity", required=True)
        severity = Severity.MEDIUM
        if word:
            try:
                severity = Severity.parse(word)
            except ValueError:
                names = [s.word for s in Severity]
                place = (node.get("severity") or node).place
                self._bad(place, f"no severity {word!r}{keys_hint(word, names)}", "bad-severity")
        tags = self._texts(node.get("tags"), "tags")
        channels = self._texts(node.get("channels"), "channels")
        if self._channels is not None:
            for channel, place in channels:
                if channel not in self._channels:
                    hint = keys_hint(channel, sorted(self._channels))
                    self._bad(place, f"no channel {channel!r} in wirewatch.yaml{hint}", "unknown-channel")
        when_node = node.get("when")
        when = None
        if when_node is None:
            self._bad(node.place, f"the rule {rule_id or '?'!r} has no when: and would never match", "missing-key")
        else:
            when = self.condition(when_node)
        unless_node = node.get("unless")
        unless = self.condition(unless_node) if unless_node is not None else None
        tests = self._tests(node.get("tests"))
        enabled = self._flag(node, "enabled", True)
        self._text(node, "note")
        if len(self.problems) > before or when is None:
            return None
        return Rule(
            id=rule_id,
            title=title or rule_id,
            severity=severity,
            tags=tuple(t for t, _ in tags),
            channels=tuple(c for c, _ in channels),
            when=when,
            unless=unless,
            tests=tests,
            enabled=enabled,
            place=node.place,
        )

    def _text(self, node: Map, key: str, required: bool = False) -> str:
        value = node.get(key)
        if value is None:
            if required:
                self._bad(node.place, f"the rule has no {key}: add one", "missing-key")
            return ""
        if not isinstance(value, Scalar) or not value.text.strip():
            self._bad(value.place, f"{key}: takes a text", "bad-value")
            return ""
        return value.text.strip()

    def _flag(self, node: Map, key: str, default: bool) -> bool:
        value = node.get(key)
        if value is None:
            return default
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            return value.value
        self._bad(value.place, f"{key}: takes true or false", "bad-value")
        return default

    def _texts(self, node: Node | None, key: str) -> tuple[tuple[str, Place], ...]:
        if node is None:
            return ()
        items = node.items if isinstance(node, Seq) else (node,)
        found: list[tuple[str, Place]] = []
        for item in items:
            if isinstance(item, Scalar) and item.text.strip():
                found.append((item.text.strip(), item.place))
            else:
                self._bad(item.place, f"{key}: takes words, as in {key}: [one, two]", "bad-value")
        return tuple(found)

    def _tests(self, node: Node | None) -> tuple[RuleTest, ...]:
        if node is None:
            return ()
        if not isinstance(node, Seq):
            self._bad(node.place, "tests: takes a list of '- match: text' and '- ignore: text'", "bad-test")
            return ()
        tests: list[RuleTest] = []
        for item in node:
            if not isinstance(item, Map) or len(item.entries) != 1 or item.entries[0].key not in ("match", "ignore"):
                self._bad(item.place, "a test is '- match: text' or '- ignore: text'", "bad-test")
                continue
            entry = item.entries[0]
            fields = {"title": "", "text": "", "source": "", "lang": ""}
            if isinstance(entry.value, Scalar):
                fields["text"] = entry.value.text
            elif isinstance(entry.value, Map):
                for inner in entry.value.entries:
                    if inner.key not in fields:
                        hint = keys_hint(inner.key, fields)
                        self._bad(inner.key_place, f"a test has no key {inner.key!r}{hint}", "unknown-key")
                    elif isinstance(inner.value, Scalar):
                        fields[inner.key] = inner.value.text
                    else:
                        self._bad(inner.value.place, f"{inner.key}: takes a text", "bad-test")
            else:
                self._bad(entry.value.place, "a test takes a text, or title: and text:", "bad-test")
                continue
            if not (fields["title"].strip() or fields["text"].strip()):
                self._bad(entry.value.place, "this test has no text", "bad-test")
                continue
            tests.append(
                RuleTest(
                    match=entry.key == "match",
                    title=fields["title"],
                    text=fields["text"],
                    source=fields["source"],
                    lang=fields["lang"] or None,
                    place=entry.key_place,
                )
            )
        return tuple(tests)

    # -- conditions -----------------------------------------------------------------------------------------------
    def condition(self, node: Node) -> Condition | None:
        """A condition, or ``None`` if it or anything below it is wrong."""
        if isinstance(node, Scalar):
            return self._term(node)
        if isinstance(node, Seq):
            self._bad(node.place, "a list alone does not say how: write {any: [...]} or {all: [...]}", "bad-condition")
            return None
        if len(node.entries) != 1:
            keys = ", ".join(e.key for e in node.entries) or "none"
            self._bad(
                node.place,
                f"a condition has one key, this has {len(node.entries)} ({keys}); join them with all: [{{...}}, {{...}}]",
                "bad-condition",
            )
            return None
        entry = node.entries[0]
        read = self._readers.get(entry.key)
        if read is None:
            hint = keys_hint(entry.key, self._readers)
            self._bad(entry.key_place, f"no condition {entry.key!r}{hint}", "unknown-key")
            return None
        return read(entry.value, entry)

    def _term(self, node: Scalar) -> Term | None:
        if node.plain and node.text in self._define_nodes:
            self._bad(
                node.place,
                f"{node.text!r} is the name of a define; write {{use: {node.text}}}, or quote it if the word is meant",
                "define-as-term",
            )
            return None
        if node.plain and node.is_null:
            self._bad(node.place, "an empty value; write a term, or delete the line", "empty-term")
            return None
        try:
            return terms.parse(node.text, node.place)
        except terms.TermError as error:
            self._bad(node.place, str(error), error.code)
            return None

    def _scalar(self, node: Node, key: str) -> Scalar | None:
        if isinstance(node, Scalar) and not node.is_null:
            return node
        self._bad(node.place, f"{key}: takes one text", "bad-value")
        return None

    def _exact(self, node: Node, entry: Entry) -> Term | None:
        scalar = self._scalar(node, "exact")
        if scalar is None:
            return None
        try:
            return terms.exact(scalar.text, scalar.place)
        except terms.TermError as error:
            self._bad(scalar.place, str(error), error.code)
            return None

    def _regex(self, node: Node, entry: Entry) -> Term | None:
        scalar = self._scalar(node, "regex")
        if scalar is None:
            return None
        try:
            return terms.regex(scalar.text, scalar.place)
        except terms.TermError as error:
            self._bad(scalar.place, str(error), error.code)
            return None

    def _members(self, node: Node, key: str) -> tuple[Condition, ...] | None:
        if not isinstance(node, Seq):
            self._bad(node.place, f"{key}: takes a list, as in {key}: [one, two]", "bad-condition")
            return None
        if not node.items:
            self._bad(node.place, f"{key}: has nothing in it", "bad-condition")
            return None
        found = [self.condition(item) for item in node]
        good = tuple(c for c in found if c is not None)
        return good if len(good) == len(found) else None

    def _group(self, node: Node, entry: Entry) -> Condition | None:
        members = self._members(node, entry.key)
        return Group(entry.key, members, entry.key_place) if members else None

    def _options(self, node: Node, key: str, known: tuple[str, ...], required: tuple[str, ...]) -> Map | None:
        if not isinstance(node, Map):
            self._bad(node.place, f"{key}: takes {', '.join(known)}", "bad-condition")
            return None
        good = True
        for entry in node.entries:
            if entry.key not in known:
                text = f"{key} has no option {entry.key!r}{keys_hint(entry.key, known)}"
                self._bad(entry.key_place, text, "unknown-key")
                good = False
        for name in required:
            if node.get(name) is None:
                self._bad(node.place, f"{key} needs {name}:", "missing-key")
                good = False
        return node if good else None

    def _number(self, node: Node, key: str, least: int, most: int) -> int | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self._bad(node.place, f"{key}: takes a whole number from {least} to {most}", "bad-value")
        return None

    def _at_least(self, node: Node, entry: Entry) -> Condition | None:
        options = self._options(node, "at_least", ("n", "of"), ("n", "of"))
        if options is None:
            return None
        of_node, n_node = options.get("of"), options.get("n")
        assert of_node is not None and n_node is not None
        members = self._members(of_node, "of")
        n = self._number(n_node, "n", 1, 10_000)
        if members is None or n is None:
            return None
        if n > len(members):
            text = f"at_least {n} of {len(members)} can never hold; lower n or add conditions"
            self._bad(n_node.place, text, "never-matches")
            return None
        return AtLeast(n, members, entry.key_place)

    def _count(self, node: Node, entry: Entry) -> Condition | None:
        options = self._options(node, "count", ("of", "min"), ("of", "min"))
        if options is None:
            return None
        of_node, min_node = options.get("of"), options.get("min")
        assert of_node is not None and min_node is not None
        least = self._number(min_node, "min", 1, 10_000)
        if isinstance(of_node, Seq):
            members = self._members(of_node, "of")
            of: Condition | None = Group("any", members, of_node.place) if members else None
        else:
            of = self.condition(of_node)
        if of is None or least is None:
            return None
        if not yields_spans(of):
            self._bad(of_node.place, f"count: cannot count {of.label!r}, which marks no words", "no-spans")
            return None
        return Count(of, least, entry.key_place)

    def _near(self, node: Node, entry: Entry) -> Condition | None:
        options = self._options(node, "near", ("of", "within", "ordered"), ("of", "within"))
        if options is None:
            return None
        of_node, within = options.get("of"), options.get("within")
        assert of_node is not None and within is not None
        members = self._members(of_node, "of")
        ordered = self._flag(options, "ordered", False)
        unit, words = self._within_unit(within)
        if members is None or unit is None:
            return None
        if not 2 <= len(members) <= NEAR_MEMBERS_MAX:
            text = f"near: takes 2 to {NEAR_MEMBERS_MAX} members, this has {len(members)}"
            self._bad(of_node.place, text, "bad-condition")
            return None
        good = True
        for member in members:
            if not yields_spans(member):
                self._bad(
                    member.place,
                    f"{member.label!r} marks no words and cannot stand inside near; members are terms, any, near, use, "
                    "country, person, org, place, list and entity",
                    "no-spans",
                )
                good = False
        return Near(members, unit, words, ordered, entry.key_place) if good else None

    def _within_unit(self, node: Node) -> tuple[Unit | None, int]:
        text = node.text.strip() if isinstance(node, Scalar) else ""
        if text in ("sentence", "paragraph"):
            return Unit(text), 0
        found = _WORDS.match(text)
        if found:
            return Unit.WORDS, int(found[1])
        self._bad(node.place, "within: takes 'N words', sentence or paragraph", "bad-value")
        return None, 0

    # -- countries and names --------------------------------------------------------------------------------------
    def _country(self, node: Node, entry: Entry) -> Condition | None:
        least, main = 1, False
        if isinstance(node, Map) and node.get("of") is not None:
            options = self._options(node, "country", ("of", "min_mentions", "salience"), ("of",))
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
            of_node = options.get("of")
            assert of_node is not None
            node = of_node
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
                hint = f"; write it in capitals: {word.upper()}" if self._is_country(word.upper()) else ""
                hint = hint or '; use the two letters of ISO 3166, as in KP, or a list, as in "@sanctioned"'
                self._bad(item.place, f"no country {word!r}{hint}", "unknown-country")
                good = False
        return (frozenset(codes), ", ".join(written)) if good else None

    def _programme(self, node: Map) -> tuple[frozenset[str], str] | None:
        keys = ("sanctioned_by", "arms_embargo")
        if len(node.entries) != 1 or node.entries[0].key not in keys:
            found = node.entries[0].key if node.entries else ""
            self._bad(node.place, f"country takes no {found!r} here{keys_hint(found, keys)}", "unknown-key")
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
        if not countries and not found.names:
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
        return Names(entry.key, name, entry.key_place) if listed else None

    def _entity(self, node: Node, entry: Entry) -> Condition | None:
        if isinstance(node, Scalar):
            label, text = node.text.strip(), ""
        else:
            options = self._options(node, "entity", ("label", "text"), ("label",))
            if options is None:
                return None
            label_node, text_node = options.get("label"), options.get("text")
            assert label_node is not None
            scalar = self._scalar(label_node, "label")
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

    def _within(self, node: Node, entry: Entry) -> Condition | None:
        of = self.condition(node)
        return Within(entry.key, of, entry.key_place) if of else None

    def _origin(self, node: Node, entry: Entry) -> Condition | None:
        values = self._texts(node, entry.key)
        if not values:
            self._bad(entry.key_place, f"{entry.key}: takes a word or a list of words", "bad-value")
            return None
        known = {"source": self._sources, "tag": self._source_tags}.get(entry.key)
        good = True
        for value, place in values:
            if known is not None and value not in known:
                what = "source" if entry.key == "source" else "source tag"
                self._bad(place, f"no {what} {value!r}{keys_hint(value, sorted(known))}", f"unknown-{entry.key}")
                good = False
        return Origin(entry.key, tuple(v for v, _ in values), entry.key_place) if good else None

    def _use(self, node: Node, entry: Entry) -> Condition | None:
        scalar = self._scalar(node, "use")
        if scalar is None:
            return None
        name = scalar.text.strip()
        if name not in self._define_nodes:
            hint = nearest(name, self._define_nodes) or "; add it under define:"
            self._bad(scalar.place, f"no define {name!r}{hint}", "unknown-define")
            return None
        self.used.add(name)
        if name in self._reading:
            circle = " uses ".join([*self._reading[self._reading.index(name) :], name])
            self._bad(scalar.place, f"a define that uses itself: {circle}; take one of the uses out", "cyclic-use")
            return None
        before = len(self.problems)
        of = self._define(name)
        if of is None:
            if len(self.problems) == before and name not in self._reading:
                return None  # its own problem has been told
            return None
        return Use(name, of, entry.key_place)


def nearest_list(lists: Mapping[str, NameList]) -> str:
    """A list of names to show in an example."""
    return next((n for n, found in sorted(lists.items()) if found.names), "name_of_a_list")


def yields_spans(condition: Condition) -> bool:
    """Whether a condition marks words, so that it can stand inside ``near`` and ``count``."""
    match condition:
        case Term() | Near() | Country() | Names() | EntityLabel():
            return True
        case Group(op="any", of=members):
            return all(yields_spans(m) for m in members)
        case Use(of=of):
            return yields_spans(of)
        case _:
            return False
