"""``wirewatch deliveries``: what waits, what was refused and why, and setting it free again."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from bot.channels.places import parse_place
from bot.channels.text import clean, cut
from bot.config import Config, load_config
from bot.errors import WirewatchError
from bot.message import DeliveryState, Message
from bot.store.outbox_port import Delivery, Payload
from bot.store.sql import SqlStore
from bot.yaml_models import nearest

LIMIT = 200  # lines
SHOWN_MAX = 80  # characters of what is to be posted
_OPEN = (DeliveryState.PARKED, DeliveryState.SENDING, DeliveryState.WAITING)


def list_deliveries(path: Path) -> int:
    """One line for each delivery that is not in its channel: parked ones first, with the reason. Exit status 0."""
    store = _open(load_config(path, os.environ, to_run=False))
    try:
        found = [d for state in _OPEN for d in store.deliveries((state,), LIMIT)]
        counts = store.counts()
    finally:
        store.close()
    now = datetime.now(UTC)
    for delivery in found[:LIMIT]:
        print(_line(delivery, now))
    total = {state: counts.get(f"deliveries.{state}", 0) for state in _OPEN}
    if sum(total.values()) > LIMIT:
        print(f"... and {sum(total.values()) - LIMIT} more")
    waiting = total[DeliveryState.WAITING] + total[DeliveryState.SENDING]
    parked = total[DeliveryState.PARKED]
    print(
        f"{waiting} waiting, {parked} parked" + ("; `wirewatch deliveries retry` sends those again" if parked else "")
    )
    return 0


def retry(path: Path, channel: str | None) -> int:
    """Let parked deliveries (of one channel) wait for their turn again. Exit status 0, also if there is none."""
    config = load_config(path, os.environ, to_run=False)
    if channel is not None and channel not in config.channels and parse_place(channel) is None:
        raise WirewatchError(f"no channel has the name {channel!r}{nearest(channel, config.channels, show_all=True)}")
    store = _open(config)
    try:
        freed = store.unpark(channel, datetime.now(UTC))
    finally:
        store.close()
    where = f" on {channel}" if channel else ""
    if not freed:
        print(f"nothing is parked{where}")
        return 0
    noun = "delivery waits" if freed == 1 else "deliveries wait"
    print(f"{freed} {noun} again{where}; the running bot sends them within half a minute, else the next run does")
    return 0


def _open(config: Config) -> SqlStore:
    store = SqlStore(config.store.reveal())
    store.open()
    return store


def _line(delivery: Delivery, now: datetime) -> str:
    tries = "never tried" if not delivery.attempts else f"{delivery.attempts} tries"
    tries = tries if delivery.attempts != 1 else "1 try"
    age = _span((now - delivery.created_at).total_seconds())
    error = f": {clean(delivery.last_error)}" if delivery.last_error else ""
    what = f'{delivery.kind.value} "{_shown(delivery.payload)}"'
    return f"{delivery.state.value:<8}{delivery.channel}  {what}, {age} old, {tries}{error}"


def _shown(payload: Payload) -> str:
    return cut(clean(payload.headline if isinstance(payload, Message) else payload.title), SHOWN_MAX)


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(int(seconds), 0)}s"
