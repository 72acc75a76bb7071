"""The keys of ``wirewatch.yaml`` that decide what goes out at once: quiet hours, throttles, inhibition, digests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from bot.cron import Cron
from bot.cron import parse as parse_cron
from bot.entities.facts import is_country
from bot.model import Severity
from bot.noise.policy import ChannelPolicy, Demand, DigestTimes, Inhibition, Policy, QuietHours, Throttle
from bot.yaml_models import Duration, Model, SeverityWord, Text, Whole, at_least, nearest

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_zone(value: object) -> ZoneInfo:
    """``Europe/London`` → its rules. Raises ``ValueError`` with the nearest name."""
    if isinstance(value, ZoneInfo):
        return value
    if not isinstance(value, str):
        raise ValueError("write the name of a time zone, such as Europe/London")
    try:
        return ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        names = {name.casefold(): name for name in available_timezones()}
        hint = nearest(value, names)
        close = next((names[name] for name in names if f"'{name}'" in hint), "")
        hint = f"; did you mean {close!r}?" if close else "; write one such as Europe/London"
        raise ValueError(f"{value!r} is not a time zone{hint}") from None


def _clock(value: object) -> time:
    if isinstance(value, time):
        return value
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (colon and hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        raise ValueError('write a time of day as "22:00"')
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"{value} is no time of day; write 00:00 to 23:59")
    return time(int(hours), int(minutes))


def _cron(value: object) -> Cron:
    if isinstance(value, Cron):
        return value
    if not isinstance(value, str):
        raise ValueError('write a cron expression, such as "0 7 * * mon-fri"')
    return parse_cron(value)


def _day(value: str) -> str:
    if value not in _DAYS:
        raise ValueError(f"{value!r} is no day; write {', '.join(_DAYS)}")
    return value


def _language(value: str) -> str:
    if not (value.isascii() and value.isalpha() and len(value) in (2, 3)):
        raise ValueError(f"{value!r} is not a language code; write one such as en")
    return value.lower()


def _country(value: str) -> str:
    if not is_country(value.upper()):
        raise ValueError(f"{value!r} is not a country code; write two letters, such as UA")
    return value.upper()


_STRING = WithJsonSchema({"type": "string"})
Zone = Annotated[ZoneInfo, BeforeValidator(parse_zone), _STRING]
Clock = Annotated[time, BeforeValidator(_clock), _STRING]
CronText = Annotated[Cron, BeforeValidator(_cron), _STRING]
Day = Annotated[Text, AfterValidator(_day)]
Language = Annotated[Text, AfterValidator(_language)]
Country = Annotated[Text, AfterValidator(_country)]
Window = Annotated[Duration, at_least(timedelta(minutes=1))]


class DigestSettings(Model):
    """When a channel gets its alerts together instead of one by one."""

    cron: CronText = Field(description="When, as cron writes it: minute, hour, day, month, weekday.")
    timezone: Zone | None = Field(default=None, description="On whose clocks; `timezone` above where there is none.")
    at_once: SeverityWord | None = Field(
        default=Severity.CRITICAL, description="Alerts of this severity and above do not wait; `null`: all wait."
    )


class OpsDigestSettings(Model):
    """When the operators hear what the alerts were worth."""

    cron: CronText = Field(
        default_factory=lambda: parse_cron("0 8 * * mon"),
        description="When, as cron writes it; a digest covers the time since the turn before.",
    )
    timezone: Zone | None = Field(default=None, description="On whose clocks; `timezone` above where there is none.")


class ChannelNoise(Model):
    """What every kind of channel can want."""

    digest: DigestSettings | None = Field(default=None, description="Take digests instead of single alerts.")
    languages: tuple[Language, ...] = Field(
        default=(), description="Languages that the channel reads; articles in others come in the digest."
    )
    regions: tuple[Country, ...] = Field(
        default=(), description="Countries that the channel looks at, by code; alerts on others come in the digest."
    )


class QuietHoursSettings(Model):
    """Hours in which only what is severe goes out at once. The rest comes in one digest when they end."""

    start: Clock = Field(description='Time of day, such as "22:00".')
    end: Clock = Field(description="Time of day; not after `start` means on the next day.")
    days: tuple[Day, ...] = Field(default=(), description="Days on which they begin; none: every day.")
    timezone: Zone | None = Field(default=None, description="On whose clocks; `timezone` above where there is none.")
    at_once: SeverityWord = Field(
        default=Severity.CRITICAL, description="Alerts of this severity and above go out all the same."
    )
    channels: tuple[Text, ...] = Field(default=(), description="Names under `channels:`; none: all of them.")

    @model_validator(mode="after")
    def _not_empty(self) -> QuietHoursSettings:
        if self.start == self.end:
            raise ValueError('start: and end: are the same time; for whole days write start: "00:00" and end: "23:59"')
        return self


class ThrottleSettings(Model):
    """At most so many alerts of one rule on one channel in a length of time. The rest comes in one digest."""

    max: Whole = Field(ge=1, le=10_000, description="Alerts of each rule on each channel.")
    per: Window = Field(description="In this length of time.")
    rules: tuple[Text, ...] = Field(default=(), description="Rules that it is about, by id; none: each of them.")
    channels: tuple[Text, ...] = Field(default=(), description="Names under `channels:`; none: each of them.")


class InhibitSettings(Model):
    """One rule silences others within a story."""

    rule: Text = Field(description="The id of the rule that silences.")
    silences: tuple[Text, ...] = Field(min_length=1, description="The ids of those that it silences.")
    within: Window = Field(default=timedelta(hours=24), description="For so long after it fired in the story.")


class StoriesSettings(Model):
    """How a story that was told goes on."""

    raise_at: Whole = Field(
        default=5, ge=0, le=100, description="Show a story again when so many independent sources have it; 0: never."
    )
    recheck: tuple[Annotated[Duration, at_least(timedelta(minutes=5))], ...] = Field(
        default=(timedelta(hours=1), timedelta(hours=6), timedelta(hours=24)),
        max_length=10,
        description="How long after an alert its article's page is looked at, to see whether it is gone; none: never.",
    )


class NoiseSettings(Model):
    """The part of wirewatch.yaml that this module is about."""

    quiet_hours: tuple[QuietHoursSettings, ...] = Field(default=(), description="When only what is severe goes out.")
    throttles: tuple[ThrottleSettings, ...] = Field(default=(), description="How often a rule may alert.")
    inhibit: tuple[InhibitSettings, ...] = Field(default=(), description="Which rules silence others in a story.")
    filtered_digest: CronText = Field(
        default_factory=lambda: parse_cron("0 8 * * *"),
        description="When channels without a digest hear of what `languages` and `regions` held back.",
    )
    owners: dict[Text, Text] = Field(
        default={}, description="Who owns an outlet, by source id or domain: outlets of one owner are one source."
    )
    stories: StoriesSettings = Field(default=StoriesSettings(), description="How a story that was told goes on.")


class Demanding(Protocol):
    """A rule, as far as it wants independent sources."""

    @property
    def id(self) -> str: ...
    @property
    def demand(self) -> Demand | None: ...


def owners_of(settings: NoiseSettings) -> Mapping[str, str]:
    """Outlet (source id or domain) → its owner, as :func:`bot.follow.origin.origin` takes it: a name that no domain and
    no agency has."""
    return {outlet: f"owner:{owner.casefold()}" for outlet, owner in settings.owners.items()}


def policy_of(
    settings: NoiseSettings, channels: Mapping[str, ChannelNoise], rules: Iterable[Demanding], zone: ZoneInfo
) -> Policy:
    """What a deployment decided, ready to be asked. ``zone`` is the one of the deployment."""
    return Policy(
        quiet=tuple(
            QuietHours(
                q.start,
                q.end,
                q.timezone or zone,
                frozenset(_DAYS.index(day) for day in q.days or _DAYS),
                q.at_once,
                frozenset(q.channels),
            )
            for q in settings.quiet_hours
        ),
        throttles=tuple(Throttle(t.max, t.per, frozenset(t.rules), frozenset(t.channels)) for t in settings.throttles),
        inhibitions=tuple(Inhibition(i.rule, frozenset(i.silences), i.within) for i in settings.inhibit),
        demands={rule.id: rule.demand for rule in rules if rule.demand is not None},
        channels={name: _channel(wanted, zone) for name, wanted in channels.items()},
        filtered=DigestTimes(settings.filtered_digest, zone),
        raise_at=settings.stories.raise_at,
        owners=owners_of(settings),
    )


def _channel(wanted: ChannelNoise, zone: ZoneInfo) -> ChannelPolicy:
    times = wanted.digest
    return ChannelPolicy(
        digest=None if times is None else DigestTimes(times.cron, times.timezone or zone, times.at_once),
        languages=frozenset(wanted.languages),
        regions=frozenset(wanted.regions),
    )
