"""What a rule is once it has been read: a tree of frozen conditions. Parsed once; the parsed rule is the validation.

Leaves are what can be pointed at in a text (terms, countries, names, labels) or in the article's origin (source, tag,
lang). ``label`` is how a condition is named in evidence and in explain: as it stands in the YAML, on one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model import Severity
from bot.noise.policy import Demand
from bot.rules.exemptions import Exemption
from bot.yaml_nodes import Place


class TermKind(StrEnum):
    """How a term is matched; see docs/rules.md, "Terms"."""

    WORDS = "words"
    EXACT = "exact"
    CASED = "cased"
    PREFIX = "prefix"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Term:
    """``text`` is what is looked for: without ``=``, ``*`` or the key."""

    kind: TermKind
    text: str
    place: Place = field(compare=False, hash=False)

    def __hash__(self) -> int:
        return hash(self.text)  # terms are looked up for every rule that is tried; a string remembers its hash

    @property
    def label(self) -> str:
        match self.kind:
            case TermKind.WORDS:
                return self.text
            case TermKind.EXACT:
                return f"exact: {self.text}"
            case TermKind.CASED:
                return f"={self.text}"
            case TermKind.PREFIX:
                return f"{self.text}*"
            case TermKind.REGEX:
                return f"regex: {self.text}"


@dataclass(frozen=True, slots=True)
class Group:
    """``all``, ``any`` or ``none`` of the conditions."""

    op: str
    of: tuple[Condition, ...]
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return self.op


@dataclass(frozen=True, slots=True)
class AtLeast:
    """``n`` or more of the conditions hold."""

    n: int
    of: tuple[Condition, ...]
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return f"at_least {self.n}"


@dataclass(frozen=True, slots=True)
class Count:
    """The condition's spans, overlapping ones counted once, number ``min`` or more."""

    of: Condition
    min: int
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return f"count >= {self.min}"


class Unit(StrEnum):
    """What ``near`` measures in."""

    WORDS = "words"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


@dataclass(frozen=True, slots=True)
class Near:
    """One span of each member close together; ``words`` is the most words outside the members (unit ``words``)."""

    of: tuple[Condition, ...]
    unit: Unit
    words: int
    ordered: bool
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        within = f"{self.words} words" if self.unit is Unit.WORDS else self.unit.value
        return f"near (within {within}{', ordered' if self.ordered else ''})"


@dataclass(frozen=True, slots=True)
class Country:
    """Mentions of any of ``codes`` (all countries where that is ``None``). ``main``: only where the article is about
    one of them."""

    codes: frozenset[str] | None
    written: str
    min_mentions: int
    main: bool
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        more = f", min_mentions: {self.min_mentions}" if self.min_mentions > 1 else ""
        return f"country: {self.written}{more}{', salience: main' if self.main else ''}"


@dataclass(frozen=True, slots=True)
class Names:
    """A name on a list: ``key`` is ``list``, ``person``, ``org`` or ``place``."""

    key: str
    list_name: str
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return f"{self.key}: {self.list_name if self.key == 'list' else '@' + self.list_name}"


@dataclass(frozen=True, slots=True)
class EntityLabel:
    """A span that the configured statistical model gave ``entity_label`` (``ORG``, ``PERSON``, ...), with the words
    ``text`` where that is not empty."""

    entity_label: str
    text: str
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return f"entity: {self.entity_label}{' ' + self.text if self.text else ''}"


@dataclass(frozen=True, slots=True)
class Within:
    """The condition, seen in one region only: ``title`` or ``lead``."""

    region: str
    of: Condition
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return self.region


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the article comes from: ``key`` is ``source``, ``tag`` or ``lang``."""

    key: str
    values: tuple[str, ...]
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return f"{self.key}: {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Use:
    """A condition that stands under ``define``."""

    name: str
    of: Condition
    place: Place = field(compare=False, hash=False)

    @property
    def label(self) -> str:
        return f"use: {self.name}"


Condition = Term | Group | AtLeast | Count | Near | Country | Names | EntityLabel | Within | Origin | Use


def names_in(condition: Condition) -> Iterator[Names]:
    """Every condition on a list below a condition, what it uses included."""
    match condition:
        case Names():
            yield condition
        case Group(of=members) | AtLeast(of=members) | Near(of=members):
            for member in members:
                yield from names_in(member)
        case Count(of=of) | Within(of=of) | Use(of=of):
            yield from names_in(of)


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A text inside a rule that must match (or, with ``match`` false, must not). ``tags`` are those of its source."""

    match: bool
    title: str
    text: str
    source: str
    tags: tuple[str, ...]
    lang: str | None
    place: Place = field(compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the editors wrote it, checked."""

    id: str
    title: str
    severity: Severity
    tags: tuple[str, ...]
    channels: tuple[str, ...]
    when: Condition
    unless: Condition | None
    tests: tuple[RuleTest, ...]
    enabled: bool
    shadow: bool  # on trial: counted and kept as samples, never posted
    place: Place = field(compare=False, hash=False)
    exemptions: tuple[Exemption, ...] = ()  # entries of lists that the rule passes over
    demand: Demand | None = None  # alerts wait for so many independent sources


@dataclass(frozen=True, slots=True)
class ListedCountry:
    """A country on a list, with the legal act that put it there and its date where the list says so."""

    code: str
    act: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name on a list. ``kind`` is ``person``, ``org``, ``place`` or ``any``."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    kind: str = "any"
    country: str = ""


@dataclass(frozen=True, slots=True)
class NameList:
    """A list of countries or of names. ``source`` and ``as_of`` say where it comes from and of what day it is,
    ``version`` is the publisher's mark of a downloaded one."""

    name: str
    title: str
    source: str
    as_of: str
    countries: tuple[ListedCountry, ...]
    names: tuple[ListedName, ...]
    place: Place = field(compare=False, hash=False)
    version: str = ""

    @property
    def edition(self) -> str:
        """What an alert says of it: ``OFAC SDN, 2026-11-20, version 4711``."""
        version = f"version {self.version}" if self.version and self.version != self.as_of else ""
        return ", ".join(filter(None, (self.title, self.as_of, version)))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything under the rule folders that is not a source."""

    rules: tuple[Rule, ...]
    defines: Mapping[str, Condition]
    lists: Mapping[str, NameList]
