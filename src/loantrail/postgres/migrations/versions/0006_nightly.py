"""Nightly deliveries: dates, files, counts, alarms, and earlier contents of changed records."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0006_nightly"
down_revision = "0005_corrections"
branch_labels = None
depends_on = None

_UP = ""
_DOWN = ""


def upgrade() -> None:
    """Create what this version adds."""
    if _UP:
        run_sql(_UP)


def downgrade() -> None:
    """Drop it again."""
    if _DOWN:
        run_sql(_DOWN)
