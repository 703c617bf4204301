"""Sweeps as their file asks for them, and the designs that they are made of."""

from pathlib import Path

import numpy as np
import pytest

from ems.domain.district import DeviceKind, District
from ems.domain.errors import ConfigError, EmsError
from simulations.designs import BuildingPrices, Design, battery_kwh, investment_eur, pv_kw
from simulations.pareto import means, named, not_beaten
from simulations.sweep import EXAMPLE, Sweep, points_of, read_sweep


def read(text: str, folder: Path) -> Sweep:
    path = folder / "sweep.yaml"
    path.write_text(text)
    return read_sweep(path)


def test_the_example_is_a_sweep_of_every_combination(tmp_path: Path, district: District) -> None:
    points = points_of(read(EXAMPLE, tmp_path), district)
    assert len(points) == len({point.key for point in points}) == 3 * 2 * 1 * 1 * 2 * 2


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("days: 2 ", "days: many ", "sweep.yaml:3 days: 'many' is not a number"),
        ("battery_kwh: [100", "battery_kwh: [-1", "sweep.yaml:8 vary.battery_kwh.0"),
        ("pv_kw:", "pv_power:", "sweep.yaml:9 vary.pv_power: is not a known field"),
        ("seeds: [1, 2]", "seeds: []", "sweep.yaml:5 seeds"),
        ("  charge_point_eur: 1800\n", "", "build.charge_point_eur: is missing (fix: add it)"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_field(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    assert right in EXAMPLE
    with pytest.raises(ConfigError) as refused:
        read(EXAMPLE.replace(right, wrong), tmp_path)
    assert says in refused.value.message
    assert "fix:" in refused.value.message


def test_a_design_changes_sizes_and_leaves_shares(district: District) -> None:
    made = Design(battery_kwh=500.0, pv_kw=300.0, charge_points=10, subscribed_kw=700.0)
    designed = made.of(district)
    assert battery_kwh(designed) == pytest.approx(500.0)
    assert pv_kw(designed) == pytest.approx(300.0)
    assert designed.tariff.subscribed_kw == 700.0
    assert len(designed.of_kind(DeviceKind.CHARGE_POINT)) == len(designed.charge_points) == 10
    for old, new in zip(district.pv_roofs.values(), designed.pv_roofs.values(), strict=True):
        assert new.peak_kw / old.peak_kw == pytest.approx(300.0 / pv_kw(district))
    prices = BuildingPrices(
        battery_eur_per_kwh=2.0, pv_eur_per_kw=3.0, charge_point_eur=5.0, assumption="primes"
    )
    assert investment_eur(designed, prices) == pytest.approx(1000.0 + 900.0 + 50.0)


def test_no_more_charge_points_than_there_are(district: District) -> None:
    with pytest.raises(EmsError, match=r"1 to \d+, or describe more"):
        Design(charge_points=10_000).of(district)


def test_a_design_left_alone_is_the_district(district: District) -> None:
    assert Design().of(district) == district


def test_a_design_is_beaten_by_one_as_good_in_both_and_better_in_one() -> None:
    invested, cost = (0.0, 1.0, 1.0, 2.0, 2.0), (9.0, 5.0, 6.0, 5.0, 4.0)
    assert np.flatnonzero(not_beaten(invested, cost)).tolist() == [0, 1, 4]


def test_designs_are_compared_by_their_means_over_seeds() -> None:
    small, large = Design(battery_kwh=100.0), Design(battery_kwh=300.0)
    figures = {"investment_eur": 1.0, "co2_kg": 5.0, "battery_kwh": -3.0}
    rows = [
        {**design.as_columns(), **figures, "seed": seed, "valued_eur": eur}
        for design, seed, eur in ((small, 1, 10.0), (large, 1, 6.0), (small, 2, 20.0))
    ]
    assert [(mean.design, mean.valued_eur) for mean in means(rows)] == [(small, 15.0), (large, 6.0)]


def test_a_design_is_named_by_what_sets_it_apart() -> None:
    designs = [Design(battery_kwh=kwh, pv_kw=100.0) for kwh in (50.0, 80.0)]
    assert named(designs) == ["50 kWh", "80 kWh"]
