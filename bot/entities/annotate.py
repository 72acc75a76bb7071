"""What is known about one article: its text, the countries named in it, its sentences; and that as a spaCy ``Doc``.

Sentences are split when something first asks for them; spaCy is imported when a ``Doc`` is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.entities.sentences import Span, paragraphs, sentences
from bot.errors import ConfigError, Problem
from bot.model import Mention, MentionKind
from bot.text import Text

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["Annotation", "load_model", "paragraphs", "sentences", "to_doc"]

# OntoNotes labels, as spaCy's English models give them.
_LABELS = {
    MentionKind.DEMONYM: "NORP",
    MentionKind.LEADER: "PERSON",
    MentionKind.METONYM: "ORG",
    MentionKind.GROUP: "ORG",
}
_PLACE_LABEL = "GPE"


@dataclass(frozen=True)
class Annotation:
    """An article's text with the entities in it. Offsets count in ``text.body``."""

    text: Text
    mentions: tuple[Mention, ...] = ()

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """The title, then the sentences of the text."""
        return sentences(self.text)

    @cached_property
    def paragraphs(self) -> tuple[Span, ...]:
        """The title, then the paragraphs of the text."""
        return paragraphs(self.text)


def to_doc(annotation: Annotation, nlp: Language | None = None) -> Doc:
    """A spaCy ``Doc`` of the body with our sentences and, in ``doc.ents``, our mentions (``kb_id_`` is the code).

    With a model its pipeline runs too, and its entities are added where they overlap none of ours. Costs about a
    millisecond a thousand words without a model; not for every article.
    """
    from spacy.util import filter_spans

    pipeline = nlp if nlp is not None else _blank()
    doc = pipeline.make_doc(annotation.text.body)
    starts = _sentence_tokens(doc, annotation.sentences)
    for token in doc:
        token.is_sent_start = token.i in starts
    if nlp is not None:
        doc = nlp(doc)
    ours = []
    for mention in annotation.mentions:
        label = _LABELS.get(mention.kind, _PLACE_LABEL)
        span = doc.char_span(mention.start, mention.end, label, kb_id=mention.entity, alignment_mode="expand")
        if span is not None:
            ours.append(span)
    ours = filter_spans(ours)
    taken = {token.i for span in ours for token in span}
    theirs = [span for span in doc.ents if not any(token.i in taken for token in span)]
    doc.ents = (*ours, *theirs)
    return doc


def load_model(name: str) -> Language:
    """The spaCy pipeline of that name or path. Raises :class:`~bot.errors.ConfigError` if it cannot be loaded."""
    import spacy

    try:
        return spacy.load(name)
    except (OSError, ImportError, ValueError) as error:
        text = f"the entity model {name!r} cannot be loaded: run 'python -m spacy download {name}' or leave it out"
        raise ConfigError((Problem(Path("wirewatch.yaml"), 0, 0, text, "no-model"),)) from error


@lru_cache(maxsize=1)
def _blank() -> Language:
    """The tokenizer alone; it splits other languages well enough for spans."""
    import spacy

    return spacy.blank("en")


def _sentence_tokens(doc: Doc, spans: tuple[Span, ...]) -> frozenset[int]:
    """The numbers of the tokens with which our sentences begin."""
    starts = {0}
    i = 0
    for begin, _ in spans:
        while i < len(doc) and doc[i].idx + len(doc[i]) <= begin:
            i += 1
        starts.add(i)
    return frozenset(starts)
