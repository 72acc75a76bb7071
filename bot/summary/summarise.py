"""The stories of a period → Summary: ranking, then a headline and one or two quoted sentences for each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.channels.text import clean
from bot.flags import country_tag
from bot.follow.standing import outgrown
from bot.follow.wire import plain_title
from bot.model import Article
from bot.store.articles_port import Archived
from bot.summary.choose import Bundle, bundle, choose, headline, rarity
from bot.summary.model import Cited, Told
from bot.summary.rank import Ranked
from bot.summary.sentences import Sentence
from bot.summary.standing import Standing

COUNTRIES_SHOWN = 4  # of a story
_NOTHING = Standing(())


def tell(ranked: Sequence[Ranked], stories: Mapping[str, Standing]) -> tuple[Told, ...]:
    """These stories with their headlines and sentences, in the order given; those of which no report stands come last,
    without sentences. A story without a stored document (it was purged meanwhile) is left out."""
    idf = rarity(one.article for stands in stories.values() for one in stands.documents)
    told: list[Told] = []
    fallen: list[Told] = []
    said: list[Sentence] = []
    for one in ranked:
        stands = stories.get(one.story_id, _NOTHING)
        if stands.documents:
            story = bundle([archived.article for archived in stands.documents], idf)
            lead = _lead(one, story, stands.documents)
            chosen = choose(_latest(story), lead, said)
            said += chosen
            told.append(_told(one, lead, stands, tuple(cite(sentence.text, sentence.article) for sentence in chosen)))
        elif stands.lead is not None:
            fallen.append(_told(one, stands.lead, stands, ()))
    return (*told, *fallen)


def _latest(story: Bundle) -> Bundle:
    """``story`` without the sentences of reports whose toll others have overtaken, where any others are left."""
    old = {story.documents[n].key for n in outgrown(story.documents)}
    fresh = tuple(sentence for sentence in story.sentences if sentence.article.key not in old)
    return replace(story, sentences=fresh) if old and fresh else story


def cite(text: str, article: Article) -> Cited:
    """A sentence with the item that bears it out."""
    return Cited(clean(text), article.key, article.url, _outlet(article), article.published)


def _outlet(article: Article) -> str:
    return clean(article.source_name or article.source_id)


def _lead(one: Ranked, story: Bundle, documents: Sequence[Archived]) -> Article:
    """The headline is that of an article that alerted in the period, the most severe ones first; not one with a toll
    that others have overtaken."""
    severe = {line.number for line in one.alerts if line.severity == one.severity}
    old = outgrown([archived.article for archived in documents])
    fresh = [archived for n, archived in enumerate(documents) if n not in old]
    alerted = [archived.article for archived in fresh if archived.number in severe]
    alerted = alerted or [archived.article for archived in documents if archived.number in severe]
    return headline(story, alerted or story.documents)


def _told(one: Ranked, lead: Article, stands: Standing, sentences: tuple[Cited, ...]) -> Told:
    named: dict[str, int] = {}
    for line in one.alerts:
        for code in line.countries:
            named[code] = named.get(code, 0) + 1
    fired = {f.rule_id: f for line in one.alerts for f in line.rules}
    titles = [f.title or f.rule_id for f in sorted(fired.values(), key=lambda f: (-f.severity, f.rule_id))]
    return Told(
        story_id=one.story_id,
        headline=shown_title(lead) if stands.documents else f"Retracted: {clean(plain_title(lead.title)) or lead.url}",
        url=lead.url,
        source=_outlet(lead),
        severity=one.severity,
        countries=tuple(country_tag(code) for code in sorted(named, key=lambda c: -named[c])[:COUNTRIES_SHOWN]),
        rules=tuple(dict.fromkeys(titles)),
        sources=one.sources,
        alerts=len(one.alerts),
        is_new=one.is_new,
        last=max(line.created_at for line in one.alerts),
        sentences=sentences,
        rank=one.rank,
        retracted=stands.retracted,
    )


def shown_title(article: Article) -> str:
    """The headline; of an article without one, the beginning of its text; without that, the address."""
    return clean(article.title) or clean(article.text[:120]) or article.url
