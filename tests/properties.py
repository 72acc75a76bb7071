"""How often properties are tried out: those that take long, less often than they deserve, unless ``make thorough`` or
``WIREWATCH_TEST_EXAMPLES`` says otherwise. Hypothesis begins elsewhere each time, so that every run adds to the others.
"""

from __future__ import annotations

import os

SHARE = float(os.environ.get("WIREWATCH_TEST_EXAMPLES", "0.4"))
"""Of the number of examples that a property names; ``make thorough`` asks for four times that number."""


def examples(deserved: int) -> int:
    return max(5, round(deserved * SHARE))
