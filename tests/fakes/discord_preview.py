"""Stored messages of the local Discord server as an HTML page that looks like Discord (dark theme).

For screenshots and for the demo: importable without pytest, and the page needs no network (pictures excepted).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from types import MappingProxyType
from typing import Any

from tests.fakes.discord.markdown import Node, parse

Json = Mapping[str, Any]

_STYLE = """
*{box-sizing:border-box}body{margin:0;background:#313338;color:#dbdee1;font:16px/22px "gg sans","Noto Sans",
"Helvetica Neue",Helvetica,Arial,"Noto Color Emoji",sans-serif;font-variant-ligatures:none}
header{height:48px;display:flex;align-items:center;padding:0 16px;border-bottom:1px solid #26282c;font-weight:600;
color:#f2f3f5;box-shadow:0 1px 2px #0003}header span{color:#80848e;font-size:24px;margin-right:8px;font-weight:400}
.day{display:flex;align-items:center;margin:20px 16px 0 16px;color:#949ba4;font-size:12px;font-weight:600;gap:6px}
.day::before,.day::after{content:"";flex:1;border-top:1px solid #3f4147}
main{padding:0 0 20px}article{position:relative;padding:2px 24px 2px 72px;margin-top:17px}
.avatar{position:absolute;left:16px;top:4px;width:40px;height:40px;border-radius:50%;color:#fff;display:grid;
background:linear-gradient(160deg,#1b7fc4,#0b4c7c);place-items:center;font-weight:700;font-size:19px}
h3{margin:0;font-size:16px;font-weight:500;color:#f2f3f5;display:flex;align-items:center;gap:5px;line-height:22px}
h3 b{background:#5865f2;color:#fff;font-size:10px;font-weight:600;border-radius:4px;padding:0 4px;line-height:15px}
h3 time{color:#949ba4;font-size:12px;font-weight:400;margin-left:3px}.text{white-space:pre-wrap;overflow-wrap:anywhere}
a{color:#00a8fc;text-decoration:none}.embed{margin-top:4px;max-width:520px;background:#2b2d31;border-radius:4px;
border-left:4px solid #1e1f22;padding:8px 16px 16px 12px;display:grid;grid-template-columns:auto 80px}
.embed>*{grid-column:1/2;min-width:0}.embed:not(.pic)>*{grid-column:1/3}.thumb{grid-column:2/3!important;grid-row:1/8;
width:80px;height:80px;border-radius:4px;margin:8px 0 0 16px;background:linear-gradient(135deg,#4e5058,#3a3c42);
object-fit:cover}.etitle{font-weight:600;margin-top:8px;overflow-wrap:anywhere}.etitle:not(a){color:#f2f3f5}
.edesc{font-size:14px;line-height:18px;margin-top:8px;white-space:pre-wrap;overflow-wrap:anywhere}
.fields{display:grid;grid-template-columns:repeat(12,1fr);gap:8px;margin-top:8px;font-size:14px;line-height:18px}
.field b{display:block;color:#f2f3f5;font-weight:600;margin-bottom:2px}.field div{white-space:pre-wrap;
overflow-wrap:anywhere}.efoot{font-size:12px;line-height:16px;margin-top:8px;color:#dbdee1}
.row{display:flex;flex-wrap:wrap;gap:8px;margin-top:6px}.btn{background:#4e5058;color:#fff;border-radius:8px;
font-size:14px;font-weight:500;padding:6px 14px;line-height:20px}.time{background:#ffffff0f;border-radius:3px;
padding:0 2px}.ping{background:#5865f24d;color:#c9cdfb;border-radius:3px;padding:0 2px;font-weight:500}
.sub{font-size:13px;line-height:18px;color:#949ba4}.edesc .sub,.field .sub{font-size:12px;line-height:16px}
.spoiler{background:#1e1f22;color:transparent}code{background:#1e1f22;border-radius:4px;padding:1px 4px;font-size:85%;
font-family:"DejaVu Sans Mono",monospace}pre{margin:4px 0;background:#1e1f22;border:1px solid #26282c;border-radius:4px;
padding:8px;white-space:pre-wrap}pre code{padding:0;font-size:12px;line-height:17px;background:none}
blockquote{margin:0;border-left:4px solid #4e5058;border-radius:4px;padding-left:10px}
.item{display:block;padding-left:20px;position:relative}.item::before{content:"•";position:absolute;left:7px}
.only{background:#5865f214;box-shadow:inset 2px 0 #5865f2;padding-bottom:6px}.only small{color:#949ba4;font-size:12px;
display:block;margin-top:4px}strong{color:inherit;font-weight:700}.upload{display:block;max-width:min(550px,100%);
border-radius:8px;margin-top:6px}.edited{color:#949ba4;font-size:10px;margin-left:4px}
.answers{color:#b5bac1;font-size:14px;line-height:18px;margin:0 0 4px -34px;white-space:nowrap;overflow:hidden;
text-overflow:ellipsis}.answers::before{content:"";display:inline-block;width:26px;height:9px;border:solid #4e5058;
border-width:2px 0 0 2px;border-radius:6px 0 0;margin-right:6px}
.answers i{color:#c9cdfb;font-style:normal;background:#5865f24d;border-radius:3px;padding:0 3px}
.answers u{text-decoration:none;display:inline-block;width:16px;height:16px;border-radius:50%;background:#3ba55d;
color:#fff;font-size:10px;line-height:16px;text-align:center;font-weight:700;margin-right:4px}
.thread{margin:8px 0 0;border-left:2px solid #4e5058;border-radius:0 0 0 8px;
padding-left:14px}.thread>div{background:#2b2d31;border-radius:8px;padding:8px 12px;max-width:520px;font-size:14px}
.thread>div b{color:#f2f3f5}.thread>div i{color:#00a8fc;font-style:normal;font-weight:500}
.thread article{margin-top:8px;padding-left:48px;padding-right:0}.thread .avatar{left:4px;width:32px;height:32px;
font-size:15px}
"""

_NOTHING: Mapping[str, bytes] = {}
_ARROW = " ↗\ufe0e"  # as text, not as an emoji
_MODAL = """
body{background:#1e1f22}.form{background:#313338;border-radius:8px;width:460px;margin:20px auto;padding:16px 20px 20px;
box-shadow:0 8px 16px #0006}.form h2{color:#f2f3f5;font-size:20px;line-height:24px;margin:0 0 12px;display:flex;
align-items:center;gap:10px}.form h2 .avatar{position:static;width:28px;height:28px;font-size:14px}
.form h2 em{margin-left:auto;font:400 22px Noto Sans;color:#b5bac1}.warn{background:#2b2d31;border-radius:8px;
padding:8px 12px;font-size:13px;line-height:17px;color:#b5bac1}.form p{margin:14px 0 6px;color:#f2f3f5}
.form p small{display:block;color:#b5bac1;font-size:13px;line-height:17px}.form p s{color:#f23f42;
text-decoration:none}.entry{background:#1e1f22;border-radius:8px;padding:9px 12px;display:flex}
.entry span{margin-left:auto;color:#b5bac1}.end{display:flex;justify-content:flex-end;gap:8px;margin-top:20px}
.go{background:#5865f2}
"""
_TAGS = {"strong": "strong", "em": "em", "underline": "u", "strike": "s", "code": "code", "quote": "blockquote"}


Threads = Mapping[str, tuple[str, Sequence[Json]]]
"""By the id of the message that they hang under: their names, and the messages in them."""


def render(
    messages: Iterable[Json],
    *,
    channel: str,
    now: datetime | None = None,
    uploads: Mapping[str, bytes] = _NOTHING,
    threads: Threads = MappingProxyType({}),
) -> str:
    """A whole page: ``messages`` (as the local server stores them, oldest first) in a channel of that name, with the
    threads under them.

    ``now`` is what relative times count from; without it, the time of the newest message. ``uploads`` are the world's,
    for the pictures in messages.
    """
    shown = list(messages)
    by_id = {m["id"]: m for m in shown}
    stamps = [datetime.fromisoformat(m["timestamp"]) for m in shown]
    at = now or max(stamps, default=datetime.fromtimestamp(0, UTC))
    parts: list[str] = []
    day = ""
    for message, stamp in zip(shown, stamps, strict=True):
        if f"{stamp:%Y%m%d}" != day:
            day = f"{stamp:%Y%m%d}"
            parts.append(f'<div class="day">{stamp.day} {stamp:%B %Y}</div>')
        thread = _thread(threads.get(message["id"]), at, uploads)
        parts.append(_message(message, at, uploads, _answered(message, by_id), thread))
    return _document(channel, "".join(parts))


def render_answers(
    answers: Iterable[tuple[str, str, Json]], *, channel: str, now: datetime, uploads: Mapping[str, bytes] = _NOTHING
) -> str:
    """What somebody of that name asked in the channel (``latest count: 5``), each with the answer that they saw."""
    parts = []
    for name, asked, message in answers:
        used = f"<u>{escape(name[:1].upper())}</u>{escape(name)} used <i>/{escape(asked)}</i>"
        parts.append(_message(message, now, uploads, f'<div class="answers">{used}</div>'))
    return _document(channel, "".join(parts))


def _document(channel: str, articles: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>#{escape(channel)}</title>'
        f"<style>{_STYLE}</style><body><header><span>#</span>{escape(channel)}</header><main>{articles}</main></body></html>"
    )


def render_modal(data: Json) -> str:
    """A form as the client shows it."""
    parts = []
    for part in data["components"]:
        inner = part["component"] if part["type"] == 18 else part["components"][0]
        options = inner.get("options") or []
        shown = next((o["label"] for o in options if o.get("default")), "")
        label = part.get("label") or inner.get("label") or ""
        star = "" if inner.get("required") is False else " <s>*</s>"
        more = "<span>⌄</span>" if options else ""
        said = f"<small>{escape(part['description'])}</small>" if part.get("description") else ""
        parts.append(
            f'<p><b>{escape(label)}</b>{star}{said}</p><div class="entry">{escape(shown) or "&nbsp;"}{more}</div>'
        )
    warning = "This form will be submitted to <b>Wirewatch</b>. Do not share passwords or other sensitive information."
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{_STYLE}{_MODAL}</style><body>'
        f'<div class="form"><h2><span class="avatar">W</span>{escape(data["title"])}<em>×</em></h2>'
        f'<div class="warn">⚠️ {warning}</div>{"".join(parts)}'
        f'<div class="end"><span class="btn">Cancel</span> <span class="btn go">Submit</span></div></div></body></html>'
    )


def _answered(message: Json, by_id: Mapping[str, Json]) -> str:
    """The line above an answer that says to what."""
    to = by_id.get((message.get("message_reference") or {}).get("message_id", ""))
    if to is None:
        return ""
    words = _markdown(to["content"].partition("\n")[0], datetime.fromisoformat(message["timestamp"]), blocks=False)
    name = (to["author"].get("global_name") or to["author"]["username"]).title()
    return f'<div class="answers">@{escape(name)} {words}</div>'


def _thread(found: tuple[str, Sequence[Json]] | None, now: datetime, uploads: Mapping[str, bytes]) -> str:
    if found is None:
        return ""
    name, messages = found
    count = f"{len(messages)} message{'' if len(messages) == 1 else 's'} ›"
    inside = "".join(_message(m, now, uploads) for m in messages)
    return f'<div class="thread"><div><b>{escape(name)}</b> <i>{count}</i></div>{inside}</div>'


def _message(message: Json, now: datetime, uploads: Mapping[str, bytes], answered: str = "", thread: str = "") -> str:
    author = message["author"]
    name = author.get("global_name") or author["username"]
    badge = "<b>APP</b>" if author.get("bot") or message.get("webhook_id") else ""
    when = datetime.fromisoformat(message["timestamp"])
    only = bool(message.get("flags", 0) & 1 << 6)
    edited = '<span class="edited">(edited)</span>' if message.get("edited_timestamp") else ""
    parts = [
        answered,
        f'<div class="avatar">{escape(name[:1].upper())}</div>',
        f"<h3>{escape(name.title())}{badge}<time>{_stamp(when, now)}</time></h3>",
        f'<div class="text">{_markdown(message["content"], now)}{edited}</div>' if message["content"] else "",
        *(_embed(e, now) for e in message["embeds"]),
        *(_attachment(a, uploads) for a in message.get("attachments", [])),
        *(_row(r["components"]) for r in message["components"]),
        "<small>👁 Only you can see this • <a>Dismiss message</a></small>" if only else "",
        thread,
    ]
    return f'<article class="{"only" if only else ""}">{"".join(parts)}</article>'


def _stamp(when: datetime, now: datetime) -> str:
    """When a message came, as the client says it."""
    days = (now.date() - when.date()).days
    near = {0: f"Today at {when:%H:%M}", 1: f"Yesterday at {when:%H:%M}"}
    return near.get(days, f"{when:%d/%m/%Y %H:%M}")


def _attachment(one: Json, uploads: Mapping[str, bytes]) -> str:
    content = uploads.get(one["id"])
    if content is None:
        return f'<div class="text">🖼 {escape(one["filename"])}</div>'
    data = base64.b64encode(content).decode()
    return f'<img class="upload" alt="{escape(one.get("description") or "")}" src="data:image/png;base64,{data}">'


def _embed(embed: Json, now: datetime) -> str:
    title = _markdown(embed.get("title", ""), now, blocks=False)
    if url := embed.get("url"):
        title = f'<a href="{escape(url)}">{title}</a>'
    author, footer, picture = embed.get("author"), embed.get("footer"), embed.get("thumbnail")
    parts = [
        f'<div class="efoot">{escape(author["name"])}</div>' if author else "",
        f'<div class="etitle">{title}</div>' if title else "",
        f'<div class="edesc">{_markdown(embed["description"], now)}</div>' if embed.get("description") else "",
        _fields(embed.get("fields") or [], now),
        f'<img class="thumb" alt="" src="{escape(picture["url"])}">' if picture else "",
        f'<div class="efoot">{escape(footer["text"])}</div>' if footer else "",
    ]
    colour = f"{embed.get('color') or 0x1E1F22:06x}"
    return f'<div class="embed{" pic" if picture else ""}" style="border-left-color:#{colour}">{"".join(parts)}</div>'


def _fields(fields: Sequence[Json], now: datetime) -> str:
    """Inline fields share a row of up to three, as in the client's grid of twelve columns."""
    if not fields:
        return ""
    cells: list[str] = []
    row: list[Json] = []
    for field in [*fields, None]:
        if field is not None and field.get("inline") and len(row) < 3:
            row.append(field)
            continue
        cells += [_field(f, now, 12 // len(row)) for f in row]
        row = [field] if field is not None and field.get("inline") else []
        if field is not None and not field.get("inline"):
            cells.append(_field(field, now, 12))
    return f'<div class="fields">{"".join(cells)}</div>'


def _field(field: Json, now: datetime, span: int) -> str:
    name, value = _markdown(field["name"], now, blocks=False), _markdown(field["value"], now)
    return f'<div class="field" style="grid-column:span {span}"><b>{name}</b><div>{value}</div></div>'


def _row(components: Sequence[Json]) -> str:
    buttons = "".join(
        f'<span class="btn">{escape(c.get("label") or "")}{_ARROW if c.get("url") else ""}</span>' for c in components
    )
    return f'<div class="row">{buttons}</div>'


def _markdown(source: str, now: datetime, *, blocks: bool = True) -> str:
    return "".join(_node(n, now) for n in parse(source, blocks=blocks)).rstrip("\n")


def _node(node: Node, now: datetime) -> str:
    inner = escape(node.text) + "".join(_node(c, now) for c in node.children)
    match node.kind:
        case "text":
            return inner
        case "link" | "url":
            return f'<a href="{escape(node.target)}">{inner}</a>'
        case "timestamp":
            return f'<span class="time">{escape(_time(node, now))}</span>'
        case "subtext":
            return f'<span class="sub">{inner}</span>'
        case "item":
            return f'<span class="item">{inner.rstrip()}</span>'
        case "heading":
            return f"<strong>{inner}</strong>"
        case "code_block":
            return f"<pre><code>{inner}</code></pre>"
        case "spoiler":
            return f'<span class="spoiler">{inner}</span>'
        case kind if kind in _TAGS:
            return f"<{_TAGS[kind]}>{inner}</{_TAGS[kind]}>"
    return f'<span class="ping">{inner}</span>'


def _time(node: Node, now: datetime) -> str:
    """Relative times as the client words them; others as parsed."""
    if not node.target.endswith(":R>"):
        return node.text
    seconds = now.timestamp() - int(node.target[3:-3])
    for size, unit in (
        (86400 * 365, "year"),
        (86400 * 30, "month"),
        (86400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ):
        count = int(abs(seconds) // size)
        if count or unit == "second":
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if seconds >= 0 else f"in {words}"
    return node.text
