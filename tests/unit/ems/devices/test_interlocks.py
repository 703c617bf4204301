"""Limits in time and between points: compressors, ramps, heating against cooling, frost."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.commands import Command, command
from ems.devices.interlocks import Situation, Stood, permitted
from ems.devices.maps import DeviceMap, load_map
from ems.domain.plans import Outcome, Reason, ReasonCode, Setpoint
from ems.domain.points import Unit
from ems.domain.slots import Slot

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZONE, PUMP = load_map("zone-bacnet"), load_map("heat-pump-modbus")
BATTERY, STATION = load_map("battery-sunspec"), load_map("substation-bacnet")


def wanted(device: DeviceMap, **values: float) -> list[Command]:
    ready = [command(_wish(name, value), device.points[name]) for name, value in values.items()]
    return [one for one in ready if one is not None]


def _wish(name: str, value: float) -> Setpoint:
    return Setpoint(
        point=f"X/{name}", slot=Slot(1), value=value, unit=Unit.NONE, low=-1e4, high=1e4,
        reason=Reason(ReasonCode.COMFORT),
    )  # fmt: skip


def here(
    device: DeviceMap,
    stood: Mapping[str, Stood] | None = None,
    measured: Mapping[str, float] | None = None,
    now: datetime = NOON,
) -> Situation:
    seen = measured or {}
    return Situation(
        points=device.points,
        stood=stood or {},
        measured=lambda name: seen.get(name, math.nan),
        now=now,
        step=MINUTE,
    )


def values(commands: list[Command]) -> dict[str, float]:
    return {one.spec.name: one.value for one in commands}


@pytest.mark.parametrize(
    ("situation", "was", "for_min", "wanted_now", "written"),
    [
        ("it has just started and is to stop", 1.0, 4, 0.0, 1.0),
        ("it has run long enough", 1.0, 10, 0.0, 0.0),
        ("it has just stopped and is to start", 0.0, 3, 1.0, 0.0),
        ("it has paused long enough", 0.0, 5, 1.0, 1.0),
        ("it runs on", 1.0, 1, 1.0, 1.0),
    ],
)
def test_a_compressor_has_its_running_time_and_its_pause(
    situation: str, was: float, for_min: int, wanted_now: float, written: float
) -> None:
    stood = {"enable": Stood.first(was, NOON - for_min * MINUTE)}
    (one,) = permitted(wanted(PUMP, enable=wanted_now), here(PUMP, stood))
    assert one.value == written, situation
    assert one.outcome is (Outcome.OK if written == wanted_now else Outcome.CLAMPED)


def test_a_limit_of_zero_is_a_compressor_switched_off() -> None:
    stood = {"heat_limit_pct": Stood.first(20.0, NOON - 2 * MINUTE)}
    assert values(permitted(wanted(PUMP, heat_limit_pct=0.0), here(PUMP, stood))) == {
        "heat_limit_pct": 20.0
    }


def test_a_battery_goes_from_full_charge_to_full_discharge_minute_by_minute() -> None:
    stood, now, seen = Stood.first(250.0, NOON - timedelta(hours=1)), NOON, []
    for _ in range(6):
        now += MINUTE
        here_now = here(BATTERY, {"power_setpoint_kw": stood}, now=now)
        (one,) = permitted(wanted(BATTERY, power_setpoint_kw=-250.0), here_now)
        stood = stood.then(one.value, now)
        seen.append(one.value)
    assert seen == [125.0, 0.0, -125.0, -250.0, -250.0, -250.0]


@given(before=st.floats(-250, 250), target=st.floats(-250, 250), waited_s=st.floats(0, 7200))
def test_no_step_is_longer_than_the_ramp(before: float, target: float, waited_s: float) -> None:
    stood = Stood.first(before, NOON - timedelta(seconds=waited_s))
    here_now = here(BATTERY, {"power_setpoint_kw": stood})
    (one,) = permitted(wanted(BATTERY, power_setpoint_kw=target), here_now)
    assert abs(one.value - before) <= 125.0 + 0.1
    assert min(before, target) - 0.1 <= one.value <= max(before, target) + 0.1


@given(heat=st.floats(0, 40), cool=st.floats(0, 50), was=st.floats(20, 40))
def test_no_zone_is_told_to_heat_and_cool_at_once(heat: float, cool: float, was: float) -> None:
    stood = {"cool_setpoint_c": Stood.first(was, NOON)}
    told = wanted(ZONE, heat_setpoint_c=heat, cool_setpoint_c=cool)
    given_now = values(permitted(told, here(ZONE, stood)))
    assert given_now["cool_setpoint_c"] >= given_now["heat_setpoint_c"] + 1.0 - 1e-9


@pytest.mark.parametrize(
    ("situation", "told", "measured", "given_now"),
    [
        ("cooling is held on site", {"heat_setpoint_c": 24.0}, {"cool_setpoint_c": 22.0}, 21.0),
        ("cooling is far away", {"heat_setpoint_c": 24.0}, {"cool_setpoint_c": 28.0}, 24.0),
        ("heating is held on site", {"cool_setpoint_c": 22.0}, {"heat_setpoint_c": 23.0}, 24.0),
        ("nothing is known", {"cool_setpoint_c": 22.0}, {}, 22.0),
    ],
)
def test_what_is_not_commanded_is_kept_away_from(
    situation: str, told: dict[str, float], measured: dict[str, float], given_now: float
) -> None:
    (one,) = permitted(wanted(ZONE, **told), here(ZONE, measured=measured))
    assert one.value == pytest.approx(given_now), situation


@pytest.mark.parametrize(
    ("cool_was", "order"),
    [
        (22.0, ["cool_setpoint_c", "heat_setpoint_c"]),
        (30.0, ["heat_setpoint_c", "cool_setpoint_c"]),
    ],
    ids=["both rise", "both fall"],
)
def test_the_one_that_moves_away_is_written_first(cool_was: float, order: list[str]) -> None:
    told = wanted(ZONE, heat_setpoint_c=23.0, cool_setpoint_c=26.0)
    stood = {"cool_setpoint_c": Stood.first(cool_was, NOON)}
    assert [one.spec.name for one in permitted(told, here(ZONE, stood))] == order


@pytest.mark.parametrize(
    ("device", "told", "measured", "written"),
    [
        (ZONE, {"heat_setpoint_c": 7.0}, {"room_temp_c": 6.9}, 12.0),
        (ZONE, {"heat_setpoint_c": 7.0}, {"room_temp_c": 9.0}, 7.0),
        (ZONE, {"heat_setpoint_c": 7.0}, {}, 7.0),
        (PUMP, {"enable": 0.0}, {"condenser_in_temp_c": 4.0}, 1.0),
        (STATION, {"heat_limit_kw": 0.0}, {"heating_return_temp_c": 5.0}, 5000.0),
    ],
    ids=["a cold zone", "cool enough", "nothing measured", "a cold pump", "a cold network"],
)
def test_frost_protection_goes_before_the_plan(
    device: DeviceMap, told: dict[str, float], measured: dict[str, float], written: float
) -> None:
    (one,) = permitted(wanted(device, **told), here(device, measured=measured))
    assert one.value == written


def test_frost_protection_does_not_wait_for_a_pause() -> None:
    stood = {"enable": Stood.first(0.0, NOON - MINUTE)}
    cold = here(PUMP, stood, {"condenser_in_temp_c": 3.0})
    assert values(permitted(wanted(PUMP, enable=0.0), cold)) == {"enable": 1.0}


def test_no_room_of_any_map_is_ever_told_less_than_seven_degrees() -> None:
    for name in ("dwelling-bacnet", "dwelling-modbus", "zone-bacnet"):
        device = load_map(name)
        point = "setpoint_c" if "setpoint_c" in device.points else "heat_setpoint_c"
        (one,) = permitted(wanted(device, **{point: -30.0}), here(device))
        assert one.value == 7.0
