"""The answer where nothing is stored under an address: whether it was, and what to check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlsplit

from bot.model import Source
from bot.record import Address, Found
from bot.store.sources_port import SourceStatus
from bot.web.urls import canonical
from bot.why.report import Mark, Stage, WhyReport
from bot.words import ago, few, moment, quoted

SOURCES_MAX = 5
_TWO_LEVELS = frozenset({"co", "com", "net", "org", "gov", "gob", "ac", "edu", "go", "or", "ne"})  # co.uk, com.au, ...


def absent(
    address: Address,
    found: Found,
    sources: Mapping[str, Source],
    statuses: Iterable[SourceStatus],
    retention: timedelta,
    now: datetime,
    tz: tzinfo,
) -> WhyReport:
    """Why there is nothing to tell, and where to look."""
    if found.purged:
        days = f"{retention.days} days"
        return WhyReport(
            address.given,
            False,
            f"It was read, but is older than the retention ({days}) and has been deleted; what was decided is gone too",
            stages=(
                Stage("fetched", Mark.NOTE, f"it was read more than {days} ago; only a mark of it is left"),
                Stage(
                    "to check",
                    Mark.NOTE,
                    "keep articles longer with retention: in the config",
                    ("the alert itself, if there was one, is still in its channel",),
                ),
            ),
        )
    own = _of_site(address, found, sources)
    stages = [Stage("fetched", Mark.STOPPED, "no article of this address or guid was ever read")]
    stages.append(_sources(address, found, own, {s.source_id: s for s in statuses}, now, tz))
    if found.nearest:
        lines = tuple(f"{n.url}  {quoted(n.title)}, {n.source}, {moment(n.fetched_at, tz)}" for n in found.nearest)
        stages.append(Stage("nearest", Mark.NOTE, "known addresses of the same site that look most like it", lines))
    return WhyReport(address.given, False, _answer(address, own, found), stages=tuple(stages))


def _answer(address: Address, own: Sequence[Source], found: Found) -> str:
    if not address.canonical:
        return "Never read: no article has this guid; ask for its address, as the feed or the browser shows it"
    host = urlsplit(address.canonical).hostname
    if not own and not found.nearest:
        return f"Never read: no source of {host} is configured; `wirewatch sources add` takes its address"
    if own and not any(s.enabled for s in own):
        return f"Never read: the sources of {host} are switched off"
    if not own:
        return f"Never read: the source of {host} is configured no longer"
    return "Never read: it was in none of the answers of its site's sources"


def _of_site(address: Address, found: Found, sources: Mapping[str, Source]) -> tuple[Source, ...]:
    """Sources that brought articles of this site, or are read from it under whatever name of a machine."""
    site = _site(address.canonical)
    brought = {n.source_id for n in found.nearest}
    return tuple(s for s in sources.values() if s.id in brought or (site and _site(canonical(s.url)) == site))


def _site(url: str) -> str:
    """The part of a host that is bought: ``example.co.uk`` of ``feeds.example.co.uk``. A guess that errs on the side of
    showing a source too few."""
    parts = (urlsplit(url).hostname or "").split(".")
    taken = 3 if len(parts) > 2 and parts[-2] in _TWO_LEVELS and len(parts[-1]) == 2 else 2
    return ".".join(parts[-taken:])


def _sources(
    address: Address,
    found: Found,
    own: Sequence[Source],
    statuses: Mapping[str, SourceStatus],
    now: datetime,
    tz: tzinfo,
) -> Stage:
    if not own:
        once = sorted({n.source for n in found.nearest})
        verdict = "no source is read from this site" if address.canonical else "a guid does not tell its site"
        return Stage(
            "source",
            Mark.STOPPED if address.canonical else Mark.NOTE,
            f"{few(once)} brought articles of this site, and is configured no longer" if once else verdict,
            (
                "a feed may be served from another host than its articles: `wirewatch sources list` shows all",
                "`wirewatch sources add URL` reads it from now on",
            ),
        )
    lines = [source_line(s, statuses.get(s.id), now, tz) for s in own[:SOURCES_MAX]]
    if len(own) > SOURCES_MAX:
        lines.append(f"and {len(own) - SOURCES_MAX} more; `wirewatch sources list` shows all")
    lines += [
        "a feed shows its newest items only: what came and went between two polls is never seen (read it more often)",
        "many sites have a feed for each section: the article may stand in another one",
    ]
    return Stage("source", Mark.NOTE, "this site is read; check these", tuple(lines))


def source_line(source: Source, status: SourceStatus | None, now: datetime, tz: tzinfo) -> str:
    """How a source fares: ``bbc-world (BBC World): ok, last read 4 minutes ago``."""
    name = f"{source.id} ({source.title})" if source.title else source.id
    if status is None:
        return f"{name}: not read yet"
    if not source.enabled or status.state == "off":
        return f"{name}: switched off" + (f", last read {moment(status.last_poll, tz)}" if status.last_poll else "")
    parts = [f"{name}: {status.state}"]
    if status.last_success is not None:
        parts.append(f"last read {ago(status.last_success, now)}")
    if status.error:
        parts.append(f"last error: {status.error}")
    elif status.next_poll_at is not None and status.next_poll_at > now:
        parts.append(f"next {ago(status.next_poll_at, now)}")
    return ", ".join(parts)
