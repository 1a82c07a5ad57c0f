"""Which state of the data a run stands on: the last business date, the last line, and when the books were read.

With them the same figures can be computed again later: lines with a higher arrival number, and pairings and
corrections made after `read_at`, were not known to the run.
"""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0003_run_data"
down_revision = "0002_tracing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the three columns; runs made before have none of them."""
    run_sql(
        "ALTER TABLE tracing.run ADD COLUMN data_date date, ADD COLUMN last_arrival bigint, "
        "ADD COLUMN read_at timestamptz; "
        "CREATE OR REPLACE VIEW published.trace_run AS SELECT * FROM tracing.run"
    )


def downgrade() -> None:
    """Drop them, and the view with them, which is made as it was."""
    run_sql(
        "DROP VIEW published.trace_run; "
        "ALTER TABLE tracing.run DROP COLUMN data_date, DROP COLUMN last_arrival, DROP COLUMN read_at; "
        "CREATE VIEW published.trace_run AS SELECT * FROM tracing.run"
    )
