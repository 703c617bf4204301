"""The store: everything that outlives the program, behind one asynchronous face.

Each topic has a room of its own (points, samples, quarter-hour means, plans, cycles, settings,
people, residents, alarms, import events, audit, events); the store is all of them over one pool of
connections.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from ems.store.accounts import Accounts
from ems.store.alarm_shelves import AlarmShelves
from ems.store.alarms import Alarms
from ems.store.audit import AuditTrail
from ems.store.cycles import Cycles
from ems.store.database import WAIT_S, Database
from ems.store.events import Events
from ems.store.history import Means
from ems.store.import_events import ImportEvents
from ems.store.load_models import LoadModels
from ems.store.plan_forecasts import PlanForecasts
from ems.store.plan_lives import PlanLives
from ems.store.plans import Plans
from ems.store.residents import Residents
from ems.store.retention import Retention
from ems.store.samples import Samples
from ems.store.settings import Settings


class Store(
    Samples,
    Means,
    Plans,
    PlanLives,
    PlanForecasts,
    Cycles,
    Settings,
    Accounts,
    Residents,
    Retention,
    Alarms,
    AlarmShelves,
    ImportEvents,
    LoadModels,
    AuditTrail,
    Events,
):
    """The district's memory in PostgreSQL."""

    @property
    def dsn(self) -> str:
        """Where the database is, for those who need a connection of their own."""
        return self._db.dsn

    @classmethod
    @asynccontextmanager
    async def open(
        cls, dsn: str, *, connections: int = 8, wait_s: float = WAIT_S
    ) -> AsyncIterator[Self]:
        """The store at `dsn`, which `ems.store.schema.migrate` has brought up to date.

        `connections` at most are open at once; a connection is waited for `wait_s` at most.

        Raises:
            StoreAwayError: the database does not answer.
        """
        database = await Database.opened(dsn, connections=connections, wait_s=wait_s)
        try:
            yield cls(database)
        finally:
            await database.close()
