"""The simulated day: 20 outlets, stories with their truth, and everything that each outlet publishes when.

:func:`make_day` draws it from a seed; nothing is downloaded, and all sentences are made up (``data/day_events.yaml``).
Every :class:`Piece` knows which story it tells and which facts it holds, so that what a bot makes of the day can be
held against the truth.

A story is first told by somebody, then copied from the wires word for word, told in other words, cut to a summary, and
carried on with higher numbers while it develops. Some pairs of stories are near-misses: the same kind of event in the
same region of the same country, on the same day; of a coup, of which a country has one at a time, in two countries, as
nothing in their texts would tell two in one country apart. Between them stands what is told once.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.day_text import fill, name, organisation, person

BEGIN = datetime(2026, 11, 3, 0, 0, tzinfo=UTC)  # a Tuesday
DAY = timedelta(days=1)
DATA = Path(__file__).parent / "data" / "day_events.yaml"


class Style(StrEnum):
    """How an outlet works."""

    AGENCY = "agency"  # the long report that others copy
    COPY = "copy"  # prints agency reports, cut
    DAILY = "daily"  # tells it in its own words
    BRIEF = "brief"  # a summary of a sentence or two
    FLASH = "flash"  # a headline and nothing else


class Quirk(StrEnum):
    """What is wrong with an outlet's feed."""

    NONE = ""
    GUIDS = "guids change with every look"
    TRACKING = "addresses carry who reads them"
    EDITS = "headlines are polished later"


@dataclass(frozen=True)
class Outlet:
    """``owner``: outlets of one owner count as one source. ``form``: the format of its feed."""

    id: str
    title: str
    style: Style
    form: str = "rss"
    quirk: Quirk = Quirk.NONE
    owner: str = ""


class Kind(StrEnum):
    """What a piece is to its story."""

    REPORT = "report"
    COPY = "copy"
    UPDATE = "update"
    CORRECTION = "correction"
    RETRACTION = "retraction"
    NOISE = "noise"


@dataclass(frozen=True)
class Event:
    """What happened. ``numbers``: from which moment on which number is known. ``alerts``: a shipped rule asks for such
    events."""

    id: str
    type: str
    alerts: bool
    slots: Mapping[str, str]
    numbers: tuple[tuple[datetime, int], ...]
    twin: str = ""  # the event that this is a near-miss of


@dataclass(frozen=True)
class Piece:
    """An article as an outlet publishes it. ``facts`` as ``slot=value``. ``edited``: when it appears in new words, and
    those."""

    id: str
    outlet: str
    story: str
    kind: Kind
    title: str
    text: str
    published: datetime
    facts: frozenset[str]
    edited: tuple[datetime, str, str] | None = None

    @property
    def url(self) -> str:
        return f"https://{self.outlet}.example/news/{self.id}"


@dataclass(frozen=True)
class Day:
    """Pieces by time of publication."""

    outlets: tuple[Outlet, ...]
    events: Mapping[str, Event]
    pieces: tuple[Piece, ...]
    by_url: Mapping[str, Piece] = field(default_factory=dict)


_OUTLETS = (
    Outlet("norwire", "Norwire", Style.AGENCY, "rss"),
    Outlet("meridian", "Meridian Press Agency", Style.AGENCY, "atom"),
    Outlet("courier", "The Courier", Style.COPY, "rss", owner="Lund Papers"),
    Outlet("evening", "Evening Courier", Style.COPY, "rss", owner="Lund Papers"),
    Outlet("bay-times", "Bay Times", Style.COPY, "json", Quirk.GUIDS),
    Outlet("westpost", "West Post", Style.COPY, "rdf"),
    Outlet("globe", "Globe & Mirror", Style.DAILY, "rss"),
    Outlet("tribune", "The Tribune", Style.DAILY, "atom", Quirk.EDITS),
    Outlet("observer", "Harbour Observer", Style.DAILY, "rss", Quirk.TRACKING),
    Outlet("today", "Today", Style.DAILY, "json"),
    Outlet("channel6", "Channel 6", Style.DAILY, "rss", Quirk.EDITS),
    Outlet("gazette", "Northern Gazette", Style.DAILY, "rdf"),
    Outlet("standard", "The Standard", Style.DAILY, "rss"),
    Outlet("monitor", "World Monitor", Style.DAILY, "atom"),
    Outlet("radio-one", "Radio One", Style.BRIEF, "rss"),
    Outlet("dispatch", "Morning Dispatch", Style.BRIEF, "rss", Quirk.GUIDS),
    Outlet("metro", "Metro Brief", Style.BRIEF, "json"),
    Outlet("ticker", "Ticker", Style.FLASH, "rss"),
    Outlet("signal", "Signal Risk", Style.BRIEF, "atom"),
    Outlet("herald", "Herald", Style.DAILY, "rss", Quirk.TRACKING),
)

# country, adjective, capital
_COUNTRIES: list[tuple[str, str, str]] = [
    ("Sudan", "Sudanese", "Khartoum"),
    ("Nigeria", "Nigerian", "Abuja"),
    ("Pakistan", "Pakistani", "Islamabad"),
    ("Yemen", "Yemeni", "Sanaa"),
    ("Colombia", "Colombian", "Bogota"),
    ("Peru", "Peruvian", "Lima"),
    ("Iran", "Iranian", "Tehran"),
    ("Russia", "Russian", "Moscow"),
    ("Ukraine", "Ukrainian", "Kyiv"),
    ("Indonesia", "Indonesian", "Jakarta"),
    ("Kenya", "Kenyan", "Nairobi"),
    ("Ethiopia", "Ethiopian", "Addis Ababa"),
    ("Syria", "Syrian", "Damascus"),
    ("Iraq", "Iraqi", "Baghdad"),
    ("Libya", "Libyan", "Tripoli"),
    ("Mexico", "Mexican", "Mexico City"),
    ("Turkey", "Turkish", "Ankara"),
    ("India", "Indian", "Delhi"),
    ("Afghanistan", "Afghan", "Kabul"),
    ("Venezuela", "Venezuelan", "Caracas"),
    ("Bangladesh", "Bangladeshi", "Dhaka"),
    ("Mali", "Malian", "Bamako"),
    ("Haiti", "Haitian", "Port-au-Prince"),
    ("Myanmar", "Burmese", "Naypyidaw"),
]

# How many reports a story has, and of how many stories in 300.
_SIZES = ((1, 20), (2, 40), (4, 75), (6, 70), (9, 45), (14, 25), (22, 15), (35, 7), (60, 3))
_BUSY = [2, 2, 1, 1, 2, 3, 5, 7, 8, 8, 8, 7, 7, 7, 7, 7, 7, 6, 6, 5, 4, 4, 3, 3]  # how much happens, by hour
DEVELOPS = 0.4  # of the stories get higher numbers
LAGS = 0.2  # of the reports still have the number before
TWINS = 0.14  # of the stories are near-misses of another one
CORRECTED, RETRACTED = 0.12, 0.08  # of the stories that alert
EDITED = 0.3  # of the reports of an outlet that polishes its headlines
NATIONAL = frozenset({"coup"})  # kinds of which a country has one at a time


@lru_cache(maxsize=1)
def texts() -> Any:
    """What the sentences are made of."""
    import yaml

    return yaml.safe_load(DATA.read_text(encoding="utf-8"))


def make_day(seed: int = 1, *, stories: int = 300, articles: int = 4_000) -> Day:
    """Draw a day of that many stories; what is told once fills it up to that many articles."""
    dice = random.Random(seed)
    regions = {
        country: [f"{name(dice)} {dice.choice(_REGION_KINDS)}" for _ in range(4)] for country, _, _ in _COUNTRIES
    }
    events = _events(dice, stories, regions)
    pieces: list[Piece] = []
    sizes = [size for size, count in _SIZES for _ in range(max(1, round(count * stories / 300)))]
    sizes = (sizes + [6] * stories)[:stories]
    dice.shuffle(sizes)
    for event, size in zip(events, sizes, strict=True):
        pieces += _Telling(event, size, dice).pieces()
    pieces += [_noise(dice, regions, n) for n in range(articles - len(pieces))]
    numbered = sorted(pieces, key=lambda p: (p.published, p.outlet, p.title))
    final = tuple(replace(p, id=f"{_slug(p.title)}-{n}") for n, p in enumerate(numbered))
    return Day(_OUTLETS, {e.id: e for e in events}, final, {p.url: p for p in final})


_REGION_KINDS = ("Province", "Valley", "Coast", "Highlands", "District")


def _slug(title: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in title.lower()).split()
    return "-".join(words[:5])


def _moment(dice: random.Random, *, before: float = 24.0) -> datetime:
    """A time of the day, more often when more happens."""
    hour = dice.choices(range(24), weights=_BUSY)[0]
    return BEGIN + timedelta(hours=min(hour + dice.random(), before - 0.05))


# -- what happens ---------------------------------------------------------------------------------------------------
def _events(dice: random.Random, count: int, regions: Mapping[str, Sequence[str]]) -> list[Event]:
    kinds = list(texts()["events"])
    made: list[Event] = []
    twins = int(count * TWINS)
    # One event of a kind in a country, but for the twins: two coups in one country are no ordinary day.
    places = [(kind, country) for country in _COUNTRIES for kind in kinds]
    for number, (kind, country) in enumerate(dice.sample(places, count - twins)):
        made.append(_event(dice, f"s{number}", kind, country, regions))
    for number in range(count - twins, count):
        of = dice.choice(made[: count - twins])
        country = next(c for c in _COUNTRIES if c[0] == of.slots["country"])
        region = of.slots["region"]
        if of.type in NATIONAL:
            had = {e.slots["country"] for e in made if e.type == of.type}
            at = _COUNTRIES.index(country)
            free = (c for c in _COUNTRIES[at:] + _COUNTRIES[:at] if c[0] not in had)
            if (other := next(free, None)) is not None:
                country, region = other, regions[other[0]][0]
        twin = _event(dice, f"s{number}", of.type, country, regions, region=region)
        made.append(replace(twin, twin=of.id))
    return made


def _event(
    dice: random.Random,
    id_: str,
    kind: str,
    country: Sequence[str],
    regions: Mapping[str, Sequence[str]],
    region: str = "",
) -> Event:
    spec = texts()["events"][kind]
    low, high = spec["n"]
    start = dice.randint(low, max(low, high // 2))
    at = _moment(dice, before=22.0)
    numbers = [(at, start)]
    if dice.random() < DEVELOPS:
        for _ in range(dice.choice((1, 1, 2))):
            at = at + timedelta(hours=dice.uniform(1.0, 4.0))
            start = start + dice.randint(1, max(2, high // 4))
            numbers.append((at, start))
    slots = {
        "country": country[0],
        "adj": country[1],
        "capital": country[2],
        "region": region or dice.choice(regions[country[0]]),
        "town": name(dice, dice.choice((2, 3))),
        "who": person(dice),
        "who2": name(dice),
        "who3": person(dice),
        "org": organisation(dice),
        "m": (others := str(dice.randint(11, 240))),
        "state": "missing" if int(others) % 2 else "injured",  # of n people; one event has one answer
        "mag": f"{dice.uniform(5.6, 7.4):.1f}",
        "issuer": dice.choice(("EU", "Britain", "Washington", "Canada")),
        "when2": "Wednesday",
        **_words(dice),
        **{slot: dice.choice(spec[slot]) for slot in ("thing", "cause", "extra")},
    }
    return Event(id_, kind, spec["alerts"], slots, tuple(numbers))


# -- who tells it, and how -----------------------------------------------------------------------------------------
class _Telling:
    """Everything that is published about one event."""

    def __init__(self, event: Event, size: int, dice: random.Random) -> None:
        self._event, self._size, self._dice = event, size, dice
        spec = texts()["events"][event.type]
        # Who reports on one event has seen the others' reports: not every wording goes round.
        self._headlines = dice.sample(spec["headlines"], 3)
        self._leads = dice.sample(spec["leads"], min(3, len(spec["leads"])))
        self._facts = dice.sample(spec["facts"], len(spec["facts"]) - 1) + dice.sample(texts()["details"], 3)
        self._updates_said = spec["updates"]
        self._wires: list[Piece] = []

    def pieces(self) -> list[Piece]:
        """In the order in which they are written."""
        dice, begin = self._dice, self._event.numbers[0][0]
        # A large story is told by all at once; others trickle.
        pace = 12.0 if self._size >= 30 else 75.0  # minutes, mean distance from the event
        times = [begin, *sorted(begin + timedelta(minutes=dice.expovariate(1 / pace)) for _ in range(self._size - 1))]
        told = [self._report(at, first=n == 0) for n, at in enumerate(t for t in times if t < BEGIN + DAY)]
        for at, number in self._event.numbers[1:]:
            if at < BEGIN + DAY - timedelta(minutes=30):
                told += self._updates(at, number)
        if self._event.alerts and dice.random() < CORRECTED:
            told += self._special(Kind.CORRECTION)
        elif self._event.alerts and dice.random() < RETRACTED:
            told += self._special(Kind.RETRACTION)
        return told

    def _slots(self, at: datetime, *, late: bool = False) -> dict[str, str]:
        known = [n for since, n in self._event.numbers if since <= at] or [self._event.numbers[0][1]]
        if late and len(known) > 1:
            known.pop()
        hour = at.hour
        when = "early on Tuesday" if hour < 6 else "on Tuesday morning" if hour < 11 else "on Tuesday"
        old = known[-2] if len(known) > 1 else known[-1]
        return {**self._event.slots, "n": str(known[-1]), "old": str(old), "when": when}

    def _report(self, at: datetime, *, first: bool) -> Piece:
        dice = self._dice
        weights = [4 if o.style is Style.AGENCY and first else 1 for o in _OUTLETS]
        outlet = dice.choices(_OUTLETS, weights)[0]
        wires = [w for w in self._wires if w.published <= at]
        if outlet.style is Style.COPY and wires:
            return self._copy(outlet, dice.choice(wires), at)
        slots = self._slots(at, late=dice.random() < LAGS)
        title, said = self._say(self._headlines, slots)
        parts: list[str] = []
        lead, more = self._say(self._leads, slots)
        if outlet.style is not Style.FLASH:
            parts.append(lead)
            said |= more
        room = {Style.AGENCY: (4, 7), Style.DAILY: (3, 6), Style.COPY: (2, 4), Style.BRIEF: (0, 1), Style.FLASH: (0, 0)}
        for wordings in dice.sample(self._facts, min(len(self._facts), dice.randint(*room[outlet.style]))):
            sentence, more = self._say(wordings, slots)
            parts.append(sentence)
            said |= more
        if outlet.style in (Style.AGENCY, Style.DAILY):
            parts += self._background(outlet, slots)
        text = " ".join(parts)
        if outlet.style is Style.AGENCY and text:
            text = f"{slots['town'].upper()}, November 3 ({outlet.title}) - {text}"
        piece = self._piece(outlet, Kind.REPORT, title, text, at, said)
        if outlet.style is Style.AGENCY:
            self._wires.append(piece)
        if outlet.quirk is Quirk.EDITS and dice.random() < EDITED:
            polished, _ = self._say(self._headlines, slots)
            piece = replace(piece, edited=(at + timedelta(minutes=dice.randint(15, 90)), polished, text))
        return piece

    def _copy(self, outlet: Outlet, wire: Piece, at: datetime) -> Piece:
        """A wire report, cut at the end, often under the same headline."""
        dice = self._dice
        sentences = wire.text.split(". ")
        kept = ". ".join(sentences[: dice.randint(max(2, len(sentences) // 2), len(sentences))]).rstrip(".") + "."
        title, said = (wire.title, wire.facts) if dice.random() < 0.6 else self._say(self._headlines, self._slots(at))
        facts = frozenset(f for f in wire.facts | said if f.partition("=")[2] in f"{title} {kept}")
        return self._piece(outlet, Kind.COPY, title, kept, at, facts)

    def _updates(self, at: datetime, number: int) -> list[Piece]:
        """Who carries the story on: an agency or a daily first, then some others."""
        dice = self._dice
        found = []
        for order in range(dice.randint(1, 3)):
            outlet = dice.choice([o for o in _OUTLETS if o.style in (Style.AGENCY, Style.DAILY)])
            moment = at + timedelta(minutes=12 * order + dice.randint(0, 8))
            slots = self._slots(moment)
            slots["n"] = str(number)
            title, said = self._say(self._headlines, slots)
            text, more = self._say(self._updates_said, slots)
            extra, third = self._say(dice.choice(self._facts), slots)
            found.append(self._piece(outlet, Kind.UPDATE, title, f"{text} {extra}", moment, said | more | third))
        return [p for p in found if p.published < BEGIN + DAY]

    def _special(self, kind: Kind) -> list[Piece]:
        """A correction or a retraction by the agency that reported it."""
        if not self._wires:
            return []
        wire = self._dice.choice(self._wires)
        outlet = next(o for o in _OUTLETS if o.id == wire.outlet)
        at = wire.published + timedelta(minutes=self._dice.randint(20, 120))
        if at >= BEGIN + DAY:
            return []
        slots = self._slots(wire.published)
        if kind is Kind.CORRECTION:
            right = str(int(slots["n"]) + self._dice.choice((-1, 1)) * self._dice.randint(1, 3))
            text = f"(Corrects number in first paragraph to {right}, not {slots['n']}.) {wire.text}"
            return [self._piece(outlet, kind, f"CORRECTION: {wire.title}", text, at, wire.facts | {f"n={right}"})]
        text = (
            f"The report by {outlet.title} headlined “{wire.title}” is withdrawn: what it says about "
            f"{slots['town']} in {slots['country']} could not be confirmed. There will be no substitute."
        )
        return [self._piece(outlet, kind, f"KILL: {wire.title}", text, at, frozenset({"withdrawn"}))]

    def _background(self, outlet: Outlet, slots: Mapping[str, str]) -> list[str]:
        dice, shared = self._dice, texts()["background"]
        found = [fill(dice.choice(shared["country"]), slots, dice)[0]] if dice.random() < 0.6 else []
        if dice.random() < 0.4:
            found.append(shared["outlets"][sum(map(ord, outlet.id)) % len(shared["outlets"])])
        return found

    def _say(self, wordings: Sequence[str], slots: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        return fill(self._dice.choice(wordings), slots, self._dice)

    def _piece(self, outlet: Outlet, kind: Kind, title: str, text: str, at: datetime, said: frozenset[str]) -> Piece:
        return Piece("", outlet.id, self._event.id, kind, title, text, at.replace(microsecond=0), said)


def _noise(dice: random.Random, regions: Mapping[str, Sequence[str]], number: int) -> Piece:
    """What one outlet tells, and nobody asked for."""
    country = dice.choice(_COUNTRIES)
    spec = texts()["noise"]
    slots = {
        "country": country[0],
        "adj": country[1],
        "region": dice.choice(regions[country[0]]),
        "town": name(dice, 3),
        "who": person(dice),
        "org": organisation(dice),
        "m": str(dice.randint(2, 90)),
    }

    def say(template: str) -> tuple[str, frozenset[str]]:
        return fill(template, {**slots, **_words(dice)}, dice)

    title, said = say(dice.choice(spec["headlines"]))
    outlet = dice.choice(_OUTLETS)
    sentences = dice.sample(spec["texts"], 0 if outlet.style is Style.FLASH else dice.randint(2, 4))
    parts = [say(sentence) for sentence in sentences]
    at = _moment(dice).replace(microsecond=0)
    text = " ".join(sentence for sentence, _ in parts)
    facts = said.union(*(more for _, more in parts))
    return Piece("", outlet.id, f"n{number}", Kind.NOISE, title, text, at, facts)


def _words(dice: random.Random) -> dict[str, str]:
    """Everyday words that no two things told have in common but by chance."""
    words = texts()["words"]
    a, b, c = dice.sample(words["things"].split(), 3)
    p, q = dice.sample(words["qualities"].split(), 2)
    acts, wishes = words["acts"].split(), words["wishes"].split()
    return {"a": a, "b": b, "c": c, "p": p, "q": q, "v": dice.choice(acts), "v2": dice.choice(wishes)}
