"""Every service of docs/sources.md, asked as its example there has it: over https, by the whole bot, for hours.

The names of the services lead to a server on this machine that answers with what they answer; not a letter of the
examples is changed.
"""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bot.app import App, Options, open_app
from bot.config import load_config
from bot.message import Message
from bot.model import Source
from bot.roster.sources_file import load_sources
from bot.roster.state import SourceState
from bot.sources import options_model
from bot.store.sources_port import SourceStatus
from tests.fakes.authority import Authority
from tests.fakes.channel import FakeChannel
from tests.fakes.feeds import Answer, FeedServer, Seen
from tests.sources.samples import NOW
from tests.sources.test_presets import GOLDEN, PRESETS, sample

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(EXAMPLE,) = (text for text in EXAMPLES if "kind: gdelt" in text)
(KINDS,) = (text for text in EXAMPLES if "kind: sitemap" in text)
KEYS = {"NEWSAPI_KEY": "news-0123456", "GUARDIAN_KEY": "guard-0123456", "EVENTREGISTRY_KEY": "er-0123456"}
SECRET = {"newsapi": "news-0123456", "guardian": "guard-0123456", "eventregistry": "er-0123456"}
HOURS = timedelta(hours=6)
CONTACT = "desk@example.org"
RULES = "rules:\n  - {id: port, title: Port, severity: high, when: port}\n"


@dataclass
class Services:
    """The machine that is all of them; ``now`` is the bot's time."""

    folder: Path
    server: FeedServer
    sources: Mapping[str, Source]
    now: datetime = NOW
    desk: FakeChannel = field(init=False)

    def __post_init__(self) -> None:
        self.desk = FakeChannel("desk", lambda: self.now)

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[App]:
        config = load_config(self.folder / "wirewatch.yaml", {})
        options = Options(watch=False, spread=False, clock=lambda: self.now)
        async with open_app(config, options=options, channels={"desk": self.desk}) as app:
            yield app

    def seen(self) -> dict[str, list[Seen]]:
        """What came, by kind."""
        hosts = {urlsplit(one.url).netloc: one.kind for one in self.sources.values()}
        found: dict[str, list[Seen]] = {kind: [] for kind in PRESETS}
        for request in self.server.seen:
            found[hosts[request.headers["Host"]]].append(request)
        return found


async def statuses(app: App) -> dict[str, SourceStatus]:
    return {s.source_id: s for s in await app.poller._store.read(lambda s: s.source_statuses())}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@asynccontextmanager
async def served(
    folder: Path,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    example: str,
    answer: Callable[[Source], Answer],
) -> AsyncIterator[Services]:
    """The sources of an example, each of which has ``answer``."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    (folder / "rules").mkdir()
    (folder / "rules" / "sources.yaml").write_text(example, "utf-8")
    (folder / "rules" / "rules.yaml").write_text(RULES, "utf-8")
    sources = {s.kind: s for s in load_sources([folder / "rules"])}
    hosts = sorted({str(urlsplit(s.url).hostname) for s in sources.values()})
    (folder / "wirewatch.yaml").write_text(
        f"rules: [rules/]\nstore: 'sqlite:///wirewatch.db'\ncontact: {CONTACT}\nca_file: '{authority.pem}'\n"
        f"allow_private: {hosts}\nchannels: {{desk: {{kind: console}}}}\n",
        "utf-8",
    )
    answers = {urlsplit(s.url).path: answer(s) for s in sources.values()}
    async with FeedServer(answers, tls=authority.server(*hosts)) as server:
        real = socket.getaddrinfo

        def getaddrinfo(host: str, port: int, *args: Any, **fields: Any) -> list[Any]:
            if host in hosts:
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
            return real(host, port, *args, **fields)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield Services(folder, server, sources)


def of_service(source: Source) -> Answer:
    kind = "application/atom+xml" if source.kind == "reddit" else "application/json"
    return Answer(sample(source.kind), content_type=kind)


@pytest.fixture
async def services(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    async with served(tmp_path, authority, monkeypatch, EXAMPLE, of_service) as all_of_them:
        yield all_of_them


OWN = {
    "feed": Answer(
        b"<rss version='2.0'><channel><item><title>Port closed</title><guid>1</guid></item></channel></rss>"
    ),
    "sitemap": Answer(
        b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        b"xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>"
        b"<url><loc>https://gazette.example/world/port-closed</loc><news:news><news:title>Port closed</news:title>"
        b"<news:publication_date>2026-03-02T10:00:00Z</news:publication_date></news:news></url>"
        b"<url><loc>https://gazette.example/sport/regatta-won</loc></url></urlset>",
        content_type="application/xml",
    ),
    "page": Answer(
        b"<!doctype html><title>Press</title><nav><a href=/>Home</a></nav><article class=card><h2><a href=/press/1>"
        b"Port closed</a></h2><time datetime=2026-03-02T10:00Z>today</time></article>",
        content_type="text/html",
    ),
    "json": Answer(
        b'{"data": {"notices": [{"headline": "Port closed", "urls": {"web": "https://harbour.example/1"}, "body": "By '
        b'order.", "published_at": "2026-03-02T10:00:00Z", "uuid": "1"}]}, "meta": {"next_url": null}}',
        content_type="application/json",
    ),
}


async def test_each_example_of_a_kind_of_ones_own_is_read_as_the_page_has_it(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path, authority, monkeypatch, KINDS, lambda source: OWN[source.kind]) as services:
        assert services.sources.keys() == OWN.keys()
        async with services.bot() as app:
            result = await app.once()
            found = await statuses(app)
            kept = await app.poller._store.read(lambda s: s.archive(NOW - timedelta(days=9), 0, 9))
    assert result.failures == {}
    assert {kind: found[s.id].items_total for kind, s in services.sources.items()} == dict.fromkeys(OWN, 1)
    assert {one.article.title for one in kept} == {"Port closed"}
    (asked,) = [seen.path for seen in services.server.seen if seen.path.startswith("/v1/notices")]
    assert asked == "/v1/notices?q=sanctions&from=2026-03-01T12:00:00Z"


async def test_each_example_of_the_page_brings_what_its_service_has(services: Services) -> None:
    assert sorted(services.sources) == PRESETS
    async with services.bot() as app:
        result = await app.once()
        found = await statuses(app)
    assert result.failures == {}
    assert {kind: (found[s.id].state, found[s.id].items_total) for kind, s in services.sources.items()} == {
        kind: (SourceState.OK, len(items)) for kind, items in GOLDEN.items()
    }
    for kind, requests in services.seen().items():
        (request,) = requests
        source, parts = services.sources[kind], urlsplit(request.path)
        assert parts.path == urlsplit(source.url).path
        assert request.headers["User-Agent"].endswith(f" (+{CONTACT})")
        sent = {*request.headers.values(), *(value for _, value in parse_qsl(parts.query))}
        assert (SECRET.get(kind, "") in sent) == (kind in SECRET)
    digests = [post.payload for post in services.desk.history]
    assert len(digests) == 1  # what matched goes into one catch-up digest at first


async def test_no_service_is_asked_more_than_its_quota_allows(services: Services) -> None:
    async with services.bot() as app:
        await app.poller.poll_all()
        app._hosts.gaps = {}  # they are kept in real time, and are of no matter with one source each
        end = services.now + HOURS
        while services.now < end:
            due = await app.poller._store.read(lambda s: s.next_due())
            assert due is not None
            services.now = max(due, services.now)
            await app.poller.poll_all()
        intervals = {s.interval for s in (await statuses(app)).values()}
    asked = Counter({kind: len(requests) for kind, requests in services.seen().items()})
    for kind in PRESETS:
        model = options_model(kind)
        assert model is not None
        assert model.PACE is not None
        turns = HOURS / model.PACE.every
        assert turns - 1 <= asked[kind] <= turns + 2  # the first is no turn, and the last may lie on the end
        assert model.PACE.per_day is None or turns * (timedelta(days=1) / HOURS) <= model.PACE.per_day
    assert len(intervals) > 1


async def test_a_service_that_has_had_enough_is_left_alone_and_says_so(services: Services) -> None:
    """GDELT's own words, on a 429 without a time."""
    gdelt = services.sources["gdelt"]
    services.server.answers[urlsplit(gdelt.url).path] = Answer(
        b"Please limit requests to one every 5 seconds or contact us for larger queries.\n", status=429
    )
    async with services.bot() as app:
        await app.poller.poll_all()
        found = (await statuses(app))[gdelt.id]
        assert found.state is SourceState.SLOW
        assert "asks for fewer requests (429)" in found.reason
        services.now += timedelta(minutes=4)
        await app.poller.poll_all()
    assert len(services.seen()["gdelt"]) == 1


async def test_new_posts_of_a_service_are_alerted(services: Services) -> None:
    """The second poll brings one more: it is news."""
    reddit = services.sources["reddit"]
    path = urlsplit(reddit.url).path
    async with services.bot() as app:
        await app.poller.poll_all()
        app._hosts.gaps = {}
        more = sample("reddit").replace(b"1abcde", b"1zzzzz").replace(b"Strike at the container port", b"Port reopens")
        assert more != sample("reddit")
        services.server.answers[path] = Answer(more, content_type="application/atom+xml")
        services.now += reddit.every * 2
        await app.once()
    alerts = [post.payload.headline for post in services.desk.history if isinstance(post.payload, Message)]
    assert alerts == ["Port reopens"]
