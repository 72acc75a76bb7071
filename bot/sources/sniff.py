"""What a body is, judged by its first bytes: a feed of some format, or something else that can be named to a person.

Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from bot.errors import FetchReason
from bot.web.urls import absolute

_WINDOW = 64 * 1024  # bytes in which the root of a feed is looked for

_FIRST_TAG = re.compile(
    rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+(<!DOCTYPE\s+html\b|<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*))",
    re.DOTALL | re.IGNORECASE,
)
_FEED_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF)(?=[\s>])[^<>]{0,4000}>", re.IGNORECASE)
_FEED_NAMES = frozenset({b"rss", b"feed", b"rdf", b"channel"})
_HTML_NAMES = frozenset(
    b"html head body title meta script style div p br b h1 h2 center span table a link form noscript img font".split()
)
_PAGE_TITLE = re.compile(rb"<title[^<>]*>\s*([^<]{1,200})", re.IGNORECASE)
_LINK = re.compile(rb"<link\s[^<>]{1,1000}>", re.IGNORECASE)
_OFFER = re.compile(rb"rel=[\"']?[^\"'>]*\balternate\b", re.IGNORECASE)
_FEED_TYPE = re.compile(rb"type=[\"']?application/(?:rss|atom|rdf|feed)\+(?:xml|json)", re.IGNORECASE)
_HREF = re.compile(rb"\bhref=(?:\"([^\"<>]+)\"|'([^'<>]+)'|([^\s\"'<>]+))", re.IGNORECASE)
_NAMED = {
    b"urlset": "a sitemap",
    b"sitemapindex": "a sitemap index",
    b"opml": "an OPML list of feeds",
    b"error": "an XML error message",
    b"svg": "a picture (SVG)",
}
_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
)


@dataclass(frozen=True, slots=True)
class Body:
    """A body that looks like a feed in XML: ``format`` as ``rss 2.0``; ``start`` is where the document begins."""

    format: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class NoFeed:
    """Anything else. ``seen`` names it: ``a web page titled “Sign in”``."""

    reason: FetchReason
    seen: str


def feed_named(content: bytes, base: str) -> str:
    """The address of the first feed that the head of a web page names (``rel="alternate"``); empty where it names
    none."""
    for link in _LINK.findall(content[:_WINDOW]):
        href = _HREF.search(link)
        if href and _OFFER.search(link) and _FEED_TYPE.search(link):
            written = (href[1] or href[2] or href[3]).decode("utf-8", "replace")
            return absolute(unescape(written).strip(), base)
    return ""


def binary(content: bytes) -> NoFeed | None:
    """The kind of file that raw bytes are, if they begin like a well-known one."""
    for magic, what in _MAGIC:
        if content.startswith(magic):
            return NoFeed(FetchReason.NOT_A_FEED, what)
    return None


def sniff(content: bytes) -> Body | NoFeed:
    """Judge a body in UTF-8 that is neither JSON nor :func:`binary`."""
    first = _FIRST_TAG.match(content)
    name = (first[2] or b"html").lower() if first else b""
    if name in _FEED_NAMES:
        return Body(_format(content))
    buried = _FEED_ROOT.search(content, 0, _WINDOW)
    if buried is not None:
        declaration = content.rfind(b"<?xml", 0, buried.start())
        return Body(_format(content[buried.start() :]), declaration if declaration >= 0 else buried.start())
    if name in _HTML_NAMES:
        return NoFeed(FetchReason.HTML, _page(content))
    if first:
        what = _NAMED.get(name) or f"an XML document of another kind (<{name[:30].decode('utf-8', 'replace')}>)"
        return NoFeed(FetchReason.NOT_A_FEED, what)
    if b"<html" in content[:_WINDOW].lower():
        return NoFeed(FetchReason.HTML, _page(content))
    return NoFeed(FetchReason.NOT_A_FEED, _plain(content))


def _page(content: bytes) -> str:
    found = _PAGE_TITLE.search(content[:_WINDOW])
    if not found:
        return "a web page"
    title = " ".join(found[1].decode("utf-8", "replace").split())
    return f"a web page titled “{title[:80]}”" if title.isprintable() and title else "a web page"


def _plain(content: bytes) -> str:
    text = " ".join(content[:200].decode("utf-8", "replace").split())
    if not text.isprintable() or "\ufffd" in text:
        return "data that is no text"
    return f"plain text that begins “{text[:60]}”"


_RSS_VERSION = re.compile(rb"<rss[^<>]{0,2000}?\sversion\s*=\s*[\"']\s*([\d.]{1,8})", re.IGNORECASE)


def _format(content: bytes) -> str:
    root = _FEED_ROOT.search(content, 0, _WINDOW)
    tag = root[0].lower() if root else b""
    if tag.startswith(b"<feed"):
        return "atom 0.3" if b"purl.org/atom/ns#" in tag else "atom 1.0"
    if tag.startswith(b"<rdf"):
        old = b"my.netscape.com/rdf/simple/0.9" in tag or b"channel.netscape.com/rdf/simple/0.9" in tag
        return "rss 0.90" if old else "rss 1.0"
    version = _RSS_VERSION.match(tag)
    return f"rss {version[1].decode()}" if version else "rss 2.0"
