"""Signals: the rows of each run, by blocks of neighbouring loans."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0012_signals"
down_revision = "0011_rules"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA signals;

-- Rows of some loans, in a part of a run's events: one Parquet file. A loan's rows stand in the blocks that span it.
CREATE TABLE signals.block (
    run_id text NOT NULL REFERENCES tracing.run ON DELETE CASCADE,
    part integer NOT NULL CHECK (part >= 0),
    block integer NOT NULL CHECK (block >= 0),
    first_loan text COLLATE "C" NOT NULL,
    last_loan text COLLATE "C" NOT NULL,
    row_count integer NOT NULL CHECK (row_count > 0),
    content bytea NOT NULL,
    PRIMARY KEY (run_id, part, block),
    CHECK (first_loan <= last_loan)
);
CREATE INDEX ON signals.block (run_id, first_loan, last_loan);
-- It is compressed already.
ALTER TABLE signals.block ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE VIEW published.signal_block AS SELECT * FROM signals.block;
"""

_DOWN = """
DROP VIEW published.signal_block;
DROP SCHEMA signals CASCADE;
"""


def upgrade() -> None:
    """Create the schema."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop it."""
    run_sql(_DOWN)
