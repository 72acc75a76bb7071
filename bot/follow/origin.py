"""Who stands behind a report, so that sources are counted once each. Pure.

Copy of an agency counts as the agency, whoever prints it; outlets of one owner count once, as far as the owner is known
or declared; and what is a copy of an earlier report of the story adds no source at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

# The agencies' own sites; everything else is declared under `owners:` or counts by its domain.
_OWN = {
    "reuters.com": "reuters",
    "apnews.com": "ap",
    "ap.org": "ap",
    "afp.com": "afp",
    "upi.com": "upi",
    "dpa.com": "dpa",
    "efe.com": "efe",
    "ansa.it": "ansa",
    "xinhuanet.com": "xinhua",
    "news.cn": "xinhua",
    "tass.com": "tass",
    "tass.ru": "tass",
    "interfax.ru": "interfax",
    "ria.ru": "ria",
    "kyodonews.net": "kyodo",
    "yna.co.kr": "yonhap",
    "aa.com.tr": "anadolu",
    "ptinews.com": "pti",
    "aninews.in": "ani",
    "bloomberg.com": "bloomberg",
    "ukrinform.net": "ukrinform",
    "ukrinform.ua": "ukrinform",
}
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "gov", "gob", "gouv", "ac", "edu", "or", "ne", "go"})
_AGGREGATORS = frozenset(  # their addresses say nothing of the outlet
    {"google.com", "feedburner.com", "feedproxy.com", "reddit.com", "ycombinator.com", "t.co", "bing.com", "yahoo.com"}
)


class Reported(Protocol):
    """The part of a report that tells who is behind it."""

    @property
    def source_id(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def credit(self) -> str: ...
    @property
    def copied(self) -> bool: ...


def domain(url: str) -> str:
    """The part of an address that an outlet registers: ``https://feeds.bbci.co.uk/x`` → ``bbci.co.uk``. By the shape
    of the name: no list of all public suffixes is kept for it."""
    return _registered("/".join(url.split("/", 3)[:3]))


@lru_cache(4096)  # a summary of a month asks for thousands of addresses on some dozens of hosts
def _registered(root: str) -> str:
    """Of an address up to its host, which is all that tells."""
    try:
        host = (urlsplit(root).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
    parts = host.split(".")
    if len(parts) < 2 or parts[-1].isdigit():
        return host
    keep = 3 if len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in _SECOND_LEVEL else 2
    return ".".join(parts[-keep:])


def origin(report: Reported, owners: Mapping[str, str]) -> str:
    """Who stands behind a report: an agency, an owner, or the outlet's domain; the source where there is no better."""
    if report.credit:
        return report.credit
    site = domain(report.url)
    if site in _AGGREGATORS:
        site = ""
    declared = owners.get(report.source_id) or owners.get(site)
    return declared or _OWN.get(site) or site or report.source_id


def independent(reports: Iterable[Reported], owners: Mapping[str, str]) -> int:
    """How many independent sources there are among reports; one at least if there is any."""
    every = tuple(reports)
    found = {origin(report, owners) for report in every if not report.copied}
    return max(len(found), min(len(every), 1))
