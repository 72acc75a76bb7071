"""The consolidated list of the United Nations Security Council (``consolidated.xml``).

Layout: the schema that the file names, ``sc-sanctions.xsd``. The UN writes up to four names in the order of speech and
does not tell the family name. An alias's ``QUALITY`` is Good, Low, a.k.a. or f.k.a. (the last two for entities).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from bot.watchlists import xml_stream
from bot.watchlists.base import EntryKind, Head, Quality, WatchEntry, entry, iso_date, name

PARTS = ("main",)
_NAME_PARTS = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    path = files["main"]
    _, attributes = xml_stream.root_of(path, "CONSOLIDATED_LIST")
    head.version = attributes.get("dateGenerated", "")
    head.as_of = iso_date(head.version)
    for element in xml_stream.records(path, "INDIVIDUAL", "ENTITY"):
        if (found := _entry(element, head)) is not None:
            yield found


def _entry(element: etree._Element, head: Head) -> WatchEntry | None:
    tag = xml_stream.local(element)
    text = xml_stream.child_text
    names = [name(" ".join(text(element, part) for part in _NAME_PARTS))]
    for alias in xml_stream.children(element, f"{tag}_ALIAS"):
        weak = text(alias, "QUALITY").lower() == "low"
        names.append(name(text(alias, "ALIAS_NAME"), quality=Quality.WEAK if weak else Quality.GOOD))
    names.append(name(text(element, "NAME_ORIGINAL_SCRIPT")))
    return entry(
        text(element, "REFERENCE_NUMBER") or text(element, "DATAID"),
        [n for n in names if n is not None],
        EntryKind.PERSON if tag == "INDIVIDUAL" else EntryKind.ORG,
        programmes=[text(element, "UN_LIST_TYPE")],
        countries=[
            xml_stream.text_of(c)
            for path in (("NATIONALITY", "VALUE"), (f"{tag}_ADDRESS", "COUNTRY"))
            for c in xml_stream.children(element, *path)
        ],
        births=[
            text(birth, "DATE") or text(birth, "YEAR") or _span(birth)
            for birth in xml_stream.children(element, "INDIVIDUAL_DATE_OF_BIRTH")
        ],
        head=head,
    )


def _span(birth: etree._Element) -> str:
    first, last = xml_stream.child_text(birth, "FROM_YEAR"), xml_stream.child_text(birth, "TO_YEAR")
    return f"{first}-{last}" if first and last else ""
