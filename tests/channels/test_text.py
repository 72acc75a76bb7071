"""Cleaning and cutting: tables for what is known, hypothesis for what feeds will think of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.text import (
    clean,
    clean_block,
    clean_segments,
    cut,
    cut_segments,
    graphemes,
    safe_url,
    utf16_len,
)
from bot.message import Segment

FAMILY = "👩‍👩‍👧‍👦"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
# Pieces that make trouble next to each other, mixed with any text at all.
PIECES = (
    *("\u200d", "\u200c", "\u200b", "\ufe0f", "\ufe0e", "\u0301", "\u0323", "\u034f", "\u094d", "क", "ی", "م"),
    *("🇰", "🇵", "🏴", SCOTLAND, FAMILY, "❤️", "👍🏽", "1️⃣", "\U000e0041", "\U000e0100", "葛", "각", "\u1100", "\u1161"),
    *("\u202e", "\u2066", "\x1b", "\x1b[31m", "\x1b]8;;http://x\x1b\\", "\x9b", "\x00", "\r\n", "\u2028", "\ud800"),
    *(" ", "\u3164", "\u2800", "a", "…", ",", "\u0600"),
)
TRICKY = st.lists(st.one_of(st.text(max_size=6), st.sampled_from(PIECES)), max_size=25).map("".join)
UNITS: list[Callable[[str], int]] = [len, utf16_len, lambda s: len(s.encode("utf-8", "surrogatepass"))]
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two \t words\r\n here\u00a0too ", "two words here too"),
        ("\x1b[1;31mred\x1b[0m and \x1b]8;;https://e.example\x1b\\link\x1b]8;;\x1b\\", "red and link"),
        ("\x1b]0;title never ends", "]0;title never ends"),
        ("a\x00b\x08c\x7fd\x85e", "abcd e"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("\u2066x\u2069 \u200ey\u200f \u061cz", "x y z"),
        ("pass\u200bword soft\u00adhyphen \ufefffoo\u2060bar", "password softhyphen foobar"),
        ("hi\U000e0049\U000e0067\U000e006e there", "hi there"),
        ("h\ufe01i\U000e0101 there", "hi there"),
        ("\ud800 alone", "\ufffd alone"),
        ("\ufdd0", "\ufffd"),
        ("blank\u3164\u2800name", "blank name"),
        ("e\u0301", "é"),
        ("Z" + "\u0301\u0302\u0303\u0304\u0305" * 9, "\u0179\u0302\u0303\u0304"),
        ("\u0301start and \u0301 loose", "start and loose"),
        ("[red]x[/red] <b> & *y*", "[red]x[/red] <b> & *y*"),
    ],
)
def test_clean_drops_what_deceives(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم",  # Persian: the non-joiner is spelling
        "क्‍ष और क्‌ष",  # Hindi: joiner and non-joiner after a virama
        "ශ්‍රී ලංකා",  # Sinhala
        "Tiếng Việt có nhiều dấu",
        "עִבְרִית מְנֻקֶּדֶת",
        "บอกว่า ไม่ได้",
        "བོད་སྐད",
        FAMILY,
        "❤️‍🔥 👍🏽 1️⃣ ☎︎ 🏳️‍🌈",
        SCOTLAND,
        "🇰🇵🇷🇺",
        "葛\U000e0100城市",
        "\u06dd١٢",
        "Ελλάδα – «цитата» “quote” €5 №7",
    ],
)
def test_clean_keeps_what_people_write(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(TRICKY)
def test_clean_is_one_harmless_line_and_stable(text: str) -> None:
    once = clean(text)
    assert not UNSEEN.search(once)
    assert once == " ".join(once.split())
    assert unicodedata.is_normalized("NFC", once)
    assert clean(once) == once
    once.encode("utf-8")


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0")))
def test_clean_loses_no_letter(text: str) -> None:
    assert clean(text) == " ".join(unicodedata.normalize("NFC", text).split())


def test_clean_block_keeps_lines_and_single_gaps() -> None:
    assert clean_block("\n one\x1b[0m \r\n\r\n\n\u2028two\tx\n\n") == "one\n\ntwo x"


@given(TRICKY)
def test_clean_block_is_stable(text: str) -> None:
    once = clean_block(text)
    assert clean_block(once) == once
    assert "\n\n\n" not in once


def test_clean_segments_keeps_spaces_between_and_joins_equals() -> None:
    segments = (
        *(Segment("  the\n"), Segment("arms  deal", True), Segment(""), Segment(" ")),
        *(Segment("is", True), Segment("!"), Segment(" x ")),
    )
    assert clean_segments(segments) == (Segment("the "), Segment("arms deal is", True), Segment("! x"))


@given(st.lists(st.tuples(TRICKY, st.booleans()), max_size=6))
def test_clean_segments_is_stable_and_never_doubles_a_space(parts: list[tuple[str, bool]]) -> None:
    once = clean_segments(Segment(text, strong) for text, strong in parts)
    joined = "".join(s.text for s in once)
    assert "  " not in joined
    assert joined == joined.strip()
    assert clean_segments(once) == once
    assert all(s.text for s in once)


# -- cutting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("The quick brown fox", 14, "The quick…"),
        ("The quick brown fox", 16, "The quick brown…"),
        ("one, two, three", 9, "one…"),
        ("one, two, three", 10, "one, two…"),
        ("Internationalisation", 8, "Interna…"),
        ("A Donaudampfschifffahrtsgesellschaft", 12, "A Donaudamp…"),
        ("朝鲜同意运送炮弹", 5, "朝鲜同意…"),
        ("🇰🇵🇷🇺", 3, "🇰🇵…"),
        ("🇰🇵🇷🇺", 2, "…"),
        ("x" + FAMILY, 5, "x…"),
        ("e\u0323\u0302e\u0323\u0302", 4, "e\u0323\u0302…"),
        ("anything", 1, "…"),
        ("anything", 0, ""),
        ("anything", -3, ""),
        ("", 0, ""),
    ],
)
def test_cut_at_words_and_between_characters(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@given(TRICKY, st.integers(-2, 40), st.sampled_from(UNITS))
def test_cut_fits_and_is_a_prefix_of_whole_characters(text: str, limit: int, units: Callable[[str], int]) -> None:
    result = cut(text, limit, units=units)
    assert units(result) <= max(limit, 0)
    if result == text:
        return
    assert units(text) > limit
    if not result:
        return
    assert result.endswith("…")
    head = result[:-1]
    ends = {0}
    for cluster in graphemes(text):
        ends.add(max(ends) + len(cluster))
    assert text.startswith(head)
    assert len(head) in ends


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=2, max_size=30), st.integers(20, 80))
def test_cut_never_cuts_an_ordinary_word(words: list[str], limit: int) -> None:
    result = cut(" ".join(words), limit)
    assert set(result.removesuffix("…").split()) <= set(words)
    assert len(result) > limit - 12 or not result.endswith("…"), "gave away more than a word"


@given(st.lists(st.tuples(TRICKY, st.booleans()), max_size=6), st.integers(0, 60), st.integers(0, 4))
def test_cut_segments_fits_with_its_markup(parts: list[tuple[str, bool]], limit: int, cost: int) -> None:
    segments = tuple(Segment(text, strong) for text, strong in parts)
    result = cut_segments(segments, limit, units=utf16_len, strong_cost=cost)
    assert sum(utf16_len(s.text) + (cost if s.strong and s.text else 0) for s in result) <= limit
    joined = "".join(s.text for s in segments)
    assert result == segments or joined.startswith("".join(s.text for s in result).removesuffix("…"))


def test_cut_segments_keeps_emphasis_and_marks_the_cut() -> None:
    segments = (Segment("the "), Segment("arms deal", True), Segment(" goes on and on"))
    assert cut_segments(segments, 99) == segments
    assert cut_segments(segments, 17) == (Segment("the "), Segment("arms deal", True), Segment("…"))
    assert cut_segments(segments, 19) == (Segment("the "), Segment("arms deal", True), Segment(" goes…"))
    assert cut_segments(segments, 10) == (Segment("the "), Segment("arms", True), Segment("…"))
    assert cut_segments(segments, 0) == ()


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("ab", ["a", "b"]),
        ("\r\n\n", ["\r\n", "\n"]),
        ("🇰🇵🇷🇺🇮", ["🇰🇵", "🇷🇺", "🇮"]),
        (FAMILY + "👍🏽", [FAMILY, "👍🏽"]),
        (SCOTLAND + "x", [SCOTLAND, "x"]),
        ("क्षि", ["क्षि"]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", ["\u1112\u1161\u11ab", "\u1100\u1173\u11af"]),
        ("", []),
    ],
)
def test_graphemes(text: str, clusters: list[str]) -> None:
    assert list(graphemes(text)) == clusters


def test_utf16_len_counts_as_javascript_does() -> None:
    assert [utf16_len(t) for t in ("", "aé漢", "😀", "🇰🇵")] == [0, 3, 2, 4]


# -- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://news.example/a?b=c&d=%C3%A9#e", "https://news.example/a?b=c&d=%C3%A9#e"),
        ("HTTP://News.Example:8080/A", "http://news.example:8080/A"),
        (" https://news.example/a\n b ", "https://news.example/a%20b"),
        ("https://news.example/ü?q=漢", "https://news.example/%C3%BC?q=%E6%BC%A2"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
        ("https://n.example/<b>\"'`|{}^\\", "https://n.example/%3Cb%3E%22%27%60%7C%7B%7D%5E%5C"),
        ("https://n.example/100%/%zz", "https://n.example/100%25/%25zz"),
        ("https://bank.example@evil.example/", "https://evil.example/"),
        ("https://n.example/\u202egpj", "https://n.example/%E2%80%AEgpj"),
        ("https://good.example\\@evil.example/", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//n.example/", ""),
        ("/relative", ""),
        ("n.example", ""),
        ("https://", ""),
        ("https:///path", ""),
        ("https://n.example:99999/", ""),
        ("https://n.example:x/", ""),
        ("https://a b/", ""),
        ("https://a>b/", ""),
        ("https://[oops/", ""),
        ("https://n.example/\ud800", ""),
        ("", ""),
    ],
)
def test_safe_url(url: str, safe: str) -> None:
    assert safe_url(url) == safe


@given(st.one_of(TRICKY, st.builds("{}://{}/{}".format, st.sampled_from(["http", "HTTPS", "ftp"]), TRICKY, TRICKY)))
def test_safe_url_is_ascii_http_or_nothing(url: str) -> None:
    safe = safe_url(url)
    if safe:
        assert re.fullmatch(r"https?://[!-~]+", safe)
        assert not set("<>\"'`|\\^{} ") & set(safe)
        assert urlsplit(safe).hostname
        assert safe_url(safe) == safe
