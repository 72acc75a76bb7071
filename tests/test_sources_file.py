"""sources.yaml → Source values. Each mistake has a file in ``data/sources_file``, and its exact words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from bot.config import shipped_rules
from bot.errors import ConfigError
from bot.model import Source
from bot.sources_file import load_sources, sources_schema

DATA = Path(__file__).parent / "data" / "sources_file"


def folder(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).mkdir()
    (tmp_path / name / "sources.yaml").write_text(text)
    return tmp_path / name


@pytest.mark.parametrize("name", sorted(p.stem for p in DATA.glob("*.yaml")))
def test_each_mistake_is_told_in_these_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA)
    with pytest.raises(ConfigError) as caught:
        load_sources([Path(f"{name}.yaml")])
    assert f"{caught.value}\n" == (DATA / f"{name}.txt").read_text()


def test_defaults_hold_where_a_source_says_nothing(tmp_path: Path) -> None:
    text = """
defaults: {every: 15m, tags: [wire], lang: de}
sources:
  - {id: a, url: "https://a.example/rss"}
  - {id: b, url: "https://b.example/rss", title: B, every: 1h, tags: [], lang: fr, enabled: false}
"""
    assert load_sources([folder(tmp_path, "rules", text)]) == (
        Source("a", "https://a.example/rss", tags=("wire",), every=timedelta(minutes=15), lang="de"),
        Source("b", "https://b.example/rss", title="B", every=timedelta(hours=1), lang="fr", enabled=False),
    )


def test_a_later_folder_overrides_switches_off_and_adds(tmp_path: Path) -> None:
    first = """
sources:
  - {id: a, url: "https://a.example/1", title: A}
  - {id: b, url: "https://b.example/"}
"""
    second = """
sources:
  - {id: b, url: "https://b.example/2"}
  - {id: a, enabled: false}
  - {id: c, url: "http://c.example/"}
"""
    assert load_sources([folder(tmp_path, "1", first), folder(tmp_path, "2", second)]) == (
        Source("a", "https://a.example/1", title="A", enabled=False),
        Source("b", "https://b.example/2"),
        Source("c", "http://c.example/"),
    )


def test_a_folder_without_sources_and_an_empty_file_have_none(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    assert load_sources([tmp_path / "bare", folder(tmp_path, "empty", "# none yet\n")]) == ()


def test_the_problems_of_all_files_come_together(tmp_path: Path) -> None:
    folders = [folder(tmp_path, name, "sources: [{id: a}]") for name in "xyz"]
    with pytest.raises(ConfigError) as caught:
        load_sources(folders)
    assert [p.file.parent.name for p in caught.value.problems] == ["x", "y", "z"]


def test_the_shipped_sources_load_and_fit_the_schema() -> None:
    shipped = load_sources([shipped_rules()])
    assert len(shipped) >= 40
    schema = sources_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    assert check.is_valid(yaml.safe_load((shipped_rules() / "sources.yaml").read_text()))
    assert not check.is_valid({"sources": [{"id": "a", "urll": "https://a.example/"}]})
