"""Events of demand response, as operators enter them."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = """
create table import_event (
  id          integer generated always as identity primary key,
  begins      timestamptz not null,
  ends        timestamptz not null check (ends > begins),
  import_kw   double precision not null check (import_kw >= 0),
  eur_per_kwh double precision not null check (eur_per_kwh > 0),
  added_by    text not null
);
create index import_event_ends on import_event (ends);
"""


def upgrade() -> None:
    """Add the table."""
    op.execute(STATEMENTS)
