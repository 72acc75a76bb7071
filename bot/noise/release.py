"""When what is held comes out, and what the digest then says. Pure.

Holds end when their time has come: quiet hours and throttles end, a digest's cron fires, a mute expires or is removed,
the first round of polls is over, nobody confirmed a report within its window. What is due on a channel comes in one
digest. Alerts whose story was told there meanwhile are counted in it and not listed: the post of the story shows them.
Those whose story was told before they were held are listed with what they add.
During quiet hours no digest goes out, unless something in it is loud enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.follow.standing import fallen, outgrown
from bot.follow.thread import Thread
from bot.message import DeliveryKind, Digest, DigestLine, HeldCount
from bot.model import Alert, HoldReason, Match, Mute
from bot.noise.base import Context, Hold, Pass, Stage, Verdict
from bot.noise.hours import quiet_until
from bot.noise.mutes import muted
from bot.noise.policy import Policy
from bot.noise.stages import corroborated, inhibited
from bot.render import delivery_key, digest_line, in_order, seen_on
from bot.store.noise_port import DecisionRow, Held
from bot.words import counted

Route = Callable[[tuple[Match, ...]], Mapping[str, tuple[Match, ...]]]
FIRST_ROUND_MAX = timedelta(minutes=10)  # a source that never answers does not hold up what the others brought
LINES_MAX = 500  # that a digest carries; its total counts all
ADDS_MAX = 4  # pieces of news of one line, as of one answer

_TITLES = {
    HoldReason.CATCH_UP: "Catching up",
    HoldReason.DIGEST: "Digest",
    HoldReason.QUIET: "From the quiet hours",
    HoldReason.THROTTLED: "More of what came often",
    HoldReason.MUTED: "What was muted",
    HoldReason.CORROBORATION: "Not confirmed by others",
    HoldReason.INHIBITED: "Silenced by other rules",
    HoldReason.LANGUAGE: "Outside this channel's filters",
    HoldReason.REGION: "Outside this channel's filters",
}
_WORDS = {
    HoldReason.CATCH_UP: "new when {by} was first read",
    HoldReason.DIGEST: "waited for this digest",
    HoldReason.QUIET: "in quiet hours ({by})",
    HoldReason.THROTTLED: "over the limit of {by}",
    HoldReason.MUTED: "muted ({by})",
    HoldReason.CORROBORATION: "not confirmed by other sources ({by})",
    HoldReason.INHIBITED: "silenced by {by}",
    HoldReason.LANGUAGE: "in another language ({by})",
    HoldReason.REGION: "about other countries ({by})",
}
_FILTERS = frozenset({HoldReason.LANGUAGE, HoldReason.REGION})
_BRIEF = "Outside this channel's languages and regions"
BY_MAX = 3  # sources, mutes or rules that the words for a reason name


@dataclass(frozen=True, slots=True)
class Released:
    """What is due on a channel: the digest, or ``None`` where all of it was told meanwhile."""

    held: tuple[Held, ...]
    digest: Digest | None
    alert_ids: tuple[str, ...]
    decisions: tuple[DecisionRow, ...]


def due(
    held: Sequence[Held], mutes: Sequence[Mute], policy: Policy, now: datetime, *, first_round_open: bool
) -> Mapping[str, tuple[Held, ...]]:
    """What has been held long enough, by channel."""
    in_force = {f"mute {m.id}" for m in mutes}
    found: dict[str, list[Held]] = {}
    for one in held:
        if _is_due(one, in_force, now, first_round_open=first_round_open):
            found.setdefault(one.channel, []).append(one)
    return {channel: tuple(here) for channel, here in found.items()}


def _is_due(one: Held, mutes: frozenset[str] | set[str], now: datetime, *, first_round_open: bool) -> bool:
    match one.reason:
        case HoldReason.MUTED:
            return one.by not in mutes
        case HoldReason.CATCH_UP:
            return not first_round_open or now - one.held_at >= FIRST_ROUND_MAX
        case _:
            return one.release_at is None or one.release_at <= now


def release(
    channel: str,
    held: Sequence[Held],
    alerts: Iterable[Alert],
    threads: Mapping[str, Thread],
    mutes: tuple[Mute, ...],
    policy: Policy,
    now: datetime,
    coverage: str,
    route: Route,
) -> Released | None:
    """The digest of what is due on a channel; ``None`` if it must wait. What another mute covers by now stays held.
    ``route`` gives the matches that lead to each channel; where it knows nothing of this one, all of them do."""
    whole = {alert.id: _routed(seen_on(alert, channel), channel, route) for alert in alerts}
    context = Context(policy, mutes)
    here = tuple(
        one
        for one in held
        if one.alert_id in whole and not isinstance(muted(whole[one.alert_id], channel, context, now), Hold)
    )
    if not here:
        return None
    by_id = {
        one.alert_id: _unsilenced(whole[one.alert_id], one, _thread(threads, whole[one.alert_id]), context, now)
        for one in here
    }
    loudest = max(by_id[one.alert_id].severity for one in here)
    if quiet_until(policy.quiet, channel, loudest, now) is not None:
        return None
    told = {one.id for one in here if not one.adds and channel in _thread(threads, by_id[one.alert_id]).told}
    listed = [one for one in here if one.id not in told]
    lines = _lines(listed, by_id, threads, policy)
    digest = _digest(channel, here, lines, len(told), now, coverage) if lines else None
    decisions = tuple(_decision(one, by_id[one.alert_id], one.id in told, digest, now) for one in here)
    return Released(here, digest, tuple(one.alert_id for one in here), decisions)


def _routed(alert: Alert, channel: str, route: Route) -> Alert:
    """The alert as the channel would have had it: without rules that lead elsewhere."""
    matches = route(alert.matches).get(channel, ())
    return replace(alert, matches=matches) if matches else alert


_SILENCING: tuple[Stage, ...] = (muted, inhibited, corroborated)  # those that take single matches out of an alert


def _unsilenced(alert: Alert, one: Held, thread: Thread, context: Context, now: datetime) -> Alert:
    """The alert without the matches that would not have been posted with it. What is held because *all* of them were
    silenced keeps them: they are what it is about."""
    known = replace(context, independent=thread.independent(context.policy.owners), fired=thread.fired)
    for silencing in _SILENCING:
        answer = silencing(alert, one.channel, known, one.held_at if silencing is inhibited else now)
        if isinstance(answer, Pass):
            alert = answer.alert
    return alert


def _thread(threads: Mapping[str, Thread], alert: Alert) -> Thread:
    return threads.get(alert.story.id) or Thread(alert.story.id)


def _lines(
    held: Sequence[Held], alerts: Mapping[str, Alert], threads: Mapping[str, Thread], policy: Policy
) -> tuple[DigestLine, ...]:
    """One line for each story, under the title of its gravest rule; what filters held comes last, in brief."""
    by_story: dict[tuple[bool, str], list[Alert]] = {}
    adds: dict[str, list[str]] = {}
    silenced = {one.alert_id for one in held if one.reason is HoldReason.INHIBITED}
    for one in sorted(held, key=lambda h: (h.held_at, h.id)):
        alert = alerts[one.alert_id]
        by_story.setdefault((one.reason in _FILTERS, alert.story.id), []).append(alert)
        adds.setdefault(alert.story.id, []).extend(one.adds)
    shown = {story_id for brief, story_id in by_story if not brief}
    lines = []
    for (brief, story_id), group in by_story.items():
        if brief and story_id in shown:
            continue
        lead, retracted = _lead(group, silenced)
        sources = _thread(threads, lead).independent(policy.owners)
        rule = max(lead.matches, key=lambda m: m.severity, default=None)
        heading = _BRIEF if brief else ((rule.title or rule.rule_id) if rule else "")
        line = digest_line(
            lead,
            group=heading,
            reports=sum(len(group) for (_, other), group in by_story.items() if other == story_id),
            sources=max(sources, 1),
            brief=brief,
            retracted=retracted,
            adds=tuple(dict.fromkeys(adds[story_id]))[-ADDS_MAX:],
        )
        lines.append(line)
    return in_order(lines)


def _lead(group: Sequence[Alert], silenced: Collection[str]) -> tuple[Alert, str]:
    """The alert that stands for its story, and why it is struck through, if all of its reports were withdrawn: the
    gravest, the earliest among equals, of those that nobody withdrew or corrected, nor told of more dead than they.
    One of which another rule of the story ``silenced`` all leads only where there is no other."""
    came = sorted(group, key=lambda a: (a.article.fetched_at, a.article.published, a.id))
    gone = fallen([alert.article for alert in came])
    old = outgrown([alert.article for alert in came])
    stand = [n for n in range(len(came)) if n not in gone]
    places = [n for n in stand if n not in old] or stand or [n for n in gone if not gone[n].notice] or [*gone]
    places = [n for n in places if came[n].id not in silenced] or places
    lead = min(places, key=lambda n: (-came[n].severity, came[n].article.published, came[n].id))
    return came[lead], gone[lead].withdrawn if lead in gone else ""


def _digest(
    channel: str, held: Sequence[Held], lines: tuple[DigestLine, ...], told: int, now: datetime, coverage: str
) -> Digest:
    counts = _counts(held)
    reasons = {one.reason for one in held}
    titles = {_TITLES[reason] for reason in reasons}
    title = titles.pop() if len(titles) == 1 else "What was held back"
    ids = "\x1e".join(f"{one.id} {one.held_at.isoformat()}" for one in held)  # an edit may be held where it was before
    return Digest(
        key=delivery_key(f"held\x1e{ids}", channel, DeliveryKind.DIGEST),
        title=title,
        reason=_reason(counts, told),
        lines=lines[:LINES_MAX],
        total=len(lines),
        created_at=now,
        counts=counts,
        told=told,
        coverage=coverage,
    )


def _reason(counts: Sequence[HeldCount], told: int) -> str:
    """``9 alerts: 6 in quiet hours (22:00 to 07:00 UTC), 3 muted (mute 7); 2 of them told meanwhile ...``: the head of
    a digest counts stories, of which each may have several alerts."""
    alerts = counted(sum(count.count for count in counts), "alert")
    whys = [f"{count.count} {count.words}" for count in counts]
    text = f"{alerts} {counts[0].words}" if len(counts) == 1 else f"{alerts}: {', '.join(whys)}"
    return f"{text}; {told} of them told meanwhile in the posts of their stories" if told else text


def _counts(held: Sequence[Held]) -> tuple[HeldCount, ...]:
    """Exact numbers by reason, in the order of the reasons."""
    found = []
    for reason in HoldReason:
        group = [one for one in held if one.reason is reason]
        if group:
            by = list(dict.fromkeys(one.by for one in group))
            more = f" and {len(by) - BY_MAX} more" if len(by) > BY_MAX else ""
            words = _WORDS[reason].format(by=", ".join(by[:BY_MAX]) + more)
            found.append(HeldCount(reason, words, len(group)))
    return tuple(found)


def _decision(one: Held, alert: Alert, told: bool, digest: Digest | None, now: datetime) -> DecisionRow:
    if told or digest is None:
        verdict, text = Verdict.TOLD, f"was held ({one.reason.value}: {one.by}); its story was told here meanwhile"
    else:
        verdict, text = Verdict.DIGEST, f"was held ({one.reason.value}: {one.by}); in the digest “{digest.title}”"
    return DecisionRow(alert.id, alert.article.key, one.channel, verdict.value, text, now)
