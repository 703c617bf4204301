"""Scores on a handful of numbers, worked by hand."""

import numpy as np
import pytest

from ems.forecast.scores import bias, coverage, mean_absolute_error, pinball_loss, skill

TRUTH = np.array([1.0, 2.0, 3.0, np.nan])
GUESS = np.array([2.0, 2.0, 1.0, 9.0])


def test_errors_leave_unknown_truth_out() -> None:
    assert mean_absolute_error(GUESS, TRUTH) == pytest.approx(1.0)
    assert bias(GUESS, TRUTH) == pytest.approx(-1 / 3)


def test_coverage_counts_what_lies_between() -> None:
    quantiles = {0.1: np.array([0, 2.5, 0, 0]), 0.9: np.array([2, 4, 5, 1])}
    assert coverage(quantiles, TRUTH) == pytest.approx(2 / 3)


def test_pinball_is_dear_on_the_wrong_side() -> None:
    assert pinball_loss({0.9: np.array([0.0])}, np.array([1.0])) == pytest.approx(0.9)
    assert pinball_loss({0.9: np.array([1.0])}, np.array([0.0])) == pytest.approx(0.1)


def test_skill_is_one_when_perfect_and_none_when_equal() -> None:
    assert skill(TRUTH, GUESS, TRUTH) == 1.0
    assert skill(GUESS, GUESS, TRUTH) == 0.0
