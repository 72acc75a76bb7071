"""Words of a channel's own: what a template may say, what it may not, and what comes out."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.registry import make_fleet
from bot.channels.slack_blocks import alert_payload
from bot.config import load_config
from bot.message import Segment, SourceLink
from bot.template import FIELDS, FILTERS, TemplateError, Wording, parse, values_of
from tests.channels.contract import MESSAGE
from tests.fakes.slack import blockkit
from tests.fakes.slack.seen import live

LONDON = ZoneInfo("Europe/London")


def text(source: str, **changes: Any) -> str:
    filled = parse(source).fill(values_of(replace(MESSAGE, **changes), LONDON))
    return "".join(segment.text for segment in filled)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ severity }}: {{ headline|upper|truncate(12) }}", "HIGH: PYONGYANG..."),
        ("{{ published }} {{ codes }}", "2026-09-14 15:05 BST KP, RU"),
        ("{% if sources > 1 %}{{ sources }}x{% elif lists %}L{% else %}alone{% endif %}", "alone"),
        ("{{ source ~ '/' ~ rules }}", "Example Wire/Arms deal with a sanctioned state"),
        ("{{ retracted or 'holds' }}{{ updated }}{{ news }}", "holds"),
        ("{{ countries }} {{ words }} {{ tags }}", "🇰🇵 North Korea, 🇷🇺 Russia arms deal, North Korea sanctions, arms"),
    ],
)
def test_a_template_reads_like_this(source: str, shown: str) -> None:
    assert text(source) == shown


def test_a_passage_keeps_its_emphasis() -> None:
    filled = parse("Read: {{ text }} ({{ source }})").fill(values_of(MESSAGE))
    assert [s.text for s in filled if s.strong] == ["arms deal", "North Korea"]
    assert filled[0] == Segment("Read: Officials said the ")


def test_marks_of_ours_in_foreign_text_mean_nothing() -> None:
    assert text("{{ headline }}{{ text }}", headline="a\ue000b\ue001", passage=(Segment("c\ue000d"),)) == "abcd"
    filled = parse("{{ headline }}").fill(values_of(replace(MESSAGE, headline="\ue000x\ue001")))
    assert filled == (Segment("x"),)


def test_every_field_has_a_value_and_is_documented() -> None:
    full = replace(MESSAGE, also=(SourceLink("B", "", MESSAGE.published),), updated_at=MESSAGE.published)
    assert values_of(full).keys() == FIELDS.keys()
    page = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()
    for name, meaning in FIELDS.items():
        assert f"| `{{{{ {name} }}}}` | {meaning} |" in page
    for name in FILTERS:
        assert f"`{name}`" in page
        parse(f"{{{{ headline|{name} }}}}" if name != "replace" else "{{ headline|replace('a', 'b') }}")


@pytest.mark.parametrize(
    ("source", "says", "line", "column"),
    [
        ("{{ headlin }}", "unknown field 'headlin'; did you mean 'headline'", 1, 4),
        ("{{ headline }}\n x {{ zzz }}", "unknown field 'zzz'; there are also, codes", 2, 7),
        ("{{ headline|uper }}", "unknown filter 'uper'; did you mean 'upper'", 1, 13),
        ("{{ headline.__class__ }}", "knows no attributes", 1, 1),
        ("{{ headline['x'] }}", "knows no attributes", 1, 1),
        ("{{ headline() }}", "knows no calls", 1, 1),
        ("{% for x in headline %}{% endfor %}", "knows no loops", 1, 1),
        ("{% set x = 1 %}", "knows no assignments", 1, 1),
        ("{% include 'x' %}", "knows no includes", 1, 1),
        ("{{ 'x' * 1000000000 }}", "knows no mul", 1, 1),
        ("{{ 10 ** 10 ** 10 }}", "knows no pow", 1, 1),
        ("{{ headline", "cannot be read", 1, 1),
        ("{% if headline %}x", "an {% if %} is not closed; add {% endif %}", 1, 1),
        ("x" * 3000, "is longer than 2,000", 1, 1),
    ],
)
def test_what_is_not_known_is_refused_where_it_stands(source: str, says: str, line: int, column: int) -> None:
    with pytest.raises(TemplateError, match="^" + says.replace("(", r"\(")) as caught:
        parse(source)
    assert (caught.value.line, caught.value.column) == (line, column)


@given(
    st.lists(st.sampled_from(["{{", "}}", "{%", "%}", "{#", "#}", "if", "headline", "|", "upper", " ", "\n", "'", "."]))
)
def test_whatever_is_written_is_a_template_or_an_error(parts: list[str]) -> None:
    with contextlib.suppress(TemplateError):
        text("".join(parts))


def test_a_wording_changes_what_it_names_and_keeps_what_comes_out_empty() -> None:
    wording = Wording(
        parse("{{ source }}: {{ headline }}"), parse("{% if retracted %}x{% endif %}"), parse("!{{ codes }}")
    )
    worded = wording(MESSAGE)
    assert worded.headline == "Example Wire: Pyongyang agrees to ship artillery shells to Russia"
    assert worded.passage == MESSAGE.passage
    assert worded.fallback == "!KP, RU"


def test_what_a_template_makes_of_a_hostile_feed_is_escaped_like_any_text() -> None:
    wording = Wording(parse("<!channel> {{ headline }}"), parse("{{ text }}"), parse("<!here> {{ headline }}"))
    hostile = replace(
        MESSAGE, headline="<@U1> *x*", passage=(Segment("<!channel>"), Segment("<http://e.example|x>", True))
    )
    payload = alert_payload(wording(hostile))
    assert blockkit.check_blocks(payload["blocks"]) == []
    assert {one.kind for one in live({**payload, "mrkdwn": False})} <= {"emoji", "link"}


def test_a_channel_gets_its_words_from_the_config(tmp_path: Path) -> None:
    file = tmp_path / "wirewatch.yaml"
    file.write_text(
        'channels:\n  a: {kind: console, template: {headline: "{{ published }} {{ headline }}"}}\n'
        "  b: {kind: console}\ntimezone: Europe/London\n"
    )
    fleet = make_fleet(load_config(file, {}))
    assert set(fleet.wordings) == {"a"}
    assert fleet.wordings["a"](MESSAGE).headline.startswith("2026-09-14 15:05 BST Pyongyang")
