"""The text that rules and names are matched against, and the way back to what was written.

A :class:`Text` holds the body of an article as it came and a normalised form of it, in which the words stand in
lower case with one space on either side, so that a whole-word, whole-phrase search is a plain substring search
for ``" arms deal "``. The same normalisation is applied to terms and names (:func:`phrase`), so both sides always
agree. What it does:

- lower case; accents folded in Latin and Greek letters only (``й`` is a letter of its own, also where it was typed as
  ``и`` and a breve);
- hyphens and en dashes become a space; so does every other punctuation mark, which leaves *two* spaces where it
  was followed by one, and thereby keeps a phrase from reaching across a comma or a full stop;
- quotation marks vanish, with the spaces that French sets inside them (``the "dirty" bomb``); an apostrophe stays
  inside a word (``o'brien``); ``'s`` at the end of a word vanishes; a French or Italian elision becomes a word of its
  own (``l'Iran``, ``dell'Iran``);
- the dots of an acronym vanish (``U.S.`` is ``us``); white space collapses, but a paragraph break and the end of the
  title are hard (four spaces);
- Han, Kana, Thai, Lao, Khmer and Burmese letters are words of their own, as these scripts do not mark words; Hangul
  syllables too, but the first of a run carries a mark, so that a term matches at the start of a word and particles
  may follow.

Everything up to the offsets is done by a few passes at C speed: the way back is kept as a short list of edits and
used only for spans that somebody wants to see.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cached_property

HANGUL_START = "\x02"  # stands before the first syllable of a run of Hangul
_GONE = "\x00"  # a character that vanishes
_BREAK = "\x1e"  # a character that becomes a break (an em dash)
_TITLE_END = "\x1c"  # stands for the line break between title and text
_HARD = "    "  # a paragraph break or the end of the title; no term has that many marks in a row

_APOSTROPHES = "'’‘ʼʻ`´＇"
_QUOTES = '"“”„‟«»‹›〝〞＂「」『』'
_HYPHENS = "-‐‑‒–⁃−－"
_BREAKS = "—―⸺⸻…"
JOINING_HYPHENS = "-‐‑"
"""The hyphens that may also stand for nothing: ``cease-fire`` is ``ceasefire``, ``Paris–Dakar`` is two words."""

# Scripts written without spaces between words: Thai, Lao, Burmese, Khmer; Kana, Bopomofo, Han (Unicode blocks).
_SPACELESS = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"

# Latin letters that Unicode does not decompose, folded to the letter that English-language news prints.
_EXTRA = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ð": "d"}


def _fold(ch: str) -> str:
    """One character to exactly one character of the first pass."""
    code = ord(ch)
    if ch in "\x00\x1e.":
        return ch
    for set_, plain in ((_APOSTROPHES, "'"), (_QUOTES, '"'), (_HYPHENS, "-"), (_BREAKS, _BREAK)):
        if ch in set_:
            return plain
    if ch in "\n\x85\u2028\u2029":
        return "\n"
    if ch.isspace() or ch == "\u200b":
        return " "
    if 0xFF01 <= code <= 0xFF5E:  # full-width forms of ASCII
        return _fold(chr(code - 0xFEE0))
    category = unicodedata.category(ch)
    if category in ("Cc", "Cf", "Cs", "Co") or 0x0300 <= code <= 0x036F:
        return _GONE
    if category == "Mn" and (0x1AB0 <= code <= 0x1AFF or 0xFE00 <= code <= 0xFE0F):
        return _GONE
    if category[0] not in "LNM":
        return ","
    return _fold_letter(ch)


def _fold_letter(ch: str) -> str:
    low = ch.lower()[0]
    if low < "\x80":
        return low
    base = unicodedata.normalize("NFD", low)[0]
    if base != low and unicodedata.name(base, "").startswith(("LATIN", "GREEK")):
        return base
    return "σ" if low == "ς" else _EXTRA.get(low, low)


class _Table(dict[int, str]):
    """A translation table that works out an entry when it is first asked for; bounded by Unicode."""

    def __missing__(self, code: int) -> str:
        value = self[code] = _fold(chr(code))
        return value


_ONE = _Table()
_ASCII = {code: _fold(chr(code)) for code in range(128)}
_ASCII_BYTES = bytes(ord(_ASCII[code]) if code < 128 else code for code in range(256))
_TO_SPACE = {ord(c): " " for c in ".,-\n"}

# What English news sets beyond ASCII: replaced one by one, a text is mostly ASCII after that, and ASCII is fast.
_TYPOGRAPHIC = tuple((c, _fold(c)) for c in "’“”‘–—…\u00a0\u200b«»é")
_SPARSE = 5 / 4  # bytes a character up to which single letters are folded, and not the whole text by table
_NON_ASCII = re.compile("[^\x00-\x7f]+")
_ALONE_RE = re.compile(f"[{_SPACELESS}{_HANGUL}]")
_HANGUL_RE = re.compile(f"[{_HANGUL}]")

# Letters typed as a base and its marks, or as jamo. Four marks are more than any language sets on one letter; without
# a limit, ordering a long run of them takes quadratic time.
_MARKS = "\u0300-\u036f\u3099\u309a"
_DECOMPOSED = re.compile(f"[^\\W\\d_][{_MARKS}]{{1,4}}|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_TAIL = re.compile("[\u0300-\u036f]*")

PLAIN_WORDS = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*\Z")
"""Text to which normalisation does nothing but make it lower case."""

# Each branch begins with one literal (not a set, not a repeat), so that the engine skips to candidates. The text has a
# space before it, so that looking behind needs no case for its start.
_ELIDED = ("[cdjlmnst]", "qu|un", "all|gli", "dell|nell|dall|sull", "jusqu", "lorsqu|puisqu")  # by length
_MARKED = r"""
      "                                          # quotation marks vanish
    | \x00                                       # so do format characters and left-over combining marks
    | \x1c                                       # the end of the title
    | \x1e                                       # a dash that separates
    | ''*(?=s?'*(?:[^\w']|\Z))s?                  # possessive and closing quote
    | '(?<![^\W_]')                              # opening quote
    | '(?=[^\W\d_]{2})(?:ELIDED)               # elision
    | \.(?<=\b[^\W\d_]\.)(?=[^\W\d_]\b)          # a dot inside an acronym
    | \.(?<=\b[^\W\d_]\.[^\W\d_]\.)(?!\x00*[^\W_])  # and the one at its end
""".replace("ELIDED", "|".join(rf"(?<=[^\w'\x00](?:{words})')|(?<=\W'(?:{words})')" for words in _ELIDED))
_EDIT = re.compile(_MARKED + r"| \n[ \n]+", re.VERBOSE)
_EDIT_SPACED = re.compile(_MARKED + r'| [ ](?=[ \n\x00"])[ \n\x00"]* | \n[ \n\x00"]+', re.VERBOSE)


def _first_pass(raw: str) -> str:
    """Same length as ``raw``, one character for each."""
    if raw.isascii():
        return raw.translate(_ASCII)
    for ch, plain in _TYPOGRAPHIC:
        raw = raw.replace(ch, plain)
    if raw.isascii():
        return raw.translate(_ASCII)
    raw = _DECOMPOSED.sub(_composed, raw)
    if len(raw.encode("utf-8", "surrogatepass")) > len(raw) * _SPARSE:
        return raw.translate(_ONE)
    raw = _NON_ASCII.sub(_folded, raw)
    return raw.encode().translate(_ASCII_BYTES).decode()


def _folded(match: re.Match[str]) -> str:
    table = _ONE
    return "".join([table[ord(c)] for c in match[0]])


def _composed(match: re.Match[str]) -> str:
    written = match[0]
    return unicodedata.normalize("NFC", written).ljust(len(written), _GONE)


class Text:
    """A body with its normalised form.

    ``title`` and ``text`` are as :class:`~bot.model.Article` has them; offsets count code points of :attr:`body`.
    ``norm`` begins and ends with a space. Positions in ``norm`` go back through :meth:`origin`.
    """

    __slots__ = ("__dict__", "_at", "_shift", "norm", "text", "title")

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text
        # One character longer than the body, by the space in front.
        folded = f" {_first_pass(title)}{_TITLE_END}{_first_pass(text)}" if title else f" {_first_pass(text)}"
        at = [0]  # positions in norm from which on a shift holds
        shift = [-1]
        pieces = []
        cut = 0  # how much of folded is in pieces
        length = 0  # of the pieces so far
        spaced = (
            "  " in folded
            or _GONE in folded
            or ("\n" in folded and " \n" in folded)
            or ('"' in folded and ' " ' in folded)
        )
        for edit in (_EDIT_SPACED if spaced else _EDIT).finditer(folded):
            start, end = edit.span()
            new = _replacement(folded, start, end)
            pieces.append(folded[cut:start])
            pieces.append(new)
            length += start - cut + len(new)
            cut = end
            at.append(length)
            shift.append(end - 1 - length)
        pieces.append(folded[cut:])
        pieces.append(" ")
        norm = "".join(pieces)
        if norm.isascii():
            norm = norm.translate(_TO_SPACE)
        else:
            norm = norm.replace(".", " ").replace(",", " ").replace("-", " ").replace("\n", " ")
            if _ALONE_RE.search(norm) is not None:
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

    @property
    def text_start(self) -> int:
        """The offset at which the text begins."""
        return len(self.title) + 1 if self.title else 0

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
        body = self.body
        if start >= end:
            here = min(self.origin(start), len(body))
            return here, here
        last = self.origin(end - 1) + 1
        if last < len(body) and body[last] >= "\u0300":
            last = _letter_end(body, last)
        return self.origin(start), last

    # -- words -----------------------------------------------------------------------------------------------------
    @cached_property
    def word_starts(self) -> list[int]:
        """Where the words begin in ``norm``, ascending."""
        starts = []
        at = 0
        for word in self.norm.split(" "):
            if word:
                starts.append(at)
            at += len(word) + 1
        return starts

    @cached_property
    def word_origins(self) -> list[int]:
        """Where the words begin in :attr:`body`, ascending."""
        starts = self.word_starts
        found: list[int] = []
        first = 0
        for shift, until in zip(self._shift, [*self._at[1:], len(self.norm)], strict=True):
            after = bisect_left(starts, until, first)
            found.extend([s + shift for s in starts[first:after]])
            first = after
        norm = self.norm
        if HANGUL_START in norm:  # it stands for nothing in the body
            return [self.origin(s + 1) if norm[s] == HANGUL_START else o for s, o in zip(starts, found, strict=True)]
        return found

    def words_in(self, start: int, end: int) -> tuple[int, int]:
        """The numbers of the first and the last word that ``body[start:end]`` touches. Where it touches none, the
        first is the word behind it and the last the word before it."""
        origins = self.word_origins
        first = bisect_right(origins, start) - 1
        if first < 0 or self.word_span(first)[1] <= start:
            first += 1
        return first, bisect_left(origins, end) - 1

    def word_span(self, number: int) -> tuple[int, int]:
        """The span of a word in :attr:`body`."""
        start = self.word_starts[number]
        return self.span(start, self.norm.index(" ", start))

    def word(self, number: int) -> str:
        """A word as it stands in ``norm``."""
        start = self.word_starts[number]
        return self.norm[start : self.norm.index(" ", start)]

    @cached_property
    def title_words(self) -> int:
        """How many of the words belong to the title."""
        return bisect_left(self.word_origins, self.title_length) if self.title else 0

    @cached_property
    def title_norm_end(self) -> int:
        """The position in ``norm`` at which the title's words end."""
        return len(Text("", self.title).norm) - 1 if self.title else 0


def _letter_end(body: str, end: int) -> int:
    """Where a letter ends whose first character ends at ``end``: behind its marks, its other jamo."""
    typed = _DECOMPOSED.match(body, end - 1)
    if typed is not None and len(unicodedata.normalize("NFC", typed[0])) == 1:
        end = typed.end()
    tail = _TAIL.match(body, end)
    return tail.end() if tail is not None else end


def _replacement(folded: str, start: int, end: int) -> str:
    """What stands in ``norm`` for an edit."""
    found = folded[start]
    if found in " \n":
        return _HARD if folded.count("\n", start, end) > 1 else " "
    if found in "\"'":  # one that vanished would join the words on its two sides (elision, U.S."We)
        before, behind = folded[start - 1], folded[end : end + 1]
        parts = end == start + 1 and behind.isalnum() and (before.isalnum() or before == ".")
        return " " if parts else ""
    if found == _BREAK:
        return "  "
    return _HARD if found == _TITLE_END else ""


def _stand_alone(norm: str, at: list[int], shift: list[int]) -> tuple[str, list[int], list[int]]:
    """Put spaces around letters of scripts that do not mark words. Rebuilds the shifts."""
    out: list[str] = []
    new_at: list[int] = [0]
    new_shift: list[int] = [shift[0]]
    done = 0  # how much of norm is in out
    length = 0
    edit = 0

    def take(until: int) -> None:
        """Copy norm up to there, with the shifts that begin in it."""
        nonlocal done, length, edit
        while edit + 1 < len(at) and at[edit + 1] <= until:
            edit += 1
            new_at.append(length + at[edit] - done)
            new_shift.append(shift[edit] - (length - done))
        if until > done:
            out.append(norm[done:until])
            length += until - done
            done = until

    for match in _ALONE_RE.finditer(norm):
        i = match.start()
        take(i)
        head = "" if out[-1][-1] == " " else " "
        if _HANGUL_RE.match(match[0]) and not _HANGUL_RE.match(norm[i - 1]):
            head += HANGUL_START
        tail = "" if norm[i + 1] == " " else " "
        if head:
            out.append(head)
            length += len(head)
            new_at.append(length)
            new_shift.append(shift[edit] - (length - done))
        take(i + 1)
        if tail:
            out.append(tail)
            length += 1
            new_at.append(length)
            new_shift.append(shift[edit] - (length - done))
    take(len(norm))
    return "".join(out), new_at, new_shift


def phrase(words: str) -> str:
    """A term or a name as it stands in ``norm``, without the outer spaces; empty if nothing is left of it."""
    if PLAIN_WORDS.match(words):  # most names, and a tenth of the time
        return words.lower()
    return Text("", words).norm.strip(" ")


def pattern(words: str) -> str:
    """What to look for in ``norm``: the phrase with a space on either side. Empty if nothing is left of it."""
    inner = phrase(words)
    return f" {inner} " if inner else ""
