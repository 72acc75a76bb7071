"""Which items are the same article, and which of them were edited.

Feeds change their guids with every poll, add tracking parameters, move from http to https, rewrite headlines with the
address, and use one guid or one address for many items. So three things name an item together: its address in
canonical form, the publisher's guid within its source, and its words. :func:`shared` finds the names that one answer
gives to several items; :func:`sort_out` compares what a poll brought with what is stored.

What counts as an edit is a change of words. Letter case, punctuation, white space, counters ("12 comments") and times
("updated 3 hours ago") that stand apart from the text are none: :func:`content_hash` does not see them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.model import Article, Item, Revised, TextFrom
from bot.sources.dates import MONTHS
from bot.web.urls import canonical, identifies

EDITS_AT_ONCE = 10  # edits of one article that are taken as they come
EDIT_PAUSE = timedelta(
    hours=1
)  # from one to the next after that: live tickers, and pages that never say the same twice
SAME_WORDS_MIN = 12  # words that two items of a source do not share by chance; "Market report" comes every day
SAME_WORDS_WITHIN = timedelta(days=3)  # between the dates of two such items
_SAME_TITLE = 0.5  # of the words of two titles: a rewritten headline keeps more, another article shares fewer

# -- the words of an article ----------------------------------------------------------------------------------------

_SEGMENT = re.compile(r"[\n|•·()\[\]]| [-–—] ")
_TOKEN = re.compile(r"[\w$€£¥%]+")
_ASCII_TOKENS = str.maketrans({chr(n): " " for n in range(128) if not _TOKEN.match(chr(n))})  # the same, faster
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")
_DIGIT = re.compile(r"\d")
_STAMP_MAX = 14  # words; a longer segment says more than when it was written
_STAMP_CHARS = 120  # likewise

# Words beside the numbers of such a segment, without accents. The first two sets say by themselves what it is.
_COUNTED = (
    "view views comment comments like likes share shares reply replies reaction reactions point points upvotes "
    "retweets reposts plays downloads read reads aufrufe kommentar kommentare commentaire commentaires vues lectures "
    "partages comentario comentarios visitas vistas lecturas visualizacoes commenti visualizzazioni reacties "
    "kommentarer komentarze просмотров просмотра комментариев комментария комментарии yorum goruntulenme"
)
_WRITTEN = (
    "updated update modified published posted edited aktualisiert veroffentlicht actualise publie modifie actualizado "
    "publicado aggiornato pubblicato atualizado bijgewerkt gepubliceerd opdateret oppdatert uppdaterad zaktualizowano "
    "aktualizovano обновлено опубликовано guncelleme ago vor hace fa sedan siden geleden temu назад stand"
)
_BESIDES = (
    "last on at the of to and first a am pm um le la el il de al den der uhr mis jour y ha по в "
    "gmt utc est edt cst cdt pst pdt bst cet cest ist jst msk z "
    "second seconds sec secs s minute minutes min mins m hour hours hr hrs h day days d week weeks w month months "
    "year years sekunden minuten minute stunde stunden tag tagen tage woche wochen heure heures jour jours semaine "
    "hora horas minuto minutos dia dias ora ore minuti giorno giorni uur dagen timer timmar минут минуты часов часа "
    "час дня днеи today yesterday heute gestern monday tuesday wednesday thursday friday saturday sunday mon tue tues "
    "wed thu thur thurs fri sat sun montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi "
    "jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo"
)
_TELLING = frozenset(f"{_COUNTED} {_WRITTEN}".split()) | MONTHS.keys()
_PASSING = _TELLING | frozenset(_BESIDES.split())


def content_hash(title: str, text: str) -> str:
    """32 hex digits over the words of title and text; see the module for what does not count."""
    return digest(f"{' '.join(material_words(title))}\0{' '.join(material_words(text))}")


def material_words(text: str) -> list[str]:
    """The words of a text that an edit would change. A text that is nothing but a time or a counter keeps them."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    if _DIGIT.search(folded):
        kept = " ".join(part for part in _SEGMENT.split(folded) if not _passing(part))
        folded = kept if kept.strip() else folded
    return _tokens(folded)


def _tokens(folded: str) -> list[str]:
    return folded.translate(_ASCII_TOKENS).split() if folded.isascii() else _TOKEN.findall(folded)


def _passing(segment: str) -> bool:
    """Whether a segment only counts or dates: "12 comments", "Last updated: 4 March 2026, 15:42 GMT"."""
    if len(segment) > _STAMP_CHARS or not _DIGIT.search(segment):
        return False
    words = _tokens(segment)
    named = [word if word.isascii() else _unaccented(word) for word in words if not word[0].isdigit()]
    if len(words) > _STAMP_MAX or not all(map(_PASSING.__contains__, named)):
        return False
    return any(map(_TELLING.__contains__, named)) or _CLOCK.search(segment) is not None


def _unaccented(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def digest(text: str) -> str:
    """32 hex digits; lone surrogates do not stop it."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# -- names of items -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """Canonical addresses and guids that name several items of one answer, and therefore none."""

    links: frozenset[str] = frozenset()
    guids: frozenset[str] = frozenset()


NOTHING_SHARED = Shared()


def shared(items: Sequence[Item]) -> Shared:
    """Which names do not tell the items of one answer apart: a guid with several addresses or, where there are none,
    several headlines; an address with several guids and several headlines (the entries of a live blog)."""
    guids = [item.guid for item in items if item.guid]
    pages = [item.url.partition("#")[0].partition("?")[0] for item in items if item.url]
    if len(set(guids)) == len(guids) and len(set(pages)) == len(pages):
        return NOTHING_SHARED  # as nearly always, and found out at a tenth of the cost
    by_link: dict[str, set[tuple[str, str]]] = defaultdict(set)
    by_guid: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for item in items:
        link = canonical(item.url) if item.url else ""
        if link and identifies(link) and item.guid:
            by_link[link].add((item.guid, item.title))
        if item.guid:
            by_guid[item.guid].add((link, item.title))
    return Shared(
        frozenset(link for link, seen in by_link.items() if _many(seen)),
        frozenset(guid for guid, seen in by_guid.items() if _many(seen) or _nameless(seen)),
    )


def _many(seen: Collection[tuple[str, str]]) -> bool:
    return len(seen) > 1 and len({name for name, _ in seen}) > 1 and len({title for _, title in seen}) > 1


def _nameless(seen: Collection[tuple[str, str]]) -> bool:
    return len({title for _, title in seen}) > 1 and not any(link for link, _ in seen)


def distinct(articles: Iterable[Article]) -> tuple[Article, ...]:
    """The articles of one answer without those that repeat another under the same key or guid, or with the same words
    and date. The first one stays."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for article in articles:
        names: list[tuple[object, ...]] = [(article.key,)]
        if article.guid:
            names.append(("guid", article.guid))
        if article.dated:
            names.append((article.content_hash, article.published))
        if seen.isdisjoint(names):
            kept.append(article)
        seen.update(names)
    return tuple(kept)


def key_of(link: str, guid: str, source_id: str, title: str, text: str) -> str:
    """The key of an article: by its canonical address if that can name one, else by its guid within the source, else
    by its words."""
    if link and identifies(link):
        return digest(f"url\0{link}")
    if guid:
        return digest(f"guid\0{source_id}\0{guid}")
    words = digest(f"{_folded(title)}\0{_folded(text)}")
    return digest(f"words\0{source_id}\0{words}")


def key_of_url(url: str) -> str:
    """The key of an article of that address; empty where the address cannot name one."""
    link = canonical(url)
    return digest(f"url\0{link}") if link and identifies(link) else ""


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


# -- what is stored -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored article with its edits: the hashes of all kept versions, how many edits there were, and the last."""

    article: Article
    hashes: frozenset[str]
    edits: int = 0
    edited_at: datetime | None = None


Name = tuple[str, str]
"""The id of a source, and a guid, address or hash that names something within it."""


class Memory(Protocol):
    """What :func:`sort_out` asks of a store."""

    def snapshot(self) -> AbstractContextManager[object]: ...

    def content_hashes(self, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]: ...

    def known_articles(self, keys: Sequence[str], guids: Sequence[Name]) -> tuple[set[str], set[Name]]: ...

    def namesakes(self, guids: Sequence[Name], urls: Sequence[Name], hashes: Sequence[Name]) -> tuple[Article, ...]: ...

    def kept(self, keys: Sequence[str]) -> Mapping[str, Kept]: ...


@dataclass(frozen=True, slots=True)
class Brought:
    """The articles that a poll of a source brought."""

    source_id: str
    articles: Sequence[Article]


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a poll brought that matters."""

    new: tuple[Article, ...] = ()
    revised: tuple[Revised, ...] = ()
    elsewhere: tuple[Article, ...] = ()  # what another source brought first
    later: int = 0  # edits of articles that are edited all the time: each is taken once its pause is over


def sort_out(memory: Memory, polls: Sequence[Brought], now: datetime) -> tuple[Sorted, ...]:
    """Compare the articles of polls with what is stored. Nearly all are known, and cost one look at an index.

    An article that another source brought first is known, and its words are that source's to edit.
    """
    with memory.snapshot():
        return _sort_out(memory, polls, now)


def _sort_out(memory: Memory, polls: Sequence[Brought], now: datetime) -> tuple[Sorted, ...]:
    stored = memory.content_hashes([a.key for poll in polls for a in poll.articles])
    edited: list[dict[str, Article]] = [{} for _ in polls]  # by the key under which it is stored
    unknown: list[list[Article]] = [[] for _ in polls]
    elsewhere: list[list[Article]] = [[] for _ in polls]
    for poll, edits, left, others in zip(polls, edited, unknown, elsewhere, strict=True):
        for article in poll.articles:
            found = stored.get(article.key)
            if found is None:
                left.append(article)
            elif found[0] != poll.source_id:
                others.append(article)
            elif found[1] != article.content_hash:
                edits[article.key] = article
    new = _unnamed(memory, polls, unknown, edited)
    keys = [key for edits in edited for key in edits]
    kept = memory.kept(keys) if keys else {}
    made = []
    for fresh, edits, others in zip(new, edited, elsewhere, strict=True):
        revisions: list[Revised] = []
        later = 0
        for key, article in edits.items():
            edit = edit_of(kept[key], article) if key in kept else None
            if edit is not None and _pauses(kept[key], now):
                later += 1
            elif edit is not None:
                revisions.append(edit)
        made.append(Sorted(tuple(fresh), tuple(revisions), tuple(others), later))
    return tuple(made)


def _unnamed(
    memory: Memory,
    polls: Sequence[Brought],
    unknown: Sequence[Sequence[Article]],
    edited: Sequence[dict[str, Article]],
) -> list[list[Article]]:
    """Those of unknown keys that nothing stored is another name of; edits of what is are put to ``edited``."""
    new: list[list[Article]] = [[] for _ in polls]
    asked = [(poll.source_id, a) for poll, left in zip(polls, unknown, strict=True) for a in left]
    if not asked:
        return new
    guids = [(source_id, a.guid) for source_id, a in asked if a.guid]
    gone_keys, gone_guids = memory.known_articles([a.key for _, a in asked], guids)
    alike: dict[str, list[Article]] = defaultdict(list)
    for old in memory.namesakes(
        guids,
        [(source_id, a.canonical_url) for source_id, a in asked if a.canonical_url],
        [(source_id, a.content_hash) for source_id, a in asked],
    ):
        alike[old.source_id].append(old)
    for poll, left, edits, fresh in zip(polls, unknown, edited, new, strict=True):
        olds = alike[poll.source_id]
        stored_guids = {a.guid for a in olds}
        for article in left:
            same = next((a for a in olds if same_item(a, article)), None)
            if same is not None:
                if same.content_hash != article.content_hash:
                    edits[same.key] = article
            elif article.key not in gone_keys and (
                (poll.source_id, article.guid) not in gone_guids or article.guid in stored_guids
            ):
                fresh.append(article)
    return new


def same_item(old: Article, new: Article) -> bool:
    """Whether two articles of one source under different keys are one item: by its address, by its guid unless that is
    plainly used again, or by its words."""
    if new.canonical_url and new.canonical_url == old.canonical_url and identifies(new.canonical_url):
        return True
    if new.guid and new.guid == old.guid:
        return not (old.canonical_url and new.canonical_url) or _alike(old.title, new.title)
    return new.content_hash == old.content_hash and _same_words(old, new)


def _alike(one: str, other: str) -> bool:
    """Whether a headline may be an edit of another: they share half of the words of the shorter one."""
    a, b = set(material_words(one)), set(material_words(other))
    return not a or not b or len(a & b) >= _SAME_TITLE * min(len(a), len(b))


def _same_words(old: Article, new: Article) -> bool:
    if old.dated and new.dated:
        if old.published == new.published:
            return True
        if abs(old.published - new.published) > SAME_WORDS_WITHIN:
            return False
    return len(material_words(f"{new.title}\n{new.text}")) >= SAME_WORDS_MIN


def _pauses(kept: Kept, now: datetime) -> bool:
    """Whether an article was edited often, and a moment ago."""
    return kept.edits >= EDITS_AT_ONCE and kept.edited_at is not None and now - kept.edited_at < EDIT_PAUSE


def edit_of(kept: Kept, shown: Article) -> Revised | None:
    """The edit that makes a stored article what its source shows now; ``None`` if it is none that matters: the words
    are those of a version seen before (edits that are taken back, headlines on trial that alternate), or the text is
    only cut shorter."""
    before = kept.article
    if shown.content_hash in kept.hashes:
        return None
    from_feed = before.text_from is TextFrom.FEED
    title = shown.title or before.title
    text = before.text if from_feed and _is_cut(before.text, shown.text) else shown.text
    if content_hash(title, text) in kept.hashes or (
        from_feed and content_hash(before.title, before.text) == content_hash(title, text)
    ):
        return None
    after = replace(
        shown,
        key=before.key,
        title=title,
        text=text,
        published=before.published,
        dated=before.dated,
        canonical_url=shown.canonical_url or before.canonical_url,
        url=shown.url or before.url,
        image=shown.image or before.image,
    )
    return Revised(before, after)


def _is_cut(whole: str, part: str) -> bool:
    """Whether ``part`` is the beginning of ``whole``, be it up to the middle of a word, or nothing."""
    words, fewer = material_words(whole), material_words(part)
    if not fewer or len(fewer) > len(words):
        return not fewer
    return words[: len(fewer) - 1] == fewer[:-1] and words[len(fewer) - 1].startswith(fewer[-1])
