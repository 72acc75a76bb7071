"""``sources``, ``add`` and ``status``: how the feeds and the bot itself are doing."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from bot import duration
from bot.commands.desk import Desk
from bot.commands.reply import (
    Block,
    Line,
    Link,
    Reply,
    Tone,
    When,
    bold,
    bullets,
    code,
    done,
    line,
    paragraph,
    pieces,
    refused,
    small,
)
from bot.commands.request import Progress, Request
from bot.errors import SourceError
from bot.model import Source
from bot.roster.admin import Change, make
from bot.roster.admin import add as keep
from bot.roster.state import OUT, SourceState
from bot.store.sources_port import SourceStatus
from bot.summary.words import number
from bot.websub.words import describe

LISTED = 15  # sources
DAY = timedelta(days=1)
ERROR_MAX = 200  # characters
_TROUBLED = (*OUT, SourceState.SLOW, SourceState.MOVED)


async def sources(desk: Desk, request: Request, tell: Progress) -> Reply:
    """How many are in which state and which of them need a look; or one source."""
    wanted = request.get("id")
    known = desk.sources
    statuses = {s.source_id: s for s in await desk.store.read(lambda s: s.source_statuses()) if s.source_id in known}
    if wanted:
        mine = [one for one in await desk.store.read(lambda s: s.subscriptions()) if one.source_id == wanted]
        return _one(known[wanted], statuses.get(wanted), describe(mine, desk.clock(), desk.zone))
    states = Counter(str(s.state) for s in statuses.values())
    counted = ", ".join(f"{n:,} {state}" for state, n in states.most_common())
    troubled = [s for s in statuses.values() if s.state in _TROUBLED]
    troubled.sort(key=lambda s: (s.state not in OUT, s.last_success is not None, s.source_id))
    blocks: list[Block] = [paragraph(counted or "None was polled yet")]
    if troubled:
        blocks.append(bullets(_trouble_line(known[s.source_id], s) for s in troubled[:LISTED]))
    if len(troubled) > LISTED:
        blocks.append(small(f"{len(troubled) - LISTED} more have trouble."))
    blocks.append(small(code("/wire sources ID"), " says more of one; ", code("/wire add URL"), " adds one."))
    return Reply(number(len(known), "source"), tuple(blocks))


def _trouble_line(source: Source, status: SourceStatus) -> Line:
    why = status.reason or status.error
    return line(
        bold(source.name), "  ", code(source.id), f"  {status.state}",
        f": {why[:ERROR_MAX]}" if why else "",
        *(pieces(" · last good poll ", When(status.last_success)) if status.last_success else []),
    )  # fmt: skip


def _one(source: Source, status: SourceStatus | None, push: str | None) -> Reply:
    """``push`` is the line on its subscription at a hub."""
    facts: list[Line] = [line(Link(source.url, source.url), f" · {source.kind}, every {duration.show(source.every)}")]
    if status is None:
        facts.append(line("Not polled yet"))
        return Reply(source.name, (paragraph(*facts), small(code(source.id))))
    why = status.reason or status.error
    facts.append(
        line(
            "State: ", bold(str(status.state)), f" — {why[:ERROR_MAX]}" if why else "",
            *(pieces(" since ", When(status.since)) if status.since else []),
        )
    )  # fmt: skip
    if status.interval is not None:
        reason = f" ({status.interval_reason})" if status.interval_reason else ""
        facts.append(line(f"Asked every {duration.show(status.interval)} now{reason}"))
    if push is not None:
        facts.append(line(f"Push: {push}"))
    for word, at in (
        ("Last poll", status.last_poll),
        ("Last good poll", status.last_success),
        ("Next", status.next_poll_at),
    ):
        if at is not None:
            facts.append(line(f"{word}: ", When(at)))
    if status.latest_item is not None:
        facts.append(line("Newest item: ", When(status.latest_item)))
    if status.url_in_use:
        facts.append(line("Moved to ", Link(status.url_in_use, status.url_in_use)))
    facts.append(line(f"{status.items_total:,} items so far"))
    tags = f" · tags: {', '.join(source.tags)}" if source.tags else ""
    added = " · added from chat" if source.origin == "chat" else ""
    return Reply(source.name, (paragraph(*facts), small(code(source.id), f"{tags}{added}")))


async def status(desk: Desk, request: Request, tell: Progress) -> Reply:
    """Whether all is well, in a few lines."""
    trouble, lines = await condition(desk)
    title = "Something is wrong" if trouble else "All is well"
    return Reply(title, (paragraph(*lines),), Tone.REFUSED if trouble else Tone.DONE)


async def condition(desk: Desk) -> tuple[bool, list[Line]]:
    """Whether there is trouble, and the facts: for ``status`` and the App Home."""
    now = desk.clock()
    health = desk.health()
    counts = await desk.store.read(lambda s: s.counts())
    statuses = await desk.store.read(lambda s: s.source_statuses())
    mutes = await desk.store.read(lambda s: s.mutes(now))
    hits = await desk.store.read(lambda s: s.rule_hits(now - DAY))
    out = sorted(s.source_id for s in statuses if s.state in OUT and s.source_id in desk.sources)
    waiting, parked = counts.get("deliveries.waiting", 0), counts.get("deliveries.parked", 0)
    lines: list[Line] = []
    if health.trouble:
        lines.append(line(bold(f"Not polling: {health.trouble}")))
    lines.append(
        line(
            f"{number(len(desk.book().ruleset.rules), 'rule')}, {number(len(desk.sources), 'source')}, "
            f"{number(counts.get('articles', 0), 'article')} stored"
        )
    )
    lines.append(line(f"{number(sum(h.count for h in hits if not h.shadow), 'rule hit')} since yesterday"))
    if health.last_poll:
        lines.append(line("Last poll ", When(health.last_poll), ", running since ", When(health.started)))
    if out:
        more = f" and {len(out) - 5} more" if len(out) > 5 else ""
        lines.append(line(f"Sources that bring nothing: {', '.join(out[:5])}{more}"))
    lines.append(
        line(f"{number(waiting, 'post')} to be sent" + (f", {parked:,} were refused and are parked" if parked else ""))
    )
    lines.append(line(f"{number(len(mutes), 'mute')} in force" if mutes else "Nothing is muted"))
    return bool(health.trouble or parked), lines


async def add(desk: Desk, request: Request, tell: Progress) -> Reply:
    """Find the feed behind an address and poll it from now on."""
    given = request.get("url")
    await tell(f"Looking for a feed at {given}")
    now = desk.clock()
    try:
        found = await desk.discover(given)
    except ValueError as error:
        return refused("That cannot be added", paragraph(str(error)))
    except SourceError as error:
        return refused("That address cannot be read", paragraph(error.text))
    if not found:
        return refused(
            "Nothing to poll was found there", paragraph("There is no feed and no sitemap; give a feed's own address.")
        )
    best, others = found[0], found[1:]
    source = make(best.url, desk.sources, kind=best.kind, title=best.title)
    change = Change(request.who.written, request.where.written, now)
    await desk.store.run(lambda s: keep(s, source, change))
    await desk.on_sources()
    more = [bullets(line("also there: ", Link(o.title or o.url, o.url)) for o in others[:3])] if others else []
    return done(
        f"Added {source.name}",
        paragraph(line(Link(best.url, best.url), f" · {best.format}, {best.items} items; {best.how}")),
        *more,
        small("What it holds now comes in one digest. ", code(f"/wire sources {source.id}"), " says how it does."),
    )
