"""The part of the composition that decides: stories, mutes, what is written, what is let out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.articles.language import detect
from bot.assembly import Assembler, StoreRunner
from bot.chores.recheck import Pages, Rechecker
from bot.chores.releaser import Releaser
from bot.config import Config
from bot.follow.wire import plain_title
from bot.live.rulebook import Rulebook
from bot.model import Article, Source
from bot.noise import Mutes, Policy
from bot.settings.noise import policy_of
from bot.store.articles_port import StoredStory
from bot.story import WINDOW, Stories


class Newsroom:
    """``book`` gives the rules and sources in force, ``notify`` is told a channel that has something new to send.
    ``pages`` looks at the pages of what was alerted. ``stories`` decides what belongs together (its own kind, but for
    comparisons)."""

    def __init__(
        self,
        store: StoreRunner,
        config: Config,
        book: Callable[[], Rulebook],
        *,
        clock: Callable[[], datetime],
        max_age: timedelta | None,
        notify: Callable[[str], None],
        pages: Pages,
        stories: Stories | None = None,
    ) -> None:
        self._store = store
        self._config = config
        self._book = book
        self._clock = clock
        self.stories = Stories() if stories is None else stories
        mutes = Mutes()
        self.assembler = Assembler(
            store, self.stories, mutes, self._policy(), clock=clock, max_age=max_age, language=language_of
        )
        self._releaser = Releaser(
            store,
            self.assembler,
            mutes,
            clock=clock,
            sources=self._sources,
            channels=config.channels_for,
            notify=notify,
        )
        self._rechecker = Rechecker(
            store,
            self.assembler,
            pages,
            sorted(config.stories.recheck),
            clock=clock,
            sources=lambda: book().sources,
            notify=notify,
        )

    async def open(self) -> None:
        """Take up what an earlier run stored."""
        now = self._clock()
        take_up(self.stories, await self._store.read(lambda s: s.recent_stories(now - WINDOW)))
        await self._releaser.refresh_mutes()

    def on_rules(self) -> None:
        """The rules were edited: what they want of their sources may have changed."""
        self.assembler.policy = self._policy()

    async def release(self) -> int:
        """Take up the mutes as they are stored, and let out what is due. A job, and for whoever changed a mute. Returns
        how many alerts that were."""
        return await self._releaser.tick()

    async def coverage(self, since: datetime, until: datetime) -> str:
        """One line on the sources that were down or silent then. For digests that others make."""
        return await self._releaser.coverage(since, until)

    async def recheck(self) -> None:
        """Look whether what was alerted is still on its publishers' pages. A job."""
        await self._rechecker.tick()

    def _policy(self) -> Policy:
        config = self._config
        return policy_of(config, config.channels, self._book().ruleset.rules, config.timezone)

    def _sources(self) -> Iterable[Source]:
        return self._book().sources.values()


def take_up(stories: Stories, stored: Iterable[StoredStory]) -> None:
    """Put articles back into their stories as :func:`bot.pipeline.judged_as` read them, in the order of reading."""
    for one in stored:
        stories.restore(
            one.story_id,
            one.source_id,
            one.canonical_url,
            plain_title(one.title),
            one.text,
            one.fetched_at,
            one.published,
            one.countries,
        )
    stories.keep()


def language_of(article: Article) -> str | None:
    """The language that a feed declares, or the one that the text is in."""
    return article.lang or detect(article.body)
