"""Which documents of a story a summary may tell, and what it says of those that were withdrawn. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.follow.standing import Fallen, fallen
from bot.model import Article
from bot.store.articles_port import Archived

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Standing:
    """``documents`` are those that stand, in their order. ``retracted`` says why others were withdrawn, in a few words,
    empty where none was; ``lead`` is the first report where all were."""

    documents: tuple[Archived, ...]
    retracted: str = ""
    lead: Article | None = None


def standing(found: Sequence[Archived], struck: Mapping[str, str] = NOTHING) -> Standing:
    """``found`` in the order in which they came. ``struck``: article → why it does not stand, where that is known from
    elsewhere."""
    gone = dict(fallen([one.article for one in found]))
    for n, one in enumerate(found):
        if one.article.key in struck and n not in gone:
            gone[n] = Fallen(struck[one.article.key])
    why = next((gone[n].withdrawn for n in sorted(gone, reverse=True) if gone[n].withdrawn), "")
    left = tuple(one for n, one in enumerate(found) if n not in gone)
    if left or not gone:
        return Standing(left, f"a report was {why}" if why else "")
    first = min(gone, key=lambda n: (gone[n].notice, n))
    return Standing((), why, found[first].article)
