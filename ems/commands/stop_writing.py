"""`ems stop-writing`: every device back on its own control, now."""

import asyncio
import getpass
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ems.commands.common import DataOption, DsnOption, err, opened_store, out, told
from ems.store import stopping
from ems.store.store import Store

LOOK_S = 0.3


def stop_writing(
    data: DataOption = None,
    dsn: DsnOption = "",
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for the service's word.")
    ] = 15.0,
) -> None:
    """End all writing at once: the mode becomes manual and every device is given back.

    The service does it within a second or two, also in the middle of a quarter hour, and says so
    in the audit trail, where your name stands too. Plans are still made, none is written. Go on
    with [bold]ems mode automatic[/bold].
    """

    async def work() -> Mapping[str, Any] | None:
        async with opened_store(dsn, data) as store:
            return await stopped(store, getpass.getuser(), wait_s)

    with told():
        word = asyncio.run(work())
    if word is None:
        err.print("the mode is manual: nothing more is written", highlight=False)
        err.print(f"no running service has confirmed within {wait_s:g} s that devices are back")
        err.print("fix: if one should be running, see `ems doctor`; leases end by themselves")
        raise typer.Exit(1)
    out.print(f"{word['devices']} devices given back in {word['seconds']:g} s; the mode is manual")
    if word["unreached"]:
        err.print(f"not reached: {', '.join(word['unreached'])}", soft_wrap=True)
        err.print(
            "fix: look at these on site; those with a lease of their own end it by themselves"
        )
        raise typer.Exit(1)


async def stopped(store: Store, who: str, wait_s: float) -> Mapping[str, Any] | None:
    """File the stop for `who`; what the service says to it, None if it says nothing."""
    request = await stopping.stop_writing(store, who)
    for _ in range(round(wait_s / LOOK_S)):
        if (word := await stopping.given_back(store, request)) is not None:
            return word
        await asyncio.sleep(LOOK_S)
    return None
