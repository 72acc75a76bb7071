"""The official lists: where their publishers keep them.

Addresses as of October 2026. They move now and then; a ``url`` in ``wirewatch.yaml`` goes before them. The EU's
address carries the token that the EU prints in its open data portal for everyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_OFAC = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports"


@dataclass(frozen=True, slots=True)
class Official:
    """A list that can be had by its name alone. ``urls`` are by part; ``entry_url`` leads people to one entry."""

    kind: str
    title: str
    urls: Mapping[str, str] = field(default_factory=dict)
    entry_url: str = ""


_OFAC_ENTRY = "https://sanctionssearch.ofac.treas.gov/Details.aspx?id={id}"
_OPENSANCTIONS = "https://data.opensanctions.org/datasets/latest/sanctions"
_OPENSANCTIONS_ENTRY = "https://www.opensanctions.org/entities/{id}/"

OFFICIAL: Mapping[str, Official] = {
    "ofac_sdn": Official("ofac_xml", "OFAC SDN list", {"main": f"{_OFAC}/SDN.XML"}, _OFAC_ENTRY),
    "ofac_consolidated": Official(
        "ofac_xml", "OFAC Consolidated (non-SDN) list", {"main": f"{_OFAC}/CONSOLIDATED.XML"}, _OFAC_ENTRY
    ),
    "ofac_sdn_csv": Official(
        "ofac_csv",
        "OFAC SDN list",
        {"main": f"{_OFAC}/SDN.CSV", "alt": f"{_OFAC}/ALT.CSV", "add": f"{_OFAC}/ADD.CSV"},
        _OFAC_ENTRY,
    ),
    "un_sc": Official(
        "un_xml",
        "UN Security Council consolidated list",
        {"main": "https://scsanctions.un.org/resources/xml/en/consolidated.xml"},
    ),
    "eu_fsf": Official(
        "eu_xml",
        "EU financial sanctions list",
        {
            "main": "https://webgate.ec.europa.eu/fsd/fsf/public/files/xmlFullSanctionsList_1_1/content"
            "?token=dG9rZW4tMjAxNw"
        },
    ),
    "uk_sanctions": Official(
        "uk_csv", "UK Sanctions List", {"main": "https://sanctionslist.fcdo.gov.uk/docs/UK-Sanctions-List.csv"}
    ),
    "opensanctions": Official(
        "opensanctions_csv",
        "OpenSanctions, sanctioned entities",
        {"main": f"{_OPENSANCTIONS}/targets.simple.csv"},
        _OPENSANCTIONS_ENTRY,
    ),
}
