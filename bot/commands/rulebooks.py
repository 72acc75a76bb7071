"""``rules``: all of them with their record, or one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta

from bot import people
from bot.commands.desk import Desk
from bot.commands.reply import (
    Block,
    Entry,
    Heading,
    Link,
    Mark,
    Reply,
    When,
    bullets,
    code,
    entries,
    line,
    paragraph,
    small,
)
from bot.commands.request import Progress, Request
from bot.model import MuteKind
from bot.people import Opinion
from bot.render import headline_of, source_of
from bot.rules.model import Rule
from bot.summary.words import number

BACK = timedelta(days=7)
FEEDBACK_BACK = timedelta(days=90)
LISTED = 15  # rules
SAMPLES = 3  # articles


async def rules(desk: Desk, request: Request, tell: Progress) -> Reply:
    """The busiest rules of a week, or one rule with its record."""
    wanted = request.get("id")
    found = {rule.id: rule for rule in desk.rules(request.audience)}
    if wanted:
        return await _one(desk, found[wanted], request.audience)
    now = desk.clock()
    hits = await desk.store.read(lambda s: s.rule_hits(now - BACK))
    count: Counter[str] = Counter()
    for hit in hits:
        count[hit.rule_id] += hit.count
    ranked = sorted(found.values(), key=lambda r: (-count[r.id], -r.severity, r.id))
    items = [
        Entry(line(
            Mark(r.severity), f" {r.title}  ", code(r.id), f" · {number(count[r.id], 'hit')}",
            "" if r.enabled else " · off", " · on trial" if r.shadow else "",
        ))
        for r in ranked[:LISTED]
    ]  # fmt: skip
    more = f"{number(len(ranked) - LISTED, 'more rule')}. " if len(ranked) > LISTED else ""
    return Reply(
        f"{number(len(found), 'rule')}, the busiest of the last 7 days first",
        (entries(items), small(more, code("/wire rules ID"), " says more about one.")),
    )


async def _one(desk: Desk, rule: Rule, audience: Collection[str]) -> Reply:
    now = desk.clock()
    hits = await desk.store.read(lambda s: s.rule_hits(now - timedelta(days=30)))
    samples = await desk.store.read(lambda s: s.samples(rule.id, SAMPLES))
    votes = [v for v in await desk.store.read(lambda s: s.feedback(now - FEEDBACK_BACK)) if rule.id in v.rule_ids]
    mutes = desk.mutes(await desk.store.read(lambda s: s.mutes(now)), audience)
    muted = [m for m in mutes if (m.kind, m.value) == (MuteKind.RULE, rule.id)]
    days = {h.day: h.count for h in hits if h.rule_id == rule.id}
    week = sum(n for day, n in days.items() if now.date() - day < BACK)
    useful = sum(v.verdict is Opinion.USEFUL for v in votes)
    state = "off" if not rule.enabled else "on trial: counted, not posted" if rule.shadow else "in force"
    where = "Made in chat" if people.is_watch(rule.id) else f"{rule.place.file}:{rule.place.line}"
    blocks: list[Block] = [
        paragraph(
            line(Mark(rule.severity), f" {rule.severity.word} · {state} · ", code(rule.id)),
            line(f"{number(week, 'hit')} in 7 days, {sum(days.values()):,} in 30"),
            line(
                f"{number(useful, 'vote')} useful, {len(votes) - useful:,} noise in 90 days"
                if votes
                else "No votes on its alerts yet"
            ),
            *([line(f"Tags: {', '.join(rule.tags)}")] if rule.tags else []),
            line(f"Goes to {', '.join(rule.channels)}" if rule.channels else "Goes where the routes say"),
        )
    ]
    for mute in muted:
        blocks.append(
            small(
                f"Muted by {mute.author} ",
                *(["until ", When(mute.expires_at)] if mute.expires_at else ["until it is removed"]),
                f" (mute {mute.id})",
            )
        )
    if samples:
        blocks.append(Heading("Newest hits"))
        blocks.append(
            bullets(
                line(
                    Link(headline_of(s.article), s.article.url),
                    f"  {source_of(s.article)} · ",
                    When(s.article.published),
                )
                for s in samples
            )
        )
    blocks.append(small("Written in " if not people.is_watch(rule.id) else "", where))
    return Reply(rule.title, tuple(blocks))
