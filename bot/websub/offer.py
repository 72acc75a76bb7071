"""Which hubs a publisher names, and the address to subscribe to (WebSub, section 3). Pure.

HTTP Link headers come first; the links inside of the document count only where no header names a hub.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bot.web.urls import MAX_URL

HUBS_MAX = 3  # hubs that are remembered; a publisher may name several, and one is enough


@dataclass(frozen=True, slots=True)
class Offer:
    """``hubs`` in the publisher's order, at least one; ``topic`` is the address that they know the feed by."""

    hubs: tuple[str, ...]
    topic: str


Link = tuple[str, frozenset[str]]  # address and relations


def offer_of(headers: Mapping[str, str], edges: bytes, url: str) -> Offer | None:
    """What an answer offers; ``edges`` is an XML feed without its entries, ``url`` where it came from. ``None`` where
    no hub is named that could be used."""
    return _offer(header_links(headers.get("link", "")), xml_links(edges), url)


def offer_of_json(headers: Mapping[str, str], hubs: object, feed_url: object, url: str) -> Offer | None:
    """The same for a JSON Feed, by its members ``hubs`` and ``feed_url``."""
    named = [hub for hub in hubs if isinstance(hub, dict)] if isinstance(hubs, list) else []
    inside = [
        (str(hub.get("url") or ""), frozenset({"hub"}))
        for hub in named
        if str(hub.get("type", "")).lower() in ("websub", "pubsubhubbub")
    ]
    if isinstance(feed_url, str):
        inside.append((feed_url, frozenset({"self"})))
    return _offer(header_links(headers.get("link", "")), inside, url)


def _offer(outside: Iterable[Link], inside: Iterable[Link], url: str) -> Offer | None:
    outer, inner = list(outside), list(inside)
    hubs = _named(outer, "hub", url) or _named(inner, "hub", url)
    if not hubs:
        return None
    # Many feeds name a hub and forget rel=self: the address that was asked for is what their hub knows them by.
    topics = _named(outer, "self", url) or _named(inner, "self", url) or (url,)
    return Offer(hubs[:HUBS_MAX], topics[0])


def _named(links: Iterable[Link], relation: str, url: str) -> tuple[str, ...]:
    found = (_absolute(address, url) for address, relations in links if relation in relations)
    return tuple(dict.fromkeys(address for address in found if address))


def _absolute(address: str, url: str) -> str:
    """Without a fragment; empty where it is no web address."""
    if not address.strip():
        return ""
    try:
        whole = urljoin(url, address.strip()).partition("#")[0]
        parts = urlsplit(whole)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and len(whole) <= MAX_URL
    except ValueError:
        return ""
    return whole if usable and whole.isprintable() and " " not in whole else ""


_TARGET = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def header_links(value: str) -> tuple[Link, ...]:
    """The links of a Link header (RFC 8288, 3); several headers are one, joined by commas."""
    found = []
    for target, parameters in _TARGET.findall(value[:8_192]):
        rel = _REL.search(parameters)
        if rel is not None:
            found.append((target, frozenset((rel[1] or rel[2] or "").lower().split())))
    return tuple(found)


_HIDING = re.compile(rb"<!--|<!\[CDATA\[")
_ELEMENT = re.compile(rb"<(?:[\w.-]+:)?link\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb"(?<![\w:-])([\w:-]++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)')")


def xml_links(edges: bytes) -> tuple[Link, ...]:
    """The ``link`` elements of a feed about itself, as Atom has them, with whatever prefix."""
    found = []
    for element in _ELEMENT.findall(_visible(edges)):
        attributes = {name: double or single for name, double, single in _ATTRIBUTE.findall(element)}
        address = html.unescape(attributes.get(b"href", b"").decode("utf-8", "replace"))
        relations = attributes.get(b"rel", b"").decode("utf-8", "replace").lower().split()
        found.append((address, frozenset(relations)))
    return tuple(found)


def _visible(edges: bytes) -> bytes:
    """Without comments and CDATA, in time that grows with the length and not faster."""
    kept = []
    at = 0
    while (begin := _HIDING.search(edges, at)) is not None:
        kept.append(edges[at : begin.start()])
        mark = b"-->" if begin[0] == b"<!--" else b"]]>"
        end = edges.find(mark, begin.end())
        if end < 0:
            return b"".join(kept)
        at = end + len(mark)
    return b"".join((*kept, edges[at:]))
