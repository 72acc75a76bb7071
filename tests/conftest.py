"""For all tests: what the bot keeps from one start to the next, and the order in which tests begin."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

from tests.bot_process import Room


def pytest_configure(config: pytest.Config) -> None:
    """One cache for the whole run, in which the workers and the bots that they start find each other's work; that of
    whoever runs the tests is left alone. A test that is about the cache has one of its own."""
    Room.forks = True
    if not hasattr(config, "workerinput"):
        cache = tempfile.mkdtemp(prefix="wirewatch-cache-")
        os.environ["XDG_CACHE_HOME"] = cache
        config.add_cleanup(lambda: shutil.rmtree(cache, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What was given a longer time than others takes it: it begins first, so that no worker waits for it at the end."""
    items.sort(key=_time_limit, reverse=True)


def _time_limit(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit else 0.0
