"""The order of the stages, nothing else::

    Fetched -> ParsedFeed -> Article -> (scan, entities, rules) -> Judged -> (story) -> Arrived -> (noise) -> Assembled

:func:`articles_of` and :func:`judge` are heavy and pure: they run in a worker thread, and read there what stories and
threads want to know of an article's words. :func:`place` finds the story of each article; what the store knows of
these stories is read then, and :func:`assemble` decides with it, one poll after another. What comes out is written in
one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.articles.extract import articles_of
from bot.follow.decide import Arrived, Outcome, Route, decide
from bot.follow.revise import Edit, revise
from bot.follow.said import Said
from bot.follow.thread import Marks, Thread
from bot.follow.wire import plain_title
from bot.model import Alert, Article, Match, Mention, Revised, Story
from bot.noise import Context
from bot.rules.evaluate import Subject
from bot.rules.match import Engine
from bot.store.noise_port import DecisionRow, NewHold, Release
from bot.store.outbox_port import NewDelivery
from bot.story import Reading, Stories, read
from bot.story.features import Features

__all__ = ["Arrived", "Assembled", "Edited", "Judged", "Route", "articles_of"]

COUNTRIES_SHOWN = 6  # of an alert; more are noise on a card


@dataclass(frozen=True, slots=True)
class Judged:
    """An article with what the rules said, and as its story and thread see it. ``about`` are the codes of the countries
    that it names, unless all of them are named in passing only."""

    article: Article
    matches: tuple[Match, ...]
    countries: tuple[str, ...]
    about: tuple[str, ...]
    shadow: tuple[Match, ...]  # of rules on trial
    reading: Reading
    said: Said


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit with what the rules say of the new version (``judged.article`` is ``revised.after``), and those that
    fired on the old one."""

    revised: Revised
    judged: Judged
    before: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Assembled:
    """What one poll changes, besides the state of its source."""

    articles: tuple[Article, ...]
    stories: Mapping[str, tuple[str, str]]
    marks: Mapping[str, Marks]
    alerts: tuple[Alert, ...]
    deliveries: tuple[NewDelivery, ...]
    holds: tuple[NewHold, ...]
    told: tuple[Release, ...]
    decisions: tuple[DecisionRow, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known while several polls are decided one after another: the stories that they belong to, as the store
    has them, and the times of each rule's alerts on a channel, as far as a throttle looks back. Grows with what is
    decided."""

    threads: dict[str, Thread]
    sent: dict[tuple[str, str], list[datetime]]


Ahead = Mapping[str, tuple[Article, Features]]
"""Features of articles that were worked out before, by key; of no use for an article that is another by now."""


def subject(article: Article) -> Subject:
    """An article as rules see it."""
    return Subject(
        article.title,
        article.text,
        article.source_id,
        article.source_tags,
        article.lang,
        article.source_name,
        article.fetched_at.date(),
    )


def judge(articles: Iterable[Article], engine: Engine, ahead: Ahead | None = None) -> tuple[Judged, ...]:
    """What the rules say of each article, and all else that needs nothing but its words."""
    judged = []
    for article in articles:
        analysis = engine.analyse(subject(article))
        live = tuple(m for m in analysis.matches if not m.shadow)
        shadow = tuple(m for m in analysis.matches if m.shadow)
        known, looked_at = (ahead or {}).get(article.key, (None, None))
        one = judged_as(
            article,
            live,
            analysis.countries,
            analysis.mentions,
            about=analysis.about,
            shadow=shadow,
            looked_at=looked_at if known is article else None,
        )
        if live:
            one.said.read()  # what fired nothing is asked for it only where its story was told
        judged.append(one)
        analysis.let_go()
    return tuple(judged)


def judged_as(
    article: Article,
    matches: tuple[Match, ...],
    named: tuple[str, ...] = (),
    mentions: tuple[Mention, ...] = (),
    *,
    about: tuple[str, ...] = (),
    shadow: tuple[Match, ...] = (),
    looked_at: Features | None = None,
) -> Judged:
    """An article on which rules fired, and which names these countries. It is put into its story without the mark of a
    wire before its headline. ``looked_at`` are its features where they are known."""
    title = plain_title(article.title)
    told = article if title == article.title else replace(article, title=title)
    return Judged(
        article,
        matches,
        _shown(matches, named) if matches else (),
        about,
        shadow,
        read(told, about, looked_at),
        Said(article, matches, mentions),
    )


def judge_edits(revised: Sequence[Revised], engine: Engine) -> tuple[Edited, ...]:
    """What the rules say of both versions of each edited article."""
    before = judge((one.before for one in revised), engine)
    after = judge((one.after for one in revised), engine)
    return tuple(
        Edited(one, new, frozenset(m.rule_id for m in old.matches))
        for one, old, new in zip(revised, before, after, strict=True)
    )


def edits(edited: Iterable[Edited], story_of: Mapping[str, str], alerts: Iterable[Alert]) -> tuple[Edit, ...]:
    """Edits of articles that belong to a story, with the alerts that they gave before."""
    given = {alert.article.key: alert for alert in alerts}
    found = []
    for one in edited:
        key, judged = one.revised.before.key, one.judged
        if key in story_of:
            story = Story(story_of[key], False, "edited")
            arrived = Arrived(judged.article, story, judged.matches, judged.countries, judged.said, judged.about)
            found.append(Edit(one.revised, arrived, given.get(key), one.before))
    return tuple(found)


def _shown(matches: Sequence[Match], named: Sequence[str]) -> tuple[str, ...]:
    """Countries that made a rule fire come first, then the others that the article names most."""
    evidence = [e.entity for m in matches for e in m.evidence if e.entity and e.entity in named]
    counted = sorted(dict.fromkeys(evidence), key=lambda code: -evidence.count(code))
    return tuple(dict.fromkeys((*counted, *named)))[:COUNTRIES_SHOWN]


def place(judged: Sequence[Judged], stories: Stories, now: datetime) -> tuple[Arrived, ...]:
    """Each article in its story, oldest first, so that the first outlet to report founds the story. ``stories`` learns
    of them; its owner undoes that if what follows fails."""
    arrived = []
    for one in sorted(judged, key=lambda j: (j.article.published, j.article.key)):
        story = stories.place(one.reading, now)
        stories.remember(one.reading, story, now)
        arrived.append(Arrived(one.article, story, one.matches, one.countries, one.said, one.about))
    return tuple(arrived)


def assemble(
    arrived: Sequence[Arrived],
    ledger: Ledger,
    route: Route,
    context: Context,
    now: datetime,
    *,
    edits: Sequence[Edit] = (),
) -> Assembled:
    """Decide what becomes of each article, and of each edit."""
    known, sent = ledger.threads, ledger.sent
    outcomes: list[Outcome] = []
    everything: tuple[Arrived | Edit, ...] = (*arrived, *edits)
    for one in everything:
        thread = known.get(one.story.id) or Thread(one.story.id)
        current = replace(context, sent=sent) if sent else context
        if isinstance(one, Edit):
            made = revise(one, thread, route, current, now)
        else:
            made = decide(one, thread, route, current, now)
        known[one.story.id] = made.thread
        outcomes.append(made)
        for rule_id, channel in made.counted:
            sent.setdefault((rule_id, channel), []).append(now)
    return Assembled(
        articles=tuple(one.article for one in arrived),
        stories={one.article.key: (one.story.id, one.story.reason) for one in arrived},
        marks={
            one.article.key: made.marks
            for one, made in zip((*arrived, *(edit.arrived for edit in edits)), outcomes, strict=True)
        },
        alerts=tuple(made.alert for made in outcomes if made.alert is not None),
        deliveries=tuple(d for made in outcomes for d in made.deliveries),
        holds=tuple(h for made in outcomes for h in made.holds),
        told=tuple(r for made in outcomes for r in made.told),
        decisions=tuple(d for made in outcomes for d in made.decisions),
    )
