"""The step: lines by arrival, and which loans were judged after the books were last read."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0015_live_step"
down_revision = "0014_nightly_standing"
branch_labels = None
depends_on = None

_UP = """
-- Whoever judges live lines reads what arrived since.
CREATE INDEX statement_line_by_arrival ON ledger.statement_line (arrival_number);

-- Loans that were judged with lines up to that arrival. A run over an earlier state of the books leaves their warnings alone.
CREATE TABLE live.judged_loan (
    loan_id text PRIMARY KEY,
    last_arrival bigint NOT NULL
);
CREATE VIEW published.live_judged_loan AS SELECT * FROM live.judged_loan;
"""
_DOWN = """
DROP VIEW published.live_judged_loan; DROP TABLE live.judged_loan;
DROP INDEX ledger.statement_line_by_arrival;
"""


def upgrade() -> None:
    """Create them."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop them."""
    run_sql(_DOWN)
