"""Slack's refusals as words and verdicts: the one table of what is final, what passes, and what a person has to do.

Error strings: the method pages under https://docs.slack.dev/reference/methods. A string that is in neither set is
final: Slack answered and said no, so asking again cannot help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bot.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError

RATE_LIMIT_DEFAULT_S: Final = 30.0  # seconds; where a 429 came without Retry-After

TRANSIENT: Final = frozenset(
    {
        "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
        "team_added_to_org", "accesslimited", "external_channel_migrating", "message_limit_exceeded",
    }
)  # fmt: skip

TOKEN_DEAD: Final = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "org_login_required"}
)
"""The token itself no longer works: every call will fail until a person gives a new one."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """``text`` says what is wrong, ``remedy`` what to do; both may hold ``{target}``, ``{needed}``, ``{provided}``."""

    text: str
    remedy: str


_NEW_TOKEN: Final = (
    "open https://api.slack.com/apps, choose the app, Install App, Reinstall to Workspace, and put the new Bot User "
    "OAuth Token into SLACK_BOT_TOKEN"
)
_ASK_ADMIN: Final = "ask a workspace admin to let the app post there, or name another channel in wirewatch.yaml"

MEANINGS: Final[dict[str, Meaning]] = {
    "channel_not_found": Meaning(
        "Slack knows no channel {target} that the bot can see",
        "check the name in wirewatch.yaml; in a private channel type /invite @wirewatch",
    ),
    "not_in_channel": Meaning("the bot is not a member of {target}", "type /invite @wirewatch in that channel"),
    "is_archived": Meaning("{target} is archived", "unarchive it in Slack, or name another channel in wirewatch.yaml"),
    "invalid_auth": Meaning("Slack does not know this token", _NEW_TOKEN),
    "not_authed": Meaning("no token was sent", "set SLACK_BOT_TOKEN"),
    "token_revoked": Meaning("the token was revoked", _NEW_TOKEN),
    "token_expired": Meaning("the token has expired", _NEW_TOKEN),
    "account_inactive": Meaning("the app was removed from the workspace, or its bot user was deactivated", _NEW_TOKEN),
    "not_allowed_token_type": Meaning(
        "this kind of token is not accepted here",
        "SLACK_BOT_TOKEN starts with xoxb-, SLACK_APP_TOKEN with xapp-; check that they were not swapped",
    ),
    "missing_scope": Meaning(
        "the app lacks the scope {needed}",
        "open https://api.slack.com/apps, choose the app, OAuth & Permissions, Bot Token Scopes, add {needed}, then "
        "Reinstall to Workspace",
    ),
    "no_permission": Meaning("the token may not do this", _NEW_TOKEN),
    "org_login_required": Meaning("the workspace moved to an organisation", _NEW_TOKEN),
    "ekm_access_denied": Meaning("the workspace's key management refuses the post", _ASK_ADMIN),
    "restricted_action": Meaning("posting in {target} is limited by a workspace setting", _ASK_ADMIN),
    "restricted_action_read_only_channel": Meaning("{target} is read-only", _ASK_ADMIN),
    "restricted_action_thread_only_channel": Meaning("{target} takes replies in threads only", _ASK_ADMIN),
    "restricted_action_non_threadable_channel": Meaning("{target} takes no replies in threads", _ASK_ADMIN),
    "team_access_not_granted": Meaning("the app is not installed in the workspace of {target}", _ASK_ADMIN),
    "user_is_restricted": Meaning("the bot's account may not post", _ASK_ADMIN),
    "cant_update_message": Meaning("the post in {target} belongs to another app", "let it be; new alerts still arrive"),
    "edit_window_closed": Meaning(
        "the workspace lets posts be edited for a limited time only", "nothing; new alerts still arrive"
    ),
    "message_not_found": Meaning("the post in {target} was deleted", "nothing; new alerts still arrive"),
    "user_not_found": Meaning("Slack knows no person {target}", "let whoever it was subscribe again"),
    "user_disabled": Meaning("the account of {target} is deactivated", "nothing; they read no messages any more"),
    "cannot_dm_bot": Meaning("{target} is a bot, which takes no direct messages", "subscribe a person or a channel"),
    "messages_tab_disabled": Meaning(
        "the app takes no direct messages, since its Messages tab is off",
        "open https://api.slack.com/apps, choose the app, App Home, Show Tabs, Messages Tab",
    ),
    "link_disabled": Meaning(
        "Socket Mode is switched off for the app",
        "open https://api.slack.com/apps, choose the app, Socket Mode, Enable Socket Mode; or configure signed HTTP",
    ),
    "too_many_websockets": Meaning(
        "the app has ten websockets open already, the most that Slack allows",
        "stop the other processes that use the same SLACK_APP_TOKEN",
    ),
}
_OTHER: Final = Meaning(
    "Slack refused: {error}", "look it up at https://docs.slack.dev/reference/methods/chat.postMessage#errors"
)
_PAYLOAD: Final = Meaning(
    "Slack calls the message invalid ({error}{detail})",
    "report this as a bug of Wirewatch; the alert is in the archive",
)
INVALID_PAYLOAD: Final = frozenset(
    {
        "invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_blocks_too_long", "msg_too_long",
        "no_text", "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "invalid_arguments",
    }
)  # fmt: skip
BLOCKS_REFUSED: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
"""What the same message without blocks would survive."""


class SlackRefused(Exception):
    """A call failed. ``error`` is Slack's string, or ``""`` where there was no readable answer; then ``note`` says
    what happened. ``messages`` are Slack's complaints about a payload. Holds no token and no request."""

    def __init__(
        self,
        error: str,
        *,
        note: str = "",
        status: int = 200,
        retry_after_s: float | None = None,
        needed: str = "",
        provided: str = "",
        messages: tuple[str, ...] = (),
    ) -> None:
        super().__init__(error or note)
        self.error = error
        self.note = note
        self.status = status
        self.retry_after_s = retry_after_s
        self.needed = needed
        self.provided = provided
        self.messages = messages

    @property
    def transient(self) -> bool:
        """Whether the same call may work later."""
        return not self.error or self.error in TRANSIENT or self.status == 429 or self.status >= 500

    @property
    def about_image(self) -> bool:
        """Whether only a picture that Slack could not download was refused."""
        return self.error in BLOCKS_REFUSED and bool(self.messages) and all("image" in m for m in self.messages)


def meaning(refused: SlackRefused, target: str = "the channel") -> Meaning:
    """What a refusal says, filled in."""
    found = MEANINGS.get(refused.error, _PAYLOAD if refused.error in INVALID_PAYLOAD else _OTHER)
    fields = {
        "target": target,
        "error": refused.error,
        "needed": refused.needed or "the scopes of docs/slack-manifest.yaml",
        "provided": refused.provided,
        "detail": f": {refused.messages[0]}" if refused.messages else "",
    }
    return Meaning(found.text.format(**fields), found.remedy.format(**fields))


def delivery_error(channel: str, target: str, refused: SlackRefused) -> DeliveryError:
    """A refusal as the channel port raises it.

    Only a rate limit carries a time to wait: the outbox takes it for proof that nothing was posted, and after any
    other trouble looks the post up first.
    """
    if refused.status == 429 or refused.error in ("ratelimited", "rate_limited"):
        wait = RATE_LIMIT_DEFAULT_S if refused.retry_after_s is None else refused.retry_after_s
        return TransientDeliveryError(channel, f"Slack asks to wait {wait:g} s", retry_after_s=wait)
    if refused.transient:
        what = refused.note or f"Slack has trouble of its own ({refused.error or refused.status})"
        return TransientDeliveryError(channel, what)
    words = meaning(refused, target)
    return PermanentDeliveryError(channel, words.text, remedy=words.remedy)


def refusal(response: Any) -> SlackRefused:
    """What slack_sdk's response says. It is an ``AsyncSlackResponse``, or aiohttp's where the JSON was broken."""
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    headers = {str(k).lower(): str(v) for k, v in (getattr(response, "headers", None) or {}).items()}
    data = getattr(response, "data", None)
    body: dict[str, Any] = data if isinstance(data, dict) else {}
    listed = (body.get("response_metadata") or {}).get("messages") or body.get("errors") or []
    return SlackRefused(
        str(body.get("error") or ""),
        note="" if body.get("error") else f"Slack answered with status {status} and no reason",
        status=status,
        retry_after_s=_seconds(headers.get("retry-after"), limited=status == 429),
        needed=str(body.get("needed") or ""),
        provided=str(body.get("provided") or ""),
        messages=tuple(str(m) for m in listed),
    )


def _seconds(value: str | None, *, limited: bool) -> float | None:
    """Retry-After as seconds (Slack sends whole ones)."""
    try:
        return max(0.0, float(value)) if value else RATE_LIMIT_DEFAULT_S if limited else None
    except ValueError:
        return RATE_LIMIT_DEFAULT_S
