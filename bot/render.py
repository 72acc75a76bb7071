"""Alert → Message: what a person should read, before any platform's markup or limit.

Pure: no clock, no I/O. Texts come out cleaned (:mod:`bot.channels.text`), so that what waits in the outbox is
already harmless; nothing is cut here but the passage, which is a quotation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.articles.page import words_seen
from bot.channels.text import clean, cut
from bot.flags import country_tag
from bot.message import DeliveryKind, Digest, DigestLine, FiredRule, Message
from bot.model import Alert, Article, Match, Severity
from bot.passage import passage
from bot.people import is_others
from bot.store.outbox_port import Delivery, NewDelivery

_FALLBACK_MAX = 240  # characters: about what a phone shows of a notification
_WORD_MAX = 80  # characters of one piece of evidence in the "why" line


def delivery_key(subject: str, channel: str, kind: DeliveryKind) -> str:
    """The key that travels with a post: 20 hexadecimal digits, equal for equal arguments in every process.

    80 bits: among a billion deliveries, one chance in two million that any two share a key. Short enough for a Discord
    nonce (25) and ``custom_id`` (100).
    """
    parts = "\x1f".join((subject, channel, kind.value))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def render_message(alert: Alert, channel: str, *, kind: DeliveryKind = DeliveryKind.ALERT) -> Message:
    """The message about ``alert`` for the channel of that name; what others watch is not for it to know."""
    alert = seen_on(alert, channel)
    key = delivery_key(alert.id, channel, kind)
    made = render_report(key, alert.id, alert.article, alert.matches, alert.severity, alert.countries)
    return replace(made, story_id=alert.story.id)


def render_report(
    key: str,
    alert_id: str,
    article: Article,
    matches: Sequence[Match],
    severity: Severity,
    countries: Sequence[str] = (),
) -> Message:
    """The message about an article on which any number of rules fired, none of them perhaps."""
    headline, source = headline_of(article), source_of(article)
    return Message(
        key=key,
        alert_id=alert_id,
        severity=severity,
        headline=headline,
        url=article.url,
        source=source,
        published=article.published,
        dated=article.dated,
        passage=passage(article, matches),
        countries=tuple(country_tag(code) for code in countries),
        rules=tuple(_fired(m) for m in _by_severity(matches)),
        fallback=_notification(severity, headline, source),
        image=article.image,
        tags=tuple(sorted({tag for m in matches for tag in m.tags})),
        read=words_seen(article),
        lists=tuple(dict.fromkeys(clean(e.listed) for m in matches for e in m.evidence if e.listed)),
    )


def announced(message: Message) -> Message:
    """With the line for notifications that fits its severity and headline as they are now."""
    return replace(message, fallback=_notification(message.severity, message.headline, message.source))


def _notification(severity: Severity, headline: str, source: str) -> str:
    return cut(f"{severity.name}: {headline}", _FALLBACK_MAX) + (f" ({cut(source, 60)})" if source else "")


def seen_on(alert: Alert, channel: str) -> Alert:
    """The alert without what other people and channels watch: a watch is theirs alone."""
    return seen_by(alert, (channel,)) or alert


def seen_by(alert: Alert, audience: Collection[str]) -> Alert | None:
    """The same for an audience, named by its delivery channels; ``None`` where nothing else fired."""
    kept = tuple(m for m in alert.matches if not is_others(m.rule_id, m.channels, audience))
    if len(kept) == len(alert.matches):
        return alert
    return replace(alert, matches=kept) if kept else None


def digest_of_deliveries(deliveries: Sequence[Delivery], now: datetime) -> NewDelivery:
    """The digest that takes the place of alerts that an outage piled up in one channel's queue. The same alerts give
    the same key, whenever they are folded.

    Raises ``ValueError`` if there is none, or one that holds no alert.
    """
    if not deliveries or any(not isinstance(d.payload, Message) for d in deliveries):
        raise ValueError("a digest of deliveries needs alerts")
    channel = deliveries[0].channel
    messages = [d.payload for d in deliveries if isinstance(d.payload, Message)]
    title = "While the channel was away"
    ids = "\x1e".join(sorted(m.alert_id for m in messages))
    digest = Digest(
        key=delivery_key(f"{title}\x1e{ids}", channel, DeliveryKind.DIGEST),
        title=title,
        reason=f"{len(messages)} alerts waited until this channel could be reached again",
        lines=in_order(map(_line_of, messages)),
        total=len(messages),
        created_at=now,
    )
    return NewDelivery(channel, DeliveryKind.DIGEST, digest, now, tuple(m.alert_id for m in messages))


def in_order(lines: Iterable[DigestLine]) -> tuple[DigestLine, ...]:
    """Lines under their headings: what filters held last, the heading with the gravest line first, then the gravest and
    the newest."""
    found = tuple(lines)
    gravest: dict[str, Severity] = {}
    for line in found:
        gravest[line.group] = max(gravest.get(line.group, line.severity), line.severity)
    return tuple(
        sorted(
            found,
            key=lambda x: (x.brief, -gravest[x.group], x.group, -x.severity, -x.published.timestamp(), x.alert_id),
        )
    )


def headline_of(article: Article) -> str:
    """The title; of an article without one, the beginning of its text; without that, the address."""
    return clean(article.title) or cut(clean(article.text[:1000]), 120) or article.url


def source_of(article: Article) -> str:
    return clean(article.source_name or article.source_id)


def _by_severity(matches: Sequence[Match]) -> list[Match]:
    return sorted(matches, key=lambda m: -m.severity)


def _fired(match: Match) -> FiredRule:
    """The rule, with the words that it found: in the order of the text, each once whatever its case; what stands
    inside a longer piece of evidence is not said again (``deal`` in ``arms deal``)."""
    words: dict[str, str] = {}
    covered = 0
    for evidence in sorted(match.evidence, key=lambda e: (e.start, -e.end)):
        if evidence.end <= covered:
            continue
        covered = evidence.end
        word = cut(clean(evidence.text), _WORD_MAX)
        if word:
            words.setdefault(word.casefold(), word)
    return FiredRule(match.rule_id, clean(match.title) or match.rule_id, match.severity, tuple(words.values()))


def digest_line(
    alert: Alert,
    *,
    group: str = "",
    reports: int = 1,
    sources: int = 1,
    brief: bool = False,
    retracted: str = "",
    adds: tuple[str, ...] = (),
) -> DigestLine:
    """A story inside a digest, by one of its alerts."""
    titles = dict.fromkeys(clean(m.title) or m.rule_id for m in _by_severity(alert.matches))
    article = alert.article
    return DigestLine(
        alert.id,
        alert.severity,
        headline_of(article),
        article.url,
        source_of(article),
        article.published,
        tuple(titles),
        story_id=alert.story.id,
        group=clean(group) or next(iter(titles), ""),
        reports=reports,
        sources=sources,
        brief=brief,
        retracted=retracted,
        adds=adds,
    )


def _line_of(message: Message) -> DigestLine:
    return DigestLine(
        message.alert_id,
        message.severity,
        message.headline,
        message.url,
        message.source,
        message.published,
        tuple(dict.fromkeys(rule.title for rule in message.rules)),
        story_id=message.story_id,
        group=message.rules[0].title if message.rules else "",
        sources=max(message.sources, 1),
        retracted=message.retracted,
    )
