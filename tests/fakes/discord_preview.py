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
*{box-sizing:border-box}body{margin:0;background:#313338;color:#dbdee1;font:16px/1.375 "gg sans","Noto Sans",
"Helvetica Neue",Helvetica,Arial,"Noto Color Emoji",sans-serif}
header{height:48px;display:flex;align-items:center;padding:0 16px;border-bottom:1px solid #26282c;font-weight:600;
color:#f2f3f5;box-shadow:0 1px 2px #0003}header span{color:#80848e;font-size:24px;margin-right:8px;font-weight:400}
main{padding:8px 0 24px}article{position:relative;padding:4px 48px 4px 72px;margin-top:17px}
.avatar{position:absolute;left:16px;top:4px;width:40px;height:40px;border-radius:50%;background:#5865f2;color:#fff;
display:grid;place-items:center;font-weight:700;font-size:18px}
h3{margin:0;font-size:16px;font-weight:500;color:#f2f3f5;display:flex;align-items:center;gap:6px}
h3 b{background:#5865f2;color:#fff;font-size:10px;font-weight:600;border-radius:4px;padding:1px 5px}
h3 time{color:#949ba4;font-size:12px;font-weight:400}.text{white-space:pre-wrap;overflow-wrap:anywhere}
a{color:#00a8fc;text-decoration:none}.embed{margin-top:6px;max-width:520px;background:#2b2d31;border-radius:4px;
border-left:4px solid #1e1f22;padding:8px 16px 16px 12px;display:grid;grid-template-columns:auto 80px}
.embed>*{grid-column:1/2;min-width:0}.embed:not(.pic)>*{grid-column:1/3}.thumb{grid-column:2/3!important;grid-row:1/8;
width:80px;height:80px;border-radius:4px;margin:8px 0 0 16px;background:linear-gradient(135deg,#4e5058,#3a3c42);
object-fit:cover}.etitle{font-weight:600;margin-top:8px;overflow-wrap:anywhere}.etitle:not(a){color:#f2f3f5}
.edesc{font-size:14px;line-height:1.3;margin-top:8px;white-space:pre-wrap;overflow-wrap:anywhere}
.fields{display:grid;grid-template-columns:repeat(12,1fr);gap:8px;margin-top:8px;font-size:14px;line-height:1.3}
.field b{display:block;color:#f2f3f5;font-weight:600;margin-bottom:2px}.field div{white-space:pre-wrap;
overflow-wrap:anywhere}.efoot{font-size:12px;margin-top:8px;color:#dbdee1}
.row{display:flex;gap:8px;margin-top:8px}.btn{background:#4e5058;color:#fff;border-radius:3px;font-size:14px;
font-weight:500;padding:6px 16px;line-height:20px}.time{background:#ffffff0f;border-radius:3px;padding:0 2px}
.ping{background:#5865f24d;color:#c9cdfb;border-radius:3px;padding:0 2px;font-weight:500}
.sub{font-size:13px;color:#949ba4}.spoiler{background:#1e1f22;color:transparent}code{background:#1e1f22;
border-radius:4px;padding:1px 4px;font-size:85%}blockquote{margin:0;border-left:4px solid #4e5058;padding-left:12px}
.only{background:#5865f20d;border-left:2px solid #5865f2}.only small{color:#949ba4;font-size:12px;display:block;
margin-top:4px}strong{color:#f2f3f5}.upload{display:block;max-width:550px;border-radius:8px;margin-top:6px}
.edited{color:#949ba4;font-size:10px;margin-left:4px}
.answers{color:#b5bac1;font-size:13px;margin:0 0 2px -30px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.answers::before{content:"";display:inline-block;width:24px;height:9px;border:2px solid #4e5058;
border-width:2px 0 0 2px;border-radius:6px 0 0;margin-right:6px}
.thread{margin:10px 0 0;border-left:2px solid #4e5058;border-radius:0 0 0 8px;
padding-left:14px}.thread>div{background:#2b2d31;border-radius:8px;padding:8px 12px;max-width:520px;font-size:14px}
.thread>div b{color:#f2f3f5}.thread>div i{color:#00a8fc;font-style:normal;font-weight:500}
.thread article{margin-top:8px;padding-left:52px}.thread .avatar{left:4px;width:32px;height:32px;font-size:15px}
"""

_NOTHING: Mapping[str, bytes] = {}
_ARROW = " ↗\ufe0e"  # as text, not as an emoji
_MODAL = """
.form{background:#313338;border-radius:8px;width:440px;margin:24px auto;padding:8px 20px;color:#dbdee1}
.form h2{color:#f2f3f5;font-size:20px}
.form p{margin:12px 0 4px}.entry{background:#1e1f22;border-radius:4px;padding:9px 12px}
.end{text-align:right;padding-bottom:12px}.go{background:#5865f2}
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
    articles = "\n".join(
        _message(m, at, uploads, _answered(m, by_id), _thread(threads.get(m["id"]), at, uploads)) for m in shown
    )
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
        shown = next((o["label"] for o in options if o.get("default")), "") + (" ▾" if options else "")
        label = part.get("label") or inner.get("label") or ""
        parts.append(f'<p><b>{escape(label)}</b></p><div class="entry">{escape(shown) or "&nbsp;"}</div>')
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{_STYLE}{_MODAL}</style><body>'
        f'<div class="form"><h2>{escape(data["title"])}</h2>{"".join(parts)}'
        f'<p class="end"><span class="btn">Cancel</span> <span class="btn go">Submit</span></p></div></body></html>'
    )


def _answered(message: Json, by_id: Mapping[str, Json]) -> str:
    """The line above an answer that says to what."""
    to = by_id.get((message.get("message_reference") or {}).get("message_id", ""))
    if to is None:
        return ""
    words = _markdown(to["content"].partition("\n")[0], datetime.fromisoformat(message["timestamp"]), blocks=False)
    return f'<div class="answers">{words}</div>'


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
        f"<h3>{escape(name.title())}{badge}<time>{when:%d/%m/%Y %H:%M}</time></h3>",
        f'<div class="text">{_markdown(message["content"], now)}{edited}</div>' if message["content"] else "",
        *(_embed(e, now) for e in message["embeds"]),
        *(_attachment(a, uploads) for a in message.get("attachments", [])),
        *(_row(r["components"]) for r in message["components"]),
        "<small>👁 Only you can see this · Dismiss message</small>" if only else "",
        thread,
    ]
    return f'<article class="{"only" if only else ""}">{"".join(parts)}</article>'


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
            return f"&nbsp;•&nbsp; {inner}"
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
