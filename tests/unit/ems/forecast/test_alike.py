"""Dwellings without a past, sums that agree, and meters that can't be believed."""

import numpy as np
import pytest

from ems.forecast.alike import agreed, lent
from ems.forecast.cleaning import cleaned

PER_DAY = 24
DAYS = 30


@pytest.fixture
def dwellings():
    """Two buildings of three dwellings, of 40, 60 and 80 m² each. [6, hours]."""
    rng = np.random.default_rng(2)
    hour = np.arange(DAYS * PER_DAY) % PER_DAY
    sizes = np.array([40.0, 60.0, 80.0] * 2)
    usual = 0.005 + 0.01 * (hour >= 18)
    return sizes[:, None] * usual * rng.uniform(0.8, 1.2, (6, hour.size)), sizes


class TestBorrowing:
    def test_a_new_dwelling_is_lent_its_neighbours_evenings(self, dwellings) -> None:
        values, sizes = dwellings
        known = values.copy()
        known[1] = np.nan
        borrowed = lent(known, sizes, np.array([0, 0, 0, 1, 1, 1]), PER_DAY)
        assert borrowed.lent.tolist() == [False, True, False, False, False, False]
        assert borrowed.values[1] == pytest.approx(values[1], rel=0.5)
        assert borrowed.values[1].mean() == pytest.approx(values[1].mean(), rel=0.05)

    def test_its_own_few_days_stay_and_lead_the_level(self, dwellings) -> None:
        values, sizes = dwellings
        known = 3 * values
        known[[0, 2]] = values[[0, 2]]
        known[1, : -5 * PER_DAY] = np.nan
        filled = lent(known, sizes, np.zeros(6, dtype=np.int64), PER_DAY).values[1]
        assert np.array_equal(filled[-5 * PER_DAY :], known[1, -5 * PER_DAY :])
        alike = lent(known * np.nan_to_num(known * 0 + 1, nan=np.nan), sizes, np.zeros(6, int), 24)
        assert filled[: PER_DAY * 10].mean() > values[1].mean()
        assert alike.lent[1]

    def test_where_nobody_is_alike_all_others_lend(self, dwellings) -> None:
        values, sizes = dwellings
        known = values.copy()
        known[3:] = np.nan
        borrowed = lent(known, sizes, np.array([0, 0, 0, 1, 1, 1]), PER_DAY)
        assert np.isfinite(borrowed.values).all()


class TestSums:
    def test_all_levels_add_up(self) -> None:
        rng = np.random.default_rng(4)
        below, of = rng.uniform(1, 2, (7, 5)), np.array([0, 0, 0, 1, 1, 2, 2])
        found = agreed(
            below,
            rng.uniform(2, 6, (3, 5)),
            rng.uniform(8, 14, 5),
            of,
            (np.full((7, 5), 0.5), np.full((3, 5), 0.7), np.full(5, 0.9)),
        )
        sums = [found.dwellings[of == building].sum(axis=0) for building in range(3)]
        assert np.array(sums) == pytest.approx(found.buildings)
        assert found.buildings.sum(axis=0) == pytest.approx(found.district)

    def test_it_is_the_weighted_least_change(self) -> None:
        """Against the closed form by projection on the sums, for two dwellings of two buildings."""
        told = np.array(
            [1.0, 2.0, 4.0, 1.5, 9.0]
        )  # dwellings, buildings, district; does not add up
        error = np.array([0.5, 1.0, 0.3, 0.8, 0.2])
        sums = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 1]], dtype=float)
        weight = np.diag(error**-2)
        best = np.linalg.solve(sums.T @ weight @ sums, sums.T @ weight @ told)
        rows = told[:, None]
        errors = (error[:2, None], error[2:4, None], error[4:5])
        found = agreed(rows[:2], rows[2:4], rows[4], np.array([0, 1]), errors)
        assert found.dwellings[:, 0] == pytest.approx(best)

    def test_the_surest_level_hardly_moves(self) -> None:
        found = agreed(
            np.array([[1.0], [1.0]]),
            np.array([[2.0]]),
            np.array([4.0]),
            np.array([0, 0]),
            (np.ones((2, 1)), np.ones((1, 1)), np.array([1e-4])),
        )
        assert found.district[0] == pytest.approx(4.0, abs=1e-3)


class TestCleaning:
    def test_negative_and_absurd_readings_are_left_out_and_counted(self, dwellings) -> None:
        values, _ = dwellings
        broken = values.copy()
        broken[0, 10], broken[0, 20] = -3.0, 5e4
        found = cleaned(broken, PER_DAY)
        assert found.impossible.tolist() == [2, 0, 0, 0, 0, 0]
        assert np.isnan(found.values[0, [10, 20]]).all()
        assert "2 impossible readings" in found.marks[0]
        assert found.marks[1] == ""

    def test_a_frozen_meter_is_not_believed(self, dwellings) -> None:
        values, _ = dwellings
        broken = values.copy()
        broken[2, 100:112] = broken[2, 100]
        found = cleaned(broken, PER_DAY)
        assert found.frozen.tolist() == [0, 0, 12, 0, 0, 0]

    def test_a_dark_night_of_solar_power_is_not_frozen(self) -> None:
        rng = np.random.default_rng(1)
        hour = np.arange(240) % 24
        sun = (np.maximum(np.sin((hour - 6) / 12 * np.pi), 0) * rng.uniform(0.5, 1, 240))[None]
        assert cleaned(sun, PER_DAY).frozen[0] == 0

    def test_another_household_is_noticed_and_the_former_forgotten(self, dwellings) -> None:
        values, _ = dwellings
        moved = values.copy()
        moved[4, 20 * PER_DAY :] *= 4
        found = cleaned(moved, PER_DAY, tenants=True)
        assert found.moved_in.tolist() == [0, 0, 0, 0, 20 * PER_DAY, 0]
        assert np.isnan(found.values[4, : 20 * PER_DAY]).all()
        assert "another household" in found.marks[4]
