"""Charts drawn in a process of their own, which is kept for the next one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from bot.store.codec import encode
from bot.summary import drawing
from bot.summary.chart import draw
from bot.summary.draw import ANSWER, REQUEST
from bot.summary.drawing import KEPT, NICE, ChartError, Charts
from bot.summary.model import Timeline
from bot.summary.post import ChartPost
from tests.summary.samples import NOW

pytest.importorskip("matplotlib", reason="charts need the extra charts")

TIMELINE = Timeline((NOW,), timedelta(hours=1), {"Iran": (2,)}, {"Iran": (0, 0, 2, 0, 0)})
POST = ChartPost("k:chart", "Alerts by country", "today", "Bar chart: 2 alerts", "UTC", TIMELINE)
ROOT = str(Path(__file__).resolve().parents[2])
BROKEN = replace(POST, zone="Nowhere/At_All")


@pytest.fixture
async def memory() -> list[int]:
    return []


@pytest.fixture
async def charts(memory: list[int]) -> AsyncIterator[Charts]:
    made = Charts(on_memory=memory.append)
    yield made
    await made.stop()
    assert made.pid is None


def titled(number: int) -> ChartPost:
    return replace(POST, title=f"Alerts by country: {number}")


def process_of(charts: Charts) -> asyncio.subprocess.Process:
    assert charts._process is not None
    return charts._process._process


async def test_it_is_the_picture_that_is_drawn_here(charts: Charts) -> None:
    file = await charts.file_of(POST)
    assert file.content == draw(TIMELINE, POST.title, POST.period, UTC)
    assert (file.key, file.title, file.alt) == (POST.key, POST.title, POST.alt)


async def test_one_process_draws_them_all_below_our_priority(charts: Charts, memory: list[int]) -> None:
    first, second = await asyncio.gather(charts.draw(titled(1)), charts.draw(titled(2)))
    pid = charts.pid
    assert pid is not None
    third = await charts.draw(titled(3))
    assert charts.pid == pid
    assert len({first, second, third}) == 3
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
    assert len(memory) == 3
    assert all(10_000_000 < held < 1_000_000_000 for held in memory)


async def test_the_same_chart_is_drawn_once_whoever_asks(charts: Charts, memory: list[int]) -> None:
    again = replace(POST, key="another:chart")
    pictures = await asyncio.gather(charts.draw(POST), charts.draw(again), charts.draw(POST))
    assert len(set(pictures)) == 1
    process_of(charts).kill()
    assert await charts.draw(again) == pictures[0]
    assert len(memory) == 1


async def test_the_latest_pictures_are_kept_and_no_more(charts: Charts, memory: list[int]) -> None:
    for number in range(KEPT + 1):
        await charts.draw(titled(number))
    await charts.draw(titled(KEPT))
    assert len(memory) == KEPT + 1
    await charts.draw(titled(0))
    assert len(memory) == KEPT + 2


async def test_where_the_process_was_killed_another_one_draws(charts: Charts, memory: list[int]) -> None:
    await charts.draw(titled(1))
    killed = process_of(charts)
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    await charts.draw(titled(2))
    assert process_of(charts).pid != killed.pid
    assert memory[1] == 0


async def test_it_ends_when_nobody_asks_for_long_and_begins_again() -> None:
    pids: list[int | None] = []
    ended = asyncio.Event()

    def told(held: int) -> None:
        pids.append(charts.pid)
        if not held:
            ended.set()

    charts = Charts(idle_s=0, on_memory=told)
    await charts.draw(titled(1))
    await ended.wait()
    assert len(pids) == 2
    await charts.draw(titled(2))
    await charts.stop()
    first, none, second, _ = pids
    assert none is None
    assert len({first, second, None}) == 3


async def test_it_ends_with_the_bot_however_that_ends(tmp_path: Path) -> None:
    """The bot here is a process that is killed; its pipe is all that what draws notices of it."""
    script = tmp_path / "bot_that_is_killed.py"
    script.write_text(
        "import asyncio, sys\n"
        "from tests.summary.test_drawing import POST, Charts\n"
        "async def main():\n"
        "    charts = Charts()\n"
        "    await charts.draw(POST)\n"
        "    print(charts.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n",
        "utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": ROOT}
    )
    assert process.stdout is not None
    pid = int(await process.stdout.readline())
    watch = os.pidfd_open(pid)
    process.kill()
    await process.wait()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watch, ended.set)  # readable once it has ended: pidfd_open(2)
    await asyncio.wait_for(ended.wait(), 20)
    asyncio.get_running_loop().remove_reader(watch)
    os.close(watch)


async def test_what_cannot_be_drawn_says_so_and_the_next_one_is_drawn(
    charts: Charts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ChartError, match="the log says why"):
        await charts.draw(BROKEN)
    assert "No time zone found with key Nowhere/At_All" in capsys.readouterr().err
    pid = charts.pid
    await charts.draw(POST)
    assert charts.pid == pid
    monkeypatch.setattr(drawing, "available", lambda: False)
    with pytest.raises(ChartError, match=r"add the extra charts: scripts/install\.sh .* charts"):
        await charts.draw(POST)


async def test_what_takes_too_long_is_given_up_with_its_process() -> None:
    charts = Charts(within_s=0)
    with pytest.raises(ChartError, match="not drawn within 0 s"):
        await charts.draw(POST)
    assert charts.pid is None


async def test_a_process_that_cannot_begin_leaves_its_last_words_in_the_log(
    charts: Charts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").write_text("raise ImportError('no such thing here')", "utf-8")
    monkeypatch.setattr(drawing.bot, "__file__", str(tmp_path / "bot" / "__init__.py"))
    with pytest.raises(ChartError, match="the log says why"):
        await charts.draw(POST)
    assert "status 1: ImportError: no such thing here" in capsys.readouterr().err
    assert charts.pid is None


async def test_a_stop_gives_up_the_chart_in_hand_and_says_so(charts: Charts) -> None:
    asked = asyncio.create_task(charts.draw(POST))
    await asyncio.sleep(0)
    await charts.stop()
    with pytest.raises(ChartError, match="stopping"):
        await asked


async def test_who_no_longer_waits_takes_the_chart_from_nobody(charts: Charts) -> None:
    given_up, waiting = asyncio.create_task(charts.draw(POST)), asyncio.create_task(charts.draw(POST))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await waiting).startswith(b"\x89PNG")
    assert given_up.cancelled()


async def test_no_token_reaches_the_process(charts: Charts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-secret")
    await charts.draw(POST)
    inside = environment(charts.pid)
    assert b"PYTHONPATH" in inside
    assert b"xoxb" not in inside


def environment(pid: int | None) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_what_a_library_prints_does_not_come_between_the_answers(tmp_path: Path) -> None:
    """``sitecustomize`` is imported by every Python that has it on its path."""
    (tmp_path / "sitecustomize.py").write_text(
        "import bot.summary.chart as chart\nreal = chart.draw\n"
        "def loud(*given):\n    print('loading fonts', flush=True)\n    return real(*given)\nchart.draw = loud\n",
        "utf-8",
    )
    request = encode(ChartPost, POST).encode()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.summary.draw",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
    )  # fmt: skip
    answer, said = await process.communicate(REQUEST.pack(len(request)) + request)
    drawn, size, _ = ANSWER.unpack(answer[: ANSWER.size])
    assert (drawn, size) == (True, len(answer) - ANSWER.size)
    assert said == b"loading fonts\n"
