"""The normalised text: what it says, and the way back from it."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot import text as text_module
from bot.text import Text, pattern, phrase


@pytest.mark.parametrize(
    ("written", "norm", "why"),
    [
        ("Arms Deal", "arms deal", "lower case"),
        ("Café São Łódź Ångström Øst", "cafe sao lodz angstrom ost", "accents are folded in Latin letters"),
        ("Αθήνα ΣΟΦΟΣ σοφός", "αθηνα σοφοσ σοφοσ", "and in Greek ones, the final sigma too"),
        ("Зелёный Йошкар Їжак", "зелёный йошкар їжак", "but not in Cyrillic"),
        ("cease-fire cease‐fire cease–fire", "cease fire cease fire cease fire", "hyphens and en dashes are spaces"),
        ("arms, deal", "arms  deal", "a comma is a break"),
        ("arms — deal", "arms    deal", "so is a dash"),
        ("arms—deal", "arms  deal", "a tight one too"),
        ("arms/deal", "arms deal", "one mark alone is a space"),
        ('the "dirty" bomb', "the dirty bomb", "quotation marks vanish"),
        ("the “dirty” «bomb» „x‟", "the dirty bomb x", "of every shape"),
        ("le groupe « Wagner » est", "le groupe wagner est", "with the spaces that French sets inside"),
        ("le groupe «\u00a0Wagner\u00a0» est", "le groupe wagner est", "which are often hard"),
        ('said"Iran', "said iran", "a lone one between words parts them"),
        ("Iran's Iran’s IRAN'S Iranʼs", "iran iran iran iran", "the possessive vanishes"),
        ("'the fault is Iran's'", "the fault is iran", "also inside single quotes"),
        ("the boys' ''wire'' style", "the boys wire style", "closing quotes vanish"),
        ("O'Brien Qur’an don't", "o'brien qur'an don't", "an apostrophe inside a word stays"),
        ("l'Iran l’Irak qu'Israël dell'Iran d'État", "l iran l irak qu israel dell iran d etat", "elision"),
        ("'l'Iran", "l iran", "also behind an opening quote"),
        ("rock'n'roll", "rock'n'roll", "but not inside a word"),
        ("U.S. U.N.-led U.S.A. e.g. a.m.", "us un led usa eg am", "the dots of an acronym vanish"),
        ("U.S.troops", "us troops", "not into the next word"),
        ("the U.Sanctions list", "the u sanctions list", "only single letters make an acronym"),
        ('"U.S."We', "us we", "nor across a quotation mark"),
        ("3.5 1,000", "3 5 1 000", "numbers are cut alike in terms and texts"),
        ("a \t b\nc", "a b c", "white space collapses, a line break is a space"),
        ("a\n\nb", "a    b", "a blank line is a hard break"),
        ("a\n \t\nb", "a    b", "also one with spaces in it"),
        ("ar\u00adms \u200ede\u200dal", "arms deal", "invisible characters vanish"),
        ("arms\u200bdeal", "arms deal", "but a space of no width is a space"),
        ("ＡＲＭＳ　ｄｅａｌ", "arms deal", "full-width forms are the letters that they show"),
        ("北京 and Tokyo東京", "北 京 and tokyo 東 京", "Han letters are words"),
        ("ประเทศ", "ป ร ะ เ ท ศ", "Thai letters are words"),
        ("북한이 K팝", "\x02북 한 이 k \x02팝", "the first syllable of a run of Hangul has a mark"),
        ("كوريا الشمالية", "كوريا الشمالية", "Arabic as written"),
        ("\x00\x1c\x02a\x1db", "a b", "control characters are no words"),
        ("", "", "nothing"),
        ("... !? —", "", "nothing but marks"),
    ],
)
def test_normal_form(written: str, norm: str, why: str) -> None:
    assert phrase(written) == norm, why


@pytest.mark.parametrize(
    "written", ["Йошкар-Ола ёлка Україна їжак", "café Ångström São", "Αθήνα", "한국 정부는", "が ぱ ヴ"]
)
def test_decomposed_letters_are_the_composed_ones(written: str) -> None:
    decomposed = unicodedata.normalize("NFD", written)
    assert phrase(decomposed) == phrase(written)
    text = Text("", decomposed)
    spans = [text.word_span(i) for i in range(len(text.word_starts))]
    assert "".join(decomposed[s:e] for s, e in spans) == "".join(c for c in decomposed if c not in " -")


def test_a_pattern_is_the_phrase_between_spaces() -> None:
    assert pattern("Arms-Deal") == " arms deal "
    assert pattern("?!") == ""


def test_words_of_title_and_text_count_through() -> None:
    text = Text("Arms “deal”", "The U.S.'s arms-deal")
    body = text.body
    assert body == "Arms “deal”\nThe U.S.'s arms-deal"
    assert [body[slice(*text.word_span(i))] for i in range(6)] == ["Arms", "deal", "The", "U.S", "arms", "deal"]
    assert text.title_words == 2
    assert text.text_start == len("Arms “deal”") + 1
    assert text.norm[: text.title_norm_end] == " arms deal"
    assert text.word(3) == "us"


@pytest.mark.parametrize(
    ("span", "words"),
    [((0, 4), (0, 0)), ((1, 2), (0, 0)), ((0, 10), (0, 1)), ((4, 6), (1, 0)), ((5, 7), (1, 1)), ((10, 11), (2, 1))],
)
def test_words_that_a_span_touches(span: tuple[int, int], words: tuple[int, int]) -> None:
    assert Text("", "arms, deal.").words_in(*span) == words


def test_a_phrase_does_not_reach_from_title_to_text() -> None:
    assert pattern("Jan. 6 riot") not in Text("In Jan.", "6 riot").norm
    assert pattern("arms deal") not in Text("arms", "deal").norm


anything = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from([*" ab's\"-.\n,é\u0301“’—…\u200b\u00ad한국北ий\u0306\u1112\u1161\u11a8ไ_US", "  ", "\n\n"]),
        max_size=40,
    ).map("".join),
)


def mixed(text: Text) -> bool:
    """An apostrophe beside a letter that is a word of its own may stay or go."""
    return "'" in text.norm and text_module._ALONE_RE.search(text.norm) is not None


@given(anything, anything)
@settings(max_examples=500)
def test_every_word_has_a_span_of_its_own_in_the_order_of_the_text(title: str, body: str) -> None:
    text = Text(title, body)
    spans = [text.word_span(i) for i in range(len(text.word_starts))]
    assert text.norm.startswith(" ")
    assert text.norm.endswith(" ")
    assert text.word_origins == [s for s, _ in spans]
    assert all(0 <= s < e <= len(text.body) for s, e in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert [text.words_in(s, e) for s, e in spans] == [(i, i) for i in range(len(spans))]
    if title:
        assert text.title_words == len(Text("", title).word_starts)
        assert all(e <= len(title) or s > len(title) for s, e in spans)


@given(anything)
@settings(max_examples=500)
def test_the_letters_of_a_word_are_the_letters_of_its_span(body: str) -> None:
    text = Text("", body)
    assume(not mixed(text))
    for number in range(len(text.word_starts)):
        start, end = text.word_span(number)
        kept = "".join(c for c in phrase(text.body[start:end]) if c not in " \x02")
        assert kept.strip("'") == text.word(number).replace("\x02", "").strip("'")


@given(anything)
@settings(max_examples=500)
def test_the_fast_passes_say_what_the_table_says(raw: str) -> None:
    """ASCII, typographic, sparse and dense texts take different ways; a Han letter forces the table on each."""
    dense = "北" * (len(raw) + 1)
    assert text_module._first_pass(raw) == text_module._first_pass(raw + dense)[: len(raw)]
    assert len(text_module._first_pass(raw)) == len(raw)


@given(anything)
def test_the_normal_form_of_a_normal_form_is_itself(body: str) -> None:
    once = phrase(body)
    assume(not mixed(Text("", body)))
    assume("\x02" not in once)  # the mark of Hangul is not part of a text
    assert phrase(once).split() == once.split()


@pytest.mark.parametrize(
    "unit",
    [
        "deal ",
        "cease-fire ",
        "U.S. ",
        "'",
        '"',
        "l'Iran ",
        "\n\n",
        "  ",
        "a.",
        "北京",
        "한국 ",
        "e\u0301",
        "e" + "\u0301\u0316" * 9,
        "’s ",
    ],
)
def test_the_edits_are_at_most_one_for_each_character(unit: str) -> None:
    """What keeps the time linear: no edit is looked at twice, however often a unit is repeated."""
    text = Text("", unit * 20_000)
    assert len(text._at) <= 3 * len(text.body) + 2
    assert text._at == sorted(text._at)
    assert len(text.norm) <= 4 * len(text.body) + 2
