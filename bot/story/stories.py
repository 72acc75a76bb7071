"""The stories of the window, in memory: where an article belongs."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import getsizeof

import numpy as np
import numpy.typing as npt

from bot.model import Article, Story
from bot.story.features import Features, Reading, features, scene
from bot.story.index import Index
from bot.story.likeness import Profile, besides, candidates, in_common, likeness, profile, shared, threshold
from bot.story.setting import says_where
from bot.story.sides import (
    NOTHING,
    Sides,
    agree,
    apart,
    at_one_place,
    columns,
    elsewhere,
    headed_elsewhere,
    national,
    of_other_kinds,
    strangers,
)
from bot.story.thresholds import (
    APART_LIKENESS_MIN,
    BESIDES_PLACES,
    COPY_ELSEWHERE_MIN,
    COPY_LIKENESS_MIN,
    CROWD,
    FLASH_SHARED_MIN,
    FLASH_WORDS,
    HEADLINE_ELSEWHERE,
    MEMBERS,
    ONLY_ONE,
    SAME_TOWN,
    SCENE_ROWS,
    SCENE_WINDOW,
    SHARED_MIN,
    SKETCH_SHARED_MIN,
    STEPS_PER_WORD,
    WINDOW,
)
from bot.story.weights import Weights

_HEADLINE = "headline"
_SIGNS = ("link", "text", _HEADLINE)
_WORDS_SHOWN = 4  # of a reason
_SCENE_S = SCENE_WINDOW.total_seconds()
_FOUNDS = "no earlier article like it"

_Best = tuple[float, int]  # likeness and row
_Nears = list[tuple[float, int, int]]  # likeness, row, words in common


@dataclass(frozen=True, slots=True)
class _Undo:
    """What takes one article back."""

    terms: npt.NDArray[np.uint32]
    founded: bool
    sides: Sides  # of its story before it came


class Stories:
    """Articles come in order of arrival; ``now`` moves forward. One task at a time uses it."""

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = window.total_seconds()
        self._index = Index()
        self._weights = Weights()
        self._ids: list[str] = []
        self._number: dict[str, int] = {}
        self._last = array("I")  # each story's latest row, plus one
        self._sides = columns()  # of each story
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
        return self._same_sign(one, at) or self._alike(one, at) or Story(one.key, True, _FOUNDS)

    def remember(self, one: Reading, story: Story, seen: datetime) -> None:
        """An article belongs to a story."""
        self._remember(one.features, one.sides, one.scenes, story.id, seen, one.told)

    def restore(
        self,
        story_id: str,
        source_id: str,
        canonical_url: str,
        title: str,
        text: str,
        seen: datetime,
        published: datetime,
        countries: Iterable[str] = (),
    ) -> None:
        """As :meth:`remember`, from what was stored before a restart."""
        found = features(source_id, canonical_url, title, text)
        self._remember(found, *scene(found, countries), story_id, seen, published.timestamp())

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
            self._set_sides(story, last.sides)
            if last.founded:
                del self._number[self._ids.pop()]
                self._last.pop()
                for column in self._sides:
                    column.pop()
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
        tables = sum(map(getsizeof, (self._ids, self._number, self._last, *self._sides)))
        return self._index.nbytes + self._weights.nbytes + ids + tables

    def digest(self) -> str:
        """A fingerprint of all that is remembered: equal states have equal ones."""
        whole = hashlib.blake2b(digest_size=16)
        parts = (*self._index.parts(), *self._weights.parts(), *self._by_story(), repr(self._ids).encode())
        for part in parts:
            whole.update(len(part).to_bytes(8, "little"))
            whole.update(part)
        return whole.hexdigest()

    def _by_story(self) -> tuple[bytes, ...]:
        return self._last.tobytes(), *(column.tobytes() for column in self._sides)

    def _sides_of(self, row: int) -> Sides:
        """What the reports of a row's story name. All of them are asked, as a flash of one line often names little."""
        story = self._index.owner[row]
        return Sides(*[column[story] for column in self._sides])

    def _set_sides(self, story: int, sides: Sides) -> None:
        for column, named in zip(self._sides, sides, strict=True):
            column[story] = named

    # -- where it belongs -----------------------------------------------------------------------------------------
    def _profile(self, found: Features) -> Profile:
        """By what an article is compared as long as nothing more is learnt."""
        if self._compared is None or self._compared[0] is not found or self._compared[1] != self._weights.version:
            self._compared = found, self._weights.version, profile(found, self._weights)
        return self._compared[2]

    def _in_window(self, row: int, at: float) -> bool:
        return at - self._index.seen[row] <= self._window

    def _same_days(self, row: int, read: Reading) -> bool:
        """Whether a row was published within the window of an article. At the first look at a feed articles of weeks
        come at once, and what is alike then is mostly a topic."""
        return abs(read.told - self._index.told[row]) <= self._window

    def _is_late(self, row: int, read: Reading, at: float, anyhow: Set[int]) -> bool:
        """Whether a row is of the window, and of the same days unless it was found in another way than by its words."""
        return self._in_window(row, at) and (row in anyhow or self._same_days(row, read))

    def _same_sign(self, read: Reading, at: float) -> Story | None:
        for sign, name in zip(read.features.signs, _SIGNS, strict=True):
            if not sign:
                continue
            for row in self._index.exact.rows(sign, STEPS_PER_WORD):
                if not self._in_window(row, at):
                    continue
                if name == _HEADLINE and (not self._same_days(row, read) or apart(read.sides, self._sides_of(row))):
                    continue  # "Bomb at mosque", and two towns have one
                return self._joins(row, f"same {name} as an earlier article", copied=True)
        return None

    def _alike(self, read: Reading, at: float) -> Story | None:
        found = read.features
        if not len(self._index) or not found.terms:
            return None
        one = self._profile(found)
        copies = self._copies(found)
        scene = self._scene(read, at) if read.scenes else {}
        index, anyhow = self._index, {*copies, *scene}  # found in another way than by words
        rows = candidates(one, index)
        if anyhow:
            rows = [*anyhow.union(rows)]
        if not rows:
            return None
        # Of fewer words in common nothing is made but a copy or a flash. Most fail here, so it is asked first.
        counts = {
            row: count
            for row, count in zip(rows, in_common(one, rows, index), strict=True)
            if (count >= SHARED_MIN or row in anyhow) and self._is_late(row, read, at, anyhow)
        }
        if counts and (series := index.of_series(rows, found)):
            before = {index.owner[row] for row in series if self._is_late(row, read, at, anyhow)}
            counts = {row: count for row, count in counts.items() if index.owner[row] not in before}
        if not counts:
            return None
        alike = self._likeness(one, read, list(counts))
        # Nearest first, as the sides of the stories are looked at one by one until one fits.
        near = sorted(((alike[row], row, count) for row, count in counts.items()), reverse=True)
        copied = ((score, row) for score, row, _ in near if row in copies and self._is_copy(read, score, row))
        if copies and (nearest := next(copied, None)):
            score, row = nearest
            return self._joins(row, f"nearly the same text as an earlier article (alike {score:.2f})", copied=True)
        fitting = ((score, row) for score, row, count in near if count >= SHARED_MIN and self._fits(read, score, row))
        score, row = (
            self._nearest(one, read, self._best(one, read, next(fitting, None), alike, at), scene)
            or self._flash(read, near, scene)
            or (0.0, -1)
        )
        if row < 0:
            return None
        word_of = found.word_of()
        words = [word_of[term] for term in shared(one, row, self._index, _WORDS_SHOWN)]
        return self._joins(row, f"alike {score:.2f}: {', '.join(_written(words, read.article))}")

    def _likeness(self, one: Profile, read: Reading, rows: Sequence[int]) -> dict[int, float]:
        found = likeness(one, rows, self._index, self._weights, read.told)
        return dict(zip(rows, found, strict=True))

    def _is_copy(self, read: Reading, score: float, row: int) -> bool:
        sides = self._sides_of(row)
        far = elsewhere(read.sides, sides) or apart(read.sides, sides)
        return score >= (COPY_ELSEWHERE_MIN if far else COPY_LIKENESS_MIN)

    def _fits(self, read: Reading, score: float, row: int) -> bool:
        """Whether an article and the story of a row may be about one event, as far as their sides tell."""
        sides = self._sides_of(row)
        if score <= 0 or elsewhere(read.sides, sides):
            return False
        return not apart(read.sides, sides) or (score >= APART_LIKENESS_MIN and not strangers(read.sides, sides))

    def _nearest(self, one: Profile, read: Reading, best: _Best | None, scene: Mapping[int, int]) -> _Best | None:
        """The story of the nearest article, if it is alike enough."""
        if best is None:
            return None
        score, row = best
        sides = self._sides_of(row)
        least = threshold(min(read.features.length, self._index.length[row]))
        if agree(read.sides, sides):
            if at_one_place(read.sides, sides):
                least *= SAME_TOWN
            elif len(set(scene.values())) == 1:
                least *= ONLY_ONE
        if headed_elsewhere(read.sides, sides):
            least *= HEADLINE_ELSEWHERE
        if score < least:
            return None
        if of_other_kinds(read.sides, sides):
            found = read.features
            where = found.setting.about.union(term for term, word in found.word_of().items() if says_where(word))
            if score * besides(one, row, self._index, where) < BESIDES_PLACES * least:
                return None
        return best

    def _flash(self, read: Reading, near: _Nears, scene: Mapping[int, int]) -> _Best | None:
        """A headline with a line at most, told of the same kind of event in the same country as only one story is: too
        short to be alike, and there is nothing else that it could mean. Or the first report in full after a flash, or
        a report of what a country has one of at a time."""
        if len(set(scene.values())) != 1:
            return None
        fitting = [
            (score, row)
            for score, row, count in near
            if row in scene
            and (self._is_flash(read, row, count) or national(read.sides, self._sides_of(row)))
            and self._fits(read, score, row)
        ]
        return max(fitting, default=None)

    def _is_flash(self, read: Reading, row: int, count: float) -> bool:
        return count >= FLASH_SHARED_MIN and min(read.features.length, self._index.length[row]) <= FLASH_WORDS

    def _scene(self, read: Reading, at: float) -> dict[int, int]:
        """Late rows that tell of the same kind of event in the same country, a few of each story, with the story."""
        found: dict[int, int] = {}
        often: Counter[int] = Counter()
        index, told = self._index, read.told
        for number in read.scenes:
            for row in index.exact.rows(number, STEPS_PER_WORD):
                if at - index.seen[row] > _SCENE_S or abs(told - index.told[row]) > _SCENE_S:
                    continue
                owner = index.owner[row]
                if often[owner] < SCENE_ROWS:
                    if row not in found:
                        often[owner] += 1
                    found[row] = owner
        return found

    def _copies(self, found: Features) -> set[int]:
        rows = [row for shingle in found.sketch for row in self._index.exact.rows(shingle, STEPS_PER_WORD)]
        return {row for row, count in Counter(rows).items() if count >= SKETCH_SHARED_MIN} if rows else set()

    def _best(
        self, one: Profile, read: Reading, nearest: _Best | None, alike: Mapping[int, float], at: float
    ) -> _Best | None:
        """The story of the nearest article, judged by it and by the mean over the story's latest ones. ``alike`` is the
        likeness of those that are known."""
        if nearest is None:
            return None
        score, row = nearest
        last = self._last[self._index.owner[row]]
        members = [member for member in self._index.members(last, MEMBERS) if self._in_window(member, at)]
        if len(members) > 1:
            others = self._likeness(one, read, [member for member in members if member not in alike])
            scores = [others[member] if member in others else alike[member] for member in members]
            score += CROWD * (float(np.array(scores, dtype=np.float32).mean()) - score)
        return score, row

    def _joins(self, row: int, reason: str, *, copied: bool = False) -> Story:
        return Story(self._ids[self._index.owner[row]], False, reason, copied)

    # -- memory ---------------------------------------------------------------------------------------------------
    def _remember(
        self,
        found: Features,
        sides: Sides,
        scenes: tuple[int, ...],
        story_id: str,
        seen: datetime,
        told: float,
    ) -> None:
        one = self._profile(found)
        self._weights.learn(one.all_terms)
        index, last = self._index, len(self._index)
        story = self._number.get(story_id)
        founded = story is None
        if story is None:
            story = self._number[story_id] = len(self._ids)
            self._ids.append(story_id)
            self._last.append(0)
            before = NOTHING
            for column, named in zip(self._sides, sides, strict=True):
                column.append(named)
        else:
            before = Sides(*[column[story] for column in self._sides])
            for column, named in zip(self._sides, sides, strict=True):
                column[story] |= named
        # A clock that was set back must not hide the articles before it from forget().
        at = max(seen.timestamp(), index.seen[-1]) if last else seen.timestamp()
        index.append(found, one.terms.tolist(), one.coarse, story, at, told, self._last[story], sides, scenes)
        self._last[story] = last + 1
        self._undo.append(_Undo(one.all_terms, founded, before))

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
        self._sides = self._index.sides_of(len(kept))


def _written(words: Iterable[str], article: Article) -> Iterator[str]:
    """Words as the article writes them."""
    body = article.body
    folded = body.casefold()
    for word in words:
        at = folded.find(word)
        as_written = body[at : at + len(word)]
        yield as_written if at >= 0 and as_written.casefold() == word else word
