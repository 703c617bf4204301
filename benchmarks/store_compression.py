"""What TimescaleDB's compression leaves of quarter hours, on a small TimescaleDB of Node.js.

Nothing is measured where Node.js or its packages are missing (`sh tests/install_peers.sh`).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psycopg

from benchmarks.figures import Figure
from ems.domain.errors import StoreAwayError
from ems.store import migrate

_ROOT = Path(__file__).parents[1]
_SCRIPT = _ROOT / "tests" / "peers" / "timescaledb_server.js"
_PACKAGES = _ROOT / ".venv" / "peers" / "node_modules"
_SIGNALS = """
insert into quarter_hour (point_id, at, mean, good)
select 1, at, round((0.2 + 0.3 * random() + 0.3 * random() ^ 8)::numeric, 3), 15 from {} union all
select 2, at, round((20 + sin(n / 15.0) + 0.3 * random())::numeric, 1), 15 from {} union all
select 3, at, round((n * 0.08 + 0.04 * random())::numeric, 2), 15 from {}
"""
_MOMENTS = """(select n, '2025-01-01'::timestamptz + n * interval '15 min' as at
  from generate_series(0, {}) n) as t"""
_STATS = """
select sum(before_compression_total_bytes), sum(after_compression_total_bytes)
from hypertable_compression_stats('quarter_hour')
"""
_POINTS = 16
"""Of a dwelling's controller."""


def figures(*, quick: bool) -> list[Figure]:
    """A power, a temperature and a counter by the quarter hour, before and after."""
    if shutil.which("node") is None or not (_PACKAGES / "@unni-craftsman").is_dir():
        return []
    days = 60 if quick else 365
    with TemporaryDirectory(prefix="ems-") as folder, _timescale(Path(folder)) as dsn:
        before, after = _compressed(dsn, days * 96)
    rows = days * 96 * 3
    per_dwelling = 35_040 * _POINTS / rows / 1e6
    title = f"a dwelling's {_POINTS} points for a year, by {days} days of three"
    return [
        Figure(name=f"{title}, before compression", value=before * per_dwelling, unit="MB"),
        Figure(name=f"{title}, after", value=after * per_dwelling, unit="MB"),
    ]


def _compressed(dsn: str, slots: int) -> tuple[float, float]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create schema timescale")
        connection.execute("create extension timescaledb schema timescale")
        connection.execute("set search_path = public, timescale")
    migrate(dsn)
    moments = _MOMENTS.format(slots - 1)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("deallocate all")
        connection.execute(_SIGNALS.format(moments, moments, moments).encode())
        connection.execute("select compress_chunk(c) from show_chunks('quarter_hour') c")
        ((before, after),) = connection.execute(_STATS).fetchall()
    return float(before), float(after)


@contextmanager
def _timescale(folder: Path) -> Iterator[str]:
    command = ["node", str(_SCRIPT), str(folder / ".s.PGSQL.5432")]
    environment = {**os.environ, "NODE_PATH": str(_PACKAGES)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as running:
        if running.stdout is None or running.stdout.readline() != b"ready\n":
            raise StoreAwayError("the TimescaleDB of Node.js did not start")
        try:
            yield f"postgresql://postgres:any@/postgres?host={quote(str(folder), safe='')}"
        finally:
            running.kill()
