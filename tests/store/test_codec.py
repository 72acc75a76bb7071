"""What goes into the outbox comes out of it, whatever a feed has put into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.message import DeliveryKind, Digest, Message, Notice
from bot.model import Evidence, HttpState, Severity, Source
from bot.polling.rhythm import Rhythm
from bot.roster.state import Memory
from bot.store.codec import decode, decode_payload, encode, encode_finite, encode_payload
from bot.store.columns import from_micros, storable, to_micros
from bot.store.outbox_port import Payload
from tests.store.samples import digest, message

# Any code point: lone surrogates, NUL and all.
st.register_type_strategy(str, st.text(st.characters(exclude_categories=()), max_size=12))
st.register_type_strategy(datetime, st.datetimes(datetime(1700, 1, 1), datetime(2400, 1, 1), timezones=st.just(UTC)))


@given(st.one_of(st.builds(Message), st.builds(Digest), st.builds(Notice)))
def test_every_field_of_a_payload_comes_back(payload: Payload) -> None:
    kind = {Message: DeliveryKind.ALERT, Digest: DeliveryKind.DIGEST, Notice: DeliveryKind.NOTICE}[type(payload)]
    text = encode_payload(kind, payload)
    assert text.isascii()
    assert "\0" not in text
    assert decode_payload(kind, text) == payload


@given(st.lists(st.builds(Evidence)).map(tuple), st.builds(HttpState))
def test_evidence_and_http_state_come_back(evidence: tuple[Evidence, ...], state: HttpState) -> None:
    assert decode(tuple[Evidence, ...], encode(tuple[Evidence, ...], evidence)) == evidence
    assert decode(HttpState, encode(HttpState, state)) == state


@given(st.builds(HttpState), st.builds(Memory, rhythm=st.builds(Rhythm, *[st.floats(0, 1e300)] * 3)))
def test_what_polls_remember_comes_back_in_ascii(state: HttpState, memory: Memory) -> None:
    texts = encode_finite(HttpState, state), encode_finite(Memory, memory)
    assert all(text.isascii() and "\0" not in text for text in texts)
    assert (decode(HttpState, texts[0]), decode(Memory, texts[1])) == (state, memory)
    assert json.loads(texts[1]) == json.loads(encode(Memory, memory))


def test_types_come_back_and_not_only_equal_values() -> None:
    found = decode_payload(DeliveryKind.ALERT, encode_payload(DeliveryKind.ALERT, message("k")))
    assert isinstance(found, Message)
    assert type(found.severity) is Severity
    assert type(found.rules) is tuple
    assert found.published.utcoffset() == timedelta(0)


def test_a_source_comes_back_with_its_options() -> None:
    source = Source("s", "https://s.example/", every=timedelta(seconds=90), options={"query": '"a b"', "n": [1, 2]})
    assert decode(Source, encode(Source, source)) == source


def test_a_payload_of_another_version_is_read() -> None:
    notice = decode_payload(DeliveryKind.NOTICE, '{"key":"k","title":"t","text":"x","added_later":1}')
    assert notice == Notice("k", "t", "x", Severity.INFO)


def test_a_payload_must_be_what_its_kind_says() -> None:
    with pytest.raises(TypeError, match="a delivery of kind alert holds a Message, not a Digest"):
        encode_payload(DeliveryKind.ALERT, digest("k"))


@given(st.datetimes(timezones=st.timezones()))
def test_times_come_back_to_the_microsecond(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return  # the first or last day of the calendar, beyond it in UTC
    assert from_micros(to_micros(moment)) == utc
    assert from_micros(to_micros(moment)).tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_stored_times_sort_as_times_do(a: datetime, b: datetime) -> None:
    assert (to_micros(a) < to_micros(b)) == (a < b)


@given(st.text(st.characters(exclude_categories=())))
def test_storable_text_can_be_encoded_and_changes_no_more_than_it_must(words: str) -> None:
    stored = storable(words)
    stored.encode()
    assert "\0" not in stored
    assert storable(stored) == stored
    clean = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in words)
    if not any("\ud800" <= c <= "\udfff" for c in words):
        assert stored == clean
