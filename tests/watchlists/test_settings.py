"""``watchlists:`` in wirewatch.yaml."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import load_config
from bot.errors import ConfigError
from bot.watchlists import KINDS, format_of
from bot.watchlists.official import OFFICIAL
from bot.watchlists.report import Options
from bot.watchlists.settings import list_sources


def config(folder: Path, lists: str) -> Path:
    path = folder / "wirewatch.yaml"
    (folder / "rules").mkdir(exist_ok=True)
    path.write_text(f"channels: {{console: {{kind: console}}}}\nwatchlists:\n{lists}")
    return path


def test_official_lists_need_their_name_only_and_are_off_unless_named(tmp_path: Path) -> None:
    path = config(tmp_path, "".join(f"  {name}: {{}}\n" for name in OFFICIAL))
    found = {s.name: s for s in list_sources(load_config(path, {}).watchlists)}
    assert found.keys() == OFFICIAL.keys()
    for name, official in OFFICIAL.items():
        assert official.kind in KINDS
        assert tuple(official.urls) == format_of(official.kind).PARTS
        assert {p: u.reveal() for p, u in found[name].urls.items()} == official.urls
        assert all(u.startswith("https://") for u in official.urls.values())
        assert found[name].every == timedelta(hours=24)
    path.write_text("channels: {console: {kind: console}}\n")
    assert list_sources(load_config(path, {}).watchlists) == ()


def test_a_list_of_ones_own_and_all_keys(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        '  own: {kind: ftm_json, url: "https://lists.example.org/own.json?key=${KEY}", title: Ours, every: 6h,\n'
        "        weak: true, one_word: true, common: true}\n"
        "  un_sc: {url: https://mirror.example.org/un.xml}\n",
    )
    loaded = load_config(path, {"KEY": "geheim"})
    own, un = list_sources(loaded.watchlists)
    assert (own.title, own.every, own.options) == ("Ours", timedelta(hours=6), Options(True, True, True))
    assert own.urls["main"].reveal() == "https://lists.example.org/own.json?key=geheim"
    assert "geheim" not in f"{own} {loaded}"
    assert own.urls["main"] in loaded.secrets()
    assert (un.kind, un.urls["main"].reveal()) == ("un_xml", "https://mirror.example.org/un.xml")


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        ("  ofac_sdm: {}", "3:13: 'ofac_sdm' is no official list and has no kind: and url:; did you mean 'ofac_sdn'?"),
        ("  own: {kind: un_xml}", "3:8: the watch list 'own' lacks url:; add it"),
        ("  own: {kind: ofac_csv, url: https://e.org/a}", "3:8: the watch list 'own' lacks alt_url:; add it"),
        ("  un_sc: {alt_url: https://e.org/a}", "3:10: alt_url: is for the kind ofac_csv only; delete it"),
        ("  un_sc: {kind: un_xlm}", "3:17: kind: 'un_xlm' is not a kind of watch list"),
        ("  un_sc: {url: ftp://e.org/a}", "3:16: url: not a usable address"),
        ("  un_sc: {evry: 1h}", "3:11: unknown key 'evry'; did you mean 'every'?"),
        ("  un_sc: {every: 5m}", "3:18: every: must be at least 1h"),
        ("  Un Sc: {}", "3:3: "),
    ],
)
def test_mistakes_are_told_with_their_place(lists: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(config(tmp_path, lists), {})
    assert any(f"wirewatch.yaml:{says}" in str(p) for p in caught.value.problems), caught.value.problems
