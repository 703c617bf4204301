"""`ems simulate`: scenarios in closed loop under several controllers, as fast as they can go."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import typer

from ems.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, told
from ems.commands.simulate_days import Asked
from ems.commands.simulate_options import (
    CarsOption,
    ControllersOption,
    DaysOption,
    FaultSeedOption,
    FaultsOption,
    ListOption,
    PictureOption,
    PricesOption,
    ReportOption,
    ScenarioOption,
    SchedulerOption,
    SeedOption,
    StartOption,
    SweepExampleOption,
    SweepFolderOption,
    SweepOption,
    ValidateOption,
    WeatherOption,
    WorkersOption,
)
from ems.commands.simulate_run import Running, page_of
from ems.commands.simulate_sweep import made, swept
from ems.commands.simulate_tables import list_scenarios, overview, table_of
from ems.config import load_district
from ems.domain.errors import EmsError
from simulations.catalogue import BY_NAME, CATALOGUE, NamedScenario
from simulations.controllers import CONTROLLERS
from simulations.departures import write_cars
from simulations.kept import Kept
from simulations.report import Page, write_report
from simulations.sweep import EXAMPLE
from simulations.validation import validate

ALL = ",".join(CONTROLLERS)
BESIDE_PLAIN = "baseline,ems"
A_WEEK = replace(
    BY_NAME["winter-week"], name="week", english="the days asked for", french="les jours demandés"
)
"""What is lived through when no scenario is named: January's days unless told."""


def simulate(
    scenario: ScenarioOption = "",
    list_them: ListOption = False,
    start: StartOption = None,
    days: DaysOption = None,
    weather: WeatherOption = None,
    prices: PricesOption = None,
    seed: SeedOption = 1,
    controllers: ControllersOption = None,
    faults: FaultsOption = None,
    fault_seed: FaultSeedOption = None,
    picture: PictureOption = Path("out/simulation.png"),
    report: ReportOption = None,
    cars: CarsOption = None,
    workers: WorkersOption = 2,
    validation: ValidateOption = None,
    sweep: SweepOption = None,
    sweep_example: SweepExampleOption = False,
    sweep_folder: SweepFolderOption = Path("out/sweep"),
    scheduler: SchedulerOption = "local",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Run the EMS on the virtual district as fast as it can, beside other controllers.

    All controllers live through the same days with the same weather, people and prices, after four
    weeks that forecasts learn from: plain thermostats with plug-and-charge (baseline), good rules
    (rules), the EMS with its forecasts (ems), and the EMS told what will come (foresight). Says how
    much of the saving from rules to foresight the EMS took.
    """
    if list_them:
        list_scenarios(json)
    elif sweep_example:
        typer.echo(EXAMPLE, nl=False)
    elif validation is not None:
        with told():
            out.print(f"validation: {validate(load_district(config), validation)}")
    else:
        with told():
            asked = Asked(
                district=load_district(config),
                weather=weather,
                prices=prices,
                seed=seed,
                faults=faults,
                fault_seed=fault_seed,
            )
            if sweep is not None:
                table, front = swept(sweep, asked, scheduler, sweep_folder)
                out.print(f"table: {table}; picture: {front}", soft_wrap=True)
                return
            running = Running(
                asked=asked,
                start=start,
                days=days,
                names=chosen(controllers or (ALL if scenario else BESIDE_PLAIN)),
                workers=workers,
                kept=Kept(made(report) / "runs") if report else None,
            )
            pages = pages_of(entries_of(scenario, report), running, picture, report, cars)
        show(pages, report, json)


def pages_of(
    entries: list[NamedScenario],
    running: Running,
    picture: Path,
    report: Path | None,
    cars: Path | None,
) -> list[Page]:
    """Run scenarios, each drawn and reported as soon as it is done; then the table of cars.

    Raises:
        EmsError: a file does not hold or can't be written, or a run ended early.
    """
    if len(entries) == 1:
        require_writable(picture, "--picture")
    if cars is not None:
        require_writable(cars, "--cars")
    pages = []
    for entry in entries:
        drawn = report / f"{entry.name}.png" if report and len(entries) > 1 else picture
        pages.append(page_of(entry, running, drawn))
        if report is not None:
            write_report(report, pages[-1])
    if cars is not None:
        write_cars(cars, (line for page in pages for line in car_lines(page)))
    return pages


def car_lines(page: Page) -> Iterator[list[str]]:
    """The lines of `--cars` of a scenario, controllers in their order."""
    for name, outcome in page.outcomes.items():
        for cells in outcome.cars:
            yield [page.entry.name, name, *cells]


def show(pages: list[Page], report: Path | None, json: bool) -> None:
    """Print what came out."""
    if json:
        rows = [{**page.as_dict(), "picture": str(page.picture)} for page in pages]
        print_json(rows[0] if len(rows) == 1 else {"scenarios": rows})
        return
    for page in pages:
        out.print(table_of(page))
    if len(pages) > 1:
        out.print(overview(pages))
    out.print(f"picture: {pages[0].picture}" + (f"; report: {report}" if report else ""))


def chosen(names: str) -> list[str]:
    """The controllers asked for, in the order of the catalogue.

    Raises:
        EmsError: a name is unknown.
    """
    asked = {name.strip() for name in names.split(",") if name.strip()}
    if unknown := asked - set(CONTROLLERS):
        raise EmsError(
            f"no controller is called {', '.join(sorted(unknown))}",
            fix=f"choose among {', '.join(CONTROLLERS)}",
        )
    return [name for name in CONTROLLERS if name in asked]


def entries_of(name: str, report: Path | None) -> list[NamedScenario]:
    """The scenario of a name; without one, a week of January unchanged; `all`: all but the longest.

    Raises:
        EmsError: there is none of that name, or no folder for all of them.
    """
    if name == "all":
        if report is None:
            raise EmsError("all scenarios need a folder", fix="give one with --report")
        return [entry for entry in CATALOGUE if not entry.on_demand]
    if name and name not in BY_NAME:
        raise EmsError(f"no scenario is called {name}", fix="see ems simulate --list")
    return [BY_NAME[name] if name else A_WEEK]


def require_writable(path: Path, option: str) -> None:
    """See that a file can be written, before the days are lived through.

    Raises:
        EmsError: it can't.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise EmsError(
            f"{path} can't be written: {error.strerror}", fix=f"give another with {option}"
        ) from error
