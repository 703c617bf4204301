"""The thread that keeps a site's feeds fresh, beside everything that must not wait.

It is a daemon: the end of the service never waits for a network. If it dies all the same, the
feeds grow old, which is said in the forecasts.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

LOOK_EVERY_S = 5.0
"""How often it is looked whether something is due, wall seconds."""


class Refreshed(Protocol):
    """What knows itself when it has to ask."""

    def refresh(self, now: datetime) -> None:
        """Ask for what is due."""
        ...


class Refreshing:
    """Refreshes from `start` to `stop`."""

    def __init__(self, feeds: Refreshed, now: Callable[[], datetime]) -> None:
        self._feeds = feeds
        self._now = now
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sources", daemon=True)

    def start(self) -> None:
        """Ask at once, then whenever something is due."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Ask no more; whether it ended within `timeout_s`."""
        self._end.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._end.is_set():
            self._feeds.refresh(self._now())
            self._end.wait(LOOK_EVERY_S)
