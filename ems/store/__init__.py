"""The database: schema, ingest, plans, queries, embedded server."""

from ems.store.embedded import EmbeddedPostgres, default_data_dir
from ems.store.schema import migrate
from ems.store.store import Store

__all__ = ["EmbeddedPostgres", "Store", "default_data_dir", "migrate"]
