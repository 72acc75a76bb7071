"""Polls that end together are decided as if they had come one after another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.message import DeliveryKind, Message
from bot.model import Article, Match, Severity
from bot.noise import Policy
from bot.noise.policy import Demand, Inhibition, Throttle
from bot.pipeline import judged_as
from bot.store.sources_port import Poll
from tests.databases import article_at
from tests.desk import OUTLETS, Desk
from tests.follow.test_decide import FIRE, FIRST, FOURTH, OTHER, TEXT, THIRD, report
from tests.samples import match

# Each story in the words of several outlets.
STORIES = (
    (("Blast at the fuel depot of Northport kills 12", TEXT), ("Twelve killed in explosion at Northport depot", OTHER),
     ("Northport quay evacuated after depot explosion", THIRD), ("Tanks of Northport depot explode, 14 dead", FOURTH)),
    (("Parliament of Examplia passes the grain law", "Members of parliament in Examplia passed the grain law on "
      "Tuesday by nine votes after a debate of ten hours, speaker Bo Lind said."),
     ("Grain law passed by nine votes in Examplia", "By nine votes the parliament of Examplia passed the grain law "
      "on Tuesday; speaker Bo Lind closed a debate of ten hours.")),
)  # fmt: skip
RULES = {
    "blast": match("blast", Severity.HIGH),
    "law": match("law", Severity.LOW),
    "vote": match("vote", Severity.MEDIUM),
}
POLICIES = (
    Policy(),
    Policy(demands={"blast": Demand(2, timedelta(hours=6))}),
    Policy(throttles=(Throttle(1, timedelta(hours=1), frozenset({"law", "vote"})),)),
    Policy(inhibitions=(Inhibition("blast", frozenset({"law"}), timedelta(hours=1)),), raise_at=3),
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.stop()


async def test_reports_of_one_story_at_the_same_moment_alert_once(desk: Desk) -> None:
    """The others update the post, as if they had come later."""
    texts = (OTHER, THIRD, FOURTH)
    others = [report(f"r{n}", OUTLETS[n + 1], STORIES[0][n + 1][0], text) for n, text in enumerate(texts)]
    await asyncio.gather(*(desk.read(one, matches=FIRE) for one in (FIRST, *others)))
    assert len(desk.alerts()) == 1
    last = desk.posts(DeliveryKind.UPDATE)[-1].payload
    assert isinstance(last, Message)
    assert last.sources == 4


async def test_the_same_article_from_two_sources_at_the_same_moment_is_written_once(desk: Desk) -> None:
    await asyncio.gather(desk.read(FIRST), desk.read(report("first", "herald", text=TEXT)))
    assert desk.store.counts()["articles"] == 1
    found = article_at(desk.store, FIRST.url)
    assert found is not None
    assert found.source_id == "wire"


async def test_the_second_source_of_a_moment_lets_the_first_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(demands={"blast": Demand(2, timedelta(hours=6))}))
    await asyncio.gather(
        desk.read(FIRST, matches=FIRE), desk.read(report("b", "herald", STORIES[0][1][0]), matches=FIRE)
    )
    assert len(desk.alerts()) == 1
    assert desk.store.held() == ()
    desk.stop()


async def test_a_fault_in_one_poll_is_not_the_others(desk: Desk) -> None:
    """It is raised in its own, and nothing of it is remembered."""

    def poll() -> Poll:
        return Poll("gazette", desk.now, desk.now, "ok")

    def route(matches: tuple[Match, ...]) -> tuple[str, ...]:
        raise ZeroDivisionError("a bug")

    faulty = [judged_as(report("bad", "gazette", "A bridge falls"), FIRE)]
    before = desk.stories.count
    found = await asyncio.gather(
        desk.read(FIRST, matches=FIRE),
        desk.assembler.write(faulty, (), poll, route, first_poll=False),
        desk.read(report("other", "herald", *STORIES[1][0]), matches=FIRE),
        return_exceptions=True,
    )
    assert [type(one) for one in found] == [type(None), ZeroDivisionError, type(None)]
    assert [m.headline for m in desk.alerts()] == [FIRST.title, STORIES[1][0][0]]
    assert desk.stories.count == before + 2


async def test_a_store_that_refuses_leaves_nothing_learnt_and_all_can_come_again(desk: Desk) -> None:
    other = report("other", "herald", *STORIES[1][0])
    empty = desk.stories.digest()
    desk.store.close()
    found = await asyncio.gather(desk.read(FIRST, matches=FIRE), desk.read(other, matches=FIRE), return_exceptions=True)
    assert [type(one) for one in found] == [StoreError, StoreError]
    assert desk.stories.digest() == empty
    desk.store.open()
    await asyncio.gather(desk.read(FIRST, matches=FIRE), desk.read(other, matches=FIRE))
    assert len(desk.alerts()) == 2


@pytest.mark.parametrize("seed", range(12))
async def test_together_or_one_after_another_makes_no_difference(tmp_path: Path, seed: int) -> None:
    """Whatever the stories, the rules and the controls are, and whether anybody was told before."""
    rng = random.Random(seed)
    rounds = [_polls(rng, number) for number in range(3)]
    policy = POLICIES[seed % len(POLICIES)]
    ends = []
    for name in ("apart", "together"):
        (tmp_path / name).mkdir()
        desk = Desk(tmp_path / name, policy, channels=("desk", "intel"))
        for polls in rounds:
            if name == "apart":
                for articles, matches in polls:
                    await desk.read(*articles, matches=matches)
            else:
                await asyncio.gather(*(desk.read(*articles, matches=matches) for articles, matches in polls))
            await desk.wait(minutes=5)
        ends.append(_seen(desk, [a.key for polls in rounds for articles, _ in polls for a in articles]))
        desk.stop()
    assert ends[0] == ends[1]


def _polls(rng: random.Random, number: int) -> list[tuple[list[Article], tuple[Match, ...]]]:
    """Of a moment: each outlet brings a few reports, and some rules fire on them."""
    polls = []
    for outlet in rng.sample(OUTLETS, rng.randint(2, len(OUTLETS))):
        articles = []
        for n in range(rng.randint(1, 2)):
            key = f"{outlet}-{number}-{n}"
            if rng.random() < 0.7:
                title, text = rng.choice(rng.choice(STORIES))
            else:
                title, text = f"Harvest report {rng.randint(1, 9)} of {outlet}", f"Wheat and rye of {outlet}, {key}."
            articles.append(report(key, outlet, title, text))
        fired = rng.sample(sorted(RULES), rng.choice((0, 0, 1, 2)))
        polls.append((articles, tuple(RULES[rule_id] for rule_id in fired)))
    return polls


def _seen(desk: Desk, keys: list[str]) -> dict[str, object]:
    return {
        "stories": desk.store.stories_of(keys),
        "decisions": {key: sorted(desk.verdicts(key)) for key in keys},
        "desk": [(d.kind, d.payload) for d in desk.posts()],
        "intel": [(d.kind, d.payload) for d in desk.posts(channel="intel")],
        "held": sorted((h.alert_id, h.channel, h.reason) for h in desk.store.held()),
    }
