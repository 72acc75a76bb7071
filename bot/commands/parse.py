"""The text after ``/wire`` → a verb and its arguments.

Words are parted by spaces; quotes of any shape keep words together. An argument may be named (``country:Iran``,
``severity=high``), or stand anywhere after the required ones if it is plain which it is. What goes wrong is told with
the usage and the nearest verb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.commands.arguments import Names, checked, fits, hint, length, resolved
from bot.commands.request import UsageError
from bot.commands.verbs import BY_NAME, SHARE, Kind, Parameter, Verb
from bot.rules.hints import nearest

COUNTRY_WORDS = 6  # "Democratic Republic of the Congo"

_PAIRS = {'"': '"', "“": "”", "”": "”", "„": "“”", "«": "»", "‟": "”", "'": "'", "‘": "’", "’": "’"}
_DOUBLE = str.maketrans("“”„‟«»", '""""""')
_HELP = ("?", "-h", "--help")
_LENGTH_MEANT = re.compile(
    r"[0-9]+(?:[.,:][0-9]+)?(?:[a-z][a-z0-9]*| (?:months?|years?|fortnights?|quarters?)\b)", re.IGNORECASE
)
_ITSELF = re.compile(r"\A/wire(?:\s+|\Z)")
_SHARED = re.compile(rf"(?:\A|\s){SHARE}\Z", re.IGNORECASE)
_SLACK_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class Command:
    """What was asked."""

    verb: Verb
    arguments: dict[str, str]
    share: bool


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int  # in the command's text, its quote included
    quoted: bool


def parse(text: str, names: Names) -> Command:
    """Raises :class:`UsageError`."""
    text = _ITSELF.sub("", text.strip())
    word, rest = (*text.split(None, 1), "")[:2] if text else ("help", "")
    name = "help" if word in _HELP else word.lower().lstrip("/")
    verb = BY_NAME.get(name)
    if verb is None:
        known = [*BY_NAME]
        raise UsageError(f"there is no command {word[:40]!r}{nearest(name, known)}")
    if rest.strip() in _HELP and verb.name != "help":
        return Command(BY_NAME["help"], {"command": verb.name}, False)
    rest, share = _shared(rest.strip(), verb)
    return Command(verb, arguments(verb, rest, names), share)


def _shared(text: str, verb: Verb) -> tuple[str, bool]:
    """The text without the word that asks to share the answer, and whether that is heeded."""
    if verb.private and any(p.rest for p in verb.parameters):
        return text, False
    found = _SHARED.search(text)
    return (text[: found.start()].rstrip(), not verb.private) if found else (text, False)


def arguments(verb: Verb, text: str, names: Names) -> dict[str, str]:
    """The arguments of a verb from what follows it. Raises :class:`UsageError`."""
    given: dict[str, str] = {}
    tokens = list(_tokens(text, verb))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        left = [resolved(p, given) for p in verb.parameters if p.name not in given]
        named = _named(token, left)
        if named is not None:
            parameter, value = named
            given[parameter.name] = checked(parameter, value, names, verb.name)
            at += 1
            continue
        at += _for_so_long(tokens, at, left)
        taken = _place(verb, tokens, at, left, names, given)
        if taken is None:
            raise _not_understood(verb, tokens, at, left, names)
        parameter, count = taken
        if parameter.rest and not parameter.required:
            _no_length(verb, tokens, at, left)
        value = text[token.start :] if parameter.rest else " ".join(t.text for t in tokens[at : at + count])
        if parameter.rest:
            value = _rest(value, parameter)
            count = len(tokens)
        given[parameter.name] = checked(parameter, value, names, verb.name)
        at += count
    missing = [p for p in verb.parameters if p.required and p.name not in given]
    if missing:
        raise UsageError(
            f"{verb.name}: {missing[0].name} is missing ({missing[0].help[:1].lower()}{missing[0].help[1:]})", verb.name
        )
    return given


def _named(token: _Token, left: Sequence[Parameter]) -> tuple[Parameter, str] | None:
    """``country:Iran``; not where the whole was in quotes, nor for what takes the text as typed."""
    found = None if token.quoted else re.match(r"([a-z]+)[:=](?!//)(.+)\Z", token.text, re.DOTALL)
    if found is None:
        return None
    parameter = next((p for p in left if p.name == found[1] and not p.rest), None)
    return (parameter, found[2]) if parameter else None


def _place(
    verb: Verb,
    tokens: Sequence[_Token],
    at: int,
    left: Sequence[Parameter],
    names: Names,
    given: Mapping[str, str],
) -> tuple[Parameter, int] | None:
    """Which argument begins here, and how many words it takes."""
    required = next((p for p in left if p.required), None)
    if required is not None:
        return required, _country_words(tokens, at) or 1 if required.kind is Kind.COUNTRY else 1
    word = tokens[at].text
    for parameter in left:
        if parameter.kind is Kind.COUNTRY and (count := _country_words(tokens, at)):
            return parameter, count
        if parameter.kind in (Kind.DURATION, Kind.PERIOD) and (count := _length_at(tokens, at)):
            return parameter, count
        if parameter.kind not in (Kind.TEXT, Kind.COUNTRY) and fits(parameter, word, names):
            return parameter, 1
    text = next((p for p in left if p.kind is Kind.TEXT), None)
    if text is not None:
        return text, 1
    second = _given_already(verb, word, names, given)
    if second is not None:
        raise UsageError(
            f"{word!r} is a second {second.name}; one is taken, and that is {given[second.name]!r}", verb.name
        )
    return (left[0], 1) if len(left) == 1 else None


def _given_already(verb: Verb, word: str, names: Names, given: Mapping[str, str]) -> Parameter | None:
    """The argument that a word would be, were it not there already."""
    there = (resolved(p, given) for p in verb.parameters if p.name in given)
    return next((p for p in there if p.kind is not Kind.TEXT and fits(p, word, names)), None)


def _for_so_long(tokens: Sequence[_Token], at: int, left: Sequence[Parameter]) -> int:
    """How many words mean nothing here: the "for" before a length of time."""
    wanted = any(p.kind is Kind.DURATION for p in left) and not tokens[at].quoted
    return int(wanted and tokens[at].text.lower() == "for" and _length_at(tokens, at + 1) > 0)


def _length_at(tokens: Sequence[_Token], at: int) -> int:
    """How many words from here on are a length of time."""
    return next((n for n in (2, 1) if length(" ".join(t.text for t in tokens[at : at + n]))), 0)


def _no_length(verb: Verb, tokens: Sequence[_Token], at: int, left: Sequence[Parameter]) -> None:
    """A length of time that is none would be taken for a comment. Raises :class:`UsageError`."""
    if tokens[at].quoted or not any(p.kind is Kind.DURATION for p in left):
        return
    begins = " ".join(t.text for t in tokens[at : at + 2])
    alone = at + 1 == len(tokens) and begins.isdigit()  # a number of what?
    if alone or tokens[at].text.lower() in ("until", "till") or _LENGTH_MEANT.match(begins):
        raise UsageError(
            f"{begins!r} is no length of time; write a whole number and a unit, such as 24h, 7d or 2w "
            "(a comment that begins so goes in quotes)",
            verb.name,
        )


def _country_words(tokens: Sequence[_Token], at: int) -> int:
    """How many words from here on name one country; the longest name counts."""
    from bot.commands.arguments import country_code

    for count in range(1 if tokens[at].quoted else min(COUNTRY_WORDS, len(tokens) - at), 0, -1):
        if country_code(" ".join(t.text for t in tokens[at : at + count])):
            return count
    return 0


def _not_understood(
    verb: Verb, tokens: Sequence[_Token], at: int, left: Sequence[Parameter], names: Names
) -> UsageError:
    word = tokens[at].text
    if not left:
        more = f"nothing more after {tokens[at - 1].text!r}" if at else "nothing"
        return UsageError(f"{verb.name} takes {more}; {word!r} is too much", verb.name)
    if verb.name == "watch":
        return UsageError(f"put quotes around words that belong together; {word!r} is no country", verb.name)
    return UsageError(f"{word!r} is not known here{hint(word, left, names)}", verb.name)


def _rest(text: str, parameter: Parameter) -> str:
    """All that follows as typed; quotes around the whole are dropped, unless they mean something."""
    text = _SLACK_LINK.sub(r"\1", text.strip())
    if parameter.name == "query":
        return text.translate(_DOUBLE)
    closing = _PAIRS.get(text[:1])
    if closing and len(text) > 2 and text[-1] in closing and not any(c in closing for c in text[1:-1]):
        return text[1:-1]
    return text


def _tokens(text: str, verb: Verb) -> Iterator[_Token]:
    """Words and quotations. A single quote opens one at the start of a word only, so that "don't" is a word."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        closing = _PAIRS.get(text[at])
        if closing is None:
            found = re.compile(r"[a-z]+[:=](?=[\"“”„«])|[^\s]+").match(text, at)
            assert found is not None
            word, at = found[0], found.end()
            closing = _PAIRS.get(text[at : at + 1]) if word[-1:] in ":=" else None
            if closing is None:
                yield _Token(_SLACK_LINK.sub(r"\1", word), start, False)
                continue
            end = _closed(text, at, closing, verb)
            yield _Token(word + text[at + 1 : end], start, False)
            at = end + 1
            continue
        end = _closed(text, at, closing, verb)
        yield _Token(text[at + 1 : end], start, True)
        at = end + 1


def _closed(text: str, at: int, closing: str, verb: Verb) -> int:
    """Where the quotation that begins at ``at`` ends. Any double quote closes a double one: phones mix them."""
    ends = closing if closing in "'’" else f'{closing}"”'
    for i in range(at + 1, len(text)):
        if text[i] in ends and (ends != "'’" or i + 1 == len(text) or text[i + 1].isspace()):
            return i
    if any(p.rest for p in verb.parameters):
        return len(text)
    raise UsageError(f"the quote before {text[at + 1 : at + 30]!r} is not closed", verb.name)
