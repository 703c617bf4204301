"""What a tank's two sensors tell the plan of all its water."""

from datetime import UTC, datetime

import numpy as np
import pytest

from building_models import layered_tank
from building_models.tank import WATER_KWH_PER_L_K
from ems.domain.district import District
from ems.domain.points import Quality, Reading
from ems.domain.snapshot import Snapshot
from ems.optimizer.supply import _tank_temps_c, substation

NOON = datetime(2026, 1, 13, 11, tzinfo=UTC)
ROOM_C, COLD_C = 22.0, 12.0


def read(district: District, top_c: float, bottom_c: float) -> tuple[np.ndarray, list[str]]:
    """Temperatures of all tanks when every one shows these."""
    values = {
        f"SST-{name}/tank_{end}_temp_c": value
        for name in district.heated
        for end, value in (("top", top_c), ("bottom", bottom_c))
    }
    quality = {p: Quality.GOOD if np.isfinite(v) else Quality.COMM_FAIL for p, v in values.items()}
    readings = {p: Reading(p, v, quality[p], NOON) for p, v in values.items()}
    return _tank_temps_c(district, Snapshot(taken_at=NOON, readings=readings))


@pytest.mark.parametrize("drawn_share", [0.02, 0.05, 0.1, 0.15])
def test_a_tank_that_has_just_been_drawn_from_is_read_as_it_is(
    district: District, drawn_share: float
) -> None:
    name, building = next(iter(district.heated.items()))
    tank = substation(building).tank
    layers = np.full(layered_tank.LAYERS, tank.temp_high_c)
    wanted_kw = drawn_share * tank.volume_l * WATER_KWH_PER_L_K * (40 - COLD_C) / 0.25
    for _ in range(15):
        layered_tank.draw(layers, tank.volume_l, wanted_kw, COLD_C, 1 / 60)
    told, _ = read(district, layers[-1], layers[0])
    place = list(district.heated).index(name)
    assert told[place] == pytest.approx(layers.mean(), abs=1.5)
    halved = 0.5 * (layers[0] + layers[-1])
    assert abs(told[place] - layers.mean()) < abs(halved - layers.mean())


def test_one_sensor_speaks_for_all_where_the_other_is_silent(district: District) -> None:
    np.testing.assert_allclose(read(district, float("nan"), 52.0)[0], 52.0)
    np.testing.assert_allclose(read(district, 58.0, float("nan"))[0], 58.0)


def test_without_both_the_least_temperature_is_taken_and_named(district: District) -> None:
    told, notes = read(district, float("nan"), float("nan"))
    np.testing.assert_allclose(told, 55.0)
    assert len(notes) == len(district.heated)
