"""Rules that change while the bot runs: notice the save, and say what the edit did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.live.rulebook import Rulebook

DEBOUNCE_MS = 300  # editors write a file in several steps; a save is one edit
EMPTY_S = 1.0  # a file that is empty is probably being written: for so long it is not believed
LOOK_S = 0.05  # between looks at it
LISTED_MAX = 12  # names in a difference; beyond that only how many


async def watch(folders: Sequence[Path], changed: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Call ``changed`` after each save below the folders, until ``stopping`` is set."""
    from watchfiles import DefaultFilter, awatch

    class _Yaml(DefaultFilter):
        def __call__(self, change: object, path: str) -> bool:
            return path.endswith((".yaml", ".yml"))

    existing = [folder for folder in folders if folder.is_dir()]
    if not existing:
        return
    async for changes in awatch(
        *existing, watch_filter=_Yaml(), stop_event=stopping, debounce=DEBOUNCE_MS, step=50, recursive=True
    ):
        await _written([Path(path) for _, path in changes])
        await changed()


async def _written(paths: Sequence[Path]) -> None:
    """Wait for files that were emptied to be filled again: what writes a file in place empties it first, and on a busy
    machine takes its time. Without its rules, what comes meanwhile would go unnoticed."""
    looks = int(EMPTY_S / LOOK_S)
    while looks and any(map(_empty, paths)):
        looks -= 1
        await asyncio.sleep(LOOK_S)


def _empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:  # it was removed
        return False


def difference(old: Rulebook, new: Rulebook) -> str:
    """What an edit added, removed and changed, in one line; empty if nothing."""
    parts = []
    before = {r.id: r for r in old.ruleset.rules}
    after = {r.id: r for r in new.ruleset.rules}
    for what, one, two in (("rules", before, after), ("sources", dict(old.sources), dict(new.sources))):
        added = sorted(two.keys() - one.keys())
        removed = sorted(one.keys() - two.keys())
        edited = sorted(k for k in one.keys() & two.keys() if one[k] != two[k])
        for word, names in (("added", added), ("removed", removed), ("changed", edited)):
            if names:
                parts.append(f"{what} {word}: {_listed(names)}")
    if old.ruleset.lists != new.ruleset.lists:
        names = sorted(
            n
            for n in old.ruleset.lists.keys() | new.ruleset.lists.keys()
            if old.ruleset.lists.get(n) != new.ruleset.lists.get(n)
        )
        parts.append(f"lists changed: {_listed(names)}")
    return "; ".join(parts)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED_MAX
    return ", ".join(names[:LISTED_MAX]) + (f" and {more} more" if more > 0 else "")
