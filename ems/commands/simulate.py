"""`ems simulate`: the closed loop on real weather and prices, beside plain control."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import Progress
from rich.table import Table

from ems.brain import LocalBrain
from ems.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, err, out, print_json, told
from ems.config import load_district
from ems.domain.district import District
from ems.domain.errors import EmsError, SourceError
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.processes import Family, Lifeline
from ems.sources import builtin_weather, read_prices, read_weather
from simulations.closed_loop import WARM_UP_DAYS, Run, Scenario, run_baseline, run_ems, started
from simulations.picture import draw

CONTROLLERS = ("baseline", "ems")
PATIENCE_S = 1.0
"""How long a run that is broken off may take to end."""
COLUMNS = {
    "cost_eur": "EUR",
    "energy_kwh": "kWh",
    "co2_kg": "kg CO2",
    "peak_kw": "peak kW",
    "discomfort_kh": "discomfort K·h",
    "discomfort_kh_per_dwelling_day": "per dwelling and day",
    "ev_shortfall_kwh": "EV shortfall kWh",
}


def simulate(
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="First day, local time.")
    ] = datetime(2023, 1, 16),  # noqa: DTZ001 local time, made aware with the site's zone
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days.")] = 7,
    weather: Annotated[
        Path | None, typer.Option(help="EPW or CSV; without it, the built-in climate.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="Day-ahead prices, ENTSO-E's CSV; without it, the tariff.")
    ] = None,
    seed: Annotated[int, typer.Option(help="People and forecast errors.")] = 1,
    picture: Annotated[Path, typer.Option(help="Where to draw the picture.")] = Path(
        "out/simulation.png"
    ),
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Run the EMS on the virtual district as fast as it can, beside plain control.

    Both controllers live through the same days with the same weather, people and prices, after
    four weeks that forecasts learn from. Prints EUR, kWh, kg CO2, peak, discomfort and EV shortfall
    of plain thermostats with plug-and-charge and of the EMS, and draws both.
    """
    with told():
        require_writable(picture)
        scenario = scenario_of(load_district(config), start, days, weather, prices, seed)
        runs = run_both(scenario)
        draw(scenario, runs, picture)
    if json:
        controllers = {name: run.kpis.as_dict() for name, run in runs.items()}
        print_json({"controllers": controllers, "picture": str(picture)})
    else:
        out.print(table_of(scenario, runs))
        out.print(f"picture: {picture}")


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


def scenario_of(
    district: District,
    start: datetime,
    days: int,
    weather_file: Path | None,
    price_file: Path | None,
    seed: int,
) -> Scenario:
    """The scenario that the options ask for.

    Raises:
        SourceError: a file does not hold, or does not cover the days.
    """
    zone = district.site.zone
    first = start.replace(tzinfo=zone)
    last = first + timedelta(days=days)
    horizon = _between(first, last)
    whole = Horizon(Slot(horizon.first.index - WARM_UP_DAYS * 96), 0)
    whole = Horizon(whole.first, horizon.slots.stop + 2 * 96 - whole.first.index)
    return Scenario(
        district=district,
        horizon=horizon,
        weather=_weather(district, weather_file, whole, seed),
        day_ahead_eur_per_kwh=_prices(district, price_file, horizon, whole),
        price_source=price_file.name if price_file else district.tariff.name,
        seed=seed,
    )


def _between(first: datetime, last: datetime) -> Horizon:
    begin = Slot.containing(first.astimezone(UTC))
    return Horizon(begin, Slot.containing(last.astimezone(UTC)).index - begin.index)


def _weather(district: District, file: Path | None, whole: Horizon, seed: int) -> Weather:
    if file is None:
        return builtin_weather(district.site, district.loop, whole, seed)
    return read_weather(file, district.site, district.loop, whole)


def _prices(
    district: District, file: Path | None, horizon: Horizon, whole: Horizon
) -> NDArray[np.float64]:
    """Prices over the whole span; the tariff stands in before and after the days that count."""
    if file is None:
        return np.full(whole.length, np.nan)
    prices = read_prices(file, district.site.zone, whole)
    begin = horizon.first.index - whole.first.index
    if np.isnan(prices[begin : begin + horizon.length]).any():
        raise SourceError(
            f"{file.name} has no price for some of the days from {horizon.first.start:%Y-%m-%d}",
            fix="choose days that the file covers",
        )
    return prices


@dataclass(frozen=True)
class _Job:
    """One controller's run in a process of its own."""

    name: str
    scenario: Scenario


def run_both(scenario: Scenario) -> dict[str, Run]:
    """Both controllers, side by side in two processes, with progress on standard error.

    Raises:
        EmsError: one of them ended early.
    """
    family = Family(logging.WARNING)
    with Progress(console=err, transient=True) as progress:
        try:
            news = {_begun(family, name, scenario): name for name in CONTROLLERS}
            tasks = {
                name: progress.add_task(name, total=scenario.horizon.length) for name in CONTROLLERS
            }
            runs: dict[str, Run] = {}
            while len(runs) < len(news):
                for name, item in _told(news):
                    if isinstance(item, Run):
                        runs[name] = item
                    else:
                        progress.update(tasks[name], completed=item)
        finally:
            family.stop(PATIENCE_S)
    return {name: runs[name] for name in CONTROLLERS}


def _begun(family: Family, name: str, scenario: Scenario) -> Connection:
    news, sender = family.pipe()
    family.start(name, _run, _Job(name, scenario), sender)
    sender.close()
    return news


def _told(news: dict[Connection, str]) -> Iterator[tuple[str, Run | int]]:
    """What the controllers have to tell: how many slots are done, and at last the run."""
    for ready in wait([end for end in news if not end.closed]):
        assert isinstance(ready, Connection)  # noqa: S101 nothing else was waited for
        try:
            item = ready.recv()
        except EOFError as error:
            fix = "its last lines above say why"
            raise EmsError(f"the run of {news[ready]} ended early", fix=fix) from error
        if isinstance(item, Run):
            ready.close()
        yield news[ready], item


def _run(lifeline: Lifeline, job: _Job, news: Connection) -> None:
    start = started(job.scenario)

    def tell(done: int) -> None:
        if lifeline.cut:
            raise SystemExit
        news.send(done)

    if job.name == "baseline":
        news.send(run_baseline(job.scenario, start, tell))
    else:
        news.send(run_ems(job.scenario, start, LocalBrain(job.scenario.district), tell))


def table_of(scenario: Scenario, runs: dict[str, Run]) -> Table:
    """The figures of both controllers side by side."""
    first = scenario.horizon.first.start.astimezone(scenario.district.site.zone)
    table = Table("", *runs, "difference", title=f"{first:%d %B %Y}, {scenario.weather.source}")
    figures = {name: run.kpis.as_dict() for name, run in runs.items()}
    for key, title in COLUMNS.items():
        values = [figures[name][key] for name in runs]
        table.add_row(title, *(f"{v:,.2f}" for v in values), f"{values[-1] - values[0]:+,.2f}")
    return table
