"""The kind ``page``: a list of news on a web page without a feed, picked out by CSS selectors or XPath.

Pure. ``items`` finds the entries; the other selectors are looked up inside each of them::

    items: "article.card"          CSS; what begins with / ./ ( or .. is XPath 1.0
    title: "h2"                    the element's text; "img@alt" is an attribute, "@data-title" one of the entry itself
    link: "h2 a@href"
    text: "p.summary"
    date: "time@datetime"

The size of a page is bounded before a selector runs on it: counting selectors (``:nth-child``) take time that grows
with the square of the elements side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from bot.articles.extract import to_line
from bot.errors import FetchReason, ParseError
from bot.log import redact_url
from bot.model import Fetched, Item, ParsedFeed, Source
from bot.sources.base import MAX_ITEMS, Request
from bot.sources.charset import to_utf8
from bot.sources.dates import parse_date
from bot.sources.entry import RawEntry, to_item
from bot.sources.options import Options, read_options
from bot.sources.selectors import Page, compiled
from bot.sources.sniff import Body, binary, sniff
from bot.web.urls import absolute
from bot.yaml_models import Text

if TYPE_CHECKING:
    from lxml import etree

MAX_ELEMENTS = 15_000  # of a page; a long front page has 6,000
_PIECES = 50  # matches of one selector in one entry that are put together
_PIECE_MAX = 20_000  # characters of one match

# -- options -------------------------------------------------------------------------------------------------------


def _selector(value: str) -> str:
    compiled(value)
    return value


def _inner(value: str) -> str:
    if value.lstrip().startswith("/"):
        raise ValueError(f"{value!r} looks at the whole page, not at one entry; begin with .//")
    return _selector(value)


Selector = Annotated[Text, AfterValidator(_selector)]
InnerSelector = Annotated[Text, AfterValidator(_inner)]


class PageOptions(Options):
    """The keys of a source of kind page."""

    items: Selector = Field(description="CSS selector or XPath of the entries, such as 'article.card'.")
    title: InnerSelector | None = Field(
        default=None, description="In an entry: its title. Where left out: the first heading, else the link's text."
    )
    link: InnerSelector | None = Field(
        default=None, description="In an entry: its address, such as 'h2 a@href'. Where left out: the first link."
    )
    text: InnerSelector | None = Field(default=None, description="In an entry: its text; all matches together.")
    date: InnerSelector | None = Field(default=None, description="In an entry: its date, such as 'time@datetime'.")
    image: InnerSelector | None = Field(default=None, description="In an entry: its picture, such as 'img@src'.")


OPTIONS = PageOptions
_DEFAULT_TITLE = "(.//h1 | .//h2 | .//h3 | .//h4 | .//h5)[1]"
_DEFAULT_LINK = "(descendant-or-self::a[@href])[1]"

# -- the kind -------------------------------------------------------------------------------------------------------


def request(source: Source) -> Request:
    """The page's own address."""
    return Request(source.url)


def parse(fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
    """Read a page. Raises :class:`ParseError`: for what is no page, and where the selectors find nothing."""
    options = read_options(PageOptions, source)
    page = Page(_document(fetched))
    root = page.root
    if len(page.elements) > MAX_ELEMENTS:
        raise _too_large(fetched)
    entries = [one for one in _matches(fetched, page, root, options.items) if not isinstance(one, str)]
    if not entries:
        raise _error(
            fetched,
            FetchReason.BROKEN,
            f"has no element for items: {options.items!r}; the site may have changed: look at the page and correct "
            "the selector",
        )
    base = _base(root, fetched.url)
    lang = root.get("lang") or None
    items: list[Item] = []
    for entry in entries[:max_items]:
        item = to_item(_raw(fetched, page, entry, options), base, lang)
        if item is not None and (item.title or item.text):
            items.append(item)
    if not items:
        raise _error(
            fetched,
            FetchReason.BROKEN,
            f"has {len(entries)} elements for items: {options.items!r}, and none of them holds a title or a text; "
            "correct title: or text:",
        )
    title = to_line(str(root.xpath("string((//head/title)[1])")), 200)
    return ParsedFeed(tuple(items), title, lang, "page", note=_note(items, entries, options, max_items))


def _note(items: list[Item], entries: list[etree._Element], options: PageOptions, max_items: int) -> str:
    notes = []
    if len(entries) > max_items:
        notes.append(f"{len(entries) - max_items} of {len(entries)} entries were left out")
    if options.date and not any(item.published for item in items):
        notes.append(f"no entry has a date that can be read at date: {options.date!r}")
    if not any(item.url for item in items):
        notes.append("no entry has a link" + (f" at link: {options.link!r}" if options.link else ""))
    return "; ".join(notes)


def _document(fetched: Fetched) -> etree._Element:
    from lxml import etree

    content = fetched.content
    other = binary(content)
    if other is not None:
        raise _error(fetched, other.reason, f"answered with {other.seen} instead of a web page; check the address")
    content = to_utf8(content, _content_type(fetched))
    if not content.strip():
        raise _error(fetched, FetchReason.EMPTY, "answered with an empty body; check the address")
    if content.lstrip()[:1] in (b"{", b"["):
        raise _error(fetched, FetchReason.NOT_A_FEED, "answered with JSON; write kind: json for this source")
    seen = sniff(content)
    if isinstance(seen, Body) and not seen.start:
        text = f"answered with a feed ({seen.format}); write kind: feed for this source"
        raise _error(fetched, FetchReason.NOT_A_FEED, text)
    if content.count(b"<") > 3 * MAX_ELEMENTS:  # most have a closing tag, and there are comments
        raise _too_large(fetched)
    parser = etree.HTMLParser(
        encoding="utf-8", recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError) as error:
        raise _error(fetched, FetchReason.BROKEN, "sent HTML that is damaged beyond reading") from error
    if root is None:
        raise _error(fetched, FetchReason.NOT_A_FEED, "answered with something that is no web page; check the address")
    return root


_META_CHARSET = re.compile(rb"<meta\s[^<>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)


def _content_type(fetched: Fetched) -> str:
    """The header, or where it names no charset, what the page's first kilobyte says (HTML, 13.2.3.2)."""
    header = fetched.headers.get("content-type", "")
    found = _META_CHARSET.search(fetched.content[:1024])
    if found and "charset" not in header.lower():
        return f"text/html; charset={found[1].decode('ascii')}"
    return header


def _base(root: etree._Element, url: str) -> str:
    href = root.xpath("string((//base/@href)[1])")
    return absolute(str(href), url) or url


# -- entries --------------------------------------------------------------------------------------------------------


def _raw(fetched: Fetched, page: Page, entry: etree._Element, options: PageOptions) -> RawEntry:
    default_link = next(iter(entry.xpath(_DEFAULT_LINK)), None)
    if options.link:
        link = _link(_matches(fetched, page, entry, options.link))
    else:
        link = default_link.get("href", "") if default_link is not None else ""
    if options.title:
        title = _joined(_matches(fetched, page, entry, options.title), " ", 1)
    else:
        title = _joined(entry.xpath(_DEFAULT_TITLE), " ", 1)
        if not title.strip() and default_link is not None:
            title = _joined([default_link], " ", 1)
    return RawEntry(
        link=link.strip(),
        title=title,
        content=_joined(_matches(fetched, page, entry, options.text), "\n", _PIECES) if options.text else "",
        published=_date(_matches(fetched, page, entry, options.date)) if options.date else None,
        image=_link(_matches(fetched, page, entry, options.image), "src").strip() if options.image else "",
    )


def _matches(fetched: Fetched, page: Page, node: etree._Element, selector: str) -> list[str | etree._Element]:
    """What a selector finds. XPath can also give a text or a number, and can fail on what it finds."""
    from lxml import etree

    try:
        found = page.find(node, selector)
    except etree.XPathError as error:
        text = f"made the selector {selector!r} fail ({error}); correct it"
        raise _error(fetched, FetchReason.BROKEN, text) from error
    texts = [str(one) if isinstance(one, str | int | float) else one for one in found]
    return [one for one in texts if isinstance(one, str) or isinstance(getattr(one, "tag", None), str)]


def _link(found: Iterable[str | etree._Element], attribute: str = "href") -> str:
    """An address: an attribute as it is; of an element, its own or that of the first link inside."""
    for one in found:
        if isinstance(one, str):
            return one
        own = one.get(attribute) or next(iter(one.xpath(f".//@{attribute}")), "")
        if own:
            return str(own)
    return ""


def _joined(found: Iterable[str | etree._Element], between: str, most: int) -> str:
    """Markup, so that cleaning knows scripts and paragraphs; attributes are escaped to survive it."""
    from html import escape

    from lxml import etree

    pieces = []
    for one in list(found)[:most]:
        if isinstance(one, str):
            pieces.append(escape(one[:_PIECE_MAX], quote=False))
        else:
            markup = etree.tostring(one, encoding="unicode", method="html", with_tail=False)
            pieces.append(f"<p>{markup[:_PIECE_MAX]}</p>")
    return between.join(pieces)


def _date(found: Iterable[str | etree._Element]) -> datetime | None:
    """The first date that can be read; of a ``<time>`` element, its machine-readable one first."""
    for one in found:
        texts = [one] if isinstance(one, str) else [one.get("datetime") or "", " ".join(one.itertext())]
        for text in texts:
            moment = parse_date(" ".join(str(text).split()))
            if moment is not None:
                return moment
    return None


def _too_large(fetched: Fetched) -> ParseError:
    return _error(fetched, FetchReason.TOO_LARGE, f"has more than {MAX_ELEMENTS:,} elements; choose a page with less")


def _error(fetched: Fetched, reason: FetchReason, text: str) -> ParseError:
    return ParseError(fetched.source_id, reason, f"{redact_url(fetched.url)} {text}")
