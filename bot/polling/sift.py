"""What matters of what polls brought, and at once what the rules say of that which is new.

Either is asked of another thread, and the way there and back takes the bot longer than most of the work. So articles
are judged where they were found to be new: few and short ones, as nearly all polls bring; what is more is left to the
thread for heavy work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import pipeline
from bot.articles import identity
from bot.articles.identity import Brought, Memory, Sorted
from bot.assembly import StoreRunner
from bot.model import Article
from bot.pipeline import Ahead, Judged
from bot.polling.groups import Groups
from bot.rules.match import Engine

SORTED_MAX = 64  # polls whose items are looked for in the store by one question
JUDGED_MAX = 64  # articles of such a group that are judged right there: some milliseconds' work
CHARS_MAX = 50_000  # of their titles and texts


@dataclass(frozen=True, slots=True)
class Sifted:
    """``judged`` is what ``engine`` says of ``sorted.new``; ``None`` where it was not asked, or has failed."""

    sorted: Sorted
    engine: Engine
    judged: tuple[Judged, ...] | None = None

    def verdicts(self, articles: Sequence[Article], engine: Engine) -> tuple[Judged, ...] | None:
        """What this engine said of these articles, if it was asked of them."""
        return self.judged if engine is self.engine and articles == self.sorted.new else None


@dataclass(frozen=True, slots=True)
class _Asked:
    brought: Brought
    ahead: Ahead
    judge: bool


class Sift:
    """``engine`` is asked for what is in force."""

    def __init__(self, store: StoreRunner, engine: Callable[[], Engine], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._groups: Groups[_Asked, Sifted] = Groups(self._sift, SORTED_MAX)

    async def ask(self, brought: Brought, ahead: Ahead, *, judge: bool) -> Sifted:
        """What a poll brought. ``judge``: what is new is final, and rules may see it. Raises ``StoreError``."""
        return await self._groups.ask(_Asked(brought, ahead, judge))

    async def _sift(self, asked: Sequence[_Asked]) -> Sequence[Sifted]:
        now, engine = self._clock(), self._engine()
        return await self._store.read(lambda store: sift(store, asked, engine, now))


def sift(memory: Memory, asked: Sequence[_Asked], engine: Engine, now: datetime) -> list[Sifted]:
    """Sort out the articles of polls, and judge what is new as far as it is little."""
    count, chars = 0, 0
    done = []
    for one, found in zip(asked, identity.sort_out(memory, [one.brought for one in asked], now), strict=True):
        count += len(found.new)
        chars += sum(len(article.title) + len(article.text) for article in found.new)
        little = count <= JUDGED_MAX and chars <= CHARS_MAX
        done.append(Sifted(found, engine, _judged(found.new, engine, one.ahead) if one.judge and little else None))
    return done


def _judged(articles: Sequence[Article], engine: Engine, ahead: Ahead) -> tuple[Judged, ...] | None:
    try:
        return pipeline.judge(articles, engine, ahead)
    except Exception:  # noqa: BLE001 - a bug, raised once more in the poll that asks again
        return None
