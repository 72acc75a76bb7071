"""Adding and removing sources by a command, on the command line and in chat alike.

Such sources live in the store (``origin`` chat). Those of the rules folders are edited in their files: ids there win,
and only what was added by a command is removed by one. What is added is held to the rules of ``sources.yaml``, and was
fetched once before, so that nothing dead comes in. Every change is noted for the audit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import yaml

from bot import duration
from bot.errors import ConfigError, WirewatchError
from bot.log import redact_url
from bot.model import Source
from bot.people import NewAudit
from bot.roster.discovery import Found, discover
from bot.roster.sources_file import read_entry
from bot.store.base import Store
from bot.web.urls import canonical
from bot.yaml_models import nearest

__all__ = ["Change", "Found", "add", "discover", "entry_of", "id_for", "make", "merged", "remove", "to_yaml"]

ORIGIN = "chat"
RHYTHMIC = frozenset({"feed", "sitemap", "page"})  # kinds whose interval follows the source's rhythm if none is named
ID_MAX = 40  # characters of an id made from a title
_NOISE = re.compile(r"\b(?:rss|atom|feeds?|news ?feed|home ?page|latest|all)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something, from where, and when. ``who`` as in :class:`bot.people.NewAudit`."""

    who: str
    where: str
    at: datetime


def merged(own: Mapping[str, Source], added: Iterable[Source]) -> dict[str, Source]:
    """The sources to poll: those of the files, and those that were added under other ids."""
    return {**{source.id: source for source in added}, **own}


def make(
    url: str,
    known: Mapping[str, Source],
    *,
    kind: str = "feed",
    title: str = "",
    id: str = "",
    every: str = "",
    tags: Sequence[str] = (),
    lang: str = "",
    full_text: bool = False,
    options: Mapping[str, object] | None = None,
) -> Source:
    """The source to be added, checked like an entry of ``sources.yaml``. Raises ``WirewatchError`` with one sentence: a
    mistake in a field, an id that is taken, an address that is read already."""
    twin = same_address(url, known.values()) if not options else None
    if twin is not None:
        raise WirewatchError(f"{redact_url(url)} is read already, as {twin.id}")
    if id in known:
        raise WirewatchError(f"the id {id!r} is taken by {known[id].name}; choose another one")
    if "${" in repr(options):
        raise WirewatchError("what comes from the environment (${NAME}) belongs into sources.yaml, not into a command")
    entry: dict[str, object] = {"id": id or id_for(title or url, known), "url": url, "kind": kind}
    entry |= {"title": title.strip()} if title.strip() else {}
    entry |= {"every": every} if every else {"every": "auto"} if kind in RHYTHMIC else {}
    entry |= {"tags": list(tags)} if tags else {}
    entry |= {"lang": lang} if lang else {}
    entry |= {"full_text": True} if full_text else {}
    entry |= options or {}
    try:
        return replace(read_entry(entry, known.values()), origin=ORIGIN)
    except ConfigError as error:
        raise WirewatchError("; ".join(problem.text for problem in error.problems)) from error


def same_address(url: str, sources: Iterable[Source]) -> Source | None:
    """The source that reads this address already, however it is spelled."""
    wanted = canonical(url)
    return next((s for s in sources if s.enabled and canonical(s.url) == wanted), None) if wanted else None


def id_for(title: str, taken: Collection[str]) -> str:
    """An id made from a title (or an address): small ASCII letters and digits with hyphens, not taken yet."""
    words = _NOISE.sub(" ", re.sub(r"^https?://(?:www\.)?", "", title))
    plain = unicodedata.normalize("NFKD", words.lower().replace("ß", "ss").replace("ł", "l").replace("ø", "o"))
    slug = "-".join(re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())) or "source"
    if len(slug) > ID_MAX:
        slug = slug[:ID_MAX].rpartition("-")[0] or slug[:ID_MAX]
    number = 1
    found = slug
    while found in taken:
        number += 1
        found = f"{slug}-{number}"
    return found


def add(store: Store, source: Source, change: Change) -> None:
    """Keep a source that was made by :func:`make`. Raises ``WirewatchError`` if its id was taken meanwhile."""
    if not store.add_source(source, change.at, change.who):
        raise WirewatchError(f"the id {source.id!r} was taken a moment ago; try again")
    every = "auto" if source.bounds else duration.show(source.every)
    _note(store, change, "sources add", f"{source.id}: {redact_url(source.url)}, every: {every}")


def remove(store: Store, source_id: str, known: Mapping[str, Source], change: Change) -> Source:
    """Drop a source that was added by a command; what was read from it stays. Returns it. ``known`` are all sources.
    Raises ``WirewatchError`` where it stands in a file, or is none."""
    added = {source.id: source for source in store.chat_sources()}
    if source_id not in added:
        if source_id in known:
            raise WirewatchError(
                f"{source_id} stands in a sources.yaml: put enabled: false into its entry there, or where that file "
                f"is a shipped one, {{id: {source_id}, enabled: false}} into yours"
            )
        raise WirewatchError(f"no source {source_id!r}{nearest(source_id, (*known, *added)) or '; see sources list'}")
    store.remove_source(source_id)
    _note(store, change, "sources remove", f"{source_id}: {redact_url(added[source_id].url)}")
    return added[source_id]


def _note(store: Store, change: Change, verb: str, what: str) -> None:
    store.note_change(NewAudit(change.at, change.who, change.where, verb, what))


# -- as YAML --------------------------------------------------------------------------------------------------------


def entry_of(source: Source) -> dict[str, object]:
    """The keys of a source as ``sources.yaml`` has them; what is as if left out is left out."""
    entry: dict[str, object] = {"id": source.id, "url": source.url}
    entry |= {"kind": source.kind} if source.kind != "feed" else {}
    entry |= {"title": source.title} if source.title else {}
    entry |= _interval(source)
    entry |= {"tags": list(source.tags)} if source.tags else {}
    entry |= {"lang": source.lang} if source.lang else {}
    entry |= {"full_text": True} if source.full_text else {}
    entry |= {"enabled": False} if not source.enabled else {}
    return entry | dict(source.options)


def _interval(source: Source) -> dict[str, object]:
    if source.bounds is None:
        return {"every": duration.show(source.every)}
    least, most = source.bounds
    return {"every": "auto", "every_min": duration.show(least), "every_max": duration.show(most)}


def to_yaml(sources: Iterable[Source]) -> str:
    """A ``sources.yaml`` of these sources."""
    entries = [entry_of(source) for source in sources]
    if not entries:
        return "sources: []\n"
    return yaml.safe_dump({"sources": entries}, allow_unicode=True, sort_keys=False, width=110)
