"""The keys that only one kind of source knows: how they are declared, filled from the environment, and read.

A kind declares its keys as a model (:class:`Options`). ``sources.yaml`` is checked against it when it is loaded, with
line and column; the kind reads the same model again from ``Source.options`` for each poll, so that sources that come
from elsewhere are held to the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BeforeValidator, ValidationError, WithJsonSchema

from bot.errors import FetchReason, SourceError
from bot.log import Redactor
from bot.model import Source
from bot.secret import Secret
from bot.settings.environment import Surroundings
from bot.yaml_models import Model
from bot.yaml_nodes import Map, Node, Scalar, Seq

# -- values from the environment ------------------------------------------------------------------------------------


@dataclass(frozen=True, init=False)
class Filled:
    """A text with ``${NAME}`` in it, and what it became. It is shown, compared and stored as it was written: the
    secret is no field of it."""

    written: str

    def __init__(self, written: str, secret: Secret) -> None:
        object.__setattr__(self, "written", written)
        object.__setattr__(self, "_secret", secret)

    @property
    def secret(self) -> Secret:
        """What it became."""
        found: Secret = self.__dict__["_secret"]
        return found


def filled(node: Node, around: Surroundings) -> Any:
    """The node's value, with each text that names the environment as :class:`Filled`. Problems are collected in
    ``around``."""
    if isinstance(node, Seq):
        return [filled(item, around) for item in node]
    if isinstance(node, Map):
        return {entry.key: filled(entry.value, around) for entry in node.entries}
    done = around.fill(node)
    assert isinstance(done, Scalar)
    if node.plain or "$" not in node.text:
        return node.value
    return Filled(node.text, Secret(done.text)) if "${" in node.text else done.text


def reveal(value: str | Filled) -> str:
    """The text itself, for the request that carries it."""
    return value.secret.reveal() if isinstance(value, Filled) else value


def secrets_of(source: Source) -> tuple[Secret, ...]:
    """Every secret in a source's options, so that logs and errors can be kept clean of them."""
    return tuple(_secrets(source.options))


def _secrets(value: object) -> Iterator[Secret]:
    match value:
        case Filled():
            yield value.secret
            # The secret part alone, as a server may repeat it: "Bearer x" is filled from x.
            yield from (Secret(word) for word in value.secret.reveal().split() if word != value.secret.reveal())
        case Mapping():
            for inner in value.values():
                yield from _secrets(inner)
        case list() | tuple():
            for inner in value:
                yield from _secrets(inner)


def hide(text: str, source: Source) -> str:
    """``text`` without the secrets of a source, as they are or as they look in a URL."""
    secrets = secrets_of(source)
    return Redactor(secrets).text(text) if secrets else text


def _to_text(value: object) -> str | Filled:
    if isinstance(value, Filled):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("must be one value: text or a number")


def _to_secret(value: object) -> Filled:
    if isinstance(value, Filled):
        return value
    raise ValueError('is secret and does not belong into this file; write "${NAME}" and set the environment variable')


def _to_params(value: object) -> tuple[str | Filled, ...]:
    return tuple(_to_text(one) for one in value) if isinstance(value, list | tuple) else (_to_text(value),)


_ANY_TEXT: dict[str, Any] = {"type": ["string", "number", "boolean"]}

Fillable = Annotated[Any, BeforeValidator(_to_text), WithJsonSchema(_ANY_TEXT)]
"""A text (``str``) that may be :class:`Filled`."""
SecretText = Annotated[
    Any, BeforeValidator(_to_secret), WithJsonSchema({"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"})
]
"""A :class:`Filled`, and nothing that stands in the file itself."""
Fillables = Annotated[
    Any, BeforeValidator(_to_params), WithJsonSchema({"anyOf": [_ANY_TEXT, {"type": "array", "items": _ANY_TEXT}]})
]
"""One such text or several."""

# -- declaring and reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a service may be asked, and where that is written.

    ``every`` is the interval where the editor names none, ``least`` the shortest allowed. ``per_day`` is what the
    free plan allows for all sources with one key (or one address) together; the option ``per_day`` overrides it.
    ``gap_s`` is the least time between two requests to the host, in seconds.
    """

    every: timedelta
    least: timedelta = timedelta(minutes=1)
    per_day: int | None = None
    gap_s: float = 0.0
    source: str = ""


class Options(Model):
    """The keys of one kind. ``FILLED`` are those whose values may name the environment; ``KEY_VARIABLE`` is the
    variable that fills ``key`` where the source does not; ``PACE`` is set where the service has a quota; ``OWN_URL``
    tells that the kind knows its address, so that ``url`` may be left out."""

    FILLED: ClassVar[frozenset[str]] = frozenset()
    KEY_VARIABLE: ClassVar[str] = ""
    PACE: ClassVar[Pace | None] = None
    OWN_URL: ClassVar[bool] = False

    @classmethod
    def check_url(cls, url: str) -> None:
        """Raises ``ValueError`` with a sentence where an address that is one does not fit this kind."""

    def address(self) -> str:
        """What stands as the source's URL where ``url`` was left out; holds no secret."""
        return ""

    def requests(self) -> int:
        """How many requests one poll may take."""
        return 1


O = TypeVar("O", bound=Options)  # noqa: E741 - short for the options of a kind


def read_options(model: type[O], source: Source) -> O:
    """The options of a source. Raises :class:`SourceError` (``CONFIG``) with one sentence."""
    try:
        return model.model_validate(dict(source.options))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=True)[0]
        where = ".".join(str(step) for step in first["loc"])
        cause = first.get("ctx", {}).get("error")
        what = str(cause) if cause is not None else first["msg"][:1].lower() + first["msg"][1:]
        raise SourceError(
            source.id, FetchReason.CONFIG, f"the option {where or source.kind} cannot be used: {what}"
        ) from error
