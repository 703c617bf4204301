"""Weeks with weights, and how much of a possible saving was taken."""

from dataclasses import fields, replace

import pytest

from simulations.kpis import Kpis
from simulations.summary import Outcome, shares_taken, weighted

ZERO = Kpis(**{field.name: 0.0 for field in fields(Kpis)})


def test_energy_is_summed_peaks_are_the_greatest_and_shares_are_means():
    winter = replace(ZERO, energy_kwh=100.0, peak_kw=700.0, autarky=0.1)
    summer = replace(ZERO, energy_kwh=50.0, peak_kw=400.0, autarky=0.5)
    year = weighted([(winter, 1.0), (summer, 3.0)])
    assert year.energy_kwh == 250.0
    assert year.peak_kw == 700.0
    assert year.autarky == pytest.approx(0.4)


def _outcomes(rules, ems, foresight):
    costs = {"rules": rules, "ems": ems, "foresight": foresight}
    return {
        name: Outcome(kpis=replace(ZERO, cost_eur=cost, valued_eur=cost + 10), planned_eur=None)
        for name, cost in costs.items()
    }


@pytest.mark.parametrize(
    ("situation", "rules", "ems", "foresight", "share"),
    [
        ("half way", 100, 90, 80, 0.5),
        ("all of it", 100, 80, 80, 1.0),
        ("dearer than rules", 100, 110, 80, -0.5),
        ("nothing to be had", 100, 99.9, 99.8, None),
    ],
)
def test_the_share_of_the_saving(situation, rules, ems, foresight, share):
    taken = shares_taken(_outcomes(rules, ems, foresight))
    assert taken is not None
    assert taken.of_cost == (share if share is None else pytest.approx(share)), situation


def test_no_share_without_all_three():
    outcomes = _outcomes(100, 90, 80)
    del outcomes["foresight"]
    assert shares_taken(outcomes) is None
