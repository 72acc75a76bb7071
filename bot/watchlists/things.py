"""The ways in which organisations, ships, aircraft and places are written: with and without legal form, ``&`` and
``and``."""

from __future__ import annotations

import re

from bot.watchlists.base import EntryKind
from bot.watchlists.persons import HAN, title
from bot.watchlists.report import WORDS_MAX, IsWord, Options
from bot.watchlists.spellings import fold, words

_BRACKETED = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_MARKS = re.compile(r"[,;:\"“”„«»()\[\]/|*]+")
_EASTERN = frozenset(["ooo", "oao", "zao", "pao", "ao", "nao", "jsc", "pjsc", "ojsc", "cjsc"])
_ACRONYM_MAX = 4  # letters; a single word this short is too common, whatever it stands for


def expand_thing(
    text: str, kind: EntryKind, options: Options, is_word: IsWord, main: bool
) -> tuple[str, tuple[str, ...]]:
    plain = _BRACKETED.sub(" ", text) if _BRACKETED.sub("", text).strip() else text
    tokens = _MARKS.sub(" ", plain.replace("&", " and ")).replace("-", " ").split()
    if not tokens or len(tokens) > WORDS_MAX:
        return "too_long", ()
    folded = [fold(t) for t in tokens]
    bare = _without_form(folded)
    forms = [folded]
    if bare != folded:
        forms.append(bare)
    forms += [[*f[:-1], _LONG[f[-1]]] for f in forms[:1] if f[-1] in _LONG]
    forms += [f[1:] for f in list(forms) if f[0] == "the" and len(f) > 2]
    kept = []
    verdict = "kept"
    for form in forms:
        own = form is folded or _is_eastern(folded)  # Gazprom, but not Arizona S.A.
        why = _refused(form, form is bare or bare == folded, kind, options, is_word, main and own)
        if why is None:
            kept.append(title(" ".join(form)))
        elif not kept:
            verdict = why
    if not kept:
        return verdict, ()
    return "kept", tuple(dict.fromkeys(kept))


def _is_eastern(tokens: list[str]) -> bool:
    """A legal form of Russia and its neighbours, whose companies are known by a coined word."""
    return not _EASTERN.isdisjoint((tokens[0], tokens[-1])) or "joint stock company" in " ".join(tokens)


_LONG = {"co": "company", "corp": "corporation", "org": "organization", "assn": "association"}


def _without_form(tokens: list[str]) -> list[str]:
    """Without the legal forms at its ends, of up to four words each (``sa de cv``)."""
    changed = True
    while changed and len(tokens) > 1:
        changed = False
        for size in (4, 3, 2, 1):
            if len(tokens) <= size:
                continue
            if " ".join(tokens[-size:]) in words("form"):
                tokens = tokens[:-size]
                while len(tokens) > 1 and tokens[-1] == "and":  # & Co
                    tokens = tokens[:-1]
                changed = True
                break
            if " ".join(tokens[:size]) in words("lead"):
                tokens = tokens[size:]
                changed = True
                break
    return tokens


def _refused(form: list[str], bare: bool, kind: EntryKind, options: Options, is_word: IsWord, main: bool) -> str | None:
    """Why a form is not looked for: a field of :class:`Report`; ``None`` if it is."""
    if HAN.search(form[0]):
        return None if sum(map(len, form)) > 2 or options.common else "common"
    if len(form) == 1:
        allowed = main and kind is EntryKind.ORG and len(form[0]) > _ACRONYM_MAX and not is_word(form[0])
        return None if options.one_word or allowed else "one_word"
    if options.common:
        return None
    telling = [w for w in form if w not in words("of") and w not in words("form")]
    if not telling:
        return "common" if bare or len(form) < 4 else None
    if kind in (EntryKind.VESSEL, EntryKind.AIRCRAFT) and len(form) == 2 and (is_word(form[0]) or form[1].isdigit()):
        return "common"  # Golden Star, Hope 1
    if bare and len(form) == 2 and all(w == "the" or is_word(w) for w in form):
        return "common"  # The Base
    return None
