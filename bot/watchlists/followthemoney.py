"""Entities of FollowTheMoney, one JSON object a line: ``entities.ftm.json`` and ``targets.nested.json`` of
OpenSanctions, and what any other tool of that model writes.

Layout: https://www.opensanctions.org/docs/bulk/json/. Of an export with a ``target`` mark only the targets are taken;
the other lines are addresses, ownerships and relatives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.watchlists.base import (
    LINE_MAX,
    EntryKind,
    Head,
    Quality,
    WatchEntry,
    WatchListError,
    clean,
    entry,
    iso_date,
    name,
)
from bot.watchlists.opensanctions import KINDS

PARTS = ("main",)
_GOOD = ("name", "alias", "previousName")
_COUNTRIES = ("nationality", "citizenship", "country", "jurisdiction", "mainCountry", "flag")


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    with files["main"].open("rb") as file:
        number = 0
        while line := file.readline(LINE_MAX + 1):
            number += 1
            if len(line) > LINE_MAX:
                raise WatchListError(f"line {number} is longer than {LINE_MAX >> 20} MB")
            if line.strip() and (found := _entry(_object(line, number), head)) is not None:
                yield found


def _object(line: bytes, number: int) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WatchListError(f"line {number} is no JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("schema"), str) or "id" not in found:
        raise WatchListError(f"line {number} is no entity: it lacks 'id' or 'schema'")
    return found


def _entry(found: Mapping[str, Any], head: Head) -> WatchEntry | None:
    kind = KINDS.get(found["schema"])
    seen = iso_date(found.get("last_seen") if isinstance(found.get("last_seen"), str) else None)
    if seen is not None and (head.as_of is None or seen > head.as_of):
        head.as_of, head.version = seen, seen.isoformat()
    target = found.get("target")
    if kind is None or target is False or (kind is EntryKind.PLACE and not target):
        return None
    properties = found.get("properties")
    if not isinstance(properties, dict):
        head.skipped += 1
        return None
    names = [name(clean(_text(found.get("caption"))))]
    names += [name(text) for key in _GOOD for text in _values(properties, key)]
    names += [name(text, quality=Quality.WEAK) for text in _values(properties, "weakAlias")]
    return entry(
        clean(str(found["id"])),
        [n for n in names if n is not None],
        kind,
        programmes=_values(properties, "programId") or [_text(d) for d in _list(found.get("datasets"))],
        countries=[c for key in _COUNTRIES for c in _values(properties, key)],
        births=_values(properties, "birthDate"),
        head=head,
    )


def _values(properties: Mapping[str, Any], key: str) -> list[str]:
    return [v for v in _list(properties.get(key)) if isinstance(v, str)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
