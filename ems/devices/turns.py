"""Taking turns on a connection: one request at a time, and a command never waits behind polls."""

import asyncio
from collections import deque


class Turns:
    """A lock whose urgent waiters go first."""

    def __init__(self) -> None:
        self._busy = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._ordinary: deque[asyncio.Future[None]] = deque()

    def turn(self, *, urgent: bool = False) -> "_Turn":
        """Hold the connection for one request: `async with turns.turn():`."""
        return _Turn(self, self._urgent if urgent else self._ordinary)

    async def take(self, queue: deque[asyncio.Future[None]]) -> None:
        """Wait in `queue` for a turn."""
        if not self._busy:
            self._busy = True
            return
        waiter = asyncio.get_running_loop().create_future()
        queue.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """Pass the turn on."""
        for queue in (self._urgent, self._ordinary):
            while queue:
                waiter = queue.popleft()
                if not waiter.done():
                    waiter.set_result(None)
                    return
        self._busy = False


class _Turn:
    """One turn; a class, since a generator would cost as much as the request."""

    __slots__ = ("_queue", "_turns")

    def __init__(self, turns: Turns, queue: deque[asyncio.Future[None]]) -> None:
        self._turns, self._queue = turns, queue

    async def __aenter__(self) -> None:
        await self._turns.take(self._queue)

    async def __aexit__(self, *_: object) -> None:
        self._turns.give()
