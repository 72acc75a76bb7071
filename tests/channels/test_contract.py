"""The contract itself: a channel that does everything right passes, and each fault of a sloppy one is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.channels.base import Capabilities, Channel
from bot.channels.text import clean, clean_block, clean_segments, cut, cut_segments, safe_url
from bot.errors import PermanentDeliveryError, TransientDeliveryError
from bot.message import Digest, Message, Notice, Receipt
from bot.summary.post import SummaryPost
from tests.channels.contract import (
    AT,
    PERMANENT,
    RETRY_AFTER_S,
    TRANSIENT,
    ChannelContract,
    Fault,
    Harness,
    Seen,
)

TOKEN = "xoxb-t0ken"


@dataclass
class Board:
    """What hangs on the wall, by key; and what is wrong with the wall."""

    posts: dict[str, Seen] = field(default_factory=dict)
    fault: Fault | None = None


class BoardChannel:
    """Pins posts to a :class:`Board`, readable and editable. ``flaws`` name what it does badly."""

    def __init__(self, board: Board, flaws: frozenset[str]) -> None:
        self.board = board
        self.flaws = flaws
        self.name = "board"
        self.capabilities = Capabilities(readable=True, edits=True)
        self.live = False

    def __repr__(self) -> str:
        return f"BoardChannel({TOKEN if 'secret in repr' in self.flaws else ''})"

    async def start(self) -> None:
        if self.live and "starts once" in self.flaws:
            raise RuntimeError("already started")
        self.live = True

    async def stop(self) -> None:
        self.live = False

    def _text(self, text: str, limit: int = 600) -> str:
        text = text if "raw text" in self.flaws else clean(text)
        return text[: limit + 2] if "cuts anywhere" in self.flaws else cut(text, limit)

    def _url(self, url: str) -> tuple[str, ...]:
        address = url if "any link" in self.flaws else safe_url(url)
        return (address,) if address else ()

    def _pin(self, key: str, seen: Seen) -> Receipt:
        flaws, fault = self.flaws, self.board.fault
        if fault in PERMANENT and "retries everything" not in flaws:
            shown = TOKEN if "secret in error" in flaws else "***"
            raise PermanentDeliveryError(
                self.name, f"refused {shown}", remedy="" if "no remedy" in flaws else "call us"
            )
        if fault:
            wait = RETRY_AFTER_S if fault is Fault.RATE_LIMITED and "ignores retry-after" not in flaws else None
            raise TransientDeliveryError(self.name, "later", retry_after_s=wait)
        if "refuses long ones" in flaws and len(seen.text) > 2000:
            raise PermanentDeliveryError(self.name, "too long", remedy="write less")
        self.board.posts[key] = seen
        return Receipt(self.name, key, f"pin-{key}", AT)

    async def post(self, message: Message) -> Receipt:
        text = self._text
        passage = cut_segments(clean_segments(message.passage), 600)
        parts = [text(message.headline), message.severity.word, f"{message.published:%H:%M}", text(message.source)]
        parts += ["".join(s.text for s in passage)]
        parts += [f"{c.flag} {text(c.name, 60)}" for c in message.countries[:10] if "no countries" not in self.flaws]
        parts += [text(r.title, 120) for r in message.rules[:5]]
        live = tuple(p for p in parts if "pings" in self.flaws and ("@everyone" in p or "<!channel>" in p))
        strong = tuple(s.text for s in passage if s.strong)
        return self._pin(message.key, Seen("\n".join(parts), self._url(message.url), strong, live))

    async def post_digest(self, digest: Digest) -> Receipt:
        lines = [self._text(line.headline, 100) for line in digest.lines[:10]]
        links = tuple(link for line in digest.lines[:10] for link in self._url(line.url))
        count = len(lines) if "miscounts" in self.flaws else digest.total
        head = [self._text(digest.title), self._text(digest.reason), str(count), self._text(digest.coverage)]
        head += [self._text(words) for line in digest.lines[:10] for words in (line.group, *line.adds)]
        return self._pin(digest.key, Seen("\n".join(head + lines), links))

    async def post_notice(self, notice: Notice) -> Receipt:
        return self._pin(notice.key, Seen(f"{self._text(notice.title)}\n{cut(clean_block(notice.text), 600)}"))

    async def post_summary(self, post: SummaryPost) -> Receipt:
        made = post.summary
        lines = [self._text(story.headline, 100) for story in made.stories]
        links = tuple(link for story in made.stories for link in self._url(story.url))
        head = [self._text(post.title), str(made.alerts), made.coverage]
        return self._pin(post.key, Seen("\n".join(head + lines), links))

    async def reply(self, to: Receipt, message: Message) -> Receipt:
        return await self.post(message)

    async def edit(self, receipt: Receipt, message: Message) -> Receipt:
        return receipt if "edits nothing" in self.flaws else await self.post(message)

    async def find(self, key: str) -> Receipt | None:
        found = key in self.board.posts and "finds nothing" not in self.flaws
        return Receipt(self.name, key, f"pin-{key}", AT) if found or "finds all" in self.flaws else None

    async def check(self) -> str | None:
        return None


class BoardHarness:
    secrets = (TOKEN,)
    faults = frozenset([*TRANSIENT, *PERMANENT])

    def __init__(self, *flaws: str) -> None:
        self.board = Board()
        self.flaws = frozenset(flaws)

    def make(self, timeout_s: float = 0.0) -> Channel:
        return BoardChannel(self.board, self.flaws)

    async def seen(self) -> list[Seen]:
        return list(self.board.posts.values())

    def fail(self, fault: Fault) -> None:
        self.board.fault = fault

    def heal(self) -> None:
        self.board.fault = None


class TestBoardContract(ChannelContract):
    """The reference passes: no test asks for more than the port promises."""

    @pytest.fixture
    def harness(self) -> Harness:
        return BoardHarness()


contract = ChannelContract()
MENTION = "@everyone <!channel>"
CAUGHT: list[tuple[str, Callable[..., Any], tuple[object, ...]]] = [
    ("raw text", contract.test_invisible_tricks_do_not_reach_the_screen, ()),
    ("cuts anywhere", contract.test_overlong_alert_is_cut_at_words_and_never_lost, ()),
    ("refuses long ones", contract.test_overlong_alert_is_cut_at_words_and_never_lost, ()),
    ("any link", contract.test_only_clean_http_links_are_links, ("javascript:alert(1)",)),
    ("no countries", contract.test_alert_shows_all_there_is_to_know, ()),
    ("pings", contract.test_hostile_text_is_shown_as_text, (MENTION,)),
    ("miscounts", contract.test_digest_too_long_to_list_still_counts_everything, ()),
    ("retries everything", contract.test_fault_gets_its_verdict_and_recovery_works, (Fault.NOT_FOUND,)),
    ("ignores retry-after", contract.test_fault_gets_its_verdict_and_recovery_works, (Fault.RATE_LIMITED,)),
    ("no remedy", contract.test_fault_gets_its_verdict_and_recovery_works, (Fault.FORBIDDEN,)),
    ("secret in error", contract.test_fault_gets_its_verdict_and_recovery_works, (Fault.UNAUTHORIZED,)),
    ("secret in repr", contract.test_no_secret_in_any_text_form_of_the_channel, ()),
    ("finds nothing", contract.test_find_is_honest, ()),
    ("finds all", contract.test_find_is_honest, ()),
    ("edits nothing", contract.test_edit_is_honest, ()),
]


@pytest.mark.parametrize(("flaw", "test", "arguments"), CAUGHT, ids=[flaw for flaw, _, _ in CAUGHT])
async def test_contract_catches(flaw: str, test: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    sloppy = BoardHarness(flaw)
    with pytest.raises((AssertionError, TypeError, PermanentDeliveryError)):
        await test(sloppy, sloppy.make(), *arguments)
    sound = BoardHarness()
    await test(sound, sound.make(), *arguments)


async def test_contract_catches_a_channel_that_starts_only_once() -> None:
    with pytest.raises(RuntimeError):
        await contract.test_start_and_stop_may_be_called_twice(BoardHarness("starts once"))
