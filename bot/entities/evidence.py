"""How names that mean several things are decided, from the words beside them and the other names in the text.

Everything here looks at a few words around one hit, or at counts made once a text; nothing reads the text through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.entities.names import Name, Use
from bot.text import Text


class Found(NamedTuple):
    """A name that stands in a text: where in ``norm`` and where in the body."""

    norm_start: int
    norm_end: int
    start: int
    end: int
    name: Name


class Reading(NamedTuple):
    """What a name was taken for; ``entity`` is empty where it is no country at all."""

    entity: str
    reason: str = ""


@dataclass(slots=True)
class Evidence:
    """What the names that leave no doubt say about a text.

    ``named``: country → how often it is named. ``inside``: country → mentions of its states, provinces and cities,
    which is how a local paper writes of home. ``parts``: the American states and the regions and cities that are
    named. ``cues``: country → the words that tell of home there.
    """

    named: dict[str, int] = field(default_factory=dict)
    inside: dict[str, float] = field(default_factory=dict)
    parts: set[str] = field(default_factory=set)
    cues: dict[str, int] = field(default_factory=dict)
    counties: int = 0

    def add(self, found: Found, text: Text, weight: float = 1.0) -> None:
        """Count one mention that is sure."""
        name = found.name
        code = name.entity
        if name.use & Use.COUNTY:
            self.counties += 1
        self.named[code] = self.named.get(code, 0) + 1
        if name.kind in ("region", "city"):
            self.inside[code] = self.inside.get(code, 0.0) + weight
            self.parts.add(name.note if name.use & Use.STATE else text.body[found.start : found.end])

    def add_cue(self, code: str) -> None:
        """Count a word that tells where the piece is at home."""
        self.cues[code] = self.cues.get(code, 0) + 1

    def home(self, code: str) -> float:
        """How much the piece reads as a local one of this country."""
        return self.inside.get(code, 0.0) + _CUE * min(self.cues.get(code, 0), _CUES_COUNTED)

    @property
    def local(self) -> int:
        """How many signs of an American local paper there are, besides the names of states and cities."""
        return self.cues.get("US", 0) + self.counties

    def abroad(self, code: str, neighbours: Sequence[str]) -> float:
        """How much the piece is about this country, the part of the world around it, or the wide world."""
        own = self.named.get(code, 0)
        around = sum(min(self.named.get(near, 0), 2) for near in neighbours)
        others = sum(1 for other in self.named if other not in ("US", code))
        weight = 2.0 * own + 0.5 * around + 0.7 * others
        return weight if code == "US" else weight + _CUE * self.cues.get(code, 0)


_CUE = 0.4  # a single ordinary word says little
_CUES_COUNTED = 6


class Contexts:
    """The words of ``data/contexts.tsv`` and the given names, as sets."""

    __slots__ = (
        "club",
        "club_before",
        "given",
        "goods_after",
        "institution",
        "joiner",
        "language_after",
        "language_before",
        "local_after",
        "local_people",
        "locative",
        "look_after",
        "look_before",
        "look_before_language",
        "match",
        "outlet",
        "particle",
        "player",
        "prefix",
        "pronoun_before",
        "state_noun",
        "street",
        "surname",
        "title",
        "town",
        "weekday",
    )

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self.title = frozenset(words["title"])
        self.street = frozenset(words["street"])
        self.outlet = frozenset(words["outlet"])
        self.club = frozenset(words["club"])
        self.club_before = frozenset(words["club before"])
        self.player = frozenset(words["player"])
        self.match = frozenset(words["match"])
        self.locative = frozenset(words["locative"])
        self.language_before = frozenset(words["language before"])
        self.language_after = frozenset(words["language after"])
        self.institution = frozenset(words["institution"])
        self.particle = frozenset(words["particle"])
        self.local_after = tuple(words["local after"])
        self.pronoun_before = frozenset(words["pronoun before"])
        self.goods_after = frozenset(words["goods after"])
        self.joiner = frozenset(words["joiner"])
        self.local_people = frozenset(words["local people"])
        self.state_noun = frozenset(words["state noun"])
        self.prefix = frozenset(words["prefix"])
        self.town = frozenset(words["town"])
        self.weekday = frozenset(words["weekday"])
        self.given = frozenset(words["given"])
        self.surname = frozenset(words["surname"])
        self.look_before = self.given | self.title | self.prefix | self.joiner | self.club_before | self.match
        self.look_before_language = self.look_before | self.language_before
        self.look_after = (
            self.street | self.outlet | self.club | self.player | self.match | self.goods_after | self.language_after
        )


class Beside:
    """The words next to a hit, worked out when they are asked for. Empty across punctuation."""

    __slots__ = ("after", "after_at", "before", "before_at", "found", "text")

    def __init__(self, text: Text, found: Found) -> None:
        norm = text.norm
        start, end = found.norm_start, found.norm_end
        self.text = text
        self.found = found
        if start and norm[start - 1] != " ":
            self.before_at = norm.rfind(" ", 0, start) + 1
            self.before = norm[self.before_at : start]
        else:
            self.before_at = -1
            self.before = ""
        stop = norm.find(" ", end)
        self.after_at = end
        self.after = norm[end:stop] if stop > end else ""

    def capital_after(self) -> bool:
        """Whether the next word begins with a capital letter."""
        return bool(self.after) and self.text.body[self.text.origin(self.after_at)].isupper()

    def capital_before(self) -> bool:
        """Whether the word before begins with a capital letter."""
        return bool(self.before) and self.text.body[self.text.origin(self.before_at)].isupper()

    def titled(self, titles: frozenset[str]) -> bool:
        """Whether ``Mr.`` or an initial stands before, dot and all."""
        body, start = self.text.body, self.found.start
        if start < 3 or body[start - 2 : start] != ". ":
            return False
        floor = max(start - 16, 0)  # no title is longer
        space = max(body.rfind(" ", floor, start - 2), body.rfind("\n", floor, start - 2))
        word = body[space + 1 : start - 2]
        return word.lower() in titles or (
            len(word) == 1 and word.isupper() and space > 0 and body[space - 1].isalpha() and body[space] == " "
        )

    def begins_sentence(self, position: int) -> bool:
        """Whether the word at a position of ``norm`` begins a sentence or the text."""
        at = self.text.origin(position)
        body = self.text.body
        return at < 2 or body[at - 1] == "\n" or not (body[at - 2].isalnum() or body[at - 2] in ",;")

    def shouted(self) -> bool:
        """Whether the name stands in capitals, which say nothing there."""
        return self.text.body[self.found.start : self.found.end].isupper()
