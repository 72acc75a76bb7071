"""Words on sources reach the operators once, and not by the thousand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.model import Severity
from bot.roster.news import News, SourceNotice
from bot.roster.notices import APART, LISTED, SourceNotices


def notice(n: int, news: News = News.FAILING) -> SourceNotice:
    return SourceNotice(news, f"s{n}", f"s{n} failed 5 times in a row: 500.", datetime(2026, 3, 4, tzinfo=UTC))


async def told(*notices: SourceNotice) -> list[tuple[str, str, Severity]]:
    heard: list[tuple[str, str, Severity]] = []
    settled: list[SourceNotice] = []

    async def tell(title: str, text: str, severity: Severity, said: Sequence[SourceNotice]) -> None:
        heard.append((title, text, severity))
        settled.extend(said)

    telling = SourceNotices(tell)
    for one in notices:
        telling(one)
    await telling.finish()
    assert sorted(settled, key=repr) == sorted(notices, key=repr)  # each is counted as told once
    return heard


async def test_a_few_are_told_one_by_one() -> None:
    heard = await told(*(notice(n) for n in range(APART)), notice(9, News.GONE))
    assert [title for title, _, _ in heard] == ["Source keeps failing"] * APART + ["Source is gone"]
    assert heard[0][1] == "s0 failed 5 times in a row: 500."
    assert heard[-1][2] is Severity.MEDIUM


async def test_many_are_one_list_with_an_exact_count() -> None:
    ((title, text, severity),) = await told(*(notice(n) for n in range(2000)))
    assert (title, severity) == ("2000 sources keep failing", Severity.LOW)
    lines = text.splitlines()
    assert len(lines) == LISTED + 1
    assert lines[0] == "- s0 failed 5 times in a row: 500."
    assert lines[-1] == "and 1990 more; `wirewatch sources list` shows all"


async def test_what_comes_while_it_pauses_is_gathered() -> None:
    heard: list[str] = []
    first = asyncio.Event()

    async def tell(title: str, text: str, severity: Severity, said: Sequence[SourceNotice]) -> None:
        heard.append(title)
        first.set()

    telling = SourceNotices(tell, gather_s=0, pause_s=3600)
    telling(notice(0))
    await first.wait()
    for n in range(1, 8):
        telling(notice(n))
    await asyncio.sleep(0)
    assert heard == ["Source keeps failing"]
    await telling.finish()
    assert heard == ["Source keeps failing", "7 sources keep failing"]
