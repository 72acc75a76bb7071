"""``wirewatch explain``: which rules fire on a text, by what, and what kept the others from firing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.cli.checks import loaded
from bot.entities.salience import main_countries, salience
from bot.errors import SourceError, WirewatchError
from bot.files import read_start
from bot.rules.evaluate import Subject
from bot.rules.explain import Explanation
from bot.rules.explain import explain as explain_rule
from bot.rules.match import Analysis
from bot.rules.model import Rule
from bot.rules.nearly_words import few
from bot.rules.steps import Branch, condense, miss, near_misses, passed_over

if TYPE_CHECKING:
    from rich.console import Console
    from rich.tree import Tree

    from bot.config import Config

NEAR_MISSES = 5  # rules that did not fire but found much of what they ask for, shown without being asked for
UNWRAPPED = 1_000_000  # columns
PATH_MAX = 120  # characters of what was taken for a path, in a message
HEADLINE_MAX = 300  # characters
TEXT_MAX = 10_000_000  # bytes; an article is a thousandth of it


def explain(what: str, config: Path, rules: Sequence[Path] | None, only: Sequence[str], title: str | None) -> int:
    """Explain a text. Exit status 0 whether rules fire or not."""
    from rich.console import Console

    book, routes = loaded(config, rules, optional=True)
    engine = book.engine
    by_id = {rule.id: rule for rule in engine.rules}
    for name in only:
        if name not in by_id:
            from bot.rules.language import nearest

            raise WirewatchError(f"no rule {name!r}{nearest(name, by_id) or '; `wirewatch rules` lists all'}")
    analysis = engine.analyse(_subject(what, title))
    # What goes to a file or a pipe is not wrapped, so that it can be searched.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else UNWRAPPED)
    fired = [explain_rule(analysis, by_id[m.rule_id]) for m in analysis.matches]
    chosen = [explain_rule(analysis, by_id[name]) for name in only]
    _show_text(console, analysis, chosen or fired)
    if what.startswith(("http://", "https://")):
        words = len(analysis.text.body.split())
        console.print(f"Read: full text of the page, {words} words\n", style="dim", markup=False)
    _show_countries(console, analysis)
    if chosen:
        for one in chosen:
            show_rule(console, one, everything=True, goes=_goes(one, routes))
        return 0
    for one in fired:
        show_rule(console, one, everything=False, goes=_goes(one, routes))
    if not fired:
        console.print("No rule fires.\n")
    silent = {rule.id for rule in engine.rules} - {one.rule.id for one in fired}
    _show_misses(console, analysis, [rule for rule in engine.rules if rule.id in silent])
    return 0


def _subject(what: str, title: str | None) -> Subject:
    if what.startswith(("http://", "https://")):
        found = asyncio.run(_page(what))
        return found if title is None else replace(found, title=title)
    raw = _read(what)
    text = _decode(raw, what)
    if text[:200].lstrip().lower().startswith(("<!doctype html", "<html")):
        from bot.articles.page import PageError, page_text

        try:
            headline, text = page_text(raw, None)
        except PageError as error:
            raise WirewatchError(f"{_shown(what)}: {error}; cut the article out of it") from None
        title = headline if title is None else title
    elif title is None:
        title, text = _headline(text)
    if not (title + text).strip():
        raise WirewatchError(f"{_shown(what)}: there is no text in it")
    return Subject(title, text, day=_today())


def _today() -> date:
    return datetime.now(UTC).date()


def _read(what: str) -> bytes:
    try:
        raw = sys.stdin.buffer.read(TEXT_MAX + 1) if what == "-" else read_start(Path(what), TEXT_MAX + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) else error
        shown = _shown(what)
        remedy = "check the path"
        if isinstance(error, FileNotFoundError) or len(what) > PATH_MAX:
            remedy += ", or for a text: echo '...' | wirewatch explain -"
            shown = shown if len(shown) <= PATH_MAX else f"{shown[:PATH_MAX]}..."
        raise WirewatchError(f"{shown}: cannot be read ({reason}); {remedy}") from None
    if len(raw) > TEXT_MAX:
        raise WirewatchError(f"{_shown(what)}: larger than {TEXT_MAX // 10**6} MB; cut the article out of it")
    return raw


def _decode(raw: bytes, what: str) -> str:
    """UTF-8, or UTF-16 with its mark, or what old Windows programs write. Raises ``WirewatchError`` for no text."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", "replace")
    elif b"\0" in raw:
        raise WirewatchError(f"{_shown(what)}: not a text but binary data; save the article as text or HTML")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shown(what: str) -> str:
    return "standard input" if what == "-" else what


def _headline(text: str) -> tuple[str, str]:
    """A short first line above more text is a headline; a lone line is a text."""
    first, _, rest = text.lstrip("\n").partition("\n")
    if not rest.strip():
        return "", first
    return (first.strip(), rest.strip("\n")) if len(first) <= HEADLINE_MAX else ("", text)


async def _page(url: str) -> Subject:
    from bot.articles.page import PageError, page_text
    from bot.model import Fetched, HttpState, Source
    from bot.web.fetch import Fetcher

    # Whoever sits at the command line may read the host that they name; where it leads to inside stays shut.
    try:
        own = urlsplit(url).hostname
    except ValueError as error:
        raise WirewatchError(f"{url} is no address ({error}); check it") from None
    async with Fetcher(allow_private=frozenset({own} if own else ())) as fetcher:
        try:
            answer = await fetcher.fetch(Source("page", url), HttpState(), datetime.now(UTC))
        except SourceError as error:
            raise WirewatchError(error.text) from None
    assert isinstance(answer, Fetched)  # nothing conditional was sent
    try:
        title, text = page_text(answer.content, answer.url)
    except PageError as error:
        raise WirewatchError(f"{url}: {error}; save the text to a file and explain that") from None
    if not text.strip():
        raise WirewatchError(f"no article text found on {url}; save the text to a file and explain that")
    return Subject(title, text, day=_today())


def _show_text(console: Console, analysis: Analysis, shown: Sequence[Explanation]) -> None:
    from rich.text import Text

    body = Text(analysis.text.body)
    for mention in analysis.mentions:
        body.stylize("cyan", mention.start, mention.end)
    for one in shown:
        for evidence in one.match.evidence if one.match else one.when.evidence:
            body.stylize("bold black on yellow", evidence.start, evidence.end)
    start = analysis.text.text_start
    if analysis.text.title:
        headline = body[: analysis.text.title_length]
        headline.stylize_before("bold")
        console.print(headline)
        console.print()
    console.print(body[start:])
    console.print()


def _show_countries(console: Console, analysis: Analysis) -> None:
    from rich.text import Text

    from bot.entities.facts import country_name, flag

    shares = salience(analysis.mentions, analysis.text)
    main = main_countries(analysis.mentions, analysis.text)
    for code in analysis.countries:
        mentions = [m for m in analysis.mentions if m.entity == code]
        share = shares.get(code)
        weight = "in the dateline only" if share is None else f"salience {share:.2f}{', main' if code in main else ''}"
        line = Text(f"{flag(code)} {country_name(code)} ({weight}): ")
        line.append(", ".join(dict.fromkeys(f"{m.text} ({m.kind.value})" for m in mentions)), "cyan")
        data = dict.fromkeys(m.origin for m in mentions if m.origin)
        if data:
            line.append(f"  [{'; '.join(data)}]", "dim")
        reasons = dict.fromkeys(m.reason for m in mentions if m.reason)
        if reasons:
            line.append(f"  {'; '.join(reasons)}", "dim")
        console.print(line)
    if analysis.countries:
        console.print()


def _goes(one: Explanation, config: Config | None) -> str:
    """Where an alert of the rule would go, as far as that is known here."""
    if one.rule.shadow:
        return "shadow: posts nothing"
    if config is None or one.match is None:
        return ""
    channels = config.channels_for([one.match])
    return f"goes to {few(channels)}" if channels else "goes nowhere: no route leads it to a channel"


def show_rule(console: Console, one: Explanation, *, everything: bool, goes: str = "") -> None:
    """The tree of a rule's conditions; ``goes`` stands beside its title."""
    from rich.text import Text
    from rich.tree import Tree

    mark, style = ("✔", "bold green") if one.match else ("✘", "bold red")
    head = Text(f"{mark} {one.rule.id}", style)
    head.append(f"  {one.rule.title} · {one.rule.severity.word}", "default")
    if goes:
        head.append(f" ({goes})", "dim")
    tree = Tree(head, guide_style="dim")
    _grow(tree, condense(one.when, everything=everything))
    if one.unless is not None:
        if one.unless.holds:
            node = tree.add(Text("unless: suppresses the match", "yellow"))
            _grow(node, condense(one.unless, everything=everything))
        else:
            tree.add(Text("unless: does not hold", "dim"))
    for line in passed_over(one):
        tree.add(Text(line, "dim"))
    if one.match is None and not one.suppressed:
        tree.add(Text(miss(one), "yellow"))
    console.print(tree)
    console.print()


def _grow(tree: Tree, branch: Branch) -> None:
    from rich.text import Text

    if branch.holds is None:
        line = Text(branch.label, "dim")
    else:
        line = Text("✔ " if branch.holds else "✘ ", "green" if branch.holds else "red")
        shown = few(branch.words)
        if shown.casefold() != branch.label.casefold():
            line.append(f"{branch.label}: " if shown else branch.label, "default")
        line.append(shown, "bold yellow")
    if branch.note:
        line.append(f"  ({branch.note})", "dim")
    node = tree.add(line)
    for child in branch.children:
        _grow(node, child)


def _show_misses(console: Console, analysis: Analysis, rules: Sequence[Rule]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    near = near_misses([explain_rule(analysis, rule) for rule in rules], NEAR_MISSES)
    if near:
        console.print("Nearly:")
        for one in near:
            console.print(
                Padding(
                    Text.assemble(("✘ ", "red"), (one.rule.id, "bold"), f"  {miss(one)}"), (0, 0, 0, 2), expand=False
                )
            )
    rest = len(rules) - len(near)
    if rest:
        other = "other " if near or len(rules) < len(analysis.engine.rules) else ""
        others = f"{rest} {other}{'rule' if rest == 1 else 'rules'} did not fire"
        console.print(f"{others}; --rule ID shows why.", style="dim")
