"""What holds for every command: exit statuses, one clear sentence, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from bot import __version__
from bot.store.sql import SqlStore
from tests.cli.conftest import Ran, Run

ROOT = Path(__file__).parent.parent.parent


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command line in bash; ``wirewatch`` stands for this bot."""
    words = command.replace("wirewatch ", f"'{sys.executable}' -m bot ")
    return subprocess.run(
        ["bash", "-c", words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    ["audit", "deliveries list", "report", "search xylophone", "sources list", "summary", "watches", "why urn:x"],
)
def test_looking_needs_no_tokens(room: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for name in ("SLACK_BOT_TOKEN", "HOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    assert run("db", "upgrade").status == 0
    with (room / "wirewatch.yaml").open("a") as config:
        config.write("routes: [{to: [console]}]\n")
    text = (room / "wirewatch.yaml").read_text()
    more = (
        '{console: {kind: console}, desk: {kind: slack, channel: "#desk"}, hook: {kind: webhook, url: "${HOOK_URL}"}}'
    )
    (room / "wirewatch.yaml").write_text(text.replace("{console: {kind: console}}", more))
    ran = run(*command.split())
    assert "token" not in ran.err
    assert "HOOK_URL" not in ran.err
    assert ran.status == (1 if command.startswith(("search", "why")) else 0)  # nothing is stored
    assert "SLACK_BOT_TOKEN" in run("check").out + run("check").err


def test_a_certificate_that_is_missing_is_not_taken_for_a_missing_config(room: Path, run: Run) -> None:
    with (room / "wirewatch.yaml").open("a") as config:
        config.write("ca_file: no.pem\n")
    ran = run("check")
    assert "wirewatch.yaml:4:10: ca_file: no.pem cannot be read (no such file or directory); correct the path" in (
        ran.out + ran.err
    )


def test_the_version_is_told(run: Run) -> None:
    assert (run("--version").status, run("--version").out) == (0, f"wirewatch {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "nope"),
        (["check", "--nope"], "--nope"),
        (["explain"], "Missing argument"),
        (["check", "--format", "xml"], "'text'"),
        (["match", "--jobs", "0"], "--jobs"),
        (["summary", "7d"], "wirewatch summary --since 7d"),
        (["check", "--rules", "nowhere"], "nowhere"),
        (["check", "--rules", "wirewatch.yaml"], "is a file"),
        (["sources"], None),
    ],
)
def test_wrong_usage_is_told_with_status_2(room: Path, run: Run, arguments: list[str], words: str | None) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    if words is not None:
        assert words in ran.err
        assert "Value error" not in ran.err


@pytest.mark.parametrize("command", ["check", "run", "run --once", "sources list", "db upgrade"])
def test_without_a_config_a_command_says_how_to_get_one(
    command: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WIREWATCH_CONFIG", raising=False)
    ran = run(*command.split())
    assert ran.status == 1
    assert "wirewatch.yaml: no such file; write one with `wirewatch init DIR`" in ran.out + ran.err


def test_the_config_can_be_named_by_the_environment(room: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (room / "wirewatch.yaml").rename(room / "other.yaml")
    monkeypatch.setenv("WIREWATCH_CONFIG", str(room / "other.yaml"))
    assert run("check").status == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["wirewatch --help", "wirewatch check", "wirewatch match", "wirewatch schema"])
def test_output_that_cannot_be_written_is_one_sentence(room: Path, command: str) -> None:
    ran = shell(f"""echo '{{"id": 1, "text": "flood warning"}}' | {command} > /dev/full""", room)
    assert ran.returncode == 1
    assert ran.stderr == "wirewatch: cannot write the output: No space left on device; send it elsewhere\n"


def test_closed_streams_are_no_reason_for_a_traceback(room: Path) -> None:
    assert shell("wirewatch match <&-", room).returncode == 0
    closed = shell("wirewatch check >&-", room)
    assert (closed.returncode, len(closed.stderr.splitlines())) == (1, 1)
    assert "standard output is closed" in closed.stderr
    assert shell("wirewatch check 2>&-", room).returncode == 0
    assert shell("wirewatch check >&- 2>&-", room).returncode == 1


def test_a_terminal_that_cannot_spell_a_letter_gets_its_number(room: Path) -> None:
    (room / "article.txt").write_text("Überschwemmung: a flood warning stands in Köln.", encoding="utf-8")
    ran = shell("wirewatch explain article.txt", room, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "K\\xf6ln" in ran.stdout


def test_an_internal_error_is_one_line_and_its_place_can_be_asked_for(
    room: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("bot.cli.checks.schema", broken)
    ran = run("schema")
    assert ran.status == 1
    assert ran.err.startswith("wirewatch: internal error (ZeroDivisionError: a bug)")
    assert "WIREWATCH_TRACEBACK=1" in ran.err
    monkeypatch.setenv("WIREWATCH_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run("schema")


@pytest.mark.parametrize("command", [["match"], ["match", "--jobs", "2"], ["run"]], ids=" ".join)
def test_ctrl_c_stops_without_a_traceback(room: Path, command: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *command],
        cwd=room,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A runner that was put into the background ignores the signal, and its children would, too.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    if command[0] == "match":
        # Far more than fits into the pipes' buffers, so that the command is at work when its first line comes.
        for n in range(1_000):
            process.stdin.write(b'{"id": %d, "text": "A flood warning stands."}\n' % n)
        process.stdin.flush()
        process.stdout.readline()
    else:
        assert process.stderr is not None
        assert b"wirewatch runs" in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert process.returncode == (0 if command == ["run"] else 130)


def test_the_starter_warns_of_a_channel_that_is_added_without_a_route(
    room: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("init", "desk").status == 0
    monkeypatch.chdir(room / "desk")
    config = Path("wirewatch.yaml")
    text = config.read_text(encoding="utf-8")
    added = text.replace("  # hook: {", "  hook: {").replace(
        '"${HOOK_URL}", secret: "${HOOK_SECRET}"', "http://127.0.0.1:9"
    )
    config.write_text(added, encoding="utf-8")
    line = 1 + added.split("\n").index("  hook: {kind: webhook, url: http://127.0.0.1:9}")
    told = f"wirewatch.yaml:{line}:3: warning: channel 'hook': no route leads here; add it to a `to:` under `routes:`"
    assert told in run("check").out.splitlines()
    doctor = run("doctor")
    assert doctor.status == 0
    assert f"warn  config: {told.replace('warning: ', '')}" in doctor.out.splitlines()
    routed = added.replace("{to: [console]}", "{to: [console, hook]}")
    config.write_text(routed, encoding="utf-8")
    assert "no route" not in run("check").out
    assert "no route" not in run("doctor").out


def test_a_run_says_what_the_files_hold_that_leads_nowhere(room: Path, run: Run) -> None:
    config = (room / "wirewatch.yaml").read_text(encoding="utf-8")
    two = 'channels: {console: {kind: console}, hook: {kind: webhook, url: "http://127.0.0.1:9"}}\n'
    two += "routes: [{to: [console]}]\n"
    (room / "wirewatch.yaml").write_text(config[: config.index("channels:")] + two, encoding="utf-8")
    told = "warning: channel 'hook': no route leads here; add it to a `to:` under `routes:`"
    (line,) = (line for line in run("run", "--once").err.splitlines() if "hook" in line)
    assert line.startswith("wirewatch.yaml:")
    assert line.endswith(told)


def test_health_without_a_listener_tells_whether_a_bot_runs(room: Path, run: Run) -> None:
    assert run("health") == Ran(1, f"no bot runs on sqlite:///{room}/own.db; start one with `wirewatch run`\n", "")
    assert not (room / "own.db.lock").exists()
    store = SqlStore(f"sqlite:///{room}/own.db")
    store.acquire()
    ran = run("health")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"a bot runs (process {os.getpid()}); ")
    store.close()
    assert run("health").status == 1


def test_doctor_lists_every_problem_and_where_tokens_come_from(room: Path, run: Run) -> None:
    channels = 'channels:\n  desk: {kind: slack, channel: "#desk"}\n  intel: {kind: discord, channel: "#intel"}\n'
    (room / "wirewatch.yaml").write_text(channels, encoding="utf-8")
    ran = run("doctor")
    assert ran.status == 1
    slack, discord = ran.out.splitlines()
    assert slack.startswith("FAIL  config: wirewatch.yaml:2:9: this channel needs a token; set SLACK_BOT_TOKEN")
    assert "Install App, Bot User OAuth Token" in slack
    assert discord.startswith("FAIL  config: wirewatch.yaml:3:10: this channel needs a token; set DISCORD_TOKEN")
    assert "Bot, Reset Token" in discord


def test_doctor_counts_one_of_a_thing_as_one(room: Path, run: Run) -> None:
    lines = run("doctor").out.splitlines()
    assert "ok    config: wirewatch.yaml, 1 channel" in lines
    assert "ok    rules: 2 rules, 0 lists, 0 sources" in lines
    assert "ok    channels: 1 channel" in lines


def test_doctor_without_a_config_says_how_to_get_one(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WIREWATCH_CONFIG", raising=False)
    told = "FAIL  config: wirewatch.yaml: no such file; write one with `wirewatch init DIR`"
    assert run("doctor").out.startswith(told)


def test_a_folder_in_the_place_of_the_config_is_told_as_one(room: Path, run: Run) -> None:
    assert f"{room}: is a folder; name the file in it" in run("check", "-c", str(room)).out
