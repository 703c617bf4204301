"""Districts planned by Dask workers, two processes of this machine."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial

import pytest
from distributed import Client

from ems.optimizer.structured.certificate import certify
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.shares import dealt
from ems.optimizer.structured.solve import solve
from ems.optimizer.structured.spread import SpreadBeginning
from ems.scale.cluster import LOCAL, ScaleError, addresses, connected
from ems.scale.districts import solve_many
from ems.scale.one_district import HeldByWorkers, solve_spread

GAP = 1e-4
SIZE = Size.of(30, slots=24)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with connected(LOCAL, workers=2) as client:
        yield client


def test_workers_are_processes_of_their_own(client: Client) -> None:
    assert os.getpid() not in client.run(os.getpid).values()
    assert len(set(client.run(os.getpid).values())) == 2


def test_a_district_on_two_workers_has_the_plan_of_one_process(client: Client) -> None:
    problem = district(SIZE, 1)
    spread, alone = solve_spread(problem, client, gap=GAP), solve(problem, gap=GAP)
    proven = certify(problem, spread.controls, spread.multipliers)
    assert proven.gap <= 1.01 * GAP
    assert spread.cost_eur == pytest.approx(alone.cost_eur, rel=1e-8)
    assert spread.steps == alone.steps


def test_districts_are_tasks_and_come_back_in_order(client: Client) -> None:
    problems = [district(SIZE, seed) for seed in range(4)]
    answers = solve_many(problems, client, gap=GAP)
    for problem, answer in zip(problems, answers, strict=True):
        assert answer.cost_eur == pytest.approx(solve(problem, gap=GAP).cost_eur, rel=1e-9)
        assert certify(problem, answer.controls, answer.multipliers).gap <= 1.01 * GAP


def test_nobody_at_the_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ems.scale.cluster.CONNECT_S", 0.5)
    nobody = "tcp://127.0.0.1:9"
    with pytest.raises(ScaleError, match=f"{nobody}: .*\n *fix: .*dask worker"), connected(nobody):
        pass


def test_a_worker_killed_on_the_way_is_named_and_the_next_plan_succeeds(client: Client) -> None:
    problem, pids, victim = district(SIZE, 2), client.run(os.getpid), addresses(client)[0]

    class KillsInTheThirdStep(HeldByWorkers):
        asked = 0

        def ask(self, what, each):  # type: ignore[no-untyped-def]
            self.asked += 1
            if self.asked == 12:
                os.kill(pids[victim], signal.SIGKILL)
            return super().ask(what, each)

    shares = dealt(problem, 2)
    held = KillsInTheThirdStep(client, shares, addresses(client))
    with pytest.raises(ScaleError, match=victim):
        solve(problem, begin=partial(SpreadBeginning, shares=shares, elsewhere=held))
    while victim in addresses(client):  # until the scheduler knows
        time.sleep(0.05)
    assert solve_spread(problem, client, gap=GAP).ended == "gap"
