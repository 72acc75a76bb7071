"""The port between polling and the kinds of source.

A kind says what to ask for and how to read the answer; both are pure. Fetching, and with it every safety, is the
same for all of them (:mod:`bot.web.fetch`). A kind whose poll takes several requests (the sitemaps of an index, the
pages of an answer) tells them one by one as :data:`Steps`; :mod:`bot.sources.collect` runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.errors import FetchError
from bot.model import Fetched, ParsedFeed, Source

MAX_ITEMS = 1000  # items taken from one answer, the first ones; the longest real feed at hand has 141


@dataclass(frozen=True, slots=True)
class Request:
    """One GET that a kind wants. ``headers`` may hold secrets; they stay with the origin of ``url``. ``accept`` is the
    header of that name; feeds in any format where it is empty. With a ``form`` it is a POST of these fields."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    accept: str = ""
    form: Mapping[str, str] | None = field(default=None, repr=False)


class Kind(Protocol):
    """A kind of source. A module with these two functions is one."""

    def request(self, source: Source) -> Request:
        """What to fetch for a source. Raises :class:`~bot.errors.SourceError` (``CONFIG``) on unusable options."""

    def parse(self, fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
        """Read an answer. Raises :class:`~bot.errors.ParseError`."""


Steps = Generator[Request, Fetched, ParsedFeed]
"""A poll, step by step: it yields what to fetch, is sent the answer, and returns what all answers held together.

A fetch that fails is thrown in as a :class:`~bot.errors.FetchError`; steps that can do without that answer catch it
and go on. They raise :class:`~bot.errors.SourceError`, and bound their own number.
"""


class SteppedKind(Protocol):
    """A kind that may need more than one request, or the time, for a poll."""

    def steps(self, source: Source, now: datetime, *, max_items: int = MAX_ITEMS) -> Steps:
        """One poll of a source at ``now``. Pure; nothing runs before the first step is taken."""


def is_single(kind: Kind) -> bool:
    """Whether one request and its answer are all of a poll, so that the same answer says the same."""
    return getattr(kind, "steps", None) is None


def steps_of(kind: Kind, source: Source, now: datetime, *, max_items: int = MAX_ITEMS) -> Steps:
    """One poll of a source, whatever its kind: one request and its answer, unless the kind has steps of its own."""
    own: Callable[..., Steps] | None = getattr(kind, "steps", None)  # of a SteppedKind
    return _single(kind, source, max_items) if own is None else own(source, now, max_items=max_items)


def _single(kind: Kind, source: Source, max_items: int) -> Steps:
    answer = yield kind.request(source)
    return kind.parse(answer, source, max_items=max_items)


def advance(steps: Steps, answer: Fetched | FetchError | None) -> Request | ParsedFeed:
    """Take one step: the next request, or the result. ``None`` takes the first.

    A plain call, so that it can run in another thread (``StopIteration`` cannot pass through a future). Raises what
    the steps raise: :class:`~bot.errors.SourceError`.
    """
    try:
        if isinstance(answer, FetchError):
            return steps.throw(answer)
        return next(steps) if answer is None else steps.send(answer)
    except StopIteration as end:
        result: ParsedFeed = end.value
        return result
    finally:
        answer = None  # an error that holds this frame must not be held by it (see bot.polling.groups.Press)
