"""What is installed only where it is wanted: the extras of the package, and how to add one."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def how_to_add(extra: str) -> str:
    """``add it: in the checkout scripts/install.sh VENV "" charts``, with the environment that runs this."""
    in_checkout = (Path(__file__).resolve().parent.parent / "scripts" / "install.sh").is_file()
    how = "editable" if in_checkout else '""'
    return f"add the extra {extra}: scripts/install.sh {shlex.quote(sys.prefix)} {how} {extra} (in the checkout)"
