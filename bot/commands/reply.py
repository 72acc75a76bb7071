"""Answers, before any platform's markup or limit: blocks of plain text. Texts may hold anything that people typed or
feeds said; escaping and cutting is the bindings' business."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.message import Segment
from bot.model import Severity

# -- what stands in a line ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """Text as it is."""

    text: str
    bold: bool = False
    code: bool = False
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads somewhere; only the text where the address cannot be used."""

    text: str
    url: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """A time, shown in the reader's own zone."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """The sign of a severity."""

    severity: Severity


Piece = Words | Link | When | Mark
Line = tuple[Piece, ...]


def line(*pieces: str | Piece) -> Line:
    """Strings are plain words."""
    return tuple(Words(p) if isinstance(p, str) else p for p in pieces if p != "")


def pieces(*found: str | Piece) -> list[str | Piece]:
    """Parts of a line that may be left out as one."""
    return list(found)


def bold(text: str) -> Words:
    return Words(text, bold=True)


def code(text: str) -> Words:
    return Words(text, code=True)


# -- blocks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines below one another."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list. Where there is no room for all, the last go, and how many went is said."""

    items: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a list with more to say of it: a line, and what stands below it, less loud."""

    line: Line
    details: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """A list whose lines begin with a sign of their own. Shortened as :class:`Bullets` are."""

    items: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a part of a longer answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage, the words that matter strong."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Preformatted text."""

    text: str


@dataclass(frozen=True, slots=True)
class Small:
    """A remark below the rest."""

    line: Line


@dataclass(frozen=True, slots=True)
class Button:
    """A button below an answer. ``id`` comes back with a click; with ``url`` it is a link."""

    label: str
    id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of them, five at most."""

    buttons: tuple[Button, ...]


Block = Paragraph | Bullets | Entries | Heading | Quote | Code | Small | Buttons


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that follows the answer. ``draw`` makes it, which may take a few seconds, and may raise
    :class:`bot.summary.drawing.ChartError`."""

    name: str
    title: str
    alt: str
    draw: Callable[[], Awaitable[bytes]]


class Tone(StrEnum):
    """How an answer looks where a platform has colours."""

    PLAIN = "plain"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. It is shown to whoever asked, unless they shared it; what is ``refused`` never goes to others."""

    title: str
    blocks: tuple[Block, ...] = ()
    tone: Tone = Tone.PLAIN
    picture: Picture | None = None

    @property
    def refused(self) -> bool:
        return self.tone is Tone.REFUSED


def paragraph(*lines: Line | str) -> Paragraph:
    return Paragraph(tuple(line(one) if isinstance(one, str) else one for one in lines))


def bullets(items: Iterable[Line]) -> Bullets:
    return Bullets(tuple(items))


def entries(items: Iterable[Entry]) -> Entries:
    return Entries(tuple(items))


def small(*pieces: str | Piece) -> Small:
    return Small(line(*pieces))


def done(title: str, *blocks: Block) -> Reply:
    """What was asked for is done."""
    return Reply(title, blocks, Tone.DONE)


def refused(title: str, *blocks: Block) -> Reply:
    """It is not, and here is why."""
    return Reply(title, blocks, Tone.REFUSED)


def plain_text(reply: Reply) -> str:
    """The answer as lines of text: for notifications, tests and terminals."""
    lines = [reply.title]
    for block in reply.blocks:
        match block:
            case Paragraph(found):
                lines += [plain_line(one) for one in found]
            case Bullets(found):
                lines += [f"- {plain_line(one)}" for one in found]
            case Entries(listed):
                for one in listed:
                    lines += [f"- {plain_line(one.line)}", *(f"  {plain_line(d)}" for d in one.details)]
            case Heading(text) | Code(text):
                lines.append(text)
            case Quote(segments):
                lines.append("".join(s.text for s in segments))
            case Small(one):
                lines.append(plain_line(one))
            case Buttons():
                pass
    return "\n".join(one for one in lines if one)


def line_count(reply: Reply) -> int:
    """How many lines there are to be shown, the title apart."""
    return sum(map(_lines_of, reply.blocks))


def _lines_of(block: Block) -> int:
    match block:
        case Paragraph(lines):
            return len(lines)
        case Bullets(items):
            return len(items)
        case Entries(listed):
            return sum(1 + len(one.details) for one in listed)
        case _:
            return 1


def left_out(count: int) -> str:
    """What is said where there was no room for so many lines."""
    return f"{count:,} more line{'' if count == 1 else 's'} left out for want of room"


def plain_line(pieces: Line) -> str:
    """A line without its looks."""
    return "".join(_plain(piece) for piece in pieces)


def _plain(piece: Piece) -> str:
    match piece:
        case Words(text) | Link(text):
            return text
        case When(at):
            return f"{at:%Y-%m-%d %H:%M} UTC"
        case Mark(severity):
            return severity.word
