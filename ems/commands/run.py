"""`ems run`: the service and the console of a real district; the demo starts from here too."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from ems.clock import Anchor, DistrictClock
from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    data_folder,
    database,
    err,
    out,
    told,
)
from ems.commands.sources import Co2Option, PricesOption, Sources, WeatherOption
from ems.config import load_district
from ems.cycle import Outside
from ems.devices.fail_safe import guarded
from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.guard import Guard, scheduled
from ems.heart import FILE as HEART_FILE
from ems.heart import Heart, last_beat
from ems.json_log import VARIABLE
from ems.processes import Family, Lifeline
from ems.store.first_operator import ensure_operator
from ems.store.leadership import Leadership
from ems.store.schema import migrate
from ems.store.spool import FILE as SPOOL_FILE
from ems.store.spool import Spool
from ems.store.store import Store

CLOCK_FILE = "clock.json"
HOST = "127.0.0.1"
GUARD_ENDS_S = 20.0
"""Wall seconds that the guard gets at the end, to give back what a killed service held."""


class Part(StrEnum):
    """What may run alone."""

    ALL = "all"
    SERVICE = "service"
    CONSOLE = "console"


PortOption = Annotated[
    int, typer.Option("--port", min=1, max=65535, help="Port of the console on loopback.")
]

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class Running:
    """What the processes of one district share."""

    district: District = field(repr=False)
    dsn: str
    anchor: Anchor
    port: int
    heart: Path
    """Where the service shows that it lives."""


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    dsn: DsnOption = "",
    port: PortOption = 8080,
    only: Annotated[Part, typer.Option(help="Start one part alone.")] = Part.ALL,
    weather: WeatherOption = Sources.weather,
    prices: PricesOption = Sources.prices,
    co2: Co2Option = Sources.co2,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines as JSON.")] = False,
) -> None:
    """Run a real district: poll, plan and, once its mode says so, control; and show the console.

    A new district starts in [bold]shadow[/bold] mode: nothing is written to any device until
    [bold]ems mode automatic[/bold]. Stop with Ctrl-C: every device goes back to its own control.
    """
    if log_json:
        os.environ[VARIABLE] = "1"
    with told(), until_ended(), ExitStack() as stack:
        district = load_district(config)
        folder = data_folder(data)
        refuse_demo(folder)
        if only is not Part.SERVICE:
            require_free(port)
        address = stack.enter_context(database(dsn, folder))
        migrate(address)
        now = datetime.now(UTC)
        running = Running(
            district=district,
            dsn=address,
            anchor=Anchor(start=now, wall_start=now, speed=1.0),
            port=port,
            heart=folder / HEART_FILE,
        )
        password = prepare_operator(address, folder)
        family = Family()
        stack.callback(family.stop)
        if only is not Part.SERVICE:
            family.start("console", run_console, running)
        if only is not Part.CONSOLE:
            sources = Sources(weather=weather, prices=prices, co2=co2)
            start_service(family, running, partial(connected_outside, sources))
            tell_address(running, password)
        watch(family)


@contextmanager
def until_ended() -> Iterator[None]:
    """Ctrl-C, a plain kill and a closed terminal end what is done inside, once and for all.

    A second Ctrl-C changes nothing: the ending goes on undisturbed.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        for ending in _ENDINGS:
            signal.signal(ending, signal.SIG_IGN)
        err.print("\nstopping: devices go back to their own control ...")
        raise KeyboardInterrupt

    before = {ending: signal.signal(ending, end) for ending in _ENDINGS}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def refuse_demo(folder: Path) -> None:
    """See that a real district is not mixed with a virtual one.

    Raises:
        EmsError: `folder` holds a demo.
    """
    if (folder / CLOCK_FILE).exists():
        raise EmsError(f"{folder} holds the data of a demo", fix="give another folder with --data")


def require_free(port: int) -> None:
    """See that nothing listens on `port` of the loopback.

    Raises:
        EmsError: something does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise EmsError(
                f"port {port} is in use", fix="stop what uses it, or give another with --port"
            ) from error


def prepare_operator(dsn: str, folder: Path) -> Path:
    """Make the operator's account at the first start; where the password stands."""

    async def ensure() -> Path:
        async with Store.open(dsn) as store:
            return await ensure_operator(store, folder)

    return asyncio.run(ensure())


def tell_address(running: Running, password: Path) -> None:
    """Print where the page is and how to get in."""
    out.print(f"\n  console   [bold]http://{HOST}:{running.port}[/bold]", highlight=False)
    if password.exists():
        name, word = password.read_text(encoding="utf-8").split()[:2]
        out.print(f"  sign in   {name}  {word}   (kept in {password})", highlight=False)
    out.print("  stop      Ctrl-C\n", highlight=False)


def watch(family: Family) -> None:
    """Wait until a process dies, unless the end comes first.

    Raises:
        EmsError: one did.
    """
    while (dead := family.dead()) is None:
        time.sleep(0.3)
    raise EmsError(f"the {dead} process ended", fix="its last lines above say why")


MakeOutside = Callable[[Running], Outside]


def start_service(family: Family, running: Running, outside: MakeOutside) -> None:
    """Start the service, and before it the guard where a device needs one."""
    if guarded(running.district) or scheduled(running.district):
        beat = last_beat(running.heart)
        left = beat.left_behind if beat is not None else frozenset()
        family.start("guard", run_guard, running, left, least_s=GUARD_ENDS_S)
    family.start("service", run_service, running, outside)


def run_guard(lifeline: Lifeline, running: Running, left_behind: frozenset[str]) -> None:
    """The process that gives back what a dead service held."""
    guard = Guard(running.district, running.heart, left_behind=left_behind)
    asyncio.run(guard.run(lambda: lifeline.cut))


def run_service(lifeline: Lifeline, running: Running, outside: MakeOutside) -> None:
    """The process that measures, plans and controls."""
    from ems.service import Service

    async def serve() -> None:
        spool_file = running.heart.with_name(SPOOL_FILE)
        leadership = Leadership(running.dsn)
        if not await leads(leadership, lifeline):
            return
        async with Store.open(running.dsn) as store:
            with Spool(spool_file) as spool:
                service = Service(
                    running.district,
                    DistrictClock(running.anchor),
                    store,
                    outside(running),
                    Heart(running.heart),
                    spool,
                    leadership,
                )
                await service.run(lifeline.until_cut)

    asyncio.run(serve())


async def leads(leadership: Leadership, lifeline: Lifeline) -> bool:
    """Wait until this instance leads; false when its time was over before."""
    gained, end = (
        asyncio.create_task(each) for each in (leadership.gained(), lifeline.until_cut())
    )
    await asyncio.wait([gained, end], return_when=asyncio.FIRST_COMPLETED)
    if gained.done():
        end.cancel()
        gained.result()
        return True
    gained.cancel()
    await asyncio.gather(gained, return_exceptions=True)
    await leadership.resign()
    return False


def run_console(lifeline: Lifeline, running: Running) -> None:
    """The process that serves the console."""
    from ems.console.server import serve_console

    async def serve() -> None:
        async with Store.open(running.dsn) as store:
            clock = DistrictClock(running.anchor)
            await serve_console(
                store,
                running.district,
                clock,
                host=HOST,
                port=running.port,
                until=lifeline.until_cut,
            )

    asyncio.run(serve())


def connected_outside(sources: Sources, running: Running) -> Outside:
    """Weather, prices and CO2 from the chosen services, kept fresh from now on."""
    from ems.sources.connected import ConnectedOutside
    from ems.sources.refreshing import Refreshing

    feeds = sources.feeds(running.district, running.heart.parent)
    Refreshing(feeds, DistrictClock(running.anchor).now).start()
    return ConnectedOutside(running.district, feeds)
