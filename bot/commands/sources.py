"""``sources``, ``add`` and ``status``: how the feeds and the bot itself are doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

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
from bot.log import redact_url
from bot.model import Source
from bot.roster.admin import Change, make
from bot.roster.admin import add as keep
from bot.roster.state import OUT, SourceState
from bot.roster.words import put_off
from bot.store.sources_port import SourceStatus
from bot.summary.words import number
from bot.websub.words import describe

LISTED = 15  # sources
DAY = timedelta(days=1)
ERROR_MAX = 200  # characters
WELL, TROUBLE = "All is well", "Something needs a look"
_TROUBLED = (*OUT, SourceState.SLOW, SourceState.MOVED)


async def sources(desk: Desk, request: Request, tell: Progress) -> Reply:
    """How many are in which state and which of them need a look; or one source."""
    wanted = request.get("id")
    known = desk.sources
    statuses = {s.source_id: s for s in await desk.store.read(lambda s: s.source_statuses()) if s.source_id in known}
    if wanted:
        now = desk.clock()
        mine = [one for one in await desk.store.read(lambda s: s.subscriptions()) if one.source_id == wanted]
        return _one(known[wanted], statuses.get(wanted), describe(mine, now, desk.zone), now)
    states = Counter(str(s.state) for s in statuses.values())
    counted = ", ".join(f"{n:,} {state}" for state, n in states.most_common())
    if set(states) == {str(SourceState.OK)}:
        unread = len(known) - states.total()
        counted = f"{states.total():,} read without trouble" + (f", {unread:,} not read yet" if unread else "")
    troubled = [s for s in statuses.values() if s.state in _TROUBLED]
    troubled.sort(key=lambda s: (s.state not in OUT, s.last_success is not None, s.source_id))
    blocks: list[Block] = [paragraph(counted or "None has been read yet")]
    if troubled:
        blocks.append(bullets(_trouble_line(known[s.source_id], s) for s in troubled[:LISTED]))
    if len(troubled) > LISTED:
        blocks.append(small(f"{len(troubled) - LISTED:,} more have trouble."))
    blocks.append(small(code("/wire sources ID"), " says more about one; ", code("/wire add URL"), " adds one."))
    return Reply(number(len(known), "source"), tuple(blocks))


def _trouble_line(source: Source, status: SourceStatus) -> Line:
    why = status.reason or status.error
    return line(
        bold(source.name), "  ", code(source.id), f"  {status.state}",
        f": {why[:ERROR_MAX]}" if why else "",
        *(pieces(" · last good poll ", When(status.last_success)) if status.last_success else []),
    )  # fmt: skip


def _one(source: Source, status: SourceStatus | None, push: str | None, now: datetime) -> Reply:
    """``push`` is the line on its subscription at a hub."""
    facts: list[Line] = [line(_address(source.url), f" · {source.kind}")]
    if status is None:
        facts.append(line(f"Not read yet; it will be every {duration.show(source.every)}"))
        return Reply(source.name, (paragraph(*facts), small(code(source.id))))
    why = status.reason or status.error
    facts.append(
        line(
            "State: ", bold(str(status.state)),
            *(pieces(" since ", When(status.since)) if status.since else []), f": {why[:ERROR_MAX]}" if why else "",
        )
    )  # fmt: skip
    late = put_off(status, now)
    reason = f" ({status.interval_reason})" if status.interval is not None and status.interval_reason else ""
    facts.append(line(f"Read every {duration.show(status.interval or source.every)}{'' if late else reason}"))
    if push is not None:
        facts.append(line(f"Push: {push}"))
    facts += _times(status, late)
    newest = pieces(", the newest of ", When(status.latest_item)) if status.latest_item is not None else []
    facts.append(line(f"{number(status.items_total, 'item')} so far", *newest))
    if status.url_in_use:
        facts.append(line("Moved to ", _address(status.url_in_use)))
    tags = f" · tags: {', '.join(source.tags)}" if source.tags else ""
    added = " · added from chat" if source.origin == "chat" else ""
    return Reply(source.name, (paragraph(*facts), small(code(source.id), f"{tags}{added}")))


def _address(url: str) -> Link | str:
    """A link, unless there is something in it that people may not see."""
    shown = redact_url(url)
    return Link(url, url) if shown == url else shown


def _times(status: SourceStatus, late: str) -> list[Line]:
    """When it was read, and when it will be (``late``: why not sooner); the last good time by itself only where it is
    another one."""
    said = pieces("Last read ", When(status.last_poll)) if status.last_poll is not None else []
    if status.next_poll_at is not None:
        said += pieces(", next " if said else "Next ", When(status.next_poll_at), f" ({late})" if late else "")
    found = [line(*said)] if said else []
    if status.last_success is not None and status.last_success != status.last_poll:
        found.append(line("Last good answer ", When(status.last_success)))
    elif status.last_success is None and status.last_poll is not None:
        found.append(line("No good answer yet"))
    return found


async def status(desk: Desk, request: Request, tell: Progress) -> Reply:
    """Whether all is well, in a few lines."""
    trouble, lines = await condition(desk, request.audience)
    title = TROUBLE if trouble else WELL
    return Reply(title, (paragraph(*lines),), Tone.REFUSED if trouble else Tone.DONE)


async def condition(desk: Desk, audience: Collection[str]) -> tuple[bool, list[Line]]:
    """Whether there is trouble, and the facts: for ``status`` and the App Home."""
    now = desk.clock()
    health = desk.health()
    counts = await desk.store.read(lambda s: s.counts())
    statuses = await desk.store.read(lambda s: s.source_statuses())
    mutes = desk.mutes(await desk.store.read(lambda s: s.mutes(now)), audience)
    hits = await desk.store.read(lambda s: s.rule_hits(now - DAY))
    out = sorted(s.source_id for s in statuses if s.state in OUT and s.source_id in desk.sources)
    waiting, parked = counts.get("deliveries.waiting", 0), counts.get("deliveries.parked", 0)
    lines: list[Line] = []
    if health.trouble:
        lines.append(line(bold(f"Not polling: {health.trouble}")))
    rules = desk.rules(audience)
    read = sum(source.enabled for source in desk.sources.values())
    lines.append(
        line(
            f"{number(len(rules), 'rule')}, {number(read, 'source')}, "
            f"{number(counts.get('articles', 0), 'article')} stored"
        )
    )
    told = desk.told_of(audience)
    fired = sum(h.count for h in hits if not h.shadow and told(h.rule_id))
    lines.append(line(f"{number(fired, 'rule hit')} since yesterday"))
    if health.last_poll:
        lines.append(line("Sources last read ", When(health.last_poll), ", running since ", When(health.started)))
    if out:
        more = f" and {len(out) - 5} more" if len(out) > 5 else ""
        lines.append(line(f"Sources that bring nothing: {', '.join(out[:5])}{more}"))
    lines.append(
        line(
            f"{number(waiting, 'post')} waiting to be sent" if waiting else "Nothing is waiting to be sent",
            f"; {number(parked, 'post')} refused: " if parked else "",
            *(pieces(code("wirewatch deliveries list"), " says why") if parked else []),
        )
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
    more = [bullets(line("Also there: ", Link(o.title or o.url, o.url)) for o in others[:3])] if others else []
    return done(
        f"Added {source.name}",
        paragraph(line(Link(best.url, best.url), f" · {best.format}, {number(best.items, 'item')}; {best.how}")),
        *more,
        small("What it holds now comes in one digest. ", code(f"/wire sources {source.id}"), " says how it is doing."),
    )
