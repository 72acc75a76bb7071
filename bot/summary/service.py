"""Period and filters in, summary out: what the command line, chat and the scheduler call.

It reads the store and may take a few hundred milliseconds: an event loop calls it in a thread, or through
:meth:`bot.store.writer.StoreThread.read`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.collector import without_collector
from bot.flags import country_name
from bot.follow.thread import Thread
from bot.live.rulebook import Rulebook
from bot.log import Log
from bot.model import Source
from bot.roster.coverage import coverage
from bot.roster.state import LastRead, Outage
from bot.store.articles_port import Archived
from bot.store.summary_port import AlertLine, SummaryStore
from bot.summary import weights
from bot.summary.ask import STORIES, Ask, Known, in_words
from bot.summary.model import Filters, Summary
from bot.summary.others import Others
from bot.summary.others import others as others_of
from bot.summary.rank import Fired, Owners, countries, counts_of, fired, meets, order, rules, timeline
from bot.summary.sentences import TEXT_MAX
from bot.summary.standing import standing
from bot.summary.summarise import tell

NO_OWNERS: Owners = {}
_log = Log("summaries")


def known_of(book: Rulebook) -> Known:
    """What a request may name: the rules and sources in force."""
    rules = book.ruleset.rules
    return Known(
        rules={rule.id: rule.title for rule in rules},
        sources={source.id: source.name for source in book.sources.values()},
        tags=frozenset(tag for rule in rules for tag in rule.tags),
    )


class Archive(SummaryStore, Protocol):
    """The part of the store that summaries need."""

    def archive_size(self, since: datetime) -> int: ...

    def outages(self, since: datetime, until: datetime) -> tuple[Outage, ...]: ...

    def last_reads(self) -> Mapping[str, LastRead]: ...

    def threads(self, story_ids: Collection[str]) -> Mapping[str, Thread]: ...


@dataclass(frozen=True, slots=True)
class Material:
    """A summary, and the articles of its stories."""

    summary: Summary
    documents: Mapping[str, tuple[Archived, ...]]


class Writes(Protocol):
    """:class:`bot.llm.writer.Writer`."""

    async def write(self, made: Summary, documents: Mapping[str, Sequence[Archived]]) -> Summary: ...


async def written(made: Material, writer: Writes | None) -> Summary:
    """The summary in a language model's words where there is one, and as it is where there is none or it fails."""
    if writer is None:
        return made.summary
    try:
        return await writer.write(made.summary, made.documents)
    except Exception:  # noqa: BLE001 - a bug there must not cost the summary that is here
        _log.exception("bug in the language model's writer")
        return made.summary


@without_collector()
def summarise(
    store: Archive,
    ask: Ask,
    known: Known,
    sources: Sequence[Source] = (),
    *,
    stories: int = STORIES,
    owners: Owners = NO_OWNERS,
    name_of: Callable[[str], str] = country_name,
    note: str = "",
    audience: Collection[str] | None = None,
) -> Material:
    """The summary of a period, in the words of its articles. ``sources`` are those of the coverage line, ``owners``
    says who owns an outlet, by source id or domain. ``audience``: the delivery channels of those who read it, for whom
    what others watch does not count; ``None`` for operators."""
    earlier = ask.since - (ask.until - ask.since)
    begins = store.archive_begins()
    reaches = begins is not None and begins <= earlier
    others = others_of(store, earlier, ask.until, audience)
    lines, told = _period(store, ask.since, ask.until, ask.filters, others, pairs=False)
    before, told_before = _period(store, earlier, ask.since, ask.filters, others, pairs=True)
    total, shown = order(
        lines, told_before.pairs, ask.since, ask.until, owners, store.story_lines, stories,
        lambda alert_ids: others.fired(store.fired_lines(alert_ids)),
    )  # fmt: skip
    found = store.story_documents([one.story_id for one in shown], weights.DOCUMENTS_MAX, TEXT_MAX)
    struck = _struck(store.threads(found))
    stand = {story_id: standing(documents, struck) for story_id, documents in found.items() if documents}
    made = Summary(
        since=ask.since,
        until=ask.until,
        about=in_words(ask.filters, known, name_of),
        alerts=len(lines),
        articles=store.archive_size(ask.since) - store.archive_size(ask.until),
        total=total,
        stories=tell(shown, stand),
        countries=countries(lines, before if reaches else None),
        rules=rules(told, told_before if reaches else None),
        coverage=coverage(store.outages(ask.since, ask.until), store.last_reads(), sources, ask.since, ask.until),
        timeline=timeline(lines, ask.since, ask.until),
        note=note,
    )
    return Material(made, {story_id: one.documents for story_id, one in stand.items()})


def _period(
    store: Archive, since: datetime, until: datetime, filters: Filters, others: Others, *, pairs: bool
) -> tuple[list[AlertLine], Fired]:
    """The alerts that meet the filters, and how often rules fired on them; ``pairs``: by country, too. The rules of
    each are read only where that is asked for: a month has thousands of alerts, and a few of them are told."""
    by_rule = bool(filters.rules or filters.tags)
    lines = others.lines(store.alert_lines(since, until, filters.sources, rules=by_rule))
    if filters == Filters(sources=filters.sources):
        return lines, fired(others.counts(store.fired_counts(since, until, filters.sources, by_country=pairs)))
    lines = [line for line in lines if meets(line, filters)]
    if not by_rule:
        rules_of = others.fired(store.fired_lines([line.alert_id for line in lines]))
        lines = [line._replace(rules=rules_of.get(line.alert_id, ())) for line in lines]
    return lines, fired(counts_of(lines))


def _struck(threads: Mapping[str, Thread]) -> Mapping[str, str]:
    """The reports whose alert is struck through by now, such as those whose page is gone: article → why."""
    told = (one for thread in threads.values() for one in thread.told.values())
    return {one.article_key: one.message.retracted for one in told if one.message and one.message.retracted}
