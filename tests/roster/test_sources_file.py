"""sources.yaml → Source values. Each mistake has a file in ``data/sources_file``, and its exact words."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from bot.config import shipped_rules
from bot.errors import ConfigError
from bot.model import Source
from bot.roster.sources_file import load_sources, sources_schema

DATA = Path(__file__).parents[1] / "data" / "sources_file"


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


@pytest.mark.parametrize(
    ("defaults", "entry", "every", "bounds"),
    [
        ("", "", 10, None),
        ("every: 5m", "", 5, None),
        ("every: auto", "", 10, (1, 360)),
        ("every: auto", "every: 7m", 7, None),
        ("", "every: auto", 10, (1, 360)),
        ("", "every_max: 5m", 5, (1, 5)),
        ("every_min: 20m", "", 20, (20, 360)),
        ("every_min: 20m", "every_max: 30m", 20, (20, 30)),
        ("every: auto", "kind: gdelt, query: x", 15, None),  # a service keeps its own interval
        ("", "kind: gdelt, query: x, every: auto", 15, (15, 360)),
    ],
)
def test_an_interval_is_fixed_or_follows_the_rhythm_within_bounds(
    tmp_path: Path, defaults: str, entry: str, every: int, bounds: tuple[int, int] | None
) -> None:
    url = "" if "kind" in entry else 'url: "https://a.example/f", '
    (tmp_path / "sources.yaml").write_text(f"defaults: {{{defaults}}}\nsources:\n  - {{id: a, {url}{entry}}}\n")
    (source,) = load_sources([tmp_path])
    assert source.every == timedelta(minutes=every)
    assert source.bounds == (None if bounds is None else tuple(timedelta(minutes=m) for m in bounds))


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("every: 10m, every_min: 5m", "leave them out, or write every: auto"),
        ("every_min: 2h, every_max: 1h", "every_min: must not be longer than every_max:"),
        ("every: sometimes", "'sometimes' is not a length of time"),
        ("every_min: 5s", "every_min: must be at least 1m"),
    ],
)
def test_an_interval_that_contradicts_itself_is_refused(tmp_path: Path, entry: str, text: str) -> None:
    (tmp_path / "sources.yaml").write_text(f'sources:\n  - {{id: a, url: "https://a.example/f", {entry}}}\n')
    with pytest.raises(ConfigError, match=re.escape(text)):
        load_sources([tmp_path])


def test_a_key_of_the_config_is_sent_there(tmp_path: Path) -> None:
    text = "sources:\n  - {id: a, url: 'http://a.example/', every: 5m, allow_private: true}\n"
    with pytest.raises(ConfigError, match="allow_private: belongs into wirewatch"):
        load_sources([folder(tmp_path, "a", text)])
