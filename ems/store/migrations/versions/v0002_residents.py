"""Consent of residents, and the private addresses of their feeds."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = """
create table consent (
  dwelling     text not null,
  purpose      text not null,
  given_at     timestamptz not null default clock_timestamp(),
  withdrawn_at timestamptz,
  primary key (dwelling, purpose, given_at)
);
create unique index consent_in_force on consent (dwelling, purpose) where withdrawn_at is null;

create table feed_address (
  dwelling   text primary key,
  token_hash bytea not null unique,
  made_at    timestamptz not null default clock_timestamp()
);
"""


def upgrade() -> None:
    """Add both tables."""
    op.execute(STATEMENTS)
