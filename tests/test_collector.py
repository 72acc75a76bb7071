"""What has come to stay is not walked again; what goes all the same is let go of at night."""

from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path

from bot import collector
from tests.commands.team import team, until


class Ring:
    """Refers to itself, so that only the collector can let go of it."""

    def __init__(self) -> None:
        self.ring = self


def walked(one: object) -> bool:
    """Whether the collector would look at it."""
    return any(each is one for each in gc.get_objects())


def test_what_is_there_is_set_apart_until_the_end_and_garbage_is_not() -> None:
    usual = gc.get_threshold()
    lost = weakref.ref(Ring())
    kept = Ring()
    with collector.settled():
        assert lost() is None
        assert not walked(kept)
        later = Ring()
        assert walked(later)
        assert gc.get_threshold() == (collector.YOUNG_MAX, *usual[1:])
        collector.settle_more()
        assert not walked(later)
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0
    assert walked(kept)
    assert walked(later)


def test_at_night_what_was_set_apart_and_went_is_let_go_of() -> None:
    going = Ring()
    gone = weakref.ref(going)
    with collector.settled():
        del going
        gc.collect()
        assert gone() is not None, "nobody looks"
        collector.settle_anew()
        assert gone() is None
        assert gc.get_freeze_count() > 0


async def test_a_bot_that_runs_has_its_rules_set_apart_those_that_come_later_too(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        stopping = asyncio.Event()
        asked: list[str] = []
        engine = one.app.book.engine
        detect = engine._detect
        assert detect is not None
        engine._detect = lambda text: asked.append(text) or detect(text)  # type: ignore[func-returns-value]
        task = asyncio.create_task(one.app.run(stopping))
        await until(gc.get_freeze_count)
        assert asked, "what the first question would wait for is loaded, and set apart with the rest"
        assert not walked(one.app.book)
        before = one.app.book
        await one.on_slack(admin=True).types('/wire watch "bakery wins"', one.room)
        await until(lambda: one.app.book is not before)
        assert not walked(one.app.book)
        stopping.set()
        await task
        assert gc.get_freeze_count() == 0
