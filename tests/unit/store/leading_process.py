"""One instance of several that would lead: it notes what it would write to three devices a slot."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ems.domain.errors import StoreAwayError
from ems.domain.slots import Slot
from ems.store import Store
from ems.store.leadership import Leadership, LeadershipLostError, Timings

FAST = Timings(beat_s=0.05, valid_s=0.1, silent_s=1.0, known_s=5.0, answer_s=5.0)
DEVICES = 3


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What a process was started with."""

    dsn: str
    path: Path
    first: Slot

    def last_slot(self) -> Slot:
        """The slot that was written last, by whomever: the virtual clock stands there."""
        lines = self.path.read_text().splitlines()
        return Slot(int(lines[-1].split()[0])) if lines else self.first

    async def lead(self, store: Store, note: int) -> None:
        """Dispatch slot after slot, beginning with the last one, as long as it leads."""
        leadership = Leadership(self.dsn, name=str(os.getpid()), timings=FAST)
        epoch = await leadership.gained()
        beats = asyncio.create_task(leadership.run())
        slot = self.last_slot()
        try:
            while not beats.done():
                claim = await store.claim_slot(slot, epoch=epoch)
                for device in range(DEVICES):
                    if claim.refused is None and await leadership.may_write():
                        os.write(note, f"{slot.index} {device} {os.getpid()}\n".encode())
                    await asyncio.sleep(0.001)
                slot = slot + 1
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)
            await leadership.resign()

    async def work(self) -> None:
        """Lead whenever it may, until killed."""
        note = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        async with Store.open(self.dsn, connections=2) as store:
            while True:
                try:
                    await self.lead(store, note)
                except (LeadershipLostError, StoreAwayError):
                    continue


if __name__ == "__main__":
    _, where, file, index = sys.argv
    asyncio.run(Instance(dsn=where, path=Path(file), first=Slot(int(index))).work())
