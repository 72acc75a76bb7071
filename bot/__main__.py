"""The command ``wirewatch``."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the exit status is 0 (fine), 1 (findings or failures) or 2 (wrong usage)."""
    from bot.cli import main as run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
