"""Terms in texts: each form, and each fine print."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from bot.rules import terms
from bot.rules.inflect import Inflector
from bot.yaml_nodes import Place
from tests.rules.setup import found

HERE = Place(Path("r.yaml"), 1, 1)


@pytest.mark.parametrize(
    ("term", "text", "words", "why"),
    [
        ("arms deal", "An Arms Deal.", ["Arms Deal"], "case does not matter"),
        ("arms deal", "arms  \n deal", ["arms  \n deal"], "nor white space"),
        ("arms deal", "arms, deal", None, "a comma parts a phrase"),
        ("arms deal", "arms\n\ndeal", None, "so does a paragraph"),
        ("arms deal", "farms deal arms dealer", None, "whole words"),
        ("deal", "deal, deal; deals", ["deal", "deal", "deals"], "every place"),
        (
            "cease-fire",
            "cease-fire cease fire ceasefire",
            ["cease-fire", "cease fire", "ceasefire"],
            "a hyphen in the term",
        ),
        ("ceasefire", "cease-fire cease fire ceasefire", ["cease-fire", "ceasefire"], "a hyphen in the text"),
        ("cease fire", "cease-fire cease fire ceasefire", ["cease-fire", "cease fire"], "or as a space"),
        ("ceasefire", "a cease‐fire, a cease‑fire", ["cease‐fire", "cease‑fire"], "typographic hyphens"),
        ("ceasefire lawmaker", "cease-fire law-maker", ["cease-fire law-maker"], "both words joined"),
        ("cease-fire law-maker", "ceasefire law maker", ["ceasefire law maker"], "each hyphen by itself"),
        (
            "cease-fire-deal",
            "cease-firedeal ceasefire-deal",
            ["cease-firedeal", "ceasefire-deal"],
            "in every combination",
        ),
        ("ceasefire deal", "cease-fire, deal", None, "a joined word crosses no comma"),
        ("ceasefire", "cease-\nfire", None, "a hyphen at the end of a line joins nothing"),
        ("cooperation", "co-operation's end", ["co-operation"], "a possessive behind"),
        (
            "anti-gov*",
            "anti-government antigovernmental anti government",
            ["anti-government", "antigovernmental", "anti government"],
            "a prefix with a hyphen",
        ),
        ("antigov*", "anti-government", ["anti-government"], "a prefix that reaches over the hyphen"),
        ("weap*", "weapons-grade", ["weapons"], "and one that does not"),
        ("deal", "a deal's end, deals’ end", ["deal", "deals"], "the possessive in the text"),
        ("Iran's deal", "Iran deal", ["Iran deal"], "the possessive in the term"),
        ("dirty bomb", 'the "dirty" bomb, the “dirty bomb”', ['dirty" bomb', "dirty bomb"], "quotes alike"),
        ("U.S. deal", "US deal, U.S. deal", ["US deal", "U.S. deal"], "dots of an acronym"),
        ("=US", "US us U.S. Us US-led", ["US", "U.S", "US"], "case-sensitive"),
        ("=Deal", "Deal Deals deal", ["Deal"], "and not inflected"),
        ("=Café", "Cafe CAFE Café's", ["Cafe", "Café"], "accents are folded there, too"),
        (
            "=Cease-Fire",
            "Cease-Fire CeaseFire Cease Fire cease-fire",
            ["Cease-Fire", "CeaseFire", "Cease Fire"],
            "hyphens",
        ),
        ("=CeaseFire", "Cease-Fire cease-Fire", ["Cease-Fire"], "hyphens of the text"),
        ("cafe", "café CAFÉ cafe\u0301", ["café", "CAFÉ", "cafe\u0301"], "accents of the text"),
        ("café", "cafe", ["cafe"], "accents of the term"),
        ("weap*", "weapon weaponry Weapons wea", ["weapon", "weaponry", "Weapons"], "prefixes"),
        ("the weap*", "the weaponry, the arms", ["the weaponry"], "prefixes of the last of several words"),
        ("deals", "deal deals", ["deal", "deals"], "a plural finds the singular"),
        ("supply weapon", "supplied weapons", ["supplied weapons"], "verbs in their base form"),
        ("supplied", "supply", None, "a verb as typed otherwise has one form"),
        ("Deal", "deals", None, "capitalised words have one form"),
        ("C++", "C++ C, +C+", ["C"], "marks are part of a term that has them"),
        ("#metoo", "#MeToo metoo", ["MeToo"], "before it"),
        ("AT&T", "AT&T, at t", ["AT&T"], "or inside"),
        ("R&D deal", "the R&D deal, r d deal", ["R&D deal"], "or in one of its words"),
        ("Yahoo!", "Yahoo", ["Yahoo"], "marks at the end that only close a sentence do not count"),
        ("coup d'état", "coup d’Etat", ["coup d’Etat"], "elision"),
        ("Iran", "l’Iran dell'Iran qu'Iran", ["Iran", "Iran", "Iran"], "a name behind an elision"),
        ("007", "agent 007", ["007"], "digits"),
        ("2022-02-24", "on 2022-02-24", ["2022-02-24"], "dates"),
        ("soft", "so\u00adft", ["so\u00adft"], "invisible characters"),
        ("санкции", "Новые САНКЦИИ против", ["САНКЦИИ"], "Cyrillic"),
        ("йод", "Йод йод иод", ["Йод", "йод"], "й is not и"),
        ("Йод", unicodedata.normalize("NFD", "йод"), [unicodedata.normalize("NFD", "йод")], "however it was typed"),
        ("ελλάδα", "Στην Ελλαδα", ["Ελλαδα"], "Greek"),
        ("كوريا الشمالية", "قالت كوريا الشمالية اليوم", ["كوريا الشمالية"], "Arabic"),
        ("北京", "他在北京说", ["北京"], "Han"),
        ("北京", "北 京", ["北 京"], "with spaces"),
        ("東京電力", "東京電力は", ["東京電力"], "Japanese"),
        ("북한", "북한이 남북한", ["북한"], "Hangul: at the start of a word, particles may follow"),
        ("북한 정부", "북한 정부는", ["북한 정부"], "Hangul in two words"),
        ("ไทย", "ประเทศไทย", ["ไทย"], "Thai"),
    ],
)
def test_where_a_term_is_found(term: str, text: str, words: list[str] | None, why: str) -> None:
    assert found(term, text) == words, why


@pytest.mark.parametrize(
    ("condition", "text", "words"),
    [
        ({"exact": "deals"}, "deal Deals", ["Deals"]),
        ({"exact": "cease-fire"}, "ceasefire ceasefires", ["ceasefire"]),
        ({"regex": r"\d+ (tons|tonnes)"}, "some 500 TONNES of it, 3 tons", ["500 TONNES", "3 tons"]),
        ({"regex": "é+"}, "caféé", ["éé"]),
        ({"regex": "^arms"}, "arms and arms", ["arms"]),
    ],
)
def test_exact_terms_and_regexes(condition: object, text: str, words: list[str] | None) -> None:
    assert found(condition, text) == words


def test_a_regex_sees_title_and_text_each_by_itself() -> None:
    assert found({"regex": r"arms\s+deal"}, "deal", title="arms") is None
    assert found({"regex": r"\s*deal"}, "deal", title="arms") == ["deal"]
    assert found({"regex": "^deal$"}, "deal", title="deal") == ["deal", "deal"]
    assert found({"regex": "o$"}, "Ho", title="No") == ["o", "o"]


def test_a_phrase_does_not_cross_from_title_to_text() -> None:
    assert found("arms deal", "deal", title="arms") is None
    assert found("ceasefire", "fire", title="cease-") is None


@pytest.mark.parametrize(
    ("word", "has", "has_not"),
    [
        ("weapon", {"weapons"}, set()),
        ("weapons", {"weapon"}, set()),
        ("supply", {"supplies", "supplied", "supplying"}, set()),
        ("supplied", {"supplied"}, {"supply", "supplies"}),
        ("missiles", {"missile"}, set()),
        ("sell", {"sold", "selling", "sells"}, set()),
        ("Weapon", {"Weapon"}, {"weapons", "Weapons"}),
        ("arm", {"arm"}, {"arms"}),
        ("xyzzyq", {"xyzzyq"}, {"xyzzyqs"}),
        ("санкция", {"санкция"}, set()),
    ],
)
def test_the_forms_of_a_word(word: str, has: set[str], has_not: set[str]) -> None:
    forms = Inflector(None).forms(word)
    assert forms[0] == word
    assert has <= set(forms)
    assert not has_not & set(forms)


def test_forms_are_kept_on_disk_and_a_bad_file_is_no_error(tmp_path: Path) -> None:
    first = Inflector(tmp_path / "cache")
    expected = first.forms("gargoyle")  # no word of the shipped rules, whose forms are shipped
    first.save()
    (kept,) = (tmp_path / "cache").iterdir()
    assert Inflector(tmp_path / "cache").forms("gargoyle") == expected
    kept.write_text("{", "utf-8")
    assert Inflector(tmp_path / "cache").forms("gargoyle") == expected
    kept.write_text("[1]", "utf-8")
    assert Inflector(tmp_path / "cache").forms("gargoyle") == expected


def test_too_many_forms_are_refused() -> None:
    term = terms.parse(" ".join(["word"] * 8), HERE)
    with pytest.raises(
        terms.TermError, match=r"^the forms of its words make 65,536 phrases; write \{exact: \.\.\.\} or split"
    ):
        terms.phrases(term, lambda w: (w, w + "s", w + "ed", w + "ing"))
