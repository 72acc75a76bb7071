"""What Discord refuses in a message or a command, with the words and the shape it uses.

An error is ``50035 Invalid Form Body``: ``errors`` nests by key and index down to ``_errors``, a list of code and
message. Lengths are counted in UTF-16 code units, the larger of the counts in question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.discord.world import Json

CONTENT_MAX = 2000  # characters, of an ordinary bot; the schema says 4,000
FILE_MAX = 10 << 20  # bytes of one file, without a boosted server or Nitro
ALT_MAX = 1024
EMBEDS_MAX = 10
EMBED_TOTAL_MAX = 6000  # over titles, descriptions, field names and values, footers and author names of all embeds
FIELDS_MAX = 25
LENGTHS = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}
URL_MAX, BUTTON_URL_MAX, LABEL_MAX, CUSTOM_ID_MAX = 2048, 512, 80, 100
SELECTS, PLACEHOLDER_MAX, OPTION_MAX = (3, 5, 6, 7, 8), 150, 100

Errors = list[tuple[tuple[str, ...], str, str]]  # (path, code, message)


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, code: int, message: str, errors: Errors | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.errors = status, code, message, errors or []

    def json(self) -> Json:
        body: Json = {"message": self.message, "code": self.code}
        for path, code, message in self.errors:
            spot = body.setdefault("errors", {})
            for key in path:
                spot = spot.setdefault(key, {})
            spot.setdefault("_errors", []).append({"code": code, "message": message})
        return body


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def refuse_form(errors: Errors) -> None:
    if errors:
        raise Refused(400, 50035, "Invalid Form Body", errors)


def check_message(body: Json, *, files: int = 0, webhook: bool = False, edit: bool = False) -> None:
    """Raises :class:`Refused` on what cannot be a message."""
    errors: Errors = []
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        errors.append((("content",), "STRING_TYPE_CONVERT", "Could not interpret as string."))
        content = None
    elif content and units(content) > CONTENT_MAX:
        errors.append(_too_long(("content",), CONTENT_MAX))
    embeds = body.get("embeds") or []
    if len(embeds) > EMBEDS_MAX:
        errors.append(_too_long(("embeds",), EMBEDS_MAX))
    for i, embed in enumerate(embeds):
        errors += _check_embed(embed, ("embeds", str(i)))
    if embeds and sum(map(embed_size, embeds)) > EMBED_TOTAL_MAX:
        text = f"Embed size exceeds maximum size of {EMBED_TOTAL_MAX}"
        errors.append((("embeds",), "MAX_EMBED_SIZE_EXCEEDED", text))
    errors += _check_components(body.get("components") or [])
    errors += _check_mentions(body.get("allowed_mentions"))
    if (nonce := body.get("nonce")) is not None and units(str(nonce)) > 25:
        errors.append(_too_long(("nonce",), 25))
    refuse_form(errors)
    if webhook and _interactive(body.get("components") or []):
        raise Refused(
            400,
            50035,
            "Invalid Form Body",
            [
                (
                    ("components",),
                    "COMPONENT_NOT_ALLOWED",
                    "Webhooks that no application owns can only send link buttons.",
                )
            ],
        )
    empty = not (content or "").strip() and not embeds and not files and not body.get("attachments")
    if empty and not edit and not body.get("sticker_ids") and not body.get("poll"):
        raise Refused(400, 50006, "Cannot send an empty message")


def check_files(body: Json, files: list[Json]) -> None:
    """Files, and what is told of them under ``attachments``: "Uploading Files" in Discord's reference. A number there
    is that of a file of this request, a longer one that of an attachment which the message keeps."""
    if any(file["size"] > FILE_MAX for file in files):
        raise Refused(413, 40005, "Request entity too large")
    numbers = [file["number"] for file in files]
    errors: Errors = []
    if len(numbers) != len(set(numbers)):
        errors.append((("files",), "DUPLICATE_FILES", "Each file needs a number of its own."))
    for i, entry in enumerate(body.get("attachments") or []):
        told = str(entry.get("id", ""))
        if len(told) < 17 and told not in numbers:
            errors.append((("attachments", str(i), "id"), "ATTACHMENT_NOT_FOUND", f"There is no file {told}."))
        if units(entry.get("description") or "") > ALT_MAX:
            errors.append(_too_long(("attachments", str(i), "description"), ALT_MAX))
    refuse_form(errors)


def embed_size(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts.append((embed.get("author") or {}).get("name"))
    texts += [f.get(k) for f in embed.get("fields") or [] for k in ("name", "value")]
    return sum(units(t.strip()) for t in texts if t)


def _check_embed(embed: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if not any(embed.get(k) for k in ("title", "description", "fields", "footer", "author", "image", "thumbnail")):
        yield path, "BASE_TYPE_REQUIRED", "This field is required"
    for key, limit in LENGTHS.items():
        outer, _, inner = key.partition(".")
        value = (embed.get(outer) or {}).get(inner) if inner else embed.get(outer)
        if value and units(value.strip()) > limit:
            yield _too_long((*path, *key.split(".")), limit)
    if (embed.get("author") or {"name": "x"}).get("name", "") == "":
        yield (*path, "author", "name"), "BASE_TYPE_REQUIRED", "This field is required"
    fields = embed.get("fields") or []
    if len(fields) > FIELDS_MAX:
        yield _too_long((*path, "fields"), FIELDS_MAX)
    for i, item in enumerate(fields):
        for key, limit in (("name", 256), ("value", 1024)):
            where = (*path, "fields", str(i), key)
            if not str(item.get(key) or "").strip():
                yield where, "BASE_TYPE_REQUIRED", "This field is required"
            elif units(item[key].strip()) > limit:
                yield _too_long(where, limit)
    color = embed.get("color")
    if color is not None and not (isinstance(color, int) and 0 <= color <= 0xFFFFFF):
        yield (*path, "color"), "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215."
    stamp = embed.get("timestamp")
    if stamp and not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", str(stamp)):
        yield (*path, "timestamp"), "DATE_TIME_TYPE_PARSE", f"Could not parse {stamp}. Should be ISO8601."
    for where in (
        ("url",),
        ("image", "url"),
        ("thumbnail", "url"),
        ("author", "url"),
        ("author", "icon_url"),
        ("footer", "icon_url"),
    ):
        value = embed
        for key in where:
            value = (value or {}).get(key)
        if isinstance(value, str) and value:
            yield from _check_url(value, (*path, *where), URL_MAX, attachments=where[-1] != "url" or len(where) > 1)


def _check_url(
    url: str, path: tuple[str, ...], limit: int, *, attachments: bool = False
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    schemes = ("http", "https", "attachment") if attachments else ("http", "https")
    if units(url) > limit:
        yield _too_long(path, limit)
    try:
        parts = urlsplit(url)
        good_host = bool(parts.hostname) and ("." in (parts.hostname or "") or parts.scheme == "attachment")
    except ValueError:
        yield path, "URL_TYPE_INVALID_URL", "Not a well formed URL."
        return
    if parts.scheme not in schemes:
        text = f'Scheme "{parts.scheme or "none"}" must be one of ({", ".join(repr(s) for s in schemes)}).'
        yield path, "URL_TYPE_INVALID_SCHEME", text
    elif not good_host or re.search(r"[\s<>]", url):
        yield path, "URL_TYPE_INVALID_URL", "Not a well formed URL."


def _check_components(rows: list[Json]) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    if len(rows) > 5:
        errors.append(_too_long(("components",), 5))
    for r, row in enumerate(rows):
        path = ("components", str(r))
        if row.get("type") != 1:
            errors.append(((*path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1}."))
            continue
        parts = row.get("components") or []
        if not 1 <= len(parts) <= 5:
            errors.append(((*path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."))
        if len(parts) > 1 and any(part.get("type") in SELECTS for part in parts):
            text = "A select fills its row."
            errors.append(((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text))
        for i, part in enumerate(parts):
            errors += _check_component(part, (*path, "components", str(i)), seen)
    return errors


def _check_component(part: Json, path: tuple[str, ...], seen: set[str]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    kind, style = part.get("type"), part.get("style")
    custom_id = part.get("custom_id")
    if kind not in (2, 3, 5, 6, 7, 8):
        yield (*path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {2, 3, 5, 6, 7, 8}."
        return
    link = kind == 2 and style == 5
    if kind == 2:
        if style not in (1, 2, 3, 4, 5, 6):
            yield (*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}."
        if not part.get("label") and not part.get("emoji"):
            yield (*path, "label"), "BUTTON_COMPONENT_LABEL_REQUIRED", "A button needs a label or an emoji"
        if units(part.get("label") or "") > LABEL_MAX:
            yield _too_long((*path, "label"), LABEL_MAX)
        if link:
            yield from _check_url(part.get("url") or "", (*path, "url"), BUTTON_URL_MAX)
    if kind in SELECTS and units(part.get("placeholder") or "") > PLACEHOLDER_MAX:
        yield _too_long((*path, "placeholder"), PLACEHOLDER_MAX)
    if kind == 3:
        yield from _check_options(part.get("options") or [], (*path, "options"))
    if link and custom_id:
        yield (
            (*path, "custom_id"),
            "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
            "A custom id and url cannot both be specified",
        )
    elif not link:
        if not custom_id:
            yield (*path, "custom_id"), "BASE_TYPE_REQUIRED", "This field is required"
        elif units(custom_id) > CUSTOM_ID_MAX:
            yield _too_long((*path, "custom_id"), CUSTOM_ID_MAX)
        elif custom_id in seen:
            yield (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        seen.add(custom_id or "")


def _check_options(options: list[Json], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if not 1 <= len(options) <= 25:
        yield path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length."
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        yield path, "COMPONENT_SELECT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
    for i, option in enumerate(options):
        for key in ("label", "value"):
            if not 1 <= units(option.get(key) or "") <= OPTION_MAX:
                yield (*path, str(i), key), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {OPTION_MAX} in length."
        if units(option.get("description") or "") > OPTION_MAX:
            yield _too_long((*path, str(i), "description"), OPTION_MAX)


def _interactive(rows: list[Json]) -> bool:
    return any(not (p.get("type") == 2 and p.get("style") == 5) for row in rows for p in row.get("components") or [])


def _check_mentions(rules: Any) -> Errors:
    errors: Errors = []
    if rules is None:
        return errors
    parsed = rules.get("parse") or []
    for i, word in enumerate(parsed):
        if word not in ("users", "roles", "everyone"):
            errors.append(
                (
                    ("allowed_mentions", "parse", str(i)),
                    "BASE_TYPE_CHOICES",
                    "Value must be one of ('everyone', 'roles', 'users').",
                )
            )
    for kind in ("users", "roles"):
        ids = rules.get(kind) or []
        if len(ids) > 100:
            errors.append(_too_long(("allowed_mentions", kind), 100))
        if ids and kind in parsed:
            text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            errors.append((("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text))
    return errors


_NAME = re.compile(r"^[-_'\w]{1,32}$")


def check_commands(commands: list[Json]) -> None:
    """Raises :class:`Refused` on a set of application commands that cannot be registered."""
    errors: Errors = []
    if len([c for c in commands if c.get("type", 1) == 1]) > 100:
        raise Refused(400, 30032, "Maximum number of application commands reached (100)")
    names = [(c.get("type", 1), c.get("name")) for c in commands]
    for i, command in enumerate(commands):
        path = (str(i),)
        if names.count(names[i]) > 1:
            errors.append(
                ((*path, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
            )
        if command.get("type", 1) == 1:
            errors += _check_option(command, path, depth=0)
        elif not 1 <= units(command.get("name") or "") <= 32:
            errors.append(((*path, "name"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length."))
        permissions = command.get("default_member_permissions")
        if permissions is not None and not str(permissions).isdigit():
            errors.append(((*path, "default_member_permissions"), "BITFIELD_TYPE_INVALID", "Not a bit field"))
        for key, known in (("contexts", {0, 1, 2}), ("integration_types", {0, 1})):
            if not set(command.get(key) or []) <= known:
                errors.append(((*path, key), "BASE_TYPE_CHOICES", f"Value must be one of {known}."))
        if _text_size(command) > 8000:
            errors.append((path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)"))
    refuse_form(errors)


def _check_option(option: Json, path: tuple[str, ...], depth: int) -> Errors:
    errors: Errors = []
    name, description = option.get("name") or "", option.get("description") or ""
    if not _NAME.match(name) or name != name.lower():
        errors.append(((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"))
    if not 1 <= units(description) <= 100:
        errors.append(((*path, "description"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."))
    options = option.get("options") or []
    if len(options) > 25:
        errors.append(_too_long((*path, "options"), 25))
    if depth > 2 and options:
        errors.append(
            ((*path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command option type is invalid")
        )
    optional_seen = False
    for i, child in enumerate(options):
        where = (*path, "options", str(i))
        if child.get("required") and optional_seen:
            errors.append(
                (
                    where,
                    "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                    "Required options must be placed before non-required options",
                )
            )
        optional_seen = optional_seen or not child.get("required")
        errors += _check_option(child, where, depth + 1)
    choices = option.get("choices") or []
    errors += _check_choices(choices, (*path, "choices"))
    if depth and option.get("type") not in range(1, 12):
        errors.append(((*path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, ..., 11}."))
    for key, most in (("min_length", 6000), ("max_length", 6000)):
        if option.get(key) is not None and not 0 <= option[key] <= most:
            errors.append(((*path, key), "NUMBER_TYPE_MAX", f"int value should be between 0 and {most}."))
    for key in ("min_value", "max_value"):
        if option.get(key) is not None and abs(option[key]) > 2**53 - 1:
            errors.append(((*path, key), "NUMBER_TYPE_MAX", "int value should be between -2^53 and 2^53."))
    if choices and option.get("autocomplete"):
        errors.append(
            (
                (*path, "choices"),
                "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
                "Autocomplete options cannot have choices",
            )
        )
    names = [o.get("name") for o in options]
    if len(set(names)) < len(names):
        errors.append(((*path, "options"), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique"))
    return errors


def check_choices(choices: list[Json], path: tuple[str, ...]) -> None:
    """Raises :class:`Refused` on choices that cannot be offered."""
    refuse_form(_check_choices(choices, path))


def _check_choices(choices: list[Json], path: tuple[str, ...]) -> Errors:
    errors: Errors = []
    if len(choices) > 25:
        errors.append(_too_long(path, 25))
    for i, choice in enumerate(choices):
        for key in ("name", "value"):
            value = choice.get(key)
            if key == "value" and isinstance(value, int | float):
                continue
            if not isinstance(value, str) or not 1 <= units(value) <= 100:
                errors.append(((*path, str(i), key), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."))
    return errors


def _text_size(value: Any) -> int:
    if isinstance(value, dict):
        own = sum(units(str(value.get(k) or "")) for k in ("name", "description", "value") if k in value)
        return own + sum(_text_size(v) for k, v in value.items() if k in ("options", "choices"))
    return sum(map(_text_size, value)) if isinstance(value, list) else 0


def _too_long(path: tuple[str, ...], limit: int) -> tuple[tuple[str, ...], str, str]:
    what = f"Must be {limit} or fewer in length."
    return path, "BASE_TYPE_MAX_LENGTH", what
