"""The commands ``wirewatch sources ...``: names, arguments and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.arguments import DEFAULT_CONFIG, Config
from bot.roster.state import SourceState

app = typer.Typer(help="The news sources.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def sources_list(
    state: Annotated[list[SourceState] | None, typer.Option(help="Only those in this state; may be repeated.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> int:
    """List the sources with their state, since when and why."""
    from bot.cli.sources import list_sources as work

    return work(config, state or ())


Every = Annotated[str, typer.Option("--every", help="How often it is polled, such as 15m; auto if left out.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="For rules and routes; may be repeated.")]
FullText = Annotated[bool, typer.Option("--full-text", help="Read the page of each new item, too.")]


@app.command("show")
def sources_show(
    source: Annotated[str, typer.Argument(help="The id of a source.")],
    config: Config = DEFAULT_CONFIG,
) -> int:
    """Show a source: state and reason, interval, items, outages."""
    from bot.cli.sources import show_source as work

    return work(config, source)


@app.command("add")
def sources_add(
    url: Annotated[str, typer.Argument(help="A feed, or a page whose feeds are looked for.")],
    config: Config = DEFAULT_CONFIG,
    every: Every = "",
    tag: Tags = None,
    id: Annotated[str, typer.Option("--id", help="Its id; made from the title if left out.")] = "",
    title: Annotated[str, typer.Option("--title", help="What people see; the feed's own if left out.")] = "",
    full_text: FullText = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the first that is found, without asking.")] = False,
) -> int:
    """Find the feeds behind an address, and add one."""
    from bot.cli.source_edit import Wishes
    from bot.cli.source_edit import add_source as work

    return work(config, url, Wishes(every, tuple(tag or ()), id, title, full_text), yes=yes)


@app.command("remove")
def sources_remove(
    source: Annotated[str, typer.Argument(help="The id of a source that was added by a command.")],
    config: Config = DEFAULT_CONFIG,
) -> int:
    """Remove a source that a command added."""
    from bot.cli.source_edit import remove_source as work

    return work(config, source)


@app.command("import-opml")
def sources_import(
    file: Annotated[Path, typer.Argument(help="A list of feeds as other readers export it.")],
    config: Config = DEFAULT_CONFIG,
    every: Every = "",
    tag: Tags = None,
    full_text: FullText = False,
    check: Annotated[bool, typer.Option("--check", help="Fetch each feed once, and leave out the dead ones.")] = False,
) -> int:
    """Add the feeds of an OPML file; its folders become tags."""
    from bot.cli.source_edit import Wishes
    from bot.cli.source_edit import import_opml as work

    return work(config, file, Wishes(every, tuple(tag or ()), full_text=full_text), check=check)


@app.command("export-opml")
def sources_export_opml(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output if left out.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> int:
    """Write all feeds as OPML, for another reader."""
    from bot.cli.source_edit import export_opml as work

    return work(config, file)


@app.command("export")
def sources_export(config: Config = DEFAULT_CONFIG) -> int:
    """Print the sources that commands added, as YAML."""
    from bot.cli.source_edit import export_yaml as work

    return work(config)


@app.command("check")
def sources_check(
    config: Config = DEFAULT_CONFIG,
    only: Annotated[list[str] | None, typer.Argument(help="Ids of sources; all if none is given.")] = None,
) -> int:
    """Fetch each source once, store nothing, and say which still live."""
    from bot.cli.sources import check_sources as work

    return work(config, only or [])
