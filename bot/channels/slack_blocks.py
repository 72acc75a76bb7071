"""Messages as Block Kit: pure, and the only place that knows Slack's lengths.

mrkdwn cannot hold foreign text: ``* _ ~ ` :smile:`` and a leading ``>`` have no escape. So feed text travels in
``rich_text`` elements and in ``plain_text`` with ``emoji`` off, where every character means itself and emphasis and
links are properties beside the text. mrkdwn is left for one thing, a date token of our own making. The ``text`` of a
message (notifications, screen readers) is escaped and sent with ``mrkdwn`` off.

Severity is an emoji, not the coloured bar of an attachment: seen side by side the bar is prettier, but Slack folds
long attachments behind "Show more", leaves them out of search and of many notifications, and calls them legacy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from bot.channels.buttons import ALERT_VERBS, DIGEST_VERBS, LABELS, REPLY_VERBS, Button, Verb, button_id, buttons
from bot.channels.digest_lines import adding, headed, headings, standing, stories
from bot.channels.news_lines import news_lines
from bot.channels.slack_limits import ALT_TEXT_MAX, IMAGE_URL_MAX, TOTAL_MAX
from bot.channels.slack_pieces import FLAG, date_element, date_token, flag_element, literal
from bot.channels.text import clean, clean_block, clean_segments, cut, cut_segments, safe_url
from bot.message import CountryTag, Digest, DigestLine, Message, Notice, Segment, SourceLink
from bot.model import Severity

Block = dict[str, Any]
Element = dict[str, Any]
Style = dict[str, bool]


# What reads well, in characters; all below what bot.channels.slack_limits has.
BUTTON_URL_MAX: Final = 1000  # Slack takes 3000; it stands on the headline too
TEXT_MAX: Final = 1500  # the notification, escaped
HEADLINE_MAX: Final = 300
PASSAGE_MAX: Final = 1000
SOURCE_MAX: Final = 80
COUNTRY_MAX: Final = 50  # the longest name of CLDR has 43
COUNTRIES_MAX: Final = 12  # countries
RULE_TITLE_MAX: Final = 120
RULES_MAX: Final = 6  # rules
TITLE_MAX: Final = 200  # of a digest or notice
REASON_MAX: Final = 400
NOTICE_MAX: Final = 2500
DIGEST_HEADLINE_MAX: Final = 160
DIGEST_URL_MAX: Final = 600
DIGEST_LINES_MAX: Final = 40  # alerts
OUTLET_MAX: Final = 40
OUTLET_URL_MAX: Final = 600
OUTLETS_MAX: Final = 6  # other outlets named, the newest
NEWS_MAX: Final = 240  # of one sentence
NEWS_LINES_MAX: Final = 6  # sentences
LIST_MAX: Final = 60
LISTS_MAX: Final = 4  # watch lists

METADATA_TYPE: Final = "wirewatch_delivery"

SEVERITY_EMOJI: Final = {
    Severity.INFO: ("large_blue_circle", "1f535"),
    Severity.LOW: ("large_yellow_circle", "1f7e1"),
    Severity.MEDIUM: ("large_orange_circle", "1f7e0"),
    Severity.HIGH: ("red_circle", "1f534"),
    Severity.CRITICAL: ("rotating_light", "1f6a8"),
}


class Metadata(TypedDict):
    """What travels with a post, unseen: https://docs.slack.dev/messaging/message-metadata"""

    event_type: str
    event_payload: dict[str, str]


class Payload(TypedDict):
    """What ``chat.postMessage`` and ``chat.update`` have in common."""

    text: str
    blocks: list[Block]
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Look:
    """What a channel asks of its alerts. ``image``: show the picture. ``clicks``: somebody answers the buttons; without
    it only the link is there. ``groups`` are the ids of user groups that are called, and nobody else."""

    image: bool = False
    clicks: bool = True
    groups: tuple[str, ...] = ()


def alert_payload(message: Message, look: Look = Look(), *, answers: bool = False) -> Payload:
    """An alert: headline, passage, countries, other outlets, what fired, where and when it was read, the picture, the
    buttons. ``answers``:
    it stands in the thread of an earlier one, and says first what is new."""
    for room in _ROOMS:  # many short bold words or long addresses: markup outweighs text
        blocks = _alert_blocks(message, look, room, answers)
        if size(blocks) <= TOTAL_MAX:
            break
    headline = clean(message.headline)
    fallback = clean(message.fallback) or f"{message.severity.word.upper()}: {headline or clean(message.source)}"
    if message.retracted:
        fallback = f"RETRACTED: {headline} ({clean(message.retracted)})"
    elif answers and message.news:
        fallback = " · ".join((*news_lines(message.news)[:1], fallback))
    return _payload(fallback, blocks, message.key)


def digest_payload(digest: Digest, look: Look = Look()) -> Payload:
    """A digest: as many lines as there is room for, and how many stories there are in all."""
    foot = _actions(buttons(DIGEST_VERBS if look.clicks else (), digest.key), digest.key)
    title = cut(clean(digest.title), TITLE_MAX) or "Digest"
    count = len(digest.lines)
    total = max(digest.total, count)
    head = [_section(_bold(title), _text(f" · {stories(total)}")), *_sections(cut(clean(digest.reason), REASON_MAX))]
    shown = digest.lines[:DIGEST_LINES_MAX]
    rules = not headed(shown)
    lines = [[*_heading(group), _digest_line(line, rules)] for group, line in zip(headings(shown), shown, strict=True)]
    coverage = cut(clean(digest.coverage), REASON_MAX)
    blocks = _digest_blocks(head, lines, total, coverage) + foot
    while lines and size(blocks) > TOTAL_MAX:
        lines.pop()
        blocks = _digest_blocks(head, lines, total, coverage) + foot
    return _payload(f"{title}: {stories(total)}", blocks, digest.key)


def notice_payload(notice: Notice) -> Payload:
    """A word to the operators."""
    title = cut(clean(notice.title), TITLE_MAX) or "Wirewatch"
    body = cut(clean_block(notice.text), NOTICE_MAX)
    elements = [_section(_severity(notice.severity), _text(" "), _bold(title)), *_sections(body)]
    text = f"{title}: {clean(notice.text)}" if body else title
    return _payload(text, [{"type": "rich_text", "elements": elements}], notice.key)


def metadata(key: str) -> Metadata:
    """The delivery key as message metadata."""
    return {"event_type": METADATA_TYPE, "event_payload": {"key": key}}


def without_images(blocks: Sequence[Block]) -> list[Block]:
    """The same message for a Slack that could not download a picture."""
    return [block for block in blocks if block["type"] != "image"]


def size(blocks: Sequence[Block]) -> int:
    """Bytes of JSON: the most pessimistic reading of Slack's undocumented count."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")).encode())


def escape(text: str) -> str:
    """The three characters that Slack's ``text`` reserves."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True, slots=True)
class _Room:
    """How much of an alert is shown: characters of the passage, outlets, sentences, countries, rules; the picture."""

    passage: int = PASSAGE_MAX
    outlets: int = OUTLETS_MAX
    news: int = NEWS_LINES_MAX
    countries: int = COUNTRIES_MAX
    rules: int = RULES_MAX
    picture: bool = True


_ROOMS: Final = (
    _Room(),
    _Room(passage=500),
    _Room(passage=250),
    _Room(passage=250, outlets=2, news=3),
    _Room(passage=120, outlets=1, news=2, countries=6, rules=3, picture=False),
    _Room(passage=60, outlets=0, news=1, countries=3, rules=1, picture=False),
)
"""Ever less; the last one fits whatever an alert holds."""


def calls_somebody(part: object) -> bool:
    """Whether blocks, as Slack gives them back, mention a user group."""
    if isinstance(part, dict):
        return part.get("type") == "usergroup" or any(map(calls_somebody, part.values()))
    return isinstance(part, list) and any(map(calls_somebody, part))


# -- alert ----------------------------------------------------------------------------------------------------------


def _alert_blocks(message: Message, look: Look, room: _Room, answers: bool) -> list[Block]:
    url = _link_target(message.url, IMAGE_URL_MAX)
    headline = cut(clean(message.headline), HEADLINE_MAX)
    calls = [part for group in look.groups for part in ({"type": "usergroup", "usergroup_id": group}, _text(" "))]
    style = _BOLD | _STRIKE if message.retracted else _BOLD
    elements = [_section(*calls, _severity(message.severity), _text(" "), *_headline(headline, url, style))]
    if message.retracted:
        elements.append(_section(_bold("Retracted: "), _text(cut(clean(message.retracted), REASON_MAX) or "withdrawn")))
    if answers and (news := list(_news(message.news, room.news))):
        elements.append({"type": "rich_text_list", "style": "bullet", "elements": news})
    if passage := cut_segments(clean_segments(message.passage), room.passage):
        elements.append({"type": "rich_text_quote", "elements": [_segment(s) for s in passage if s.text]})
    if message.countries:
        elements.append(_section(*_countries(message.countries, room.countries)))
    if message.also or message.sources > 1:
        elements.append(_section(*_others(message, room.outlets)))
    blocks: list[Block] = [{"type": "rich_text", "elements": elements}, *_facts(message, room.rules)]
    wanted = look.image and room.picture and not message.retracted
    if wanted and (picture := _link_target(message.image, IMAGE_URL_MAX)):
        alt = cut(headline or "Picture of the article", ALT_TEXT_MAX)
        blocks.append({"type": "image", "image_url": picture, "alt_text": alt})
    verbs = REPLY_VERBS if answers else ALERT_VERBS
    shown = buttons(verbs if look.clicks else (), message.key, useful=message.useful, noise=message.noise)
    return blocks + _actions(shown, message.key, _link_target(message.url, BUTTON_URL_MAX))


def _actions(shown: Iterable[Button], key: str, url: str = "") -> list[Block]:
    """The row of buttons; none where there is nothing to click."""
    row: list[Element] = [
        {"type": "button", "action_id": button.id, "text": {"type": "plain_text", "text": button.label, "emoji": True}}
        for button in shown
    ]
    if url:
        label = {"type": "plain_text", "text": LABELS[Verb.OPEN], "emoji": True}
        row.append({"type": "button", "action_id": button_id(Verb.OPEN, key), "text": label, "url": url})
    return [{"type": "actions", "elements": row}] if row else []


def _news(news: Sequence[str], most: int) -> Iterable[Element]:
    for sentence in news_lines(news)[:most]:
        yield from _sections(cut(sentence, NEWS_MAX))


def _others(message: Message, most: int) -> Iterable[Element]:
    """Who else has the story: how many independent sources, and the other outlets."""
    if message.sources > 1:
        yield _text(f"{message.sources:,} independent sources{' · ' if message.also else ''}")
    if message.also:
        yield from (_text("also: "), *_outlets(message.also, most))


def _outlets(also: Sequence[SourceLink], most: int) -> Iterable[Element]:
    """The newest, in the order of their reports."""
    shown = also[-most:] if most else ()
    for i, outlet in enumerate(shown):
        if i:
            yield _text(", ")
        name = cut(clean(outlet.name), OUTLET_MAX) or "another outlet"
        url = _link_target(outlet.url, OUTLET_URL_MAX)
        yield {"type": "link", "url": url, "text": name} if url else _text(name)
    if len(also) > most:
        yield _text(f"{' and ' if shown else ''}{len(also) - most} more")


def _facts(message: Message, most: int) -> list[Block]:
    """Two grey lines: what fired; where and when it was read. Each a block of its own, so that no time stands alone
    on a third."""
    rules = [cut(clean(rule.title) or clean(rule.id), RULE_TITLE_MAX) for rule in message.rules[:most]]
    more = len(message.rules) - most
    lists = [cut(clean(name), LIST_MAX) for name in message.lists[:LISTS_MAX]]
    fired = [
        message.severity.word.upper(),
        *rules,
        f"{more} more {'rule' if more == 1 else 'rules'}" if more > 0 else "",
        *(f"list: {name}" for name in lists if name),
    ]
    source = cut(clean(message.source), SOURCE_MAX)
    before = " · ".join(filter(None, (source, "" if message.dated else "undated, seen")))
    read = [literal(f"{before} ·" if message.dated else before)] if before else []
    read.append(date_token(message.published))
    if message.updated_at is not None:
        read += [literal("· updated"), date_token(message.updated_at)]
    lines = ([literal(" · ".join(filter(None, fired)))], read)
    return [{"type": "context", "elements": line} for line in lines]


def _headline(headline: str, url: str, style: Style) -> list[Element]:
    if url:
        return [{"type": "link", "url": url, "text": headline or cut(url, DIGEST_HEADLINE_MAX), "style": style}]
    return [{"type": "text", "text": headline or "(no headline)", "style": style}]


def _countries(countries: Sequence[CountryTag], most: int) -> Iterable[Element]:
    for i, country in enumerate(countries[:most]):
        if i:
            yield _text("  ·  ")
        yield _flag(country)
        yield _text(f" {cut(clean(country.name) or clean(country.code), COUNTRY_MAX)}")
    if len(countries) > most:
        yield _text(f"  ·  {len(countries) - most} more")


def _flag(country: CountryTag) -> Element:
    """What is no flag stays a character."""
    if FLAG.fullmatch(country.flag):
        return flag_element(country.flag)
    return _text(cut(clean(country.flag), 8) or "\N{WAVING WHITE FLAG}")


# -- digest ---------------------------------------------------------------------------------------------------------


def _digest_blocks(
    head: Sequence[Element], lines: Sequence[Sequence[Element]], total: int, coverage: str
) -> list[Block]:
    """``lines``: the elements of each story. ``coverage`` stands below, where it disturbs nobody."""
    elements = [*head, *(element for line in lines for element in line)]
    blocks: list[Block] = [{"type": "rich_text", "elements": elements}]
    shown = "" if len(lines) == total else f"{len(lines)} of {stories(total)} shown"
    if small := " · ".join(filter(None, (shown, coverage))):
        blocks.append({"type": "context", "elements": [literal(small)]})
    return blocks


def _heading(group: str) -> list[Element]:
    return [_section(_bold(cut(group, RULE_TITLE_MAX)))] if group else []


def _digest_line(line: DigestLine, rule: bool) -> Element:
    """``rule``: it says itself which rule fired."""
    headline = cut(clean(line.headline), DIGEST_HEADLINE_MAX)
    link = _headline(headline, _link_target(line.url, DIGEST_URL_MAX), _STRIKE if line.retracted else {})
    for part in link:
        if not part["style"]:
            del part["style"]
    if line.brief:
        return _section(_severity(line.severity), _text(" "), *link)
    gone = f"retracted: {cut(clean(line.retracted), RULE_TITLE_MAX)}" if line.retracted else ""
    fired = cut(clean(line.group), RULE_TITLE_MAX) if rule else ""
    facts = " · ".join(filter(None, (gone, fired, cut(clean(line.source), SOURCE_MAX), standing(line))))
    date = date_element(line.published)
    new = cut(adding(line), NEWS_MAX)
    below = "".join((f"\n{new}" if new else "", f"\n{facts} · " if facts else "\n"))
    return _section(_severity(line.severity), _text(" "), *link, _text(below), date)


# -- pieces ---------------------------------------------------------------------------------------------------------

_BOLD: Final[Style] = {"bold": True}
_STRIKE: Final[Style] = {"strike": True}


def _payload(text: str, blocks: list[Block], key: str) -> Payload:
    shown = cut(text, TEXT_MAX, units=lambda part: len(escape(part)))
    return {"text": escape(shown), "blocks": blocks, "metadata": metadata(key)}


def _text(text: str) -> Element:
    return {"type": "text", "text": text}


def _bold(text: str) -> Element:
    return {"type": "text", "text": text, "style": _BOLD}


def _segment(segment: Segment) -> Element:
    return _bold(segment.text) if segment.strong else _text(segment.text)


def _section(*elements: Element) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def _sections(text: str) -> list[Element]:
    """Foreign text in a section of its own; nothing where it is empty, since Slack refuses empty elements."""
    return [_section(_text(text))] if text else []


def _severity(severity: Severity) -> Element:
    name, points = SEVERITY_EMOJI[severity]
    return {"type": "emoji", "name": name, "unicode": points}


def _link_target(url: str, limit: int) -> str:
    safe = safe_url(url)
    return safe if len(safe) <= limit else ""
