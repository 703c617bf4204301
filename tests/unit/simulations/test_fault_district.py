"""Days of faults on a virtual clock: everything holds, and a failing seed replays exactly."""

import logging
from collections.abc import Iterator

import pytest

from benchmarks.faults import measure
from simulations import fault_district
from simulations.fault_district import BrokenInvariantError, lived_through


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", range(12))
def test_every_invariant_holds_through_days_of_faults(seed: int) -> None:
    lived = lived_through(seed, 3)
    assert lived.devices.written
    assert sum(lived.happened.values()) > 20


def test_a_seed_replays_exactly() -> None:
    one, two = lived_through(3, 2), lived_through(3, 2)
    assert one.devices.written == two.devices.written
    assert one.happened == two.happened


def _lived_through_all(seeds: range) -> None:
    for seed in seeds:
        lived_through(seed, 3)


def test_a_slot_written_without_the_store_came_twice_after_death_and_a_clock_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Forgetful(fault_district.SlotMark):
        def note(self, slot: object) -> None:
            pass

    monkeypatch.setattr(fault_district, "SlotMark", Forgetful)
    with pytest.raises(BrokenInvariantError, match="dispatched twice"):
        _lived_through_all(range(12))


def test_the_benchmark_counts_what_did_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.faults.QUICK_SEEDS", 2)
    figures = {figure.name: figure for figure in measure(quick=True).figures}
    assert figures["invariants that did not hold"].holds
    assert figures["slots written"].value > 0
