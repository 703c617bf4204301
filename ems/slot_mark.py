"""The last slot that was dispatched, in a small file: what a program knows after a sudden death.

The database holds every claim; but a slot that was dispatched while it was away is known to the
program alone until then. Should it die, and its machine's clock go back, the slot would come again.
"""

import logging
from pathlib import Path

from ems.domain.slots import Slot

FILE = "last_slot"
"""Its name in the data folder."""

log = logging.getLogger("ems.cycle")


class SlotMark:
    """The mark in memory; what a simulation and a test need."""

    def __init__(self, last: Slot | None = None) -> None:
        self.last = last
        """The last slot that was dispatched; None: none, or all of it was given back."""

    def note(self, slot: Slot) -> None:
        """`slot` is about to be dispatched."""
        self.last = slot

    def clear(self) -> None:
        """Every device was given back: the slot may be dispatched again."""
        self.last = None


class SlotFile(SlotMark):
    """The mark in a file; a disk that is full makes it as forgetful as memory, and no worse."""

    def __init__(self, path: Path) -> None:
        self._path = path
        text = path.read_text() if path.exists() else ""
        super().__init__(Slot(int(text)) if text.strip().isdigit() else None)

    def note(self, slot: Slot) -> None:
        """Keep it in the file, whole or not at all."""
        super().note(slot)
        self._keep(str(slot.index))

    def clear(self) -> None:
        """Empty the file."""
        super().clear()
        self._keep("")

    def _keep(self, text: str) -> None:
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(text)
            fresh.replace(self._path)
        except OSError as error:
            log.error("the last slot can't be kept in %s: %s", self._path, error.strerror)
