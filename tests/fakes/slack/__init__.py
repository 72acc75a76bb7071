"""A Slack of our own for tests and the demo; needs aiohttp, and no pytest."""

from __future__ import annotations

from tests.fakes.slack.limits import Clock, Fault, RateLimits
from tests.fakes.slack.seen import Live, Span, live, notification_text, spans, styled, visible_text
from tests.fakes.slack.server import Call, SlackServer
from tests.fakes.slack.sockets import NotAcknowledged
from tests.fakes.slack.workspace import BOT_SCOPES, Refusal, Room, Workspace

__all__ = [
    "BOT_SCOPES",
    "Call",
    "Clock",
    "Fault",
    "Live",
    "NotAcknowledged",
    "RateLimits",
    "Refusal",
    "Room",
    "SlackServer",
    "Span",
    "Workspace",
    "live",
    "notification_text",
    "spans",
    "styled",
    "visible_text",
]
