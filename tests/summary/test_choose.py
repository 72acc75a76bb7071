"""Which sentences are quoted, and which headline stands above them."""

from __future__ import annotations

import pytest

from bot.summary.choose import bundle, choose, headline, rarity
from bot.summary.sentences import quotable
from tests.summary.samples import document, quake

DOCUMENTS = (quake(0), quake(1), quake(2))


def told(*documents: object) -> list[str]:
    found = documents or DOCUMENTS
    story = bundle(found, rarity(found))  # type: ignore[arg-type]
    return [s.text for s in choose(story, headline(story, story.documents))]


def test_two_sentences_tell_what_the_outlets_share_and_do_not_repeat_each_other() -> None:
    first, second = told()
    assert "magnitude 7.1 earthquake struck northern Examplia" in first
    assert second == "Rescue teams searched collapsed buildings in the port of Lomara after the quake."


def test_sentences_come_word_for_word_from_their_article() -> None:
    story = bundle(DOCUMENTS, rarity(DOCUMENTS))
    for sentence in choose(story, DOCUMENTS[0]):
        assert sentence.text in sentence.article.text


def test_a_story_of_one_article_needs_no_second_sentence_that_adds_nothing() -> None:
    words = "The parliament of Examplia adopted the budget on Monday."
    assert told(document("a", "Parliament adopts budget", f"{words} The parliament adopted the budget Monday.")) == [
        words
    ]


def test_what_a_story_above_said_counts_less() -> None:
    story = bundle(DOCUMENTS, rarity(DOCUMENTS))
    plain = choose(story, DOCUMENTS[0])
    after = choose(story, DOCUMENTS[0], plain[:1])
    assert after[0].text != plain[0].text


def test_without_any_text_the_other_headlines_are_quoted() -> None:
    documents = [document(str(n), quake(n).title, "") for n in range(3)]
    story = bundle(documents, rarity(documents))
    lead = headline(story, documents)
    sentences = choose(story, lead)
    assert sentences
    assert lead.title not in [s.text for s in sentences]


@pytest.mark.parametrize(
    "text", ["", "…", "Read more.", "Short one.", "x" * 5000, "No end mark here at all but long enough"]
)
def test_a_lone_article_with_nothing_to_quote_gives_no_sentence(text: str) -> None:
    assert told(document("a", "A headline", text)) == []


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("SEOUL, March 4 (Reuters) - The minister resigned on Monday after the vote.", True),
        ("By Jane Doe and John Roe\nThe minister resigned on Monday after the vote.", True),
        ("The minister resigned on Monday\nafter the vote, and nobody knew why…", False),  # a feed that cut it
        ("Click here to read about the minister who resigned on Monday.", False),
        ("The minister said “I resign on Monday after the vote.", False),  # half of a quotation
        ("The minister resigned (Monday after the vote in parliament.", False),
        ("Parliament adopts the budget of the country in the end", False),  # the headline again
    ],
)
def test_what_can_be_quoted(text: str, quoted: bool) -> None:
    found = quotable(document("a", "Parliament adopts the budget of the country in the end", text))
    assert [s.text for s in found] == (["The minister resigned on Monday after the vote."] if quoted else [])


def test_a_dateline_is_no_part_of_the_sentence_and_place_counts_from_the_top() -> None:
    first, second = quotable(document("a", "Title", "PARIS (AP) — One long sentence about the event stands here. "
                                      "Another long sentence about the event follows it."))  # fmt: skip
    assert first.text == "One long sentence about the event stands here."
    assert (first.place, second.place) == (0, 1)


def test_a_sentence_that_leans_on_another_a_question_and_a_quotation_are_worth_less() -> None:
    texts = (
        "He said that the army was on its way to the town.",
        "Was the army of the country on its way to the town?",
        '"The army of the country is on its way," the mayor said.',
        "The army of the country is on its way to the town now.",
    )
    costs = [quotable(document("a", "Title", text))[0].cost for text in texts]
    assert min(costs[:3]) > costs[3] == 0


def test_languages_without_spaces_are_quoted_too() -> None:
    (sentence, *_) = quotable(
        document("a", "地震", "火曜日に北部でマグニチュード7.1の地震が発生し、少なくとも40人が死亡した。")
    )
    assert sentence.text.endswith("死亡した。")


def test_the_headline_is_the_one_that_says_most_of_the_story() -> None:
    documents = [document("a", "Live updates", "Text."), *DOCUMENTS]
    assert headline(bundle(documents, rarity(documents)), documents).key != "a"


def test_hostile_text_costs_no_time() -> None:
    for text in ('"' * 6000, "(" * 6000, "A. " * 2000, "PARIS, " * 900, "By A" * 1500, "\n" * 6000):
        quotable(document("a", "Title", text))
