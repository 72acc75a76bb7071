"""A country as a message shows it. The facts are those of :mod:`bot.entities.facts`; here stand only the two bodies
with a flag and a code of their own that are no countries."""

from __future__ import annotations

from bot.entities import facts
from bot.message import CountryTag

_BODIES = {"EU": "European Union", "UN": "United Nations"}
_ALIASES = {"UK": "GB", "EL": "GR"}  # as the European Union writes them
_REGIONAL_A = 0x1F1E6  # Unicode: REGIONAL INDICATOR SYMBOL LETTER A


def flag(code: str) -> str:
    """The flag emoji of a country's code (also ``EU``, ``UN``), or ``""`` where there is none."""
    code = _canonical(code)
    if code in _BODIES:
        return "".join(chr(_REGIONAL_A + ord(letter) - ord("A")) for letter in code)
    return facts.flag(code)


def country_name(code: str) -> str:
    """The short English name of a country, or the code itself where it is unknown."""
    code = _canonical(code)
    return _BODIES.get(code) or facts.country_name(code)


def country_tag(code: str) -> CountryTag:
    """``KP`` → ``CountryTag("KP", "North Korea", "🇰🇵")``."""
    code = _canonical(code)
    return CountryTag(code, country_name(code), flag(code))


def _canonical(code: str) -> str:
    code = code.strip().upper()
    return _ALIASES.get(code, code)
