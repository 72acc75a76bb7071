"""``corroboration: {independent: 2, within: 24h}``: a rule that waits for more sources.

It says nothing about a text, so it is no condition like the others: it stands in the ``all:`` at the top of ``when:``,
or beside it as a key of the rule, and the rule's alerts wait until the story has that many independent sources.
"""

from __future__ import annotations

from datetime import timedelta

from bot import duration
from bot.noise.policy import Demand
from bot.rules.fields import Fields
from bot.yaml_nodes import Map, Node, Scalar, Seq

KEY = "corroboration"
MOST = 20  # independent sources; nobody has waited for more
WITHIN_MIN, WITHIN_MAX = timedelta(minutes=1), timedelta(hours=72)  # a story lasts no longer


class Corroboration(Fields):
    """Reads it, wherever it stands."""

    def demand(self, rule: Map) -> tuple[Node | None, Demand | None]:
        """The ``when`` of a rule without it, and what it demands."""
        when = rule.get("when")
        beside = rule.get(KEY)
        inside: list[Map] = []
        if isinstance(when, Map) and [e.key for e in when.entries] == ["all"]:
            entry = when.entries[0]
            if isinstance(entry.value, Seq):
                inside = [item for item in entry.value if isinstance(item, Map) and _is_demand(item)]
                left = tuple(item for item in entry.value if item not in inside)
                if inside and not left:
                    text = "corroboration: alone says nothing of a text; add a condition"
                    self._bad(entry.value.place, text, "bad-condition")
                    return None, None
                when = Map((type(entry)("all", entry.key_place, Seq(left, entry.value.place)),), when.place)
        given = [item.entries[0].value for item in inside] + ([beside] if beside is not None else [])
        if not given:
            return rule.get("when"), None
        if len(given) > 1:
            self._bad(given[1].place, "corroboration: is said twice; leave one of them out", "bad-value")
        return when, self._read(given[0])

    def _read(self, node: Node) -> Demand | None:
        options = self._options(node, KEY, ("independent", "within"), ("independent",))
        if options is None:
            return None
        number = self._number(options["independent"], "independent", 2, MOST)
        within = Demand(2).within
        if "within" in options:
            value = options["within"]
            try:
                within = duration.parse(value.text.strip() if isinstance(value, Scalar) else "")
                if not WITHIN_MIN <= within <= WITHIN_MAX:
                    raise ValueError("within: takes 1m to 72h; a story lasts no longer")
            except ValueError as error:
                self._bad(value.place, str(error), "bad-value")
                return None
        return None if number is None else Demand(number, within)


def _is_demand(item: Map) -> bool:
    return [e.key for e in item.entries] == [KEY]
