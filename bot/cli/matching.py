"""``wirewatch match``: JSON Lines in, JSON Lines out, in the same order and in constant memory."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from bot.cli.checks import load
from bot.model import Article, Mention
from bot.rules.evaluate import Subject
from bot.rules.match import Analysis, Engine
from bot.sources.dates import parse_date
from bot.story import Stories
from bot.urls import canonical

LINE_MAX = 64 * 1024 * 1024  # bytes of one document
CHUNK = 64  # documents handed to a process at once
CHUNKS_AHEAD = 4  # for each process; bounds the memory
FORGET_EVERY = 10_000  # documents between two clean-ups of the stories


def match(config: Path, rules: Sequence[Path] | None, *, stories: bool, jobs: int) -> int:
    """Match standard input. Exit status 1 if a line was malformed."""
    engine = load(config, rules).engine
    out = sys.stdout.buffer
    placed = _Placer() if stories else None
    bad = False
    for document, line in _matched(engine, sys.stdin.buffer, jobs):
        if "error" in line:
            bad = True
        elif placed is not None:
            line["story"] = placed.place(document)
        out.write(_encode(line))
    out.flush()
    return 1 if bad else 0


Line = dict[str, Any]


def _matched(engine: Engine, stream: BinaryIO, jobs: int) -> Iterator[tuple[Line, Line]]:
    numbered = enumerate(_lines(stream), 1)
    if jobs == 1:
        for number, raw in numbered:
            yield _one(engine, number, raw)
        return
    # Forked children share the engine's memory; where there is no fork, each gets its copy.
    fork = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if fork else "spawn")
    _Worker.engine = engine
    pool = (
        ProcessPoolExecutor(jobs, mp_context=context)
        if fork
        else ProcessPoolExecutor(jobs, mp_context=context, initializer=_Worker.take, initargs=(engine,))
    )
    with pool:
        waiting: deque[Future[list[tuple[Line, Line]]]] = deque()
        while chunk := list(islice(numbered, CHUNK)):
            waiting.append(pool.submit(_Worker.chunk, chunk))
            if len(waiting) >= jobs * CHUNKS_AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


class _Worker:
    """What a child process holds."""

    engine: Engine

    @classmethod
    def take(cls, engine: Engine) -> None:
        cls.engine = engine

    @classmethod
    def chunk(cls, lines: list[tuple[int, bytes]]) -> list[tuple[Line, Line]]:
        return [_one(cls.engine, number, raw) for number, raw in lines]


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines that are not blank; one that is too long is cut, which makes it malformed."""
    while line := stream.readline(LINE_MAX + 1):
        if len(line) > LINE_MAX:
            while (more := stream.readline(LINE_MAX)) and not more.endswith(b"\n"):
                pass
        if line.strip():
            yield line
        else:
            yield b""


def _one(engine: Engine, number: int, raw: bytes) -> tuple[Line, Line]:
    """A document and its line of output. The document is kept only as far as the stories need it."""
    try:
        document = _document(raw)
    except ValueError as error:
        return {}, {"id": None, "line": number, "error": str(error)}
    analysis = engine.analyse(
        Subject(document["title"], document["text"], document.get("source") or "", lang=document.get("lang"))
    )
    return document, {"id": document["id"], **result(analysis)}


def _document(raw: bytes) -> Line:
    if not raw:
        raise ValueError("an empty line; write one JSON object to a line")
    if len(raw) > LINE_MAX:
        raise ValueError(f"longer than {LINE_MAX // 2**20} MiB; split it")
    try:
        found = json.loads(raw)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}; convert the file") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON ({error}); write one object to a line") from None
    if not isinstance(found, dict):
        raise ValueError('not an object; write {"id": ..., "title": ..., "text": ...}')
    if not isinstance(found.get("id"), str | int) or isinstance(found["id"], bool):
        raise ValueError('no "id"; give each document a text or a number')
    for key in ("title", "text", "url", "source", "published", "lang"):
        if found.get(key) is None:
            found[key] = "" if key in ("title", "text") else None
        elif not isinstance(found[key], str):
            raise ValueError(f'"{key}" is not a text')
    return found


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
    """Stories in the order of the input; time is that of the documents, or stands still where they have none."""

    def __init__(self) -> None:
        self._stories = Stories()
        self._now = datetime(1970, 1, 1, tzinfo=UTC)
        self._count = 0

    def place(self, document: Line) -> str | int:
        published = parse_date(document["published"]) if document.get("published") else None
        if published is not None and published > self._now:
            self._now = published
        url = document.get("url") or ""
        article = Article(
            key=json.dumps(document["id"]),
            source_id=document.get("source") or "",
            guid="",
            url=url,
            title=document["title"],
            text=document["text"],
            published=published or self._now,
            fetched_at=self._now,
            canonical_url=canonical(url) if url else "",
        )
        story = self._stories.place(article, self._now)
        self._stories.remember(article, story, (), self._now)
        self._count += 1
        if self._count % FORGET_EVERY == 0:
            self._stories.forget(self._now)
        self._stories.keep()
        found: str | int = json.loads(story.id)
        return found


def _encode(line: Line) -> bytes:
    try:
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate in a text or an id
        return json.dumps(line, separators=(",", ":")).encode() + b"\n"
