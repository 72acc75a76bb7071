"""Values to store, each different from the next in every field that matters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.message import CountryTag, DeliveryKind, Digest, DigestLine, FiredRule, Message, Notice, Receipt, Segment
from bot.model import Alert, Article, Evidence, Match, Severity, Source, Story
from bot.store.base import Batch
from bot.store.outbox_port import NewDelivery
from bot.store.sources_port import Poll

T0 = datetime(2026, 9, 1, 6, 30, 0, 123456, tzinfo=UTC)


def minutes(n: float) -> datetime:
    return T0 + timedelta(minutes=n)


def source(id: str = "wire", **changes: object) -> Source:
    fields: dict[str, object] = {"url": f"https://{id}.example/feed.xml", "title": id.title(), "tags": ("wire",)}
    return Source(id, **{**fields, **changes})  # type: ignore[arg-type]


def article(name: str, source_id: str = "wire", **changes: object) -> Article:
    fields: dict[str, object] = {
        "guid": f"guid-{name}",
        "url": f"https://{source_id}.example/{name}?utm_source=rss",
        "title": f"Title of {name}",
        "text": f"Text of {name}: Pyongyang ships ammunition. 🇰🇵",
        "published": T0 - timedelta(minutes=5, microseconds=1),
        "fetched_at": T0,
        "dated": False,
        "canonical_url": f"https://{source_id}.example/{name}",
        "content_hash": f"hash-{name}",
        "author": "A. Writer",
        "lang": "en",
        "image": f"https://{source_id}.example/{name}.jpg",
        "source_name": "The Wire",
        "source_tags": ("wire", "uk"),
    }
    return Article(key=f"key-{name}", source_id=source_id, **{**fields, **changes})  # type: ignore[arg-type]


def alert(about: Article, id: str | None = None) -> Alert:
    evidence = (Evidence("ammunition", 31, 41, "arms_terms"), Evidence("Pyongyang", 15, 24, "@sanctioned", "KP"))
    matches = (
        Match("arms-deal", "Arms deal", Severity.HIGH, ("arms", "sanctions"), evidence, ("desk",)),
        Match("shipments", "Shipments", Severity.LOW, (), ()),
    )
    story = Story(f"story-{about.key}", True, "nothing like it before")
    return Alert(id or f"alert-{about.key}", about, story, matches, ("KP", "RU"), T0)


def message(key: str, alert_id: str = "alert-1") -> Message:
    return Message(
        key=key,
        alert_id=alert_id,
        severity=Severity.HIGH,
        headline="Pyongyang ships ammunition",
        url="https://wire.example/1",
        source="The Wire",
        published=T0,
        dated=True,
        passage=(Segment("Pyongyang", True), Segment(" ships ", False)),
        countries=(CountryTag("KP", "North Korea", "🇰🇵"),),
        rules=(FiredRule("arms-deal", "Arms deal", Severity.HIGH, ("ammunition", "Pyongyang")),),
        fallback="high: Pyongyang ships ammunition",
        tags=("arms",),
    )


def digest(key: str, alert_ids: Iterable[str] = ("alert-1",)) -> Digest:
    lines = tuple(
        DigestLine(alert_id, Severity.LOW, "Headline", "https://wire.example/1", "The Wire", T0, ("Arms deal",))
        for alert_id in alert_ids
    )
    return Digest(key, "While you were away", "the channel was down", lines, len(lines) + 3, T0)


def alert_delivery(key: str, channel: str = "desk", alert_ids: tuple[str, ...] = ()) -> NewDelivery:
    return NewDelivery(channel, DeliveryKind.ALERT, message(key), T0, alert_ids)


def follow_delivery(
    key: str,
    kind: DeliveryKind,
    follows: str,
    channel: str = "desk",
    alert_ids: tuple[str, ...] = (),
    **changes: object,
) -> NewDelivery:
    """A delivery that changes or answers the post with the key ``follows``."""
    payload = replace(message(key), **changes)  # type: ignore[arg-type]
    return NewDelivery(channel, kind, payload, T0, alert_ids, follows)


def digest_delivery(key: str, channel: str = "desk", alert_ids: tuple[str, ...] = ()) -> NewDelivery:
    return NewDelivery(channel, DeliveryKind.DIGEST, digest(key), T0, alert_ids)


def notice_delivery(key: str, channel: str = "ops") -> NewDelivery:
    notice = Notice(key, "Source is dead", "wire has failed 20 times", Severity.MEDIUM)
    return NewDelivery(channel, DeliveryKind.NOTICE, notice, T0)


def receipt(key: str, channel: str = "desk") -> Receipt:
    return Receipt(channel, key, "1725172200.000100", minutes(1), "https://chat.example/p1")


def poll(source_id: str = "wire", **changes: object) -> Poll:
    fields: dict[str, object] = {"finished_at": T0, "next_poll_at": minutes(10), "outcome": "ok"}
    return Poll(source_id, **{**fields, **changes})  # type: ignore[arg-type]


def batch(*names: str, source_id: str = "wire", channel: str = "desk", alerts: bool = True) -> Batch:
    """One poll: its articles, and for each an alert and its delivery, keyed ``post-<name>``."""
    found = tuple(article(name, source_id) for name in names)
    raised = tuple(alert(one) for one in found) if alerts else ()
    return Batch(
        poll=poll(source_id, items=len(names), new_items=len(names)),
        articles=found,
        stories={one.key: (f"story-{one.key}", "nothing like it before") for one in found},
        alerts=raised,
        deliveries=tuple(
            alert_delivery(f"post-{name}", channel, (one.id,)) for name, one in zip(names, raised, strict=False)
        ),
    )
