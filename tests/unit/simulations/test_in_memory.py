"""In memory, the cycle meets the plant as it does over the wire."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.district import DeviceKind, District
from ems.domain.plans import Mode, Outcome, Reason, ReasonCode, Setpoint
from ems.domain.points import Quality, Unit
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Weather
from simulations.image import ProcessImage
from simulations.in_memory import (
    FileOutside,
    ImageDispatcher,
    MemoryLedger,
    PlantMeasurements,
    SimulatedClock,
    joined,
)
from simulations.outlook import ForecastWeather

NOW = datetime(2025, 1, 13, 9, 0, tzinfo=UTC)
SLOT = Slot.containing(NOW)


@pytest.fixture
def image(hamlet: District) -> ProcessImage:
    return ProcessImage.create(hamlet)


@pytest.fixture
def dispatcher(hamlet: District, image: ProcessImage) -> ImageDispatcher:
    return ImageDispatcher(hamlet, image, lambda: NOW)


def setpoint(point: str, value: float, unit: Unit, low: float, high: float) -> Setpoint:
    return Setpoint(
        point=point,
        slot=SLOT,
        value=value,
        unit=unit,
        low=low,
        high=high,
        reason=Reason(ReasonCode.COMFORT),
    )


def past(first: Slot, values: list[float]) -> QuarterHours:
    horizon = Horizon(first, len(values))
    return QuarterHours(points=("M-HTA/power_kw",), horizon=horizon, values=np.array([values]))


async def test_a_point_without_value_is_stale_in_the_snapshot(image: ProcessImage) -> None:
    image["M-HTA/power_kw"] = 230.0
    image["LOOP/outdoor_temp_c"] = float("nan")
    snapshot = await PlantMeasurements(image, lambda: NOW).snapshot()
    assert snapshot.value("M-HTA/power_kw") == 230.0
    assert snapshot.readings["LOOP/outdoor_temp_c"].quality is Quality.STALE
    assert len(snapshot.readings) == len(image.index)


async def test_history_ends_before_the_slot_that_is_running(image: ProcessImage) -> None:
    measured = PlantMeasurements(
        image, lambda: NOW, [past(SLOT + -3, [1, 2]), past(SLOT + -1, [3])]
    )
    history = await measured.history(SLOT + -1)
    wide = Horizon(SLOT + -3, 4)
    seen = history.quarter_hours(["M-HTA/power_kw"], wide)[0]
    assert seen[:2].tolist() == [1, 2]
    assert np.isnan(seen[2:]).all()


def test_pieces_of_the_past_join_without_a_seam() -> None:
    whole = joined([past(SLOT, [1, 2]), past(SLOT + 2, [3])], SLOT + 3)
    assert (whole.horizon, whole.values.tolist()) == (Horizon(SLOT, 3), [[1, 2, 3]])


async def test_what_is_written_is_what_the_plant_reads(
    hamlet: District, image: ProcessImage, dispatcher: ImageDispatcher
) -> None:
    wanted = setpoint("D1-0101/setpoint_c", 20.5, Unit.CELSIUS, 15, 25)
    outcomes = await dispatcher.apply([wanted])
    assert [done.outcome for done in outcomes] == [Outcome.OK]
    assert image["D1-0101/setpoint_c"] == 20.5


async def test_less_than_6_a_is_no_charging(
    image: ProcessImage, dispatcher: ImageDispatcher
) -> None:
    image["CP-01/current_limit_a"] = 16.0
    wanted = setpoint("CP-01/current_limit_a", 4.0, Unit.AMPERE, 0, 32)
    (done,) = await dispatcher.apply([wanted])
    assert image["CP-01/current_limit_a"] == done.written == 0.0
    assert done.outcome is Outcome.ROUNDED


async def test_every_lease_is_renewed_by_a_change(
    hamlet: District, image: ProcessImage, dispatcher: ImageDispatcher
) -> None:
    columns = [
        image.columns(DeviceKind.DWELLING, "heartbeat"),
        image.columns(DeviceKind.CHARGE_POINT, "failsafe_s"),
        image.columns(DeviceKind.PV_INVERTER, "limit_timeout_s"),
    ]
    for _ in range(4):
        before = image.values.copy()
        await dispatcher.apply([])
        for beats in columns:
            assert (image.values[beats] != before[beats]).all()


async def test_released_devices_are_left_to_their_leases(
    image: ProcessImage, dispatcher: ImageDispatcher
) -> None:
    before = image.values.copy()
    await dispatcher.release()
    np.testing.assert_array_equal(image.values, before)


async def test_tomorrows_prices_are_known_from_the_afternoon(
    hamlet: District, winter: Weather
) -> None:
    outside = FileOutside(
        ForecastWeather(winter, 1),
        lambda horizon: np.full(horizon.length, 0.1),
        hamlet,
        "a file",
    )
    horizon = Horizon(SLOT, 96)
    morning = await outside.outlook(horizon, NOW)
    evening = await outside.outlook(Horizon(SLOT + 28, 96), NOW.replace(hour=16))
    midnight = datetime(2025, 1, 13, 23, tzinfo=UTC)
    known = np.array([start < midnight for start in horizon.starts])
    assert (np.isfinite(morning.day_ahead_eur_per_kwh) == known).all()
    assert np.isfinite(evening.day_ahead_eur_per_kwh).all()


async def test_a_ledger_in_memory_always_writes_and_forgets_the_plan_before() -> None:
    ledger = MemoryLedger()
    assert await ledger.live_plan() is None
    assert await ledger.mode() is Mode.AUTOMATIC


def test_simulated_time_goes_as_it_is_told() -> None:
    clock = SimulatedClock(NOW)
    clock.moment = SLOT.end
    assert clock.now() == SLOT.end
