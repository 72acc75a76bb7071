"""Discord's markdown as its client reads it, as far as messages use it.

The rules and their order are those of the web client (a fork of ``simple-markdown`` 0.7): each rule is tried at the
place where the last one ended. Two surfaces differ: message text and embed descriptions know everything; embed titles,
field names and button labels know no blocks, and footers and author names know no markdown at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

EMOJI = frozenset(
    {"skull", "smile", "fire", "warning", "thumbsup", "+1", "-1", "x", "b", "a", "o", "heart", "eyes", "end"}
)
"""Names that become pictures; any other ``:name:`` stays text (a few of some 4,000, enough to see an escape miss)."""


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of parsed text. ``kind`` is ``text`` for plain text, else the rule that matched."""

    kind: str
    text: str = ""
    target: str = ""
    children: tuple[Node, ...] = ()

    def plain(self) -> str:
        """What a person reads."""
        return self.text + "".join(c.plain() for c in self.children)


_LINK_INSIDE = r"(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*"
_LINK_TARGET = r"\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"]([\s\S]*?)['\"])?\s*"

_INLINE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("escape", re.compile(r"\\([^0-9A-Za-z\s])")),
    ("timestamp", re.compile(r"<t:(-?\d{1,17})(?::([tTdDfFRsS]))?>")),
    ("user", re.compile(r"<@!?(\d+)>")),
    ("role", re.compile(r"<@&(\d+)>")),
    ("channel", re.compile(r"<#(\d+)>")),
    ("everyone", re.compile(r"(@everyone|@here)")),
    ("command", re.compile(r"(</[^:>]+:\d+>)")),
    ("navigation", re.compile(r"(<id:\w+>)")),
    ("custom_emoji", re.compile(r"<a?(:\w+:)\d+>")),
    ("autolink", re.compile(r"<((?:https?|steam)://[^\s>]+|(?:mailto|tel|sms):[^\s>]+)>")),
    ("url", re.compile(r"((?:https?|steam)://[^\s<]+[^<.,:;\"'\]\s])")),
    ("invite", re.compile(r"((?:discord\.gg|discord(?:app)?\.com/invite)/[\w-]+)")),
    ("link", re.compile(rf"\[({_LINK_INSIDE})\]\({_LINK_TARGET}\)")),
    ("strong", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    (
        "em",
        re.compile(
            r"\b_((?:__|\\[\s\S]|[^\\_])+?)_\b"
            r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
        ),
    ),
    ("strike", re.compile(r"~~([\s\S]+?)~~(?!_)")),
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
    ("code", re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")),
    ("emoji", re.compile(r":([^\s:]+?)(?:::skin-tone-\d)?:")),
)
_TEXT = re.compile(r"\n|[\s\S]+?(?=[^0-9A-Za-z\s\u00c0-\uffff-]|\n|\w+:\S|$)")
_CODE_BLOCK = re.compile(r"```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```")
_BLOCKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("subtext", re.compile(r" *-#\s+([^\n]+?)(?:\n|$)")),
    ("heading", re.compile(r" *(#{1,3})\s+([^\n]+?)#*\s*(?:\n|$)")),
    ("quote", re.compile(r" *>(?:>> ([\s\S]*)| ([^\n]*)(?:\n|$))")),
    ("item", re.compile(r" *(?:[-*]|\d+\.) +([^\n]+)(?:\n|$)")),
)


def parse(source: str, *, blocks: bool = True) -> tuple[Node, ...]:
    """The nodes of ``source``. ``blocks``: whether headings, lists, quotes and fences are known on this surface."""
    nodes: list[Node] = []
    at = 0
    while at < len(source):
        node, at = _next(source, at, blocks)
        if nodes and node.kind == nodes[-1].kind == "text":
            nodes[-1] = Node("text", nodes[-1].text + node.text)
        else:
            nodes.append(node)
    return tuple(nodes)


def _next(source: str, at: int, blocks: bool) -> tuple[Node, int]:
    if blocks:
        if fence := _CODE_BLOCK.match(source, at):
            return Node("code_block", fence[2]), fence.end()
        if (at == 0 or source[at - 1] == "\n") and (block := _block(source, at)):
            return block
    for kind, pattern in _INLINE:
        if (found := pattern.match(source, at)) and (node := _inline(kind, found)):
            return node, found.end()
    found = _TEXT.match(source, at)
    end = found.end() if found else at + 1
    return Node("text", source[at:end]), end


def _block(source: str, at: int) -> tuple[Node, int] | None:
    for kind, pattern in _BLOCKS:
        if found := pattern.match(source, at):
            inner = next(g for g in reversed(found.groups()) if g is not None)
            children = (*parse(inner, blocks=kind == "quote"), Node("text", "\n"))
            return Node(kind, target=found[1] or "", children=children), found.end()
    return None


def _inline(kind: str, found: re.Match[str]) -> Node | None:
    match kind:
        case "escape":
            return Node("text", found[1])
        case "timestamp":
            return Node(kind, show_time(int(found[1]), found[2] or "f"), target=found[0])
        case "link":
            target = re.sub(r"\\([^0-9A-Za-z\s])", r"\1", found[2])
            if not re.match(r"(?:https?|discord)://", target):
                return None
            return Node(kind, target=target, children=parse(found[1], blocks=False))
        case "autolink" | "url":
            return Node("url", found[1], target=found[1])
        case "invite":
            return Node("url", found[1], target=f"https://{found[1]}")
        case "emoji":
            return Node(kind, f"[{found[1]} picture]") if found[1] in EMOJI else None
        case "code":
            return Node(kind, found[2])
        case "strong" | "underline" | "em" | "strike" | "spoiler":
            inner = next(g for g in found.groups() if g is not None)
            return Node(kind, children=parse(inner, blocks=False))
    return Node(kind, f"[{kind} {found[1]}]", target=found[1])


def show_time(seconds: int, style: str) -> str:
    """``<t:0:f>`` as a client set to British English and UTC shows it; ``R`` without a clock gives the date."""
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return "Invalid date"
    day = f"{when.day} {when:%B %Y}"
    styles = {"t": f"{when:%H:%M}", "T": f"{when:%H:%M:%S}", "d": f"{when:%d/%m/%Y}", "D": day, "R": f"({day})"}
    styles |= {"f": f"{day} {when:%H:%M}", "F": f"{when:%A}, {day} {when:%H:%M}"}
    return styles.get(style, styles["f"])


LIVE = frozenset(["user", "role", "channel", "everyone", "command", "navigation", "custom_emoji", "emoji", "spoiler"])
"""Nodes that do something, or hide something, when a person meets them; links are told apart by their target."""


def walk(nodes: Iterable[Node]) -> Iterable[Node]:
    """Every node, outermost first."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def plain(source: str, *, blocks: bool = True) -> str:
    """What a person reads of ``source``."""
    return "".join(n.plain() for n in parse(source, blocks=blocks))


Surface = tuple[str, str, bool | None]
"""(name, text, blocks): ``blocks`` is ``None`` where the surface knows no markdown."""


def surfaces(message: Mapping[str, object]) -> list[Surface]:
    """The texts of a message in the order in which a person reads them."""
    found: list[Surface] = [("content", str(message.get("content") or ""), True)]
    for embed in _maps(message.get("embeds")):
        author, footer = _map(embed.get("author")), _map(embed.get("footer"))
        found.append(("author", str(author.get("name") or ""), None))
        found.append(("title", str(embed.get("title") or ""), False))
        found.append(("description", str(embed.get("description") or ""), True))
        for field in _maps(embed.get("fields")):
            found.append(("field name", str(field.get("name") or ""), False))
            found.append(("field value", str(field.get("value") or ""), True))
        found.append(("footer", str(footer.get("text") or ""), None))
        if stamp := embed.get("timestamp"):
            at = datetime.fromisoformat(str(stamp)).timestamp()
            found.append(("timestamp", show_time(int(at), "f"), None))
    return [s for s in found if s[1]]


def visible_text(message: Mapping[str, object]) -> str:
    """All that a person reads in a message, one line or more for each surface; buttons are not text."""
    return "\n".join(text if blocks is None else plain(text, blocks=blocks) for _, text, blocks in surfaces(message))


def links(message: Mapping[str, object]) -> list[str]:
    """Where a click can lead: embed titles and authors, masked and bare links, link buttons."""
    found = [str(e[k]) for e in _maps(message.get("embeds")) for k in ("url",) if e.get(k)]
    found += [str(u) for e in _maps(message.get("embeds")) if (u := _map(e.get("author")).get("url"))]
    found += [n.target for n in nodes(message) if n.kind in ("link", "url")]
    found += [
        str(b["url"]) for row in _maps(message.get("components")) for b in _maps(row.get("components")) if "url" in b
    ]
    return found


def nodes(message: Mapping[str, object]) -> list[Node]:
    """All nodes on all surfaces that know markdown."""
    return [n for _, text, blocks in surfaces(message) if blocks is not None for n in walk(parse(text, blocks=blocks))]


def pings(
    content: str, allowed: Mapping[str, object] | None, roles: Callable[[str], bool] = lambda _: True
) -> list[str]:
    """Who hears a sound: the server reads raw ``content`` (embeds never ping), then obeys ``allowed_mentions``.

    Backslashes do not protect here: ``\\@everyone`` still holds ``@everyone``. ``roles`` says which role ids may be
    mentioned by the author.
    """
    rules = allowed if allowed is not None else {"parse": ["users", "roles", "everyone"]}
    parsed = rules.get("parse") or []
    assert isinstance(parsed, list)
    found: list[str] = []
    if "everyone" in parsed:
        found += re.findall(r"@everyone|@here", content)
    for kind, pattern in (("users", r"<@!?(\d+)>"), ("roles", r"<@&(\d+)>")):
        named = rules.get(kind) or []
        assert isinstance(named, list)
        for id_ in re.findall(pattern, content):
            if (kind in parsed or id_ in [str(n) for n in named]) and (kind == "users" or roles(id_)):
                found.append(f"<@{'&' if kind == 'roles' else ''}{id_}>")
    return found


def _maps(value: object) -> list[Mapping[str, object]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
