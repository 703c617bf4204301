"""`ems backup` and `ems restore`: the whole database in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from ems.commands.common import DataOption, DsnOption, database, out, told
from ems.store.backup import back_up
from ems.store.backup import restore as restored

FileArgument = Annotated[Path, typer.Argument(help="The backup.", dir_okay=False)]


def backup(file: FileArgument, data: DataOption = None, dsn: DsnOption = "") -> None:
    """Write the whole database into a file, while the EMS runs or not."""
    with told(), database(dsn, data) as address:
        size = back_up(address, file)
    out.print(f"{file}: {size / 1e6:.1f} MB", highlight=False)


def restore(
    file: FileArgument,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of the database that is there.")
    ] = False,
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """Bring back what a backup holds; the EMS must be stopped."""
    with told(), database(dsn, data) as address:
        restored(address, file, replace=replace)
    out.print(f"the database is as {file} has it", highlight=False)
