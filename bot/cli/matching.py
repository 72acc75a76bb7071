"""``wirewatch match``: JSON Lines in, JSON Lines out, in the same order and in constant memory."""

from __future__ import annotations

import gc
import json
import multiprocessing
import re
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from bot.cli.checks import load
from bot.errors import WirewatchError
from bot.model import Article, Mention
from bot.rules.evaluate import Subject
from bot.rules.match import Analysis, Engine
from bot.sources.dates import parse_date
from bot.story import WINDOW, Stories, read
from bot.web.urls import canonical

LINE_MAX = 64 * 1024 * 1024  # bytes of one document
CHUNK = 64  # documents handed to a process at once
CHUNKS_AHEAD = 4  # for each process; bounds the memory
REMEMBERED_MAX = 100_000  # documents after which a story ends at the latest, dated or not; bounds the memory
FORGET_EVERY = 10_000  # documents between two clean-ups of the stories

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON may spell half a character; no text can hold one


def match(config: Path, rules: Sequence[Path] | None, *, stories: bool, jobs: int) -> int:
    """Match standard input. Exit status 1 if a line was malformed."""
    engine = load(config, rules, optional=True).engine
    out = sys.stdout.buffer
    placed = _Placer() if stories else None
    bad = False
    _Worker.stories = stories
    for answer in _matched(engine, sys.stdin.buffer, jobs, config, rules):
        bad = bad or answer.malformed
        line = answer.line
        if placed is not None and not answer.malformed:
            line = line[:-1] + b',"story":' + _encode(placed.place(answer.document)) + b"}"
        out.write(line + b"\n")
    out.flush()
    return 1 if bad else 0


Line = dict[str, Any]


class Answer(NamedTuple):
    """An encoded line of output. The document stands beside it only as far as the stories need it: between processes,
    what is sent is most of the work."""

    line: bytes
    malformed: bool
    document: Line


def _matched(
    engine: Engine, stream: BinaryIO, jobs: int, config: Path, rules: Sequence[Path] | None
) -> Iterator[Answer]:
    numbered = enumerate(_lines(stream), 1)
    if jobs == 1:
        for number, raw in numbered:
            yield _one(engine, number, raw)
        return
    # Forked children share the engine's memory; where there is no fork, each reads the rules for itself.
    fork = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if fork else "spawn")
    _Worker.engine = engine
    gc.freeze()  # so that no child's collector touches, and thereby copies, the memory that they share
    pool = ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_Worker.start, initargs=() if fork else (config, rules, _Worker.stories)
    )
    waiting: deque[Future[list[Answer]]] = deque()
    try:
        while chunk := list(islice(numbered, CHUNK)):
            waiting.append(pool.submit(_Worker.chunk, chunk))
            if len(waiting) >= jobs * CHUNKS_AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool:
        raise WirewatchError("a process died, perhaps for want of memory; try fewer --jobs") from None
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    """What a child process holds."""

    engine: Engine
    stories: bool

    @classmethod
    def start(
        cls, config: Path | None = None, rules: Sequence[Path] | None = None, stories: bool | None = None
    ) -> None:
        """Ctrl-C is for the parent, which then stops its children. A child that was not forked reads the rules."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if config is not None:
            cls.engine = load(config, rules, optional=True).engine
        if stories is not None:
            cls.stories = stories

    @classmethod
    def chunk(cls, lines: list[tuple[int, bytes]]) -> list[Answer]:
        return [_one(cls.engine, number, raw) for number, raw in lines]


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines; one that is too long is cut, which makes it malformed."""
    while line := stream.readline(LINE_MAX + 1):
        if len(line) > LINE_MAX and not line.endswith(b"\n"):
            while (more := stream.readline(LINE_MAX)) and not more.endswith(b"\n"):
                pass
        yield line


def _one(engine: Engine, number: int, raw: bytes) -> Answer:
    try:
        document = _document(raw)
    except ValueError as error:
        return Answer(_encode({"id": None, "line": number, "error": str(error)}), True, {})
    analysis = engine.analyse(
        Subject(
            document["title"],
            document["text"],
            document["source"],
            lang=document["lang"] or None,
            day=datetime.now(UTC).date(),
        )
    )
    line = _encode({"id": document["id"], **result(analysis)})
    return Answer(line, False, {**document, "countries": analysis.about} if _Worker.stories else {})


def _document(raw: bytes) -> Line:
    if not raw.strip():
        raise ValueError("an empty line; write one JSON object to a line")
    if len(raw) > LINE_MAX:
        raise ValueError(f"longer than {LINE_MAX // 2**20} MiB; split it")
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}; convert the file") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at column {error.pos + 1} ({error.msg}); write one object to a line") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError('not an object; write {"id": ..., "title": ..., "text": ...}')
    if found.get("id") is None:
        raise ValueError('no "id"; give each document a text or a number')
    if not isinstance(found["id"], str | int) or isinstance(found["id"], bool):
        raise ValueError('"id" is neither a text nor a whole number')
    document: Line = {"id": found["id"]}
    for key in ("title", "text", "url", "source", "published", "lang"):
        value = found.get(key)
        if value is not None and not isinstance(value, str):
            raise ValueError(f'"{key}" is not a text')
        document[key] = _SURROGATE.sub("\ufffd", value or "")
    return document


def result(analysis: Analysis) -> Line:
    """The part of a line of output that the engine knows; offsets count code points of title, line break, text."""
    by_country: dict[str, list[Mention]] = {}
    for mention in analysis.mentions:
        by_country.setdefault(mention.entity, []).append(mention)
    return {
        "rules": [
            {
                "id": m.rule_id,
                "severity": m.severity.word,
                "evidence": [
                    {
                        "text": e.text,
                        "start": e.start,
                        "end": e.end,
                        "condition": e.condition,
                        **({"entity": e.entity} if e.entity else {}),
                    }
                    for e in m.evidence
                ],
            }
            for m in analysis.matches
        ],
        "countries": [
            {
                "code": code,
                "mentions": [
                    {"text": m.text, "start": m.start, "end": m.end, "kind": m.kind.value} for m in by_country[code]
                ],
            }
            for code in analysis.countries
            if code in by_country
        ],
    }


class _Placer:
    """Stories in the order of the input. Time is that of the newest document so far, and moves on by a little with each
    document, so that what has no date leaves the window, too."""

    def __init__(self) -> None:
        self._stories = Stories()
        self._now = datetime(1970, 1, 1, tzinfo=UTC)
        self._step: timedelta = WINDOW / REMEMBERED_MAX
        self._count = 0

    def place(self, document: Line) -> str | int:
        """The id of the first document of the story that this one belongs to."""
        published = parse_date(document["published"]) if document["published"] else None
        self._now = max(self._now + self._step, published or self._now)
        url = document["url"]
        article = Article(
            key=json.dumps(document["id"]),
            source_id=document["source"],
            guid="",
            url=url,
            title=document["title"],
            text=document["text"],
            published=published or self._now,
            fetched_at=self._now,
            canonical_url=canonical(url) if url else "",
        )
        one = read(article, document["countries"])
        story = self._stories.place(one, self._now)
        self._stories.remember(one, story, self._now)
        self._stories.keep()
        self._count += 1
        if self._count % FORGET_EVERY == 0:
            self._stories.forget(self._now)
        found: str | int = json.loads(story.id)
        return found


def _encode(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate in a text or an id
        return json.dumps(value, separators=(",", ":")).encode()
