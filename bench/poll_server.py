"""The news server of the polling benchmarks: any number of sources, each with feeds of its own.

``/N`` is source N: a feed of so many items, with an ETag. Asked with ``If-None-Match`` it answers 304; at ``/new/N``
the newest item is another one at every request, and nothing is ever 304; ``/large`` is one feed of thousands of items,
another at every request. Everything is made before the first request and put together as bytes on a bare protocol: on
a machine with two cores the server's work must not be what is measured.

Items are like those of real feeds: 1,000 bytes, 9 elements, 190 characters of text, the median of 42 feeds of news
outlets (995, 9 and 190). These hold markup, pictures and other languages besides: feedparser takes 0.41 ms for an item
of theirs, and 0.3 for one of ours. No item comes twice in a run, since copies are quickly told.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from multiprocessing.connection import Connection

ETAG = '"unchanged"'
WORDS = 6_000  # in the vocabulary that texts are made of: enough that two texts are not alike
SHAPES = 400  # different feeds; the names of sources and items in them differ for each source
FRESH = 16_000  # different newest items
TEXT_WORDS = 23  # of an item's text: 190 characters
LARGE = 2_000  # items of the large feed: about 2 MB

_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Harbour Post</title>'
    b"<link>https://news.example/</link><language>en</language>"
)
_TAG = "utm_source=rss&amp;utm_medium=feed&amp;utm_campaign=world-news"
_CUT = "width=240&amp;height=135&amp;quality=85"
_TAIL = b"</channel></rss>"
_NOT_MODIFIED = f"HTTP/1.1 304 Not Modified\r\nETag: {ETAG}\r\n\r\n".encode()


def _item(rng: random.Random, words: list[str], name: str, published: datetime) -> bytes:
    title, text = " ".join(rng.choices(words, k=9)), " ".join(rng.choices(words, k=TEXT_WORDS))
    address = f"https://news.example/@@/{published:%Y/%m/%d}/{title.replace(' ', '-')}-{name}"
    return (
        f"<item><title>{title}</title><link>{address}.html?{_TAG}</link>"
        f'<guid isPermaLink="false">@@-{name}</guid><pubDate>{format_datetime(published)}</pubDate>'
        f"<dc:creator>{' '.join(rng.choices(words, k=2)).title()}</dc:creator>"
        f"<category>{rng.choice(words)}</category><category>{rng.choice(words)}</category>"
        f'<media:thumbnail url="{address.replace("news.", "images.")}.jpg?{_CUT}" width="240"/>'
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
    ).encode()


class News:
    """The answers. ``items`` in each feed, the older ones ten minutes apart."""

    def __init__(self, items: int) -> None:
        rng = random.Random(7)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "is", "ol")]
        words = ["".join(rng.choices(syllables, k=rng.randrange(2, 5))) for _ in range(WORDS)]
        now = datetime.now(UTC)
        ages = [timedelta(minutes=10 * k) for k in range(1, items)]
        self._old = [
            b"".join(_item(rng, words, str(k), now - age) for k, age in enumerate(ages)) for _ in range(SHAPES)
        ]
        self._fresh = [_item(rng, words, "##", now) for _ in range(FRESH)]
        self._large = b"".join(_item(rng, words, str(n), now - timedelta(minutes=n)) for n in range(LARGE))
        self._count = count(items)

    def answer(self, path: bytes, conditional: bool) -> bytes:
        """The whole answer to a request."""
        source = path.rpartition(b"/")[2]
        large = source.startswith(b"large")
        if path.startswith(b"/new/") or large:
            number = next(self._count)
            fresh = self._fresh[number % FRESH].replace(b"##", str(number).encode())
            old = self._large if large else self._old[int(source) % SHAPES]
            return _ok((_HEAD + fresh + old + _TAIL).replace(b"@@", source), "")
        if conditional:
            return _NOT_MODIFIED
        return _ok((_HEAD + self._old[int(source) % SHAPES] + _TAIL).replace(b"@@", source), f"ETag: {ETAG}\r\n")


def _ok(body: bytes, headers: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """As much of HTTP/1.1 as the clients of the benchmarks speak: GET without a body, the connection kept."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._got = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            asked, self._got = self._got[:end], self._got[end + 4 :]
            assert self._transport is not None
            self._transport.write(self._news.answer(asked.split(b" ", 2)[1], b"\r\nif-none-match:" in asked.lower()))


def serve(items: int, pipe: Connection) -> None:
    """Run the server until the other end of the pipe says stop; tells its port first."""

    async def main() -> None:
        news = News(items)
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(news), "127.0.0.1", 0, backlog=1024)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.recv)
        server.close()

    asyncio.run(main())
