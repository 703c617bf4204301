"""Processor seconds of this process and of a database server, whatever else the machine does."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Effort:
    """What both have worked since they started."""

    postmaster: int
    """Process id of the server."""

    def seconds(self) -> float:
        """So far. A server's processes that have ended are not in it."""
        ticks = sum(map(self._ticks, Path("/proc").glob("[0-9]*")))
        return time.process_time() + ticks * _TICK_S

    def _ticks(self, process: Path) -> int:
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        ours = int(fields[1]) == self.postmaster or process.name == str(self.postmaster)
        return int(fields[11]) + int(fields[12]) if ours else 0
