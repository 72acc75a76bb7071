"""Terms: from the string in the YAML to the phrases that are looked for.

:func:`parse` refuses what cannot mean what its writer hoped; :func:`phrases` expands a term into every normalised
phrase it stands for (hyphens, word forms), ready for the automaton.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

from bot.rules.model import Term, TermKind
from bot.text import HANGUL_START, phrase
from bot.yaml_nodes import Place

TERM_MAX = 300  # characters; longer ones are pasted by mistake
PREFIX_MIN = 4  # letters before the *; DESIGN, "Terms"
VARIANTS_MAX = 2_000  # phrases of one term; three inflected verbs in a row make 125
HYPHENS_MAX = 4  # in one term: each doubles its phrases

_OPERATOR = re.compile(r"\b(AND|OR|NOT|NEAR)\b")
_HYPHEN = re.compile(r"(?<=\w)[-‐‑](?=\w)")
_SYMBOLS = re.compile(r"[#@$%+&€£/_]")


class TermError(ValueError):
    """A term that cannot be used; the text says what to write in its place."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


def parse(written: str, place: Place) -> Term:
    """A plain string in the position of a condition. Raises :class:`TermError`."""
    text = written.strip()
    if not text:
        raise TermError("an empty term; write a word, or delete the line", "empty-term")
    if len(text) > TERM_MAX:
        raise TermError(f"a term of {len(text):,} characters; the limit is {TERM_MAX}", "term-too-long")
    if "|" in text:
        parts = ", ".join(p.strip() for p in text.split("|") if p.strip())
        raise TermError(f"'|' does not mean 'or' inside a term; write {{any: [{parts}]}}", "operator-in-term")
    if "(" in text or ")" in text:
        raise TermError(
            "parentheses have no meaning inside a term; write {any: [...]} or {all: [...]}, or use {regex: '...'}",
            "operator-in-term",
        )
    found = _OPERATOR.search(text)
    if found:
        form = {"OR": "any", "AND": "all", "NOT": "none", "NEAR": "near"}[found[1]]
        parts = ", ".join(p.strip() for p in re.split(r"\s*\b(?:AND|OR|NOT|NEAR)\b\s*", text) if p.strip())
        shape = f"{{near: {{of: [{parts}], within: sentence}}}}" if form == "near" else f"{{{form}: [{parts}]}}"
        raise TermError(f"{found[1]} is not an operator inside a term; write {shape}", "operator-in-term")
    if text.startswith("="):
        return _checked(Term(TermKind.CASED, text[1:].strip(), place))
    if "*" in text:
        head = text[:-1]
        if not text.endswith("*") or "*" in head:
            raise TermError("'*' may stand at the end of a term only, as in missil*", "bad-prefix")
        last = re.split(r"[\s-]", head)[-1]
        if sum(c.isalnum() for c in last) < PREFIX_MIN:
            raise TermError(f"'*' needs at least {PREFIX_MIN} letters before it, as in missil*", "bad-prefix")
        return _checked(Term(TermKind.PREFIX, head, place))
    return _checked(Term(TermKind.WORDS, text, place))


def exact(written: str, place: Place) -> Term:
    """The value of ``exact:``. Raises :class:`TermError`."""
    text = written.strip()
    if not text:
        raise TermError("an empty term; write a word, or delete the line", "empty-term")
    if len(text) > TERM_MAX:
        raise TermError(f"a term of {len(text):,} characters; the limit is {TERM_MAX}", "term-too-long")
    return _checked(Term(TermKind.EXACT, text, place))


def _checked(term: Term) -> Term:
    if not phrase(term.text):
        raise TermError(
            f"the term {term.text!r} holds no letter or digit and can never match; use {{regex: '...'}}", "empty-term"
        )
    if len(_HYPHEN.findall(term.text)) > HYPHENS_MAX:
        raise TermError(f"more than {HYPHENS_MAX} hyphens in a term; write the spaces that you mean", "term-too-long")
    return term


def regex(written: str, place: Place) -> Term:
    """The value of ``regex:``. Raises :class:`TermError`."""
    import re2

    if not written:
        raise TermError("an empty regex; write one, or delete the line", "empty-term")
    if len(written) > TERM_MAX * 10:
        raise TermError(f"a regex of {len(written):,} characters; the limit is {TERM_MAX * 10:,}", "term-too-long")
    ascii_class = r"\\[bBwW][+*?]?"
    if re.search(rf"{ascii_class}[^\x00-\x7f]|[^\x00-\x7f][+*?]?{ascii_class}", written):
        raise TermError(
            r"\b and \w know ASCII letters only (RE2), so beside other letters they never match as meant; "
            r"use \pL for a letter, and [^\pL] or the plain term for a word boundary",
            "ascii-class",
        )
    try:
        compiled = re2.compile(written, regex_options())
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        hint = ""
        if "(?" in reason or "perl" in reason or re.search(r"\\[1-9]", written):
            hint = " (RE2 has no look-around and no back-references)"
        raise TermError(f"RE2 refuses this regex: {reason}{hint}; mend it", "bad-regex") from None
    if compiled.fullmatch("") is not None:
        raise TermError(
            "this regex matches the empty text and so every article; ask for at least one character", "empty-regex"
        )
    return Term(TermKind.REGEX, written, place)


def regex_options() -> object:
    """Case-insensitive, quiet, and small enough that no regex can fill the memory."""
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 8 << 20
    return options


def phrases(term: Term, forms: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """Every normalised phrase (without outer spaces) that a term stands for; not for regexes.

    Raises :class:`TermError` if there are too many.
    """
    found: dict[str, None] = {}
    for spelling in _spellings(term.text):
        if term.kind is not TermKind.WORDS:
            found[phrase(spelling)] = None
            continue
        # The phrase says where words end, the spelling whether they were typed in capitals; line the two up.
        words = phrase(spelling).split(" ")
        cased = _cased_words(spelling)
        options = [
            forms(w) if i < len(cased) and cased[i] == w and HANGUL_START not in w else (w,)
            for i, w in enumerate(words)
        ]
        size = 1
        for option in options:
            size *= len(option)
        if size > VARIANTS_MAX:
            raise TermError(
                f"the forms of its words make {size:,} phrases; write {{exact: ...}} or split it with near",
                "term-too-long",
            )
        for combination in product(*options):
            found[" ".join(combination)] = None
    found.pop("", None)
    return tuple(found)


def _spellings(text: str) -> Iterator[str]:
    """The text with each hyphen as a space, and as nothing."""
    first, *rest = _HYPHEN.split(text)
    for joints in product((" ", ""), repeat=len(rest)):
        yield first + "".join(joint + piece for joint, piece in zip(joints, rest, strict=True))


def _cased_words(text: str) -> list[str]:
    """The words of a text as typed, cut as :func:`phrase` cuts them."""
    return [w for w in re.split(r"[^\w']+", re.sub(r"['’]s\b", "", text).replace("’", "'")) if w]


def cased(text: str) -> str:
    """A text with its case, and otherwise as :func:`phrase` would have it: for terms such as ``=US``."""
    text = re.sub(r"['’]s?(?!\w)", "", text)
    text = re.sub(r"(?<![^\W_])((?:[^\W\d_]\.)+[^\W\d_])\.?(?!\w)", lambda m: m[1].replace(".", ""), text)
    text = re.sub('["“”„«»\u00ad\u200b-\u200f\u2060]', "", text)
    return re.sub(r"[\W_]+", " ", text).strip()


def symbols(text: str) -> str:
    """The characters of a term that normalisation drops and that its writer surely meant (``C++``, ``#metoo``)."""
    return "".join(_SYMBOLS.findall(text))
