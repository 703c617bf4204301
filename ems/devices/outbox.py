"""Readings on their way to the store: gathered, handed over in batches, kept while it is away.

The poller never waits for the store. What can't be handed over is kept up to a bound; beyond it the
oldest are dropped and counted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from ems.domain.errors import EmsError
from ems.domain.points import Reading

log = logging.getLogger("ems.devices")

Sink = Callable[[Sequence[Reading]], Awaitable[None]]
"""Takes a batch of readings; an `EmsError` means: not now."""

FLUSH_S = 0.25
"""Wall seconds between two batches."""
RETRY_S = 1.0
"""Wall seconds before a refused batch is offered again."""
KEPT_MAX = 500_000
"""Readings kept while the sink refuses: about an hour of the district."""


class Outbox:
    """Readings that wait for the sink."""

    def __init__(self, sink: Sink, *, kept_max: int = KEPT_MAX) -> None:
        self.lost = 0
        self._sink = sink
        self._waiting: deque[Reading] = deque()
        self._kept_max = kept_max
        self._refused = False

    def add(self, readings: Iterable[Reading]) -> None:
        """Put readings in line."""
        self._waiting.extend(readings)
        while len(self._waiting) > self._kept_max:
            self._waiting.popleft()
            self.lost += 1

    async def run(self, stop: asyncio.Event) -> None:
        """Hand over until `stop` is set."""
        while not stop.is_set():
            await self.flush()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_S if self._refused else FLUSH_S)

    async def flush(self) -> None:
        """Hand over what waits now."""
        if not self._waiting:
            return
        batch = list(self._waiting)
        self._waiting.clear()
        try:
            await self._sink(batch)
        except EmsError as error:
            self._keep(batch, error)
        else:
            if self._refused:
                log.info("readings are taken again, %d lost", self.lost)
            self._refused = False

    def _keep(self, batch: Sequence[Reading], error: EmsError) -> None:
        if not self._refused:
            log.warning("readings are kept here: %s", error.message)
        self._refused = True
        self._waiting.extendleft(reversed(batch))
        self.add(())
