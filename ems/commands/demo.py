"""`ems demo`: all of Smartseille on this machine, measured, forecast, planned and controlled."""

import asyncio
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
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
    data_folder,
    database,
    err,
    told,
)
from ems.commands.run import (
    CLOCK_FILE,
    PortOption,
    Running,
    prepare_operator,
    require_free,
    run_console,
    start_service,
    tell_address,
    until_ended,
    watch,
)
from ems.config import load_district
from ems.cycle import Outside
from ems.devices.maps import point_infos
from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.own_points import own_points
from ems.domain.plans import Mode
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Weather
from ems.heart import FILE as HEART_FILE
from ems.processes import Family, end_with_parent
from ems.sources.builtin import builtin_weather
from ems.store.first_operator import FILE as PASSWORD_FILE
from ems.store.postmaster import running_on
from ems.store.residents import Purpose
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

DEFAULT_SPEED = 60.0
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
    with told(), until_ended(), ExitStack() as stack:
        district = load_district(config).on_loopback(net)
        folder = data_folder(data)
        require_free(port)
        if fresh:
            forget(folder)
        address = stack.enter_context(database(dsn, folder))
        migrate(address)
        if not (folder / CLOCK_FILE).exists():
            asyncio.run(refuse_real(address))
        running = Running(
            district=district,
            dsn=address,
            anchor=resumed_anchor(folder, speed),
            port=port,
            heart=folder / HEART_FILE,
        )
        password = prepare_operator(address, folder)
        family = Family()
        stack.callback(family.stop)
        family.start("console", run_console, running)
        _compile_meanwhile()
        virtual = start_virtual(family, running)
        start_service(family, running, SimulatedOutside(virtual.weather))
        tell_address(running, password)
        watch(family)


def _compile_meanwhile() -> None:
    """Compile the planner's kernels while the past is lived through; nobody waits for it.

    The first time on a machine takes some twenty seconds, which the first plan would have to wait.
    """
    multiprocessing.get_context("spawn").Process(target=_compile, daemon=True).start()


def _compile() -> None:
    from ems.optimizer.ladder import compile_kernels

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    compile_kernels()


def forget(folder: Path) -> None:
    """Remove what a demo keeps in `folder`, and nothing else.

    Raises:
        EmsError: another demo is running on it, or there is none.
    """
    if not (folder / CLOCK_FILE).exists():
        return
    if running_on(folder.resolve() / "postgres") is not None:
        raise EmsError(f"{folder} is in use by a running demo", fix="stop it first")
    shutil.rmtree(folder / "postgres", ignore_errors=True)
    for name in (CLOCK_FILE, PASSWORD_FILE, HEART_FILE):
        (folder / name).unlink(missing_ok=True)


async def refuse_real(dsn: str) -> None:
    """See that a virtual district is not mixed with a real one.

    Raises:
        EmsError: something was measured before the demo's clock began.
    """
    async with Store.open(dsn) as store:
        if await store.last_history_slot() is not None:
            raise EmsError(
                "the database holds the measurements of a real district",
                fix="give the demo a folder of its own with --data, or an empty database",
            )


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

        def tell(share: float) -> None:
            progress.update(task, completed=share)

        _start(family, running, virtual, "plant and Modbus servers", run_plant, tell)
        progress.update(task, description="opening the BACnet servers")
        _start(family, running, virtual, "BACnet servers", run_bacnet, tell)
    return virtual


Tell = Callable[[float], None]
"""Is told how much of the past has been lived through, 0 to 1."""


def _start(
    family: Family,
    running: Running,
    virtual: VirtualDistrict,
    name: str,
    target: Callable[..., None],
    tell: Tell,
) -> None:
    """Start one process of the virtual district, and wait until it serves."""
    news, sender = family.pipe()
    # Closed however this ends: a child that still has news must not wait for a reader.
    with news:
        child = family.start(name, target, virtual, sender)
        sender.close()
        asyncio.run(_fill(running, news, child, tell))


async def _missing_past(running: Running, days: int) -> Horizon:
    async with Store.open(running.dsn) as store:
        await store.register([*point_infos(running.district), *own_points()])
        last = await store.last_history_slot()
        if last is None:
            await store.set_mode(Mode.AUTOMATIC, "demo")
            for dwelling in running.district.dwellings:
                await store.give_consent(
                    dwelling, Purpose.FORECASTS, "demo", proof="virtual residents"
                )
    return longest_past(Slot.containing(running.anchor.at(datetime.now(UTC))), last, days)


def _true_weather(district: District, past: Horizon) -> Weather:
    horizon = Horizon(past.first, past.length + AHEAD_DAYS * 96)
    return builtin_weather(district.site, district.loop, horizon, SEED)


async def _fill(running: Running, news: Connection, child: BaseProcess, tell: Tell) -> None:
    """Take the child's news until it is ready; what it lived through goes into the store."""
    async with Store.open(running.dsn) as store:
        while True:
            while not await asyncio.to_thread(news.poll, 0.2):
                if not child.is_alive():
                    raise _ended(child)
            try:
                item = await asyncio.to_thread(news.recv)
            except EOFError as error:
                raise _ended(child) from error
            if item.history is not None:
                await store.fill_history(mapped(item.history, running.district), longer=False)
            tell(item.share)
            if item.ready:
                return


def mapped(history: QuarterHours, district: District) -> QuarterHours:
    """The part of `history` that the device maps offer; the plant knows more than some devices."""
    offered = {info.id for info in point_infos(district)}
    rows = [row for row, point in enumerate(history.points) if point in offered]
    if len(rows) == len(history.points):
        return history
    points = tuple(history.points[row] for row in rows)
    return replace(history, points=points, values=history.values[rows])


def _ended(child: BaseProcess) -> EmsError:
    return EmsError(f"the {child.name} process ended", fix="its last lines above say why")
