"""The console channel: the contract on an emulated terminal and in a pipe, and what only a terminal can get wrong."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.channels.base import Channel
from bot.channels.console import WIDTH_MAX, ConsoleChannel, age, alert_card, digest_card, notice_card
from bot.channels.text import clean, graphemes
from bot.errors import TransientDeliveryError
from bot.flags import country_tag
from bot.message import FiredRule, Notice, Segment
from bot.model import Severity
from tests.channels.contract import AT, HOSTILE, MESSAGE, NOTICE, ChannelContract, Fault, Harness, Seen, digest

NOW = AT + timedelta(minutes=12)
_SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m|\x1b\]8;[^;]*;([^\x1b]*)\x1b\\")


def on_screen(output: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Text, links and bold stretches of terminal output. Any sequence but colour and link is left in the text, where
    the contract finds it."""
    text: list[str] = []
    links: list[str] = []
    strong: list[str] = []
    bold = False
    at = 0
    for sequence in [*_SEQUENCE.finditer(output), None]:
        part = output[at : sequence.start() if sequence else len(output)]
        text.append(part)
        if bold:
            strong.append(part)
        if sequence is None:
            break
        at = sequence.end()
        if sequence[1] is not None:
            codes = sequence[1].split(";")
            bold = "1" in codes[:1] or (bold and sequence[1] not in ("", "0"))
        elif sequence[2] and sequence[2] not in links:
            links.append(sequence[2])
    return re.sub(r"^▌ ?", "", "".join(text), flags=re.MULTILINE), tuple(links), tuple(strong)


class ConsoleHarness:
    secrets: tuple[str, ...] = ()
    faults: frozenset[Fault] = frozenset()

    def __init__(self, width: int) -> None:
        self.file = io.StringIO()
        self.console = Console(file=self.file, width=width, force_terminal=True, color_system="truecolor")

    def make(self, timeout_s: float = 0.0) -> Channel:
        return ConsoleChannel("console", self.console, clock=lambda: NOW)

    async def seen(self) -> list[Seen]:
        """Cards end with an empty line without a bar; nothing else prints one in a terminal."""
        cards = [c for c in re.split(r"(?:(?<=\n)|^)\n", self.file.getvalue()) if c.strip()]
        return [Seen(*on_screen(card)) for card in cards]

    def fail(self, fault: Fault) -> None:
        raise AssertionError("a terminal does not fail")

    def heal(self) -> None:
        pass


class TestConsoleContract(ChannelContract):
    @pytest.fixture(params=[60, 80, 120])
    def harness(self, request: pytest.FixtureRequest) -> Harness:
        return ConsoleHarness(request.param)


def printed(card: object, *, width: int = 80, terminal: bool = False, **options: object) -> str:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=terminal, **options).print(card, crop=False)  # type: ignore[arg-type]
    return file.getvalue()


# -- what a card looks like -----------------------------------------------------------------------------------------


def test_card_in_a_pipe_is_plain_text() -> None:
    """The golden card."""
    message = replace(
        MESSAGE,
        rules=(*MESSAGE.rules, FiredRule("shells", "Ammunition transfers", Severity.MEDIUM, ("artillery shells",))),
    )
    assert printed(alert_card(message, NOW, ZoneInfo("Europe/London"))) == (
        "HIGH  Pyongyang agrees to ship artillery shells to Russia\n"
        "Example Wire · 12 min ago · Mon 14 Sep 2026, 15:05 BST\n"
        "\n"
        "Officials said the arms deal was signed by North Korea at the weekend; the first\n"
        "trains left on Monday.\n"
        "\n"
        "Why    Arms deal with a sanctioned state: arms deal, North Korea\n"
        "       Ammunition transfers (medium): artillery shells\n"
        "Where  🇰🇵 North Korea   🇷🇺 Russia\n"
        "Link   https://news.example/world/shells?id=7&lang=en\n"
        "\n"
    )


def test_digest_in_a_pipe_is_plain_text() -> None:
    assert printed(digest_card(digest(1, total=1234), NOW, UTC)) == (
        "DIGEST  Catch-up · 1,234 stories\n"
        "20 alerts waited while the channel was down\n"
        "\n"
        "MEDIUM    Story number 1 of the night\n"
        "          Example Wire · 12 min ago · Arms deal with a sanctioned state\n"
        "          https://news.example/1\n"
        "\n"
        "… and 1,233 more\n"
        "\n"
    )


def test_undated_articles_do_not_claim_a_time_of_publication() -> None:
    card = printed(alert_card(replace(MESSAGE, dated=False), NOW, UTC))
    assert "undated, first seen 12 min ago · Mon 14 Sep 2026, 14:05 UTC" in card


def test_notice_with_several_lines_keeps_them() -> None:
    notice = Notice(
        "k", "Rules refused", "rules/a.yaml:3:1: no such key\n\nrules/b.yaml:9:4: no such list", Severity.HIGH
    )
    assert printed(notice_card(notice)) == (
        "HIGH  Rules refused\nrules/a.yaml:3:1: no such key\nrules/b.yaml:9:4: no such list\n\n"
    )


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (timedelta(seconds=-90), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(hours=48), "2 days ago"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_age_in_words(since: timedelta, words: str) -> None:
    assert age(since) == words


def test_no_colour_leaves_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org: bold and links stay, colours go."""
    monkeypatch.setenv("NO_COLOR", "1")
    output = printed(alert_card(MESSAGE, NOW, UTC), terminal=True, color_system="truecolor")
    codes = {code for group in re.findall(r"\x1b\[([0-9;]*)m", output) for code in group.split(";")}
    assert "1" in codes
    assert not {code for code in codes if re.fullmatch(r"[349]\d|10\d", code)}


def test_pipe_gets_no_escape_sequence() -> None:
    for card in (alert_card(MESSAGE, NOW, UTC), digest_card(digest(3), NOW, UTC), notice_card(NOTICE)):
        assert "\x1b" not in printed(card)


# -- the layout holds -----------------------------------------------------------------------------------------------

EXTREMES = [
    pytest.param("word " * 2000, id="10,000 characters"),
    pytest.param("x" * 10_000, id="endless word"),
    pytest.param("朝鲜同意运送炮弹" * 500, id="wide"),
    pytest.param("اتفقت كوريا الشمالية على شحن قذائف " * 100, id="right to left"),
    pytest.param("👩‍👩‍👧‍👦🇰🇵" * 500, id="emoji"),
    pytest.param("e" + "\u0301" * 5000, id="stacked accents"),
    pytest.param("line\nbreak\r\n\x1b[2J\x1b[H\x07\tback\x08\x08", id="terminal control"),
    *HOSTILE,
]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("text", EXTREMES)
def test_no_line_leaves_the_card(text: str, width: int) -> None:
    """Every line has the bar and keeps within the width (links apart, which are left whole)."""
    message = replace(
        MESSAGE,
        headline=text,
        source=text,
        passage=(Segment(text), Segment(text, strong=True)),
        rules=tuple(FiredRule("r", text, s, (text, text)) for s in Severity),
        countries=tuple(replace(country_tag(code), name=text) for code in ("KP", "RU", "XK")),
    )
    long_digest = replace(digest(3, headline=text), title=text, reason=text)
    for card in (
        alert_card(message, NOW, UTC),
        digest_card(long_digest, NOW, UTC),
        notice_card(replace(NOTICE, text=text)),
    ):
        lines = printed(card, width=width, terminal=True, color_system=None).rstrip("\n").split("\n")
        assert len(lines) < 150
        for line in lines:
            line = re.sub(r"\x1b\]8;[^\x1b]*\x1b\\", "", line)
            assert line.startswith("▌"), line
            assert cell_len(line) <= min(width, WIDTH_MAX) or "http" in line, line


@pytest.mark.parametrize("unit", ["🇰🇵", "👩‍👩‍👧‍👦", "e\u0323\u0302\u0301", "👍🏽", "क्षि", "각"])
def test_wrapping_tears_no_character(unit: str) -> None:
    """An endless headline is folded between what people call characters, and all of it is there."""
    card = printed(alert_card(replace(MESSAGE, headline=unit * 60), NOW, UTC), width=61)
    lines = [line.strip() for line in card.removeprefix("HIGH").split("\nExample")[0].split("\n")]
    assert "".join(lines) == clean(unit) * 60 or lines[-1].endswith("…")
    for line in lines:
        assert set(graphemes(line)) <= {clean(unit), "…"}, ascii(line)


def test_countries_stay_together_with_their_flags() -> None:
    tags = tuple(country_tag(code) for code in ["KP", "RU", "IR", "SY", "CN", "BY", "VE", "CU", "XK", "AE"])
    card = printed(alert_card(replace(MESSAGE, countries=tags), NOW, UTC), width=60)
    for tag in tags:
        assert f"{tag.flag} {tag.name}" in card


def test_many_countries_and_rules_are_counted_not_listed() -> None:
    tags = tuple(country_tag(code) for code in ("KP", "RU") * 20)
    rules = tuple(FiredRule(f"r{i}", f"Rule {i}", Severity.HIGH, ()) for i in range(20))
    card = printed(alert_card(replace(MESSAGE, countries=tags, rules=rules), NOW, UTC))
    assert "… and 28 more" in card
    assert "… and 12 more rules" in card


def test_long_link_is_one_line_that_can_be_copied() -> None:
    url = "https://news.example/" + "p" * 300
    assert f"Link   {url}\n" in printed(alert_card(replace(MESSAGE, url=url), NOW, UTC))


# -- streams --------------------------------------------------------------------------------------------------------


async def test_ascii_stream_gets_question_marks_instead_of_an_error() -> None:
    raw = io.BytesIO()
    channel = ConsoleChannel("console", Console(file=io.TextIOWrapper(raw, encoding="ascii", write_through=True)))
    await channel.start()
    await channel.post(MESSAGE)
    assert b"Pyongyang agrees" in raw.getvalue()
    assert b"?" in raw.getvalue()


async def test_closed_stream_is_told_by_check_and_post() -> None:
    file = io.StringIO()
    channel = ConsoleChannel("console", Console(file=file))
    assert await channel.check() is None
    file.close()
    assert await channel.check()
    with pytest.raises(TransientDeliveryError, match="console"):
        await channel.post(MESSAGE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_full_disk_is_transient_and_nothing_is_printed_later() -> None:
    with open("/dev/full", "w", buffering=1, encoding="utf-8") as full:  # noqa: ASYNC230
        console = Console(file=full)
        channel = ConsoleChannel("console", console)
        with pytest.raises(TransientDeliveryError, match="No space left"):
            await channel.post(MESSAGE)
        console.file = io.StringIO()
        await channel.post(replace(MESSAGE, headline="Second"))
        assert "Pyongyang" not in console.file.getvalue()
        with pytest.raises(OSError, match="No space"):
            full.close()
