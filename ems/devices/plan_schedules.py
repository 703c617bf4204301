"""A plan's setpoints of one controller in its Schedules, for the day on which the plan begins.

Before the plan's first slot, what the Schedule said before goes on; where the plan ends, or has no
value that may be written, the site's own lists have the word. Values keep to the bounds and steps
of the device map, apart from each other, and to what protects from frost: while nobody commands
the controller, nobody else looks after that. What is there already is not written again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from ems.devices.bacnet_schedule import NULL, SpecialEvent, TimeValue, day_entries
from ems.devices.bacnet_schedules import ScheduleObject, outcome_of
from ems.devices.bacnet_values import encoded
from ems.devices.commands import command
from ems.devices.maps import map_of
from ems.devices.point_spec import PointSpec
from ems.domain.district import Device
from ems.domain.plans import Outcome, Plan, Setpoint
from ems.domain.points import point_id
from ems.domain.slots import Slot, slots_of_local_day

Outcomes = Mapping[str, Outcome]
"""By written point."""


class PlanSchedules:
    """The Schedules of one controller."""

    def __init__(
        self, device: Device, objects: Mapping[str, ScheduleObject], zone: ZoneInfo
    ) -> None:
        """`objects` by the written point that each commands; `zone` is the controller's time."""
        self.device, self._objects, self._zone = device, objects, zone

    async def put(self, plan: Plan) -> Outcomes:
        """Write the plan's day, read it back, and say what became of each point of it."""
        day = first_day(plan, self._zone)
        planned = {name: planned_day(plan, self.device, name, self._zone) for name in self._objects}
        work = {
            name: partial(self._put, self._objects[name], day, entries)
            for name, entries in planned.items()
            if entries
        }
        return await _in_turn(work)

    async def withdraw(self) -> Outcomes:
        """Take out all that is ours, of whatever day."""
        return await _in_turn({name: one.withdraw for name, one in self._objects.items()})

    async def events(self) -> Mapping[str, tuple[SpecialEvent, ...]]:
        """What is ours, by written point.

        Raises:
            DeviceError: it can't be read.
        """
        return {name: await schedule.events() for name, schedule in self._objects.items()}

    async def _put(
        self, schedule: ScheduleObject, day: date, planned: Sequence[TimeValue]
    ) -> Outcome:
        there = await schedule.event(day)
        before = there.entries if there is not None else ()
        wanted = continued(before, planned)
        if there is not None and wanted == _ahead(before, planned[0].at):
            return Outcome.OK
        return await schedule.put(day, wanted)


async def _in_turn(work: Mapping[str, Callable[[], Awaitable[Outcome]]]) -> Outcomes:
    """One point after the other; a controller that does not answer is not asked for the rest."""
    outcomes: dict[str, Outcome] = {}
    for name, one in work.items():
        silent = Outcome.UNREACHABLE in outcomes.values()
        outcomes[name] = Outcome.UNREACHABLE if silent else await outcome_of(one())
    return outcomes


def first_day(plan: Plan, zone: ZoneInfo) -> date:
    """The local day on which a plan begins."""
    return plan.horizon.first.start.astimezone(zone).date()


def planned_day(plan: Plan, device: Device, name: str, zone: ZoneInfo) -> tuple[TimeValue, ...]:
    """What the plan says for a written point on its first day; empty where it says nothing."""
    specs = map_of(device).points
    ids = {point_id(device.id, other): other for other in specs}
    rows = {ids[row.point]: row for row in plan.setpoints if row.point in ids}
    if name not in rows:
        return ()
    day = first_day(plan, zone)
    of_day = set(slots_of_local_day(day, zone)) & set(plan.horizon.slots)
    values: list[tuple[datetime, bytes]] = []
    for slot in map(Slot, sorted(of_day)):
        now = {other: row.at(slot, plan.horizon) for other, row in rows.items()}
        values.append((slot.start, _encoded(specs[name], now)))
    values.append((Slot(plan.horizon.slots.stop).start, NULL))
    return day_entries(values, day, zone)


def continued(before: Sequence[TimeValue], planned: Sequence[TimeValue]) -> tuple[TimeValue, ...]:
    """The entries of `planned`, led by the one of `before` that rules when they begin."""
    ruling = _ahead(before, planned[0].at)[:1]
    led = [entry for entry in ruling if entry.at < planned[0].at]
    goes_on = [entry.encoded for entry in led] == [planned[0].encoded]
    return (*led, *planned[goes_on:])


def _ahead(entries: Sequence[TimeValue], at: time) -> tuple[TimeValue, ...]:
    """What rules at a time of day, and what comes after."""
    ruling = [entry for entry in entries if entry.at < at][-1:]
    return (*ruling, *(entry for entry in entries if entry.at >= at))


def _encoded(spec: PointSpec, now: Mapping[str, Setpoint]) -> bytes:
    """The value of one point beside the others of its device; Null where none may be written."""
    setpoint, limits = now[spec.name], spec.limits
    least = [setpoint.low]
    if limits.frost is not None:
        least.append(limits.frost.least)
    if limits.above is not None and limits.above.point in now:
        least.append(now[limits.above.point].value + limits.above.by)
    ready = command(replace(setpoint, low=max(least)), spec)
    return NULL if ready is None else encoded(spec, ready.value)
