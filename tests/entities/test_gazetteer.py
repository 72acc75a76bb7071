"""Names to countries: what a text says, by which words, and why that reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.entities.facts import is_country
from bot.entities.gazetteer import Gazetteer, countries_of, load_gazetteer
from bot.model import Mention
from bot.scan import Scanner
from bot.text import Text, pattern
from tests.properties import examples


class Reader:
    """The gazetteer with its own automaton."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.scanner = Scanner(gazetteer.patterns)

    def read(self, body: str, *, title: str = "", lang: str | None = "en", source: str = "") -> tuple[Mention, ...]:
        text = Text(title, body)
        return self.gazetteer.resolve(text, self.scanner.scan(text.norm), lang=lang, source_name=source)

    def brief(self, body: str, **options: str) -> str:
        """``"Pyongyang:KP:capital Moscow:RU:capital"``."""
        return " ".join(f"{m.text.replace(' ', '_')}:{m.entity}:{m.kind}" for m in self.read(body, **options))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return Reader(load_gazetteer())


KINDS = [
    ("North Korean officials flew out.", "North_Korean:KP:demonym"),
    ("The DPRK and the D.P.R.K. are one.", "DPRK:KP:name D.P.R.K:KP:name"),
    ("Envoys left Pyongyang.", "Pyongyang:KP:capital"),
    ("Kim Jong Un smiled.", "Kim_Jong_Un:KP:leader"),
    ("The Kremlin shrugged.", "Kremlin:RU:metonym"),
    ("Downing Street and Zhongnanhai agreed.", "Downing_Street:GB:metonym Zhongnanhai:CN:metonym"),
    ("Foggy Bottom was quiet.", "Foggy_Bottom:US:metonym"),
    ("IRGC boats and Hezbollah rockets.", "IRGC:IR:group Hezbollah:LB:group"),
    ("Fighters of the Wagner Group left.", "Wagner_Group:RU:group"),
    ("Shells fell on Kharkiv.", "Kharkiv:UA:city"),
    ("Talks in Geneva", "Geneva:CH:city"),
    ("A Melbourne man was jailed.", "Melbourne:AU:city"),
    ("A plant near Guangzhou closed.", "Guangzhou:CN:city"),
    ("Fires in Queensland spread.", "Queensland:AU:region"),
    ("Troops entered Crimea.", "Crimea:UA:region"),
    ("Côte d’Ivoire and Cote d'Ivoire", "Côte_d’Ivoire:CI:name Cote_d'Ivoire:CI:name"),
    ("A ship flying the flag of St. Kitts and Nevis.", "St._Kitts_and_Nevis:KN:name"),
    ("Kosovo and Taiwan applied.", "Kosovo:XK:name Taiwan:TW:name"),
    ("Iran's oil and Russia’s gas", "Iran:IR:name Russia:RU:name"),
    ("A Paris-based firm", "Paris:FR:capital"),
    ("north korea fires a missile toward japan", "north_korea:KP:name japan:JP:name"),
]


@pytest.mark.parametrize(("body", "expected"), KINDS, ids=[body for body, _ in KINDS])
def test_names_resolve_by_kind(reader: Reader, body: str, expected: str) -> None:
    assert reader.brief(body) == expected


LONGEST = [
    ("Papua New Guinea is not Guinea.", "Papua_New_Guinea:PG:name Guinea:GN:name"),
    ("Guinea-Bissau and Equatorial Guinea met.", "Guinea-Bissau:GW:name Equatorial_Guinea:GQ:name"),
    ("New Mexico is not Mexico.", "New_Mexico:US:region Mexico:MX:name"),
    ("American Samoa sent a delegate.", "American_Samoa:AS:name"),
    ("Northern Ireland voted.", "Northern_Ireland:GB:region"),
    ("Niger and Nigeria signed.", "Niger:NE:name Nigeria:NG:name"),
    ("Oil spilled in the Niger Delta.", "Niger_Delta:NG:region"),
    ("South Sudan and Sudan talk.", "South_Sudan:SS:name Sudan:SD:name"),
    ("The South China Sea is rough.", ""),
    ("Guinea pigs, French fries and a cold turkey.", ""),
    ("The Moscow Times and the Jerusalem Post wrote so.", ""),
    ("The Times of India, the Kyiv Independent and the Jordan Times wrote so.", ""),
    ("Ireland and Northern Ireland differ.", "Ireland:IE:name Northern_Ireland:GB:region"),
    ("Jordan borders the Jordan River.", "Jordan:JO:name"),
    ("Chad, Lake Chad and a hanging chad", "Chad:TD:name"),
    ("DR Congo, Congo-Brazzaville and the Congo River", "DR_Congo:CD:name Congo-Brazzaville:CG:name"),
    ("The Gulf of Guinea, New Guinea and guinea fowl", ""),
    ("New Jersey is not Jersey City.", "New_Jersey:US:region"),
    ("Real Madrid beat Paris Saint-Germain.", ""),
    ("African Americans and Latin America", ""),
    ("He flew with Air France.", ""),
]


@pytest.mark.parametrize(("body", "expected"), LONGEST, ids=[body for body, _ in LONGEST])
def test_the_longest_name_wins(reader: Reader, body: str, expected: str) -> None:
    assert reader.brief(body) == expected


CASE = [
    ("They ate turkey off fine china and told us.", ""),
    ("She used polish on Polish shoes.", "Polish:PL:demonym"),
    ("Turkey costs more this year: a frozen turkey is 20 dollars.", ""),
    ("Turkey closed the straits.", "Turkey:TR:name"),
    ("US SAYS NO", "US:US:name"),
    ("CONTACT US TODAY", ""),
    ("The grant is US$40 million.", ""),
    ("The U.S. and the US and the USA", "U.S:US:name US:US:name USA:US:name"),
    ("a uk tour, an uae visit", ""),
]


@pytest.mark.parametrize(("body", "expected"), CASE, ids=[body for body, _ in CASE])
def test_capitals_decide_between_names_and_words(reader: Reader, body: str, expected: str) -> None:
    assert reader.brief(body) == expected


PERSONS = [
    "Michael Jordan scored.",
    "Jordan Miller, a nurse, spoke. Jordan said she was glad.",
    "Jordan, 34, was fined.",
    "Chad Smith drummed.",
    "Paris Hilton arrived.",
    "Denzel Washington starred.",
    "Mr. France and Dana London met J. Holland.",
    "By Paris Jones. The board met.",
    "Sen. Lincoln rose.",
    "Nancy Miller of the council spoke, and Nancy wept.",
    "Rep. Jim Jordan lost; Jordan will try again.",
    "Jim Carney acted.",
    "Kathy Ireland smiled.",
    "Cuba Gooding Jr. acted.",
]


@pytest.mark.parametrize("body", PERSONS)
def test_people_are_not_countries(reader: Reader, body: str) -> None:
    assert reader.brief(body) == ""


SURNAMES = [
    "Whitney Houston sang and Houston won a Grammy.",
    "Sydney Sweeney and Austin Butler star in it.",
    "Coach Sean Dublin resigned, and Dublin said he was tired.",
    "Irving Berlin wrote songs, which Berlin never sold.",
    "Judge Anna Cordoba ruled against Cordoba's brother.",
    "David Bristol, 44, was charged; Bristol denies it.",
    "Maria Valencia, a nurse, spoke. Valencia was fined.",
    "Florence Pugh met London Breed and Orlando Bloom.",
    "Ms. Lyon, Dr. Hamburg and Sgt. Odessa testified.",
]


@pytest.mark.parametrize("body", SURNAMES)
def test_surnames_that_are_cities_are_people(reader: Reader, body: str) -> None:
    assert reader.brief(body) == ""


CLUBS = [
    "Manchester United beat Liverpool 2-0.",
    "Barcelona beat Bayern Munich 3-1 in the Champions League.",
    "A 3-1 win over Barcelona on Sunday; Madrid lost 2–0 to Marseille.",
    "Chelsea drew 1-1 at Marseille.",
    "CSKA Moscow, FC Barcelona and Ajax Amsterdam are out.",
    "Dynamo Kyiv and Shakhtar Donetsk play on Sunday.",
    "A Liverpool striker and a Toronto quarterback",
    "The Boston Red Sox, the Toronto Blue Jays and the Washington Capitals",
]


@pytest.mark.parametrize("body", CLUBS)
def test_sports_clubs_are_not_their_cities(reader: Reader, body: str) -> None:
    assert reader.brief(body) == ""


NO_CLUBS = [
    ("Kyiv lost 20-30 tanks in the battle.", "Kyiv:UA:capital"),
    ("Talks moved to Geneva 2-3 June.", "Geneva:CH:city"),
    ("Shelling at Donetsk killed 10-12 people.", "Donetsk:UA:city"),
    ("Moscow beat back an attack on Kursk.", "Moscow:RU:capital Kursk:RU:city"),
    ("Iran beat Iraq 2-1.", "Iran:IR:name Iraq:IQ:name"),
]


@pytest.mark.parametrize(("body", "expected"), NO_CLUBS, ids=[body for body, _ in NO_CLUBS])
def test_a_city_beside_numbers_is_no_club(reader: Reader, body: str, expected: str) -> None:
    assert reader.brief(body) == expected


def test_washington_is_a_state_a_city_a_person_and_a_government(reader: Reader) -> None:
    assert reader.brief("Washington state officials in Olympia spoke.") == "Washington_state:US:region"
    assert reader.brief("He lives in Washington, D.C.") == "Washington,_D.C:US:capital"
    assert reader.brief("Kerry Washington starred; Washington won.") == ""
    assert reader.brief("Washington will sanction Tehran.") == "Washington:US:capital Tehran:IR:capital"
    assert reader.brief("The Washington Post and the Washington Wizards") == ""
    state = [m for m in reader.read("Seattle and Spokane lead in Washington.") if m.text == "Washington"]
    assert "Seattle" in state[0].reason


TABLEWARE = ["A China cabinet and bone china", "fine China and a China teacup", "He broke the china, a wedding gift."]


@pytest.mark.parametrize("body", TABLEWARE)
def test_china_is_tableware_too(reader: Reader, body: str) -> None:
    assert reader.brief(body) == ""


def test_a_country_beside_its_namesake_person_still_counts(reader: Reader) -> None:
    found = reader.brief("Chad Miller flew to N'Djamena, the capital of Chad.")
    assert found == "N'Djamena:TD:capital Chad:TD:name"


READINGS = [
    ("Georgia and Armenia share a border; in Tbilisi people wait.", "Georgia", "GE", ""),
    ("Lawmakers in Atlanta and Savannah, Ga., passed it; Georgia pays.", "Georgia", "US", "United States"),
    ("Georgia residents pay more.", "Georgia", "US", "United States"),
    ("Lebanon (Pennsylvania) held a fair.", "Lebanon", "US", "followed by Pennsylvania"),
    ("Lebanon fears a war, Beirut papers say.", "Lebanon", "LB", ""),
    ("A Lebanon man was held by Pennsylvania State Police in Lebanon County.", "Lebanon", "US", "Pennsylvania"),
    ("The trial in Paris, Texas, began. Paris is calm.", "Paris", "US", "followed by Texas"),
    ("Paris said the French army would stay.", "Paris", "FR", ""),
    ("Moscow, Idaho, is a college town.", "Moscow", "US", "followed by Idaho"),
    ("A house burnt in Belgrade, Minn., and Belgrade grieves.", "Belgrade", "US", "followed by Minnesota"),
    ("London, Ontario, hired a planner.", "London", "CA", "followed by Ontario"),
    ("Ann Lee, 18, of Paris, Ben Roe, 20, and two others died in Texas, the sheriff said.", "Paris", "US", "Texas"),
    ("Athens Police Department officers in Texas", "Athens", "US", "Texas"),
    ("Fans came to the city of Turkey from all over Texas and Oklahoma.", "Turkey", "US", "Texas"),
    ("Korea talks: Pyongyang answered.", "Korea", "KP", "North Korea"),
    ("Korea exports chips from Seoul.", "Korea", "KR", ""),
    ("In Brazzaville, Congo's ruling party met.", "Congo", "CG", "Republic of the Congo"),
    ("Rebels near Goma took more of Congo.", "Congo", "CD", ""),
    ("Texas and California ban land sales to China, says a man in Houston.", "China", "CN", ""),
    ("Governors of Texas and Oregon and California spoke at the talks in Paris.", "Paris", "FR", ""),
    ("A bond of Mexico was sold in New York and Chicago, Missouri papers say.", "Mexico", "MX", ""),
    ("Ana Ruiz, 24, of Mexico, was held in Texas; students from China and Oregon saw it.", "Mexico", "MX", ""),
    ("China students rally in Texas and Ohio.", "China", "CN", ""),
    ("Georgia students rally in Tbilisi.", "Georgia", "GE", ""),
    ("Jordan asked Texas and New York firms for help.", "Jordan", "JO", ""),
    ("Seattle and Spokane lead in Washington.", "Washington", "US", "Seattle"),
]


@pytest.mark.parametrize(("body", "name", "code", "reason"), READINGS, ids=[row[0] for row in READINGS])
def test_context_decides_with_a_reason(reader: Reader, body: str, name: str, code: str, reason: str) -> None:
    found = [m for m in reader.read(body) if m.text == name]
    assert found
    assert {m.entity for m in found} == {code}
    assert all(reason in m.reason for m in found)


def test_the_outlet_weighs_in(reader: Reader) -> None:
    body = "A grand jury in Paris heard a state trooper and a member of the school board."
    assert [m.entity for m in reader.read(body)] == ["FR"]
    assert [m.entity for m in reader.read(body, source="Texas Evening News")] == ["US"]
    assert [m.entity for m in reader.read("China spoke in Houston.", source="Texas Evening News")] == ["CN", "US"]


NOWHERE = [
    ("Jersey is worn by the players.", "no sign of the Channel Islands"),
    ("They live on Moscow Road and London Street.", "streets"),
    ("New London is a port in Connecticut.", "part of another name"),
    ("He teaches French classes and speaks Russian.", "languages"),
    ("A Mexican restaurant and Chinese food", "food"),
]


@pytest.mark.parametrize(("body", "why"), NOWHERE, ids=[why for _, why in NOWHERE])
def test_words_that_name_no_country_here(reader: Reader, body: str, why: str) -> None:
    assert [m for m in reader.read(body) if m.text not in ("Connecticut",)] == []


def test_the_channel_island_is_found_among_its_neighbours(reader: Reader) -> None:
    assert reader.brief("Jersey and Guernsey in the Channel Islands") == "Jersey:JE:name Guernsey:GG:name"


DATELINES = [
    ("PARIS, June 19 (Reuters) - Iran said on Monday", "PARIS:FR:dateline Iran:IR:name"),
    ("SEOUL (AP) — Japan said", "SEOUL:KR:dateline Japan:JP:name"),
    ("BEIRUT, Lebanon — Syria said", "BEIRUT:LB:dateline Lebanon:LB:dateline Syria:SY:name"),
    ("Nairobi, Kenya — Somalia said", "Nairobi:KE:dateline Kenya:KE:dateline Somalia:SO:name"),
    ("By Our Writer\nMOSCOW -- Belarus said", "MOSCOW:RU:dateline Belarus:BY:name"),
    ("Moscow said on Monday - again - no", "Moscow:RU:capital"),
    ("PARIS, Texas (AP) - A man died in Lamar County", "PARIS:US:dateline Texas:US:dateline Lamar_County:US:region"),
    ("By Jordan Miller in Amman\nThe king spoke.", "Amman:JO:capital"),
]


@pytest.mark.parametrize(("body", "expected"), DATELINES, ids=[body for body, _ in DATELINES])
def test_datelines_are_a_kind_of_their_own(reader: Reader, body: str, expected: str) -> None:
    assert reader.brief(body) == expected


def test_counties_name_the_united_states_over_their_whole_length(reader: Reader) -> None:
    assert reader.brief("Guernsey County and West Baton Rouge Parish") == (
        "Guernsey_County:US:region West_Baton_Rouge_Parish:US:region"
    )


def test_state_abbreviations_need_a_comma_or_dots(reader: Reader) -> None:
    assert (
        reader.brief("Detroit, Mich., and N.J. towns; OK, he was IN.") == "Detroit:US:city Mich:US:region N.J:US:region"
    )


LANGUAGES = [
    ("de", "Frankreich und Russland; auf der Insel Island", "Frankreich:FR:name Russland:RU:name Island:IS:name"),
    ("en", "The Island of Man and Russland", ""),
    ("ru", "Россия и Украина", "Россия:RU:name Украина:UA:name"),
    ("ru", "в Иране и Сирии, с Северной Кореей", "Иране:IR:name Сирии:SY:name Северной_Кореей:KP:name"),
    ("uk", "в Україні та Польщі", "Україні:UA:name Польщі:PL:name"),
    ("ja", "韓国と北朝鮮", "韓国:KR:name 北朝鮮:KP:name"),
    ("ko", "북한은 러시아에", "북한:KP:name 러시아:RU:name"),
    ("zh", "中国与俄罗斯", "中国:CN:name 俄罗斯:RU:name"),
    ("ar", "إيران و روسيا", "إيران:IR:name روسيا:RU:name"),
    ("es-MX", "Corea del Norte y Rusia", "Corea_del_Norte:KP:name Rusia:RU:name"),
]


@pytest.mark.parametrize(("lang", "body", "expected"), LANGUAGES, ids=[row[0] for row in LANGUAGES])
def test_other_languages_count_in_their_own_articles_only(reader: Reader, lang: str, body: str, expected: str) -> None:
    assert reader.brief(body, lang=lang) == expected


def test_the_language_is_guessed_where_nobody_says_it(reader: Reader) -> None:
    body = "Die Regierung in Frankreich hat am Montag ein neues Gesetz vorgestellt, das viele Menschen betrifft."
    assert [m.entity for m in reader.read(body, lang=None)] == ["FR"]


def test_every_mention_says_which_data_it_came_from(reader: Reader) -> None:
    mentions = reader.read("Vladimir Putin flew from Moscow to Shenzhen.")
    assert [m.origin for m in mentions] == [
        "entities/data/leaders.tsv, as of 2026-01",
        "entities/data/capitals.tsv",
        "geonames",
    ]


def test_countries_come_most_mentioned_first_and_datelines_last(reader: Reader) -> None:
    mentions = reader.read("CAIRO (AP) — Sudan and Chad talk. Chad and N'Djamena agree with Sudanese leaders in Sudan.")
    assert countries_of(mentions)[-1] == "EG"
    assert set(countries_of(mentions)[:2]) == {"SD", "TD"}


def test_patterns_are_distinct_and_as_the_scanner_wants_them(reader: Reader) -> None:
    patterns = reader.gazetteer.patterns
    assert len(set(patterns)) == len(patterns)
    for name in ("North Korea", "St. Kitts and Nevis", "Côte d'Ivoire", "U.S.", "N'Djamena"):
        assert pattern(name) in patterns


PIECES = (
    "Georgia Jordan Paris, Texas Lebanon County US U.S. Mr. French in Korea St. New Mexico PARIS — (AP) Baton Rouge "
    "Parish turkey Turkey 北朝鮮 Россия London, Ky. By Chad Washington\n\n é \x00 İ"
)
WORDS = st.sampled_from(PIECES.split(" "))


@settings(max_examples=examples(150))
@given(st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=30), st.text(max_size=20), st.booleans())
def test_any_text_gives_ordered_spans_that_hold_their_words(
    reader: Reader, words: list[str], title: str, spaced: bool
) -> None:
    text = Text(title, (" " if spaced else "").join(words))
    mentions = reader.gazetteer.resolve(text, reader.scanner.scan(text.norm), lang="en")
    end = 0
    for mention in mentions:
        assert mention.start >= end
        assert text.body[mention.start : mention.end] == mention.text
        assert is_country(mention.entity)
        end = mention.end


def test_a_copy_on_disk_gives_the_same_gazetteer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = load_gazetteer(langs=("fr",), cities_min_population=1_000_000)
    copies = list((tmp_path / "wirewatch").iterdir())
    assert len(copies) == 1
    second = load_gazetteer(langs=("fr",), cities_min_population=1_000_000)
    assert first.patterns == second.patterns
    assert Reader(first).read("Paris, Texas, and Georgia") == Reader(second).read("Paris, Texas, and Georgia")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"patterns": [" x "]}', b"\xff\xfe", b'{"patterns": 3, "names": 3}']
)
def test_a_broken_copy_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    whole = load_gazetteer(langs=(), cities_min_population=5_000_000)
    (copy,) = (tmp_path / "wirewatch").iterdir()
    copy.write_bytes(content)
    assert load_gazetteer(langs=(), cities_min_population=5_000_000).patterns == whole.patterns
    assert len(copy.read_bytes()) > len(content)


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert pattern("Russia") in load_gazetteer(langs=(), cities_min_population=5_000_000).patterns


def test_an_unknown_language_is_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="no country names in the language 'xx-nowhere'"):
        load_gazetteer(langs=("xx-nowhere",))
