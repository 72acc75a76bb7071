"""Feed XML made safe and readable before any parser sees it.

Pure. Parsers differ in what they do with hostile or damaged XML, so the document is settled first: no document type
(and so no entity declarations to expand), no undefined entities, no control characters, bounded nesting, elements
and attributes, and dates in one format.
"""

from __future__ import annotations

import html.entities
import re

from bot.sources.dates import MAX_DATE, parse_date

MAX_DEPTH = 256  # levels; libxml2's own default limit
MAX_MARKUP = 300_000  # "<" in a document; 1,000 items with 300 tags each
MAX_REFERENCES = 500_000  # "&" in a document; mending a stray one takes five times its room
MAX_ATTRIBUTES = 500  # on one element; parsers take quadratic time on them

NO_DATE = b"0001-01-02T00:00:00Z"
"""Put where a date is missing or cannot be read. fastfeedparser guesses a date from the guid otherwise (``10``
becomes the tenth of this month), and hands every text it does not know to dateparser, which takes milliseconds."""


class HostileXmlError(Exception):
    """The document passes a limit; the text says which."""


def settle(content: bytes) -> tuple[bytes, str]:
    """UTF-8 XML → the same feed, safe to parse, and a note on what was taken out. Raises :class:`HostileXmlError`."""
    content = content.translate(None, _CONTROLS)
    content, note = without_doctype(content)
    check_structure(content)
    return _settle_dates(_mend_references(content)), note


_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 13))

# -- document type --------------------------------------------------------------------------------------------------

_BEFORE_DOCTYPE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE\b(?!\s+html\b)", re.DOTALL | re.IGNORECASE)
_MAX_DOCTYPE = 64 * 1024  # bytes
_DOCTYPE_TOKEN = re.compile(rb"<!--.*?(?:-->|\Z)|\"[^\"]*\"|'[^']*'|[\[\]>]", re.DOTALL)


def without_doctype(content: bytes) -> tuple[bytes, str]:
    """The document without its document type declaration, unless that is one of HTML; a note if it declared entities.

    Raises :class:`HostileXmlError` if it does not end.
    """
    found = _BEFORE_DOCTYPE.match(content)
    if found is None:
        return content, ""
    start = found.end() - len(b"<!DOCTYPE")
    brackets = 0
    for token in _DOCTYPE_TOKEN.finditer(content, found.end(), found.end() + _MAX_DOCTYPE):
        if token[0] == b"[":
            brackets += 1
        elif token[0] == b"]":
            brackets -= 1
        elif token[0] == b">" and brackets <= 0:
            declared = b"<!ENTITY" in content[start : token.end()]
            note = "the feed declares entities of its own, which are never expanded" if declared else ""
            return content[:start] + content[token.end() :], note
    raise HostileXmlError("its document type declaration does not end")


# -- structure ------------------------------------------------------------------------------------------------------

_DEEP_CHECK_FROM = 5000  # "<" in a document; what fewer can nest does no harm, and most feeds are spared the walk
_ATTRIBUTE_CHECK_FROM = 2000  # "=" in a document
_NODE = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<(/?)[A-Za-z_:](?:[^<>\"']++|\"[^\"<]*\"|'[^'<]*')*+(?<!/)>",
    re.DOTALL,
)
_CROWDED = re.compile(rb"<[A-Za-z_:][^<>=]*+(?:=[^<>=]*+){%d}" % MAX_ATTRIBUTES)


def check_structure(content: bytes) -> None:
    """Raise :class:`HostileXmlError` if a parser would need memory or time out of proportion."""
    marks = content.count(b"<")
    if marks > MAX_MARKUP:
        raise HostileXmlError(f"it holds more than {MAX_MARKUP:,} elements")
    if len(content) > MAX_REFERENCES and content.count(b"&") > MAX_REFERENCES:
        raise HostileXmlError(f"it holds more than {MAX_REFERENCES:,} character references")
    if content.count(b"=") > _ATTRIBUTE_CHECK_FROM and _CROWDED.search(content):
        raise HostileXmlError(f"an element has more than {MAX_ATTRIBUTES} attributes")
    if marks > _DEEP_CHECK_FROM and _depth(content) > MAX_DEPTH:
        raise HostileXmlError(f"its elements are nested more than {MAX_DEPTH} deep")


def _depth(content: bytes) -> int:
    depth = deepest = 0
    for node in _NODE.finditer(content):
        if node[1] is None:
            continue
        depth += -1 if node[1] else 1
        deepest = max(deepest, depth)
    return deepest


# -- references -----------------------------------------------------------------------------------------------------

_CDATA = re.compile(rb"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_STRANGE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)(?:([A-Za-z][A-Za-z0-9]{1,31});)?")


def _mend_references(content: bytes) -> bytes:
    """Resolve HTML's named characters, which XML does not know, and escape stray ampersands, outside of CDATA."""
    if _STRANGE.search(content) is None:
        return content
    parts = _CDATA.split(content)
    parts[::2] = [_STRANGE.sub(_resolved, part) for part in parts[::2]]
    return b"".join(parts)


def _resolved(found: re.Match[bytes]) -> bytes:
    if not found[1]:
        return b"&amp;"
    text = html.entities.html5.get(f"{found[1].decode()};")
    if text is None or any(c in "<>&" for c in text):
        return b"&amp;" + found[0][1:]
    return text.encode()


# -- dates ----------------------------------------------------------------------------------------------------------

# Any date element whose content is not in one of the two forms that every parser reads alike. The forms stand in the
# lookahead, so that an ordinary feed costs one pass at C speed.
_DAY_MONTH = (
    rb"(?:(?:0[1-9]|[12]\d) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"|30 (?:Jan|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|31 (?:Jan|Mar|May|Jul|Aug|Oct|Dec))"
)
_MONTH_DAY = rb"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_CLOCK = rb"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_ODD_DATE = re.compile(
    rb"(<((?:[A-Za-z]++:)?+(?:pub[Dd]ate|date|published|updated|modified|issued|created|lastBuildDate))(?:\s[^<>]*)?(?<!/)>)"
    rb"(?!\s*(?:[A-Z][a-z]{2}, "
    + _DAY_MONTH
    + rb" (?:199\d|20\d\d) "
    + _CLOCK
    + rb" (?:GMT|UTC|[+-](?:0\d|1[0-4])[0-5]\d)"
    rb"|(?:199\d|20\d\d)-" + _MONTH_DAY + rb"T" + _CLOCK + rb"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))\s*<)"
    rb"(?:\s*<!\[CDATA\[)?([^<\]]*)(?:\]\]>\s*)?(?=</\2\s*>)"
)
_ITEM_END = b"</item>"


def _settle_dates(content: bytes) -> bytes:
    content = _ODD_DATE.sub(_settled, content)
    # The last and least of the names that fastfeedparser looks for: read only where an item has no other date.
    return content.replace(_ITEM_END, b"<date>" + NO_DATE + b"</date></item>")


def _settled(found: re.Match[bytes]) -> bytes:
    raw = found[3]
    moment = parse_date(html.unescape(raw.decode())) if len(raw) <= 4 * MAX_DATE else None
    return found[1] + (moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode() if moment else NO_DATE)
