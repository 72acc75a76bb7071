"""``except_entities:`` of a rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.watchlists.exemptions import Exemption, expired, in_force, read_exemptions
from bot.yaml_nodes import Place, load_file


def read(folder: Path, text: str) -> tuple[tuple[Exemption, ...], list[str]]:
    path = folder / "e.yaml"
    path.write_text(text)
    node = load_file(path, Path("e.yaml"))
    assert node is not None
    found, problems = read_exemptions(node)
    return found, [str(p) for p in problems]


def test_an_exception_has_an_author_and_a_last_day(tmp_path: Path) -> None:
    found, problems = read(
        tmp_path,
        '- {id: "ofac_sdn:1", author: jane@example.org, until: 2027-03-31, note: the tennis player}\n'
        '- {id: "un_sc:KPi.9", author: jo}\n',
    )
    assert problems == []
    first, second = found
    assert first == Exemption(
        "ofac_sdn:1", "jane@example.org", date(2027, 3, 31), "the tennis player", Place(Path("e.yaml"), 1, 3)
    )
    assert second.until is None
    assert in_force(found, date(2027, 3, 31)) == {"ofac_sdn:1", "un_sc:KPi.9"}
    assert in_force(found, date(2027, 4, 1)) == {"un_sc:KPi.9"}
    assert expired(found, date(2027, 3, 31)) == ()
    (warning,) = expired(found, date(2027, 4, 1))
    assert warning.text == ("the exception for ofac_sdn:1 by jane@example.org ended on 2027-03-31; renew or delete it")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x", "1:1: except_entities: takes a list of {id: ..., author: ..., until: ..., note: ...}"),
        ("- x", '1:3: an exception is {id: "list:entry", author: ..., until: ..., note: ...}'),
        ('- {id: "a:1"}', "1:3: the key 'author' is missing; add author: ..."),
        ("- {author: jo}", "1:3: the key 'id' is missing; add id: ..."),
        ("- {id: soloveykin, author: jo}", "1:3: 'soloveykin' is no id of an entry; it is the list and the entry, as"),
        ('- {id: "a:1", author: jo, until: soon}', "1:34: until: takes a day such as 2027-03-31"),
        ('- {id: "a:1", autor: jo, author: jo}', "1:15: an exception has no key 'autor'; its keys are id, author"),
        ('- {id: "a:1", author: []}', "1:23: author: takes a text"),
        ('- {id: "a:1", author: jo}\n- {id: "a:1", author: jo}', "2:3: a:1 stands here twice; delete one"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, says: str, tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path, text)
    assert problem.startswith(f"e.yaml:{says}")
