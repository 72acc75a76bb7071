"""Sources added and removed by a command: checked, stored, noted, and taken up by the running bot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import Options, open_app
from bot.config import load_config
from bot.errors import WirewatchError
from bot.model import Source
from bot.roster.admin import Change, add, id_for, make, merged, remove, to_yaml
from bot.roster.sources_file import load_sources
from bot.store.sql import SqlStore
from tests.bot_process import Room
from tests.databases import open_store
from tests.fakes.feeds import Answer, FeedServer, rss

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ANN = Change("slack.default:U1 (Ann)", "#desk", NOW)
URL = "https://river.example/feed.xml"
OWN = Source("bbc-world", "https://feeds.bbci.co.uk/news/world/rss.xml", title="BBC World")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    one = open_store(tmp_path / "wire.db")
    yield one
    one.close()


# -- making ----------------------------------------------------------------------------------------------------------


def test_a_source_is_made_with_an_id_from_its_title() -> None:
    made = make(URL, {}, title="The River Post – RSS feed", every="15m", tags=["local", "flood"], full_text=True)
    assert made == Source(
        "the-river-post",
        URL,
        title="The River Post – RSS feed",
        tags=("local", "flood"),
        every=timedelta(minutes=15),
        origin="chat",
        full_text=True,
    )


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("BBC News - World", "bbc-news-world"),
        ("Süddeutsche Zeitung", "suddeutsche-zeitung"),
        ("Straße & Łódź", "strasse-lodz"),
        ("https://www.river.example/rss", "river-example"),
        ("日本経済新聞", "source"),
        ("", "source"),
        ("RSS", "source"),
        ("Actualités et informations en France et dans le monde entier", "actualites-et-informations-en-france-et"),
    ],
)
def test_an_id_is_made_of_what_ids_may_hold(title: str, expected: str) -> None:
    assert id_for(title, ()) == expected
    assert id_for(title, {expected, f"{expected}-2"}) == f"{expected}-3"


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"every": "5s"}, "every: must be at least 1m"),
        ({"every": "often"}, "every: 'often' is not a length of time"),
        ({"id": "Bad Id"}, "id: may hold small letters"),
        ({"id": "bbc-world"}, "the id 'bbc-world' is taken by BBC World; choose another one"),
        ({"tags": [""]}, "tags: is empty"),
        ({"kind": "fax"}, "'fax' is not a kind of source"),
        ({"kind": "gdelt", "options": {"query": "x"}, "every": "1m"}, "must be at least 15m for kind gdelt"),
        (
            {"kind": "json", "options": {"fields": {"title": "t"}, "headers": {"X": "${HOME}"}}},
            "belongs into sources.yaml, not into a command",
        ),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_in_a_sentence(wish: dict[str, object], said: str) -> None:
    with pytest.raises(WirewatchError) as raised:
        make(URL, {OWN.id: OWN}, **wish)  # type: ignore[arg-type]
    assert said in str(raised.value)


@pytest.mark.parametrize("url", [OWN.url, OWN.url.replace("https", "http"), f"{OWN.url}?utm_source=x", OWN.url + "/"])
def test_what_is_read_already_is_not_added_again(url: str) -> None:
    with pytest.raises(WirewatchError, match="is read already, as bbc-world"):
        make(url, {OWN.id: OWN})
    assert make(url, {OWN.id: replace(OWN, enabled=False)}).id != OWN.id


def test_the_environment_is_never_read_for_an_added_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-for-you")
    with pytest.raises(WirewatchError) as raised:
        make(URL, {}, kind="json", options={"fields": {"title": "t"}, "params": {"x": "${SLACK_BOT_TOKEN}"}})
    assert "xoxb" not in str(raised.value)


# -- adding and removing ---------------------------------------------------------------------------------------------


def test_what_is_added_is_kept_and_noted(store: SqlStore) -> None:
    made = make(URL, {}, title="River Post")
    add(store, made, ANN)
    assert store.chat_sources() == (made,)
    (entry,) = store.audit(NOW, 9)
    assert (entry.who, entry.where, entry.verb) == (ANN.who, "#desk", "sources add")
    assert entry.what == f"river-post: {URL}, every: auto"


def test_a_password_in_an_address_is_not_noted(store: SqlStore) -> None:
    add(store, make("https://ann:s3cret@river.example/feed", {}, title="River"), ANN)
    (entry,) = store.audit(NOW, 9)
    assert "s3cret" not in entry.what


def test_two_at_once_cannot_take_the_same_id(store: SqlStore) -> None:
    made = make(URL, {}, title="River Post")
    add(store, made, ANN)
    with pytest.raises(WirewatchError, match="was taken a moment ago; try again"):
        add(store, replace(made, url="https://other.example/"), ANN)
    assert len(store.audit(NOW, 9)) == 1


def test_what_was_added_can_be_removed_and_that_is_noted(store: SqlStore) -> None:
    made = make(URL, {}, title="River Post")
    add(store, made, ANN)
    assert remove(store, made.id, {made.id: made}, ANN) == made
    assert store.chat_sources() == ()
    assert {e.verb for e in store.audit(NOW, 9)} == {"sources add", "sources remove"}


@pytest.mark.parametrize(
    ("source_id", "said"),
    [
        ("bbc-world", "stands in a sources.yaml: put enabled: false into its entry there, or where"),
        ("bbc-wrld", "no source 'bbc-wrld'; did you mean 'bbc-world'?"),
        ("zzz", "no source 'zzz'; see sources list"),
    ],
)
def test_what_was_not_added_by_a_command_is_not_removed_by_one(store: SqlStore, source_id: str, said: str) -> None:
    with pytest.raises(WirewatchError) as raised:
        remove(store, source_id, {OWN.id: OWN}, ANN)
    assert said in str(raised.value)
    assert store.audit(NOW, 9) == ()


def test_ids_of_the_files_win() -> None:
    added = [Source("bbc-world", "https://evil.example/"), Source("river", URL)]
    assert merged({OWN.id: OWN}, added) == {"bbc-world": OWN, "river": added[1]}


# -- as YAML ---------------------------------------------------------------------------------------------------------


def test_what_was_added_can_be_written_as_a_sources_file(tmp_path: Path) -> None:
    made = [
        make(URL, {}, title="NO: “The” River #1", every="90m", tags=["no", "2026-01-01", "true"], lang="no"),
        make(
            "https://a.example/press/", {}, kind="page", title="Press", options={"items": "article", "link": "a@href"}
        ),
        make("https://b.example/rss", {}, title="B", full_text=True),
        make("https://c.example/rss", {}, title="C", every="auto"),
    ]
    path = tmp_path / "sources.yaml"
    path.write_text(to_yaml(made), "utf-8")
    assert load_sources([path]) == tuple(replace(s, origin="yaml") for s in made)
    assert to_yaml(()) == "sources: []\n"


# -- in the running bot ----------------------------------------------------------------------------------------------


def test_an_interval_that_nobody_names_follows_the_rhythm() -> None:
    assert make(URL, {}).bounds is not None
    assert make(URL, {}, every="15m").bounds is None
    assert make(URL, {}, kind="gdelt", options={"query": "x"}).every == timedelta(minutes=15)


async def test_the_running_bot_takes_up_what_another_process_added_and_drops_what_it_removed(tmp_path: Path) -> None:
    room = Room(tmp_path, "  console: {kind: console}\n", extra="ops: console\n")
    async with FeedServer({"/own": Answer(rss(2)), "/added": Answer(rss(3, first=10))}) as server:
        room.sources(server.url("/own"))
        config = load_config(room.config, os.environ)
        async with open_app(config, options=Options(spread=False)) as app:
            other = SqlStore(config.store.reveal())
            other.open()
            made = make(server.url("/added"), app.book.sources, title="Added")
            add(other, made, ANN)
            await app.rules.look_for_added()
            assert set(app.book.sources) == {"source-0", "added"}
            assert set(app.poller.rulebook.sources) == {"source-0", "added"}
            await app.poller.poll_all()
            assert {s.path for s in server.seen} == {"/own", "/added"}
            (room.rules / "other.yaml").write_text("rules: []\n", "utf-8")
            await app.rules.reload()
            assert set(app.book.sources) == {"source-0", "added"}
            remove(other, "added", app.book.sources, ANN)
            await app.rules.look_for_added()
            assert set(app.poller.rulebook.sources) == {"source-0"}
            states = {s.source_id: s.state for s in other.source_statuses()}
            assert states["added"] == "off"
            other.close()
