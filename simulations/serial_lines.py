"""A serial line without wires: what goes into one terminal of the system comes out of another.

The client's end appears under the path of the description; the virtual devices take the other.
"""

import asyncio
import os
import tty
from pathlib import Path

from ems.domain.errors import DeviceError

_CHUNK_BYTES = 4096


class SerialLine:
    """A line whose near end is `path`; it lasts until it is closed."""

    def __init__(self, path: str) -> None:
        """Lay the line.

        Raises:
            DeviceError: the path is taken, or can't be made.
        """
        self._path = Path(path)
        self._masters, self._slaves = zip(*(os.openpty() for _ in range(2)), strict=True)
        for slave in self._slaves:
            tty.setraw(slave)
        try:
            self._path.symlink_to(os.ttyname(self._slaves[0]))
        except OSError as error:
            self._close_ends()
            raise DeviceError(
                f"no serial line can be laid at {path}: {error.strerror}",
                fix="name a path that does not exist, in a folder that exists",
            ) from error
        self._loop = asyncio.get_running_loop()
        for here, there in (self._masters, self._masters[::-1]):
            self._loop.add_reader(here, self._carry, here, there)

    @property
    def far_end(self) -> str:
        """The path for the devices."""
        return os.ttyname(self._slaves[1])

    def close(self) -> None:
        """Take the line away."""
        for master in self._masters:
            self._loop.remove_reader(master)
        self._path.unlink(missing_ok=True)
        self._close_ends()

    def _carry(self, here: int, there: int) -> None:
        os.write(there, os.read(here, _CHUNK_BYTES))

    def _close_ends(self) -> None:
        for end in (*self._masters, *self._slaves):
            os.close(end)
