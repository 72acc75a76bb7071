"""What a person sees of a message: mrkdwn, plain text and rich text, parsed the way Slack's clients do.

Everything ends as :class:`Span` values. A span that does something (pings, links, turns into an emoji) is *live*;
:func:`live` lists those, so that a test can say that a hostile title is shown as text and nothing else.
Follows docs.slack.dev/messaging/formatting-message-text. mrkdwn has no escape for ``* _ ~ ` :`` and a leading ``>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """``kind``: text, link, user, usergroup, channel, broadcast, date, emoji, break (a new line or block)."""

    kind: str
    text: str
    target: str = ""
    styles: frozenset[str] = frozenset()

    @property
    def is_live(self) -> bool:
        return self.kind not in ("text", "break", "date")


@dataclass(frozen=True, slots=True)
class Live:
    """Something in a message that acts: ``kind`` as in :class:`Span`, ``target`` an id, a URL or an emoji's name."""

    kind: str
    target: str


_ANGLE = re.compile(r"<([^<>\n]+)>")
_BARE_URL = re.compile(r"https?://[^\s<>|]+|mailto:[^\s<>|]+")
_EMOJI = re.compile(r":([a-z0-9_+'-]*[a-z_'-][a-z0-9_+'-]*|\+1|-1|100|1234):")
_STYLE_MARKS = {"*": "bold", "_": "italic", "~": "strike", "`": "code"}
_RANGES = ("channel", "here", "everyone", "group")


def unescape(text: str) -> str:
    """The three entities that Slack knows."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def parse_mrkdwn(text: str, *, autolink: bool = True, formatting: bool = True) -> list[Span]:
    """mrkdwn as the clients read it. ``autolink`` is off where a text object says ``verbatim``; ``formatting`` where
    a message was sent with ``mrkdwn: false``, which leaves references, links and emoji."""
    spans: list[Span] = []
    if not formatting:
        return list(_inline(text, frozenset(), autolink))
    for i, line in enumerate(text.split("\n")):
        if i:
            spans.append(Span("break", "\n"))
        quoted = re.match(r"(?:&gt;|>) ?", line)
        styles = frozenset(["quote"]) if quoted else frozenset[str]()
        spans += _styled(line[quoted.end() :] if quoted else line, styles, autolink)
    return spans


def _styled(text: str, styles: frozenset[str], autolink: bool) -> Iterator[Span]:
    at = 0
    for found in re.finditer(r"(?<![\w*_~`])([*_~`])(?=\S)(.+?)(?<=\S)\1(?![\w*_~`])", text):
        if found.start() < at or "<" in found[2] != ">" in found[2]:
            continue
        yield from _inline(text[at : found.start()], styles, autolink)
        inner = styles | {_STYLE_MARKS[found[1]]}
        if found[1] == "`":
            yield Span("text", unescape(found[2]), styles=inner)
        else:
            yield from _styled(found[2], inner, autolink)
        at = found.end()
    yield from _inline(text[at:], styles, autolink)


def _inline(text: str, styles: frozenset[str], autolink: bool) -> Iterator[Span]:
    at = 0
    for found in _ANGLE.finditer(text):
        yield from _words(text[at : found.start()], styles, autolink)
        yield _reference(found[1], styles)
        at = found.end()
    yield from _words(text[at:], styles, autolink)


def _reference(inside: str, styles: frozenset[str]) -> Span:
    target, _, label = inside.partition("|")
    label = unescape(label)
    if target.startswith("@"):
        return Span("user", label or target, target[1:], styles)
    if target.startswith("#"):
        return Span("channel", label or target, target[1:], styles)
    if target.startswith("!subteam^"):
        return Span("usergroup", label or "@group", target.removeprefix("!subteam^"), styles)
    if target.startswith("!date^"):
        parts = target.split("^")
        return Span("date", show_date(int(parts[1]), parts[2]) if parts[1].isdigit() else label, parts[1], styles)
    if target.startswith("!"):
        return Span("broadcast" if target[1:] in _RANGES else "text", f"@{target[1:]}", target[1:], styles)
    return Span("link", label or unescape(target), unescape(target), styles)


def _words(text: str, styles: frozenset[str], autolink: bool) -> Iterator[Span]:
    at = 0
    pattern = re.compile(f"{_BARE_URL.pattern}|{_EMOJI.pattern}") if autolink else _EMOJI
    for found in pattern.finditer(text):
        if found.start() > at:
            yield Span("text", unescape(text[at : found.start()]), styles=styles)
        if found[0].startswith(":"):
            yield Span("emoji", found[0], found[0].strip(":"), styles)
        else:
            yield Span("link", unescape(found[0]), unescape(found[0]), styles)
        at = found.end()
    if at < len(text):
        yield Span("text", unescape(text[at:]), styles=styles)


def show_date(timestamp: int, form: str) -> str:
    """A Slack date token as a reader in UTC sees it."""
    when = datetime.fromtimestamp(timestamp, UTC)
    day = f"{when.day} {when:%b %Y}"
    shown = {
        "{date_num}": f"{when:%Y-%m-%d}", "{date}": day, "{date_short}": day, "{date_long}": f"{when:%A}, {day}",
        "{date_pretty}": day, "{date_short_pretty}": day, "{date_long_pretty}": f"{when:%A}, {day}",
        "{time}": f"{when:%H:%M}", "{time_secs}": f"{when:%H:%M:%S}", "{ago}": "some time ago",
    }  # fmt: skip
    for token, value in shown.items():
        form = form.replace(token, value)
    return form


# -- blocks ---------------------------------------------------------------------------------------------------------


def spans_of_text(text: dict[str, Any]) -> list[Span]:
    """A text object."""
    if text["type"] == "mrkdwn":
        return parse_mrkdwn(text["text"], autolink=not text.get("verbatim", False))
    if text.get("emoji", True):
        return list(_plain_emoji(text["text"]))
    return [Span("text", text["text"])]


def _plain_emoji(text: str) -> Iterator[Span]:
    at = 0
    for found in _EMOJI.finditer(text):
        if found.start() > at:
            yield Span("text", text[at : found.start()])
        yield Span("emoji", found[0], found[1])
        at = found.end()
    if at < len(text):
        yield Span("text", text[at:])


def spans_of_rich(run: list[dict[str, Any]], styles: frozenset[str] = frozenset()) -> list[Span]:
    """The elements of a rich text section or quote: literal, so nothing is parsed."""
    spans = []
    for element in run:
        style = styles | {name for name, on in element.get("style", {}).items() if on}
        match element["type"]:
            case "text":
                spans.append(Span("text", element["text"], styles=style))
            case "link":
                spans.append(Span("link", element.get("text") or element["url"], element["url"], style))
            case "emoji":
                points = element.get("unicode", "")
                drawn = "".join(chr(int(p, 16)) for p in points.split("-")) if points else f":{element['name']}:"
                spans.append(Span("emoji", drawn, element["name"], style))
            case "date":
                shown = show_date(element["timestamp"], element["format"])
                spans.append(Span("date", shown, str(element["timestamp"]), style))
            case "broadcast":
                spans.append(Span("broadcast", f"@{element['range']}", element["range"], style))
            case "color":
                spans.append(Span("text", element["value"], styles=style))
            case kind:
                spans.append(Span(kind, f"@{element[kind + '_id']}", element[kind + "_id"], style))
    return spans


def spans_of_blocks(blocks: list[dict[str, Any]]) -> list[Span]:
    """Everything readable in ``blocks``, in reading order, with breaks between blocks."""
    spans: list[Span] = []
    for block in blocks:
        for part in _parts(block):
            if spans:
                spans.append(Span("break", "\n"))
            spans += part
    return spans


def _parts(block: dict[str, Any]) -> Iterator[list[Span]]:
    match block["type"]:
        case "header":
            yield spans_of_text(block["text"])
        case "section":
            for text in [block["text"]] * ("text" in block) + block.get("fields", []):
                yield spans_of_text(text)
        case "context":
            line: list[Span] = []
            for element in block["elements"]:
                line += [Span("text", " ")] if line else []
                line += [Span("text", element["alt_text"])] if element["type"] == "image" else spans_of_text(element)
            yield line
        case "rich_text":
            for element in block["elements"]:
                if element["type"] == "rich_text_list":
                    for item in element["elements"]:
                        yield [Span("text", "• "), *spans_of_rich(item["elements"])]
                else:
                    quote = element["type"] == "rich_text_quote"
                    yield spans_of_rich(element["elements"], frozenset(["quote"] if quote else []))
        case "image":
            yield [Span("text", f"[{block['alt_text']}]")]
        case "actions":
            yield [Span("text", f"[{e['text']['text']}] ") for e in block["elements"] if "text" in e]
        case "markdown":
            yield [Span("text", block["text"])]


def spans(message: dict[str, Any]) -> list[Span]:
    """The body of a message. As in Slack, ``text`` is shown only where there are no top-level blocks."""
    body = spans_of_blocks(message["blocks"]) if message.get("blocks") else _text_spans(message)
    for attachment in message.get("attachments", []):
        body.append(Span("break", "\n"))
        body += spans_of_blocks(attachment["blocks"]) if "blocks" in attachment else parse_mrkdwn(
            attachment.get("text", "")
        )  # fmt: skip
    return body


def _text_spans(message: dict[str, Any]) -> list[Span]:
    return parse_mrkdwn(message.get("text", ""), formatting=message.get("mrkdwn", True))


def visible_text(message: dict[str, Any]) -> str:
    """The body as a person reads it, without styles."""
    return "".join(s.text for s in spans(message)).strip("\n")


def notification_text(message: dict[str, Any]) -> str:
    """What a phone shows: the ``text``, markup resolved."""
    return "".join(s.text for s in _text_spans(message))


def live(message: dict[str, Any]) -> list[Live]:
    """Everything in the body, and in the notification, that would ping, link or turn into a picture."""
    body = spans(message)
    if message.get("blocks"):
        body += [s for s in _text_spans(message) if s.kind not in ("link", "emoji")]
    return [Live(s.kind, s.target) for s in body if s.is_live]


def styled(message: dict[str, Any], style: str) -> list[str]:
    """The stretches shown in ``style``: bold, italic, strike, code, quote."""
    return [s.text for s in spans(message) if style in s.styles]
