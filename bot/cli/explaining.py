"""``wirewatch explain``: which rules fire on a text, by what, and what kept the others from firing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.checks import load
from bot.errors import WirewatchError
from bot.rules.evaluate import Subject
from bot.rules.explain import Explanation, Step
from bot.rules.explain import explain as explain_rule
from bot.rules.match import Analysis

if TYPE_CHECKING:
    from rich.console import Console
    from rich.tree import Tree

NEAR_MISSES = 5  # rules that did not fire but found something, shown without being asked for
HEADLINE_MAX = 300  # characters
TEXT_MAX = 10_000_000  # bytes; an article is a thousandth of it


def explain(what: str, config: Path, rules: Sequence[Path] | None, only: Sequence[str], title: str | None) -> int:
    """Explain a text. Exit status 0 whether rules fire or not."""
    from rich.console import Console

    engine = load(config, rules).engine
    by_id = {rule.id: rule for rule in engine.rules}
    for name in only:
        if name not in by_id:
            from bot.rules.language import nearest

            raise WirewatchError(f"no rule {name!r}{nearest(name, by_id) or ''}")
    analysis = engine.analyse(_subject(what, title))
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    fired = [explain_rule(analysis, by_id[m.rule_id]) for m in analysis.matches]
    chosen = [explain_rule(analysis, by_id[name]) for name in only]
    _show_text(console, analysis, chosen or fired)
    _show_countries(console, analysis)
    if chosen:
        for one in chosen:
            _show_rule(console, one)
        return 0
    for one in fired:
        _show_rule(console, one)
    if not fired:
        console.print("no rule fires\n")
    _show_misses(console, analysis, [r.id for r in engine.rules if r.id not in {e.rule.id for e in fired}])
    return 0


def _subject(what: str, title: str | None) -> Subject:
    if what.startswith(("http://", "https://")):
        return asyncio.run(_page(what))
    try:
        raw = sys.stdin.buffer.read(TEXT_MAX + 1) if what == "-" else Path(what).read_bytes()
    except OSError as error:
        raise WirewatchError(f"{what}: cannot be read ({error.strerror}); check the path") from None
    if len(raw) > TEXT_MAX:
        raise WirewatchError(f"{what}: larger than {TEXT_MAX // 10**6} MB; cut the article out of it")
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    if title is None:
        title, text = _headline(text)
    if not (title or text).strip():
        raise WirewatchError(f"{what}: there is no text in it")
    return Subject(title, text)


def _headline(text: str) -> tuple[str, str]:
    """A short first line above more text is a headline; a lone line is a text."""
    first, _, rest = text.lstrip("\ufeff\n").partition("\n")
    if not rest.strip():
        return "", first
    return (first.strip(), rest.strip("\n")) if len(first) <= HEADLINE_MAX else ("", text)


async def _page(url: str) -> Subject:
    from bot.fetch import Fetcher
    from bot.model import Fetched, HttpState, Source
    from bot.page import page_text

    async with Fetcher() as fetcher:
        answer = await fetcher.fetch(Source("page", url), HttpState(), datetime.now(UTC))
    assert isinstance(answer, Fetched)
    title, text = page_text(answer.content, answer.url)
    if not text:
        raise WirewatchError(f"no article text found on {url}; save the text to a file and explain that")
    return Subject(title, text)


def _show_text(console: Console, analysis: Analysis, shown: Sequence[Explanation]) -> None:
    from rich.text import Text

    body = Text(analysis.text.body)
    if analysis.text.title:
        body.stylize("bold", 0, analysis.text.title_length)
    for mention in analysis.mentions:
        body.stylize("cyan", mention.start, mention.end)
    for one in shown:
        for evidence in one.match.evidence if one.match else one.when.evidence:
            body.stylize("bold black on yellow", evidence.start, evidence.end)
    console.print(body)
    console.print()


def _show_countries(console: Console, analysis: Analysis) -> None:
    from rich.text import Text

    from bot.entities.facts import country_name, flag

    for code in analysis.countries:
        mentions = [m for m in analysis.mentions if m.entity == code]
        line = Text(f"{flag(code)}  {country_name(code)} ")
        line.append(", ".join(dict.fromkeys(f"{m.text} ({m.kind.value})" for m in mentions)), "cyan")
        reasons = dict.fromkeys(m.reason for m in mentions if m.reason)
        if reasons:
            line.append(f"  {'; '.join(reasons)}", "dim")
        console.print(line)
    if analysis.countries:
        console.print()


def _show_rule(console: Console, one: Explanation) -> None:
    from rich.text import Text
    from rich.tree import Tree

    mark, style = ("✔", "bold green") if one.match else ("✘", "bold red")
    head = Text(f"{mark} {one.rule.id}", style)
    head.append(f"  {one.rule.title} · {one.rule.severity.word}", "default")
    tree = Tree(head)
    _grow(tree, one.when)
    if one.unless is not None:
        node = tree.add(Text("unless" + (": suppressed the match" if one.suppressed else ": did not hold"), "italic"))
        _grow(node, one.unless)
    if one.match is None:
        tree.add(Text(one.reason, "yellow"))
    console.print(tree)
    console.print()


def _grow(tree: Tree, step: Step) -> None:
    from rich.text import Text

    line = Text("✔ " if step.holds else "✘ ", "green" if step.holds else "red")
    line.append(step.label)
    if not step.children:
        words = dict.fromkeys(e.text for e in step.evidence)
        if words:
            line.append(f"  {', '.join(words)}", "bold yellow")
    if step.note:
        line.append(f"  ({step.note})", "dim")
    node = tree.add(line)
    # A long list of alternatives shows those that held; the rest is one line.
    silent = [c for c in step.children if not c.holds] if step.holds else []
    for child in step.children:
        if child not in silent or len(step.children) <= 6:
            _grow(node, child)
    if silent and len(step.children) > 6:
        node.add(Text(f"✘ {len(silent)} others", "dim"))


def _show_misses(console: Console, analysis: Analysis, ids: Sequence[str]) -> None:
    by_id = {rule.id: rule for rule in analysis.engine.rules}
    explained = [explain_rule(analysis, by_id[name]) for name in ids]
    scored = sorted(((_held(e.when), e) for e in explained), key=lambda pair: -pair[0])
    near = [e for score, e in scored if score > 0 or e.suppressed][:NEAR_MISSES]
    if near:
        console.print("did not fire, but found something (see one with --rule ID):")
        for one in near:
            console.print(f"  ✘ {one.rule.id}: ", one.reason, markup=False, sep="")
    rest = len(ids) - len(near)
    if rest:
        console.print(f"{rest} other rules found nothing")


def _held(step: Step) -> int:
    """How many leaves with words held."""
    if not step.children:
        return int(step.holds and bool(step.evidence))
    return sum(_held(child) for child in step.children)
