"""What still stands of a story when it is told anew."""

from __future__ import annotations

import pytest

from bot.follow.standing import fallen, outgrown
from bot.model import Article
from tests.samples import article


def report(outlet: str, title: str = "Putsch in Examplia", text: str = "Shots were heard.", **more: str) -> Article:
    return article(f"{outlet}-{title}", source_id=outlet, title=title, text=text, **more)


REUTERS = "LOMARA (Reuters) - Shots were heard near the palace."


@pytest.mark.parametrize(
    ("reports", "gone"),
    [
        ([report("a"), report("b")], {}),
        ([report("a"), report("b"), report("a", "KILL: Putsch in Examplia")], {0: "killed by its agency"}),
        ([report("a"), report("b"), report("b", "WITHDRAWN-Putsch in Examplia")], {1: "withdrawn by its publisher"}),
        # the copy of the agency falls with it, whoever printed it, and named by the notice or by what it takes back
        (
            [report("a", text=REUTERS), report("b", text=REUTERS), report("c"), report("a", "KILL: Putsch")],
            {0: "killed by its agency", 1: "killed by its agency"},
        ),
        ([report("a", author="Reuters"), report("b", "KILL: Putsch", REUTERS)], {0: "killed by its agency"}),
        # what the outlet writes later stands; so does what came before somebody else's notice
        ([report("a", "KILL: Putsch"), report("a", "Fireworks, not shots")], {}),
        # a correction stands in place of what it corrects
        ([report("a"), report("b"), report("a", "CORRECTED-Putsch in Examplia")], {0: ""}),
        (
            [report("a"), report("a", "CORRECTED-Putsch"), report("a", "KILL: Putsch")],
            {0: "killed by its agency", 1: "killed by its agency"},
        ),
    ],
)
def test_what_its_author_takes_back_does_not_stand(reports: list[Article], gone: dict[int, str]) -> None:
    found = fallen(reports)
    assert {n: one.withdrawn for n, one in found.items() if not one.notice} == gone
    assert all("KILL" in reports[n].title or "WITHDRAWN" in reports[n].title for n in found if found[n].notice)


@pytest.mark.parametrize(
    ("titles", "old"),
    [
        (["Quake kills 12 in Examplia", "Examplia quake: 12 dead", "Toll of quake rises to 47"], {0, 1}),
        (["Quake kills 12 in Examplia", "Rescuers at work", "Aid is promised"], set()),
        (["At least 47 dead in quake", "Quake kills 12 in one village"], set()),
        (["Quake kills 12", "Quake injures 300"], set()),
    ],
)
def test_a_toll_that_a_later_headline_exceeds_is_old(titles: list[str], old: set[int]) -> None:
    assert outgrown([report(f"o{n}", title) for n, title in enumerate(titles)]) == old
