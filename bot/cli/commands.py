"""The command line: names, arguments and help. The work is in the other modules of this package."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import source_commands as sources
from bot.cli.arguments import DEFAULT_CONFIG, Config, Rules

app = typer.Typer(
    help="News alerts with a reason, in the channels where your team already works.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
lists_app = typer.Typer(help="The lists that rules name.", no_args_is_help=True, rich_markup_mode=None)
db_app = typer.Typer(help="The database.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(sources.app, name="sources")
app.add_typer(lists_app, name="lists")
app.add_typer(db_app, name="db")
deliveries_app = typer.Typer(
    help="What waits for a channel, or was refused.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(deliveries_app, name="deliveries")


class CheckFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


class SearchFormat(StrEnum):
    """How answers are printed."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


class SummaryFormat(StrEnum):
    """How a summary is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class SchemaOf(StrEnum):
    """What a schema describes."""

    RULES = "rules"
    LISTS = "lists"
    SOURCES = "sources"
    CONFIG = "config"


def _version(wanted: bool) -> None:
    if wanted:
        from bot import __version__

        typer.echo(f"wirewatch {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")]) -> int:
    """Write a starter: a config file and a rules folder of your own."""
    from bot.cli.starter import init as run

    return run(folder)


@app.command()
def run(
    config: Config = DEFAULT_CONFIG,
    once: Annotated[bool, typer.Option("--once", help="Poll every source once, deliver, and exit.")] = False,
) -> int:
    """Run the bot."""
    from bot.cli.bot import run as work

    return work(config, once=once)


@app.command()
def demo(
    chat: Annotated[
        bool, typer.Option("--chat", help="Post to a Slack and a Discord on this machine, and show both as web pages.")
    ] = False,
) -> int:
    """Run the whole pipeline on sample news: no tokens, no network."""
    if chat:
        from bot.demo.chat import run as chat_work

        return chat_work()
    from bot.demo.run import run as work

    return work()


@app.command()
def check(
    config: Config = DEFAULT_CONFIG,
    rules: Rules = None,
    output: Annotated[CheckFormat, typer.Option("--format", help="How findings are printed.")] = CheckFormat.TEXT,
) -> int:
    """Check config, rules with their tests, lists, sources."""
    from bot.cli.checks import check as work

    return work(config, rules, output.value)


@app.command("test")
def run_tests(
    config: Config = DEFAULT_CONFIG,
    rules: Rules = None,
    only: Annotated[list[str] | None, typer.Argument(help="Ids of rules; all if none is given.")] = None,
) -> int:
    """Run the tests inside the rules."""
    from bot.cli.checks import test as work

    return work(config, rules, only or [])


@app.command()
def explain(
    what: Annotated[str, typer.Argument(help="A file, a URL, or - for standard input. The first line is the title.")],
    config: Config = DEFAULT_CONFIG,
    rules: Rules = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Show the tree of this rule; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="The title, where it is not the first line.")] = None,
) -> int:
    """Say which rules fire on a text, and why the others do not."""
    from bot.cli.explaining import explain as work

    return work(what, config, rules, rule or [], title)


@app.command()
def why(
    what: Annotated[
        str, typer.Argument(help="The address of an article, as a feed or a browser shows it, or its guid.")
    ],
    config: Config = DEFAULT_CONFIG,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Show the tree of this rule; may be repeated.")
    ] = None,
    every_rule: Annotated[bool, typer.Option("--all", help="Say of every rule what kept it from firing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
) -> int:
    """Say what became of an article that was read, stage by stage, and why it alerted or did not."""
    from bot.cli.why import why as work

    return work(what, config, rule or [], every_rule=every_rule, as_json=as_json)


@app.command()
def match(
    config: Config = DEFAULT_CONFIG,
    rules: Rules = None,
    stories: Annotated[bool, typer.Option("--stories", help="Give the story of each document, too.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes to use.")] = 1,
) -> int:
    """Match documents: JSON Lines in, JSON Lines out.

    Reads {"id", "title", "text", "url"?, "source"?, "published"?, "lang"?} on standard input, one to a line, and writes
    which rules fire and which countries are named, in the same order.
    """
    from bot.cli.matching import match as work

    return work(config, rules, stories=stories, jobs=jobs)


@app.command("rules")
def rule_hits(
    rule: Annotated[str | None, typer.Argument(help="One rule, with the newest articles that it fired on.")] = None,
    config: Config = DEFAULT_CONFIG,
    since: Annotated[str, typer.Option("--since", help="How far back, such as 24h, 14d, 4w.")] = "14d",
) -> int:
    """How often each rule fired, day by day."""
    from bot.cli.history import rules as work

    return work(config, rule, since)


@app.command("search")
def search_archive(
    query: Annotated[
        list[str],
        typer.Argument(help='Words, "a phrase", -without, begin*. All of it must be there.'),
    ],
    config: Config = DEFAULT_CONFIG,
    since: Annotated[str | None, typer.Option("--since", help="How far back, such as 24h, 30d, 8w.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="The id of a source.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many, at most.")] = 10,
    output: Annotated[SearchFormat, typer.Option("--format", help="How answers are printed.")] = SearchFormat.TEXT,
) -> int:
    """Search the stored articles, best answers first."""
    from bot.cli.searching import search as work

    return work(config, " ".join(query), since=since, source=source, limit=limit, form=output.value)


@app.command("summary")
def summarise(
    period: Annotated[str | None, typer.Argument(hidden=True)] = None,
    config: Config = DEFAULT_CONFIG,
    since: Annotated[str, typer.Option("--since", help="The period: 24h, 7d, 30d, today, yesterday.")] = "24h",
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Only stories on which this rule fired.")] = None,
    country: Annotated[
        list[str] | None, typer.Option("--country", help="Only stories about this country, by name or code.")
    ] = None,
    source: Annotated[list[str] | None, typer.Option("--source", help="Only stories that this source told.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only stories by rules with this tag.")] = None,
    severity: Annotated[str, typer.Option("--severity", help="Only stories that are at least so severe.")] = "",
    stories: Annotated[int, typer.Option("--stories", min=1, max=100, help="How many are told, at most.")] = 8,
    chart: Annotated[Path | None, typer.Option("--chart", help="Write alerts over time as a PNG here.")] = None,
    output: Annotated[SummaryFormat, typer.Option("--format", help="How it is printed.")] = SummaryFormat.TEXT,
) -> int:
    """Tell the stories of a period: ranked, a sentence or two each, with counts by country and rule.

    The filters may be repeated: any of the rules, of the countries, and so on.
    """
    if period is not None:  # as in chat, where it needs no name
        raise typer.BadParameter(f"the period stands behind --since: wirewatch summary --since {period}")
    from bot.cli.summarising import summary as work

    return work(
        config,
        since=since,
        rules=rule or [],
        countries=country or [],
        sources=source or [],
        tags=tag or [],
        severity=severity,
        stories=stories,
        chart=chart,
        form=output.value,
    )


@app.command()
def backtest(
    what: Annotated[str, typer.Argument(help="The id of a rule, or a file with rules.")],
    config: Config = DEFAULT_CONFIG,
    since: Annotated[str, typer.Option("--since", help="How far back, such as 24h, 30d, 8w.")] = "30d",
    against: Annotated[
        str | None, typer.Option("--against", help="live: show what is gained and lost against the rules in force.")
    ] = None,
) -> int:
    """Replay a rule over the stored articles: what would it have caught?"""
    if against not in (None, "live"):
        raise typer.BadParameter("--against takes live")
    from bot.cli.history import backtest as work

    return work(config, what, since, against == "live")


@app.command()
def report(
    config: Config = DEFAULT_CONFIG,
    since: Annotated[str, typer.Option("--since", help="How far back, such as 7d, 30d, 12w.")] = "30d",
    output: Annotated[ReportFormat, typer.Option("--format", help="How it is printed.")] = ReportFormat.TEXT,
) -> int:
    """Say how useful the alerts of each rule and source were, by the votes on them, and which rules to tune."""
    from bot.cli.report import report as work

    return work(config, since, output.value)


@app.command()
def audit(
    config: Config = DEFAULT_CONFIG,
    since: Annotated[str, typer.Option("--since", help="How far back, such as 7d, 30d, 12w.")] = "30d",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """List who changed what from chat, newest first."""
    from bot.cli.people import audit as work

    return work(config, since, as_json)


@app.command()
def watches(
    config: Config = DEFAULT_CONFIG,
    as_rules: Annotated[bool, typer.Option("--yaml", help="As a rule file, to be edited.")] = False,
) -> int:
    """List the terms that people watch from chat, or print them as rules."""
    from bot.cli.people import watches as work

    return work(config, as_rules)


@app.command()
def schema(
    of: Annotated[SchemaOf, typer.Argument(help="What the schema is for.")] = SchemaOf.RULES,
    into: Annotated[Path | None, typer.Option("--into", help="Write all of them into this folder.")] = None,
) -> int:
    """Print a JSON Schema for editors, or write all of them into a folder."""
    from bot.cli.checks import schema as work

    return work(of.value, into)


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    send: Annotated[bool, typer.Option("--send", help="Post a test alert to each channel.")] = False,
) -> int:
    """Check that everything a run needs is there: config, rules, store, tokens, permissions, channels."""
    from bot.cli.doctor import doctor as work

    return work(config, send=send)


@app.command()
def health(config: Config = DEFAULT_CONFIG) -> int:
    """Ask the running bot whether it works.

    For container health checks; needs http: in the config.
    """
    from bot.cli.doctor import health as work

    return work(config)


@deliveries_app.command("list")
def deliveries_list(config: Config = DEFAULT_CONFIG) -> int:
    """List what is not in its channel yet: what was refused, with the reason, and what waits."""
    from bot.cli.deliveries import list_deliveries as work

    return work(config)


@deliveries_app.command("retry")
def deliveries_retry(
    channel: Annotated[
        str | None, typer.Argument(help="A name under channels: in the config; all if not given.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> int:
    """Send again what a channel refused, once the reason is mended."""
    from bot.cli.deliveries import retry as work

    return work(config, channel)


@lists_app.command("show")
def lists_show(
    name: Annotated[str | None, typer.Argument(help="One list, with what became of its names.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> int:
    """Show the lists: those of the rules folders and the downloaded ones, with size, date and source."""
    from bot.cli.lists import show as work

    return work(config, name)


@lists_app.command("refresh")
def lists_refresh(
    names: Annotated[list[str] | None, typer.Argument(help="Names under watchlists:; all if none is given.")] = None,
    config: Config = DEFAULT_CONFIG,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take a list that has shrunk by half, which is refused otherwise.")
    ] = False,
) -> int:
    """Download the watch lists that have changed, and say what came and went."""
    from bot.cli.lists import refresh as work

    return work(config, names or [], accept=accept)


@db_app.command("upgrade")
def db_upgrade(config: Config = DEFAULT_CONFIG) -> int:
    """Create the database or bring it up to date."""
    from bot.cli.doctor import upgrade as work

    return work(config)
