"""What headline and lead say of kind, place, people and numbers."""

from __future__ import annotations

from itertools import combinations

import pytest

from bot.entities.tables import read_table
from bot.story.kinds import precise
from bot.story.setting import Setting, _bits, says_where, scenes, setting
from bot.story.sides import Sides, agree, places
from bot.story.thresholds import SETTING_CHARS


def towns(title: str, text: str = "") -> int:
    return setting(title, text).towns


@pytest.mark.parametrize(
    ("title", "town"),
    [
        ("Bomb kills nine at mosque in Dorum", "dorum"),
        ("Drones strike refinery near Dorum, fire rages", "dorum"),
        ("Air raid on Iranian town of Dorum leaves nine dead", "dorum"),
        ("Ship attacked off northern Dorum", "dorum"),
        ("Thousands flee floods, says mayor; Dorum, Iran, is cut off", "dorum"),
        ("Air strike in Iran kills nine", ""),  # a country, its people, its capital: told apart by country
        ("Air strike in Tehran kills nine", ""),
        ("Iranian President Masoud Pezeshkian in Tehran", ""),
        ("Shooting at Dorum Airport", ""),  # a building, which stands in a town of another name
        ("Floods in Dorum Valley kill nine", ""),
        ("Protest on Tuesday in March", ""),
        ("Shooting at Church in Dorum Leaves Nine Dead", ""),  # capitals say nothing
    ],
)
def test_towns_of_a_headline(title: str, town: str) -> None:
    assert towns(title) == (_bits([town]) if town else 0)


def test_parts_of_countries_are_no_towns() -> None:
    one = setting("Floods in Dorum Valley kill nine", "A river rose in Texas on Tuesday.")
    assert (one.towns, one.regions) == (0, _bits(["dorum", "texas"]))


def test_years_are_no_numbers_of_an_event() -> None:
    one = setting("Worst raid since 2014 kills 12", "Twelve people died, 3.5 million fled.")
    assert one.figures == _bits(["12", "3.5"])


def test_names_at_the_start_of_a_sentence_count_where_they_are_two_words() -> None:
    one = setting("", "Witnesses fled. Aron Dabok stayed, said Lund.")
    assert one.names == _bits(["aron", "dabok", "lund"])


def test_a_place_at_the_end_of_a_sentence_is_no_part_of_the_next_name() -> None:
    one = setting("", "It was said in Dorum. Aron Dabok denied it.")
    assert one.towns == _bits(["dorum"])


def test_a_headline_says_what_a_report_is_of() -> None:
    quake = setting("Earthquake rocks Dorum", "It brought landslides, and floods were feared.")
    flood = setting("Floods sweep Dorum", "A river rose.")
    assert quake.kinds & flood.kinds
    assert not set(scenes(quake.main, ["PE"])) & set(scenes(flood.main, ["PE"]))
    assert setting("Dorum counts its dead", "A landslide buried homes.").main


def test_a_report_is_found_by_its_kind_in_its_country() -> None:
    raid = setting("Warplanes bomb Dorum", "").kinds
    strike = setting("Airstrike kills nine", "").kinds
    assert set(scenes(raid, ["IR"])) & set(scenes(strike, ["IR"]))
    assert not set(scenes(raid, ["IR"])) & set(scenes(strike, ["IQ"]))
    assert not scenes(raid, [])
    assert not scenes(raid, ["IR", "IQ", "US"])  # about everything
    assert not scenes(setting("Museum opens", "").kinds, ["IR"])


def test_no_two_countries_and_kinds_share_a_scene() -> None:
    kinds = [setting(title, "").kinds for title in ("earthquake", "flood", "coup", "protest", "ransomware", "hostages")]
    found = [set(scenes(kind, [code])) for kind in kinds for code in ("IR", "IQ", "PE", "MX", "BD")]
    assert all(not one & other for one, other in combinations(found, 2))


def test_words_for_where_it_was() -> None:
    assert all(map(says_where, ("iran", "iranian", "tehran", "province")))
    assert not any(map(says_where, ("bomb", "dorum", "and")))


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("U.S. and Iran to hold talks in Geneva", ["US", "IR"]),
        ("Putin praises Viktor Orban", ["RU", "HU"]),
        ("Kremlin says North Korean troops fought", ["RU", "KP"]),
        ("The turkey gives us a recipe", []),  # no capital, no country
    ],
)
def test_countries_of_a_headline(title: str, codes: list[str]) -> None:
    assert setting(title, "").heads == places(codes)


def test_a_word_that_the_limit_cuts_is_no_town() -> None:
    before, town = " Police in ", "Dorumbal"
    cut = SETTING_CHARS - len(before) - 3
    assert setting("", f"{'x' * cut}{before}{town} said so.").towns == 0
    assert setting("", f"{'x' * (cut - 9)}{before}{town} said so.").towns == _bits(["dorumbal"])


def test_the_countries_of_most_news_are_told_apart() -> None:
    often = "US GB RU UA CN IN PK IR IQ IL PS SY LB YE TR EG LY SD ET SO KE NG ML FR DE KP KR JP MX BD CO VE".split()  # noqa: SIM905
    for one, other in combinations(often, 2):
        assert not places([one]) & places([other]), (one, other)
    assert all(places([row["code"]]) for row in read_table("countries.tsv"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Warplanes bomb Dorum", "Air strike on Dorum kills nine"),
        ("Warplanes bomb Dorum", "Air raids on Dorum kill nine"),
        ("Warplanes bomb Dorum", "Jets pound Dorum"),
        ("Coup in Mali", "Soldiers seized power in Mali"),
    ],
)
def test_two_words_may_tell_a_kind(one: str, other: str) -> None:
    assert precise(setting(one, "").kinds) & precise(setting(other, "").kinds)
    assert not setting("New York Jets lose", "They were in the air, and a strike was over. Power was seized.").kinds


@pytest.mark.parametrize(
    ("codes", "other", "same"),
    [
        (["IR"], ["IR"], True),
        (["IR"], ["IQ"], False),
        ([], ["IR"], True),  # no country is named, and the town is the same
        ([], [], True),
    ],
)
def test_one_kind_of_event_in_one_country_or_town(codes: list[str], other: list[str], same: bool) -> None:
    one, two = setting("Protest in Dorum, 4 dead", ""), setting("Police crush a demonstration in Dorum", "")
    assert agree(sides(one, codes), sides(two, other)) is same
    elsewhere = setting("Protest in Banak, 4 dead", "")
    assert not agree(sides(one, []), sides(elsewhere, ["IR"]))


def sides(found: Setting, codes: list[str]) -> Sides:
    return Sides(places(codes), found.kinds, found.towns, found.regions, found.names, found.figures, found.heads)
