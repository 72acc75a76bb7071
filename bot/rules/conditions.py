"""Conditions and defines: YAML nodes to the tree that is evaluated.

What a condition refers to (defines, lists) is resolved here: afterwards a rule needs nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.rules import terms
from bot.rules.hints import keys_hint, nearest
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
    Term,
    Unit,
    Use,
    Within,
)
from bot.rules.selectors import Selectors
from bot.yaml_nodes import Entry, Map, Node, Place, Scalar, Seq

NEAR_MEMBERS_MAX = 8  # the search over orders of members doubles with each
DEPTH_MAX = 64  # conditions inside one another, through uses too; evaluation is recursive
DEFINE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}\Z")
_WORDS = re.compile(r"(\d{1,4}) words?\Z")


class Conditions(Selectors):
    """Reads conditions. ``defines`` and ``used`` fill on the way."""

    def __init__(
        self,
        lists: Mapping[str, NameList],
        *,
        is_country: Callable[[str], bool],
        sources: frozenset[str] | None = None,
        source_tags: frozenset[str] | None = None,
        has_model: bool = False,
    ) -> None:
        super().__init__(lists, is_country, sources, source_tags, has_model)
        self.defines: dict[str, Condition] = {}
        self.used: set[str] = set()
        self._define_nodes: dict[str, Entry] = {}
        self._unusable: set[str] = set()  # defines with a problem, told already
        self._depths: dict[str, int] = {}
        self._region = ""  # the title: or lead: that is being read
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
            "corroboration": self._misplaced,
        }

    # -- defines --------------------------------------------------------------------------------------------------
    def add_defines(self, node: Node, replaceable: set[str]) -> None:
        """Take the names under ``define:``; their conditions are read when all names are known. Names in
        ``replaceable`` stand in an earlier folder: each may be replaced once, and is taken out of the set. Any other
        name known already is a problem."""
        if not isinstance(node, Map):
            self._bad(node.place, "define: takes names with conditions, one to a line", "bad-define")
            return
        for entry in node.entries:
            if not DEFINE_NAME.match(entry.key):
                text = f"the name {entry.key!r} may hold letters, digits and _ only, a letter first"
                self._bad(entry.key_place, text, "bad-define")
            elif entry.key in self._define_nodes and entry.key not in replaceable:
                first = self._define_nodes[entry.key].key_place
                text = f"{entry.key!r} is defined already in {first.file}:{first.line}; rename one of the two"
                self._bad(entry.key_place, text, "duplicate-define")
            else:
                replaceable.discard(entry.key)
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
        if name in self._unusable:
            return None
        self._reading.append(name)
        condition = self._at_most_deep(self._define_nodes[name].value)
        self._reading.pop()
        if condition is None:
            self._unusable.add(name)
        else:
            self._depths[name] = self._depth(condition)
            self.defines[name] = condition
        return condition

    def _at_most_deep(self, node: Node) -> Condition | None:
        """The condition at the top of a rule or a define, if evaluating it needs no more than ``DEPTH_MAX`` levels."""
        condition = self.condition(node)
        if condition is not None and self._depth(condition) > DEPTH_MAX:
            text = f"nested deeper than {DEPTH_MAX} conditions, what it uses included; use fewer levels"
            self._bad(node.place, text, "too-deep")
            return None
        return condition

    def _depth(self, condition: Condition) -> int:
        match condition:
            case Use(name=name):
                return 1 + self._depths[name]
            case Group(of=members) | AtLeast(of=members) | Near(of=members):
                return 1 + max(self._depth(m) for m in members)
            case Count(of=of) | Within(of=of):
                return 1 + self._depth(of)
            case _:
                return 1

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
        if len(self._reading) >= DEPTH_MAX:
            text = f"a chain of more than {DEPTH_MAX} defines that use one another; use fewer levels"
            self._bad(scalar.place, text, "too-deep")
            return None
        of = self._define(name)
        return Use(name, of, entry.key_place) if of is not None else None

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
                f"a condition has one key, this has {len(node.entries)} ({keys}); "
                "join them with all: [{...}, {...}]",
                "bad-condition",
            )
            return None
        entry = node.entries[0]
        read = self._readers.get(entry.key)
        if read is None:
            hint = keys_hint(entry.key, self._readers)
            if isinstance(entry.value, Scalar) and "did you mean" not in hint:
                hint += "; a term with a colon in it wants quotes"
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
        if node.plain and not node.text:
            self._bad(node.place, "an empty value; write a term, or delete the line", "empty-term")
            return None
        return self._made(terms.parse, node)

    def _made(self, make: Callable[[str, Place], Term], node: Scalar) -> Term | None:
        try:
            return make(node.text, node.place)
        except terms.TermError as error:
            self._bad(node.place, str(error), error.code)
            return None

    def _exact(self, node: Node, entry: Entry) -> Term | None:
        scalar = self._scalar(node, "exact")
        return self._made(terms.exact, scalar) if scalar else None

    def _regex(self, node: Node, entry: Entry) -> Term | None:
        scalar = self._scalar(node, "regex")
        return self._made(terms.regex, scalar) if scalar else None

    def _misplaced(self, node: Node, entry: Entry) -> None:
        text = "corroboration: stands in the all: at the top of when:, or beside when: as a key of the rule"
        self._bad(entry.key_place, text, "bad-condition")

    def _members(self, node: Node, key: str) -> tuple[Condition, ...] | None:
        if not isinstance(node, Seq):
            self._bad(node.place, f"{key}: takes a list, as in {key}: [one, two]", "bad-condition")
            return None
        if not node.items:
            self._bad(
                node.place,
                f"{key}: has nothing in it; write what it asks for, as in {key}: [one, two]",
                "bad-condition",
            )
            return None
        found = [self.condition(item) for item in node]
        good = tuple(c for c in found if c is not None)
        return good if len(good) == len(found) else None

    def _group(self, node: Node, entry: Entry) -> Condition | None:
        members = self._members(node, entry.key)
        return Group(entry.key, members, entry.key_place) if members else None

    def _at_least(self, node: Node, entry: Entry) -> Condition | None:
        options = self._options(node, "at_least", ("n", "of"), ("n", "of"))
        if options is None:
            return None
        members = self._members(options["of"], "of")
        n = self._number(options["n"], "n", 1, 10_000)
        if members is None or n is None:
            return None
        if n > len(members):
            text = f"at_least {n} of {len(members)} can never hold; lower n or add conditions"
            self._bad(options["n"].place, text, "never-matches")
            return None
        return AtLeast(n, members, entry.key_place)

    def _count(self, node: Node, entry: Entry) -> Condition | None:
        options = self._options(node, "count", ("of", "min"), ("of", "min"))
        if options is None:
            return None
        of_node = options["of"]
        least = self._number(options["min"], "min", 1, 10_000)
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
        of_node = options["of"]
        members = self._members(of_node, "of")
        ordered = self._flag(options.get("ordered"), "ordered", False)
        unit, words = self._within_unit(options["within"])
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
        hint = f"; write {text} words" if text.isdigit() else ""
        self._bad(node.place, f"within: takes 'N words', sentence or paragraph{hint}", "bad-value")
        return None, 0

    def _within(self, node: Node, entry: Entry) -> Condition | None:
        if self._region and self._region != entry.key:
            text = f"{entry.key}: inside {self._region}: can never hold, as no word stands in both; join them with all:"
            self._bad(entry.key_place, text, "never-matches")
            return None
        outer, self._region = self._region, entry.key
        of = self.condition(node)
        self._region = outer
        return Within(entry.key, of, entry.key_place) if of else None


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
