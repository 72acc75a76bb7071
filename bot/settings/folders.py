"""The key ``rules:`` of wirewatch.yaml: folders of rules, lists and sources, and words for parts of what ships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Problem
from bot.yaml_models import nearest
from bot.yaml_nodes import Map, Place, Scalar, Seq

SHIPPED = "shipped"
SHIPPED_RULES = "shipped-rules"  # without the sources
SHIPPED_SOURCES = "shipped-sources"  # without the rules; lists and defines are there for one's own
_WORDS = (SHIPPED, SHIPPED_RULES, SHIPPED_SOURCES)


@dataclass(frozen=True, slots=True)
class Folders:
    """Absolute, each once (the last mention counts). ``rules`` are those of rules and lists, ``sources`` those whose
    ``sources.yaml`` counts; of those in ``ruleless`` the lists and defines count, and no rule."""

    rules: tuple[Path, ...]
    sources: tuple[Path, ...]
    ruleless: frozenset[Path] = frozenset()


def shipped_rules() -> Path:
    """The folder of rules that comes with the package, or stands next to it in a checkout."""
    here = Path(__file__).resolve().parent.parent
    packed = here / "_shipped" / "rules"
    return packed if packed.is_dir() else here.parent / "rules"


def folders_of(tree: Map, base: Path) -> tuple[Folders, list[Problem]]:
    """What stands under ``rules:``, relative to ``base``, and what of it is not there."""
    folders: dict[Path, None] = {}
    words = set()
    problems = []
    for text, place in _written(tree):
        shipped = text in _WORDS
        folder = shipped_rules() if shipped else (base / text).resolve()
        if folder.is_dir():
            folders.pop(folder, None)
            folders[folder] = None
            words |= {text} if shipped else {SHIPPED} if folder == shipped_rules() else set()
        elif place is not None:
            hint = nearest(text, _WORDS) or "; create it or correct the path"
            problems.append(place.problem(f"no such folder: {' '.join(text.split())}{hint}", "missing-folder"))
    apart = {shipped_rules()} if len(words) == 1 else set()  # two words together are the whole, and so is its path
    sourceless = apart if SHIPPED_RULES in words else set()
    sources = tuple(folder for folder in folders if folder not in sourceless)
    return Folders(tuple(folders), sources, frozenset(apart if SHIPPED_SOURCES in words else ())), problems


def _written(tree: Map) -> Iterator[tuple[str, Place | None]]:
    node = tree.get("rules")
    if not isinstance(node, Seq):
        yield from ((SHIPPED, None), ("rules/", None))
        return
    for item in node:
        if isinstance(item, Scalar):
            yield item.text, item.place
