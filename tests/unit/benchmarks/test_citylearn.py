"""Who acts on the batteries of a city of others: prices errors, and knows nothing of the future."""

import numpy as np
import pytest

from benchmarks.citylearn_city import Observed
from benchmarks.citylearn_control import AHEAD_H, Errors, Outlook, action, plan_for
from benchmarks.citylearn_plan import Homes

HOMES = 2
DAYS, CHANGED_FROM_H = 15, 14 * 24 + 12


def city(changed_from_h: int | None = None) -> list[Observed]:
    """Two homes with evening loads and sun, drawn around their usual day; another future."""
    rng = np.random.default_rng(4)
    hour = np.arange(DAYS * 24)
    usual = 0.6 + 0.9 * np.exp(-0.5 * ((hour % 24 - 19) / 2) ** 2)
    load = usual * rng.gamma(4.0, 0.25, (HOMES, hour.size))
    day = np.maximum(np.sin(np.pi * (hour % 24 - 6) / 12), 0.0)
    sun = 2.0 * day * rng.uniform(0.5, 1.0, (HOMES, hour.size))
    carbon = 0.2 + 0.05 * np.cos(2 * np.pi * hour / 24) + 0.01 * rng.standard_normal(hour.size)
    if changed_from_h is not None:
        for values in (load, sun, carbon):
            values[..., changed_from_h:] = 3 * values[..., changed_from_h:] + 1.0
    price = np.where(np.isin(hour % 24, range(16, 21)), 0.5, 0.2)
    return [
        Observed(
            load_kwh=load[:, at],
            sun_kwh=sun[:, at],
            soc=np.full(HOMES, 0.3),
            carbon_kg_per_kwh=float(carbon[at]),
            prices={ahead: float(price[(at + ahead) % 24]) for ahead in (0, 6, 12, 24)},
        )
        for at in hour
    ]


def actions(observed: list[Observed]) -> np.ndarray:
    outlook, plan = Outlook(HOMES), plan_for([6.4] * HOMES, [5.0] * HOMES)
    found = []
    for seen in observed:
        outlook.see(seen)
        found.append(action(outlook, plan, seen.soc * 6.4, priced=True))
    return np.array(found)


def test_another_future_moves_no_action_before_it_comes() -> None:
    true, changed = actions(city()), actions(city(CHANGED_FROM_H))
    assert np.array_equal(true[:CHANGED_FROM_H], changed[:CHANGED_FROM_H])
    assert np.abs(true[CHANGED_FROM_H:] - changed[CHANGED_FROM_H:]).max() > 0.1


def first_kwh(
    errors_kwh: list[float], stored_kwh: float, expected_kwh: list[float], later: float
) -> float:
    """One home whose import costs 1 in the first hour and `later` in the second; none the sum's."""
    plan = Homes(np.array([6.0]), np.array([5.0]), 2, len(errors_kwh))
    expected = np.array([expected_kwh, expected_kwh])
    errors = np.broadcast_to(np.array(errors_kwh), (2, 2, len(errors_kwh)))
    weights = np.array([[1.0, later], [0.0, 0.0]])
    return float(plan.first_kwh(np.array([stored_kwh]), expected, errors, weights)[0])


def test_sure_of_its_loads_it_keeps_what_the_dear_hour_needs() -> None:
    kept = 2.0 / 0.94
    assert first_kwh([0.0, 0.0], kept, [1.0, 2.0], 1.2) == pytest.approx(0.0, abs=1e-6)
    more = kept + 0.5 / 0.94
    assert first_kwh([0.0, 0.0], more, [1.0, 2.0], 1.2) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("situation", "errors_kwh", "later", "charged_kwh"),
    [
        ("3 kWh are left over for sure", [0.0, 0.0], 0.5, 3.0),
        ("5 or 1 are, and later is cheap: only 1 costs nothing", [2.0, -2.0], 0.5, 1.0),
        ("5 or 1 are, and later is dear: half paid is still worth it", [2.0, -2.0], 1.1, 5.0),
    ],
)
def test_what_may_have_to_be_imported_is_stored_when_it_saves_more_later(
    situation: str, errors_kwh: list[float], later: float, charged_kwh: float
) -> None:
    found = first_kwh(errors_kwh, 0.0, [-3.0, 9.0], later)
    assert found == pytest.approx(charged_kwh), situation


def evening(hour: np.ndarray) -> np.ndarray:
    return (hour % 24 >= 17) & (hour % 24 < 23)


@pytest.mark.parametrize("last_hour", [15, 16])
def test_errors_are_those_that_the_same_lead_had_at_this_time_of_day(last_hour: int) -> None:
    """Evenings are 4, said to be 3 an hour before and 1 earlier; the rest is as it was said."""
    errors, lead = Errors(1), np.arange(AHEAD_H)
    for hour in range(20 * 24 + last_hour + 1):
        errors.came(np.where(evening(np.array([hour])), 4.0, 0.0))
        soon = hour + 1 + lead
        said = np.where(evening(soon), np.where(lead == 0, 3.0, 1.0), 0.0)
        errors.say(said[None])
    missing = np.where(evening(soon), np.where(lead == 0, 1.0, 3.0), 0.0)
    found = errors.likely(said[None])[0]
    assert found == pytest.approx(np.repeat(missing[:, None], found.shape[1], axis=1))


def test_before_anything_is_known_no_error_is_priced() -> None:
    errors = Errors(1)
    errors.came(np.array([1.0]))
    assert not errors.likely(np.zeros((1, AHEAD_H))).any()
