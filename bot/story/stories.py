"""The stories of the window, in memory: where an article belongs."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import getsizeof

import numpy as np
import numpy.typing as npt

from bot.model import Article, Story
from bot.story.features import Features, Reading, features, places
from bot.story.index import Index
from bot.story.likeness import Profile, candidates, likeness, profile, shared, threshold
from bot.story.thresholds import (
    COPY_ELSEWHERE_MIN,
    COPY_LIKENESS_MIN,
    CROWD,
    MEMBERS,
    SHARED_MIN,
    SKETCH_SHARED_MIN,
    STEPS_PER_WORD,
    WINDOW,
)
from bot.story.weights import Weights

_SIGNS = ("link", "text", "headline")
_WORDS_SHOWN = 4  # of a reason
_FOUNDS = "no earlier article like it"


@dataclass(frozen=True, slots=True)
class _Undo:
    """What takes one article back."""

    terms: npt.NDArray[np.uint32]
    founded: bool
    places: int  # of its story before it came


class Stories:
    """Articles come in order of arrival; ``now`` moves forward. One task at a time uses it."""

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = window.total_seconds()
        self._index = Index()
        self._weights = Weights()
        self._ids: list[str] = []
        self._number: dict[str, int] = {}
        self._last = array("I")  # each story's latest row, plus one
        self._places = array("Q")  # the countries that each story names
        self._undo: list[_Undo] = []
        self._forget_at: datetime | None = None
        self._compared: tuple[Features, int, Profile] | None = None  # what place() made, for remember(); no state

    @property
    def count(self) -> int:
        """How many stories are in memory."""
        return len(self._ids)

    def place(self, one: Reading, now: datetime) -> Story:
        """The story that an article belongs to. Changes nothing."""
        at = now.timestamp()
        return self._same_sign(one.features, at) or self._alike(one, at) or Story(one.key, True, _FOUNDS)

    def remember(self, one: Reading, story: Story, seen: datetime) -> None:
        """An article belongs to a story."""
        self._remember(one.features, one.places, story.id, seen)

    def restore(
        self,
        story_id: str,
        source_id: str,
        canonical_url: str,
        title: str,
        text: str,
        seen: datetime,
        countries: Iterable[str] = (),
    ) -> None:
        """As :meth:`remember`, from what was stored before a restart."""
        self._remember(features(source_id, canonical_url, title, text), places(countries), story_id, seen)

    def keep(self) -> None:
        """What was learnt since the last call is stored."""
        self._undo.clear()
        self._settle()

    @property
    def learnt(self) -> int:
        """How many articles were learnt since the last :meth:`keep`."""
        return len(self._undo)

    def undo(self, to: int = 0) -> None:
        """Take back what was learnt since the last :meth:`keep`, but for the first ``to`` articles, exactly: it could
        not be stored, and comes again."""
        while len(self._undo) > to:
            last = self._undo.pop()
            self._weights.unlearn(last.terms)
            story, sibling = self._index.pop()
            self._last[story] = sibling
            self._places[story] = last.places
            if last.founded:
                del self._number[self._ids.pop()]
                self._last.pop()
                self._places.pop()
        if not self._undo:
            self._settle()

    def forget(self, now: datetime) -> None:
        """Drop what has left the window; with the next :meth:`keep` or :meth:`undo`, if one is due."""
        self._forget_at = now
        if not self._undo:
            self._settle()

    @property
    def nbytes(self) -> int:
        """Memory that all this takes."""
        ids = sum(getsizeof(story_id) + getsizeof(number) for story_id, number in self._number.items())
        tables = sum(map(getsizeof, (self._ids, self._number, self._last, self._places)))
        return self._index.nbytes + self._weights.nbytes + ids + tables

    def digest(self) -> str:
        """A fingerprint of all that is remembered: equal states have equal ones."""
        whole = hashlib.blake2b(digest_size=16)
        parts = (*self._index.parts(), *self._weights.parts(), *self._by_story(), repr(self._ids).encode())
        for part in parts:
            whole.update(len(part).to_bytes(8, "little"))
            whole.update(part)
        return whole.hexdigest()

    def _by_story(self) -> tuple[bytes, bytes]:
        return self._last.tobytes(), self._places.tobytes()

    # -- where it belongs -----------------------------------------------------------------------------------------
    def _profile(self, found: Features) -> Profile:
        """By what an article is compared as long as nothing more is learnt."""
        if self._compared is None or self._compared[0] is not found or self._compared[1] != self._weights.version:
            self._compared = found, self._weights.version, profile(found, self._weights)
        return self._compared[2]

    def _in_window(self, row: int, at: float) -> bool:
        return at - self._index.seen[row] <= self._window

    def _same_sign(self, found: Features, at: float) -> Story | None:
        for sign, name in zip(found.signs, _SIGNS, strict=True):
            if not sign:
                continue
            for row in self._index.exact.rows(sign, STEPS_PER_WORD):
                if self._in_window(row, at):
                    return self._joins(row, f"same {name} as an earlier article", copied=True)
        return None

    def _alike(self, read: Reading, at: float) -> Story | None:
        found = read.features
        if not len(self._index) or not found.terms:
            return None
        one = self._profile(found)
        copies = self._copies(found)
        near_by = candidates(one, self._index)
        if read.places:
            near_by = [row for row in near_by if not self._elsewhere(row, read.places)]
        rows = sorted({*copies, *near_by})
        if rows and not self._in_window(rows[0], at):  # the oldest of them
            rows = [row for row in rows if self._in_window(row, at)]
        if found.series:
            before = {self._index.owner[row] for row in rows if self._index.is_next(row, found)}
            rows = [row for row in rows if self._index.owner[row] not in before]
        if not rows:
            return None
        alike, common = likeness(one, rows, self._index, self._weights, at)
        scores = alike.tolist()
        copied = [
            (score, row)
            for row, score in zip(rows, scores, strict=True)
            if row in copies
            and score >= (COPY_ELSEWHERE_MIN if self._elsewhere(row, read.places) else COPY_LIKENESS_MIN)
        ]
        if copied:
            score, row = max(copied)
            return self._joins(row, f"nearly the same text as an earlier article (alike {score:.2f})", copied=True)
        near = [
            (score, row)
            for row, score, count in zip(rows, scores, common.tolist(), strict=True)
            if count >= SHARED_MIN and score > 0 and not self._elsewhere(row, read.places)
        ]
        best = self._best(one, near, at)
        if best is None:
            return None
        score, row = best
        if score < threshold(min(len(found.terms), self._index.length[row])):
            return None
        words = shared(one, row, self._index, _WORDS_SHOWN)
        return self._joins(
            row, f"alike {score:.2f}: {', '.join(_written(found.words[w], read.article) for w in words)}"
        )

    def _elsewhere(self, row: int, here: int) -> bool:
        """Whether an article and the story of a row name countries, and none in common: however alike two coups are,
        they are two. The whole story is asked, as a flash of one line often names none."""
        there = self._places[self._index.owner[row]]
        return bool(here and there and not here & there)

    def _copies(self, found: Features) -> set[int]:
        counts: dict[int, int] = {}
        for shingle in found.sketch:
            for row in self._index.exact.rows(shingle, STEPS_PER_WORD):
                counts[row] = counts.get(row, 0) + 1
        return {row for row, count in counts.items() if count >= SKETCH_SHARED_MIN}

    def _best(self, one: Profile, near: list[tuple[float, int]], at: float) -> tuple[float, int] | None:
        """The story of the nearest article, judged by it and by the mean over the story's latest ones."""
        if not near:
            return None
        score, row = max(near)
        last = self._last[self._index.owner[row]]
        members = [member for member in self._index.members(last, MEMBERS) if self._in_window(member, at)]
        if len(members) > 1:
            alike, _ = likeness(one, members, self._index, self._weights, at)
            score += CROWD * (float(alike.mean()) - score)
        return score, row

    def _joins(self, row: int, reason: str, *, copied: bool = False) -> Story:
        return Story(self._ids[self._index.owner[row]], False, reason, copied)

    # -- memory ---------------------------------------------------------------------------------------------------
    def _remember(self, found: Features, where: int, story_id: str, seen: datetime) -> None:
        story = self._number.get(story_id)
        founded = story is None
        if story is None:
            story = self._number[story_id] = len(self._ids)
            self._ids.append(story_id)
            self._last.append(0)
            self._places.append(0)
        one = self._profile(found)
        self._weights.learn(one.all_terms)
        # A clock that was set back must not hide the articles before it from forget().
        at = max(seen.timestamp(), self._index.seen[-1]) if len(self._index) else seen.timestamp()
        self._index.append(found, one.terms.tolist(), one.inside, story, at, self._last[story], where)
        self._last[story] = len(self._index)
        self._undo.append(_Undo(one.all_terms, founded, self._places[story]))
        self._places[story] |= where

    def _settle(self) -> None:
        """What may be done only while nothing can be taken back."""
        if self._forget_at is not None:
            self._drop(self._forget_at.timestamp() - self._window)
            self._forget_at = None
        self._weights.age()
        self._index.settle()

    def _drop(self, horizon: float) -> None:
        rows = bisect_left(self._index.seen, horizon)
        if not rows:
            return
        self._index.drop(rows)
        alive = np.unique(np.frombuffer(self._index.owner, dtype=np.uint32))
        numbers = np.zeros(len(self._ids), dtype=np.uint32)
        numbers[alive] = np.arange(len(alive), dtype=np.uint32)
        self._index.renumber(numbers)
        kept = alive.tolist()
        self._ids = [self._ids[old] for old in kept]
        self._number = {story_id: number for number, story_id in enumerate(self._ids)}
        self._last = array("I", (self._last[old] - rows for old in kept))
        self._places = array("Q", self._index.places_of(len(kept)).tobytes())


def _written(word: str, article: Article) -> str:
    """A word as the article writes it."""
    body = article.body
    at = body.casefold().find(word)
    as_written = body[at : at + len(word)]
    return as_written if at >= 0 and as_written.casefold() == word else word
