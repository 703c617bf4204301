"""All controllers through one scenario, in some processes, with progress on standard error.

Controllers are dealt to the processes, those that plan first: on two cores two processes halve the
wall time. Those that share a process share its four weeks of warm-up.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from rich.console import Console
from rich.progress import Progress

from ems.brain import LocalBrain
from ems.domain.errors import EmsError
from ems.processes import Family, Lifeline
from simulations.closed_loop import (
    Run,
    Start,
    Tell,
    run_baseline,
    run_ems,
    run_foresight,
    run_rules,
    started,
)
from simulations.scenario import Scenario

PATIENCE_S = 1.0
"""How long a run that is broken off may take to end."""

Keep = Callable[[str, Run], None]
"""Called with a controller's name and its run as soon as it has ended."""

Runner = Callable[[Scenario, Start, Tell], Run]


def _ems(scenario: Scenario, start: Start, tell: Tell) -> Run:
    return run_ems(scenario, start, LocalBrain(scenario.district), tell)


CONTROLLERS: dict[str, Runner] = {
    "baseline": run_baseline,
    "rules": run_rules,
    "ems": _ems,
    "foresight": run_foresight,
}
"""In the order in which they are shown; those that take longest come last."""


@dataclass(frozen=True)
class _Job:
    """What one process runs."""

    names: tuple[str, ...]
    scenario: Scenario


def run_all(
    scenario: Scenario, names: Sequence[str], console: Console, workers: int, keep: Keep
) -> dict[str, Run]:
    """The runs of some controllers through a scenario, by name; each is kept as soon as it ends.

    Raises:
        EmsError: one of them ended early.
    """
    family = Family(logging.WARNING)
    with Progress(console=console, transient=True) as progress:
        tasks = {name: progress.add_task(name, total=scenario.horizon.length) for name in names}
        runs: dict[str, Run] = {}
        try:
            news = [_begun(family, job) for job in _jobs(scenario, names, workers)]
            while len(runs) < len(names):
                for name, item in _told(news):
                    if isinstance(item, Run):
                        runs[name] = item
                        keep(name, item)
                    else:
                        progress.update(tasks[name], completed=item)
        finally:
            family.stop(PATIENCE_S)
    return {name: runs[name] for name in names}


def _jobs(scenario: Scenario, names: Sequence[str], workers: int) -> list[_Job]:
    slowest_first = [name for name in reversed(CONTROLLERS) if name in names]
    groups = [slowest_first[worker::workers] for worker in range(workers)]
    return [_Job(tuple(group), scenario) for group in groups if group]


def _begun(family: Family, job: _Job) -> Connection:
    news, sender = family.pipe()
    family.start("+".join(job.names), _run, job, sender)
    sender.close()
    return news


def _told(news: list[Connection]) -> Iterator[tuple[str, Run | int]]:
    """What the processes have to tell: how many slots are done, and at last each run."""
    for ready in wait(news):
        assert isinstance(ready, Connection)  # noqa: S101 nothing else was waited for
        try:
            told = ready.recv()
        except EOFError as error:
            fix = "its last lines above say why"
            raise EmsError("a run ended early", fix=fix) from error
        if told is None:
            news.remove(ready)
            ready.close()
        else:
            yield told


def _run(lifeline: Lifeline, job: _Job, news: Connection) -> None:
    start = started(job.scenario)
    for name in job.names:

        def tell(done: int, name: str = name) -> None:
            if lifeline.cut:
                raise SystemExit
            news.send((name, done))

        news.send((name, CONTROLLERS[name](job.scenario, start, tell)))
    news.send(None)
