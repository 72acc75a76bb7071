"""What of the alerts goes out at once, and what comes in a digest.

Each control is a :class:`~bot.noise.base.Stage`: it looks at one alert for one channel and lets it pass, or holds it
and says why. :func:`ask` runs a list of them and stops at the first that holds. Nothing is dropped: what is held is
released in a digest when what held it ends (:mod:`bot.noise.release`). No stage reads a clock or a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.model import Alert
from bot.noise import stages
from bot.noise.base import Answer, Context, Hold, Pass, Rest, Stage, Verdict
from bot.noise.hours import quiet
from bot.noise.mutes import Mutes, muted
from bot.noise.policy import Policy

__all__ = [
    "EDIT",
    "FOLLOW",
    "NEW",
    "RAISE",
    "WAITED",
    "Answer",
    "Context",
    "Hold",
    "Mutes",
    "Pass",
    "Policy",
    "Rest",
    "Stage",
    "Verdict",
    "ask",
]

_FILTERS: tuple[Stage, ...] = (muted, stages.language, stages.region, stages.inhibited)
_LOUDNESS: tuple[Stage, ...] = (quiet, stages.throttled)

NEW: tuple[Stage, ...] = (
    stages.fresh,
    *_FILTERS,
    stages.corroborated,
    stages.catch_up,
    stages.digest_only,
    *_LOUDNESS,
)
"""For the first alert of a story on a channel. What people asked for comes before what depends on the hour, so that a
mute is named as the reason by night, too."""

FOLLOW: tuple[Stage, ...] = (stages.fresh, *_FILTERS, stages.digest_only)
"""For an article that adds something to a story which the channel was told: a reply in a thread disturbs nobody."""

EDIT: tuple[Stage, ...] = (*_FILTERS, stages.digest_only)
"""For an edit of an article of such a story: it may be old itself."""

RAISE: tuple[Stage, ...] = (stages.digest_only, *_LOUDNESS)
"""For showing a story again: where one of these holds, a reply in the thread must do."""

WAITED: tuple[Stage, ...] = (*_FILTERS, stages.corroborated, stages.digest_only, *_LOUDNESS)
"""For an alert that waited for other sources, when one came."""


def ask(controls: Sequence[Stage], alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """What a list of controls says: the first that does not let pass, or the alert as all of them leave it."""
    for control in controls:
        answer = control(alert, channel, context, now)
        if not isinstance(answer, Pass):
            return answer
        alert = answer.alert
    return Pass(alert)
