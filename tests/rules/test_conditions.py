"""Conditions on texts: what holds, and by which words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.rules.evaluate import LabelledSpan, Subject
from bot.rules.match import EVIDENCE_MAX
from tests.rules.setup import engine_of, found, names_list, rule

GANGS = names_list(
    """
list: gangs
source: made up
as_of: 2026-01-01
names:
  - {name: Black Hand, aliases: [Crna Ruka, BH], kind: org, id: bh}
  - {name: Ivan Petrov, kind: person}
  - {name: Red Fort, kind: place}
  - {name: al-Shams, kind: org}
"""
)


def near(*of: Any, within: str = "sentence", ordered: bool = False) -> dict[str, Any]:
    return {"near": {"of": list(of), "within": within, "ordered": ordered}}


@pytest.mark.parametrize(
    ("when", "text", "words", "why"),
    [
        ({"all": ["arms", "deal"]}, "deal on arms", ["deal", "arms"], "all of them, by offset"),
        ({"all": ["arms", "deal"]}, "arms", None, "one is missing"),
        ({"any": ["arms", "deal", "x"]}, "deal on arms", ["deal", "arms"], "all that are there"),
        ({"any": ["arms deal", "deal"]}, "arms deal", ["arms deal", "deal"], "overlapping ones, too"),
        ({"none": ["arms", "deal"]}, "peace", [], "nothing to show"),
        ({"none": ["arms", "deal"]}, "arms", None, "one is there"),
        ({"all": ["arms", {"none": ["film"]}]}, "arms", ["arms"], "all but"),
        ({"at_least": {"n": 2, "of": ["a", "b", "c"]}}, "c b", ["c", "b"], "two of three"),
        ({"at_least": {"n": 2, "of": ["a", "b", "c"]}}, "c c", None, "one twice is one"),
        ({"count": {"of": "arms", "min": 2}}, "arms and arms", ["arms", "arms"], "twice"),
        ({"count": {"of": "arms", "min": 3}}, "arms and arms", None, "not three times"),
        ({"count": {"of": {"any": ["arms deal", "deal"]}, "min": 2}}, "arms deal", None, "overlapping ones are one"),
        ({"count": {"of": ["arms deal", "deal"], "min": 2}}, "arms deal deal", ["arms deal", "deal", "deal"], "a list"),
        ({"count": {"of": {"any": ["a b", "b c", "c d"]}, "min": 2}}, "a b c d", ["a b", "c d"],
         "what takes part in no way to count two is no evidence"),
        ({"count": {"of": near("arms", "deal", within="0 words"), "min": 2}}, "arms deal, deal arms",
         ["arms", "deal", "deal", "arms"], "windows"),
        ({"country": ["IR", "KP"]}, "Iran and Russia", ["Iran"], "countries by code"),
        ({"country": "any"}, "Iran and Russia", ["Iran", "Russia"], "any country"),
        ({"country": {"of": "RU", "min_mentions": 2}}, "Moscow, Russia", ["Moscow", "Russia"], "two mentions"),
        ({"country": {"of": ["RU", "IR"], "min_mentions": 2}}, "Moscow, Iran", None, "of one country"),
        ({"country": {"of": "FR", "salience": "main"}}, "Iran Iran Iran Iran Iran. " + "x " * 80 + "France", None,
         "in passing"),
        ({"country": {"of": "IR", "salience": "main"}}, "Iran Iran. " + "x " * 80 + "France", ["Iran", "Iran"], "main"),
        # near
        (near("arms", "Iran"), "Arms for Iran. No deal.", ["Arms", "Iran"], "in one sentence"),
        (near("arms", "Iran"), "Arms. Iran.", None, "not in one sentence"),
        (near("arms", "Iran", within="paragraph"), "Arms. Iran.", ["Arms", "Iran"], "in one paragraph"),
        (near("arms", "Iran", within="paragraph"), "Arms.\n\nIran.", None, "not in one paragraph"),
        (near("arms", "Iran", within="2 words"), "arms to the Iran", ["arms", "Iran"], "two words between"),
        (near("arms", "Iran", within="1 word"), "arms to the Iran", None, "one too many"),
        (near("arms", "Iran", within="1 words"), "arms. To Iran", ["arms", "Iran"], "words go over sentences"),
        (near("arms", "Iran", "deal", within="2 words"), "arms x deal y Iran", ["arms", "deal", "Iran"],
         "words outside the members count, those inside do not"),
        (near("arms", "Iran", "deal", within="1 word"), "arms x deal y Iran", None, "both gaps together"),
        (near("arms", "Iran", ordered=True), "Iran sells arms", None, "in another order"),
        (near("arms", "Iran", ordered=True), "arms to Iran, arms", ["arms", "Iran"], "only those in order"),
        (near("arms", "arms"), "arms", None, "one span for each member"),
        (near("arms", "arms"), "arms and arms", ["arms", "arms"], "two spans for two members"),
        (near("arms deal", "deal", within="5 words"), "arms deal", None, "members do not overlap"),
        (near("arms deal", "deal", within="5 words"), "arms deal deal", ["arms deal", "deal"], "beside one another"),
        (near("arms", "Iran", within="0 words"), "arms x Iran arms", ["Iran", "arms"], "no word between"),
        (near("arms", "Iran", within="1 word"), "arms a b c Iran x arms", ["Iran", "arms"], "only what is close"),
        (near(near("a", "b", within="0 words"), "c", within="1 word"), "a b x c", ["a", "b", "c"], "an inner window"),
        (near(near("a", "b", within="3 words"), "x", within="9 words"), "a x b", None, "its hull takes its middle"),
        (near(near("a", "b", within="3 words"), "c", within="0 words"), "b a y b c a",
         ["a", "b", "c"], "each window by itself: 'a y b' stands beside c"),
        (near({"any": ["arms", "weapon"]}, {"country": "IR"}), "weapons and arms for Iran", ["weapons", "arms", "Iran"],
         "all of any that take part"),
        (near("arms", {"regex": "[,;]"}, within="0 words"), "arms, x; y", ["arms", ","], "a span that touches no word"),
        (near({"regex": "ar"}, {"regex": "ms"}, within="0 words"), "arms", ["ar", "ms"], "two spans in one word"),
        (near({"regex": "ar"}, {"regex": "ms"}, "x", within="0 words"), "arms y x", None, "which count as one word"),
        (near("北京", "制裁", within="2 words"), "北京的新制裁", ["北京", "制裁"], "letters are words in Han"),
        # datelines
        (near("arms", {"country": "RU"}), "MOSCOW — The ministry spoke. It sells arms.", ["MOSCOW", "arms"],
         "a dateline stands for its country"),
        (near("arms", {"country": "RU"}), "MOSCOW — Iran buys arms.", None, "unless the sentence names another"),
        (near("arms", {"country": "RU"}), "MOSCOW — Russia buys arms.", ["MOSCOW", "arms", "Russia"], "not its own"),
        (near("arms", {"country": "RU"}, ordered=True), "MOSCOW — It sells arms.", None, "it stands in front"),
        (near({"country": "RU"}, "arms", ordered=True), "MOSCOW — It sells arms.", ["MOSCOW", "arms"], "in order"),
        (near("arms", "deal", {"country": "RU"}), "MOSCOW — Arms. A deal.", None, "the others must be near"),
        ({"country": {"of": "RU", "min_mentions": 2}}, "MOSCOW — Russia", None, "nor does it count as a mention"),
        # lists
        ({"list": "gangs"}, "The Black Hand and crna ruka, Crna Ruka.", ["Black Hand", "Crna Ruka"], "names, aliases"),
        ({"list": "gangs"}, "BH Bh bh", ["BH"], "short names in capitals as they are"),
        ({"list": "gangs"}, "al Shams, al-Shams, Al-Shams", ["al Shams", "al-Shams", "Al-Shams"], "hyphens"),
        ({"person": "@gangs"}, "Ivan Petrov of the Black Hand", ["Ivan Petrov"], "by kind"),
        ({"place": "@gangs"}, "Black Hand at the Red Fort", ["Red Fort"], "by kind"),
        (near({"org": "@gangs"}, "arms", within="1 word"), "Black Hand sells arms", ["Black Hand", "arms"], "in near"),
    ],
)  # fmt: skip
def test_what_holds(when: Any, text: str, words: list[str] | None, why: str) -> None:
    got = found(when, text, lists=(GANGS,))
    assert (sorted(got) if got else got) == (sorted(words) if words else words), why


@pytest.mark.parametrize(
    ("when", "title", "text", "words"),
    [
        ({"title": "arms"}, "Arms", "arms", ["Arms"]),
        ({"title": "arms"}, "", "arms", None),
        ({"title": "arms deal"}, "arms", "deal", None),
        ({"title": {"all": ["arms", {"none": ["film"]}]}}, "arms", "film", ["arms"]),
        ({"title": near("a", "b")}, "a", "b", None),
        ({"lead": "arms"}, "arms", "x " * 59 + "arms", ["arms"]),
        ({"lead": "arms"}, "arms", "x " * 60 + "arms", None),
        ({"lead": "arms deal"}, "", "x " * 59 + "arms deal", None),
        ({"lead": {"country": "IR"}}, "Iran", "of Iran", ["Iran"]),
        ({"lead": {"count": {"of": "arms", "min": 2}}}, "arms", "arms " + "x " * 60 + "arms", None),
        (near("arms", "Iran", within="9 words"), "arms", "Iran", None),
        (near("arms", "Iran", within="sentence"), "arms", "Iran", None),
        (near("arms", "Iran", within="paragraph"), "arms", "Iran", None),
        (near("arms", "Iran", within="sentence"), "arms for Iran", "x", ["arms", "Iran"]),
        (near("arms", {"country": "RU"}), "Arms", "MOSCOW — x", None),
    ],
)
def test_title_and_text_are_kept_apart(when: Any, title: str, text: str, words: list[str] | None) -> None:
    assert found(when, text, title) == words


def test_unless_looks_at_the_whole_article() -> None:
    assert found("arms", "arms", unless="film") == ["arms"]
    assert found("arms", "arms " + "x. " * 100 + "film", unless="film") is None
    assert found("arms", "arms", title="film", unless={"title": "film"}) is None
    assert found("arms", "film arms", unless={"all": ["film", {"none": ["arms"]}]}) == ["film arms"[5:]]


def test_origins() -> None:
    def fires(when: Any, **about: Any) -> bool:
        return bool(engine_of(rule(when), detect=lambda text: "fr").match(Subject("", "x", **about)))

    assert fires({"source": ["a", "b"]}, source_id="b")
    assert not fires({"source": "a"}, source_id="b")
    assert fires({"tag": "wire"}, source_tags=("uk", "wire"))
    assert not fires({"tag": "wire"}, source_tags=("uk",))
    assert fires({"lang": "EN"}, lang="en-GB")
    assert fires({"lang": ["de", "fr"]})
    assert not fires({"lang": "en"})


def test_labels_of_a_model() -> None:
    def label(text: Any, mentions: Any) -> tuple[LabelledSpan, ...]:
        return (LabelledSpan(0, 4, "ORG"), LabelledSpan(9, 13, "GPE"))

    options: dict[str, Any] = {"has_model": True, "labeller": label}
    assert found({"entity": "ORG"}, "Acme and Acme", **options) == ["Acme"]
    assert found({"entity": {"label": "GPE", "text": "acme"}}, "Acme and Acme", **options) == ["Acme"]
    assert found({"entity": {"label": "ORG", "text": "other"}}, "Acme and Acme", **options) is None
    assert found(near({"entity": "ORG"}, {"entity": "GPE"}, within="1 word"), "Acme and Acme", **options) is not None


def test_evidence_says_condition_and_entity_and_stops_at_fifty() -> None:
    when = {"all": [{"any": ["arms", {"exact": "deals"}, "=US", "weap*"]}, {"country": "IR"}, {"list": "gangs"}]}
    (match,) = engine_of(rule(when), (GANGS,)).match(Subject("", "arms deals US weapons Iran Black Hand"))
    assert [(e.text, e.condition, e.entity) for e in match.evidence] == [
        ("arms", "arms", None),
        ("deals", "exact: deals", None),
        ("US", "=US", None),
        ("weapons", "weap*", None),
        ("Iran", "country: IR", "IR"),
        ("Black Hand", "list: gangs", "bh"),
    ]
    (match,) = engine_of(rule("arms")).match(Subject("", "arms " * 60))
    assert [e.start for e in match.evidence] == list(range(0, 5 * EVIDENCE_MAX, 5))


def test_a_define_means_the_same_wherever_it_is_used() -> None:
    define = {"deal_words": {"any": ["arms", near("sell", "weapon", within="1 word")]}}
    used = {"use": "deal_words"}
    assert found({"title": used}, "arms", define=define) is None
    assert found({"all": [{"title": used}, used]}, "sell a weapon", "arms", define=define) == ["arms", "sell", "weapon"]
    assert found(near(used, "Iran", within="1 word"), "weapon sell to Iran", define=define) == [
        "weapon",
        "sell",
        "Iran",
    ]


def test_the_most_severe_rule_comes_first_then_the_order_of_the_file() -> None:
    source = "rules:\n" + "".join(
        f"- {{id: {i}, severity: {s}, when: arms, channels: [c]}}\n"
        for i, s in (("b", "low"), ("a", "high"), ("c", "high"), ("d", "info"))
    )
    engine = engine_of(source + "- {id: off, severity: high, when: arms, enabled: false}\n")
    matches = engine.match(Subject("", "arms"))
    assert [m.rule_id for m in matches] == ["a", "c", "b", "d"]
    assert matches[0].channels == ("c",)


@pytest.mark.parametrize(
    "unit", ["arms ", "Iran arms ", "cease-fire ", "a-", "arms deal, ", "arms. ", "arms\n\n", "北京", "x"]
)
def test_a_unit_repeated_takes_no_more_steps_than_it_has_words(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One word repeated: the work of ``near``, counted, grows with the text and not with its square."""
    from bot.rules import near as near_module

    steps = 0
    sweep = near_module._sweep

    def counted(members: Any, ordered: bool, backward: bool) -> Any:
        nonlocal steps
        steps += sum(map(len, members))
        return sweep(members, ordered, backward)

    monkeypatch.setattr(near_module, "_sweep", counted)
    engine = engine_of(rule({"any": [near("arms", "arms", {"any": ["arms", "deal"]}, within="5 words"), "ceasefire",
                                     near(near("arms", "Iran", within="3 words"), "arms", within="2 words")]}))  # fmt: skip  # noqa: E501
    body = unit * (40_000 // len(unit))
    engine.match(Subject("", body))
    assert steps <= 2 * 8 * (len(body) // len(unit) + 10_000)
