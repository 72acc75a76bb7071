"""The answer for an article that is stored: its stages, and the sentence that sums them up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.entities.facts import country_name
from bot.flags import flag
from bot.message import DeliveryKind, DeliveryState
from bot.model import HoldReason, Mute, Revision, Source, TextFrom
from bot.people import Feedback, Opinion
from bot.pipeline import subject
from bot.record import FOLDED, Post, Record
from bot.rules.match import Analysis, Engine
from bot.store.noise_port import DecisionRow, Held
from bot.store.sources_port import SourceStatus
from bot.why.absent import source_line
from bot.why.report import Mark, Outcome, RuleVerdict, Stage, WhyReport
from bot.why.verdicts import verdicts
from bot.words import ago, counted, few, moment, quoted, span

NEAR_MISSES = 3  # rules that did not fire, shown without being asked for
NEAR = 0.5  # distance below which a rule is near: more than half of what it asks for is there
MEMBERS_SHOWN = 8
COUNTRIES_SHOWN = 8
POSTS_SHOWN = 12
_FIRST = frozenset({DeliveryKind.ALERT.value, DeliveryKind.DIGEST.value})


@dataclass(frozen=True, slots=True)
class Around:
    """What else is known of the article: its source as configured and as it fares, its versions, the votes on it, what
    was decided on each channel, what holds it, and the mutes that may be meant by that."""

    source: Source | None = None
    status: SourceStatus | None = None
    revisions: tuple[Revision, ...] = ()
    votes: tuple[Feedback, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    holds: tuple[Held, ...] = ()  # that still hold it
    mutes: tuple[Mute, ...] = ()


def why(record: Record, around: Around, engine: Engine, now: datetime, tz: tzinfo, *, asked: str = "") -> WhyReport:
    """Everything about one article. ``tz`` is that of the times in the answer."""
    article = record.article
    analysis = engine.analyse(subject(article))
    rules = verdicts(analysis, record)
    stages = (
        _fetched(record, around, now, tz),
        _text(record, around.revisions, tz),
        _language(record, analysis),
        _entities(analysis),
        _rules(record, rules, around.revisions),
        _story(record, engine, analysis, tz),
        *_decided(around.decisions, tz),
        *_held(around, now, tz),
        *_delivered(record, around, now, tz),
        *_followed(record, tz),
        *_feedback(around.votes, tz),
    )
    return WhyReport(
        asked=asked or article.url,
        found=True,
        answer=_answer(record, around, rules, tz),
        headline=article.title or article.text[:120],
        url=article.url,
        source=article.source_name or article.source_id,
        stages=stages,
        rules=rules,
    )


def _fetched(record: Record, around: Around, now: datetime, tz: tzinfo) -> Stage:
    article = record.article
    name = article.source_name or article.source_id
    lines = []
    if article.dated:
        late = article.fetched_at - article.published
        lines.append(f"published {moment(article.published, tz)}, {span(late)} before it was read")
    else:
        lines.append("its publisher gave no usable date: it counts from when it was read")
    if article.canonical_url and article.canonical_url != article.url:
        lines.append(f"counts as {article.canonical_url}")
    if article.guid and article.guid != article.url:
        lines.append(f"guid {article.guid}")
    if around.source is not None:
        lines.append(f"the source now: {source_line(around.source, around.status, now, tz)}")
    else:
        lines.append(f"the source {article.source_id} is configured no longer")
    verdict = f"{moment(article.fetched_at, tz)} ({ago(article.fetched_at, now)}) from {name}"
    return Stage("fetched", Mark.PASSED, verdict, tuple(lines))


def _text(record: Record, revisions: Sequence[Revision], tz: tzinfo) -> Stage:
    article = record.article
    lines = []
    if article.text_note:
        lines.append(article.text_note)
    if len(revisions) > 1:
        lines.append(f"edited {counted(len(revisions) - 1, 'time')}; rules below judge the text as it is now:")
        lines += [f"version {r.number}, {moment(r.at, tz)}: {quoted(r.title or r.text)}" for r in revisions]
    if not article.text:
        return Stage("text", Mark.NOTE, "a headline only: the feed gave no text to look at", tuple(lines))
    size = f"{counted(len(article.text.split()), 'word')}, {len(article.text):,} characters"
    where = "the full text, read from its page" if article.text_from is TextFrom.PAGE else "what the feed gave"
    title = "title and " if article.title else "no title, only "
    return Stage("text", Mark.PASSED, f"rules saw {title}{where} ({size})", tuple(lines))


def _language(record: Record, analysis: Analysis) -> Stage:
    declared = record.article.lang
    if declared:
        return Stage("language", Mark.PASSED, f"{declared}, as its source says")
    told = analysis.engine.language(analysis.text.body)
    return Stage("language", Mark.PASSED, f"{told}, told from the text" if told else "not known: too little text")


def _entities(analysis: Analysis) -> Stage:
    lines = []
    for code in analysis.countries[:COUNTRIES_SHOWN]:
        mentions = [m for m in analysis.mentions if m.entity == code]
        words = dict.fromkeys(f"{m.text} ({m.kind.value})" for m in mentions)
        lines.append(f"{flag(code)} {country_name(code)}: {few(list(words))}".strip())
    if not lines:
        return Stage("entities", Mark.NOTE, "no country is named")
    return Stage(
        "entities", Mark.PASSED, f"names {counted(len(analysis.countries), 'country', 'countries')}", tuple(lines)
    )


def _rules(record: Record, rules: Sequence[RuleVerdict], revisions: Sequence[Revision]) -> Stage:
    fired = [r for r in rules if r.outcome is Outcome.FIRED]
    live = [r for r in fired if not r.trial]
    lines = [f"{r.rule_id} ({r.severity}{', on trial' if r.trial else ''}) {r.reason}" for r in fired]
    others = [r for r in rules if r.outcome is not Outcome.FIRED]
    near = [r for r in others if r.distance < NEAR][:NEAR_MISSES]
    lines += [f"not {r.rule_id}: {r.gist}" for r in near]
    if len(others) > len(near):
        lines.append(f"{'and ' if near else ''}{counted(len(others) - len(near), 'other rule')} did not fire")
    lines += changed(record, rules, edited=len(revisions) > 1)
    if live:
        return Stage("rules", Mark.PASSED, f"{len(live)} of {counted(len(rules), 'rule')} fire", tuple(lines))
    trial = f"; {counted(len(fired), 'rule')} on trial does" if fired else ""
    return Stage("rules", Mark.STOPPED, f"none of {counted(len(rules), 'rule')} fires{trial}", tuple(lines))


def changed(record: Record, rules: Sequence[RuleVerdict], *, edited: bool) -> list[str]:
    """What is otherwise than when the article came."""
    then = {m.rule_id for m in record.alert.matches} if record.alert else set()
    known = {r.rule_id for r in rules}
    cause = "the rules, or the text, have changed since" if edited else "the rules have changed since"
    lines = []
    if gone := sorted(r for r in then if r not in known):
        lines.append(f"fired when it came: {few(gone)}, which the rules hold no longer")
    if lost := sorted(r.rule_id for r in rules if r.then and r.outcome is not Outcome.FIRED):
        lines.append(f"fired when it came, and does not now: {few(lost)}; {cause}")
    if won := sorted(r.rule_id for r in rules if not r.then and r.outcome is Outcome.FIRED):
        lines.append(f"fires now, and did not when it came: {few(won)}; {cause}")
    return lines


def _story(record: Record, engine: Engine, analysis: Analysis, tz: tzinfo) -> Stage:
    if not record.story_id:
        return Stage("story", Mark.NOTE, "in no story")
    lines = []
    first = record.founder
    if first is None:
        verdict = f"founded a story: {record.story_reason or 'no earlier article like it'}"
    else:
        name = first.source_name or first.source_id
        verdict = f"joined the story of {quoted(first.title or first.text)} ({name}): {record.story_reason}"
        common = [c for c in analysis.countries if c in engine.analyse(subject(first)).countries]
        if common:
            lines.append(f"both name {few([country_name(c) for c in common])}")
    if record.members:
        lines.append(f"{counted(record.members_total, 'other article')} of it:")
    shown = record.members[:MEMBERS_SHOWN]
    for one in shown:
        told = ", alerted" if one.alerted else ""
        lines.append(f"{moment(one.fetched_at, tz)} {one.source}: {quoted(one.title)}{told}")
    if record.members_total > len(shown):
        lines.append(f"and {record.members_total - len(shown)} more")
    return Stage("story", Mark.PASSED, verdict, tuple(lines))


def _decided(decisions: Sequence[DecisionRow], tz: tzinfo) -> Iterable[Stage]:
    """By channel, what was decided and when; a decision may be followed by another (held, then released)."""
    channels: dict[str, list[DecisionRow]] = {}
    for row in decisions:
        channels.setdefault(row.channel, []).append(row)
    for channel, rows in channels.items():
        *before, last = rows
        where = f"on {channel}: " if channel else ""
        lines = tuple(f"before, {moment(r.at, tz)}: {r.reason}" for r in before)
        yield Stage("decided", Mark.NOTE, f"{where}{last.reason} ({moment(last.at, tz)})", lines)


def _held(around: Around, now: datetime, tz: tzinfo) -> Iterable[Stage]:
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
    what = f"{one.reason.value.replace('_', ' ')} ({one.by})" if one.by else one.reason.value.replace("_", " ")
    mute = next((m for m in mutes if one.reason is HoldReason.MUTED and str(m.id) in one.by.split()), None)
    if mute is None:
        return what
    return f"{what}, set by {mute.author}" + (f": {mute.comment}" if mute.comment else "")


def _delivered(record: Record, around: Around, now: datetime, tz: tzinfo) -> Iterable[Stage]:
    posts = _first_posts(record.own_posts)
    if posts:
        return [_post_stage(p, now, tz) for p in posts]
    if around.holds:
        return []
    if record.alert is None:
        return [Stage("sent", Mark.STOPPED, "to no channel, since no rule fired when it came")]
    told = _first_posts(record.posts)
    if told:
        return [
            Stage("sent", Mark.STOPPED, f"not again on {p.channel}: {_told_by(record, p)}", _when(p, tz), p.url)
            for p in told
        ]
    return [
        Stage(
            "sent",
            Mark.STOPPED,
            "to no channel",
            ("no route leads anywhere for these rules, or it was older than max_age",),
        )
    ]


def _first_posts(posts: Iterable[Post]) -> tuple[Post, ...]:
    """By channel the one that told of it first."""
    found: dict[str, Post] = {}
    for post in posts:
        if post.kind in _FIRST:
            found.setdefault(post.channel, post)
    return tuple(found.values())


def _post_stage(post: Post, now: datetime, tz: tzinfo) -> Stage:
    digest = f" in the digest {quoted(post.title)}" if post.title else ""
    if post.sent_at is not None:
        return Stage("sent", Mark.PASSED, f"to {post.channel}{digest}", _when(post, tz), post.url)
    tries = f"tried {counted(post.attempts, 'time')}" if post.attempts else "not tried yet"
    lines = tuple(line for line in (tries, post.error and f"last error: {post.error}") if line)
    if post.state == DeliveryState.PARKED:
        hint = "`wirewatch deliveries retry` sends it once the reason is mended"
        return Stage("sent", Mark.STOPPED, f"{post.channel} refused it", (*lines, hint))
    again = f", next try {ago(post.not_before, now)}" if post.not_before and post.not_before > now else ""
    return Stage("sent", Mark.WAITS, f"waits for {post.channel}{digest}{again}", lines)


def _told_by(record: Record, post: Post) -> str:
    """Which article of the story a channel heard of."""
    by = next((m for m in record.members if m.key == post.article_key), None)
    return f"its story was told there by {quoted(by.title)} ({by.source})" if by else "its story was told there already"


def _when(post: Post, tz: tzinfo) -> tuple[str, ...]:
    return (f"at {moment(post.sent_at, tz)}",) if post.sent_at else ()


def _followed(record: Record, tz: tzinfo) -> Iterable[Stage]:
    """What came after the first post: edits of it and replies to it."""
    later = [p for p in record.posts if p.kind not in _FIRST and p.kind != DeliveryKind.NOTICE]
    if not later:
        return []
    lines = [f"{p.kind} on {p.channel}, {moment(p.sent_at or p.created_at, tz)} ({p.state})" for p in later]
    if len(lines) > POSTS_SHOWN:
        lines[POSTS_SHOWN:] = [f"and {len(lines) - POSTS_SHOWN} more"]
    return [
        Stage(
            "followed", Mark.PASSED, f"by {counted(len(later), 'update or reply', 'updates and replies')}", tuple(lines)
        )
    ]


def _feedback(votes: Sequence[Feedback], tz: tzinfo) -> Iterable[Stage]:
    if not votes:
        return []
    useful = sum(v.verdict is Opinion.USEFUL for v in votes)
    lines = tuple(f"{v.verdict.value} by {v.person}, {moment(v.at, tz)}" for v in votes)
    return [Stage("feedback", Mark.NOTE, f"{useful} useful, {len(votes) - useful} noise", lines)]


def _answer(record: Record, around: Around, rules: Sequence[RuleVerdict], tz: tzinfo) -> str:
    """The one sentence."""
    posts = _first_posts(record.own_posts)
    waiting = [_waiting(h, tz) for h in around.holds]
    if posts or waiting:
        return "; ".join((*(_told(p, tz) for p in posts), *waiting))
    fired = [r.rule_id for r in rules if r.outcome is Outcome.FIRED and not r.trial]
    if record.alert is None:
        if fired:
            return f"No alert: no rule fired when it came; as the rules are now, {few(fired)} would"
        trial = [r.rule_id for r in rules if r.outcome is Outcome.FIRED]
        if trial:
            return f"No alert: it fires {few(trial)} only, which is on trial (mode: shadow)"
        nearest = next((r for r in rules if r.distance < NEAR), None)
        near = f"; nearest is {nearest.rule_id}: {nearest.gist}" if nearest else ", and none is near"
        return f"No alert: none of {counted(len(rules), 'rule')} fires{near}"
    told = _first_posts(record.posts)
    if told:
        where = few([p.channel for p in told])
        return f"No alert of its own: on {where} {_told_by(record, told[0])}"
    if around.decisions:
        return f"No alert: {'; '.join(dict.fromkeys(d.reason for d in around.decisions))}"
    return "It fired a rule, but was sent nowhere: no route leads anywhere, or it was too old"


def _waiting(one: Held, tz: tzinfo) -> str:
    until = f" until {moment(one.release_at, tz)}" if one.release_at else ""
    return f"Held on {one.channel}{until}: {one.reason.value.replace('_', ' ')}"


def _told(post: Post, tz: tzinfo) -> str:
    digest = " in a digest" if post.kind == DeliveryKind.DIGEST or post.state == FOLDED else ""
    if post.sent_at is not None:
        return f"Alerted on {post.channel}{digest} at {moment(post.sent_at, tz)}"
    if post.state == DeliveryState.PARKED:
        return f"Not alerted on {post.channel}: it refused the message ({post.error})"
    return f"Not on {post.channel} yet: it waits for delivery"
