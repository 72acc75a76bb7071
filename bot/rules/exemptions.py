"""``except_entities:`` of a rule: entries of lists that it is not about, with the author and the last day.

::

    except_entities:
      - {id: "ofac_sdn:12345", author: jane@example.org, until: 2027-03-31, note: the tennis player}

The id is the one that explain shows. ``until`` is the last day on which it holds, in UTC; without it, it holds for
good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from bot.errors import Level, Problem
from bot.yaml_nodes import Map, Node, Place, Scalar, Seq

KEYS = ("id", "author", "until", "note")


@dataclass(frozen=True, slots=True)
class Exemption:
    """One entry that a rule passes over."""

    id: str
    author: str
    until: date | None
    note: str
    place: Place = field(compare=False, hash=False)

    def holds(self, today: date) -> bool:
        """Whether its last day has not passed."""
        return self.until is None or today <= self.until

    def __str__(self) -> str:
        """``ofac_sdn:12345, by jane@example.org until 2027-03-31: the tennis player``."""
        until = f" until {self.until}" if self.until else ""
        return f"{self.id}, by {self.author}{until}{': ' + self.note if self.note else ''}"


def in_force(exemptions: Iterable[Exemption], today: date | None) -> frozenset[str]:
    """The ids to pass over; without a day, all of them."""
    return frozenset(e.id for e in exemptions if today is None or e.holds(today))


def expired(exemptions: Iterable[Exemption], today: date) -> tuple[Problem, ...]:
    """A warning for each that holds no more."""
    return tuple(
        Problem(
            *e.place,
            f"the exception for {e.id} by {e.author} ended on {e.until}; renew or delete it",
            "expired",
            Level.WARNING,
        )
        for e in exemptions
        if not e.holds(today)
    )


def read_exemptions(node: Node) -> tuple[tuple[Exemption, ...], tuple[Problem, ...]]:
    """The value of ``except_entities:``, and all that is wrong with it."""
    if not isinstance(node, Seq) or not node.items:
        text = "except_entities: takes a list of {id: ..., author: ..., until: ..., note: ...}"
        return (), (node.place.problem(text, "bad-value"),)
    found: list[Exemption] = []
    problems: list[Problem] = []
    for item in node.items:
        one = _read(item, problems)
        if one is None:
            continue
        if one.id in (e.id for e in found):
            problems.append(one.place.problem(f"{one.id} stands here twice; delete one", "duplicate-id"))
        found.append(one)
    return tuple(found), tuple(problems)


def _read(item: Node, problems: list[Problem]) -> Exemption | None:
    if not isinstance(item, Map):
        problems.append(
            item.place.problem('an exception is {id: "list:entry", author: ..., until: ..., note: ...}', "bad-value")
        )
        return None
    before = len(problems)
    for entry in item.entries:
        if entry.key not in KEYS:
            text = f"an exception has no key {entry.key!r}; its keys are {', '.join(KEYS)}"
            problems.append(entry.key_place.problem(text, "unknown-key"))
    values = {key: _text(item, key, problems) for key in KEYS}
    for key in ("id", "author"):
        if not values[key] and item.get(key) is None:
            problems.append(item.place.problem(f"the key {key!r} is missing; add {key}: ...", "missing-key"))
    until = None
    if values["until"]:
        try:
            until = date.fromisoformat(values["until"])
        except ValueError:
            problems.append(
                (item.get("until") or item).place.problem("until: takes a day such as 2027-03-31", "bad-value")
            )
    if len(problems) > before:
        return None
    return Exemption(values["id"], values["author"], until, values["note"], item.place)


def _text(item: Map, key: str, problems: list[Problem]) -> str:
    value = item.get(key)
    if value is None:
        return ""
    if isinstance(value, Scalar) and value.text.strip():
        return value.text.strip()
    problems.append(value.place.problem(f"{key}: takes a text", "bad-value"))
    return ""
