"""What the console needs of the store: all it knows comes through these calls.

`ems.store.Store` offers them; tests stand in for it with a store in memory.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ems.domain.alarm_life import Shelf
from ems.domain.cycle_record import CycleRecord
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Dispatched, Mode, Plan
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.domain.steps import Step
from ems.store.accounts import Session, User
from ems.store.alarms import StoredAlarm
from ems.store.history import Curve
from ems.store.plan_standing import PlanStanding
from ems.store.residents import Purpose
from ems.store.stopping import StoppingStore


class ReadingStore(Protocol):
    """What the console reads of the district, and decides on its plans."""

    async def latest(self, taken_at: datetime | None = None) -> Snapshot:
        """The latest reading of every point, as of `taken_at`."""
        ...

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        """Slot means of the past."""
        ...

    async def curve(
        self, points: Sequence[str], begin: datetime, end: datetime, step: Step
    ) -> Curve:
        """The past in longer steps."""
        ...

    async def standings(self, *, limit: int = 96) -> tuple[PlanStanding, ...]:
        """The last plans without their setpoints, newest first."""
        ...

    async def plan(self, plan_id: str) -> Plan | None:
        """One plan, whole."""
        ...

    async def live_standing(self) -> PlanStanding | None:
        """Where the plan in force stands; none before the first."""
        ...

    async def approve_plan(self, plan_id: str, *, by: str, reason: str, now: datetime) -> bool:
        """Let a proposal be written. False: it is none any more."""
        ...

    async def reject_plan(self, plan_id: str, *, by: str, reason: str) -> bool:
        """Refuse a plan. False: it is over."""
        ...

    async def forecasts(self, plan_id: str) -> Forecasts | None:
        """What a plan was made from."""
        ...

    async def mode(self) -> Mode:
        """Who decides what is written."""
        ...

    async def last_cycles(self, limit: int = 96) -> tuple[CycleRecord, ...]:
        """The last runs of the cycle, newest first."""
        ...

    async def dispatched(self, of: str | Slot) -> tuple[Dispatched, ...]:
        """What became of the setpoints of a slot."""
        ...


class AlarmStore(Protocol):
    """What the console needs of the alarms."""

    async def open_alarms(self) -> tuple[StoredAlarm, ...]:
        """What holds or waits to be seen, the most urgent first."""
        ...

    async def past_alarms(self, limit: int = 100) -> tuple[StoredAlarm, ...]:
        """What has ended, the latest first."""
        ...

    async def acknowledge_alarm(self, number: int, by: str) -> None:
        """Note that `by` has seen it."""
        ...

    async def shelve_alarm(
        self, device: str, item: str, *, until: datetime | None, by: str, reason: str
    ) -> None:
        """Keep an alarm still until a moment of the wall clock; None: until put back."""
        ...

    async def unshelve_alarm(self, device: str, item: str, *, by: str) -> bool:
        """Let an alarm be told again. False: it was not kept still."""
        ...

    async def alarm_shelves(self) -> dict[tuple[str, str], Shelf]:
        """All shelves by device and item, also those whose time is over."""
        ...


class AccountStore(Protocol):
    """What the console needs to know people by."""

    async def check_password(self, name: str, password: str) -> User | None:
        """Who it is, when the password is right."""
        ...

    async def note_failure(self, name: str, address: str) -> None:
        """Count a wrong password."""
        ...

    async def failures(self, name: str, address: str) -> int:
        """Wrong passwords within the last 15 minutes."""
        ...

    async def open_session(self, name: str) -> str:
        """Start a session: its token."""
        ...

    async def session(self, token: str) -> Session | None:
        """Whose session it is; None: unknown, or over."""
        ...

    async def close_session(self, token: str) -> None:
        """End a session."""
        ...


class ResidentStore(Protocol):
    """What the console needs to know of residents."""

    async def feed_access(self, token: str, purpose: Purpose) -> tuple[str, bool] | None:
        """Whose feed a secret opens, and whether its resident allows `purpose`; none: nobody's."""
        ...


class ConsoleStore(ReadingStore, AlarmStore, AccountStore, StoppingStore, ResidentStore, Protocol):
    """The whole of it."""
