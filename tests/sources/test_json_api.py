"""JSON APIs: addresses with windows, paths, dates, pages in steps, secrets that stay secret, and damaged answers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import bot.sources
from bot.errors import FetchError, FetchReason, ParseError, SourceError
from bot.model import Fetched, HttpState, Item, NotModified, ParsedFeed, Source
from bot.secret import Secret
from bot.sources.base import Request, Steps, advance, steps_of
from bot.sources.collect import MAX_REQUESTS, Collected, collect
from bot.sources.json_api import JSON
from bot.sources.json_spec import JsonOptions, fill_in, look_up
from bot.sources.options import Filled
from bot.store.codec import encode
from bot.web.fetch import Fetcher
from tests.fakes.feeds import Answer, FeedServer
from tests.properties import examples
from tests.sources.samples import NOW, Desk, check_sentence, fetched, in_thread, utc

URL = "https://api.harbour.example/v1/notices"
FIELDS = {"title": "headline", "link": "web", "text": "body", "date": "at", "id": "id"}
KEY = Filled("Bearer ${HARBOUR_TOKEN}", Secret("Bearer tok-123456"))


def source(url: str = URL, /, **options: object) -> Source:
    return Source("s", url, kind="json", options={"items": "data", "fields": FIELDS, **options})


def body(*entries: object, **more: object) -> bytes:
    return json.dumps({"data": entries, **more}).encode()


def notice(number: int, at: object = "2026-03-02T08:00:00Z") -> dict[str, object]:
    return {"id": number, "headline": f"Notice {number}", "web": f"/n/{number}", "body": "<p>Text</p>", "at": at}


def asked(one: Source) -> str:
    request = advance(steps_of(JSON, one, NOW), None)
    assert isinstance(request, Request)
    return request.url


def parse(content: bytes, **options: object) -> ParsedFeed:
    return JSON.parse(fetched(content, url=f"{URL}?api-key=s3cret-value"), source(**options))


def refused(content: bytes, **options: object) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(content, **options)
    check_sentence(caught.value)
    assert "s3cret" not in str(caught.value)
    return caught.value


# -- what is asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "url"),
    [
        (source(), URL),
        (source(params={"q": "arms deal", "n": 5, "on": True}), f"{URL}?q=arms+deal&n=5&on=true"),
        (source(f"{URL}?a=1", params={"b": ["x", "y&z"]}), f"{URL}?a=1&b=x&b=y%26z"),
        (source(params={"from": "{since}"}), f"{URL}?from=2026-03-01T12%3A00%3A00Z"),
        (source(params={"from": "{since:date}", "to": "{now:unix}"}), f"{URL}?from=2026-03-01&to=1772452800"),
        (source(params={"from": "{since:compact}"}, window="6h"), f"{URL}?from=20260302060000"),
        (source(f"{URL}/{{now:date}}/x"), f"{URL}/2026-03-02/x"),
        (source(params={"q": "{{literal}}"}), f"{URL}?q=%7Bliteral%7D"),
        (source(paging={"param": "page"}), f"{URL}?page=1"),
    ],
)
def test_the_address_is_made_of_url_parameters_and_windows(one: Source, url: str) -> None:
    assert asked(one) == url


def test_without_the_time_a_window_cannot_be_asked_for() -> None:
    assert JSON.request(source(params={"q": "x"})).url == f"{URL}?q=x"
    with pytest.raises(SourceError, match="asks for a window of time"):
        JSON.request(source(params={"from": "{since}"}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fields": {"link": "x"}}, "fields cannot be used: needs title: or text:"),
        ({"fields": {"title": "a["}}, "fields.title cannot be used: 'a[' is not a JMESPath expression"),
        ({"params": {"x": "{yesterday}"}}, "params cannot be used: '{yesterday}' is not known here"),
        ({"params": {"x": {"y": 1}}}, "must be one value"),
        ({"headers": {"Host": "x"}}, "the header 'Host' cannot be set here"),
        ({"headers": {"X-A": "a\r\nb"}}, "the value of the header X-A holds characters that cannot be sent"),
        ({"paging": {}}, "paging cannot be used: needs either next:, or param:"),
        ({"paging": {"next": "a", "cursor": "b"}}, "takes next: or cursor:, not both"),
        ({"pages": 11}, "pages cannot be used: input should be less than or equal to 10"),
    ],
)
def test_options_that_cannot_be_used_are_told(options: dict[str, object], words: str) -> None:
    with pytest.raises(SourceError) as caught:
        asked(source(**options))
    assert caught.value.reason is FetchReason.CONFIG
    assert words in caught.value.text


# -- what is read ---------------------------------------------------------------------------------------------------


def test_fields_are_found_cleaned_and_dated() -> None:
    entry = {
        "id": 17,
        "headline": "Tankers <b>leave</b> port &amp; wait",
        "urls": {"web": "/2026/tankers"},
        "body": ["<p>Three ships left.</p><script>x()</script>", None, "Insurers wait."],
        "at": "2026-03-02T09:15:00+01:00",
        "by": [{"name": "M. Okafor"}, {"name": "L. Sand"}],
        "language": "en",
        "topics": "shipping, insurance",
        "img": "https://harbour.example/i.jpg",
        "changed": 1772452800,
    }
    fields = {
        "id": "id", "title": "headline", "link": "urls.web", "text": "body", "date": "at", "updated": "changed",
        "author": "by[].name", "lang": "language", "tags": "topics", "image": "img",
    }  # fmt: skip
    assert parse(body(entry, "no object"), fields=fields) == ParsedFeed(
        (
            Item(
                "17",
                "https://api.harbour.example/2026/tankers",
                "Tankers leave port & wait",
                "Three ships left.\n\nInsurers wait.",
                published=utc(2026, 3, 2, 8, 15),
                updated=utc(2026, 3, 2, 12),
                author="M. Okafor, L. Sand",
                lang="en",
                categories=("shipping", "insurance"),
                image="https://harbour.example/i.jpg",
            ),
        ),
        format="json",
    )


def test_fields_without_markup_are_taken_literally() -> None:
    parsed = parse(body({"headline": "if a <b> then", "body": "x <i> y"}), plain=["title", "text"])
    assert [(item.title, item.text) for item in parsed.items] == [("if a <b> then", "x <i> y")]


def test_a_relative_link_does_not_carry_the_key_of_the_address() -> None:
    parsed = parse(body({"headline": "One", "web": "#top"}, {"headline": "Two", "web": "?id=2"}))
    assert [item.url for item in parsed.items] == [f"{URL}#top", f"{URL}?id=2"]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-03-02T09:15:00Z", utc(2026, 3, 2, 9, 15)),
        ("20260302T091500Z", utc(2026, 3, 2, 9, 15)),
        ("Mon, 02 Mar 2026 10:15:00 +0100", utc(2026, 3, 2, 9, 15)),
        (1772442900, utc(2026, 3, 2, 9, 15)),
        (1772442900.7, utc(2026, 3, 2, 9, 15, 0, 700000)),
        (1772442900000, utc(2026, 3, 2, 9, 15)),
        (1772442900000000, utc(2026, 3, 2, 9, 15)),
        ("1772442900", utc(2026, 3, 2, 9, 15)),
        ("1772442900.000200", utc(2026, 3, 2, 9, 15)),
        ("1772442900000", utc(2026, 3, 2, 9, 15)),
        (0, None),
        (True, None),
        (1e300, None),
        (float("nan"), None),
        ("soon", None),
        (["2026-03-02"], None),
        (None, None),
    ],
)
def test_dates(value: object, moment: datetime | None) -> None:
    assert parse(body(notice(1, value))).items[0].published == moment


def test_two_functions_more_than_jmespath_has() -> None:
    assert look_up("split(a, '/')[-1]", {"a": "x/y/z"}) == "z"
    assert look_up("replace(a, '-', '')", {"a": "1-2-3"}) == "123"
    assert look_up("split(a, '/')", {"a": 5}) is None  # what does not fit is missing, and no error


# -- damaged answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", FetchReason.EMPTY, "answered with an empty body"),
        (b"<html><title>Sign in</title>", FetchReason.HTML, "a web page titled “Sign in” instead of JSON"),
        (b"Your query was too short.", FetchReason.NOT_A_FEED, "plain text that begins “Your query was too short.”"),
        (b'{"data": [', FetchReason.BROKEN, "JSON that is damaged (line 1)"),
        (b"[" * 200_000, FetchReason.BROKEN, "JSON that is nested too deep"),
        (b'{"data": {}, "b": 1}', FetchReason.NOT_A_FEED, "has no list at items: 'data' (it has data, b)"),
        (b'{"error": {"message": "quota\\nused up"}}', FetchReason.NOT_A_FEED, "it says “quota used up”"),
        (b'{"data": [1, 2]}', FetchReason.NOT_A_FEED, "that holds no objects"),
        (b'{"data": [{"x": 1}]}', FetchReason.NOT_A_FEED, "1 items, and none has a title, link or text"),
    ],
)
def test_what_cannot_be_read_is_named(content: bytes, reason: FetchReason, words: str) -> None:
    error = refused(content)
    assert error.reason is reason
    assert words in error.text
    assert error.text.startswith(URL)


def test_an_empty_list_is_no_failure() -> None:
    assert parse(body()) == ParsedFeed((), format="json")


@settings(max_examples=examples(300))
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["data", "headline", "at", "id", "web", "body", "error"]) | st.text(max_size=3),
                inner,
                max_size=5,
            )
        ),
    )
)
def test_any_json_ends_in_items_or_in_one_clear_sentence(value: Any) -> None:
    for data in (value, {"data": [value]}, {"data": [{"headline": value, "at": value, "web": value, "id": value}]}):
        try:
            parse(json.dumps(data).encode(), fields={**FIELDS, "tags": "body", "author": "join(',', id)"})
        except ParseError as error:
            check_sentence(error)


@settings(max_examples=examples(300))
@given(
    st.binary(max_size=40)
    | st.lists(
        st.sampled_from(
            [b"{", b"}", b"[", b'"data"', b":", b",", b"1e999", b"NaN", b'"\\ud800"', b"9" * 5000, b"null"]
        ),
        max_size=12,
    ).map(b"".join)
)
def test_any_bytes_end_in_items_or_in_one_clear_sentence(content: bytes) -> None:
    for whole in (content, b'{"data": [' + content, b'{"data": [{"headline": ' + content + b"}]}"):
        try:
            parse(whole)
        except ParseError as error:
            check_sentence(error)


def check_path_error(error: ValidationError) -> None:
    assert [details["loc"] for details in error.errors()] == [("fields", "title")]


@given(st.text(max_size=30))
def test_any_path_compiles_or_is_refused_with_a_sentence(path: str) -> None:
    try:
        JsonOptions.model_validate({"fields": {"title": path}})
    except ValidationError as error:
        check_path_error(error)
    fill_in(path, NOW, timedelta(days=1))


# -- pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paging", "second", "third"),
    [
        ({"param": "page"}, "page=2", "page=3"),
        ({"param": "offset", "first": 0, "step": 25}, "offset=25", "offset=50"),
        ({"param": "from", "first": 0, "step": 0}, "from=2", "from=3"),
        ({"param": "c", "cursor": "meta.token"}, "c=tok%261", "c=tok%262"),
        ({"next": "meta.more"}, "p=two", "p=three"),
    ],
)
async def test_pages_follow_until_one_is_empty(paging: dict[str, object], second: str, third: str) -> None:
    first = asked(source(paging=paging))
    desk = Desk(
        {
            first: body(notice(1), notice(2), meta={"token": "tok&1", "more": "?p=two"}),
            f"{URL}?{second}": body(notice(3), meta={"token": "tok&2", "more": f"{URL}?p=three"}),
            f"{URL}?{third}": body(meta={"token": "tok&3", "more": "?p=four"}),
        }
    )
    got = await desk.poll(source(paging=paging, pages=9, headers={"Authorization": KEY}))
    assert [item.title for item in got.parsed.items] == ["Notice 1", "Notice 2", "Notice 3"]
    assert (got.requests, got.parsed.note, got.state) == (3, "", HttpState())
    assert [dict(request.headers) for request in desk.asked] == [{"Authorization": "Bearer tok-123456"}] * 3


async def test_pages_end_at_the_bound_at_old_items_and_at_the_number_of_items() -> None:
    old = notice(9, "2026-01-01")
    answers = {f"{URL}?page={n}": body(notice(n), old) for n in range(1, 10)}
    assert (await Desk(answers).poll(source(paging={"param": "page"}))).requests == 3
    assert (await Desk(answers).poll(source(paging={"param": "page"}), max_items=3)).requests == 2
    assert (await Desk({f"{URL}?page=1": body(old)}).poll(source(paging={"param": "page"}))).requests == 1


async def test_a_later_page_that_fails_costs_only_itself() -> None:
    one = source(paging={"param": "page"})
    got = await Desk({f"{URL}?page=1": body(notice(1))}).poll(one)
    assert (len(got.parsed.items), "page 2: " in got.parsed.note) == (1, True)
    with pytest.raises(FetchError, match="404"):
        await Desk({}).poll(one)


async def test_a_next_page_elsewhere_is_not_followed() -> None:
    """The headers of a request may be secret, and belong to the host that they were meant for."""
    answers = {URL: body(notice(1), next="https://evil.example/?x")}
    got = await Desk(answers).poll(source(paging={"next": "next"}, headers={"Authorization": KEY}))
    assert (got.requests, got.parsed.note) == (1, "the next page is on another host, which is not followed")


class _Endless:
    """A kind with a mistake: its steps do not end."""

    def request(self, source: Source) -> Request:
        return Request(source.url)

    def steps(self, source: Source, now: datetime, *, max_items: int = 0) -> Steps:
        while True:
            yield Request(source.url)


ENDLESS = _Endless()


async def test_steps_without_end_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bot.sources._MODULES, "endless", f"{__name__}:ENDLESS")
    desk = Desk({URL: body()})
    with pytest.raises(FetchError, match=f"more than {MAX_REQUESTS} requests"):
        await desk.poll(Source("s", URL, kind="endless"))
    assert len(desk.asked) == MAX_REQUESTS


# -- secrets, and the real fetcher ----------------------------------------------------------------------------------


def test_a_secret_shows_nowhere() -> None:
    one = source(headers={"Authorization": KEY}, params={"zugang": Filled("${PASS}", Secret("s3cret-value"))})
    for text in (repr(one), str(one.options), encode(Source, one), repr(JSON.query(one).spec), f"{KEY}"):
        assert "tok-123456" not in text
        assert "s3cret" not in text
    assert '"written":"Bearer ${HARBOUR_TOKEN}"' in encode(Source, one)


async def test_errors_of_the_fetch_and_of_the_answer_hide_secrets() -> None:
    one = source(headers={"Authorization": KEY}, params={"zugang": Filled("${PASS}", Secret("s3cret-value"))})
    url = f"{URL}?zugang=s3cret-value"
    said = json.dumps({"message": "bad token tok-123456 for s3cret-value"}).encode()
    for answer in (FetchError("s", FetchReason.BLOCKED, f"{url} answered 403", status=403, retry_after_s=9.0), said):
        with pytest.raises(SourceError) as caught:
            await Desk({url: answer}).poll(one)
        check_sentence(caught.value)
        assert "***" in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert "tok-123456" not in str(caught.value)
        assert caught.value.__cause__ is None
        if isinstance(caught.value, FetchError):
            assert (caught.value.status, caught.value.retry_after_s) == (403, 9.0)


async def test_where_an_address_with_parameters_moved_to_is_not_told() -> None:
    """It would be stored in place of the source's URL, parameters and keys included."""
    got = await Desk({f"{URL}?q=x": body(notice(1))}).poll(source(params={"q": "x"}))
    assert got.first.moved_to is None


async def test_a_poll_through_the_real_fetcher_sends_headers_pages_and_validators() -> None:
    async with FeedServer() as server, Fetcher(allow_private=True) as fetcher:
        server.answers["/v1"] = Answer(body(notice(1), next="/v2"), content_type="application/json", etag='"a"')
        server.answers["/v2"] = Answer(body(notice(2)), content_type="application/json", etag='"b"')

        async def fetch(request: Request, state: HttpState) -> Fetched | NotModified:
            return await fetcher.fetch(one, state, NOW, request=request)

        one = source(server.url("/v1"), paging={"next": "next"}, headers={"Authorization": KEY})
        got = await collect(one, HttpState(), NOW, fetch, in_thread)
        assert isinstance(got, Collected)
        assert [item.title for item in got.parsed.items] == ["Notice 1", "Notice 2"]
        assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer tok-123456"] * 2
        assert got.state == HttpState()

        single = source(server.url("/v2"))
        first = await collect(single, HttpState(), NOW, fetch, in_thread)
        assert isinstance(first, Collected)
        assert isinstance(await collect(single, first.state, NOW, fetch, in_thread), NotModified)
