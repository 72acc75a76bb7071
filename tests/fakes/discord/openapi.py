"""What was said to the local Discord and what it answered, held against Discord's own OpenAPI document.

The document is no part of the project. Where it is not there, :func:`law` is ``None`` and nothing is held.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.fakes.discord.world import Json

PLACE = Path(__file__).parents[4] / "shared/spec/discord-openapi.json.gz"
_URI = "urn:discord"
ABSENT = "Discord's OpenAPI document is not at ../shared/spec"


class OpenApi:
    """``seen`` are the operations (``"POST /channels/{channel_id}/messages"``)."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._said: list[tuple[str, str, str, Any]] = []  # what is held, where the document describes it, the value
        self._amiss: list[str] = []
        self.seen: set[str] = set()

    def observe(self, method: str, path: str, body: Any, status: int, answer: Any) -> None:
        """One request and its answer; may be given to :attr:`FakeDiscord.observe`. What was said is judged later, so
        that nobody waits for it here."""
        template = self._template(path, method)
        if template is None:
            if status != 404:
                self._amiss.append(f"{method} {path}: not in the document")
            return
        self.seen.add(f"{method} {template}")
        what = f"{method} {template}"
        operation, at = (
            self._document["paths"][template][method.lower()],
            f"/paths/{_escaped(template)}/{method.lower()}",
        )
        content = operation.get("requestBody", {}).get("content", {})
        if status < 300 and body:
            if "application/json" in content:
                self._hold(f"{what} request", f"{at}/requestBody", _ids_as_text(body.get("list", body)))
            else:
                self._amiss.append(f"{what}: the document knows no JSON body")
        code = next((c for c in (str(status), f"{status // 100}XX") if c in operation["responses"]), None)
        if code is None:
            self._amiss.append(f"{what}: status {status} is not described")
            return
        described, at = operation["responses"][code], f"{at}/responses/{code}"
        if "$ref" in described:
            at = described["$ref"].removeprefix("#")
            described = self._document["components"]["responses"][at.rpartition("/")[2]]
        if answer is not None and "application/json" in described.get("content", {}):
            self._hold(f"{what} {status}", at, answer)

    def _template(self, path: str, method: str) -> str | None:
        found = [t for t, operations in self._document["paths"].items() if method.lower() in operations]
        fitting = [t for t in found if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", t), path)]
        return min(fitting, key=lambda t: t.count("{"), default=None)

    def _hold(self, what: str, at: str, value: Any) -> None:
        self._said.append((what, f"{at}/content/application~1json/schema", copy.deepcopy(value)))

    def problems(self) -> list[str]:
        """What does not fit, each once."""
        found = set(self._amiss)
        for what, at, value in self._said:
            for error in _validator(at).iter_errors(value):
                found.add(f"{what}: {error.json_path}: {_deepest(error)}"[:300])
        return sorted(found)


def _escaped(part: str) -> str:
    """As a JSON pointer in a URI writes it."""
    return quote(part.replace("~", "~0").replace("/", "~1"))


def _ids_as_text(body: Any, key: str = "") -> Any:
    """Discord takes an id as a number too, which is how discord.py sends some, and its own examples do not quote the
    numbers of attachments; the document knows text only."""
    if isinstance(body, list):
        return [_ids_as_text(one, key) for one in body]
    if isinstance(body, dict):
        return {k: _ids_as_text(v, "_id" if k == "id" and key == "attachments" else k) for k, v in body.items()}
    return str(body) if key.endswith("_id") and isinstance(body, int) else body


def _deepest(error: jsonschema.ValidationError) -> str:
    best = jsonschema.exceptions.best_match([error])
    return f"{best.json_path} {best.message}" if best is not None else error.message


@cache
def _validator(at: str) -> jsonschema.Draft202012Validator:
    """For the schema at a JSON pointer of the document. One registry for all, since reading the document takes long."""
    return jsonschema.Draft202012Validator({"$ref": f"{_URI}#{at}"}, registry=_registry())


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(_URI, Resource(contents=_document(), specification=DRAFT202012))


@cache
def _document() -> Json:
    return dict(json.loads(gzip.decompress(PLACE.read_bytes())))


def law() -> OpenApi | None:
    """A fresh record against the document, if that is there."""
    return OpenApi(_document()) if PLACE.exists() else None
