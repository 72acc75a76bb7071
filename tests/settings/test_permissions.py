"""Who may change something from chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load_config
from bot.errors import ConfigError
from bot.settings.permissions import Access, Grant, Who, access, who_may

ADA = Who("slack", "U0ADA0000")
DESK = Grant(slack_groups=("@desk",), discord_roles=("77",))
MUTES = Grant(verbs=("mute",), slack_users=("U0ADA0000",), discord_users=("5",))
ALL = Grant(verbs=("watch",), everyone=True)


@pytest.mark.parametrize(
    ("grants", "verb", "who", "verdict"),
    [
        # nobody is limited in asking
        ((), "latest", ADA, Access.OPEN),
        ((MUTES,), "why", ADA, Access.OPEN),
        # without grants: managers, which must be asked
        ((), "mute", ADA, Access.ASK),
        ((), "mute", Who("slack", "U1", frozenset(), manager=True), Access.GRANTED),
        ((), "mute", Who("slack", "U1", frozenset()), Access.DENIED),
        # people by id, without asking anybody
        ((MUTES,), "mute", ADA, Access.GRANTED),
        ((MUTES,), "mute", Who("discord", "5"), Access.GRANTED),
        ((MUTES,), "mute", Who("slack", "5"), Access.DENIED),
        ((MUTES,), "add", ADA, Access.DENIED),
        # grants replace the default: managers are not let in by themselves
        ((MUTES,), "mute", Who("slack", "U1", frozenset(), manager=True), Access.DENIED),
        # groups and roles
        ((DESK,), "add", ADA, Access.ASK),
        ((DESK,), "add", Who("slack", "U1", frozenset({"@desk", "S1"})), Access.GRANTED),
        ((DESK,), "add", Who("discord", "1", frozenset({"77"})), Access.GRANTED),
        ((DESK,), "add", Who("slack", "U1", frozenset({"77"})), Access.DENIED),
        # everyone, for what it names only
        ((ALL,), "watch", Who("discord", "1"), Access.GRANTED),
        ((ALL,), "mute", Who("discord", "1"), Access.DENIED),
        ((ALL, DESK), "mute", Who("discord", "1"), Access.ASK),
    ],
)
def test_access(grants: tuple[Grant, ...], verb: str, who: Who, verdict: Access) -> None:
    assert access(grants, verb, who) is verdict


def test_whom_to_ask_names_no_private_ids() -> None:
    assert who_may((), "mute", "slack") == "workspace admins and owners"
    assert who_may((), "mute", "discord") == "whoever may manage this server"
    assert who_may((DESK,), "mute", "slack") == "members of @desk"
    assert "U0ADA" not in who_may((MUTES,), "mute", "slack")
    assert who_may((MUTES,), "add", "slack").startswith("nobody here")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[{verbs: [mute]}]", "allows nobody; name people"),
        ("[{verbs: [mut], everyone: true}]", "'mut' is not a verb that changes something; did you mean 'mute'?"),
        ("[{slack_users: [ada]}]", "write a member's id, which begins with U"),
        ("[{slack_groups: [desk]}]", "write a user group's handle"),
        ("[{discord_roles: [desk]}]", "write an id, which is a number"),
        ("[{users: [ada]}]", "users"),
    ],
)
def test_mistakes_are_told_with_what_to_write(tmp_path: Path, written: str, told: str) -> None:
    file = tmp_path / "wirewatch.yaml"
    file.write_text(f"rules: [shipped]\nchannels: {{c: {{kind: console}}}}\npermissions: {written}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})
    assert told in str(caught.value)


def test_ids_may_be_written_as_numbers(tmp_path: Path) -> None:
    file = tmp_path / "wirewatch.yaml"
    file.write_text(
        "rules: [shipped]\nchannels: {c: {kind: console}}\n"
        'permissions: [{discord_roles: [1122334455667788, "99"], slack_groups: ["@desk", S0123ABC]}]\n',
        "utf-8",
    )
    (grant,) = load_config(file, {}).permissions
    assert grant.groups == {"1122334455667788", "99", "@desk", "S0123ABC"}
