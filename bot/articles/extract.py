"""HTML → plain text, and ``Item → Article``: clean, dated, with an identity of its own.

Pure. What names an article, and which items are the same one, is said by :mod:`bot.articles.identity`.
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from bot.articles.identity import NOTHING_SHARED, Shared, content_hash, distinct, key_of, shared
from bot.model import Article, Item, ParsedFeed, Source
from bot.web.urls import canonical

if TYPE_CHECKING:
    from lxml import etree

MAX_HTML = 400_000  # characters of markup that are looked at; a long article is 100,000
MAX_TEXT = 100_000  # characters kept of a text
MAX_TITLE = 500  # characters kept of a title

_TAGS = (
    "a abbr acronym address article aside audio b bdi bdo big blockquote body br button caption center cite code col "
    "colgroup data dd del details dfn div dl dt em embed fieldset figcaption figure font footer form frame h1 h2 h3 h4 "
    "h5 h6 head header hr html i iframe img input ins kbd label legend li link main mark menu meta nav noscript object "
    "ol option p param picture pre q s samp script section select small source span strike strong style sub summary "
    "sup svg table tbody td template textarea tfoot th thead time title tr tt u ul var video wbr"
).replace(" ", "|")
_TAG = re.compile(rf"<(?:/?(?:{_TAGS})(?=[\s/>])|!--)", re.IGNORECASE)
_STRAY = re.compile(rf"<(?!/?(?:{_TAGS})[\s/>]|!--)", re.IGNORECASE)
_BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|"
    r"header|hr|li|main|nav|ol|option|p|pre|section|table|tr|ul)[\s/>])",
    re.IGNORECASE,
)
_LINE = re.compile(r"<(?=br[\s/>])", re.IGNORECASE)
_CELL = re.compile(r"<(?=t[dh][\s/>])", re.IGNORECASE)
_DROPPED = ("script", "style", "noscript", "template", "iframe", "object", "svg", "textarea", "select", "head")

_DEEP = 200  # tags; libxml2 gives up below 256 levels
_ANY_TAG = re.compile(r"<[^<>]*>")

# Private-use characters that stand for breaks on the way through the HTML parser, which refuses control characters.
_PARA_MARK, _LINE_MARK = "\ue01e", "\ue01f"
_MARKS = re.compile("[\ue01e\ue01f]")


def _spelt(names: str) -> list[str]:
    """Names as they stand in tags that open and close an element, in small letters and in capitals."""
    return " ".join(f"{n} /{n} {n.upper()} /{n.upper()}" for n in names.split()).split()


# Most texts hold only elements that flow or part paragraphs, in tags written as they should be: for those no parser is
# needed. What a tag becomes, by its name.
_BECOMES = {
    "br": _LINE_MARK,
    "BR": _LINE_MARK,
    **dict.fromkeys(
        _spelt(
            "a abbr b big cite code del dfn em font i img ins kbd mark q s small span strike strong sub sup tt u var"
        ),
        "",
    ),
    **dict.fromkeys(
        _spelt("address article aside blockquote center div figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p section ul"),
        _PARA_MARK,
    ),
}
_PLAIN_TAG = re.compile(
    r"<(/?[A-Za-z][A-Za-z0-9]*+)"
    r"(?:\s++[A-Za-z_:][\w:.-]*+(?:\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[\w.%#-]++))?+)*+\s*+/?>"
)
_OTHER_REFERENCE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|nbsp|[lr][sd]quo|[nm]dash|hellip|#0?3[2-9]|#1[6-9]\d|#2[0-5]\d|#8\d{3}|#x[2-6][0-9A-Fa-f]);)"
)

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_MANY_LINES = re.compile(r"\n{3,}")

# Never wanted: controls, soft hyphens, zero-width and bidirectional controls that carry no letters, byte order marks,
# surrogates, noncharacters. Joiners (U+200C, U+200D) stay: Persian, Indic and emoji need them.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_CP1252 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


# -- text -----------------------------------------------------------------------------------------------------------


def to_text(markup: str, limit: int = MAX_TEXT) -> str:
    """Plain text of an HTML fragment or of a text: tags gone, entities resolved (also those escaped twice), control
    characters removed, white space collapsed, paragraphs apart by one blank line. At most ``limit`` characters.
    """
    text = _unwanted(markup[:MAX_HTML])
    if "<" not in text and "&" not in text:
        return _cut(_tidy_plain(text), limit)
    text = _strip(text) if _TAG.search(text) else _tidy_plain(html.unescape(text) if "&" in text else text)
    # Escaped twice: what is left after one round still holds markup or entities.
    if "&" in text and _ENTITY.search(text):
        text = _unwanted(html.unescape(text)).replace("\xa0", " ")
    if "<" in text and _TAG.search(text):
        text = _strip(text)
    return _cut(_unwanted(text), limit)


def to_line(markup: str, limit: int = MAX_TITLE) -> str:
    """As :func:`to_text`, on one line: for titles and names."""
    if "<" not in markup and "&" not in markup and markup.isprintable() and "  " not in markup:
        return _cut(markup.strip(), limit)
    return _cut(" ".join(to_text(markup).split()), limit)


def plain_text(text: str, limit: int = MAX_TEXT) -> str:
    """As :func:`to_text`, for what holds no markup: ``<b>`` stays."""
    return _cut(_tidy_plain(_unwanted(text[:MAX_HTML])), limit)


def plain_line(text: str, limit: int = MAX_TITLE) -> str:
    """As :func:`to_line`, for what holds no markup."""
    return _cut(" ".join(_unwanted(text[:MAX_HTML]).split()), limit)


def _strip(text: str) -> str:
    """The text of HTML."""
    if not text.isascii():
        text = _MARKS.sub("", text)
    flat = _flat(text)
    plain = _plain_of(_marked(text)) if flat is None else flat
    parts = [" ".join(part.split()) for part in plain.split(_PARA_MARK)]
    if _LINE_MARK not in plain:
        return "\n\n".join([part for part in parts if part])
    parts = ["\n".join(map(str.strip, part.split(_LINE_MARK))).strip() for part in parts]
    return _MANY_LINES.sub("\n\n", "\n\n".join([part for part in parts if part]))


def _flat(markup: str) -> str | None:
    """What the parser would make of plain markup, with marks for the breaks; ``None`` where only the parser knows."""
    pieces = _PLAIN_TAG.split(markup)  # texts, and the names of the tags between them
    tags = len(pieces) // 2
    if tags > _DEEP or tags != markup.count("<"):
        return None
    if "&" in markup and _OTHER_REFERENCE.search("<".join(pieces[::2])) is not None:
        return None
    try:
        pieces[1::2] = [_BECOMES[name] for name in pieces[1::2]]
    except KeyError:
        return None
    text = "".join(pieces)
    return html.unescape(text) if "&" in text else text


def _marked(text: str) -> str:
    """HTML with its breaks marked in the source, so that the tree need not be walked in Python."""
    text = _BLOCK.sub(f"{_PARA_MARK}<", _STRAY.sub("&lt;", text))
    if "<br" in text or "<BR" in text or "<Br" in text:
        text = _LINE.sub(f"{_LINE_MARK}<", text)
    if "<td" in text or "<th" in text or "<T" in text:
        text = _CELL.sub(" <", text)
    return text


def _plain_of(markup: str) -> str:
    from lxml import etree

    root = etree.fromstring(f"<div>{markup}</div>", _parser())
    if root is None:
        return _ANY_TAG.sub(" ", markup)
    etree.strip_elements(root, *_DROPPED, with_tail=False)
    text = str(etree.tostring(root, method="text", encoding="unicode"))
    # The parser gives up on markup nested too deep; then the tags are cut out without understanding them.
    if markup.count("<") > _DEEP and not _MARKS.sub("", text).strip():
        return html.unescape(_ANY_TAG.sub(" ", markup))
    return text


@cache
def _parser() -> etree.HTMLParser:
    """Lenient, without network or huge trees: libxml2's own limits on depth stay in force."""
    from lxml import etree

    return etree.HTMLParser(recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)


def _unwanted(text: str) -> str:
    if text.isprintable() or _UNWANTED.search(text) is None:
        return text
    return _UNWANTED.sub("", text.translate(_CP1252) if _C1.search(text) else text)


_C1 = re.compile("[\x80-\x9f]")


def _tidy_plain(text: str) -> str:
    if "\n" not in text and "\r" not in text:
        return " ".join(text.split())
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n\n".join(" ".join(part.split()) for part in _BLANK_LINES.split(text.strip()))


def _cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut at a space if one is near."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ", limit * 9 // 10)
    return f"{head[:space] if space > 0 else head}…"


# -- articles -------------------------------------------------------------------------------------------------------


def articles_of(parsed: ParsedFeed, source: Source, fetched_at: datetime) -> tuple[Article, ...]:
    """What a poll brought, as articles without repeats."""
    common = shared(parsed.items)
    articles = (to_article(item, source, fetched_at, common) for item in parsed.items)
    return distinct(article for article in articles if article is not None)


def to_article(item: Item, source: Source, fetched_at: datetime, common: Shared = NOTHING_SHARED) -> Article | None:
    """The article of an item, or ``None`` if the item has neither title nor text (rules would see nothing). ``common``
    are the names that the item has in common with others of its answer, so that they name none.

    A date in the future counts as ``fetched_at``; so does a missing one, with ``dated=False``. A text that only repeats
    the title is dropped.
    """
    title, text = item.title, item.text
    if text and title and _repeats(text, title):
        text = ""
    if not title and not text:
        return None
    when = item.published or item.updated
    link = canonical(item.url) if item.url else ""
    if link in common.links:
        link = ""
    guid = "" if item.guid in common.guids else item.guid
    return Article(
        key=key_of(link, guid, source.id, title, text),
        source_id=source.id,
        guid=guid,
        url=item.url,
        title=title,
        text=text,
        published=min(when, fetched_at) if when else fetched_at,
        fetched_at=fetched_at,
        dated=when is not None,
        canonical_url=link,
        content_hash=content_hash(title, text),
        author=item.author,
        lang=_language(source.lang) or _language(item.lang),
        image=item.image,
        source_name=source.name,
        source_tags=source.tags,
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _repeats(text: str, title: str) -> bool:
    if len(text) > 2 * len(title) + 8:
        return False
    bare = _folded(text).rstrip(".…! ")
    return bare == _folded(title).rstrip(".…! ")


def _language(tag: str | None) -> str | None:
    """``en-US`` → ``en``; ``None`` for what is no language tag."""
    primary = (tag or "").strip().replace("_", "-").split("-")[0].lower()
    return primary if primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3 else None
