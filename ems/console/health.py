"""For machines that watch: whether the EMS lives, whether it is fit, and its figures.

/healthz   the console answers
/readyz    the database answers, and a quarter hour was run lately; else 503 with what is wrong
/metrics   figures for Prometheus; to the machine itself only, as it needs no session
"""

from datetime import timedelta
from typing import Protocol

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from ems.console.desk import Desk
from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import StoreError
from ems.domain.own_points import DOWN, LATE_P99, ON_SITE
from ems.domain.plans import Mode, Origin
from ems.domain.slots import Slot
from ems.domain.snapshot import Snapshot

LOOPBACK = ("127.0.0.1", "::1")
LATE_SLOTS = 2
"""A newest quarter hour that lies so many slots back says that the cycle stands still."""
OWN = {
    DOWN: ("ems_devices_down", "Devices that do not answer"),
    ON_SITE: ("ems_points_held_on_site", "Points that people on site hold"),
    LATE_P99: ("ems_poll_late_p99_seconds", "How late one device in a hundred is asked"),
}


class GaugeSetter(Protocol):
    """Sets one figure."""

    def __call__(self, name: str, what: str, value: float, **labels: str) -> None:
        """Set the figure `name`, of these labels."""
        ...


def router(desk: Desk) -> APIRouter:
    """The three addresses; none needs a session, and none tells anything of people."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> Response:
        return Response("ok\n", media_type="text/plain")

    @routes.get("/readyz")
    async def readyz() -> Response:
        wrong = await _wrong(desk)
        return Response(wrong or "ready\n", 503 if wrong else 200, media_type="text/plain")

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            raise HTTPException(403, "figures are given to this machine only")
        present = await desk.watch.present()
        cycles = await desk.store.last_cycles(1)
        body = figures(present.snapshot, present.mode, cycles[0] if cycles else None)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return routes


async def _wrong(desk: Desk) -> str:
    try:
        present, cycles = await desk.watch.present(), await desk.store.last_cycles(1)
    except StoreError as error:
        return f"the database: {error.message}\n"
    oldest = Slot.containing(present.now - LATE_SLOTS * timedelta(minutes=15))
    if not cycles or cycles[0].slot < oldest:
        return "no quarter hour was run lately\n"
    return ""


def figures(snapshot: Snapshot, mode: Mode, cycle: CycleRecord | None) -> bytes:
    """The figures of this moment as Prometheus reads them."""
    registry = CollectorRegistry()

    def gauge(name: str, what: str, value: float, **labels: str) -> None:
        family = known.get(name)
        if family is None:
            family = known[name] = Gauge(name, what, list(labels), registry=registry)
        (family.labels(**labels) if labels else family).set(value)

    known: dict[str, Gauge] = {}
    for each in Mode:
        gauge("ems_mode", "1 for the mode in force", float(each is mode), mode=each.value)
    for point, (name, what) in OWN.items():
        gauge(name, what, snapshot.value(point))
    usable = sum(reading.quality.usable for reading in snapshot.readings.values())
    gauge("ems_points", "Points by whether their value may be used", usable, usable="yes")
    rest = len(snapshot.readings) - usable
    gauge("ems_points", "Points by whether their value may be used", rest, usable="no")
    if cycle is not None:
        _tell_cycle(gauge, cycle)
    return generate_latest(registry)


def _tell_cycle(gauge: GaugeSetter, cycle: CycleRecord) -> None:
    for step, seconds in cycle.steps_s.items():
        gauge("ems_cycle_step_seconds", "Wall seconds of each step", seconds, step=step)
    for outcome, count in cycle.outcomes.items():
        gauge("ems_cycle_outcomes", "Setpoints by outcome", count, outcome=outcome)
    for origin in Origin:
        found = float(origin is cycle.origin)
        gauge("ems_plan_origin", "1 for the ladder's step in force", found, origin=origin.value)
    gauge("ems_cycle_late_seconds", "District seconds after the slot's start", cycle.late_s)
    gauge("ems_cycle_missed", "1 when the slot was missed", float(cycle.missed))
    gauge("ems_cycle_cut_steps", "Steps that took too long", len(cycle.cut))
    gauge("ems_cycle_slot_start_seconds", "Unix time of the slot", cycle.slot.start.timestamp())
    gauge("ems_leadership_epoch", "Number of the leadership", cycle.epoch)
