"""Countries as people in a newsroom write them: a short name and a flag for each code."""

from __future__ import annotations

from functools import lru_cache

from bot.model import CountryTag

# Where CLDR's English name is longer or other than what news headlines use (AP and BBC style guides).
_NEWS_NAMES = {
    "BA": "Bosnia and Herzegovina",
    "CD": "DR Congo",
    "CG": "Republic of the Congo",
    "CI": "Ivory Coast",
    "FK": "Falkland Islands",
    "HK": "Hong Kong",
    "MM": "Myanmar",
    "MO": "Macau",
    "PS": "Palestinian territories",
    "TL": "East Timor",
    "TR": "Turkey",
    "UN": "United Nations",
    "VA": "Vatican",
}
_ALIASES = {"UK": "GB", "EL": "GR"}  # as the European Union writes them
_NO_FLAG = frozenset({"EZ", "QO"})  # in CLDR, but no flag of their own: the eurozone, outlying Oceania
_NO_PLACE = frozenset({"ZZ", "XA", "XB"})  # CLDR's unknown region and pseudo-locales
_REGIONAL_A = 0x1F1E6


@lru_cache(maxsize=1)
def _cldr_names() -> dict[str, str]:
    from babel import Locale  # 60 ms: only once something is shown

    names = Locale("en").territories.items()
    return {code: str(name) for code, name in names if len(code) == 2 and code.isalpha() and code not in _NO_PLACE}


def flag(code: str) -> str:
    """The flag emoji of an ISO 3166 code (also ``XK``, ``EU``, ``UN``), or ``""`` where there is none.

    Two regional indicator letters; any other pair of letters would show as letters, not as a flag.
    """
    code = _canonical(code)
    if code in _NO_FLAG or code not in _cldr_names():
        return ""
    return "".join(chr(_REGIONAL_A + ord(letter) - ord("A")) for letter in code)


def country_name(code: str) -> str:
    """The short English name of a country, or the code itself where it is unknown."""
    code = _canonical(code)
    return _NEWS_NAMES.get(code) or (_cldr_names().get(code, code).replace(" & ", " and ").replace("’", "'"))


def country_tag(code: str) -> CountryTag:
    """``KP`` → ``CountryTag("KP", "North Korea", "🇰🇵")``."""
    code = _canonical(code)
    return CountryTag(code, country_name(code), flag(code))


def _canonical(code: str) -> str:
    code = code.strip().upper()
    return _ALIASES.get(code, code)
