"""What the bot does again and again, each job one line of a table: its name, its turns, its work.

A job looks for itself what is due, in the store and by the app's clock; its turn only makes it look. So a restart, a
suspended laptop or a turn that was missed loses nothing: the next look finds what is due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.errors import StoreError
from bot.log import Log

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.base import BaseTrigger

JITTER_S = 600  # for nightly jobs, so that many bots do not begin in the same second


@dataclass(frozen=True, slots=True)
class Every:
    """Turns so many seconds apart; the first one after that time, or ``at_once``."""

    seconds: float
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Nightly:
    """One turn a day, within ten minutes of a time on the clocks of ``zone``."""

    hour: int
    minute: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Job:
    """``name`` reads after "cannot", in the log."""

    name: str
    turns: Every | Nightly
    work: Callable[[], Awaitable[object]]


class Jobs:
    """The scheduler. Two turns of one job never overlap; a store that refuses costs a turn, not the job."""

    def __init__(self) -> None:
        self._scheduler: AsyncIOScheduler | None = None
        self._stopping = False
        self._log = Log("jobs")

    def start(self, jobs: Iterable[Job]) -> None:
        """Begin. Needs a running event loop."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for job in jobs:
            at_once = {"next_run_time": datetime.now(UTC)} if isinstance(job.turns, Every) and job.turns.at_once else {}
            self._scheduler.add_job(self._turn, args=(job,), trigger=_trigger(job.turns), name=job.name, **at_once)
        self._scheduler.start()

    def stop(self) -> None:
        """No more turns; those under way are cancelled."""
        self._stopping = True
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    async def _turn(self, job: Job) -> None:
        """A cancelled turn at a stop is no error: a lease that nobody used runs out, a purge goes on the next night."""
        try:
            await job.work()
        except StoreError as error:
            self._log.error(f"cannot {job.name}", error=str(error))
        except asyncio.CancelledError:
            if not self._stopping:
                raise


def _trigger(turns: Every | Nightly) -> BaseTrigger:
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    if isinstance(turns, Every):
        return IntervalTrigger(seconds=turns.seconds)
    return CronTrigger(hour=turns.hour, minute=turns.minute, timezone=turns.zone, jitter=JITTER_S)
