"""What becomes of plans: approved, put in force, superseded, rejected; and slots dispatched once.

Every change is one transaction under one advisory lock and stands in the audit trail with the
person and the reason. A slot is claimed before anything of it is written: the claim names the plan,
the person and the instance that answer for its commands, and there is never a second one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg import AsyncConnection

from ems.domain.errors import StoreError
from ems.domain.plan_life import Claim, Refusal
from ems.domain.slots import Slot
from ems.store.audit import note
from ems.store.database import Database, Row
from ems.store.events import Changed, notify
from ems.store.plan_standing import HEAD, PlanStanding, standing_of

_LOCK = 7_203_552
_APPROVE = """
update plan set status = 'approved', decision = 'approved', decided_by = %(by)s,
  decided_at = clock_timestamp(), decision_reason = %(reason)s, authority = %(by)s
where id = %(id)s and status = 'proposed' and expires_at > %(now)s
"""
_END = """
update plan set status = %(state)s, decided_by = %(by)s, decided_at = clock_timestamp(),
  decision_reason = %(reason)s, decision = case when %(state)s = 'rejected' then 'rejected' end
where id = %(id)s and status in ('proposed', 'approved', 'live')
"""
_OVER = """
update plan set status = 'superseded', decision_reason = case when decision_reason = ''
  then 'its time was over' else decision_reason end
where (status = 'proposed' and expires_at <= %(start)s)
   or (status in ('approved', 'live') and first_slot + slots <= %(slot)s)
"""
_IN_FORCE = """
select id, authority from plan where status = 'live' and first_slot <= %s
  and (decision = 'approved' or not exists (
    select from setting where key = 'mode' and value = '"advisory"'))
"""
_CLAIM = "select epoch, authority from slot_claim where slot = %s"
_AUTHORITY = """
update plan set authority = coalesce(
  (select changed_by from setting where key = 'mode' and value = '"automatic"'), '')
where id = %s and authority = ''
"""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Where every command of a slot comes from."""

    plan: PlanStanding
    """The plan, with its model and how it came about."""

    person: str
    """By whose word it was written."""

    epoch: int
    """Which leadership wrote it; 0 where there is but one instance."""

    forecasts: Mapping[str, datetime]
    """When each source of the plan's forecasts spoke, UTC; empty: the plan is made of none."""


class PlanLives:
    """Changes where plans stand, and hands out slots."""

    _db: Database

    async def approve_plan(self, plan_id: str, *, by: str, reason: str, now: datetime) -> bool:
        """Let a proposal be written from its first slot on, in the name of `by`.

        The one approved before and not yet in force gives way. False: it is no proposal any more.
        `now` is district time.
        """
        async with self._db.work() as connection:
            await one_at_a_time(connection)
            await connection.execute(
                "update plan set status = 'superseded' where status = 'approved' and id <> %s",
                (plan_id,),
            )
            values = {"id": plan_id, "by": by, "reason": reason, "now": now}
            cursor = await connection.execute(_APPROVE, values)
            if cursor.rowcount == 0:
                await connection.rollback()
                return False
            await _tell(connection, "approved", plan_id, by, reason)
        return True

    async def reject_plan(self, plan_id: str, *, by: str, reason: str) -> bool:
        """Refuse a plan, also the live one: nothing more of it is written. False: it is over."""
        return await self._end_plan(plan_id, "rejected", by, reason)

    async def supersede_plan(self, plan_id: str, *, by: str, reason: str) -> bool:
        """End a plan without a verdict on it. False: it is over already."""
        return await self._end_plan(plan_id, "superseded", by, reason)

    async def claim_slot(self, slot: Slot, *, epoch: int | None = None) -> Claim:
        """The right to dispatch `slot`, at most once, and the plan to do it from.

        An approved plan whose first slot has come is put in force; what is over is superseded. In
        the advisory mode a plan that nobody approved is not in force.
        `epoch`: the leadership of who asks; None where there is no other instance.

        Raises:
            StoreAwayError: the database does not answer.
        """
        async with self._db.work() as connection:
            await one_at_a_time(connection)
            if epoch is not None and await _epoch(connection) != epoch:
                return Claim(slot=slot, plan_id="", epoch=epoch, refused=Refusal.FENCED)
            await _put_in_force(connection, slot)
            cursor = await connection.execute(_IN_FORCE, (slot.index,))
            if (live := await cursor.fetchone()) is None:
                return Claim(slot=slot, plan_id="", epoch=epoch or 0, refused=Refusal.NO_PLAN)
            plan_id, authority = str(live[0]), str(live[1])
            cursor = await connection.execute(
                """insert into slot_claim (slot, plan_id, epoch, authority)
                values (%s, %s, %s, %s) on conflict do nothing""",
                (slot.index, plan_id, epoch or 0, authority),
            )
            refused = None if cursor.rowcount else Refusal.TAKEN
        return Claim(
            slot=slot, plan_id=plan_id, authority=authority, epoch=epoch or 0, refused=refused
        )

    async def trace_of(self, slot: Slot) -> Trace | None:
        """Where the commands of a slot come from; None: nothing of it was written."""
        row = await self._db.row(
            HEAD + "join slot_claim on plan_id = id where slot = %s", slot.index
        )
        claim = await self._db.row(_CLAIM, slot.index)
        if row is None or claim is None:
            return None
        plan = standing_of(row)
        sources = await self._db.rows(
            "select source, max(issued_at) from forecast where plan_id = %s group by source",
            plan.id,
        )
        told_at = {source: at.astimezone(UTC) for source, at in sources}
        return Trace(plan=plan, epoch=claim[0], person=claim[1], forecasts=told_at)

    async def hand_back(self, slot: Slot) -> None:
        """Every device was given back: `slot` and those after it may be dispatched by another."""
        await self._db.do("delete from slot_claim where slot >= %s", slot.index)

    async def plan_ids(self, beginning: str) -> tuple[str, ...]:
        """Ids that begin so, newest first."""
        rows = await self._db.rows(
            "select id from plan where starts_with(id::text, %s) order by issued_at desc limit 20",
            beginning.lower(),
        )
        return tuple(str(row[0]) for row in rows)

    async def _end_plan(self, plan_id: str, state: str, by: str, reason: str) -> bool:
        async with self._db.work() as connection:
            await one_at_a_time(connection)
            values = {"id": plan_id, "state": state, "by": by, "reason": reason}
            cursor = await connection.execute(_END, values)
            if cursor.rowcount == 0:
                return False
            await _tell(connection, state, plan_id, by, reason)
        return True


async def one_at_a_time(connection: AsyncConnection[Row]) -> None:
    """Wait until no other transaction changes where plans stand."""
    await connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))


async def take_over(connection: AsyncConnection[Row], plan_id: str) -> None:
    """Put a plan in force; the live one, and one that was approved before, are superseded."""
    await connection.execute(
        "update plan set status = 'superseded' where status in ('live', 'approved') and id <> %s",
        (plan_id,),
    )
    await connection.execute("update plan set status = 'live' where id = %s", (plan_id,))
    await connection.execute(_AUTHORITY, (plan_id,))


async def _put_in_force(connection: AsyncConnection[Row], slot: Slot) -> None:
    await connection.execute(_OVER, {"slot": slot.index, "start": slot.start})
    cursor = await connection.execute(
        "select id from plan where status = 'approved' and first_slot <= %s", (slot.index,)
    )
    approved = await cursor.fetchone()
    if approved is not None:
        await take_over(connection, str(approved[0]))
        await notify(connection, Changed.PLAN, str(approved[0]))


async def _epoch(connection: AsyncConnection[Row]) -> int:
    row = await (await connection.execute("select epoch from leader")).fetchone()
    if row is None:
        raise StoreError("the table `leader` is empty", fix="restore it from a backup")
    return int(row[0])


async def _tell(
    connection: AsyncConnection[Row], word: str, plan_id: str, by: str, reason: str
) -> None:
    await note(connection, by, {"action": word, "plan": str(UUID(plan_id)), "reason": reason})
    await notify(connection, Changed.PLAN, plan_id)
