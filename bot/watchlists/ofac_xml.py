"""OFAC's SDN list and Consolidated (non-SDN) list, the classic XML (``sdn.xml``, ``consolidated.xml``).

Layout: the "Specially Designated Nationals Data Specification" of the U.S. Treasury. The namespace has changed over the
years and is not looked at. The other format, ``sdn_advanced.xml``, holds the same names and is refused by its root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

from lxml import etree

from bot.watchlists import xml_stream
from bot.watchlists.base import EntryKind, Head, Quality, WatchEntry, WatchName, entry, name

PARTS = ("main",)
_KINDS = {"Individual": EntryKind.PERSON, "Vessel": EntryKind.VESSEL, "Aircraft": EntryKind.AIRCRAFT}


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    path = files["main"]
    xml_stream.root_of(path, "sdnList")
    for element in xml_stream.records(path, "publshInformation", "sdnEntry"):
        if xml_stream.local(element) == "publshInformation":  # spelt so in the file
            _read_head(element, head)
        elif (found := _entry(element, head)) is not None:
            yield found


def _read_head(element: etree._Element, head: Head) -> None:
    head.version = xml_stream.child_text(element, "Publish_Date")
    head.as_of = _us_date(head.version)
    count = xml_stream.child_text(element, "Record_Count")
    head.declared = int(count) if count.isdigit() and len(count) < 9 else None


def _us_date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y").date()
    except ValueError:
        return None


def _entry(element: etree._Element, head: Head) -> WatchEntry | None:
    kind = _KINDS.get(xml_stream.child_text(element, "sdnType"), EntryKind.ORG)
    names = [_name(element, Quality.GOOD)]
    for aka in xml_stream.children(element, "akaList", "aka"):
        weak = xml_stream.child_text(aka, "category").lower() == "weak"
        names.append(_name(aka, Quality.WEAK if weak else Quality.GOOD))
    return entry(
        xml_stream.child_text(element, "uid"),
        [n for n in names if n is not None],
        kind,
        programmes=[xml_stream.text_of(p) for p in xml_stream.children(element, "programList", "program")],
        countries=[
            xml_stream.text_of(c)
            for path in (
                ("nationalityList", "nationality", "country"),
                ("citizenshipList", "citizenship", "country"),
                ("addressList", "address", "country"),
                ("vesselInfo", "vesselFlag"),
            )
            for c in xml_stream.children(element, *path)
        ],
        births=[
            xml_stream.text_of(b)
            for b in xml_stream.children(element, "dateOfBirthList", "dateOfBirthItem", "dateOfBirth")
        ],
        head=head,
    )


def _name(element: etree._Element, quality: Quality) -> WatchName | None:
    """``lastName`` holds the whole name where there is no ``firstName``."""
    return name(xml_stream.child_text(element, "firstName"), xml_stream.child_text(element, "lastName"), quality)
