"""Which countries a piece is about."""

from __future__ import annotations

from bot.entities.salience import countries_of, main_countries, salience
from bot.model import Mention, MentionKind
from bot.text import Text

PASSING = " Nothing else happened on that long and quiet day in the office." * 8


def mention(text: Text, word: str, code: str, kind: MentionKind = MentionKind.NAME, nth: int = 0) -> Mention:
    start = -1
    for _ in range(nth + 1):
        start = text.body.index(word, start + 1)
    return Mention(word, start, start + len(word), code, kind)


def test_title_and_lead_outweigh_a_mention_in_passing() -> None:
    text = Text("Iran tests a missile", "Iran fired it at noon." + PASSING + " Norway had no comment.")
    mentions = (
        mention(text, "Iran", "IR"),
        mention(text, "Iran", "IR", nth=1),
        mention(text, "Norway", "NO"),
    )
    shares = salience(mentions, text)
    assert shares["IR"] == 1.0
    assert shares["NO"] < 0.5
    assert main_countries(mentions, text) == ("IR",)


def test_datelines_never_count() -> None:
    text = Text("", "PARIS (AP) - Mali expels envoys.")
    mentions = (mention(text, "PARIS", "FR", MentionKind.DATELINE), mention(text, "Mali", "ML"))
    assert dict(salience(mentions, text)) == {"ML": 1.0}
    assert main_countries(mentions, text) == ("ML",)
    assert countries_of(mentions) == ("ML", "FR")


def test_a_single_late_mention_is_no_main_country() -> None:
    text = Text("", "People met." + PASSING + " Norway had no comment.")
    mentions = (mention(text, "Norway", "NO"),)
    assert main_countries(mentions, text) == ()


def test_countries_are_ordered_by_count_then_by_place() -> None:
    text = Text("", "Chad and Mali and Mali and Togo")
    mentions = (
        mention(text, "Chad", "TD"),
        mention(text, "Mali", "ML"),
        mention(text, "Mali", "ML", nth=1),
        mention(text, "Togo", "TG"),
    )
    assert countries_of(mentions) == ("ML", "TD", "TG")


def test_no_mentions_no_countries() -> None:
    text = Text("", "Nothing.")
    assert countries_of(()) == ()
    assert dict(salience((), text)) == {}
    assert main_countries((), text) == ()
