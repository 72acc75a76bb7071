"""What one article says, as far as the thread of its story wants to know. Pure; each part is read when first asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from bot.follow import wire
from bot.follow.novelty import Claims, Facts, claims, facts
from bot.model import Article, Evidence, Match, Mention


class Said:
    """``mentions`` are the countries that the article names. :meth:`read` can be called in a worker thread, so that
    nothing long is left for the event loop; a long text takes up to a millisecond."""

    def __init__(self, article: Article, matches: Sequence[Match] = (), mentions: Sequence[Mention] = ()) -> None:
        self.article = article
        self._matches = matches
        self._mentions = mentions

    def read(self) -> Said:
        """Read all of it now."""
        _ = self.facts, self.claims, self.withdrawn, self.corrected, self.credit
        return self

    @property
    def _evidence(self) -> tuple[Evidence, ...]:
        return tuple(e for m in self._matches for e in m.evidence)

    @cached_property
    def facts(self) -> Facts:
        """All of it."""
        return facts(self.article.title, self.article.text, self._mentions, self._evidence)

    @cached_property
    def claims(self) -> Claims:
        """What headline and lead say."""
        title = wire.plain_title(self.article.title)
        return claims(title, self.article.text, self._mentions, self._evidence)

    @cached_property
    def withdrawn(self) -> str:
        """Why the report no longer stands; empty where it does."""
        return wire.withdrawn(self.article.title, self.article.text)

    @cached_property
    def corrected(self) -> bool:
        """Whether it corrects an earlier one."""
        return wire.corrected(self.article.title, self.article.text)

    @cached_property
    def credit(self) -> str:
        """The agency that it is by."""
        return wire.credit(self.article.author, self.article.text)
