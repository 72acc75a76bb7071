"""What ``wirewatch doctor`` says about a Slack workspace: token, scopes, Socket Mode, channels; and what to click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.channels.base import Finding
from bot.channels.slack import SlackChannel
from bot.channels.slack_connection import SlackConnection
from bot.channels.slack_errors import SlackRefused, meaning

SCOPES: Final[dict[str, str]] = {
    "chat:write": "post, edit and reply",
    "channels:read": "find public channels by name",
    "groups:read": "find private channels by name",
    "channels:history": "look a post up before it is sent again, in public channels",
    "groups:history": "the same in private channels",
    "im:write": "open direct messages with somebody who subscribed to them",
    "im:history": "look a post up before it is sent again, in direct messages",
    "files:write": "show the chart of a summary",
    "commands": "slash commands and shortcuts",
    "users:read": "tell who administers the workspace",
    "usergroups:read": "tell who is in a user group that permissions: names",
}
"""Exactly what docs/slack-manifest.yaml asks for, and why."""

NEEDED: Final = frozenset(SCOPES) - {"commands"}


async def examine(connection: SlackConnection, channels: Sequence[SlackChannel] = ()) -> tuple[Finding, ...]:
    """Ask Slack about everything that a delivery needs, without posting. The connection must be started."""
    try:
        identity = await connection.identity(fresh=True)
    except SlackRefused as refused:
        return (_bad("token", refused),)
    findings = [Finding("token", True, f"valid for workspace {identity.team}")]
    if missing := sorted(NEEDED - identity.scopes) if identity.scopes else []:
        needed = ", ".join(missing)
        why = "; ".join(f"{scope} to {SCOPES[scope]}" for scope in missing)
        words = meaning(SlackRefused("missing_scope", needed=needed))
        findings.append(Finding("scopes", False, f"some are missing ({why})", words.remedy))
    elif identity.scopes:
        findings.append(Finding("scopes", True, "all are granted"))
    findings.append(await _listening(connection))
    for channel in channels:
        advice = await channel.check()
        text, _, remedy = (advice or f"{channel.target} can be posted to and read back").partition("; ")
        findings.append(Finding(channel.name, advice is None, text, remedy))
    return tuple(findings)


async def _listening(connection: SlackConnection) -> Finding:
    match connection.mode:
        case "socket":
            refused = await connection.check_socket()
            if refused is not None:
                return _bad("Socket Mode", refused, app_token=True)
            return Finding("Socket Mode", True, "the app token opens a websocket")
        case "http":
            return Finding("signed HTTP", True, "requests are checked against SLACK_SIGNING_SECRET")
        case _:
            return Finding("posts only", True, "no SLACK_APP_TOKEN, so buttons and commands are not answered")


def _bad(subject: str, refused: SlackRefused, *, app_token: bool = False) -> Finding:
    if refused.transient:
        return Finding(subject, False, refused.note or f"Slack has trouble ({refused.error})", "try again in a minute")
    words = meaning(refused, "the workspace")
    remedy = words.remedy
    if app_token and refused.error in ("invalid_auth", "token_revoked", "not_authed", "missing_scope"):
        remedy = (
            "open https://api.slack.com/apps, choose the app, Basic Information, App-Level Tokens, generate one with "
            "connections:write, and put it into SLACK_APP_TOKEN"
        )
    return Finding(subject, False, words.text, remedy)
