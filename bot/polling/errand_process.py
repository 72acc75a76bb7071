"""The process that fetches and reads feeds for the bot: ``python -m bot.polling.errand_process``, with a socket as its
standard input. It ends when the bot closes the other end, however that comes about."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Sequence

from bot.collector import YOUNG_MAX
from bot.polling.errand import Found, Refused, Task, done
from bot.polling.line import Line
from bot.sources import kind
from bot.web.exchange import Exchanges, Setting, trusting

AT_ONCE = 8  # answers in one message: half of them can be worked on while the rest are read


class _Desk:
    """The first message is the setting of all exchanges, and is answered once they can be made."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.line = Line(self._came, self.over.set)
        self._exchanges: Exchanges | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: list[tuple[int, Found | Refused | None]] = []

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._exchanges is not None:
            await self._exchanges.aclose()

    def _came(self, message: Setting | Sequence[tuple[int, Task]]) -> None:
        if isinstance(message, Setting):
            self._exchanges = Exchanges(message, trusting(message.ca_file))  # ends it where authorities cannot be read
            self.line.send(())
            return
        if not message:  # whether it is alive
            self.line.send(())
        for number, task in message:
            running = asyncio.create_task(self._do(number, task))
            self._tasks.add(running)
            running.add_done_callback(self._tasks.discard)

    async def _do(self, number: int, task: Task) -> None:
        assert self._exchanges is not None
        answer = await done(task, self._exchanges)
        if not self._answers:
            asyncio.get_running_loop().call_soon(self._send)
        self._answers.append((number, answer))
        if len(self._answers) >= AT_ONCE:
            self._send()

    def _send(self) -> None:
        answers, self._answers = self._answers, []
        if answers:
            self.line.send(answers)


async def _serve() -> None:
    desk = _Desk()
    await asyncio.get_running_loop().create_connection(lambda: desk.line, sock=socket.socket(fileno=0))
    await desk.over.wait()
    await desk.close()


def main() -> None:
    """Do errands until there are no more."""
    # A terminal, or what runs services, sends them to all of us. They are for the bot, which then closes its end.
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.SIG_IGN)
    kind("feed")
    gc.freeze()
    gc.set_threshold(YOUNG_MAX)  # what is read is gone after each message
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
