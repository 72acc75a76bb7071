"""Rules on a text: ``explain``, and what stands behind an alert."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import dedent

from bot.commands.desk import Desk
from bot.commands.reply import (
    Block,
    Code,
    Heading,
    Line,
    Link,
    Mark,
    Quote,
    Reply,
    When,
    Words,
    bold,
    bullets,
    code,
    line,
    paragraph,
    refused,
    small,
)
from bot.commands.request import Progress, Request
from bot.entities.facts import country_name
from bot.errors import SourceError
from bot.flags import country_tag
from bot.live.rulebook import Rulebook
from bot.model import Alert, Article, Evidence, Match, Mention
from bot.passage import passage
from bot.render import headline_of, source_of
from bot.rules.evaluate import Subject
from bot.rules.explain import Explanation
from bot.rules.explain import explain as explain_rule
from bot.rules.match import Analysis
from bot.rules.steps import miss, near_misses, outline
from bot.summary.words import number

FIRED_SHOWN = 5  # rules with their conditions
NEAR_SHOWN = 4  # rules that nearly fired
SEARCHED_FOR_NEAR = 2_000  # rules that are looked at for it; each takes some microseconds to milliseconds
WORDS_SHOWN = 6  # of one condition
COUNTRIES_SHOWN = 6
HEADLINE_MAX = 300  # characters of a first line that is a headline


@dataclass(frozen=True, slots=True)
class Look:
    """What the rules that run now make of a text."""

    fired: tuple[Explanation, ...]
    near: tuple[tuple[str, str], ...]  # (id, what was missing)
    known: frozenset[str]  # the ids of all that were looked at
    mentions: tuple[Mention, ...]
    countries: tuple[str, ...]


def look_at(
    book: Rulebook, subject: Subject, *, near: bool = True, skip: Sequence[str] = (), others: Collection[str] = ()
) -> Look:
    """Analyse a text. Rules in ``skip`` are not looked for among those that nearly fired, those in ``others`` not at
    all."""
    analysis = book.engine.analyse(subject)
    rules = {rule.id: rule for rule in analysis.engine.rules if rule.id not in others}
    fired = tuple(explain_rule(analysis, rules[m.rule_id]) for m in analysis.matches if m.rule_id in rules)
    silent = rules.keys() - {one.rule.id for one in fired} - set(skip)
    nearly = _nearly(analysis, [rules[id] for id in rules if id in silent]) if near else ()
    return Look(fired, nearly, frozenset(rules), analysis.mentions, analysis.countries)


def _nearly(analysis: Analysis, rules: Sequence[object]) -> tuple[tuple[str, str], ...]:
    explained = [explain_rule(analysis, rule) for rule in rules[:SEARCHED_FOR_NEAR]]  # type: ignore[arg-type]
    return tuple((e.rule.id, miss(e)) for e in near_misses(explained, NEAR_SHOWN))


# -- explain --------------------------------------------------------------------------------------------------------


async def explain(desk: Desk, request: Request, tell: Progress) -> Reply:
    """Which rules would fire on a text, or on the article of a page."""
    given = request.get("text")
    if given.startswith(("http://", "https://")) and len(given.split()) == 1:
        await tell(f"Reading {given}")
        try:
            subject = await desk.page(given)
        except SourceError as error:
            return refused("That page cannot be read", paragraph(error.text))
        if not subject.text.strip():
            return refused("There is no article text on that page", paragraph("Paste the text instead."))
    else:
        subject = _subject(given)
    book, others = desk.book(), desk.others(request.audience)
    reply: Reply = await desk.heavy(lambda: _explained(subject, look_at(book, subject, others=others)))
    return reply


def _subject(text: str) -> Subject:
    """A short first line above more text is a headline."""
    first, _, rest = text.strip().partition("\n")
    if rest.strip() and len(first) <= HEADLINE_MAX:
        return Subject(first.strip(), rest.strip())
    return Subject("", text.strip())


def _explained(subject: Subject, look: Look) -> Reply:
    count = len(look.fired)
    title = f"{number(count, 'rule')} would fire" if count else "No rule fires"
    blocks: list[Block] = []
    matches = [e.match for e in look.fired if e.match is not None]
    article = _as_article(subject)
    if matches:
        blocks.append(Quote(passage(article, matches)))
    for one in look.fired[:FIRED_SHOWN]:
        blocks.append(paragraph(line(Mark(one.rule.severity), " ", bold(one.rule.title), "  ", code(one.rule.id))))
        blocks.append(Code(dedent("\n".join(outline(one)[1:]))))
    if count > FIRED_SHOWN:
        blocks.append(small(f"and {count - FIRED_SHOWN} more: ", ", ".join(e.rule.id for e in look.fired[5:15])))
    blocks += _near_blocks(look)
    blocks += _country_blocks(look.mentions, look.countries)
    blocks.append(small(f"{number(len(look.known), 'rule')} looked at; nothing was stored, and only you see this."))
    return Reply(title, tuple(blocks))


def _as_article(subject: Subject) -> Article:
    from datetime import UTC, datetime

    then = datetime(1970, 1, 1, tzinfo=UTC)  # a text has no date, and its passage needs none
    return Article("", "", "", "", subject.title, subject.text, then, then)


def _near_blocks(look: Look) -> list[Block]:
    if not look.near:
        return []
    items = bullets(line(code(rule_id), f"  {why}") for rule_id, why in look.near)
    return [Heading("Came near"), items]


def _country_blocks(mentions: Sequence[Mention], countries: Sequence[str]) -> list[Block]:
    """Each country with the words that named it, how, and the data that says so."""
    items: list[Line] = []
    for one in countries[:COUNTRIES_SHOWN]:
        here = [m for m in mentions if m.entity == one]
        named = dict.fromkeys(f"“{' '.join(m.text.split())}” ({m.kind.value})" for m in here)
        origins = dict.fromkeys(m.origin for m in here if m.origin)
        reasons = dict.fromkeys(m.reason for m in here if m.reason)
        tag = country_tag(one)
        items.append(
            line(
                bold(f"{tag.flag} {tag.name}".strip()),
                f": {', '.join(list(named)[:WORDS_SHOWN])}",
                f" — {'; '.join(list(reasons)[:2])}" if reasons else "",
                f" · from {', '.join(list(origins)[:3])}" if origins else "",
            )
        )
    return [Heading("Countries, and what says so"), bullets(items)] if items else []


# -- an alert -------------------------------------------------------------------------------------------------------


def behind(alert: Alert, look: Look, lists: Sequence[str], read: str, told: Sequence[Line]) -> Reply:
    """Why an alert came: its rules with the evidence of the time, the countries, what else was considered."""
    article = alert.article
    blocks: list[Block] = [
        paragraph(
            line(Link(headline_of(article), article.url, bold=True)),
            line(f"{source_of(article)} · ", When(article.published)),
        ),
        Quote(passage(article, alert.matches)),
    ]
    for match in sorted(alert.matches, key=lambda m: -m.severity)[:FIRED_SHOWN]:
        head = line(Mark(match.severity), " ", bold(match.title), "  ", code(match.rule_id))
        blocks.append(paragraph(head, _conditions(match)))
    if len(alert.matches) > FIRED_SHOWN:
        blocks.append(small(f"and {len(alert.matches) - FIRED_SHOWN} more rules"))
    blocks += _country_blocks(look.mentions, alert.countries or look.countries)
    if lists:
        blocks.append(small(f"Watch lists: {', '.join(lists)}"))
    blocks += _considered(alert, look)
    if told:
        blocks += [Heading("Where it went"), bullets(told)]
    if read:
        blocks.append(small(f"The rules saw the {read}."))
    return Reply("Why this alert came", tuple(blocks))


def _conditions(match: Match) -> Line:
    """What each condition found, each word once whatever its case, with what it was resolved to; behind it the
    condition, where that is another word."""
    found: dict[str, dict[str, str]] = {}
    for one in match.evidence:
        shown = _shown(one)
        found.setdefault(one.condition, {}).setdefault(shown.casefold(), shown)
    parts: list[str | Words] = []
    for condition, words in found.items():
        listed = list(words.values())
        more = f" and {len(listed) - WORDS_SHOWN} more" if len(listed) > WORDS_SHOWN else ""
        shown = ", ".join(listed[:WORDS_SHOWN])
        same = shown.strip("“”").casefold().startswith(condition.removeprefix("exact: ").casefold())
        parts += [" · " if parts else "", bold(shown), more, "" if same else f" ({condition})"]
    return line(*parts)


def _shown(evidence: Evidence) -> str:
    words = f"“{' '.join(evidence.text.split())}”"
    if not evidence.entity:
        return words
    name = country_name(evidence.entity) if len(evidence.entity) == 2 else evidence.entity
    return words if name.casefold() == words.strip("“”").casefold() else f"{words} → {name}"


def _considered(alert: Alert, look: Look) -> list[Block]:
    """The rules that fire on it now and did not then, those that no longer do, and those that nearly did."""
    then = {m.rule_id for m in alert.matches}
    now = {e.rule.id for e in look.fired}
    blocks: list[Block] = []
    items = [line(code(rule_id), "  fires on it with the rules of today") for rule_id in sorted(now - then)]
    items += [
        line(
            code(rule_id),
            f"  {'was changed since and would not fire now' if rule_id in look.known else 'is no rule any more'}",
        )
        for rule_id in sorted(then - now)
    ]
    items += [line(code(rule_id), f"  {why}") for rule_id, why in look.near]
    if items:
        blocks += [Heading("Also considered"), bullets(items)]
    else:
        others = number(len(look.known - then), "other rule")
        blocks.append(small(f"None of the {others} came near." if look.known - then else "There are no other rules."))
    return blocks
