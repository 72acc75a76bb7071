"""Which articles tell one story."""

from datetime import timedelta

import pytest

from bot.model import Article
from bot.story import WINDOW, Stories
from tests.samples import NOW, article

WIRE_TEXT = (
    "The harbour of Northport reopened on Friday after engineers raised the wreck of a coaster that had blocked the "
    "channel for eleven days, the port authority said."
)


def joined(first: Article, second: Article, after: timedelta = timedelta(minutes=5)) -> bool:
    stories = Stories()
    stories.remember(first, stories.place(first, NOW), (), NOW)
    return not stories.place(second, NOW + after).is_new


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"canonical_url": "wire.example/a"}, True),
        ({"text": WIRE_TEXT}, True),
        ({"text": f"NORTHPORT (Reuters) - {WIRE_TEXT}"}, True),  # wire copy under the dateline of another outlet
        ({"text": WIRE_TEXT.upper()}, True),
        ({"title": "Harbour of Northport open again after eleven days"}, True),
        ({"title": "HARBOUR OF NORTHPORT OPEN AGAIN, AFTER ELEVEN DAYS"}, True),
        ({"title": "Live updates", "text": "Read more."}, False),
        ({"title": "Northport harbour stays closed", "text": "Nothing new."}, False),
    ],
)
def test_articles_with_the_same_link_text_or_headline_join(changes: dict[str, str], same: bool) -> None:
    first = article(
        "a", canonical_url="wire.example/a", title="Harbour of Northport open again after eleven days", text=WIRE_TEXT
    )
    second = article("b", **{"canonical_url": "other.example/b", "title": "Other", "text": "Other.", **changes})
    assert joined(first, second) is same


def test_short_headlines_and_texts_say_nothing_about_the_story() -> None:
    first = article("a", title="Morning briefing", text="Read more.", canonical_url="x/1")
    assert not joined(first, article("b", title="Morning briefing", text="Read more.", canonical_url="x/2"))


def test_a_headline_that_comes_again_after_the_window_is_news() -> None:
    first = article("a", canonical_url="x/1")
    again = article("b", title=first.title, canonical_url="x/2", text="Other words.")
    assert joined(first, again, WINDOW)
    assert not joined(first, again, WINDOW + timedelta(seconds=1))


def test_a_story_remembers_every_channel_that_heard_of_it() -> None:
    stories = Stories()
    one = article("a")
    story = stories.place(one, NOW)
    stories.remember(one, story, ("desk",), NOW)
    stories.remember(one, story, ("intel",), NOW)
    assert stories.told(stories.place(one, NOW)) == {"desk", "intel"}


def test_what_could_not_be_stored_is_forgotten_and_what_was_stored_stays() -> None:
    stories = Stories()
    kept, lost = article("a", canonical_url="x/1"), article("b", canonical_url="x/2")
    stories.remember(kept, stories.place(kept, NOW), ("desk",), NOW)
    stories.keep()
    stories.remember(kept, stories.place(kept, NOW), ("intel",), NOW)
    stories.remember(lost, stories.place(lost, NOW), ("desk",), NOW)
    stories.undo()
    assert stories.place(lost, NOW).is_new
    assert stories.told(stories.place(kept, NOW)) == {"desk"}


def test_stories_out_of_the_window_cost_no_memory() -> None:
    stories = Stories()
    one = article("a")
    stories.remember(one, stories.place(one, NOW), ("desk",), NOW)
    stories.keep()
    stories.forget(NOW + WINDOW + timedelta(hours=1))
    assert stories.count == 0
    assert stories.place(one, NOW).is_new
