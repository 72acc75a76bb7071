"""The port that every channel implements, and nothing else.

A channel knows one platform's markup, limits and errors. It is given finished values and an already unique key;
it never decides whether something is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol, runtime_checkable

from bot.message import Call, Digest, Message, Notice, Receipt
from bot.summary.post import SummaryPost


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do besides posting. ``readable``: :meth:`Channel.find` can look a key up, so that nothing
    is posted twice after a crash. ``edits`` and ``replies``: posts can be changed, and have threads. ``files``: it
    takes pictures. ``pace_s``: seconds that the platform wants between two posts; 0 where it names none, or the
    channel keeps time itself."""

    readable: bool = False
    edits: bool = False
    replies: bool = False
    files: bool = False
    pace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class File:
    """A picture to be posted. ``key`` is its delivery key, ``title`` stands above it, ``alt`` says in words what it
    shows."""

    key: str
    title: str
    alt: str
    content: bytes

    @property
    def name(self) -> str:
        return file_name(self.key)


def file_name(key: str) -> str:
    """What a picture is called on the platform, which is how it is found again."""
    return f"wirewatch-{sha256(key.encode()).hexdigest()[:20]}.png"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of an examination. ``text`` says what is fine, or what is wrong; then ``remedy`` says what to do, where
    ``text`` does not."""

    subject: str
    fine: bool
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        tail = f"; {self.remedy}" if self.remedy else ""
        return f"{self.subject}: {self.text}{tail}"


class Channel(Protocol):
    """Somewhere that alerts go.

    Every method that sends may raise :class:`~bot.errors.TransientDeliveryError` (try again; with
    ``retry_after_s`` if the platform said when) or :class:`~bot.errors.PermanentDeliveryError` (a person has to act).
    The text of an error holds no secret. Anything else that is raised is a bug.
    """

    @property
    def name(self) -> str:
        """The name under ``channels:`` in wirewatch.yaml."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def start(self) -> None:
        """Open connections. Called once before anything is sent."""
        ...

    async def stop(self) -> None:
        """Close them. Called once; nothing is sent afterwards."""
        ...

    async def post(self, message: Message) -> Receipt:
        """Post an alert."""
        ...

    async def post_digest(self, digest: Digest) -> Receipt:
        """Post several alerts as one."""
        ...

    async def post_notice(self, notice: Notice) -> Receipt:
        """Post a word to the operators."""
        ...

    async def post_summary(self, post: SummaryPost) -> Receipt:
        """Post a summary of a period; its chart is another delivery."""
        ...

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        """Answer an earlier post in its thread; in the channel where that post is gone; where
        ``capabilities.replies`` is false, post. ``aloud``: seen in the channel as well, and whoever the channel's
        settings name is called."""
        ...

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        """Change an earlier post, which keeps its key; ``None`` where it was deleted. Where ``capabilities.edits`` is
        false, do nothing and return ``receipt``. Doing it twice is as good as once."""
        ...

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        """The post that carries ``key``, if the channel's recent history holds one. ``since``: it was made then or
        later, so nobody need read further back. ``thread``: it answers that post, so look in its thread first. Only
        where ``capabilities.readable`` is true, else ``None``."""
        ...

    async def check(self) -> str | None:
        """``None`` if a post would be taken as far as can be told without posting; else what to do about it."""
        ...


@runtime_checkable
class FileChannel(Protocol):
    """What a channel can do besides where ``capabilities.files`` is true."""

    async def post_file(self, to: Receipt, file: File) -> Receipt:
        """Post a picture after an earlier post, where :meth:`Channel.find` finds it by its key, too; or put it into
        that post, where putting it there again changes nothing."""
        ...


@runtime_checkable
class Calling(Protocol):
    """A channel whose alerts may mention people, with a cool-down. Its receipts say where one did."""

    def recall(self, last: Call) -> None:
        """The latest call of an earlier run, before anything is sent."""
        ...
