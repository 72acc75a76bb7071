"""The decision about doubtful names (see :mod:`bot.entities.evidence` for what it weighs).

A :class:`Decider` holds the tables; one :class:`Verdicts` lives for one text and remembers what it learnt there: that
``Belgrade`` is in Minnesota, that ``Jordan`` is a boy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from bot.entities.compiled import Compiled
from bot.entities.evidence import Beside, Contexts, Evidence, Found
from bot.entities.facts import country_name
from bot.entities.names import Use
from bot.text import Text

Decision = tuple[str, str, int]
"""Entity (empty: no country), reason, and the offset at which the mention begins."""

_NO: Decision = ("", "", 0)
_PLACES = frozenset({"name", "capital", "city", "region"})
_TOWNS = frozenset({"capital", "city"})

# Weights of the readings of a name; see Evidence for those of the evidence.
_CAPITAL_PRIOR = 1.5  # "Paris" alone is France: a local piece with one more sign of it outweighs this
_CITY_PRIOR = 0.8
_LOCAL_AFTER = 2.0  # "Athens Police Department"
_LOCAL_HINT = 0.7  # "a Paris woman"; "Ann Lee, 18, of Paris"
_LOCAL_SOURCE = 1.0  # the outlet has a state in its name: "Texas Tribune"
_PART_NAMED = 0.5  # the text names a state in which such a place is
_LOCAL_SIGNS = 3  # counties, sheriffs and the like
_COUNTRY_MIN = 2.0  # what it takes at least to read a country's name as a town's


_SHORT_WORD = 3  # letters; such words are small in Title Case too
_CAPITAL_SHARE = 0.7

_SCORE_NEAR = 40  # characters between a club and its score; "beat Bayern Munich 3-1"
_GOALS = r"(?<![\d-])\d{1,2}[-–]\d{1,2}"
_SCORE_END = r"(?= (?:in|on|at|to|after|with|and|against|away|as|for|thanks|from|last)\b|[.,;:)\n]|\Z)"
_SCORE = re.compile(_GOALS + _SCORE_END)  # not "lost 20-30 tanks"
_SCORE_NEXT = re.compile(f" {_GOALS}{_SCORE_END}")
_SCORED = re.compile(
    rf"{_GOALS}(?: (?:win|victory|defeat|draw|loss|thrashing))? (?:over|against|to|at|by|with|away to|away at) \Z"
)
_AGED = re.compile(r", \d{1,3}, (?:of )?\Z")

UNSURE = (
    Use.WEAK | Use.TWIN | Use.COMMON | Use.GIVEN | Use.FIRST | Use.WORD | Use.READINGS | Use.ABBREVIATION | Use.COUNTY
)
"""Names that do not count as evidence: what they mean is decided by it."""

_HARD = UNSURE | Use.SMALL | Use.EXACT
"""Uses that take more than a look at the neighbours."""

WEIGHED = _HARD & ~Use.EXACT
"""Uses for which the evidence of the whole text is needed."""


class Decider:
    """The tables by which names with several readings are decided. Immutable."""

    __slots__ = ("contexts", "counties", "neighbours", "states")

    def __init__(self, data: Compiled) -> None:
        self.contexts = Contexts(data.contexts)
        self.counties = data.counties
        self.neighbours = data.neighbours
        self.states = tuple({name.note for name in data.names if name.use & Use.STATE and name.note != "Georgia"})


class Verdicts:
    """The decisions about one text, in the order of the text."""

    __slots__ = ("_body", "_evidence", "_found", "_lower", "_persons", "_settled", "_source", "_tables", "_text")

    def __init__(
        self, tables: Decider, text: Text, found: Sequence[Found], persons: Sequence[str], source_name: str
    ) -> None:
        self._tables = tables
        self._text = text
        self._body = text.body
        self._found = found
        self._source = source_name
        self._evidence = Evidence()
        self._settled: dict[str, tuple[str, str]] = {}  # name → country and reason, from "Belgrade, Minn."
        self._persons: set[str] = {f" {word} " for person in persons for word in person.split()}
        self._lower: dict[str, bool] = {}

    def weigh(self, cues: Sequence[str]) -> dict[int, Decision]:
        """Count what is sure. Returns what is decided by that alone: counties and abbreviations."""
        evidence = self._evidence
        found = self._found
        for code in cues:
            evidence.add_cue(code)
        early: dict[int, Decision] = {}
        before: Found | None = None
        for i, one in enumerate(found):
            use = one.name.use
            if use & (Use.ABBREVIATION | Use.COUNTY):
                decision = self._abbreviation(one) if use & Use.ABBREVIATION else self._county(one)
                early[i] = decision
                if not decision[0]:
                    before = None
                    continue
                evidence.add(one, self._text, 1.5)
            elif i + 1 < len(found) and found[i + 1].name.use & Use.COUNTY and self._names_county(i):
                early[i] = _NO
                continue
            elif not use & UNSURE:
                evidence.add(one, self._text)
            if before is not None and one.start - before.end == 2 and one.name.kind in ("region", "name"):
                self._settle(before, one)
            before = one
        return early

    def _names_county(self, i: int) -> bool:
        """Whether the name is part of a county's, as in ``Guernsey County``."""
        one, following = self._found[i], self._found[i + 1]
        return (
            following.norm_start == one.norm_end - 1
            and self._text.norm[one.norm_start + 1 : one.norm_end - 1] in self._tables.counties
        )

    def _settle(self, town: Found, part: Found) -> None:
        """Remember ``Belgrade, Minn.``, which speaks for every other ``Belgrade`` of the text."""
        if self._body[town.end : part.start] not in (", ", " (") or part.name.use & Use.COUNTY:
            return
        name = town.name
        code = part.name.entity
        written = part.name.note if part.name.use & Use.STATE else self._body[part.start : part.end]
        sure_part = not part.name.use & Use.READINGS
        if name.kind in _TOWNS or (name.kind == "region" and part.name.use & Use.STATE and not name.use & Use.STATE):
            if code != name.entity and not sure_part:
                return
        elif name.kind != "name" or written not in dict(name.readings).get(code, ()):
            return
        self._settled[self._key(town)] = (code, f"followed by {written}")

    def _key(self, one: Found) -> str:
        return self._text.norm[one.norm_start : one.norm_end]

    def decide(self, i: int) -> Decision:
        """What ``found[i]`` stands for in this text."""
        one = self._found[i]
        name = one.name
        use = name.use
        if not use & _HARD and not self._persons and not self._settled and self._calm(one):
            return name.entity, "", one.start
        if use & Use.EXACT and self._body[one.end : one.end + 1] == "$":
            return _NO  # "US$40 million"
        beside = Beside(self._text, one)
        if use & Use.EXACT and self._body[one.start : one.end] == "US" and self._pronoun(beside):
            return _NO
        if use & Use.COMMON and self._word(beside):
            return _NO
        if use & Use.SINGLE:
            if name.kind in _PLACES and self._no_place(beside):
                return _NO
            if name.kind == "leader" and beside.before in self._tables.contexts.given and beside.capital_before():
                return _NO  # somebody else of that surname
        settled = self._settled.get(self._key(one)) if self._settled else None
        if settled is not None:
            return settled[0], settled[1], one.start
        if use & Use.LANGUAGE and self._language(beside):
            return _NO
        if name.kind == "demonym":
            if beside.after in self._tables.contexts.goods_after:
                return _NO
        elif name.kind == "city" and beside.before in self._tables.contexts.joiner:
            return _NO
        if use & (Use.WORD | Use.SMALL) and not self._placed(beside):
            return _NO
        if use & Use.WEAK and not self._evidence.named.get(name.entity):
            return _NO
        if use & Use.TWIN:
            return self._twin(one)
        if use & Use.READINGS:
            return self._readings(beside)
        return name.entity, "", one.start

    def _calm(self, one: Found) -> bool:
        """Whether no neighbour asks for a closer look at a single word or the name of a language."""
        norm = self._text.norm
        start, end = one.norm_start, one.norm_end
        words = self._tables.contexts
        if start and norm[start - 1] != " ":
            before = norm[norm.rfind(" ", 0, start) + 1 : start]
            if before in (words.look_before_language if one.name.use & Use.LANGUAGE else words.look_before):
                return False
        elif one.start > 2 and self._body[one.start - 2] == ".":
            return False
        return norm[end : norm.find(" ", end)] not in words.look_after

    def _abbreviation(self, one: Found) -> Decision:
        """``Ky.``, ``KY``: only after a comma and a word; with inner dots (``N.J.``) anywhere."""
        body, start = self._body, one.start
        after_comma = start >= 3 and body[start - 2 : start] == ", " and body[start - 3].isalnum()
        if after_comma or "." in body[start : one.end]:
            return one.name.entity, f"{one.name.note}, abbreviated", start
        return _NO

    def _county(self, one: Found) -> Decision:
        """``Cooke County``: the mention grows to the left over the county's name."""
        norm = self._text.norm
        at = one.norm_start
        for _ in range(3):
            if at <= 0 or norm[at - 1] == " ":
                break
            at = norm.rfind(" ", 0, at)
            if norm[at + 1 : one.norm_start] in self._tables.counties:
                start = self._text.origin(at + 1)
                if self._body[start].isupper():
                    return "US", "a county of the United States", start
        return _NO

    def _no_place(self, beside: Beside) -> bool:
        """Whether the neighbours make the word a surname, a given name, a street, a newspaper or a club."""
        words = self._tables.contexts
        before, after = beside.before, beside.after
        name = beside.found.name
        key = self._key(beside.found)
        if before:
            if before in words.given and beside.capital_before():
                self._persons.add(key)
                return True
            if before in words.title and beside.capital_before() and before not in words.prefix:
                return True
            if before in words.prefix and beside.capital_before():
                # "New Iran sanctions" begins a headline; "New London is a port in Connecticut" names a town.
                at_home = name.use & Use.READINGS and self._evidence.home("US") >= 1
                if at_home or not beside.begins_sentence(beside.before_at):
                    return True
        elif beside.titled(words.title):
            self._persons.add(key)
            return True
        if name.use & (Use.GIVEN | Use.FIRST) and self._aged(beside):
            self._persons.add(key)
            return True
        if after and beside.capital_after():
            if before == "by" and beside.begins_sentence(beside.before_at):
                return True  # a byline
            if after in words.street or after in words.outlet or after in words.club:
                return True
            if name.use & (Use.GIVEN | Use.FIRST) and self._given_name(beside):
                self._persons.add(key)
                return True
        if name.kind in _TOWNS and self._a_club(beside):
            return True
        if key not in self._persons or self._evidence.named.get(name.entity):
            return False
        return before not in words.locative or self._body[beside.found.end : beside.found.end + 2] in ("'s", "’s")

    def _a_club(self, beside: Beside) -> bool:
        """``CSKA Moscow``, ``a Liverpool striker``, ``Madrid lost 2-0``, ``a 3-1 win over Barcelona``."""
        words = self._tables.contexts
        if (beside.before in words.club_before and beside.capital_before()) or beside.after in words.player:
            return True
        if beside.after not in words.match and beside.before not in words.match:
            return False
        start, end = beside.found.start, beside.found.end
        if beside.after in words.match and _SCORE.search(self._body, end, end + _SCORE_NEAR):
            return True
        if beside.before not in words.match:
            return False
        return bool(
            _SCORE_NEXT.match(self._body, end) or _SCORED.search(self._body, max(start - _SCORE_NEAR, 0), start)
        )

    def _aged(self, beside: Beside) -> bool:
        """``Jordan, 34, said``."""
        end = beside.found.end
        return (
            self._body[end : end + 2] == ", "
            and self._body[end + 2 : end + 4].isdigit()
            and beside.before not in self._tables.contexts.locative
        )

    def _given_name(self, beside: Beside) -> bool:
        """Whether a place that is a given name too stands before a surname."""
        words = self._tables.contexts
        one = beside.found
        after = beside.after
        if self._body[one.end : one.end + 1] != " " or after in words.weekday:
            return False
        if after in words.surname:
            return True
        if not one.name.use & Use.FIRST or after in words.institution or after in words.state_noun:
            return False
        if beside.before in words.locative:
            return False
        return not beside.shouted() and (one.norm_start >= self._text.title_norm_end or not self._title_cased())

    def _title_cased(self) -> bool:
        """Whether Every Word of the Title Has a Capital, so that capitals say nothing in it."""
        words = [word for word in self._text.title.split() if len(word) > _SHORT_WORD and word.isalpha()]
        return sum(word[0].isupper() for word in words) > _CAPITAL_SHARE * len(words)

    def _language(self, beside: Beside) -> bool:
        words = self._tables.contexts
        if beside.after in words.language_after:
            return True
        return beside.before in words.language_before and (not beside.after or beside.after in words.particle)

    def _placed(self, beside: Beside) -> bool:
        """Whether a city that is also a word, or a small one, is plainly meant as a place."""
        name = beside.found.name
        evidence = self._evidence
        words = self._tables.contexts
        own = 0 if name.use & UNSURE else 1  # it may have counted itself
        if evidence.named.get(name.entity, 0) > own and not name.use & Use.WORD:
            return True
        if name.use & Use.READINGS and any(evidence.home(code) >= 1 for code, _ in name.readings):
            return True
        if beside.before not in words.locative or beside.capital_after():
            return False
        if name.use & Use.WORD:
            return evidence.named.get(name.entity, 0) > 0
        return all(code == name.entity for code in evidence.named)

    def _pronoun(self, beside: Beside) -> bool:
        """Whether ``US`` is the word "us" in a line of capitals: ``CONTACT US``."""
        if beside.before not in self._tables.contexts.pronoun_before:
            return False
        at = self._text.origin(beside.before_at)
        return len(beside.before) > 1 and self._body[at : at + len(beside.before)].isupper()

    def _word(self, beside: Beside) -> bool:
        """Whether a name that is a word too stands where capitals say nothing, in a text that uses the word."""
        one = beside.found
        if self._evidence.named.get(one.name.entity):
            return False
        if not beside.shouted() and not beside.begins_sentence(one.norm_start + 1):
            return False
        low = self._body[one.start : one.end].lower()
        if low not in self._lower:  # one look through the text for each word
            self._lower[low] = re.search(rf"\b{re.escape(low)}s?\b", self._body) is not None
        return self._lower[low]

    def _twin(self, one: Found) -> Decision:
        """A name that countries of one region share: the other one if the text speaks of it and not of the first."""
        evidence = self._evidence
        best, reason = one.name.entity, ""
        most = evidence.named.get(best, 0) + 0.5 * evidence.cues.get(best, 0)
        for code, _ in one.name.readings:
            weight = evidence.named.get(code, 0) + 0.5 * evidence.cues.get(code, 0)
            if weight > most:
                best, reason, most = code, f"the text speaks of {country_name(code)}", weight
        return best, reason, one.start

    def _readings(self, beside: Beside) -> Decision:
        """A name that is a place in several countries."""
        one = beside.found
        name = one.name
        words = self._tables.contexts
        plain = self._text.norm.startswith(words.local_after, one.norm_end) or self._a_town(beside)
        hinted = beside.after in words.local_people or self._in_address(one)
        weight = self._evidence.abroad(name.entity, self._tables.neighbours.get(name.entity, ()))
        decide = self._country_or_town if name.kind == "name" else self._which_town
        best, reason, weight = decide(beside, weight, plain, hinted)
        if name.default and best == name.entity and weight <= 0:
            return _NO if name.default == "-" else (name.default, "nothing in the text points abroad", one.start)
        return best, reason, one.start

    def _country_or_town(self, beside: Beside, weight: float, plain: bool, hinted: bool) -> tuple[str, str, float]:
        """A country, unless the words beside it say "town" plainly, or hint at it where the text is from there."""
        name = beside.found.name
        evidence = self._evidence
        best, reason = name.entity, ""
        if plain:
            weight *= 0.5
        for code, parts in name.readings:
            named = evidence.parts.intersection(parts)
            easy = "*" in parts
            likely = easy or "+" in parts
            if not (plain or easy or (likely and (named or hinted))):
                continue
            home = self._home(code, bool(named)) + (_LOCAL_AFTER if plain or hinted else 0)
            if easy and beside.after in self._tables.contexts.state_noun:
                home += _LOCAL_AFTER
            if home > weight and (easy or home >= _COUNTRY_MIN):
                best, reason, weight = code, _why(code, named), home
        return best, reason, weight

    def _which_town(self, beside: Beside, weight: float, plain: bool, hinted: bool) -> tuple[str, str, float]:
        """The town that is known best, unless the text is at home where there is another."""
        name = beside.found.name
        evidence = self._evidence
        best, reason = name.entity, ""
        capital = name.kind == "capital"
        weight = weight + _CAPITAL_PRIOR if capital else max(weight, evidence.home(best)) + _CITY_PRIOR
        for code, parts in name.readings:
            named = evidence.parts.intersection(parts)
            if code == name.entity:
                if named:  # "Washington", with Seattle in the text
                    return best, _why(code, named), weight
                continue
            # States alone, as a governor on his travels brings them, do not move a capital.
            bare = code == "US" and capital and not (plain or hinted)
            if bare and evidence.local + self._from_a_state() < (1 if named else _LOCAL_SIGNS):
                continue
            home = self._home(code, bool(named)) + (_LOCAL_AFTER if plain else _LOCAL_HINT if hinted else 0)
            if home > weight:
                best, reason, weight = code, _why(code, named), home
        return best, reason, weight

    def _home(self, code: str, named: bool) -> float:
        """How much the text and its source read as local ones of a country."""
        weight = self._evidence.home(code) + (_PART_NAMED if named else 0)
        return weight + _LOCAL_SOURCE if code == "US" and self._from_a_state() else weight

    def _from_a_state(self) -> bool:
        """Whether the outlet has an American state in its name."""
        return bool(self._source) and any(state in self._source for state in self._tables.states)

    def _in_address(self, one: Found) -> bool:
        """``400 S. Locust St., Lebanon``; ``Ann Lee, 22, Palestine``; ``Ann Lee, 18, of Paris``."""
        body, start = self._body, one.start
        if _AGED.search(body, max(start - 12, 0), start):
            return True
        if body[max(start - 2, 0) : start] != ", ":
            return False
        space = body.rfind(" ", max(start - 20, 0), start - 2)
        return body[space + 1 : start - 2].rstrip(".").lower() in self._tables.contexts.street

    def _a_town(self, beside: Beside) -> bool:
        """``the city of Turkey``."""
        if beside.before != "of":
            return False
        norm = self._text.norm
        at = norm.rfind(" ", 0, beside.before_at - 1) + 1
        return norm[at : beside.before_at - 1] in self._tables.contexts.town


def _why(code: str, named: Set[str]) -> str:
    return f"the text names {', '.join(sorted(named))}" if named else f"a local piece of {country_name(code)}"
