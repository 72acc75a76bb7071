"""Replies as Discord embeds: pure. Foreign text is escaped and cut by :mod:`bot.channels.discord_markdown`; the limits
are those of :mod:`bot.channels.discord_embed`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.channels.discord_embed import EMOJI, Embed
from bot.channels.discord_limits import DESCRIPTION_MAX, LABEL_MAX, OPTION_MAX, TITLE_MAX
from bot.channels.discord_markdown import fit, fit_link, fit_passage, fit_plain
from bot.channels.text import clean, cut, safe_url, utf16_len
from bot.commands import reply as neutral
from bot.commands.reply import Button, Line, Link, Mark, Piece, Reply, Tone, Words, left_out, line_count

# What reads well, in characters.
COMMENT_MAX: Final = 500
WORDS_MAX: Final = 1500
LINK_MAX: Final = 700
CODE_MAX: Final = 1800
PASSAGE_MAX: Final = 1000
LINE_MAX: Final = 2000
ROOM_FOR_REST: Final = 60

_COLOUR: Final = {Tone.PLAIN: 0x5B8DEF, Tone.DONE: 0x3BA55D, Tone.REFUSED: 0x99AAB5}


@dataclass(frozen=True, slots=True)
class View:
    """What is sent: an embed, and the buttons below it."""

    embed: Embed
    buttons: tuple[Button, ...] = ()


def message(reply: Reply) -> View:
    """A reply. What there is no room for is left out from the end, and that is said."""
    kept: list[str] = []
    room = DESCRIPTION_MAX - ROOM_FOR_REST
    for one in _lines(reply):  # one by one: what has no room is not worth making
        room -= utf16_len(one) + 1
        if room < 0:
            kept.append(f"-# {left_out(max(1, line_count(reply) - sum(map(bool, kept))))}")
            break
        kept.append(one)
    embed = Embed(title=fit(reply.title, TITLE_MAX) or "Wirewatch", color=_COLOUR[reply.tone])
    if text := "\n".join(kept).strip():
        embed["description"] = text
    rows = [b.buttons for b in reply.blocks if isinstance(b, neutral.Buttons)]
    return View(embed, tuple(b for row in rows for b in row)[:5])


def _lines(reply: Reply) -> Iterator[str]:
    first = True  # or below a block with a margin of its own
    for block in reply.blocks:
        match block:
            case neutral.Paragraph(lines):
                if not first:
                    yield ""
                yield from (shown for one in lines if (shown := _line(one)))
            case neutral.Bullets(items):
                yield from (f"- {shown}" for one in items if (shown := _line(one)))
            case neutral.Entries(listed):
                apart = any(entry.details for entry in listed)
                for entry in listed:
                    if apart and not first:
                        yield ""
                    first = False
                    yield from (shown for one in (entry.line,) if (shown := _line(one)))
                    yield from (f"-# {shown}" for one in entry.details if (shown := _line(one, "R")))
            case neutral.Heading(text):
                if not first:
                    yield ""
                yield f"**{fit(text, TITLE_MAX)}**"
            case neutral.Quote(segments):
                if quoted := fit_passage(segments, PASSAGE_MAX):
                    yield f"> {quoted}"
            case neutral.Code(text):
                if text.strip():
                    yield f"```\n{_code_block(text)}\n```"
            case neutral.Small(one):
                if shown := _line(one):
                    yield f"-# {shown}"
            case neutral.Buttons():
                pass
        first = isinstance(block, neutral.Code)


def _line(pieces: Line, times: str = "f") -> str:
    """``times``: how Discord shows them; below an entry, where there is little room, as how long ago."""
    pieces = tuple(_joined(pieces))
    shown = "".join(_piece(piece, times) for piece in pieces).strip()
    if utf16_len(shown) <= LINE_MAX:
        return shown
    return "".join(_piece(piece, times) for piece in pieces[:3]).strip()[:LINE_MAX]


def _joined(pieces: Line) -> Iterator[Piece]:
    """Words of one look that follow one another as one: ``**a****b**`` is no emphasis but a row of asterisks."""
    held: Words | None = None
    for piece in pieces:
        if isinstance(piece, Words) and held is not None and replace(held, text=piece.text) == piece:
            held = replace(held, text=held.text + piece.text)
            continue
        if held is not None:
            yield held
        held = piece if isinstance(piece, Words) else None
        if held is None:
            yield piece
    if held is not None:
        yield held


def _piece(piece: Piece, times: str) -> str:
    match piece:
        case Words():
            return _words(piece)
        case Link(text, url, strong):
            shown = fit_link(text or url, _named_host(url), LINK_MAX)
            return f"**{shown}**" if strong and shown else shown
        case Mark(severity):
            return EMOJI[severity]
        case _:
            return f"<t:{int(piece.at.timestamp())}:{times}>"


def _named_host(url: str) -> str:
    """Discord makes no link of an address whose host has no dot."""
    address = safe_url(url)
    host = re.match(r"https?://([^/?#]+)", address)
    return address if host and "." in host[1] else ""


def _words(words: Words) -> str:
    """Emphasis stands inside the outer spaces, or it would not be taken for any."""
    text = words.text
    inner = _inline_code(text) if words.code else fit(text, WORDS_MAX)
    if not inner:
        return " " if text and text.isspace() else ""
    if words.bold and not words.code:
        inner = f"**{inner}**"
    if words.struck:
        inner = f"~~{inner}~~"
    return (" " if text[0].isspace() else "") + inner + (" " if text[-1].isspace() else "")


def _inline_code(text: str) -> str:
    """Nothing inside needs escaping but the mark itself."""
    shown = cut(clean(text[: 4 * WORDS_MAX]), WORDS_MAX, units=utf16_len).replace("`", "ˋ")
    return f"`{shown}`" if shown else ""


def _code_block(text: str) -> str:
    lines = [" " * (len(one) - len(one.lstrip(" "))) + clean(one) for one in text[: 4 * CODE_MAX].split("\n")]
    return cut("\n".join(lines), CODE_MAX, units=utf16_len).replace("`", "ˋ")


def option_label(text: str) -> str:
    """A label in a select."""
    return fit_plain(text, OPTION_MAX) or "?"


def button_label(text: str) -> str:
    return fit_plain(text, LABEL_MAX) or "?"
