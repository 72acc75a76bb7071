"""What Discord refuses in a modal, and what it sends back of one that was filled in.

Follows docs.discord.com/developers/components/reference ("Label", "Text Input", "String Select") and
interactions/receiving-and-responding ("Modal").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.fakes.discord import validate
from tests.fakes.discord.world import Json

ACTION_ROW, SELECT, TEXT_INPUT, TEXT_DISPLAY, LABEL = 1, 3, 4, 10, 18
TITLE_MAX, CUSTOM_ID_MAX, LABEL_MAX, DESCRIPTION_MAX, PLACEHOLDER_MAX = 45, 100, 45, 100, 100
TEXT_MAX, OPTIONS_MAX, OPTION_MAX = 4000, 25, 100
COMPONENTS_MAX = 5  # at the top of a modal

Found = Iterator[tuple[tuple[str, ...], str, str]]


def check(data: Json) -> None:
    """Raises :class:`~tests.fakes.discord.validate.Refused`."""
    errors: validate.Errors = []
    for key, limit in (("title", TITLE_MAX), ("custom_id", CUSTOM_ID_MAX)):
        errors += _length(data.get(key), 1, limit, ("data", key))
    parts = data.get("components") or []
    if not 1 <= len(parts) <= COMPONENTS_MAX:
        errors.append((("data", "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."))
    seen: set[str] = set()
    for i, part in enumerate(parts):
        errors += _check_outer(part, ("data", "components", str(i)), seen)
    validate.refuse_form(errors)


def _check_outer(part: Json, path: tuple[str, ...], seen: set[str]) -> Found:
    match part.get("type"):
        case 18:
            yield from _length(part.get("label"), 1, LABEL_MAX, (*path, "label"))
            if part.get("description") is not None:
                yield from _length(part["description"], 1, DESCRIPTION_MAX, (*path, "description"))
            inner = part.get("component") or {}
            if inner.get("type") == TEXT_INPUT and inner.get("label") is not None:
                yield (*path, "component", "label"), "BASE_TYPE_FORBIDDEN", "A label belongs to the Label around it"
            yield from _check_inner(inner, (*path, "component"), seen)
        case 1:
            inner = part.get("components") or []
            if len(inner) != 1 or inner[0].get("type") != TEXT_INPUT:
                yield (*path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be one text input."
                return
            yield from _length(inner[0].get("label"), 1, LABEL_MAX, (*path, "components", "0", "label"))
            yield from _check_inner(inner[0], (*path, "components", "0"), seen)
        case 10:
            yield from _length(part.get("content"), 1, TEXT_MAX, (*path, "content"))
        case _:
            yield (*path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 10, 18}."


def _check_inner(part: Json, path: tuple[str, ...], seen: set[str]) -> Found:
    custom_id = part.get("custom_id")
    yield from _length(custom_id, 1, CUSTOM_ID_MAX, (*path, "custom_id"))
    if custom_id in seen:
        yield (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
    seen.add(str(custom_id))
    if part.get("disabled"):
        yield (*path, "disabled"), "BASE_TYPE_FORBIDDEN", "Components of a modal cannot be disabled"
    if part.get("placeholder"):
        yield from _length(part["placeholder"], 1, PLACEHOLDER_MAX, (*path, "placeholder"))
    if part.get("type") == TEXT_INPUT:
        if part.get("style") not in (1, 2):
            yield (*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}."
        for key, least in (("min_length", 0), ("max_length", 1)):
            value = part.get(key)
            if value is not None and not least <= value <= TEXT_MAX:
                yield (*path, key), "NUMBER_TYPE_MAX", f"int value should be between {least} and {TEXT_MAX}."
    elif part.get("type") == SELECT:
        options = part.get("options") or []
        if not 1 <= len(options) <= OPTIONS_MAX:
            yield (*path, "options"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length."
        values = [o.get("value") for o in options]
        if len(set(values)) < len(values):
            yield (*path, "options"), "COMPONENT_SELECT_OPTION_VALUE_DUPLICATED", "The specified option value is used"
        if sum(bool(o.get("default")) for o in options) > (part.get("max_values") or 1):
            yield (*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "Too many default values"
        for i, option in enumerate(options):
            for key in ("label", "value"):
                yield from _length(option.get(key), 1, OPTION_MAX, (*path, "options", str(i), key))
    else:
        yield (*path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {3, 4}."


def _length(value: Any, least: int, most: int, path: tuple[str, ...]) -> Found:
    if not isinstance(value, str) or not least <= validate.units(value) <= most:
        yield path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."


def filled(data: Json, values: dict[str, str]) -> list[Json]:
    """The components of a submitted modal. ``values`` by custom id; what is left out keeps what the form came with.
    Raises ``ValueError`` for what the client would not let a person send."""
    left = dict(values)
    sent = []
    for i, part in enumerate(data["components"], 1):
        if part["type"] == TEXT_DISPLAY:
            sent.append({"type": TEXT_DISPLAY, "id": i})
            continue
        inner = part["component"] if part["type"] == LABEL else part["components"][0]
        answer = _answer(inner, left.pop(inner["custom_id"], None)) | {"id": i + 50}
        key, value = ("component", answer) if part["type"] == LABEL else ("components", [answer])
        sent.append({"type": part["type"], "id": i, key: value})
    if left:
        raise ValueError(f"the form has no {sorted(left)}")
    return sent


def _answer(inner: Json, given: str | None) -> Json:
    kind, required = inner["type"], inner.get("required", True)
    if kind == SELECT:
        chosen = [o["value"] for o in inner["options"] if o.get("default")] if given is None else [given]
        if not set(chosen) <= {o["value"] for o in inner["options"]} or (required and not chosen):
            raise ValueError(f"{given!r} is not among the options")
        return {"type": SELECT, "custom_id": inner["custom_id"], "values": chosen}
    text = inner.get("value") or "" if given is None else given
    if (required and not text) or len(text) > (inner.get("max_length") or TEXT_MAX):
        raise ValueError(f"{inner['custom_id']}: is required, or too long")
    return {"type": TEXT_INPUT, "custom_id": inner["custom_id"], "value": text}
