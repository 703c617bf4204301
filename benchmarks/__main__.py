"""`python -m benchmarks NAME [--quick] [--json] [--picture FILE]`: measures one thing."""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program runs; read by NumPy once

from rich.console import Console
from rich.table import Table

from benchmarks import (
    citylearn,
    cycle,
    devices,
    devices_fuzz,
    devices_load,
    faults,
    feeds,
    forecast,
    optimizer,
    optimizer_scale,
    simulation,
    start,
    store,
)
from benchmarks.figures import Report
from benchmarks.pictures import draw

BENCHMARKS: dict[str, Callable[[bool], Report]] = {
    "citylearn": citylearn.measure,
    "cycle": cycle.measure,
    "devices": devices.measure,
    "forecast": forecast.measure,
    "start": start.measure,
    "optimizer": optimizer.measure,
    "optimizer_scale": optimizer_scale.measure,
    "simulation": simulation.measure,
    "devices-fuzz": devices_fuzz.measure,
    "devices-load": devices_load.measure,
    "faults": faults.measure,
    "feeds": feeds.measure,
    "store": store.measure,
}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*BENCHMARKS, "all"], help="what to measure")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, within 50 s")
    parser.add_argument("--json", action="store_true", help="print JSON for a machine")
    parser.add_argument("--picture", type=Path, help="a PNG to draw curves to, where there are any")
    asked = parser.parse_args()
    names = list(BENCHMARKS) if asked.name == "all" else [asked.name]
    for name in names:
        report = BENCHMARKS[name](asked.quick)
        print(json.dumps(report.as_dict())) if asked.json else show(report)
        for picture in report.pictures if asked.picture else ():
            draw(picture, asked.picture)


def show(report: Report) -> None:
    """Print a report for a person."""
    table = Table("figure", "value", "unit", "goal", "", title=f"{report.name} ({report.commit})")
    for figure in report.figures:
        goal = "" if figure.goal is None else f"<= {figure.goal:g}"
        mark = {None: "", True: "holds", False: "[bold]missed[/bold]"}[figure.holds]
        table.add_row(figure.name, f"{figure.value:.3g}", figure.unit, goal, mark)
    console = Console()
    console.print(table)
    console.print(report.machine)


if __name__ == "__main__":
    main()
