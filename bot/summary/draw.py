"""Draws one chart and ends: what is to be drawn comes as JSON on standard input, the PNG goes to standard output.

A process of its own, because drawing takes most of a second of the interpreter, for which commands would wait.
"""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfo

from bot.store.codec import decode
from bot.summary.chart import draw
from bot.summary.post import ChartPost


def main() -> int:
    post = decode(ChartPost, sys.stdin.read())
    sys.stdout.buffer.write(draw(post.timeline, post.title, post.period, ZoneInfo(post.zone)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
