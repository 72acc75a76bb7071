"""Decisions, mutes and holds of the SQL store; see :class:`bot.store.noise_port.NoiseStore`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from bot.follow.thread import Thread
from bot.model import Alert, Mute
from bot.store.noise_port import DecisionRow, Held, NewMute
from bot.store.outbox_port import NewDelivery
from bot.store.queries import noise, sources, threads


class SqlNoise(ABC):
    """What :class:`bot.store.sql.SqlStore` inherits."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]: ...

    def decisions(self, article_key: str) -> tuple[DecisionRow, ...]:
        with self._read() as connection:
            return noise.decisions(connection, article_key)

    def alerts(self, ids: Sequence[str]) -> tuple[Alert, ...]:
        with self._read() as connection:
            return noise.read_alerts(connection, ids)

    def threads(self, story_ids: Collection[str]) -> Mapping[str, Thread]:
        with self._read() as connection:
            return threads.read(connection, story_ids)

    def stories_of(self, keys: Collection[str]) -> Mapping[str, str]:
        with self._read() as connection:
            return threads.stories_of(connection, keys)

    def alerted(self, since: datetime) -> tuple[tuple[str, str, datetime], ...]:
        with self._read() as connection:
            return threads.alerted(connection, since)

    def first_round_open(self) -> bool:
        with self._read() as connection:
            return sources.first_round_open(connection)

    def add_mute(self, mute: NewMute) -> Mute:
        with self._write() as connection:
            return noise.add_mute(connection, mute)

    def remove_mute(self, mute_id: int, now: datetime, author: str) -> bool:
        with self._write() as connection:
            return noise.remove_mute(connection, mute_id, now, author)

    def mutes(self, now: datetime, include_expired: bool = False) -> tuple[Mute, ...]:
        with self._read() as connection:
            return noise.read_mutes(connection, now, include_expired)

    def held(self, channel: str | None = None) -> tuple[Held, ...]:
        with self._read() as connection:
            return noise.read_held(connection, channel)

    def release(self, held_ids: Sequence[int], delivery: NewDelivery | None, decisions: Sequence[DecisionRow]) -> None:
        with self._write() as connection:
            noise.release(connection, held_ids, delivery, decisions)
