"""What Discord takes, in UTF-16 units where nothing else is said: docs.discord.com/developers/resources/message ("Embed
Limits"), /components/reference and /interactions/application-commands. The one place that knows; who composes a message
or a form cuts to these, and below them to what reads well. Too much is refused, and the whole message with it.
"""

from __future__ import annotations

from typing import Final

# Messages
CONTENT_MAX: Final = 2_000  # of an ordinary bot, and of a webhook
NONCE_MAX: Final = 25
THREAD_NAME_MAX: Final = 100  # and of a post in a forum

# Embeds
TITLE_MAX: Final = 256
DESCRIPTION_MAX: Final = 4_096
FIELD_MAX: Final = 1_024
EMBED_TOTAL_MAX: Final = 6_000  # titles, descriptions, field names and values, footers, authors of all embeds together
URL_MAX: Final = 2_048

# Buttons and forms
BUTTON_URL_MAX: Final = 512
ID_MAX: Final = 100  # of a custom_id
LABEL_MAX: Final = 80  # of a button
OPTION_MAX: Final = 100  # label and value of an option
OPTIONS_MAX: Final = 25  # options

# Commands
CHOICE_MAX: Final = 100  # name and value of a choice that is offered
COMMAND_TEXT_MAX: Final = 6_000  # of an option that is typed
