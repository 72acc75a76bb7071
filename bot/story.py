"""Which articles tell the same story, so that a story is alerted once.

An article joins the story of an earlier one that has the same canonical URL, the same text, or the same headline
within :data:`WINDOW`. Wire copy is told by its text: a fingerprint of the words, without the outlet's dateline.
Everything else founds a story of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Article, Story
from bot.text import phrase

WINDOW = timedelta(hours=72)  # a headline that comes again later is news again ("Quake hits Japan")
HEADLINE_WORDS_MIN = 5  # shorter headlines ("Live updates", "Morning briefing") say nothing about the story
TEXT_WORDS_MIN = 12  # shorter texts ("Read more") neither

_DATELINE = re.compile(r"\A[A-Z][A-Z .,'/-]{2,40}(?:,? [A-Z][a-z]{2,8}\.? \d{1,2})?(?: \([A-Za-z ]{2,30}\))? ?[-–—]+ ")
_WORDS = {"u": "link", "t": "text", "h": "headline"}


@dataclass(frozen=True, slots=True)
class Known:
    """What a sign stands for: the story that had it last, and when."""

    story_id: str
    seen: datetime


class Stories:
    """The stories of the window, in memory. Articles come in order of arrival; ``now`` moves forward."""

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = window
        self._by_sign: dict[str, Known] = {}
        self._told: dict[str, frozenset[str]] = {}
        self._undo_signs: dict[str, Known | None] = {}
        self._undo_told: dict[str, frozenset[str] | None] = {}

    @property
    def count(self) -> int:
        """How many stories are in memory."""
        return len(self._told)

    def place(self, article: Article, now: datetime) -> Story:
        """The story that an article belongs to. Changes nothing."""
        for sign in signs(article.canonical_url, article.title, article.text):
            known = self._by_sign.get(sign)
            if known is not None and now - known.seen <= self._window:
                return Story(known.story_id, False, f"same {_WORDS[sign[0]]} as an earlier article")
        return Story(article.key, True, "no earlier article like it")

    def told(self, story: Story) -> frozenset[str]:
        """The channels that heard of a story."""
        return self._told.get(story.id, frozenset())

    def remember(self, article: Article, story: Story, told: Iterable[str], seen: datetime) -> None:
        """An article belongs to a story, and these channels hear of it by this article."""
        self.restore(story.id, signs(article.canonical_url, article.title, article.text), told, seen)

    def restore(self, story_id: str, found: Iterable[str], told: Iterable[str], seen: datetime) -> None:
        """As :meth:`remember`, from what was stored before a restart."""
        for sign in found:
            self._undo_signs.setdefault(sign, self._by_sign.get(sign))
            self._by_sign[sign] = Known(story_id, seen)
        self._undo_told.setdefault(story_id, self._told.get(story_id))
        self._told[story_id] = self._told.get(story_id, frozenset()) | frozenset(told)

    def keep(self) -> None:
        """What was learnt since the last call is stored."""
        self._undo_signs.clear()
        self._undo_told.clear()

    def undo(self) -> None:
        """Forget what was learnt since the last :meth:`keep`: it could not be stored, and will come again."""
        for sign, known in self._undo_signs.items():
            if known is None:
                del self._by_sign[sign]
            else:
                self._by_sign[sign] = known
        for story_id, told in self._undo_told.items():
            if told is None:
                del self._told[story_id]
            else:
                self._told[story_id] = told
        self.keep()

    def forget(self, now: datetime) -> None:
        """Drop what has left the window."""
        horizon = now - self._window
        self._by_sign = {sign: known for sign, known in self._by_sign.items() if known.seen >= horizon}
        alive = {known.story_id for known in self._by_sign.values()}
        self._told = {story_id: told for story_id, told in self._told.items() if story_id in alive}


def signs(canonical_url: str, title: str, text: str) -> tuple[str, ...]:
    """What two articles of one story have in common, strongest first: link, text, headline."""
    found = []
    if canonical_url:
        found.append("u" + _hash(canonical_url))
    body = phrase(_DATELINE.sub("", text)).split()
    if len(body) >= TEXT_WORDS_MIN:
        found.append("t" + _hash(" ".join(body)))
    headline = phrase(title).split()
    if len(headline) >= HEADLINE_WORDS_MIN:
        found.append("h" + _hash(" ".join(headline)))
    return tuple(found)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
