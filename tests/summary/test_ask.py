"""What people ask for, from the words of a command or its options."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.model import Severity
from bot.summary.ask import Ask, AskError, Known, ask, country_code, in_words, read
from bot.summary.model import Filters

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
KNOWN = Known(
    {"arms-deal": "Arms deal", "coup": "Coup"}, {"bbc": "BBC World", "wire": "wire"}, frozenset({"sanctions"})
)


def asked(words: str) -> Ask:
    return read(words.split(), KNOWN, NOW, LONDON)


@pytest.mark.parametrize(
    ("words", "hours", "filters"),
    [
        ("", 24, Filters()),
        ("7d", 168, Filters()),
        ("week", 168, Filters()),
        ("today", 12, Filters()),
        ("high", 24, Filters(min_severity=Severity.HIGH)),
        ("HIGH 30d", 720, Filters(min_severity=Severity.HIGH)),
        ("arms-deal coup", 24, Filters(rules=("arms-deal", "coup"))),
        ("bbc 12h", 12, Filters(sources=("bbc",))),
        ("sanctions", 24, Filters(tags=("sanctions",))),
        ("north korea", 24, Filters(countries=("KP",))),
        ("North Korea, Iran", 24, Filters(countries=("KP", "IR"))),
        ("KP ru dprk", 24, Filters(countries=("KP", "RU", "KP"))),
        ("7d papua new guinea arms-deal high", 168, Filters(("arms-deal",), ("PG",), (), (), Severity.HIGH)),
    ],
)
def test_each_word_finds_its_meaning(words: str, hours: int, filters: Filters) -> None:
    assert asked(words) == Ask(NOW - timedelta(hours=hours), NOW, filters)


def test_yesterday_is_the_day_before_in_the_readers_zone_also_when_the_clocks_change() -> None:
    after_change = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)  # London went to summer time on the 29th
    day = read(["yesterday"], KNOWN, after_change, LONDON)
    assert (day.since, day.until) == (
        datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 23, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("arms-dael", "'arms-dael' is no period, severity, rule, source, tag or country; did you mean 'arms-deal'?"),
        ("ruzzia", "did you mean 'russia'?"),
        ("7d 24h", "two periods are given, the second is 24h"),
        ("9y", "9y' is not a length of time"),
        ("1m", "a period is between 10m and 366d, not 1m"),
        ("5000d", "a period is between 10m and 366d"),
        ("qqqqqqqqqq", "such as: 7d high north korea"),
    ],
)
def test_what_has_no_meaning_says_what_to_write(words: str, says: str) -> None:
    with pytest.raises(AskError) as error:
        asked(words)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"period": "soon"}, "'soon' is not a period"),
        ({"rules": ["arms"]}, "no rule 'arms'"),
        ({"sources": ["bbb"]}, "no source 'bbb'; did you mean 'bbc'?"),
        ({"countries": ["Atlantis"]}, "no country 'Atlantis'; write its name or code"),
        ({"countries": ["Albanai"]}, "no country 'Albanai'; did you mean 'Albania'?"),
        ({"tags": ["sanction"]}, "no rule has the tag 'sanction'; did you mean 'sanctions'?"),
        ({"severity": "urgent"}, "severity is one of info, low, medium, high, critical, not 'urgent'"),
    ],
)
def test_options_say_what_is_wrong(options: dict[str, str], says: str) -> None:
    with pytest.raises(AskError) as error:
        ask(KNOWN, NOW, LONDON, **options)  # type: ignore[arg-type]
    assert says in str(error.value)


def test_options_and_words_agree() -> None:
    by_option = ask(KNOWN, NOW, LONDON, period="7d", rules=["coup"], countries=["uk"], severity="High")
    assert by_option == asked("7d coup UK high")


@pytest.mark.parametrize(
    ("words", "code"), [("TÜRKIYE", "TR"), ("turkey", "TR"), (" south  korea ", "KR"), ("Mars", None)]
)
def test_countries_have_many_names(words: str, code: str | None) -> None:
    assert country_code(words) == code


def test_filters_are_said_in_words() -> None:
    filters = Filters(("arms-deal",), ("KP", "IR"), ("bbc",), ("sanctions",), Severity.HIGH)
    names = {"KP": "North Korea", "IR": "Iran"}
    assert in_words(filters, KNOWN, names.__getitem__) == (
        "high and above, about North Korea or Iran, by Arms deal, tagged sanctions, from BBC World"
    )
    assert in_words(Filters(), KNOWN, str) == ""
    assert in_words(Filters(min_severity=Severity.CRITICAL), KNOWN, str) == "critical"
