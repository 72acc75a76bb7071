"""Lines for people: folded to a terminal with their indent kept, and left whole for whatever else reads them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

UNWRAPPED = 10_000  # columns


def console_of() -> Console:
    """As wide as the terminal; without end where nobody looks, so that ``grep`` finds whole lines."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else UNWRAPPED)


def put(console: Console, text: Text, hang: int | None = None) -> None:
    """Print it; what does not fit goes on below, ``hang`` columns in (as deep as the line begins, if left out)."""
    from rich.text import Text

    indent = len(text.plain) - len(text.plain.lstrip(" ")) if hang is None else hang
    room = max(console.width - indent, 20)
    if not text.plain[indent:] or text.cell_len <= console.width:
        console.print(text, soft_wrap=True)
        return
    head, rest = text[:indent], text[indent:]
    for n, line in enumerate(rest.wrap(console, room)):
        line.rstrip()
        console.print((Text(" " * indent) if n else head) + line, soft_wrap=True)
