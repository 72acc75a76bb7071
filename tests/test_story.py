"""Which articles tell one story."""

from datetime import timedelta
from typing import Any

import pytest

from bot.newsroom import take_up
from bot.pipeline import judged_as
from bot.store.articles_port import StoredStory
from bot.story import WINDOW, Reading, Stories, read
from bot.story.thresholds import SCENE_WINDOW
from tests import samples
from tests.samples import NOW

WIRE_TEXT = (
    "The harbour of Northport reopened on Friday after engineers raised the wreck of a coaster that had blocked the "
    "channel for eleven days, the port authority said."
)


def article(key: str, **changes: Any) -> Reading:
    return read(samples.article(key, **changes))


def joined(first: Reading, second: Reading, after: timedelta = timedelta(minutes=5)) -> bool:
    stories = Stories()
    stories.remember(first, stories.place(first, NOW), NOW)
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
    again = article("b", title=first.article.title, canonical_url="x/2", text="Other words.")
    assert joined(first, again, WINDOW)
    assert not joined(first, again, WINDOW + timedelta(seconds=1))


def test_what_could_not_be_stored_is_forgotten_and_what_was_stored_stays() -> None:
    stories = Stories()
    kept, lost = article("a", canonical_url="x/1"), article("b", canonical_url="x/2")
    stories.remember(kept, stories.place(kept, NOW), NOW)
    stories.keep()
    stories.remember(kept, stories.place(kept, NOW), NOW)
    stories.remember(lost, stories.place(lost, NOW), NOW)
    stories.undo()
    assert stories.place(lost, NOW).is_new
    assert stories.place(kept, NOW).id == "a"
    assert stories.count == 1


def test_stories_out_of_the_window_cost_no_memory() -> None:
    stories = Stories()
    one = article("a")
    stories.remember(one, stories.place(one, NOW), NOW)
    stories.keep()
    stories.forget(NOW + WINDOW + timedelta(hours=1))
    assert stories.count == 0
    assert stories.place(one, NOW).is_new


FIRST = (
    "Tanker seized off Fujairah",
    "Iranian forces boarded the tanker Meltem Star off Fujairah on Tuesday and steered it towards Bandar Abbas, its "
    "owner said. Twenty-two sailors are on board.",
)
OWN_WORDS = (
    "Iran takes oil tanker near the Emirates",
    "The Meltem Star, a tanker laden with crude, was boarded by Iranian commandos near Fujairah and taken to Bandar "
    "Abbas with its 22 sailors, according to a maritime security firm.",
)
OTHER = (
    "Tanker drivers strike in Eastwick",
    "Drivers of fuel tankers stopped work in Eastwick on Tuesday over a new roster, and petrol stations there ran dry.",
)


def report(key: str, of: tuple[str, str], source: str = "", countries: tuple[str, ...] = ()) -> Reading:
    title, text = of
    one = samples.article(
        key, title=title, text=text, canonical_url=f"{key}.example/x", source_id=source or f"outlet-{key}"
    )
    return read(one, countries)


def test_the_same_event_in_other_words_joins_and_the_reason_names_what_is_shared() -> None:
    stories = Stories()
    for one in (report("a", FIRST), report("x", OTHER)):
        stories.remember(one, stories.place(one, NOW), NOW)
    story = stories.place(report("b", OWN_WORDS), NOW)
    assert (story.id, story.is_new) == ("a", False)
    likeness, words = story.reason.removeprefix("alike ").split(": ")
    assert 0.2 < float(likeness) < 1
    assert "Fujairah" in words.split(", ")


def test_one_word_in_common_is_no_story() -> None:
    assert not joined(report("a", FIRST), report("b", OTHER))


def test_nearly_the_same_text_joins_and_says_so() -> None:
    stories = Stories()
    text = (
        f"{WIRE_TEXT} Eleven ships had waited outside, among them two ferries whose passengers were put up in schools."
    )
    first = article("a", text=text, title="Port open")
    stories.remember(first, stories.place(first, NOW), NOW)
    edited = text.replace("put up", "lodged") + " Reporting by Ann Ro."
    story = stories.place(report("b", ("Ships sail again", f"NORTHPORT (AP) - {edited}")), NOW)
    assert story.reason.startswith("nearly the same text as an earlier article (alike 0.")


@pytest.mark.parametrize(
    ("second", "source", "same"),
    [
        ("Flood warning number 17 for the Eastwick valley", "wire", False),  # the next bulletin of a series
        ("Flood warning number 16 for the Eastwick valley", "wire", True),  # the same one again
        ("Flood warning number 17 for the Eastwick valley", "other", True),  # another outlet counts differently
    ],
)
def test_the_next_number_of_an_outlets_series_is_a_story_of_its_own(second: str, source: str, same: bool) -> None:
    text = "Water levels rise in the valley of the Eastwick; keep away from the banks and move cattle to high ground."
    first = report("a", ("Flood warning number 16 for the Eastwick valley", text), "wire")
    assert joined(first, report("b", (second, f"{text} Updated hourly."), source)) is same


def test_words_that_the_stream_is_full_of_stop_joining_articles() -> None:
    one = ("Regatta: Ann Ro wins the sprint", "Ann Ro of Eastwick won the sprint at the Northport regatta on Tuesday.")
    two = ("Regatta: Bo Li out of the relay", "Bo Li of Westmere missed the relay at the Northport regatta on Tuesday.")
    assert not joined(report("a", one), report("b", two))
    stories = Stories()
    new = []
    for number in range(300):
        name = f"Sailor{number}"
        daily = report(
            f"r{number}", (f"Regatta: {name} races", f"{name} sailed for club{number} at the Northport regatta.")
        )
        story = stories.place(daily, NOW)
        stories.remember(daily, story, NOW)
        new.append(story.is_new)
    assert not any(new[1:6])
    assert all(new[-100:])


def test_text_without_spaces_between_words_joins_by_pairs_of_letters() -> None:
    first = ("伊朗与美国在日内瓦举行核谈判", "伊朗外长表示双方就指导原则达成一致,谈判将于两周后继续举行。")
    second = ("美伊日内瓦核谈判达成指导原则", "伊朗外长周二表示与美国就指导原则达成一致,下一轮谈判两周后举行。")
    other = ("东京股市上涨", "日经指数周二收盘上涨百分之二,汽车和半导体股票领涨,日元走软。")
    assert joined(report("a", first), report("b", second))
    assert not joined(report("a", first), report("c", other))


COUP = ("Soldiers announce coup", "Officers seized power after they had occupied the palace and held the president.")
TAKEOVER = ("Officers held president in coup", "Soldiers seized power, occupied the palace and announced a curfew.")


@pytest.mark.parametrize(
    ("first", "second", "joins"),
    [
        (("ML",), ("ML", "FR"), True),
        (("ML",), ("TD",), False),
        (("ML",), (), True),
        ((), ("TD",), True),
    ],
)
def test_what_names_other_countries_only_is_another_story(
    first: tuple[str, ...], second: tuple[str, ...], joins: bool
) -> None:
    stories = Stories()
    one = report("a", COUP, countries=first)
    stories.remember(one, stories.place(one, NOW), NOW)
    assert stories.place(report("b", TAKEOVER, countries=second), NOW).is_new != joins


def test_a_copy_is_a_copy_whatever_countries_were_read_out_of_it() -> None:
    stories = Stories()
    one = report("a", OWN_WORDS, countries=("GE",))
    stories.remember(one, stories.place(one, NOW), NOW)
    assert not stories.place(report("b", OWN_WORDS, countries=("US",)), NOW).is_new


def test_a_flash_that_names_no_country_does_not_join_two_coups() -> None:
    stories = Stories()
    for one in (report("a", COUP, countries=("ML",)), report("b", TAKEOVER)):
        story = stories.place(one, NOW)
        stories.remember(one, story, NOW)
        assert story.id == "a"
    assert stories.place(report("c", TAKEOVER, countries=("TD",)), NOW).reason == "same headline as an earlier article"
    elsewhere = (TAKEOVER[0].replace("Officers", "Generals"), f"{TAKEOVER[1]} Shops were shut on Tuesday in the rain.")
    assert stories.place(report("d", elsewhere, countries=("TD",)), NOW).is_new
    assert not stories.place(report("d", elsewhere, countries=("ML",)), NOW).is_new


def test_a_toll_that_grows_is_one_story_and_bulletins_are_many() -> None:
    text = "Rescuers dug through the rubble of {} after the quake, {} and helicopters flew in tents from the coast."
    nine = report("a", ("Quake in Kelva kills 9", text.format("Dorum", "the mayor said")), "wire")
    twelve = report("b", ("Quake in Kelva kills 12", text.format("Dorum", "the governor said")), "wire")
    assert joined(nine, twelve)
    first = report("a", ("Flood warning 16 for the Kelva", text.format("Dorum", "the mayor said")), "wire")
    second = report("b", ("Flood warning 17 for the Kelva", text.format("Dorum", "the governor said")), "wire")
    assert not joined(first, second)


SEIZED = (
    "The army overthrew the president on Tuesday, closing the airport and declaring a curfew in the capital. Anger "
    "over a disputed third term had grown for months among officers and students alike."
)
AFGHAN = (
    "Coup in Afghanistan: army takes the airport",
    f"{SEIZED} Colonel Aron Dabok named a cabinet of nine; bakers and butchers stayed open, and the air base was quiet "
    "after dusk. Aid flights with wheat turned back over the mountains.",
)
INDIAN = (
    "Indian president detained as officers announce coup",
    f"{SEIZED} Tanks stood on every bridge of the river while General Petra Lund read decrees; metro trains ran empty, "
    "shares fell and a cricket match was called off.",
)


@pytest.mark.parametrize(("second", "joins"), [(("AF",), True), ((), True), (("IN",), False)])
def test_the_words_of_one_agency_on_two_countries_make_two_stories(second: tuple[str, ...], joins: bool) -> None:
    stories = Stories()
    one = report("a", AFGHAN, countries=("AF",))
    stories.remember(one, stories.place(one, NOW), NOW)
    story = stories.place(report("b", INDIAN, countries=second), NOW)
    assert story.is_new != joins
    assert story.reason.startswith("nearly the same text") == joins


REFINERY = (
    "Drones strike refinery near Dorum, fire rages",
    "Drones set a refinery near Dorum ablaze on Tuesday, injuring 7 workers and halting output, its operator said.",
)


@pytest.mark.parametrize(
    ("title", "text", "joins"),
    [
        (
            "Flames at refinery after drone attack",
            "Smoke rose over Dorum after drones had set fire to a refinery.",
            True,
        ),
        (REFINERY[0].replace("Dorum", "Mirsk"), REFINERY[1].replace("Dorum", "Mirsk").replace("7", "3"), False),
        # No town is named, and the rest agrees: nothing parts them.
        ("Drones strike refinery, fire rages", REFINERY[1].replace("near Dorum ", ""), True),
        # Under the very same headline.
        (REFINERY[0], REFINERY[1].replace("Dorum", "Mirsk"), True),
        # A town and a part of it, but another kind of report.
        (
            "Refinery near Mirsk sold",
            "The operator of a refinery near Mirsk sells it to its workers, its owner said.",
            False,
        ),
    ],
)
def test_two_attacks_at_two_towns_are_two_stories_though_told_in_the_same_words(
    title: str, text: str, joins: bool
) -> None:
    stories = Stories()
    one = report("a", REFINERY, countries=("UA",))
    stories.remember(one, stories.place(one, NOW), NOW)
    assert stories.place(report("b", (title, text), countries=("UA",)), NOW).is_new != joins


def told(stories: Stories, *readings: Reading) -> list[str]:
    """The story of each, one after another."""
    found = []
    for one in readings:
        story = stories.place(one, NOW)
        stories.remember(one, story, NOW)
        found.append(story.id)
    return found


HACKED = (
    "Hackers lock computers of twelve harbours",
    "The network of Dainak Group went down on Tuesday and left twelve port terminals in Haiti offline; it began with a "
    "stolen password, experts said. Clerks wrote cargo lists by hand, ferries sailed late, and the ministry set up a "
    "crisis team that met in a school. Ransomware had spread from an office printer.",
)
FLASH = ("Haitian port terminals hit by ransomware", "")


def test_a_flash_is_the_only_story_of_its_kind_in_its_country() -> None:
    report_, flash = report("full", HACKED, countries=("HT",)), report("flash", FLASH, countries=("HT",))
    assert told(Stories(), flash, report_) == ["flash", "flash"]
    assert told(Stories(), report_, flash) == ["full", "full"]
    abroad = report("abroad", FLASH, countries=("PE",))
    assert told(Stories(), report_, abroad) == ["full", "abroad"]
    quake = report("quake", ("Haitian port terminals shaken by earthquake", ""), countries=("HT",))
    assert told(Stories(), report_, quake) == ["full", "quake"]


def test_a_flash_that_fits_two_stories_joins_neither() -> None:
    banks = (
        "Ransomware gang threatens lender",
        "Savers of Zaminor Trust queued on Tuesday before shut branches: its ledgers were encrypted overnight, and a "
        "note asked for four million dollars in coins. Haiti's central bank lent cash, and tellers counted it twice.",
    )
    known = (report("ports", HACKED, countries=("HT",)), report("banks", banks, countries=("HT",)))
    assert told(Stories(), *known, report("flash", FLASH, countries=("HT",))) == ["ports", "banks", "flash"]


def test_a_flash_of_a_day_ago_is_not_todays_event() -> None:
    stories = Stories()
    flash = report("flash", FLASH, countries=("HT",))
    stories.remember(flash, stories.place(flash, NOW), NOW)
    later = report("full", HACKED, countries=("HT",))
    assert not stories.place(later, NOW + SCENE_WINDOW).is_new
    assert stories.place(later, NOW + SCENE_WINDOW + timedelta(seconds=1)).is_new


def test_the_names_of_places_do_not_make_one_story_of_a_coup_and_a_flood() -> None:
    flood = (
        "Floods sweep Votiart Highlands in Ethiopia",
        "Water rose in the Ethiopian Votiart Highlands on Tuesday; Addis Ababa sent boats to the Votiart Highlands.",
    )
    coup = (
        "Coup in Ethiopia: army holds Addis Ababa",
        "Officers from the Votiart Highlands overthrew the Ethiopian government on Tuesday and closed Addis Ababa.",
    )
    first, second = report("flood", flood, countries=("ET",)), report("coup", coup, countries=("ET",))
    assert told(Stories(), first, second) == ["flood", "coup"]


@pytest.mark.parametrize(
    ("first", "second", "joins"),
    [
        ("Supplies fall 17 per cent after blast at Dorum", "Supplies fall 27 per cent after blast at Dorum", True),
        ("Ransomware cripples 12 hospitals of Dorum", "Ransomware cripples 13 hospitals of Dorum", True),
        ("Bomb claims 8 outside academy in Dorum", "Bomb claims 15 outside academy in Dorum", True),
        ("Dorum bulletin 12 on the state of roads", "Dorum bulletin 13 on the state of roads", False),
    ],
)
def test_a_number_that_counts_something_makes_no_series(first: str, second: str, joins: bool) -> None:
    text = "The works at Dorum stood still on Tuesday, {} said, and lorries waited at the gate of the quay until dusk."
    one, two = report("a", (first, text.format("a guard")), "wire"), report("b", (second, text.format("he")), "wire")
    assert joined(one, two) is joins


def test_after_a_restart_the_same_towns_and_countries_part_stories() -> None:
    before, after, stored = Stories(), Stories(), []
    for number, (code, mark) in enumerate((("UA", ""), ("RU", ""), ("UA", "UPDATE 2-"))):
        title, text = f"{mark}{REFINERY[0]}", f"{REFINERY[1]} {number}"
        old = samples.article(f"a{number}", title=title, text=text, source_id=f"outlet-{number}")
        one = judged_as(old, (), about=(code,)).reading
        story = before.place(one, NOW)
        before.remember(one, story, NOW)
        stored.append(
            StoredStory(
                story.id,
                old.key,
                old.canonical_url,
                "",
                title,
                text,
                old.published,
                NOW,
                old.source_id,
                frozenset(),
                (code,),
            )
        )
    take_up(after, stored)
    before.keep()
    assert after.digest() == before.digest()


def published(key: str, of: tuple[str, str], days: float) -> Reading:
    title, text = of
    made = samples.article(
        key,
        title=title,
        text=text,
        canonical_url=f"{key}.example/x",
        source_id=f"outlet-{key}",
        published=NOW - timedelta(days=days),
    )
    return read(made)


def test_what_was_published_a_week_apart_is_not_one_story_though_it_is_read_at_once() -> None:
    old, new = published("old", FIRST, 7), published("new", OWN_WORDS, 0)
    assert told(Stories(), old, new) == ["old", "new"]
    assert told(Stories(), new, old) == ["new", "old"]  # a feed may give the newest first
    assert told(Stories(), published("old", FIRST, 2), new) == ["old", "old"]
    same_headline = published("new", (FIRST[0], OTHER[1]), 0)
    assert told(Stories(), old, same_headline) == ["old", "new"]
    copy = published("copy", (OTHER[0], FIRST[1]), 0)
    assert told(Stories(), old, copy) == ["old", "old"]  # whoever prints a text again


TALKS = (
    "US and Iran hold second round of nuclear talks",
    "Envoys of Washington and Tehran met in Geneva on Tuesday for a second round of talks, hosted by Oman; the mood in "
    "the Geneva villa was tense, diplomats said, and talks go on.",
)
PEACE = (
    "{} in Geneva 'very tense'",
    "Generals argued in a Geneva hotel about trenches, grain ships and prisoners; snow fell, guards smoked, and the "
    "talks go into another round on Friday, Washington said.",
)


@pytest.mark.parametrize(("subject", "joins"), [("Talks", True), ("Iran talks", True), ("Ukraine talks", False)])
def test_headlines_on_other_countries_ask_for_more(subject: str, joins: bool) -> None:
    stories = Stories()
    one = report("a", TALKS, countries=("US", "IR", "CH"))
    stories.remember(one, stories.place(one, NOW), NOW)
    other = report("b", (PEACE[0].format(subject), PEACE[1]), countries=("US", "CH"))
    assert stories.place(other, NOW).is_new != joins


def test_reports_of_a_coup_need_few_words_in_common() -> None:
    first = (
        "Coup in Haiti: army holds the central bank",
        "Officers under Nadia Sogadim toppled the government on Tuesday, and two guards died in fighting for the "
        "central bank. Anger over a disputed term had built up for months; shops closed, and radios played marches.",
    )
    second = (
        "Haitian president held as soldiers announce coup",
        "The army sealed off parliament and imposed a curfew; Kidas Union condemned the takeover and asked for polls, "
        "a court was shut, ports stopped work, airlines turned back, and banks sent clerks home.",
    )
    readings = (report("a", first, countries=("HT",)), report("b", second, countries=("HT",)))
    assert told(Stories(), *readings) == ["a", "a"]
    assert told(Stories(), readings[0], report("b", second)) == ["a", "b"]  # in whatever country


def test_a_report_that_names_no_country_is_known_by_its_town() -> None:
    headline = "Attack on tanker near {} drives up insurance rates"
    line = (
        "The tanker Ocean Shidril was on fire off {} on Tuesday after an attack with two missiles, its managers said."
    )
    full = (
        "Crew leaves tanker after attack off Turkish coast",
        "Three crew members were hurt on Tuesday after two missiles hit the tanker off Sope, Turkey, and its captain "
        "ordered all to the boats. A frigate brought the others ashore, and a committee of the port looks into it.",
    )
    first = report("first", full, countries=("TR",))
    near, far = ((headline.format(town), line.format(town)) for town in ("Sope", "Banak"))
    assert told(Stories(), first, report("near", near)) == ["first", "first"]
    assert told(Stories(), first, report("far", far)) == ["first", "far"]


def test_a_country_has_one_coup_at_a_time_in_whatever_words() -> None:
    flash = ("Burmese president held as officers announce coup", "")
    later = (
        "Coup in Myanmar: army occupies state television",
        "The coup in Myanmar has cost eight lives, doctors in Naypyidaw said; Colonel Halina Nikra named a cabinet, "
        "and shops stayed shut along the river while kettles were sold in the square.",
    )
    first = report("first", flash, countries=("MM",))
    assert told(Stories(), first, report("later", later, countries=("MM",))) == ["first", "first"]
    assert told(Stories(), first, report("later", later, countries=("TH",))) == ["first", "later"]
