"""Feeds are fetched and read by a process beside the bot where there is load, and the bot cannot tell."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import pickle
import random
import select
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import FetchError, SourceError
from bot.live import rulebook
from bot.log import set_up
from bot.model import Fetched, HttpState, NotModified, Source
from bot.polling.errand import BODY_MAX
from bot.polling.errands import STUCK_S, Errands
from bot.polling.groups import Press
from bot.polling.line import LENGTH, packed
from bot.polling.reading import Read, features_of, read, read_ahead
from bot.sources.delta import Seen
from bot.web.exchange import Limits, Setting
from bot.web.fetch import Fetcher
from bot.web.hosts import Hosts
from tests.fakes.authority import Authority
from tests.fakes.feeds import Answer, FeedServer, Handler, broken_off, endless
from tests.polling.test_poller import RULES, START, Entry, open_desk
from tests.polling.test_poller import feed as river
from tests.samples import NOW

SAMPLES = sorted((Path(__file__).parents[1] / "data" / "feeds").iterdir())
SOURCE = Source("wire", "https://wire.example/feed", title="The Wire", tags=("wire", "uk"), lang="en")
LIMITS = Limits(connect_s=5, read_s=5, total_s=20, wire_bytes=600_000, body_bytes=900_000)
Outcome = Read | NotModified | SourceError


def item(number: int, text: str = "Members voted on Tuesday after a debate of nine hours, the speaker said") -> str:
    return (
        f"<item><title>Parliament of Examplia passes law number {number}</title><guid>law-{number}</guid>"
        f"<link>https://wire.example/law/{number}</link><pubDate>Wed, 04 Mar 2026 11:00:00 GMT</pubDate>"
        f"<description>{text} &amp; left. Law {number} is on grain.</description></item>"
    )


def feed(*numbers: int, **changes: str) -> bytes:
    items = "".join(item(number, **changes) for number in numbers)
    return f'<rss version="2.0"><channel><title>Wire</title><ttl>30</ttl>{items}</channel></rss>'.encode()


def marks_of(content: bytes) -> bytes:
    """What is kept of an answer."""
    return read(Fetched("wire", SOURCE.url, 200, {}, content, NOW), SOURCE).parsed.marks


class Wire:
    """A fetcher and its errands, used as a poll uses them."""

    def __init__(self, server: FeedServer, fetcher: Fetcher, errands: Errands) -> None:
        self.server, self.fetcher, self.errands = server, fetcher, errands
        self.errand_read = False  # the last answer was read by the process

    async def begun(self) -> int:
        """The process is there. What comes meanwhile is done by the bot."""
        while self.errands.pid is None:
            assert isinstance(await self.poll("/begin"), Read)
        return self.errands.pid

    async def poll(
        self,
        path: str,
        known: bytes = b"",
        *,
        state: HttpState = HttpState(),  # noqa: B008 - immutable
        here: bool = False,
        body: bytes = b"",
    ) -> Outcome:
        """What becomes of a poll; ``here``: of one that the bot does itself."""
        url = path if "//" in path else self.server.url(path)
        source, held = replace(SOURCE, url=url), Seen(body, known)
        errand = None if here else self.errands.errand(source, NOW, held)
        try:
            got = await self.fetcher.fetch(source, state, NOW, through=errand)
            if isinstance(got, NotModified):
                return got
            self.errand_read = errand is not None and errand.read is not None
            if errand is not None and body and errand.body == body:
                return NotModified(source.id, NOW, got.headers, got.state)
            return await self.errands.read(replace(got, known=known), source, errand)
        except SourceError as error:
            return error


@asynccontextmanager
async def wire(press: Press, **options: object) -> AsyncIterator[Wire]:
    """With load from the first answer on, unless ``options`` say otherwise."""
    async with (
        FeedServer({"/begin": Answer(feed(1, 2, 3))}) as server,
        Fetcher(contact="desk@example.org", allow_private=True, limits=LIMITS, hosts=Hosts(64)) as fetcher,
    ):
        errands = Errands(press, fetcher.setting, **{"busy": 1, "processors": 2} | options)  # type: ignore[arg-type]
        yield Wire(server, fetcher, errands)
        await errands.stop()


@pytest.fixture
async def press() -> AsyncIterator[Press]:
    with ThreadPoolExecutor(1) as core:
        yield Press(core)


@pytest.fixture
async def one(press: Press) -> AsyncIterator[Wire]:
    async with wire(press) as made:
        yield made


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What the log holds."""
    stream = io.StringIO()
    set_up("info", "json", stream=stream)
    yield stream
    set_up("warning")


def outcome(found: Outcome) -> tuple[object, ...]:
    """All that a poll makes use of."""
    if isinstance(found, FetchError):
        return found.reason, str(found), found.status, found.retry_after_s, found.host, found.redirected
    if isinstance(found, SourceError):
        return found.reason, str(found)
    if isinstance(found, NotModified):
        return found.state, found.moved_to
    parsed = replace(found.parsed, items=())
    return parsed, parsed.marks, found.items, found.articles


async def test_what_the_process_reads_is_what_the_bot_would_read(one: Wire) -> None:
    """Of whole feeds in every format, and of answers of which an earlier one held a part."""
    await one.begun()
    contents = [path.read_bytes() for path in SAMPLES] + [b"", b"<html>no feed</html>", b"<rss><channel>", feed()]
    marks = marks_of(feed(*range(20)))
    polls = [(content, b"") for content in contents if len(content) <= BODY_MAX]
    polls += [(feed(40, *range(15)), marks), (feed(*range(20)), marks), (feed(41, 42), marks)]
    one.server.answers |= {f"/{n}": Answer(content) for n, (content, _) in enumerate(polls)}
    found = await asyncio.gather(*(one.poll(f"/{n}", known) for n, (_, known) in enumerate(polls)))
    here = [await one.poll(f"/{n}", known, here=True) for n, (_, known) in enumerate(polls)]
    assert list(map(outcome, found)) == list(map(outcome, here))
    assert one.errands.pid is not None
    assert sum(isinstance(each, Read) and bool(each.features) for each in found) == 1


def test_what_goes_between_the_processes_arrives_with_all_its_fields() -> None:
    known = marks_of(feed(1, 2, 3))
    fetched = Fetched("wire", SOURCE.url, 200, {"content-type": "application/rss+xml"}, feed(1, 2, 3, 4), NOW)
    fetched = replace(fetched, known=known, moved_to="https://wire.example/new")
    found = read_ahead(fetched, SOURCE)
    assert found.features
    assert found.articles
    for sent in (fetched, SOURCE, found):
        message = packed(sent)
        (size,) = LENGTH.unpack(message[: LENGTH.size])
        assert size == len(message) - LENGTH.size
        came = pickle.loads(message[LENGTH.size :])
        assert type(came) is type(sent)
        assert astuple(came) == astuple(sent)  # also those that do not count where two are compared


async def test_features_are_worked_out_ahead_of_what_is_likely_new(one: Wire) -> None:
    await one.begun()
    one.server.answers |= {"/first": Answer(feed(*range(20))), "/later": Answer(feed(77, *range(19)))}
    first = await one.poll("/first")
    assert isinstance(first, Read)
    assert first.features == ()
    later = await one.poll("/later", marks_of(feed(*range(20))))
    assert isinstance(later, Read)
    assert [article.title for article in later.articles] == ["Parliament of Examplia passes law number 77"]
    assert later.features == tuple(map(features_of, later.articles))


async def test_an_answer_that_did_not_change_is_not_read(one: Wire) -> None:
    """By its fingerprint, or because its server says so."""
    await one.begun()
    one.server.answers |= {"/same": Answer(feed(1, 2, 3)), "/tagged": Answer(feed(1), etag='"e"')}
    source = replace(SOURCE, url=one.server.url("/same"))
    errand = one.errands.errand(source, NOW, Seen())
    assert errand is not None
    await one.fetcher.fetch(source, HttpState(), NOW, through=errand)
    assert isinstance(await one.poll("/same", body=errand.body), NotModified)
    assert not one.errand_read
    assert isinstance(await one.poll("/same", body=b"another8"), Read)
    assert one.errand_read
    assert isinstance(await one.poll("/tagged", state=HttpState('"e"')), NotModified)


async def test_what_is_too_large_to_hand_over_is_read_in_the_bot(one: Wire) -> None:
    await one.begun()
    large = feed(*range(30), text="A debate of nine hours. " * 400)
    assert len(large) > BODY_MAX
    one.server.answers["/large"] = Answer(large)
    found = await one.poll("/large")
    assert isinstance(found, Read)
    assert len(found.articles) == 30
    assert not one.errand_read


@pytest.mark.parametrize("seed", range(6))
async def test_mutated_answers_are_read_alike(one: Wire, seed: int) -> None:
    rng = random.Random(seed)
    await one.begun()
    known = marks_of(feed(*range(10)))
    for number in range(40):
        content = bytearray(feed(*rng.sample(range(30), 5)))
        for _ in range(rng.randrange(6)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        one.server.answers[f"/{number}"] = Answer(bytes(content))
    found = await asyncio.gather(*(one.poll(f"/{n}", known if n % 2 else b"") for n in range(40)))
    here = [await one.poll(f"/{n}", known if n % 2 else b"", here=True) for n in range(40)]
    assert list(map(outcome, found)) == list(map(outcome, here))


# -- what the bot says of an exchange ---------------------------------------------------------------------------------


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": to})


def bomb() -> Answer:
    return Answer(gzip.compress(bytes(3_000_000)), headers={"Content-Encoding": "gzip"})


FAILING: dict[str, Answer | Handler] = {
    "/missing": Answer(status=404),
    "/gone": Answer(status=410),
    "/busy": Answer(status=429, headers={"Retry-After": "120"}),
    "/forbidden": Answer(status=403),
    "/broken": Answer(b"<h1>oops</h1>", status=500),
    "/wall": Answer(b"<title>Just a moment...</title>", status=403, headers={"cf-mitigated": "challenge"}),
    "/moved": redirect("/begin", 301),
    "/away": redirect("/missing"),
    "/loop": redirect("/loop"),
    "/file": redirect("file:///etc/passwd"),
    "/nowhere": Answer(status=302),
    "/refused": redirect("http://127.0.0.1:9/feed"),
    "/unread": Answer(b"not gzip", headers={"Content-Encoding": "gzip"}),
    "/bomb": bomb(),
    "/long": endless(b"x" * 50_000),
    "/cut": broken_off(feed(1)),
    "/unasked": Answer(status=304),
    "/page": Answer(b"<!doctype html><title>A page</title><p>Nothing</p>", content_type="text/html"),
    "/odd": Answer(feed(1), headers={"ETag": '"e"', "X-Odd": "caf\xe9"}),
}


async def test_whatever_goes_wrong_is_told_as_by_the_bot_itself(one: Wire) -> None:
    await one.begun()
    one.server.answers |= FAILING
    for path in FAILING:
        beside, here = await one.poll(path), await one.poll(path, here=True)
        assert outcome(beside) == outcome(here), path
    private = Fetcher(limits=LIMITS)
    one.fetcher = private
    beside, here = await one.poll("/begin"), await one.poll("/begin", here=True)
    await private.__aexit__(None, None, None)
    assert outcome(beside) == outcome(here)
    assert "refused by the address guard" in str(beside) or "private" in str(beside)
    assert one.errands.pid is not None


async def test_a_server_that_drips_is_left_at_the_deadline(press: Press) -> None:
    limits = replace(LIMITS, total_s=0.3)
    async with (
        FeedServer({"/begin": Answer(feed(1, 2, 3)), "/drip": endless(b" ", 0.02)}) as server,
        Fetcher(allow_private=True, limits=limits, hosts=Hosts(64)) as fetcher,
    ):
        errands = Errands(press, fetcher.setting, busy=1, processors=2)
        drip = Wire(server, fetcher, errands)
        await drip.begun()
        beside, here = await drip.poll("/drip"), await drip.poll("/drip", here=True)
        assert outcome(beside) == outcome(here)
        assert "did not finish within 0.3 s" in str(beside)
        await errands.stop()


async def test_requests_are_the_same_to_the_byte(one: Wire) -> None:
    await one.begun()
    url = one.server.url("/begin?q=1#top").replace("http://", "http://joe:pw@")
    del one.server.seen[:]
    state = HttpState('"caf\u00e9"', "Wed, 04 Mar 2026 11:00:00 GMT")
    beside, here = await one.poll(url, state=state), await one.poll(url, state=state, here=True)
    assert outcome(beside) == outcome(here)
    first, second = one.server.seen
    assert (first.path, first.raw_headers) == (second.path, second.raw_headers)
    assert "Authorization" in first.headers


async def test_no_host_is_asked_more_often_at_a_time(press: Press) -> None:
    async with (
        FeedServer({"/begin": Answer(feed(1, 2, 3)), "/slow": slow}) as server,
        Fetcher(allow_private=True, limits=LIMITS, hosts=Hosts(2)) as fetcher,
    ):
        errands = Errands(press, fetcher.setting, busy=1, processors=2)
        polite = Wire(server, fetcher, errands)
        await polite.begun()
        server.most_busy = 0
        found = await asyncio.gather(*(polite.poll("/slow") for _ in range(12)))
        assert all(isinstance(each, Read) for each in found)
        assert server.most_busy == 2
        await errands.stop()


async def slow(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(0.01)
    return web.Response(body=feed(1), content_type="application/rss+xml")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


async def test_authorities_of_the_config_are_trusted_there_too(press: Press, authority: Authority) -> None:
    named = str(authority.pem)
    async with (
        FeedServer({"/begin": Answer(feed(1, 2, 3))}, tls=authority.server()) as secure,
        Fetcher(allow_private=True, ssl_context=authority.client(), ca_file=named) as fetcher,
    ):
        for setting in (fetcher.setting, Setting(LIMITS)):
            errands = Errands(press, setting, busy=1, processors=2)
            beside = Wire(secure, fetcher, errands)
            await beside.begun()
            found = await beside.poll("/begin")
            if setting == fetcher.setting:
                assert isinstance(found, Read)
                assert beside.errand_read
            else:
                assert "certificate" in str(found)
            await errands.stop()


async def test_authorities_that_cannot_be_read_any_more_cost_no_poll(press: Press, authority: Authority) -> None:
    """The bot has read them, and the process beside it could trust nobody."""
    async with (
        FeedServer({"/begin": Answer(feed(1, 2, 3))}, tls=authority.server()) as secure,
        Fetcher(allow_private=True, ssl_context=authority.client(), ca_file="/nowhere/own.pem") as fetcher,
    ):
        errands = Errands(press, fetcher.setting, busy=1, processors=2)
        beside = Wire(secure, fetcher, errands)
        assert isinstance(await beside.poll("/begin"), Read)
        assert errands._beginning is not None
        await errands._beginning
        assert errands.pid is None
        assert isinstance(await beside.poll("/begin"), Read)
        await errands.stop()


def test_a_context_of_which_nothing_is_known_stays_in_the_bot(authority: Authority) -> None:
    assert Fetcher(ssl_context=authority.client()).setting is None
    assert Fetcher(limits=LIMITS).setting == Setting(LIMITS)


# -- whether there is a process ---------------------------------------------------------------------------------------


async def test_a_process_that_dies_costs_nothing(one: Wire) -> None:
    """Whatever it had in hand is done by the bot, and so is what comes after it."""
    pid = await one.begun()
    one.server.answers |= {f"/{n}": Answer(feed(*range(n, n + 30))) for n in range(60)}
    asked = [asyncio.ensure_future(one.poll(f"/{n}")) for n in range(60)]
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    found = await asyncio.gather(*asked)
    here = [await one.poll(f"/{n}", here=True) for n in range(60)]
    assert list(map(outcome, found)) == list(map(outcome, here))
    assert outcome(await one.poll("/0")) == outcome(found[0])
    assert one.errands.pid != pid


async def test_one_that_died_is_replaced_after_a_while(press: Press) -> None:
    now = 0.0
    async with wire(press, clock=lambda: now) as one:
        pid = await one.begun()
        os.kill(pid, signal.SIGKILL)
        while one.errands.pid is not None:
            await one.poll("/begin")
        assert one.errands._beginning is None
        now = 61.0
        assert await one.begun() != pid


async def test_signals_that_end_the_bot_leave_the_process_at_its_work(one: Wire) -> None:
    """A terminal sends them to all processes of the bot, and so does what runs services."""
    came, gate = asyncio.Event(), asyncio.Event()

    async def waits(request: web.BaseRequest) -> web.StreamResponse:
        came.set()
        await gate.wait()
        return web.Response(body=feed(1, 2), content_type="application/rss+xml")

    pid = await one.begun()
    one.server.answers["/waits"] = waits
    polled = asyncio.ensure_future(one.poll("/waits"))
    await came.wait()
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    gate.set()
    assert isinstance(await polled, Read)
    assert one.errand_read
    assert one.errands.pid == pid


async def test_one_that_has_nothing_to_do_ends(press: Press, told: io.StringIO) -> None:
    async with wire(press, idle_s=0) as one:
        pid = await one.begun()
        process = one.errands._process
        assert process is not None
        assert process._looking is not None
        await process._looking
        assert process.ended
        with suppress(ProcessLookupError):
            os.kill(process.pid, 0)
            pytest.fail("it is there")
        assert isinstance(await one.poll("/begin"), Read)
    said = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [(each["event"], each["pid"]) for each in said if each["part"] == "errands"] == [
        ("a process beside the bot fetches and reads feeds", pid),
        ("the process beside the bot ends: there is no more load", pid),
    ]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process cannot be held still here")
async def test_one_that_is_stuck_is_ended_and_its_work_done_in_the_bot(press: Press) -> None:
    """Long before the deadline of what it has in hand."""
    now = 0.0
    async with wire(press, clock=lambda: now, idle_s=0.02) as one:
        pid = await one.begun()
        process = one.errands._process
        assert process is not None
        os.kill(pid, signal.SIGSTOP)
        waiting = asyncio.ensure_future(one.poll("/begin"))
        while process._asked_at is None or not process._under_way:  # noqa: ASYNC110 - attributes
            await asyncio.sleep(0)
        now = STUCK_S + 1
        assert isinstance(await waiting, Read)
        assert not one.errand_read
        assert process.ended
        assert now < LIMITS.total_s + 10


async def test_one_that_is_to_end_finishes_what_it_has_in_hand(press: Press) -> None:
    now = 0.0
    came, gate = asyncio.Event(), asyncio.Event()

    async def waits(request: web.BaseRequest) -> web.StreamResponse:
        came.set()
        await gate.wait()
        return web.Response(body=feed(1, 2), content_type="application/rss+xml")

    async with wire(press, clock=lambda: now, idle_s=0.05) as one:
        await one.begun()
        process = one.errands._process
        assert process is not None
        one.server.answers["/waits"] = waits
        last = asyncio.ensure_future(one.poll("/waits"))
        await came.wait()
        now = 20.0
        while not process.closing:  # noqa: ASYNC110 - an attribute
            await asyncio.sleep(0)
        assert not process.ended
        assert one.errands.errand(SOURCE, NOW, Seen()) is None
        now = 0.0  # an answer to be read is load again, and another process would take its time to begin
        gate.set()
        assert isinstance(await last, Read)
        assert one.errand_read
        assert one.errands.errand(SOURCE, NOW, Seen()) is not None
        now = 40.0
        assert process._looking is not None
        await process._looking
        assert process.ended


async def test_stopping_while_it_works_leaves_nobody_waiting(one: Wire) -> None:
    await one.begun()
    one.server.answers["/many"] = Answer(feed(*range(30)))
    asked = [asyncio.ensure_future(one.poll("/many")) for _ in range(30)]
    await asyncio.sleep(0)
    await one.errands.stop()
    assert [each.items for each in await asyncio.gather(*asked) if isinstance(each, Read)] == [30] * 30
    assert isinstance(await one.poll("/many"), Read)


@pytest.mark.parametrize("at", ["_make_subprocess_transport", "_create_connection_transport", "Event.wait"])
async def test_stopping_while_it_begins_leaves_nothing_behind(one: Wire, told: io.StringIO, at: str) -> None:
    """While it is started, while the line to it is laid, while it is to say that it can take something."""
    polled = asyncio.ensure_future(one.poll("/begin"))
    while (beginning := one.errands._beginning) is None or not any(at in name for name in waiting_in(beginning)):
        assert one.errands.pid is None
        await asyncio.sleep(0)
    await one.errands.stop()
    assert isinstance(await polled, Read)
    assert [task.get_name() for task in asyncio.all_tasks() if "beside the bot" in task.get_name()] == []
    assert one.errands.pid is None
    assert "beside the bot" not in told.getvalue()


def waiting_in(task: asyncio.Task[None]) -> list[str]:
    """What a task is in, from the outside to the inside."""
    names: list[str] = []
    inner: object = task.get_coro()
    while isinstance(inner, Coroutine):
        names.append(inner.__qualname__)
        inner = getattr(inner, "cr_await", None)
    return names


@pytest.mark.parametrize(
    "options", [{"busy": 8, "processors": 2}, {"busy": 1, "processors": 1}, {"busy": None, "processors": 8}],
    ids=["little load", "one processor", "not wanted"],
)  # fmt: skip
async def test_there_is_no_process(press: Press, options: dict[str, int | None]) -> None:
    async with wire(press, **options, clock=lambda: 0.0) as one:
        for _ in range(7):
            assert isinstance(await one.poll("/begin"), Read)
        assert one.errands.pid is None
        assert one.errands._beginning is None


async def test_load_is_many_answers_at_once_not_over_a_day(press: Press) -> None:
    now = 0.0
    async with wire(press, busy=5, clock=lambda: now) as one:
        for _ in range(20):
            now += 1.0
            await one.poll("/begin")
        assert one.errands._beginning is None
        for _ in range(5):
            await one.poll("/begin")
        assert await one.begun()


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
            setting = desk.poller._fetcher.setting
            desk.poller._errands = errands = Errands(desk.poller._press, setting, busy=busy, processors=2)
            beside = Wire(desk.server, desk.poller._fetcher, errands)  # type: ignore[arg-type]
            desk.server.answers["/begin"] = Answer(feed(1, 2, 3))
            names = [f"/s{n}" for n in range(24)]
            await desk.sources(*names)
            for number in range(4):
                for name in names:
                    desk.server.answers[name] = Answer(served(name, number))
                if how.startswith("killed") and (pid := errands.pid) is not None:
                    desk.server.answers["/s12"] = killing(pid, served("/s12", number))
                    errands._begun_at = -100.0  # another may begin at once
                await desk.poll(timedelta(hours=7 if number else 0))
                if busy and how == "beside the bot":
                    await beside.begun()
            found = await desk.thread.read(lambda s: s.archive(START - timedelta(days=9), 0, 10_000))
            ends.append(
                (
                    sorted((one.article.source_id, one.article.title, one.article.text) for one in found),
                    sorted(await desk.alerts()),
                    desk.poller.tally,
                    sorted(desk.poller.failures.items()),
                )
            )
            assert (errands.pid is not None) == (kind != "in the bot") or how.startswith("killed")
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
from tests.polling.test_errands import wire

async def main():
    async with wire(Press(ThreadPoolExecutor(1))) as one:
        print(await one.begun(), flush=True)
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
