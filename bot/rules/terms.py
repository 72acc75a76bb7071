"""Terms: from the string in the YAML to the phrases that are looked for.

:func:`parse` refuses what cannot mean what its writer hoped; :func:`phrases` expands a term into every normalised
phrase it stands for (hyphens, word forms), ready for the automaton.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from bot.rules.model import Term, TermKind
from bot.text import JOINING_HYPHENS, PLAIN_WORDS, Text, phrase
from bot.yaml_nodes import Place

TERM_MAX = 300  # characters; longer ones are pasted by mistake
PREFIX_MIN = 4  # letters before the *; DESIGN, "Terms"
VARIANTS_MAX = 2_000  # phrases of one term; three inflected verbs in a row make 125
HYPHENS_MAX = 4  # in one term: each doubles its phrases

_OPERATOR = re.compile(r"(?:^|\s)(AND|OR|NOT)(?=\s|$)|(?<=\w)\s+(NEAR)(?=\s+\w|/)")
_SPLIT = re.compile(r"\s*(?<!\S)(?:AND|OR|NOT|NEAR(?:/\d+)?)(?!\S)\s*")
_HYPHEN = re.compile(f"(?<=\\w)[{JOINING_HYPHENS}](?=\\w)")
_SYMBOLS = "#@$%+&€£/_"


class TermError(ValueError):
    """A term that cannot be used; the text says what to write in its place."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


def parse(written: str, place: Place) -> Term:
    """A plain string in the position of a condition. Raises :class:`TermError`."""
    text = _checked_text(written)
    if text.startswith("="):
        if "*" in text:
            raise TermError("'=' and '*' cannot be joined; write the forms that you mean under any:", "bad-prefix")
        return _checked(Term(TermKind.CASED, text[1:].strip(), place))
    if "*" in text:
        head = text[:-1]
        if not text.endswith("*") or "*" in head:
            raise TermError("'*' may stand at the end of a term only, as in missil*", "bad-prefix")
        last = head.rsplit(maxsplit=1)[-1] if head.strip() else ""
        if sum(c.isalnum() for c in last) < PREFIX_MIN or not last[-1].isalnum():
            raise TermError(f"'*' needs at least {PREFIX_MIN} letters before it, as in missil*", "bad-prefix")
        return _checked(Term(TermKind.PREFIX, head, place))
    return _checked(Term(TermKind.WORDS, text, place))


def exact(written: str, place: Place) -> Term:
    """The value of ``exact:``. Raises :class:`TermError`."""
    text = _checked_text(written)
    if text.startswith("=") or text.endswith("*"):
        raise TermError(f"'=' and '*' have no meaning inside exact:; write the term {text!r} by itself", "bad-prefix")
    return _checked(Term(TermKind.EXACT, text, place))


def _checked_text(written: str) -> str:
    """Without outer spaces, and free of what looks like another language's operators."""
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
        word = found[1] or found[2]
        parts = ", ".join(p for p in _SPLIT.split(text) if p) or "..."
        shape = {
            "OR": f"{{any: [{parts}]}}",
            "AND": f"{{all: [{parts}]}}",
            "NOT": f"{{none: [{parts}]}}",
            "NEAR": f"{{near: {{of: [{parts}], within: sentence}}}}",
        }[word]
        raise TermError(f"{word} is not an operator inside a term; write {shape}", "operator-in-term")
    return text


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
    if PLAIN_WORDS.match(term.text):  # nearly all: what normalisation does to them is known without it
        if term.kind is not TermKind.WORDS:
            return (term.text.lower(),)
        spaced = [(" " * bool(i), (word.lower(), word)) for i, word in enumerate(term.text.split(" "))]
        return tuple(_inflected(spaced, forms))
    found: dict[str, None] = {}
    for spelling in _spellings(term.text):
        if term.kind is not TermKind.WORDS:
            found[phrase(spelling)] = None
            continue
        found.update(_inflected(_pieces(spelling), forms))
    found.pop("", None)
    return tuple(found)


def _inflected(
    pieces: Iterable[tuple[str, tuple[str, str]]], forms: Callable[[str], tuple[str, ...]]
) -> dict[str, None]:
    """All combinations of the forms of words, each with the spaces before it, normalised and as typed."""
    size = 1
    options = []
    for gap, word in pieces:
        inflected = forms(word[1]) if word[0] == word[1] else (word[0],)
        size *= len(inflected)
        options.append([gap + form for form in inflected])
    if size > VARIANTS_MAX:
        raise TermError(
            f"the forms of its words make {size:,} phrases; write {{exact: ...}} or split it with near",
            "term-too-long",
        )
    return dict.fromkeys(map("".join, product(*options)))


def _spellings(text: str) -> Iterator[str]:
    """The text with each hyphen as a space, and as nothing."""
    first, *rest = _HYPHEN.split(text)
    for joints in product((" ", ""), repeat=len(rest)):
        yield first + "".join(joint + piece for joint, piece in zip(joints, rest, strict=True))


def _pieces(spelling: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """The words of a text, each with the spaces before it (none for the first), normalised and as typed."""
    text = Text("", spelling)
    end = 0
    for number, start in enumerate(text.word_starts):
        word = text.word(number)
        first, last = text.word_span(number)
        yield " " * (start - end if number else 0), (word, spelling[first:last])
        end = start + len(word)


def cased(words: str) -> str:
    """The letters and digits of a text, folded as :func:`~bot.text.phrase` folds them but with their case: what
    ``=US`` and ``U.S.`` have in common."""
    text = Text("", words)
    norm, body = text.norm, text.body
    if "\x02" in norm:
        norm = norm.replace("\x02", " ")
    return "".join([ch.upper() if body[text.origin(i)].isupper() else ch for i, ch in enumerate(norm) if ch != " "])


def symbols(text: str) -> Symbols | None:
    """The characters of a term that normalisation drops and that its writer surely meant (``C++``, ``#metoo``)."""
    if not any(c in _SYMBOLS for c in text):
        return None
    letters = [i for i, c in enumerate(text) if c not in _SYMBOLS and c.isalnum()]
    first, last = letters[0], letters[-1] + 1
    return Symbols(_only(text[:first]), _only(text[first:last]), _only(text[last:]))


def _only(text: str) -> str:
    return "".join(c for c in text if c in _SYMBOLS)


@dataclass(frozen=True, slots=True)
class Symbols:
    """What stands directly before the words, between them and directly behind them."""

    before: str
    between: str
    behind: str

    def stand_at(self, body: str, start: int, end: int) -> bool:
        """Whether ``body[start:end]`` has them."""
        return (
            body.startswith(self.before, max(start - len(self.before), 0))
            and body.startswith(self.behind, end)
            and start >= len(self.before)
            and _only(body[start:end]) == self.between
        )
