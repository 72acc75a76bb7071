"""A word on a source for the operators: what is told, once, when a trouble begins and when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model import Severity


class News(StrEnum):
    """What the operators can hear of a source."""

    FAILING = "keeps failing"
    BLOCKED = "turns us away"
    GONE = "is gone"
    SILENT = "has fallen silent"
    MOVED = "has moved"
    BACK = "is back"


_SEVERITIES = {News.BACK: Severity.INFO, News.MOVED: Severity.INFO, News.GONE: Severity.MEDIUM}


@dataclass(frozen=True, slots=True)
class SourceNotice:
    """``text`` is one or two sentences; ``at`` is when the poll ended that brought it. It is stored with that poll, and
    forgotten when it is put into the outbox, so that a crash between the two neither loses nor repeats it."""

    news: News
    source_id: str
    text: str
    at: datetime

    @property
    def severity(self) -> Severity:
        return _SEVERITIES.get(self.news, Severity.LOW)
