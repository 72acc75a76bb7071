"""Country codes as people know them: short English news names and flags, from ``data/countries.tsv``.

The codes are ISO 3166-1 alpha-2, and ``XK`` for Kosovo (user-assigned in ISO 3166, used so by the European Union and
the World Bank). Abkhazia, South Ossetia, Transnistria, Northern Cyprus and Somaliland have no code of their own:
they resolve to the state that they are internationally recognised as part of.
"""

from __future__ import annotations

from functools import lru_cache

from bot.entities.tables import read_table

_REGIONAL_INDICATOR_A = 0x1F1E6  # Unicode: REGIONAL INDICATOR SYMBOL LETTER A


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {row["code"]: row["name"] for row in read_table("countries.tsv")}


def country_name(code: str) -> str:
    """``KP`` → ``North Korea``; the code itself where it is unknown."""
    return _names().get(code, code)


def is_country(code: str) -> bool:
    """Whether the code is one of :func:`all_codes`."""
    return code in _names()


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for row in read_table("countries.tsv"):
        names = (row["name"], *row["aliases"].split("|"), *row["exact"].split("|"))
        codes.update((name.casefold(), row["code"]) for name in names if name)
    return codes


def code_named(name: str) -> str:
    """``Iran`` → ``IR``, by any of the names in the table, in capitals or not; empty where it is none."""
    return _codes().get(" ".join(name.casefold().split()), "")


def all_codes() -> tuple[str, ...]:
    """Every code, ascending."""
    return tuple(sorted(_names()))


def flag(code: str) -> str:
    """``KP`` → 🇰🇵; an empty string where the code is unknown (two letters without a flag would show as letters)."""
    if not is_country(code):
        return ""
    return "".join(chr(_REGIONAL_INDICATOR_A + ord(letter) - ord("A")) for letter in code)
