"""Text from outside, made safe to stand in Discord markdown: what is written is what is read.

``discord.utils.escape_markdown`` leaves masked links, list markers, bare addresses, ``:emoji:`` codes, timestamps
and sub-text alive, and knows no mentions; hence an own rule. Discord's client shows a backslash before any
character that is neither letter, digit nor white space as nothing, and the character as itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.channels.text import clean, clean_segments, cut, cut_segments, utf16_len
from bot.message import Segment

# Emphasis, code, spoilers, links, and everything that begins with < or @ (mentions, timestamps, emoji, commands).
# "@" and "<" both, because the server looks for <@&1> and @everyone in the raw text, backslashes or not.
# A colon begins an :emoji: and ends the scheme of an address; "12: text" is left alone. A slash after a dotted
# name could complete an invitation (discord.gg/x), which needs no scheme to come alive.
_INLINE = re.compile(r"[\\`*_~|\[\]<>@]|:(?=\S)|(?<=[A-Za-z])/(?=\S)")
# At the start of a line: headings, lists, sub-text, ordered lists.
_LINE_START = re.compile(r"^( *)(?:([#+-])|(\d+)\.(?= |$))", re.MULTILINE)
_COSTLY = re.compile(r"[\\`*_~|\[\]<>@:/#+.-]")
# What the client takes for the text of a link (simple-markdown, LINK_INSIDE), with the bracket that ends it.
_LINK_TEXT = re.compile(r"(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*\]")

_SANE_MAX = 20_000  # characters, far above the longest limit of 4,096

STRONG_COST = 4  # "**" before and after


def escape(text: str) -> str:
    """``text`` as markdown that shows exactly ``text``. Expects cleaned text."""
    text = _INLINE.sub(r"\\\g<0>", text)
    return _LINE_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\.", text)


def escaped_units(text: str) -> int:
    """An upper bound of the length of ``escape(text)``, additive over its parts (see :data:`bot.channels.text.Units`).

    Discord's documentation speaks of characters and does not say which; UTF-16 code units are never fewer than code
    points, so that what fits by this count fits by any.
    """
    return utf16_len(text) + len(_COSTLY.findall(text))


def fit(text: str, limit: int) -> str:
    """One clean, escaped line of at most ``limit`` units, cut at a word."""
    return escape(cut(clean(_sane(text)), limit, units=escaped_units))


def fit_plain(text: str, limit: int) -> str:
    """The same for places that know no markdown: footers, author names, button labels, names of threads."""
    return cut(clean(_sane(text)), limit, units=utf16_len)


def fit_passage(segments: Iterable[Segment], limit: int) -> str:
    """A passage on one line with its terms bold, within ``limit`` units."""
    kept = cut_segments(clean_segments(segments), limit, units=escaped_units, strong_cost=STRONG_COST)
    return "".join(f"**{escape(s.text)}**" if s.strong else escape(s.text) for s in kept).strip()


def fit_link(text: str, url: str, limit: int) -> str:
    """``[text](<url>)`` within ``limit`` units; only the text where the link alone is too long or missing.

    Discord balances the square brackets of a link's text without regard to backslashes, so that a lone one can
    break the link: such brackets become their full-width forms. ``url`` has passed :func:`bot.channels.text.safe_url`.
    """
    target = url.replace("(", "%28").replace(")", "%29")
    room = limit - len(target) - 6
    if not url or room < 20:
        return fit(text, limit)
    shown = cut(clean(_sane(text)), room, units=escaped_units)
    if not _LINK_TEXT.fullmatch(f"{escape(shown)}]"):
        shown = shown.replace("[", "［").replace("]", "］")
    return f"[{escape(shown)}](<{target}>)"


def _sane(text: str) -> str:
    """No more than could ever be shown: cleaning costs time for every character of a hostile megabyte."""
    return text[:_SANE_MAX]
