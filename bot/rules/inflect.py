"""English word forms for terms: noun number for every word, verb forms where the word is a verb's base form.

``lemminflect`` knows them, and takes half a second to load; so what it said is kept in a file under the user's cache
folder and the library is loaded only for words not seen before. A cache that cannot be read or written is no error: the
forms are then worked out each time.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from types import ModuleType

SHORTEST = 4  # letters; the forms of shorter words are too often other words ("see", "saw"; "us", "uses")


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/wirewatch``, or ``~/.cache/wirewatch``."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "wirewatch"


class Inflector:
    """Word forms, remembered on disk. ``forms`` includes the word itself, first."""

    def __init__(self, folder: Path | None) -> None:
        self._shipped = _shipped()
        self._known: dict[str, list[str]] = {}
        self._new = False
        self._path = folder / f"forms-{version('lemminflect')}-1.json" if folder else None
        if self._path:
            try:
                self._known = _checked(json.loads(self._path.read_text("utf-8")))
            except (OSError, ValueError):
                self._known = {}

    def forms(self, word: str) -> tuple[str, ...]:
        """The forms of a word as typed in a term. Capitalised, short and unknown words have one."""
        if not self.inflects(word):
            return (word,)
        known = self._shipped.get(word)
        if known is None:
            known = self._known.get(word)
        if known is None:
            known = self._known[word] = work_out(word)
            self._new = True
        return (word, *known)

    @staticmethod
    def inflects(word: str) -> bool:
        """Whether a word is of the kind that has forms."""
        return len(word) >= SHORTEST and word.isascii() and word.isalpha() and word.islower()

    def save(self) -> None:
        """Keep what was worked out since the start."""
        if not self._new or self._path is None:
            return
        self._new = False
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False, encoding="utf-8") as f:
                json.dump(self._known, f, separators=(",", ":"), sort_keys=True)
            os.replace(f.name, self._path)
        except OSError:
            return  # a read-only home costs a second at the next start, nothing else


@cache
def _shipped() -> Mapping[str, list[str]]:
    """The forms of the words of the shipped rules, so that a first start need not ask the dictionary for them. Written
    by ``scripts/forms.py``; a word that is not in it is looked up like any other."""
    table: dict[str, list[str]] = {}
    for line in (files("bot.rules") / "data" / "forms.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, _, forms = line.partition("\t")
            table[word] = forms.split()
    return table


def _checked(kept: object) -> dict[str, list[str]]:
    if not isinstance(kept, dict) or not all(isinstance(v, list) for v in kept.values()):
        raise ValueError("not a table of word forms")
    return kept


class _NoSpacy(MetaPathFinder):
    """``lemminflect`` imports spaCy if it is there, to add itself to it: two seconds for something that is not used."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Tell this thread that there is no spaCy."""
        if name == "spacy" and threading.get_ident() == self._thread:
            raise ImportError(name)


@cache
def dictionary() -> ModuleType:
    """``lemminflect``, without spaCy. It loads its tables when it is first asked for a word."""
    hidden = _NoSpacy()
    if "spacy" not in sys.modules:
        sys.meta_path.insert(0, hidden)
    try:
        return importlib.import_module("lemminflect")
    finally:
        if hidden in sys.meta_path:
            sys.meta_path.remove(hidden)


def work_out(word: str) -> list[str]:
    """What the dictionary knows of a word, without the word itself."""
    lemminflect = dictionary()
    forms: dict[str, None] = {}
    lemmas = lemminflect.getAllLemmas(word)  # the dictionary only: {} for a word that it does not know
    for lemma in lemmas.get("NOUN", ()):
        if lemma == word:
            for plurals in lemminflect.getAllInflections(word, "NOUN").values():
                forms.update(dict.fromkeys(plurals))
        else:
            forms[lemma] = None  # a plural was typed
    if word in lemmas.get("VERB", ()):
        for inflected in lemminflect.getAllInflections(word, "VERB").values():
            forms.update(dict.fromkeys(inflected))
    forms.pop(word, None)
    return [f for f in forms if f.isascii() and f.isalpha() and f.islower()]
