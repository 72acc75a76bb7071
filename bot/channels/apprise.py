"""The channel ``apprise``: plain text to any of the services that apprise knows. Needs the extra ``apprise``.

apprise says whether a service took a message, and no more: every failure counts as passing and is tried again. It
cannot be read back, so after a crash a message may come twice.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import apprise

from bot.channels.base import Capabilities
from bot.channels.digest_lines import adding, headings
from bot.channels.news_lines import news_lines
from bot.channels.text import clean, clean_block, cut, safe_url
from bot.errors import TransientDeliveryError
from bot.message import Digest, DigestLine, Message, Notice, Receipt
from bot.secret import Secret
from bot.summary import words
from bot.summary.post import SummaryPost

TITLE_MAX = 200  # characters
BODY_MAX = 1_800  # characters; what apprise splits or cuts beyond a service's own limit, it does in the middle of words
LINES_MAX = 15  # alerts of a digest


class AppriseChannel:
    """One apprise address. Its text is a secret and is never shown."""

    capabilities = Capabilities()

    def __init__(self, name: str, url: Secret) -> None:
        """Raises ``ValueError`` if apprise cannot use the address."""
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its messages hold addresses
        self._name = name
        self._service = apprise.Apprise()
        if not self._service.add(url.reveal()):
            raise ValueError("apprise cannot use this url:; https://appriseit.com/services shows how each is written")

    def __repr__(self) -> str:
        return f"AppriseChannel({self._name!r})"

    @property
    def name(self) -> str:
        return self._name

    async def start(self) -> None:
        """There is no connection to open."""

    async def stop(self) -> None:
        """Nor to close."""

    async def post(self, message: Message) -> Receipt:
        return await self._send(message.key, alert_title(message), alert_text(message))

    async def post_digest(self, digest: Digest) -> Receipt:
        return await self._send(digest.key, digest.title, digest_text(digest))

    async def post_notice(self, notice: Notice) -> Receipt:
        return await self._send(notice.key, notice.title, clean_block(notice.text))

    async def post_summary(self, post: SummaryPost) -> Receipt:
        return await self._send(post.key, post.title, summary_text(post))

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        return await self._send(message.key, alert_title(message), alert_text(message, answers=True))

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        return receipt

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        return None

    async def check(self) -> str | None:
        """The address was understood; more cannot be told without posting."""
        return None

    async def _send(self, key: str, title: str, body: str) -> Receipt:
        taken = await self._service.async_notify(
            title=cut(clean(title), TITLE_MAX), body=cut(body, BODY_MAX), body_format=apprise.NotifyFormat.TEXT
        )
        if not taken:
            raise TransientDeliveryError(
                self._name, "apprise could not deliver; check url: in wirewatch.yaml and that the service is up"
            )
        return Receipt(self._name, key, "", datetime.now(UTC))


def alert_title(message: Message) -> str:
    """Severity and headline; of an alert that no longer holds, that."""
    word = "RETRACTED" if message.retracted else message.severity.word.upper()
    return f"{word}: {message.headline}"


def alert_text(message: Message, *, answers: bool = False) -> str:
    """The facts of an alert, a line each; the address first, so that no cut takes it away. ``answers``: it follows an
    earlier one, and says what is new."""
    news = "\n".join(f"- {sentence}" for sentence in news_lines(message.news)) if answers else ""
    outlets = ", ".join(clean(outlet.name) for outlet in message.also)
    told = [
        f"{message.sources:,} independent sources" if message.sources > 1 else "",
        f"also: {outlets}" if outlets else "",
    ]
    countries = " ".join(f"{c.flag} {clean(c.name)}" for c in message.countries)
    rules = ", ".join(clean(rule.title) for rule in message.rules)
    source = " · ".join(filter(None, (clean(message.source), f"{message.published:%d %b %H:%M} UTC")))
    passage = clean("".join(segment.text for segment in message.passage))
    return "\n".join(filter(None, (
        safe_url(message.url), clean(message.retracted), news, passage, countries, source,
        " · ".join(filter(None, told)), rules,
    )))  # fmt: skip


def _line(line: DigestLine) -> str:
    new = cut(adding(line), 120)
    return f"- {cut(clean(line.headline), 100)}{f' ({new})' if new else ''} {safe_url(line.url)}".rstrip()


def digest_text(digest: Digest) -> str:
    """The reason, then a line and an address for each alert, how many there are beyond, and which sources were down."""
    shown = digest.lines[:LINES_MAX]
    lines = [(f"{group}:\n" if group else "") + _line(line) for group, line in zip(headings(shown), shown, strict=True)]
    while lines and len("\n".join(lines)) > BODY_MAX - 360:
        lines.pop()
    more = digest.total - len(lines)
    tail = [f"... and {more} more"] if more > 0 else []
    below = [cut(clean(digest.coverage), 150)] if digest.coverage else []
    return "\n".join([cut(clean(digest.reason), 150), *lines, *tail, *below])


def summary_text(post: SummaryPost) -> str:
    """The period, then a line and an address for each story, as many as there is room for."""
    made = post.summary
    head = f"{words.period(made, post.tz)}: {words.head(made)}"
    lines = [f"{n}. {cut(clean(s.headline), 120)} {safe_url(s.url)}".rstrip() for n, s in enumerate(made.stories, 1)]
    notes = [note for note in (words.left_out(made), *words.footer(made)) if note]
    while lines and len("\n".join([head, *lines, *notes])) > BODY_MAX:
        lines.pop()
    return "\n".join([head, *lines, *notes])
