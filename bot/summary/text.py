"""A summary as Markdown and as JSON. For people on a terminal: :mod:`bot.cli.summarising`. Pure."""

from __future__ import annotations

import re
from datetime import tzinfo

from bot.channels.text import clean, safe_url
from bot.summary import words
from bot.summary.model import Cited, Count, Summary, Told

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~-])")


def escaped(plain: str) -> str:
    """Words that Markdown shows as they are."""
    return _MARKUP.sub(r"\\\1", " ".join(plain.split()))


def link(plain: str, url: str) -> str:
    """A Markdown link; only the words where there is no web address."""
    if not url.startswith(("https://", "http://")):
        return escaped(plain)
    target = url.replace("(", "%28").replace(")", "%29").replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
    return f"[{escaped(plain)}]({target})"


def markdown(summary: Summary, zone: tzinfo) -> str:
    """For a wiki, a ticket or a mail."""
    lines = [
        f"# {escaped(words.title(summary))}",
        "",
        escaped(words.opening(summary, zone)),
        "",
    ]
    for n, story in enumerate(summary.stories, 1):
        lines += [f"{n}. **{link(story.headline, story.url)}**  ", f"   {escaped(_about(story))}", ""]
        if story.sentences:
            lines += ["   " + " ".join(_cited(one) for one in story.sentences), ""]
    if rest := words.left_out(summary):
        lines += [f"And {rest}.", ""]
    for name, found in (("Countries", summary.countries), ("Rules", summary.rules)):
        if found:
            lines += [f"**{name}**: {escaped(words.counts(found))}", ""]
    notes = [*words.footer(summary), words.compared(summary)]
    lines += [f"*{escaped(note)}*  " for note in notes if note]
    return "\n".join(lines).rstrip() + "\n"


def _about(story: Told) -> str:
    flags = " ".join(f"{c.flag} {c.name}".strip() for c in story.countries)
    return f"{words.meta(story)} · {flags}" if flags else words.meta(story)


def _cited(one: Cited) -> str:
    return f"{escaped(one.text)} ({link(one.source, one.url)})"


def as_json(summary: Summary) -> dict[str, object]:
    """For programs; field by field what :class:`Summary` holds, times in ISO 8601."""
    return {
        "since": summary.since.isoformat(),
        "until": summary.until.isoformat(),
        "about": clean(summary.about),
        "alerts": summary.alerts,
        "articles": summary.articles,
        "stories_total": summary.total,
        "stories": [_story(story) for story in summary.stories],
        "countries": [_count(one) for one in summary.countries],
        "rules": [_count(one) for one in summary.rules],
        "coverage": clean(summary.coverage),
        "note": clean(summary.note),
        "model": summary.model,
    }


def _story(story: Told) -> dict[str, object]:
    parts = story.rank
    return {
        "story": story.story_id,
        "headline": clean(story.headline),
        "url": safe_url(story.url) or None,
        "source": clean(story.source),
        "severity": story.severity.word,
        "countries": [country.code for country in story.countries],
        "rules": [clean(title) for title in story.rules],
        "sources": story.sources,
        "alerts": story.alerts,
        "new": story.is_new,
        "last": story.last.isoformat(),
        "retracted": story.retracted or None,
        "score": round(parts.score, 4),
        "score_parts": {name: round(getattr(parts, name), 4) for name in ("severity", "sources", "recency", "novelty")},
        "sentences": [
            {"text": clean(one.text), "article": one.article_key, "url": safe_url(one.url) or None,
             "source": clean(one.source), "published": one.published.isoformat()}
            for one in story.sentences
        ],
    }  # fmt: skip


def _count(one: Count) -> dict[str, object]:
    return {"id": one.id, "name": clean(one.name), "now": one.now, "before": one.before}
