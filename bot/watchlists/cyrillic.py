"""Cyrillic ↔ Latin, as names are written in the news.

Cyrillic to Latin follows the two standards that most spellings in print come from: BGN/PCGN as news simplifies it
(``Sergey Shoygu``, ``Yevgeny``), and the passport rules of Russia, ICAO Doc 9303 (``Sergei Shoigu``, ``Evgenii``);
:mod:`bot.watchlists.spellings` adds the usual forms of well-known given names. A page of tables and no dependency: the
libraries for it give one form each, and a name needs several.
"""

from __future__ import annotations

import re

_COMMON = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ы": "y", "э": "e", "ь": "", "ъ": "", "і": "i", "ї": "i", "є": "ye", "ґ": "g",
    "ў": "u", "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ѓ": "gj", "ќ": "kj", "ѕ": "dz",
    "қ": "k", "ғ": "g", "ү": "u", "ұ": "u", "ң": "n", "ө": "o", "һ": "h", "ә": "a",
}  # fmt: skip
_NEWS = _COMMON | {"й": "y", "ё": "yo", "ю": "yu", "я": "ya"}
_PASSPORT = _COMMON | {"й": "i", "ё": "e", "ю": "iu", "я": "ia", "ъ": "ie"}
_VOWELS = "аеёиоуыэюяіїє"
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[a-z]")


def is_cyrillic(text: str) -> bool:
    """Whether the text is in Cyrillic letters and no Latin ones."""
    return _CYRILLIC.search(text) is not None and _LATIN.search(text.lower()) is None


def to_latin(word: str) -> tuple[str, ...]:
    """The Latin forms of one word in small letters: news first, then passport, each once."""
    return tuple(dict.fromkeys((_news(word), "".join(_PASSPORT.get(c, c) for c in word))))


def _news(word: str) -> str:
    out = []
    for i, letter in enumerate(word):
        if letter == "е" and (i == 0 or word[i - 1] in _VOWELS + "ьъ"):
            out.append("ye")
        else:
            out.append(_NEWS.get(letter, letter))
    text = "".join(out)
    return re.sub(r"(?:iy|yy)\Z", "y", text)  # Dmitriy, Belyy: news writes Dmitry, Bely


_TO_CYRILLIC = (
    ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"), ("yu", "ю"),
    ("iu", "ю"), ("ya", "я"), ("yo", "ё"), ("x", "кс"), ("a", "а"), ("b", "б"), ("v", "в"), ("g", "г"), ("d", "д"),
    ("e", "е"), ("z", "з"), ("i", "и"), ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"),
    ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"), ("f", "ф"), ("h", "х"), ("c", "к"), ("w", "в"), ("j", "й"),
    ("y", "ы"),
)  # fmt: skip
_BEGINNINGS = (("ye", "е"), ("e", "е"), ("ya", "я"), ("ia", "я"))
_ENDINGS = (
    ("skiy", "ский"), ("skii", "ский"), ("sky", "ский"), ("ski", "ский"), ("tsky", "цкий"), ("aya", "ая"),
    ("aia", "ая"), ("iya", "ия"), ("iia", "ия"), ("ia", "ия"), ("ey", "ей"), ("ei", "ей"), ("ay", "ай"), ("ai", "ай"),
    ("oy", "ой"), ("oi", "ой"), ("uy", "уй"), ("ui", "уй"), ("iy", "ий"), ("ii", "ий"), ("yev", "ев"), ("iev", "иев"),
    ("y", "ий"),
)  # fmt: skip
_INNER = re.compile(r"([aeou])[yi](?=[bcdfghklmnprstvz])(?!il)")  # Shoygu, Timoshenko's -oy-; not the ai of Mikhail

_GIVEN = {
    "alexander": "александр", "alexei": "алексей", "andrei": "андрей", "anatoly": "анатолий", "arkady": "аркадий",
    "artem": "артём", "boris": "борис", "denis": "денис", "dmitry": "дмитрий", "fyodor": "фёдор", "gennady": "геннадий",
    "georgy": "георгий", "grigory": "григорий", "igor": "игорь", "ilya": "илья", "ivan": "иван",
    "konstantin": "константин", "leonid": "леонид", "lev": "лев", "maxim": "максим", "mikhail": "михаил",
    "nikolai": "николай", "oleg": "олег", "olga": "ольга", "pavel": "павел", "pyotr": "пётр", "roman": "роман",
    "ruslan": "руслан", "semyon": "семён", "sergei": "сергей", "stanislav": "станислав", "tatiana": "татьяна",
    "timur": "тимур", "valery": "валерий", "vasily": "василий", "viktor": "виктор", "vitaly": "виталий",
    "vladimir": "владимир", "vladislav": "владислав", "vyacheslav": "вячеслав", "yakov": "яков", "yaroslav": "ярослав",
    "yekaterina": "екатерина", "yelena": "елена", "yevgeny": "евгений", "yulia": "юлия", "yuri": "юрий",
    "natalia": "наталья", "maria": "мария", "anna": "анна",
}  # fmt: skip


def to_cyrillic(word: str, leading: str) -> str:
    """The Russian form of a Latin word in small letters. ``leading``: the first spelling of the word's group
    (:func:`bot.watchlists.spellings.leading`), by which well-known given names are found."""
    if leading in _GIVEN:
        return _GIVEN[leading]
    tail = ""
    for ending, letters in sorted(_ENDINGS, key=lambda e: -len(e[0])):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            word, tail = word[: -len(ending)], letters
            break
    head = ""
    for beginning, letters in _BEGINNINGS:
        if word.startswith(beginning):
            word, head = word[len(beginning) :], letters
            break
    word = _INNER.sub(lambda m: m[1] + "j", word)
    out = []
    at = 0
    while at < len(word):
        for latin, letter in _TO_CYRILLIC:
            if word.startswith(latin, at):
                out.append(letter)
                at += len(latin)
                break
        else:
            return ""  # a letter that no romanisation of Russian has
    return head + "".join(out) + tail
