"""Which edits are worth a word, and what is shown of them; who stands behind a report. One row a case."""

from __future__ import annotations

import pytest

from bot.follow.edits import difference
from bot.follow.origin import domain, independent, origin
from bot.follow.thread import Report
from tests.samples import NOW, article

TITLE = "Blast at the depot of Northport kills 12"
TEXT = "An explosion at the fuel depot of Northport killed 12 people on Tuesday, harbour master Ann Roe said."


@pytest.mark.parametrize(
    ("title", "text", "shown"),
    [
        (TITLE.replace("12", "14"), TEXT, "“Northport kills 12” → “Northport kills 14”"),
        (
            TITLE,
            TEXT.replace("12 people", "9 people"),
            "“Northport killed 12 people on” → “Northport killed 9 people on”",
        ),
        (TITLE, TEXT.replace("Ann Roe", "Bo Li"), "“harbour master Ann Roe said.” → “harbour master Bo Li said.”"),
        (
            TITLE,
            TEXT.replace("killed 12", "killed no"),
            "“Northport killed 12 people on” → “Northport killed no people on”",
        ),
        (TITLE.replace("Blast", "Attack"), TEXT, "“Blast at the” → “Attack at the”"),
        # not worth a word
        (TITLE, TEXT.replace("harbour", "Harbour"), None),
        (TITLE, TEXT.replace(", harbour", " - harbour"), None),
        (TITLE, TEXT.replace("An explosion", "A explosion"), None),
        (TITLE, f"{TEXT} Follow us for more.", None),
        (TITLE, f"{TEXT} {'The weather was fine. ' * 40}Of 400 tanks 3 burnt.", None),  # far below
    ],
)
def test_what_an_edit_changes(title: str, text: str, shown: str | None) -> None:
    found = difference(article(title=TITLE, text=TEXT), article(title=title, text=text))
    assert found.material is (shown is not None)
    if shown is not None:
        assert found.shown[0].startswith(shown)


def report(url: str, source: str = "feed", credit: str = "", copied: bool = False) -> Report:
    return Report(f"{url}{source}", source, source.title(), url, NOW, credit, copied)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.lemonde.fr/x", "lemonde.fr"),
        ("https://feeds.bbci.co.uk/news", "bbci.co.uk"),
        ("https://news.gov.au", "news.gov.au"),
        ("http://127.0.0.1/x", "127.0.0.1"),
        ("http://[::1", ""),
        ("no address", ""),
    ],
)
def test_an_outlet_is_known_by_the_domain_that_it_registered(url: str, site: str) -> None:
    assert domain(url) == site


@pytest.mark.parametrize(
    ("reports", "owners", "count"),
    [
        ([], {}, 0),
        ([report("https://a.example/1"), report("https://www.a.example/2")], {}, 1),
        ([report("https://a.example/1"), report("https://b.example/2")], {}, 2),
        ([report("https://a.example/1"), report("https://b.example/2", copied=True)], {}, 1),
        ([report("https://a.example/1", copied=True)], {}, 1),
        ([report("https://a.example/1", credit="ap"), report("https://b.example/2", credit="ap")], {}, 1),
        ([report("https://www.reuters.com/1"), report("https://b.example/2", credit="reuters")], {}, 1),
        ([report("https://a.example/1"), report("https://b.example/2")], {"a.example": "x", "b.example": "x"}, 1),
        ([report("https://a.example/1", "one"), report("https://b.example/2", "two")], {"one": "x", "two": "x"}, 1),
        ([report("https://news.google.com/1", "one"), report("https://news.google.com/2", "two")], {}, 2),
    ],
)
def test_sources_count_once_each(reports: list[Report], owners: dict[str, str], count: int) -> None:
    assert independent(reports, owners) == count


def test_an_owner_that_is_declared_comes_before_the_domain() -> None:
    assert origin(report("https://a.example/1"), {"a.example": "owner:x"}) == "owner:x"
