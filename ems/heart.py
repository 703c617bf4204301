"""The heartbeat of the service: a small file that changes every two seconds while it lives.

The file also says which devices are under command, so that the guard gives back these and touches
no other, and a person is warned who would write to one of them. It is replaced as a whole: a reader
never meets half of it.
"""

import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

FILE = "heart.json"
"""Its name in the data folder."""
BEAT_S = 2.0
"""Wall seconds between two beats."""

log = logging.getLogger("ems.service")


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One beat."""

    process: int
    """The service's process id."""

    birth: str
    """When that process began, as the kernel tells it: a process id comes again, this does not."""

    count: int
    """Beats since its start."""

    held: frozenset[str] = field(repr=False)
    """Ids of the devices under its command, or about to be."""

    released: bool
    """Whether it has given them all back and ended."""

    @property
    def process_lives(self) -> bool:
        """Whether the process is still there."""
        return birth_of(self.process) == self.birth and _answers(self.process)

    @property
    def left_behind(self) -> frozenset[str]:
        """Devices that its service did not give back before it went; none while it lives."""
        return frozenset() if self.released or self.process_lives else self.held


class Heart:
    """Writes the beats of one service."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self._birth = birth_of(os.getpid())
        self._held: frozenset[str] = frozenset()
        self._expected: frozenset[str] = frozenset()
        self._failing = False

    def beat(self, held: Iterable[str]) -> None:
        """Show life, and which devices are held."""
        self._held = frozenset(held)
        self._write(self._held | self._expected, released=False)

    def expect(self, devices: Iterable[str]) -> None:
        """These are about to be written: say so before it happens, until told otherwise."""
        self._expected = frozenset(devices)
        self.beat(self._held)

    def end(self) -> None:
        """Say that all devices have been given back."""
        self._write(frozenset(), released=True)

    def _write(self, held: frozenset[str], *, released: bool) -> None:
        self._count += 1
        beat = {"process": os.getpid(), "birth": self._birth, "count": self._count}
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps({**beat, "released": released, "held": sorted(held)}))
            fresh.replace(self._path)
        except OSError as error:
            # The guard takes silence for death and gives back what has no lease: the safe side.
            if not self._failing:
                log.error("the heartbeat %s can't be written: %s", self._path, error.strerror)
            self._failing = True
        else:
            self._failing = False


def last_beat(path: Path) -> Beat | None:
    """The last beat in `path`; None when there is none that can be understood."""
    try:
        held = json.loads(path.read_text())
        return Beat(
            process=int(held["process"]),
            birth=str(held["birth"]),
            count=int(held["count"]),
            held=frozenset(map(str, held["held"])),
            released=bool(held["released"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def birth_of(process: int) -> str:
    """When a living process began, with the start of its machine.

    Empty when there is none, and always where the kernel does not tell (it needs `/proc`).
    """
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    dead = words[0] in "ZX"
    return "" if dead else f"{boot} {words[19]}"


def _answers(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
