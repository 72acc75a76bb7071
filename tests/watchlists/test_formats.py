"""Each format: the file as the publisher writes it (with invented people), and the entries that are read from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from bot.watchlists import KINDS, format_of
from bot.watchlists.base import EntryKind, Head, Quality, WatchEntry, WatchName
from bot.watchlists.countries import country_code

DATA = Path(__file__).resolve().parent.parent / "data" / "watchlists"
PERSON, ORG, VESSEL, AIRCRAFT = EntryKind.PERSON, EntryKind.ORG, EntryKind.VESSEL, EntryKind.AIRCRAFT


def good(text: str, family: str = "") -> WatchName:
    return WatchName(text, family)


def weak(text: str, family: str = "") -> WatchName:
    return WatchName(text, family, Quality.WEAK)


@dataclass(frozen=True)
class Golden:
    kind: str
    files: dict[str, str]
    entries: tuple[WatchEntry, ...]
    as_of: date | None
    version: str
    declared: int | None = None
    skipped: int = 0


OFAC = (
    WatchEntry(
        "90001",
        good("Abd al-Rahman Idris AL-QARNAWI", "AL-QARNAWI"),
        PERSON,
        (good("Abdurrahman AL-KARNAWI", "AL-KARNAWI"), weak("ABU ANCHOR")),
        ("SDGT", "IFSR"),
        ("SY", "IR"),
        ("12 Mar 1971", "circa 1972"),
    ),
    WatchEntry("90002", good("BLUE DHOW TRADING LLC"), ORG, (good("NAKHLTRADE"),), ("IFSR",), ("AE",)),
    WatchEntry("90003", good("ORCHID LANTERN"), VESSEL, (), ("DPRK4",), ("KP",)),
    WatchEntry("90004", good("EP-ZZQ"), AIRCRAFT, (), ("SDGT",)),
)
_RUSSIA = "The Russia (Sanctions) (EU Exit) Regulations 2019"


def soloveykin(entry_id: str, programme: str, *, alias: bool) -> WatchEntry:
    """The person of the UK's lists; some of the files lack an alias."""
    also = (good("Gleb SOLOVEIKIN", "SOLOVEIKIN"),) if alias else ()
    return WatchEntry(
        entry_id,
        good("Gleb Arkadievich SOLOVEYKIN", "SOLOVEYKIN"),
        PERSON,
        (good("Глеб Соловейкин"), *also, weak("PILOT")),
        (programme,),
        ("RU", "CY"),
        ("02/11/1968",),
    )


UK = (
    soloveykin("RUS9001", _RUSSIA, alias=True),
    WatchEntry(
        "DPR9002",
        good("ORCHID LANTERN"),
        VESSEL,
        (),
        ("The Democratic People’s Republic of Korea (Sanctions) (EU Exit) Regulations 2019",),
        ("KP",),
    ),
    WatchEntry(
        "BEL9003",
        good("JSC “Bely Zhuravl”, Works"),
        ORG,
        (),
        ("The Republic of Belarus (Sanctions) (EU Exit) Regulations 2019",),
        ("BY",),
    ),
)

GOLDEN = (
    Golden("ofac_xml", {"main": "sdn.xml"}, OFAC, date(2026, 10, 1), "10/01/2026", declared=4),
    Golden("ofac_csv", {"main": "sdn.csv", "alt": "alt.csv", "add": "add.csv"}, OFAC, None, ""),
    Golden(
        "un_xml",
        {"main": "un.xml"},
        (
            WatchEntry(
                "KPi.901",
                good("RI KWANG TOK"),
                PERSON,
                (good("Ri Gwang Dok"), good("리광덕"), weak("The Captain")),
                ("DPRK",),
                ("KP",),
                ("1963-08-07", "1961-1964"),
            ),
            WatchEntry(
                "KPe.902",
                good("WHITE HERON FISHERIES BUREAU"),
                ORG,
                (good("Paekro Fisheries"),),
                ("DPRK",),
                ("KP",),
            ),
        ),
        date(2026, 9, 30),
        "2026-09-30T00:00:09.554Z",
        skipped=1,
    ),
    Golden(
        "eu_xml",
        {"main": "eu.xml"},
        (
            WatchEntry(
                "EU.9001.11",
                good("Gleb Arkadievich SOLOVEYKIN", "SOLOVEYKIN"),
                PERSON,
                (good("Глеб Аркадьевич СОЛОВЕЙКИН"), weak("Pilot")),
                ("UKR",),
                ("RU",),
                ("1968-11-02", "1967"),
            ),
            WatchEntry("EU.9002.22", good('OAO "Belyi Zhuravl"'), ORG, (), ("BLR",), ("BY",)),
        ),
        date(2026, 10, 2),
        "190001",
    ),
    Golden("uk_csv", {"main": "UK-Sanctions-List.csv"}, UK, date(2026, 10, 2), "2026-10-02"),
    Golden("uk_ods", {"main": "UK_Sanctions_List.ods"}, UK, date(2026, 10, 2), "2026-10-02"),
    Golden(
        "uk_csv",
        {"main": "ConList.csv"},
        (
            WatchEntry(
                "19001",
                good("Gleb Arkadievich SOLOVEYKIN", "SOLOVEYKIN"),
                PERSON,
                (weak("PILOT"),),
                ("Russia",),
                ("RU", "CY"),
                ("02/11/1968",),
            ),
        ),
        date(2025, 12, 2),
        "2025-12-02",
    ),
    Golden(
        "uk_xml",
        {"main": "UK-Sanctions-List.xml"},
        (
            WatchEntry(
                "RUS9001",
                good("Gleb Arkadievich SOLOVEYKIN", "SOLOVEYKIN"),
                PERSON,
                (good("Gleb SOLOVEIKIN", "SOLOVEIKIN"), good("Глеб Соловейкин"), weak("PILOT")),
                (_RUSSIA,),
                ("RU", "CY"),
                ("02/11/1968",),
            ),
            WatchEntry(
                "DPR9002",
                good("ORCHID LANTERN"),
                VESSEL,
                (),
                ("Democratic People's Republic of Korea",),
                ("KP",),
            ),
        ),
        date(2026, 10, 2),
        "02/10/2026",
    ),
    Golden(
        "uk_xml",
        {"main": "ConList.xml"},
        (
            soloveykin("19001", "Russia", alias=False),
            WatchEntry(
                "19002",
                good("ORCHID LANTERN"),
                VESSEL,
                (),
                ("Democratic People's Republic of Korea",),
                ("KP",),
            ),
        ),
        date(2025, 12, 2),
        "2025-12-02",
    ),
    Golden(
        "opensanctions_csv",
        {"main": "targets.simple.csv"},
        (
            WatchEntry(
                "NK-inventedA1",
                good("Gleb Soloveykin"),
                PERSON,
                (good("Gleb Arkadievich Soloveykin"), good("Глеб Соловейкин")),
                ("EU-UKR", "GB-RUS"),
                ("RU", "CY", "UA"),
                ("1968-11-02",),
            ),
            WatchEntry("NK-inventedB2", good("ORCHID LANTERN"), VESSEL, (), ("US-DPRK4",), ("KP",)),
            WatchEntry(
                "NK-inventedD4",
                good("Bely Zhuravl OAO"),
                ORG,
                (good("Белый журавль"),),
                ("EU-BLR",),
                ("BY",),
            ),
        ),
        date(2026, 10, 2),
        "2026-10-02",
    ),
    Golden(
        "ftm_json",
        {"main": "entities.ftm.json"},
        (
            WatchEntry(
                "NK-inventedA1",
                good("Gleb Soloveykin"),
                PERSON,
                (good("Глеб Соловейкин"), good("Gleb Arkadievich Soloveykin"), weak("Pilot")),
                ("EU-UKR",),
                ("RU", "CY"),
                ("1968-11-02",),
            ),
            WatchEntry("NK-inventedD4", good("Bely Zhuravl OAO"), ORG, (good("Seryi Zhuravl"),), ("eu_fsf",), ("BY",)),
        ),
        date(2026, 10, 2),
        "2026-10-02",
    ),
)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda g: f"{g.kind}-{g.files['main']}")
def test_a_file_as_published_gives_these_entries(golden: Golden) -> None:
    head = Head()
    read = tuple(format_of(golden.kind).entries({p: DATA / f for p, f in golden.files.items()}, head))
    assert read == golden.entries
    assert head == Head(golden.version, golden.as_of, golden.declared, golden.skipped)


def test_every_format_has_a_sample() -> None:
    assert {g.kind for g in GOLDEN} == KINDS
    for golden in GOLDEN:
        assert tuple(golden.files) == format_of(golden.kind).PARTS


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Korea, North", "KP"),
        ("Democratic People's Republic of Korea", "KP"),
        ("Iran (Islamic Republic of)", "IR"),
        ("Congo, Democratic Republic of the", "CD"),
        ("SYRIAN ARAB REPUBLIC", "SY"),
        ("Burma", "MM"),
        ("ru", "RU"),
        ("ua-cri", "UA"),
        ("the Netherlands", "NL"),
        ("Region: Northern Mali", ""),
        ("", ""),
    ],
)
def test_countries_are_read_as_the_lists_write_them(written: str, code: str) -> None:
    assert country_code(written) == code
