"""What an edit did, and that a save is noticed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.live import rulebook
from bot.live.reload import LISTED_MAX, difference, watch
from bot.live.rulebook import Rulebook


def rule(name: str, when: str = "flood", severity: str = "low") -> str:
    return f"  - {{id: {name}, title: {name}, severity: {severity}, when: {when}}}\n"


def book(folder: Path, *rules: str, sources: str = "", lists: str = "") -> Rulebook:
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text("rules:\n" + "".join(rules) if rules else "rules: []\n", encoding="utf-8")
    (folder / "sources.yaml").write_text(f"sources: [{sources}]\n", encoding="utf-8")
    (folder / "lists").mkdir(exist_ok=True)
    (folder / "lists" / "friends.yaml").write_text(
        f"list: friends\ntitle: Friends\nsource: made up\nas_of: 2026-01-01\ncountries: [{lists or 'FR'}]\n",
        encoding="utf-8",
    )
    return rulebook.load([folder])


A, B = "{id: a, url: 'https://a.example/feed'}", "{id: b, url: 'https://b.example/feed'}"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        pytest.param({}, {}, "", id="nothing"),
        pytest.param({"rules": (rule("x"),)}, {"rules": (rule("x"), rule("y"))}, "rules added: y", id="a new rule"),
        pytest.param({"rules": (rule("x"),)}, {"rules": ()}, "rules removed: x", id="a rule gone"),
        pytest.param(
            {"rules": (rule("x"),)}, {"rules": (rule("x", severity="high"),)}, "rules changed: x", id="a severity"
        ),
        pytest.param({"rules": (rule("x"),)}, {"rules": (rule("x", "storm"),)}, "rules changed: x", id="a condition"),
        pytest.param(
            {"rules": (rule("x"), rule("y"))}, {"rules": (rule("y"), rule("x"))}, "", id="another order is no change"
        ),
        pytest.param({"rules": (rule("x"),)}, {"rules": ("\n  # why\n", rule("x"))}, "", id="a comment is no change"),
        pytest.param({"sources": A}, {"sources": B}, "sources added: b; sources removed: a", id="a source for another"),
        pytest.param(
            {"sources": A},
            {"sources": A.replace("}", ", every: 5m}")},
            "sources changed: a",
            id="another interval",
        ),
        pytest.param({"lists": "FR"}, {"lists": "FR, DE"}, "lists changed: friends", id="a list"),
        pytest.param(
            {},
            {"rules": tuple(rule(f"r{n:02d}") for n in range(LISTED_MAX + 3))},
            f"rules added: {', '.join(f'r{n:02d}' for n in range(LISTED_MAX))} and 3 more",
            id="many are counted",
        ),
    ],
)
def test_the_difference_names_what_changed(
    tmp_path: Path, before: dict[str, object], after: dict[str, object], text: str
) -> None:
    def made(of: dict[str, object]) -> Rulebook:
        rules = of.get("rules", ())
        assert isinstance(rules, tuple)
        return book(tmp_path / "rules", *rules, sources=str(of.get("sources", "")), lists=str(of.get("lists", "")))

    assert difference(made(before), made(after)) == text


async def test_a_save_deep_below_a_folder_is_noticed(tmp_path: Path) -> None:
    heard: list[int] = []
    stopping = asyncio.Event()

    async def changed() -> None:
        heard.append(1)

    watching = asyncio.create_task(watch([tmp_path, tmp_path / "not there"], changed, stopping))
    (tmp_path / "deep").mkdir()
    async with asyncio.timeout(60):
        # A watch takes a moment to be set up, and a save before that would be missed: save until it is heard.
        for n in range(10_000):
            if heard:
                break
            (tmp_path / "deep" / "rules.yaml").write_text(f"rules: [] # {n}\n", encoding="utf-8")
            await asyncio.sleep(0.1)
        stopping.set()
        await watching
    assert heard


async def test_without_a_folder_there_is_nothing_to_watch(tmp_path: Path) -> None:
    async def changed() -> None:
        raise AssertionError

    await watch([tmp_path / "not there"], changed, asyncio.Event())


@pytest.mark.parametrize("filled", [True, False])
async def test_a_file_that_is_being_written_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filled: bool
) -> None:
    """What is written in place is empty for a moment. A file that stays empty was meant to be."""
    rules = tmp_path / "rules.yaml"
    looks: list[float] = []
    heard: list[str] = []
    stopping = asyncio.Event()
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        looks.append(seconds)
        if filled and len(looks) == 3:
            rules.write_text("rules: []\n", encoding="utf-8")
        await real(0)

    async def changed() -> None:
        heard.append(rules.read_text(encoding="utf-8"))
        stopping.set()

    watching = asyncio.create_task(watch([tmp_path], changed, stopping))
    monkeypatch.setattr("bot.live.reload.asyncio.sleep", sleep)
    async with asyncio.timeout(30):
        while not heard:  # a watch takes a moment to be set up
            if not looks:
                rules.write_bytes(b"")
            await real(0.2)
        await watching
    assert heard == (["rules: []\n"] if filled else [""])
    assert len(looks) == (3 if filled else 20)
