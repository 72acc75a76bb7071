"""The language of a text, for articles whose feed does not say.

``py3langid`` (its model travels in the package) is imported when a rule first asks.
"""

from __future__ import annotations

CHARACTERS_MAX = 2_000  # as many as settle the question; the rest only costs time
LETTERS_MIN = 20  # of a text; less says nothing


def detect(text: str) -> str | None:
    """The ISO 639-1 code of the most likely language, or ``None`` for a text too short to tell."""
    part = text[:CHARACTERS_MAX]
    if sum(c.isalpha() for c in part) < LETTERS_MIN:
        return None
    import py3langid

    code, _ = py3langid.classify(part)
    return str(code)
