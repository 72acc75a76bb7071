"""The command line: names, arguments and help. The work is in the other modules of this package."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="News alerts with a reason, in the channels where your team already works.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
sources_app = typer.Typer(help="The news sources.", no_args_is_help=True, rich_markup_mode=None)
db_app = typer.Typer(help="The database.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(sources_app, name="sources")
app.add_typer(db_app, name="db")

CONFIG = typer.Option("--config", "-c", help="The config file.", envvar="WIREWATCH_CONFIG")
Config = Annotated[Path, CONFIG]
Rules = Annotated[
    list[Path] | None, typer.Option("--rules", help="Rule folders in place of those in the config; may be repeated.")
]
DEFAULT_CONFIG = Path("wirewatch.yaml")


class CheckFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


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
def demo() -> int:
    """Run the whole pipeline on sample news: no tokens, no network."""
    from bot.demo.run import run as work

    return work()


@app.command()
def check(
    config: Config = DEFAULT_CONFIG,
    rules: Rules = None,
    output: Annotated[CheckFormat, typer.Option("--format", help="How findings are printed.")] = CheckFormat.TEXT,
) -> int:
    """Check the config, the rules with their tests, the lists and the sources."""
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
def match(
    config: Config = DEFAULT_CONFIG,
    rules: Rules = None,
    stories: Annotated[bool, typer.Option("--stories", help="Give the story of each document, too.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes to use.")] = 1,
) -> int:
    """Read documents as JSON Lines on standard input, write what matched as JSON Lines."""
    from bot.cli.matching import match as work

    return work(config, rules, stories=stories, jobs=jobs)


@app.command()
def schema(
    of: Annotated[SchemaOf, typer.Argument(help="What the schema is for.")] = SchemaOf.RULES,
) -> int:
    """Print a JSON Schema, for completion and checks in editors."""
    from bot.cli.checks import schema as work

    return work(of.value)


@app.command()
def doctor(config: Config = DEFAULT_CONFIG) -> int:
    """Check that everything a run needs is there: config, rules, store, channels."""
    from bot.cli.doctor import doctor as work

    return work(config)


@app.command()
def health(config: Config = DEFAULT_CONFIG) -> int:
    """Ask the running bot whether it does its work (for container health checks; needs http: in the config)."""
    from bot.cli.doctor import health as work

    return work(config)


@sources_app.command("list")
def sources_list(config: Config = DEFAULT_CONFIG) -> int:
    """List the sources with their state."""
    from bot.cli.sources import list_sources as work

    return work(config)


@sources_app.command("check")
def sources_check(
    config: Config = DEFAULT_CONFIG,
    only: Annotated[list[str] | None, typer.Argument(help="Ids of sources; all if none is given.")] = None,
) -> int:
    """Fetch each source once, store nothing, and say which still live."""
    from bot.cli.sources import check_sources as work

    return work(config, only or [])


@db_app.command("upgrade")
def db_upgrade(config: Config = DEFAULT_CONFIG) -> int:
    """Create the database or bring it up to date."""
    from bot.cli.doctor import upgrade as work

    return work(config)
