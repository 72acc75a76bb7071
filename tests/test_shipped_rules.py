"""What ships: rules that pass their own tests, sources, and the case that the project is for."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.config import shipped_rules
from bot.live import rulebook
from bot.live.rulebook import Rulebook
from bot.model import Severity
from bot.rules import selftest
from bot.rules.evaluate import Subject

# The event is public: Russian Su-35 aircraft for Iran, reported since 2023. Every sentence is ours.
TITLE = "Iran to receive Russian fighter jets under arms deal"
TEXT = (
    "MOSCOW, Nov 12 - Russia has agreed to deliver Su-35 fighter jets and air defence missiles to Iran under an arms "
    "deal worth several billion dollars, according to documents seen by reporters on Wednesday.\n\n"
    "The Kremlin declined to comment on the contract. Tehran has sought to rebuild its air force since the strikes of "
    "June, and Iranian officials have travelled to the plant in the Far East where the aircraft are built."
)


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook.load([shipped_rules()])


def test_every_rule_passes_its_tests(book: Rulebook) -> None:
    assert [str(o.problem) for o in selftest.run(book.engine) if not o.passed] == []


def test_there_are_enough_rules_and_each_says_what_it_is_for_and_what_not(book: Rulebook) -> None:
    rules = book.ruleset.rules
    assert len(rules) >= 25
    poor = [r.id for r in rules if not any(t.match for t in r.tests) or all(t.match for t in r.tests) or not r.title]
    assert poor == []


def test_nothing_ships_with_a_warning(book: Rulebook) -> None:
    assert [str(p) for p in book.warnings] == []


def test_rules_carry_tags_and_no_channels(book: Rulebook) -> None:
    """A fresh config has other channels than ours."""
    assert [r.id for r in book.ruleset.rules if r.channels or not r.tags] == []


def test_every_pack_of_the_promise_is_there(book: Rulebook) -> None:
    tags = {tag for r in book.ruleset.rules for tag in r.tags}
    assert {"sanctions", "arms", "conflict", "cyber", "politics", "trade", "energy"} <= tags
    assert {"arms-deal-sanctioned-state", "snap-election", "coup"} <= {r.id for r in book.ruleset.rules}


def test_every_entry_of_a_programme_carries_its_legal_act_and_date(book: Rulebook) -> None:
    lists = book.ruleset.lists
    for name in ("un", "us", "eu", "uk", "arms_embargo_un", "sanctioned"):
        assert len(lists[name].countries) >= 8
        assert lists[name].source
        for listed in lists[name].countries:
            assert listed.act, (name, listed)
            assert date(1945, 10, 24) < date.fromisoformat(listed.date) < datetime.now(UTC).date(), (name, listed)
    merged = {c.code for name in ("un", "us", "eu", "uk") for c in lists[name].countries}
    assert {c.code for c in lists["sanctions_programme"].countries} == merged


def test_programmes_select_their_countries(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(
        "rules:\n"
        "  - {id: own-un, severity: low, when: {country: {of: {sanctioned_by: [un]}}}}\n"
        "  - {id: own-un-us, severity: low, when: {country: {of: {sanctioned_by: [un, us]}}}}\n"
        "  - {id: own-arms, severity: low, when: {country: {of: {arms_embargo: un}}}}\n"
    )
    engine = rulebook.load([shipped_rules(), tmp_path]).engine

    def fired(text: str) -> set[str]:
        return {m.rule_id for m in engine.match(Subject("", text)) if m.rule_id.startswith("own-")}

    assert fired("Talks in Pyongyang") == {"own-un", "own-un-us", "own-arms"}
    assert fired("Talks in Havana") == {"own-un-us"}
    assert fired("Talks in Oslo") == set()


def test_there_are_enough_sources_and_no_address_twice(book: Rulebook) -> None:
    urls = Counter(s.url.rstrip("/").lower() for s in book.sources.values())
    assert len(urls) >= 40
    assert [url for url, count in urls.items() if count > 1] == []
    assert [s.id for s in book.sources.values() if not s.tags or not s.title] == []


def test_lists_say_where_they_come_from_and_of_what_day_they_are(book: Rulebook) -> None:
    assert [name for name, found in book.ruleset.lists.items() if not found.source or not found.as_of] == []


def test_an_arms_deal_with_a_sanctioned_state_fires_with_its_countries_and_evidence(book: Rulebook) -> None:
    analysis = book.engine.analyse(Subject(TITLE, TEXT))
    fired = {m.rule_id: m for m in analysis.matches}
    match = fired["arms-deal-sanctioned-state"]
    assert match.severity is Severity.HIGH
    assert set(analysis.countries) == {"RU", "IR"}
    body = f"{TITLE}\n{TEXT}"
    assert all(body[e.start : e.end] == e.text for e in match.evidence)
    assert {e.entity for e in match.evidence if e.entity} == {"RU", "IR"}
    assert {"arms deal", "Iran"} <= {e.text for e in match.evidence}
    kinds = {(m.text, m.entity) for m in analysis.mentions}
    assert {("Kremlin", "RU"), ("Tehran", "IR"), ("Iranian", "IR"), ("Russia", "RU")} <= {
        (text.removeprefix("The "), code) for text, code in kinds
    }


def test_the_same_words_about_a_video_game_do_not_fire(book: Rulebook) -> None:
    found = book.engine.match(Subject("A new video game lets players run a war", f"In the game, {TEXT}"))
    assert "arms-deal-sanctioned-state" not in {m.rule_id for m in found}


def test_the_same_deal_between_states_that_nobody_sanctions_is_another_rule(book: Rulebook) -> None:
    text = "Sweden has agreed to deliver fighter jets and air defence missiles to Portugal under an arms deal."
    fired = {m.rule_id for m in book.engine.match(Subject("", text))}
    assert "arms-deal-sanctioned-state" not in fired
    assert "arms-transfer" in fired
