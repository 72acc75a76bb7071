"""The commands. Each imports what it needs when it runs, so that ``--help`` is instant.

Exit status: 0 fine, 1 findings or failures, 2 wrong usage. Errors are sentences on standard error.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; returns the exit status."""
    import typer

    from bot.cli.commands import app
    from bot.errors import ConfigError, WirewatchError

    try:
        result = app(args=arguments, prog_name="wirewatch", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        return 130
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    except WirewatchError as error:
        print(f"wirewatch: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        print(f"wirewatch: cannot use{where}: {error.strerror or error}", file=sys.stderr)
        return 1
    except Exception as error:
        # UsageError is the parent of BadParameter; typer does not export it, and ships its own click since 0.26.
        if not isinstance(error, typer.BadParameter.__mro__[1]):
            raise
        error.show()  # type: ignore[attr-defined]
        return 2
