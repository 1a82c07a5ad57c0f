"""What a lead says of itself in Chinese, beside the English text."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0008_lead_texts"
down_revision = "0007_disputes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the text; leads of earlier runs have none."""
    run_sql(
        "ALTER TABLE tracing.lead ADD COLUMN explanation_chinese text NOT NULL DEFAULT ''; "
        "CREATE OR REPLACE VIEW published.trace_lead AS SELECT * FROM tracing.lead"
    )


def downgrade() -> None:
    """Drop it, and the view with it, which is made as it was."""
    run_sql(
        "DROP VIEW published.trace_lead; "
        "ALTER TABLE tracing.lead DROP COLUMN explanation_chinese; "
        "CREATE VIEW published.trace_lead AS SELECT * FROM tracing.lead"
    )
