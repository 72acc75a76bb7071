"""The documentation says what the program does: its examples run, its commands exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

from bot.config import load_config, shipped_rules
from bot.entities.facts import is_country
from bot.live import rulebook
from bot.model import Source
from bot.roster.sources_file import load_sources
from bot.rules import selftest
from bot.rules.load import load_rules
from bot.rules.selftest import Outcome
from tests import forks

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
OUR_PAGES = tuple(
    ROOT / name
    for name in (
        "README.md",
        "docs/rules.md",
        "docs/sources.md",
        "docs/operations.md",
        "docs/architecture.md",
        "docs/channels.md",
    )
)

# -- reading the pages ----------------------------------------------------------------------------------------------

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block. ``name`` says where it begins, as in ``rules.md:30``."""

    page: Path
    line: int
    info: str
    body: str

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path, info: str) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, info, found["body"])
        for found in _FENCE.finditer(text)
        if found["info"].strip() == info
    ]


def kind_of(body: str) -> str:
    """What file an example is, by its top keys."""
    keys = set(re.findall(r"^(\w+):", body, re.MULTILINE))
    marks = (("config", "channels"), ("sources", "sources"), ("list", "list"), ("rules", "rules"))
    return next((kind for kind, mark in marks if mark in keys), "unknown")


EXAMPLES = [block for page in OUR_PAGES for block in blocks(page, "yaml")]


def examples(kind: str) -> list[Block]:
    return [block for block in EXAMPLES if kind_of(block.body) == kind]


def own_folder(folder: Path, rules: list[Block]) -> Path:
    """A rules folder with these rule blocks and every list of the pages."""
    (folder / "lists").mkdir(parents=True)
    for number, block in enumerate(examples("list")):
        (folder / "lists" / f"list{number}.yaml").write_text(block.body, "utf-8")
    for block in rules:
        (folder / f"{block.page.stem}-{block.line}.yaml").write_text(block.body, "utf-8")
    return folder


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Outcome]]:
    """What the engine says of the tests in the rules of each block: a page's blocks together, with what ships."""
    found: dict[str, list[Outcome]] = {}
    for page in OUR_PAGES:
        ours = [b for b in examples("rules") if b.page == page]
        if not ours:
            continue
        folder = own_folder(tmp_path_factory.mktemp(page.stem) / "own", ours)
        book = rulebook.load([shipped_rules(), folder])
        by_file: dict[str, list[Outcome]] = {}
        for outcome in selftest.run(book.engine):
            by_file.setdefault(outcome.rule.place.file.name, []).append(outcome)
        for block in ours:
            found[block.name] = by_file.get(f"{block.page.stem}-{block.line}.yaml", [])
    return found


SHIPPED = "\n".join(path.read_text("utf-8") for path in sorted(shipped_rules().glob("*.yaml")))

# -- examples -------------------------------------------------------------------------------------------------------


def test_every_yaml_example_is_a_file_of_a_known_kind() -> None:
    assert [block.name for block in examples("unknown")] == []
    assert all(examples(kind) for kind in ("rules", "list", "sources", "config"))


@pytest.mark.parametrize("block", examples("rules"), ids=lambda b: b.name)
def test_every_rule_example_loads_by_itself_and_does_what_the_page_says(
    block: Block, outcomes: dict[str, list[Outcome]], tmp_path: Path
) -> None:
    folder = own_folder(tmp_path / "own", [block])
    (folder / "lists" / "shipped").mkdir()
    for path in (shipped_rules() / "lists").glob("*.yaml"):
        (folder / "lists" / "shipped" / path.name).write_bytes(path.read_bytes())
    loaded = load_rules([folder], is_country=is_country)
    assert [str(p) for p in loaded.errors] == []
    assert loaded.ruleset.rules
    for rule in loaded.ruleset.rules:
        if not rule.enabled:
            assert f"id: {rule.id}\n" in SHIPPED, f"{rule.id} switches off a rule that does not ship"
        else:
            assert {test.match for test in rule.tests} == {True, False}, f"{rule.id} lacks a match or an ignore"
    ran = outcomes[block.name]
    assert len(ran) == sum(len(r.tests) for r in loaded.ruleset.rules if r.enabled)
    assert [str(o.problem) for o in ran if not o.passed] == []


@pytest.mark.parametrize("block", examples("sources"), ids=lambda b: b.name)
def test_every_sources_example_loads(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(block.body, "utf-8")
    keys = dict.fromkeys(("NEWSAPI_KEY", "GUARDIAN_KEY", "EVENTREGISTRY_KEY"), "0123456789")
    assert load_sources([shipped_rules(), path], {**os.environ, **keys})


def test_the_sources_page_has_an_example_of_every_kind() -> None:
    from bot.sources import KINDS

    text = "".join(block.body for block in examples("sources") if block.page.name == "sources.md")
    shown = {"feed", *re.findall(r"kind: ([a-z_]+)", text)}
    assert shown == KINDS
    others = "".join(block.body for block in examples("config") if block.page.name == "sources.md")
    assert "watchlists:" in others  # what brings the kind list_change
    assert "websub:" in others
    assert "full_text: true" in text


@pytest.mark.parametrize("block", examples("config"), ids=lambda b: b.name)
def test_every_config_example_loads(block: Block, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    path = tmp_path / "wirewatch.yaml"
    path.write_text(block.body, "utf-8")
    variables = re.findall(r"\$\{(\w+)\}", block.body)
    environ = dict.fromkeys(variables, "https://hooks.example.org/x")
    config = load_config(
        path, {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DISCORD_TOKEN": "t", **environ}
    )
    assert config.channels


def test_lists_on_the_pages_are_used_by_their_rules() -> None:
    named = re.findall(r"^list: (\w+)", "\n".join(b.body for b in examples("list")), re.MULTILINE)
    used = "\n".join(b.body for b in examples("rules"))
    assert [name for name in named if name not in used] == []


# -- output shown ---------------------------------------------------------------------------------------------------


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command line as a person starts it, in a terminal of no particular width."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return forks.run(arguments, folder, environ)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def test_mistakes_give_the_messages_that_the_page_shows(tmp_path: Path) -> None:
    page = ROOT / "docs" / "rules.md"
    (wrong,) = blocks(page, "yaml wrong")
    shown, failing = (b for b in blocks(page, "console") if b.body.startswith("rules/wrong.yaml"))
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "wrong.yaml").write_text(wrong.body, "utf-8")
    found = run("check", "--rules", "rules", folder=tmp_path)
    assert found.returncode == 1
    assert lines(found.stdout) == lines(shown.body)
    second = wrong.body[wrong.body.index("  - id: fails-its-test") :]
    # Blank lines in place of the first rule, so that the line numbers are those of the page.
    (folder / "wrong.yaml").write_text("rules:\n" + "\n" * (wrong.body.count("\n") - second.count("\n") - 1) + second)
    found = run("check", "--rules", "rules", folder=tmp_path)
    assert found.returncode == 1
    assert lines(found.stdout) == lines(failing.body)


def test_explain_prints_what_the_page_shows(tmp_path: Path) -> None:
    page = ROOT / "docs" / "rules.md"
    (shown,) = (b for b in blocks(page, "console") if b.body.startswith("$ wirewatch explain"))
    command, _, output = shown.body.partition("\n")
    (rule,) = (b for b in blocks(page, "yaml") if "arms-deal-with-sanctioned-state" in b.body)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(rule.body, "utf-8")
    (tmp_path / "wirewatch.yaml").write_text("rules: [shipped, rules/]\nchannels: {console: {kind: console}}\n")
    title, text = [line for line in lines(output) if line][:2]
    (tmp_path / "article.txt").write_text(f"{title}\n{text}\n", "utf-8")
    found = run(*command.removeprefix("$ wirewatch ").split(), folder=tmp_path)
    assert found.stderr == ""
    assert lines(found.stdout) == lines(output)


def test_the_way_from_an_idea_to_a_rule_that_posts_can_be_gone(tmp_path: Path) -> None:
    """Literally: the rule as the page has it, in a starter folder, and every command in its order."""
    page = ROOT / "docs" / "rules.md"
    (rule,) = (b for b in blocks(page, "yaml") if "mode: shadow" in b.body)
    typed = [line for b in blocks(page, "console") for line in b.body.splitlines() if line.startswith("$ ")]
    typed = typed[next(n for n, line in enumerate(typed) if line == "$ wirewatch check") :]
    assert [line.split()[2] for line in typed[:6]] == ["check", "test", "explain", "backtest", "rules", "backtest"]
    assert run("init", "desk", folder=tmp_path).returncode == 0
    desk = tmp_path / "desk"
    (desk / "rules" / "ports.yaml").write_text(rule.body, "utf-8")
    (desk / "article.txt").write_text("Antwerp at a standstill\n\nA walkout has closed the port.\n", "utf-8")
    (desk / "draft.yaml").write_text(rule.body.replace("walkout, ", ""), "utf-8")
    _archive(desk, rule.body)
    out = []
    for line in typed[:6]:
        found = run(*line.split()[2:], folder=desk)
        assert (found.returncode, found.stderr) == (0, ""), line
        out.append(found.stdout)
    check, test, explain, backtest, rules, against = out
    assert "no problems" in check
    assert "2 tests, 0 failed" in test
    assert "✔ port-closed" in explain
    assert "port-closed  2 hits" in backtest
    assert "Dockers end their walkout at the port" in backtest
    assert next(r for r in rules.splitlines() if r.startswith("port-closed")).split()[1:4] == ["medium", "shadow", "2"]
    assert "port-closed against the live rule: 1 as before, 0 gained, 1 lost" in against
    # Shipped: without the line the rule is live.
    (desk / "rules" / "ports.yaml").write_text(rule.body.replace("    mode: shadow\n", ""), "utf-8")
    assert "live" in next(r for r in run("rules", "port-closed", folder=desk).stdout.splitlines() if "medium" in r)


def _archive(desk: Path, rule: str) -> None:
    """What the bot would have stored, with the rule on trial."""
    from datetime import UTC, datetime

    from bot import pipeline
    from bot.store.base import Batch
    from bot.store.sources_port import Poll
    from bot.store.sql import SqlStore
    from tests.samples import article

    now = datetime.now(UTC)
    titles = ["Dockers end their walkout at the port", "Strike at the container terminal", "Gardens open"]
    stored = [article(f"k{n}", title=t, text=t, fetched_at=now, published=now) for n, t in enumerate(titles)]
    (desk / "trial").mkdir()
    (desk / "trial" / "rules.yaml").write_text(rule, "utf-8")
    judged = pipeline.judge(stored, rulebook.load([desk / "trial"]).engine)
    url = load_config(desk / "wirewatch.yaml", {}).store.reveal()
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    store = SqlStore(url)
    store.upgrade()
    store.open()
    store.sync_sources([Source("wire", "https://wire.example/feed")], now, {})
    shadow = {one.article.key: one.shadow for one in judged if one.shadow}
    stories = {one.key: (one.key, "first") for one in stored}
    store.commit(Batch(Poll("wire", now, now, "ok"), stored, stories, shadow=shadow))
    store.close()


# -- commands -------------------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """``init``, ``sources list`` ...: every command that can be typed."""
    from typer.main import get_command

    from bot.cli.commands import app

    def walk(command: object, before: str) -> Iterator[str]:
        for name, inner in getattr(command, "commands", {}).items():
            if hasattr(inner, "commands"):
                yield from walk(inner, f"{before}{name} ")
            else:
                yield f"{before}{name}"

    yield from walk(get_command(app), "")


def options() -> Iterator[str]:
    """Every long option of every command."""
    from typer.main import get_command

    from bot.cli.commands import app

    def walk(command: object) -> Iterator[str]:
        for parameter in getattr(command, "params", ()):
            yield from (o for o in parameter.opts if o.startswith("--"))
        for inner in getattr(command, "commands", {}).values():
            yield from walk(inner)

    yield from sorted(set(walk(get_command(app))) - {"--help"})


ALL_TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)


@pytest.mark.parametrize("command", list(commands()))
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"\bwirewatch {command}\b", ALL_TEXT)


@pytest.mark.parametrize("option", list(options()))
def test_every_option_is_documented(option: str) -> None:
    assert option in ALL_TEXT


def typed() -> Iterator[tuple[str, str]]:
    """Every ``wirewatch ...`` that our pages tell people to type, with its place."""
    for page in OUR_PAGES:
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
            for found in re.finditer(r"(?:^ {4}(?:\$ )?(?:.*[|&] )?|`|^\$ )wirewatch ([a-z]+(?: [a-z][a-z-]*)?)", line):
                yield f"{page.name}:{number}", found[1]


def test_every_command_that_the_pages_name_exists() -> None:
    known = set(commands())
    first = {c.split()[0] for c in known}
    grouped = {c.split()[0] for c in known if " " in c}
    missing = [
        f"{place}: {words}"
        for place, words in typed()
        if words.split()[0] not in first or (words.split()[0] in grouped and words not in known)
    ]
    assert missing == []
    assert len(list(typed())) > 10


def test_the_command_table_says_what_help_says() -> None:
    """The table in docs/operations.md has a row for each command, no more and no less."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = re.findall(r"^\| `wirewatch ([a-z]+(?: [a-z][a-z-]*)?)", page, re.MULTILINE)
    assert sorted(re.sub(r" (?:[A-Z].*)$", "", row) for row in table) == sorted(commands())


# -- links ----------------------------------------------------------------------------------------------------------

_LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    heads = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_internal_link_resolves(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        missing = not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path))
        if missing:
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", OUR_PAGES, ids=lambda p: p.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:bot|tests|scripts|bench)/[\w./-]*)", page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


# -- what else the pages promise ------------------------------------------------------------------------------------


def test_every_metric_is_documented_and_every_documented_metric_exists() -> None:
    from bot.health import Metrics

    exposed = {metric.name for metric in Metrics().registry.collect()}
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named = {re.sub(r"_total$", "", name) for name in re.findall(r"`(wirewatch_[a-z_]+)[`{]", page)}
    assert named == exposed


def test_the_table_of_channels_has_every_kind_and_says_which_can_be_used() -> None:
    from bot.channels import registry
    from bot.settings import keys as settings

    union = get_args(settings.ChannelSettings)[0]
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(union)}
    usable = {kind for kind in registry._MAKERS if find_spec(f"bot.channels.{kind}")}
    page = (ROOT / "docs" / "channels.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| \[?`([a-z]+)`.*\| (yes|not yet) \|$", page, re.MULTILINE))
    assert rows == {kind: "yes" if kind in usable else "not yet" for kind in kinds}


def test_as_many_rules_and_feeds_ship_as_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    rules, feeds = (int(re.findall(rf"ore than (\d+) {what}", readme)[0]) for what in ("rules", "public feeds"))
    assert len(load_rules([shipped_rules()], is_country=is_country).ruleset.rules) > rules
    assert len(load_sources([shipped_rules()])) > feeds


def test_every_shipped_country_list_is_named_on_the_rules_page() -> None:
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    countries = [p.stem for p in (shipped_rules() / "lists").glob("*.yaml") if "\ncountries:" in p.read_text("utf-8")]
    assert [name for name in countries if f"`@{name}`" not in page] == []


def test_the_reference_has_every_condition_and_every_key() -> None:
    from bot.rules.language import RULE_KEYS
    from bot.rules.lists import _FILE_KEYS  # the names of the keys stand nowhere else

    text = (ROOT / "docs" / "rules.md").read_text("utf-8")
    reference = text[text.index("## Reference") :]
    conditions = (
        "all any none at_least count near country person org place list entity title lead source tag lang use exact "
        "regex ordered min_mentions salience sanctioned_by arms_embargo"
    )
    words = (*conditions.split(), *RULE_KEYS, *_FILE_KEYS)
    assert [word for word in words if not re.search(rf"`[^`\n]*\b{word}\b", reference)] == []


def test_the_manifest_on_the_channels_page_is_the_file() -> None:
    manifest = (ROOT / "docs" / "slack-manifest.yaml").read_text("utf-8")
    indented = "\n".join(f"    {line}" if line else "" for line in manifest.rstrip("\n").split("\n"))
    assert indented in (ROOT / "docs" / "channels.md").read_text("utf-8")


def test_the_invite_link_on_the_channels_page_asks_for_what_is_used() -> None:
    from bot.channels.discord_doctor import INVITE_PERMISSIONS

    assert f"permissions={INVITE_PERMISSIONS}&" in (ROOT / "docs" / "channels.md").read_text("utf-8")


def test_where_docker_is_shown_the_folder_can_be_written_and_the_file_of_secrets_is_described() -> None:
    """A folder that its owner made cannot be written by the image's own user."""
    manual = (ROOT / "docs" / "operations.md").read_text("utf-8")
    for file in ("README.md", "docs/operations.md", "Dockerfile"):
        runs = re.findall(r"docker run .*", (ROOT / file).read_text("utf-8"))
        assert runs
        for line in runs:
            assert '--user "$(id -u):$(id -g)"' in line, file
            assert "--env-file" not in line or "--env-file secrets.env" in line
    assert "`NAME=value` a line" in manual


def test_every_picture_is_shown_says_what_it_shows_and_is_made_by_the_script() -> None:
    pytest.importorskip("PIL", reason="comes with the extra charts")
    from scripts.screenshots import SHOWN

    shown: dict[str, str] = {}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        found = re.findall(r"!\[([^\]]*)\]\((?:docs/)?img/([\w-]+)\.png\)", page.read_text("utf-8"))
        shown |= {name: " ".join(alt.split()) for alt, name in found}
    there = {path.stem: path.stat().st_size for path in (ROOT / "docs" / "img").glob("*.png")}
    assert shown.keys() == there.keys()
    assert [name for name, alt in shown.items() if len(alt) < 15] == []
    assert [name for name, size in there.items() if size > 160_000] == [], "bytes; they load on a phone, too"
    assert there.keys() >= {f"chat-{platform}-{name}" for platform in ("slack", "discord") for name in SHOWN}
