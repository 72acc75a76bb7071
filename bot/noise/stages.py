"""The noise controls that need no module of their own. Each says why it holds something."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.duration import show as show_duration
from bot.model import Alert, Article, HoldReason
from bot.noise.base import Answer, Context, Hold, Pass, Rest

SHOWN_MAX = 5  # languages or countries that a reason lists


def is_old(article: Article, now: datetime, max_age: timedelta | None, first_poll: bool) -> bool:
    """Whether an article is too old to alert. What a first poll brings without a date counts as old, as it may be
    from any year; later, an item that was not there before is new. ``max_age`` of ``None`` lifts the limit."""
    if max_age is None:
        return False
    if not article.dated:
        return first_poll
    return now - article.published > max_age


def fresh(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """Old articles are no news. They are not held either: a digest would not make them newer."""
    if not is_old(alert.article, now, context.max_age, context.first_poll):
        return Pass(alert)
    if not alert.article.dated:
        return Rest("without a date on the first poll of its source: may be from any year")
    days = (now - alert.article.published) / timedelta(days=1)
    return Rest(f"published {days:.1f} days before it was read, older than max_age")


def catch_up(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """What a first poll brings comes in one digest, when every source has had its first poll."""
    if not context.first_poll or context.max_age is None:
        return Pass(alert)
    name = alert.article.source_name or alert.article.source_id
    return Hold(HoldReason.CATCH_UP, alert.article.source_id, None, f"the first poll of {name}: comes in one digest")


def language(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """A channel that reads some languages hears of articles in others by the digest. One whose language nobody can
    tell passes."""
    wanted = context.policy.of(channel).languages
    if not wanted:
        return Pass(alert)
    found = context.language(alert.article)
    if found is None or found.partition("-")[0].lower() in wanted:
        return Pass(alert)
    text = f"in {found}; this channel reads {_some(wanted)}"
    return Hold(HoldReason.LANGUAGE, found, context.policy.next_digest(channel, now), text)


def region(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """A channel that looks at some countries hears of others by the digest. An article that names none passes."""
    wanted = context.policy.of(channel).regions
    if not wanted or not alert.countries or not wanted.isdisjoint(alert.countries):
        return Pass(alert)
    text = f"about {_some(alert.countries)}; this channel looks at {_some(wanted)}"
    return Hold(HoldReason.REGION, _some(alert.countries), context.policy.next_digest(channel, now), text)


def inhibited(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """A rule that fired in the story silences others there; their matches are taken out of an alert that has more."""
    fired = {**context.fired, **{m.rule_id: now for m in alert.matches}}
    silenced: dict[str, tuple[str, datetime]] = {}
    for inhibition in context.policy.inhibitions:
        since = fired.get(inhibition.rule)
        if since is None or since + inhibition.within <= now:
            continue
        for rule_id in inhibition.silences - {inhibition.rule}:
            silenced[rule_id] = max(
                silenced.get(rule_id, (inhibition.rule, since)),
                (inhibition.rule, since + inhibition.within),
                key=lambda found: found[1],
            )
    left = tuple(m for m in alert.matches if m.rule_id not in silenced)
    if left or not alert.matches:
        return Pass(alert if len(left) == len(alert.matches) else replace(alert, matches=left))
    by, until = max((silenced[m.rule_id] for m in alert.matches), key=lambda found: found[1])
    return Hold(HoldReason.INHIBITED, by, until, f"the rule {by} fired in this story and silences it")


def corroborated(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """A rule may want several independent sources; its match waits for them."""
    demands = context.policy.demands
    waiting = {
        m.rule_id: demand
        for m in alert.matches
        if (demand := demands.get(m.rule_id)) is not None and demand.independent > context.independent
    }
    left = tuple(m for m in alert.matches if m.rule_id not in waiting)
    if left or not alert.matches:
        return Pass(alert if len(left) == len(alert.matches) else replace(alert, matches=left))
    rule_id, demand = min(waiting.items(), key=lambda found: (found[1].independent, found[0]))
    has = "1 independent source" if context.independent == 1 else f"{context.independent} independent sources"
    text = f"{has} of {demand.independent} that {rule_id} wants"
    until = now + max(d.within for d in waiting.values())
    return Hold(HoldReason.CORROBORATION, rule_id, until, text)


def digest_only(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """A channel may take digests, and at once only what is severe."""
    times = context.policy.of(channel).digest
    if times is None or (times.at_once is not None and alert.severity >= times.at_once):
        return Pass(alert)
    until = times.cron.after(now, times.zone)
    text = f"this channel takes digests; the next is at {until.astimezone(times.zone):%Y-%m-%d %H:%M} {times.zone.key}"
    return Hold(HoldReason.DIGEST, times.cron.text, until, text)


def throttled(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """A rule that had its number of alerts here waits until the window is over; an alert goes out as long as one of
    its rules has not."""
    held: dict[str, tuple[datetime, str]] = {}
    for match in alert.matches:
        for throttle in context.policy.throttles:
            if not throttle.covers(match.rule_id, channel):
                continue
            times = [t for t in context.sent.get((match.rule_id, channel), ()) if now - t < throttle.per]
            if len(times) >= throttle.most:
                until = times[-throttle.most] + throttle.per
                count = "1 alert" if len(times) == 1 else f"{len(times)} alerts"
                within = show_duration(throttle.per)
                text = f"{match.rule_id} had {count} here within {within}; its limit is {throttle.most}"
                held[match.rule_id] = max(held.get(match.rule_id, (until, text)), (until, text))
    left = tuple(m for m in alert.matches if m.rule_id not in held)
    if left or not alert.matches:
        return Pass(alert if len(left) == len(alert.matches) else replace(alert, matches=left))
    rule_id = max(held, key=lambda found: held[found])
    until, text = held[rule_id]
    return Hold(HoldReason.THROTTLED, rule_id, until, text)


def _some(words: frozenset[str] | tuple[str, ...]) -> str:
    listed = sorted(words) if isinstance(words, frozenset) else list(words)
    more = len(listed) - SHOWN_MAX
    return ", ".join(listed[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
