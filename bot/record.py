"""What the store holds about one article, from the poll that brought it to what people said of it.

Values only; :mod:`bot.store.queries.record` reads them, :mod:`bot.why` makes sense of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model import Article, Match, Severity

MEMBERS_MAX = 20  # other articles of a story that a record lists; the rest is counted
POSTS_MAX = 60  # posts that a record lists, of the article's own story
FOLDED = "folded"  # the state of a post that went out inside a digest
NEAREST_MAX = 5  # addresses shown where the one asked for is not known


@dataclass(frozen=True, slots=True)
class Address:
    """An article as one asks for it. ``given`` is what was typed; ``canonical`` is empty where that is no web address
    (a guid); ``key`` is the identity that an article of that address has, or had before its purge."""

    given: str
    canonical: str
    key: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The alert of an article: what fired at the time."""

    id: str
    severity: Severity
    countries: tuple[str, ...]
    created_at: datetime
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired on another article, with the channels that it names itself."""

    rule_id: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """Another article of the story. ``reason`` says how it came to be in it, ``fired`` which rules did on it."""

    key: str
    title: str
    url: str
    source: str
    fetched_at: datetime
    reason: str
    fired: tuple[Fired, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A delivery about an article of the story. ``state`` is a :class:`~bot.message.DeliveryState` or ``folded`` (it
    went out inside a digest, whose receipt this is). ``kind`` is a :class:`~bot.message.DeliveryKind`. ``about`` is the
    address of the report that an answer in a thread tells of; empty for other kinds. ``retracted`` is why this post
    shows the article's alert struck through, empty where it does not."""

    article_key: str
    key: str
    channel: str
    kind: str
    title: str  # of a digest; empty otherwise
    state: str
    created_at: datetime
    attempts: int
    not_before: datetime | None
    error: str
    sent_at: datetime | None
    url: str
    ref: str
    about: str = ""
    retracted: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything about one article. ``members`` are the other articles of its story in the order in which they came,
    ``founder`` the first of all unless it is this one, ``posts`` those of the whole story; ``shadow`` the rules on
    trial that found something."""

    article: Article
    story_id: str
    story_reason: str
    members: tuple[Member, ...]
    members_total: int
    founder: Article | None
    alert: Raised | None
    shadow: tuple[str, ...]
    posts: tuple[Post, ...]

    @property
    def own_posts(self) -> tuple[Post, ...]:
        """Those about this very article."""
        return tuple(p for p in self.posts if p.article_key == self.article.key)

    @property
    def answers(self) -> tuple[Post, ...]:
        """Answers in threads that tell of this article; each once, though it may count for several alerts."""
        own = (p for p in self.posts if p.about and p.about == self.article.url)
        return tuple({p.key: p for p in own}.values())


@dataclass(frozen=True, slots=True)
class Nearest:
    """An article whose address is close to one that is not known."""

    url: str
    title: str
    source_id: str
    source: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What the store knows under an address: the keys of its articles, newest first; whether one was there and has been
    purged; and, where there is none, its neighbours."""

    keys: tuple[str, ...]
    purged: bool = False
    nearest: tuple[Nearest, ...] = ()
