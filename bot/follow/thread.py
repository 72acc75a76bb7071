"""What a story is to those who were told of it: its reports, and what each channel has. Values only, from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.follow.novelty import Facts
from bot.follow.origin import independent
from bot.message import Message, SourceLink
from bot.model import Alert, Severity
from bot.store.noise_port import Held

NO_FACTS = Facts()
ALSO_MAX = 30  # other outlets that a post carries; a channel shows fewer


@dataclass(frozen=True, slots=True)
class Marks:
    """What is kept of a report besides its text. ``credit`` is the agency that it is by; ``copied``: the text or the
    headline of an earlier report; ``facts`` is there once somebody was told of the story; ``countries`` are the codes
    of those that it is about."""

    credit: str = ""
    copied: bool = False
    facts: Facts | None = None
    countries: tuple[str, ...] = ()


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Report:
    """An article of a story."""

    key: str
    source_id: str
    source_name: str
    url: str
    published: datetime
    credit: str = ""
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel was told of a story. ``key`` is the delivery that later ones follow: the story's alert, or the
    digest that listed it (``message`` is ``None`` then). ``message`` is the alert as it stands after its last update.
    ``severity`` is the highest shown here, ``following`` how many deliveries followed."""

    channel: str
    key: str
    alert_id: str
    article_key: str
    severity: Severity
    message: Message | None
    following: int = 0


@dataclass(frozen=True, slots=True)
class Thread:
    """Everything that deciding about the next article of a story needs. ``reports`` are oldest first; ``fired`` is when
    each rule last fired in the story; ``held`` are its alerts that wait, and ``waiting`` those of them that wait for
    other sources."""

    story_id: str
    reports: tuple[Report, ...] = ()
    facts: Facts = NO_FACTS
    told: Mapping[str, Told] = field(default_factory=dict)  # by channel
    fired: Mapping[str, datetime] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    waiting: tuple[Alert, ...] = ()

    @property
    def live(self) -> bool:
        """Whether anybody was told, or will be."""
        return bool(self.told or self.held)

    def grown(self, report: Report) -> Thread:
        """With one more report, and nothing else new. Spelled out, since nearly every article comes by here."""
        reports = (*self.reports, report)
        return Thread(self.story_id, reports, self.facts, self.told, self.fired, self.held, self.waiting)

    def knows(self, key: str) -> bool:
        return any(report.key == key for report in self.reports)

    def independent(self, owners: Mapping[str, str]) -> int:
        return independent(self.reports, owners)

    def also(self, but: str) -> tuple[SourceLink, ...]:
        """The other outlets, each with its latest report, newest last; without the article that the post is about and
        others of its outlet."""
        mine = next((r.source_id for r in self.reports if r.key == but), None)
        latest = {r.source_name or r.source_id: r for r in self.reports if r.key != but and r.source_id != mine}
        links = sorted(latest.values(), key=lambda r: (r.published, r.key))
        return tuple(SourceLink(r.source_name or r.source_id, r.url, r.published) for r in links[-ALSO_MAX:])
