"""The conventions of news agencies: marks before headlines, notices in texts, credits. One row a case."""

from __future__ import annotations

import pytest

from bot.follow.wire import corrected, credit, plain_title, withdrawn

BODY = "Troops crossed the river at dawn, the ministry said."


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("UPDATE 2-Troops cross the river", "Troops cross the river"),
        ("WRAPUP 1-Troops cross the river", "Troops cross the river"),
        ("REFILE-Troops cross the river", "Troops cross the river"),
        ("RPT-UPDATE 1-Troops cross the river", "Troops cross the river"),
        ("CORRECTED-Troops cross the river", "Troops cross the river"),
        ("Correction: Troops cross the river", "Troops cross the river"),
        ("KILL: Troops cross the river", "Troops cross the river"),
        ("Troops cross the river [corrected]", "Troops cross the river"),
        ("Kill: the life of a bull fighter", "Kill: the life of a bull fighter"),  # a plain word in small letters
        ("Update on the river crossing", "Update on the river crossing"),
        ("Corrections officers strike in Ohio", "Corrections officers strike in Ohio"),
        ("Repeat offender jailed", "Repeat offender jailed"),
    ],
)
def test_a_mark_is_not_part_of_the_headline(title: str, plain: str) -> None:
    assert plain_title(title) == plain


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("KILL: Troops cross the river", BODY, "killed by its agency"),
        ("MANDATORY KILL: Troops cross the river", BODY, "killed by its agency"),
        ("WITHDRAWN-Troops cross the river", BODY, "withdrawn by its publisher"),
        ("RETRACTION: Troops cross the river", BODY, "withdrawn by its publisher"),
        ("ADVISORY: Troops", "The story about troops at the river has been withdrawn.", "withdrawn by its publisher"),
        ("Troops cross the river", "This article has been retracted. It was wrong.", "withdrawn by its publisher"),
        ("ADVISORY: Editors", "The agency withdraws its story on the river.", "withdrawn by its publisher"),
        ("ADVISORY-Events of the week", "The minister speaks on Monday.", ""),
        ("CORRECTED-Troops cross the river", BODY, ""),
        ("Troops withdrawn from the river", BODY, ""),
        ("Minister retracts claim on river", "He had said that troops were there.", ""),
        ("Bear kills two", BODY, ""),
    ],
)
def test_a_report_that_no_longer_stands_says_so(title: str, text: str, why: str) -> None:
    assert withdrawn(title, text) == why


@pytest.mark.parametrize(
    ("title", "text", "yes"),
    [
        ("CORRECTED-Troops cross the river", BODY, True),
        ("Clarification: Troops", BODY, True),
        ("ADVISORY: Troops", "Please note that the date is Tuesday.", True),
        ("Troops cross the river", f"(Corrects date in paragraph 2) {BODY}", True),
        ("Troops cross the river", f"{BODY}\nAn earlier version of this story named another river.", True),
        ("Troops cross the river", f"{BODY}\nCorrection: the river is the Kelva.", True),
        ("Troops cross the river", BODY, False),
        ("UPDATE 1-Troops cross the river", BODY, False),
        ("Minister corrects himself", "He corrects his figures.", False),
    ],
)
def test_a_report_that_corrects_says_so(title: str, text: str, yes: bool) -> None:
    assert corrected(title, text) is yes


@pytest.mark.parametrize(
    ("author", "text", "by"),
    [
        ("", f"KELVA, March 4 (Reuters) - {BODY}", "reuters"),
        ("", f"KELVA (AP) — {BODY}", "ap"),
        ("Associated Press", BODY, "ap"),
        ("By Ann Roe, Agence France-Presse", BODY, "afp"),
        ("", f"{BODY} (Reporting by Ann Roe; Editing by Bo Li)", "reuters"),
        ("", f"{BODY} — AFP", "afp"),
        ("Ann Roe", BODY, ""),
        ("", f"{BODY} He told Reuters that more would come.", ""),
    ],
)
def test_an_agency_is_known_by_its_credit(author: str, text: str, by: str) -> None:
    assert credit(author, text) == by
