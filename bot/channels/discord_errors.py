"""What Discord's refusals mean, in one table: try again, or who has to do what.

Codes: docs.discord.com/developers/topics/opcodes-and-status-codes, "JSON". Texts of Discord that are shown to people
pass through :func:`bot.log.redact`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.channels.text import clean, cut
from bot.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from bot.log import redact


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 2xx: the HTTP status, Discord's own code (0: none) and its words."""

    status: int
    code: int = 0
    text: str = ""
    retry_after_s: float | None = None

    @property
    def about_links(self) -> bool:
        """Whether an address or a picture is at fault, so that the post without it may be taken."""
        return self.code == _HARMFUL_LINK or (self.code == _INVALID_FORM and bool(_LINK_PATH.search(self.text)))

    @property
    def about_form(self) -> bool:
        """Whether the looks of the post are at fault, so that plain text may be taken."""
        return self.code in (_INVALID_FORM, _HARMFUL_LINK, _EXPLICIT, _EMPTY)


_INVALID_FORM, _EMPTY, _EXPLICIT, _HARMFUL_LINK = 50035, 50006, 20009, 240000
_LINK_PATH = re.compile(r"^In [\w.]*?(?:url|image|thumbnail|icon_url)[\w.]*:", re.MULTILINE)

UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_MESSAGE: Final = 10008
MISSING_ACCESS: Final = 50001
MISSING_PERMISSIONS: Final = 50013
ARCHIVED: Final = 50083
ALREADY_CROSSPOSTED: Final = 40033
EDITED_TOO_OFTEN: Final = 30046  # a message older than an hour
NO_THREAD_HERE: Final = frozenset({MISSING_PERMISSIONS, 160005, 160006, ARCHIVED})
"""The thread under a post cannot be made or written in: the answer goes into the channel."""

_PLACE = "correct `channel:` in wirewatch.yaml, or invite the bot to that server again"
_VIEW = "in the channel's settings under Permissions, give the bot View Channel (private channels: add it there)"
_SEND = (
    "in the channel's settings under Permissions, give the bot Send Messages, Embed Links, Attach Files, Read Message "
    "History and Send Messages in Threads"
)
_TOKEN = "copy a new token from the Bot page of the Developer Portal into DISCORD_TOKEN and restart"
_WEBHOOK = "make a new one in the channel's settings under Integrations and put its address into the config"

_PERMANENT: Final[dict[int, tuple[str, str]]] = {
    UNKNOWN_CHANNEL: ("the channel does not exist (any more)", _PLACE),
    10004: ("the server does not exist, or the bot is not in it", "invite the bot again"),
    UNKNOWN_MESSAGE: ("the post was deleted in Discord", "nothing can be done, drop the delivery"),
    10015: ("the webhook was deleted", _WEBHOOK),
    10087: ("the forum does not know one of the tags", "correct `forum_tags:`"),
    40067: ("the forum wants a tag on every post", "name one under `forum_tags:`"),
    40333: ("Discord's front door blocks this machine", "check the proxy or network that it goes out through"),
    MISSING_ACCESS: ("the bot may not see the channel", _VIEW),
    MISSING_PERMISSIONS: ("the bot lacks a permission in the channel", _SEND),
    50007: ("the person takes no direct messages from the bot", "ask them to allow those of server members"),
    50008: ("this kind of channel takes no messages", "name a text, announcement or forum channel, or a thread"),
    50024: ("this kind of channel takes no messages", "name a text, announcement or forum channel, or a thread"),
    50027: ("the webhook's token is not valid", _WEBHOOK),
    ARCHIVED: ("the thread is archived and the bot may not open it", "open it, or give the bot Manage Threads"),
    160002: ("the bot may not read the channel's history", "give it Read Message History"),
    160005: ("the thread is locked", "unlock it, or give the bot Manage Threads"),
    160006: ("the server has too many open threads", "archive some"),
    200000: ("AutoMod blocked the post", "exempt the bot's role in Server Settings, AutoMod"),
    220001: ("a webhook of a forum needs a thread", "this is a bug of Wirewatch, report it"),
}
_TRANSIENT: Final = {
    20016: "the channel is in slow mode",
    20022: "the channel's limit for announcements is used up",
    20028: "the channel's write limit is used up",
    30046: "an old message was edited too often",
    40004: "sending messages is switched off for now",
    130000: "Discord is overloaded",
}


def delivery_error(channel: str, refusal: Refusal, *, webhook: bool = False) -> DeliveryError:
    """The verdict on a refusal."""
    status, code = refusal.status, refusal.code
    if status == 429:
        return TransientDeliveryError(channel, "Discord asks to wait", retry_after_s=refusal.retry_after_s)
    if code in _TRANSIENT:
        return TransientDeliveryError(channel, _TRANSIENT[code], retry_after_s=refusal.retry_after_s)
    if status >= 500 or status == 408:
        return TransientDeliveryError(channel, f"Discord answers {status}", retry_after_s=refusal.retry_after_s)
    if code in _PERMANENT:
        text, remedy = _PERMANENT[code]
        return PermanentDeliveryError(channel, f"{text} (Discord {code})", remedy=remedy)
    if status == 401:
        what, remedy = ("the webhook's token is not valid", _WEBHOOK) if webhook else ("the token is not valid", _TOKEN)
        return PermanentDeliveryError(channel, f"{what} (Discord 401)", remedy=remedy)
    if status == 403:
        return PermanentDeliveryError(channel, f"Discord forbids it ({_said(refusal)})", remedy=_SEND)
    if status == 404:
        return PermanentDeliveryError(channel, f"Discord does not find it ({_said(refusal)})", remedy=_PLACE)
    remedy = "report this as a bug of Wirewatch, and retry the delivery after an update"
    return PermanentDeliveryError(channel, f"Discord refuses the post ({_said(refusal)})", remedy=remedy)


def lost_connection(channel: str, what: str) -> TransientDeliveryError:
    """``what`` is the name of the failure, never its text, which may hold an address."""
    return TransientDeliveryError(channel, f"cannot reach Discord ({what})")


TOKEN_REFUSED: Final = f"Discord does not accept the bot's token; {_TOKEN}"


def _said(refusal: Refusal) -> str:
    words = cut(clean(redact(refusal.text)), 200)
    return f"{refusal.code or refusal.status}: {words}" if words else str(refusal.code or refusal.status)
