"""What the App Home shows: how the bot does, what is muted, the busiest rules, the newest alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta

from bot.commands.changing import in_force, mute_line
from bot.commands.desk import Desk
from bot.commands.reply import Reply, Tone, bullets, code, entries, line, paragraph, small
from bot.commands.sources import TROUBLE, WELL, condition
from bot.commands.stories import alert_entry, latest_stories
from bot.summary.words import number

TOP_RULES = 5
MUTES = 5
ALERTS = 8
WEEK = timedelta(days=7)


async def home(desk: Desk, audience: Collection[str]) -> tuple[Reply, ...]:
    """Its parts, top to bottom, for somebody with these delivery channels."""
    now = desk.clock()
    trouble, facts = await condition(desk, audience)
    mutes, names = await in_force(desk, audience)
    hits = await desk.store.read(lambda s: s.rule_hits(now - WEEK))
    alerts = await desk.store.read(lambda s: latest_stories(s, now - 4 * WEEK, ALERTS, audience))
    titles = {rule.id: rule.title for rule in desk.rules(audience)}
    told = desk.told_of(audience)
    count: Counter[str] = Counter()
    for hit in hits:
        if not hit.shadow and told(hit.rule_id):
            count[hit.rule_id] += hit.count
    more = f"{len(mutes) - MUTES} more. " if len(mutes) > MUTES else ""
    return (
        Reply(
            TROUBLE if trouble else WELL,
            (paragraph(*facts),),
            Tone.PLAIN if trouble else Tone.DONE,
        ),
        Reply(
            "Muted now",
            (
                bullets(mute_line(m, names) for m in mutes[:MUTES]),
                small(more, code("/wire mutes"), " lists them, ", code("/wire unmute NUMBER"), " ends one."),
            )
            if mutes
            else (paragraph("Nothing."),),
        ),
        Reply(
            "Busiest rules of the week",
            (
                bullets(
                    line(f"{titles.get(rule, rule)}  ", code(rule), f"  {number(n, 'hit')}")
                    for rule, n in count.most_common(TOP_RULES)
                ),
            )
            if count
            else (paragraph("None fired yet."),),
        ),
        Reply(
            "Latest alerts",
            (
                entries(alert_entry(alert, earlier) for alert, earlier in alerts),
                small("In any channel: ", code("/wire latest"), ", ", code("/wire summary"), ", ", code("/wire help")),
            )
            if alerts
            else (paragraph("None yet."),),
        ),
    )
