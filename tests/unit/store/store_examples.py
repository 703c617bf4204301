"""A few points and plans that the tests of the store share."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np

from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.plans import Origin, Plan, Reason, ReasonCode, SetpointRow, SolveReport
from ems.domain.points import PointInfo, Quality, Reading, Unit
from ems.domain.slots import Horizon, Slot

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
FIRST = Slot.containing(NOON)
ROOM = "D1-0304/room_temp_c"
POWER = "M-HTA/power_kw"
SETPOINT = "D1-0304/setpoint_c"

POINTS = (
    PointInfo(id=ROOM, device="D1-0304", name="room_temp_c", unit=Unit.CELSIUS, writable=False),
    PointInfo(id=POWER, device="M-HTA", name="power_kw", unit=Unit.KILOWATT, writable=False),
    PointInfo(id=SETPOINT, device="D1-0304", name="setpoint_c", unit=Unit.CELSIUS, writable=True),
)


def reading(value: float, at: datetime = NOON, quality: Quality = Quality.GOOD) -> Reading:
    """A room temperature."""
    return Reading(ROOM, value, quality, at)


def a_plan(slots: int = 8) -> Plan:
    """A small plan with one setpoint row and figures that are not finite."""
    horizon = Horizon(FIRST, slots)
    return Plan(
        id=str(uuid4()),
        issued_at=NOON,
        horizon=horizon,
        origin=Origin.OPTIMISED,
        report=SolveReport(solver="HiGHS", wall_s=1.5, cost_eur=12.5, bound_eur=float("nan")),
        setpoints=(
            SetpointRow(
                point=SETPOINT,
                unit=Unit.CELSIUS,
                low=15.0,
                high=25.0,
                values=np.linspace(19, 21, slots),
                reasons=tuple(
                    Reason(ReasonCode.PREHEAT, 0.2) if k % 2 else Reason(ReasonCode.COMFORT)
                    for k in range(slots)
                ),
            ),
        ),
        series={"import_kw": np.arange(slots, dtype=float), "unknown": np.full(slots, np.nan)},
        forecasts_degraded=("pv/available_kw: no weather",),
    )


def its_forecasts(plan: Plan) -> Forecasts:
    """One sure and one unsure series."""
    values = np.ones(plan.horizon.length)
    common = {"horizon": plan.horizon, "issued_at": NOON, "source": "test", "values": values}
    sure = Forecast(name="price/import_eur_per_kwh", **common)
    unsure = Forecast(
        name="pv/available_kw", quantiles={0.1: values - 1, 0.9: values + 1}, **common
    )
    return Forecasts(
        horizon=plan.horizon, issued_at=NOON, series={f.name: f for f in (sure, unsure)}
    )


async def no_readings_elsewhere(points: Sequence[str], before: datetime) -> int:
    """Nothing waits on its way into the store."""
    return 0
