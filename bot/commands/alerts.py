"""The buttons under an alert or digest. A click brings the delivery key, and the store knows the rest: nothing is kept
in memory, so that old posts answer after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from bot.channels.buttons import Verb, label
from bot.commands.changing import silence
from bot.commands.core import BROKEN, Commands
from bot.commands.desk import Desk
from bot.commands.looking import behind, look_at
from bot.commands.reply import (
    Entry,
    Link,
    Mark,
    Reply,
    When,
    bold,
    code,
    entries,
    line,
    paragraph,
    refused,
    small,
)
from bot.commands.request import Request
from bot.commands.verbs import DURATIONS
from bot.errors import StoreError
from bot.log import Log
from bot.message import Digest, Message
from bot.model import Alert, MuteKind
from bot.people import Feedback, Opinion, is_others_place
from bot.render import headline_of, seen_by, source_of
from bot.rules.evaluate import Subject
from bot.store.base import Store
from bot.store.outbox_port import Delivered

DIGEST_SHOWN = 10  # alerts of a digest whose reasons are told
RULES_OFFERED = 20  # rules of an alert that can be muted from its button

_log = Log("commands")


@dataclass(frozen=True, slots=True)
class Standing:
    """The votes on an alert."""

    useful: int
    noise: int

    def label(self, verb: Verb) -> str:
        """What a button says with the votes on it: ``👍 Useful · 2``."""
        return label(verb, self.useful, self.noise)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a mute can be about. ``value`` comes back: ``rule:arms-deal``."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class MuteForm:
    """What is asked before muting: of what, for how long, why."""

    key: str
    headline: str
    choices: tuple[Choice, ...]
    durations: tuple[str, ...] = DURATIONS


GONE = refused(
    "This post is no longer stored",
    paragraph("Alerts are kept for as long as the retention says; after that only the post itself is left."),
)


class AlertButtons:
    """What a click on a post does, whatever the platform."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._shown: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by delivery key

    @property
    def _desk(self) -> Desk:
        return self._commands.desk

    # -- why --------------------------------------------------------------------------------------------------------

    async def why(self, key: str) -> Reply:
        """The rules, the evidence, the data behind it, and what else was considered."""
        try:
            delivered, alerts = await self._look_up(key)
        except StoreError as error:
            return _unavailable(error)
        if delivered is None:
            return GONE
        if isinstance(delivered.payload, Digest):
            return _why_digest(delivered.payload, alerts)
        alert = _told_of(delivered, alerts)
        if alert is None:
            return GONE
        book, audience = self._desk.book(), (delivered.channel,)
        others = self._desk.others(audience)
        article = alert.article
        subject = Subject(
            article.title, article.text, article.source_id, article.source_tags, article.lang, article.source_name
        )
        skip = [m.rule_id for m in alert.matches]
        look = await self._desk.heavy(lambda: look_at(book, subject, skip=skip, others=others))
        decisions = await self._desk.store.read(lambda s: s.decisions(article.key))
        told = [
            line(bold(d.channel), " · ", When(d.at), f" · {d.reason}")
            for d in decisions
            if d.channel and not is_others_place(d.channel, audience)
        ]
        message = delivered.payload if isinstance(delivered.payload, Message) else None
        return behind(alert, look, message.lists if message else (), message.read if message else "", told[-8:])

    async def _look_up(self, key: str) -> tuple[Delivered | None, tuple[Alert, ...]]:
        """A post with its alerts, as far as its channel is told of them."""

        def read(store: Store) -> tuple[Delivered | None, tuple[Alert, ...]]:
            found = store.alert_of_delivery(key)
            return found, store.alerts(found.alert_ids) if found else ()

        delivered, alerts = await self._desk.store.read(read)
        audience = () if delivered is None else (delivered.channel,)
        return delivered, tuple(seen for alert in alerts if (seen := seen_by(alert, audience)) is not None)

    # -- votes ------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def showing(self, key: str) -> AsyncIterator[Standing]:
        """The votes on a post, for showing them on it: whoever votes at the same moment waits, so that what was counted
        last is also what is shown last. Raises ``StoreError``."""
        async with self._shown.setdefault(key, asyncio.Lock()):
            yield Standing(*await self._desk.store.read(lambda s: s.voted(key)))

    async def vote(self, request: Request, key: str, opinion: Opinion) -> tuple[Reply, bool]:
        """Note a vote, and whether it counts; the last one of a person does."""
        try:
            delivered, alerts = await self._look_up(key)
            alert = _told_of(delivered, alerts)
            if alert is None:
                return GONE, False
            vote = Feedback(
                alert.id,
                tuple(m.rule_id for m in alert.matches),
                alert.article.source_id,
                request.who.written,
                opinion,
                self._desk.clock(),
            )
            votes = await self._desk.store.run(lambda s: s.vote(vote))
        except StoreError as error:
            return _unavailable(error), False
        useful = sum(v.verdict is Opinion.USEFUL for v in votes)
        standing = Standing(useful, len(votes) - useful)
        word = "useful" if opinion is Opinion.USEFUL else "noise"
        other = "Noise" if opinion is Opinion.USEFUL else "Useful"
        return (
            Reply(
                f"Noted as {word}",
                (
                    paragraph(f"So far {standing.useful} useful, {standing.noise} noise."),
                    small(f"One vote a person; press {other} to change yours."),
                ),
            ),
            True,
        )

    # -- mute -------------------------------------------------------------------------------------------------------

    async def form(self, key: str) -> MuteForm | Reply:
        """What can be muted about a post, or why nothing can."""
        try:
            delivered, alerts = await self._look_up(key)
        except StoreError as error:
            return _unavailable(error)
        alert = _told_of(delivered, alerts)
        if alert is None:
            return GONE
        choices = [Choice("This story", f"story:{alert.story.id}")]
        ranked = sorted(alert.matches, key=lambda m: -m.severity)[:RULES_OFFERED]
        choices += [Choice(f"Rule: {m.title}", f"rule:{m.rule_id}") for m in ranked]
        choices.append(Choice(f"Source: {source_of(alert.article)}", f"source:{alert.article.source_id}"))
        return MuteForm(key, headline_of(alert.article), tuple(choices))

    async def mute(self, request: Request, key: str, choice: str, length: str, comment: str) -> Reply:
        """Mute what was chosen, on the channel of the post. Asks again whether they may, and whether the choice was
        among those offered: a form may have been open for long, and what comes back is not to be trusted."""
        try:
            return await self._mute(request, key, choice, length, comment)
        except StoreError as error:
            return _unavailable(error)
        except Exception:  # noqa: BLE001 - a bug: they hear that there is one, the log holds its trace
            _log.exception("bug in a command", verb="mute")
            return BROKEN

    async def _mute(self, request: Request, key: str, choice: str, length: str, comment: str) -> Reply:
        denied = await self._commands.denial("mute", request.who)
        if denied is not None:
            return denied
        form = await self.form(key)
        if isinstance(form, Reply):
            return form
        if choice not in {c.value for c in form.choices} or length not in form.durations:
            return refused("That choice is no longer there", paragraph("Press Mute again."))
        delivered, _ = await self._look_up(key)
        kind, _, value = choice.partition(":")
        channel = delivered.channel if delivered else None
        return await silence(self._desk, request, MuteKind(kind), value, channel, length, comment)


def _told_of(delivered: Delivered | None, alerts: Sequence[Alert]) -> Alert | None:
    """The alert that a post is about. An answer has that of the first report of its story, too; where nothing that the
    channel hears of fired on its own report, it is told by that one."""
    payload = None if delivered is None else delivered.payload
    url = payload.url if isinstance(payload, Message) else ""
    return next((alert for alert in alerts if alert.article.url == url), next(iter(alerts), None))


def _why_digest(digest: Digest, alerts: tuple[Alert, ...]) -> Reply:
    """The reason of the digest, then each alert's rules with their words."""
    by_id = {a.id: a for a in alerts}
    shown = [by_id[one.alert_id] for one in digest.lines if one.alert_id in by_id][:DIGEST_SHOWN]
    left = digest.total - len(shown)
    return Reply(
        "Why these alerts came",
        (
            paragraph(f"In one post: {digest.reason}." if digest.reason else "They came in one post."),
            entries(_why_entry(alert) for alert in shown),
            *([small(f"{left:,} more; ", code("/wire why URL"), " tells it of one.")] if left > 0 else []),
        ),
    )


def _why_entry(alert: Alert) -> Entry:
    parts: list[str] = []
    for match in sorted(alert.matches, key=lambda m: -m.severity)[:3]:
        words = list(dict.fromkeys(" ".join(e.text.split()) for e in match.evidence))[:4]
        parts.append(f"{match.title} ({match.rule_id}): {', '.join(f'“{w}”' for w in words)}")
    return Entry(
        line(Mark(alert.severity), " ", Link(headline_of(alert.article), alert.article.url, bold=True)),
        (line("; ".join(parts)),),
    )


def _unavailable(error: StoreError) -> Reply:
    _log.error("button failed", error=str(error))
    return refused("The store cannot be used right now", paragraph(str(error)))
