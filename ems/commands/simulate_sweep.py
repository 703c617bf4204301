"""`ems simulate --sweep`: designs by seeds on Dask, a table of all and a picture of the best."""

import os
from dataclasses import replace
from pathlib import Path

from rich.progress import Progress

from ems.commands.common import err
from ems.commands.simulate_days import Asked, scenario_of, weeks_of
from ems.domain.errors import EmsError
from simulations.catalogue import BY_NAME
from simulations.controllers import CONTROLLERS
from simulations.designs import investment_eur
from simulations.kept import Kept
from simulations.scenario import Scenario
from simulations.sweep import Point, Sweep, points_of, read_sweep

TABLE, PICTURE = "sweep.parquet", "pareto.png"


def swept(path: Path, asked: Asked, scheduler: str, folder: Path) -> tuple[Path, Path]:
    """Run what a sweep asks for and the folder does not hold; the table and the picture.

    Raises:
        EmsError: the file has problems, a file or the folder can't be used, or workers were lost.
    """
    from simulations.pareto import draw_pareto, means  # these need Dask, an extra
    from simulations.sweep_run import write_table

    sweep = checked(read_sweep(path), path)
    given = f"{asked.weather} {asked.prices} {asked.faults} {asked.fault_seed}"
    points = points_of(sweep, asked.district, given)
    built = [investment_eur(point.design.of(asked.district), sweep.build) for point in points]
    finished = Kept(made(folder) / "points")
    _run_what_is_left(sweep, points, asked, scheduler, finished)
    rows = [
        {**row, "investment_eur": invested}
        for point, invested in zip(points, built, strict=True)
        if (row := finished.row(point.key)) is not None
    ]
    write_table(rows, folder / TABLE)
    draw_pareto(means(rows), folder / PICTURE)
    return folder / TABLE, folder / PICTURE


def _run_what_is_left(
    sweep: Sweep, points: list[Point], asked: Asked, scheduler: str, finished: Kept
) -> None:
    from ems.scale.cluster import connected
    from simulations.sweep_run import Task, run_points

    left = [point for point in points if finished.row(point.key) is None]
    if not left:
        return
    days = {seed: _weeks(sweep, replace(asked, seed=seed)) for seed in sweep.seeds}
    tasks = [Task(point=p, weeks=days[p.seed], controller=sweep.controller) for p in left]
    workers = min(len(left), os.cpu_count() or 1)
    with (
        connected(scheduler, workers=workers) as client,
        Progress(console=err, transient=True) as progress,
    ):
        bar = progress.add_task("points", total=len(points), completed=len(points) - len(left))
        run_points(client, tasks, finished, lambda _: progress.advance(bar))


def checked(sweep: Sweep, path: Path) -> Sweep:
    """The sweep, when its scenario and controller are there.

    Raises:
        EmsError: one of them is not.
    """
    for field, named, known in (
        ("scenario", sweep.scenario, BY_NAME),
        ("controller", sweep.controller, CONTROLLERS),
    ):
        if named not in known:
            raise EmsError(
                f"{path.name} {field}: none is called {named}",
                fix=f"choose among {', '.join(known)}",
            )
    return sweep


def _weeks(sweep: Sweep, asked: Asked) -> tuple[tuple[Scenario, float], ...]:
    entry = BY_NAME[sweep.scenario]
    weeks = weeks_of(entry, asked, None, sweep.days)
    return tuple((entry.change(scenario_of(asked, week)), week.weight) for week in weeks)


def made(folder: Path) -> Path:
    """A folder for results, made when it is not there.

    Raises:
        EmsError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmsError(f"{folder} can't be made: {error.strerror}", fix="give another") from error
    return folder
