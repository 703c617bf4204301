"""`ems demo`: all of Smartseille on this machine, measured, forecast, planned and controlled."""

import asyncio
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import Progress

from ems.clock import Anchor
from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    database,
    err,
    told,
)
from ems.commands.run import (
    CLOCK_FILE,
    PortOption,
    Running,
    prepare_operator,
    run_service,
    start_console,
    tell_address,
    watch,
)
from ems.config import load_district
from ems.cycle import Outside
from ems.devices.maps import point_infos
from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.plans import Mode
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.processes import Family
from ems.sources.builtin import builtin_weather
from ems.store.embedded import default_data_dir
from ems.store.schema import migrate
from ems.store.store import Store
from simulations.in_memory import FileOutside
from simulations.outlook import ForecastWeather
from simulations.virtual_district import (
    VirtualDistrict,
    longest_past,
    run_bacnet,
    run_plant,
)

DEFAULT_SPEED = 10.0
PAST_DAYS = 28
AHEAD_DAYS = 92
"""How long a virtual district goes on before it must be started again, district days."""
SEED = 2017


def demo(
    speed: Annotated[
        float, typer.Option(min=1, max=120, help="District seconds in a second.")
    ] = DEFAULT_SPEED,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    dsn: DsnOption = "",
    port: PortOption = 8080,
    net: Annotated[int, typer.Option(min=1, max=254, help="Devices answer on 127.NET.x.y.")] = 20,
    fresh: Annotated[bool, typer.Option(help="Forget the earlier demo and begin anew.")] = False,
) -> None:
    """Start the virtual district, its EMS and the console; prints the address of the page.

    The first start lives through 28 days, so that forecasts and charts have a past. District time
    runs [bold]--speed[/bold] times as fast as the clock on the wall.
    """
    with told(), ExitStack() as stack:
        folder = (data or default_data_dir()).expanduser()
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        address = stack.enter_context(database(dsn, folder))
        migrate(address)
        running = Running(
            district=load_district(config).on_loopback(net),
            dsn=address,
            anchor=resumed_anchor(folder, speed),
            port=port,
        )
        password = prepare_operator(address, folder)
        family = Family()
        stack.callback(family.stop)
        start_console(family, running)
        virtual = start_virtual(family, running)
        family.start("service", run_service, running, SimulatedOutside(virtual.weather))
        tell_address(running, password)
        watch(family)


def resumed_anchor(folder: Path, speed: float) -> Anchor:
    """The mapping of the last demo, going on at `speed`; a new one begins at the present."""
    now = datetime.now(UTC)
    held = Anchor.read(folder / CLOCK_FILE) or Anchor(start=now, wall_start=now, speed=speed)
    anchor = held.sped(speed, now)
    anchor.write(folder / CLOCK_FILE)
    return anchor


@dataclass(frozen=True)
class SimulatedOutside:
    """Makes the service's view of weather and prices: the true weather, with forecast errors."""

    weather: Weather

    def __call__(self, running: Running) -> Outside:
        """The view for `running`."""
        return FileOutside(
            ForecastWeather(self.weather, SEED),
            _no_prices,
            running.district,
            "tariff",
        )


def _no_prices(horizon: Horizon) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.full(horizon.length, np.nan)


def start_virtual(family: Family, running: Running, past_days: int = PAST_DAYS) -> VirtualDistrict:
    """Start the plant and the protocol servers; fill in the past that the store lacks.

    Raises:
        EmsError: one of them died while starting.
    """
    past = asyncio.run(_missing_past(running, past_days))
    virtual = VirtualDistrict(
        district=running.district,
        anchor=running.anchor,
        weather=_true_weather(running.district, past),
        past=past,
        seed=SEED,
        image=f"{os.getpid()}",
    )
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("living through the past", total=1.0)
        news, sender = family.pipe()
        plant = family.start("plant and Modbus servers", run_plant, virtual, sender)
        sender.close()
        asyncio.run(
            _fill(running, news, plant, lambda share: progress.update(task, completed=share))
        )
        progress.update(task, description="opening the BACnet servers")
        news, sender = family.pipe()
        bacnet = family.start("BACnet servers", run_bacnet, virtual, sender)
        sender.close()
        asyncio.run(_fill(running, news, bacnet, lambda share: None))
    return virtual


async def _missing_past(running: Running, days: int) -> Horizon:
    async with Store.open(running.dsn) as store:
        await store.register(point_infos(running.district))
        await store.set_mode(Mode.AUTOMATIC, "demo")
        last = await store.last_history_slot()
    return longest_past(Slot.containing(running.anchor.at(datetime.now(UTC))), last, days)


def _true_weather(district: District, past: Horizon) -> Weather:
    horizon = Horizon(past.first, past.length + AHEAD_DAYS * 96)
    return builtin_weather(district.site, district.loop, horizon, SEED)


async def _fill(running: Running, news: Any, child: Any, tell: Any) -> None:
    """Take the child's news until it is ready; what it lived through goes into the store."""
    async with Store.open(running.dsn) as store:
        while True:
            while not await asyncio.to_thread(news.poll, 0.2):
                if not child.is_alive():
                    fix = "its last lines above say why"
                    raise EmsError(f"the {child.name} process ended", fix=fix)
            item = await asyncio.to_thread(news.recv)
            if item.history is not None:
                await store.fill_history(item.history)
            tell(item.share)
            if item.ready:
                return
