"""What reading rules leaves for the next reading, so that an edit of one file costs what that file costs.

Nothing here changes what is read: a file is taken from here if its bytes are those of the last time, a term's phrases
and a list's spellings if they were asked for in the same words. One :class:`Kept` belongs to one bot, and to one
reading at a time.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from bot.entities.gazetteer import Gazetteer, load_gazetteer
from bot.rules.inflect import Inflector, cache_folder
from bot.rules.model import NameList, Names, Term, TermKind
from bot.yaml_nodes import Node, load, read_bytes

FILES_BYTES_MAX = 4 << 20  # of all files that are kept; read, a byte of YAML takes about 25 of memory

Spelling = tuple[str, str, str]
"""A pattern, the id of its entry, and the name as the list writes it."""


class _File(NamedTuple):
    digest: bytes
    size: int  # bytes
    shown: Path
    node: Node | None


class Kept:
    """Files, phrases and spellings of the last reading. Empty at first, when it is no slower than without."""

    def __init__(self) -> None:
        self.inflector = Inflector(cache_folder())
        self._gazetteer: Gazetteer | None = None
        self._files: dict[Path, _File] = {}
        self._phrases: dict[tuple[TermKind, str], tuple[str, ...]] = {}
        self._lists: dict[str, tuple[str, NameList]] = {}
        self._spellings: dict[tuple[str, str], tuple[NameList, tuple[Spelling, ...]]] = {}

    @property
    def gazetteer(self) -> Gazetteer:
        if self._gazetteer is None:
            self._gazetteer = load_gazetteer()
        return self._gazetteer

    def document(self, path: Path, shown: Path) -> Node | None:
        """As :func:`bot.yaml_nodes.load_file`. A file with a problem is read each time."""
        data = read_bytes(path, shown)
        digest = hashlib.blake2b(data, digest_size=16).digest()
        known = self._files.pop(path, None)
        if known is None or (known.digest, known.shown) != (digest, shown):
            known = _File(digest, len(data), shown, load(data, shown))
        if known.size + sum(file.size for file in self._files.values()) <= FILES_BYTES_MAX:
            self._files[path] = known
        return known.node

    def forget_files_but(self, paths: set[Path]) -> None:
        """Let go of files that are no more."""
        self._files = {path: found for path, found in self._files.items() if path in paths}

    def phrases(self, term: Term) -> tuple[str, ...] | None:
        """What :meth:`keep_phrases` was told of such a term."""
        return self._phrases.get((term.kind, term.text))

    def keep_phrases(self, phrases: dict[tuple[TermKind, str], tuple[str, ...]]) -> None:
        """Take those of one whole reading in the place of the last one's."""
        self._phrases = phrases

    def watch_list(self, name: str, key: str) -> NameList | None:
        """The downloaded list as :meth:`keep_watch_list` was given it with this key."""
        known = self._lists.get(name)
        return known[1] if known is not None and known[0] == key else None

    def keep_watch_list(self, key: str, listed: NameList) -> None:
        """``key`` tells versions and options apart."""
        self._lists[listed.name] = (key, listed)

    def spellings(self, names: Names, listed: NameList) -> tuple[Spelling, ...] | None:
        """What :meth:`keep_spellings` was told, if it was told of this very list."""
        known = self._spellings.get((names.key, names.list_name))
        return known[1] if known is not None and known[0] is listed else None

    def keep_spellings(self, names: Names, listed: NameList, found: tuple[Spelling, ...]) -> None:
        self._spellings[names.key, names.list_name] = (listed, found)
