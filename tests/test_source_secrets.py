"""What a source takes from the environment never reaches the log."""

from __future__ import annotations

import os
from pathlib import Path

from bot.app import Options, open_app
from bot.config import load_config
from bot.log import Redactor
from tests.bot_process import Room, until
from tests.fakes.feeds import Answer, FeedServer

SECRET = "quay-4711-secret"


async def test_secrets_of_sources_are_masked_in_the_log_from_the_start_and_after_an_edit(tmp_path: Path) -> None:
    redactor = Redactor()
    room = Room(tmp_path, "  console: {kind: console}\n")
    room.sources()
    entry = '{{id: notices, kind: json, url: "{url}", headers: {{X-Key: "${{NOTICES_KEY}}"}}, fields: {{title: t}}}}'
    os.environ["NOTICES_KEY"] = SECRET
    try:
        async with FeedServer({"/notices": Answer(b"[]", content_type="application/json")}) as server:
            config = load_config(room.config, os.environ)
            async with open_app(config, options=Options(hide=redactor.add)) as app:
                assert redactor.text(f"asked with {SECRET}") == f"asked with {SECRET}"
                line = entry.format(url=server.url("/notices"))
                (room.rules / "sources.yaml").write_text(f"sources:\n  - {line}\n", encoding="utf-8")
                await app.rules.reload()
            assert SECRET not in redactor.text(f"asked with {SECRET}")
            again = Redactor()
            async with open_app(config, options=Options(hide=again.add)):
                assert SECRET not in again.text(f"asked with {SECRET}")
    finally:
        del os.environ["NOTICES_KEY"]


async def test_a_server_that_repeats_the_key_does_not_bring_it_into_the_output_of_a_run(tmp_path: Path) -> None:
    async with FeedServer() as server:
        room = Room(tmp_path, "  console: {kind: console}\n")
        url = server.url("/notices")
        server.answers["/notices"] = Answer(status=302, headers={"Location": f"/gone/{SECRET}"})
        (room.rules / "sources.yaml").write_text(
            f'sources:\n  - {{id: notices, kind: json, url: "{url}", params: {{x: "${{NOTICES_KEY}}"}}, '
            "fields: {title: t}}\n",
            encoding="utf-8",
        )
        process = await room.start("run", "--once", NOTICES_KEY=SECRET)
        out, err = await process.communicate()
        await until(lambda: server.seen)
    assert f"x={SECRET}" in server.seen[0].path
    assert "does not exist" in err.decode()
    assert SECRET not in (out + err).decode()
