"""The presets: what they ask, what they make of an answer, and their quotas; and the page that explains all kinds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from bot import duration
from bot.errors import ConfigError, FetchReason, ParseError, SourceError
from bot.model import Fetched, Item, Source
from bot.roster.sources_file import load_sources, sources_schema
from bot.secret import Secret
from bot.sources import KINDS, kind, options_model
from bot.sources.base import Request, advance, steps_of
from bot.sources.options import Filled
from tests.sources.samples import DATA, NOW, Desk, fetched, utc

PAGE = (Path(__file__).parents[2] / "docs" / "source-kinds.md").read_text("utf-8")
KEY = Filled("${KEY}", Secret("key-0123456"))
PRESETS = sorted(KINDS - {"feed", "sitemap", "page", "json"})

OPTIONS: dict[str, dict[str, object]] = {
    "gdelt": {"query": '"arms deal" sourcelang:english'},
    "newsapi": {"query": "sanctions AND shipping", "domains": ["a.example", "b.example"], "language": "en", "key": KEY},
    "guardian": {"query": "arms", "section": "world", "tag": "world/korea", "key": KEY},
    "eventregistry": {"query": "arms deal", "language": "eng", "key": KEY},
    "hackernews": {"query": "ships", "points": 50},
    "reddit": {"subreddit": "ports+shipping", "token": KEY, "user": Filled("${USER}", Secret("quay-user"))},
    "mastodon": {"hashtag": "#sanctions", "instance": "social.example"},
    "bluesky": {"query": '"export controls"', "language": "en"},
    "edgar": {"query": '"export controls"', "forms": ["8-K", "10-K"], "window": "2d"},
    "federal_register": {"query": "export", "agencies": ["bis"], "types": ["RULE", "NOTICE"]},
}

ASKED: dict[str, tuple[str, list[tuple[str, str]], dict[str, str]]] = {
    "gdelt": (
        "https://api.gdeltproject.org/api/v2/doc/doc",
        [("query", '"arms deal" sourcelang:english'), ("mode", "ArtList"), ("format", "json"), ("maxrecords", "250"),
         ("sort", "DateDesc"), ("timespan", "1d")],
        {},
    ),
    "newsapi": (
        "https://newsapi.org/v2/everything",
        [("q", "sanctions AND shipping"), ("domains", "a.example,b.example"), ("language", "en"),
         ("sortBy", "publishedAt"), ("pageSize", "100"), ("page", "1")],
        {"X-Api-Key": "key-0123456"},
    ),
    "guardian": (
        "https://content.guardianapis.com/search",
        [("q", "arms"), ("section", "world"), ("tag", "world/korea"), ("order-by", "newest"), ("page-size", "50"),
         ("show-fields", "trailText,bodyText,byline,thumbnail"), ("api-key", "key-0123456"), ("page", "1")],
        {},
    ),
    "eventregistry": (
        "https://eventregistry.org/api/v1/article/getArticles",
        [("keyword", "arms deal"), ("lang", "eng"), ("articlesSortBy", "date"), ("articlesCount", "100"),
         ("resultType", "articles"), ("dataType", "news"), ("forceMaxDataTimeWindow", "31"), ("apiKey", "key-0123456"),
         ("articlesPage", "1")],
        {},
    ),
    "hackernews": (
        "https://hn.algolia.com/api/v1/search_by_date",
        [("query", "ships"), ("tags", "story"), ("hitsPerPage", "100"), ("numericFilters", "points>=50"),
         ("page", "0")],
        {},
    ),
    "reddit": (
        "https://www.reddit.com/r/ports+shipping/new/.rss",
        [("limit", "100"), ("feed", "key-0123456"), ("user", "quay-user")],
        {},
    ),
    "mastodon": ("https://social.example/api/v1/timelines/tag/sanctions", [("limit", "40")], {}),
    "bluesky": (
        "https://api.bsky.app/xrpc/app.bsky.feed.searchPosts",
        [("q", '"export controls"'), ("lang", "en"), ("sort", "latest"), ("limit", "100")],
        {},
    ),
    "edgar": (
        "https://efts.sec.gov/LATEST/search-index",
        [("q", '"export controls"'), ("forms", "8-K,10-K"), ("dateRange", "custom"), ("startdt", "2026-02-28"),
         ("enddt", "2026-03-02"), ("from", "0")],
        {},
    ),
    "federal_register": (
        "https://www.federalregister.gov/api/v1/documents.json",
        [("conditions[term]", "export"), ("conditions[agencies][]", "bis"), ("conditions[type][]", "RULE"),
         ("conditions[type][]", "NOTICE"), ("order", "newest"), ("per_page", "100"), ("fields[]", "title"),
         ("fields[]", "type"), ("fields[]", "abstract"), ("fields[]", "document_number"), ("fields[]", "html_url"),
         ("fields[]", "publication_date"), ("fields[]", "agency_names")],
        {},
    ),
}  # fmt: skip

GOLDEN: dict[str, tuple[Item, ...]] = {
    "gdelt": (
        Item("https://gazette.example/arms-deal", "https://gazette.example/arms-deal", "Minister denies arms deal",
             published=utc(2026, 3, 2, 11, 30), author="gazette.example", image="https://gazette.example/m.jpg"),
    ),
    "newsapi": (
        Item("https://gazette.example/tankers", "https://gazette.example/tankers", "Sanctions widen to tankers",
             "Twelve ships were added.", utc(2026, 3, 2, 9), author="Harbour Gazette",
             image="https://gazette.example/t.jpg"),
    ),
    "guardian": (
        Item("world/2026/mar/02/port-closed", "https://www.guardian.example/world/2026/mar/02/port-closed",
             "Port closed after explosion", "A blast shut the port on Monday.", utc(2026, 3, 2, 10, 20, 30),
             author="A. Writer", categories=("World news",), image="https://media.guardian.example/p.jpg"),
    ),
    "eventregistry": (
        Item("8123456789", "https://gazette.example/missile", "Missile parts seized at border",
             "Customs officers seized parts.\n\nNo arrests were made.", utc(2026, 3, 2, 7, 30), author="L. Sand",
             lang="eng", image="https://gazette.example/c.jpg"),
    ),
    "hackernews": (
        Item("41000001", "https://quay.example/parser", "A parser for <port> manifests", "", utc(2026, 3, 2, 8),
             author="quay"),
        Item("41000002", "https://news.ycombinator.com/item?id=41000002", "Ask HN: Who tracks ships?",
             "I look for open data.", utc(2026, 3, 2, 7), author="mole"),
    ),
    "reddit": (
        Item("t3_1abcde", "https://www.reddit.example/r/ports/comments/1abcde/strike/", "Strike at the container port",
             "All cranes stand still.", utc(2026, 3, 2, 10), utc(2026, 3, 2, 10), "/u/quay", categories=("ports",)),
    ),
    "mastodon": (
        Item("https://social.example/users/ana/statuses/114000000000000001",
             "https://social.example/@ana/114000000000000001", "", "New #sanctions announced\n\nMore soon",
             utc(2026, 3, 2, 11), author="Ana", lang="en", categories=("sanctions",),
             image="https://files.example/s.jpg"),
    ),
    "bluesky": (
        Item("at://did:plc:abc123/app.bsky.feed.post/3kxyz", "https://bsky.app/profile/did:plc:abc123/post/3kxyz", "",
             "Exports of <dual-use> goods halted\n\nExports halted\n\nThe order takes effect today.",
             utc(2026, 3, 2, 10, 0, 0, 123000), author="The Desk", lang="en", image="https://cdn.example/t.jpg"),
    ),
    "edgar": (
        Item("0001234567-26-000042:ex99-1.htm",
             "https://www.sec.gov/Archives/edgar/data/765432/000123456726000042/ex99-1.htm",
             "8-K: Harbour Freight Lines Inc (HFL) (CIK 0000765432)",
             "PRESS RELEASE ON EXPORT CONTROLS\n\nNew York, NY", utc(2026, 3, 2),
             author="Harbour Freight Lines Inc (HFL) (CIK 0000765432)", categories=("8-K",)),
    ),
    "federal_register": (
        Item("2026-04321", "https://www.federalregister.example/documents/2026/03/02/2026-04321/additions",
             "Additions to the Entity List", "In this rule, the Bureau adds nine entities.", utc(2026, 3, 2),
             author="Commerce Department, Industry and Security Bureau", categories=("Rule",)),
    ),
}  # fmt: skip


def source(name: str, **more: object) -> Source:
    return Source("s", "", kind=name, options={**OPTIONS[name], **more})


def sample(name: str) -> bytes:
    return next(DATA.glob(f"{name}.*")).read_bytes()


def first_request(one: Source) -> Request:
    request = advance(steps_of(kind(one.kind), one, NOW), None)
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_asks_its_service_as_documented(name: str) -> None:
    request = first_request(source(name))
    parts = urlsplit(request.url)
    asked = (f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qsl(parts.query), dict(request.headers))
    assert asked == ASKED[name]


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_reads_its_services_answer(name: str) -> None:
    answer = fetched(sample(name), url=ASKED[name][0])
    assert kind(name).parse(answer, source(name)).items == GOLDEN[name]


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_says_how_often_it_may_ask_and_where_that_is_written(name: str) -> None:
    model = options_model(name)
    assert model is not None
    pace = model.PACE
    assert pace is not None
    assert pace.least <= pace.every
    assert pace.source
    if pace.per_day is not None:
        assert timedelta(days=1) / pace.every <= pace.per_day
        assert pace.gap_s * pace.per_day <= 86_400  # the gap does not forbid what the plan allows
    gap = f"{pace.gap_s:g} s" if pace.gap_s else ""
    told = f"| `{name}` | {duration.show(pace.every)} | {duration.show(pace.least)} | {pace.per_day or ''} | {gap} |"
    assert re.sub(r"\s+", " ", told) in re.sub(r"\s+", " ", PAGE)


def test_empty_results_are_no_failures() -> None:
    assert kind("gdelt").parse(fetched(b"{}"), source("gdelt")).items == ()
    assert kind("federal_register").parse(fetched(b'{"count": 0}'), source("federal_register")).items == ()
    assert kind("mastodon").parse(fetched(b"[]"), source("mastodon")).items == ()


def test_what_gdelt_complains_of_in_plain_text_is_passed_on() -> None:
    with pytest.raises(ParseError, match=r"plain text that begins “The specified phrase is too short\.”") as caught:
        kind("gdelt").parse(fetched(b"The specified phrase is too short.\n"), source("gdelt"))
    assert caught.value.reason is FetchReason.NOT_A_FEED


def test_further_parameters_and_another_address_can_be_given() -> None:
    one = replace(
        source("gdelt", params={"sort": "HybridRel", "startdatetime": "{since:compact}"}), url="http://p.example/x"
    )
    url = first_request(one).url
    assert url.startswith("http://p.example/x?query=")
    assert url.endswith("&sort=HybridRel&timespan=1d&startdatetime=20260301120000")


def test_a_brace_in_a_query_is_only_a_brace() -> None:
    assert "query=%7Bx%7D&" in first_request(source("gdelt", query="{x}")).url


async def test_presets_page_by_steps() -> None:
    one = source("federal_register", pages=2)
    first = first_request(one).url
    second = "https://www.federalregister.gov/api/v1/documents.json?page=2"
    content = sample("federal_register")
    more = content.replace(b'"count"', f'"next_page_url": "{second}", "count"'.encode())
    got = await Desk({first: more, second: content.replace(b"04321", b"05432")}).poll(one)
    assert [item.guid for item in got.parsed.items] == ["2026-04321", "2026-05432"]


def test_a_key_in_the_file_is_refused() -> None:
    with pytest.raises(SourceError, match=r'the option key cannot be used: is secret .* write "'):
        first_request(source("guardian", key="abc"))


# -- sources.yaml ---------------------------------------------------------------------------------------------------

KEYS = {"NEWSAPI_KEY": "news-0123456", "GUARDIAN_KEY": "guard-0123456", "EVENTREGISTRY_KEY": "er-0123456"}


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> tuple[Source, ...]:
    (tmp_path / "sources.yaml").write_text(text, "utf-8")
    return load_sources([tmp_path / "sources.yaml"], KEYS if environ is None else environ)


def problems(tmp_path: Path, entry: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"sources:\n{entry}\n", environ)
    return [f"{p.line}:{p.column}: {p.text}" for p in caught.value.problems]


def test_a_preset_needs_no_url_and_takes_its_key_and_interval_from_where_they_are(tmp_path: Path) -> None:
    (one, two) = load(
        tmp_path,
        "defaults: {every: 12m}\nsources:\n"
        "  - {id: a, kind: guardian, query: arms}\n  - {id: b, kind: edgar, query: arms}\n",
    )
    assert (one.every, two.every) == (timedelta(minutes=12), timedelta(minutes=30))
    assert one.url.startswith("https://content.guardianapis.com/search?q=arms&")
    assert "guard-0123456" not in repr(one)
    assert "api-key=guard-0123456" in first_request(one).url
    assert first_request(two).url.startswith(
        "https://efts.sec.gov/LATEST/search-index?q=arms&dateRange=custom&startdt=2026"
    )


def test_a_key_may_come_from_a_mounted_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    (one,) = load(tmp_path, "sources: [{id: a, kind: guardian}]", {"GUARDIAN_KEY_FILE": str(tmp_path / "secret")})
    assert "api-key=from-a-file" in first_request(one).url


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("  - {id: a, kind: gdelt}", "2:5: the key 'query' is missing; add query: ..."),
        ("  - {id: a, kind: gdelt, querry: x}", "2:26: unknown key 'querry'; did you mean 'query'?"),
        (
            "  - {id: a, kind: gdelt, query: x, every: 5m}",
            "2:43: every: must be at least 15m for kind gdelt (GDELT renews its index every 15 minutes and takes one "
            "request in 5 seconds (its own 429 text))",
        ),
        (
            "  - {id: a, kind: guardian, key: abc}",
            '2:34: key: is secret and does not belong into this file; write "${NAME}" and set the environment variable',
        ),
        (
            '  - {id: a, kind: guardian, key: "${OTHER}"}',
            "2:34: the environment variable OTHER is not set; set it, or write $$ for a dollar sign",
        ),
        (
            "  - {id: a, kind: newsapi, query: x, every: 5m}",
            "2:5: this source asks 288 times a day, the service allows 100 (newsapi.org/pricing, Developer plan: 100 "
            "requests a day); set every: to 15m, or per_day: to what your plan allows",
        ),
        (
            "  - {id: a, kind: mastodon, hashtag: a b}",
            "2:38: hashtag: 'a b' cannot be used here; write it like sanctions",
        ),
        (
            '  - {id: a, kind: page, url: "https://a.example/", items: "li["}',
            "2:59: items: 'li[' is not a CSS selector (",
        ),
        (
            '  - {id: a, kind: json, url: "https://a.example/{x}", fields: {title: t}}',
            "2:30: url: '{x}' is not known here; write {since} or {now}, with :date, :unix or :compact after the name "
            "for other forms, and {{ for a brace",
        ),
        (
            '  - {id: a, url: "https://a.example/", items: li}',
            "2:40: unknown key 'items'; the keys here are enabled, every, every_max, every_min, full_text, id, kind, "
            "lang, tags, title, url",
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_told_at_its_place(tmp_path: Path, entry: str, said: str) -> None:
    told = problems(tmp_path, entry)
    assert [one for one in told if one.startswith(said)], told


def test_a_service_without_its_key_is_told_unless_it_is_switched_off(tmp_path: Path) -> None:
    said = problems(tmp_path, "  - {id: a, kind: guardian}", {})
    assert said == [
        "2:5: the environment variable GUARDIAN_KEY is not set; set it to your key of this service, "
        'or write key: "${NAME}"'
    ]
    entry = 'sources: [{id: a, kind: guardian, enabled: false}, {id: b, kind: guardian, key: "${NO}", enabled: false}]'
    assert [one.enabled for one in load(tmp_path, entry, {})] == [False, False]


def test_sources_that_share_a_key_share_its_quota(tmp_path: Path) -> None:
    entries = "".join(f"  - {{id: n{i}, kind: newsapi, query: x{i}}}\n" for i in range(3))
    assert "the 3 sources of kind newsapi ask 144 times a day" in problems(tmp_path, entries)[0]
    assert "set every: to 44m" in problems(tmp_path, entries)[0]
    assert load(tmp_path, "sources:\n" + entries.replace("query: x0", "query: x0, per_day: 8000"))
    own = entries.replace("query: x0", 'query: x0, key: "${OTHER}"')
    assert load(tmp_path, "sources:\n" + own, {**KEYS, "OTHER": "other-012345"})


def test_one_address_with_other_options_is_another_source(tmp_path: Path) -> None:
    entry = '  - {{id: {}, kind: page, url: "https://a.example/", items: "{}"}}\n'
    assert load(tmp_path, "sources:\n" + entry.format("a", "li") + entry.format("b", "p"))
    said = problems(tmp_path, entry.format("a", "li") + entry.format("b", "li"))
    assert "stands here for the second time" in said[0]


def test_a_preset_can_be_switched_off_by_a_later_file(tmp_path: Path) -> None:
    for name, text in (("1", "{id: a, kind: gdelt, query: x}"), ("2", "{id: a, enabled: false}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sources.yaml").write_text(f"sources: [{text}]")
    (one,) = load_sources([tmp_path / "1", tmp_path / "2"], {})
    assert (one.kind, one.enabled) == ("gdelt", False)


# -- docs/source-kinds.md -------------------------------------------------------------------------------------------

EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: re.findall(r"id: ([\w-]+)", text)[0])
def test_every_example_loads_fits_the_schema_and_can_be_asked(tmp_path: Path, text: str) -> None:
    environ = {name: f"value-of-{name}" for name in re.findall(r"\$\{(\w+)\}", text)} | KEYS
    loaded = load(tmp_path, text, environ)
    assert jsonschema.Draft202012Validator(sources_schema()).is_valid(yaml.safe_load(text))
    for one in loaded:
        assert first_request(one).url.startswith("https://")


def test_every_kind_has_an_example_and_every_key_is_shown(tmp_path: Path) -> None:
    shown = [entry for text in EXAMPLES for entry in yaml.safe_load(text)["sources"]]
    assert {entry["kind"] for entry in shown} == KINDS - {"feed"}
    missing = [
        (name, key)
        for name in KINDS
        if (model := options_model(name)) is not None
        for key in model.model_fields
        if not re.search(rf"\b{key}\b", PAGE)
    ]
    assert missing == []


def test_a_first_answer_of_the_wrong_kind_is_told_with_the_source() -> None:
    answer: Fetched = fetched(b"<html><title>Just a moment</title></html>", "text/html")
    with pytest.raises(ParseError, match="a web page titled “Just a moment” instead of JSON"):
        kind("bluesky").parse(answer, source("bluesky"))
