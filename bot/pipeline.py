"""The order of the stages, nothing else::

    Fetched -> ParsedFeed -> Article -> (scan, entities, rules) -> Judged -> (story, noise) -> Alert -> Message

:func:`articles_of` and :func:`judge` are heavy and pure: they run in a worker thread. :func:`assemble` decides with the
stories at hand: it runs on the event loop, one poll after another. What it returns is written in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import identity, noise
from bot.extract import to_article
from bot.model import Alert, Article, DeliveryKind, Match, ParsedFeed, Revised, Source
from bot.noise import Verdict
from bot.render import render_digest, render_message
from bot.rules.evaluate import Subject
from bot.rules.match import Engine
from bot.store.base import NewDelivery
from bot.story import Stories

COUNTRIES_SHOWN = 6  # of an alert; more are noise on a card


@dataclass(frozen=True, slots=True)
class Judged:
    """An article with what the rules said."""

    article: Article
    matches: tuple[Match, ...]
    countries: tuple[str, ...]
    shadow: tuple[Match, ...] = ()  # of rules on trial


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit with what the rules say of the new version (``judged.article`` is ``revised.after``)."""

    revised: Revised
    judged: Judged


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one alert on one channel, and why."""

    alert: Alert
    channel: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Assembled:
    """What one poll changes, besides the state of its source."""

    articles: tuple[Article, ...]
    stories: Mapping[str, tuple[str, str]]
    alerts: tuple[Alert, ...]
    deliveries: tuple[NewDelivery, ...]
    decisions: tuple[Decision, ...]
    shadow: Mapping[str, tuple[Match, ...]]
    revisions: tuple[Revised, ...] = ()


def articles_of(parsed: ParsedFeed, source: Source, fetched_at: datetime) -> tuple[Article, ...]:
    """What a poll brought, as articles without repeats."""
    shared = identity.shared(parsed.items)
    articles = (to_article(item, source, fetched_at, shared) for item in parsed.items)
    return identity.distinct(article for article in articles if article is not None)


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


def judge(articles: Iterable[Article], engine: Engine) -> tuple[Judged, ...]:
    """What the rules say of each article. Countries are worked out for those that matched only."""
    judged = []
    for article in articles:
        analysis = engine.analyse(subject(article))
        live = tuple(m for m in analysis.matches if not m.shadow)
        shadow = tuple(m for m in analysis.matches if m.shadow)
        countries = _shown(live, analysis.countries) if live else ()
        judged.append(Judged(article, live, countries, shadow))
    return tuple(judged)


def judge_edits(revised: Sequence[Revised], engine: Engine) -> tuple[Edited, ...]:
    """What the rules say of the new version of each edited article."""
    judged = judge((one.after for one in revised), engine)
    return tuple(Edited(one, said) for one, said in zip(revised, judged, strict=True))


def _shown(matches: Sequence[Match], named: Sequence[str]) -> tuple[str, ...]:
    """Countries that made a rule fire come first, then the others that the article names most."""
    evidence = [e.entity for m in matches for e in m.evidence if e.entity and e.entity in named]
    counted = sorted(dict.fromkeys(evidence), key=lambda code: -evidence.count(code))
    return tuple(dict.fromkeys((*counted, *named)))[:COUNTRIES_SHOWN]


def assemble(
    judged: Sequence[Judged],
    stories: Stories,
    route: Callable[[tuple[Match, ...]], tuple[str, ...]],
    now: datetime,
    *,
    max_age: timedelta | None,
    first_poll: bool,
    edited: Sequence[Edited] = (),
) -> Assembled:
    """Place articles in stories and decide what is sent. ``stories`` learns of them; its owner undoes that if the
    write fails. Oldest first, so that the first outlet to report founds the story. An edited article that fires now and
    never did alerts like a new one; of one that has alerted, the store keeps the first alert and its delivery."""
    placed: dict[str, tuple[str, str]] = {}
    alerts: list[Alert] = []
    deliveries: list[NewDelivery] = []
    decisions: list[Decision] = []
    catch_up: dict[str, list[Alert]] = {}
    ordered = sorted(judged, key=lambda j: (j.article.published, j.article.key))
    for one in (*ordered, *(edit.judged for edit in edited)):
        article = one.article
        story = stories.place(article, now)
        placed[article.key] = (story.id, story.reason)
        told: tuple[str, ...] = ()
        if one.matches:
            alert = Alert(article.key, article, story, one.matches, one.countries, now)
            alerts.append(alert)
            verdicts = _decide(alert, route(one.matches), stories, now, max_age, first_poll)
            decisions.extend(verdicts)
            for decision in verdicts:
                if decision.verdict is Verdict.SEND:
                    deliveries.append(_delivery(alert, decision.channel, now))
                elif decision.verdict is Verdict.CATCH_UP:
                    catch_up.setdefault(decision.channel, []).append(alert)
            told = tuple(d.channel for d in verdicts if d.verdict in (Verdict.SEND, Verdict.CATCH_UP))
        stories.remember(article, story, told, now)
    deliveries.extend(_catch_up(channel, found, now) for channel, found in catch_up.items())
    return Assembled(
        tuple(one.article for one in ordered),
        placed,
        tuple(alerts),
        tuple(deliveries),
        tuple(decisions),
        {one.article.key: one.shadow for one in ordered if one.shadow},
        tuple(edit.revised for edit in edited),
    )


def _decide(
    alert: Alert,
    channels: Sequence[str],
    stories: Stories,
    now: datetime,
    max_age: timedelta | None,
    first_poll: bool,
) -> list[Decision]:
    told = stories.told(alert.story)
    return [Decision(alert, c, noise.verdict(alert, c, told, now, max_age, first_poll)) for c in channels]


def _delivery(alert: Alert, channel: str, now: datetime) -> NewDelivery:
    return NewDelivery(channel, DeliveryKind.ALERT, render_message(alert, channel), now, (alert.id,))


def _catch_up(channel: str, alerts: Sequence[Alert], now: datetime) -> NewDelivery:
    names = dict.fromkeys(a.article.source_name or a.article.source_id for a in alerts)
    reason = "What was new when this source was first read; from now on alerts come one by one."
    digest = render_digest(alerts, channel, f"Catching up with {', '.join(names)}", reason, now)
    return NewDelivery(channel, DeliveryKind.DIGEST, digest, now, tuple(a.id for a in alerts))
