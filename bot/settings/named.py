"""The names that ``wirewatch.yaml`` uses of things which stand elsewhere: rules, tags, sources, owners' outlets.

Whether there are such things can be told only when rules and sources are read. What is found here hangs on no other
part of the file being right, so that all mistakes can be told at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from bot.errors import Level, Problem
from bot.follow.origin import domain
from bot.yaml_models import nearest
from bot.yaml_nodes import Map, Node, Place, Scalar, Seq

_RULE_KEYS = (
    ("routes", "rules"),
    ("throttles", "rules"),
    ("inhibit", "rule"),
    ("inhibit", "silences"),
    ("summaries", "rules"),
)
_TAGS = "; write a tag that stands under `tags:` in a rule, or leave it out to take all"
_HOST = re.compile(r"(?i)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")

Placed = tuple[tuple[str, Place], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Names with their places. ``tags`` and ``sources`` are those of summaries, ``owned`` the keys of ``owners:``,
    ``channels`` the file's own."""

    rules: Placed = ()
    tags: Placed = ()
    sources: Placed = ()
    owned: Placed = ()
    route_tags: Placed = ()
    channels: Placed = ()

    def unknown_rules(self, known: Collection[str]) -> tuple[Problem, ...]:
        """Rule ids that no rule has."""
        return tuple(
            place.problem(f"no rule has the id {rule_id!r}{nearest(rule_id, known)}", "unknown-rule")
            for rule_id, place in self.rules
            if rule_id not in known
        )

    def unknown_tags(self, known: Collection[str]) -> tuple[Problem, ...]:
        """The same for the tags of summaries."""
        return tuple(
            place.problem(f"no rule has the tag {tag!r}{nearest(tag, known)}", "unknown-tag")
            for tag, place in self.tags
            if tag not in known
        )

    def unknown_sources(self, known: Collection[str]) -> tuple[Problem, ...]:
        """The same for the sources of summaries and the outlets of owners; warnings, since one may be added by
        command."""
        found = [
            _warning(place, f"no source of the rules folders has the id {name!r}{nearest(name, known)}")
            for name, place in self.sources
            if name not in known
        ]
        for name, place in self.owned:
            if name not in known and (text := _no_outlet(name, known)):
                found.append(_warning(place, text))
        return tuple(found)

    def loose_ends(self, tags: Collection[str], reached: Collection[str], *, routed: bool) -> tuple[Problem, ...]:
        """Warnings of what leads nowhere: tags of ``routes:`` that no rule has, and channels that nothing reaches.
        ``routed``: there are routes, so that not everything goes everywhere."""
        astray = [
            _warning(place, f"no rule has the tag {tag!r}{nearest(tag, tags) or _TAGS}", "unknown-tag")
            for tag, place in self.route_tags
            if tag not in tags
        ]
        unheard = [
            _warning(
                place, f"channel {name!r}: no route leads here; add it to a `to:` under `routes:`", "channel-unrouted"
            )
            for name, place in self.channels
            if routed and name not in reached
        ]
        return (*astray, *unheard)


def names_of(tree: Map) -> Named:
    """The names in a file as far as they stand where they belong."""
    return Named(
        rules=tuple(found for section, key in _RULE_KEYS for found in items(tree, section, key)),
        tags=tuple(items(tree, "summaries", "tags")),
        sources=tuple(items(tree, "summaries", "sources")),
        owned=_keys(tree.get("owners")),
        route_tags=tuple(items(tree, "routes", "tags")),
        channels=_keys(tree.get("channels")),
    )


def items(tree: Map, section: str, key: str) -> Iterator[tuple[str, Place]]:
    """What stands under a key of each entry of a list or mapping: one word, or a list of them."""
    entries = tree.get(section)
    if isinstance(entries, Map):
        entries = Seq(tuple(entry.value for entry in entries.entries), entries.place)
    for entry in entries if isinstance(entries, Seq) else ():
        value = entry.get(key) if isinstance(entry, Map) else None
        for item in value if isinstance(value, Seq) else (value,):
            if isinstance(item, Scalar):
                yield item.text, item.place


def _keys(node: Node | None) -> Placed:
    return tuple((entry.key, entry.key_place) for entry in node.entries) if isinstance(node, Map) else ()


def _no_outlet(name: str, known: Collection[str]) -> str:
    """What is wrong with a key of ``owners:`` that is no source's id; empty for the domain of a site."""
    if not _HOST.fullmatch(name):
        hint = nearest(name, known) or "; write a source's id, or a domain such as bbc.co.uk"
        return f"owners: no source of the rules folders has the id {name!r}{hint}"
    site = domain(f"https://{name}/")
    return "" if site == name else f"owners: outlets are told by their registered domain; write {site} for {name!r}"


def _warning(place: Place, text: str, code: str = "unknown-source") -> Problem:
    return replace(place.problem(text, code), level=Level.WARNING)
