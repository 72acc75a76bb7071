"""A deliverer with a scripted channel, an outbox in memory and a virtual clock around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.delivery.deliver import Deliverer
from bot.health import Metrics
from bot.message import DeliveryKind, DeliveryState, Digest, DigestLine, Message
from bot.model import Severity
from bot.store.outbox_port import Delivery, NewDelivery
from tests.fakes.channel import FakeChannel, Step
from tests.fakes.outbox import MemoryAccess, MemoryOutbox
from tests.fakes.virtual_time import START, VirtualTime


def message(number: int, channel: str = "desk", *, dated: bool = True) -> Message:
    return Message(
        key=f"{channel}-{number}",
        alert_id=f"a{number}",
        severity=Severity.HIGH,
        headline=f"Headline {number}",
        url=f"https://news.example/{number}",
        source="Example Wire",
        published=START - timedelta(seconds=90),
        dated=dated,
        passage=(),
        countries=(),
        rules=(),
        fallback=f"Headline {number}",
    )


def alert(number: int, channel: str = "desk", at: datetime = START) -> NewDelivery:
    return NewDelivery(channel, DeliveryKind.ALERT, message(number, channel), at, (f"a{number}",))


def follow(
    number: int, kind: DeliveryKind, of: int, channel: str = "desk", at: datetime = START, **changes: object
) -> NewDelivery:
    """A delivery with the key ``desk-<number>`` that changes or answers the one of the alert ``of``."""
    payload = replace(message(number, channel), **changes)  # type: ignore[arg-type]
    return NewDelivery(channel, kind, payload, at, (f"a{of}",), follows=f"{channel}-{of}")


def digest_of(alerts: Sequence[Delivery], now: datetime) -> NewDelivery:
    lines = tuple(
        DigestLine(m.alert_id, m.severity, m.headline, m.url, m.source, m.published, ())
        for d in alerts
        if isinstance(m := d.payload, Message)
    )
    digest = Digest(f"digest-{alerts[0].id}", "While the channel was away", "outage", lines, len(lines), now)
    return NewDelivery(alerts[0].channel, DeliveryKind.DIGEST, digest, now, tuple(line.alert_id for line in lines))


@dataclass
class Bench:
    """A deliverer with everything around it; ``restart`` is what a new process on the same store would be."""

    time: VirtualTime = field(default_factory=VirtualTime)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    channels: dict[str, FakeChannel] = field(default_factory=dict)
    notices: list[tuple[str, str]] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    fold_limit: int | None = 20
    build: Callable[[str], FakeChannel | None] = lambda name: None

    def __post_init__(self) -> None:
        self.access = MemoryAccess(self.outbox)
        self.running: Deliverer | None = None

    def channel(
        self,
        *script: Step,
        name: str = "desk",
        readable: bool = True,
        starts: Sequence[Step] = (),
        finds: Sequence[Step] = (),
        pace_s: float = 0.0,
    ) -> FakeChannel:
        self.channels[name] = FakeChannel(
            name, self.time.clock, readable=readable, script=script, starts=starts, finds=finds, pace_s=pace_s
        )
        return self.channels[name]

    def put(self, *numbers: int, channel: str = "desk", at: datetime | None = None) -> None:
        for number in numbers:
            self.outbox.add(alert(number, channel, at or self.time.now))

    async def start(self) -> Deliverer:
        async def told(channel: str, text: str) -> None:
            self.notices.append((channel, text))

        async def covered(since: datetime, until: datetime) -> str:
            return f"looked at {(until - since).total_seconds() // 60:.0f} minutes"

        self.running = Deliverer(
            self.channels,
            self.access,
            self.metrics,
            clock=self.time.clock,
            sleep=self.time.sleep,
            digest_of=digest_of,
            coverage=covered,
            on_parked=told,
            fold_limit=self.fold_limit,
            build=lambda name: self.build(name),
        )
        self.running.start()
        await self.time.settle()
        return self.running

    async def kill(self) -> None:
        """End it as a crash would: nothing more is written, the post in hand is lost sight of."""
        assert self.running is not None
        tasks = self.running._tasks or []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.running, self.access = None, MemoryAccess(self.outbox)

    def all_sent(self) -> bool:
        return all(state is DeliveryState.SENT for state in self.outbox.states())

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)
