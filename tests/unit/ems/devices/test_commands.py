"""Setpoints on their way to a device: bounds, steps, and nothing else ever."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.commands import came_back, command
from ems.devices.maps import load_map
from ems.domain.plans import Outcome, Reason, ReasonCode, Setpoint
from ems.domain.points import Unit
from ems.domain.slots import Slot

ROOM = load_map("dwelling-modbus").points["setpoint_c"]
CURRENT = load_map("charge-point-keba").points["current_limit_a"]
BATTERY = load_map("battery-sunspec").points["power_setpoint_kw"]
METER = load_map("meter-modbus").points["power_kw"]


def wish(value: float, low: float = -1000.0, high: float = 1000.0) -> Setpoint:
    return Setpoint(
        point="X/y", slot=Slot(1), value=value, unit=Unit.NONE, low=low, high=high,
        reason=Reason(ReasonCode.COMFORT),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("situation", "spec", "setpoint", "written", "outcome"),
    [
        ("inside the bounds", ROOM, wish(20.5), 20.5, Outcome.OK),
        ("on a step, in binary fractions", ROOM, wish(20.3), 20.3, Outcome.OK),
        ("between two steps", ROOM, wish(20.37), 20.3, Outcome.ROUNDED),
        ("above what the plan may", ROOM, wish(25.0, 15, 22), 22.0, Outcome.CLAMPED),
        ("above what the device may", ROOM, wish(40.0), 26.0, Outcome.CLAMPED),
        ("towards frost", ROOM, wish(2.0), 7.0, Outcome.CLAMPED),
        ("a bound between two steps", ROOM, wish(30.0, 15, 21.55), 21.5, Outcome.CLAMPED),
        ("a low bound between two steps", ROOM, wish(10.0, 18.25, 22), 18.3, Outcome.CLAMPED),
        ("above the charger's limit", CURRENT, wish(40.0, 0, 32), 32.0, Outcome.CLAMPED),
        ("between 0 and 6 A", CURRENT, wish(4.0, 0, 32), 0.0, Outcome.ROUNDED),
        ("exactly 6 A", CURRENT, wish(6.0, 0, 32), 6.0, Outcome.OK),
        ("a battery that discharges", BATTERY, wish(-33.37, -250, 250), -33.3, Outcome.ROUNDED),
    ],
)
def test_what_is_written(
    situation: str, spec: object, setpoint: Setpoint, written: float, outcome: Outcome
) -> None:
    ready = command(setpoint, spec)  # type: ignore[arg-type]
    assert ready is not None, situation
    assert ready.value == pytest.approx(written, abs=1e-9), situation
    assert ready.outcome is outcome, situation


@pytest.mark.parametrize(
    "setpoint", [wish(math.nan), wish(math.inf), wish(20, 30, 40), wish(20, 22, 21)]
)
def test_no_value_is_made_up_for_an_impossible_setpoint(setpoint: Setpoint) -> None:
    assert command(setpoint, ROOM) is None


def test_a_measured_point_takes_no_command() -> None:
    assert command(wish(1.0), METER) is None


@given(st.floats(), st.floats(-50, 50), st.floats(-50, 50))
def test_nothing_outside_the_bounds_is_ever_written(value: float, low: float, high: float) -> None:
    for spec in (ROOM, CURRENT, BATTERY):
        ready = command(wish(value, low, high), spec)
        if ready is not None:
            assert max(low, spec.low) <= ready.value <= min(high, spec.high)


def test_a_value_comes_back_within_the_resolution_of_the_device() -> None:
    assert came_back(ROOM, 20.3, 20.304)
    assert not came_back(ROOM, 20.3, 20.4)
    assert not came_back(ROOM, 20.3, math.nan)
