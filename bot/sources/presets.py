"""Services that many teams watch, as kinds of source: the kind ``json`` (Reddit: ``feed``) with the description filled
in, and each service's quota built in. See :mod:`bot.sources.preset`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from bot.sources.options import Pace, SecretText
from bot.sources.preset import FeedPreset, KeyedOptions, PagedOptions, Preset, PresetOptions
from bot.yaml_models import Duration, Text, Whole


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?", value):
        raise ValueError("must be the name of a server, such as mastodon.social")
    return value.lower()


def _words(pattern: str, example: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} cannot be used here; write it like {example}")
        return value

    return AfterValidator(check)


Host = Annotated[Text, AfterValidator(_host)]
Language = Annotated[Text, _words("[a-z]{2}", "en")]
Words = tuple[Text, ...]

# -- GDELT DOC 2.0 --------------------------------------------------------------------------------------------------


class GdeltOptions(PresetOptions):
    """The keys of a source of kind gdelt."""

    URL: ClassVar[str] = "https://api.gdeltproject.org/api/v2/doc/doc"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=15),
        least=timedelta(minutes=15),
        gap_s=5.0,
        source="GDELT renews its index every 15 minutes and takes one request in 5 seconds (its own 429 text)",
    )

    query: Text = Field(description="In GDELT's language, such as '\"arms deal\" sourcelang:english'.")
    timespan: Annotated[Text, _words(r"\d{1,4}(?:min|h|d|w)", "1d or 90min")] = Field(
        default="1d", description="How far back it looks: 90min, 12h, 1d, 1w."
    )

    def own_params(self) -> Mapping[str, object]:
        return {
            "query": self.query,
            "mode": "ArtList",
            "format": "json",
            "maxrecords": 250,  # the most there is
            "sort": "DateDesc",
            "timespan": self.timespan,
        }


GDELT = Preset(
    OPTIONS=GdeltOptions,
    items="articles || `[]`",  # an empty result is {}
    fields={"title": "title", "link": "url", "date": "seendate", "image": "socialimage", "author": "domain"},
)

# -- NewsAPI --------------------------------------------------------------------------------------------------------


class NewsapiOptions(KeyedOptions, PagedOptions):
    """The keys of a source of kind newsapi."""

    URL: ClassVar[str] = "https://newsapi.org/v2/everything"
    KEY_VARIABLE: ClassVar[str] = "NEWSAPI_KEY"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=30), per_day=100, source="newsapi.org/pricing, Developer plan: 100 requests a day"
    )

    query: Text | None = Field(default=None, description="Words to look for, such as 'sanctions AND shipping'.")
    domains: Words = Field(default=(), description="Only these sites, such as [reuters.com].")
    language: Language | None = Field(default=None, description="Only this language, such as en.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.query and not self.domains:
            raise ValueError("needs query: or domains:")
        return self

    def own_params(self) -> Mapping[str, object]:
        return {
            "q": self.query,
            "domains": ",".join(self.domains),
            "language": self.language,
            "sortBy": "publishedAt",
            "pageSize": 100,  # the most there is
        }


NEWSAPI = Preset(
    OPTIONS=NewsapiOptions,
    items="articles",
    fields={
        "title": "title",
        "link": "url",
        "text": "description || content",
        "date": "publishedAt",
        "author": "author || source.name",
        "image": "urlToImage",
    },
    headers={"X-Api-Key": "key"},
    paging={"param": "page"},
)

# -- The Guardian ---------------------------------------------------------------------------------------------------


class GuardianOptions(KeyedOptions, PagedOptions):
    """The keys of a source of kind guardian."""

    URL: ClassVar[str] = "https://content.guardianapis.com/search"
    KEY_VARIABLE: ClassVar[str] = "GUARDIAN_KEY"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=10),
        per_day=500,
        gap_s=1.0,
        source="open-platform.theguardian.com/access, developer key: figures of 500 and of 5,000 requests a day are "
        "in circulation; the lower one is kept",
    )

    query: Text | None = Field(default=None, description="Words to look for, such as '\"arms deal\" AND sanctions'.")
    section: Text | None = Field(default=None, description="Only this section, such as world.")
    tag: Text | None = Field(default=None, description="Only this tag, such as world/north-korea.")

    def own_params(self) -> Mapping[str, object]:
        return {
            "q": self.query,
            "section": self.section,
            "tag": self.tag,
            "order-by": "newest",
            "page-size": 50,
            "show-fields": "trailText,bodyText,byline,thumbnail",
            "api-key": self.key,
        }


GUARDIAN = Preset(
    OPTIONS=GuardianOptions,
    items="response.results",
    fields={
        "id": "id",
        "title": "webTitle",
        "link": "webUrl",
        "text": "fields.bodyText || fields.trailText",
        "date": "webPublicationDate",
        "author": "fields.byline",
        "tags": "[sectionName]",
        "image": "fields.thumbnail",
    },
    paging={"param": "page"},
)

# -- Event Registry -------------------------------------------------------------------------------------------------


class EventRegistryOptions(KeyedOptions, PagedOptions):
    """The keys of a source of kind eventregistry."""

    URL: ClassVar[str] = "https://eventregistry.org/api/v1/article/getArticles"
    KEY_VARIABLE: ClassVar[str] = "EVENTREGISTRY_KEY"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(hours=1),
        per_day=500,
        source="eventregistry.org/tokens, free: 500 tokens a day and 2,000 in all; a search of recent articles is one",
    )

    query: Text = Field(description="Words that all must be in an article, such as 'arms deal'.")
    language: Annotated[Text, _words("[a-z]{3}", "eng")] | None = Field(
        default=None, description="Only this language, in three letters, such as eng."
    )

    def own_params(self) -> Mapping[str, object]:
        return {
            "keyword": self.query,
            "lang": self.language,
            "articlesSortBy": "date",
            "articlesCount": 100,  # the most there is
            "resultType": "articles",
            "dataType": "news",
            "forceMaxDataTimeWindow": 31,  # days; more would cost five tokens
            "apiKey": self.key,
        }


EVENTREGISTRY = Preset(
    OPTIONS=EventRegistryOptions,
    items="articles.results",
    fields={
        "id": "uri",
        "title": "title",
        "link": "url",
        "text": "body",
        "date": "dateTimePub || dateTime",
        "author": "authors[].name",
        "lang": "lang",
        "image": "image",
    },
    paging={"param": "articlesPage"},
)

# -- Hacker News ----------------------------------------------------------------------------------------------------


class HackerNewsOptions(PagedOptions):
    """The keys of a source of kind hackernews."""

    URL: ClassVar[str] = "https://hn.algolia.com/api/v1/search_by_date"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=10),
        per_day=240_000,
        source="hn.algolia.com/api: 10,000 requests an hour from an address",
    )

    query: Text | None = Field(default=None, description="Words to look for; every story if left out.")
    points: Whole = Field(default=0, ge=0, description="Only stories that have this many points.")

    def own_params(self) -> Mapping[str, object]:
        return {
            "query": self.query,
            "tags": "story",
            "hitsPerPage": 100,
            "numericFilters": f"points>={self.points}" if self.points else None,
        }


HACKERNEWS = Preset(
    OPTIONS=HackerNewsOptions,
    items="hits",
    fields={
        "id": "objectID",
        "title": "title",
        "link": "url || join('', ['https://news.ycombinator.com/item?id=', objectID])",
        "text": "story_text",
        "date": "created_at_i",
        "author": "author",
    },
    paging={"param": "page", "first": 0},
    plain=("title",),
)

# -- Mastodon -------------------------------------------------------------------------------------------------------


class MastodonOptions(PagedOptions):
    """The keys of a source of kind mastodon."""

    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=10),
        per_day=86_400,
        source="docs.joinmastodon.org/api/rate-limits: 300 requests in 5 minutes from an address",
    )

    hashtag: Annotated[Text, _words(r"#?[^\W_]\w*", "sanctions")] = Field(description="Without '#'.")
    instance: Host = Field(default="mastodon.social", description="The server that is asked.")

    def endpoint(self) -> str:
        return f"https://{self.instance}/api/v1/timelines/tag/{quote(self.hashtag.lstrip('#'))}"

    def own_params(self) -> Mapping[str, object]:
        return {"limit": 40}  # the most there is


MASTODON = Preset(
    OPTIONS=MastodonOptions,
    items="@",
    fields={
        "id": "uri",
        "title": "spoiler_text",
        "link": "url || uri",
        "text": "content",
        "date": "created_at",
        "author": "account.display_name || account.acct",
        "lang": "language",
        "tags": "tags[].name",
        "image": "media_attachments[0].preview_url",
    },
    paging={"param": "max_id", "cursor": "[-1].id"},
)

# -- Bluesky --------------------------------------------------------------------------------------------------------


class BlueskyOptions(PresetOptions):
    """The keys of a source of kind bluesky. One page: further ones are refused without a login."""

    URL: ClassVar[str] = "https://api.bsky.app/xrpc/app.bsky.feed.searchPosts"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=15),
        least=timedelta(minutes=5),
        per_day=864_000,
        source="docs.bsky.app, Rate limits: 3,000 requests in 5 minutes; search by programs is to be sparing "
        "(bluesky-social/atproto#3423)",
    )

    query: Text = Field(description="In Bluesky's search language, such as '\"arms deal\"' or '#sanctions'.")
    language: Language | None = Field(default=None, description="Only this language, such as en.")

    def own_params(self) -> Mapping[str, object]:
        return {"q": self.query, "lang": self.language, "sort": "latest", "limit": 100}


BLUESKY = Preset(
    OPTIONS=BlueskyOptions,
    items="posts",
    fields={
        "id": "uri",
        "link": "join('', ['https://bsky.app/profile/', author.did, '/post/', split(uri, '/')[-1]])",
        "text": "[record.text, embed.external.title, embed.external.description]",
        "date": "record.createdAt || indexedAt",
        "author": "author.displayName || author.handle",
        "lang": "record.langs[0]",
        "image": "embed.external.thumb",
    },
    plain=("text",),
)

# -- SEC EDGAR ------------------------------------------------------------------------------------------------------


class EdgarOptions(PagedOptions):
    """The keys of a source of kind edgar."""

    URL: ClassVar[str] = "https://efts.sec.gov/LATEST/search-index"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=30),
        least=timedelta(minutes=5),
        per_day=864_000,
        gap_s=0.1,
        source="www.sec.gov, Accessing EDGAR Data: 10 requests a second; the User-Agent must name a contact",
    )

    query: Text = Field(description="Words in a filing, such as '\"export controls\"'.")
    forms: Words = Field(default=(), description="Only these forms, such as [8-K, 10-K].")
    window: Duration = Field(default=timedelta(days=3), description="How far back filings are looked for.")

    def own_params(self) -> Mapping[str, object]:
        return {
            "q": self.query,
            "forms": ",".join(self.forms),
            "dateRange": "custom",
            "startdt": "{since:date}",
            "enddt": "{now:date}",
        }


EDGAR = Preset(
    OPTIONS=EdgarOptions,
    items="hits.hits",
    fields={
        "id": "_id",
        "title": "join(': ', [_source.form || _source.file_type, join(', ', _source.display_names)])",
        "link": (
            "join('/', ['https://www.sec.gov/Archives/edgar/data', to_string(to_number(_source.ciks[0])), "
            "replace(_source.adsh, '-', ''), split(_id, ':')[1]])"
        ),
        "text": "[_source.file_description, _source.biz_locations[0]]",
        "date": "_source.file_date",
        "author": "_source.display_names[0]",
        "tags": "_source.root_forms",
    },
    paging={"param": "from", "first": 0, "step": 0},
    plain=("title", "text"),
)

# -- US Federal Register --------------------------------------------------------------------------------------------


_FIELDS = ("title", "type", "abstract", "document_number", "html_url", "publication_date", "agency_names")


class FederalRegisterOptions(PagedOptions):
    """The keys of a source of kind federal_register."""

    URL: ClassVar[str] = "https://www.federalregister.gov/api/v1/documents.json"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(hours=1),
        least=timedelta(minutes=10),
        source="www.federalregister.gov/developers states no quota; it is published once on working days",
    )

    query: Text | None = Field(default=None, description="Words to look for, such as '\"export administration\"'.")
    agencies: Words = Field(default=(), description="Only these, such as [foreign-assets-control-office].")
    types: tuple[Annotated[Text, _words("RULE|PRORULE|NOTICE|PRESDOCU", "RULE, PRORULE, NOTICE or PRESDOCU")], ...] = (
        Field(default=(), description="Only these: RULE, PRORULE, NOTICE, PRESDOCU.")
    )

    def own_params(self) -> Mapping[str, object]:
        return {
            "conditions[term]": self.query,
            "conditions[agencies][]": self.agencies,
            "conditions[type][]": self.types,
            "order": "newest",
            "per_page": 100,
            "fields[]": (
                "title",
                "type",
                "abstract",
                "document_number",
                "html_url",
                "publication_date",
                "agency_names",
            ),
        }


FEDERAL_REGISTER = Preset(
    OPTIONS=FederalRegisterOptions,
    items="results || `[]`",  # left out where the count is 0
    fields={
        "id": "document_number",
        "title": "title",
        "link": "html_url",
        "text": "abstract",
        "date": "publication_date",
        "author": "agency_names",
        "tags": "[type]",
    },
    paging={"next": "next_page_url"},
)

# -- Reddit ---------------------------------------------------------------------------------------------------------


class RedditOptions(PresetOptions):
    """The keys of a source of kind reddit."""

    FILLED: ClassVar[frozenset[str]] = frozenset({"token", "user", "params"})
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=30),
        least=timedelta(minutes=5),
        per_day=1440,
        gap_s=60.0,
        source="observed since June 2026: one request a minute from an address without a token "
        "(Ranchero-Software/NetNewsWire#5328)",
    )

    subreddit: Annotated[Text, _words(r"\w{2,30}(?:\+\w{2,30}){0,19}", "worldnews, or worldnews+europe")] = Field(
        description="Its name, or several joined by '+': one request for all of them."
    )
    token: SecretText | None = Field(
        default=None, description="The part after feed= of your addresses at reddit.com/prefs/feeds; lifts the limit."
    )
    user: SecretText | None = Field(default=None, description="Your user name; goes with token.")

    def endpoint(self) -> str:
        return f"https://www.reddit.com/r/{self.subreddit}/new/.rss"

    def own_params(self) -> Mapping[str, object]:
        return {"limit": 100, "feed": self.token, "user": self.user}


# Reddit ended JSON without a login in May 2026 (r/modnews, "Protecting communities from scrapers and platform abuse");
# its Atom feeds are what is left to programs without an approved app.
REDDIT = FeedPreset(RedditOptions)
