"""What an article is compared by, packed."""

from __future__ import annotations

import pickle
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.story.features import WEIGHT_UNIT, _few_shingles, _shingles, features
from bot.story.stem import hashed, stem
from bot.story.thresholds import TEXT_WORDS_MIN

TEXT = "Rescuers reached Dorum on Tuesday. The rescuer of nine was the mayor of Dorum, said neighbours; Dorum mourned."


@pytest.mark.parametrize("text", ["", TEXT, "\ud800 lone 12 É́́ combining 🚢", "伊朗核谈判在日内瓦举行双方表示取得进展"])
def test_each_number_is_that_of_its_word_and_they_ascend(text: str) -> None:
    found = features("wire", "", "Quake in Kelva", text)
    words = found.word_of()
    assert list(words) == sorted(words)
    assert len(words) == found.length
    assert [min(round(each * WEIGHT_UNIT), 255) for each in array("f", found.inside)] == list(found.coarse)
    assert len(found.coarse) == found.length
    assert all(hashed(stem(word)) == term for term, word in words.items())
    assert pickle.loads(pickle.dumps(found)) == found


def test_what_stands_often_and_names_matter_more() -> None:
    found = features("wire", "", "Quake in Kelva", TEXT)
    inside = dict(zip(found.word_of().values(), array("f", found.inside), strict=True))
    assert inside["dorum"] > inside["rescuers"] > inside["mayor"] == 1
    assert inside["kelva"] < inside["dorum"]


def test_an_article_without_words_has_none() -> None:
    found = features("wire", "", "The", "")
    assert (found.length, found.word_of()) == (0, {})


WORD = st.sampled_from(["the", "port", "of", "northport", "is", "shut", "á", "12", "北"]) | st.text(min_size=1)


@given(st.lists(WORD, min_size=TEXT_WORDS_MIN))
def test_a_summary_and_a_long_text_have_the_same_shingles(words: list[str]) -> None:
    """The one is worked out word by word, the other as an array."""
    assert _few_shingles(words) == _shingles(words).tolist()
