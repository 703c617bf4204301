"""`ems simulate`: scenarios in closed loop under several controllers, as fast as they can go."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ems.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, err, out, print_json, told
from ems.commands.simulate_days import Asked, scenario_of, weeks_of
from ems.commands.simulate_sweep import swept
from ems.config import load_district
from ems.domain.errors import EmsError
from simulations.catalogue import BY_NAME, CATALOGUE, NamedScenario
from simulations.controllers import CONTROLLERS, run_all
from simulations.picture import draw
from simulations.report import Page, write_report
from simulations.summary import Outcome, shares_taken, weighted
from simulations.sweep import EXAMPLE
from simulations.validation import validate

ALL = ",".join(CONTROLLERS)
BESIDE_PLAIN = "baseline,ems"

COLUMNS = {
    "cost_eur": "EUR",
    "valued_eur": "EUR with comfort and cars",
    "energy_kwh": "kWh",
    "co2_kg": "kg CO2",
    "peak_kw": "peak kW",
    "overrun_kwh": "overrun kWh",
    "discomfort_kh": "discomfort K·h",
    "discomfort_kh_per_dwelling_day": "per dwelling and day",
    "ev_shortfall_kwh": "EV shortfall kWh",
    "self_consumption": "self-consumption",
    "battery_cycles": "battery cycles",
    "hygiene_missed_h": "hygiene missed h",
}


def simulate(
    scenario: Annotated[str, typer.Option(help="A scenario's name, see --list.")] = "",
    list_them: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, local time.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=366, help="How many days.")] = None,
    weather: Annotated[
        Path | None, typer.Option(help="EPW or CSV; without it, the built-in climate.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="Day-ahead prices, ENTSO-E's CSV; without it, the tariff.")
    ] = None,
    seed: Annotated[int, typer.Option(help="People, weather and forecast errors.")] = 1,
    controllers: Annotated[
        str | None,
        typer.Option(
            help="Which to run, with commas; baseline,ems unless told, all with --scenario."
        ),
    ] = None,
    faults: Annotated[Path | None, typer.Option(help="What breaks: a YAML list.")] = None,
    fault_seed: Annotated[int | None, typer.Option(help="Draw what breaks from this seed.")] = None,
    picture: Annotated[Path, typer.Option(help="Where to draw the picture.")] = Path(
        "out/simulation.png"
    ),
    report: Annotated[
        Path | None, typer.Option(help="Folder for an HTML page and JSON of each scenario.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option("--validate", help="Only compare the made-up world; a folder.")
    ] = None,
    sweep: Annotated[
        Path | None, typer.Option(help="Run designs by seeds that a file names, by Dask.")
    ] = None,
    sweep_example: Annotated[
        bool, typer.Option("--sweep-example", help="Print such a file.")
    ] = False,
    sweep_folder: Annotated[
        Path, typer.Option(help="Where a sweep keeps its points, table and picture.")
    ] = Path("out/sweep"),
    scheduler: Annotated[
        str, typer.Option(help="Of a sweep: `local`, or a Dask scheduler's tcp://host:port.")
    ] = "local",
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
        return
    if sweep_example:
        typer.echo(EXAMPLE, nl=False)
        return
    if validation is not None:
        with told():
            out.print(f"validation: {validate(load_district(config), validation)}")
        return
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
        require_writable(picture)
        names = chosen(controllers or (ALL if scenario else BESIDE_PLAIN))
        entry = entry_of(scenario)
        page = page_of(entry, asked, start, days, names, picture)
        if report is not None:
            write_report(report, page)
    if json:
        print_json({**page.as_dict(), "picture": str(picture)})
    else:
        out.print(table_of(page))
        out.print(f"picture: {picture}" + (f"; report: {report}" if report else ""))


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


def entry_of(name: str) -> NamedScenario:
    """The scenario of a name; without one, a week of January unchanged.

    Raises:
        EmsError: there is none of that name.
    """
    if name and name not in BY_NAME:
        raise EmsError(f"no scenario is called {name}", fix="see ems simulate --list")
    return BY_NAME[name or "winter-week"]


def page_of(
    entry: NamedScenario,
    asked: Asked,
    start: datetime | None,
    days: int | None,
    names: list[str],
    picture: Path,
) -> Page:
    """Run all weeks of a scenario under all controllers; draws the first week.

    Raises:
        EmsError: a file does not hold, or a run ended early.
    """
    parts, first = [], None
    for week in weeks_of(entry, start, days):
        scenario = entry.change(scenario_of(asked, week))
        runs = run_all(scenario, names, err)
        parts.append((week, scenario, runs))
        if first is None:
            first = scenario
            draw(scenario, runs, picture)
    outcomes = {
        name: Outcome(
            kpis=weighted([(runs[name].kpis, week.weight) for week, _, runs in parts]),
            planned_eur=_planned(
                [(runs[name].planned_eur, week.weight) for week, _, runs in parts]
            ),
        )
        for name in names
    }
    return Page(
        entry=entry,
        weeks=tuple(week for week, _, _ in parts),
        weather=parts[0][1].weather.source,
        prices=parts[0][1].price_source,
        seed=asked.seed,
        outcomes=outcomes,
        shares=shares_taken(outcomes),
        picture=picture,
    )


def _planned(parts: list[tuple[float | None, float]]) -> float | None:
    known = [(cost, weight) for cost, weight in parts if cost is not None]
    if len(known) < len(parts):
        return None
    return sum(cost * weight for cost, weight in known)


def require_writable(picture: Path) -> None:
    """See that the picture can be drawn, before the days are lived through.

    Raises:
        EmsError: it can't.
    """
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.open("ab").close()
    except OSError as error:
        raise EmsError(
            f"{picture} can't be written: {error.strerror}", fix="give another with --picture"
        ) from error


def list_scenarios(json: bool) -> None:
    """Print the catalogue, in both languages."""
    rows = [
        {
            "name": entry.name,
            "days": sum(week.days for week in entry.weeks),
            "english": entry.english,
            "french": entry.french,
        }
        for entry in CATALOGUE
    ]
    if json:
        print_json({"scenarios": rows})
        return
    table = Table("name", "days", "English", "français")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)


def table_of(page: Page) -> Table:
    """The figures of all controllers side by side, and what the EMS took of what was possible."""
    day = f"{page.weeks[0].start:%d %B %Y}"
    table = Table("", *page.outcomes, title=f"{page.entry.name}, {day}, {page.weather}")
    for key, title in COLUMNS.items():
        values = [getattr(outcome.kpis, key) for outcome in page.outcomes.values()]
        table.add_row(title, *(f"{value:,.2f}" for value in values))
    if page.shares is not None:
        table.caption = page.said()
    return table
