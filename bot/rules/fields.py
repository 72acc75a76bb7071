"""Values of YAML nodes with a complaint for what is not of the kind that is asked for."""

from __future__ import annotations

from bot.errors import Problem
from bot.model import Severity
from bot.rules.hints import keys_hint
from bot.words import meant
from bot.yaml_nodes import Map, Node, Place, Scalar, Seq

_EXAMPLES = {
    "near": "{of: [arms, deal], within: sentence}",
    "count": "{of: [shelled, bombarded], min: 3}",
    "at_least": "{n: 2, of: [troops, tanks, convoy]}",
    "corroboration": "{independent: 2}",
}


def _example(key: str) -> str:
    """How an option that takes several is written."""
    return f", as in {key}: {_EXAMPLES[key]}" if key in _EXAMPLES else ""


class Fields:
    """Reads on after a mistake; ``problems`` collects them all."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def _bad(self, place: Place, text: str, code: str) -> None:
        self.problems.append(place.problem(text, code))

    def _text(self, node: Map, key: str, required: bool = False) -> str:
        value = node.get(key)
        if value is None:
            if required and not any(meant(entry.key, (key,)) for entry in node.entries):  # misspelt, which is told
                one = f"one of {', '.join(s.word for s in Severity)}" if key == "severity" else "one"
                self._bad(node.place, f"the rule has no {key}: add {one}", "missing-key")
            return ""
        if not isinstance(value, Scalar) or not value.text.strip():
            self._bad(value.place, f"{key}: takes a text", "bad-value")
            return ""
        return value.text.strip()

    def _flag(self, value: Node | None, key: str, default: bool) -> bool:
        if value is None:
            return default
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            return value.value
        self._bad(value.place, f"{key}: takes true or false", "bad-value")
        return default

    def _texts(self, node: Node | None, key: str) -> tuple[tuple[str, Place], ...]:
        if node is None:
            return ()
        items = node.items if isinstance(node, Seq) else (node,)
        found: list[tuple[str, Place]] = []
        for item in items:
            if isinstance(item, Scalar) and item.text.strip():
                found.append((item.text.strip(), item.place))
            else:
                self._bad(item.place, f"{key}: takes words, as in {key}: [one, two]", "bad-value")
        return tuple(found)

    def _number(self, node: Node, key: str, least: int, most: int) -> int | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self._bad(node.place, f"{key}: takes a whole number from {least} to {most}", "bad-value")
        return None

    def _scalar(self, node: Node, key: str) -> Scalar | None:
        if isinstance(node, Scalar) and (not node.plain or node.text):
            return node
        self._bad(node.place, f"{key}: takes one text", "bad-value")
        return None

    def _options(
        self, node: Node, key: str, known: tuple[str, ...], required: tuple[str, ...]
    ) -> dict[str, Node] | None:
        """The values by key; those in ``required`` are there."""
        if not isinstance(node, Map):
            self._bad(node.place, f"{key}: takes {', '.join(known)}{_example(key)}", "bad-condition")
            return None
        good = True
        for entry in node.entries:
            if entry.key not in known:
                text = f"{key} has no option {entry.key!r}{keys_hint(entry.key, known)}"
                self._bad(entry.key_place, text, "unknown-key")
                good = False
        for name in required:
            if good and node.get(name) is None:  # a key misspelt is told as that
                self._bad(node.place, f"{key} needs {name}:{_example(key)}", "missing-key")
                good = False
        return {e.key: e.value for e in node.entries} if good else None
