"""The store: readings in, a year's questions answered, room on disk.

With `--quick` the load lasts 20 seconds and the year 30 days; names say so.
"""

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import store_compression, store_ingest, store_year
from benchmarks.figures import Figure, Report
from benchmarks.store_effort import Effort
from ems.store import EmbeddedPostgres, Store, migrate
from ems.store.database import Database


def measure(quick: bool) -> Report:
    """Measure all of it on a server of its own."""
    logging.getLogger("ems").setLevel(logging.ERROR)
    with TemporaryDirectory(prefix="ems-") as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(server.dsn())
        figures = asyncio.run(_figures(server, Path(folder), quick=quick))
    return Report(name="store", figures=[*figures, *store_compression.figures(quick=quick)])


async def _figures(server: EmbeddedPostgres, folder: Path, *, quick: bool) -> list[Figure]:
    effort = Effort(postmaster=server.postmaster() or 0)
    database = await Database.opened(server.dsn())
    try:
        store = Store(database)
        await store_ingest.registered(store)
        return [
            *await store_ingest.rate(store, database, folder),
            *await store_ingest.load(store, database, folder, quick=quick),
            *await store_year.year(store, database, effort, quick=quick),
        ]
    finally:
        await database.close()
