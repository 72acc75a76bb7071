"""What the channels' digests have in common: headings, and how far each story went. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.text import clean
from bot.message import DigestLine


def headings(lines: Sequence[DigestLine]) -> list[str]:
    """For each line the heading that stands above it; empty where it belongs under the one before."""
    groups = [clean(line.group) for line in lines]
    return ["" if i and group == groups[i - 1] else group for i, group in enumerate(groups)]


def standing(line: DigestLine) -> str:
    """How far a story went: ``3 reports, 2 sources``; empty for a single report."""
    parts = [f"{line.reports:,} reports"] if line.reports > 1 else []
    parts += [f"{line.sources:,} sources"] if line.sources > 1 else []
    return ", ".join(parts)
