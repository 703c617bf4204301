"""Which process serves a data folder, by the server's own pid file.

The file may outlive the server and its number belong to another process by now, or to one that is
dead but never reaped (containers); a server stands in its data folder, which tells it from those.
"""

import os
from pathlib import Path


def running_on(pgdata: Path) -> int | None:
    """Process id of the server that runs on `pgdata` now; none when there is none."""
    pid = _noted(pgdata)
    return pid if pid is not None and _stands_in(pid, pgdata) else None


def forget_stranger(pgdata: Path) -> None:
    """Drop lock files that name a process which is not the server: none would start beside it.

    Files that name no process stay: the next server learns from them which memory to wait for.
    """
    pid = _noted(pgdata)
    if pid is not None and _runs(pid) and not _stands_in(pid, pgdata):
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (pgdata / name).unlink(missing_ok=True)


def _noted(pgdata: Path) -> int | None:
    try:
        return int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _stands_in(pid: int, folder: Path) -> bool:
    """Whether process `pid` runs and, where the system tells, has `folder` as its own."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except (FileNotFoundError, PermissionError):
        return _runs(pid) and not Path("/proc/self").exists()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
