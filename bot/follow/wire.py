"""How news agencies mark what they send: who is credited, what is corrected, withdrawn or killed. Pure.

The conventions are those of the wires' own handbooks and feeds: Reuters writes ``CORRECTED-``, ``REFILE-``,
``UPDATE 2-``, ``WITHDRAWN-`` and ``ADVISORY-`` before a headline, AP and AFP ``Correction:``, ``KILL:``, ``ADVISORY:``;
others put a word in brackets behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

HEAD = 400  # characters of a text in which a credit or a notice to readers stands
TAIL = 500  # the same at its end


class Sign(StrEnum):
    """What an agency says about its own report."""

    UPDATE = "update"  # a newer version with more in it
    REFILE = "refile"  # sent again, for a slip of the pen
    CORRECTION = "correction"
    ADVISORY = "advisory"  # a word to editors
    WITHDRAWAL = "withdrawal"  # no longer stood by
    KILL = "kill"  # must not be used


@dataclass(frozen=True, slots=True)
class Convention:
    """``title`` is the headline without its mark."""

    sign: Sign
    title: str


_WORDS = {
    "update": Sign.UPDATE,
    "wrapup": Sign.UPDATE,
    "rpt": Sign.REFILE,
    "repeat": Sign.REFILE,
    "refile": Sign.REFILE,
    "refiled": Sign.REFILE,
    "refiles": Sign.REFILE,
    "correction": Sign.CORRECTION,
    "corrections": Sign.CORRECTION,
    "corrected": Sign.CORRECTION,
    "corrects": Sign.CORRECTION,
    "corrective": Sign.CORRECTION,
    "clarification": Sign.CORRECTION,
    "clarified": Sign.CORRECTION,
    "advisory": Sign.ADVISORY,
    "withdrawal": Sign.WITHDRAWAL,
    "withdrawn": Sign.WITHDRAWAL,
    "withdraws": Sign.WITHDRAWAL,
    "retraction": Sign.WITHDRAWAL,
    "retracted": Sign.WITHDRAWAL,
    "retracts": Sign.WITHDRAWAL,
    "kill": Sign.KILL,
    "killed": Sign.KILL,
}
_SHOUTED = frozenset({"kill", "killed", "repeat", "rpt", "withdraws", "retracts"})  # plain words in small letters
_MARK = "|".join(sorted(_WORDS, key=len, reverse=True))
_BEFORE = re.compile(
    rf"\s*(?:[*\[(]+\s*)?(?:MANDATORY |URGENT[- ]|EDITORS'? )?\b(?P<mark>{_MARK})\b(?: ?\d{{1,2}})?"
    r"(?: ?\([^)]{1,30}\))?\s*(?:[\])*]+\s*[-–—:]?|[:–—]|-(?=[\s\w\"'“‘]))\s*(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_BEHIND = re.compile(rf"(?P<rest>.*\S)\s*[\[(](?P<mark>{_MARK})[\])]\s*", re.IGNORECASE | re.DOTALL)

_WITHDRAWN_TEXT = re.compile(
    r"\b(?:this|the|our|a) (?:(?:earlier|above|following|previous) )?(?:story|article|report|item|piece|post)"
    r"(?: (?:headlined|titled|about|on|published)\b[^.\n]{0,160})? (?:has been|have been|was|is|has now been) "
    r"(?:withdrawn|retracted|killed|removed|taken down)\b"
    r"|\b(?:withdraws|retracts|is withdrawing|has withdrawn|has retracted) (?:(?:its|the|a|this|an) )?"
    r"(?:\w+ )?(?:story|article|report|item)\b"
    r"|\bplease (?:kill|disregard|do not use)\b|\bdo not use (?:this|the) (?:story|item)\b",
    re.IGNORECASE,
)
_CORRECTED_TEXT = re.compile(
    r"\A\s*\(?(?:Corrects|Refiles to correct|Correcting)\b"
    r"|\bthis (?:story|article|report) (?:has been|was) (?:corrected|amended)\b"
    r"|\b(?:an )?earlier version of this (?:story|article|report)\b"
    r"|(?:\A|\n)\s*(?:correction|clarification)\s*(?:\([^)]{1,40}\))?\s*[:–—]",
    re.IGNORECASE,
)


_ORDER = tuple(Sign)


def convention(title: str) -> Convention | None:
    """What the mark of a headline says, if it carries one; of several the gravest."""
    found = _marked(title)
    if found is None:
        return None
    inner = convention(found.title)
    if inner is None:
        return found
    return Convention(max(found.sign, inner.sign, key=_ORDER.index), inner.title)


def _marked(title: str) -> Convention | None:
    for pattern in (_BEFORE, _BEHIND) if title.rstrip().endswith((")", "]")) else (_BEFORE,):
        found = pattern.fullmatch(title)
        if found is None:
            continue
        mark = found["mark"]
        word = mark.lower()
        if word in _SHOUTED and not mark.isupper():
            continue
        if pattern is _BEHIND and _WORDS[word] is Sign.UPDATE:
            continue
        return Convention(_WORDS[word], found["rest"].strip())
    return None


def plain_title(title: str) -> str:
    """A headline without its mark."""
    found = convention(title)
    return title if found is None else found.title


def withdrawn(title: str, text: str) -> str:
    """Why a report no longer stands, in a few words; empty where it does. An advisory counts where its text says that
    a report was withdrawn."""
    found = convention(title)
    if found is not None and found.sign in (Sign.KILL, Sign.WITHDRAWAL):
        return "killed by its agency" if found.sign is Sign.KILL else "withdrawn by its publisher"
    if _WITHDRAWN_TEXT.search(text[:HEAD]) or (
        _WITHDRAWN_TEXT.search(title) and (found is None or found.sign is Sign.ADVISORY)
    ):
        return "withdrawn by its publisher"
    return ""


def corrected(title: str, text: str) -> bool:
    """Whether a report says that it corrects an earlier one."""
    found = convention(title)
    if found is not None:
        return found.sign in (Sign.CORRECTION, Sign.ADVISORY) or bool(_CORRECTED_TEXT.search(text[:HEAD]))
    return bool(_CORRECTED_TEXT.search(text[:HEAD]) or _CORRECTED_TEXT.search(text[-TAIL:]))


# -- who is credited ----------------------------------------------------------------------------------------------

_AGENCIES = {
    "reuters": r"Thomson Reuters|Reuters",
    "ap": r"Associated Press|AP",
    "afp": r"Agence France[- ]Presse|AFP",
    "upi": r"United Press International|UPI",
    "dpa": r"Deutsche Presse-Agentur|dpa|DPA",
    "efe": r"Agencia EFE|EFE",
    "ansa": r"ANSA",
    "xinhua": r"Xinhua",
    "tass": r"TASS|Tass",
    "interfax": r"Interfax",
    "ria": r"RIA Novosti",
    "kyodo": r"Kyodo(?: News)?",
    "yonhap": r"Yonhap",
    "anadolu": r"Anadolu(?: Agency)?",
    "pti": r"Press Trust of India|PTI",
    "ani": r"ANI",
    "aap": r"Australian Associated Press|AAP",
    "pa": r"PA Media|PA news agency",
    "cp": r"Canadian Press",
    "bloomberg": r"Bloomberg(?: News)?",
    "ukrinform": r"Ukrinform",
    "apa": r"APA",
    "belga": r"Belga",
    "ritzau": r"Ritzau",
}
_NAMED = "|".join(f"(?P<{key}>{names})" for key, names in _AGENCIES.items())
_BY = re.compile(rf"(?:\b[Bb]y )?\b(?:the |The )?(?:{_NAMED})\b")
_HEAD_CREDIT = re.compile(
    rf"\A[^\n]{{0,80}}?\((?:{_NAMED})(?:[/,] ?[A-Za-z ]{{2,20}})?\)\s*[-–—:]"
    rf"|\A\s*(?:[^\n]{{0,60}}\n\s*)?(?:[Bb]y [^\n]{{0,60}}?[,|/]? )?(?:the |The )?(?:{_NAMED.replace('?P<', '?P<b_')})"
    r"(?:\s*\n|\s*[-–—|]\s)"
)
_TAIL_CREDIT = re.compile(
    rf"(?:\(|—|–|- |©|[Ss]ource: |[Cc]opyright (?:\d{{4}} )?(?:The )?)\s*(?:\d{{4}} )?(?:The )?(?:{_NAMED})\)?[.]?\s*\Z"
)
_REPORTING = re.compile(
    r"\((?:Additional )?(?:Reporting|Writing|Compiled) (?:by|and) [^()]{3,300}?[Ee]diting by [^()]{3,120}\)?\s*\Z"
)


def credit(author: str, text: str) -> str:
    """The agency that a report is by, such as ``reuters``; empty where none is credited."""
    if author:
        found = _BY.search(author)
        if found is not None:
            return _which(found)
    head = _HEAD_CREDIT.match(text[:HEAD])
    if head is not None:
        return _which(head)
    tail = text[-TAIL:].rstrip()
    end = _TAIL_CREDIT.search(tail)
    if end is not None:
        return _which(end)
    return "reuters" if _REPORTING.search(tail) else ""


def _which(found: re.Match[str]) -> str:
    named = (key for key, value in found.groupdict().items() if value)
    return next((key.removeprefix("b_") for key in named if key.removeprefix("b_") in _AGENCIES), "")
