"""The values that travel from stage to stage.

``Source → Fetched → Item → Article → Annotation → Match → Story → Alert → Message → Receipt``

All are frozen; sequences are tuples; every time is aware and in UTC. Offsets count code points of
``Article.body`` (title, a line break, text; only the text where there is no title) and are half-open.
``Annotation`` stands in :mod:`bot.entities.annotate`, next to the code that can make one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.polling.cadence import Cadence
from bot.websub.offer import Offer


class Severity(IntEnum):
    """How much an alert matters; ordered, so that ``max`` and ``>=`` say what they seem to say."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """The name as it stands in YAML: ``high``."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """``high`` → ``Severity.HIGH``. Raises ``ValueError`` on any other word."""
        try:
            return cls[word.upper()] if word.islower() else cls[""]
        except KeyError:
            raise ValueError(f"severity is one of {', '.join(s.word for s in cls)}, not {word!r}") from None


@dataclass(frozen=True, slots=True)
class Source:
    """A place that news comes from, as configured.

    ``url`` is what is polled. ``every`` is the wanted interval; with ``bounds`` (least, most) the interval follows the
    source's own rhythm within them, and ``every`` is where it begins. ``full_text``: the page of each new item is read,
    too. ``options`` holds the keys that only one kind of source knows. ``origin`` is ``yaml`` or ``chat``. ``lang`` is
    a language code when the editor declared one.
    """

    id: str
    url: str
    kind: str = "feed"
    title: str = ""
    tags: tuple[str, ...] = ()
    every: timedelta = timedelta(minutes=10)
    lang: str | None = None
    enabled: bool = True
    origin: str = "yaml"
    options: Mapping[str, object] = field(default_factory=dict)
    full_text: bool = False
    bounds: tuple[timedelta, timedelta] | None = None

    @property
    def name(self) -> str:
        """What people see: the title, or the id where there is none."""
        return self.title or self.id

    @property
    def shortest(self) -> timedelta:
        """The shortest interval that it may be polled at."""
        return self.bounds[0] if self.bounds else self.every


@dataclass(frozen=True, slots=True)
class HttpState:
    """What is sent back to be polite, byte for byte as it was received."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body that came back. ``content`` is decoded (no gzip) and within the cap; header names are lower case."""

    source_id: str
    url: str  # after redirects
    status: int
    headers: Mapping[str, str]
    content: bytes
    fetched_at: datetime
    state: HttpState = HttpState()
    moved_to: str | None = None  # where a 301 or 308 chain pointed, if the first hop was permanent
    elapsed_s: float = 0.0
    known: bytes = b""  # marks of the items that an earlier answer had (see bot.sources.delta)


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server said 304: nothing new, which is a success."""

    source_id: str
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    state: HttpState = HttpState()
    elapsed_s: float = 0.0
    moved_to: str | None = None  # as in Fetched


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed, as the publisher gave it. ``title`` and ``text`` are plain text: no tags, no entities.

    ``url`` is absolute http(s) or empty. ``published`` is ``None`` for a missing or unreadable date.
    """

    guid: str
    url: str = ""
    title: str = ""
    text: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    lang: str | None = None
    categories: tuple[str, ...] = ()
    image: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a body held: its items in the publisher's order, and what the feed says about itself."""

    items: tuple[Item, ...]
    title: str = ""
    lang: str | None = None
    format: str = ""  # "rss 2.0", "atom 1.0", "json feed 1.1", ...
    note: str = ""  # what was wrong with it and survived, e.g. "broken XML, read by the lenient parser"
    cadence: Cadence = field(default_factory=Cadence)  # how often it wants to be read
    marks: bytes = field(default=b"", compare=False)  # of all its items, for the next answer's ``Fetched.known``
    skipped: int = 0  # items that were left out, since an earlier answer had them
    offer: Offer | None = None  # the hubs that tell of new items (WebSub)


class TextFrom(StrEnum):
    """Where the text of an article was read."""

    FEED = "feed"  # what the source itself gave: a summary, a full text, or nothing but a headline
    PAGE = "page"  # the article's own page


@dataclass(frozen=True, slots=True)
class Article:
    """An item made ready for the rules: cleaned, dated, with an identity of its own.

    ``key`` is stable over guid churn and tracking parameters (see :mod:`bot.articles.extract`). ``published`` is never
    in the future of ``fetched_at``; ``dated`` says whether the publisher gave a usable date. ``content_hash`` is over
    the words that the source gave, also where ``text`` was read from the page. ``text_note`` says why a page that was
    wanted did not give the text, or not all of it.
    """

    key: str
    source_id: str
    guid: str
    url: str
    title: str
    text: str
    published: datetime
    fetched_at: datetime
    dated: bool = True
    canonical_url: str = ""
    content_hash: str = ""
    author: str = ""
    lang: str | None = None
    image: str = ""
    source_name: str = ""
    source_tags: tuple[str, ...] = ()
    text_from: TextFrom = TextFrom.FEED
    text_note: str = ""

    @property
    def body(self) -> str:
        """The text that rules see and offsets count in."""
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of an article that was edited. ``number`` counts from 1, the version that was read first; ``at`` is
    when this one was read."""

    article_key: str
    number: int
    at: datetime
    title: str
    text: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Revised:
    """An edit: the article as it is stored, and as its source shows it now.

    Both have the same ``key``, ``source_id`` and ``published``; ``after.fetched_at`` is when the edit was read.
    """

    before: Article
    after: Article


class MentionKind(StrEnum):
    """How a text named an entity."""

    NAME = "name"
    DEMONYM = "demonym"
    CAPITAL = "capital"
    CITY = "city"
    REGION = "region"  # a state, province or other part of a country
    LEADER = "leader"
    METONYM = "metonym"
    GROUP = "group"  # armed forces and groups tied to a state
    DATELINE = "dateline"  # says where the piece was written, not what it is about


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that was resolved to an entity id (a country code such as ``KP``).

    ``origin`` names the data it came from (``"geonames"``, ``"entities/data/leaders.tsv, as of 2026-08"``);
    ``reason`` says why this reading was chosen where the words alone were ambiguous.
    """

    text: str
    start: int
    end: int
    entity: str
    kind: MentionKind
    origin: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span that takes part in satisfying a rule. ``condition`` names the leaf as written in the YAML; ``listed`` is
    the list that a name stands on, with its day and version (``OFAC SDN, 2026-11-20``)."""

    text: str
    start: int
    end: int
    condition: str
    entity: str | None = None
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fired on an article, and why."""

    rule_id: str
    title: str
    severity: Severity
    tags: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    channels: tuple[str, ...] = ()  # channels that the rule names itself, besides the routes
    shadow: bool = False  # the rule is on trial: nothing is posted


@dataclass(frozen=True, slots=True)
class Story:
    """What several articles tell about. ``reason`` says how the article came to be in it; ``copied``: by the words of
    an earlier one, so that it is no source of its own."""

    id: str
    is_new: bool
    reason: str
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """What a team should hear: one article that made at least one rule fire.

    ``countries`` are the codes worth showing, most mentioned first.
    """

    id: str
    article: Article
    story: Story
    matches: tuple[Match, ...]
    countries: tuple[str, ...]
    created_at: datetime

    @property
    def severity(self) -> Severity:
        """The highest severity among the rules that fired."""
        return max(m.severity for m in self.matches)

    @property
    def tags(self) -> frozenset[str]:
        """The tags of all rules that fired."""
        return frozenset(t for m in self.matches for t in m.tags)


class MuteKind(StrEnum):
    """What a mute silences; its ``value`` is the id of a rule, a story or a source, a country code, or a term."""

    RULE = "rule"
    STORY = "story"
    SOURCE = "source"
    COUNTRY = "country"
    TERM = "term"


@dataclass(frozen=True, slots=True)
class Mute:
    """Somebody wants to hear no more of something for a while. ``channel`` of ``None`` means everywhere,
    ``expires_at`` of ``None`` until it is removed. ``author`` is written like ``slack.default:U123 (name)``."""

    id: int
    kind: MuteKind
    value: str
    channel: str | None
    created_at: datetime
    expires_at: datetime | None
    author: str
    comment: str = ""


class HoldReason(StrEnum):
    """Why an alert was not sent at once. What is held comes in a digest; nothing is dropped."""

    CATCH_UP = "catch_up"  # the first poll of its source
    MUTED = "muted"
    LANGUAGE = "language"  # the channel reads other languages
    REGION = "region"  # the channel looks at other countries
    CORROBORATION = "corroboration"  # its rule wants more independent sources
    INHIBITED = "inhibited"  # another rule of the story silences its own
    DIGEST = "digest"  # the channel takes digests only
    QUIET = "quiet"  # quiet hours
    THROTTLED = "throttled"  # its rule had enough alerts here
