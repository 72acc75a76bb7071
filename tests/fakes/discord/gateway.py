"""The gateway: websocket sessions with identify, heartbeat, resume, and the ways in which Discord ends them."""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Any, Protocol

import zstandard
from aiohttp import WSMsgType, web

from tests.fakes.discord.world import API_VERSION, Json, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
GUILDS, GUILD_MESSAGES = 1 << 0, 1 << 9
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15  # members, presences, message content
ALL_INTENTS = (1 << 26) - 1
SENDS_MAX = 120  # a minute; more is closed with 4008

UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED = (
    4001,
    4002,
    4003,
    4004,
    4005,
)
INVALID_VERSION, INVALID_INTENTS, DISALLOWED_INTENTS, RATE_LIMITED = 4012, 4013, 4014, 4008


class _Codec(Protocol):
    def encode(self, text: str) -> bytes: ...


class _Zlib:
    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def encode(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor().compressobj()

    def encode(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


@dataclass
class Session:
    """A gateway session; it outlives its websocket, so that it can be resumed."""

    id: str
    intents: int
    seq: int = 0
    log: list[Json] = field(default_factory=list)
    socket: _Socket | None = None


class _Socket:
    def __init__(self, ws: web.WebSocketResponse, codec: _Codec | None) -> None:
        self.ws, self._codec = ws, codec
        self.session: Session | None = None
        self.sends = 0

    async def send(self, payload: Json) -> None:
        if self.ws.closed:
            return
        text = json.dumps(payload)
        try:
            if self._codec:
                await self.ws.send_bytes(self._codec.encode(text))
            else:
                await self.ws.send_str(text)
        except ConnectionError:
            return  # the client is gone; its session keeps the event


class Gateway:
    """Accepts websockets, speaks gateway version 10, and does on demand what Discord does unasked."""

    def __init__(self, world: World, *, heartbeat_interval_s: float = 41.25) -> None:
        self.world = world
        self.url = ""  # set when the server has a port
        self.heartbeat_interval_s = heartbeat_interval_s
        self.allow_privileged = False
        self.acknowledges = True  # False: a zombie connection, open and deaf
        self.sessions: dict[str, Session] = {}
        self.sockets: set[_Socket] = set()
        self.identifies = 0
        self.resumes = 0
        self._changed = asyncio.Condition()

    async def wait_for(self, *, identifies: int = 0, resumes: int = 0, connected: bool = True) -> None:
        """Until so many sessions were begun and resumed (and one is connected)."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: (
                    self.identifies >= identifies
                    and self.resumes >= resumes
                    and (not connected or any(s.session for s in self.sockets))
                )
            )

    # -- what tests ask for -------------------------------------------------------------------------------------

    async def drop(self, code: int = 1006) -> None:
        """End all websockets: with a close code, or (1006) by cutting the line."""
        for socket in list(self.sockets):
            if code == 1006:
                _cut(socket.ws)
            else:
                await socket.ws.close(code=code)

    async def ask_reconnect(self) -> None:
        await self._all({"op": RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        if not resumable:
            self.sessions.clear()
        await self._all({"op": INVALID_SESSION, "d": resumable})

    async def ask_heartbeat(self) -> None:
        await self._all({"op": HEARTBEAT, "d": None})

    async def _all(self, payload: Json) -> None:
        for socket in list(self.sockets):
            await socket.send(payload)

    async def dispatch(self, event: str, data: Json, *, intent: int = 0) -> int:
        """Send an event to every session that asked for it; returns how many sessions are connected."""
        sessions = [s for s in self.sessions.values() if not intent or s.intents & intent]
        for session in sessions:
            await self._event(session, event, data)
        return sum(1 for s in sessions if s.socket)

    async def joins(self, guild_id: str) -> int:
        """The bot is invited to a server: as Discord says it, without ``unavailable``."""
        told = {key: value for key, value in self._guild_create(guild_id).items() if key != "unavailable"}
        return await self.dispatch("GUILD_CREATE", told, intent=GUILDS)

    async def _event(self, session: Session, event: str, data: Json) -> None:
        session.seq += 1
        payload = {"op": DISPATCH, "t": event, "s": session.seq, "d": data}
        session.log.append(payload)
        if session.socket:
            await session.socket.send(payload)

    # -- the connection -----------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        codecs: dict[str, type[_Zlib] | type[_Zstd]] = {"zlib-stream": _Zlib, "zstd-stream": _Zstd}
        codec = codecs.get(request.query.get("compress", ""))
        socket = _Socket(ws, codec() if codec else None)
        if request.query.get("v") != str(API_VERSION) or request.query.get("encoding") != "json":
            await ws.close(code=INVALID_VERSION)
            return ws
        self.sockets.add(socket)
        try:
            await socket.send({"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat_interval_s * 1000)}})
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    await self._received(socket, message.data)
        finally:
            self.sockets.discard(socket)
            if socket.session and socket.session.socket is socket:
                socket.session.socket = None
            async with self._changed:
                self._changed.notify_all()
        return ws

    async def _received(self, socket: _Socket, text: str) -> None:
        socket.sends += 1
        if socket.sends > SENDS_MAX:
            await socket.ws.close(code=RATE_LIMITED)
            return
        try:
            payload = json.loads(text)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            await socket.ws.close(code=DECODE_ERROR)
            return
        match op:
            case 1:
                if self.acknowledges:
                    await socket.send({"op": ACK, "d": None})
            case 2 | 6 if socket.session:
                await socket.ws.close(code=ALREADY_AUTHENTICATED)
            case 2:
                await self._identify(socket, data)
            case 6:
                await self._resume(socket, data)
            case 3 | 4 | 8 | 31:
                if not socket.session:
                    await socket.ws.close(code=NOT_AUTHENTICATED)
            case _:
                await socket.ws.close(code=UNKNOWN_OPCODE)

    async def _identify(self, socket: _Socket, data: Any) -> None:
        if data.get("token") != self.world.token:
            await socket.ws.close(code=AUTHENTICATION_FAILED)
            return
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~ALL_INTENTS or not data.get("properties"):
            await socket.ws.close(code=INVALID_INTENTS if isinstance(intents, int) else DECODE_ERROR)
            return
        if intents & PRIVILEGED and not self.allow_privileged:
            await socket.ws.close(code=DISALLOWED_INTENTS)
            return
        session = Session(secrets.token_hex(16), intents, socket=socket)
        self.sessions[session.id] = session
        socket.session = session
        guilds = self.world.guilds.values() if intents & GUILDS else ()
        ready = {
            "v": API_VERSION, "user": self.world.bot.json(), "session_id": session.id, "session_type": "normal",
            "resume_gateway_url": self.url, "shard": [0, 1], "private_channels": [], "relationships": [],
            "guilds": [{"id": g.id, "unavailable": True} for g in guilds],
            "application": {"id": self.world.application_id, "flags": 0},
        }  # fmt: skip
        await self._event(session, "READY", ready)
        for guild in guilds:
            await self._event(session, "GUILD_CREATE", self._guild_create(guild.id))
        await self._note(identifies=1)

    def _guild_create(self, guild_id: str) -> Json:
        guild = self.world.guilds[guild_id]
        own = [self.world.channel_json(c) for c in self.world.channels.values() if c.guild_id == guild_id]
        return guild.json() | {
            "channels": [c for c in own if "thread_metadata" not in c],
            "threads": [c for c in own if "thread_metadata" in c and not c["thread_metadata"]["archived"]],
            "members": [self.world.member_json(guild, self.world.bot)], "member_count": 2, "large": False,
            "unavailable": False, "joined_at": "2026-01-01T00:00:00+00:00", "presences": [], "voice_states": [],
            "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
        }  # fmt: skip

    async def _resume(self, socket: _Socket, data: Any) -> None:
        if data.get("token") != self.world.token:
            await socket.ws.close(code=AUTHENTICATION_FAILED)
            return
        session = self.sessions.get(data.get("session_id") or "")
        seq = data.get("seq")
        if session is None or not isinstance(seq, int) or seq > session.seq:
            await socket.send({"op": INVALID_SESSION, "d": False})
            return
        session.socket, socket.session = socket, session
        for payload in [p for p in session.log if p["s"] > seq]:
            await socket.send(payload)
        await self._event(session, "RESUMED", {"_trace": []})
        await self._note(resumes=1)

    async def _note(self, *, identifies: int = 0, resumes: int = 0) -> None:
        async with self._changed:
            self.identifies += identifies
            self.resumes += resumes
            self._changed.notify_all()


def _cut(ws: web.WebSocketResponse) -> None:
    request = ws._req
    if request is not None and request.transport is not None:
        request.transport.abort()
