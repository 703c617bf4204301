"""Rooms whose truth is known are found again from their measurements."""

import numpy as np
import pytest

from building_models import grey_box, zone
from building_models.grey_box import DAY, Measured, Rooms

DAYS = 12


@pytest.fixture(scope="module")
def described():
    return Rooms(
        parameters=zone.ZoneParameters(
            loss_kw_per_k=np.array([0.046, 0.06]),
            coupling_kw_per_k=np.array([0.33, 0.4]),
            capacity_air_kwh_per_k=np.array([0.27, 0.4]),
            capacity_mass_kwh_per_k=np.array([3.4, 4.0]),
        ),
        area_m2=np.array([65.0, 90.0]),
    )


TRUE = np.array(
    [[np.log(1.3), np.log(0.8), 0.0, np.log(1.2), np.log(0.6), 1.5], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
)


@pytest.fixture(scope="module")
def measured(described):
    """Both rooms under a lively heating, seed 3; sensors err by 0.05 K."""
    rng, slots = np.random.default_rng(3), DAYS * DAY
    hours = np.arange(slots) / 4
    outdoor = 8 + 4 * np.sin(2 * np.pi * hours / 24) + 3 * np.sin(2 * np.pi * hours / 90)
    heat = 1.2 + 0.8 * np.repeat(rng.uniform(-1, 1, (2, slots // 8)), 8, axis=1)
    gains = np.repeat(rng.uniform(0.1, 0.5, (2, slots // 16)), 16, axis=1)
    shine = np.clip(np.sin(2 * np.pi * (hours - 6) / 24), 0, None)
    sun = np.tile(1.2 * shine * (0.5 + 0.5 * np.sin(hours / 31)), (2, 1))
    true = described.with_figures(TRUE)
    end, mean = zone.discretise(true, 0.25), zone.discretise_mean(true, 0.25)
    state, air = np.full((2, 2), 20.0), np.empty((2, slots))
    for k in range(slots):
        shone = sun[:, k] * np.exp(TRUE[:, 4])
        people = gains[:, k] + TRUE[:, 5] * described.area_m2 / 1000
        into_air = 0.8 * heat[:, k] + 0.5 * people + 0.3 * shone
        into_mass = heat[:, k] + people + shone - into_air
        inputs = np.column_stack([into_air, into_mass, np.full(2, outdoor[k])])
        air[:, k] = zone.step(mean, state, inputs)[:, 0]
        state = zone.step(end, state, inputs)
    air += rng.normal(0, 0.05, air.shape)
    return Measured(air, heat, gains, sun, outdoor)


@pytest.fixture(scope="module")
def found(described, measured):
    return grey_box.fit(described, measured)


def test_the_truth_lies_within_three_spreads(found):
    assert (np.abs(found.figures - TRUE) < 3 * found.spread + 0.05).all()


def test_what_days_show_well_is_learned_closely(found):
    loss, aperture = found.factors[0, 0], found.factors[0, 4]
    assert loss == pytest.approx(1.3, rel=0.1)
    assert aperture == pytest.approx(0.6, rel=0.1)


def test_a_learned_room_runs_freely_with_the_error_of_its_sensor(described, measured, found):
    before = grey_box.free_run_error_k(described, measured, np.zeros_like(found.figures))
    after = grey_box.free_run_error_k(described, measured, found.figures)
    assert np.sqrt(np.nanmean(before[0] ** 2)) > 0.4
    assert np.sqrt(np.nanmean(after[0] ** 2)) < 0.15


def test_a_room_without_measurements_stays_as_described(described, measured):
    blind = measured._replace(air_c=np.where([[True], [False]], np.nan, measured.air_c))
    found = grey_box.fit(described, blind)
    assert found.known.tolist() == [False, True]
    assert (found.factors[0] == 1.0).all()
    # without data nothing is known beyond the prior
    np.testing.assert_allclose(found.spread[0], grey_box.PRIOR_SPREAD)


def test_gaps_cost_precision_not_truth(described, measured, found):
    rng = np.random.default_rng(4)
    holes = rng.random(measured.air_c.shape) < 0.1
    patchy = grey_box.fit(
        described, measured._replace(air_c=np.where(holes, np.nan, measured.air_c))
    )
    assert patchy.factors[0, 0] == pytest.approx(found.factors[0, 0], rel=0.1)


def test_a_fit_that_unseen_days_refuse_is_not_kept(found):
    good, bad = np.full((2, 96), 0.1), np.full((2, 96), 0.5)
    assert not grey_box.kept_where_better(good, bad, found).known.any()
    assert grey_box.kept_where_better(bad, good, found).known.all()
