"""OPML, the list of feeds that readers exchange (opml.org/spec2): to and from sources.

Folders become tags, and so do the categories of an entry. Reading is lenient, as programs write what they like, and
safe: no entity is expanded, nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from bot.articles.extract import to_line
from bot.errors import WirewatchError
from bot.model import Source
from bot.sources.xml_guard import HostileXmlError, settle
from bot.web.urls import absolute

ENTRIES_MAX = 20_000
_ADDRESS = ("xmlUrl", "xmlurl", "xmlURL", "url")


@dataclass(frozen=True, slots=True)
class Entry:
    """One feed of a list. ``line`` is where it stands in the file."""

    url: str
    title: str
    tags: tuple[str, ...] = ()
    lang: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file holds: its feeds in order, and what was left out, one line each."""

    entries: tuple[Entry, ...]
    skipped: tuple[str, ...] = ()


def read_opml(content: bytes) -> Outline:
    """The feeds of an OPML file. Raises ``WirewatchError`` for anything else."""
    try:
        content, _ = settle(content)  # without entities, stray ampersands mended
    except HostileXmlError as error:
        raise WirewatchError(f"the file is not safe to read: {error}") from error
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(content.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise WirewatchError("the file is not XML; export the list as OPML") from error
    if root is None or _name(root) != "opml":
        what = f"<{_name(root)}>" if root is not None and _name(root) else "nothing that can be read"
        raise WirewatchError(f"the file is not an OPML list of feeds (it holds {what}); export the list as OPML")
    entries: list[Entry] = []
    skipped: list[str] = []
    for body in root:
        if _name(body) == "body":
            _walk(body, (), entries, skipped)
    return Outline(tuple(entries[:ENTRIES_MAX]), tuple(skipped))


def _walk(parent: etree._Element, folders: tuple[str, ...], entries: list[Entry], skipped: list[str]) -> None:
    for node in parent:
        if _name(node) != "outline":
            continue
        title = to_line(str(node.get("title") or node.get("text") or ""), 200)
        written = next((str(node.get(name)) for name in _ADDRESS if node.get(name)), "")
        kind = str(node.get("type") or "").lower()
        if written and kind not in ("link", "include"):
            url = absolute(written.strip(), written.strip())
            if url:
                lang = str(node.get("language") or "").partition("-")[0].lower()
                tags = tuple(dict.fromkeys((*folders, *_categories(node))))
                lang = lang if re.fullmatch("[a-z]{2,3}", lang) else ""
                entries.append(Entry(url, title, tags, lang, node.sourceline or 0))
            else:
                skipped.append(f"line {node.sourceline}: {title or 'an entry'} has no http address")
        tag = to_tag(title)
        _walk(node, (*folders, tag) if tag and not written else folders, entries, skipped)


def _categories(node: etree._Element) -> Iterable[str]:
    """``category="/Boston/Weather,sport"``: each word of each path."""
    for path in str(node.get("category") or "").split(","):
        yield from filter(None, map(to_tag, path.split("/")))


def _name(node: etree._Element) -> str:
    return etree.QName(node).localname.lower() if isinstance(node.tag, str) else ""


def to_tag(folder: str) -> str:
    """A folder's name as a tag: ``World News`` → ``world-news``; empty if no letter or digit is in it."""
    return "-".join(re.findall(r"\w+", folder.casefold()))[:60]


def write_opml(sources: Sequence[Source], title: str, now: datetime) -> bytes:
    """An OPML file of the sources that are feeds, in a folder for the first tag of each; ``category`` holds the rest,
    so that reading it back gives the same tags."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {}
    for source in sources:
        parent = body
        if source.tags:
            first = source.tags[0]
            if first not in folders:
                folders[first] = etree.SubElement(body, "outline", text=first)
            parent = folders[first]
        node = etree.SubElement(
            parent, "outline", type="rss", text=_xml(source.name), title=_xml(source.name), xmlUrl=_xml(source.url)
        )
        if source.tags[1:]:
            node.set("category", ",".join(source.tags[1:]))
        if source.lang:
            node.set("language", source.lang)
    return bytes(etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8"))


def _xml(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(c for c in text if c.isprintable())
