"""The system user that the embedded server runs as.

PostgreSQL refuses to run as root. Started by root, the server gets a system user of its own, which
must be able to walk to its data and to the server's programs: folders on the way are opened for
passing through (not for listing), and each one opened is logged. Started by anyone else, the server
runs as that person and nothing is changed.
"""

import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ems.domain.errors import StoreError

NAME = "embedded_postgres"
_READ = stat.S_IRGRP | stat.S_IROTH
_PASS = stat.S_IXGRP | stat.S_IXOTH

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ServerAccount:
    """Who runs the server."""

    uid: int
    """User id."""

    gid: int
    """Group id."""

    own: bool
    """Whether it is a user of its own, because we are root."""

    @classmethod
    def present(cls) -> "ServerAccount":
        """The present user, or the server's own one when that is root.

        Raises:
            StoreError: root can't make the server's user.
        """
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid(), own=False)
        entry = _entry() or _made()
        return cls(uid=entry.pw_uid, gid=entry.pw_gid, own=True)

    def give(self, folder: Path) -> None:
        """Hand `folder` to the server, closed to everyone else, and open the way to it."""
        folder.chmod(stat.S_IRWXU)
        if self.own:
            os.chown(folder, self.uid, self.gid)
            open_way_to(folder)

    def run(self, command: Sequence[str], *, timeout_s: float) -> tuple[int, str]:
        """Run one of the server's programs as this user: its exit code and what it printed.

        What it prints goes through a file: a pipe would be inherited by the server and never end.
        """
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - the programs are those of our own package
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd="/",
                env={k: v for k, v in os.environ.items() if not k.startswith("PG")},
                timeout=timeout_s,
                check=False,
                user=self.uid if self.own else None,
                group=self.gid if self.own else None,
                extra_groups=[] if self.own else None,
            )
            output.seek(0)
            return done.returncode, output.read().strip()


def open_way_to(path: Path) -> None:
    """Let everyone pass through the folders above `path`."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            _log.warning("opened %s for passing through, so that the database server can", folder)
            folder.chmod(mode | _PASS)


def open_programs(folders: Iterable[Path]) -> None:
    """Let everyone read and run the server's programs and libraries under `folders`."""
    for folder in folders:
        open_way_to(folder)
        for path in (folder, *folder.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | _READ | (_PASS if mode & stat.S_IXUSR else 0))


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None


def _made() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is not None:
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - fixed words
    entry = _entry()
    if entry is None:
        raise StoreError(
            f"root can't run the database server, and the user {NAME} could not be made",
            fix=f"make a system user {NAME}, or start as a normal user",
        )
    return entry
