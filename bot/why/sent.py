"""What was decided about an article, what holds it, where it was sent, and what followed; and the sentence that sums
the whole answer up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.message import DeliveryKind, DeliveryState
from bot.model import HoldReason, Mute, Revision, Source
from bot.noise.base import Verdict
from bot.people import Feedback, Opinion
from bot.record import FOLDED, Post, Record
from bot.store.noise_port import DecisionRow, Held
from bot.store.sources_port import SourceStatus
from bot.why.report import Mark, Outcome, RuleVerdict, Stage
from bot.words import ago, counted, few, moment, quoted

NEAR = 0.5  # distance below which a rule is near: more than half of what it asks for is there
POSTS_SHOWN = 12
_FIRST = frozenset({DeliveryKind.ALERT.value, DeliveryKind.DIGEST.value})
_COUNTED_IN = frozenset({Verdict.UPDATE.value, Verdict.TOLD.value})  # added to a story that was told, nothing posted


@dataclass(frozen=True, slots=True)
class Around:
    """What else is known of the article: its source as configured and as it fares, its versions, the votes on it, what
    was decided on each channel, what holds it, and the mutes that may be meant by that. ``namesakes`` counts older
    articles that go by what was asked for."""

    source: Source | None = None
    status: SourceStatus | None = None
    revisions: tuple[Revision, ...] = ()
    votes: tuple[Feedback, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    holds: tuple[Held, ...] = ()  # that still hold it
    mutes: tuple[Mute, ...] = ()
    namesakes: int = 0


def decided(decisions: Sequence[DecisionRow], tz: tzinfo) -> Iterable[Stage]:
    """By channel, what was decided and when; a decision may be followed by another (held, then released)."""
    channels: dict[str, list[DecisionRow]] = {}
    for row in decisions:
        channels.setdefault(row.channel, []).append(row)
    for channel, rows in channels.items():
        *before, last = rows
        where = f"on {channel}: " if channel else ""
        lines = tuple(f"before, {moment(r.at, tz)}: {r.reason}" for r in before)
        yield Stage("decided", Mark.NOTE, f"{where}{last.reason} ({moment(last.at, tz)})", lines)


def held(around: Around, now: datetime, tz: tzinfo) -> Iterable[Stage]:
    for one in around.holds:
        until = f"until {moment(one.release_at, tz)} ({ago(one.release_at, now)})" if one.release_at else "for now"
        yield Stage(
            "held",
            Mark.WAITS,
            f"on {one.channel} {until} by {_holder(one, around.mutes)}",
            (f"since {moment(one.held_at, tz)}; then it comes in a digest",),
        )


def _holder(one: Held, mutes: Sequence[Mute]) -> str:
    """What holds it; of a mute also who set it, and what they said."""
    what = f"{_reason(one)} ({one.by})" if one.by else _reason(one)
    mute = next((m for m in mutes if one.reason is HoldReason.MUTED and str(m.id) in one.by.split()), None)
    if mute is None:
        return what
    return f"{what}, set by {mute.author}" + (f": {mute.comment}" if mute.comment else "")


def delivered(record: Record, around: Around, now: datetime, tz: tzinfo) -> Iterable[Stage]:
    """Where it went: as an alert, in a digest, as an answer to the alert of its story; or why nowhere."""
    found = [_post_stage(p, record.posts, now, tz) for p in _first_posts(record.own_posts)]
    found += [_answer_stage(p, now, tz) for p in record.answers]
    if found or around.holds:
        return found
    told = _told_places(record, around)
    if told:
        why = "" if record.alert else "; no rule fires on it, and it counts as one more report"
        return [
            Stage("sent", Mark.STOPPED, f"not again on {p.channel}: {_told_by(record, p)}{why}", _when(p, tz), p.url)
            for p in told
        ]
    if record.alert is None:
        return [Stage("sent", Mark.STOPPED, "to no channel, since no rule fired when it came")]
    old = [d.reason for d in around.decisions if d.verdict == Verdict.OLD]
    nowhere = ("no route leads anywhere for these rules, or it was older than max_age",)
    return [Stage("sent", Mark.STOPPED, "to no channel", tuple(dict.fromkeys(old)) or nowhere)]


def _told_places(record: Record, around: Around) -> tuple[Post, ...]:
    """The first posts about its story by other articles, where it could have been one. An article without an alert is
    concerned only where something was decided about it: its story may have been told later."""
    posts = _first_posts(record.posts)
    if record.alert is not None:
        return posts
    counted_in = {d.channel for d in around.decisions if d.verdict in _COUNTED_IN}
    return tuple(p for p in posts if p.channel in counted_in)


def _first_posts(posts: Iterable[Post]) -> tuple[Post, ...]:
    """By channel the one that told of it first."""
    found: dict[str, Post] = {}
    for post in posts:
        if post.kind in _FIRST:
            found.setdefault(post.channel, post)
    return tuple(found.values())


def _struck(post: Post, posts: Sequence[Post], tz: tzinfo) -> str:
    """``, struck through at 12:40: killed by its agency``: that a post does not stand any more, and since when; empty
    for one that does. A digest is not rewritten: it shows what had fallen when it was made."""
    if post.retracted:
        return f", struck through: {post.retracted}" if post.sent_at else f", struck through ({post.retracted})"
    later = [p for p in posts if p.kind == DeliveryKind.UPDATE and p.retracted and p.channel == post.channel]
    update = next((p for p in later if p.article_key == post.article_key), None)
    if update is None or post.sent_at is None:
        return ""
    if update.sent_at is not None:
        return f", struck through at {moment(update.sent_at, tz)}: {update.retracted}"
    if update.state in (DeliveryState.PARKED, DeliveryState.DROPPED):
        return f", withdrawn, though the post could not be struck through: {update.retracted}"
    return f", to be struck through: {update.retracted}"


def _post_stage(post: Post, posts: Sequence[Post], now: datetime, tz: tzinfo) -> Stage:
    digest = f" in the digest {quoted(post.title)}" if post.title else ""
    if post.sent_at is not None:
        verdict = f"to {post.channel}{digest}{_struck(post, posts, tz)}"
        return Stage("sent", Mark.PASSED, verdict, _when(post, tz), post.url)
    tries = f"tried {counted(post.attempts, 'time')}" if post.attempts else "not tried yet"
    lines = tuple(line for line in (tries, post.error and f"last error: {post.error}") if line)
    if post.state == DeliveryState.PARKED:
        hint = "`wirewatch deliveries retry` sends it once the reason is mended"
        return Stage("sent", Mark.STOPPED, f"{post.channel} refused it", (*lines, hint))
    again = f", next try {ago(post.not_before, now)}" if post.not_before and post.not_before > now else ""
    return Stage("sent", Mark.WAITS, f"waits for {post.channel}{digest}{again}", lines)


def _answer_stage(post: Post, now: datetime, tz: tzinfo) -> Stage:
    aloud = ", shown in the channel as well" if post.kind == DeliveryKind.RAISE else ""
    where = f"as an answer in the thread of its story on {post.channel}{aloud}"
    if post.sent_at is not None:
        return Stage("sent", Mark.PASSED, where, _when(post, tz), post.url)
    error = (f"last error: {post.error}",) if post.error else ()
    if post.state in (DeliveryState.PARKED, DeliveryState.DROPPED):
        return Stage("sent", Mark.STOPPED, f"not sent {where}: {post.state}", error)
    return Stage("sent", Mark.WAITS, f"waits to go out {where}", error)


def _told_by(record: Record, post: Post) -> str:
    """Which article of the story a channel heard of."""
    by = next((m for m in record.members if m.key == post.article_key), None)
    return f"its story was told there by {quoted(by.title)} ({by.source})" if by else "its story was told there already"


def _when(post: Post, tz: tzinfo) -> tuple[str, ...]:
    return (f"at {moment(post.sent_at, tz)}",) if post.sent_at else ()


def followed(record: Record, tz: tzinfo) -> Iterable[Stage]:
    """What came after the first post: edits of it and replies to it."""
    posts = {p.key: p for p in record.posts}.values()  # one post may tell of several alerts
    later = [p for p in posts if p.kind not in _FIRST and p.kind != DeliveryKind.NOTICE]
    if not later:
        return []
    lines = [
        f"{p.kind} on {p.channel}, {moment(p.sent_at or p.created_at, tz)} ({p.state}){f'  {p.url}' if p.url else ''}"
        for p in later
    ]
    if len(lines) > POSTS_SHOWN:
        lines[POSTS_SHOWN:] = [f"and {len(lines) - POSTS_SHOWN} more"]
    return [
        Stage(
            "followed", Mark.PASSED, f"by {counted(len(later), 'update or reply', 'updates and replies')}", tuple(lines)
        )
    ]


def feedback(votes: Sequence[Feedback], tz: tzinfo) -> Iterable[Stage]:
    if not votes:
        return []
    useful = sum(v.verdict is Opinion.USEFUL for v in votes)
    lines = tuple(f"{v.verdict.value} by {v.person}, {moment(v.at, tz)}" for v in votes)
    return [Stage("feedback", Mark.NOTE, f"{useful} useful, {len(votes) - useful} noise", lines)]


def answer(record: Record, around: Around, rules: Sequence[RuleVerdict], tz: tzinfo) -> str:
    """The one sentence."""
    posts = _first_posts(record.own_posts)
    parts = [
        *(f"{_told(p, tz)}{_struck(p, record.posts, tz)}" for p in posts),
        *(_answered(p, tz) for p in record.answers),
    ]
    parts += [_waiting(h, tz) for h in around.holds]
    if parts:
        return "; ".join((parts[0], *(part[:1].lower() + part[1:] for part in parts[1:])))
    told = _told_places(record, around)
    if told:
        struck = _struck(told[0], record.posts, tz)
        return f"No alert of its own: on {few([p.channel for p in told])} {_told_by(record, told[0])}{struck}"
    if record.alert is None:
        return _silent(rules)
    if around.decisions:
        return f"No alert: {'; '.join(dict.fromkeys(d.reason for d in around.decisions))}"
    return "It fired a rule, but was sent nowhere: no route leads anywhere, or it was too old"


def _silent(rules: Sequence[RuleVerdict]) -> str:
    """Of an article on which no rule fired."""
    fired = [r.rule_id for r in rules if r.outcome is Outcome.FIRED and not r.trial]
    if fired:
        return f"No alert: no rule fired when it came; as the rules are now, {few(fired)} would"
    trial = [r.rule_id for r in rules if r.outcome is Outcome.FIRED]
    if trial:
        return f"No alert: it fires {few(trial)} only, which is on trial (mode: shadow)"
    nearest = next((r for r in rules if r.distance < NEAR), None)
    near = f"; nearest is {nearest.rule_id}: {nearest.gist}" if nearest else ", and none is near"
    return f"No alert: none of {counted(len(rules), 'rule')} fires{near}"


def _answered(post: Post, tz: tzinfo) -> str:
    if post.sent_at is None:
        return f"An answer in the thread of its story on {post.channel}: {post.state}"
    return f"Sent as an answer in the thread of its story on {post.channel} at {moment(post.sent_at, tz)}"


def _waiting(one: Held, tz: tzinfo) -> str:
    until = f" until {moment(one.release_at, tz)}" if one.release_at else ""
    return f"Held on {one.channel}{until}: {_reason(one)}"


def _reason(one: Held) -> str:
    return "quiet hours" if one.reason is HoldReason.QUIET else one.reason.value.replace("_", " ")


def _told(post: Post, tz: tzinfo) -> str:
    digest = " in a digest" if post.kind == DeliveryKind.DIGEST or post.state == FOLDED else ""
    if post.sent_at is not None:
        return f"Alerted on {post.channel}{digest} at {moment(post.sent_at, tz)}"
    if post.state == DeliveryState.PARKED:
        return f"Not alerted on {post.channel}: it refused the message ({post.error})"
    return f"Not on {post.channel} yet: it waits for delivery"
