"""What becomes of an edit of an article that was stored before. Pure.

The rules see the new version. One that fires now and never did is alerted like a new article. In the thread of a story
that was told, a material change is noted with the difference, and so is a rule that fits no more; a report that its
publisher withdrew is struck through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot import noise
from bot.follow.decide import Arrived, Deciding, Outcome, Route
from bot.follow.edits import difference
from bot.follow.thread import Thread, Told
from bot.follow.wire import corrected, withdrawn
from bot.message import Message
from bot.model import Alert, Revised, Story
from bot.noise import Context
from bot.render import render_report


@dataclass(frozen=True, slots=True)
class Edit:
    """``arrived`` is the new version with what the rules say of it; ``alert`` what the article gave before, if it
    did; ``fired`` are the rules that fit the old version."""

    revised: Revised
    arrived: Arrived
    alert: Alert | None
    fired: frozenset[str]

    @property
    def story(self) -> Story:
        return self.arrived.story


def revise(edit: Edit, thread: Thread, route: Route, context: Context, now: datetime) -> Outcome:
    """As :func:`bot.follow.decide.decide`, for an edit."""
    return _Revising(edit, thread, route, context, now).outcome()


class _Revising(Deciding):
    controls = noise.EDIT

    def __init__(self, edit: Edit, thread: Thread, route: Route, context: Context, now: datetime) -> None:
        super().__init__(edit.arrived, thread, route, context, now, known=True)
        self._edit = edit
        self._given = edit.alert
        before = edit.revised.before
        if withdrawn(before.title, before.text):
            self._withdrawn = ""  # that was told then

    def _additions(self) -> tuple[str, ...]:
        """What the edit changed. Of a report that fired nothing before, what it adds counts, as of a new one; and if
        it fires nothing now either, nobody was told its words."""
        if self._edit.alert is None:
            return super()._additions() if self._one.matches else ()
        before, after = self._edit.revised.before, self._edit.revised.after
        found: list[str] = []
        if self._one.said.corrected and not corrected(before.title, before.text):
            found.append(f"Correction by {self._one.name}")
        changed = difference(before, after)
        if changed.material:
            found.append(f"Edited by {self._one.name}: {'; '.join(changed.shown)}")
        gone = self._edit.fired - {m.rule_id for m in self._one.matches}
        found += [f"No longer fits: {m.title or m.rule_id}" for m in self._edit.alert.matches if m.rule_id in gone]
        return tuple(found)

    def _rewritten(self, told: Told, message: Message, alert: Alert) -> Message:
        """The post of the article itself shows its new words."""
        if told.article_key != self._one.article.key:
            return message
        if not alert.matches:  # the words that fired are gone: the headline is shown as it is now, the rest stays
            return replace(message, headline=render_report("", "", alert.article, (), message.severity).headline)
        new = render_report(
            message.key, message.alert_id, alert.article, alert.matches, message.severity, alert.countries
        )
        return replace(
            message,
            headline=new.headline,
            passage=new.passage,
            countries=new.countries or message.countries,
            rules=new.rules,
            fallback=new.fallback,
        )
