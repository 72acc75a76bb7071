"""The key ``summaries:`` of wirewatch.yaml: summaries that are posted at set times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from bot.duration import show as show_duration
from bot.settings.noise import Country, CronText, Zone
from bot.summary.ask import PERIOD_MAX, PERIOD_MIN, STORIES
from bot.summary.model import Filters
from bot.summary.schedule import Schedule
from bot.yaml_models import Duration, Model, SeverityWord, Text, Whole, YesNo


def _period(value: timedelta) -> timedelta:
    if not PERIOD_MIN <= value <= PERIOD_MAX:
        raise ValueError(f"a period is between {show_duration(PERIOD_MIN)} and {show_duration(PERIOD_MAX)}")
    return value


Period = Annotated[Duration, AfterValidator(_period)]


class SummarySettings(Model):
    """A summary that is posted at set times."""

    to: tuple[Text, ...] = Field(min_length=1, description="Names under `channels:`.")
    cron: CronText = Field(description="When, as cron writes it: minute, hour, day, month, weekday.")
    timezone: Zone | None = Field(default=None, description="On whose clocks; `timezone` above where there is none.")
    period: Period | None = Field(
        default=None, description="How far it looks back; none: to the time before, so that nothing is left out."
    )
    rules: tuple[Text, ...] = Field(default=(), description="Only alerts by one of these rules, by id.")
    countries: tuple[Country, ...] = Field(default=(), description="Only alerts on one of these countries, by code.")
    sources: tuple[Text, ...] = Field(default=(), description="Only alerts from one of these sources, by id.")
    tags: tuple[Text, ...] = Field(default=(), description="Only alerts by a rule with one of these tags.")
    min_severity: SeverityWord | None = Field(default=None, description="Only alerts of this severity and above.")
    stories: Whole = Field(default=STORIES, ge=1, le=20, description="How many stories are told.")
    chart: YesNo = Field(default=True, description="Whether a chart follows, where the channel takes pictures.")


def schedules_of(summaries: Mapping[str, SummarySettings], zone: ZoneInfo) -> tuple[Schedule, ...]:
    """One for each summary and channel. ``zone`` is the one of the deployment."""
    return tuple(
        Schedule(
            name,
            channel,
            wanted.cron,
            wanted.timezone or zone,
            wanted.period,
            Filters(wanted.rules, wanted.countries, wanted.sources, wanted.tags, wanted.min_severity),
            wanted.stories,
            wanted.chart,
        )
        for name, wanted in summaries.items()
        for channel in dict.fromkeys(wanted.to)
    )
