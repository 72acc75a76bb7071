"""What a report adds: its numbers, names and countries, against what was told. One row a case."""

from __future__ import annotations

import time

import pytest

from bot.follow.novelty import Facts, claims, facts, news
from bot.follow.numbers import numbers
from bot.model import Mention, MentionKind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A blast killed 12 people.", [(12, "dead")]),
        ("Twelve people were killed.", [(12, "dead")]),
        ("Twenty-five were wounded, 1,204 evacuated.", [(25, "hurt"), (1204, "fled")]),
        ("A deal of $1.2bn for 48 missiles", [(1.2e9, "$"), (48, "missile")]),
        ("about 3,000 troops and 40 per cent of the fleet", [(3000, "troops"), (40, "%")]),
        ("Rebels killed 12 people and wounded 30", [(12, "dead"), (30, "hurt")]),
        ("12 people were killed, 30 injured", [(12, "dead"), (30, "hurt")]),
        ("Travel bans were imposed on 66 people.", [(66, "people")]),
        ("half a million dead, says a report; a dozen arrested", [(1e6, "dead"), (12, "held")]),
        ("US$40 million (£31m)", [(4e7, "$"), (3.1e7, "£")]),
        ("At least 7 people drowned; floods cost 13 lives and made thousands homeless", [(7, "dead"), (13, "dead")]),
        (
            "The toll of the floods in the Boves district climbed to 27 from 21, and dozens are missing",
            [(27, "dead"), (21, "dead")],
        ),
        ("3 sailors were injured on Tuesday after six missiles hit it", [(3, "hurt"), (6, "missile")]),
        ("The toll rose to 12 and 40 were wounded", [(12, "dead"), (40, "hurt")]),
        # no counts
        ("On March 4, 2026 at 10:30, he said", []),
        ("An F-16 and a Boeing 737 flew on G7 days", []),
        ("the 20th victim of COVID-19, aged 31-year-old", []),
        ("He spoke for six hours, after two weeks", []),
        ("Tensions rose; tenure and sixth sense, often", []),  # words that begin like numbers
        ("tens of thousands marched", []),
        ("one of the two sides", []),
        ("Two of the wounded died", []),  # a part of what was told
    ],
)
def test_numbers_that_count_something(text: str, found: list[tuple[float, str]]) -> None:
    assert [(n.value, n.kind) for n in numbers(text)] == found


def said(text: str, title: str = "") -> list[tuple[float, str]]:
    return [(n.value, n.kind) for n in claims(title, text, ()).numbers]


@pytest.mark.parametrize(
    ("told", "later", "new"),
    [
        ("A blast killed 12 people.", "A blast killed 14 people.", ("New number: killed 14 people (told before: 12)",)),
        ("A blast killed 12 people.", "Twelve died in the blast.", ()),
        ("It killed 1,204 people.", "It killed about 1,200 people.", ()),
        ("It killed about 1,200 people.", "It killed 1,204 people.", ()),
        ("It killed more than 1,200 people.", "It killed 1,250 people.", ()),
        ("It killed 12 people.", "It killed 12 people and wounded 30.", ("New number: wounded 30",)),
        (
            "The toll of the blast in the old port has risen to 15.",
            "The toll of the blast in the old port is now at 17.",
            ("New number: 17 dead (told before: 15)",),
        ),
        ("Floods cost 13 lives and made thousands homeless.", "At least 13 people drowned.", ()),
        ("Bans were imposed on 66 people.", "66 people are banned from travelling.", ()),
        ("The deal is worth $2bn.", "The $2 billion deal", ()),
        ("The deal is worth $2bn.", "The deal is worth $3bn.", ("New number: $3bn",)),
    ],
)
def test_a_number_is_new_if_nobody_told_it_in_whatever_words(told: str, later: str, new: tuple[str, ...]) -> None:
    assert news(claims("", later, ()), facts("", told, ())) == new


def test_a_country_and_a_name_are_new_once() -> None:
    told = facts("Talks open", "Talks between the envoys opened, said Maria Lopez.", [_country("FR", 0, 5)])
    later = "Talks go on in Bonn, where envoy Karl Braun and Lopez met. Braun was confident, in Germany."
    fresh = claims("Envoy Braun leads talks", later, [_country("DE", 0, 5), _country("FR", 0, 5)])
    assert news(fresh, told) == ("New: words", "New name: Braun")
    assert news(fresh, told | facts("", later, [_country("DE", 0, 5)])) == ()


def test_what_stands_below_the_lead_is_no_news_and_is_known_from_then_on() -> None:
    below = f"{'The quay was closed by the port. ' * 12}Some 900 sailors were evacuated."
    assert said(below) == []
    assert news(claims("", "Some 900 sailors were evacuated.", ()), facts("", below, ())) == ()


def test_a_dateline_is_no_news() -> None:
    dateline = Mention("PARIS", 0, 5, "FR", MentionKind.DATELINE, "")
    assert news(claims("", "PARIS - It rained.", [dateline]), Facts()) == ()


def test_facts_come_back_from_the_store_as_they_went() -> None:
    one = facts("", "A blast killed more than 12 people in Bonn, said Karl Braun.", [_country("DE", 0, 4)])
    again = Facts.decode(one.encode())
    assert again.entities == {"DE"}
    assert again.names == one.names
    assert [(n.value, n.kind, n.above) for n in again.numbers] == [(12, "dead", True)]


@pytest.mark.parametrize("text", ["\ud800 12 killed \udfff", "١٢ قتيلا", "12" * 4000, "one " * 2000, "$" * 8000])
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(facts(text[:200], text, ()).encode(), str)
    claims(text[:200], text, ())


def test_a_long_text_is_read_in_little_time() -> None:
    """It may happen on the event loop: a text of 8,000 characters with 60 numbers takes about a millisecond."""
    text = "Ann Roe said on Tuesday that 17 of the 240 boats in the harbour of Northport sank in the storm. " * 90
    best = min(_timed(text) for _ in range(5))
    assert best < 0.02


def _timed(text: str) -> float:
    began = time.thread_time()
    facts("Storm", text, ())
    return time.thread_time() - began


def _country(code: str, start: int, end: int) -> Mention:
    return Mention("words", start, end, code, MentionKind.NAME, "")


def test_a_number_of_them_is_known_when_another_report_says_of_what() -> None:
    text = "Gunmen stormed a school near Dorum. There were 70 of them, said a boy who hid."
    known = facts("School stormed near Dorum", text, ())
    assert news(claims("School stormed near Dorum", "A boy who hid counted 70 attackers.", ()), known) == ()
    assert news(claims("School stormed near Dorum", "A boy who hid counted 90 attackers.", ()), known) == (
        "New number: 90 attackers",
    )
    assert (
        news(claims("School stormed near Dorum", text, ()), facts("School stormed near Dorum", "Nobody was hurt.", ()))
        == ()
    )


def test_a_country_that_only_the_background_names_is_no_news() -> None:
    told = facts("Protest in Dorum", "Police fired.", ())
    first = "Police fired tear gas at the crowd in Dorum, and shops stayed shut in Peru's north until late. "
    padding = "Clerks went home early and trams stood still while the square was swept. "
    late = "Peru has a long border."
    for text, news_ in ((first, ("New: Peru",)), (f"{padding * 4}{late}", ())):
        at = len("Protest in Dorum") + 1 + text.index("Peru")
        mention = Mention("Peru", at, at + 4, "PE", MentionKind.NAME)
        assert news(claims("Protest in Dorum", text, [mention]), told) == news_
