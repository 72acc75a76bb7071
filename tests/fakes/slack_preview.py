"""Stored messages as a web page that looks like Slack, for screenshots and the demo. Needs no network and no pytest."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.slack.seen import Span, notification_text, parse_mrkdwn, spans_of_rich, spans_of_text
from tests.fakes.slack.workspace import Room

_STYLE = """
* { box-sizing: border-box }
body { margin: 0; background: #fff; color: #1d1c1d; font-size: 15px; line-height: 1.46668;
  font-family: Lato, 'Noto Sans', 'Helvetica Neue', Arial, 'Noto Color Emoji', sans-serif }
a { color: #1264a3; text-decoration: none }
li { margin-left: -12px }
.page { display: flex; min-height: 100vh }
.side { width: 210px; background: #4a154b; color: #cfc3cf; padding: 14px 0; flex: none }
.side h1 { color: #fff; font-size: 17px; margin: 0 0 16px; padding: 0 16px }
.side div { padding: 3px 16px }
.side .on { background: #1164a3; color: #fff }
.main { flex: 1; min-width: 0 }
.bar { border-bottom: 1px solid #e2e2e2; padding: 11px 20px; font-size: 17px; font-weight: 900 }
.message { display: flex; gap: 10px; padding: 9px 20px }
.message.reply { margin-left: 46px; border-left: 2px solid #e8e8e8; padding-left: 12px }
.thread { margin: -4px 0 2px 66px; color: #1264a3; font-size: 13px; font-weight: 700 }
.thread span, .edited { color: #616061; font-weight: 400; font-size: 12px }
.replied { color: #616061; font-size: 13px }
.icon { width: 36px; height: 36px; border-radius: 6px; background: #1264a3; color: #fff; flex: none;
  display: flex; align-items: center; justify-content: center; font-size: 20px }
.body { min-width: 0; flex: 1 }
.who { font-weight: 900 }
.app { background: #ededed; color: #616061; font-size: 10px; font-weight: 700; border-radius: 2px;
  padding: 1px 3px; margin: 0 6px 0 4px }
.when { color: #616061; font-size: 12px }
.rich, .section { margin-bottom: 4px; overflow-wrap: anywhere }
.quote { border-left: 4px solid #ddd; padding-left: 12px; margin: 4px 0 }
.context { color: #616061; font-size: 13px; margin: 2px 0 6px; display: flex; flex-wrap: wrap; column-gap: 6px }
.context img { width: 20px; height: 20px }
.b { font-weight: 700 }
.i { font-style: italic }
.s { text-decoration: line-through }
.c { font: 12px monospace; color: #e01e5a; background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px;
  padding: 1px 3px }
.ping { background: #f2c74466; color: #1264a3; border-radius: 3px; padding: 0 2px }
.emoji { font-family: 'Noto Color Emoji'; font-size: 17px; line-height: 1; vertical-align: -2px }
.header { font-size: 18px; font-weight: 900; margin: 4px 0 }
.divider { border-top: 1px solid #ddd; margin: 8px 0 }
.picture { max-width: 360px; height: 120px; border-radius: 8px; background: #eef1f4; color: #616061;
  display: flex; align-items: center; justify-content: center; font-size: 12px; margin: 6px 0; padding: 12px }
.filename { color: #616061; font-size: 13px; margin: 2px 0 4px }
.file img { max-width: 640px; border: 1px solid #ddd; border-radius: 8px; display: block }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 4px 12px; font-weight: 700;
  font-size: 13px; margin: 4px 8px 4px 0 }
.primary { background: #007a5a; color: #fff; border-color: #007a5a }
.danger { color: #e01e5a; border-color: #e01e5a }
.attachment { border-left: 4px solid #ddd; padding-left: 12px; margin: 4px 0 }
.only { color: #616061; font-size: 13px }
.private { background: #f8f8f8 }
.eye { color: #616061; font-size: 12px; margin-bottom: 2px }
pre { background: #f6f6f6; border: 1px solid #ddd; border-radius: 4px; padding: 8px; font: 12px/1.5 monospace;
  white-space: pre-wrap; margin: 4px 0 }
ul { margin: 2px 0; padding-left: 26px }
.shade { background: #00000066; min-height: 100vh; padding: 30px 0 }
.modal { background: #fff; width: 520px; margin: 0 auto; border-radius: 8px; overflow: hidden }
.modal h2 { font-size: 20px; margin: 0; padding: 16px 24px; border-bottom: 1px solid #e2e2e2 }
.modal .inside, .home { padding: 16px 24px }
.modal .foot { border-top: 1px solid #e2e2e2; padding: 14px 24px; text-align: right }
.label { font-weight: 700; margin: 12px 0 4px }
.choice { display: block; margin: 2px 0 } .choice::before { content: "○ "; color: #616061 }
.choice.on::before { content: "◉ "; color: #1264a3 }
.field { border: 1px solid #868686; border-radius: 4px; min-height: 34px; padding: 5px 10px; color: #616061 }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 12px }
"""
Files = Mapping[str, Mapping[str, Any]]
_NO_FILES: Files = {}
_CLASSES = {"bold": "b", "italic": "i", "strike": "s", "code": "c"}
_DRAWN = {
    "red_circle": "🔴", "large_orange_circle": "🟠", "large_yellow_circle": "🟡", "large_blue_circle": "🔵",
    "rotating_light": "🚨", "white_check_mark": "✅", "warning": "⚠️", "mute": "🔇", "thumbsup": "👍", "mag": "🔍",
}  # fmt: skip


def render(
    rooms: Iterable[Room],
    *,
    title: str = "Risk Desk",
    files: Files = _NO_FILES,
    private: Sequence[dict[str, Any]] = (),
) -> str:
    """One page with every channel below the other, newest message last, thread replies under their parent; what only
    one person saw (``private``, as the workspace keeps it) stands at the end of its channel. ``files`` is the
    workspace's, for the pictures in messages."""
    rooms = list(rooms)
    side = "".join(
        f'<div class="{"on" if i == 0 else ""}"># {html.escape(room.name)}</div>' for i, room in enumerate(rooms)
    )
    main = "".join(_room(room, files, [m for m in private if m["channel"] == room.id]) for room in rooms)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<div class=page><div class=side><h1>{html.escape(title)}</h1>{side}</div><div class=main>{main}</div></div>"
    )


def render_modal(view: dict[str, Any]) -> str:
    """A modal over its shade."""
    inside = "".join(_block(b) for b in view["blocks"])
    buttons = f'<span class="button">{html.escape(view["close"]["text"])}</span>' if "close" in view else ""
    buttons += f'<span class="button primary">{html.escape(view["submit"]["text"])}</span>' if "submit" in view else ""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><style>{_STYLE}</style><div class=shade><div class=modal>"
        f"<h2>{html.escape(view['title']['text'])}</h2><div class=inside>{inside}</div>"
        f"<div class=foot>{buttons}</div></div></div>"
    )


def render_home(view: dict[str, Any], *, title: str = "Risk Desk") -> str:
    """The App Home tab."""
    inside = "".join(_block(b) for b in view["blocks"])
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><style>{_STYLE}</style><div class=page><div class=side>"
        f"<h1>{html.escape(title)}</h1><div>Apps</div><div class=on>📡 Wirewatch</div></div><div class=main>"
        f"<div class=bar>Wirewatch · Home</div><div class=home>{inside}</div></div></div>"
    )


def write(path: Path, rooms: Iterable[Room], *, title: str = "Risk Desk") -> Path:
    """The page as a file."""
    path.write_text(render(rooms, title=title), encoding="utf-8")
    return path


def _room(room: Room, files: Files, private: Sequence[dict[str, Any]]) -> str:
    parts = [f"<div class=bar>{'🔒' if room.private else '#'} {html.escape(room.name)}</div>"]
    for message in room.top():
        parts.append(_message(message, files, room=room))
        if replies := room.thread(message["ts"])[1:]:
            count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
            parts.append(f"<div class=thread>{count} <span>View thread</span></div>")
            parts += [_message(m, files, reply=True) for m in replies]
    parts += [_message(m | {"ephemeral_to": m["user"], "bot_id": "B0"}, files) for m in private]
    return "".join(parts)


def _message(message: dict[str, Any], files: Files, *, reply: bool = False, room: Room | None = None) -> str:
    when = datetime.fromtimestamp(float(message["ts"]), UTC)
    who = "Wirewatch" if message.get("bot_id") else str(message.get("user", "someone"))
    app = "<span class=app>APP</span>" if message.get("bot_id") else " "
    if message.get("blocks"):
        body = "".join(_block(b) for b in message["blocks"])
    else:
        body = f"<div class=rich>{_spans(parse_mrkdwn(message.get('text', '')))}</div>"
    for attachment in message.get("attachments", []):
        colour = html.escape(str(attachment.get("color", "#ddd")))
        inner = "".join(_block(b) for b in attachment.get("blocks", []))
        body += f'<div class=attachment style="border-color:{colour}">{inner}</div>'
    body += "".join(_file(one, files) for one in message.get("files", []))
    if message.get("edited"):
        body += "<span class=edited>(edited)</span>"
    if message.get("subtype") == "thread_broadcast" and room is not None:
        parent = room.get(message["thread_ts"])
        about = notification_text(parent) if parent else "a thread"
        body = f"<div class=replied>replied to a thread: <a>{html.escape(about)}</a></div>{body}"
    elif message.get("subtype") == "thread_broadcast":
        body += "<div class=replied>Also sent to the channel</div>"
    private = message.get("ephemeral_to")
    eye = "<div class=eye>👁 Only visible to you</div>" if private else ""
    return (
        f'<div class="message{" reply" if reply else ""}{" private" if private else ""}">'
        f"<div class=icon>📡</div><div class=body>{eye}"
        f"<span class=who>{html.escape(who)}</span>{app}<span class=when>{when:%H:%M}</span>{body}</div></div>"
    )


def _file(one: dict[str, Any], files: Files) -> str:
    content = files.get(one["id"], {}).get("content")
    if content is None:
        return f"<div class=picture>🖼 {html.escape(one['title'])}</div>"
    data = base64.b64encode(content).decode()
    alt = html.escape(files[one["id"]].get("alt_txt", ""), quote=True)
    return (
        f"<div class=file><div class=filename>{html.escape(one['title'])} ▾</div>"
        f'<img alt="{alt}" src="data:image/png;base64,{data}"></div>'
    )


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<div class=header>{_spans(spans_of_text(block['text']))}</div>"
        case "divider":
            return "<div class=divider></div>"
        case "image":
            return f"<div class=picture>🖼 {html.escape(block['alt_text'])}</div>"
        case "context":
            inner = "".join(f"<span>{_context(e)}</span>" for e in block["elements"])
            return f"<div class=context>{inner}</div>"
        case "section":
            text = _spans(spans_of_text(block["text"])) if "text" in block else ""
            fields = "".join(f"<div>{_spans(spans_of_text(f))}</div>" for f in block.get("fields", []))
            return f"<div class=section>{text}{f'<div class=fields>{fields}</div>' if fields else ''}</div>"
        case "actions":
            return f"<div>{''.join(_action(e) for e in block['elements'])}</div>"
        case "input":
            return f"<div class=label>{_spans(spans_of_text(block['label']))}</div>{_field(block['element'])}"
        case "rich_text":
            return f"<div class=rich>{''.join(_rich(e) for e in block['elements'])}</div>"
        case kind:
            return f"<div class=only>[{html.escape(kind)}]</div>"


def _context(element: dict[str, Any]) -> str:
    return html.escape(element["alt_text"]) if element["type"] == "image" else _spans(spans_of_text(element))


def _action(element: dict[str, Any]) -> str:
    label = element.get("text") or element.get("placeholder") or {"text": element["type"]}
    more = " ▾" if "select" in element["type"] else ""
    return f'<span class="button {element.get("style", "")}">{html.escape(label["text"])}{more}</span>'


def _field(element: dict[str, Any]) -> str:
    chosen = (element.get("initial_option") or {}).get("value")
    if element["type"] == "radio_buttons":
        return "".join(
            f'<span class="choice{" on" if o["value"] == chosen else ""}">{html.escape(o["text"]["text"])}</span>'
            for o in element["options"]
        )
    shown = next((o["text"]["text"] + " ▾" for o in element.get("options", []) if o["value"] == chosen), "")
    return f"<div class=field>{html.escape(shown)}</div>"


def _rich(element: dict[str, Any]) -> str:
    if element["type"] == "rich_text_list":
        tag = "ol" if element["style"] == "ordered" else "ul"
        items = "".join(f"<li>{_spans(spans_of_rich(item['elements']))}</li>" for item in element["elements"])
        return f"<{tag}>{items}</{tag}>"
    if element["type"] == "rich_text_preformatted":
        return f"<pre>{_spans(spans_of_rich(element['elements']))}</pre>"
    kind = "quote" if element["type"] == "rich_text_quote" else "run"
    return f"<div class={kind}>{_spans(spans_of_rich(element['elements']))}</div>"


def _spans(spans: Iterable[Span]) -> str:
    return "".join(map(_span, spans))


def _span(span: Span) -> str:
    text = html.escape(span.text).replace("\n", "<br>")
    classes = " ".join(_CLASSES[s] for s in sorted(span.styles) if s in _CLASSES)
    match span.kind:
        case "break":
            return "<br>"
        case "link":
            return f'<a class="{classes}" href="{html.escape(span.target, quote=True)}">{text}</a>'
        case "emoji":
            return f"<span class=emoji>{html.escape(_DRAWN.get(span.target, span.text))}</span>"
        case "user" | "usergroup" | "channel" | "broadcast":
            return f"<span class=ping>{text}</span>"
    return f'<span class="{classes}">{text}</span>' if classes else text
