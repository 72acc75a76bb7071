"""The feeds of the simulated outlets as they stand at a moment of the day, in four formats and with their quirks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from bench.day_world import Day, Outlet, Piece, Quirk
from tests.fakes.feeds import Answer

SHOWN = 40  # items of a feed: what is older has left it
TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
}


class Newsstand:
    """What every outlet shows. :meth:`answers` is asked with a time that moves forward."""

    def __init__(self, day: Day) -> None:
        self._outlets = {o.id: o for o in day.outlets}
        self._waiting = {o.id: [p for p in day.pieces if p.outlet == o.id][::-1] for o in day.outlets}
        self._shown: dict[str, list[Piece]] = {o.id: [] for o in day.outlets}
        self._edits = sorted((p.edited[0], p.id) for p in day.pieces if p.edited)

    def answers(self, now: datetime) -> dict[str, Answer]:
        """The answer of each path whose feed has changed since the last call; all of them at the first."""
        edited = set()
        while self._edits and self._edits[0][0] <= now:
            edited.add(self._edits.pop(0)[1])
        changed: dict[str, Answer] = {}
        for id_, waiting in self._waiting.items():
            fresh = []
            while waiting and waiting[-1].published <= now:
                fresh.append(waiting.pop())
            shown = self._shown[id_] = [*self._shown[id_], *fresh][-SHOWN:]
            if fresh or any(p.id in edited for p in shown) or not shown:
                changed[f"/{id_}"] = _answer(self._outlets[id_], shown, now)
        return changed


def _answer(outlet: Outlet, pieces: Sequence[Piece], now: datetime) -> Answer:
    items = [_item(outlet, piece, now) for piece in reversed(pieces)]
    body = {"rss": _rss, "atom": _atom, "rdf": _rdf, "json": _json}[outlet.form](outlet, items)
    etag = hashlib.blake2b(body, digest_size=8).hexdigest()
    return Answer(body, etag=f'"{etag}"', content_type=TYPES[outlet.form])


Item = Mapping[str, str]


def _item(outlet: Outlet, piece: Piece, now: datetime) -> Item:
    title, text = piece.title, piece.text
    if piece.edited and piece.edited[0] <= now:
        _, title, text = piece.edited
    link = f"{piece.url}?utm_source=rss&utm_campaign={now:%H%M}" if outlet.quirk is Quirk.TRACKING else piece.url
    guid = f"{piece.id}-{now:%H%M}" if outlet.quirk is Quirk.GUIDS else piece.id
    return {
        "title": title,
        "text": text,
        "link": link,
        "guid": guid,
        "rfc822": format_datetime(piece.published),
        "rfc3339": piece.published.isoformat(),
    }


def _rss(outlet: Outlet, items: Sequence[Item]) -> bytes:
    listed = "".join(
        f"<item><title>{escape(i['title'])}</title><link>{escape(i['link'])}</link>"
        f'<guid isPermaLink="false">{escape(i["guid"])}</guid><pubDate>{i["rfc822"]}</pubDate>'
        f"<description>{escape('<p>' + escape(i['text']) + '</p>')}</description></item>"
        for i in items
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{escape(outlet.title)}</title>'
        f"<link>https://{outlet.id}.example/</link><language>en</language>{listed}</channel></rss>"
    ).encode()


def _atom(outlet: Outlet, items: Sequence[Item]) -> bytes:
    listed = "".join(
        f'<entry><title>{escape(i["title"])}</title><link href="{escape(i["link"])}"/><id>{escape(i["guid"])}</id>'
        f"<published>{i['rfc3339']}</published><updated>{i['rfc3339']}</updated>"
        f"<summary>{escape(i['text'])}</summary></entry>"
        for i in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f"<title>{escape(outlet.title)}</title><id>{outlet.id}</id>{listed}</feed>"
    ).encode()


def _rdf(outlet: Outlet, items: Sequence[Item]) -> bytes:
    listed = "".join(
        f'<item rdf:about="{escape(i["link"])}"><title>{escape(i["title"])}</title><link>{escape(i["link"])}</link>'
        f"<description>{escape(i['text'])}</description><dc:date>{i['rfc3339']}</dc:date></item>"
        for i in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="https://{outlet.id}.example/"><title>{escape(outlet.title)}</title>'
        f"<link>https://{outlet.id}.example/</link><dc:language>en</dc:language></channel>{listed}</rdf:RDF>"
    ).encode()


def _json(outlet: Outlet, items: Sequence[Item]) -> bytes:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": outlet.title,
            "language": "en",
            "items": [
                {
                    "id": i["guid"],
                    "url": i["link"],
                    "title": i["title"],
                    "content_text": i["text"],
                    "date_published": i["rfc3339"],
                }
                for i in items
            ],
        }
    ).encode()
