"""All that is known of one source, as lines for people: ``sources show``, on the command line and in chat.

Pure: the store's answers and ``now`` come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from bot.log import redact_url
from bot.model import HttpState, Source, TextFrom
from bot.roster.state import Outage, SourceState
from bot.roster.words import describe, state_of
from bot.store.sources_port import SourceRecord, SourceStatus
from bot.websub import words as websub
from bot.websub.subscription import Subscription
from bot.words import brief, moment

COUNTED = timedelta(days=7)  # over which items are counted
REMEMBERED = timedelta(days=30)  # over which outages are listed
OUTAGES_MAX = 5
NOTES_MAX = 3

Line = tuple[str, str]


def card(
    source: Source,
    status: SourceStatus | None,
    record: SourceRecord,
    outages: Sequence[Outage],
    now: datetime,
    tz: tzinfo,
    subscriptions: Sequence[Subscription] = (),
) -> tuple[Line, ...]:
    """Label and text of each line. ``record`` covers :data:`COUNTED`, ``outages`` :data:`REMEMBERED`; ``status`` is
    ``None`` for a source that no run has seen yet. ``subscriptions`` are those at hubs."""
    lines = [
        ("source", f"{source.name} ({source.id})" if source.title else source.id),
        ("address", redact_url(source.url)),
        ("kind", source.kind),
        ("from", "added by a command" if source.origin == "chat" else "sources.yaml"),
    ]
    if source.tags:
        lines.append(("tags", ", ".join(source.tags)))
    for label, text in describe(source, status, now):
        lines.append((label, text) if label != "items" else ("items", _items(text, record)))
        if label == "state" and status is not None and status.since is not None and state_of(source, status) in _TIMED:
            lines.append(("since", moment(status.since, tz)))
    known = status.reason if status is not None else ""
    if status is not None and status.failures and status.error != known:
        lines.append(("error", status.error))
    if status is not None and status.last_poll is not None:
        lines.append(("last poll", moment(status.last_poll, tz)))
    if status is not None and status.last_success is not None:
        lines.append(("asks with", _conditions(record.state)))
    told = websub.describe((one for one in subscriptions if one.source_id == source.id), now, tz)
    if told is None and status is not None and status.hub and source.kind == "feed":
        told = f"{status.hub} would tell of news (WebSub), and is not asked to; `websub:` in wirewatch.yaml lets it"
    if told is not None:
        lines.append(("push", told))
    lines.append(("full text", _full_text(source, record)))
    lines.extend(("outage", _outage(one, now, tz, known)) for one in [*outages][-OUTAGES_MAX:])
    return tuple(lines)


_TIMED = frozenset(SourceState) - {SourceState.NEW, SourceState.OFF}


def _items(total: str, record: SourceRecord) -> str:
    days = COUNTED / timedelta(days=1)
    return f"{record.items:,} new in {days:.0f} days ({record.items / days:.1f} a day), {total} in all"


def _conditions(state: HttpState) -> str:
    told = [name for name, value in (("ETag", state.etag), ("Last-Modified", state.last_modified)) if value]
    return " and ".join(told) if told else "nothing: the server gives neither ETag nor Last-Modified"


def _full_text(source: Source, record: SourceRecord) -> str:
    if not source.full_text or not record.items:
        return "on" if source.full_text else "off"
    read = sum(n for where, _, n in record.texts if where is TextFrom.PAGE)
    text = f"on: {read:,} of {record.items:,} pages read in {COUNTED / timedelta(days=1):.0f} days"
    why = [f"{note.removeprefix('page not read: ')} ({n})" for _, note, n in record.texts if note]
    return f"{text}; {'; '.join(why[:NOTES_MAX])}" if why else text


def _outage(one: Outage, now: datetime, tz: tzinfo, known: str) -> str:
    """Its reason is left out where it is the one of now, which stands above."""
    end = f"for {brief(one.end - one.begin)}" if one.end is not None else f"for {brief(now - one.begin)}, still"
    reason = f": {one.reason}" if one.reason and (one.end is not None or one.reason != known) else ""
    return f"{one.state.value} from {moment(one.begin, tz)} {end}{reason}"
