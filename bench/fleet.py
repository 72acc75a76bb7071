"""``wirewatch run`` over 2,000 sources that misbehave: what it costs, what it misses, what it says of each.

    python bench/fleet.py [--sources N] [--minutes N]

The bot is a process of its own; the sources, a hub and the receiver of alerts are in this one (see
bench/fleet_world.py for the kinds). Every source is to be polled once a minute. At the end there must be

- an alert for each article that came after the first poll of its source, exactly one;
- a process that does not grow: its resident memory, with that of the processes which it starts, is printed for each
  minute, and may grow by a fifth from the third minute on, when every source was polled, to the end;
- for each source the state and the reason that are right for its kind: the table.

Exit status 1 where one of them is not so. Beside the memory stands what the bot's own metrics say of the longest time
that its event loop was held up.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.fleet_world import RULES, Verdict, World, shares
from bot.roster.state import SourceState
from bot.store.sql import SqlStore
from tests.bot_process import Room, free_port
from tests.fakes.hub import Hub
from tests.fakes.webhook import WebhookReceiver

GROWTH_MAX = 0.20  # of the resident memory
STEADY_MINUTE = 3  # from which it is compared
PUSH_S = 15.0  # between two items of the sources that push
LAST_S = 60.0  # at the end, in which nothing new appears
WAIT_S = 60.0  # for the last alerts


class Fleet:
    """A run of the bot over a world."""

    def __init__(self, folder: Path, world: World, hub: Hub, receiver: WebhookReceiver) -> None:
        self.world, self.hub, self.receiver = world, hub, receiver
        self.memory: list[int] = []  # KiB, by minute
        self.stalls: list[float] = []  # seconds, by minute, as the bot's own metrics have it
        self._folder = folder
        self.port = port = free_port()
        hosts = [*world.hosts, "127.0.0.1"]
        extra = (
            f"allow_private: {hosts}\nhttp: {{listen: '127.0.0.1:{port}'}}\n"
            f"websub: {{public_url: 'http://127.0.0.1:{port}'}}\npoll: {{timeout: 15s, concurrency: 200}}\n"
            "log: {level: error}\n"
        )
        self.room = Room(folder, f'  hook: {{kind: webhook, url: "{receiver.url}"}}\n', extra=extra)
        config = self.room.config.read_text("utf-8").replace('allow_private: ["127.0.0.1"]\n', "", 1)
        self.room.config.write_text(config, "utf-8")
        (self.room.rules / "rules.yaml").write_text(RULES, "utf-8")
        (self.room.rules / "sources.yaml").write_text(world.sources_yaml(), "utf-8")
        world.links = lambda site: (
            {"Link": f'<{hub.url()}>; rel="hub", <{world.url(site)}>; rel="self"'} if site.name == "push" else {}
        )

    @property
    def headlines(self) -> list[str]:
        return [r.payload["alert"]["headline"] for r in self.receiver.accepted if "alert" in r.payload]

    async def run(self, minutes: float) -> None:
        """Let the bot work for so long, and wait for its last alerts."""
        process = await self.room.start("run", WIREWATCH_LOG_LEVEL="error")
        assert process.stderr is not None
        assert process.stdout is not None
        readers = [asyncio.create_task(stream.read()) for stream in (process.stderr, process.stdout)]
        pushing = asyncio.create_task(self._push())
        began = time.monotonic()
        try:
            while (left := began + minutes * 60 - time.monotonic()) > 0:
                self.world.publishing = left > LAST_S
                minute = len(self.memory) + 1
                await asyncio.sleep(max(min(began + 60 * minute, began + minutes * 60) - time.monotonic(), 0))
                self.memory.append(_resident(process.pid))
                self.stalls.append(await _stall(self.port))
                print(
                    f"minute {minute:2}: {self.memory[-1] / 1024:6.0f} MiB resident, "
                    f"{self.world.requests.total():6} requests answered, {len(self.headlines):5} alerts, "
                    f"the event loop held up for {self.stalls[-1] * 1_000:4.0f} ms at most",
                    flush=True,
                )
            pushing.cancel()
            late = time.monotonic() + WAIT_S
            while self.world.alerts(self.headlines)[0] and time.monotonic() < late:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
        finally:
            pushing.cancel()
            process.send_signal(signal.SIGTERM)
            await process.wait()
        for said in await asyncio.gather(*readers):
            if said.strip():
                print(said.decode(errors="replace")[-2_000:], file=sys.stderr)

    async def _push(self) -> None:
        sites = [site for site in self.world.sites if site.name == "push"]
        while True:
            await asyncio.sleep(PUSH_S)
            if not self.world.publishing:
                continue
            subscribed = {one.topic for one in self.hub.live}
            for site in sites:
                if self.world.url(site) in subscribed:
                    await self.hub.publish(self.world.url(site), self.world.publish(site))

    def verdicts(self) -> list[Verdict]:
        store = SqlStore(f"sqlite:///{self._folder / 'wirewatch.db'}")
        store.open()
        statuses = {s.source_id: (s.state, f"{s.reason} {s.error}") for s in store.source_statuses()}
        store.close()
        return self.world.verdicts({site.id: statuses.get(site.id, (SourceState.OFF, "")) for site in self.world.sites})


def _resident(pid: int) -> int:
    """KiB of the process and of those that it started, such as the one that reads feeds."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # it ended at this moment
        return 0
    own = next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
    return own + sum(_resident(int(child)) for child in children)


async def _stall(port: int) -> float:
    """What ``/metrics`` says of the longest delay of the last minute, in seconds."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    return float(page.partition("\nwirewatch_event_loop_delay_max_seconds ")[2].split("\n")[0])


async def measure(folder: Path, sources: int, minutes: float) -> bool:
    """Print the figures and the table. Returns whether all is as it must be."""
    async with World(shares(sources)) as world, Hub() as hub, WebhookReceiver() as receiver:
        print(f"{len(world.sites)} sources on {len(world.hosts)} hosts, for {minutes:g} minutes")
        fleet = Fleet(folder, world, hub, receiver)
        await fleet.run(minutes)
        verdicts = fleet.verdicts()
        missed, doubled = world.alerts(fleet.headlines)
        due = sum(len(site.news) for site in world.sites)
    print(f"\n{'kind':<11}{'right':>12}  expected")
    for one in verdicts:
        line = f"{one.name:<11}{one.right:>5} of {one.total:<4}  {one.expected}"
        print(f"{line}\n{'':<25}BUT {one.others}" if one.others else line)
    steady = fleet.memory[min(STEADY_MINUTE, len(fleet.memory)) - 1]
    growth = fleet.memory[-1] / steady - 1
    wrong = sum(one.total - one.right for one in verdicts)
    print(f"\narticles that were to be alerted: {due}; missed {len(missed)}, doubled {len(doubled)} (target: 0, 0)")
    print(f"memory from minute {STEADY_MINUTE} to the end: {growth:+.1%} (target: at most {GROWTH_MAX:+.0%})")
    print(f"sources in another state or with another reason than their kind's: {wrong} (target: 0)")
    if doubled or missed:
        print(f"missed: {missed[:3]}; doubled: {doubled[:3]}")
    return not (missed or doubled or wrong) and growth <= GROWTH_MAX


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sources", type=int, default=2_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(measure(Path(folder), given.sources, given.minutes)) else 1


if __name__ == "__main__":
    sys.exit(main())
