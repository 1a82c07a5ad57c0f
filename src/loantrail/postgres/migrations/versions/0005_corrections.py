"""Destination classes that a person corrected."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0005_corrections"
down_revision = "0004_names"
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
