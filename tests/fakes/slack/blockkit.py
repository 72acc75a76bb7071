"""What Slack says about blocks: the checks of ``chat.postMessage`` and ``views.*``, with Slack's wording.

Limits are those of the Block Kit reference (docs.slack.dev/reference/block-kit); where the real service accepts
more than the reference says, this one does not. A check appends ``"<complaint> [json-pointer:/blocks/0/text]"``.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

BLOCKS_PER_MESSAGE = 50
BLOCKS_PER_VIEW = 100
BLOCKS_TOTAL = 13_200  # characters of compact JSON; undocumented, bolt-js#2509

Check = Callable[[Any, str, list[str]], None]


def check_blocks(blocks: Any, *, surface: str = "message", pointer: str = "/blocks") -> list[str]:
    """Every complaint about ``blocks``; none when Slack would take them. ``surface``: message, modal or home."""
    complaints: list[str] = []
    if not isinstance(blocks, list):
        return [f"must be an array [json-pointer:{pointer}]"]
    limit = BLOCKS_PER_MESSAGE if surface == "message" else BLOCKS_PER_VIEW
    if len(blocks) > limit:
        complaints.append(f"no more than {limit} items allowed [json-pointer:{pointer}]")
    seen: set[str] = set()
    actions: set[tuple[str, str]] = set()
    for i, block in enumerate(blocks):
        at = f"{pointer}/{i}"
        _typed(_BLOCKS[surface])(block, at, complaints)
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                complaints.append(f"block_id already exists: {block_id} [json-pointer:{at}/block_id]")
            seen.add(block_id)
        for element in block.get("elements", []) if block.get("type") == "actions" else []:
            key = (str(block_id or i), str(element.get("action_id")))
            if element.get("action_id") and key in actions:
                complaints.append(f"action_id already exists: {key[1]} [json-pointer:{at}/elements]")
            actions.add(key)
    return complaints


def total_size(blocks: Any) -> int:
    """Characters that count against :data:`BLOCKS_TOTAL`."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def check_view(view: Any) -> list[str]:
    """Every complaint about a modal or home view."""
    if not isinstance(view, dict):
        return ["must provide an object [json-pointer:/view]"]
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [f"unsupported type: {kind} [json-pointer:/view/type]"]
    complaints: list[str] = []
    fields: dict[str, Check] = {
        "type": _any, "blocks": _any, "private_metadata": _string(3000), "callback_id": _string(255),
        "external_id": _string(255),
    }  # fmt: skip
    required = ["blocks"]
    if kind == "modal":
        fields |= {
            "title": _text(24, "plain_text"), "submit": _text(24, "plain_text"), "close": _text(24, "plain_text"),
            "clear_on_close": _bool, "notify_on_close": _bool, "submit_disabled": _bool,
        }  # fmt: skip
        required.append("title")
    _object(fields, *required)(view, "/view", complaints)
    blocks = view.get("blocks", [])
    complaints += check_blocks(blocks, surface=kind, pointer="/view/blocks")
    has_input = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if kind == "modal" and has_input and "submit" not in view:
        complaints.append("missing required field: submit [json-pointer:/view]")
    return complaints


def images(blocks: Any) -> list[tuple[str, str]]:
    """(JSON pointer, URL) of every picture that Slack would download."""
    found: list[tuple[str, str]] = []

    def walk(value: Any, at: str) -> None:
        if isinstance(value, dict):
            if value.get("type") == "image" and isinstance(value.get("image_url"), str):
                found.append((f"{at}/image_url", value["image_url"]))
            for name, inner in value.items():
                walk(inner, f"{at}/{name}")
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                walk(inner, f"{at}/{i}")

    walk(blocks, "/blocks")
    return found


def out_of_reach(url: str) -> bool:
    """Whether Slack could not download ``url`` from the open internet whatever it holds."""
    host = urlsplit(url).hostname or ""
    if host in ("localhost", "") or host.endswith((".invalid", ".local", ".test", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host


# -- pieces ---------------------------------------------------------------------------------------------------------


def _any(value: Any, at: str, out: list[str]) -> None:
    return


def _bool(value: Any, at: str, out: list[str]) -> None:
    if not isinstance(value, bool):
        out.append(f"must provide a boolean [json-pointer:{at}]")


def _int(value: Any, at: str, out: list[str]) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        out.append(f"must provide an integer [json-pointer:{at}]")


def _between(least: int, most: int) -> Check:
    def check(value: Any, at: str, out: list[str]) -> None:
        before = len(out)
        _int(value, at, out)
        if len(out) == before and not least <= value <= most:
            out.append(f"must be between {least} and {most} [json-pointer:{at}]")

    return check


def _string(limit: int, least: int = 0) -> Check:
    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, str):
            out.append(f"must provide a string [json-pointer:{at}]")
        elif len(value) > limit:
            out.append(f"must be less than {limit + 1} characters [json-pointer:{at}]")
        elif len(value) < least:
            out.append(f"must be more than {least - 1} characters [json-pointer:{at}]")

    return check


def _url(limit: int = 3000) -> Check:
    def check(value: Any, at: str, out: list[str]) -> None:
        before = len(out)
        _string(limit, 1)(value, at, out)
        if len(out) > before:
            return
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https", "mailto", "slack") or any(c.isspace() for c in value):
            out.append(f"invalid_url [json-pointer:{at}]")

    return check


def _enum(*allowed: object) -> Check:
    def check(value: Any, at: str, out: list[str]) -> None:
        if value not in allowed:
            out.append(f"must be a valid enum value [json-pointer:{at}]")

    return check


def _array(item: Check, limit: int, least: int = 1) -> Check:
    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, list):
            out.append(f"must provide an array [json-pointer:{at}]")
            return
        if len(value) > limit:
            out.append(f"no more than {limit} items allowed [json-pointer:{at}]")
        if len(value) < least:
            out.append(f"must have at least {least} items [json-pointer:{at}]")
        for i, one in enumerate(value):
            item(one, f"{at}/{i}", out)

    return check


def _object(fields: Mapping[str, Check], *required: str) -> Check:
    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, dict):
            out.append(f"must provide an object [json-pointer:{at}]")
            return
        out += [f"missing required field: {name} [json-pointer:{at}]" for name in required if name not in value]
        for name, inner in value.items():
            if name in fields:
                fields[name](inner, f"{at}/{name}", out)
            else:
                out.append(f"invalid additional property: {name} [json-pointer:{at}]")

    return check


def _typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose ``type`` decides what else it holds."""

    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, dict):
            out.append(f"must provide an object [json-pointer:{at}]")
        elif "type" not in value:
            out.append(f"missing required field: type [json-pointer:{at}]")
        elif value["type"] not in kinds:
            out.append(f"unsupported type: {value['type']} [json-pointer:{at}/type]")
        else:
            kinds[value["type"]](value, at, out)

    return check


def _text(limit: int, *kinds: str) -> Check:
    kinds = kinds or ("plain_text", "mrkdwn")
    return _typed(
        {
            kind: _object(
                {"type": _any, "text": _string(limit, 1)}
                | ({"emoji": _bool} if kind == "plain_text" else {"verbatim": _bool}),
                "text",
            )
            for kind in kinds
        }
    )


# -- elements -------------------------------------------------------------------------------------------------------

_PLAIN75 = _text(75, "plain_text")
_CONFIRM = _object(
    {
        "title": _text(100, "plain_text"), "text": _text(300), "confirm": _text(30, "plain_text"),
        "deny": _text(30, "plain_text"), "style": _enum("primary", "danger"),
    },
    "title", "text", "confirm", "deny",
)  # fmt: skip
_OPTION = _object(
    {"text": _text(75), "value": _string(150, 1), "description": _text(75), "url": _url()}, "text", "value"
)
_OPTION_GROUP = _object({"label": _PLAIN75, "options": _array(_OPTION, 100)}, "label", "options")


def _among_its_options(inner: Check) -> Check:
    """What is chosen from the start is one of the options, to the letter."""

    def check(value: Any, at: str, out: list[str]) -> None:
        inner(value, at, out)
        if not isinstance(value, dict) or not isinstance(value.get("options"), list):
            return
        first = value.get("initial_option")
        if first is not None and first not in value["options"]:
            out.append(f"initial_option must be among the options [json-pointer:{at}/initial_option]")
        if any(one not in value["options"] for one in value.get("initial_options") or []):
            out.append(f"initial_options must be among the options [json-pointer:{at}/initial_options]")

    return check


def _element(fields: dict[str, Check], *required: str) -> Check:
    common: dict[str, Check] = {
        "type": _any, "action_id": _string(255, 1), "confirm": _CONFIRM, "focus_on_load": _bool,
        "placeholder": _text(150, "plain_text"),
    }  # fmt: skip
    return _object(common | fields, *required)


_IMAGE = _object(
    {"type": _any, "image_url": _url(), "slack_file": _any, "alt_text": _string(2000, 0)}, "image_url", "alt_text"
)
_SELECT: dict[str, Check] = {
    "options": _array(_OPTION, 100), "option_groups": _array(_OPTION_GROUP, 100), "initial_option": _OPTION,
}  # fmt: skip
_MULTI: dict[str, Check] = _SELECT | {"initial_options": _array(_OPTION, 100), "max_selected_items": _int}
_ELEMENTS: dict[str, Check] = {
    "button": _element(
        {
            "text": _PLAIN75, "url": _url(), "value": _string(2000), "style": _enum("primary", "danger"),
            "accessibility_label": _string(75),
        },
        "text",
    ),
    "static_select": _element(_SELECT),
    "multi_static_select": _element(_MULTI),
    "external_select": _element({"initial_option": _OPTION, "min_query_length": _int}),
    "users_select": _element({"initial_user": _string(40)}),
    "multi_users_select": _element({"initial_users": _any, "max_selected_items": _int}),
    "conversations_select": _element(
        {"initial_conversation": _string(40), "default_to_current_conversation": _bool, "filter": _any,
         "response_url_enabled": _bool}
    ),
    "channels_select": _element({"initial_channel": _string(40), "response_url_enabled": _bool}),
    "overflow": _element({"options": _array(_OPTION, 5)}, "options"),
    "datepicker": _element({"initial_date": _string(10)}),
    "timepicker": _element({"initial_time": _string(5), "timezone": _string(64)}),
    "checkboxes": _element({"options": _array(_OPTION, 10), "initial_options": _array(_OPTION, 10)}, "options"),
    "radio_buttons": _element({"options": _array(_OPTION, 10), "initial_option": _OPTION}, "options"),
    "plain_text_input": _element(
        {"initial_value": _string(3000), "multiline": _bool, "min_length": _between(0, 3000),
         "max_length": _between(1, 3000), "dispatch_action_config": _any}
    ),
    "url_text_input": _element({"initial_value": _string(3000), "dispatch_action_config": _any}),
    "number_input": _element(
        {"is_decimal_allowed": _bool, "initial_value": _string(3000), "min_value": _any, "max_value": _any},
        "is_decimal_allowed",
    ),
    "image": _IMAGE,
}  # fmt: skip
for _name in ("static_select", "multi_static_select", "checkboxes", "radio_buttons"):
    _ELEMENTS[_name] = _among_its_options(_ELEMENTS[_name])
_INPUTS = {name: check for name, check in _ELEMENTS.items() if name not in ("button", "overflow", "image")}
_IN_ACTIONS = {name: check for name, check in _ELEMENTS.items() if not name.endswith("_input") and name != "image"}

# -- rich text: the text of an element is literal, its style is an object ------------------------------------------

_STYLE = _object(dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), _bool))


def _rich(fields: dict[str, Check], *required: str) -> Check:
    common: dict[str, Check] = {"type": _any, "style": _STYLE}
    return _object(common | fields, *required)


_RICH_ELEMENTS: dict[str, Check] = {
    "text": _rich({"text": _string(BLOCKS_TOTAL, 1)}, "text"),
    "link": _rich({"url": _url(), "text": _string(3000, 1), "unsafe": _bool}, "url"),
    "emoji": _rich({"name": _string(100, 1), "unicode": _string(100), "skin_tone": _int}, "name"),
    "date": _rich(
        {"timestamp": _int, "format": _string(500, 1), "url": _url(), "fallback": _string(500)}, "timestamp", "format"
    ),
    "user": _rich({"user_id": _string(40, 1)}, "user_id"),
    "usergroup": _rich({"usergroup_id": _string(40, 1)}, "usergroup_id"),
    "channel": _rich({"channel_id": _string(40, 1)}, "channel_id"),
    "broadcast": _rich({"range": _enum("here", "channel", "everyone")}, "range"),
    "color": _rich({"value": _string(7, 4)}, "value"),
}
_RICH_RUN = _array(_typed(_RICH_ELEMENTS), 10_000, 0)
_SECTION = _object({"type": _any, "elements": _RICH_RUN}, "elements")
_RICH: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_quote": _object({"type": _any, "elements": _RICH_RUN, "border": _int}, "elements"),
    "rich_text_preformatted": _object(
        {"type": _any, "elements": _RICH_RUN, "border": _int, "language": _string(50)}, "elements"
    ),
    "rich_text_list": _object(
        {
            "type": _any, "elements": _array(_typed({"rich_text_section": _SECTION}), 1000),
            "style": _enum("bullet", "ordered"), "indent": _int, "offset": _int, "border": _int,
        },
        "elements", "style",
    ),
}  # fmt: skip
_RICH_BLOCK = _object({"type": _any, "block_id": _string(255), "elements": _array(_typed(_RICH), 1000, 0)}, "elements")

# -- blocks ---------------------------------------------------------------------------------------------------------


def _block(fields: dict[str, Check], *required: str) -> Check:
    common: dict[str, Check] = {"type": _any, "block_id": _string(255)}
    return _object(common | fields, *required)


def _section(value: Any, at: str, out: list[str]) -> None:
    _block(
        {
            "text": _text(3000), "fields": _array(_text(2000), 10), "accessory": _typed(_ELEMENTS), "expand": _bool,
        }
    )(value, at, out)  # fmt: skip
    if "text" not in value and "fields" not in value:
        out.append(f"missing required field: text [json-pointer:{at}]")


_EVERYWHERE: dict[str, Check] = {
    "section": _section,
    "header": _block({"text": _text(150, "plain_text"), "level": _int}, "text"),
    "divider": _block({}),
    "image": _block(
        {
            "image_url": _url(), "slack_file": _any, "alt_text": _string(2000, 0), "title": _text(2000, "plain_text"),
        },
        "image_url", "alt_text",
    ),
    "context": _block(
        {"elements": _array(_typed({
            "image": _IMAGE,
            "plain_text": _text(3000, "plain_text"),
            "mrkdwn": _text(3000, "mrkdwn"),
        }), 10)},
        "elements",
    ),
    "actions": _block({"elements": _array(_typed(_IN_ACTIONS), 25)}, "elements"),
    "rich_text": _RICH_BLOCK,
    "video": _block(
        {
            "video_url": _url(), "thumbnail_url": _url(), "alt_text": _string(2000), "title": _text(200, "plain_text"),
            "title_url": _url(), "description": _text(200, "plain_text"), "author_name": _string(50),
            "provider_name": _string(100), "provider_icon_url": _url(),
        },
        "video_url", "thumbnail_url", "alt_text", "title",
    ),
    "input": _block(
        {
            "label": _text(2000, "plain_text"), "element": _typed(_INPUTS), "hint": _text(2000, "plain_text"),
            "optional": _bool, "dispatch_action": _bool,
        },
        "label", "element",
    ),
}  # fmt: skip
_CELL = _typed({"raw_text": _object({"type": _any, "text": _string(3000)}, "text"), "rich_text": _RICH_BLOCK})
_BLOCKS: dict[str, dict[str, Check]] = {
    "message": _EVERYWHERE
    | {
        "markdown": _block({"text": _string(12_000, 1)}, "text"),
        "table": _block({"rows": _array(_array(_CELL, 20), 100), "column_settings": _any}, "rows"),
    },
    "modal": _EVERYWHERE,
    "home": _EVERYWHERE,
}
