"""The channel ``console``: alerts as cards in a terminal, as plain paragraphs in a pipe.

A card has a coloured bar on its left and nothing on its right: terminals disagree about the width of flags and of
some scripts, so a closed box would not stay closed. Feed text is put into ``rich.text.Text`` as it is, where neither
``[markup]`` nor ``:emoji:`` codes mean anything, after :func:`~bot.channels.text.clean` took out what drives terminals.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.style import Style
from rich.text import Text

from bot.channels.base import Capabilities
from bot.channels.digest_lines import adding, headed, headings, standing, stories
from bot.channels.news_lines import news_lines
from bot.channels.text import clean, clean_block, clean_segments, cut, cut_segments, graphemes, safe_url
from bot.errors import TransientDeliveryError
from bot.message import CountryTag, Digest, DigestLine, FiredRule, Message, Notice, Receipt, Segment
from bot.model import Severity
from bot.summary.page import page
from bot.summary.post import SummaryPost

# Characters, unless said otherwise. A terminal takes anything; these keep one card on one screen.
HEADLINE_MAX = 300
SOURCE_MAX = 80
PASSAGE_MAX = 1200
RULE_TITLE_MAX = 160
RULE_WORDS_MAX = 240  # of the words of one rule together
RULES_MAX = 8  # rules
COUNTRIES_MAX = 12  # countries
COUNTRY_MAX = 44  # columns; the longest name of CLDR has 43
NOTICE_MAX = 3000
URL_MAX = 2000  # a longer one is shown cut; in a terminal it still opens whole
DIGEST_LINES_MAX = 50  # alerts
NEWS_MAX = 300  # of one sentence
NEWS_LINES_MAX = 8  # sentences
OUTLETS_MAX = 6  # other outlets named, the newest
LISTS_MAX = 4  # watch lists
WIDTH_MAX = 100  # columns: longer lines are hard to read

_BADGES = {
    Severity.INFO: "black on bright_black",
    Severity.LOW: "black on cyan",
    Severity.MEDIUM: "black on yellow",
    Severity.HIGH: "bold white on red",
    Severity.CRITICAL: "bold white on magenta",
}
_BARS = {
    Severity.INFO: "bright_black",
    Severity.LOW: "cyan",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "magenta",
}
_STRONG = "bold yellow"
_LABEL_WIDTH = 7  # columns: "Where" and two spaces
_FLAG_WIDTH = 4  # columns: two letters of double width, where a terminal has no flags


def utc_now() -> datetime:
    """The clock of a channel that is given none."""
    return datetime.now(UTC)


class ConsoleChannel:
    """Prints to ``console`` (standard output by default). Times are shown in ``tz``.

    Cannot be read back, so after a crash one card may be printed twice.
    """

    def __init__(
        self,
        name: str,
        console: Console | None = None,
        *,
        tz: tzinfo = UTC,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._name = name
        self._console = console or Console()
        self._tz = tz
        self._clock = clock
        self._printed = 0

    def __repr__(self) -> str:
        return f"ConsoleChannel({self._name!r})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    async def start(self) -> None:
        """Make sure that no character of a feed can fail to print: an ASCII terminal shows ``?`` instead."""
        file = getattr(self._console.file, "rich_proxied_file", self._console.file)
        if isinstance(file, io.TextIOWrapper) and not file.encoding.lower().startswith("utf"):
            file.reconfigure(errors="replace")

    async def stop(self) -> None:
        """Nothing to close: the stream belongs to whoever passed it."""

    async def post(self, message: Message) -> Receipt:
        return self._print(message.key, alert_card(message, self._clock(), self._tz))

    async def post_digest(self, digest: Digest) -> Receipt:
        return self._print(digest.key, digest_card(digest, self._clock(), self._tz))

    async def post_notice(self, notice: Notice) -> Receipt:
        return self._print(notice.key, notice_card(notice))

    async def post_summary(self, post: SummaryPost) -> Receipt:
        return self._print(post.key, summary_card(post))

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        return self._print(message.key, alert_card(message, self._clock(), self._tz, answers=True))

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        return receipt

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        return None

    async def check(self) -> str | None:
        return "its stream is closed; restart wirewatch" if self._console.file.closed else None

    def _print(self, key: str, card: RenderableType) -> Receipt:
        try:
            self._console.print(card, crop=False)  # a link may be longer than a line
        except (OSError, ValueError) as error:  # full disk behind a redirection; ValueError: the stream is closed
            with contextlib.suppress(OSError, ValueError), self._console.capture():
                pass  # rich keeps what it could not write, and would print it before the next card
            raise TransientDeliveryError(
                self._name, f"cannot write to the terminal ({error}); check where standard output goes"
            ) from error
        self._printed += 1
        return Receipt(self._name, key, str(self._printed), self._clock())


# -- cards ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """One paragraph of a card. ``whole`` lines are left to the terminal to wrap, so that a link can be copied;
    ``pieces`` are set side by side, each unbroken, as many as fit on a line."""

    text: Text
    label: Text | None = None
    whole: bool = False
    pieces: tuple[str, ...] = ()

    def lines(self, width: int) -> list[Text]:
        if self.whole:
            return [self.text]
        if self.pieces:
            return list(_side_by_side(self.pieces, width))
        return _wrap(self.text, width)


@dataclass(frozen=True, slots=True)
class _Card:
    """Rows behind a bar; without the bar where nobody looks at colours."""

    rows: tuple[_Row, ...]
    severity: Severity

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bar = Text("▌ " if not options.ascii_only else "| ", _BARS[self.severity]) if console.is_terminal else Text()
        width = max(20, min(options.max_width, WIDTH_MAX) - len(bar))
        for row in self.rows:
            label = row.label or Text()
            if not console.is_terminal and label.plain.startswith(" ") and not label.plain.isspace():
                label = Text(label.plain.lstrip().rstrip() + "  ")  # a badge without its colour
            indent = cell_len(label.plain)
            for i, line in enumerate(row.lines(width - indent)):
                lead = label if i == 0 else Text(" " * indent)
                out = Text.assemble(bar, lead, line)
                if not line.plain:
                    out.rstrip()
                yield Text("", no_wrap=True, overflow="ignore", end="\n").append_text(out)
        yield Text()


def _wrap(text: Text, width: int) -> list[Text]:
    """Lines of at most ``width`` columns, broken between words, within an endless word between graphemes. (rich's own
    wrapping breaks flags and Indic syllables in two.)"""
    breaks: list[int] = []
    used = 0
    for word in re.finditer(r"\S+\s*|\s+", text.plain):
        taken = cell_len(word[0].rstrip())
        if used and used + taken > width:
            breaks.append(word.start())
            used = 0
        if taken <= width:
            used += cell_len(word[0])
            continue
        at = word.start()
        for cluster in graphemes(word[0]):
            if used + cell_len(cluster) > width and not cluster.isspace():
                breaks.append(at)
                used = 0
            used += cell_len(cluster)
            at += len(cluster)
    lines = list(text.divide(breaks))
    for line in lines:
        line.rstrip()
    return lines


def _side_by_side(pieces: Iterable[str], width: int) -> Iterator[Text]:
    """Lines of pieces; a flag counts as wide as a terminal without flags draws its two letters."""
    line, used = "", 0
    for piece in pieces:
        taken = cell_len(piece) + (_FLAG_WIDTH - 2 if piece[:1] >= "\U0001f1e6" else 0)
        if line and used + 3 + taken > width:
            yield Text(line)
            line, used = "", 0
        line, used = (f"{line}   {piece}", used + 3 + taken) if line else (piece, taken)
    yield Text(line)


def alert_card(message: Message, now: datetime, tz: tzinfo, *, answers: bool = False) -> RenderableType:
    """An alert: severity and headline, source and time, the passage, why it fired, where, who else has it, the link.
    ``answers``: it follows an earlier one, and says first what is new."""
    headline = cut(clean(message.headline), HEADLINE_MAX) or "(no headline)"
    style = "bold strike" if message.retracted else "bold"
    rows = [_Row(Text(headline, style), _badge(message.severity.name, message.severity))]
    if message.retracted:
        reason = cut(clean(message.retracted), HEADLINE_MAX)
        rows.append(_Row(Text.assemble(("Retracted: ", "bold"), reason)))
    if answers:
        news = (cut(sentence, NEWS_MAX) for sentence in news_lines(message.news)[:NEWS_LINES_MAX])
        rows += [_Row(Text(sentence), Text("• ")) for sentence in news]
    source = cut(clean(message.source), SOURCE_MAX)
    rows.append(_Row(_dotted([source, *_when(message.published, now, tz, dated=message.dated)])))
    if passage := cut_segments(clean_segments(message.passage), PASSAGE_MAX):
        rows += [_Row(Text()), _Row(Text.assemble(*((s.text, _STRONG if s.strong else "") for s in passage)))]
    details = [
        *_labelled("Why", _why(message.rules, message.severity)),
        *_where(message.countries),
        *_labelled("Also", _development(message, now)),
        *_labelled("Lists", _lists(message.lists)),
        *_labelled("Link", _link(message.url), whole=True),
    ]
    if details:
        rows += [_Row(Text()), *details]
    return _Card(tuple(rows), message.severity)


def digest_card(digest: Digest, now: datetime, tz: tzinfo) -> RenderableType:
    """Several stories: each with its severity, headline, source, age and link."""
    severity = max((line.severity for line in digest.lines), default=Severity.INFO)
    title = Text(cut(clean(digest.title), HEADLINE_MAX) or "Digest", "bold")
    title.append(f" · {stories(digest.total)}", "not bold")
    rows = [_Row(title, _badge("DIGEST", severity))]
    if reason := cut(clean(digest.reason), HEADLINE_MAX):
        rows.append(_Row(Text(reason, "dim")))
    shown = digest.lines[:DIGEST_LINES_MAX]
    for group, line in zip(headings(shown), shown, strict=True):
        rows.append(_Row(Text()))
        if group:
            rows.append(_Row(Text(cut(group, RULE_TITLE_MAX), "bold")))
        rows += _digest_rows(line, now, tz, with_rule=not headed(shown))
    if digest.total > len(shown):
        rows += [_Row(Text()), _Row(Text(f"… and {digest.total - len(shown):,} more", "dim"))]
    if coverage := cut(clean(digest.coverage), HEADLINE_MAX):
        rows += [_Row(Text()), _Row(Text(coverage, "dim"))]
    return _Card(tuple(rows), severity)


def notice_card(notice: Notice) -> RenderableType:
    """A word to the operators."""
    word = "NOTICE" if notice.severity is Severity.INFO else notice.severity.name
    title = Text(cut(clean(notice.title), HEADLINE_MAX) or "Notice", "bold")
    rows = [_Row(title, _badge(word, notice.severity))]
    rows += [_Row(Text(line)) for line in cut(clean_block(notice.text), NOTICE_MAX).split("\n") if line]
    return _Card(tuple(rows), notice.severity)


def summary_card(post: SummaryPost) -> RenderableType:
    """The stories of a period, as ``wirewatch summary`` prints them."""
    head, *lines = page(post.summary, post.tz)
    severity = max((story.severity for story in post.summary.stories), default=Severity.INFO)
    rows = [_Row(head, _badge("SUMMARY", severity)), *(_Row(one) for one in lines if one.plain)]
    return _Card(tuple(rows), severity)


def _badge(word: str, severity: Severity) -> Text:
    return Text.assemble((f" {word} ", _BADGES[severity]), "  ")


def _digest_rows(line: DigestLine, now: datetime, tz: tzinfo, *, with_rule: bool) -> Iterable[_Row]:
    mark = Text(f"{line.severity.name:<8}  ", _BARS[line.severity])
    indent = Text(" " * cell_len(mark.plain))
    yield _Row(Text(cut(clean(line.headline), HEADLINE_MAX) or "(no headline)", "bold"), mark)
    rules = cut(
        ", ".join(clean(rule) for rule in line.rules if rule and (with_rule or rule != line.group)), RULE_TITLE_MAX
    )
    gone = f"retracted: {cut(clean(line.retracted), RULE_TITLE_MAX)}" if line.retracted else ""
    source = cut(clean(line.source), SOURCE_MAX)
    if new := adding(line):
        yield _Row(Text(cut(new, NEWS_MAX)), indent)
    yield _Row(_dotted([gone, source, standing(line), *_when(line.published, now, tz)[:1], rules]), indent)
    if link := _link(line.url):
        yield _Row(link[0], indent, whole=True)


def _dotted(parts: Iterable[str]) -> Text:
    return Text(" · ".join(filter(None, parts)), "dim")


def _labelled(label: str, lines: Iterable[Text], *, whole: bool = False) -> Iterable[_Row]:
    for i, line in enumerate(lines):
        yield _Row(line, _label("" if i else label), whole)


def _label(word: str) -> Text:
    return Text(f"{word:<{_LABEL_WIDTH}}", "dim")


def _why(rules: tuple[FiredRule, ...], severity: Severity) -> Iterable[Text]:
    for rule in rules[:RULES_MAX]:
        line = Text(cut(clean(rule.title), RULE_TITLE_MAX) or clean(rule.id))
        if rule.severity is not severity:
            line.append(f" ({rule.severity.word})", _BARS[rule.severity])
        line.append_text(_words(rule.words))
        yield line
    if len(rules) > RULES_MAX:
        yield Text(f"… and {len(rules) - RULES_MAX} more rules", "dim")


def _words(words: Iterable[str]) -> Text:
    """``: arms deal, North Korea``; nothing where there are none."""
    out = Text()
    for segment in cut_segments(
        [s for w in words for s in (Segment(", "), Segment(clean(w), True))][1:], RULE_WORDS_MAX
    ):
        out.append(segment.text, _STRONG if segment.strong else "dim")
    return Text.assemble((": ", "dim"), out) if out else out


def _where(countries: tuple[CountryTag, ...]) -> Iterable[_Row]:
    if not countries:
        return
    names = [
        (clean(c.flag), cut(clean(c.name) or clean(c.code), COUNTRY_MAX, units=cell_len))
        for c in countries[:COUNTRIES_MAX]
    ]
    pieces = [f"{flag} {name}".strip() for flag, name in names]
    if len(countries) > COUNTRIES_MAX:
        pieces.append(f"… and {len(countries) - COUNTRIES_MAX} more")
    yield _Row(Text(), _label("Where"), pieces=tuple(pieces))


def _development(message: Message, now: datetime) -> Iterable[Text]:
    """How the story went on; nothing for an alert that stands alone."""
    also = [cut(clean(outlet.name), SOURCE_MAX) for outlet in message.also[-OUTLETS_MAX:]]
    more = len(message.also) - len(also)
    parts = [", ".join(filter(None, also)) + (f" and {more} more" if more else "")]
    if message.sources > 1:
        parts.append(f"{message.sources:,} sources")
    if message.updated_at is not None:
        parts.append(f"updated {age(now - message.updated_at)}")
    if any(parts):
        yield Text(" · ".join(filter(None, parts)))


def _lists(names: tuple[str, ...]) -> Iterable[Text]:
    shown = [cut(clean(name), SOURCE_MAX) for name in names[:LISTS_MAX]]
    if any(shown):
        yield Text(", ".join(filter(None, shown)), "dim")


def _link(url: str) -> list[Text]:
    address = safe_url(url)
    return [Text(cut(address, URL_MAX), Style(underline=True, color="blue", link=address))] if address else []


# -- times ----------------------------------------------------------------------------------------------------------


def _when(published: datetime, now: datetime, tz: tzinfo, *, dated: bool = True) -> list[str]:
    local = published.astimezone(tz)
    absolute = f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}".strip()
    if not dated:
        return [f"undated, first seen {age(now - published)}", absolute]
    return [age(now - published), absolute]


def age(since: timedelta) -> str:
    """``12 min ago``. Rounded down; below a minute, or in the future, ``just now``."""
    minutes = int(since.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // (24 * 60)} days ago"
