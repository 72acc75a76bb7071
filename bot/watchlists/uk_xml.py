"""The United Kingdom's lists as XML: the UK Sanctions List (``UK-Sanctions-List.xml``, root ``Designations``), and
OFSI's Consolidated List in its format of 2022 (``ConList.xml``, root ``ArrayOfFinancialSanctionsTarget``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from bot.watchlists import xml_stream
from bot.watchlists.base import EntryKind, Head, WatchEntry, name
from bot.watchlists.uk import Target, several, strength, uk_date
from bot.watchlists.xml_stream import child_text, children, text_of

PARTS = ("main",)
_KINDS = {"individual": EntryKind.PERSON, "ship": EntryKind.VESSEL}


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    path = files["main"]
    root, _ = xml_stream.root_of(path, "Designations", "ArrayOfFinancialSanctionsTarget")
    return _fcdo(path, head) if root == "Designations" else _ofsi(path, head)


def _fcdo(path: Path, head: Head) -> Iterator[WatchEntry]:
    for element in xml_stream.records(path, "DateGenerated", "Designation"):
        if xml_stream.local(element) == "DateGenerated":
            head.as_of = uk_date(text_of(element))
            head.version = text_of(element)
        elif (found := _designation(element).entry(child_text(element, "UniqueID"), head)) is not None:
            yield found


def _designation(element: etree._Element) -> Target:
    target = Target(_KINDS.get(child_text(element, "IndividualEntityShip").lower(), EntryKind.ORG))
    for one in children(element, "Names", "Name"):
        given = " ".join(child_text(one, f"Name{n}") for n in range(1, 6))
        found = name(given, child_text(one, "Name6"), strength(child_text(one, "AliasStrength")))
        target.add(found, child_text(one, "NameType"))
    for one in children(element, "NonLatinNames", "NonLatinName", "NameNonLatinScript"):
        target.add(name(text_of(one)), "")
    target.programmes.append(child_text(element, "RegimeName"))
    individual = ("IndividualDetails", "Individual")
    ship = ("ShipDetails", "Ship", "CurrentBelievedFlagOfShips", "CurrentBelievedFlagOfShip")
    for way in ((*individual, "Nationalities", "Nationality"), ("Addresses", "Address", "AddressCountry"), ship):
        target.countries += [text_of(c) for c in children(element, *way)]
    target.births += [text_of(b) for b in children(element, *individual, "DOBs", "DOB")]
    return target


def _ofsi(path: Path, head: Head) -> Iterator[WatchEntry]:
    """One element for each name; those of a target share a ``GroupID`` and need not stand together."""
    targets: dict[str, Target] = {}
    for element in xml_stream.records(path, "FinancialSanctionsTarget"):
        group = child_text(element, "GroupID")
        if not group:
            head.skipped += 1
            continue
        target = targets.get(group)
        if target is None:
            kind = _KINDS.get(child_text(element, "GroupTypeDescription").lower(), EntryKind.ORG)
            target = targets[group] = Target(kind)
        given = " ".join(child_text(element, f"name{n}") for n in range(1, 6))
        found = name(given, child_text(element, "Name6"), strength(child_text(element, "AliasQuality")))
        target.add(found, child_text(element, "AliasType"))
        target.add(name(child_text(element, "NameNonLatinScript")), "")
        target.programmes.append(child_text(element, "RegimeName"))
        for key in ("Individual_Nationality", "Country", "Ship_Flag"):
            target.countries += several(child_text(element, key))
        target.births += several(child_text(element, "Individual_DateOfBirth"))
        changed = uk_date(child_text(element, "LastUpdated"))  # the file itself has no date
        if changed is not None and (head.as_of is None or changed > head.as_of):
            head.as_of, head.version = changed, changed.isoformat()
    for group, target in targets.items():
        if (found_entry := target.entry(group, head)) is not None:
            yield found_entry
