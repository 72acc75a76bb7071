"""For all tests: what the bot keeps from one start to the next, and the order in which tests begin."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence

import pytest
from ahocorasick_rs import AhoCorasick

from bot.entities.compiled import Compiled, compiled
from tests.bot_process import Room
from tests.properties import settle

AUTOMATA_KEPT = 12  # over all names of the world each takes some ten megabytes


def pytest_configure(config: pytest.Config) -> None:
    """One cache for the whole run, in which the workers and the bots that they start find each other's work; that of
    whoever runs the tests is left alone. A test that is about the cache has one of its own."""
    Room.forks = True
    settle(load=hasattr(config, "workerinput"))
    if not hasattr(config, "workerinput"):
        cache = tempfile.mkdtemp(prefix="wirewatch-cache-")
        os.environ["XDG_CACHE_HOME"] = cache
        config.add_cleanup(lambda: shutil.rmtree(cache, ignore_errors=True))


@pytest.fixture(scope="session", autouse=True)
def _computed_once() -> Iterator[None]:
    """Names of the world, and automata over them: what takes most of the time of reading a handful of rules is the same
    each time, and depends on nothing but its arguments."""
    names: dict[tuple[object, ...], Compiled] = {}
    automata: dict[tuple[str, ...], AhoCorasick] = {}
    own_cache = os.environ["XDG_CACHE_HOME"]

    def compiled_once(*arguments: object) -> Compiled:
        if os.environ.get("XDG_CACHE_HOME") != own_cache:  # a test of the copy on disk
            return compiled(*arguments)  # type: ignore[arg-type]
        if arguments not in names:
            names[arguments] = compiled(*arguments)  # type: ignore[arg-type]
        return names[arguments]

    def automaton_once(patterns: Sequence[str], **options: object) -> AhoCorasick:
        key = tuple(patterns)
        found = automata.pop(key, None) or AhoCorasick(patterns, **options)  # type: ignore[arg-type]
        automata[key] = found
        if len(automata) > AUTOMATA_KEPT:
            del automata[next(iter(automata))]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.entities.gazetteer.compiled", compiled_once)
        patch.setattr("bot.scan.AhoCorasick", automaton_once)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What was given a longer time than others takes it: it begins first, so that no worker waits for it at the end."""
    items.sort(key=_time_limit, reverse=True)


def _time_limit(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit else 0.0
