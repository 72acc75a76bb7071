"""What one reading of the rules leaves for the next makes it faster and changes nothing."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from bot.collector import without_collector
from bot.errors import ConfigError
from bot.live import rulebook
from bot.rules.evaluate import Subject
from bot.rules.kept import FILES_BYTES_MAX, Kept

ARMS = "rules:\n  - {id: arms, severity: high, when: {any: [arms deal, {list: makers}]}}\n"
LIST = "list: makers\nsource: us\nas_of: 2026-01-01\nnames: [Acme Arms]\n"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / ("lists" if name == "makers" else "") / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def fires(book: rulebook.Rulebook, text: str) -> bool:
    return bool(book.engine.match(Subject("", text)))


@pytest.mark.parametrize(
    ("edit", "gone", "new"),
    [
        ({"arms": ARMS.replace("arms deal", "gun deal")}, "An arms deal.", "A gun deal."),
        ({"makers": LIST.replace("Acme", "Aeon")}, "Acme Arms.", "Aeon Arms."),
        ({"other": "rules:\n  - {id: other, severity: low, when: coup}\n"}, "Acme.", "A coup."),
    ],
)
def test_an_edit_is_seen_whatever_was_kept(tmp_path: Path, edit: dict[str, str], gone: str, new: str) -> None:
    write(tmp_path, arms=ARMS, makers=LIST)
    first = rulebook.load([tmp_path])
    write(tmp_path, **edit)
    second = rulebook.load([tmp_path], kept=first.kept)
    assert second.ruleset == rulebook.load([tmp_path]).ruleset
    assert fires(second, new)
    assert not fires(second, gone)


def test_a_file_that_stays_is_not_parsed_again(tmp_path: Path) -> None:
    write(tmp_path, arms="rules: []\n", other="define: {}\n")
    kept = Kept()
    before = kept.document(tmp_path / "arms.yaml", Path("arms.yaml"))
    assert kept.document(tmp_path / "arms.yaml", Path("arms.yaml")) is before
    assert kept.document(tmp_path / "arms.yaml", Path("elsewhere.yaml")) is not before  # messages name another file
    kept.forget_files_but({tmp_path / "other.yaml"})
    assert kept.document(tmp_path / "arms.yaml", Path("elsewhere.yaml")) is not before


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    write(tmp_path, small="rules: []\n", large=f"# {'x' * FILES_BYTES_MAX}\nrules: []\n")
    kept = Kept()
    small, large = (kept.document(tmp_path / f"{n}.yaml", Path("x")) for n in ("small", "large"))
    assert kept.document(tmp_path / "small.yaml", Path("x")) is small
    assert kept.document(tmp_path / "large.yaml", Path("x")) is not large


def test_a_refused_edit_leaves_what_was_kept_good(tmp_path: Path) -> None:
    write(tmp_path, arms=ARMS, makers=LIST)
    first = rulebook.load([tmp_path])
    write(tmp_path, arms=ARMS.replace("severity: high", "severity: hihg"))
    with pytest.raises(ConfigError):
        rulebook.load([tmp_path], kept=first.kept)
    write(tmp_path, arms=ARMS)
    assert rulebook.load([tmp_path], kept=first.kept).ruleset == first.ruleset


def test_the_collector_is_as_it_was_before() -> None:
    assert gc.isenabled()
    with without_collector():
        assert not gc.isenabled()
        with without_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
