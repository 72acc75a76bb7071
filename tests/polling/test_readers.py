"""Answers are read by a process beside the bot where there is load, and the bot cannot tell."""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import select
import signal
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import SourceError
from bot.live import rulebook
from bot.model import Fetched, Source
from bot.polling.groups import Press
from bot.polling.readers import BODY_MAX, Readers
from bot.polling.reading import LENGTH, Read, features_of, packed, read, read_ahead
from tests.fakes.feeds import Answer, Handler
from tests.polling.test_poller import RULES, START, Entry, open_desk
from tests.polling.test_poller import feed as river
from tests.samples import NOW

SAMPLES = sorted((Path(__file__).parents[1] / "data" / "feeds").iterdir())
SOURCE = Source("wire", "https://wire.example/feed", title="The Wire", tags=("wire", "uk"), lang="en")


def item(number: int, text: str = "Members voted on Tuesday after a debate of nine hours, the speaker said") -> str:
    return (
        f"<item><title>Parliament of Examplia passes law number {number}</title><guid>law-{number}</guid>"
        f"<link>https://wire.example/law/{number}</link><pubDate>Wed, 04 Mar 2026 11:00:00 GMT</pubDate>"
        f"<description>{text} &amp; left. Law {number} is on grain.</description></item>"
    )


def feed(*numbers: int, **changes: str) -> bytes:
    items = "".join(item(number, **changes) for number in numbers)
    return f'<rss version="2.0"><channel><title>Wire</title><ttl>30</ttl>{items}</channel></rss>'.encode()


def answer(content: bytes, known: bytes = b"") -> Fetched:
    return Fetched("wire", SOURCE.url, 200, {"content-type": "application/rss+xml"}, content, NOW, known=known)


@pytest.fixture
async def press() -> AsyncIterator[Press]:
    with ThreadPoolExecutor(1) as core:
        yield Press(core)


@pytest.fixture
async def readers(press: Press) -> AsyncIterator[Readers]:
    """With load from the first answer on."""
    made = Readers(press, busy=1, processors=2)
    yield made
    await made.stop()


async def begun(readers: Readers) -> int:
    """The process is there. What comes meanwhile is read by the bot."""
    while readers.pid is None:
        assert (await readers.read(answer(feed(1, 2, 3)), SOURCE)).items == 3
    return readers.pid


def outcome(found: Read | BaseException) -> tuple[object, ...]:
    """All that a poll makes use of."""
    if isinstance(found, SourceError):
        return found.reason, str(found)
    assert isinstance(found, Read)
    parsed = replace(found.parsed, items=())
    return parsed, parsed.marks, found.items, found.articles


def here(work: Fetched) -> Read | SourceError:
    """What the bot itself makes of it."""
    try:
        return read(work, SOURCE)
    except SourceError as error:
        return error


async def test_what_the_process_reads_is_what_the_bot_would_read(readers: Readers) -> None:
    """Of whole feeds in every format, and of answers of which an earlier one held a part."""
    await begun(readers)
    contents = [path.read_bytes() for path in SAMPLES] + [b"", b"<html>no feed</html>", b"<rss><channel>", feed()]
    marks = read(answer(feed(*range(20))), SOURCE).parsed.marks
    works = [answer(content) for content in contents if len(content) <= BODY_MAX]
    works += [answer(feed(40, *range(15)), marks), answer(feed(*range(20)), marks), answer(feed(41, 42), marks)]
    found = await asyncio.gather(*(readers.read(work, SOURCE) for work in works), return_exceptions=True)
    assert [outcome(one) for one in found] == [outcome(here(work)) for work in works]
    assert readers.pid is not None
    assert sum(isinstance(one, Read) and bool(one.features) for one in found) == 1


def test_what_goes_between_the_processes_arrives_with_all_its_fields() -> None:
    known = read(answer(feed(1, 2, 3)), SOURCE).parsed.marks
    work = (replace(answer(feed(1, 2, 3, 4), known), moved_to="https://wire.example/new"), SOURCE)
    found = read_ahead(*work)
    assert found.features
    assert found.articles
    for one in (work[0], work[1], found):
        message = packed(one)
        (size,) = LENGTH.unpack(message[: LENGTH.size])
        assert size == len(message) - LENGTH.size
        came = pickle.loads(message[LENGTH.size :])
        assert type(came) is type(one)
        assert astuple(came) == astuple(one)  # also those that do not count where two are compared


async def test_features_are_worked_out_ahead_of_what_is_likely_new(readers: Readers) -> None:
    await begun(readers)
    marks = read(answer(feed(*range(20))), SOURCE).parsed.marks
    first = await readers.read(answer(feed(*range(20))), SOURCE)
    assert first.features == ()
    later = await readers.read(answer(feed(77, *range(19)), marks), SOURCE)
    assert [article.title for article in later.articles] == ["Parliament of Examplia passes law number 77"]
    assert later.features == tuple(map(features_of, later.articles))


@pytest.mark.parametrize("seed", range(6))
async def test_mutated_answers_are_read_alike(readers: Readers, seed: int) -> None:
    rng = random.Random(seed)
    await begun(readers)
    works = []
    for number in range(40):
        content = bytearray(feed(*rng.sample(range(30), 5)))
        for _ in range(rng.randrange(6)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        works.append(answer(bytes(content), read(answer(feed(*range(10))), SOURCE).parsed.marks if number % 2 else b""))
    found = await asyncio.gather(*(readers.read(work, SOURCE) for work in works), return_exceptions=True)
    assert [outcome(one) for one in found] == [outcome(here(work)) for work in works]
    for work, one in zip(works, found, strict=True):
        assert not isinstance(one, Read) or one.features in (read_ahead(work, SOURCE).features, ())


async def test_a_process_that_dies_costs_nothing(readers: Readers) -> None:
    """Whatever it had in hand is read by the bot, and so is what comes after it."""
    pid = await begun(readers)
    works = [answer(feed(*range(n, n + 30))) for n in range(60)]
    asked = [asyncio.ensure_future(readers.read(work, SOURCE)) for work in works]
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    found = await asyncio.gather(*asked)
    assert [outcome(one) for one in found] == [outcome(here(work)) for work in works]
    assert outcome(await readers.read(works[0], SOURCE)) == outcome(found[0])
    assert readers.pid != pid


async def test_one_that_died_is_replaced_after_a_while(press: Press) -> None:
    now = 0.0
    readers = Readers(press, busy=1, processors=2, clock=lambda: now)
    pid = await begun(readers)
    os.kill(pid, signal.SIGKILL)
    while readers.pid is not None:
        await readers.read(answer(feed(1)), SOURCE)
    assert readers._beginning is None
    now = 61.0
    assert await begun(readers) != pid
    await readers.stop()


async def test_one_that_has_nothing_to_do_ends(press: Press) -> None:
    readers = Readers(press, busy=1, processors=2, idle_s=0)
    await begun(readers)
    assert readers._process is not None
    await asyncio.gather(*readers._process._tasks)
    assert readers._process.ended
    with suppress(ProcessLookupError):
        os.kill(readers._process.pid, 0)
        pytest.fail("it is there")
    assert (await readers.read(answer(feed(1, 2)), SOURCE)).items == 2
    await readers.stop()


async def test_stopping_while_it_reads_leaves_nobody_waiting(readers: Readers) -> None:
    await begun(readers)
    asked = [asyncio.ensure_future(readers.read(answer(feed(*range(30))), SOURCE)) for _ in range(30)]
    await asyncio.sleep(0)
    await readers.stop()
    assert [one.items for one in await asyncio.gather(*asked)] == [30] * 30
    assert (await readers.read(answer(feed(1)), SOURCE)).items == 1


@pytest.mark.parametrize(
    "options", [{"busy": 8, "processors": 2}, {"busy": 1, "processors": 1}, {"busy": None, "processors": 8}],
    ids=["little load", "one processor", "not wanted"],
)  # fmt: skip
async def test_there_is_no_process(press: Press, options: dict[str, int | None]) -> None:
    readers = Readers(press, **options, clock=lambda: 0.0)  # type: ignore[arg-type]
    for _ in range(7):
        assert (await readers.read(answer(feed(1, 2)), SOURCE)).items == 2
    assert readers.pid is None
    assert readers._beginning is None
    await readers.stop()


async def test_load_is_many_answers_at_once_not_over_a_day(press: Press) -> None:
    now = 0.0
    readers = Readers(press, busy=5, processors=2, clock=lambda: now)
    for _ in range(20):
        now += 1.0
        await readers.read(answer(feed(1)), SOURCE)
    assert readers._beginning is None
    for _ in range(5):
        await readers.read(answer(feed(1)), SOURCE)
    assert await begun(readers)
    await readers.stop()


@pytest.mark.parametrize("how", ["beside the bot", "killed in every round"])
async def test_polls_end_as_without_a_process(tmp_path: Path, how: str) -> None:
    """Sources that bring news, edits, the same again, and nonsense; whatever becomes of the process meanwhile."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(RULES, encoding="utf-8")
    ends = []
    for kind in ("in the bot", how):
        folder = tmp_path / kind
        folder.mkdir()
        async with open_desk(folder, rulebook.load([rules]).engine, concurrency=16) as desk:
            busy = None if kind == "in the bot" else 1
            desk.poller._readers = readers = Readers(desk.poller._press, busy=busy, processors=2)
            names = [f"/s{n}" for n in range(24)]
            await desk.sources(*names)
            for number in range(4):
                for name in names:
                    desk.server.answers[name] = Answer(served(name, number))
                if how.startswith("killed") and (pid := readers.pid) is not None:
                    desk.server.answers["/s12"] = killing(pid, served("/s12", number))
                    readers._begun_at = -100.0  # another may begin at once
                await desk.poll(timedelta(hours=7 if number else 0))
                while busy and readers.pid is None and how == "beside the bot":
                    await readers.read(answer(feed(1)), SOURCE)
            found = await desk.thread.read(lambda s: s.archive(START - timedelta(days=9), 0, 10_000))
            ends.append(
                (
                    sorted((one.article.source_id, one.article.title, one.article.text) for one in found),
                    sorted(await desk.alerts()),
                    desk.poller.tally,
                    sorted(desk.poller.failures.items()),
                )
            )
            assert (readers.pid is not None) == (kind != "in the bot") or how.startswith("killed")
            await desk.poller.stop(1)
    assert ends[0] == ends[1]
    assert len(ends[0][1]) > 20


def killing(pid: int, content: bytes) -> Handler:
    """Ends the process in the middle of a round."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return web.Response(body=content, content_type="application/rss+xml")

    return handle


def served(name: str, number: int) -> bytes:
    """What a source shows in a round: the latest five of its reports, perhaps with another word in one of them."""
    rng = random.Random(f"{name} {number}")
    if rng.random() < 0.1:
        return b"<rss><channel><item><title>cut off"
    entries = []
    for n in range(2 * number, 2 * number + 5):
        letters = random.Random(f"{name} {n}")
        words = ["".join(letters.choices("abcdefghiklmnoprstuvz", k=9)) for _ in range(20)]  # no two reports are alike
        edited = " It was corrected on Friday." if n == 2 * number and rng.random() < 0.3 else ""
        title = f"{'Flood warning' if n % 2 else 'Quiet day'} {' '.join(words[:4])}"
        entries.append(Entry(title, text=" ".join(words[4:]) + edited))
    return river(*reversed(entries), now=START)


BOT = """\
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from bot.polling.groups import Press
from bot.polling.readers import Readers
from tests.polling.test_readers import begun

async def main():
    readers = Readers(Press(ThreadPoolExecutor(1)), busy=1, processors=2)
    print(await begun(readers), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the end of a stranger's process can be waited for on Linux")
async def test_it_ends_with_the_bot_however_that_ends() -> None:
    """The bot here is a process that is killed; its socket is all that what reads notices of it."""
    root = str(Path(__file__).parents[2])
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    )
    assert bot.stdout is not None
    ended = os.pidfd_open(int(await bot.stdout.readline()))
    bot.kill()
    await bot.wait()
    readable, _, _ = await asyncio.to_thread(select.select, [ended], [], [], 30)
    os.close(ended)
    assert readable == [ended]
