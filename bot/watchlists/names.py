"""The names that an entry is looked for under: made once, when a list is built, so that matching an article stays a
search for fixed phrases.

What would flood is left out and counted: names that the list itself holds for weak, single words, names that many
people bear. Everything is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.watchlists import cyrillic
from bot.watchlists.base import EntryKind, Quality, WatchEntry, WatchName
from bot.watchlists.persons import expand_person, split
from bot.watchlists.report import IsWord, Options, Report
from bot.watchlists.spellings import fold, leading
from bot.watchlists.things import expand_thing

__all__ = ["Options", "Report", "expand", "expand_entry"]

PER_ENTRY = 150  # variants of one entry; the 20 aliases of a much-named person, each in some ways
SLAVIC = frozenset({"RU", "BY", "UA", "KZ", "KG", "BG", "MK", "MD"})
VERSION = 1  # of what is made; a higher one has stored names made anew


def expand_entry(entry: WatchEntry, options: Options, is_word: IsWord, report: Report) -> tuple[str, ...]:
    """What the entry is looked for under, each once and with capitals, its main name first; empty if nothing may be."""
    found: dict[str, None] = {}
    slavic = not SLAVIC.isdisjoint(entry.countries) or any(_patronymic(n) for n in entry.names)
    for number, one in enumerate(_with_cyrillic(entry, slavic)):
        if one.quality is Quality.WEAK and not options.weak:
            report.weak += 1
            continue
        verdict, variants = _expand(one, entry.kind, options, is_word, slavic, main=number == 0)
        setattr(report, verdict, getattr(report, verdict) + 1)
        found.update(dict.fromkeys(variants))
    if len(found) > PER_ENTRY:
        report.cut += 1
    report.silent += not found
    chosen = tuple(found)[:PER_ENTRY]
    report.variants += len(chosen)
    return chosen


def expand(name: WatchName, kind: EntryKind, *, slavic: bool = False) -> tuple[str, ...]:
    """Every way in which a name may be written, itself first, whether or not it would flood."""
    everything = Options(weak=True, one_word=True, common=True)
    return _expand(name, kind, everything, lambda word: False, slavic, main=True)[1]


def _with_cyrillic(entry: WatchEntry, slavic: bool) -> Iterator[WatchName]:
    """The names of an entry; for a Slavic one without a Cyrillic name, that too."""
    yield from entry.names
    if entry.kind is not EntryKind.PERSON or not slavic or any(cyrillic.is_cyrillic(n.text) for n in entry.names):
        return
    parts = [fold(p) for p in split(entry.name.text)]
    written = [cyrillic.to_cyrillic(p, leading(p)) for p in parts if p.isascii()]
    if len(written) == len(parts) >= 2 and all(written):
        family = len(split(entry.name.family)) or 1
        yield WatchName(" ".join(written), " ".join(written[-family:]))


def _patronymic(name: WatchName) -> bool:
    return bool(re.search(r"(?i)\w(?:ovich|evich|ovna|evna|yevich|ович|евич|овна|евна)\b", name.text))


def _expand(
    name: WatchName, kind: EntryKind, options: Options, is_word: IsWord, slavic: bool, *, main: bool
) -> tuple[str, tuple[str, ...]]:
    """A field of :class:`Report`, and the variants that go with it."""
    if kind is EntryKind.PERSON:
        return expand_person(name, options, slavic)
    return expand_thing(name.text, kind, options, is_word, main)
