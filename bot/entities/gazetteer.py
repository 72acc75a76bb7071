"""Countries in a text: which of the scanner's hits name one, which country, how, and why.

The gazetteer owns the names; the rule compiler puts its :attr:`Gazetteer.patterns` into the one automaton and hands
back their hits. :meth:`Gazetteer.resolve` then works on these hits alone:

1. the longest name wins where hits overlap, if it is written as a name (capitals, the letters of an acronym);
   phrases that only look like a country (``Moscow Times``, ``guinea pig``) take their words away;
2. names that leave no doubt are counted, as evidence of where the piece is at home;
3. the doubtful ones are decided by their neighbours and by that evidence, with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.entities.compiled import Compiled, compiled
from bot.entities.context import WEIGHED, Decider, Verdicts
from bot.entities.datelines import dateline_span
from bot.entities.evidence import Found
from bot.entities.languages import DEFAULT_LANGS, guess_language
from bot.entities.names import Name, Use
from bot.entities.salience import countries_of, main_countries, salience
from bot.model import Mention, MentionKind
from bot.scan import Hit
from bot.text import Text

__all__ = ["Gazetteer", "countries_of", "load_gazetteer", "main_countries", "salience"]

CITIES_MIN_POPULATION = 100_000
"""People; the smallest cities that are names by default. Smaller ones are mostly surnames to a news reader."""

_DOUBT = (
    Use.WEAK
    | Use.LANGUAGE
    | Use.GIVEN
    | Use.FIRST
    | Use.WORD
    | Use.READINGS
    | Use.ABBREVIATION
    | Use.SINGLE
    | Use.SMALL
    | Use.COUNTY
    | Use.EXACT
    | Use.TWIN
    | Use.COMMON
)
_CAPITAL_ONLY = Use.COMMON | Use.WORD | Use.FIRST | Use.GIVEN | Use.SMALL | Use.WEAK | Use.COUNTY
_LANGS = Use.FOREIGN | Use.OTHERWISE
_KINDS = {kind.value: kind for kind in MentionKind}


class Gazetteer:
    """Names and what they stand for. Immutable; :meth:`resolve` may run in several threads at once."""

    __slots__ = ("_decider", "_names", "patterns")

    def __init__(self, data: Compiled) -> None:
        self.patterns: tuple[str, ...] = data.patterns
        self._names: tuple[Name, ...] = data.names
        self._decider = Decider(data)

    def resolve(
        self, text: Text, hits: Sequence[Hit], lang: str | None = None, source_name: str = ""
    ) -> tuple[Mention, ...]:
        """The mentions among ``hits`` (whose first numbers index :attr:`patterns`), by offset, none overlapping.

        ``lang`` is a language code where it is known; else it is guessed if a name of another language than
        English turns up. ``source_name`` weighs in for names that are places in several countries.
        """
        if not hits:
            return ()
        found, cues, persons, uses = self._claim(text, hits, lang)
        if not found:
            return ()
        verdicts = Verdicts(self._decider, text, found, persons, source_name)
        early = verdicts.weigh(cues) if uses & WEIGHED else {}
        dateline = dateline_span(text, found)
        body = text.body
        mentions: list[Mention] = []
        for i, (_, _, start, end, name) in enumerate(found):
            entity = name.entity
            reason = "" if name.use & Use.STATE else name.note
            if name.use & _DOUBT:
                entity, why, start = early[i] if i in early else verdicts.decide(i)
                if not entity:
                    continue
                reason = why or reason
                while mentions and mentions[-1].end > start:  # "Baton Rouge" in "West Baton Rouge Parish"
                    mentions.pop()
            kind = _KINDS[name.kind]
            if dateline and dateline[0] <= start < dateline[1]:
                kind = MentionKind.DATELINE
                reason = reason or "where the piece was written"
            mentions.append(Mention(body[start:end], start, end, entity, kind, name.origin, reason))
        return tuple(mentions)

    def _claim(
        self, text: Text, hits: Sequence[Hit], lang: str | None
    ) -> tuple[list[Found], list[str], list[str], int]:
        """The hits that are written as names, the longest where they overlap; cues; persons; all uses together."""
        names = self._names
        origin = text.origin
        body = text.body
        claimed = 0
        uses = 0
        small: bool | None = None  # nothing but small letters in the whole text
        found: list[Found] = []
        cues: list[str] = []
        persons: list[str] = []
        for start, minus_end, number in sorted([(start, -end, number) for number, start, end in hits]):
            if start < claimed:
                continue
            name = names[number]
            use = name.use
            if use & _LANGS:
                lang = lang or guess_language(text)
                meant = dict(name.langs).get(lang.partition("-")[0])
                if meant:
                    first, last = text.span(start, -minus_end)
                    foreign = Name(meant, "name", f"CLDR, names in {lang}")
                    found.append(Found(start, -minus_end, first, last, foreign))
                    claimed = -minus_end - 1
                    continue
                if use & Use.FOREIGN:
                    continue
            first = origin(start + 1)
            if not use & Use.ANYCASE:
                if use & (Use.EXACT | Use.ABBREVIATION):
                    written = body[first : origin(-minus_end - 2) + 1]
                    if written not in name.exact and written.replace(".", "") not in name.exact:
                        continue
                elif not body[first + name.capital].isupper() and not _uncased(body[first]):
                    if small is None:
                        small = body.islower()
                    if small and not use & _CAPITAL_ONLY:
                        claimed = -minus_end - 1
                        if not use & Use.CUE:
                            uses |= use
                            found.append(Found(start, -minus_end, first, origin(-minus_end - 2) + 1, name))
                        continue
                    if use & Use.COUNTY:
                        cues.append(name.entity)
                    continue
            if use & Use.CUE:
                cues.append(name.entity)
                continue
            claimed = -minus_end - 1
            if use & Use.TRAP:
                if name.note == "person":
                    persons.append(text.norm[start:-minus_end])
            else:
                uses |= use
                found.append(Found(start, -minus_end, first, origin(-minus_end - 2) + 1, name))
        return found, cues, persons, uses


def _uncased(ch: str) -> bool:
    return ch.upper() == ch.lower()


def load_gazetteer(
    langs: Sequence[str] = DEFAULT_LANGS, cities_min_population: int = CITIES_MIN_POPULATION
) -> Gazetteer:
    """The gazetteer with country names in English and ``langs``, and cities of at least so many people.

    The merged data is kept under the user's cache folder; without it the call takes about a second.
    """
    return Gazetteer(compiled(tuple(langs), cities_min_population))
