"""What came and went between two versions of a list, and how that becomes news of its own.

The changes of a list are kept beside it (``NAME.changes.jsonl``, the newest first). A source of kind ``list_change``
reads them (:mod:`bot.sources.list_change`), so that they run through the same rules and channels as everything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import quote

from bot.entities.facts import country_name
from bot.model import Item
from bot.watchlists.base import Quality, WatchEntry, WatchListError
from bot.watchlists.store import Shelf, read_entry_row, write_whole
from bot.watchlists.store import entry_row as row_of

KEPT = 1_000  # changes; a source reads as many items at most
_SHOWN = 20  # aliases in the text of an item


class What(StrEnum):
    """What happened to an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that came, went or is described otherwise: as it is now, or was where it went."""

    what: What
    entry: WatchEntry


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one version of a list to the next. ``mark`` tells the new version."""

    list_name: str
    title: str
    mark: str
    as_of: date | None
    at: datetime
    changes: tuple[Change, ...] = ()
    entry_url: str = ""

    def count(self, what: What) -> int:
        """How many changes are of this sort."""
        return sum(c.what is what for c in self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __str__(self) -> str:
        counts = [f"{self.count(w):,} {w}" for w in What if self.count(w)]
        return ", ".join(counts) or "no entry changed"


def compare(shelf: Shelf, name: str, new: Mapping[str, bytes], new_entries: Iterable[WatchEntry]) -> tuple[Change, ...]:
    """The changes from the stored list to a new one, of which the digests and the entries are given. Order: removed
    in the order of the old list, then added and changed in the order of the new one."""
    old = shelf.digests(name)
    gone = old.keys() - new.keys()
    other = {i for i, known in new.items() if old.get(i) != known}
    removed = [Change(What.REMOVED, e) for e in shelf.entries(name) if e.id in gone] if gone else []
    come = (
        [Change(What.CHANGED if e.id in old else What.ADDED, e) for e in new_entries if e.id in other] if other else []
    )
    return (*removed, *come)


# -- items ----------------------------------------------------------------------------------------------------------


def to_items(difference: Difference) -> tuple[Item, ...]:
    """One item for each change, to be read like an article."""
    return tuple(_item(difference, change) for change in difference.changes)


_VERBS = {What.ADDED: "Added to", What.REMOVED: "Removed from", What.CHANGED: "Changed on"}
_DONE = {What.ADDED: "was added to", What.REMOVED: "was removed from", What.CHANGED: "was changed on"}


def _item(difference: Difference, change: Change) -> Item:
    entry = change.entry
    where = ", ".join(country_name(c) for c in entry.countries)
    told = f"{entry.kind.value}, {where}" if where else entry.kind.value
    of = f" as of {difference.as_of}" if difference.as_of else ""
    sentences = [f"{entry.name.text} ({told}) {_DONE[change.what]} the list “{difference.title}”{of}."]
    good = [a.text for a in entry.aliases if a.quality is Quality.GOOD]
    if good:
        more = f" and {len(good) - _SHOWN} more" if len(good) > _SHOWN else ""
        sentences.append(f"Also known as {'; '.join(good[:_SHOWN])}{more}.")
    for label, values in (("Programmes", entry.programmes), ("Born", entry.births)):
        if values:
            sentences.append(f"{label}: {'; '.join(values)}.")
    sentences.append(f"Entry {entry.id}.")
    return Item(
        guid=f"{difference.list_name}:{difference.mark[:16]}:{change.what}:{entry.id}",
        url=difference.entry_url.format(id=quote(entry.id, safe="")) if difference.entry_url else "",
        title=f"{_VERBS[change.what]} {difference.title}: {entry.name.text}",
        text="\n".join(sentences),
        published=difference.at,
        lang="en",
        categories=(change.what.value, entry.kind.value, *entry.programmes),
    )


# -- the log --------------------------------------------------------------------------------------------------------


def record(shelf: Shelf, difference: Difference) -> None:
    """Put a difference in front of the list's log. Recorded before the new list takes its place: after a crash
    between the two the same difference is recorded again, under the same ids."""
    path = shelf.path(difference.list_name, ".changes.jsonl")
    old = path.read_text("utf-8").splitlines() if path.exists() else []
    head = {
        "list": difference.list_name,
        "title": difference.title,
        "mark": difference.mark,
        "as_of": difference.as_of.isoformat() if difference.as_of else None,
        "at": difference.at.isoformat(),
        "entry_url": difference.entry_url,
    }
    new = [json.dumps({**head, "what": c.what.value, "entry": row_of(c.entry)}) for c in difference.changes[:KEPT]]
    write_whole(path, [*new, *old][:KEPT])


def read_log(content: bytes) -> tuple[Difference, ...]:
    """The differences of a log, the newest first, each with one change. Raises :class:`WatchListError`."""
    found = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        try:
            row = json.loads(line)
            found.append(
                Difference(
                    list_name=row["list"],
                    title=row["title"],
                    mark=row["mark"],
                    as_of=date.fromisoformat(row["as_of"]) if row["as_of"] else None,
                    at=datetime.fromisoformat(row["at"]),
                    changes=(Change(What(row["what"]), read_entry_row(row["entry"])),),
                    entry_url=row["entry_url"],
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise WatchListError(f"line {number} of the log of changes is damaged; delete the file") from error
    return tuple(found)
