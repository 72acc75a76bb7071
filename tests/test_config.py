"""wirewatch.yaml and the environment → Config. Each mistake has a file in ``data/config``, and its exact words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from pydantic.fields import FieldInfo

from bot import duration
from bot.config import Config, config_schema, load_config, shipped_rules
from bot.cron import Cron
from bot.errors import ConfigError, Level
from bot.llm.settings import LlmSettings
from bot.model import Match, Severity
from bot.roster.sources_file import SourceEntry, SourcesFile
from bot.secret import Secret
from bot.settings.chat import DiscordMention, SlackMention, TemplateSettings
from bot.settings.folders import Folders
from bot.settings.keys import (
    AppriseSettings,
    ConsoleSettings,
    DiscordConnection,
    DiscordSettings,
    HttpSettings,
    Listen,
    LogSettings,
    PollSettings,
    Route,
    Settings,
    SlackConnection,
    SlackSettings,
    WebhookSettings,
    WebSubSettings,
)
from bot.settings.noise import (
    ChannelNoise,
    DigestSettings,
    InhibitSettings,
    OpsDigestSettings,
    QuietHoursSettings,
    StoriesSettings,
    ThrottleSettings,
    policy_of,
)
from bot.settings.permissions import Grant
from bot.summary.model import Filters
from bot.summary.settings import SummarySettings, schedules_of
from bot.watchlists.settings import WatchListSettings
from bot.yaml_models import Model

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data" / "config"
ENVIRON = {
    "HOOK_URL": "https://hooks.example.org/s3cret-path",
    "TOKEN": "tok-0123456789-very-secret",
    "EMPTY": "",
}
MINIMAL = "channels: {console: {kind: console}}\n"


def load(tmp_path: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> Config:
    file = tmp_path / "wirewatch.yaml"
    file.write_text(text)
    return load_config(file, environ)


def words(tmp_path: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> str:
    """What is said about a configuration with mistakes, without the folder."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, environ)
    return str(caught.value).replace(f"{tmp_path}/", "")


# -- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(p.stem for p in DATA.glob("*.yaml")))
def test_each_mistake_is_told_in_these_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA)
    with pytest.raises(ConfigError) as caught:
        load_config(Path(f"{name}.yaml"), ENVIRON)
    assert f"{caught.value}\n" == (DATA / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", sorted(p.stem for p in DATA.glob("*.yaml")))
def test_no_mistake_shows_a_secret(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(DATA / f"{name}.yaml", ENVIRON)
    for secret in ("s3cret-path", "very-secret", "hunter22", "secret-path"):
        assert secret not in str(caught.value)


def test_problems_of_all_stages_come_together_in_file_order(tmp_path: Path) -> None:
    text = 'rules: [none/]\nops: nobody\nchannels:\n  hook: {kind: webhook, url: "${NO}"}\n  x: {}\nzone: 1\n'
    lines = [int(line.split(":")[1]) for line in words(tmp_path, text).splitlines()]
    assert lines == [1, 2, 4, 5, 6]


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "no.yaml", {})


# -- what a good one becomes ----------------------------------------------------------------------------------------


def test_the_least_there_can_be_has_every_default(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMAL, {})
    assert config.retention == timedelta(days=90)
    assert config.max_age == timedelta(hours=24)
    assert config.timezone == ZoneInfo("UTC")
    assert config.http is None
    assert config.poll == PollSettings()
    assert (config.slack, config.discord, config.slack_api_url, config.discord_api_url) == ({}, {}, None, None)
    assert config.folders.rules == (shipped_rules(),)
    assert config.user_agent.startswith("Wirewatch/")
    assert "(" not in config.user_agent


@pytest.mark.parametrize(
    ("words", "rules", "sources", "ruleless"),
    [
        ("shipped, own", "so", "so", ""),
        ("own", "o", "o", ""),
        ("shipped-rules, own", "so", "o", ""),
        ("shipped-sources, own", "so", "so", "s"),
        ("own, shipped-sources", "os", "os", "s"),
        ("shipped-rules, own, shipped-sources", "os", "os", ""),
        ("shipped, shipped-rules", "s", "s", ""),
    ],
)
def test_the_parts_of_what_ships_can_be_had_apart(
    tmp_path: Path, words: str, rules: str, sources: str, ruleless: str
) -> None:
    (tmp_path / "own").mkdir()
    folders = load(tmp_path, f"{MINIMAL}rules: [{words}]\n").folders
    names = {shipped_rules(): "s", tmp_path / "own": "o"}
    found = ["".join(names[f] for f in part) for part in (folders.rules, folders.sources, folders.ruleless)]
    assert found == [rules, sources, ruleless]


def test_what_ships_is_whole_where_its_folder_is_named_too(tmp_path: Path) -> None:
    """As in a checkout, where it is the rules/ beside the file."""
    folders = load(tmp_path, f"{MINIMAL}rules: [shipped-rules, {shipped_rules()}]\n").folders
    assert folders == Folders((shipped_rules(),), (shipped_rules(),))


def test_what_follows_a_key_that_is_in_its_place_does_not_belong_to_an_empty_one_above(tmp_path: Path) -> None:
    found = words(tmp_path, f"ops:\n{MINIMAL}xylophone: 1\n")
    assert "unknown key 'xylophone'; the keys here are " in found
    found = words(tmp_path, "channels:\ndesk: {kind: console}\nxylophone: {kind: console}\n")
    assert found.count("indent it if it belongs to channels: in line 1") == 2


def test_a_folder_that_cannot_be_is_refused_in_a_line(tmp_path: Path) -> None:
    found = words(tmp_path, f'{MINIMAL}rules: ["a\\nb"]')
    assert found.endswith("2:9: no such folder: a b; create it or correct the path")
    found = words(tmp_path, '{"channels": {"a\\nb": 1}}')
    assert "a b: must be a mapping with a kind" in found
    assert "2:9: holds a null character" in words(tmp_path, f'{MINIMAL}rules: ["a\\0b"]')
    assert "2:10: holds a null character" in words(tmp_path, f'{MINIMAL}ca_file: "a\\0b"')


def test_a_slip_in_the_word_for_what_ships_gets_a_suggestion(tmp_path: Path) -> None:
    assert words(tmp_path, f"{MINIMAL}rules: [shiped-rules]").endswith(
        "2:9: no such folder: shiped-rules; did you mean 'shipped-rules'?"
    )


def test_everything_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "desk-rules").mkdir()
    (tmp_path / "hook.secret").write_text("from-a-file\n")
    config = load(
        tmp_path,
        """
rules: [shipped, desk-rules]
store: "postgresql+psycopg://wire:${TOKEN}@db/wire"
timezone: Europe/London
contact: news-bot@example.org
ops: console
channels:
  console: {kind: console}
  sanctions: {kind: slack, channel: "#sanctions-desk"}
  intel: {kind: discord, channel: 1122334455667788, forum_tags: [arms]}
  teams: {kind: apprise, url: "msteams://${TOKEN}"}
  hook: {kind: webhook, url: "${HOOK_URL}", secret_file: hook.secret, timeout: 5s}
routes:
  - {tags: [sanctions], min_severity: medium, to: [sanctions, intel]}
  - {rules: [one], to: [console]}
retention: 2w
max_age: 6h
http: {listen: "[::1]:9100"}
ner_model: en_core_web_sm
allow_private: [Intranet.example, 10.0.0.7]
poll: {concurrency: 100, per_host: 1, timeout: 20s, body_max: 500KB}
log: {level: debug, format: json}
slack: {default: {bot_token: "${TOKEN}", mode: off}}
discord: {default: {token: "${TOKEN}"}}
""",
    )
    assert config.folders.rules == (shipped_rules(), tmp_path / "desk-rules")
    assert config.store.reveal() == "postgresql+psycopg://wire:tok-0123456789-very-secret@db/wire"
    assert str(config.store) == "postgresql+psycopg://***@db/wire"
    assert config.user_agent.endswith(" (+news-bot@example.org)")
    hook, intel = config.channels["hook"], config.channels["intel"]
    assert isinstance(hook, WebhookSettings)
    assert hook.secret == Secret("from-a-file")
    assert str(hook.url) == "https://hooks.example.org/s3cret-path"  # no part of its shape says that it is secret
    assert isinstance(intel, DiscordSettings)
    assert intel.channel == "1122334455667788"
    assert config.routes[0] == Route(tags=("sanctions",), min_severity=Severity.MEDIUM, to=("sanctions", "intel"))
    assert config.http == HttpSettings(listen=Listen("::1", 9100))
    assert config.allow_private == ("intranet.example", "10.0.0.7")
    assert config.poll.body_max == 500_000
    assert "very-secret" not in repr(config)
    assert {s.reveal() for s in config.secrets()} >= {ENVIRON["TOKEN"], ENVIRON["HOOK_URL"], "from-a-file"}


def test_a_config_cannot_be_changed(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        config.max_age = timedelta(hours=1)


def test_a_sqlite_path_counts_from_the_file_wherever_the_command_is_started(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).store.reveal() == f"sqlite:///{tmp_path}/var/wirewatch.db"
    assert load(tmp_path, MINIMAL + "store: sqlite:////srv/w.db").store.reveal() == "sqlite:////srv/w.db"


def test_a_folder_named_twice_counts_once_at_its_last_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert load(tmp_path, MINIMAL + "rules: [a, b, ./a/]").folders.rules == (tmp_path / "b", tmp_path / "a")


def test_a_dollar_sign_can_be_written_and_an_unquoted_one_stays(tmp_path: Path) -> None:
    text = """
channels:
  hook: {kind: webhook, url: "https://x.example/$$A/${TOKEN}/$B"}
  slack: {kind: slack, channel: $C, workspace: w}
slack: {w: {bot_token: "${TOKEN}", mode: off}}
"""
    config = load(tmp_path, text)
    hook, slack = config.channels["hook"], config.channels["slack"]
    assert isinstance(hook, WebhookSettings)
    assert hook.url.reveal() == f"https://x.example/$A/{ENVIRON['TOKEN']}/$B"
    assert isinstance(slack, SlackSettings)
    assert slack.channel == "$C"


def test_what_the_environment_gives_is_not_read_as_yaml_or_filled_in_again(tmp_path: Path) -> None:
    environ = {"URL": 'https://x.example/"}, {${TOKEN}'}
    config = load(tmp_path, 'channels: {hook: {kind: apprise, url: "${URL}"}}', environ)
    hook = config.channels["hook"]
    assert isinstance(hook, AppriseSettings)
    assert hook.url.reveal() == environ["URL"]


# -- the environment ------------------------------------------------------------------------------------------------

SLACK = 'channels: {desk: {kind: slack, channel: "#desk"}}\n'


def test_tokens_come_from_the_environment(tmp_path: Path) -> None:
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DISCORD_TOKEN": "d"}
    config = load(tmp_path, SLACK, environ)
    assert config.slack["default"] == SlackConnection(bot_token=Secret("xoxb-1"), app_token=Secret("xapp-1"))
    assert config.discord["default"] == DiscordConnection(token=Secret("d"))


def test_tokens_come_from_mounted_files(tmp_path: Path) -> None:
    (tmp_path / "bot").write_text("xoxb-from-file\n")
    environ = {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "bot"), "SLACK_APP_TOKEN": "xapp-1"}
    assert load(tmp_path, SLACK, environ).slack["default"].bot_token == Secret("xoxb-from-file")


def test_the_file_goes_before_the_environment_and_other_workspaces_take_nothing_from_it(tmp_path: Path) -> None:
    text = SLACK + 'slack: {default: {bot_token: "${TOKEN}"}, north: {mode: off}}'
    environ = {"TOKEN": "xoxb-file", "SLACK_BOT_TOKEN": "xoxb-env", "SLACK_APP_TOKEN": "xapp-env"}
    config = load(tmp_path, text, environ)
    assert config.slack["default"] == SlackConnection(bot_token=Secret("xoxb-file"), app_token=Secret("xapp-env"))
    assert config.slack["north"].bot_token is None


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_BOT_TOKEN_FILE": "/x", "SLACK_APP_TOKEN": "xapp-1"},
            "wirewatch.yaml: the environment variables SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are set both; "
            "unset one of the two",
        ),
        (
            {"SLACK_BOT_TOKEN_FILE": "/no/such", "SLACK_APP_TOKEN": "xapp-1"},
            "wirewatch.yaml: SLACK_BOT_TOKEN_FILE: cannot read /no/such (No such file or directory); "
            "correct the path or its permissions",
        ),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": "localhost:99/key"},
            "wirewatch.yaml: the environment variable SLACK_API_URL: not a usable address; write it in full, "
            "such as https://example.org/path",
        ),
    ],
)
def test_mistakes_in_the_environment_are_told(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    assert words(tmp_path, SLACK, environ) == said


OF_A_SERVICE = """
channels:
  desk: {kind: slack, channel: "#desk"}
  intel: {kind: discord, channel: 5}
  hook: {kind: webhook, url: "${HOOK_URL}", secret_file: /run/secrets/hook}
  teams: {kind: apprise, url: "${TEAMS_URL}"}
"""


def test_what_only_reads_the_store_needs_no_tokens(tmp_path: Path) -> None:
    """``why`` in an operator's shell, while the service alone holds the secrets."""
    file = tmp_path / "wirewatch.yaml"
    file.write_text(OF_A_SERVICE)
    assert tuple(load_config(file, {}, to_run=False).channels) == ("desk", "intel", "hook", "teams")
    with pytest.raises(ConfigError) as refused:
        load_config(file, {})
    assert len(refused.value.problems) == 5
    file.write_text(OF_A_SERVICE + 'store: "postgresql+psycopg://bot:${DB_PASSWORD}@db/wirewatch"\nopps: desk\n')
    with pytest.raises(ConfigError) as refused:
        load_config(file, {}, to_run=False)
    told = [p.text for p in refused.value.problems]
    assert [t.partition(";")[0] for t in told] == [
        "the environment variable DB_PASSWORD is not set",
        "unknown key 'opps'",
    ]


def test_other_servers_and_the_log_come_from_the_environment(tmp_path: Path) -> None:
    environ = {
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
        "DISCORD_API_URL": "http://127.0.0.1:2/api/v10",
        "WIREWATCH_LOG_LEVEL": "debug",
    }
    config = load(tmp_path, MINIMAL + "log: {level: error, format: json}", environ)
    assert (config.slack_api_url, config.discord_api_url) == (environ["SLACK_API_URL"], environ["DISCORD_API_URL"])
    assert config.log == LogSettings(level="debug", format="json")


# -- routes ---------------------------------------------------------------------------------------------------------


def match(rule: str, severity: Severity, *tags: str, channels: tuple[str, ...] = ()) -> Match:
    return Match(rule, rule, severity, tags, (), channels)


ROUTES = """
channels: {a: {kind: console}, b: {kind: console}, c: {kind: console}, d: {kind: console}}
routes:
  - {tags: [arms, trade], min_severity: medium, to: [a, b]}
  - {rules: [one], to: [b, c]}
"""


@pytest.mark.parametrize(
    ("matches", "channels"),
    [
        ([match("x", Severity.HIGH, "arms")], ("a", "b")),
        ([match("x", Severity.LOW, "arms")], ()),
        ([match("x", Severity.LOW, "arms"), match("y", Severity.HIGH, "cyber")], ()),
        ([match("one", Severity.INFO)], ("b", "c")),
        ([match("one", Severity.CRITICAL, "trade")], ("a", "b", "c")),
        ([match("x", Severity.INFO, channels=("d", "gone"))], ("d",)),
        ([match("one", Severity.INFO, channels=("c", "d"))], ("b", "c", "d")),
        ([], ()),
    ],
    ids=[
        "one tag is enough",
        "below the severity",
        "tag and severity must be of one rule",
        "by rule id",
        "all that fit, each channel once",
        "a rule names channels itself",
        "both",
        "nothing fired",
    ],
)
def test_where_an_alert_goes(tmp_path: Path, matches: list[Match], channels: tuple[str, ...]) -> None:
    assert load(tmp_path, ROUTES).channels_for(matches) == channels


def test_without_routes_everything_goes_everywhere(tmp_path: Path) -> None:
    config = load(tmp_path, "channels: {a: {kind: console}, b: {kind: console}}")
    assert config.channels_for([match("x", Severity.INFO)]) == ("a", "b")


def test_a_route_for_an_unknown_rule_is_told_once_the_rules_are_known(tmp_path: Path) -> None:
    config = load(tmp_path, ROUTES.replace("[one]", "[one, arms-deel]"))
    problems = config.named.unknown_rules({"one", "arms-deal"})
    assert [str(p).rpartition("/")[2] for p in problems] == [
        "wirewatch.yaml:5:19: no rule has the id 'arms-deel'; did you mean 'arms-deal'?"
    ]


# -- the starter, the schema, the documentation ---------------------------------------------------------------------


def test_the_shipped_starter_is_valid_as_it_is() -> None:
    config = load_config(ROOT / "wirewatch.yaml", {})
    assert list(config.channels) == ["console"]
    assert config.ops == "console"


def test_the_starters_commented_lines_are_valid_too(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    text = (ROOT / "wirewatch.yaml").read_text()
    text = re.sub(r"(?m)^( *)# (?=(?:\w+: (?:\S+@|\{)|- \{))", r"\1", text)
    environ = dict.fromkeys(("HOOK_SECRET", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN"), "x" * 20) | {
        "HOOK_URL": "https://x.example/",
        "TEAMS_URL": "msteams://x",
    }
    config = load(tmp_path, text, environ)
    assert set(config.channels) == {"console", "sanctions", "intel", "hook", "teams"}
    assert config.http
    assert config.contact


def test_the_schema_accepts_what_is_valid_and_refuses_what_is_not() -> None:
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    assert check.is_valid(yaml.safe_load((ROOT / "wirewatch.yaml").read_text()))
    assert check.is_valid({"channels": {"h": {"kind": "webhook", "url_file": "x", "secret": "s"}}})
    refused: tuple[object, ...] = (
        {"channels": {"h": {"kind": "webhook"}}},
        {"channels": {"h": {"kind": "webhook", "url": "x", "url_file": "y"}}},
        {"channels": {"c": {"kind": "console"}}, "chanels": {}},
        {"channels": {"c": {"kind": "console"}}, "max_age": "1 day"},
        {"channels": {}},
        {"channels": {"Not A Name": {"kind": "console"}}},
    )
    assert [check.is_valid(bad) for bad in refused] == [False] * 6


def models() -> Iterator[tuple[str, type[Model]]]:
    yield "", Settings
    yield "webhook.", WebhookSettings
    yield "slack.", SlackSettings
    yield "discord.", DiscordSettings
    yield "apprise.", AppriseSettings
    yield "console.", ConsoleSettings
    yield "slack.mention.", SlackMention
    yield "discord.mention.", DiscordMention
    yield "template.", TemplateSettings
    yield "channels.*.", ChannelNoise
    yield "channels.*.digest.", DigestSettings
    yield "ops_digest.", OpsDigestSettings
    yield "quiet_hours.", QuietHoursSettings
    yield "throttles.", ThrottleSettings
    yield "inhibit.", InhibitSettings
    yield "stories.", StoriesSettings
    yield "summaries.*.", SummarySettings
    yield "llm.", LlmSettings
    yield "routes.", Route
    yield "permissions.", Grant
    yield "http.", HttpSettings
    yield "poll.", PollSettings
    yield "websub.", WebSubSettings
    yield "log.", LogSettings
    yield "slack.*.", SlackConnection
    yield "discord.*.", DiscordConnection
    yield "watchlists.*.", WatchListSettings
    yield "", SourcesFile
    yield "sources.", SourceEntry


def shown_default(field: FieldInfo) -> str | None:
    """A default as the page must show it; ``None`` where it has words for it."""
    match field.default:
        case _ if field.is_required():
            return "required"
        case timedelta() as length:
            return f"`{duration.show(length)}`" if length != timedelta(days=1) else "`24h`"
        case Severity() as severity:
            return f"`{severity.word}`"
        case bool():
            return f"`{str(field.default).lower()}`"
        case Cron() as cron:
            return f"`{cron.text}`"
        case str() | int() | Listen() | Secret() | ZoneInfo() as value:
            return f"`{value}`"
    return None


@pytest.mark.parametrize(
    ("key", "field"),
    [
        pytest.param(prefix + name, field, id=prefix + name)
        for prefix, model in models()
        for name, field in model.model_fields.items()
        if (name != "kind" or model is SourceEntry) and (name not in ChannelNoise.model_fields or model is ChannelNoise)
    ],
)
def test_every_key_is_documented_with_its_default(key: str, field: FieldInfo) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    row = re.search(rf"(?m)^\| `{re.escape(key)}` \| (.*?) \| (.+) \| (.+) \|$", page)
    assert row, f"docs/configuration.md has no row for {key}"
    default = shown_default(field)
    assert default is None or row[1].startswith(default)
    assert field.description


def test_every_documented_key_exists() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    known = {prefix + name for prefix, model in models() for name in model.model_fields}
    known |= {"channels.*.kind", "console"}
    assert set(re.findall(r"(?m)^\| `([a-z_.*]+)` \|", page)) <= known


def test_every_kind_of_channel_has_rows() -> None:
    documented = {prefix.rstrip(".") for prefix, _ in models()}
    [schema] = config_schema()["properties"]["channels"]["patternProperties"].values()
    assert set(schema["discriminator"]["mapping"]) - {"console"} <= documented


def test_the_schema_shows_defaults_as_they_are_written() -> None:
    schema = config_schema()
    sections = schema["$defs"]
    assert schema["properties"]["retention"]["default"] == "90d"
    assert schema["properties"]["store"]["default"] == "sqlite:///var/wirewatch.db"
    assert schema["properties"]["poll"]["default"]["body_max"] == "10MB"
    assert sections["PollSettings"]["properties"]["timeout"]["default"] == "30s"
    assert sections["Route"]["properties"]["min_severity"]["default"] == "info"
    assert sections["HttpSettings"]["properties"]["listen"]["default"] == "127.0.0.1:8080"


def test_loading_imports_nothing_slow() -> None:
    slow = "spacy, trafilatura, discord, slack_bolt, sqlalchemy, structlog, aiohttp, prometheus_client, lemminflect"
    code = (
        f"import sys, bot.config, bot.roster.sources_file; print([m for m in '{slow}'.split(', ') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_what_was_decided_about_noise_can_be_asked(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        timezone: Europe/London
        channels:
          desk: {kind: console, digest: {cron: "0 7 * * *", at_once: high}, languages: [EN], regions: [ru]}
        quiet_hours: [{start: "22:00", end: "07:00", days: [fri], timezone: Asia/Tokyo, at_once: high}]
        throttles: [{max: 5, per: 1h, rules: [quakes]}]
        inhibit: [{rule: a, silences: [b]}]
        owners: {bbc-world: BBC}
        stories: {raise_at: 3}
        """,
    )
    policy = policy_of(config, config.channels, (), config.timezone)
    here = policy.of("desk")
    assert here.digest is not None
    assert (here.digest.cron.text, here.digest.zone.key, here.digest.at_once) == (
        "0 7 * * *",
        "Europe/London",
        Severity.HIGH,
    )
    assert (here.languages, here.regions) == ({"en"}, {"RU"})
    (quiet,) = policy.quiet
    assert (quiet.label, quiet.days, quiet.loud) == ("22:00 to 07:00 Asia/Tokyo", {4}, Severity.HIGH)
    assert policy.throttles[0].covers("quakes", "desk")
    assert not policy.throttles[0].covers("floods", "desk")
    assert policy.inhibitions[0].silences == {"b"}
    assert policy.looks_back == timedelta(hours=1)
    assert policy.raise_at == 3
    assert policy.filtered is not None
    assert policy.filtered.cron.text == "0 8 * * *"


def test_a_throttle_for_an_unknown_rule_is_told_once_the_rules_are_known(tmp_path: Path) -> None:
    config = load(tmp_path, "channels: {desk: {kind: console}}\nthrottles: [{max: 1, per: 1h, rules: [quake]}]")
    assert [p.text for p in config.named.unknown_rules(["quakes"])] == [
        "no rule has the id 'quake'; did you mean 'quakes'?"
    ]


def test_summaries_become_one_schedule_for_each_channel(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        channels: {desk: {kind: console}, intel: {kind: console}}
        timezone: Asia/Tokyo
        summaries:
          morning:
            {to: [desk, intel], cron: "0 7 * * *", rules: [quakes], tags: [big], sources: [wire], countries: [jp]}
          week: {to: [desk], cron: "0 9 * * mon", timezone: Europe/Paris, period: 7d, min_severity: high, chart: false}
        """,
    )
    desk, intel, week = schedules_of(config.summaries, config.timezone)
    assert (desk.channel, intel.channel, desk.mark) == ("desk", "intel", "summary:morning:desk")
    assert (desk.zone.key, desk.period, desk.stories, desk.chart) == ("Asia/Tokyo", None, 8, True)
    assert desk.filters == Filters(("quakes",), ("JP",), ("wire",), ("big",), None)
    assert (week.zone.key, week.period, week.chart) == ("Europe/Paris", timedelta(days=7), False)
    assert week.filters.min_severity is Severity.HIGH
    assert [p.text for p in config.named.unknown_rules(["quake"])] == [
        "no rule has the id 'quakes'; did you mean 'quake'?"
    ]
    assert [p.text for p in config.named.unknown_tags(["bug"])] == ["no rule has the tag 'big'; did you mean 'bug'?"]
    (unknown,) = config.named.unknown_sources(["wires"])
    assert (unknown.level, unknown.text) == (
        Level.WARNING,
        "no source of the rules folders has the id 'wire'; did you mean 'wires'?",
    )


def test_the_key_of_a_language_model_comes_from_the_environment_alone(tmp_path: Path) -> None:
    text = "channels: {desk: {kind: console}}\nllm: {model: gpt-5-mini}"
    config = load(tmp_path, text, {"LLM_API_KEY": "sk-s3cret-key"})
    assert config.llm is not None
    assert config.llm_api_key is not None
    assert config.llm_api_key in config.secrets()
    assert "s3cret" not in repr(config)
    with pytest.raises(ConfigError, match=r"wirewatch\.yaml:2:6: llm: this endpoint needs a key; set LLM_API_KEY"):
        load(tmp_path, text, {})
    with pytest.raises(ConfigError, match="unknown key 'api_key'"):
        load(tmp_path, text.replace("}", "}").replace("gpt-5-mini", "gpt-5-mini, api_key: x"), {})
    local = load(tmp_path, text.replace("mini}", 'mini, url: "http://localhost:11434/v1"}'), {})
    assert local.llm_api_key is None


def test_without_the_extra_a_language_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.config.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"add the extra llm: scripts/install\.sh .* llm"):
        load(tmp_path, "channels: {desk: {kind: console}}\nllm: {model: gpt-5-mini}", {})
    assert load(tmp_path, "channels: {desk: {kind: console}}", {}).llm is None
