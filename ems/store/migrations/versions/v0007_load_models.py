"""Models that forecast loads: every one that was learned, and which is in force."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = """
create table load_model (
  id         bigint generated always as identity primary key,
  learned_at timestamptz not null,
  past_from  timestamptz not null,
  past_to    timestamptz not null,
  version    text not null,
  replaced   boolean not null,
  scores     jsonb not null,
  body       bytea
);
comment on table load_model is 'one row for each night of learning';
comment on column load_model.replaced is 'whether the challenger took the place of the champion';
comment on column load_model.scores is 'by series: errors of model and profile, use, drift';
comment on column load_model.body is 'arrays of the model that took its place, NumPy''s npz';
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(STATEMENTS)


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table load_model")
