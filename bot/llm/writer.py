"""Asks the endpoint, story by story, and puts what is taken into a summary. Whatever goes wrong, the summary that was
made without it is given; the log and a metric say so.

The openai client (the extra ``llm``) is imported when the first summary is written.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.llm.prompt import ANSWER_MAX, ITEMS_MAX, Sentence, messages, read_answer, repeats
from bot.llm.settings import LlmSettings
from bot.log import Log
from bot.model import Article
from bot.secret import Secret
from bot.store.articles_port import Archived
from bot.summary.model import Summary, Told
from bot.summary.summarise import cite

if TYPE_CHECKING:
    from openai import AsyncOpenAI

AT_ONCE = 4  # requests under way


class Outcome(StrEnum):
    """What became of a story; labels the metric ``wirewatch_llm_stories_total``."""

    WRITTEN = "written"
    NOT_TAKEN = "no sentence was borne out by what it cites"
    UNREADABLE = "the answer was not what was asked for"
    DECLINED = "the model declined"
    LATE = "no answer in time"
    REFUSED = "the endpoint refused"
    UNREACHABLE = "the endpoint cannot be reached"
    SKIPPED = "not asked after the endpoint failed"

    @property
    def ends(self) -> bool:
        """Whether the endpoint would fail the other stories, too."""
        return self in (Outcome.LATE, Outcome.REFUSED, Outcome.UNREACHABLE)


class Writer:
    """Writes with one model. ``count`` is told what became of each story."""

    def __init__(
        self,
        settings: LlmSettings,
        api_key: Secret | None,
        *,
        count: Callable[[str], None] = lambda outcome: None,
        nonce: Callable[[], str] = lambda: secrets.token_hex(12),
    ) -> None:
        self._settings = settings
        self._api_key = api_key
        self._count = count
        self._nonce = nonce
        self._log = Log("llm", model=settings.model)

    def __repr__(self) -> str:
        return f"Writer({self._settings.model!r} at {self._settings.url})"

    async def write(self, made: Summary, documents: Mapping[str, Sequence[Archived]]) -> Summary:
        """``made`` with the model's sentences where they can be taken; as it is where they cannot. ``documents`` are
        the articles of its stories. Takes the time-out at most, and raises nothing that is the endpoint's fault."""
        if not made.stories:
            return made
        written: dict[str, tuple[Sentence, ...]] = {}
        outcomes: dict[str, Outcome] = {}
        client = await asyncio.to_thread(self._client)
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                await self._ask_all(client, made.stories, documents, written, outcomes)
        except TimeoutError:
            pass  # what is there is used
        finally:
            await client.close()
        for story in made.stories:
            outcome = outcomes.get(story.story_id, Outcome.LATE)
            self._count(outcome.name.lower())
            if outcome is not Outcome.WRITTEN:
                self._log.info("quoted instead", story=story.story_id, reason=outcome.value)
        return _merged(made, written, self._settings.model)

    def _client(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=self._api_key.reveal() if self._api_key else "none",  # local endpoints want none
            base_url=self._settings.url,
            timeout=self._settings.timeout.total_seconds(),
            max_retries=0,
        )

    async def _ask_all(
        self,
        client: AsyncOpenAI,
        stories: Sequence[Told],
        documents: Mapping[str, Sequence[Archived]],
        written: dict[str, tuple[Sentence, ...]],
        outcomes: dict[str, Outcome],
    ) -> None:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(story: Told) -> None:
            items = [archived.article for archived in documents.get(story.story_id, ())][:ITEMS_MAX]
            async with turns:
                if any(outcome.ends for outcome in outcomes.values()) or not items:
                    outcomes[story.story_id] = Outcome.SKIPPED
                    return
                outcome, sentences = await self._ask(client, items)
            outcomes[story.story_id] = outcome
            if sentences:
                written[story.story_id] = sentences

        async with asyncio.TaskGroup() as group:
            for story in stories:
                group.create_task(one(story))

    async def _ask(self, client: AsyncOpenAI, items: Sequence[Article]) -> tuple[Outcome, tuple[Sentence, ...]]:
        import openai

        try:
            answer = await self._answer(client, messages(items, self._nonce()))
        except openai.APITimeoutError:
            return Outcome.LATE, ()
        except openai.APIStatusError as error:
            self._log.warning("refused", status=error.status_code)
            return Outcome.REFUSED, ()
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            self._log.warning("not reached", error=type(cause).__name__)
            return Outcome.UNREACHABLE, ()
        except (openai.OpenAIError, ValueError) as error:  # an answer that is no chat completion, or no JSON
            self._log.warning("unreadable", error=type(error).__name__)
            return Outcome.UNREADABLE, ()
        if answer is None:
            return Outcome.DECLINED, ()
        found = read_answer(answer, items)
        if found is None:
            return Outcome.UNREADABLE, ()
        taken, dropped = found
        if dropped:
            self._log.info("sentences dropped", reasons=sorted({one.value for one in dropped}))
        return (Outcome.WRITTEN, taken) if taken else (Outcome.NOT_TAKEN, ())

    async def _answer(self, client: AsyncOpenAI, asked: Any) -> str | None:
        """The text of the answer, read piece by piece so that an endless one ends at :data:`ANSWER_MAX`; ``None`` where
        the model declined."""
        pieces: list[str] = []
        size = 0
        stream = await client.chat.completions.create(model=self._settings.model, messages=asked, stream=True)
        async with stream:
            async for chunk in stream:
                piece = _piece(chunk)
                if piece is None:
                    return None
                pieces.append(piece)
                size += len(piece)
                if size > ANSWER_MAX:
                    break
        return "".join(pieces)


def _piece(chunk: object) -> str | None:
    """The text in a part of a stream; ``None`` where the model declines. The client passes on what an endpoint sends,
    so that nothing is taken for granted here."""
    choice = next(iter(getattr(chunk, "choices", None) or ()), None)
    delta = getattr(choice, "delta", None)
    if getattr(choice, "finish_reason", None) == "content_filter" or getattr(delta, "refusal", None):
        return None
    content = getattr(delta, "content", None)
    return content if isinstance(content, str) else ""


def _merged(made: Summary, written: Mapping[str, Sequence[Sentence]], model: str) -> Summary:
    """Sentences that repeat one of a story above are left out; a story without any keeps those that it had."""
    said: list[str] = []
    stories: list[Told] = []
    taken = False
    for story in made.stories:
        fresh = [one for one in written.get(story.story_id, ()) if not repeats(one.text, said)]
        if fresh:
            taken = True
            story = replace(story, sentences=tuple(cite(one.text, one.article) for one in fresh))
        said += [one.text for one in story.sentences]
        stories.append(story)
    return replace(made, stories=tuple(stories), model=model) if taken else made
