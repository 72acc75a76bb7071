"""Stored lists as the lists that rules name, down to the alert."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.entities.facts import is_country
from bot.entities.gazetteer import load_gazetteer
from bot.errors import Level
from bot.rules.compile import build
from bot.rules.evaluate import Subject
from bot.rules.inflect import Inflector
from bot.rules.language import Reader
from bot.rules.match import Engine
from bot.rules.model import NameList, RuleSet
from bot.watchlists.base import EntryKind, WatchEntry, WatchListError, WatchName
from bot.watchlists.index import name_list, name_lists, origin
from bot.watchlists.report import Options
from bot.watchlists.settings import ListSource
from bot.watchlists.store import Meta, Shelf, folder_for
from bot.yaml_nodes import Map, Seq, load_file

from .lists import source

WANTED = source("https://lists.example.org/sdn.xml")
ENTRIES = (
    WatchEntry("1", WatchName("Gleb Arkadievich SOLOVEYKIN", "SOLOVEYKIN"), EntryKind.PERSON, countries=("RU",)),
    WatchEntry("2", WatchName("BLUE DHOW TRADING LLC"), EntryKind.ORG),
    WatchEntry("3", WatchName("NAKHL QARNAWI"), EntryKind.VESSEL),
    WatchEntry("4", WatchName("Ali Hassan", "Hassan"), EntryKind.PERSON),
)


def put(shelf: Shelf, entries: tuple[WatchEntry, ...] = ENTRIES, *, mark: str = "a" * 64) -> None:
    draft = shelf.draft("ofac_sdn")
    for entry in entries:
        draft.add(entry)
    fetched = datetime(2026, 10, 2, tzinfo=UTC)
    draft.commit(
        Meta("ofac_sdn", "OFAC SDN list", "ofac_xml", "https://x", "v", date(2026, 10, 1), fetched, mark, len(entries))
    )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    found = Shelf(tmp_path / "watchlists")
    put(found)
    return found


def with_options(options: Options) -> ListSource:
    return ListSource(WANTED.name, WANTED.title, WANTED.kind, WANTED.urls, options=options)


def test_a_stored_list_comes_back_as_it_was_put(shelf: Shelf) -> None:
    stored = shelf.load("ofac_sdn")
    assert stored is not None
    assert stored.entries == ENTRIES
    assert shelf.load("other") is None
    assert tuple(shelf.entries("other")) == ()


def test_a_list_carries_source_and_date_and_kinds(shelf: Shelf) -> None:
    listed = name_list(shelf, WANTED).names
    assert (listed.name, listed.title, listed.as_of, listed.source) == (
        "ofac_sdn",
        "OFAC SDN list",
        "2026-10-01",
        "https://x",
    )
    assert [(n.id, n.kind, n.country) for n in listed.names] == [
        ("ofac_sdn:1", "person", "RU"),
        ("ofac_sdn:2", "org", ""),
        ("ofac_sdn:3", "vessel", ""),
    ]
    assert origin(listed, "ofac_sdn:1") == "OFAC SDN list, entry 1, as of 2026-10-01"


def test_names_are_made_once_for_a_version_and_its_options(shelf: Shelf) -> None:
    first = name_list(shelf, WANTED)
    made = shelf.path("ofac_sdn", ".names.jsonl")
    before = made.read_bytes()
    assert name_list(shelf, WANTED) == first
    assert made.read_bytes() == before
    asked = name_list(shelf, with_options(Options(common=True)))
    assert "ofac_sdn:4" in {n.id for n in asked.names.names}
    put(shelf, ENTRIES[:1], mark="b" * 64)
    assert len(name_list(shelf, WANTED).names.names) == 1
    made.write_text("damaged")
    assert len(name_list(shelf, WANTED).names.names) == 1


def test_a_list_that_is_not_there_yet_is_empty_with_a_warning(tmp_path: Path) -> None:
    config = Path("wirewatch.yaml")
    lists, (problem,) = name_lists(Shelf(tmp_path), [WANTED], config)
    assert lists["ofac_sdn"].names == ()
    assert problem.level is Level.WARNING
    assert str(problem) == (
        "wirewatch.yaml: the watch list 'ofac_sdn' was not downloaded yet, so rules find nothing by it; "
        "run `wirewatch lists refresh`"
    )


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"[]\n", b"\xff\xfe", b'{"format": 99}\n'])
def test_a_damaged_list_is_a_warning_and_not_the_end(damage: bytes, shelf: Shelf) -> None:
    shelf.path("ofac_sdn", ".jsonl").write_bytes(damage)
    with pytest.raises(WatchListError):
        name_list(shelf, WANTED)
    lists, (problem,) = name_lists(shelf, [WANTED], Path("w.yaml"))
    assert lists["ofac_sdn"].names == ()
    assert "lists refresh" in problem.text


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:////srv/data/wirewatch.db", "/srv/data/watchlists"),
        ("postgresql+psycopg://db/wirewatch", "/etc/wirewatch/var/watchlists"),
        ("sqlite:///:memory:", "/etc/wirewatch/var/watchlists"),
    ],
)
def test_lists_are_kept_beside_the_database(url: str, folder: str) -> None:
    assert folder_for(url, Path("/etc/wirewatch/wirewatch.yaml")) == Path(folder)


# -- in rules -------------------------------------------------------------------------------------------------------

RULES = """
rules:
  - {id: any, title: Anyone, severity: low, when: {list: ofac_sdn}, tests: [{match: Gleb Soloveykin}, {ignore: x}]}
  - {id: who, title: People, severity: low, when: {person: "@ofac_sdn"}, tests: [{match: Gleb Soloveykin}, {ignore: x}]}
  - {id: org, title: Firms, severity: low, when: {org: "@ofac_sdn"}, tests: [{match: Blue Dhow Trading}, {ignore: x}]}
"""


def engine(lists: dict[str, NameList], folder: Path, run_on: dict[str, NameList] | None = None) -> Engine:
    path = folder / "rules.yaml"
    path.write_text(RULES)
    node = load_file(path, path)
    assert isinstance(node, Map)
    reader = Reader(lists, is_country=is_country, channels=None, sources=None, source_tags=None, has_model=False)
    items = node.get("rules")
    assert isinstance(items, Seq)
    rules = tuple(rule for item in items if (rule := reader.rule(item)) is not None)
    assert (len(rules), reader.problems) == (3, [])
    program, problems = build(RuleSet(rules, {}, run_on or lists), load_gazetteer(), Inflector(folder / "cache"))
    assert problems == ()
    return Engine(program)


@pytest.mark.parametrize(
    ("text", "fired"),
    [
        ("Sanctions hit Gleb Soloveykin, a shipping agent.", {"any", "who"}),
        ("The agent SOLOVEIKIN GLEB was named.", {"any", "who"}),
        ("Был назван Глеб Соловейкин.", {"any", "who"}),
        ("The cargo of Blue Dhow Trading was seized.", {"any", "org"}),
        ("The tanker Nakhl Qarnawi left port.", {"any"}),
        ("Ali Hassan, a baker, opened a shop.", set()),
        ("Mr Soloveykin met Gleb at the blue dhow, trading stories.", set()),
    ],
)
def test_rules_find_listed_names_by_kind_in_any_of_their_spellings(
    text: str, fired: set[str], shelf: Shelf, tmp_path: Path
) -> None:
    lists, problems = name_lists(shelf, [WANTED], Path("w.yaml"))
    assert problems == ()
    matches = engine(lists, tmp_path).match(Subject("", text))
    assert {m.rule_id for m in matches} == fired
    for match in matches:
        assert match.evidence[0].entity in {"ofac_sdn:1", "ofac_sdn:2", "ofac_sdn:3"}


def test_a_list_that_was_not_downloaded_yet_matches_nothing(shelf: Shelf, tmp_path: Path) -> None:
    lists, _ = name_lists(shelf, [WANTED], Path("w.yaml"))
    empty, _ = name_lists(Shelf(tmp_path / "elsewhere"), [WANTED], Path("w.yaml"))
    assert engine(lists, tmp_path, empty).match(Subject("", "Gleb Soloveykin and Blue Dhow Trading LLC")) == ()
