"""What was read and what alerted: ``latest``, ``search``, ``why``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.commands.desk import Desk
from bot.commands.reply import (
    Block,
    Entry,
    Heading,
    Line,
    Link,
    Mark,
    Reply,
    When,
    Words,
    bold,
    bullets,
    code,
    entries,
    line,
    paragraph,
    pieces,
    small,
)
from bot.commands.request import Progress, Request, UsageError
from bot.entities.facts import country_name
from bot.flags import country_tag
from bot.message import Segment
from bot.model import Alert, Severity
from bot.render import headline_of, seen_by, source_of
from bot.search import HOW, SearchError
from bot.store.base import Store
from bot.store.people_port import ANY, Filter
from bot.store.summary_port import Hit
from bot.summary.words import number
from bot.why.gather import answer
from bot.why.report import Outcome, RuleVerdict
from bot.why.text import SIGNS

LATEST = 8  # alerts
LATEST_BACK = timedelta(days=90)
FOUND = 8  # articles of a search
TOLD_BELOW = re.compile(r"not |(?:and )?[0-9,]+ other rules? did not fire")  # what kept them from it is listed
HERE = {"wirewatch sources add": "/wire add", "wirewatch sources list": "/wire sources"}  # typed in a shell, in chat
_COMMAND = re.compile(r"`(wirewatch [a-z -]+(?:URL)?)`")
OPERATORS = ("AND", "OR", "NOT", "NEAR")  # of other search engines
DETAILS_SHOWN = 4  # lines below a stage
SILENT_SHOWN = 8  # rules that did not fire
NEAR = 0.5  # distance of a rule that is shown as nearly fired: half of what it asks for is there
RULES_SHOWN = 3  # of an alert in a list
COUNTRIES_SHOWN = 4


async def latest(desk: Desk, request: Request, tell: Progress) -> Reply:
    """The newest alerts that fit the filters."""
    wanted = filter_of(request)
    count = int(request.get("count") or LATEST)
    since = desk.clock() - LATEST_BACK
    found = await desk.store.read(lambda s: latest_stories(s, since, count, request.audience, wanted))
    what = described(wanted)
    if not found:
        return Reply(f"No alerts{what} yet", (small(code("/wire rules"), " shows which rules fired."),))
    return Reply(f"Latest alerts{what}", (entries(alert_entry(alert, more) for alert, more in found),))


def latest_stories(
    store: Store, since: datetime, count: int, audience: Collection[str], wanted: Filter = ANY
) -> list[tuple[Alert, int]]:
    """The newest alert of each of the newest stories, and how many earlier ones each had among those looked at. What
    others than the audience watch does not count."""
    asked = replace(wanted, audience=frozenset(audience))
    alerts: tuple[Alert, ...] = ()
    found: dict[str, list[Alert]] = {}
    for limit in (count * 3, count * 15):
        alerts = store.latest_alerts(since, limit, asked)
        found = {}
        for whole in alerts:
            alert = seen_by(whole, audience)
            if alert is not None and alert.severity >= wanted.severity:
                found.setdefault(alert.story.id, []).append(alert)
        if len(found) >= count or len(alerts) < limit:
            break
    return [(group[0], len(group) - 1) for group in list(found.values())[:count]]


def alert_entry(alert: Alert, earlier: int = 0) -> Entry:
    """Severity and headline with its link; below it countries, rules, source, time. ``earlier``: alerts of its story
    before it."""
    article = alert.article
    titles = list(dict.fromkeys(m.title for m in sorted(alert.matches, key=lambda m: -m.severity)))
    more = f" +{len(titles) - RULES_SHOWN}" if len(titles) > RULES_SHOWN else ""
    flags = " ".join(country_tag(c).flag for c in alert.countries[:COUNTRIES_SHOWN])
    return Entry(
        line(Mark(alert.severity), " ", Link(headline_of(article), article.url, bold=True)),
        (
            line(
                f"{flags} " if flags else "",
                f"{', '.join(titles[:RULES_SHOWN])}{more} · {source_of(article)} · ",
                When(article.published),
                f" · {number(earlier, 'earlier alert')}" if earlier else "",
            ),
        ),
    )


async def search(desk: Desk, request: Request, tell: Progress) -> Reply:
    """The articles that answer a query best."""
    query = request.get("query")
    try:
        hits = await desk.store.read(lambda s: s.search(query, limit=FOUND + 1))
    except SearchError as error:
        raise UsageError(str(error), "search") from None
    title = f"Search: {query}"
    if not hits:
        asked = [word for word in OPERATORS if word in query.split()]
        looked = [small(f"{', '.join(asked)} was looked for as a word is.")] if asked else []
        return Reply(title, (paragraph("Nothing found."), *looked, small(f"You can {HOW}.")))
    more = "There is more; add words to narrow it down." if len(hits) > FOUND else ""
    told = desk.told_of(request.audience)
    return Reply(title, (entries(_hit(hit, told) for hit in hits[:FOUND]), *([small(more)] if more else [])))


def _hit(hit: Hit, told: Callable[[str], bool]) -> Entry:
    """``told``: of which rules the reader is told."""
    article = hit.article
    fired = [severity for rule, severity in hit.fired.items() if told(rule)]
    sign: Mark | str = Mark(max(fired)) if fired else "▫️"
    details = [line(*_snippet(hit.snippet))] if hit.snippet else []
    return Entry(
        line(sign, " ", Link(headline_of(article), article.url, bold=True)),
        (*details, line(f"{source_of(article)} · ", When(article.published))),
    )


def _snippet(segments: tuple[Segment, ...]) -> list[Words]:
    return [Words(s.text, bold=s.strong) for s in segments]


def filter_of(request: Request) -> Filter:
    """The filters that several verbs share."""
    word = request.get("severity")
    return Filter(
        rule=request.get("rule"),
        country=request.get("country"),
        source=request.get("source"),
        severity=Severity.parse(word) if word else Severity.INFO,
    )


def described(wanted: Filter) -> str:
    """`` of rule x, about Iran, from bbc-world, high and above``; empty for no filter."""
    parts = [
        f"of rule {wanted.rule}" if wanted.rule else "",
        f"about {country_name(wanted.country)}" if wanted.country else "",
        f"from {wanted.source}" if wanted.source else "",
        f"of severity {wanted.severity.word} and above" if wanted.severity > Severity.INFO else "",
    ]
    shown = ", ".join(p for p in parts if p)
    return f" {shown}" if shown else ""


async def why(desk: Desk, request: Request, tell: Progress) -> Reply:
    """What became of an article, stage by stage."""
    given, book = request.get("url"), desk.book()
    found = await desk.store.read(
        lambda s: answer(
            s, given, book.engine, desk.sources, desk.retention, desk.clock(), desk.zone, audience=request.audience
        )
    )
    blocks: list[Block] = []
    if found.found:
        blocks.append(paragraph(line(Link(found.headline, found.url)), line(found.source)))
    blocks.append(paragraph(line(*_in_chat(f"{found.answer}.", strong=True))))
    items: list[Entry] = []
    for stage in found.stages:
        sign = f"{SIGNS[stage.mark]} "
        post = pieces(" · ", Link("open the post", stage.link)) if stage.link else []
        head = line(sign, bold(stage.name), "  ", *_in_chat(stage.verdict), *post)
        details = [one for one in stage.details if stage.name != "rules" or not TOLD_BELOW.match(one)]
        items.append(Entry(head, tuple(line("– ", *_in_chat(detail)) for detail in details[:DETAILS_SHOWN])))
    blocks.append(entries(items))
    blocks += _rule_blocks(found.rules, request.get("rule"))
    return Reply("Why it alerted, or did not" if found.found else "Not in the archive", tuple(blocks))


def _in_chat(text: str, *, strong: bool = False) -> Iterator[Words]:
    """Commands that it names in backticks, with those of the chat where it has them."""
    for i, part in enumerate(_COMMAND.split(text)):
        if i % 2:
            shell = next((one for one in HERE if part.startswith(one)), "")
            yield code(f"{HERE[shell]}{part[len(shell) :]}" if shell else part)
        elif part:
            yield Words(part, bold=strong)


def _rule_blocks(rules: Sequence[RuleVerdict], only: str) -> list[Block]:
    """What kept the nearest rules from firing; or all about one of them."""
    if only:
        return [block for r in rules if r.rule_id == only for block in (Heading(r.title), paragraph(*_about(r)))]
    silent = [r for r in rules if r.outcome is not Outcome.FIRED]
    if not silent:
        return []
    near = silent[:SILENT_SHOWN]
    blocks: list[Block] = [
        Heading("Rules that did not fire, nearest first"),
        bullets(line(code(r.rule_id), f"  {r.gist if r.distance <= NEAR else r.reason}") for r in near),
    ]
    if more := len(silent) - len(near):
        blocks.append(small(f"{number(more, 'more rule')}; ", code("rule:ID"), " behind the address shows one."))
    return blocks


def _about(rule: RuleVerdict) -> Iterator[Line]:
    fired = rule.outcome is Outcome.FIRED
    yield line(code(rule.rule_id), f" ({rule.severity}) {'fires' if fired else 'does not fire'}: {rule.reason}")
    if rule.remedy:
        yield line(rule.remedy[:1].upper(), rule.remedy[1:])
    if rule.then and not fired:
        yield line("It fired when the article came.")
