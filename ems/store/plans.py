"""Plans: committed whole or not at all, at most one of them live.

A commit takes an advisory lock, so that two at once come one after the other and the later one
stays; a partial unique index holds whatever else might go wrong. Committing the same plan again
does nothing, so a commit whose answer was lost may be repeated. What becomes of a plan afterwards
stands in `ems/store/plan_lives.py`.
"""

import asyncio
import math
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import PlanState, expires_at, first_state
from ems.domain.plans import Mode, Plan
from ems.store.database import Database, Row
from ems.store.events import Changed, notify
from ems.store.plan_codec import decoded, encoded, floats
from ems.store.plan_forecasts import add_forecasts
from ems.store.plan_lives import one_at_a_time, take_over
from ems.store.plan_standing import HEAD, PlanStanding, standing_of

_INSERT = """
insert into plan (id, issued_at, first_slot, slots, origin, mode, status, report,
  forecasts_degraded, expires_at) values (%s, %s, %s, %s, %s, %s, 'proposed', %s, %s, %s)
on conflict (id) do nothing
"""
_SETPOINTS = """
copy plan_setpoint (plan_id, position, point, unit, low, high, values, reason_codes, reason_values)
from stdin (format binary)
"""


class Plans:
    """Keeps plans and what people decided on them."""

    _db: Database

    async def commit_plan(self, plan: Plan, mode: Mode, forecasts: Forecasts | None = None) -> None:
        """Keep `plan`: as a proposal in the advisory mode, else live in the place of the last one.

        Raises:
            StoreAwayError: the database does not answer; commit it again.
        """
        setpoints = await asyncio.to_thread(encoded, plan)
        async with self._db.work() as connection:
            await one_at_a_time(connection)
            cursor = await connection.execute(_INSERT, _head(plan, mode))
            if cursor.rowcount == 0:
                return
            async with cursor.copy(_SETPOINTS) as copy:
                await copy.write(setpoints)
            await _add_series(connection, plan)
            if forecasts is not None:
                await add_forecasts(connection, plan.id, forecasts)
            if first_state(mode) is PlanState.LIVE:
                await take_over(connection, plan.id)
            await notify(connection, Changed.PLAN, plan.id)

    async def live_plan(self) -> Plan | None:
        """The plan in force; none before the first."""
        standing = await self.live_standing()
        return None if standing is None else await self._whole(standing)

    async def plan(self, plan_id: str) -> Plan | None:
        """One plan; none when there is no such."""
        standing = await self.standing(plan_id)
        return None if standing is None else await self._whole(standing)

    async def live_standing(self) -> PlanStanding | None:
        """Where the plan in force stands; none before the first."""
        row = await self._db.row(HEAD + "where status = 'live'")
        return None if row is None else standing_of(row)

    async def standing(self, plan_id: str) -> PlanStanding | None:
        """Where one plan stands; none when there is no such."""
        row = await self._db.row(HEAD + "where id = %s", plan_id) if _is_id(plan_id) else None
        return None if row is None else standing_of(row)

    async def standings(self, *, limit: int = 96) -> tuple[PlanStanding, ...]:
        """The last plans, newest first."""
        rows = await self._db.rows(HEAD + "order by issued_at desc limit %s", limit)
        return tuple(standing_of(row) for row in rows)

    async def forget_plans(self, before: datetime) -> int:
        """Drop plans issued before `before` that are over: how many. What was dispatched stays."""
        return await self._db.do(
            "delete from plan where status in ('superseded', 'rejected') and issued_at < %s", before
        )

    async def _whole(self, standing: PlanStanding) -> Plan:
        async with self._db.work() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(
                """select point, unit, low, high, array_send(values), array_send(reason_codes),
                array_send(reason_values) from plan_setpoint where plan_id = %s
                order by position""",
                (standing.id,),
            )
            rows = await cursor.fetchall()
            await cursor.execute(
                "select name, array_send(values) from plan_series where plan_id = %s",
                (standing.id,),
            )
            series = {name: floats(values) for name, values in await cursor.fetchall()}
        return Plan(
            id=standing.id,
            issued_at=standing.issued_at,
            horizon=standing.horizon,
            origin=standing.origin,
            report=standing.report,
            setpoints=await asyncio.to_thread(decoded, rows),
            series=series,
            forecasts_degraded=standing.forecasts_degraded,
        )


def _head(plan: Plan, mode: Mode) -> tuple[object, ...]:
    report = {key: _finite(value) for key, value in asdict(plan.report).items()}
    return (
        plan.id,
        plan.issued_at,
        plan.horizon.first.index,
        plan.horizon.length,
        plan.origin.value,
        mode.value,
        Jsonb(report),
        list(plan.forecasts_degraded),
        expires_at(plan) if first_state(mode) is PlanState.PROPOSED else None,
    )


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


async def _add_series(connection: AsyncConnection[Row], plan: Plan) -> None:
    await connection.cursor().executemany(
        "insert into plan_series (plan_id, name, values) values (%s, %s, %s)",
        [(plan.id, name, values.tolist()) for name, values in plan.series.items()],
    )


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
