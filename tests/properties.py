"""How often properties are tried out, and with which examples: those that take long, less often than they deserve,
unless ``make thorough`` or ``WIREWATCH_TEST_EXAMPLES`` says otherwise.

``make test`` tries the same examples each time, so that it fails where a change is to blame and nowhere else. ``make
thorough`` begins elsewhere each time: run it before a release, and keep what it finds as an ``@example``.
"""

from __future__ import annotations

import importlib
import os
import pkgutil

from hypothesis import HealthCheck, settings

import bot

_PROGRAMS = ("bot.__main__", "bot.store.migrations.", "bot.polling.errand_process")  # run, not imported
_ASKED = os.environ.get("WIREWATCH_TEST_EXAMPLES")
SHARE = float(_ASKED or "0.4")
"""Of the number of examples that a property names; ``make thorough`` asks for ten times that number."""


def examples(deserved: int) -> int:
    return max(5, round(deserved * SHARE))


def settle(*, load: bool) -> None:
    """Before any property is defined: which examples are tried, and that none fails by the clock of a busy machine.
    ``load`` where other tests run in the same process: Hypothesis also tries the constants of what is loaded, and that
    must not hang on which tests ran before."""
    settings.register_profile(
        "wirewatch", derandomize=not _ASKED, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("wirewatch")
    if load and not _ASKED:
        for module in pkgutil.walk_packages(bot.__path__, "bot."):
            if not module.name.startswith(_PROGRAMS):
                importlib.import_module(module.name)
