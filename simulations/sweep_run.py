"""The points of a sweep as Dask tasks; each that is finished is kept at once.

A sweep that ends early goes on where it was: points that the folder holds are not run again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
from distributed import Client, Future, KilledWorker, as_completed
from pyarrow import parquet

from ems.scale.cluster import ScaleError, addresses
from simulations.closed_loop import started
from simulations.controllers import CONTROLLERS
from simulations.kept import Kept, Row
from simulations.scenario import Scenario
from simulations.summary import weighted
from simulations.sweep import Point


@dataclass(frozen=True, kw_only=True)
class Task:
    """A point with all that its run needs."""

    point: Point
    """Which."""
    weeks: tuple[tuple[Scenario, float], ...] = field(repr=False)
    """The days of its seed, in the district as described, with their weights."""
    controller: str
    """Who is in command."""


def run_point(task: Task) -> Row:
    """Live through the days of a point, with one controller."""
    parts = []
    for usual, weight in task.weeks:
        scenario = replace(usual, district=task.point.design.of(usual.district))
        run = CONTROLLERS[task.controller](scenario, started(scenario), _silent)
        parts.append((run.kpis, weight))
    return {
        "key": task.point.key,
        **task.point.design.as_columns(),
        "seed": task.point.seed,
        **weighted(parts).as_dict(),
    }


def _silent(done: int) -> None:
    """Nobody watches the slots of a point."""


def run_points(
    client: Client, tasks: Sequence[Task], finished: Kept, tell: Callable[[Row], None]
) -> None:
    """Run `tasks` on all workers; each is kept and told when it is done.

    Raises:
        EmsError: a point's design does not fit the district.
        ScaleError: there is no worker, or a point took one after the other with it.
    """
    addresses(client)
    futures = {client.submit(run_point, task, pure=False): task.point for task in tasks}
    for future in as_completed(list(futures)):
        row = _row(future, futures[future])
        finished.keep(row)
        tell(row)


def _row(future: "Future[Row]", point: Point) -> Row:
    try:
        row: Row = future.result()
    except KilledWorker as lost:
        raise ScaleError(
            f"{point.design} with seed {point.seed} took one worker after the other with it",
            fix="give workers more memory; what is finished is kept, so start the sweep again",
        ) from lost
    return row


def write_table(rows: Sequence[Row], path: Path) -> None:
    """All points as one Parquet table, in the order given."""
    parquet.write_table(pa.Table.from_pylist(list(rows)), path)
