"""``wirewatch.yaml`` and the environment → one frozen :class:`Config`, or every problem at once.

The keys stand in :mod:`bot.settings.keys`. Relative paths count from the folder of the file. Nothing here opens a
connection.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from bot import __version__
from bot.errors import ConfigError, Problem
from bot.extras import how_to_add
from bot.llm.settings import KEY as LLM_KEY
from bot.llm.settings import OPENAI
from bot.log import redact_url
from bot.model import Match
from bot.people import is_chat_channel, is_watch
from bot.secret import Secret
from bot.settings.environment import Surroundings
from bot.settings.folders import Folders, folders_of
from bot.settings.folders import shipped_rules as shipped_rules
from bot.settings.keys import Route, Settings
from bot.settings.named import Named, items, names_of
from bot.watchlists.settings import check_all
from bot.yaml_models import Model, check_web_url, json_schema, nearest, read
from bot.yaml_nodes import Entry, Map, Place, Scalar, load_file, place_of, plain


class Config(Settings):
    """All that a deployment decides: :class:`Settings` with the environment in it and every path absolute.

    ``slack_api_url`` and ``discord_api_url`` point the client libraries at another server (``None``: the real one).
    ``llm_api_key`` comes from the environment alone.
    """

    file: Path
    folders: Folders
    slack_api_url: str | None
    discord_api_url: str | None
    llm_api_key: Secret | None
    _named: Named = PrivateAttr(Named())

    @property
    def user_agent(self) -> str:
        """What sources see: ``Wirewatch/0.1 (+news-bot@example.org)``."""
        return f"Wirewatch/{__version__}" + (f" (+{self.contact})" if self.contact else "")

    def channels_for(self, matches: Iterable[Match]) -> tuple[str, ...]:
        """The channels that hear of an alert, each once: those of fitting routes in their order, then those that the
        rules name themselves. What somebody watches goes to them alone, whatever the routes."""
        fired = tuple(matches)
        routed = tuple(m for m in fired if not is_watch(m.rule_id))
        routes = self.routes or (Route(to=tuple(self.channels)),)
        by_route = (name for route in routes if any(route.fits(m) for m in routed) for name in route.to)
        by_rule = (name for m in fired for name in m.channels if name in self.channels or is_chat_channel(name))
        return tuple(dict.fromkeys((*by_route, *by_rule)))

    @property
    def named(self) -> Named:
        """What the file names that stands elsewhere."""
        return self._named

    def loose_ends(self, tags: Collection[str], named: Collection[str]) -> tuple[Problem, ...]:
        """Warnings of what leads nowhere: tags of ``routes:`` that no rule has, and channels that no alert can reach.
        ``tags`` are those of all rules, ``named`` the channels that rules name themselves. The ops channel and those
        of summaries have something to say without a route."""
        heard = {*named, *(to for route in self.routes for to in route.to), *filter(None, [self.ops])}
        heard |= {to for summary in self.summaries.values() for to in summary.to}
        return self._named.loose_ends(tags, heard, routed=bool(self.routes))

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret in the configuration, for the log's redactor. The store's address is not one as a whole; its
        password is masked by shape."""
        sections = (self.channels, self.slack, self.discord, self.watchlists)
        owners: Iterator[Model] = (owner for section in sections for owner in section.values())
        own = (self.llm_api_key,) if self.llm_api_key else ()
        return (*own, *(value for owner in owners for _, value in owner if isinstance(value, Secret)))


# -- loading --------------------------------------------------------------------------------------------------------

_SECRET_KEYS = frozenset({"url", "secret", "webhook", "bot_token", "app_token", "signing_secret", "token"})
_ENV_LOG = {"WIREWATCH_LOG_LEVEL": "level", "WIREWATCH_LOG_FORMAT": "format"}
_ENV_SLACK = {
    "SLACK_BOT_TOKEN": "bot_token",
    "SLACK_APP_TOKEN": "app_token",
    "SLACK_SIGNING_SECRET": "signing_secret",
}
_ENV_DISCORD = {"DISCORD_TOKEN": "token"}


def read_config(path: Path) -> Map:
    """What stands in ``path``. Raises ``ConfigError``."""
    root = load_file(path)
    if root is None:
        raise ConfigError((Problem(path, 0, 0, "is empty; `wirewatch init` writes a starter", "empty-file"),))
    if not isinstance(root, Map):
        raise ConfigError((root.place.problem("must be a mapping (key: value); see docs/configuration.md"),))
    return root


def load_config(path: Path, environ: Mapping[str, str], *, to_run: bool = True, root: Map | None = None) -> Config:
    """The configuration in ``path``. Raises ``ConfigError`` with every problem, in file order. Not ``to_run``: for what
    reads the store and posts nothing, so that an operator's shell need not hold the tokens: those may be missing, and
    so may variables of the environment, save for the store's. ``root`` is the content of the file, if it was read."""
    root = read_config(path) if root is None else root
    base = _folder(path)
    around = Surroundings(environ, base, strict=to_run)
    around.problems += _bare_variables(root)
    filled = around.fill(root)
    assert isinstance(filled, Map)
    tree = _with_secret_files(filled, around)
    data: dict[str, Any] = plain(tree)
    _add_environment(data, around, path)
    found = read(Settings, tree, data, tagged=frozenset({"channels"}))
    known = {(p.line, p.column) for p in around.problems}  # what follows from these is not worth telling
    problems = [*around.problems]
    problems += [p for p in found if (p.line, p.column) not in known] if isinstance(found, list) else ()
    problems += _check_names(tree)
    folders, missing = folders_of(tree, base)
    problems += missing
    problems += _check_ages(tree, found) if isinstance(found, Settings) else ()
    problems += _check_connections(tree, data) if to_run else ()
    problems += _check_listener(tree, data)
    problems += _check_watchlists(tree, data)
    problems += _check_authority(tree, base)
    problems += _check_api_urls(environ, path)
    llm_key = around.variable(LLM_KEY, path)
    problems += _check_llm(tree, found, llm_key) if to_run and isinstance(found, Settings) else ()
    if problems:
        raise ConfigError(tuple(sorted({around.hide(p) for p in problems})))
    assert isinstance(found, Settings)
    return _finish(found, path, folders, tree, environ, Secret(llm_key) if llm_key else None)


def _finish(
    settings: Settings,
    path: Path,
    folders: Folders,
    tree: Map,
    environ: Mapping[str, str],
    llm_key: Secret | None,
) -> Config:
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    values["store"] = _absolute_store(settings.store, _folder(path))
    values["ca_file"] = str((_folder(path) / settings.ca_file).absolute()) if settings.ca_file else None
    config = Config.model_construct(
        **values,
        file=(_folder(path) / path.name).absolute(),
        folders=folders,
        slack_api_url=environ.get("SLACK_API_URL") or None,
        discord_api_url=environ.get("DISCORD_API_URL") or None,
        llm_api_key=llm_key,
    )
    config._named = names_of(tree)
    return config


def _with_secret_files(root: Map, around: Surroundings) -> Map:
    """``root`` with the ``*_file`` keys of channels and connections replaced by what the files hold."""

    def section(entry: Entry) -> Entry:
        if entry.key not in ("channels", "slack", "discord") or not isinstance(entry.value, Map):
            return entry
        inner = (
            Entry(e.key, e.key_place, around.read_files(e.value, _SECRET_KEYS) if isinstance(e.value, Map) else e.value)
            for e in entry.value.entries
        )
        return Entry(entry.key, entry.key_place, Map(tuple(inner), entry.value.place))

    return Map(tuple(section(e) for e in root.entries), root.place)


_VARIABLE = re.compile(r"\$?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")  # no service gives out secrets of this form


def _bare_variables(root: Map) -> Iterator[Problem]:
    """Names of variables where their values are wanted: ``bot_token: SLACK_BOT_TOKEN`` would be sent as it stands."""
    for section in ("channels", "slack", "discord"):
        entries = root.get(section)
        for entry in entries.entries if isinstance(entries, Map) else ():
            for one in entry.value.entries if isinstance(entry.value, Map) else ():
                value = one.value
                if one.key in _SECRET_KEYS and isinstance(value, Scalar) and _VARIABLE.fullmatch(value.text):
                    text = f'{one.key}: is the name of a variable, not its value; write it as "${{NAME}}", in quotes'
                    yield value.place.problem(text, "unquoted-reference")


def _add_environment(data: dict[str, Any], around: Surroundings, path: Path) -> None:
    """Put what the environment gives where the file is silent (for the log: also where it is not)."""
    for section, variables in (("slack", _ENV_SLACK), ("discord", _ENV_DISCORD)):
        given = {key: value for name, key in variables.items() if (value := around.variable(name, path))}
        entries = data.setdefault(section, {}) if given else data.get(section)
        if given and isinstance(entries, dict):
            default = entries.setdefault("default", {})
            if isinstance(default, dict):
                default.update({key: value for key, value in given.items() if key not in default})
    log = {key: value for name, key in _ENV_LOG.items() if (value := around.environ.get(name))}
    if log and isinstance(data.setdefault("log", {}), dict):
        data["log"].update(log)


def _check_names(tree: Map) -> Iterator[Problem]:
    """Channels that are named must exist."""
    channels = tree.get("channels")
    known = [e.key for e in channels.entries] if isinstance(channels, Map) else []
    ops = tree.get("ops")
    named = list(items(tree, "routes", "to"))
    for section in ("quiet_hours", "throttles"):
        named += items(tree, section, "channels")
    named += items(tree, "summaries", "to")
    if isinstance(ops, Scalar) and not ops.is_null:
        named.append((ops.text, ops.place))
    for name, place in named:
        if known and name not in known:
            yield place.problem(
                f"no channel has the name {name!r}{nearest(name, known, show_all=True)}", "unknown-channel"
            )


def beside(root: Map, path: Path) -> tuple[Folders, Named]:
    """The rules folders that the content of a config names and that are there, and what else it names, whatever is
    wrong with it."""
    return folders_of(root, _folder(path))[0], names_of(root)


def _folder(path: Path) -> Path:
    """What relative paths count from: the folder of the file; of what has no name of its own, the current one: a pipe,
    or a file that is open (``/dev/stdin``, where the shell opened it)."""
    opened = path.parent.resolve().parts[1:2] in (("dev",), ("proc",))
    return path.parent if path.is_file() and not opened else Path.cwd()


def _check_ages(tree: Map, settings: Settings) -> Iterator[Problem]:
    if settings.retention < settings.max_age:
        text = "retention: is shorter than max_age; articles would be forgotten while they can still alert"
        yield place_of(tree, ("retention",)).problem(text, "bad-value")
    for name, summary in settings.summaries.items():
        if summary.period is not None and summary.period > settings.retention:
            text = f"summaries.{name}.period: is longer than retention; articles would be gone before it ends"
            yield place_of(tree, ("summaries", name, "period")).problem(text, "bad-value")


def _check_llm(tree: Map, settings: Settings, key: str | None) -> Iterator[Problem]:
    if settings.llm is None:
        return
    if find_spec("openai") is None:
        text = f"llm: needs the openai client; {how_to_add('llm')}"
        yield place_of(tree, ("llm",)).problem(text, "missing-extra")
    elif settings.llm.url == OPENAI and not key:
        text = f"llm: this endpoint needs a key; set {LLM_KEY} in the environment, or name another one under url:"
        yield place_of(tree, ("llm",)).problem(text, "no-connection")


_SLACK_NEEDS = {"socket": "app_token", "http": "signing_secret"}


def _check_watchlists(tree: Map, data: Mapping[str, Any]) -> Iterator[Problem]:
    for name, text in check_all(data.get("watchlists")):
        yield place_of(tree, ("watchlists", name)).problem(text, "bad-value")


def _check_connections(tree: Map, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Every Slack or Discord channel needs an entry that can connect."""
    channels = data.get("channels")
    for name, channel in channels.items() if isinstance(channels, dict) else ():
        if not isinstance(channel, dict):
            continue
        place = place_of(tree, ("channels", name))
        if channel.get("kind") == "slack":
            yield from _check_slack(place, str(channel.get("workspace", "default")), data)
        elif channel.get("kind") == "discord" and "channel" in channel and "webhook" not in channel:
            yield from _check_discord(place, str(channel.get("bot", "default")), data.get("discord"))


def _check_slack(place: Place, workspace: str, data: Mapping[str, Any]) -> Iterator[Problem]:
    section = data.get("slack")
    entry = _entry(section, workspace)
    if entry is None or not entry.get("bot_token"):
        yield place.problem(
            _no_connection("slack", workspace, section, "bot_token", "SLACK_BOT_TOKEN"), "no-connection"
        )
        return
    mode = entry.get("mode", "socket")
    key = _SLACK_NEEDS.get(str(mode))
    if key and not entry.get(key):
        text = f"Slack's mode {mode!r} needs slack.{workspace}.{key}"
        text += f" (or set SLACK_{key.upper()})" if workspace == "default" else ""
        yield place.problem(f"{text}; add it, or write mode: off there to post without commands", "no-connection")
    elif mode == "http" and not isinstance(data.get("http"), dict):
        yield place.problem(
            f"Slack's mode 'http' of slack.{workspace} needs the section http:, whose listener takes Slack's requests; "
            "add `http: {listen: 127.0.0.1:8080}` and let your HTTPS proxy pass /slack/events on to it",
            "no-listener",
        )


def _check_listener(tree: Map, data: Mapping[str, Any]) -> Iterator[Problem]:
    if data.get("websub") is not None and not isinstance(data.get("http"), dict):
        yield place_of(tree, ("websub",)).problem(
            "websub: needs the section http:, whose listener takes what hubs send; add `http: {listen: "
            "127.0.0.1:8080}` and let your HTTPS proxy pass /websub/ on to it",
            "no-listener",
        )


def _check_discord(place: Place, bot: str, section: object) -> Iterator[Problem]:
    entry = _entry(section, bot)
    if entry is None or not entry.get("token"):
        yield place.problem(_no_connection("discord", bot, section, "token", "DISCORD_TOKEN"), "no-connection")


def _entry(section: object, name: str) -> Mapping[str, Any] | None:
    entry = section.get(name) if isinstance(section, dict) else None
    return entry if isinstance(entry, dict) else None


_TOKEN_FROM = {
    "slack": "for a new one open https://api.slack.com/apps, your app, Install App, Bot User OAuth Token",
    "discord": "for a new one open https://discord.com/developers/applications, your bot, Bot, Reset Token",
}


def _no_connection(section: str, name: str, entries: object, key: str, variable: str) -> str:
    if name == "default":
        return (
            f"this channel needs a token; set {variable} in the environment, or add {section}.default.{key}; "
            f"{_TOKEN_FROM[section]}"
        )
    known = list(entries) if isinstance(entries, dict) else []
    return (
        f"{section}: has no entry {name!r} with a {key}{nearest(name, [k for k in known if k != name]) or '; add it'}"
    )


def _check_authority(tree: Map, base: Path) -> Iterator[Problem]:
    named = tree.get("ca_file")
    if not isinstance(named, Scalar) or named.is_null:
        return
    try:
        ssl.create_default_context(cafile=str(base / named.text))
    except ssl.SSLError:
        yield named.place.problem(
            f"ca_file: {named.text} holds no certificate; write one that begins with -----BEGIN CERTIFICATE-----",
            "bad-value",
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        yield named.place.problem(f"ca_file: {named.text} cannot be read ({why}); correct the path", "missing-file")


def _check_api_urls(environ: Mapping[str, str], path: Path) -> Iterator[Problem]:
    for name in ("SLACK_API_URL", "DISCORD_API_URL"):
        if url := environ.get(name):
            try:
                check_web_url(url)
            except ValueError as error:
                yield Problem(path, 0, 0, f"the environment variable {name}: {error}", "bad-value")


def _absolute_store(store: Secret, base: Path) -> Secret:
    """A SQLite path counts from the folder of the configuration, wherever the command is started."""
    found = re.match(r"(sqlite:///)(?!/|:memory:|file:)([^?]+)(.*)", store.reveal())
    if found is None:
        return store
    url = f"{found[1]}{(base / found[2]).absolute().as_posix()}{found[3]}"
    return Secret(url, redact_url(url))


def config_schema() -> Mapping[str, Any]:
    """A JSON Schema of wirewatch.yaml, for editors."""
    return json_schema(Settings, "wirewatch.yaml")
