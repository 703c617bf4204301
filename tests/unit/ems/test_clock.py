"""District time runs at its speed from its anchor, whatever the machine's clock does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ems.clock import Anchor, DistrictClock

START = datetime(2026, 1, 1, tzinfo=UTC)
WALL = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANCHOR = Anchor(start=START, wall_start=WALL, speed=60)


class Machine:
    def __init__(self) -> None:
        self.monotonic_s = 1000.0
        self.wall = WALL

    def clock(self) -> DistrictClock:
        return DistrictClock(ANCHOR, monotonic=lambda: self.monotonic_s, wall=lambda: self.wall)

    def go_on(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.wall += timedelta(seconds=seconds)


def test_a_wall_minute_is_a_district_hour_at_speed_60() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.go_on(60)
    assert clock.now() == START + timedelta(hours=1)
    assert clock.wall_s_until(START + timedelta(hours=2)) == 60


def test_a_step_of_the_machines_clock_does_not_move_the_district() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += timedelta(hours=1)
    assert clock.now() == START


@pytest.mark.parametrize("hours", [1, -1], ids=["an hour on", "an hour back"])
def test_a_step_is_met_slowly_and_never_backwards(hours: int) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += timedelta(hours=hours)
    before = clock.wall_now()
    for _ in range(19 * 60):
        machine.go_on(60)
        passed_s = (clock.wall_now() - before).total_seconds()
        assert 56.9 < passed_s < 63.1
        before = clock.wall_now()
    assert 0 < clock.gap_s * hours < 3600 * 0.06
    for _ in range(90):
        machine.go_on(60)
        clock.wall_now()
    assert clock.gap_s == 0
    assert clock.wall_now() == machine.wall


def test_a_restart_resumes_the_same_mapping(tmp_path: Path) -> None:
    ANCHOR.write(tmp_path / "clock.json")
    machine = Machine()
    machine.wall = WALL + timedelta(minutes=10)
    held = Anchor.read(tmp_path / "clock.json")
    assert held == ANCHOR
    assert machine.clock().now() == START + timedelta(hours=10)


def test_another_speed_goes_on_from_the_same_district_time() -> None:
    wall = WALL + timedelta(minutes=1)
    slower = ANCHOR.sped(10, wall)
    assert slower.at(wall) == ANCHOR.at(wall)
    assert slower.at(wall + timedelta(minutes=6)) == ANCHOR.at(wall) + timedelta(hours=1)
    assert slower.wall_at(slower.at(wall)) == wall
