"""The keys of one entry under ``watchlists:`` in ``wirewatch.yaml``, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError, WithJsonSchema

from bot.log import redact_url
from bot.secret import Secret
from bot.watchlists import KINDS
from bot.watchlists.official import OFFICIAL
from bot.watchlists.report import Options
from bot.yaml_models import Duration, Model, Text, YesNo, at_least, check_web_url, nearest

EVERY_MIN = timedelta(hours=1)


def _kind(value: str) -> str:
    if value not in KINDS:
        raise ValueError(f"{value!r} is not a kind of watch list{nearest(value, KINDS, show_all=True)}")
    return value


def _url(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    url = check_web_url(value)
    return Secret(url, redact_url(url))


ListName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
_Kind = Annotated[Text, AfterValidator(_kind), WithJsonSchema({"type": "string", "enum": sorted(KINDS)})]
_Url = Annotated[Secret, BeforeValidator(_url), WithJsonSchema({"type": "string", "format": "uri"})]


class WatchListSettings(Model):
    """One watch list; an official one needs no keys at all."""

    kind: _Kind | None = Field(default=None, description="The format; official lists know theirs.")
    url: _Url | None = Field(default=None, description="Where it is downloaded; official lists know that.")
    alt_url: _Url | None = Field(default=None, description="`ofac_csv` only: the file of aliases.")
    add_url: _Url | None = Field(default=None, description="`ofac_csv` only: the file of addresses.")
    title: Text | None = Field(default=None, description="What people see.")
    every: Annotated[Duration, at_least(EVERY_MIN)] = Field(
        default=timedelta(hours=24), description="How often it is looked for; 1h at least."
    )
    weak: YesNo = Field(default=False, description="Also names that the list itself calls weak.")
    one_word: YesNo = Field(default=False, description="Also names of a single word.")
    common: YesNo = Field(default=False, description="Also names that many people bear.")


@dataclass(frozen=True, slots=True)
class ListSource:
    """A watch list as it is wanted. ``urls`` are by part."""

    name: str
    title: str
    kind: str
    urls: Mapping[str, Secret]
    every: timedelta = timedelta(hours=24)
    options: Options = field(default_factory=Options)
    entry_url: str = ""


def list_source(name: str, settings: WatchListSettings) -> ListSource:
    """The list that an entry asks for. Raises ``ValueError`` with a sentence for its author."""
    known = OFFICIAL.get(name)
    kind = settings.kind or (known.kind if known else None)
    if kind is None:
        names = nearest(name, OFFICIAL) or f"; the official ones are {', '.join(OFFICIAL)}"
        raise ValueError(f"{name!r} is no official list and has no kind: and url:{names}")
    own = {"main": settings.url, "alt": settings.alt_url, "add": settings.add_url}
    urls = {part: url for part, url in own.items() if url is not None}
    if settings.url is None and known is not None and kind == known.kind:
        urls = {part: Secret(url, redact_url(url)) for part, url in known.urls.items()} | urls
    parts = ("main", "alt", "add") if kind == "ofac_csv" else ("main",)
    for part in parts:
        if part not in urls:
            raise ValueError(f"the watch list {name!r} lacks {'url' if part == 'main' else f'{part}_url'}:; add it")
    for part in urls:
        if part not in parts:
            raise ValueError(f"{part}_url: is for the kind ofac_csv only; delete it")
    return ListSource(
        name=name,
        title=settings.title or (known.title if known else name),
        kind=kind,
        urls=urls,
        every=settings.every,
        options=Options(settings.weak, settings.one_word, settings.common),
        entry_url=known.entry_url if known and kind == known.kind else "",
    )


def check_all(watchlists: object) -> list[tuple[str, str]]:
    """Names and sentences of the entries that :func:`list_source` refuses, for the reader of the config, who knows
    where they stand. What is no valid entry is passed over: the models complain of it."""
    found = []
    for name, entry in watchlists.items() if isinstance(watchlists, dict) else ():
        try:
            settings = WatchListSettings.model_validate(entry)
        except ValidationError:
            continue
        try:
            list_source(name, settings)
        except ValueError as error:
            found.append((name, str(error)))
    return found


def list_sources(watchlists: Mapping[str, WatchListSettings]) -> tuple[ListSource, ...]:
    """Every list of a checked config, in its order."""
    return tuple(list_source(name, settings) for name, settings in watchlists.items())
