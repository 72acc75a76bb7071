"""What becomes of one article on each channel: alerted, added to what was told, held. Pure.

A channel that was not told of the story hears of it by an alert, if a rule fired and no noise control holds it. One
that was told gets its post rewritten, and an answer in its thread where the article adds something; the answer is
shown in the channel as well where the severity rises or the number of independent sources reaches what the policy says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import noise
from bot.follow.novelty import news
from bot.follow.origin import origin
from bot.follow.said import Said
from bot.follow.thread import Marks, Report, Thread, Told
from bot.message import DeliveryKind, Message
from bot.model import Alert, Article, HoldReason, Match, Severity, Story
from bot.noise import Context, Hold, Pass, Rest, Verdict
from bot.render import announced, delivery_key, render_message, render_report, seen_on
from bot.store.noise_port import DecisionRow, NewHold, Release
from bot.store.outbox_port import NewDelivery

Route = Callable[[tuple[Match, ...]], Mapping[str, tuple[Match, ...]]]
"""The channels of a set of matches, each with those of them that lead there."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An article in its story, with what the rules said. ``about`` are the codes of the countries that it is about."""

    article: Article
    story: Story
    matches: tuple[Match, ...]
    countries: tuple[str, ...]
    said: Said
    about: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The outlet, as people see it."""
        return self.article.source_name or self.article.source_id


@dataclass(slots=True)
class Outcome:
    """What is written about one article, and the story as it stands then."""

    thread: Thread
    marks: Marks
    alert: Alert | None = None
    deliveries: list[NewDelivery] = field(default_factory=list)
    holds: list[NewHold] = field(default_factory=list)
    told: list[Release] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    counted: list[tuple[str, str]] = field(default_factory=list)  # rule and channel, for throttles


def decide(one: Arrived, thread: Thread, route: Route, context: Context, now: datetime) -> Outcome:
    """``context`` holds what does not hang on the story."""
    if thread.knows(one.article.key):  # another poll brought it at the same moment
        return Outcome(thread, marks(one))
    if not one.matches and not thread.live:  # nothing to tell, and nobody who was told: as with nearly all
        return Outcome(thread.grown(report(one)), marks(one))
    return Deciding(one, thread, route, context, now).outcome()


def report(one: Arrived) -> Report:
    """The article as a report of its story."""
    article = one.article
    return Report(
        article.key,
        article.source_id,
        one.name,
        article.url,
        article.published,
        one.said.credit,
        one.story.copied,
    )


def marks(one: Arrived) -> Marks:
    """What is kept of it, whoever is told."""
    return Marks(one.said.credit, one.story.copied, countries=one.about)


class Deciding:
    """One article on its way over the channels. ``thread`` grows as decisions are made."""

    controls = noise.FOLLOW

    def __init__(
        self, one: Arrived, thread: Thread, route: Route, context: Context, now: datetime, *, known: bool = False
    ) -> None:
        article = one.article
        self._one, self._route, self._now = one, route, now
        self._before = thread
        self._owners = context.policy.owners
        self._report = report(one)
        fired = dict.fromkeys((m.rule_id for m in one.matches), now)
        reports = thread.reports if known else (*thread.reports, self._report)
        self._thread = replace(thread, reports=reports, fired={**thread.fired, **fired})
        self._independent = self._thread.independent(self._owners)
        self._context = replace(context, independent=self._independent, fired=self._thread.fired)
        self._alert = Alert(article.key, article, one.story, one.matches, one.countries, now) if one.matches else None
        self._out = Outcome(self._thread, marks(one), self._alert)
        self._adds: tuple[str, ...] | None = None
        self._heard_of = self._kept_back = False  # by a channel that was told of the story
        self._given: Alert | None = None  # what an earlier version of the article was alerted by
        self._aside = ""  # said after the reason of what follows
        self._withdrawn = one.said.withdrawn

    def outcome(self) -> Outcome:
        """All channels, one after another."""
        self._send_waiting()
        mine = self._route(self._one.matches) if self._alert else {}
        for channel in dict.fromkeys((*mine, *self._thread.told)):
            matches = mine.get(channel, ())
            told = self._thread.told.get(channel)
            if told is not None:
                self._follow(told, matches)
            elif self._alert is not None and matches and not self._is_held(channel):
                self._tell(replace(self._alert, matches=matches), channel)
        if self._alert is not None and not mine:
            self._note("", Verdict.NOWHERE, "no route leads from its rules to a channel")
        unheard = self._kept_back and not self._heard_of  # then it is news when the next one says it
        if self._alert is not None or (self._thread.live and not unheard):
            found = self._one.said.facts
            self._thread = replace(self._thread, facts=self._thread.facts | found)
            self._out.marks = replace(self._out.marks, facts=found)
        self._out.thread = self._thread
        return self._out

    def _is_held(self, channel: str) -> bool:
        """Whether an alert on this very article waits there already."""
        return any(h.alert_id == self._one.article.key and h.channel == channel for h in self._thread.held)

    # -- a channel that was not told ----------------------------------------------------------------------------------
    def _tell(self, alert: Alert, channel: str) -> None:
        answer = noise.ask(noise.NEW, alert, channel, self._context, self._now)
        match answer:
            case Pass():
                self._send(answer.alert, channel, _SENT_NEW if not self._before.reports else _SENT_GROWN)
            case Hold():
                self._hold(alert, channel, answer)
            case Rest():
                self._note(channel, Verdict.OLD, answer.text)

    def _send(self, alert: Alert, channel: str, reason: str) -> None:
        also = self._thread.also(alert.article.key)
        retracted = self._withdrawn if alert.article.key == self._one.article.key else ""
        message = replace(render_message(alert, channel), also=also, sources=self._independent, retracted=retracted)
        self._out.deliveries.append(NewDelivery(channel, DeliveryKind.ALERT, message, self._now, (alert.id,)))
        self._out.counted.extend((m.rule_id, channel) for m in alert.matches)
        told = Told(channel, message.key, alert.id, alert.article.key, alert.severity, message)
        self._thread = replace(self._thread, told={**self._thread.told, channel: told})
        self._note(channel, Verdict.SEND, reason, alert)

    def _hold(self, alert: Alert, channel: str, answer: Hold, adds: tuple[str, ...] = ()) -> None:
        self._out.holds.append(NewHold(alert.id, channel, answer.reason, answer.by, self._now, answer.until, adds))
        self._note(channel, Verdict.HOLD, answer.text, alert)

    def _send_waiting(self) -> None:
        """Alerts that waited for other sources: perhaps this article is the one they waited for."""
        alerts = {alert.id: alert for alert in self._thread.waiting}
        for held in self._thread.held:
            alert = alerts.get(held.alert_id)
            if held.reason is not HoldReason.CORROBORATION or alert is None:
                continue
            told = self._thread.told.get(held.channel)
            if told is not None:
                self._out.told.append(Release(held.id, None))
                reason = f"was held ({held.reason.value}: {held.by}); its story was told here meanwhile"
                self._note(held.channel, Verdict.TOLD, reason, alert)
                continue
            matches = self._route(alert.matches).get(held.channel) or seen_on(alert, held.channel).matches
            answer = noise.ask(noise.WAITED, replace(alert, matches=matches), held.channel, self._context, self._now)
            if isinstance(answer, Pass):
                self._send(answer.alert, held.channel, f"{self._independent} independent sources have it now")
                self._out.told.append(Release(held.id, self._thread.told[held.channel].key))
            elif isinstance(answer, Hold) and answer.reason is not HoldReason.CORROBORATION:
                self._hold(alert, held.channel, answer)

    # -- a channel that was told --------------------------------------------------------------------------------------
    def _follow(self, told: Told, matches: tuple[Match, ...]) -> None:
        channel, article = told.channel, self._one.article
        self._aside = ""
        alert = Alert(article.key, article, self._one.story, matches, self._one.countries, self._now)
        fresh_told = channel not in self._before.told
        retracts = self._withdrawn if self._withdrawn and self._same_origin(told) else ""
        answer = noise.ask(self.controls, _heard(alert, told), channel, self._context, self._now)
        if retracts and not isinstance(answer, Pass):
            alert = replace(alert, matches=())  # whoever was told of a report hears that it is withdrawn
        elif isinstance(answer, Rest):
            self._note(channel, Verdict.OLD, answer.text)
            return
        elif isinstance(answer, Hold) and answer.reason is HoldReason.INHIBITED:
            # It is no alert by any rule then, and the thread hears of it as of every other report of the story.
            alert = replace(alert, matches=())
            self._aside = f"; {answer.text}"
        elif isinstance(answer, Hold) and (matches or answer.reason is not HoldReason.DIGEST):
            self._keep_back(told, alert, answer)
            return
        elif isinstance(answer, Pass) and matches:
            alert = answer.alert
        louder = _louder(alert, told)
        adds = (*louder, *self._news(told))
        counted = self._nth_source() and not fresh_told
        if counted:
            adds = (*adds, f"{self._independent} independent sources have it now")
        if fresh_told and not louder and not retracts:
            self._note(channel, Verdict.TOLD, "told by the alert that waited for it")
            return
        kind = None
        if adds:
            loud = (bool(louder) or counted) and self._may_raise(alert, told)
            kind = DeliveryKind.RAISE if loud else DeliveryKind.REPLY
        self._post_following(told, alert, kind, adds, retracts)

    def _keep_back(self, told: Told, alert: Alert, answer: Hold) -> None:
        """An alert that adds something comes in the digest, with what it adds. One of no rule is no alert: nobody
        heard what it says, and it is news when the next one says it. What an earlier version of the article adds, and
        waits, comes with it. A channel of digests has its post rewritten all the same, as that makes no sound."""
        self._kept_back = True
        adds = (*_louder(alert, told), *self._news(told))
        held = self._alert if alert.matches else self._given_here(told.channel)
        if held is not None and adds:
            waits = [a for h in self._thread.held if (h.alert_id, h.channel) == (held.id, told.channel) for a in h.adds]
            self._hold(held, told.channel, answer, tuple(dict.fromkeys((*waits, *adds))))
        else:
            self._note(told.channel, Verdict.TOLD, f"told here already; {answer.text}")
        if answer.reason is HoldReason.DIGEST:
            quiet = replace(alert, matches=())
            number, message = self._rewrite(told, quiet, told.severity, "", (told.alert_id,))
            told = replace(told, message=message, following=number)
            self._thread = replace(self._thread, told={**self._thread.told, told.channel: told})

    def _given_here(self, channel: str) -> Alert | None:
        """The alert that an earlier version of the article gave, if rules of this channel were among those it fired: to
        others it would tell what somebody watches."""
        given = self._given
        return given if given is not None and channel in self._route(given.matches) else None

    def _post_following(
        self, told: Told, alert: Alert, kind: DeliveryKind | None, adds: tuple[str, ...], retracts: str
    ) -> None:
        self._heard_of = True
        severity = max(told.severity, alert.severity) if alert.matches else told.severity
        sources = self._independent
        ids = tuple(dict.fromkeys((told.alert_id, *((alert.id,) if self._alert else ()))))
        number, message = self._rewrite(told, alert, severity, retracts, ids)
        if kind is not None:
            number += 1
            answer = render_report("", told.alert_id, alert.article, alert.matches, severity, alert.countries)
            story = message.headline if message is not None else ""
            answer = replace(answer, story_id=alert.story.id, sources=sources, news=adds, story=story)
            self._following(told, kind, number, answer, ids)
            if kind is DeliveryKind.RAISE:
                self._out.counted.extend((m.rule_id, told.channel) for m in alert.matches)
        self._thread = replace(
            self._thread,
            told={
                **self._thread.told,
                told.channel: replace(told, severity=severity, message=message, following=number),
            },
        )
        if kind is not None:
            verdict = Verdict.RAISE if kind is DeliveryKind.RAISE else Verdict.REPLY
            self._note(told.channel, verdict, "; ".join(adds) + self._aside)
        elif number > told.following:
            self._note(
                told.channel,
                Verdict.UPDATE,
                f"told here already, adds nothing new; {_counted(sources)} now{self._aside}",
            )
        else:
            where = " in a digest" if told.message is None else ""
            self._note(told.channel, Verdict.TOLD, f"told here already{where}, adds nothing new{self._aside}")

    def _rewrite(
        self, told: Told, alert: Alert, severity: Severity, retracts: str, ids: tuple[str, ...]
    ) -> tuple[int, Message | None]:
        """The post as it should stand now, if there is one: how much followed it then, and what it says."""
        before = told.message
        if before is None:
            return told.following, None
        rewritten = self._rewritten(told, before, alert)
        message = replace(
            announced(replace(rewritten, severity=severity)),
            also=self._thread.also(told.article_key),
            sources=self._independent,
            retracted=retracts or before.retracted,
        )
        if message == before:
            return told.following, before
        number = told.following + 1
        return number, self._following(told, DeliveryKind.UPDATE, number, message, ids)

    def _following(
        self, told: Told, kind: DeliveryKind, number: int, message: Message, ids: tuple[str, ...]
    ) -> Message:
        key = delivery_key(f"{told.alert_id}:{number}", told.channel, kind)
        made = replace(message, key=key, updated_at=self._now if kind is DeliveryKind.UPDATE else None)
        self._out.deliveries.append(NewDelivery(told.channel, kind, made, self._now, ids, told.key))
        return made

    def _rewritten(self, told: Told, message: Message, alert: Alert) -> Message:
        """The post as it should stand now, but for what counts the sources."""
        return message

    # -- what it adds -------------------------------------------------------------------------------------------------
    def _news(self, told: Told) -> tuple[str, ...]:
        """What the article adds to the story, whichever channel hears of it."""
        if self._adds is None:
            self._adds = self._retraction(self._same_origin(told)) or self._additions()
        return self._adds

    def _retraction(self, ours: bool) -> tuple[str, ...]:
        if not self._withdrawn:
            return ()
        others = self._independent - 1
        left = f"; {_counted(others, 'other ')} reported it, too" if ours and others > 0 else ""
        return (f"{self._one.name}: the report was {self._withdrawn}{left}",)

    def _additions(self) -> tuple[str, ...]:
        said = self._one.said
        found = news(said.claims, self._before.facts if self._before.live else self._thread.facts)
        return (f"Correction by {self._one.name}", *found) if said.corrected else found

    def _same_origin(self, told: Told) -> bool:
        """Whether the post is about a report by whoever is behind this article."""
        base = next((r for r in self._thread.reports if r.key == told.article_key), None)
        mine = origin(self._report, self._owners)
        return base is not None and origin(base, self._owners) == mine

    def _nth_source(self) -> bool:
        wanted = self._context.policy.raise_at
        return bool(wanted) and self._before.independent(self._owners) < wanted <= self._independent

    def _may_raise(self, alert: Alert, told: Told) -> bool:
        return isinstance(noise.ask(noise.RAISE, _heard(alert, told), told.channel, self._context, self._now), Pass)

    def _note(self, channel: str, verdict: Verdict, reason: str, about: Alert | None = None) -> None:
        alert = about or self._alert
        key = self._one.article.key if alert is None else alert.article.key
        row = DecisionRow("" if alert is None else alert.id, key, channel, verdict.value, reason, self._now)
        self._out.decisions.append(row)


_SENT_NEW = "a new story here"
_SENT_GROWN = "the first of its story that fired for this channel"


def _heard(alert: Alert, told: Told) -> Alert:
    """As the controls see it: where an article fired nothing, it is as grave as the alert that was told."""
    return alert if alert.matches else replace(alert, matches=(Match("", "", told.severity, (), ()),))


def _louder(alert: Alert, told: Told) -> tuple[str, ...]:
    """That an alert is graver than what the channel was told, and by which rule; nothing where it is not."""
    if not alert.matches or alert.severity <= told.severity:
        return ()
    rule = max(alert.matches, key=lambda m: m.severity)
    return (f"Severity is now {alert.severity.word}: {rule.title or rule.rule_id}",)


def _counted(sources: int, which: str = "") -> str:
    return f"{sources} {which}independent source{'' if sources == 1 else 's'}"
