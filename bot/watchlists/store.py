"""Watch lists on disk: one folder, beside the store's database.

A list is ``NAME.jsonl``: a line that says what it is, then one line an entry. A new one replaces it in one step, so
that readers (the bot, a command, another bot) see the old list or the new one, whole. ``NAME.changes.jsonl`` keeps
what came and went, ``NAME.status.json`` how the last refresh ended. The names that are looked for are made once and
kept in ``NAME.names.jsonl``; any of these may be deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.model import HttpState
from bot.watchlists.base import EntryKind, Quality, WatchEntry, WatchList, WatchListError, WatchName

FORMAT = 1  # of the files; a higher one is refused
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")


@dataclass(frozen=True, slots=True)
class Meta:
    """The first line of a list. ``sha256`` is of what was downloaded, all parts; ``states`` are by part."""

    name: str
    title: str
    kind: str
    source_url: str
    version: str
    as_of: date | None
    fetched_at: datetime
    sha256: str
    count: int
    states: Mapping[str, HttpState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """How the last refresh ended: ``problem`` is empty where all is well."""

    checked_at: datetime
    problem: str = ""


def folder_for(store_url: str, config_file: Path) -> Path:
    """The folder of the lists: beside the SQLite database, or ``var`` beside the config where the store is a server."""
    found = re.match(r"sqlite:///(?!:memory:|file:)([^?]+)", store_url)
    return (Path(found[1]).parent if found else config_file.parent / "var") / "watchlists"


class Shelf:
    """The folder. Any method may raise ``OSError``; what is damaged is a :class:`WatchListError`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # -- lists -----------------------------------------------------------------------------------------------------
    def meta(self, name: str) -> Meta | None:
        """What is known of a list without reading it; ``None`` where there is none."""
        try:
            with self._path(name).open(encoding="utf-8", errors="replace") as file:
                return _read_meta(file.readline(), name)
        except FileNotFoundError:
            return None

    def entries(self, name: str) -> Iterator[WatchEntry]:
        """The entries of a list, one after another; none where there is no list."""
        try:
            with self._path(name).open(encoding="utf-8", errors="replace") as file:
                _read_meta(file.readline(), name)
                for number, line in enumerate(file, 2):
                    yield _read_entry(line, name, number)
        except FileNotFoundError:
            return

    def intact(self, meta: Meta) -> bool:
        """Whether the file still has as many entries as its first line says."""
        with self._path(meta.name).open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) == meta.count + 1

    def load(self, name: str) -> WatchList | None:
        """A list as a whole."""
        meta = self.meta(name)
        if meta is None:
            return None
        entries = tuple(self.entries(name))
        return WatchList(name, meta.title, meta.source_url, meta.version, meta.as_of, meta.fetched_at, entries)

    def digests(self, name: str) -> dict[str, bytes]:
        """Each entry's id with a hash of all that is said of it: what a difference needs, in little memory."""
        return {entry.id: digest(entry) for entry in self.entries(name)}

    def draft(self, name: str) -> Draft:
        """A new version of a list, written beside the old one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Draft(self._path(name))

    # -- what else is known of a list ------------------------------------------------------------------------------
    def status(self, name: str) -> Status | None:
        """How the last refresh ended; ``None`` where there was none."""
        try:
            found = json.loads(self._path(name, ".status.json").read_text("utf-8"))
            return Status(datetime.fromisoformat(found["checked_at"]), str(found["problem"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise WatchListError(f"{self._path(name, '.status.json')} is damaged; delete it") from error

    def set_status(self, name: str, status: Status) -> None:
        """Keep how a refresh ended."""
        self.folder.mkdir(parents=True, exist_ok=True)
        row = {"checked_at": status.checked_at.isoformat(), "problem": status.problem}
        write_whole(self._path(name, ".status.json"), [json.dumps(row)])

    def path(self, name: str, suffix: str) -> Path:
        """Where something that goes with a list is kept."""
        return self._path(name, suffix)

    def _path(self, name: str, suffix: str = ".jsonl") -> Path:
        if not _NAME.match(name):
            raise ValueError(f"{name!r} is no name of a watch list")
        return self.folder / f"{name}{suffix}"


class Draft:
    """Entries on their way to disk. Use :meth:`add`, then :meth:`commit` or :meth:`discard`."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._body = target.with_name(f".{target.name}.{os.getpid()}.body")
        self._file = self._body.open("w", encoding="utf-8")
        self.digests: dict[str, bytes] = {}

    def add(self, entry: WatchEntry) -> None:
        """Write an entry; a second one of the same id is left out."""
        if entry.id not in self.digests:
            self.digests[entry.id] = digest(entry)
            self._file.write(_entry_line(entry) + "\n")

    def entries(self) -> Iterator[WatchEntry]:
        """What was added so far."""
        self._file.flush()
        with self._body.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                yield _read_entry(line, self._target.stem, number)

    def commit(self, meta: Meta) -> None:
        """Put the draft in the place of the list."""
        self._file.close()
        whole = self._target.with_name(f".{self._target.name}.{os.getpid()}.new")
        try:
            with whole.open("wb") as out, self._body.open("rb") as body:
                out.write((_meta_line(replace(meta, count=len(self.digests))) + "\n").encode())
                shutil.copyfileobj(body, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            whole.replace(self._target)
        finally:
            whole.unlink(missing_ok=True)
            self._body.unlink(missing_ok=True)

    def discard(self) -> None:
        """Leave no trace. Harmless after :meth:`commit`."""
        self._file.close()
        self._body.unlink(missing_ok=True)


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Replace a file in one step."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def digest(entry: WatchEntry) -> bytes:
    """A hash of all that a list says of an entry, whatever the order in which it says it."""
    row = entry_row(entry)
    for key in ("aliases", "programmes", "countries", "births"):
        row[key] = sorted(row.get(key, ()))
    return hashlib.blake2b(json.dumps(row, sort_keys=True).encode("utf-8", "surrogatepass"), digest_size=16).digest()


# -- lines ----------------------------------------------------------------------------------------------------------


def _meta_line(meta: Meta) -> str:
    row = asdict(meta) | {"format": FORMAT, "fetched_at": meta.fetched_at.isoformat()}
    row["as_of"] = meta.as_of.isoformat() if meta.as_of else None
    return json.dumps(row)


def _read_meta(line: str, name: str) -> Meta:
    try:
        row = json.loads(line)
        if row.pop("format") != FORMAT:
            raise WatchListError(f"the stored list {name} was written by a newer Wirewatch; refresh it with this one")
        row["as_of"] = date.fromisoformat(row["as_of"]) if row["as_of"] else None
        row["fetched_at"] = datetime.fromisoformat(row["fetched_at"])
        row["states"] = {part: HttpState(**state) for part, state in row["states"].items()}
        return Meta(**row)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WatchListError(f"the stored list {name} is damaged; run `wirewatch lists refresh {name}`") from error


def entry_row(entry: WatchEntry) -> dict[str, Any]:
    """An entry as it is stored: values that JSON knows."""
    row: dict[str, Any] = {"id": entry.id, "kind": entry.kind.value, "name": _name_row(entry.name)}
    if entry.aliases:
        row["aliases"] = [_name_row(a) for a in entry.aliases]
    for key in ("programmes", "countries", "births"):
        if values := getattr(entry, key):
            row[key] = list(values)
    return row


def _name_row(name: WatchName) -> list[str]:
    return [name.text, name.family, name.quality.value]


def _entry_line(entry: WatchEntry) -> str:
    return json.dumps(entry_row(entry))


def _read_entry(line: str, name: str, number: int) -> WatchEntry:
    try:
        return read_entry_row(json.loads(line))
    except (ValueError, KeyError, TypeError) as error:
        raise WatchListError(
            f"the stored list {name} is damaged in line {number}; run `wirewatch lists refresh {name}`"
        ) from error


def read_entry_row(row: Mapping[str, Any]) -> WatchEntry:
    """The way back. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
    return WatchEntry(
        id=row["id"],
        name=_read_name(row["name"]),
        kind=EntryKind(row["kind"]),
        aliases=tuple(map(_read_name, row.get("aliases", ()))),
        programmes=tuple(row.get("programmes", ())),
        countries=tuple(row.get("countries", ())),
        births=tuple(row.get("births", ())),
    )


def _read_name(row: list[str]) -> WatchName:
    text, family, quality = row
    return WatchName(text, family, Quality(quality))
