"""How watch lists write countries → ISO 3166 codes."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.entities.facts import is_country
from bot.entities.tables import read_table, split_names
from bot.text import phrase

# Forms that official lists use and news does not (OFAC, the UN, the UK), normalised, without what is in brackets.
_OFFICIAL = {
    "burma": "MM",
    "congo democratic republic of the": "CD",
    "democratic people s republic of korea": "KP",
    "democratic peoples republic of korea": "KP",
    "congo republic of the": "CG",
    "holy see": "VA",
    "iran": "IR",
    "korea north": "KP",
    "korea south": "KR",
    "lao people s democratic republic": "LA",
    "libyan arab jamahiriya": "LY",
    "macedonia": "MK",
    "moldova republic of": "MD",
    "occupied palestinian territories": "PS",
    "palestinian": "PS",
    "region gaza": "PS",
    "republic of korea": "KR",
    "russian federation": "RU",
    "state of palestine": "PS",
    "syrian arab republic": "SY",
    "tanzania united republic of": "TZ",
    "united republic of tanzania": "TZ",
    "virgin islands british": "VG",
    "west bank": "PS",
    "ukraine": "UA",
    "suhh": "RU",  # OpenSanctions: the Soviet Union
    "yucs": "RS",
    "csxx": "RS",
    "cshh": "CZ",
    "dd": "DE",
}
_BRACKETS = re.compile(r"\(\d+\)|\([^()]*\)|\[[^\[\]]*\]")


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in read_table("countries.tsv"):
        for text in (row["name"], *split_names(row["aliases"]), *split_names(row["exact"])):
            found.setdefault(_key(text), row["code"])
    return found


def _key(text: str) -> str:
    return phrase(text.replace(",", " ").replace(".", " ")).removeprefix("the ")


@lru_cache(maxsize=4096)
def country_code(text: str) -> str:
    """``Korea, North`` → ``KP``, ``ru`` → ``RU``; empty where it is no country that can be named."""
    text = text.strip()[:100]
    if len(text) == 2 and is_country(text.upper()):
        return text.upper()
    for form in (text, _BRACKETS.sub(" ", text)):
        key = re.sub(r" +", " ", _key(form))
        code = _OFFICIAL.get(key) or _by_name().get(key)
        if code:
            return code
    if re.fullmatch(r"[a-z]{2}-[a-z]{2,4}", text):  # OpenSanctions: a part of a country, ua-cri
        return country_code(text[:2])
    return ""
