"""The database: schema, ingest, plans, queries, embedded server."""

from ems.store.embedded import EmbeddedPostgres, default_data_dir
from ems.store.first_operator import ensure_operator
from ems.store.ingest import Ingest
from ems.store.schema import migrate
from ems.store.store import Store

__all__ = [
    "EmbeddedPostgres",
    "Ingest",
    "Store",
    "default_data_dir",
    "ensure_operator",
    "migrate",
]
