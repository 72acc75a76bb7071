"""What becomes of a report whose page its publisher took away. Pure.

A page that is gone (410) or shut by law (451) says so by its status. One that is not found (404) may be a slip of the
site: it counts when it is not found again an hour later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.follow.decide import Arrived, Deciding, Outcome
from bot.follow.said import Said
from bot.follow.thread import Thread
from bot.model import Alert, Story
from bot.noise import Context, Stage

CONFIRMED_AFTER = timedelta(hours=1)  # between two looks that find nothing
_AT_ONCE = {410: "taken down by its publisher (410)", 451: "taken down for legal reasons (451)"}
_MISSING = 404
_NOT_FOUND = "removed from its publisher's site (404)"


class Page(Enum):
    """What a look at a page tells, where it is not gone."""

    THERE = "there"
    MISSING = "not found; may be a slip"
    UNKNOWN = "could not be looked at"


def verdict(status: int | None, missing_since: datetime | None, now: datetime) -> Page | str:
    """What the answer to a look means: why the report is gone, in a few words, or how its page stands. ``status`` of
    ``None``: there was no answer; ``missing_since``: since when it has not been found."""
    if status is None:
        return Page.UNKNOWN
    if status in _AT_ONCE:
        return _AT_ONCE[status]
    if status == _MISSING:
        confirmed = missing_since is not None and now - missing_since >= CONFIRMED_AFTER
        return _NOT_FOUND if confirmed else Page.MISSING
    return Page.THERE if 200 <= status < 300 else Page.UNKNOWN


@dataclass(frozen=True, slots=True)
class Gone:
    """The report of an alert is gone; ``reason`` as :func:`verdict` gives it."""

    alert: Alert
    reason: str


def take_down(gone: Gone, thread: Thread, context: Context, now: datetime) -> Outcome:
    """As :func:`bot.follow.decide.decide`: each channel that was told gets an answer, and where its post is about this
    report, or another one by whoever is behind it, the post is struck through."""
    return _TakingDown(gone, thread, context, now).outcome()


class _TakingDown(Deciding):
    controls: tuple[Stage, ...] = ()  # whoever was told of a report hears that it is gone, muted or not

    def __init__(self, gone: Gone, thread: Thread, context: Context, now: datetime) -> None:
        alert = gone.alert
        story = Story(alert.story.id, False, "taken down")
        arrived = Arrived(alert.article, story, (), alert.countries, Said(alert.article))
        super().__init__(arrived, thread, lambda matches: {}, context, now, known=True)
        self._withdrawn = gone.reason
