"""The consolidated list of persons, groups and entities under financial sanctions of the European Union
(``xmlFullSanctionsList_1_1``).

Layout: the schema ``http://eu.europa.ec/fpi/fsd/export``. Everything is in attributes. A name has ``strong="false"``
where the EU holds it for weak; ``wholeName`` is always there, its parts only sometimes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from bot.watchlists import xml_stream
from bot.watchlists.base import EntryKind, Head, Quality, WatchEntry, WatchName, clean, entry, iso_date, name

PARTS = ("main",)
_UNKNOWN = "00"  # countryIso2Code of a country that is not known


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    path = files["main"]
    _, attributes = xml_stream.root_of(path, "export")
    head.as_of = iso_date(attributes.get("generationDate"))
    head.version = clean(attributes.get("globalFileId")) or clean(attributes.get("generationDate"))
    for element in xml_stream.records(path, "sanctionEntity"):
        if (found := _entry(element, head)) is not None:
            yield found


def _entry(element: etree._Element, head: Head) -> WatchEntry | None:
    subject = next(iter(xml_stream.children(element, "subjectType")), None)
    is_person = subject is not None and (subject.get("classificationCode") == "P" or subject.get("code") == "person")
    names = [_name(alias, is_person) for alias in xml_stream.children(element, "nameAlias")]
    return entry(
        clean(element.get("euReferenceNumber")) or clean(element.get("logicalId")),
        [n for n in names if n is not None],
        EntryKind.PERSON if is_person else EntryKind.ORG,
        programmes=[clean(r.get("programme")) for r in xml_stream.children(element, "regulation")],
        countries=[
            code if (code := clean(c.get("countryIso2Code"))) != _UNKNOWN else clean(c.get("countryDescription"))
            for tag in ("citizenship", "address")
            for c in xml_stream.children(element, tag)
        ],
        births=[clean(b.get("birthdate")) or clean(b.get("year")) for b in xml_stream.children(element, "birthdate")],
        head=head,
    )


def _name(alias: etree._Element, is_person: bool) -> WatchName | None:
    quality = Quality.WEAK if clean(alias.get("strong")).lower() == "false" else Quality.GOOD
    first, middle, last = (clean(alias.get(key)) for key in ("firstName", "middleName", "lastName"))
    if is_person and last and (first or middle):
        return name(f"{first} {middle}", last, quality)
    return name(clean(alias.get("wholeName")) or f"{first} {middle} {last}", quality=quality)
