"""Faults at work in a small district: what breaks behaves as broken, and nothing else does."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.errors import SourceError
from ems.domain.points import Quality, Reading
from ems.domain.slots import Horizon, Slot
from simulations.damage import Damage
from simulations.faults import Fault, FaultKind, drawn_faults, read_faults
from simulations.history import Recorder
from simulations.plant import Plant

Make = Callable[..., Plant]


@pytest.fixture
def home(hamlet: District) -> str:
    return next(iter(hamlet.dwellings))


def lived(plant: Plant, hours: float, *faults: Fault) -> Damage:
    """A plant some hours on, with faults."""
    damage = Damage(plant, faults, plant.now)
    for _ in range(round(hours * 4)):
        damage.advance(plant.now + timedelta(minutes=15))
    return damage


def test_a_valve_stuck_open_overheats_its_room_alone(winter_plant: Make, home: str) -> None:
    broken, sound = winter_plant(), winter_plant()
    lived(broken, 8, Fault(kind=FaultKind.STUCK_VALVE, devices=home, size=1.0))
    lived(sound, 8)
    assert broken.rooms.air_c[0] > sound.rooms.air_c[0] + 1.0
    np.testing.assert_allclose(broken.rooms.air_c[2:], sound.rooms.air_c[2:], atol=0.3)


def test_a_valve_stuck_shut_lets_its_room_cool_and_a_mended_one_warms_it_again(
    winter_plant: Make, home: str
) -> None:
    plant = winter_plant()
    damage = lived(plant, 10, Fault(kind=FaultKind.STUCK_VALVE, devices=home, for_h=10, size=0.0))
    cold = plant.rooms.air_c[0]
    assert cold < plant.control.schedule.heat_c[0, 0] - 0.4
    for _ in range(12):
        damage.advance(plant.now + timedelta(minutes=15))
    assert plant.rooms.air_c[0] > cold


def test_a_sensor_that_drifts_up_keeps_its_room_too_cold(winter_plant: Make, home: str) -> None:
    plant = winter_plant()
    fault = Fault(kind=FaultKind.DRIFT, devices=home, size=4.0, point="room_temp_c")
    lived(plant, 12, fault)
    shown, true = plant.image[f"{home}/room_temp_c"], plant.rooms.air_c[0]
    assert shown - true == pytest.approx(2.0, abs=0.1)
    assert true < plant.control.schedule.heat_c[0, 0] - 0.5


def test_a_dead_heat_pump_gives_nothing(winter_plant: Make) -> None:
    plant = winter_plant()
    lived(plant, 3, Fault(kind=FaultKind.DEAD, devices="HP-1"))
    assert plant.heat_plant.heat_kw[0] == 0
    assert plant.image["HP-1/alarm"] == 1


def test_a_dead_device_is_not_read_and_not_written(winter_plant: Make, home: str) -> None:
    plant = winter_plant()
    damage = lived(plant, 1, Fault(kind=FaultKind.DEAD, devices=home))
    point = f"{home}/setpoint_c"
    before = plant.image[point]
    assert not damage.write(point, 25.0)
    assert plant.image[point] == before
    reading = Reading(point, 20.0, Quality.GOOD, plant.now)
    assert not damage.seen({point: reading})[point].quality.usable


def test_a_hung_controller_shows_and_holds_what_it_last_did(winter_plant: Make) -> None:
    plant = winter_plant()
    damage = Damage(plant, (Fault(kind=FaultKind.FROZEN, devices="SST-D1", from_h=1.0),), plant.now)
    for _ in range(5):
        damage.advance(plant.now + timedelta(minutes=15))
    shown = plant.image["SST-D1/tank_top_temp_c"]
    assert damage.write("SST-D1/tank_setpoint_c", 55.0)
    for _ in range(12):
        damage.advance(plant.now + timedelta(minutes=15))
    assert plant.image["SST-D1/tank_top_temp_c"] == shown
    assert plant.image["SST-D1/tank_setpoint_c"] != 55.0


def test_a_wrong_clock_and_a_slow_gateway_make_old_readings(winter_plant: Make, home: str) -> None:
    plant = winter_plant()
    damage = lived(
        plant,
        1,
        Fault(kind=FaultKind.WRONG_CLOCK, devices=home, size=24.0),
        Fault(kind=FaultKind.SLOW, devices="SST-D1", size=50.0),
    )
    points = (f"{home}/room_temp_c", "SST-D1/pump_pct", "HP-1/cop")
    seen = damage.seen({p: Reading(p, 1.0, Quality.GOOD, plant.now) for p in points})
    ages = [plant.now - seen[point].at for point in points]
    assert ages == [timedelta(hours=24), timedelta(minutes=50), timedelta()]


def test_a_command_over_a_slow_gateway_arrives_with_the_next(winter_plant: Make) -> None:
    plant = winter_plant()
    damage = lived(plant, 1, Fault(kind=FaultKind.SLOW, devices="SST-D1", size=20.0))
    point = "SST-D1/tank_setpoint_c"
    before = plant.image[point]
    damage.write(point, 56.0)
    assert plant.image[point] == before
    damage.write(point, 57.0)
    assert plant.image[point] == 56.0


def test_what_the_store_holds_has_gaps_where_a_device_was_dead(
    winter_plant: Make, home: str
) -> None:
    plant = winter_plant()
    damage = Damage(plant, (Fault(kind=FaultKind.DEAD, devices=home),), plant.now)
    recorder = Recorder(plant, Slot.containing(plant.now))
    damage.advance(plant.now + timedelta(minutes=15))
    piece = recorder.finish()
    seen = damage.seen_piece(piece)
    row = piece.points.index(f"{home}/room_temp_c")
    assert np.isnan(seen.values[row]).all()
    assert np.isfinite(piece.values[row]).all()


def test_faults_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("- {kind: stuck_valve, devices: 'D1-*', from_h: 6, for_h: 3, size: 0.5}\n")
    (fault,) = read_faults(path)
    assert fault.active(6.0)
    assert not fault.active(9.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind: dead", "holds no list"),
        ("- {kind: dead}", "fault 1"),
        ("- {kind: asleep, devices: HP-1}", "'asleep' is not a valid"),
        ("- {kind: dead, devices: HP-1, until: 7}", "until"),
    ],
)
def test_a_file_that_holds_no_faults_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(SourceError, match=says):
        read_faults(path)


def test_a_pattern_that_strikes_nothing_is_refused(hamlet: District) -> None:
    with pytest.raises(SourceError, match="no device matches"):
        Fault(kind=FaultKind.DEAD, devices="Z9-*").struck(hamlet)


def test_drawn_faults_are_those_of_their_seed(district: District) -> None:
    week = Horizon(Slot(1_900_000), 7 * 96)
    one, again, other = (drawn_faults(district, week, seed) for seed in (1, 1, 2))
    assert one == again != other
    assert len({fault.kind for fault in one}) >= 4
    assert all(fault.struck(district) for fault in one)
