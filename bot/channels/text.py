"""What every channel does to text before it becomes markup: make it harmless, then make it fit.

Pure and free of any platform: escaping of a platform's own markup stays in its channel. The order is always
:func:`clean` (or :func:`clean_block`, or :func:`clean_segments` for a passage, which keeps the spaces between
segments), then :func:`cut` or :func:`cut_segments`, then the platform's escaping; where escaping makes text longer,
pass ``units`` that count the escaped form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from bot.message import Segment

ELLIPSIS = "…"

Units = Callable[[str], int]
"""How a platform counts. Must be additive over grapheme clusters: ``units(a + b) == units(a) + units(b)``."""

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_TEXT_STYLE, _EMOJI_STYLE = "\ufe0e", "\ufe0f"
_BLACK_FLAG, _CANCEL_TAG = "\U0001f3f4", "\U000e007f"

# ECMA-48: CSI and two-character sequences; OSC (links, window titles) only where terminated, so that a stray
# introducer cannot swallow the rest of a text.
_ANSI = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-Z\\^-~]"
)
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")

# Letters or symbols by category, blank by looks: Hangul fillers, the empty Braille cell.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Invisible by looks, mark by category: grapheme joiner, Khmer inherent vowels, Mongolian selectors.
_INVISIBLE_MARKS = frozenset("\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
# Category Cf, yet drawn: Arabic, Syriac and Kaithi number and verse signs.
_DRAWN_FORMAT = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# The three subdivision flags that vendors draw (Unicode RGI): England, Scotland, Wales.
_TAG_FLAGS = tuple(
    _BLACK_FLAG + "".join(chr(0xE0000 + ord(c)) for c in code) + _CANCEL_TAG for code in ("gbeng", "gbsct", "gbwls")
)
_MAX_ACCENTS = 3  # accents stacked on one letter; Vietnamese needs two, more is "zalgo" that covers other lines
_MAX_MARKS = 12  # marks of any kind on one letter; Tibetan stacks and pointed Hebrew stay well below

_ACCENTS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
# Scripts whose spelling uses joiners: Arabic, Syriac, N'Ko, Indic, Myanmar, Khmer, Mongolian, Brahmic beyond the BMP.
_JOINING = (
    (0x0600, 0x08FF),
    (0x0900, 0x0DFF),
    (0x1000, 0x109F),
    (0x1780, 0x18AF),
    (0xA800, 0xABFF),
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFE),
    (0x11000, 0x11FFF),
)
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
_VIRAMA = 9  # canonical combining class

_DANGLING = " \t\n,;:-–—([{«“‘\"'/"  # not left standing before an ellipsis


def utf16_len(text: str) -> int:
    """Length in UTF-16 code units, as JavaScript and Discord's clients count: an emoji is two."""
    return len(text) + sum(1 for c in text if c > "\uffff")


# -- cleaning -------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """One harmless line: what a reader sees is what the text holds.

    Dropped: control characters, terminal sequences, bidirectional overrides, isolates and marks, zero-width and
    tag characters, stray variation selectors, accents beyond three on one letter. Kept: joiners inside emoji and
    between letters of scripts that spell with them (Persian, Indic), the flags of England, Scotland and Wales.
    Lone surrogates and noncharacters become U+FFFD, line breaks and blank-looking letters a space; white space is
    collapsed; the result is NFC. Cleaning twice changes nothing.
    """
    text = unicodedata.normalize("NFC", _ANSI.sub("", text))
    kept = "".join(_keep_in_context(" ".join("".join(_visible(text)).split())))
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def clean_block(text: str) -> str:
    """As :func:`clean` for each line; line breaks stay, with at most one empty line in a row and none at the ends."""
    lines = [clean(line) for line in _LINE_BREAK.split(_ANSI.sub("", text))]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept).strip("\n")


def clean_segments(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """As :func:`clean` for a passage: one line, spaces between segments kept, empty segments gone and neighbours of
    equal strength joined."""
    kept: list[Segment] = []
    gap = False  # white space that waits for something to stand before
    for segment in segments:
        text = clean(segment.text)
        gap = gap or segment.text[:1].isspace()
        if not text:
            continue
        space = " " if gap and kept else ""
        gap = segment.text[-1:].isspace()
        if kept and kept[-1].strong == segment.strong:
            kept[-1] = Segment(kept[-1].text + space + text, segment.strong)
        elif segment.strong:
            if space:
                kept[-1] = Segment(kept[-1].text + space, kept[-1].strong)
            kept.append(Segment(text, strong=True))
        else:
            kept.append(Segment(space + text))
    return tuple(kept)


def _visible(text: str) -> Iterator[str]:
    """Drop or replace what is never wanted, whatever stands around it."""
    i = 0
    while i < len(text):
        c = text[i]
        if c == _BLACK_FLAG and (flag := next((f for f in _TAG_FLAGS if text.startswith(f, i)), None)):
            yield flag
            i += len(flag)
            continue
        i += 1
        if c < "\x7f":
            yield c if c >= " " else " " if c in "\t\n\v\f\r" else ""
            continue
        category = unicodedata.category(c)
        if c in _BLANK or category in ("Zl", "Zp") or c == "\x85":
            yield " "
        elif category == "Cs" or _is_noncharacter(ord(c)):
            yield "\ufffd"
        elif category == "Cc" or c in _INVISIBLE_MARKS:
            continue
        elif category != "Cf" or c in _DRAWN_FORMAT or c in (_ZWNJ, _ZWJ):
            yield c


def _keep_in_context(text: str) -> Iterator[str]:
    """Drop joiners, selectors and marks where they have nothing to work on."""
    before = " "  # the last character kept
    base = " "  # the last one that is no selector, skin tone or joiner
    accents = marks = 0
    for i, c in enumerate(text):
        if c in (_ZWJ, _ZWNJ):
            if not _joins(c, before, base, text[i + 1 : i + 2]):
                continue
        elif c in (_TEXT_STYLE, _EMOJI_STYLE):
            if c == before or before != base or not (_is_emoji(base) or base in "#*0123456789"):
                continue
        elif "\ufe00" <= c <= "\ufe0d":
            continue
        elif "\U000e0100" <= c <= "\U000e01ef":
            if before != base or not _within(base, _IDEOGRAPHS):
                continue
        elif unicodedata.category(c) in ("Mn", "Me"):
            accent = _within(c, _ACCENTS)
            if before == " " or marks >= _MAX_MARKS or (accent and accents >= _MAX_ACCENTS):
                continue
            marks += 1
            accents += accent
        elif not _is_skin_tone(c):
            base = c
            accents = marks = 0
        before = c
        yield c


def _joins(joiner: str, before: str, base: str, after: str) -> bool:
    if joiner == _ZWJ and unicodedata.combining(before) == _VIRAMA and _within(base, _JOINING):
        return True  # asks for the half form of an Indic letter, also where the word ends
    if not after or before in (_ZWJ, _ZWNJ):
        return False
    if _within(before, _JOINING):
        return _within(after, _JOINING)
    return joiner == _ZWJ and _is_emoji(base) and _is_emoji(after)


def _within(c: str, ranges: Iterable[tuple[int, int]]) -> bool:
    point = ord(c)
    return any(low <= point <= high for low, high in ranges)


def _is_noncharacter(point: int) -> bool:
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE


def _is_skin_tone(c: str) -> bool:
    return "\U0001f3fb" <= c <= "\U0001f3ff"


def _is_regional(c: str) -> bool:
    return "\U0001f1e6" <= c <= "\U0001f1ff"


def _is_emoji(c: str) -> bool:
    """Pictographs, broadly: arrows, symbols and dingbats of the BMP and the emoji planes, without flag letters."""
    return (
        ("\u2190" <= c <= "\u2bff" or "\U0001f000" <= c <= "\U0001faff" or c in "©®‼⁉™ℹ〰〽㊗㊙")
        and not _is_regional(c)
        and c != "\u2800"
    )


# -- cutting --------------------------------------------------------------------------------------------------------


def graphemes(text: str) -> Iterator[str]:
    """What people call characters: base and marks, emoji sequences, flags, Hangul and Indic syllables.

    Follows Unicode Standard Annex 29 (extended grapheme clusters), erring on the side of keeping together.
    """
    start = 0
    regionals = 0
    for i in range(1, len(text)):
        previous, c = text[i - 1], text[i]
        regionals = regionals + 1 if _is_regional(previous) else 0
        if not _sticks(previous, c, regionals):
            yield text[start:i]
            start = i
    if text:
        yield text[start:]


def _sticks(previous: str, c: str, regionals: int) -> bool:
    if c < "\x7f" and previous < "\x7f":
        return previous == "\r" and c == "\n"
    if previous in "\r\n" or c in "\r\n":
        return False
    if _is_regional(c):
        return regionals % 2 == 1
    if c in (_ZWJ, _ZWNJ, "\uff9e", "\uff9f") or _is_skin_tone(c) or "\U000e0020" <= c <= "\U000e007f":
        return True
    if previous == _ZWJ or unicodedata.category(c) in ("Mn", "Me", "Mc") or previous in _DRAWN_FORMAT:
        return True
    if unicodedata.combining(previous) == _VIRAMA and unicodedata.category(c) == "Lo":
        return True
    return _hangul_sticks(ord(previous), ord(c))


def _hangul_sticks(previous: int, c: int) -> bool:
    if 0x1100 <= previous <= 0x115F or 0xA960 <= previous <= 0xA97C:  # leading consonant
        return 0x1100 <= c <= 0x11A7 or 0xA960 <= c <= 0xA97C or 0xAC00 <= c <= 0xD7A3 or 0xD7B0 <= c <= 0xD7C6
    if 0x1160 <= previous <= 0x11A7 or 0xAC00 <= previous <= 0xD7A3 or 0xD7B0 <= previous <= 0xD7C6:
        return 0x1160 <= c <= 0x11FF or 0xD7B0 <= c <= 0xD7FB
    return (0x11A8 <= previous <= 0x11FF or 0xD7CB <= previous <= 0xD7FB) and (
        0x11A8 <= c <= 0x11FF or 0xD7CB <= c <= 0xD7FB
    )


def cut(text: str, limit: int, *, units: Units = len) -> str:
    """``text``, or as much of it as fits with an ellipsis; never more than ``limit`` units.

    Cuts after a word, unless that would give away more than half of the room (one very long word, Chinese), and
    never inside a grapheme cluster. Apart from the ellipsis the result is a prefix of ``text``.
    """
    if units(text) <= limit:
        return text
    if units(ELLIPSIS) > limit:
        return ""
    return text[: _head(((g, units(g)) for g in graphemes(text)), limit - units(ELLIPSIS))] + ELLIPSIS


def cut_segments(
    segments: Sequence[Segment], limit: int, *, units: Units = len, strong_cost: int = 0
) -> tuple[Segment, ...]:
    """As :func:`cut` over a passage; what is left keeps its emphasis, and the ellipsis has none.

    ``strong_cost`` is what the platform's markup around one strong segment takes (``**`` twice: 4).
    """
    total = sum(units(s.text) + (strong_cost if s.strong and s.text else 0) for s in segments)
    if total <= limit:
        return tuple(segments)
    if units(ELLIPSIS) > limit:
        return ()
    left = _head(_priced(segments, units, strong_cost), limit - units(ELLIPSIS))
    kept: list[Segment] = []
    for segment in segments:
        if part := segment.text[:left]:
            kept.append(Segment(part, segment.strong))
        left -= len(part)
    if kept and not kept[-1].strong:
        kept[-1] = Segment(kept[-1].text + ELLIPSIS)
    else:
        kept.append(Segment(ELLIPSIS))
    return tuple(kept)


def _priced(segments: Sequence[Segment], units: Units, strong_cost: int) -> Iterator[tuple[str, int]]:
    """The clusters of the joined text with their cost; markup is paid where a cluster reaches into a strong segment."""
    starts: list[int] = []  # of strong segments
    at = 0
    for segment in segments:
        if segment.strong and segment.text:
            starts.append(at)
        at += len(segment.text)
    at = 0
    for cluster in graphemes("".join(s.text for s in segments)):
        at += len(cluster)
        cost = units(cluster)
        while starts and starts[0] < at:
            cost += strong_cost
            starts.pop(0)
        yield cluster, cost


def _head(clusters: Iterable[tuple[str, int]], room: int) -> int:
    """How many code points of the text to keep: whole clusters within ``room``, back to the end of a word."""
    head: list[str] = []
    used = 0
    word_end, used_at_word_end = 0, 0  # in clusters, in units
    for cluster, cost in clusters:
        if cluster.isspace() and head and not head[-1].isspace():
            word_end, used_at_word_end = len(head), used
        if used + cost > room:
            break
        head.append(cluster)
        used += cost
    if used_at_word_end * 2 >= room:
        head = head[:word_end]
    while head and head[-1] in _DANGLING:
        head.pop()
    return sum(map(len, head))


# -- links ----------------------------------------------------------------------------------------------------------

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9_.])?\Z|\[[0-9A-Fa-f:.]+\]\Z")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_URL_SAFE = "%/:?#[]@!$&()*+,;=~-._"  # RFC 3986 without the quotes; everything else is percent-encoded


def safe_url(url: str) -> str:
    """An http(s) address that can stand in any markup, or ``""`` where there is none to be had.

    ASCII only: no white space, control characters, quotes, angle brackets, backslashes or bars (they are
    percent-encoded), the host as IDNA. A user name in front of the host is dropped, since it only serves to look
    like another site.
    """
    url = re.sub(r"[\t\n\r]", "", url).strip()  # as browsers do (WHATWG URL, "basic URL parser")
    try:
        parts = urlsplit(url)
        host, port = _host(parts), parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    netloc = host if port is None else f"{host}:{port}"
    try:
        path, query, fragment = (
            quote(_STRAY_PERCENT.sub("%25", part), safe=_URL_SAFE) for part in (parts.path, parts.query, parts.fragment)
        )
    except UnicodeEncodeError:  # a lone surrogate
        return ""
    return urlunsplit((parts.scheme, netloc, path, query, fragment))


def _host(parts: SplitResult) -> str:
    """The host as sent in DNS, or ``""``. Raises ``ValueError`` (``UnicodeError``) on what is no host name."""
    netloc = parts.netloc.rpartition("@")[2]
    if "\\" in parts.netloc or not parts.hostname:
        return ""  # browsers and parsers disagree about where a backslash ends the host
    host = f"[{parts.hostname}]" if netloc.startswith("[") else parts.hostname
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    return host if _HOST.match(host) else ""
