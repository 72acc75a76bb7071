"""Country names and flags, against pycountry's list of all ISO 3166 codes."""

from __future__ import annotations

import subprocess
import sys

import pycountry
import pytest

from bot.channels.text import graphemes
from bot.flags import country_name, country_tag, flag
from bot.message import CountryTag


def test_every_iso_country_has_a_name_and_one_flag() -> None:
    for country in pycountry.countries:
        tag = country_tag(country.alpha_2)
        assert tag.name != tag.code
        assert len(list(graphemes(tag.flag))) == 1
        assert len(tag.name) <= 43
        assert "&" not in tag.name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("KP", "North Korea"),
        ("KR", "South Korea"),
        ("RU", "Russia"),
        ("IR", "Iran"),
        ("SY", "Syria"),
        ("TW", "Taiwan"),
        ("MM", "Myanmar"),
        ("CD", "DR Congo"),
        ("CG", "Republic of the Congo"),
        ("CI", "Ivory Coast"),
        ("BA", "Bosnia and Herzegovina"),
        ("HK", "Hong Kong"),
        ("TR", "Turkey"),
        ("PS", "Palestinian territories"),
        ("XK", "Kosovo"),
        ("EU", "European Union"),
        ("uk", "United Kingdom"),
        ("EL", "Greece"),
        ("ZZ", "ZZ"),
        ("XA", "XA"),
        ("X1", "X1"),
        ("", ""),
    ],
)
def test_names_are_those_of_the_news(code: str, name: str) -> None:
    assert country_name(code) == name


@pytest.mark.parametrize(
    ("code", "emoji"),
    [("KP", "🇰🇵"), ("xk", "🇽🇰"), ("UK", "🇬🇧"), ("EU", "🇪🇺"), ("UN", "🇺🇳")]
    + [(code, "") for code in ("ZZ", "QO", "EZ", "XX", "KPR", "K", "", "12", "ÅÄ", "GB-SCT")],
)
def test_flag_or_nothing_where_letters_would_show(code: str, emoji: str) -> None:
    assert flag(code) == emoji


def test_tag_is_canonical() -> None:
    assert country_tag(" kp ") == CountryTag("KP", "North Korea", "🇰🇵")


def test_country_data_is_read_only_when_something_is_shown() -> None:
    code = "import sys, bot.render, bot.channels.console; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
