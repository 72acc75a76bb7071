"""A channel in memory that follows a script: the whole port, with a history that can be read back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.channels.base import Capabilities
from bot.errors import PermanentDeliveryError, TransientDeliveryError
from bot.message import Digest, Message, Notice, Receipt

RETRY_AFTER_S = 7.0
REFUSAL = "the channel is gone"


class Step(StrEnum):
    """How one call ends."""

    OK = "taken"
    LOST = "the connection broke before the post"
    LOST_REPLY = "taken, but the answer was lost"
    LIMITED = "429, asking for RETRY_AFTER_S seconds"
    REFUSED = "refused for good"
    BUG = "an unexpected error before the post"
    BUG_AFTER = "taken, then an unexpected error"
    HANG = "no answer ever, not taken"
    HANG_AFTER = "taken, no answer ever"


TAKEN = frozenset({Step.OK, Step.LOST_REPLY, Step.BUG_AFTER, Step.HANG_AFTER})


@dataclass(frozen=True, slots=True)
class Post:
    """One entry of the channel's history."""

    key: str
    payload: Message | Digest | Notice
    at: datetime
    under: str = ""  # key of the post that it answers
    aloud: bool = False


class FakeChannel:
    """``script`` is used up call by call, then everything is taken. ``starts`` does the same for :meth:`start`,
    ``finds`` for :meth:`find`. Once ``down`` is set, every call ends as it says."""

    def __init__(
        self,
        name: str,
        clock: Callable[[], datetime],
        *,
        readable: bool = True,
        edits: bool = True,
        pace_s: float = 0.0,
        script: Iterable[Step] = (),
        starts: Iterable[Step] = (),
        finds: Iterable[Step] = (),
    ) -> None:
        self._name, self._clock, self._readable, self._pace_s = name, clock, readable, pace_s
        self._edits = edits
        self.script, self.starts, self.finds = deque(script), deque(starts), deque(finds)
        self.down: Step | None = None
        self.history: list[Post] = []
        self.attempts: list[tuple[datetime, str]] = []
        self.looked_up: list[str] = []
        self.looked_back: list[datetime | None] = []
        self.looked_under: list[str] = []
        self.edits: list[str] = []  # keys of the deliveries that changed a post
        self.while_editing: Callable[[], object] = lambda: None  # called before the answer to an edit
        self.deleted: set[str] = set()  # posts that a person deleted
        self.started = self.stopped = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(readable=self._readable, edits=self._edits, replies=True, pace_s=self._pace_s)

    @property
    def keys(self) -> list[str]:
        return [post.key for post in self.history]

    async def start(self) -> None:
        await self._end(self.starts.popleft() if self.starts else Step.OK)
        self.started += 1

    async def stop(self) -> None:
        self.stopped += 1

    async def post(self, message: Message) -> Receipt:
        return await self._take(message)

    async def post_digest(self, digest: Digest) -> Receipt:
        return await self._take(digest)

    async def post_notice(self, notice: Notice) -> Receipt:
        return await self._take(notice)

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        assert self.history[int(to.ref)].key == to.key
        return await self._take(message, to.key, aloud)

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        step = self.down or (self.script.popleft() if self.script else Step.OK)
        self.attempts.append((self._clock(), message.key))
        i = int(receipt.ref)
        if step in TAKEN:
            self.edits.append(message.key)
            if self.history[i].key in self.deleted:
                return None
            self.history[i] = replace(self.history[i], payload=message)
            self.while_editing()
        await self._end(step)
        return receipt

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        self.looked_up.append(key)
        self.looked_back.append(since)
        self.looked_under.append(thread.key if thread else "")
        await self._end(self.finds.popleft() if self.finds else self.down or Step.OK)
        if not self._readable:
            return None
        found = (i for i, post in enumerate(self.history) if post.key == key and (since is None or post.at >= since))
        return next((self._receipt(i) for i in found), None)

    async def check(self) -> str | None:
        return self.down.value if self.down else None

    async def _take(self, payload: Message | Digest | Notice, under: str = "", aloud: bool = False) -> Receipt:
        step = self.down or (self.script.popleft() if self.script else Step.OK)
        self.attempts.append((self._clock(), payload.key))
        if step in TAKEN:
            self.history.append(Post(payload.key, payload, self._clock(), under, aloud))
        await self._end(step)
        return self._receipt(len(self.history) - 1)

    def _receipt(self, i: int) -> Receipt:
        return Receipt(self._name, self.history[i].key, str(i), self._clock())

    async def _end(self, step: Step) -> None:
        match step:
            case Step.LOST | Step.LOST_REPLY:
                raise TransientDeliveryError(self._name, "the connection broke")
            case Step.LIMITED:
                raise TransientDeliveryError(self._name, "too many requests", retry_after_s=RETRY_AFTER_S)
            case Step.REFUSED:
                raise PermanentDeliveryError(self._name, REFUSAL, remedy="invite the bot again")
            case Step.BUG | Step.BUG_AFTER:
                raise RuntimeError("a bug in the channel")
            case Step.HANG | Step.HANG_AFTER:
                await asyncio.get_running_loop().create_future()
