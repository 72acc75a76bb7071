"""Many phrases at once: one Aho-Corasick automaton over normalised text (see :mod:`bot.text`).

Patterns are strings as :func:`bot.text.pattern` makes them, with a space on either side (a prefix pattern lacks the
one at its end), so every hit is already on word boundaries. Hits may overlap and share spaces.
"""

from __future__ import annotations

from collections.abc import Sequence

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

# Above this many patterns the DFA's memory (about 1 KB per pattern) outweighs its speed (a fifth faster at 10,000
# patterns, a tenth at 100,000: bench/match.py).
_DFA_PATTERNS_MAX = 20_000

Hit = tuple[int, int, int]
"""Number of the pattern, and the half-open span in ``norm``, its outer spaces included."""


class Scanner:
    """Finds all of ``patterns`` in one pass. Duplicates are allowed; each hits under its own number."""

    __slots__ = ("_automaton", "size")

    def __init__(self, patterns: Sequence[str]) -> None:
        self.size = len(patterns)
        self._automaton = (
            AhoCorasick(
                patterns,
                matchkind=MatchKind.Standard,
                store_patterns=False,
                implementation=Implementation.DFA if self.size <= _DFA_PATTERNS_MAX else Implementation.ContiguousNFA,
            )
            if patterns
            else None
        )

    def scan(self, norm: str) -> list[Hit]:
        """All hits, ordered by where they end."""
        if self._automaton is None:
            return []
        return self._automaton.find_matches_as_indexes(norm, overlapping=True)
