"""Files that are not what they should be: one sentence that says what is wrong, never a guess and never a crash."""

from __future__ import annotations

import contextlib
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.watchlists import KINDS, format_of
from bot.watchlists.base import Head, WatchEntry, WatchListError

from .test_formats import DATA, GOLDEN, Golden

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE sdnList [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<sdnList><sdnEntry><uid>1</uid><lastName>&b;</lastName></sdnEntry></sdnList>"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE sdnList [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<sdnList><sdnEntry><uid>1</uid><lastName>&x;</lastName></sdnEntry></sdnList>"""


def entries(kind: str, folder: Path, **files: bytes) -> tuple[WatchEntry, ...]:
    paths = {}
    for part, content in files.items():
        paths[part] = folder / f"{part}.raw"
        paths[part].write_bytes(content)
    return tuple(format_of(kind).entries(paths, Head()))


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        ("ofac_xml", b"", "broken XML"),
        ("ofac_xml", b"<html><body>Not found</body></html>", "begins with <html> where <sdnList> is expected"),
        ("ofac_xml", b"<Sanctions xmlns='x'/>", "begins with <Sanctions> where <sdnList> is expected"),
        ("ofac_xml", LAUGHS, "declares a document type"),
        ("ofac_xml", LAUGHS.decode().replace('"1.0"?', '"1.0" encoding="utf-16"?').encode("utf-16"), "document type"),
        ("ofac_xml", OUTSIDE, "declares a document type"),
        ("ofac_xml", b"<sdnList><sdnEntry>&unknown;</sdnEntry></sdnList>", "broken XML"),
        ("un_xml", b'{"error": "try later"}', "broken XML in line 1"),
        ("eu_xml", b"<export xmlns='x'><sanctionEntity", "broken XML in line 1"),
        ("uk_xml", b"<export/>", "where <Designations> or <ArrayOfFinancialSanctionsTarget> is expected"),
        ("ofac_csv", b"ent_num,SDN_Name\n1,X\n", "row 1 of the alt file has 2 cells beginning with 'ent_num'"),
        ("uk_csv", b"<!DOCTYPE html><html>", "begins like XML or a web page"),
        ("uk_csv", b"Report Date: 01-Jan-2026\nA,B,C\n1,2,3\n", "none of its first 5 rows has the columns"),
        ("uk_csv", b"Unique ID,Name 6\n\x00\x00", "holds NUL bytes"),
        ("uk_csv", b'Unique ID,Name 6\n1,"' + b"x" * (5 << 20), "broken CSV in row 2"),
        ("uk_ods", b"PK\x03\x04 and no more", "no OpenDocument spreadsheet"),
        ("uk_ods", zipped(mimetype=b"x"), "no OpenDocument spreadsheet"),
        ("uk_ods", zipped(content_xml=b"<html/>"), "begins with <html> where <document-content> is expected"),
        ("opensanctions_csv", b"id,name\n1,X\n", "lacks the column 'schema'"),
        ("opensanctions_csv", b"id,schema,name,aliases\n1,Person,X\n", "row 2 has 3 cells where the header has 4"),
        ("opensanctions_csv", b"", "lacks the column 'id'"),
        ("ftm_json", b"<html>", "line 1 is no JSON"),
        ("ftm_json", b"[" * 100_000, "line 1 is no JSON"),
        ("ftm_json", b'{"id": "1"}', "line 1 is no entity"),
        ("ftm_json", b'{"a": "' + b"x" * (5 << 20), "line 1 is longer than 4 MB"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(kind: str, content: bytes, says: str, tmp_path: Path) -> None:
    files = dict.fromkeys(format_of(kind).PARTS, content)
    with pytest.raises(WatchListError) as caught:
        entries(kind, tmp_path, **files)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_rows_and_cells_that_repeat_a_million_times_do_no_harm(tmp_path: Path) -> None:
    office, table, text = (f"urn:oasis:names:tc:opendocument:xmlns:{n}:1.0" for n in ("office", "table", "text"))
    header = "".join(f"<t:table-cell><x:p>{c}</x:p></t:table-cell>" for c in ("Unique ID", "Name 6"))
    content = (
        f'<o:document-content xmlns:o="{office}" xmlns:t="{table}" xmlns:x="{text}"><t:table><t:table-row>{header}'
        '</t:table-row><t:table-row t:number-rows-repeated="999999999"><t:table-cell '
        't:number-columns-repeated="999999999"><x:p>Bely Zhuravl</x:p></t:table-cell></t:table-row></t:table>'
        "</o:document-content>"
    )
    (found,) = entries("uk_ods", tmp_path, main=zipped(content_xml=content.encode()))
    assert found.name.text == "Bely Zhuravl"


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda g: f"{g.kind}-{g.files['main']}")
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_breaks_off_never_gives_more_or_other_entries(golden: Golden, share: float, tmp_path: Path) -> None:
    files = {part: (DATA / name).read_bytes() for part, name in golden.files.items()}
    files["main"] = files["main"][: int(len(files["main"]) * share)]
    known = {e.id for e in golden.entries}
    try:
        found = entries(golden.kind, tmp_path, **files)
    except WatchListError:
        return
    assert {e.id for e in found} <= known


@given(kind=st.sampled_from(sorted(KINDS)), noise=st.binary(max_size=400), at=st.integers(0, 3))
def test_random_bytes_in_a_file_are_refused_or_read_but_never_crash(
    kind: str, noise: bytes, at: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    golden = next(g for g in GOLDEN if g.kind == kind)
    folder = tmp_path_factory.mktemp("noise")
    files = {part: (DATA / name).read_bytes() for part, name in golden.files.items()}
    main = files["main"]
    cut = len(main) * at // 4
    files["main"] = main[:cut] + noise + main[cut + len(noise) :]
    with contextlib.suppress(WatchListError):  # nothing else may come
        assert all(e.id and e.name.text for e in entries(kind, folder, **files))


def test_a_big_file_is_read_in_little_memory(tmp_path: Path) -> None:
    """30 MB of entries, while the parser is held to 3 MB of Python objects."""
    remarks = "A shipping agent of the harbour. " * 40
    path = tmp_path / "big.xml"
    with path.open("w") as file:
        file.write("<sdnList><publshInformation><Record_Count>20000</Record_Count></publshInformation>")
        for number in range(20_000):
            file.write(
                f"<sdnEntry><uid>{number}</uid><lastName>DHOW {number}</lastName><sdnType>Entity</sdnType>"
                f"<remarks>{remarks}</remarks></sdnEntry>\n"
            )
        file.write("</sdnList>")
    assert path.stat().st_size > 25 << 20
    tracemalloc.start()
    try:
        count = sum(1 for _ in entries_of(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 3 << 20


def entries_of(path: Path) -> Iterator[WatchEntry]:
    return format_of("ofac_xml").entries({"main": path}, Head())
