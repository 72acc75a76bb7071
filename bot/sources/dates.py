"""Dates as publishers write them.

Pure and without a clock: a text that gives no full date gives ``None``, never "today". What is read: RFC 822 with its
usual mistakes, ISO 8601 and the like, day-first and year-first numbers, month names in 16 languages, East Asian
dates, Unix time. Rules: no zone is UTC; ``03/04/2026`` is day first unless only month first is possible; years
outside 1990 to 2100 are garbage; ``24:00`` is midnight at the end of the day; no time of day is midnight.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

MAX_DATE = 100  # characters; longer texts are no dates
_YEARS = range(1990, 2101)

# Month names and abbreviations, lower case, without accents and dots; several forms per month where a language
# inflects them. English, German, French, Spanish, Italian, Portuguese, Dutch, Danish/Norwegian, Swedish, Polish,
# Czech, Russian, Ukrainian, Turkish, Indonesian, Romanian.
_MONTH_WORDS = (
    "jan january januar janner janvier janv enero ene gennaio gen janeiro januari stycznia sty ledna января янв січня "
    "ocak oca ianuarie ian",
    "feb february februar fevrier fevr fev febrero febbraio fevereiro februari lutego lut unora февраля фев лютого "
    "subat sub pebruari februarie",
    "mar march marz mars marzo março marco maart mrt marts marca brezna марта мар березня mart maret martie",
    "apr april avril avr abril abr aprile kwietnia kwi dubna апреля апр квітня nisan nis aprilie",
    "may mai mayo maggio mag maio mei maj maja kvetna мая май травня mayis",
    "jun june juni juin junio giugno giu junho czerwca cze cervna июня июн червня haziran haz iunie iun",
    "jul july juli juillet juil julio luglio lug julho lipca lip cervence июля июл липня temmuz tem iulie iul",
    "aug august aout agosto ago augustus augusti sierpnia sie srpna августа авг серпня agustos agu agustus agt",
    "sep sept september septembre septiembre settembre set setembro wrzesnia wrz zari сентября сен сент вересня eylul "
    "eyl septembrie",
    "oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika paz rijna октября окт жовтня ekim "
    "eki octombrie",
    "nov november novembre noviembre novembro listopada lis listopadu ноября ноя листопада kasim kas noiembrie",
    "dec december dezember dez decembre diciembre dic dicembre dezembro grudnia gru prosince декабря дек грудня aralik "
    "ara desember des decembrie",
)
MONTHS = {word: number for number, words in enumerate(_MONTH_WORDS, 1) for word in words.split()}

# Zone names seen in feeds, as minutes from UTC. Where a name is ambiguous (IST, CST) the reading of RFC 822 and of
# the larger press is taken. Unknown names count as UTC.
_ZONES = {
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "akst": -540, "akdt": -480, "hst": -600, "bst": 60, "ist": 330, "wat": 60, "cat": 120, "sast": 120, "eat": 180,
    "wet": 0, "west": 60, "cet": 60, "cest": 120, "met": 60, "mest": 120, "mez": 60, "mesz": 120, "eet": 120,
    "eest": 180, "msk": 180, "trt": 180, "gst": 240, "pkt": 300, "wib": 420, "ict": 420, "sgt": 480, "hkt": 480,
    "pht": 480, "awst": 480, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "acst": 570, "acdt": 630, "nzst": 720,
    "nzdt": 780, "brt": -180, "art": -180, "clt": -240,
}  # fmt: skip

_TIME = re.compile(r"(?<!\d)(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\b)?", re.IGNORECASE)
_OFFSET = re.compile(r"(?:(?:gmt|utc)\s*)?([+-−])(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE)
_ZONE_WORD = re.compile(r"\b([a-z]{3,4})\b")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?)?(?!\d)", re.IGNORECASE)
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})(?!\d)")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|ª)?[\s.,-]*(?:de\s+|of\s+)?([^\W\d_]{3,})[\s.,-]*(?:del?\s+)?(\d{4}|\d{2})(?![\d:])"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")

_UNIX_DATE = re.compile(r"([a-z]{3})\s+(\d{1,2})\s+(\d{1,2}:\d{2}:\d{2})\s*([a-z]{3,5})?\s+(\d{4})")


def parse_date(text: str) -> datetime | None:
    """The moment that a text names, in UTC; ``None`` if it names no full date. Never raises."""
    text = text.strip()
    if not text or len(text) > MAX_DATE:
        return None
    try:
        return _iso(text) or _unix(text) or _free(text)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    if not text[:4].isdigit() or text[4:5] not in ("-", ""):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _plausible(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _unix(text: str) -> datetime | None:
    if not (text.isascii() and text.isdigit() and len(text) in (10, 13)):
        return None
    return _plausible(datetime.fromtimestamp(int(text[:10]), UTC))


def _free(text: str) -> datetime | None:
    text = _UNIX_DATE.sub(r"\2 \1 \5 \3 \4", _plain(text))
    day = _day(text)
    if day is None:
        return None
    (year, month, date), rest = day
    hour, minute, second, rest = _clock(rest)
    offset = _zone(rest)
    moment = datetime(year, month, date, tzinfo=UTC) + timedelta(hours=hour, minutes=minute - offset, seconds=second)
    return _plausible(moment)


def _day(text: str) -> tuple[tuple[int, int, int], str] | None:
    """Year, month and day, and the text without them."""
    if found := _YEAR_FIRST.search(text):
        day = int(found[1]), int(found[2]), int(found[3])
    elif found := _COMPACT.match(text):
        clock = f" {found[4]}:{found[5]}:{found[6] or '00'} " if found[4] else " "
        return (int(found[1]), int(found[2]), int(found[3])), clock + text[found.end() :]
    elif found := _YEAR_LAST.search(text):
        first, second = int(found[1]), int(found[2])
        month_first = first <= 12 < second
        day = (int(found[3]), first, second) if month_first else (int(found[3]), second, first)
    elif (found := _DAY_MONTH.search(text)) and found[2] in MONTHS:
        year = int(found[3])
        day = (year + 2000 if year < 70 else year + 1900) if year < 100 else year, MONTHS[found[2]], int(found[1])
    elif (found := _MONTH_DAY.search(text)) and found[1] in MONTHS:
        day = int(found[3]), MONTHS[found[1]], int(found[2])
    else:
        return None
    return day, f"{text[: found.start()]} {text[found.end() :]}"


def _clock(text: str) -> tuple[int, int, int, str]:
    found = _TIME.search(text)
    if found is None:
        return 0, 0, 0, text
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[4] or "").replace(".", "")
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError("no time of day")
    return hour, minute, second, text[found.end() :]


def _zone(text: str) -> int:
    """Minutes from UTC."""
    if found := _OFFSET.search(text):
        hours, minutes = int(found[2]), int(found[3] or 0)
        if hours > 14 or minutes > 59:
            return 0
        return (hours * 60 + minutes) * (1 if found[1] == "+" else -1)
    for found in _ZONE_WORD.finditer(text):
        if found[1] in _ZONES:
            return _ZONES[found[1]]
    return 0


def _plausible(moment: datetime) -> datetime | None:
    return moment.astimezone(UTC) if moment.year in _YEARS else None


def _plain(text: str) -> str:
    """Lower case without accents (Cyrillic keeps its own letters), ``ı`` as ``i``; white space collapsed."""
    lowered = text.lower().replace("ı", "i")
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", lowered)))
        lowered = lowered.replace("ł", "l")
    return " ".join(lowered.split())


_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
