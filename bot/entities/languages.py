"""Country names in other languages (Unicode CLDR, by way of ``babel``), and which language a text is in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bot.entities.facts import all_codes
from bot.entities.tables import english_words, read_table, split_names
from bot.text import Text, phrase

DEFAULT_LANGS = (
    *("ar", "bn", "de", "es", "fa", "fr", "he", "hi", "id", "it"),
    *("ja", "ko", "nl", "pl", "pt", "ru", "tr", "uk", "ur", "zh"),
)
"""Twenty languages in which much news is written."""

_SCRIPTS = {"zh": ("zh_Hant",)}  # further locales of a language, for names that are written otherwise there

_VOWELS = "аеёиоуыэюяіїє"
_SAMPLES = (600, 2_400)  # characters of the text in which English words are counted; the second if the first has few
_DETECTED = 900  # characters that the detector gets: a millisecond; more makes it no better
_ENGLISH_SHARE = 0.12  # of the words; running English text has 0.25 to 0.4 of these, its headlines may have none


def foreign_names(langs: Sequence[str]) -> dict[str, dict[str, str]]:
    """Normalised name → language → code. Takes 60 ms and more a language: the result is cached."""
    from babel import Locale, UnknownLocaleError

    codes = all_codes()
    names: dict[str, dict[str, str]] = {}
    locales = [(lang, locale) for lang in langs for locale in (lang, *_SCRIPTS.get(lang, ()))]
    for lang, locale in locales:
        try:
            territories = Locale.parse(locale).territories
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError(f"no country names in the language {lang!r}: use a code such as 'fr'") from error
        for code in codes:
            key = phrase(str(territories.get(code, "")).split(" (")[0])
            if len(key.replace(" ", "")) > 1:
                for form in (key, *declined(key, lang)):
                    names.setdefault(form, {}).setdefault(lang, code)
    for row in read_table("foreign.tsv"):
        if row["lang"] in langs:
            for name in split_names(row["names"]):
                for form in (phrase(name), *declined(phrase(name), row["lang"])):
                    names.setdefault(form, {}).setdefault(row["lang"], row["code"])
    return names


@lru_cache(maxsize=1)
def _declensions() -> dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]]:
    """(language, part of speech) → endings, the longest first, with what takes their place."""
    table: dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]] = {}
    for row in read_table("declensions.tsv"):
        table.setdefault((row["lang"], row["part"]), []).append((row["ending"], split_names(row["forms"])))
    for endings in table.values():
        endings.sort(key=lambda ending: -len(ending[0]))
    return table


def declined(name: str, lang: str) -> tuple[str, ...]:
    """The other cases of a normalised name of one word, or of an adjective and a noun; none where no rule is known.

    Every form of the one goes with every form of the other: some of these pairs are no Russian, and do no harm.
    """
    *adjectives, noun = name.split(" ")
    nouns = _forms(noun, lang, "noun")
    if not adjectives:
        return nouns
    if len(adjectives) > 1:
        return ()
    return tuple(f"{adjective} {form}" for adjective in _forms(adjectives[0], lang, "adjective") for form in nouns)


def _forms(word: str, lang: str, part: str) -> tuple[str, ...]:
    for ending, forms in _declensions().get((lang, part), ()):
        if word.endswith(ending) and (ending or word[-1] not in _VOWELS):
            return tuple(word.removesuffix(ending) + form for form in forms)
    return ()


def guess_language(text: Text) -> str:
    """The language code of a text: by its commonest words if it is English, else by ``py3langid``."""
    common = english_words("common")
    for size in _SAMPLES:
        words = text.norm[:size].split()
        if sum(word in common for word in words) >= _ENGLISH_SHARE * len(words):
            return "en"
    import py3langid  # 0.3 s, only where a name of another language turned up

    return str(py3langid.classify(text.body[:_DETECTED])[0])
