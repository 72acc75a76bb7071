"""``explain``: why rules fire on a text, and what kept the others from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot_process import Room
from tests.cli.conftest import Run
from tests.fakes.feeds import Answer, FeedServer

PAGE = """<!doctype html><html><head><title>Flood warning for the valley</title></head><body>
<nav>Home News Sport</nav><article><h1>Flood warning for the valley</h1>
<p>The flood warning for the lower valley stands until noon, the authority of the region said on Monday.</p>
<p>People who live near the river were asked to leave their houses and to help others who cannot.</p></article>
</body></html>"""


def test_a_rule_that_fires_is_shown_with_what_it_found(room: Path, run: Run) -> None:
    ran = run("explain", "-", stdin=b"High water\nOfficials in Germany said that a flood warning stands.\n")
    assert (ran.status, ran.err) == (0, "")
    blocks = ran.out.split("\n\n")
    assert blocks[:2] == ["High water", "Officials in Germany said that a flood warning stands."]
    assert blocks[2] == "🇩🇪 Germany (salience 1.00, main): Germany (name)  [entities/data/countries.tsv]"
    assert (
        "✔ flood  Flood warning · high (goes to console)\n├── ✔ one of 2: flood warning\n└── unless: does not hold"
        in ran.out
    )
    assert ran.out.endswith("1 other rule did not fire; --rule ID shows why.\n")


def test_a_rule_that_nearly_fires_says_what_it_found_and_what_is_missing(room: Path, run: Run) -> None:
    ran = run("explain", "-", stdin=b"Troops shelled a village in Chad.")
    assert ran.status == 0
    assert "No rule fires." in ran.out
    assert "✘ clash  found “shelled”, “Chad” (TD); the text lacks one of “border”, “frontier”" in ran.out


def test_members_that_stand_too_far_apart_are_said_to(room: Path, run: Run) -> None:
    text = "Troops shelled a village on Monday, and after hours of silence on both sides the border of Chad was shut."
    ran = run("explain", "-", "--rule", "clash", stdin=text.encode())
    assert "all of it is in the text, but not within 8 words" in ran.out
    assert "are 14 words apart where the rule allows 8; within: 14 words would allow that" in ran.out


def test_a_rule_that_was_suppressed_says_by_what(room: Path, run: Run) -> None:
    ran = run("explain", "-", stdin=b"A flood warning stands in a new video game.")
    assert "✘ flood  kept silent by “video game” (unless)" in ran.out
    tree = run("explain", "-", "--rule", "flood", stdin=b"A flood warning stands in a new video game.").out
    assert "unless: suppresses the match" in tree
    assert "video game" in tree


def test_the_tree_of_a_named_rule_shows_what_failed(room: Path, run: Run) -> None:
    out = run("explain", "-", "--rule", "clash", stdin=b"A quiet day.").out
    assert "✘ fire_words: none of shelled, bombarded, opened fire, struck" in out
    assert "nothing of it is in the text" in out
    assert "flood" not in out


def test_a_headline_can_be_given_by_itself(room: Path, run: Run) -> None:
    assert run("explain", "-", "--title", "Flood warning", stdin=b"It stands.").out.startswith("Flood warning\n\nIt st")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param("Überschwemmung: flood warning".encode("utf-16"), "Überschwemmung", id="UTF-16"),
        pytest.param("Überschwemmung: flood warning".encode("utf-8-sig"), "Überschwemmung", id="UTF-8 with a mark"),
        pytest.param("Überschwemmung: flood warning".encode("cp1252"), "Überschwemmung", id="Windows"),
        pytest.param(b"Title\r\nA flood warning\r\nstands.", "Title\n\nA flood warning\nstands.", id="Windows lines"),
        pytest.param(PAGE.encode(), "Flood warning for the valley\n\nThe flood warning for the lower", id="a web page"),
    ],
)
def test_texts_come_in_many_forms(room: Path, run: Run, raw: bytes, shown: str) -> None:
    (room / "article").write_bytes(raw)
    ran = run("explain", "article")
    assert ran.status == 0
    assert shown in ran.out
    assert "✔ flood" in ran.out
    assert "Sport" not in ran.out


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("nowhere.txt", "nowhere.txt: cannot be read (No such file or directory)"),
        ("Pyongyang signs arms deal", "check the path, or for a text: echo '...' | wirewatch explain -"),
        ("Pyongyang signs arms deal. " * 99, "File name too long); check the path, or for a text: echo '...' | wire"),
        ("rules", "rules: cannot be read (Is a directory)"),
        ("empty.txt", "there is no text in it"),
        ("blank.txt", "there is no text in it"),
        ("binary", "not a text but binary data"),
        ("huge.txt", "larger than 10 MB"),
        ("http://nowhere.invalid/a", "nowhere.invalid"),
        ("http://[", "http://"),
    ],
)
def test_what_cannot_be_explained_is_one_sentence(room: Path, run: Run, what: str, words: str) -> None:
    (room / "empty.txt").write_text("", encoding="utf-8")
    (room / "blank.txt").write_text(" \n\t\n", encoding="utf-8")
    (room / "binary").write_bytes(b"\x7fELF\x00\x01\x02")
    with (room / "huge.txt").open("wb") as file:
        file.truncate(10_000_001)
    ran = run("explain", what)
    assert (ran.status, ran.out) == (1, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1


def test_an_unknown_rule_gets_a_suggestion(room: Path, run: Run) -> None:
    ran = run("explain", "-", "--rule", "clahs", stdin=b"x")
    assert (ran.status, ran.err) == (1, "wirewatch: no rule 'clahs'; did you mean 'clash'?\n")
    ran = run("explain", "-", "--rule", "nope", stdin=b"x")
    assert ran.err == "wirewatch: no rule 'nope'; `wirewatch rules` lists all\n"


def test_a_rule_on_trial_is_said_to_post_nothing_and_another_one_where_it_goes(room: Path, run: Run) -> None:
    with (room / "wirewatch.yaml").open("a", encoding="utf-8") as file:
        file.write("routes: [{min_severity: critical, to: [console]}]\n")
    with (room / "rules" / "own.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {id: tried, title: On trial, severity: low, mode: shadow, when: {any: [flood]}}\n")
    out = run("explain", "-", stdin=b"A flood warning stands.").out
    assert "✔ tried  On trial · low (shadow: posts nothing)" in out
    assert "✔ flood  Flood warning · high (goes nowhere: no route leads it to a channel)" in out


def test_a_country_or_a_function_word_alone_is_no_near_miss(room: Path, run: Run) -> None:
    own = """\
rules:
  - {id: shelling, title: Shelling, severity: high, when: {all: [{country: any}, {any: [shelled]}]}}
  - {id: abduction, title: Abduction, severity: high, when: {near: {of: [{any: [abduction]}, of], within: 4 words}}}
  - {id: harvest, title: Harvest, severity: low, when: {all: [{any: [wheat]}, {any: [drought]}]}}
"""
    (room / "rules" / "own.yaml").write_text(own, encoding="utf-8")
    out = run("explain", "-", stdin=b"The wheat harvest of Chad was good").out
    assert "✘ harvest  found “wheat”; the text lacks “drought”" in out
    assert "✘ shelling" not in out
    assert "✘ abduction" not in out


def test_what_few_rules_ask_for_comes_first_among_near_misses(room: Path, run: Run) -> None:
    with (room / "rules" / "own.yaml").open("w", encoding="utf-8") as file:
        file.write("rules:\n")
        for n in range(6):
            file.write(f"  - {{id: r{n}, title: R, severity: low, when: {{all: [good, rain{n}]}}}}\n")
        file.write("  - {id: harvest, title: H, severity: low, when: {all: [wheat, drought]}}\n")
    out = run("explain", "-", stdin=b"The wheat harvest was good").out
    assert out.index("✘ harvest") < out.index("✘ r0")


def test_without_a_config_the_shipped_rules_explain(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WIREWATCH_CONFIG", raising=False)
    ran = run("explain", "-", stdin=b"Soldiers announced a military coup in Mali on state television.")
    assert (ran.status, len(ran.err.splitlines())) == (0, 1)
    assert "shipped rules" in ran.err
    assert "✔ coup" in ran.out


async def test_a_page_is_fetched_and_its_article_explained(tmp_path: Path) -> None:
    room = Room(tmp_path, "  console: {kind: console}\n")
    room.sources()
    pages = {
        "/a": Answer(PAGE.encode(), content_type="text/html"),
        "/feed": Answer(b"<rss version='2.0'><channel/></rss>"),
        "/inside": Answer(status=302, headers={"Location": "http://127.0.0.2:9/"}),
    }
    async with FeedServer(pages) as server:
        status, out, err = await room.run("explain", server.url("/a"))
        assert (status, err) == (0, "")
        assert "✔ flood" in out
        for path, words in (("/nowhere", "404"), ("/feed", "no article text found"), ("/inside", "127.0.0.2")):
            status, out, err = await room.run("explain", server.url(path))
            assert (status, out, len(err.splitlines())) == (1, "", 1), err
            assert words in err
