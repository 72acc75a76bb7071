"""The answer for an article that is stored: its stages, and the sentence that sums them up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo

from bot.entities.facts import country_name
from bot.flags import flag
from bot.model import Revision, Source, TextFrom
from bot.pipeline import subject
from bot.record import Record
from bot.rules.match import Analysis, Engine
from bot.why.absent import source_line
from bot.why.report import Mark, Outcome, RuleVerdict, Stage, WhyReport
from bot.why.sent import NEAR, Around, answer, decided, delivered, feedback, followed, held
from bot.why.verdicts import verdicts
from bot.words import ago, counted, few, moment, quoted, span

NEAR_MISSES = 3  # rules that did not fire, shown without being asked for
MEMBERS_SHOWN = 8
COUNTRIES_SHOWN = 8


def why(
    record: Record,
    around: Around,
    engine: Engine,
    now: datetime,
    tz: tzinfo,
    *,
    asked: str = "",
    others: Collection[str] = (),
) -> WhyReport:
    """Everything about one article. ``tz`` is that of the times in the answer; rules in ``others`` are passed over."""
    article = record.article
    analysis = engine.analyse(subject(article))
    rules = verdicts(analysis, record, others)
    stages = (
        _fetched(record, around, now, tz),
        _parsed(record, around.source, tz),
        _text(record, around.revisions, tz),
        _language(record, analysis),
        _entities(analysis),
        _rules(record, rules, around.revisions),
        _story(record, engine, analysis, tz),
        *decided(around.decisions, tz),
        *held(around, now, tz),
        *delivered(record, around, now, tz),
        *followed(record, tz),
        *feedback(around.votes, tz),
    )
    return WhyReport(
        asked=asked or article.url,
        found=True,
        answer=answer(record, around, rules, tz),
        headline=article.title or article.text[:120],
        url=article.url,
        source=article.source_name or article.source_id,
        stages=stages,
        rules=rules,
    )


def _fetched(record: Record, around: Around, now: datetime, tz: tzinfo) -> Stage:
    article = record.article
    name = article.source_name or article.source_id
    if around.source is not None:
        lines = [f"the source now: {source_line(around.source, around.status, now, tz)}"]
    else:
        lines = [f"the source {article.source_id} is configured no longer"]
    if around.namesakes:
        lines.append(f"{counted(around.namesakes, 'older article')} of that name, too: ask by its own address or guid")
    verdict = f"{moment(article.fetched_at, tz)} ({ago(article.fetched_at, now)}) from {name}"
    return Stage("fetched", Mark.PASSED, verdict, tuple(lines))


def _parsed(record: Record, source: Source | None, tz: tzinfo) -> Stage:
    """What was read out of the answer of its source."""
    article = record.article
    parts = [part for part, there in (("headline", article.title), ("text", article.text)) if there]
    parts += ["address"] if article.url else []
    kind = f" of the {source.kind}" if source is not None else ""
    lines = []
    if article.dated:
        parts.append("date")
        late = article.fetched_at - article.published
        lines.append(f"published {moment(article.published, tz)}, {span(late)} before it was read")
    else:
        lines.append("its publisher gave no usable date: it counts from when it was read")
    if article.canonical_url and article.canonical_url != article.url:
        lines.append(f"counts as {article.canonical_url}")
    if article.guid and article.guid != article.url:
        lines.append(f"guid {article.guid}")
    if article.author:
        lines.append(f"by {article.author}")
    return Stage(
        "parsed",
        Mark.PASSED,
        f"an item{kind} with {' and '.join([', '.join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]}",
        tuple(lines),
    )


def _text(record: Record, revisions: Sequence[Revision], tz: tzinfo) -> Stage:
    article = record.article
    lines = []
    if article.text_note:
        lines.append(article.text_note)
    if len(revisions) > 1:
        lines.append(f"edited {counted(len(revisions) - 1, 'time')}; rules below judge the text as it is now:")
        lines += [f"version {r.number}, {moment(r.at, tz)}: {quoted(r.title or r.text)}" for r in revisions]
    if not article.text:
        return Stage("text", Mark.NOTE, "a headline only: the feed gave no text to look at", tuple(lines))
    lines.append(f"it begins {quoted(article.text)}")
    size = f"{counted(len(article.text.split()), 'word')}, {len(article.text):,} characters"
    where = "the full text, read from its page" if article.text_from is TextFrom.PAGE else "what the feed gave"
    title = "title and " if article.title else "no title, only "
    return Stage("text", Mark.PASSED, f"rules saw {title}{where} ({size})", tuple(lines))


def _language(record: Record, analysis: Analysis) -> Stage:
    declared = record.article.lang
    if declared:
        return Stage("language", Mark.PASSED, f"{declared}, as its source says")
    told = analysis.engine.language(analysis.text.body)
    return Stage("language", Mark.PASSED, f"{told}, told from the text" if told else "not known: too little text")


def _entities(analysis: Analysis) -> Stage:
    lines = []
    for code in analysis.countries[:COUNTRIES_SHOWN]:
        mentions = [m for m in analysis.mentions if m.entity == code]
        words = dict.fromkeys(f"{m.text} ({m.kind.value})" for m in mentions)
        lines.append(f"{flag(code)} {country_name(code)}: {few(list(words))}".strip())
    if not lines:
        return Stage("entities", Mark.NOTE, "no country is named")
    return Stage(
        "entities", Mark.PASSED, f"names {counted(len(analysis.countries), 'country', 'countries')}", tuple(lines)
    )


def _rules(record: Record, rules: Sequence[RuleVerdict], revisions: Sequence[Revision]) -> Stage:
    fired = [r for r in rules if r.outcome is Outcome.FIRED]
    live = [r for r in fired if not r.trial]
    lines = [f"{r.rule_id} ({r.severity}{', on trial' if r.trial else ''}) {r.reason}" for r in fired]
    others = [r for r in rules if r.outcome is not Outcome.FIRED]
    near = [r for r in others if r.distance < NEAR][:NEAR_MISSES]
    lines += [f"not {r.rule_id}: {r.gist}" for r in near]
    if len(others) > len(near) and (fired or near):  # else the verdict says it
        lines.append(f"{'and ' if near else ''}{counted(len(others) - len(near), 'other rule')} did not fire")
    lines += changed(record, rules, edited=len(revisions) > 1)
    if live:
        return Stage("rules", Mark.PASSED, f"{len(live)} of {counted(len(rules), 'rule')} fire", tuple(lines))
    trial = f"; {counted(len(fired), 'rule')} on trial does" if fired else ""
    return Stage("rules", Mark.STOPPED, f"none of {counted(len(rules), 'rule')} fires{trial}", tuple(lines))


def changed(record: Record, rules: Sequence[RuleVerdict], *, edited: bool) -> list[str]:
    """What is otherwise than when the article came."""
    then = {m.rule_id for m in record.alert.matches} if record.alert else set()
    known = {r.rule_id for r in rules}
    cause = "the rules, or the text, have changed since" if edited else "the rules have changed since"
    lines = []
    if gone := sorted(r for r in then if r not in known):
        lines.append(f"fired when it came: {few(gone)}, which the rules hold no longer")
    if lost := sorted(r.rule_id for r in rules if r.then and r.outcome is not Outcome.FIRED):
        lines.append(f"fired when it came, and does not now: {few(lost)}; {cause}")
    if won := sorted(r.rule_id for r in rules if not r.then and r.outcome is Outcome.FIRED):
        lines.append(f"fires now, and did not when it came: {few(won)}; {cause}")
    return lines


def _story(record: Record, engine: Engine, analysis: Analysis, tz: tzinfo) -> Stage:
    if not record.story_id:
        return Stage("story", Mark.NOTE, "in no story")
    lines = []
    first = record.founder
    if first is None:
        verdict = f"founded a story: {record.story_reason or 'no earlier article like it'}"
    else:
        name = first.source_name or first.source_id
        verdict = f"joined the story of {quoted(first.title or first.text)} ({name}): {record.story_reason}"
        common = [c for c in analysis.countries if c in engine.analyse(subject(first)).countries]
        if common:
            lines.append(f"both name {few([country_name(c) for c in common])}")
    if record.members:
        lines.append(f"{counted(record.members_total, 'other article')} of it:")
    shown = record.members[:MEMBERS_SHOWN]
    for one in shown:
        fired = ", a rule fired" if one.fired else ""
        lines.append(f"{moment(one.fetched_at, tz)} {one.source}: {quoted(one.title)}{fired}")
    if record.members_total > len(shown):
        lines.append(f"and {record.members_total - len(shown)} more")
    return Stage("story", Mark.PASSED, verdict, tuple(lines))
