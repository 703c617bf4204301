"""Ten-minute means stay under their limits, and cars in a hurry are the last to wait."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ems.domain.limit_guard import Limit, Load, RollingMean, share_a, shed

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
STEP = timedelta(seconds=5)


def car(name: str, amperes: float, rank: int) -> Load:
    return Load(
        point=name,
        power_kw=0.69 * amperes,
        planned=32,
        least=0,
        least_on=6,
        unit_kw=0.69,
        rank=rank,
    )


def battery(power_kw: float) -> Load:
    return Load(point="BAT", power_kw=power_kw, planned=power_kw, least=-50, rank=0)


def limit(kw: float, *loads: Load, measured_kw: float) -> Limit:
    mean = RollingMean()
    mean.add(NOON - timedelta(minutes=10), measured_kw)
    mean.add(NOON, measured_kw)
    members = frozenset(load.point for load in loads)
    return Limit(name="feeder", limit_kw=kw, members=members, mean=mean)


def test_a_mean_counts_each_sample_until_the_next() -> None:
    mean = RollingMean()
    mean.add(NOON - timedelta(minutes=10), 100)
    mean.add(NOON - timedelta(minutes=5), 200)
    assert mean.mean_kw(NOON) == pytest.approx(150)
    assert mean.allowed_kw(150, NOON) == pytest.approx(0.99 * 150 * 10 - 100 * 4 - 200 * 5)
    assert mean.allowed_kw(500, NOON) == 500


def test_nothing_is_shed_under_the_limit() -> None:
    loads = [car("A", 32, 1)]
    assert shed([limit(80, *loads, measured_kw=60)], loads, {}, NOON) == {}


def test_batteries_give_way_first_then_cars_in_the_plans_order() -> None:
    loads = [car("hurry", 32, 2), car("resting soon", 32, 1), battery(10)]
    caps = shed([limit(80, *loads, measured_kw=80.5)], loads, {}, NOON)
    assert caps == {"BAT": pytest.approx(-3.0)}
    without = loads[:2]
    caps = shed([limit(80, *without, measured_kw=80.5)], without, {}, NOON)
    assert set(caps) == {"resting soon"}


def test_a_car_gets_six_amperes_or_none() -> None:
    loads = [car("A", 7, 1)]
    caps = shed([limit(80, *loads, measured_kw=80.2)], loads, {}, NOON)
    assert caps == {"A": 0}


def test_a_limit_within_another_counts_what_was_shed_for_it() -> None:
    loads = [car("A", 32, 1), car("B", 32, 2)]
    outer, inner = limit(80, *loads, measured_kw=80.5), limit(20, loads[0], measured_kw=22)
    caps = shed([inner, outer], loads, {}, NOON)
    assert "B" not in caps


@pytest.mark.parametrize("seed", range(5))
def test_over_an_hour_of_gusts_no_mean_passes_the_limit_while_there_is_something_to_shed(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    mean, now, worst = RollingMean(), NOON, 0.0
    caps: dict[str, float] = {}
    base_kw, restored = 180.0, 0
    for _ in range(3 * 720):
        base_kw = float(np.clip(base_kw + rng.normal(0, 4), 120, 240))
        powers = {name: min(32.0, caps.get(name, 32.0)) * 0.69 for name in ("A", "B", "C", "D")}
        mean.add(now, base_kw + sum(powers.values()))
        worst = max(worst, mean.mean_kw(now) if now > NOON + timedelta(minutes=10) else 0.0)
        loads = [car(name, kw / 0.69, rank) for rank, (name, kw) in enumerate(powers.items())]
        whole = Limit(name="feeder", limit_kw=250, members=frozenset(powers), mean=mean)
        before = len(caps)
        caps = shed([whole], loads, caps, now)
        restored += len(caps) < before
        now += STEP
    assert worst <= 250.0
    assert restored > 0, "what was shed never came back"


def test_cars_that_plug_in_share_what_is_free() -> None:
    assert share_a(22, 1, 6, 32, 0.69) == 31
    assert share_a(22, 2, 6, 32, 0.69) == 15
    assert share_a(3, 1, 6, 32, 0.69) == 0
