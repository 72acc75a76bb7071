from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.log import Log, Redactor, redact, redact_url, set_up
from bot.secret import Secret


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a/b?page=2", "https://example.org/a/b?page=2"),
        ("https://user:pass@example.org:8443/a", "https://***@example.org:8443/a"),
        ("https://example.org/a?api_key=k&q=x&token=", "https://example.org/a?api_key=***&q=x&token="),
        ("https://example.org/a?X-Amz-Signature=abc&apikey=1", "https://example.org/a?X-Amz-Signature=***&apikey=***"),
        ("https://example.org/a?keywords=arms&monkey=1", "https://example.org/a?keywords=arms&monkey=1"),
        ("https://example.org/a#token=abc", "https://example.org/a"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/services/***"),
        ("https://hooks.slack.com/triggers/E0/1/xyz", "https://hooks.slack.com/triggers/***"),
        ("https://discord.com/api/webhooks/12/ab-c?wait=true", "https://discord.com/api/webhooks/***?wait=true"),
        ("https://discord.com/channels/1/2/3", "https://discord.com/channels/1/2/3"),
        ("https://api.telegram.org/bot12:AB/sendMessage", "https://api.telegram.org/bot***/sendMessage"),
        ("https://x.webhook.office.com/webhookb2/a@b/IncomingWebhook/c", "https://x.webhook.office.com/webhookb2/***"),
        ("https://chat.example.org/hooks/abc", "https://chat.example.org/hooks/***"),
        ("https://news.example/services/weather", "https://news.example/services/weather"),
        ("postgresql+psycopg://u:p@db:5432/wire", "postgresql+psycopg://***@db:5432/wire"),
        ("sqlite:////srv/wire.db", "sqlite:////srv/wire.db"),
        ("mailto://user:pass@gmail.com", "mailto://***"),
        ("msteams://a/b/c", "msteams://***"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://[broken", "***"),
        ("not an address", "***"),
    ],
)
def test_addresses_are_shown_without_what_opens_them(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_url(shown) == shown


@given(st.text() | st.from_regex(r"(https?|slack|sqlite|postgresql|x)://[^ ]{0,40}( https?://.{0,20})?"))
def test_any_text_can_be_redacted_and_twice_is_once(text: str) -> None:
    redact_url(text)
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://u:p@example.org/a.", "GET https://***@example.org/a."),
        ("(see https://hooks.slack.com/services/T/B/x)", "(see https://hooks.slack.com/services/***)"),
        ("token xoxb-123456-abcdef is revoked", "token *** is revoked"),
        ("xapp-1-A0-123-abc", "***"),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer ***"),
        ("an arms deal: $5bn", "an arms deal: $5bn"),
        ("http://[::ffff:127.0.0.1]:80/x?key=k leads to a", "http://[::ffff:127.0.0.1]:80/x?key=*** leads to a"),
        ("http://[::1] refuses connections", "http://[::1] refuses connections"),
        ("[see https://u:p@[2001:db8::1]/x]", "[see https://***@[2001:db8::1]/x]"),
    ],
)
def test_running_text_loses_its_secrets(text: str, shown: str) -> None:
    assert redact(text) == shown


def events(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_events_are_json_lines_with_fields() -> None:
    stream = io.StringIO()
    set_up("info", "json", stream=stream)
    Log("fetch", source="bbc").bind(attempt=2).info("polled", items=3, rules=("a", "b"))
    [event] = events(stream)
    assert event.pop("timestamp")
    assert (event.pop("level"), event.pop("event")) == ("info", "polled")
    assert event == {"part": "fetch", "source": "bbc", "attempt": 2, "items": 3, "rules": ["a", "b"]}


def test_registered_secrets_are_masked_wherever_they_stand() -> None:
    stream = io.StringIO()
    redactor = set_up("info", "json", [Secret("p@ss word/1")], stream)
    log = Log("x")
    log.info("p@ss word/1", field="p@ss word/1", quoted="?k=p%40ss%20word%2F1", nested={"a": ["p@ss word/1"]})
    log.info("object", secret=Secret("p@ss word/1"), path=Path("/x/p@ss word/1"))
    try:
        raise ValueError("bad p@ss word/1")
    except ValueError:
        log.exception("failed")
    logging.getLogger("library").warning("said %s", "p@ss word/1")
    redactor.add([Secret("another-one")])
    log.info("another-one", early="p@ss word/1")
    assert len(events(stream)) == 5
    for form in ("p@ss", "p%40ss", "another-one"):
        assert form not in stream.getvalue()


def test_short_secrets_do_not_blot_out_words() -> None:
    assert Redactor([Secret("a")]).text("an arms deal") == "an arms deal"


def test_what_is_below_the_level_is_not_logged() -> None:
    stream = io.StringIO()
    set_up("warning", "json", stream=stream)
    Log("x").info("quiet")
    logging.getLogger("library").info("quiet")
    Log("x").warning("loud")
    assert [event["event"] for event in events(stream)] == ["loud"]


def test_httpx_does_not_print_addresses() -> None:
    stream = io.StringIO()
    set_up("info", "json", stream=stream)
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with httpx.Client(transport=transport) as client:
        client.get("https://example.org/private-path")
    assert stream.getvalue() == ""


def test_the_console_form_has_no_colours_off_a_terminal() -> None:
    stream = io.StringIO()
    set_up("info", "console", stream=stream)
    Log("x").info("polled", items=3)
    assert "polled" in stream.getvalue()
    assert "items=3" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_auto_is_json_off_a_terminal() -> None:
    stream = io.StringIO()
    set_up("info", "auto", stream=stream)
    Log("x").info("polled")
    assert events(stream)[0]["event"] == "polled"


@pytest.mark.parametrize(("level", "fmt"), [("loud", "json"), ("info", "xml")])
def test_other_levels_and_formats_are_refused(level: str, fmt: str) -> None:
    with pytest.raises(ValueError, match="log level is one of"):
        set_up(level, fmt)


def test_before_set_up_warnings_go_to_standard_error_and_nothing_to_standard_output() -> None:
    code = "from bot.log import Log; log = Log('x'); log.info('quiet'); log.warning('loud')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "loud" in done.stderr
    assert "quiet" not in done.stderr


def test_importing_it_does_not_import_structlog() -> None:
    code = "import sys, bot.log; bot.log.Log('x').bind(y=1); print('structlog' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_level_is_that_of_the_last_set_up() -> None:
    log, printed = Log("poll"), io.StringIO()
    for level in ("warning", "debug", "info"):
        set_up(level, "json", stream=printed)
        log.debug(f"details at {level}")
        log.info(f"news at {level}")
        log.warning(f"trouble at {level}")
    events = [json.loads(line)["event"] for line in printed.getvalue().splitlines()]
    assert events == [
        "trouble at warning",
        "details at debug",
        "news at debug",
        "trouble at debug",
        "news at info",
        "trouble at info",
    ]
