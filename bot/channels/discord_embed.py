"""Messages as Discord embeds: pure, and the only place that knows Discord's lengths.

An embed alone shows no words in a phone's notification, hence one line of ``content`` above it. That line holds no
address, so nothing unfurls (the flag SUPPRESS_EMBEDS would hide our own embed too).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypedDict

from bot.channels.buttons import ALERT_VERBS, DIGEST_VERBS, REPLY_VERBS, Button, buttons
from bot.channels.buttons import carries as in_ids
from bot.channels.digest_lines import adding, headed, headings, standing, stories
from bot.channels.discord_limits import (
    BUTTON_URL_MAX,
    CONTENT_MAX,
    DESCRIPTION_MAX,
    EMBED_TOTAL_MAX,
    FIELD_MAX,
    NONCE_MAX,
    THREAD_NAME_MAX,
    TITLE_MAX,
    URL_MAX,
)
from bot.channels.discord_markdown import escape, fit, fit_link, fit_passage, fit_plain
from bot.channels.news_lines import news_lines
from bot.channels.text import clean, clean_block, cut, safe_url, utf16_len
from bot.message import Digest, DigestLine, FiredRule, Message, Notice, SourceLink
from bot.model import Severity

# What reads well, in characters; all below what bot.channels.discord_limits has.
ALT_MAX: Final = 1024  # characters of an attachment's description; Discord, "Attachment Object"
LINE_MAX: Final = 300  # the line that notifications show
PASSAGE_MAX: Final = 1500
SOURCE_MAX: Final = 120
COUNTRY_MAX: Final = 60  # the longest name of CLDR has 43
COUNTRIES_MAX: Final = 12  # countries
RULE_TITLE_MAX: Final = 120
RULES_MAX: Final = 10  # rules
WORDS_MAX: Final = 200
WORDS_SHOWN: Final = 20  # words of one rule
REASON_MAX: Final = 400
NOTICE_MAX: Final = 3000
OUTLET_MAX: Final = 60
OUTLET_LINK_MAX: Final = 300  # of an outlet's name with its address; longer addresses are left out
OUTLETS_MAX: Final = 6  # other outlets named, the newest
NEWS_MAX: Final = 240  # of one sentence
NEWS_LINES_MAX: Final = 6  # sentences
LIST_MAX: Final = 80
LISTS_MAX: Final = 4  # watch lists
DIGEST_HEADLINE_MAX: Final = 200
DIGEST_LINES_MAX: Final = 60  # alerts; about 20 fit
DIGEST_LINK_MAX: Final = 700  # of a digest's line with its address; longer addresses are left out

EMOJI: Final = {
    Severity.INFO: "🔵",
    Severity.LOW: "🟡",
    Severity.MEDIUM: "🟠",
    Severity.HIGH: "🔴",
    Severity.CRITICAL: "🚨",
}
COLOUR: Final = {
    Severity.INFO: 0x5B8DEF,
    Severity.LOW: 0xF2C94C,
    Severity.MEDIUM: 0xF2994A,
    Severity.HIGH: 0xEB4B4B,
    Severity.CRITICAL: 0xB3123B,
}

RETRACTED_COLOUR: Final = 0x99AAB5

_REF_PREFIX: Final = "Wirewatch · ref "
RULES_FIELD: Final = "Why"
UNTITLED: Final = "Untitled story"
UNDER_DIGEST: Final = "What followed"


class EmbedField(TypedDict):
    name: str
    value: str
    inline: bool


class EmbedFooter(TypedDict):
    text: str


class EmbedMedia(TypedDict):
    url: str


class Embed(TypedDict, total=False):
    """The keys of an embed that we use, as they go over the wire."""

    title: str
    url: str
    description: str
    color: int
    fields: list[EmbedField]
    footer: EmbedFooter
    thumbnail: EmbedMedia


@dataclass(frozen=True, slots=True)
class Post:
    """What is sent, within every limit. ``link`` is the target of the button beside ``buttons``, ``thread_name`` what
    a forum post or a thread under the post is called, ``roles`` who may be pinged."""

    key: str
    content: str
    embed: Embed | None
    thread_name: str
    plain: str
    buttons: tuple[Button, ...] = ()
    link: str = ""
    roles: tuple[int, ...] = ()

    def without_links(self) -> Post:
        """The same for a Discord that refuses an address or a picture: the headline is no link."""
        embed = self.embed.copy() if self.embed is not None else None
        if embed is not None:
            embed.pop("url", None)
            embed.pop("thumbnail", None)
        return replace(self, embed=embed, link="")

    def text_only(self) -> Post:
        """The last resort, so that no message is lost over its looks."""
        return replace(self, content=self.plain, embed=None, link="")


def alert_post(message: Message, *, roles: tuple[int, ...] = (), answers: bool = False) -> Post:
    """An alert. ``roles`` are pinged, and nobody else. ``answers``: it stands under an earlier one, and says first what
    is new; a thread that is opened for it is called after the story, since more of it will come there."""
    severity = _severity(message.severity)
    headline = next((t for t in (message.headline, message.fallback, message.source) if clean(t)), UNTITLED)
    ping = "".join(f"<@&{role}> " for role in roles)
    url = web_address(message.url, URL_MAX)
    title = fit(headline, TITLE_MAX - 4)
    line = f"{severity} · {_struck(fit(headline, LINE_MAX), message)}"
    news = news_lines(message.news)[:NEWS_LINES_MAX] if answers else []
    if news:
        line = f"{severity} · {fit(news[0], LINE_MAX)}"
    said = [f"- {fit(sentence, NEWS_MAX)}" for sentence in news]
    gone = f"**Retracted:** {fit(message.retracted, REASON_MAX)}" if message.retracted else ""
    embed = Embed(
        title=_struck(title, message),
        description="\n".join(filter(None, [gone, *said, fit_passage(message.passage, PASSAGE_MAX)])),
        color=RETRACTED_COLOUR if message.retracted else COLOUR[message.severity],
        fields=list(_alert_fields(message)),
    )
    if url:
        embed["url"] = url
    if small := _small_print(message):
        embed["footer"] = {"text": small}
    if not message.retracted and (picture := web_address(message.image, URL_MAX)):
        embed["thumbnail"] = {"url": picture}
    rules = "\n".join(_rule_lines(message.rules, 300))
    passage = fit_passage(message.passage, 500)
    plain = (ping + line, gone, *said, passage, rules, fit(message.source, SOURCE_MAX))
    return Post(
        key=message.key,
        content=ping + line,
        embed=_trimmed(embed),
        thread_name=_thread_name(message, headline, answers),
        plain=_plain(*plain, url=url),
        buttons=buttons(
            REPLY_VERBS if answers else ALERT_VERBS, message.key, useful=message.useful, noise=message.noise
        ),
        link=web_address(message.url, BUTTON_URL_MAX),
        roles=roles,
    )


def _thread_name(message: Message, headline: str, answers: bool) -> str:
    """Severity and headline of the story that a thread is about; under a digest many stories share one."""
    if answers and not clean(message.story):
        return UNDER_DIGEST
    return fit_plain(f"{EMOJI[message.severity]} {message.story if answers else headline}", THREAD_NAME_MAX)


_TILDE, _SWUNG = "\\~", "\N{TILDE OPERATOR}"


def _struck(text: str, message: Message) -> str:
    """Through the headline of an alert that no longer holds. A tilde in it, escaped or not, could end it too early."""
    return f"~~{text.replace(_TILDE, _SWUNG)}~~" if message.retracted else text


def _small_print(message: Message) -> str:
    """Where it was read, and the watch lists behind it."""
    lists = [f"list: {fit_plain(name, LIST_MAX)}" for name in message.lists[:LISTS_MAX] if clean(name)]
    return " · ".join(filter(None, [fit_plain(message.source, SOURCE_MAX), *lists]))


def digest_post(digest: Digest) -> Post:
    """Several stories: as many as there is room for, and how many there are in all."""
    title = fit(digest.title, TITLE_MAX) or "Digest"
    total = max(digest.total, len(digest.lines))
    head = f"**{stories(total)}**"
    if reason := fit(digest.reason, REASON_MAX):
        head += f" · {reason}"
    if coverage := fit(digest.coverage, REASON_MAX):
        head += f"\n-# {coverage}"
    listed = digest.lines[:DIGEST_LINES_MAX]
    rules = not headed(listed)
    lines = [
        f"{_heading(group)}{_digest_line(line, rules)}" for group, line in zip(headings(listed), listed, strict=True)
    ]
    severity = max((line.severity for line in digest.lines), default=Severity.INFO)
    named = "" if title == "Digest" else f" · {fit(digest.title, LINE_MAX)}"
    content = f"{EMOJI[severity]} **DIGEST**{named} · {stories(total)}"
    short = [f"{EMOJI[line.severity]} {fit(line.headline, 100)}" for line in digest.lines[:DIGEST_LINES_MAX]]
    embed = Embed(title=title, description=_listed(head, lines, total, DESCRIPTION_MAX), color=COLOUR[severity])
    plain = _listed(f"{content}\n{head}", short, total, CONTENT_MAX - 60)
    if not lines:  # no rules to explain, so no button: the key is in the small print
        embed["footer"] = {"text": reference(digest.key)}
        plain += f"\n-# {reference(digest.key)}"
    return Post(
        key=digest.key,
        content=content,
        embed=_trimmed(embed),
        thread_name=fit_plain(digest.title, THREAD_NAME_MAX) or "Digest",
        plain=plain,
        buttons=buttons(DIGEST_VERBS, digest.key) if lines else (),
    )


def notice_post(notice: Notice) -> Post:
    """A word to the operators. Its key is in the footer, since it has no button to carry it."""
    severity = _severity(notice.severity)
    line = f"{severity} · {fit(notice.title, LINE_MAX) or 'Notice'}"
    text = cut(clean_block(notice.text), NOTICE_MAX, units=lambda s: 2 * utf16_len(s))
    embed = Embed(
        title=fit(notice.title, TITLE_MAX) or "Notice",
        description=escape(text),
        color=COLOUR[notice.severity],
        footer={"text": reference(notice.key)},
    )
    return Post(
        key=notice.key,
        content=line,
        embed=_trimmed(embed),
        thread_name=fit_plain(notice.title, THREAD_NAME_MAX) or "Notice",
        plain=f"{_plain(line, fit(notice.text, 1200))}\n-# {reference(notice.key)}",
    )


# -- the delivery key -----------------------------------------------------------------------------------------------


def nonce(key: str) -> str:
    """What makes Discord drop a repetition within a few minutes (``enforce_nonce``)."""
    return _hash(key, NONCE_MAX - 1)


def reference(key: str) -> str:
    """The delivery key as a line of small print."""
    return _REF_PREFIX + _hash(key, 20)


def carries(key: str, custom_ids: tuple[str, ...], small_print: tuple[str, ...]) -> bool:
    """Whether a post of ours with these buttons and footers is the one with ``key``."""
    return in_ids(key, custom_ids) or reference(key) in small_print


def _hash(key: str, digits: int) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


# -- parts ----------------------------------------------------------------------------------------------------------


def _severity(severity: Severity) -> str:
    return f"{EMOJI[severity]} **{severity.name}**"


def _alert_fields(message: Message) -> Iterator[EmbedField]:
    if message.rules:
        value = joined(_rule_lines(message.rules, RULE_TITLE_MAX + WORDS_MAX + 10), FIELD_MAX, "…")
        yield {"name": RULES_FIELD, "value": value, "inline": False}
    if message.countries:
        shown = message.countries[:COUNTRIES_MAX]
        more = len(message.countries) - len(shown)
        value = " · ".join(f"{fit(c.flag, 20)} {fit(c.name or c.code, COUNTRY_MAX) or '?'}" for c in shown)
        value += f" · +{more}" if more else ""
        yield {"name": "Countries", "value": value, "inline": True}
    if value := _others(message):
        yield {"name": "Sources", "value": value, "inline": True}
    times = [_time(message.published, "R"), f"{_time(message.published, 'd')} {_time(message.published, 't')}"]
    if message.updated_at is not None:
        times.append(f"updated {_time(message.updated_at, 'R')}")
    yield {"name": "Published" if message.dated else "First seen", "value": "\n".join(times), "inline": True}


def _others(message: Message) -> str:
    """Who else has the story: how many independent sources, and the other outlets."""
    parts = [f"{message.sources:,} independent"] if message.sources > 1 else []
    if message.also:
        outlets = [_outlet(outlet) for outlet in message.also[-OUTLETS_MAX:]]
        while sum(map(utf16_len, outlets)) > FIELD_MAX - 150:
            outlets.pop(0)
        more = len(message.also) - len(outlets)
        parts.append(f"also: {', '.join(outlets)}" + (f" and {more} more" if more else ""))
    return "\n".join(parts)


def _outlet(outlet: SourceLink) -> str:
    name = cut(clean(outlet.name), OUTLET_MAX) or "another outlet"
    return fit_link(name, safe_url(outlet.url), OUTLET_LINK_MAX)


def _rule_lines(rules: tuple[FiredRule, ...], limit: int) -> list[str]:
    lines = [_rule_line(rule, limit) for rule in rules[:RULES_MAX]]
    return lines + [f"+{len(rules) - RULES_MAX} more"] * (len(rules) > RULES_MAX)


def _rule_line(rule: FiredRule, limit: int) -> str:
    title = fit(rule.title, min(limit, RULE_TITLE_MAX)) or fit(rule.id, RULE_TITLE_MAX) or "Untitled rule"
    words = fit(", ".join(rule.words[:WORDS_SHOWN]), min(limit - len(title), WORDS_MAX))
    return f"**{title}** — {words}" if words else f"**{title}**"


def _digest_line(line: DigestLine, with_rule: bool) -> str:
    """``with_rule``: it says itself which rule it would stand under."""
    headline = cut(clean(line.headline), DIGEST_HEADLINE_MAX) or UNTITLED
    linked = fit_link(headline, safe_url(line.url), DIGEST_LINK_MAX)
    if line.brief:
        return f"{EMOJI[line.severity]} {linked}"
    gone = f"**Retracted:** {fit(line.retracted, RULE_TITLE_MAX)}" if line.retracted else ""
    rules = ", ".join(rule for rule in line.rules[:WORDS_SHOWN] if with_rule or rule != line.group)
    facts = [gone, fit(line.source, 60), standing(line), _time(line.published, "R"), fit(rules, 120)]
    shown = f"~~{linked}~~" if gone else linked
    new = f"\n{fit(adding(line), NEWS_MAX)}" if line.adds else ""
    return f"{EMOJI[line.severity]} {shown}{new}\n-# {' · '.join(f for f in facts if f)}"


def _heading(group: str) -> str:
    return f"**{fit(group, RULE_TITLE_MAX)}**\n" if group else ""


def _listed(head: str, lines: list[str], total: int, limit: int) -> str:
    """``head`` and as many lines as fit, with the number of those left out."""
    room = limit - utf16_len(head) - len(f"\n\n… and {total:,} more")
    kept: list[str] = []
    for line in lines:
        room -= utf16_len(line) + 1
        if room < 0:
            break
        kept.append(line)
    more = total - len(kept)
    rest = [f"… and {more:,} more"] if more > 0 else []
    return "\n".join([head, "", *kept, *rest]).strip()


def joined(lines: list[str], limit: int, rest: str) -> str:
    """As many whole lines as fit; a line is never cut here, since its markdown would break."""
    kept: list[str] = []
    room = limit - len(rest) - 1
    for line in lines:
        room -= utf16_len(line) + 1
        if room < 0:
            return "\n".join([*kept, rest])
        kept.append(line)
    return "\n".join(kept)


def _plain(*parts: str, url: str = "") -> str:
    """Paragraphs of a message without an embed; ``<...>`` keeps an address from unfurling."""
    lines = [part for part in parts if part]
    if url and sum(map(utf16_len, lines)) + len(url) + len(lines) + 10 <= CONTENT_MAX:
        lines.append(f"<{url}>")
    return joined(lines, CONTENT_MAX - 60, "…")


def _trimmed(embed: Embed) -> Embed:
    """The embed within the limit over all its texts: the last fields go first, then the description's tail."""
    fields = embed.get("fields", [])
    while fields and embed_size(embed) > EMBED_TOTAL_MAX:
        fields.pop()
    if not embed.get("description"):
        embed.pop("description", None)
    return embed


def embed_size(embed: Embed) -> int:
    """Characters that count towards :data:`EMBED_TOTAL_MAX`."""
    texts = [embed.get("title", ""), embed.get("description", "")]
    texts += [text for f in embed.get("fields", []) for text in (f["name"], f["value"])]
    if "footer" in embed:
        texts.append(embed["footer"]["text"])
    return sum(map(utf16_len, texts))


def web_address(url: str, limit: int) -> str:
    """A clean http(s) address within ``limit`` that names a host with a dot, as Discord demands; else nothing."""
    address = safe_url(url)
    host = re.match(r"https?://([^/?#]+)", address)
    if host is None or "." not in host[1] or utf16_len(address) > limit:
        return ""
    return address


def _time(at: datetime, style: str) -> str:
    """A time that Discord shows in the reader's zone."""
    return f"<t:{int(at.timestamp())}:{style}>"
