"""From a config to a fetcher: one place for all that asks other people's servers (the bot, the commands, downloads of
watch lists), so that what one of them may reach, and whom it believes, holds for the others."""

from __future__ import annotations

from bot.config import Config
from bot.web.exchange import Limits, trusting
from bot.web.fetch import Fetcher
from bot.web.hosts import Hosts


def limits_of(config: Config) -> Limits:
    """What one poll may cost, as ``poll:`` has it."""
    return Limits(
        total_s=config.poll.timeout.total_seconds(),
        wire_bytes=int(config.poll.body_max),
        body_bytes=int(config.poll.body_max),
        per_host=config.poll.per_host,
        connections=max(config.poll.concurrency, 10),
    )


def fetcher_of(
    config: Config, *, limits: Limits | None = None, hosts: Hosts | None = None, all_private: bool = False
) -> Fetcher:
    """A fetcher with the contact, the hosts of private networks and the authorities that the config names.
    ``limits`` are :func:`limits_of` it unless given; ``all_private`` lifts the address guard, for the demo. Raises
    ``OSError`` where ``ca_file`` went away since the config was read."""
    return Fetcher(
        contact=config.contact or "",
        allow_private=True if all_private else frozenset(config.allow_private),
        limits=limits or limits_of(config),
        ssl_context=None if config.ca_file is None else trusting(config.ca_file),
        ca_file=config.ca_file,
        hosts=hosts,
    )
