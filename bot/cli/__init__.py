"""The commands. Each imports what it needs when it runs, so that ``--help`` is instant.

Exit status: 0 fine, 1 findings or failures, 2 wrong usage, 130 stopped by Ctrl-C. Errors are sentences on standard
error.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.errors import Problem

CONFIG_FILE = "wirewatch.yaml"
NO_CONFIG = "no such file; write one with `wirewatch init DIR`, or name one with --config"
STOPPED = 130  # 128 + SIGINT, as shells have it
TRACEBACK = "WIREWATCH_TRACEBACK"  # set to anything, an internal error shows where it happened


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; returns the exit status."""
    _prepare_streams()
    if sys.stdout is None:
        complain("standard output is closed, so nothing can be shown; send it to a file or to /dev/null")
        return 1
    try:
        status = _run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever read our output has seen enough
        _abandon_output()
        return 1
    except OSError as error:
        complain(_in_words(error))
        _abandon_output()
        return 1


def complain(text: str) -> None:
    """One line on standard error."""
    with contextlib.suppress(OSError):  # nobody is left to tell
        print(f"wirewatch: {text}", file=sys.stderr)


def lines_of(problems: Iterable[Problem]) -> list[str]:
    """Findings as people read them: a warning says that it is one, and who starts without a config learns how to."""
    from bot.errors import Level

    found = []
    for p in problems:
        level = "" if p.level is Level.ERROR else "warning: "
        text = NO_CONFIG if str(p.file) == CONFIG_FILE and p.code == "missing-file" and not p.line else p.text
        place = f":{p.line}:{p.column}" if p.line else ""
        found.append(f"{p.file}{place}: {level}{text}")
    return found


def number(count: int, what: str) -> str:
    """``1 rule``, ``2 rules``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _run(arguments: list[str] | None) -> int:
    import typer

    from bot.cli.commands import app
    from bot.errors import ConfigError, WirewatchError

    try:
        given = sys.argv[1:] if arguments is None else arguments
        result = app(args=_words_to_leave_out(given), prog_name="wirewatch", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return STOPPED
    except ConfigError as error:
        with contextlib.suppress(OSError):
            print(*lines_of(error.problems), sep="\n", file=sys.stderr)
        return 1
    except WirewatchError as error:
        complain(str(error))
        return 1
    except OSError:
        raise
    except Exception as error:
        # UsageError is the parent of BadParameter; typer does not export it, and ships its own click since 0.26.
        if isinstance(error, typer.BadParameter.__mro__[1]):
            error.message = error.message.removeprefix("Value error, ")  # type: ignore[attr-defined]
            error.show()  # type: ignore[attr-defined]
            return 2
        if os.environ.get(TRACEBACK):
            raise
        complain(
            f"internal error ({type(error).__name__}: {error}); this is a bug: please report it with what the same "
            f"command prints with {TRACEBACK}=1"
        )
        return 1


_LEFT_OUT = re.compile(r"-(?!-|n\d+$).{2,}", re.DOTALL)


def _words_to_leave_out(arguments: list[str]) -> list[str]:
    """``search drone -ukraine`` means a word to leave out, not an option ``-u``: such words go behind ``--``. What has
    two dashes or one letter stays an option, and so does ``-n5``."""
    if arguments[:1] != ["search"] or "--" in arguments:
        return arguments
    words = [a for a in arguments if _LEFT_OUT.match(a)]
    return [*(a for a in arguments if a not in words), "--", *words] if words else arguments


def _prepare_streams() -> None:
    """Standard streams that are closed or cannot spell a character must not stop a command."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for the life of the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - likewise
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _abandon_output() -> None:
    """Let what is still buffered go nowhere, or Python complains about it at exit."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: no descriptor, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_words(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename:
        return f"cannot use {error.filename}: {reason}; check the path and its permissions"
    return f"cannot write the output: {reason}; send it elsewhere"
