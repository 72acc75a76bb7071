"""A server that speaks as OpenAI's chat completions do: streamed, with its refusals, strict about what is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
Reply = Callable[[Json], str]

KEY = "sk-local-t3st-k3y"


@dataclass
class FakeModel:
    """``reply`` makes the text of an answer from the request. ``status`` other than 200 refuses; ``hang`` stops after
    the first piece, ``endless`` never stops; ``body`` is sent in place of a stream; ``refusal`` declines as the API
    does. ``key`` is what requests must bring (empty: any)."""

    reply: Reply = lambda request: "{}"
    status: int = 200
    hang: bool = False
    endless: bool = False
    body: str = ""
    refusal: bool = False
    key: str = KEY
    requests: list[Json] = field(default_factory=list)
    url: str = ""

    def items(self, n: int = -1) -> list[Json]:
        """The items of a request, read as a model reads them: between the marks that the system message names."""
        system, user = (m["content"] for m in self.requests[n]["messages"])
        mark = system.partition("BEGIN ")[2].split()[0]
        lines = user.splitlines()
        assert (lines[0], lines[-1]) == (f"BEGIN {mark}", f"END {mark}")
        return [json.loads(line) for line in lines[1:-1]]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": {"message": f"Incorrect API key: {self.key}"}}, status=401)
        asked = await request.json()
        assert asked["stream"] is True
        assert asked["model"]
        assert [m["role"] for m in asked["messages"]] == ["system", "user"]
        self.requests.append(asked)
        if self.status != 200:
            error = {"error": {"message": f"no ({self.key})", "type": "server_error", "code": None}}
            return web.json_response(error, status=self.status, headers={"Retry-After": "30"})
        if self.body:
            return web.Response(text=self.body, content_type="text/event-stream")
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        text = self.reply(asked)
        for at in range(0, len(text), 40):
            await stream.write(_event({"content": text[at : at + 40]}))
            if self.hang:
                await asyncio.Event().wait()
        while self.endless:
            await stream.write(_event({"content": "word " * 100}))
        if self.refusal:
            await stream.write(_event({"refusal": "I cannot help with that."}))
        await stream.write(_event({}, "stop"))
        await stream.write(b"data: [DONE]\n\n")
        return stream


def _event(delta: Json, finish: str | None = None) -> bytes:
    chunk = {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "local",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }  # fmt: skip
    return f"data: {json.dumps(chunk)}\n\n".encode()


@asynccontextmanager
async def fake_model(**settings: Any) -> AsyncIterator[FakeModel]:
    """On a loopback port, at ``url``."""
    one = FakeModel(**settings)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", one.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield one
    finally:
        await runner.cleanup()
