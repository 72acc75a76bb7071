"""Lines that several channels share: what is new, and when a digest has headings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.channels.digest_lines import headed, headings
from bot.channels.news_lines import news_lines
from tests.channels.contract import digest


@pytest.mark.parametrize(
    ("news", "shown"),
    [
        ((), []),
        (("New number: 7 dead",), ["New number: 7 dead"]),
        (
            ("New number: 7 dead", "New: Belgium", "New number: 40 hurt (told before: 12)", "New: Oman"),
            ["New numbers: 7 dead; 40 hurt (told before: 12)", "New: Belgium; Oman"],
        ),
        (("New name: Ada", "Severity is now high: Coup", "New name: Bob"),
         ["New names: Ada; Bob", "Severity is now high: Coup"]),
        (("Edited: a: b", "Edited: c: d", " \u200b"), ["Edited: a: b", "Edited: c: d"]),
    ],
)  # fmt: skip
def test_news_of_one_kind_stand_in_one_line(news: tuple[str, ...], shown: list[str]) -> None:
    assert news_lines(news) == shown


@pytest.mark.parametrize(
    ("groups", "wanted"),
    [
        ("AABB", ["A", "", "B", ""]),
        ("AAB", ["A", "", "B"]),
        ("AABC", ["", "", "", ""]),  # a heading for nearly every line is none
        ("A", [""]),
    ],
)
def test_a_digest_has_headings_where_they_stand_for_several_lines(groups: str, wanted: list[str]) -> None:
    lines = [replace(line, group=g) for line, g in zip(digest(len(groups)).lines, groups, strict=True)]
    assert headings(lines) == wanted
    assert headed(lines) is any(wanted)


def test_what_filters_held_has_its_heading_all_the_same() -> None:
    one, *brief = digest(3).lines
    lines = [replace(one, group="A"), *(replace(line, group="Outside", brief=True) for line in brief)]
    assert headings(lines) == ["", "Outside", ""]
