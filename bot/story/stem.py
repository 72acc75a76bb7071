"""Words without their endings, and as numbers. Pure."""

from __future__ import annotations

from zlib import crc32

from bot.story.thresholds import STEM_LETTERS

_ENDINGS = ("ing", "ed", "es", "s", "ly")
_STEM_MIN = 4  # letters that a stem keeps


def stem(word: str) -> str:
    """A word without the commonest English endings, cut to :data:`STEM_LETTERS`; enough to bring forms together in
    other European languages, too. What holds a digit stays as it is."""
    if not word.isalpha():
        return word
    if len(word) > _STEM_MIN:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _STEM_MIN and not word.endswith("ss"):
                word = word[: -len(ending)]
                break
        if len(word) > _STEM_MIN:
            if word.endswith("e"):
                word = word[:-1]
            elif word.endswith("y"):
                word = f"{word[:-1]}i"
    return word[:STEM_LETTERS]


def hashed(word: str) -> int:
    """A stem as a number; the same in every run, unlike ``hash``."""
    return crc32(word.encode("utf-8", "surrogatepass")) or 1
