"""Lists of feeds, as other readers write them and as we do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import WirewatchError
from bot.model import Source
from bot.roster.opml import Entry, read_opml, to_tag, write_opml

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def opml(body: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n<head/>\n'
    return f"{head}<body>\n{body}\n</body></opml>".encode()


def test_folders_and_categories_become_tags() -> None:
    content = opml(
        '<outline text="World News">\n<outline text="Asia &amp; Pacific">\n'
        '<outline type="rss" text="Gazette" xmlUrl="https://gazette.example/rss" category="/Trade/Ports,news"'
        ' language="en-GB"/>\n</outline></outline>\n'
        '<outline type="rss" title="The Post" text="post" xmlUrl="https://post.example/feed"/>'
    )
    found = read_opml(content)
    assert found.skipped == ()
    assert found.entries == (
        Entry(
            "https://gazette.example/rss", "Gazette", ("world-news", "asia-pacific", "trade", "ports", "news"), "en", 7
        ),
        Entry("https://post.example/feed", "The Post", (), "", 9),
    )


def test_what_has_no_address_of_a_feed_is_left_out_with_its_line() -> None:
    content = opml(
        '<outline type="rss" text="Broken" xmlUrl="feed://x"/>\n'
        '<outline type="link" text="A page" url="https://a.example/"/>\n'
        '<outline text="An empty folder"/>'
    )
    found = read_opml(content)
    assert (found.entries, found.skipped) == ((), ("line 5: Broken has no http address",))


@pytest.mark.parametrize("name", ["xmlUrl", "xmlurl", "xmlURL"])
def test_every_spelling_of_the_address_is_read(name: str) -> None:
    assert read_opml(opml(f'<outline {name}=" https://a.example/rss "/>')).entries[0].url == "https://a.example/rss"


def test_a_file_with_a_stray_ampersand_is_read_all_the_same() -> None:
    found = read_opml(opml('<outline text="Fish & Chips" xmlUrl="https://a.example/rss?a=1&b=2"/>'))
    assert [entry.url for entry in found.entries] == ["https://a.example/rss?a=1&b=2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not XML"),
        (b"just words", "not XML|not an OPML list"),
        (b"<rss version='2.0'><channel/></rss>", r"not an OPML list of feeds \(it holds <rss>\)"),
        (b"<html><body></body></html>", r"not an OPML list of feeds \(it holds <html>\)"),
        (b"<a>" * 400_000, "not safe to read"),
    ],
)
def test_another_file_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(WirewatchError, match=said):
        read_opml(content)


def test_entities_are_never_expanded() -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        b'<!ENTITY f SYSTEM "file:///etc/passwd">]><opml><body>'
        b'<outline text="&b;&f;" xmlUrl="https://a.example/rss"/></body></opml>'
    )
    (entry,) = read_opml(bomb).entries
    assert "xxxx" not in entry.title
    assert "root" not in entry.title


@given(st.binary(max_size=600))
def test_any_bytes_give_a_list_or_a_sentence(content: bytes) -> None:
    for whole in (content, opml("").replace(b"<body>", b"<body>" + content)):
        try:
            outline = read_opml(whole)
        except WirewatchError as error:
            said = str(error)
        else:
            assert all(entry.url for entry in outline.entries)
            continue
        assert "\n" not in said
        assert 10 < len(said) < 400


TAGS = st.lists(st.text("abcdefgh", min_size=1, max_size=6), max_size=3, unique=True).map(tuple)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=30), TAGS), max_size=6))
def test_what_is_written_is_read_back_with_its_tags(written: list[tuple[str, tuple[str, ...]]]) -> None:
    sources = [
        Source(
            f"s{n}", f"https://s{n}.example/rss?a=1&b=2", title=title, tags=tags, every=timedelta(minutes=5), lang="fr"
        )
        for n, (title, tags) in enumerate(written)
    ]
    found = read_opml(write_opml(sources, "All", NOW))
    assert found.skipped == ()
    assert {e.url: (e.tags, e.lang) for e in found.entries} == {s.url: (s.tags, "fr") for s in sources}


@pytest.mark.parametrize(("folder", "tag"), [("World News", "world-news"), ("Ö & Å", "ö-å"), ("!!!", ""), ("  ", "")])
def test_a_folder_is_a_tag_in_small_letters(folder: str, tag: str) -> None:
    assert to_tag(folder) == tag
