"""The text that rules and names are matched against, and the way back to what was written.

A :class:`Text` holds the body of an article as it came and a normalised form of it, in which the words stand in
lower case with one space on either side, so that a whole-word, whole-phrase search is a plain substring search
for ``" arms deal "``. The same normalisation is applied to terms and names (:func:`phrase`), so both sides always
agree. What it does:

- lower case; accents folded in Latin and Greek letters only (``й`` is a letter of its own);
- hyphens and en dashes become a space; so does every other punctuation mark, which leaves *two* spaces where it
  was followed by one, and thereby keeps a phrase from reaching across a comma or a full stop;
- quotation marks vanish (``the "dirty" bomb``), an apostrophe stays inside a word (``o'brien``); ``'s`` at the end
  of a word vanishes; the French elision becomes a word of its own (``l'Iran``);
- the dots of an acronym vanish (``U.S.`` is ``us``); white space collapses, but a paragraph break and the end of the
  title are hard;
- Han, Kana, Thai, Lao, Khmer and Burmese letters are words of their own, as these scripts do not mark words; Hangul
  syllables too, but the first of a run carries a mark, so that a term matches at the start of a word and particles
  may follow.

Everything up to the offsets is done by a few passes at C speed: the way back is kept as a short list of edits and
used only for spans that somebody wants to see.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cached_property

HANGUL_START = "\x02"  # stands before the first syllable of a run of Hangul
_GONE = "\x00"  # a character that vanishes
_BREAK = "\x1e"  # a character that becomes a hard break (an em dash)
_ALONE = "\x1d"  # tells the second pass that scripts without spaces are present

_APOSTROPHES = "'’‘ʼʻ`´＇"
_QUOTES = '"“”„‟«»‹›〝〞＂「」『』'
_HYPHENS = "-‐‑‒–⁃−－"
_BREAKS = "—―⸺⸻…"

# Scripts written without spaces between words: Thai, Lao, Burmese, Khmer; Kana, Bopomofo, Han (Unicode blocks).
_SPACELESS = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"


def _fold(ch: str) -> str:
    """One character to exactly one character of the first pass."""
    code = ord(ch)
    if ch in _APOSTROPHES:
        return "'"
    if ch in _QUOTES:
        return '"'
    if ch in _HYPHENS:
        return "-"
    if ch in _BREAKS:
        return _BREAK
    if ch == "\n" or code in (0x85, 0x2028):
        return "\n"
    if code == 0x2029:
        return "\n"
    if ch.isspace():
        return " "
    if ch in ".\x1d":
        return "." if ch == "." else _GONE
    if 0xFF01 <= code <= 0xFF5E:  # full-width forms of ASCII
        return _fold(chr(code - 0xFEE0))
    category = unicodedata.category(ch)
    if category in ("Cc", "Cf", "Cs", "Co") or 0x0300 <= code <= 0x036F:
        return _GONE
    if category == "Mn" and (0x1AB0 <= code <= 0x1AFF or 0xFE00 <= code <= 0xFE0F):
        return _GONE
    if category[0] not in "LNM":
        return ","
    low = ch.lower()
    low = low[0] if low else ch
    if code < 0x80:
        return low
    base = unicodedata.normalize("NFD", low)[0]
    if base != low:
        name = unicodedata.name(base, "")
        if name.startswith(("LATIN", "GREEK")):
            return base
    elif low == "ς":
        return "σ"
    return _EXTRA.get(low, low)


# Latin letters that Unicode does not decompose, folded to the letter that English-language news prints.
_EXTRA = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ð": "d"}


class _Table(dict[int, str]):
    """A translation table that works out an entry when it is first asked for; bounded by Unicode."""

    def __missing__(self, code: int) -> str:
        value = self[code] = _fold(chr(code))
        return value


_ONE = _Table()
_ASCII = {code: _fold(chr(code)) for code in range(128)}
_TO_SPACE = {ord(c): " " for c in ".,-\n"}

_NON_ASCII = re.compile("[^\x00-\x7f]+")
_ALONE_RE = re.compile(f"[{_SPACELESS}{_HANGUL}]")
_HANGUL_RE = re.compile(f"[{_HANGUL}]")

# Each branch begins with a literal, so that the engine skips to candidates by a character set.
_EDIT = re.compile(
    r"""
      "                                   # quotation marks vanish
    | \x00                                # so do format characters and left-over combining marks
    | \x1e                                # a dash that separates
    | '(?=s?(?:[^\w']|$))s?               # possessive and closing quote
    | '(?<![^\W_]')                       # opening quote
    | '(?<=\b[cdjlmnst]')(?=[^\W\d_]{2})  # French elision: l'iran (but not o'brien)
    | \.(?<=\b[^\W\d_]\.)(?=[^\W\d_]\b)   # a dot inside an acronym
    | \.(?<=\.[^\W\d_]\.)                 # and the one at its end
    | [ ](?=[ \n])[ \n]*                  # white space in a row
    | \n[ \n]*
    """,
    re.VERBOSE,
)
_ELISION = re.compile(r"[cdjlmnst]'")


def _non_ascii(match: re.Match[str]) -> str:
    table = _ONE
    return "".join([table[ord(c)] for c in match[0]])


def _first_pass(raw: str) -> str:
    """Same length as ``raw``, one character for each."""
    if raw.isascii():
        return raw.translate(_ASCII)
    # Mostly ASCII (English with typographic quotes): the fast table for the rest; else a table over everything.
    if len(raw.encode("utf-8", "surrogatepass")) < len(raw) * 5 // 4:
        return _NON_ASCII.sub(_non_ascii, raw).translate(_ASCII_KEEP)
    return raw.translate(_ONE)


# As _ASCII, but what the first step has already put in place stays.
_ASCII_KEEP = {**_ASCII, 0: "\x00", 0x1E: "\x1e"}


class Text:
    """A body with its normalised form.

    ``title`` and ``text`` are as :class:`~bot.model.Article` has them; offsets count code points of :attr:`body`.
    ``norm`` begins and ends with a space. Positions in ``norm`` go back through :meth:`origin`.
    """

    __slots__ = ("__dict__", "_at", "_shift", "norm", "text", "title")

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text
        # The end of the title is a paragraph break: two line breaks here for the one in the body.
        folded = f"{_first_pass(title)}\n\n{_first_pass(text)}" if title else _first_pass(text)
        at = [1] if title else [1]  # positions in norm from which on a shift holds
        shift = [-1]  # norm[0] is a space of our own
        pieces = [" "]
        cut = 0  # how much of folded is in pieces
        length = 1  # of the pieces so far
        title_end = len(title) if title else -1
        alone = not folded.isascii() and _ALONE_RE.search(folded) is not None
        edits = _EDIT.finditer(folded)
        for edit in edits:
            start, end = edit.span()
            found = folded[start]
            if found == "'" and end == start + 1 and start and _elides(folded, start):
                new = " "
            elif found == _BREAK:
                new = "  "
            elif found == " ":
                new = "  " if folded.count("\n", start, end) > 1 else " "
            elif found == "\n":
                new = "  " if folded.count("\n", start, end) > 1 else " "
                if new == " " and end == start + 1:
                    continue  # a line break alone turns into a space in the last pass
            else:
                new = ""
            piece = folded[cut:start]
            if piece:
                pieces.append(piece)
                length += len(piece)
            if new:
                pieces.append(new)
                length += len(new)
            cut = end
            behind = end if title_end < 0 or end <= title_end else end - 1
            at.append(length)
            shift.append(behind - length)
        pieces.append(folded[cut:])
        pieces.append(" ")
        norm = "".join(pieces).translate(_TO_SPACE)
        if alone:
            norm, at, shift = _stand_alone(norm, at, shift)
        self.norm = norm
        self._at = at
        self._shift = shift

    @cached_property
    def body(self) -> str:
        """What offsets count in."""
        return f"{self.title}\n{self.text}" if self.title else self.text

    @property
    def title_length(self) -> int:
        """The offset at which the title ends; 0 where there is none."""
        return len(self.title)

    def origin(self, position: int) -> int:
        """The offset in :attr:`body` of the character that stands at ``position`` in ``norm``."""
        return position + self._shift[bisect_right(self._at, position) - 1] if position > 0 else 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of :attr:`body` for the words at ``norm[start:end]``; spaces at its ends are left out."""
        norm = self.norm
        while start < end and norm[start] in " \x02":
            start += 1
        while end > start and norm[end - 1] == " ":
            end -= 1
        if start >= end:
            here = min(self.origin(start), len(self.body))
            return here, here
        return self.origin(start), min(self.origin(end - 1) + 1, len(self.body))

    @cached_property
    def word_starts(self) -> list[int]:
        """Where the words begin in ``norm``, ascending."""
        return [m.start() for m in _WORD.finditer(self.norm)]

    def word_at(self, position: int) -> int:
        """The number of the word that stands at, or begins next after, a position in ``norm``."""
        starts = self.word_starts
        i = bisect_right(starts, position)
        if i and position < len(self.norm) and self.norm[position] != " ":
            return i - 1
        return i

    @cached_property
    def title_words(self) -> int:
        """How many of the words belong to the title."""
        return len(Text("", self.title).word_starts) if self.title else 0

    @cached_property
    def title_norm_end(self) -> int:
        """The position in ``norm`` at which the title's words end."""
        return len(Text("", self.title).norm) - 1 if self.title else 0


_WORD = re.compile(r"[^ ]+")


def _elides(folded: str, start: int) -> bool:
    return _ELISION.match(folded, start - 1) is not None and (start < 2 or not folded[start - 2].isalnum())


def _stand_alone(norm: str, at: list[int], shift: list[int]) -> tuple[str, list[int], list[int]]:
    """Put spaces around letters of scripts that do not mark words. Rebuilds the shifts."""
    out: list[str] = []
    new_at: list[int] = []
    new_shift: list[int] = []
    length = 0
    edit = -1
    last = 0
    before = " "
    for i, ch in enumerate(norm):
        moved = edit + 1 < len(at) and at[edit + 1] <= i
        while edit + 1 < len(at) and at[edit + 1] <= i:
            edit += 1
        add = ch
        lead = 0
        if ch != " " and _ALONE_RE.match(ch):
            hangul = _HANGUL_RE.match(ch) is not None
            head = "" if before == " " else " "
            if hangul and not (i and _HANGUL_RE.match(norm[i - 1])):
                head += HANGUL_START
            lead = len(head)
            add = head + ch + ("" if i + 1 < len(norm) and norm[i + 1] == " " else " ")
        out.append(add)
        here = (shift[edit] if edit >= 0 else 0) + i - (length + lead)
        if moved or here != last or not new_at:
            new_at.append(length if lead == 0 else length)
            new_shift.append(here)
            last = here
        length += len(add)
        before = add[-1]
    return "".join(out), new_at, new_shift


def phrase(words: str) -> str:
    """A term or a name as it stands in ``norm``, without the outer spaces; empty if nothing is left of it."""
    return Text("", words).norm.strip(" ")


def pattern(words: str) -> str:
    """What to look for in ``norm``: the phrase with a space on either side. Empty if nothing is left of it."""
    inner = phrase(words)
    return f" {inner} " if inner else ""
