"""What a summary is: the stories of a period, ranked, with counts. Plain words and links; no markup of any platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.message import CountryTag
from bot.model import Severity


@dataclass(frozen=True, slots=True)
class Filters:
    """What a summary is about. A story counts if one alert on it meets all that are given: any of the rules, any of
    the countries (codes), any of the sources (ids), any of the tags, at least that severe."""

    rules: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    min_severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence as an outlet wrote it, and the item that it was taken from. ``text`` may be a language model's; then
    the item is the one that bears it out."""

    text: str
    article_key: str
    url: str
    source: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Rank:
    """Why a story stands where it stands: the parts of its score, each already weighed."""

    severity: float
    sources: float
    recency: float
    novelty: float

    @property
    def score(self) -> float:
        return self.severity + self.sources + self.recency + self.novelty


@dataclass(frozen=True, slots=True)
class Told:
    """One story. ``sources`` counts independent outlets, ``alerts`` the articles of the period on which rules fired;
    ``is_new``: the story began in the period. ``rules`` are titles, the most severe first. ``retracted`` says why a
    report, or all of them, no longer stands; empty where all do."""

    story_id: str
    headline: str
    url: str
    source: str
    severity: Severity
    countries: tuple[CountryTag, ...]
    rules: tuple[str, ...]
    sources: int
    alerts: int
    is_new: bool
    last: datetime
    sentences: tuple[Cited, ...]
    rank: Rank
    retracted: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Alerts in the period and in the one before; ``before`` is ``None`` where the archive does not reach back."""

    id: str
    name: str
    flag: str
    now: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Alerts over time for a chart: ``starts`` are the beginnings of steps of ``step``, ``series`` maps what is shown
    (a country's name) to one number for each; the last is "others" where there are any. An alert counts for the
    country that it names most, so that the numbers of a step add up to its alerts. ``severities`` maps the same names
    to how many alerts there were of each :class:`~bot.model.Severity`, from info to critical."""

    starts: tuple[datetime, ...]
    step: timedelta
    series: Mapping[str, tuple[int, ...]]
    severities: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """A period in one page. ``about`` says the filters in words (empty: everything); ``stories`` are those that are
    shown of ``total``; ``coverage`` says which sources were down; ``note`` what a reader should know besides (a missed
    time, a language model that did not answer). ``model`` names the language model that wrote sentences, if one did."""

    since: datetime
    until: datetime
    about: str
    alerts: int
    articles: int
    total: int
    stories: tuple[Told, ...]
    countries: tuple[Count, ...]
    rules: tuple[Count, ...]
    coverage: str
    timeline: Timeline
    note: str = ""
    model: str = ""
