"""Files that people edit: every mistake has a line and a column, and no file can hurt."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import yaml_nodes
from bot.errors import ConfigError
from bot.yaml_nodes import DEPTH_MAX, FILE_BYTES_MAX, SCALAR_MAX, Map, Scalar, Seq, load, load_file, place_of, plain
from tests.properties import examples

FILE = Path("f.yaml")


def complaints(data: bytes | str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(data, FILE)
    return [str(p) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("22:30", "22:30"),
        ("007", "007"),
        ("2022-02-24", "2022-02-24"),
        ("12", 12),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ('"true"', "true"),
        ("'12'", "12"),
        ("0x1F", "0x1F"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ],
)
def test_plain_values_follow_yaml_1_2(written: str, value: object) -> None:
    assert plain(load(f"a: {written}", FILE)) == {"a": value}


def test_plain_scalars_are_told_from_quoted_ones() -> None:
    document = load("- one\n- 'two'\n- |\n  x\n", FILE)
    assert isinstance(document, Seq)
    assert [n.plain for n in document if isinstance(n, Scalar)] == [True, False, False]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("a: &x [1]\nb: *x", "f.yaml:1:4: an anchor (&x) is not supported; use define: and use:"),
        (
            "a: *x",
            "f.yaml:1:4: an alias (*x) is not supported; use define: and use:, or quote a value that begins with *",
        ),
        ("a: !b c", "f.yaml:1:4: a tag (!b) is not supported; delete it, or quote a value that begins with !"),
        ("a: ! c", "f.yaml:1:4: a tag (!) is not supported; delete it, or quote a value that begins with !"),
        (
            "a: !!python/object:os.system x",
            "f.yaml:1:4: a tag (tag:yaml.org,2002:python/object:os.system) is not supported; delete it, or quote a "
            "value that begins with !",
        ),
        (
            "a: 1\nb: 2\na: 3",
            "f.yaml:3:1: the key 'a' stands here for the second time (first in line 1); delete one of the two",
        ),
        (
            "a: 1\r\nb: 2\ra: 3\n",
            "f.yaml:3:1: the key 'a' stands here for the second time (first in line 1); delete one of the two",
        ),
        ("a: b\n c\0d", "f.yaml:2:3: the control character U+0000 is not allowed here; delete it"),
        ("a: \x81", "f.yaml:1:4: the control character U+0081 is not allowed here; delete it"),
        ("a: \ud800", "f.yaml:1:4: a lone surrogate is not allowed here; delete it"),
        (b"a: b\nc: caf\xe9", "f.yaml:2:7: not UTF-8 from here on; save the file in the encoding UTF-8"),
        (b"\xff\xfea", "f.yaml:1:1: not UTF-8 from here on; save the file in the encoding UTF-8"),
        ("a: b\n---\nc: d", "f.yaml:2:1: a second document (---) in one file; put it into a file of its own"),
        ("? [a]\n: b", "f.yaml:1:3: a key must be a plain word"),
        (
            "a:\n\tb: c",
            "f.yaml:2:1: not valid YAML: a tab indents this line; indent with spaces, not tabs",
        ),
        (
            "a: b: c",
            "f.yaml:1:5: not valid YAML: this line has a second colon; quote the value if the colon belongs to it, or "
            "begin a new line",
        ),
        (
            "a: @b",
            'f.yaml:1:4: not valid YAML: @ has a meaning where a value begins; write the value in quotes, a: "@b"',
        ),
        ("[" * 1_000 + "]" * 1_000, "f.yaml:1:61: nested deeper than 60 levels; name parts of it under define: and use them"),  # noqa: E501
        ("[" * 1_000_000, "f.yaml:1:61: nested deeper than 60 levels; name parts of it under define: and use them"),
        (
            "\n".join(" " * i + "a:" for i in range(1_000)),
            "f.yaml:61:61: nested deeper than 60 levels; name parts of it under define: and use them",
        ),
        ("a: '" + "x" * 1_000_000 + "'", "f.yaml:1:4: a value of 1,000,000 characters; the limit is 65,536"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_with_its_place(data: bytes | str, complaint: str) -> None:
    assert complaints(data) == [complaint]


def test_a_bomb_is_one_line() -> None:
    bomb = "a: &a [x,x]\n" + "".join(f"{y}: &{y} [{', '.join(['*' + x] * 9)}]\n" for x, y in pairwise("abcdefghi"))
    assert complaints(bomb) == ["f.yaml:1:4: an anchor (&a) is not supported; use define: and use:"]


def test_all_mistakes_of_a_file_are_told() -> None:
    assert [c.split(": ")[0] for c in complaints("a: !x 1\nb: !y 2\na: 3")] == [
        "f.yaml:1:4",
        "f.yaml:2:4",
        "f.yaml:3:1",
    ]


def test_files(tmp_path: Path) -> None:
    good, large, missing = tmp_path / "good.yaml", tmp_path / "large.yaml", tmp_path / "missing.yaml"
    good.write_bytes(b"\xef\xbb\xbfa: b\r\n")
    large.write_bytes(b"# " + b"x" * 10_000_000)
    assert plain(load_file(good)) == {"a": "b"}
    with pytest.raises(ConfigError, match=r"^l\.yaml: larger than 8 MiB; split it into several files$"):
        load_file(large, Path("l.yaml"))
    with pytest.raises(ConfigError, match=r"^m\.yaml: no such file; check the path$"):
        load_file(missing, Path("m.yaml"))
    with pytest.raises(ConfigError, match=r"^d: is a folder; name the file in it$"):
        load_file(tmp_path, Path("d"))
    assert FILE_BYTES_MAX == 8 * 2**20


def test_empty_files_are_nothing() -> None:
    assert load("", FILE) is None
    assert load("# words\n", FILE) is None
    assert load("~", FILE) is None


def test_utf_16_is_read() -> None:
    assert plain(load("a: é".encode("utf-16"), FILE)) == {"a": "é"}


def test_places_are_found_by_path() -> None:
    document = load("a:\n  - b: 1\n    c:\n", FILE)
    assert document is not None
    assert [place_of(document, p)[1:] for p in (("a", 0, "b"), ("a", 0, "c"), ("a", 9), ("x",), ())] == [
        (2, 8), (3, 5), (2, 3), (1, 1), (1, 1),
    ]  # fmt: skip


def test_the_limits_themselves_are_allowed() -> None:
    assert plain(load("[" * DEPTH_MAX + "]" * DEPTH_MAX, FILE)) is not None
    assert load("a: " + "x" * SCALAR_MAX, FILE) is not None


def test_the_fast_parser_is_in_use() -> None:
    assert yaml_nodes._Parser.__name__ == "CParser"


@given(st.one_of(st.binary(max_size=80), st.text(max_size=80), st.text(" \n:-[]{}'\"&*!|>#%@`,?ab\t~", max_size=60)))
@settings(max_examples=examples(500))
def test_any_bytes_give_a_document_or_complaints_with_places(data: bytes | str) -> None:
    try:
        document = load(data, FILE)
    except ConfigError as error:
        document, problems = None, error.problems
    else:
        problems = ()
    assert document is None or isinstance(document, Scalar | Seq | Map)
    assert all(p.line >= 1 and p.column >= 1 and "\n" not in p.text for p in problems)


@given(
    st.recursive(
        st.one_of(st.text("ab: #-é北", max_size=8), st.integers(-99, 99), st.booleans(), st.none()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_what_another_library_writes_is_read_back(data: object) -> None:
    written = yaml.safe_dump({"x": data}, allow_unicode=True)
    assert plain(load(written, FILE)) == {"x": data}


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n  - b\n  c: d\n", "3:3", "indent this line like the key or - above"),
        ("a:\n b: 1\n  c: 2\n", "3:4", "indent this line like the key or - above"),
        ("a:\n  b: 1\n c: 2\n", "3:2", "indent this line like the key or - above"),
        ('a: 1\nb: "open\nc: 2\nd: 3\n', "2:4", 'the " that opens here is not closed; write " where'),
        ("a: 'open\nb: 2\n", "1:4", "the ' that opens here is not closed; write ' where"),
        ("a: [x, y\nb: 2\n", "1:4", "the [ that opens here is not closed; write ] where"),
        ("a: {x: y\nb: 2\n", "1:4", "the { that opens here is not closed; write } where"),
        ("a: [x, y\n", "1:4", "the [ that opens here is not closed; write ] where"),
        ("when: {any: [a, b}\n", "1:13", "the [ that opens here is not closed; write ] where"),
        ("a: x: y\n", "1:5", "a second colon; quote the value"),
        ("key value\nb: c\n", "2:2", "the line above has no colon"),
        ("a: 'it's'\n", "1:8", "put them around the whole value"),
        ("a: [b]]\n", "1:7", "quote the value if it holds any of"),
        ("a: - b\n", "1:4", "begin it on a new line, or write [a, b]"),
        ('a: "\\d"\n', "1:5", "use single quotes, or write it twice"),
        ('a: ["x\\0y"]\n', "1:5", "holds a null character"),
        ("a: */15 * * * *\n", "1:4", 'write the value in quotes, a: "*/15 * * * *"'),
        ("a: {b: %c}\n", "1:8", 'write the value in quotes, b: "%c"'),
        ("secret: @hunter22\n", "1:9", "@ has a meaning where a value begins; write the value in quotes"),
        ('{"a": {"b": 1}\n"c": 2}\n', "2:1", "a comma is missing before this"),
        ("a: {b:c}\n", "1:5", "the colon of b: needs a space behind it"),
        ("a:{b: c}\n", "1:1", "the colon of a: needs a space behind it"),
        ("a: {b: #c}\n", "1:8", 'the rest of the line is not read; write the value in quotes, b: "#c"'),
        ("a: [#b, c]\nd: [e]\n", "1:5", 'write the value in quotes, "#b"'),
        ("a: {b: #c,\n  d: e}\n", "1:8", 'write the value in quotes, b: "#c"'),
        ("a: {b: c #d}\n", "1:10", "is not read; write the value in quotes"),
        (
            "a: #b\n",
            "1:4",
            'a: is empty, since a # without quotes begins a comment; write the value in quotes, a: "#b"',
        ),
        ("a:\n  - #b c # d\n", "2:5", 'write the value in quotes, "#b c"'),
        (
            "a: {b: #c\n  }\n",
            "1:8",
            "b: is empty, since a # without quotes begins a comment; write the value in quotes",
        ),
    ],
)
def test_a_syntax_error_names_its_own_remedy(text: str, place: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(text, Path("f.yaml"))
    (problem,) = raised.value.problems
    assert (f"{problem.line}:{problem.column}", hint in problem.text) == (place, True), problem


@pytest.mark.parametrize("text", ["a: # b\n", "a: # b\n  c: d\n", "a: #!x\n", 'a: {b: "#c"} # [d]\n', "a: b #c\n"])
def test_a_comment_with_a_space_or_beside_a_value_is_a_comment(text: str) -> None:
    load(text, Path("f.yaml"))


def test_each_comment_that_swallows_something_is_told() -> None:
    text = 'a: {b: {c: #x}, d: [#y]}\ne: {f: #z}\ng: {h: "#fine"}\n'
    assert [c.split(": ")[0] for c in complaints(text)] == ["f.yaml:1:12", "f.yaml:2:8"]


def test_a_secret_is_not_repeated() -> None:
    for text in ("webhook: @hunter22\n", "token: #hunter22\n", "a: {secret: #hunter22}\n", "a: {api_key: `hunter22}\n"):
        (told,) = complaints(text)
        assert "hunter22" not in told


def test_a_long_word_before_a_comment_is_looked_through_once() -> None:
    """The square of its length would hold up a bot that reads a bad edit."""
    assert complaints(f"a: [{'x' * SCALAR_MAX} #y]\nb: }}") == [
        f"f.yaml:1:{SCALAR_MAX + 6}: not valid YAML: a # without quotes begins a comment, so that the rest of the line "
        "is not read; write the value in quotes"
    ]
