"""Lists of invented companies of any size, for tests."""

from __future__ import annotations

from collections.abc import Iterable

from bot.secret import Secret
from bot.watchlists.report import Options
from bot.watchlists.settings import ListSource


def sdn(
    numbers: Iterable[int], *, day: str = "10/01/2026", programme: str = "SDGT", declared: int | None = None
) -> bytes:
    """An SDN file with a company for each number."""
    entries = "".join(
        f"<sdnEntry><uid>{n}</uid><lastName>Nakhlqar Dhow {n}</lastName><sdnType>Entity</sdnType>"
        f"<programList><program>{programme}</program></programList></sdnEntry>"
        for n in numbers
    )
    count = entries.count("<sdnEntry>") if declared is None else declared
    head = (
        f"<publshInformation><Publish_Date>{day}</Publish_Date><Record_Count>{count}</Record_Count></publshInformation>"
    )
    return f'<?xml version="1.0"?><sdnList xmlns="http://tempuri.org/sdnList.xsd">{head}{entries}</sdnList>'.encode()


def source(url: str, name: str = "ofac_sdn", kind: str = "ofac_xml", **more: str) -> ListSource:
    """The list at a test server."""
    urls = {"main": url, **more}
    return ListSource(
        name,
        "OFAC SDN list",
        kind,
        {part: Secret(u, u.partition("?")[0]) for part, u in urls.items()},
        options=Options(),
        entry_url="https://sanctions.example.org/entry/{id}",
    )
