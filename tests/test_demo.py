"""The demo: its sample news fire what its README says, and as a process it shows that and ends by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from bot import pipeline
from bot.config import shipped_rules
from bot.demo.server import DOWN, FEEDS, SampleOutlets
from bot.live import rulebook
from bot.model import Fetched, HttpState
from bot.rules.match import Engine
from bot.sources import kind
from bot.web.fetch import Fetcher
from tests import forks

README = files("bot.demo").joinpath("feeds", "README.md").read_text(encoding="utf-8")
EXPECTED = {
    guid: set() if rules == "none" else set(rules.split(", "))
    for guid, rules in re.findall(r"^\| (\S+) \| ([a-z0-9, -]+) \|$", README, re.MULTILINE)
    if guid not in ("guid", "---")
}
COUNTS = {
    name: int(count) for name, count in re.findall(r"^\| (\S+\.\w+) \|[^|]+\|[^|]+\| (\d+) \|", README, re.MULTILINE)
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return rulebook.load([shipped_rules()]).engine


async def test_the_sample_news_fire_the_rules_that_their_readme_says(engine: Engine) -> None:
    found: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    now = datetime.now(UTC)
    async with SampleOutlets(now) as outlets, Fetcher(allow_private=True) as fetcher:
        for source in outlets.sources:
            if source.url.endswith(DOWN):
                continue
            answer = await fetcher.fetch(source, HttpState(), now)
            assert isinstance(answer, Fetched)
            articles = pipeline.articles_of(kind(source.kind).parse(answer, source), source, now)
            counts[source.url.rpartition("/")[2]] = len(articles)
            for one in pipeline.judge(articles, engine):
                found[one.article.guid] = {m.rule_id for m in one.matches}
    assert counts == COUNTS
    assert found == EXPECTED


def test_there_are_enough_feeds_and_articles_in_different_formats() -> None:
    assert set(COUNTS) == set(FEEDS)
    assert len(FEEDS) >= 5
    assert len(EXPECTED) >= 40


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**inherited, "PYTHONPATH": str(Path(__file__).parent.parent), **changes}


async def forked(**environment: str) -> str:
    """What a demo with this environment prints."""
    process = await forks.start(["demo"], Path("/"), environment_with(environment))
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    return out.decode()


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "demo", *arguments],
        cwd="/",
        env=environment_with(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_demo_shows_a_card_for_each_story_and_says_what_happened() -> None:
    shown = demo(COLUMNS="100")
    assert (shown.returncode, shown.stderr) == (0, "")
    out = shown.stdout
    cards = len(re.findall(r"^Link ", out, re.MULTILINE))
    # A story that several outlets tell is one card: two are wire copies, as the README says.
    told = sum(1 for rules in EXPECTED.values() if rules)
    assert cards == told - 3
    assert re.search(rf"alerted +{cards} stories", out)
    assert re.search(rf"polled +{len(FEEDS) + 1} sources, {len(EXPECTED)} items; 1 failed", out)
    assert re.search(r"failed +Northgate Herald: .*500", out)
    assert out.count("broken on purpose") == 1
    assert "Coastal Dispatch" in out.partition("what happened")[2]
    for words in ("HIGH", "Arms deal with a sanctioned state", "🇰🇵", "UTC"):
        assert words in out


@pytest.mark.parametrize("columns", ["40", "80", "200"])
async def test_no_line_of_the_demo_is_wider_than_the_terminal_but_links(columns: str) -> None:
    out = await forked(COLUMNS=columns)
    assert [line for line in out.splitlines() if len(line) > int(columns) and "://" not in line] == []


async def test_a_terminal_without_colours_gets_no_escape_codes() -> None:
    assert "\x1b[" in await forked(FORCE_COLOR="1")
    assert "\x1b[3" not in await forked(NO_COLOR="1")
    assert "\x1b" not in await forked(TERM="dumb")


def test_a_reader_that_leaves_early_does_no_harm() -> None:
    command = f"{sys.executable} -m bot demo | head -1"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    shown = subprocess.run(command, shell=True, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_ctrl_c_ends_the_demo_without_a_traceback() -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode in (0, 130)


def test_in_the_chats_stories_go_on_and_somebody_asks_why(tmp_path: Path) -> None:
    """What `make demo CHAT=1` runs: real clients, local servers, and a page for each platform."""
    done = demo("--chat", TMPDIR=str(tmp_path), COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    slack, discord = (Path(found) for found in re.findall(r"^\s+(/\S+\.html)$", done.stdout, re.MULTILINE))
    for page, seen in (
        (slack, ("(edited)", "Also sent to the channel", "View thread", "Only visible to you", 'class="b s"')),
        (discord, ("(edited)", 'class="answers"', 'class="thread"', "Only you can see this", "<s>WITHDRAWN")),
    ):
        text = page.read_text("utf-8")
        for words in (*seen, "Severity is now high", "; 900 gigabytes", "Retracted", "Why this alert came"):
            assert words in text, (page.name, words)
