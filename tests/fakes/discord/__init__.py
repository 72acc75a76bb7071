"""A local Discord server for tests and for the demo: strict REST, gateway, interactions; loopback only."""

from tests.fakes.discord.markdown import links, pings, visible_text
from tests.fakes.discord.server import TOKEN, FakeDiscord, Fault
from tests.fakes.discord.validate import Refused

__all__ = ["TOKEN", "FakeDiscord", "Fault", "Refused", "links", "pings", "visible_text"]
