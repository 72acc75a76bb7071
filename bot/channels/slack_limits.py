"""What Slack takes, in characters where nothing else is said: docs.slack.dev/reference/block-kit, /reference/views and
/reference/methods. The one place that knows; who composes a message or a form cuts to these, and below them to what
reads well. Too much is refused, and the whole message with it.
"""

from __future__ import annotations

from typing import Final

# Messages
BLOCKS_MAX: Final = 50  # blocks
TOTAL_MAX: Final = 12_000  # bytes of all blocks as JSON; Slack gives up near 13,200 characters (bolt-js#2509)

# Elements
IMAGE_URL_MAX: Final = 3_000
ALT_TEXT_MAX: Final = 2_000
BUTTON_TEXT_MAX: Final = 75
OPTION_TEXT_MAX: Final = 75
OPTION_VALUE_MAX: Final = 150
RADIO_MAX: Final = 10  # options of radio buttons; a select takes 100

# Forms and the App Home
VIEW_BLOCKS_MAX: Final = 100  # blocks
VIEW_TITLE_MAX: Final = 24  # and of the texts on its two buttons
METADATA_MAX: Final = 3_000
INPUT_MAX: Final = 3_000
