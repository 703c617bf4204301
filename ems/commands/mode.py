"""`ems mode`: who decides what is written."""

import asyncio
import getpass
from typing import Annotated

import typer

from ems.commands.common import DataOption, DsnOption, opened_store, out, told
from ems.domain.plans import Mode


def mode(
    wanted: Annotated[
        Mode | None, typer.Argument(help="The mode to change to; without it, the mode is shown.")
    ] = None,
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """Show or change who decides what is written to the devices."""

    async def work() -> Mode:
        async with opened_store(dsn, data) as store:
            if wanted is not None:
                await store.set_mode(wanted, getpass.getuser())
            return await store.mode()

    with told():
        out.print(asyncio.run(work()).value)
