"""Replies as Block Kit: pure. Foreign text stands in ``rich_text`` and ``plain_text`` only, where it means nothing but
itself; see :mod:`bot.channels.slack_blocks`, whose limits and pieces these are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.channels.slack_blocks import SEVERITY_EMOJI, Block, Element, escape, size
from bot.channels.slack_limits import (
    BLOCKS_MAX,
    BUTTON_TEXT_MAX,
    IMAGE_URL_MAX,
    INPUT_MAX,
    METADATA_MAX,
    OPTION_TEXT_MAX,
    OPTION_VALUE_MAX,
    RADIO_MAX,
    TOTAL_MAX,
    VIEW_BLOCKS_MAX,
    VIEW_TITLE_MAX,
)
from bot.channels.slack_pieces import FLAG, date_element, date_token, flag_code, flag_element, literal
from bot.channels.text import clean, clean_segments, cut, cut_segments, safe_url
from bot.commands import reply as neutral
from bot.commands.mute_words import (
    DURATION_WORDS,
    MUTE_COMMENT,
    MUTE_LENGTH,
    MUTE_NOTE,
    MUTE_TITLE,
    MUTE_WHAT,
)
from bot.commands.reply import Line, Link, Mark, Piece, Reply, Tone, Words, left_out, line_count, plain_text
from bot.entities.facts import is_country
from bot.message import Segment

if TYPE_CHECKING:
    from bot.commands.alerts import MuteForm


# What reads well.
TITLE_MAX: Final = 250
WORDS_MAX: Final = 1500
LINK_MAX: Final = 300
CODE_MAX: Final = 2500
PASSAGE_MAX: Final = 1000
FALLBACK_MAX: Final = 1000
SANE_MAX: Final = 4 * WORDS_MAX
COMMENT_MAX: Final = 500

MUTE_CALLBACK: Final = "wirewatch_mute"
CHECK_CALLBACK: Final = "wirewatch_check"
CHECK_MESSAGE_CALLBACK: Final = "wirewatch_check_message"
HOME_REFRESH: Final = "wirewatch_home_refresh"


@dataclass(frozen=True, slots=True)
class _Unit:
    """The smallest part that is shown or left out: a line, an element of a rich text, an item of its list, or a block.
    ``begins``: it begins a part, below an empty line."""

    kind: str  # line | section | item | block
    value: Any
    begins: bool = False
    lines: int = 1


def message(reply: Reply) -> dict[str, Any]:
    """``text`` and ``blocks`` of a message. What there is no room for is left out from the end, and that is said."""
    head = _title(reply)
    kept: list[_Unit] = []
    room = TOTAL_MAX
    for unit in _units(reply):  # one by one: what has no room is not worth making
        room -= size([unit.value])
        if room < 0:
            break
        kept.append(unit)
    whole = room >= 0
    blocks = _assembled(head, kept)
    while kept and (not whole or size(blocks) > TOTAL_MAX or len(blocks) > BLOCKS_MAX):
        whole = True
        kept.pop()
        note = _Unit("block", _context(left_out(max(1, line_count(reply) - sum(unit.lines for unit in kept)))))
        blocks = _assembled(head, [*kept, note])
    shown = cut(_clean(plain_text(reply).replace("\n", " · ")), FALLBACK_MAX, units=lambda part: len(escape(part)))
    return {"text": escape(shown), "blocks": blocks}


def sections(replies: Iterable[Reply], actions: Sequence[Block] = ()) -> list[Block]:
    """Several replies below one another, for a view; each within what a message may hold, all within a view."""
    blocks: list[Block] = list(actions)
    for i, one in enumerate(replies):
        part = ([{"type": "divider"}] if i or actions else []) + message(one)["blocks"]
        if len(blocks) + len(part) <= VIEW_BLOCKS_MAX:
            blocks += part
    return blocks


# -- blocks ---------------------------------------------------------------------------------------------------------


def _title(reply: Reply) -> Element:
    elements: list[Element] = []
    if reply.tone is Tone.DONE:
        elements += [{"type": "emoji", "name": "white_check_mark", "unicode": "2705"}, _text(" ")]
    elements.append(
        {"type": "text", "text": cut(_clean(reply.title), TITLE_MAX) or "Wirewatch", "style": {"bold": True}}
    )
    return _section(elements)


def _units(reply: Reply) -> Iterator[_Unit]:
    for block in reply.blocks:
        match block:
            case neutral.Paragraph(lines):
                shown = [elements for one in lines if (elements := _line(one))]
                for i, elements in enumerate(shown):
                    yield _Unit("line", _section(elements), begins=not i)
            case neutral.Bullets(items):
                for one in items:
                    if elements := _line(one):
                        yield _Unit("item", _section(elements))
            case neutral.Entries(listed):
                apart = any(entry.details for entry in listed)
                for entry in listed:
                    parts = [elements for one in (entry.line, *entry.details) if (elements := _line(one))]
                    if parts:
                        yield _Unit("section", _section(_below_one_another(parts)), begins=apart, lines=len(parts))
            case neutral.Heading(text):
                if title := cut(_clean(text), TITLE_MAX):
                    yield _Unit("section", _section([_words(title, bold=True)]), begins=True)
            case neutral.Quote(segments):
                kept = cut_segments(clean_segments(Segment(s.text[:SANE_MAX], s.strong) for s in segments), PASSAGE_MAX)
                quoted = [_words(s.text, bold=s.strong) for s in kept if s.text]
                if quoted:
                    yield _Unit("section", {"type": "rich_text_quote", "elements": quoted})
            case neutral.Code(text):
                code = cut(_keep_indents(text), CODE_MAX)
                if code.strip():
                    yield _Unit("section", {"type": "rich_text_preformatted", "elements": [_text(code)]})
            case neutral.Small(one):
                if elements := _small(one):
                    yield _Unit("block", {"type": "context", "elements": elements})
            case neutral.Buttons(buttons):
                yield _Unit("block", {"type": "actions", "elements": [_button(b) for b in buttons[:5]]})


def _below_one_another(lines: Iterable[Sequence[Element]]) -> list[Element]:
    """Lines of one element."""
    found: list[Element] = []
    for one in lines:
        found += [_text("\n"), *one] if found else one
    return found


def _assembled(head: Element, units: Sequence[_Unit]) -> list[Block]:
    """Rich text parts that follow one another share a block, items that do, a list, and lines that do, a section."""
    blocks: list[Block] = []
    rich: list[Element] = [head]
    last = ""
    for unit in units:
        value = unit.value
        if unit.kind == "block":
            if rich:
                blocks.append({"type": "rich_text", "elements": rich})
                rich = []
            blocks.append(value)
        elif unit.kind == "item":
            if not rich or rich[-1]["type"] != "rich_text_list":
                rich.append({"type": "rich_text_list", "style": "bullet", "elements": []})
            rich[-1]["elements"] = [*rich[-1]["elements"], value]
        elif unit.kind == "line" and last == "line" and not unit.begins:
            rich[-1] = {**value, "elements": _below_one_another([rich[-1]["elements"], value["elements"]])}
        else:
            apart = unit.begins and bool(rich) and rich != [head]
            rich.append({**value, "elements": [_text("\n"), *value["elements"]]} if apart else value)
        last = unit.kind
    if rich:
        blocks.append({"type": "rich_text", "elements": rich})
    return blocks


def _clean(text: str) -> str:
    """No more than could ever be shown: cleaning costs time for every character of a hostile megabyte."""
    return clean(text[:SANE_MAX])


def _keep_indents(text: str) -> str:
    lines = text[:SANE_MAX].split("\n")
    return "\n".join(" " * (len(one) - len(one.lstrip(" "))) + _clean(one) for one in lines)


def _line(pieces: Line) -> list[Element]:
    """Spaces at the joints stay: each piece is cleaned by itself, and only its inside is."""
    return [element for piece in pieces for element in _element(piece)]


def _element(piece: Piece) -> list[Element]:
    match piece:
        case Words():
            shown = _spaced(piece.text, WORDS_MAX)
            return list(_with_flags(shown, bold=piece.bold, code=piece.code, strike=piece.struck))
        case Link(text, url, strong):
            shown = cut(_clean(text), LINK_MAX)
            target = safe_url(url)
            if not target or len(target) > IMAGE_URL_MAX:
                return [_words(shown, bold=strong)] if shown else []
            link: Element = {"type": "link", "url": target, "text": shown or cut(target, LINK_MAX)}
            return [link | {"style": {"bold": True}} if strong else link]
        case Mark(severity):
            name, points = SEVERITY_EMOJI[severity]
            return [{"type": "emoji", "name": name, "unicode": points}]
        case _:
            return [date_element(piece.at)]


def _with_flags(text: str, *, bold: bool, code: bool, strike: bool) -> Iterator[Element]:
    """Flags as Slack draws them, since Windows has none; the rest as it is."""
    at = 0
    for found in () if code else FLAG.finditer(text):
        if not is_country(flag_code(found[0]).upper()):
            continue
        if found.start() > at:
            yield _words(text[at : found.start()], bold=bold, strike=strike)
        yield flag_element(found[0])
        at = found.end()
        if text[at : at + 1] == " ":  # a name stays beside its flag
            text = f"{text[:at]}\u00a0{text[at + 1 :]}"
    if text[at:]:
        yield _words(text[at:], bold=bold, code=code, strike=strike)


def _spaced(text: str, limit: int) -> str:
    inner = cut(_clean(text), limit)
    if not inner:
        return " " if text and text.isspace() else ""
    return (" " if text[0].isspace() else "") + inner + (" " if text[-1].isspace() else "")


def _small(pieces: Line) -> list[Element]:
    """Grey text: what follows one another is one literal, times are tokens of our own making."""
    elements: list[Element] = []
    words = ""
    for piece in pieces:
        match piece:
            case Words(text) | Link(text):
                words += _spaced(text, WORDS_MAX)
            case Mark(severity):
                words += severity.word
            case _:
                if words.strip():
                    elements.append(literal(words.strip()))
                words = ""
                elements.append(date_token(piece.at))
    if words.strip():
        elements.append(literal(words.strip()))
    return elements[:10]


def _context(text: str) -> Block:
    return {"type": "context", "elements": [literal(text)]}


def _section(elements: Sequence[Element]) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(text: str) -> Element:
    return {"type": "text", "text": text}


def _words(text: str, **styles: bool) -> Element:
    style = {name: True for name, on in styles.items() if on}
    return {"type": "text", "text": text, "style": style} if style else _text(text)


def _button(button: neutral.Button) -> Element:
    found: Element = {
        "type": "button",
        "text": literal(cut(_clean(button.label), BUTTON_TEXT_MAX)),
        "action_id": button.id,
    }
    if target := safe_url(button.url):
        found["url"] = target
    return found


# -- views ----------------------------------------------------------------------------------------------------------


def _modal(title: str, blocks: list[Block], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": literal(cut(title, VIEW_TITLE_MAX)),
        "close": literal("Close"),
        "blocks": blocks,
        **more,
    }


def waiting_modal(title: str, text: str) -> dict[str, Any]:
    """What is shown while the real thing is made."""
    return _modal(title, [_context(text)])


def answer_modal(title: str, reply: Reply) -> dict[str, Any]:
    """A reply inside a modal."""
    return _modal(title, message(reply)["blocks"])


def _metadata(context: Mapping[str, str]) -> str:
    """What a form brings back. The channel's name is for people only; its id is there, too."""
    said = json.dumps(context)
    return said if len(said) <= METADATA_MAX else json.dumps({**context, "name": ""})


def mute_modal(form: MuteForm, context: dict[str, str]) -> dict[str, Any]:
    """The form behind the button Mute. ``context`` comes back with it."""
    options = [
        {"text": literal(cut(_clean(c.label), OPTION_TEXT_MAX)), "value": c.value}
        for c in form.choices
        if len(c.value) <= OPTION_VALUE_MAX
    ]
    lengths = [{"text": literal(DURATION_WORDS.get(d, d)), "value": d} for d in form.durations]
    what: Element = {"type": "radio_buttons" if len(options) <= RADIO_MAX else "static_select"}
    what |= {"action_id": "choice", "options": options, "initial_option": options[0]}
    length: Element = {
        "type": "radio_buttons",
        "action_id": "duration",
        "options": lengths,
        "initial_option": lengths[1],
    }
    comment: Element = {"type": "plain_text_input", "action_id": "comment", "max_length": COMMENT_MAX}
    blocks: list[Block] = [
        {"type": "section", "text": literal(cut(_clean(form.headline), 250) or "An alert")},
        _input("choice", MUTE_WHAT, what),
        _input("duration", MUTE_LENGTH, length),
        _input("comment", MUTE_COMMENT, comment, optional=True),
        _context(f"{MUTE_NOTE} Every mute is noted, with who made it."),
    ]
    return {
        **_modal(MUTE_TITLE, blocks), "callback_id": MUTE_CALLBACK, "submit": literal("Mute"),
        "close": literal("Cancel"), "private_metadata": _metadata(context),
    }  # fmt: skip


def check_modal() -> dict[str, Any]:
    """Asks for a link or text to be explained."""
    field: Element = {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": INPUT_MAX,
                      "focus_on_load": True}  # fmt: skip
    return {
        **_modal("Check against the rules", [_input("text", "A link, or the text itself", field)]),
        "title": literal("Check a link"), "callback_id": CHECK_CALLBACK, "submit": literal("Check"),
    }  # fmt: skip


def home_view(replies: Iterable[Reply]) -> dict[str, Any]:
    """The App Home tab."""
    refresh: Block = {
        "type": "actions",
        "elements": [{"type": "button", "text": literal("Refresh"), "action_id": HOME_REFRESH}],
    }
    return {"type": "home", "blocks": [*sections(replies), refresh]}


def _input(block_id: str, label: str, element: Element, *, optional: bool = False) -> Block:
    return {"type": "input", "block_id": block_id, "label": literal(label), "element": element, "optional": optional}
