"""The news server of the polling benchmarks: any number of sources, each with feeds of its own.

``/N`` is source N: a feed of so many items, with an ETag. Asked with ``If-None-Match`` it answers 304; at
``/new/N`` the newest item is another one at every request, and nothing is ever 304.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from multiprocessing.connection import Connection

from aiohttp import web

ETAG = '"unchanged"'
WORDS = 6_000  # in the vocabulary that texts are made of: enough that two texts are not alike
SHAPES = 400  # different feeds; the names of sources and items in them differ for each source

_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Harbour Post</title>'
    b"<link>https://news.example/</link><language>en</language>"
)
_TAIL = b"</channel></rss>"


def _item(rng: random.Random, words: list[str], name: str, published: datetime) -> bytes:
    title, text = " ".join(rng.choices(words, k=8)), " ".join(rng.choices(words, k=60))
    return (
        f"<item><title>{title}</title><link>https://news.example/@@/{name}</link>"
        f'<guid isPermaLink="false">@@-{name}</guid><pubDate>{format_datetime(published)}</pubDate>'
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
    ).encode()


class News:
    """The answers. ``items`` in each feed, the older ones ten minutes apart."""

    def __init__(self, items: int) -> None:
        self._rng = rng = random.Random(7)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "is", "ol")]
        self._words = ["".join(rng.choices(syllables, k=rng.randrange(2, 5))) for _ in range(WORDS)]
        now = datetime.now(UTC)
        ages = [timedelta(minutes=10 * k) for k in range(1, items)]
        self._old = [
            b"".join(_item(rng, self._words, str(k), now - age) for k, age in enumerate(ages)) for _ in range(SHAPES)
        ]
        self._count = count(items)

    def same(self, source: str) -> bytes:
        """The feed of a source as it always is."""
        return self._feed(source, b"")

    def newer(self, source: str) -> bytes:
        """The same with another newest item each time."""
        return self._feed(source, _item(self._rng, self._words, str(next(self._count)), datetime.now(UTC)))

    def _feed(self, source: str, fresh: bytes) -> bytes:
        shape = self._old[int(source) % SHAPES]
        return (_HEAD + fresh + shape + _TAIL).replace(b"@@", source.encode())

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        new, source = request.path.startswith("/new/"), request.path.rpartition("/")[2]
        if new:
            return web.Response(body=self.newer(source), content_type="application/rss+xml")
        if request.headers.get("If-None-Match") == ETAG:
            return web.Response(status=304, headers={"ETag": ETAG})
        return web.Response(body=self.same(source), content_type="application/rss+xml", headers={"ETag": ETAG})


def serve(items: int, pipe: Connection) -> None:
    """Run the server until the other end of the pipe says stop; tells its port first."""

    async def main() -> None:
        runner = web.ServerRunner(web.Server(News(items).handle), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.to_thread(pipe.recv)
        await runner.cleanup()

    asyncio.run(main())
