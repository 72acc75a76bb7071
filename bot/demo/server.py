"""The outlets of the demo: a small HTTP server on loopback that offers the sample feeds as real ones would."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib.resources import files
from types import TracebackType

from aiohttp import web

from bot.demo.later import LATER
from bot.model import Source

_PLACEHOLDER = re.compile(rb"\{\{(rfc822|rfc3339):(\d+)\}\}")
EVERY = timedelta(minutes=10)


# file, content type, title, tags
FEEDS: Mapping[str, tuple[str, str, str]] = {
    "rss20.xml": ("application/rss+xml", "Harbour Wire", "wire"),
    "atom.xml": ("application/atom+xml", "Meridian Broadcasting", "broadcaster"),
    "rdf.xml": ("application/rdf+xml", "", "paper"),
    "feed.json": ("application/feed+json", "", "agency"),
    "rss092.xml": ("text/xml", "", "paper"),
    "latin1.xml": ("application/rss+xml", "", "paper"),
    "broken.xml": ("application/atom+xml", "", "paper"),
}
DOWN = "down.xml"  # this one answers 500, to show what a failure does
BROKEN = DOWN.replace(".", "-")  # its id as a source


class SampleOutlets:
    """An async context manager; afterwards :attr:`sources` can be polled. ``now`` is what the dates count from."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._bodies = {name: _fill(_read(name), now) for name in FEEDS}
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> SampleOutlets:
        app = web.Application()
        app.router.add_get("/{name}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def sources(self) -> tuple[Source, ...]:
        """The feeds as sources, the one that is down included."""
        names = {**FEEDS, DOWN: ("", "Northgate Herald", "paper")}
        return tuple(
            Source(
                id=name.replace(".", "-"),
                url=f"http://127.0.0.1:{self._port}/{name}",
                title=title or _title(self._bodies[name]),
                tags=(tag,),
                every=EVERY,
            )
            for name, (_, title, tag) in names.items()
        )

    def go_on(self) -> None:
        """Some time passes: the next poll finds what :mod:`bot.demo.later` adds and changes."""
        for name, changes in LATER.items():
            body = _read(name)
            for old, new in changes:
                assert body.count(old.encode()) == 1, f"{name} holds {old!r} not once"
                body = body.replace(old.encode(), new.encode())
            self._bodies[name] = _fill(body, self._now)

    async def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == DOWN:
            return web.Response(status=500, text="Internal Server Error")
        body = self._bodies.get(name)
        if body is None:
            return web.Response(status=404, text="no such feed")
        etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, headers={"ETag": etag, "Content-Type": FEEDS[name][0]})


def _read(name: str) -> bytes:
    return files("bot.demo").joinpath("feeds", name).read_bytes()


def _fill(body: bytes, now: datetime) -> bytes:
    """Replace ``{{rfc822:37}}`` by the date 37 minutes before ``now`` in the format of RFC 822, likewise rfc3339."""

    def date(match: re.Match[bytes]) -> bytes:
        then = (now - timedelta(minutes=int(match[2]))).replace(microsecond=0)
        text = format_datetime(then, usegmt=True) if match[1] == b"rfc822" else then.isoformat().replace("+00:00", "Z")
        return text.encode()

    return _PLACEHOLDER.sub(date, body)


def _title(body: bytes) -> str:
    """What a feed calls itself."""
    found = re.search(rb'<title[^>]*>([^<]+)</title>|"title"\s*:\s*"([^"]+)"', body)
    return (found[1] or found[2]).decode("latin-1").strip() if found else ""
