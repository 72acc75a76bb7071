"""How long the event loop is held up: a look every so often, and how late it came.

Everything that waits for the network shares one loop; whatever computes in it holds up the rest. What that costs shows
here, on the machine and with the sources that one has.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

LOOK_S = 0.05  # seconds between two looks: often enough for a delay of 100 ms, and nothing that a processor feels


async def watch(
    report: Callable[[float], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Report by how many seconds each look came late, until it is cancelled."""
    while True:
        due = clock() + LOOK_S
        await sleep(LOOK_S)
        report(max(clock() - due, 0.0))
