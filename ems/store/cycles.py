"""What became of setpoints, and the story of each quarter hour."""

from collections.abc import Sequence
from datetime import UTC

from psycopg.types.json import Json

from ems.domain.cycle_record import CycleRecord
from ems.domain.plans import Dispatched, Origin, Outcome, Reason, ReasonCode, Setpoint
from ems.domain.points import Unit
from ems.domain.slots import Slot
from ems.store.database import Database, Row
from ems.store.events import Changed, notify

_RECORD = """
insert into dispatch (plan_id, slot, point, at, wanted, unit, low, high, reason_code, reason_value,
  outcome, written, read_back)
select %s::uuid, * from unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::float8[],
  %s::text[], %s::float8[], %s::float8[], %s::smallint[], %s::float8[], %s::text[], %s::float8[],
  %s::float8[])
on conflict do nothing
"""
_CYCLE = """
insert into cycle (slot, started_at, origin, plan_id, steps_s, stale_points, outcomes, message,
  missed, mode, authority, epoch, late_s, cut)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (slot) do update set started_at = excluded.started_at, origin = excluded.origin,
  plan_id = excluded.plan_id, steps_s = excluded.steps_s, stale_points = excluded.stale_points,
  outcomes = excluded.outcomes, message = excluded.message, missed = excluded.missed,
  mode = excluded.mode, authority = excluded.authority, epoch = excluded.epoch,
  late_s = excluded.late_s, cut = excluded.cut
"""
_CLAIMED = """
insert into slot_claim (slot, plan_id, epoch, authority) values (%s, %s, %s, %s)
on conflict do nothing
"""
_DISPATCHED = """
select point, slot, wanted, unit, low, high, reason_code, reason_value, outcome, written, read_back,
  at from dispatch where {} order by slot, at, point
"""


class Cycles:
    """What was dispatched, and how each cycle went."""

    _db: Database

    async def record(self, plan_id: str, dispatched: Sequence[Dispatched]) -> None:
        """Keep what became of setpoints of a plan; said twice it is kept once."""
        if not dispatched:
            return
        columns = zip(*(_columns(one) for one in dispatched), strict=True)
        await self._db.do(_RECORD, plan_id, *map(list, columns))

    async def dispatched(self, of: str | Slot) -> tuple[Dispatched, ...]:
        """What became of the setpoints of a plan (its id) or of a slot, oldest first."""
        if isinstance(of, Slot):
            rows = await self._db.rows(_DISPATCHED.format("slot = %s"), of.index)
        else:
            rows = await self._db.rows(_DISPATCHED.format("plan_id = %s"), of)
        return tuple(_dispatched(row) for row in rows)

    async def cycle_log(self, record: CycleRecord) -> None:
        """Keep the story of a quarter hour; told again, the newer one stays.

        What was dispatched while the store was away is claimed now, so that it can be traced.
        """
        async with self._db.work() as connection:
            await connection.execute(
                _CYCLE,
                (
                    record.slot.index,
                    record.started_at,
                    record.origin.value,
                    record.plan_id or None,
                    Json(dict(record.steps_s)),
                    record.stale_points,
                    Json(dict(record.outcomes)),
                    record.message,
                    record.missed,
                    record.mode,
                    record.authority,
                    record.epoch,
                    record.late_s,
                    list(record.cut),
                ),
            )
            if record.outcomes and record.plan_id:
                claimed = (record.slot.index, record.plan_id, record.epoch, record.authority)
                await connection.execute(_CLAIMED, claimed)
            await notify(connection, Changed.CYCLE, str(record.slot.index))

    async def last_cycles(self, limit: int = 96) -> tuple[CycleRecord, ...]:
        """The stories of the last quarter hours, newest first."""
        rows = await self._db.rows(
            """select slot, started_at, origin, plan_id, steps_s, stale_points, outcomes, message,
            missed, mode, authority, epoch, late_s, cut from cycle order by slot desc limit %s""",
            limit,
        )
        return tuple(_record(row) for row in rows)


def _columns(one: Dispatched) -> tuple[object, ...]:
    wanted = one.setpoint
    return (
        wanted.slot.index, wanted.point, one.at, wanted.value, wanted.unit.value, wanted.low,
        wanted.high, int(wanted.reason.code), wanted.reason.value, one.outcome.value, one.written,
        one.read_back,
    )  # fmt: skip


def _dispatched(row: Row) -> Dispatched:
    (point, slot, wanted, unit, low, high, code, figure, outcome, written, read_back, at) = row
    return Dispatched(
        setpoint=Setpoint(
            point=point,
            slot=Slot(slot),
            value=wanted,
            unit=Unit(unit),
            low=low,
            high=high,
            reason=Reason(ReasonCode(code), figure),
        ),
        outcome=Outcome(outcome),
        written=written,
        read_back=read_back,
        at=at.astimezone(UTC),
    )


def _record(row: Row) -> CycleRecord:
    (slot, started_at, origin, plan_id, steps_s, stale_points, outcomes, message, missed, mode,
     authority, epoch, late_s, cut) = row  # fmt: skip
    return CycleRecord(
        slot=Slot(slot),
        started_at=started_at.astimezone(UTC),
        origin=Origin(origin),
        plan_id=str(plan_id or ""),
        steps_s=steps_s,
        stale_points=stale_points,
        outcomes=outcomes,
        message=message,
        missed=missed,
        mode=mode,
        authority=authority,
        epoch=epoch,
        late_s=late_s,
        cut=tuple(cut),
    )
