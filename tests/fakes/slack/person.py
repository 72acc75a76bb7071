"""Somebody in the workspace, doing what Slack's client lets them do: no more, and with the values it would send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes.slack.server import SlackServer
from tests.fakes.slack.workspace import Refusal, Room

Json = dict[str, Any]


@dataclass
class Person:
    """``id`` must be known to the workspace."""

    slack: SlackServer
    id: str

    # -- what they do -----------------------------------------------------------------------------------------------

    async def types(self, text: str, room: Room) -> Json:
        """``/wire …``; returns the acknowledgement, which Slack shows to them where it holds a text. What was typed is
        escaped as Slack does."""
        command, _, rest = text.partition(" ")
        escaped = rest.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return await self.slack.command(command, escaped, user=self.id, channel=room.id)

    async def clicks(self, room: Room, message: Json, action_id: str) -> Json:
        """A button under a message."""
        return await self.slack.click(room.id, message["ts"], action_id, user=self.id)

    async def clicks_in_home(self, action_id: str) -> Json:
        """A button of their App Home."""
        view = self.slack.workspace.homes[self.id]
        element = next(
            e
            for b in view["blocks"]
            if b["type"] == "actions"
            for e in b["elements"]
            if e.get("action_id") == action_id
        )
        action = {
            "type": "button",
            "action_id": action_id,
            "block_id": "b0",
            "text": element["text"],
            "action_ts": "1.1",
        }
        container = {"type": "view", "view_id": view["id"]}
        return await self.slack.interact("block_actions", self.id, view=view, container=container, actions=[action])

    async def opens_home(self) -> None:
        await self.slack.open_home(user=self.id)

    async def picks(self, callback_id: str) -> Json:
        """A global shortcut."""
        return await self.slack.shortcut(callback_id, user=self.id)

    async def picks_on(self, room: Room, message: Json, callback_id: str) -> Json:
        """A shortcut in the menu of a message."""
        return await self.slack.interact(
            "message_action",
            self.id,
            callback_id=callback_id,
            channel={"id": room.id, "name": room.name},
            message=message,
            message_ts=message["ts"],
            response_url=self.slack.new_response_url(room.id, self.id, message["ts"]),
        )

    async def sends(self, view: Json, **values: str) -> Json:
        """Fill in a modal and press its button. ``values`` by action; what is left out keeps what the form came with.
        Raises ``ValueError`` for what the client would not let them send."""
        if "submit" not in view:
            raise ValueError("this modal has no button to send it")
        state: Json = {}
        left = dict(values)
        for block in view["blocks"]:
            if block["type"] != "input":
                continue
            element = block["element"]
            action = element["action_id"]
            entry = _entry(element, left.pop(action, None), optional=bool(block.get("optional")))
            state.setdefault(block["block_id"], {})[action] = entry
        if left:
            raise ValueError(f"the form has no {sorted(left)}")
        return await self.slack.submit(view["id"], state, user=self.id, then=lambda answer: self._after(view, answer))

    def _after(self, view: Json, acknowledged: Json) -> None:
        """What the answer to a sent form does to it."""
        ws = self.slack.workspace
        match acknowledged.get("response_action"):
            case None | "clear":
                ws.views.pop(view["id"], None)  # it is closed
            case "update":
                self.slack.api.replace_view(view["id"], acknowledged.get("view"))
            case "errors":
                unknown = set(acknowledged["errors"]) - {b.get("block_id") for b in view["blocks"]}
                if unknown:
                    raise Refusal("invalid_arguments", messages=[f"no such block: {sorted(unknown)}"])
            case other:
                raise Refusal("invalid_arguments", messages=[f"unknown response_action {other}"])

    # -- what they see ----------------------------------------------------------------------------------------------

    @property
    def private(self) -> list[Json]:
        """The messages that only they saw, oldest first."""
        return [m for m in self.slack.workspace.ephemeral if m["user"] == self.id]

    @property
    def modals(self) -> list[Json]:
        """Open forms, oldest first."""
        return [v for v in self.slack.workspace.views.values() if v["type"] == "modal"]

    async def hears(self, count: int = 1) -> Json:
        """The ``count``-th private message, once it is there."""
        await self.slack.settled(lambda: len(self.private) >= count)
        return self.private[count - 1]

    async def sees_form(self) -> Json:
        """The form that opens, once it can be sent."""
        await self.slack.settled(lambda: any("submit" in v for v in self.modals))
        return next(v for v in reversed(self.modals) if "submit" in v)


def _entry(element: Json, given: str | None, *, optional: bool) -> Json:
    if element["type"] in ("radio_buttons", "static_select"):
        options = {o["value"]: o for o in element["options"]}
        initial = element.get("initial_option")
        chosen = initial if given is None else options.get(given)
        if chosen is None and (given is not None or not optional):
            raise ValueError(f"{given!r} is not among {list(options)}")
        return {"type": element["type"], "selected_option": chosen}
    text = element.get("initial_value") if given is None else given
    if not text and not optional:
        raise ValueError(f"{element['action_id']} is required")
    if text and len(text) > element.get("max_length", 3000):
        raise ValueError(f"{element['action_id']} is too long")
    return {"type": element["type"], "value": text or None}
