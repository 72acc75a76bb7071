"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CONFIG = typer.Option("--config", "-c", help="The config file.", envvar="WIREWATCH_CONFIG")
Config = Annotated[Path, CONFIG]
Rules = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules",
        exists=True,
        file_okay=False,
        help="Rule folders in place of those in the config; may be repeated.",
    ),
]
DEFAULT_CONFIG = Path("wirewatch.yaml")
