"""The rule language: YAML nodes to rules, with a complaint for everything that cannot be meant.

Reading goes on after a mistake, so that one run shows all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.errors import Level, Problem
from bot.model import Severity
from bot.rules.conditions import Conditions
from bot.rules.corroboration import Corroboration
from bot.rules.exemptions import Exemption, read_exemptions
from bot.rules.hints import keys_hint, nearest
from bot.rules.model import Condition, NameList, Rule, RuleTest, names_in
from bot.rules.selectors import LANG
from bot.words import renamed
from bot.yaml_nodes import Map, Node, Scalar, Seq

__all__ = ["FILE_KEYS", "ID", "RULE_KEYS", "Reader", "keys_hint", "nearest"]

MODES = ("live", "shadow")
RULE_KEYS = (
    *("id", "title", "severity", "tags", "channels", "when", "unless", "except_entities"),
    *("tests", "enabled", "mode", "note", "corroboration"),
)
FILE_KEYS = ("define", "rules")
ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")


class Reader(Conditions, Corroboration):
    """Reads defines and rules of all files. ``problems`` collects what is wrong; values with a problem are ``None``.
    ``channels`` are the known names, or ``None`` where they are not known and so not checked."""

    def __init__(
        self,
        lists: Mapping[str, NameList],
        *,
        is_country: Callable[[str], bool],
        channels: frozenset[str] | None = None,
        sources: frozenset[str] | None = None,
        source_tags: frozenset[str] | None = None,
        has_model: bool = False,
    ) -> None:
        super().__init__(lists, is_country=is_country, sources=sources, source_tags=source_tags, has_model=has_model)
        self._channels = channels

    @property
    def _errors(self) -> int:
        return sum(p.level is Level.ERROR for p in self.problems)

    def rule(self, node: Node) -> Rule | None:
        """A rule, or ``None`` if anything in it is wrong."""
        before = len(self.problems)
        found = self._rule(node)
        if len(self.problems) > before:
            named = node.get("id") if isinstance(node, Map) else None
            rule_id = named.text.strip() if isinstance(named, Scalar) else ""
            self.problems[before:] = [replace(p, rule=rule_id) for p in self.problems[before:]]
        return found

    def _rule(self, node: Node) -> Rule | None:
        before = self._errors
        if not isinstance(node, Map):
            self._bad(node.place, "a rule begins with '- id: some-name' and has its keys below", "bad-rule")
            return None
        misspelt = set()  # keys that stand there in another spelling, so that they are not said to be missing, too
        for entry in node.entries:
            if entry.key not in RULE_KEYS:
                hint = keys_hint(entry.key, RULE_KEYS)
                misspelt |= {key for key in RULE_KEYS if f"did you mean {key!r}" in hint}
                self._bad(entry.key_place, f"a rule has no key {entry.key!r}{hint}", "unknown-key")
        rule_id = self._text(node, "id", required="id" not in misspelt)
        if rule_id and not ID.match(rule_id):
            place = (node.get("id") or node).place
            self._bad(
                place, f"the id {rule_id!r} may hold a-z, 0-9, '.', '_' and '-' only; {renamed(rule_id)}", "bad-id"
            )
        title = self._text(node, "title")
        word = self._text(node, "severity", required="severity" not in misspelt)
        severity = Severity.MEDIUM
        if word:
            try:
                severity = Severity.parse(word)
            except ValueError:
                names = [s.word for s in Severity]
                place = (node.get("severity") or node).place
                self._bad(place, f"no severity {word!r}{keys_hint(word, names)}", "bad-severity")
        tags = self._texts(node.get("tags"), "tags")
        channels = self._texts(node.get("channels"), "channels")
        if self._channels is not None:
            for channel, named in channels:
                if channel not in self._channels:
                    hint = keys_hint(channel, sorted(self._channels))
                    self._bad(named, f"no channel {channel!r} in wirewatch.yaml{hint}", "unknown-channel")
        when_node, demand = self.demand(node)
        when = None
        if when_node is None and node.get("when") is None:
            if "when" not in misspelt:
                text = f"the rule {rule_id or '?'!r} has no when: and would never match"
                self._bad(node.place, text, "missing-key")
        elif when_node is not None:
            when = self._at_most_deep(when_node)
        unless_node = node.get("unless")
        unless = self._at_most_deep(unless_node) if unless_node is not None else None
        excepted_node = node.get("except_entities")
        exemptions = self._exemptions(excepted_node, when, unless) if excepted_node is not None else ()
        tests = self._tests(node.get("tests"))
        enabled = self._flag(node.get("enabled"), "enabled", True)
        mode = self._text(node, "mode")
        if mode not in ("", *MODES):
            place = (node.get("mode") or node).place
            self._bad(place, f"no mode {mode!r}{keys_hint(mode, MODES)}", "bad-value")
        self._text(node, "note")
        if self._errors > before or when is None:
            return None
        return Rule(
            id=rule_id,
            title=title or rule_id,
            severity=severity,
            tags=tuple(t for t, _ in tags),
            channels=tuple(c for c, _ in channels),
            when=when,
            unless=unless,
            tests=tests,
            enabled=enabled,
            shadow=mode == "shadow",
            place=node.place,
            exemptions=exemptions,
            demand=demand,
        )

    def _exemptions(self, node: Node, when: Condition | None, unless: Condition | None) -> tuple[Exemption, ...]:
        """The value of ``except_entities:``. An entry that is on none of the rule's lists is a warning only: lists are
        downloaded anew, and what their publisher took off must not stop the rules."""
        found, problems = read_exemptions(node)
        self.problems.extend(problems)
        if when is None or problems:
            return found
        names = {n.list_name for c in (when, unless) if c is not None for n in names_in(c)}
        if not names:
            text = "except_entities: does nothing in a rule without list:, person:, org: or place:; delete it"
            self._bad(node.place, text, "no-effect")
            return found
        lists = [self._lists[name] for name in sorted(names)]
        if not all(one.names for one in lists):
            return found  # one of them was not downloaded yet
        known = {entry.id for one in lists for entry in one.names}
        for one in found:
            if one.id not in known:
                text = (
                    f"no entry {one.id!r} on {', '.join(sorted(names))}{nearest(one.id, known)}; take the id that "
                    "explain shows, or delete the exception"
                )
                self.problems.append(Problem(*one.place, text, "unknown-entity", Level.WARNING))
        return found

    def _tests(self, node: Node | None) -> tuple[RuleTest, ...]:
        if node is None:
            return ()
        if not isinstance(node, Seq):
            self._bad(node.place, "tests: takes a list of '- match: text' and '- ignore: text'", "bad-test")
            return ()
        tests: list[RuleTest] = []
        for item in node:
            if not isinstance(item, Map) or len(item.entries) != 1 or item.entries[0].key not in ("match", "ignore"):
                self._bad(item.place, "a test is '- match: text' or '- ignore: text'", "bad-test")
                continue
            entry = item.entries[0]
            fields = {"title": "", "text": "", "source": "", "tag": "", "lang": ""}
            if isinstance(entry.value, Scalar):
                fields["text"] = entry.value.text
            elif isinstance(entry.value, Map):
                for inner in entry.value.entries:
                    if inner.key not in fields:
                        hint = keys_hint(inner.key, fields)
                        self._bad(inner.key_place, f"a test has no key {inner.key!r}{hint}", "unknown-key")
                    elif isinstance(inner.value, Scalar):
                        fields[inner.key] = inner.value.text
                        self._check_test(inner.key, inner.value)
                    else:
                        self._bad(inner.value.place, f"{inner.key}: takes a text", "bad-test")
            else:
                self._bad(entry.value.place, "a test takes a text, or title: and text:", "bad-test")
                continue
            if not (fields["title"].strip() or fields["text"].strip()):
                self._bad(entry.value.place, "this test has no text", "bad-test")
                continue
            tests.append(
                RuleTest(
                    match=entry.key == "match",
                    title=fields["title"],
                    text=fields["text"],
                    source=fields["source"].strip(),
                    tags=tuple(filter(None, [fields["tag"].strip()])),
                    lang=fields["lang"].strip().lower() or None,
                    place=entry.key_place,
                )
            )
        return tuple(tests)

    def _check_test(self, key: str, value: Scalar) -> None:
        word = value.text.strip()
        if key == "lang" and not LANG.match(word):
            self._bad(value.place, f"lang: takes the two letters of a language, as in en, not {word!r}", "bad-lang")
        if key == "tag" and self._source_tags is not None and word not in self._source_tags:
            self._bad(value.place, f"no source tag {word!r}{keys_hint(word, sorted(self._source_tags))}", "unknown-tag")
        if key == "source" and self._sources is not None and word not in self._sources:
            self._bad(value.place, f"no source {word!r}{keys_hint(word, sorted(self._sources))}", "unknown-source")
