"""The database: schema, ingest, plans, queries, embedded server."""
