"""What the gazetteer knows, name by name: the tables of ``data/`` and the cities, merged into one row a pattern.

Where a name stands in several tables the first of :func:`known_names` wins; the others, and equal names of cities in
other countries, become its further *readings*, between which :mod:`bot.entities.context` decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from bot.entities.cities import City, read_cities
from bot.entities.tables import read_table, split_names
from bot.model import MentionKind
from bot.text import phrase


class Use:
    """How a name may be taken: bits of ``Name.use``; none set means wherever it is capitalised.

    Plain integers: a bit test with ``IntFlag`` costs ten times as much, and the resolver makes dozens a text.
    """

    PLAIN: Final = 0
    TRAP: Final = 1  # means no country; takes its words away from shorter names
    CUE: Final = 2  # mentions nothing, but tells where the piece is at home
    EXACT: Final = 4  # only in the very letters of ``exact``
    WEAK: Final = 8  # only with another mention of its country in the text
    LANGUAGE: Final = 16  # also the name of a language
    GIVEN: Final = 32  # also a given name
    WORD: Final = 64  # also an ordinary word or a surname
    STATE: Final = 128  # a state of the United States
    ABBREVIATION: Final = 256  # of such a state: only after a comma, or with its dot
    READINGS: Final = 512  # places in several countries
    SINGLE: Final = 1024  # one word: its neighbours may make it a surname, a street or a newspaper
    FOREIGN: Final = 2048  # other languages than English only
    COUNTY: Final = 4096  # the word "County" or "Parish"
    ANYCASE: Final = 8192  # no capital needed
    SMALL: Final = 16384  # a city of fewer than LARGE_CITY people
    FIRST: Final = 32768  # a given name just as well
    TWIN: Final = 131072  # of two countries in one part of the world
    COMMON: Final = 262144  # a common noun or verb in lower case
    OTHERWISE: Final = 65536  # means something else in other languages


HUGE_CITY = 1_000_000
"""People; above it the surname that a city's name is too is less likely."""

LARGE_CITY = 300_000
"""People; above it a city is what its name means unless something speaks against it."""


# Saints and compass points name towns everywhere; of those, only the American ones are known widely enough.
_COMMON_BEGINNINGS = (
    *("san ", "santa ", "santo ", "st ", "saint ", "north ", "south ", "east ", "west ", "mount ", "new "),
    *("la ", "los ", "las ", "el ", "le ", "villa ", "nova "),
)


class Name(NamedTuple):
    """One pattern and what it may stand for. The fields are plain, so that a row survives a round trip by JSON."""

    entity: str
    kind: str
    origin: str
    use: int = 0
    capital: int = 0  # offset of the letter that has to be a capital one
    exact: tuple[str, ...] = ()
    readings: tuple[tuple[str, tuple[str, ...]], ...] = ()  # other countries, and the states that speak for each
    langs: tuple[tuple[str, str], ...] = ()  # language and what the name means in it
    note: str = ""
    default: str = ""  # what it means where nothing speaks for any reading; "-" is nothing, empty is ``entity``


Row = tuple[str, Name]
"""A name as written, and what is known of it."""


def _capital(words: str) -> int:
    return next((i for i, ch in enumerate(words) if ch.isupper()), 0)


def _undotted(words: str) -> str:
    return words.replace(".", "")


def _table(file: str, column: str, kind: MentionKind, use: int = Use.PLAIN) -> Iterator[Row]:
    """The names of one table. Its ``use`` column may hold ``weak``, ``language``, ``exact``."""
    uses = {"weak": Use.WEAK, "language": Use.LANGUAGE, "exact": Use.EXACT, "": Use.PLAIN}
    for row in read_table(file):
        origin = f"entities/data/{file}" + (f", as of {row['as_of']}" if row.get("as_of") else "")
        note = row.get("note", "")
        exact = split_names(row.get("exact", ""))
        own = use
        for word in row.get("use", "").split():
            own |= uses[word]
        names = [row["name"], *split_names(row["aliases"])] if column == "aliases" else list(split_names(row[column]))
        for name in names:
            only = own & Use.EXACT or name in exact
            yield (
                name,
                Name(
                    row["code"],
                    kind.value,
                    origin,
                    own | (Use.EXACT if only else 0),
                    _capital(name),
                    (name,) if only else (),
                    note=note,
                ),
            )
        for name in exact:
            if name not in names:
                yield name, Name(row["code"], kind.value, origin, own | Use.EXACT, 0, (_undotted(name),), note=note)


def _states() -> Iterator[Row]:
    origin = "entities/data/us_states.tsv"
    for row in read_table("us_states.tsv"):
        state = row["name"]
        if row["use"] != "ambiguous":
            yield state, Name("US", "region", origin, Use.STATE, 0, note=state)
        for short in split_names(row["abbreviations"]):
            yield (
                short,
                Name("US", "region", origin, Use.ABBREVIATION | Use.STATE, 0, (_undotted(short),), note=state),
            )


def _traps() -> Iterator[Row]:
    for row in read_table("traps.tsv"):
        for name in split_names(row["phrases"]):
            yield name, Name("", "", "entities/data/traps.tsv", Use.TRAP | Use.ANYCASE, note=row["why"])


def _cues() -> Iterator[Row]:
    for row in read_table("cues.tsv"):
        for name in split_names(row["words"]):
            use = Use.CUE | (Use.ANYCASE if row["case"] == "any" else 0)
            yield name, Name(row["code"], "", "entities/data/cues.tsv", use, _capital(name))
    for word in ("County", "Parish", "Counties"):
        yield word, Name("US", "region", "geonames", Use.COUNTY)


def _city(city: City) -> Name:
    return Name(city.country, "city", "geonames", Use.SMALL if city.population < LARGE_CITY else Use.PLAIN)


def known_names(cities: tuple[City, ...]) -> Iterator[Row]:
    """All names in order of precedence."""
    yield from _table("countries.tsv", "aliases", MentionKind.NAME)
    yield from _table("capitals.tsv", "names", MentionKind.CAPITAL)
    yield from _table("metonyms.tsv", "names", MentionKind.METONYM)
    yield from _table("groups.tsv", "names", MentionKind.GROUP)
    yield from _table("leaders.tsv", "names", MentionKind.LEADER)
    yield from _traps()
    yield from _states()
    yield from _table("subdivisions.tsv", "names", MentionKind.REGION)
    yield from _table("demonyms.tsv", "words", MentionKind.DEMONYM)
    for city in cities:
        yield city.name, _city(city)


def merge(cities_min_population: int) -> dict[str, Name]:
    """Pattern → what is known of it."""
    cities = read_cities(cities_min_population)
    namesakes = {
        phrase(row["name"]): tuple((code, split_names(row["parts"])) for code in split_names(row["in"]))
        for row in read_table("namesakes.tsv")
    }
    twins = {
        phrase(row["name"]): tuple((code, ()) for code in split_names(row["others"])) for row in read_table("twins.tsv")
    }
    defaults = {phrase(row["name"]): row["default"] for row in read_table("namesakes.tsv") if row["default"]}
    groups = {row["group"]: {phrase(n) for n in split_names(row["names"])} for row in read_table("given_names.tsv")}
    words_by = {row["why"]: {phrase(n) for n in split_names(row["words"])} for row in read_table("words.tsv")}
    common = words_by.pop("common")
    surnames = words_by.pop("surname") | groups["given"] | groups["surname"]
    words = set().union(*words_by.values())
    huge = {phrase(city.name) for city in cities.large if city.population >= HUGE_CITY}
    merged: dict[str, Name] = {}
    spelled: dict[str, set[str]] = {}
    for written, name in known_names(cities.large):
        key = phrase(written)
        if not key:
            continue
        before = merged.get(key)
        if before is not None:
            if before.use & Use.EXACT and name.use & Use.EXACT:
                spelled[key].update(name.exact)
                merged[key] = before._replace(exact=tuple(sorted(spelled[key])))
            continue
        spelled[key] = set(name.exact)
        merged[key] = name
    for written, cue in _cues():
        merged.setdefault(phrase(written), cue)
    for key, name in merged.items():
        use = name.use
        if use & (Use.TRAP | Use.CUE | Use.ABBREVIATION | Use.COUNTY):
            continue
        if " " not in key:
            use |= Use.SINGLE
        if key in common:
            use |= Use.COMMON
        if key in twins:
            use |= Use.TWIN
            name = name._replace(readings=twins[key])
        elif name.kind in ("name", "capital", "city", "region"):
            others = dict(namesakes.get(key, ()))
            if name.kind in ("city", "capital", "name"):
                for code in cities.namesakes.get(key, ()):
                    others.setdefault(code, ())
            if not others.get(
                name.entity
            ):  # but "Washington" with Seattle is the state: the same country, said with a reason
                others.pop(name.entity, None)
            if others:
                use |= Use.READINGS
                name = name._replace(readings=tuple(others.items()), default=defaults.get(key, ""))
            if key in groups["first"] or (name.kind == "city" and key in groups["given"]):
                use |= Use.FIRST
            elif key in groups["place"]:
                use |= Use.GIVEN
            if name.kind == "region" and not use & Use.STATE and name.entity in cities.namesakes.get(key, ()):
                name = name._replace(kind="city")
            elif name.kind == "city" and (
                key in words
                or (key in surnames and key not in huge)
                or (name.entity != "US" and key.startswith(_COMMON_BEGINNINGS))
            ):
                use |= Use.WORD
        merged[key] = name._replace(use=use)
    return {f" {key} ": name for key, name in merged.items()}
