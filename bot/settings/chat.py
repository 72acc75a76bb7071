"""Keys of a channel about its looks: whom an alert calls, and how it is worded."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from bot.model import Severity
from bot.template import Template, TemplateError, parse
from bot.yaml_models import Duration, Model, PlacedError, SeverityWord

COOLDOWN = timedelta(minutes=30)  # between two calls on one channel


def discord_id(value: object) -> int:
    """A Discord id as written. Raises ``ValueError``."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise ValueError("write an id, which is a number (right-click in Discord with Developer Mode on, Copy ID)")


def _slack_group(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"S[A-Z0-9]{6,20}", value):
        return value
    raise ValueError("write the id of a user group, such as S0614TZR7 (in Slack: People, User groups, Copy group ID)")


def _template(value: object) -> Template:
    if isinstance(value, Template):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError('must be text; put it into quotes, "like this"')
    try:
        return parse(value)
    except TemplateError as error:
        raise PlacedError(str(error), error.line, error.column) from None


DiscordId = Annotated[int, BeforeValidator(discord_id), WithJsonSchema({"type": ["string", "integer"]})]
_GROUP = WithJsonSchema({"type": "string", "pattern": "^S[A-Z0-9]+$"})
SlackGroup = Annotated[str, BeforeValidator(_slack_group), _GROUP]
TemplateText = Annotated[Template, BeforeValidator(_template), WithJsonSchema({"type": "string"})]


class SlackMention(Model):
    """Whom alerts call on Slack."""

    groups: tuple[SlackGroup, ...] = Field(min_length=1, max_length=10, description="Ids of user groups.")
    min_severity: SeverityWord = Field(default=Severity.HIGH, description="Alerts of this severity and above.")
    cooldown: Duration = Field(default=COOLDOWN, description="Not again within this time.")


class DiscordMention(Model):
    """Whom alerts call on Discord."""

    roles: tuple[DiscordId, ...] = Field(min_length=1, max_length=100, description="Ids of roles.")
    min_severity: SeverityWord = Field(default=Severity.HIGH, description="Alerts of this severity and above.")
    cooldown: Duration = Field(default=COOLDOWN, description="Not again within this time.")


class TemplateSettings(Model):
    """How alerts are worded on a channel."""

    headline: TemplateText | None = Field(default=None, description="Instead of the headline.")
    text: TemplateText | None = Field(default=None, description="Instead of the passage.")
    notification: TemplateText | None = Field(default=None, description="The line that a phone shows.")

    @model_validator(mode="after")
    def _something(self) -> TemplateSettings:
        if self.headline is None and self.text is None and self.notification is None:
            raise ValueError("needs at least one of headline:, text:, notification:")
        return self
