"""Quiet hours, by time zone and severity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.model import Alert, HoldReason, Severity
from bot.noise.base import Answer, Context, Hold, Pass
from bot.noise.policy import QuietHours


def quiet(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """Holds what is not loud enough for the hour until the quiet hours are over."""
    found = quiet_until(context.policy.quiet, channel, alert.severity, now)
    if found is None:
        return Pass(alert)
    hours, until = found
    local = until.astimezone(hours.zone)
    text = f"quiet hours here until {local:%H:%M} ({hours.zone.key}); {hours.loud.word} and above go out at once"
    return Hold(HoldReason.QUIET, hours.label, until, text)


def quiet_until(
    all_hours: Sequence[QuietHours], channel: str, severity: Severity | None, now: datetime
) -> tuple[QuietHours, datetime] | None:
    """The quiet hours that ``now`` lies in, and when they end; hours that follow on without a gap count as one.
    ``severity`` of ``None`` stands for what is never loud, such as a digest."""
    here = [
        hours
        for hours in all_hours
        if (not hours.channels or channel in hours.channels) and (severity is None or severity < hours.loud)
    ]
    first: QuietHours | None = None
    until = now
    while True:
        ends = [(end, hours) for hours in here if (end := _end(hours, until)) is not None]
        if not ends or until - now > timedelta(days=8):
            break
        until, hours = max(ends, key=lambda found: found[0])
        first = first or hours
    return None if first is None else (first, until)


def _end(hours: QuietHours, now: datetime) -> datetime | None:
    """When the window that ``now`` lies in ends. One that a clock change makes empty is none."""
    today = now.astimezone(hours.zone).date()
    for day in (today, today - timedelta(days=1)):
        if day.weekday() not in hours.days:
            continue
        begin = datetime.combine(day, hours.begin, hours.zone).astimezone(UTC)
        last = day if hours.end > hours.begin else day + timedelta(days=1)
        end = datetime.combine(last, hours.end, hours.zone).astimezone(UTC)
        if begin <= now < end:
            return end
    return None
