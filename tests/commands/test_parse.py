"""What people type after ``/wire``, and what it means."""

from __future__ import annotations

import contextlib

import pytest

from bot.commands.arguments import Names, Offer, country_code, offers
from bot.commands.parse import parse
from bot.commands.request import UsageError
from bot.commands.verbs import BY_NAME, CHANGING, VERBS, Kind
from bot.settings.permissions import CHANGING as GRANTED

NAMES = Names(
    {"arms-deal": "Arms deal", "cyber-attack": "Cyber attack", "high": "A rule with an unlucky name"},
    {"bbc-world": "BBC World", "sudan-post": "Sudan Post"},
)


def test_the_verbs_that_change_something_are_those_that_can_be_granted() -> None:
    assert set(CHANGING) == set(GRANTED)


def test_every_example_is_understood() -> None:
    names = Names({"arms-deal-sanctioned-state": "", "cyber-attack": ""}, {"bbc-world": ""})
    for verb in VERBS:
        command = parse(verb.example.removeprefix("/wire "), names)
        assert command.verb is verb


@pytest.mark.parametrize(
    ("text", "verb", "arguments"),
    [
        ("", "help", {}),
        ("  ?", "help", {}),
        ("HELP mute", "help", {"command": "mute"}),
        ("summary", "summary", {}),
        ("summary 7d", "summary", {"period": "1w"}),
        ("summary yesterday", "summary", {"period": "yesterday"}),
        ("summary 24h North Korea critical", "summary", {"period": "1d", "country": "KP", "severity": "critical"}),
        ("summary democratic republic of the congo 7d", "summary", {"country": "CD", "period": "1w"}),
        ("summary arms-deal bbc-world", "summary", {"rule": "arms-deal", "source": "bbc-world"}),
        ("latest 5 severity:high country:Iran", "latest", {"count": "5", "severity": "high", "country": "IR"}),
        ('latest country:"South Korea"', "latest", {"country": "KR"}),
        ("latest country=“South Korea” 3", "latest", {"country": "KR", "count": "3"}),
        ("latest rule:high", "latest", {"rule": "high"}),
        ("search “arms deal” -bakery Sudan's", "search", {"query": "\"arms deal\" -bakery Sudan's"}),
        ("search a:b", "search", {"query": "a:b"}),
        ("why <https://a.example/x?y=1|a.example/x>", "why", {"url": "https://a.example/x?y=1"}),
        ("explain “Quoted as a whole.”", "explain", {"text": "Quoted as a whole."}),
        ('explain He said "no" share', "explain", {"text": 'He said "no" share'}),
        ("explain one\ntwo", "explain", {"text": "one\ntwo"}),
        ("explain\none\n\ntwo", "explain", {"text": "one\n\ntwo"}),
        ("latest\u00a05", "latest", {"count": "5"}),
        ("mute rule cyber-attack", "mute", {"kind": "rule", "what": "cyber-attack"}),
        ("mute rule 'Cyber attack' 1h", "mute", {"kind": "rule", "what": "cyber-attack", "duration": "1h"}),
        ("mute country DPRK 7d drills <b>", "mute",
         {"kind": "country", "what": "KP", "duration": "1w", "comment": "drills <b>"}),
        ("mute rule cyber-attack 2 weeks drills", "mute",
         {"kind": "rule", "what": "cyber-attack", "duration": "2w", "comment": "drills"}),
        ("mute source bbc-world for the 2 weeks", "mute",
         {"kind": "source", "what": "bbc-world", "comment": "for the 2 weeks"}),
        ("mute rule cyber-attack for 2 weeks drills", "mute",
         {"kind": "rule", "what": "cyber-attack", "duration": "2w", "comment": "drills"}),
        ("mute rule cyber-attack 2026 elections", "mute",
         {"kind": "rule", "what": "cyber-attack", "comment": "2026 elections"}),
        ('mute rule cyber-attack "99y ago"', "mute",
         {"kind": "rule", "what": "cyber-attack", "comment": "99y ago"}),
        ("/wire latest 3", "latest", {"count": "3"}),
        ("/wire", "help", {}),
        ("mute --help", "help", {"command": "mute"}),
        ("search ?", "help", {"command": "search"}),
        ("mute country Iran duration:36Hrs here", "mute",
         {"kind": "country", "what": "IR", "duration": "36h", "where": "here"}),
        ("summary 3 Days Iran", "summary", {"period": "3d", "country": "IR"}),
        ("summary 48hours", "summary", {"period": "2d"}),
        ("mute country North Korea", "mute", {"kind": "country", "what": "KP"}),
        ('mute term "arms deal" everywhere', "mute", {"kind": "term", "what": "arms deal", "where": "everywhere"}),
        ("unmute #12", "unmute", {"number": "12"}),
        ("unwatch watch-3", "unwatch", {"number": "3"}),
        ("unwatch", "unwatch", {}),
        ("watch drone", "watch", {"term": "drone"}),
        ("watch don’t", "watch", {"term": "don’t"}),
        ("watch „drone strike“ South Sudan channel", "watch",
         {"term": "drone strike", "country": "SS", "where": "channel"}),
        ("rules arms-deal", "rules", {"id": "arms-deal"}),
        ("sources BBC-World", "sources", {"id": "bbc-world"}),
    ],
)  # fmt: skip
def test_what_is_typed_is_understood(text: str, verb: str, arguments: dict[str, str]) -> None:
    command = parse(text, NAMES)
    assert (command.verb.name, command.arguments, command.share) == (verb, arguments, False)


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("latest share", {}),
        ("latest 3 SHARE", {"count": "3"}),
        ("latest 3\nshare", {"count": "3"}),
        ('search "share buyback" share', {"query": '"share buyback"'}),
    ],
)
def test_the_last_word_shares(text: str, shared: dict[str, str]) -> None:
    command = parse(text, NAMES)
    assert (command.share, command.arguments) == (True, shared)


@pytest.mark.parametrize(
    ("text", "verb", "told"),
    [
        ("sumary", "", "there is no command 'sumary'; did you mean 'summary'?"),
        ("frobnicate", "", "there is no command 'frobnicate'"),
        ("mute", "mute", "mute: kind is missing (what to mute)"),
        ("mute rule", "mute", "mute: what is missing"),
        ("mute rule cyberattack", "mute", "did you mean 'cyber-attack'?"),
        ("rules attack", "rules", "no rule has the id 'attack'; did you mean 'cyber-attack'?"),
        ("sources bbc", "sources", "did you mean 'bbc-world'?"),
        ("sources post", "sources", "did you mean 'sudan-post'?"),
        ("mute country Narnia", "mute", "'Narnia' is no country"),
        ("mute country Irann", "mute", "did you mean 'Iran'?"),
        ("latest 99", "latest", "between 1 and 20"),
        ("latest severity:hihg", "latest", "no severity"),
        ("summary 400d", "summary", "between a second and a year"),
        ("summary arms-dael", "summary", "did you mean 'arms-deal'?"),
        ("summary Frnce", "summary", "'Frnce' is not known here; did you mean 'France'?"),
        ("latest critcal", "latest", "did you mean 'critical'?"),
        ("summary yesterdy", "summary", "did you mean 'yesterday'?"),
        ("summary 7x", "summary", "'7x' is not known here; a length of time is a whole number and a unit"),
        ("summary -3d", "summary", "'-3d' is not known here; a length of time is"),
        (
            "summary last week",
            "summary",
            "'last' is not known here; here may stand a period such as 24h, 7d or yesterday, "
            "a rule's id, a country, a source's id or a severity",
        ),
        ("latest Iran Russia", "latest", "'Russia' is a second country; one is taken, and that is 'IR'"),
        ("latest 5 6", "latest", "'6' is a second count"),
        ("watch flood Iran KP", "watch", "'KP' is a second country"),
        ("mute rule cyber-attack 99y", "mute", "'99y' is no length of time; write a whole number and a unit"),
        ("mute rule cyber-attack 1h30m drill", "mute", "'1h30m drill' is no length of time"),
        ("mute rule cyber-attack 2 months", "mute", "'2 months' is no length of time"),
        ("mute rule cyber-attack until Friday", "mute", "'until Friday' is no length of time"),
        ("mute rule cyber-attack 2", "mute", "'2' is no length of time"),
        ("watch drone strike", "watch", "put quotes around words that belong together"),
        ('watch "drone', "watch", "the quote before 'drone' is not closed"),
        ("status now please", "status", "status takes nothing; 'now' is too much"),
        ("rules arms-deal now please", "rules", "rules takes nothing more after 'arms-deal'; 'now' is too much"),
        ("search", "search", "query is missing"),
        ("search share", "search", "query is missing"),
        ("rules nope", "rules", "/wire rules lists them"),
        ("unmute x", "unmute", "'x' is no number"),
        ("add not an address", "add", "is no web address"),
        ("watch " + "x" * 400, "watch", "the limit is 300"),
    ],
)
def test_what_cannot_be_meant_is_told_with_the_verb_whose_usage_helps(text: str, verb: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, NAMES)
    assert told in caught.value.text
    assert caught.value.verb == verb


@pytest.mark.parametrize(
    "text",
    ["“" * 50, "watch ''", "mute " + "a" * 5000, "\ud800", "explain \0", "search :::", "=", "latest x=", "latest =x"],
)
def test_odd_input_is_understood_or_refused_and_never_breaks(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse(text, NAMES).verb in VERBS


def test_countries_by_many_names() -> None:
    assert [country_code(w) for w in ("KP", "kp", "North Korea", "north-korea", "DPRK", "UAE", "x", "")] == [
        "KP", "KP", "KP", "KP", "KP", "AE", "", "",
    ]  # fmt: skip


def test_completions_put_what_begins_with_the_typed_first() -> None:
    rule = BY_NAME["rules"].parameters[0]
    assert offers(rule, "", NAMES)[0] == Offer("A rule with an unlucky name (high)", "high")
    assert [o.value for o in offers(rule, "cyb", NAMES)] == ["cyber-attack"]
    assert [o.value for o in offers(rule, "deal", NAMES)] == ["arms-deal"]
    country = next(p for p in BY_NAME["latest"].parameters if p.kind is Kind.COUNTRY)
    assert [o.value for o in offers(country, "korea", NAMES)] == ["KP", "KR"]
    assert len(offers(country, "", NAMES)) == 25
