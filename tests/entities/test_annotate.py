"""Sentences, paragraphs, and the way to a spaCy ``Doc``."""

from __future__ import annotations

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from bot.entities.annotate import Annotation, load_model, to_doc
from bot.entities.sentences import paragraphs, sentences
from bot.errors import ConfigError
from bot.model import Mention, MentionKind
from bot.text import Text


def split(body: str, title: str = "") -> list[str]:
    text = Text(title, body)
    return [text.body[start:end] for start, end in sentences(text)]


TWO = [
    "He left. | She stayed.",
    "Mr. Smith met Gen. Dvornikov. | They talked.",
    "J. R. Tolkien wrote it. | It sold.",
    "The U.S. said so. | Iran did not.",
    "Troops left the U.S. | The others stayed.",
    "It costs 3.5 million. | That is much.",
    "No. 10 is a house. | It has a door.",
    "On Jan. 5 it began. | On Feb. 6 it ended.",
    "“Stop!” he said. | “Why?” she asked.",
    '"They fired first." | The army denied it.',
    "He paused... and went on. | Then he left…",
    "He works for Acme Inc. in Paris. | He is old.",
    "Police came at 5 p.m. | They saw nothing.",
    "He came from Acme Corp. | The firm is gone.",
    "Who knows? | Nobody! | Really?! | No.",
    "他来了。| 她走了！",
    "ماذا حدث؟ | لا أحد يعرف.",
    "Он ушёл. | Она осталась.",
    "One line\nand its end. | Another one.",
    "No mark here\n\n| Nor here",
    "The Rev. A. Jones of St. Paul, Minn., prayed. | All rose.",
    "(It rained.) | The sun came.",
    "Sales rose 4%. | 12 people left.",
]


@pytest.mark.parametrize("example", TWO)
def test_sentences_end_where_a_reader_ends_them(example: str) -> None:
    parts = [part.strip() for part in example.split("|")]
    assert split(example.replace("| ", "").replace("|", "")) == parts


def test_the_title_is_one_sentence_and_one_paragraph() -> None:
    text = Text("Why? Because. No. 1", "First one. Second.\n\nThird.")
    assert [text.body[a:b] for a, b in sentences(text)] == ["Why? Because. No. 1", "First one.", "Second.", "Third."]
    assert [text.body[a:b] for a, b in paragraphs(text)] == ["Why? Because. No. 1", "First one. Second.", "Third."]


@given(st.text(max_size=200), st.text(alphabet=" .!?…\n\"'”aAé。U", max_size=200))
def test_sentences_are_ordered_and_hold_every_word(title: str, body: str) -> None:
    text = Text(title, body)
    for spans in (sentences(text), paragraphs(text)):
        end = 0
        kept = []
        for start, stop in spans:
            assert start >= end
            assert stop > start
            assert not text.body[end:start].strip()
            kept.append(text.body[start:stop])
            end = stop
        assert "".join("".join(kept).split()) == "".join(text.body.split())
    every = sentences(text)
    assert [sentences(text, most) for most in range(len(every) + 2)] == [every[:most] for most in range(len(every) + 2)]


@pytest.mark.parametrize("unit", [".", ".x", "U.S. ", '."', "! ", "\n", " \n", "a. ", "。"])
def test_a_million_repetitions_end(unit: str) -> None:
    text = Text("", unit * (400_000 // len(unit)))
    sentences(text)
    paragraphs(text)


BODY = Text("Kim in Moscow", "He met Mr. Putin. Then Kim Jong Un left Vladivostok by train.")


def annotation() -> Annotation:
    def at(word: str, code: str, kind: MentionKind) -> Mention:
        start = BODY.body.index(word)
        return Mention(word, start, start + len(word), code, kind)

    return Annotation(
        BODY,
        (
            at("Moscow", "RU", MentionKind.CAPITAL),
            at("Putin", "RU", MentionKind.LEADER),
            at("Kim Jong Un", "KP", MentionKind.LEADER),
            at("Vladivostok", "RU", MentionKind.CITY),
        ),
    )


def test_a_doc_has_our_entities_and_our_sentences() -> None:
    doc = to_doc(annotation())
    assert doc.text == BODY.body
    assert [(e.text, e.label_, e.kb_id_) for e in doc.ents] == [
        ("Moscow", "GPE", "RU"),
        ("Putin", "PERSON", "RU"),
        ("Kim Jong Un", "PERSON", "KP"),
        ("Vladivostok", "GPE", "RU"),
    ]
    assert [s.text.strip() for s in doc.sents] == [
        "Kim in Moscow",
        "He met Mr. Putin.",
        "Then Kim Jong Un left Vladivostok by train.",
    ]


def test_a_model_adds_what_overlaps_none_of_ours() -> None:
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(  # type: ignore[attr-defined]
        [{"label": "PERSON", "pattern": "Jong"}, {"label": "VEHICLE", "pattern": "train"}]
    )
    doc = to_doc(annotation(), nlp)
    assert [(e.text, e.label_) for e in doc.ents][-1] == ("train", "VEHICLE")
    assert [e.text for e in doc.ents].count("Kim Jong Un") == 1
    assert "Jong" not in [e.text for e in doc.ents]


def test_an_empty_article_gives_an_empty_doc() -> None:
    assert len(to_doc(Annotation(Text("", "")))) == 0


def test_a_model_that_is_not_installed_is_one_clear_sentence() -> None:
    with pytest.raises(ConfigError, match="the entity model 'xx_none_here' cannot be loaded: run 'python -m spacy"):
        load_model("xx_none_here")
