"""The schema's history, one module a step, run by `ems.store.schema.migrate`."""
