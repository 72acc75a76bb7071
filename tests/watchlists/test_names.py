"""The names that an entry is looked for under: as tables, and as laws over random names."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import phrase
from bot.watchlists.base import EntryKind, Quality, WatchEntry, WatchName
from bot.watchlists.index import is_english_word
from bot.watchlists.names import PER_ENTRY, Options, Report, expand, expand_entry
from bot.watchlists.persons import PER_NAME
from bot.watchlists.spellings import fold, spellings, words

PERSON, ORG, VESSEL = EntryKind.PERSON, EntryKind.ORG, EntryKind.VESSEL


def person(text: str, family: str = "", *aliases: WatchName, countries: tuple[str, ...] = ()) -> WatchEntry:
    return WatchEntry("1", WatchName(text, family), PERSON, aliases, countries=countries)


DEFAULT = Options()


def found(entry: WatchEntry, options: Options = DEFAULT) -> set[str]:
    """What is looked for, in the form in which texts are searched."""
    return {phrase(v) for v in expand_entry(entry, options, is_english_word, Report())}


def counted(entry: WatchEntry, options: Options = DEFAULT) -> Report:
    report = Report()
    expand_entry(entry, options, is_english_word, report)
    return report


# -- persons: what must be found, and what must not -----------------------------------------------------------------

SLAV = person("Gleb Arkadievich SOLOVEYKIN", "SOLOVEYKIN", countries=("RU",))
ARAB = person("Abd al-Rahman Idris AL-QARNAWI", "AL-QARNAWI")
KOREAN = person("Kwang Tok RI", "RI")
SON = person("Osama bin Jabir bin Qarnawi", "bin Qarnawi")


@pytest.mark.parametrize(
    ("entry", "written"),
    [
        (SLAV, "Gleb Soloveykin"),  # middle name dropped
        (SLAV, "Soloveykin, Gleb".replace(",", "")),  # family name first
        (SLAV, "Gleb Soloveikin"),  # another romanisation
        (SLAV, "Глеб Соловейкин"),
        (ARAB, "Abdul Rahman al-Qarnawi"),
        (ARAB, "Abdulrahman Al Qarnawi"),
        (ARAB, "Abdel Rahman al-Qarnawi"),
        (ARAB, "Abdul Rahman el-Qarnawi"),
        (ARAB, "al-Qarnawi Abdul Rahman"),
        (ARAB, "Abd al-Rahman al-Qarnawi"),
        (ARAB, "Abdul Rahman Qarnawi"),  # article dropped
        (person("Muhammad Jabir QARNAWI", "QARNAWI"), "Mohammed Qarnawi"),
        (person("Muhammad Jabir QARNAWI", "QARNAWI"), "Mohamed Qarnawi"),
        (person("Dr. Colonel Muhammad QARNAWI", "QARNAWI"), "Mohammed Qarnawi"),  # titles
        (person("Sa'id AL-QARNAWI", "AL-QARNAWI"), "Saeed al-Qarnawi"),  # apostrophe
        (person("QARNAWI, Colonel Muhammad"), "Muhammad Qarnawi"),  # inverted in an alias
        (KOREAN, "Ri Kwang Tok"),
        (KOREAN, "Ri Kwang-tok"),
        (KOREAN, "Ri Kwangtok"),
        (person("RI KWANG TOK"), "Ri Kwang Tok"),  # the UN does not tell the family name
        (SON, "Osama bin Qarnawi"),
        (SON, "Usama ibn Qarnawi"),
        (person("Elvis Angus LOGAN MOREY", "LOGAN MOREY"), "Elvis Logan"),  # second family name dropped
        (person("Сергей Кужугетович ПЕТРЕНКОВ", "ПЕТРЕНКОВ"), "Sergei Petrenkov"),
        (person("Сергей Кужугетович ПЕТРЕНКОВ", "ПЕТРЕНКОВ"), "Sergey Petrenkov"),
        (person("Сергей Кужугетович ПЕТРЕНКОВ", "ПЕТРЕНКОВ"), "Сергей Петренков"),
        (person("Yevgeny SHOYGULOV", "SHOYGULOV", countries=("RU",)), "Евгений Шойгулов"),
        (person("José Ángel MUÑIZ", "MUÑIZ"), "Jose Muniz"),  # accents
        (person("Mullah Mohammad Omar"), "Mullah Mohammad Omar"),  # the title tells him from the others
        (person("جمال مصطفى التكريتي"), "جمال التكريتي"),
        (person("李嘉某诚"), "李嘉某诚"),
    ],
)
def test_a_person_is_found_under(entry: WatchEntry, written: str) -> None:
    assert phrase(written) in found(entry)


@pytest.mark.parametrize(
    ("entry", "written"),
    [
        (SLAV, "Soloveykin"),
        (SLAV, "Gleb Arkadievich"),
        (KOREAN, "Ri Tok"),  # Kwang is no middle name
        (KOREAN, "Kwang Ri"),
        (ARAB, "Abdul Rahman"),
        (ARAB, "Idris al-Qarnawi"),
        (SON, "Osama Jabir"),
        (person("Mullah Mohammad Omar"), "Mohammad Omar"),
        (person("Ali Jabir HASSAN", "HASSAN"), "Ali Hassan"),
        (person("Aly Jabir HASAN", "HASAN"), "Ali Hassan"),
        (person("JABIR"), "Jabir"),
        (person("李某"), "李某"),
        (person("Jabir ABDUL AZIZ", "ABDUL AZIZ"), "Abdul Aziz"),
        (person("ABDUL AZIZ"), "Abdul Aziz"),
        (person("ABU JAFAR"), "Abu Jaafar"),
        (person("Gregorio SANCHEZ MUÑIZ", "SANCHEZ MUÑIZ"), "Gregorio Sanchez"),
        (person("Gleb SOLOVEYKIN", "SOLOVEYKIN", WatchName("Anchor Man", quality=Quality.WEAK)), "Anchor Man"),
    ],
)
def test_a_person_is_not_found_under(entry: WatchEntry, written: str) -> None:
    assert phrase(written) not in found(entry)


@pytest.mark.parametrize(
    ("options", "entry", "written"),
    [
        (Options(common=True), person("Ali Jabir HASSAN", "HASSAN"), "Ali Hassan"),
        (Options(one_word=True), person("JABIR"), "Jabir"),
        (Options(weak=True), person("Gleb S", "", WatchName("Anchor Man", quality=Quality.WEAK)), "Anchor Man"),
    ],
)
def test_what_is_off_can_be_asked_for(options: Options, entry: WatchEntry, written: str) -> None:
    assert phrase(written) in found(entry, options)


# -- others ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (ORG, "BLUE DHOW TRADING LLC", {"blue dhow trading llc", "blue dhow trading"}),
        (ORG, "OOO Nakhltrade", {"ooo nakhltrade", "nakhltrade"}),
        (ORG, "J.H. EXIM INTERNACIONAL, S.A.", {"jh exim internacional sa", "jh exim internacional"}),
        (ORG, "Qarnawi & Sons Co.", {"qarnawi and sons co", "qarnawi and sons", "qarnawi and sons company"}),
        (ORG, "Harbour Guard Corps (HGC)", {"harbour guard corps"}),
        (ORG, "THE WHITE HERON BUREAU", {"the white heron bureau", "white heron bureau"}),
        (ORG, "Atlas LLC", {"atlas llc"}),  # a dictionary word alone is no name of a company
        (ORG, "General Trading LLC", set()),
        (ORG, "HGC", set()),
        (ORG, "Nakhltrade", {"nakhltrade"}),
        (
            ORG,
            "PUBLIC JOINT STOCK COMPANY NAKHLTRADE",
            {"public joint stock company nakhltrade", "nakhltrade"},
        ),
        (ORG, "Nakhltrade OAO", {"nakhltrade oao", "nakhltrade"}),
        (ORG, "Valmesa S.A.", {"valmesa sa"}),  # many such are called after a town or a family
        (ORG, "The Base", set()),
        (VESSEL, "ORCHID LANTERN", set()),  # two words of the dictionary
        (VESSEL, "NAKHL QARNAWI", {"nakhl qarnawi"}),
        (VESSEL, "HOPE 1", set()),
        (VESSEL, "HOPE", set()),
    ],
)
def test_an_organisation_or_ship_is_found_under(kind: EntryKind, name: str, expected: set[str]) -> None:
    assert found(WatchEntry("1", WatchName(name), kind)) == expected


def test_a_single_word_is_used_as_a_name_of_its_own_but_not_as_an_alias() -> None:
    entry = WatchEntry("1", WatchName("Nakhltrade"), ORG, (WatchName("Qarnawico"),))
    assert found(entry) == {"nakhltrade"}
    assert found(entry, Options(one_word=True)) == {"nakhltrade", "qarnawico"}


def test_the_report_says_what_became_of_every_name() -> None:
    weak = WatchName("Anchor Man", quality=Quality.WEAK)
    aliases = (weak, WatchName("Jabir"), WatchName("Ali Hassan", "Hassan"), WatchName(" ".join(["Nakhl"] * 20)))
    entry = WatchEntry("1", WatchName("Gleb Qarnawi", "Qarnawi"), PERSON, aliases)
    report = counted(entry)
    assert (report.kept, report.weak, report.one_word, report.common, report.too_long) == (1, 1, 1, 1, 1)
    assert (report.silent, report.cut) == (0, 0)
    assert report.variants == len(found(entry)) == 2
    assert counted(person("Jabir")).silent == 1
    total = Report()
    total.add(report)
    total.add(report)
    assert total.weak == 2


# -- laws -----------------------------------------------------------------------------------------------------------

SPECIAL = {
    "al", "el", "ul", "bin", "ibn", "ben", "bint", "abd", "abdul", "abdel", "abdal", "abdol", "abdur", "abu", "abou",
    "umm", "um", "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "das", "du", "la", "le", "los",
    "san", "santa", "st", "saint", "mac", "zu", "ter", "ten",
} | words("title") | words("junior") | words("east")  # fmt: skip
plain = st.text(string.ascii_lowercase, min_size=2, max_size=9).filter(lambda w: w not in SPECIAL)
known = st.sampled_from(sorted(words("given") | words("family"))).filter(lambda w: w not in SPECIAL and " " not in w)
token = plain | known
any_text = st.text(max_size=120)
anything = st.builds(WatchName, any_text | st.lists(token, max_size=16).map(" ".join), st.just("") | token)


@given(token, token)
def test_the_order_of_given_and_family_name_makes_no_difference(one: str, other: str) -> None:
    straight = expand(WatchName(f"{one} {other}", other), PERSON)
    swapped = expand(WatchName(f"{other} {one}", one), PERSON)
    assert set(straight) == set(swapped)


@given(st.lists(token, min_size=2, max_size=6))
def test_a_name_is_always_found_as_it_is_written(tokens: list[str]) -> None:
    first = expand(WatchName(" ".join(tokens)), PERSON)[0]
    assert phrase(first) == phrase(" ".join(tokens))


@given(st.lists(token, min_size=2, max_size=5))
def test_capitals_accents_and_hyphens_make_no_difference(tokens: list[str]) -> None:
    small = expand(WatchName(" ".join(tokens)), PERSON)
    assert expand(WatchName(" ".join(tokens).upper()), PERSON) == small
    assert expand(WatchName("-".join(tokens)), PERSON) == small
    assert expand(WatchName(" ".join(t.replace("e", "é") for t in tokens)), PERSON) == small


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(word: str) -> None:
    assert fold(fold(word)) == fold(word)


@given(token, st.booleans())
def test_spellings_begin_with_the_word_and_belong_together(word: str, slavic: bool) -> None:
    group = spellings(word, slavic)
    assert group[0] == word
    assert len(set(group)) == len(group) <= 5
    if not slavic:
        assert all(set(spellings(other)) <= {*group, *spellings(group[-1])} or len(group) == 5 for other in group)


@given(anything, st.sampled_from(list(EntryKind)), st.booleans())
def test_whatever_is_written_gives_a_bounded_number_of_phrases_that_can_be_searched(
    name: WatchName, kind: EntryKind, slavic: bool
) -> None:
    variants = expand(name, kind, slavic=slavic)
    assert len(variants) <= 2 * PER_NAME
    assert all(len(v) <= 2 * len(name.text) + 80 and "-" not in v for v in variants)


@given(st.lists(anything, min_size=1, max_size=30), st.sampled_from(list(EntryKind)))
def test_an_entry_of_many_aliases_stays_within_bounds(names: list[WatchName], kind: EntryKind) -> None:
    entry = WatchEntry("1", names[0], kind, tuple(names[1:]), countries=("RU",))
    report = Report()
    variants = expand_entry(entry, Options(True, True, True), lambda w: False, report)
    assert len(variants) == len(set(variants)) == report.variants <= PER_ENTRY
    assert report.silent == (not variants)
