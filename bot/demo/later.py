"""What the outlets of the demo publish a little later, so that stories go on: a second outlet with new numbers, one
that makes a story graver, and a report that is withdrawn. Invented, as everything in ``feeds/``."""

from __future__ import annotations

from collections.abc import Mapping

_FIRST = "  <item>\n    <title>North Korea to ship"
_ITEM = """\
  <item>
    <title>{title}</title>
    <link>https://harbourwire.example/{id}</link>
    <guid isPermaLink="false">{id}</guid>
    <pubDate>{{{{rfc822:{minutes}}}}}</pubDate>
    <description>{text}</description>
  </item>
"""
_MORE_HOSPITALS = _ITEM.format(
    id="hw-1101",
    minutes=2,
    title="Ransomware attack spreads to seven Dutch hospitals, ambulances turned away",
    text="A ransomware attack has now cut off seven hospitals in the Netherlands from their patient records, the "
    "health minister said. Ambulances are being sent to clinics across the border in Belgium, and 1,200 operations "
    "were put off. The gang behind it claims to have stolen 900 gigabytes of data.",
)
_WHOSE_RIFLES = _ITEM.format(
    id="hw-1102",
    minutes=1,
    title="Rifles seized from dhow off Oman came from Iranian arms deal, navy says",
    text="The 1,400 assault rifles and two crates of missile components that a patrol seized from a dhow in the Gulf "
    "of Oman were part of an arms deal between Iran and the Houthis, the navy said. The boat flew no flag. Its crew of "
    "nine said that they were bound for Yemen.",
)

LATER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "rss20.xml": ((_FIRST, f"{_WHOSE_RIFLES}{_MORE_HOSPITALS}{_FIRST}"),),
    "latin1.xml": (("<title>Inspectors find", "<title>WITHDRAWN: Inspectors find"),),
}
"""By feed: what stands there, and what stands there later."""
