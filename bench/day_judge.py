"""What a bot made of the simulated day, held against what the generator knows.

Counted is what stands in the channels at the end: every post is found by the delivery key that it carries, and every
delivery leads to the article that it tells of. Nothing is taken from the bot's word that could be looked up.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.day_world import Day, Kind, Piece
from bench.simulate import Hold, Post, Stage
from bot.message import DeliveryKind, Digest, Message
from bot.store.articles_port import StoredStory
from bot.store.outbox_port import Delivery
from bot.web.urls import canonical

Match = Callable[[Piece], bool]
_LOUDER = re.compile(r"^Severity is now|independent sources have it now$")
ANSWERS = (DeliveryKind.REPLY, DeliveryKind.RAISE)


@dataclass(frozen=True)
class Grouping:
    """How well the bot's stories are those of the day. ``split``: stories that became several; ``mixed``: the bot's
    stories that hold articles of several; ``strays``: articles in them that belong elsewhere. ``f1`` is B-cubed over
    all articles."""

    stories: int
    split: int
    mixed: int
    strays: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass
class Channel:
    """What one channel shows. Stories are those of the day."""

    posts: int = 0
    alerts: int = 0
    digests: int = 0
    answers: int = 0
    raises: int = 0
    updates: int = 0
    once: list[str] = field(default_factory=list)
    several: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)  # told within the alert of another story only
    wrong: list[str] = field(default_factory=list)  # nobody asked for them
    idle: list[str] = field(default_factory=list)  # answers without a new fact
    again: list[str] = field(default_factory=list)  # alerts about a story that was told, without a new fact
    edits: int = 0  # answers that tell how an article was edited
    facts_due: int = 0
    facts_told: int = 0
    doubled: int = 0  # deliveries that stand there twice
    unseen: int = 0  # deliveries that the bot holds for done and the channel does not show
    held: int = 0  # alerts that did not go out at once
    held_digest: int = 0  # of these, in a digest that the channel shows
    held_thread: int = 0  # let out since the story was told otherwise meanwhile

    @property
    def lost(self) -> int:
        """Held alerts that neither a digest nor another post of their story shows."""
        return self.held - self.held_digest - self.held_thread


@dataclass(frozen=True)
class Verdict:
    """The whole day."""

    articles: int
    read: int
    matching: int
    due: int
    grouping: Grouping
    channels: Mapping[str, Channel]


def judge(day: Day, stage: Stage, matches: Match) -> Verdict:
    """``matches`` says whether a rule asks for a piece."""
    stored = stage.store.recent_stories(day.pieces[0].published.replace(year=2000))
    piece_of = {one.article_key: piece for one in stored if (piece := day.by_url.get(one.canonical_url))}
    asked = {key: matches(piece) for key, piece in piece_of.items()}
    due = {piece_of[key].story for key, yes in asked.items() if yes}
    sent = stage.sent()
    posts = stage.posts()
    channels = {}
    for name in ("desk", "intel"):
        here = [d for d in sent if d.channel == name]
        channels[name] = _channel(day, name, here, [p for p in posts if p.channel == name], piece_of, due, stored)
        _held(channels[name], [h for h in stage.holds() if h.channel == name], here, posts)
    return Verdict(
        articles=len(day.pieces),
        read=len(piece_of),
        matching=sum(asked.values()),
        due=len(due),
        grouping=grouping(stored, piece_of),
        channels=channels,
    )


def _held(found: Channel, holds: Sequence[Hold], sent: Sequence[Delivery], posts: Sequence[Post]) -> None:
    shown = {key for post in posts for key in post.keys}
    digests = {d.payload.key for d in sent if isinstance(d.payload, Digest)} & shown
    found.held = len(holds)
    found.held_digest = sum(h.key in digests for h in holds)
    found.held_thread = sum(h.out and not h.key for h in holds)


def grouping(stored: Sequence[StoredStory], piece_of: Mapping[str, Piece]) -> Grouping:
    """B-cubed: for each article the share of its bot story that is of its true one, and the other way round."""
    ours = {one.article_key: one.story_id for one in stored if one.article_key in piece_of}
    true = {key: piece_of[key].story for key in ours}
    both = Counter((ours[key], true[key]) for key in ours)
    in_ours, in_true = Counter(ours.values()), Counter(true.values())
    parts: dict[str, set[str]] = defaultdict(set)
    mixed: dict[str, Counter[str]] = defaultdict(Counter)
    for key in ours:
        parts[true[key]].add(ours[key])
        mixed[ours[key]][true[key]] += 1
    impure = [counts for counts in mixed.values() if len(counts) > 1]
    whole = len(ours) or 1
    return Grouping(
        stories=len(in_true),
        split=sum(len(found) > 1 for found in parts.values()),
        mixed=len(impure),
        strays=sum(counts.total() - counts.most_common(1)[0][1] for counts in impure),
        precision=sum(both[ours[k], true[k]] / in_ours[ours[k]] for k in ours) / whole,
        recall=sum(both[ours[k], true[k]] / in_true[true[k]] for k in ours) / whole,
    )


def _alerts(delivery: Delivery) -> tuple[str, ...]:
    """The alerts that a post tells of; their ids are the keys of their articles."""
    if isinstance(delivery.payload, Message):
        return (delivery.payload.alert_id,)
    return tuple(line.alert_id for line in delivery.payload.lines) if isinstance(delivery.payload, Digest) else ()


def _channel(
    day: Day,
    name: str,
    sent: Sequence[Delivery],
    posts: Sequence[Post],
    piece_of: Mapping[str, Piece],
    due: set[str],
    stored: Sequence[StoredStory],
) -> Channel:
    found = Channel(posts=len(posts))
    seen = Counter(key for post in posts for key in post.keys)
    told: Counter[str] = Counter()
    known: dict[str, frozenset[str]] = {}  # by story, what the alerts here told of it
    for delivery in sorted(sent, key=lambda d: d.id):
        count = seen[delivery.payload.key]
        if delivery.kind is DeliveryKind.UPDATE:
            found.updates += 1
            continue
        found.unseen += count == 0
        found.doubled += count > 1
        if delivery.kind in ANSWERS:
            found.answers += 1
            found.raises += delivery.kind is DeliveryKind.RAISE
            continue
        found.alerts += delivery.kind is DeliveryKind.ALERT
        found.digests += delivery.kind is DeliveryKind.DIGEST
        for story in {piece_of[a].story for a in _alerts(delivery) if a in piece_of}:
            told[story] += 1
        for piece in (piece_of[a] for a in _alerts(delivery) if a in piece_of):
            if piece.story in known and piece.facts <= known[piece.story]:
                found.again.append(f"{piece.story} {piece.outlet}: {piece.title}")
            known[piece.story] = known.get(piece.story, frozenset()) | piece.facts
    found.once = sorted(s for s in due if told[s] == 1)
    found.several = {s: n for s, n in sorted(told.items()) if n > 1}
    found.wrong = sorted(s for s in told if s not in due)
    untold = {s for s in due if not told[s]}
    companions = {one.story_id for one in stored if one.article_key in piece_of and one.channels}
    found.inside = sorted(
        {piece_of[o.article_key].story for o in stored if o.story_id in companions and o.article_key in piece_of}
        & untold
    )
    found.missed = sorted(untold - set(found.inside))
    _facts(day, found, sent, posts, piece_of, _facts_before(stored, piece_of, name))
    return found


def _facts(
    day: Day,
    found: Channel,
    sent: Sequence[Delivery],
    posts: Sequence[Post],
    piece_of: Mapping[str, Piece],
    before: Mapping[str, frozenset[str]],
) -> None:
    """Whether every answer brings a new fact, and every later number of a story that was told is told. ``before``: by
    piece the facts that stood in its bot story since that was told here."""
    words: dict[str, list[str]] = defaultdict(list)
    text_of = {key: str(post.raw) for post in posts for key in post.keys}
    for delivery in sent:
        for alert in _alerts(delivery):
            if alert in piece_of:
                words[piece_of[alert].story].append(text_of.get(delivery.payload.key, ""))
        if delivery.kind not in ANSWERS or not isinstance(delivery.payload, Message):
            continue
        piece = day.by_url.get(canonical(delivery.payload.url))
        if piece is None:
            continue
        words[piece.story].append(text_of.get(delivery.payload.key, ""))
        if delivery.kind is DeliveryKind.RAISE or piece.kind in (Kind.CORRECTION, Kind.RETRACTION):
            continue
        if any(news.startswith("Edited") for news in delivery.payload.news):
            found.edits += 1
            continue
        if any(_LOUDER.search(news) for news in delivery.payload.news):
            continue  # worth showing in the channel, had quiet hours or a throttle not said otherwise
        if _facts_of(piece) <= before.get(piece.id, frozenset()):
            found.idle.append(f"{piece.story} {piece.outlet}: {piece.title} | {'; '.join(delivery.payload.news)}")
    for story, event in day.events.items():
        if story not in found.once:
            continue
        said = {fact for p in piece_of.values() if p.story == story for fact in p.facts}
        for _, number in event.numbers[1:]:
            if f"n={number}" in said:
                found.facts_due += 1
                found.facts_told += any(f"{number}" in text for text in words[story])


def _facts_of(piece: Piece) -> frozenset[str]:
    """Its facts, each with its story: the bot may hold several for one."""
    return frozenset(f"{piece.story} {fact}" for fact in piece.facts)


def _facts_before(
    stored: Sequence[StoredStory], piece_of: Mapping[str, Piece], channel: str
) -> dict[str, frozenset[str]]:
    """By piece what the bot's story held before it, in the order of reading, from the article on that was told."""
    known: dict[str, frozenset[str]] = {}
    found: dict[str, frozenset[str]] = {}
    for one in stored:
        piece = piece_of.get(one.article_key)
        if piece is None:
            continue
        if one.story_id in known:
            found[piece.id] = known[one.story_id]
            known[one.story_id] |= _facts_of(piece)
        elif channel in one.channels:
            known[one.story_id] = _facts_of(piece)
    return found
