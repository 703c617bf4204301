"""Tells an outside watchdog that the service lives: systemd, and an address that expects a call.

    NOTIFY_SOCKET      set by systemd for `Type=notify`; READY=1 once, then WATCHDOG=1
    EMS_WATCHDOG_URL   asked with GET every minute; it rings when no call comes

Both are told only while `well` says so: a service that runs but no longer controls keeps silent.
"""

import asyncio
import logging
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable

log = logging.getLogger("ems.service")

BEAT_S = 5.0
CALL_S = 60.0
"""Wall seconds between two calls of the address."""
ANSWER_S = 5.0


class Watchdog:
    """Tells those that were named in the environment; nobody, when none was."""

    def __init__(self, well: Callable[[], bool]) -> None:
        self._well = well
        self._socket = os.environ.get("NOTIFY_SOCKET", "")
        self._url = os.environ.get("EMS_WATCHDOG_URL", "")
        self._failing = False

    async def run(self) -> None:
        """Tell until cancelled."""
        notify(self._socket, "READY=1")
        beats_per_call = round(CALL_S / BEAT_S)
        beat = 0
        while True:
            if self._well():
                notify(self._socket, "WATCHDOG=1")
                if self._url and beat % beats_per_call == 0:
                    await asyncio.to_thread(self._call)
            beat += 1
            await asyncio.sleep(BEAT_S)

    def _call(self) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=ANSWER_S):  # noqa: S310 - operator's own
                self._failing = False
        except (urllib.error.URLError, OSError, ValueError) as error:
            if not self._failing:
                log.warning("the watchdog at EMS_WATCHDOG_URL was not reached: %s", error)
            self._failing = True


def notify(path: str, word: str) -> None:
    """Tell systemd a word, by its datagram socket; an empty path tells nobody."""
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        try:
            one.sendto(word.encode(), address)
        except OSError as error:
            log.warning("systemd was not told %s: %s", word, error.strerror)
