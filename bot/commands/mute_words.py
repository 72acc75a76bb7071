"""What the form behind Mute says, on every platform."""

from __future__ import annotations

from typing import Final

MUTE_TITLE: Final = "Mute on this channel"  # Slack leaves 24 characters, Discord 45
MUTE_WHAT: Final = "What to mute"
MUTE_LENGTH: Final = "For how long"
MUTE_COMMENT: Final = "Comment for the others"
MUTE_NOTE: Final = "What the mute holds back comes in one digest when it ends."
DURATION_WORDS: Final = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days"}
