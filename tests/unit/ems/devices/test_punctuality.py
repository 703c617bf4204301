"""The count of how late devices are asked."""

import math

import numpy as np
import pytest

from ems.devices.punctuality import Punctuality


@pytest.mark.parametrize("percent", [1, 50, 90, 99])
def test_a_percentile_is_known_to_a_fifth(percent: int) -> None:
    late = Punctuality()
    seconds = np.sort(np.random.default_rng(5).lognormal(-3, 2, 5000))
    for each in seconds:
        late.add(each)
    exact = seconds[round(percent / 100 * len(seconds)) - 1]
    assert late.percentile_s(percent) == pytest.approx(max(exact, 1e-3), rel=0.21)


def test_what_is_before_its_turn_counts_as_on_time_and_hours_do_not_overflow() -> None:
    late = Punctuality()
    late.add(-5.0)
    assert late.percentile_s(99) <= 1e-3
    late.add(10_000.0)
    assert late.worst_s == 10_000.0
    assert late.count == 2


def test_nothing_asked_is_no_figure() -> None:
    late = Punctuality()
    assert math.isnan(late.percentile_s(50))
    late.add(1.0)
    late.reset()
    assert late.count == 0
    assert math.isnan(late.percentile_s(99))
