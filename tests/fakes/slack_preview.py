"""Stored messages as a web page that looks like Slack, for screenshots and the demo. Needs no network and no pytest."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.fakes.slack.seen import Span, notification_text, parse_mrkdwn, spans_of_rich, spans_of_text
from tests.fakes.slack.workspace import Room

_STYLE = """
*, *::before { box-sizing: border-box }
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/22px Lato, 'Noto Sans', 'Helvetica Neue', Arial,
  'Noto Color Emoji', sans-serif; font-variant-ligatures: none; -webkit-font-smoothing: antialiased }
a { color: #1264a3; text-decoration: none }
.top { background: #3f0e40; color: #fff; height: 40px; display: flex; align-items: center; justify-content: center }
.top span { background: #ffffff33; border-radius: 6px; width: 58%; padding: 1px 12px; font-size: 13px; color: #f4ede4 }
.bar { padding: 12px 20px 11px; border-bottom: 1px solid #1d1c1d21; font-size: 18px; font-weight: 900;
  display: flex; gap: 6px; align-items: center }
.bar .hash { font-weight: 400; color: #616061 }
.tabs { padding: 0 20px; border-bottom: 1px solid #1d1c1d21; display: flex; gap: 20px; font-size: 13px; color: #616061 }
.tabs b { color: #1d1c1d; border-bottom: 2px solid #611f69; padding: 8px 0 }
.tabs span { padding: 8px 0 }
.day { display: flex; align-items: center; justify-content: center; height: 40px; position: relative }
.day::before { content: ""; position: absolute; left: 0; right: 0; top: 50%; border-top: 1px solid #1d1c1d21 }
.day span { position: relative; background: #fff; border: 1px solid #1d1c1d21; border-radius: 24px; padding: 2px 16px;
  font-size: 13px; font-weight: 700 }
.message { display: grid; grid-template-columns: 36px 1fr; column-gap: 8px; padding: 8px 20px }
.icon { width: 36px; height: 36px; border-radius: 8px; background: linear-gradient(160deg, #1b7fc4, #0b4c7c);
  color: #fff; font-weight: 900; font-size: 19px; display: flex; align-items: center; justify-content: center }
.body { min-width: 0 }
.who { font-weight: 900 }
.app { background: #1d1c1d21; color: #1d1c1db3; font-size: 10px; font-weight: 700; border-radius: 2px;
  line-height: 14px; padding: 1px 3px; margin: 0 4px; vertical-align: 1px }
.when { color: #616061; font-size: 12px }
.block { margin: 0 0 8px } .block:last-child { margin-bottom: 0 }
.rich, .section { overflow-wrap: anywhere }
.quote { border-left: 4px solid #ddd; border-radius: 2px; padding-left: 12px; margin: 4px 0 }
.context { color: #616061; font-size: 13px; line-height: 18px; display: flex; flex-wrap: wrap; column-gap: 4px }
.b { font-weight: 700 } .i { font-style: italic } .s { text-decoration: line-through }
.c { font: 12px/1.5 'DejaVu Sans Mono', monospace; color: #c01343; background: #1d1c1d0a; border: 1px solid #1d1c1d21;
  border-radius: 3px; padding: 2px 3px 1px }
.ping { background: #e8f5fa; color: #1264a3; border-radius: 3px; padding: 0 2px 1px }
.emoji { font-family: 'Noto Color Emoji'; font-size: 18px; line-height: 1; vertical-align: -3px }
.header { font-size: 18px; font-weight: 900 }
.divider { border-top: 1px solid #1d1c1d21; margin: 16px 0 }
.picture { max-width: 360px; height: 120px; border-radius: 8px; background: #eef1f4; color: #616061;
  display: flex; align-items: center; justify-content: center; font-size: 12px; padding: 12px }
.filename { color: #616061; font-size: 13px; margin: 2px 0 4px }
.file img { width: 100%; max-width: 540px; border-radius: 8px; display: block; box-shadow: 0 0 0 1px #1d1c1d21 }
.buttons { display: flex; flex-wrap: wrap; gap: 8px }
.button { border: 1px solid #1d1c1d4d; border-radius: 8px; padding: 0 12px; height: 30px; line-height: 28px;
  font-weight: 700; font-size: 13px; background: #fff }
.button .emoji { font-size: 14px; vertical-align: -2px }
.primary { background: #007a5a; color: #fff; border-color: #007a5a }
.danger { color: #e01e5a; border-color: #e01e5a }
.attachment { border-left: 4px solid #ddd; padding-left: 12px }
.quiet, .edited { color: #616061; font-size: 13px } .edited { font-size: 12px }
.eye { grid-column: 2; color: #616061; font-size: 12px; line-height: 18px }
.typed { margin: 10px 20px 4px; border: 1px solid #1d1c1d66; border-radius: 8px; padding: 8px 12px; color: #1d1c1d }
.thread { margin: 2px 20px 10px 64px; border: 1px solid #1d1c1d21; border-radius: 8px; padding-bottom: 4px }
.thread .message { padding: 8px 12px }
.thread > p { margin: 0; padding: 6px 12px; font-size: 13px; color: #616061; border-bottom: 1px solid #1d1c1d14 }
.thread > p b { color: #1264a3 }
pre { background: #f8f8f8; border: 1px solid #1d1c1d21; border-radius: 4px; padding: 8px; white-space: pre-wrap;
  font: 12px/18px 'DejaVu Sans Mono', monospace; margin: 4px 0 }
ul, ol { margin: 0; padding-left: 26px } li { padding-left: 2px }
.shade { background: #8f8f8f; padding: 20px 0 24px; min-height: 100vh }
.modal { background: #fff; width: 520px; margin: 0 auto; border-radius: 8px; box-shadow: 0 18px 48px #0004 }
.modal h2 { font-size: 22px; line-height: 28px; font-weight: 900; margin: 0; padding: 20px 28px 14px; display: flex;
  gap: 10px; align-items: center }
.modal h2 .icon { width: 28px; height: 28px; font-size: 15px; border-radius: 6px }
.modal h2 i { margin-left: auto; font: 400 24px/24px Lato; color: #616061 }
.modal .inside { padding: 0 28px 20px }
.modal .foot { padding: 14px 28px 20px; display: flex; justify-content: flex-end; gap: 12px }
.modal .button { height: 36px; line-height: 34px; font-size: 15px }
.home { padding: 16px 20px 20px }
.label { font-weight: 700; margin-bottom: 4px } .label i { font-weight: 400; color: #616061; font-style: normal }
.choice { display: flex; gap: 8px; align-items: center; padding: 3px 0 }
.choice::before { content: ""; width: 18px; height: 18px; border-radius: 50%; border: 1px solid #868686; flex: none }
.choice.on::before { border: 5px solid #1264a3 }
.field { border: 1px solid #868686; border-radius: 8px; min-height: 36px; padding: 6px 12px }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 12px }
"""
Files = Mapping[str, Mapping[str, Any]]
_NO_FILES: Files = {}
_CLASSES = {"bold": "b", "italic": "i", "strike": "s", "code": "c"}
_DRAWN = {
    "red_circle": "🔴", "large_orange_circle": "🟠", "large_yellow_circle": "🟡", "large_blue_circle": "🔵",
    "rotating_light": "🚨", "white_check_mark": "✅", "warning": "⚠️", "mute": "🔇", "thumbsup": "👍", "mag": "🔍",
}  # fmt: skip
_ICON = '<div class="icon">W</div>'


def render(
    rooms: Iterable[Room],
    *,
    title: str = "Risk Desk",
    files: Files = _NO_FILES,
    private: Sequence[dict[str, Any]] = (),
    now: datetime | None = None,
) -> str:
    """One page with every channel below the other, newest message last, thread replies under their parent; what only
    one person saw (``private``, as the workspace keeps it) stands at the end of its channel. ``files`` is the
    workspace's, for the pictures in messages. ``now`` decides what is today; without it, the newest message does."""
    rooms = list(rooms)
    stamps = [float(m["ts"]) for room in rooms for m in (*room.messages, *private)]
    page = _Page(files, now or datetime.fromtimestamp(max(stamps, default=0), UTC))
    main = "".join(page.room(room, [m for m in private if m["channel"] == room.id]) for room in rooms)
    return _document(title, f"{_top(title)}{main}")


def render_answers(
    answers: Iterable[tuple[str, Mapping[str, Any]]], *, title: str = "Risk Desk", room: str, now: datetime
) -> str:
    """What somebody typed in the channel of that name, each with the answer that only they saw."""
    page = _Page(_NO_FILES, now)
    parts = [f"<div class=typed>{html.escape(typed)}</div>{page.message(dict(m), only=True)}" for typed, m in answers]
    return _document(title, f"{_top(title)}{_bar(room)}{''.join(parts)}")


def render_modal(view: dict[str, Any], *, now: datetime | None = None) -> str:
    """A modal over its shade."""
    page = _Page(_NO_FILES, now or datetime.fromtimestamp(0, UTC))
    buttons = f'<span class="button">{html.escape(view["close"]["text"])}</span>' if "close" in view else ""
    buttons += f'<span class="button primary">{html.escape(view["submit"]["text"])}</span>' if "submit" in view else ""
    return _document(
        view["title"]["text"],
        f"<div class=shade><div class=modal><h2>{_ICON}{html.escape(view['title']['text'])}<i>×</i></h2>"
        f"<div class=inside>{page.blocks(view['blocks'])}</div><div class=foot>{buttons}</div></div></div>",
    )


def render_home(view: dict[str, Any], *, title: str = "Risk Desk", now: datetime | None = None) -> str:
    """The App Home tab."""
    page = _Page(_NO_FILES, now or datetime.fromtimestamp(0, UTC))
    return _document(
        title,
        f"{_top(title)}<div class=bar>{_ICON} Wirewatch</div><div class=tabs><b>Home</b><span>Messages</span>"
        f"<span>About</span></div><div class=home>{page.blocks(view['blocks'])}</div>",
    )


def write(path: Path, rooms: Iterable[Room], *, title: str = "Risk Desk") -> Path:
    """The page as a file."""
    path.write_text(render(rooms, title=title), encoding="utf-8")
    return path


def _document(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<body>{body}</body></html>"
    )


def _top(title: str) -> str:
    return f"<div class=top><span>Search {html.escape(title)}</span></div>"


def _bar(name: str, *, private: bool = False) -> str:
    return f"<div class=bar><span class=hash>{'🔒' if private else '#'}</span>{html.escape(name)}</div>"


class _Page:
    """What all parts of a page share: the files that messages show, and what counts as today."""

    def __init__(self, files: Files, now: datetime) -> None:
        self._files = files
        self._now = now

    def room(self, room: Room, private: Sequence[dict[str, Any]]) -> str:
        parts = [_bar("Wirewatch" if room.direct_to else room.name, private=room.private)]
        day = ""
        for message in room.top():
            if (named := self._day(message)) != day:
                day = named
                parts.append(f"<div class=day><span>{day}</span></div>")
            parts.append(self.message(message, room=room))
            if replies := room.thread(message["ts"])[1:]:
                count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
                inside = "".join(self.message(m) for m in replies)
                parts.append(f"<div class=thread><p><b>{count}</b> · View thread</p>{inside}</div>")
        parts += [self.message(m | {"bot_id": "B0"}, only=True) for m in private]
        return "".join(parts)

    def _day(self, message: Mapping[str, Any]) -> str:
        when = datetime.fromtimestamp(float(message["ts"]), UTC)
        return "Today" if when.date() == self._now.date() else f"{when:%A}, {when.day} {when:%B}"

    def message(self, message: dict[str, Any], *, only: bool = False, room: Room | None = None) -> str:
        when = datetime.fromtimestamp(float(message["ts"]), UTC)
        ours = only or bool(message.get("bot_id"))
        who = "Wirewatch" if ours else str(message.get("user", "someone"))
        app = "<span class=app>APP</span>" if ours else " "
        parts: list[str] = []
        if message.get("subtype") == "thread_broadcast" and room is not None:
            parent = room.get(message["thread_ts"])
            about = notification_text(parent) if parent else "a thread"
            parts.append(f"<div class=quiet>replied to a thread: <a>{html.escape(about)}</a></div>")
        if message.get("blocks"):
            parts.append(self.blocks(message["blocks"]))
        elif message.get("text"):
            parts.append(f"<div class=rich>{self._spans(parse_mrkdwn(message['text']))}</div>")
        for attachment in message.get("attachments", []):
            colour = html.escape(str(attachment.get("color", "#ddd")))
            inner = self.blocks(attachment.get("blocks", []))
            parts.append(f'<div class=attachment style="border-color:{colour}">{inner}</div>')
        parts += [self._file(one) for one in message.get("files", [])]
        if message.get("edited"):
            parts.append("<span class=edited>(edited)</span>")
        if message.get("subtype") == "thread_broadcast" and room is None:
            parts.append("<div class=quiet>Also sent to the channel</div>")
        eye = "<div class=eye>👁 Only visible to you</div>" if only else ""
        return (
            f'<div class="message">{eye}<div class="icon">W</div><div class=body>'
            f"<span class=who>{html.escape(who)}</span>{app}<span class=when>{when:%H:%M}</span>{''.join(parts)}"
            "</div></div>"
        )

    def _file(self, one: dict[str, Any]) -> str:
        content = self._files.get(one["id"], {}).get("content")
        if content is None:
            return f"<div class=picture>🖼 {html.escape(one['title'])}</div>"
        data = base64.b64encode(content).decode()
        alt = html.escape(self._files[one["id"]].get("alt_txt", ""), quote=True)
        return (
            f"<div class=file><div class=filename>{html.escape(one['title'])} ▾</div>"
            f'<img alt="{alt}" src="data:image/png;base64,{data}"></div>'
        )

    def blocks(self, blocks: Iterable[dict[str, Any]]) -> str:
        """Blocks below one another."""
        return "".join(f"<div class=block>{self._block(b)}</div>" for b in blocks)

    def _block(self, block: dict[str, Any]) -> str:
        match block["type"]:
            case "header":
                return f"<div class=header>{self._spans(spans_of_text(block['text']))}</div>"
            case "divider":
                return "<div class=divider></div>"
            case "image":
                return f"<div class=picture>🖼 {html.escape(block['alt_text'])}</div>"
            case "context":
                inner = "".join(f"<span>{self._context(e)}</span>" for e in block["elements"])
                return f"<div class=context>{inner}</div>"
            case "section":
                text = self._spans(spans_of_text(block["text"])) if "text" in block else ""
                fields = "".join(f"<div>{self._spans(spans_of_text(f))}</div>" for f in block.get("fields", []))
                return f"<div class=section>{text}{f'<div class=fields>{fields}</div>' if fields else ''}</div>"
            case "actions":
                return f"<div class=buttons>{''.join(self._action(e) for e in block['elements'])}</div>"
            case "input":
                optional = " <i>(optional)</i>" if block.get("optional") else ""
                label = self._spans(spans_of_text(block["label"]))
                return f"<div class=label>{label}{optional}</div>{_field(block['element'])}"
            case "rich_text":
                return f"<div class=rich>{''.join(self._rich(e) for e in block['elements'])}</div>"
            case kind:
                return f"<div class=quiet>[{html.escape(kind)}]</div>"

    def _context(self, element: dict[str, Any]) -> str:
        if element["type"] == "image":
            return html.escape(element["alt_text"])
        return self._spans(spans_of_text(element))

    def _action(self, element: dict[str, Any]) -> str:
        label = element.get("text") or element.get("placeholder") or {"type": "plain_text", "text": element["type"]}
        more = " ▾" if "select" in element["type"] else ""
        return f'<span class="button {element.get("style", "")}">{html.escape(label["text"])}{more}</span>'

    def _rich(self, element: dict[str, Any]) -> str:
        if element["type"] == "rich_text_list":
            tag = "ol" if element["style"] == "ordered" else "ul"
            items = "".join(f"<li>{self._spans(spans_of_rich(item['elements']))}</li>" for item in element["elements"])
            return f"<{tag}>{items}</{tag}>"
        if element["type"] == "rich_text_preformatted":
            return f"<pre>{self._spans(spans_of_rich(element['elements']))}</pre>"
        kind = "quote" if element["type"] == "rich_text_quote" else "run"
        return f"<div class={kind}>{self._spans(spans_of_rich(element['elements']))}</div>"

    def _spans(self, spans: Iterable[Span]) -> str:
        return "".join(map(self._span, spans))

    def _span(self, span: Span) -> str:
        text = html.escape(span.text).replace("\n", "<br>")
        classes = " ".join(_CLASSES[s] for s in sorted(span.styles) if s in _CLASSES)
        match span.kind:
            case "break":
                return "<br>"
            case "link":
                return f'<a class="{classes}" href="{html.escape(span.target, quote=True)}">{text}</a>'
            case "emoji":
                return f"<span class=emoji>{html.escape(_DRAWN.get(span.target, span.text))}</span>"
            case "date":
                return html.escape(self._date(span))
            case "user" | "usergroup" | "channel" | "broadcast":
                return f"<span class=ping>{text}</span>"
        return f'<span class="{classes}">{text}</span>' if classes else text

    def _date(self, span: Span) -> str:
        """A day as the client names it where it is near (Slack's ``pretty`` formats)."""
        when = datetime.fromtimestamp(int(span.target), UTC)
        near = {timedelta(0): "Today", timedelta(1): "Yesterday", timedelta(-1): "Tomorrow"}
        name = near.get(self._now.date() - when.date())
        return span.text.replace(f"{when.day} {when:%b %Y}", name) if name else span.text


def _field(element: dict[str, Any]) -> str:
    chosen = (element.get("initial_option") or {}).get("value")
    if element["type"] == "radio_buttons":
        return "".join(
            f'<span class="choice{" on" if o["value"] == chosen else ""}">{html.escape(o["text"]["text"])}</span>'
            for o in element["options"]
        )
    shown = next((o["text"]["text"] + " ▾" for o in element.get("options", []) if o["value"] == chosen), "")
    return f"<div class=field>{html.escape(shown)}</div>"
