"""What came and went between two versions of a list, and how that becomes news of its own.

The changes of a list are kept beside it (``NAME.changes.jsonl``, the newest first). A source of kind ``list_change``
reads them (:mod:`bot.sources.list_change`), so that they run through the same rules and channels as everything else:
one item for each new version of a list, which says who was added and who was removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from bot.entities.facts import country_name
from bot.model import Item
from bot.watchlists.base import Quality, WatchEntry, WatchListError
from bot.watchlists.store import Shelf, read_entry_row, write_whole
from bot.watchlists.store import entry_row as row_of

KEPT = 1_000  # changes in the log
_ENTRIES_SHOWN = 100  # of each sort in the text of an item
_HEADLINE_NAMES = 3  # of each sort in its headline
_ALIASES_SHOWN = 20  # of an entry


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
    """All changes from one version of a list to the next. ``mark`` tells the new version. ``counts`` are those of all
    changes by sort where ``changes`` holds some of them only."""

    list_name: str
    title: str
    mark: str
    as_of: date | None
    at: datetime
    changes: tuple[Change, ...] = ()
    entry_url: str = ""
    counts: Mapping[What, int] = field(default_factory=dict)

    def count(self, what: What) -> int:
        """How many changes are of this sort."""
        return self.counts.get(what) or sum(c.what is what for c in self.changes)

    def of(self, what: What) -> tuple[WatchEntry, ...]:
        """The entries to which that happened, as far as they are held."""
        return tuple(c.entry for c in self.changes if c.what is what)

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


_DONE = {What.ADDED: "added", What.REMOVED: "removed", What.CHANGED: "changed"}
_HEADS = {
    What.ADDED: "Added to the list “{}”",
    What.REMOVED: "Removed from the list “{}”",
    What.CHANGED: "Described otherwise on the list “{}”",
}


def to_item(difference: Difference) -> Item:
    """A new version of a list, to be read like an article: who was added, removed or is described otherwise, one
    paragraph for each entry."""
    whole = [(what, difference.of(what), difference.count(what)) for what in What if difference.count(what)]
    done = "; ".join(f"{_DONE[what]} {_headline(entries, count)}" for what, entries, count in whole)
    of = f" as of {difference.as_of}" if difference.as_of else ""
    paragraphs = []
    for what, entries, count in whole:
        paragraphs.append(
            f"{_HEADS[what].format(difference.title)}{of}: {count:,} {'entry' if count == 1 else 'entries'}."
        )
        paragraphs.extend(map(_described, entries[:_ENTRIES_SHOWN]))
        if count > _ENTRIES_SHOWN:
            paragraphs.append(f"And {count - min(len(entries), _ENTRIES_SHOWN):,} more.")
    listed = [e for _, found, _ in whole for e in found]
    alone = listed[0].id if len(listed) == 1 and difference.entry_url else ""
    kinds = dict.fromkeys(e.kind.value for e in listed)
    programmes = dict.fromkeys(p for e in listed for p in e.programmes)
    return Item(
        guid=f"{difference.list_name}:{difference.mark[:16]}:{difference.at.date()}",
        url=difference.entry_url.format(id=quote(alone, safe="")) if alone else "",
        title=f"{difference.title}: {done}",
        text="\n\n".join(paragraphs),
        published=difference.at,
        lang="en",
        categories=(*(what.value for what, _, _ in whole), *kinds, *programmes),
    )


def _headline(entries: Sequence[WatchEntry], count: int) -> str:
    """``Gleb Soloveykin, Blue Dhow and 3 more``."""
    named = [e.name.text for e in entries[:_HEADLINE_NAMES]]
    return ", ".join(named) + (f" and {count - len(named):,} more" if count > len(named) else "")


def _described(entry: WatchEntry) -> str:
    """``Gleb SOLOVEYKIN (person, Russia). Also known as ... Programmes: ... Born: ... Entry 12345.``"""
    where = ", ".join(country_name(c) for c in entry.countries)
    sentences = [f"{entry.name.text} ({f'{entry.kind.value}, {where}' if where else entry.kind.value})."]
    good = [a.text for a in entry.aliases if a.quality is Quality.GOOD]
    if good:
        more = f" and {len(good) - _ALIASES_SHOWN} more" if len(good) > _ALIASES_SHOWN else ""
        sentences.append(f"Also known as {'; '.join(good[:_ALIASES_SHOWN])}{more}.")
    for label, values in (("Programmes", entry.programmes), ("Born", entry.births)):
        if values:
            sentences.append(f"{label}: {'; '.join(values)}.")
    return " ".join([*sentences, f"Entry {entry.id}."])


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
        "counts": {what.value: difference.count(what) for what in What},
    }
    new = [json.dumps({**head, "what": c.what.value, "entry": row_of(c.entry)}) for c in difference.changes[:KEPT]]
    write_whole(path, [*new, *old][:KEPT])


def read_log(content: bytes) -> tuple[Difference, ...]:
    """The differences of a log, the newest first; of the oldest, some changes may be cut off. Raises
    :class:`WatchListError`."""
    heads: dict[tuple[str, str], dict[str, Any]] = {}
    changes: dict[tuple[str, str], dict[tuple[What, str], Change]] = {}
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        try:
            row = json.loads(line)
            version = row["mark"], row["at"][:10]  # a crash may have recorded it twice
            change = Change(What(row["what"]), read_entry_row(row["entry"]))
            heads.setdefault(version, row)
            changes.setdefault(version, {})[change.what, change.entry.id] = change
            _difference(row, ())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WatchListError(f"line {number} of the log of changes is damaged; delete the file") from error
    return tuple(_difference(row, changes[version].values()) for version, row in heads.items())


def _difference(row: Mapping[str, Any], changes: Iterable[Change]) -> Difference:
    return Difference(
        list_name=row["list"],
        title=row["title"],
        mark=row["mark"],
        as_of=date.fromisoformat(row["as_of"]) if row["as_of"] else None,
        at=datetime.fromisoformat(row["at"]),
        changes=tuple(changes),
        entry_url=row["entry_url"],
        counts={What(what): int(count) for what, count in row.get("counts", {}).items()},
    )
