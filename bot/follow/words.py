"""The words that reading numbers and names needs."""

from __future__ import annotations


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


UNITS = _words("""
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
""")
TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")

TIMES = frozenset(
    _words("""
second seconds minute minutes hour hours day days week weeks month months year years decade decades century am pm
o'clock gmt utc est th
""")
)  # what is counted in these is a length of time, or a time of day

MONTHS = frozenset(
    _words("""
january february march april may june july august september october november december jan feb mar apr jun jul aug sep
sept oct nov dec
""")
)

NO_NOUN = frozenset(
    _words("""
of the a an in on at to for from by with and or but as is are was were be been has have had will would that this than
more most other new old local some about after before since during over under into out up its their his her who which
it they people persons others civilians men women children members being also said says least years-old
""")
)  # words behind a number that do not say what is counted

PEOPLE = frozenset(_words("people persons civilians men women children others"))  # of those, the ones that count people

LOOSE = frozenset(_words("of the a an in on at to for from by with and or but as"))  # no phrase ends with these

TITLES = frozenset(
    _words("""
mr mrs ms dr president prime minister premier chancellor king queen prince princess pope secretary general admiral
colonel captain lieutenant major senator representative governor mayor ambassador spokesman spokeswoman spokesperson
chief director chairman chairwoman judge justice sir lord lady of de al bin van von the foreign defense defence interior
state deputy vice acting former us u.s
""")
)  # parts of a name that do not tell whose it is

NO_NAME = frozenset(
    _words("""
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december reuters associated press afp bbc cnn guardian times news agency getty images photo video live
updates update breaking exclusive i he she it they we you his her their our the this that these those but and for with
from after before when while where what who how why a an in on at to by as is are was were not no yes new says said
government ministry parliament police army court
""")
)  # written with a capital for another reason
