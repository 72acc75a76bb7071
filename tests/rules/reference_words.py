"""Words for the slow evaluator of ``reference.py``: a text cut letter by letter, sharing no code with the engine."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

APOSTROPHES = "'’‘"
QUOTES = '"“”«»'
HYPHENS = "-‐–"
JOINING = "-‐"
ELIDED = ("c", "d", "j", "l", "m", "n", "s", "t", "qu", "dell")
INVISIBLE = "\u00ad"
SPACELESS = ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "THAI")
"""How Unicode names letters of scripts without spaces between words: each is a word."""
FIRST_SYLLABLE = "^"
"""Stands before the first syllable of a run of Hangul, where a term may begin."""


def fold(ch: str) -> str:
    """Lower case without accents."""
    low = ch.lower()
    base = unicodedata.normalize("NFD", low)[0]
    return base if unicodedata.name(base, "").startswith(("LATIN", "GREEK")) else low


@dataclass(frozen=True)
class Token:
    """A word of a text: folded, as typed, its span, and what stands between it and the next."""

    word: str
    typed: str
    start: int
    end: int
    gap: str = ""

    @property
    def runs_on(self) -> bool:
        """Whether a phrase may go on across the gap."""
        seen = [c for c in self.gap if c not in QUOTES + APOSTROPHES + INVISIBLE]
        if all(c.isspace() or c == "\u200b" for c in seen):
            return seen.count("\n") < 2
        return len(seen) == 1 and seen[0] not in "—…"

    @property
    def hyphened(self) -> bool:
        return len(self.gap) == 1 and self.gap in JOINING


def stands_alone(ch: str) -> bool:
    """Whether a letter is a word of its own."""
    return unicodedata.name(ch, "").startswith((*SPACELESS, "HANGUL"))


def tokens(text: str, offset: int = 0) -> list[Token]:
    """The words of a text that begins at an offset."""
    found: list[Token] = []
    for token in runs(text, offset):
        if not any(map(stands_alone, token.typed)):
            found.append(token)
            continue
        piece = ""
        for i, ch in enumerate(token.typed):
            hangul = unicodedata.name(ch, "").startswith("HANGUL")
            first = hangul and not (i and unicodedata.name(token.typed[i - 1], "").startswith("HANGUL"))
            piece += ch
            if stands_alone(ch) or i + 1 == len(token.typed) or stands_alone(token.typed[i + 1]):
                end = token.start + i + 1
                word = FIRST_SYLLABLE * first + "".join(map(fold, piece))
                found.append(Token(word, piece, end - len(piece), end))
                piece = ""
        last = found.pop()
        found.append(Token(last.word, last.typed, last.start, last.end, token.gap))
    return found


def runs(text: str, offset: int = 0) -> list[Token]:
    """The runs of letters and digits, one letter after the other."""
    found: list[Token] = []
    i = 0
    gap_from = 0

    def char(at: int) -> str:
        return text[at] if 0 <= at < len(text) else " "

    def ends(at: int) -> bool:
        """Whether a word is over here, but for quotation marks."""
        while char(at) in APOSTROPHES:
            at += 1
        return not char(at).isalnum()

    def add(letters: list[int]) -> None:
        nonlocal gap_from
        if found:
            last = found.pop()
            found.append(Token(last.word, last.typed, last.start, last.end, text[gap_from : letters[0]]))
        word = "".join(fold(text[k]) for k in letters)
        typed = "".join(text[k] for k in letters)
        found.append(Token(word, typed, letters[0] + offset, letters[-1] + 1 + offset))
        gap_from = letters[-1] + 1

    while i < len(text):
        if not char(i).isalnum():
            i += 1
            continue
        acronym = [i]
        while char(acronym[-1]).isalpha() and char(acronym[-1] + 1) == "." and char(acronym[-1] + 2).isalpha():
            acronym.append(acronym[-1] + 2)
        while len(acronym) > 1 and char(acronym[-1] + 1).isalnum():
            acronym.pop()  # the letter begins a longer word
        if len(acronym) > 1:
            add(acronym)
            i = acronym[-1] + 1
            if char(i) == "." and not char(i + 1).isalnum():
                i += 1
                gap_from = i
            if char(i) in APOSTROPHES and char(i + 1) in "sS" and not char(i + 2).isalnum():
                gap_from = i = i + 2
            continue
        letters = [i]
        i += 1
        while True:
            if char(i).isalnum():
                letters.append(i)
            elif char(i) in INVISIBLE and char(i + 1).isalnum():
                pass
            elif char(i) in APOSTROPHES and char(i + 1).isalnum():
                word = "".join(fold(text[k]) for k in letters)
                if char(i + 1) in "sS" and ends(i + 2):
                    break
                if word in ELIDED and char(i + 1).isalpha() and char(i + 2).isalpha():
                    break
                letters.append(i)
            else:
                break
            i += 1
        add(letters)
        if char(i) in APOSTROPHES:
            if char(i + 1).isalnum() and not (char(i + 1) in "sS" and ends(i + 2)):
                gap_from = i = i + 1
                # An elision parts two words as a space does.
                last = found.pop()
                found.append(Token(last.word, last.typed, last.start, last.end, " "))
                elided = found[-1]
                rest = runs(text[i:], offset + i)
                return [*found[:-1], Token(elided.word, elided.typed, elided.start, elided.end, " "), *rest]
            if char(i + 1) in "sS" and not char(i + 2).isalnum():
                gap_from = i = i + 2
    return found
