"""What a report adds to a story that was told: new numbers, new names. Pure.

A report is read twice. Its *facts* are everything it says, compact, and stay with the story; its *claims* are what its
headline and lead say, since news stands there and background below. A claim is news if no report of the story told it
before, in whatever words: rounding, other words for the same count and other ways to write a name are no news.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.follow.numbers import CONCEPTS, Number, numbers, of_them, same
from bot.follow.words import NO_NAME, TITLES
from bot.model import Evidence, Mention, MentionKind

TEXT_MAX = 8_000  # characters that are read for facts, as for likeness
LEAD_WORDS = 60  # as the rule language's lead
PLACE_WORDS = 40  # of it in which a country is news; behind that "Examplia has a long border" begins the background
NUMBERS_MAX = 60  # kept of one report
NAMES_MAX = 160  # words of names kept of one report
NEWS_MAX = 4  # pieces of news told of one report: more is a list that nobody reads

_NAME = re.compile(r"(?<=[a-zà-ÿ,;’'”)] )(?:[A-ZÀ-Þ][\w’'-]+)(?: (?:[A-ZÀ-Þ][\w’'-]+|of|de|al|bin|van|von))*")
_CAPITAL = re.compile(r"\b[A-ZÀ-Þ][\w’'-]{2,}")
_JOINED = re.compile(r"[’'-]")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was told. ``entities`` are country codes and ids of watch lists; ``names`` words of names, lower case."""

    numbers: tuple[Number, ...] = ()
    entities: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __or__(self, other: Facts) -> Facts:
        return Facts(self.numbers + other.numbers, self.entities | other.entities, self.names | other.names)

    def encode(self) -> str:
        """As it is stored."""
        told = sorted({(n.value, n.kind, n.about, n.above) for n in self.numbers})
        return json.dumps([[list(n) for n in told], sorted(self.entities), sorted(self.names)], separators=(",", ":"))

    @classmethod
    def decode(cls, stored: str) -> Facts:
        """Empty for nothing stored."""
        if not stored:
            return cls()
        told, entities, names = json.loads(stored)
        return cls(tuple(Number(*n) for n in told), frozenset(entities), frozenset(names))


@dataclass(frozen=True, slots=True)
class Claims:
    """What headline and lead say. ``entities`` maps an id to how the text names it, ``names`` a full name likewise."""

    numbers: tuple[Number, ...]
    entities: dict[str, str]
    names: dict[str, str]


def facts(title: str, text: str, mentions: Iterable[Mention], evidence: Iterable[Evidence] = ()) -> Facts:
    """Everything that a report says."""
    text = text[:TEXT_MAX]
    words = (word.lower() for part in (title, text) for word in _words(part))
    named = frozenset(list(dict.fromkeys(w for w in words if w not in NO_NAME))[:NAMES_MAX])
    return Facts(
        tuple(dict.fromkeys((*numbers(title, NUMBERS_MAX), *numbers(text, NUMBERS_MAX), *of_them(text))))[:NUMBERS_MAX],
        frozenset(m.entity for m in mentions if m.kind is not MentionKind.DATELINE)
        | frozenset(e.entity for e in evidence if e.entity),
        named,
    )


def claims(title: str, text: str, mentions: Sequence[Mention], evidence: Sequence[Evidence] = ()) -> Claims:
    """What headline and lead say."""
    lead = _lead(text, LEAD_WORDS)
    end = (len(title) + 1 if title else 0) + len(_lead(text, PLACE_WORDS))
    entities = {m.entity: m.text for m in mentions if m.kind is not MentionKind.DATELINE and m.end <= end}
    entities.update({e.entity: e.text for e in evidence if e.entity})
    placed = {word.lower() for m in mentions for word in m.text.split()}
    return Claims((*numbers(title), *numbers(lead)), entities, _names(title, lead, text, placed))


def news(said: Claims, told: Facts) -> tuple[str, ...]:
    """What nobody told before, as short sentences, at most :data:`NEWS_MAX`."""
    found: list[str] = []
    seen: list[Number] = list(told.numbers)
    for number in said.numbers:
        if any(same(number, other) for other in seen):
            continue
        seen.append(number)
        before = [n for n in told.numbers if n.kind == number.kind and number.kind in CONCEPTS]
        was = f" (told before: {_written(max(before, key=lambda n: n.value).value)})" if before else ""
        found.append(f"New number: {number.words}{was}")
    found += [f"New: {words}" for entity, words in said.entities.items() if entity not in told.entities]
    named: set[str] = set()
    for name, written in said.names.items():
        heavy = {part for w in name.split() if w not in TITLES for part in _JOINED.split(w) if len(part) > 2}
        if heavy and heavy.isdisjoint(told.names) and heavy.isdisjoint(named):
            found.append(f"New name: {written}")
        named |= heavy
    return tuple(dict.fromkeys(found))[:NEWS_MAX]


def _written(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,g}"


def _words(text: str) -> Iterable[str]:
    for found in dict.fromkeys(_CAPITAL.findall(text)):
        if found.isalpha():
            yield found
        else:
            yield from (part for part in _JOINED.split(found) if len(part) > 2)


def _lead(text: str, words: int) -> str:
    """The first words of a text, as it writes them."""
    at = 0
    for _, found in zip(range(words), re.finditer(r"\S+", text), strict=False):
        at = found.end()
    return text[:at]


def _names(title: str, lead: str, text: str, placed: set[str]) -> dict[str, str]:
    """Names in headline and lead, as far as they matter: those of the headline, or named twice."""
    body, headline = text[:TEXT_MAX].lower(), title.lower()
    parts = [lead] if _is_titled(title) else [title, lead]
    found: dict[str, str] = {}
    for part in parts:
        for written in _NAME.findall(part):
            words = [w.lower().strip("’'") for w in written.split()]
            while words and words[-1] in TITLES:
                words.pop()
            heavy = [w for w in words if w not in TITLES and w not in NO_NAME and w not in placed]
            if not heavy or len(heavy[-1]) < 3:
                continue
            if _stands(heavy[-1], headline, 1) or _stands(heavy[-1], body, 2):
                found.setdefault(" ".join(words), written)
    return found


def _stands(word: str, text: str, times: int) -> bool:
    """Whether a word stands so often in a text, as a whole word."""
    at = -1
    while times:
        at = text.find(word, at + 1)
        if at < 0:
            return False
        end = at + len(word)
        times -= not (_in_word(text[at - 1 : at]) or _in_word(text[end : end + 1]))
    return True


def _in_word(ch: str) -> bool:
    return ch == "_" or ch.isalnum()


def _is_titled(title: str) -> bool:
    """Whether a headline has capitals on nearly all its words, as American papers write them."""
    words = re.findall(r"[^\W\d_]{4,}", title)
    return bool(words) and sum(w[0].isupper() for w in words) > 0.7 * len(words)
