"""What the App Home shows: how the bot does, what is muted, the busiest rules, the newest alerts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from bot.commands.changing import mute_line
from bot.commands.desk import Desk
from bot.commands.reply import Reply, Tone, bullets, code, line, paragraph, small
from bot.commands.sources import condition
from bot.commands.stories import alert_line

TOP_RULES = 5
MUTES = 5
ALERTS = 8
WEEK = timedelta(days=7)


async def home(desk: Desk) -> tuple[Reply, ...]:
    """Its parts, top to bottom."""
    now = desk.clock()
    trouble, facts = await condition(desk)
    mutes = await desk.store.read(lambda s: s.mutes(now))
    hits = await desk.store.read(lambda s: s.rule_hits(now - WEEK))
    alerts = await desk.store.read(lambda s: s.latest_alerts(now - 4 * WEEK, ALERTS))
    titles = {rule.id: rule.title for rule in desk.book().ruleset.rules}
    count: Counter[str] = Counter()
    for hit in hits:
        if not hit.shadow:
            count[hit.rule_id] += hit.count
    more = f"{len(mutes) - MUTES} more: " if len(mutes) > MUTES else "End one: "
    return (
        Reply(
            "Something is wrong" if trouble else "All is well",
            (paragraph(*facts),),
            Tone.PLAIN if trouble else Tone.DONE,
        ),
        Reply(
            "Muted now",
            (bullets(mute_line(m) for m in mutes[:MUTES]), small(more, code("/wire mutes")))
            if mutes
            else (paragraph("Nothing."),),
        ),
        Reply(
            "Busiest rules of the week",
            (
                bullets(
                    line(f"{titles.get(rule, rule)}  ", code(rule), f"  {n:,}")
                    for rule, n in count.most_common(TOP_RULES)
                ),
            )
            if count
            else (paragraph("None fired yet."),),
        ),
        Reply(
            "Latest alerts",
            (bullets(alert_line(a) for a in alerts), small(code("/wire latest"), " and ", code("/wire help")))
            if alerts
            else (paragraph("None yet."),),
        ),
    )
