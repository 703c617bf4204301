"""The options of `ems simulate`, each with its help."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

ScenarioOption = Annotated[str, typer.Option(help="A scenario's name, see --list; or `all`.")]
ListOption = Annotated[bool, typer.Option("--list", help="List the scenarios.")]
StartOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, local time.")
]
DaysOption = Annotated[int | None, typer.Option(min=1, max=366, help="How many days.")]
WeatherOption = Annotated[
    Path | None, typer.Option(help="EPW or CSV; without it, the built-in climate.")
]
PricesOption = Annotated[
    Path | None, typer.Option(help="Day-ahead prices, ENTSO-E's CSV; without it, the tariff.")
]
SeedOption = Annotated[int, typer.Option(help="People, weather and forecast errors.")]
ControllersOption = Annotated[
    str | None,
    typer.Option(help="Which to run, with commas; baseline,ems unless told, all with --scenario."),
]
FaultsOption = Annotated[Path | None, typer.Option(help="What breaks: a YAML list.")]
FaultSeedOption = Annotated[int | None, typer.Option(help="Draw what breaks from this seed.")]
PictureOption = Annotated[Path, typer.Option(help="Where to draw the picture.")]
ReportOption = Annotated[
    Path | None,
    typer.Option(help="Folder for an HTML page and JSON of each scenario; goes on where it was."),
]
CarsOption = Annotated[
    Path | None,
    typer.Option(help="CSV of each car that left: what it wanted, could have had and got."),
]
WorkersOption = Annotated[
    int, typer.Option(min=1, max=4, help="Processes that share the controllers.")
]
ValidateOption = Annotated[
    Path | None, typer.Option("--validate", help="Only compare the made-up world; a folder.")
]
SweepOption = Annotated[
    Path | None, typer.Option(help="Run designs by seeds that a file names, by Dask.")
]
SweepExampleOption = Annotated[bool, typer.Option("--sweep-example", help="Print such a file.")]
SweepFolderOption = Annotated[
    Path, typer.Option(help="Where a sweep keeps its points, table and picture.")
]
SchedulerOption = Annotated[
    str, typer.Option(help="Of a sweep: `local`, or a Dask scheduler's tcp://host:port.")
]
