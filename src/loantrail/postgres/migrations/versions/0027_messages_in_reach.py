"""Messages that leave by mail and webhook name borrowers: a person sees those whose warnings are all in reach."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0027_messages_in_reach"
down_revision = "0026_own_days"
branch_labels = None
depends_on = None

_UP = """
DROP POLICY within_reach ON early_warning.delivery;
-- What is asked of the outbox is answered under row-level security of its own. Who runs the system has to know which failed.
CREATE POLICY within_reach ON early_warning.delivery TO loantrail_web USING (
    (SELECT access.whole_bank()) OR (SELECT access.may('system'))
    OR (SELECT access.may('warnings')) AND NOT EXISTS (
        SELECT FROM unnest(outbox_ids) AS told (outbox_id)
        WHERE NOT EXISTS (SELECT FROM early_warning.outbox AS seen WHERE seen.outbox_id = told.outbox_id))
) WITH CHECK (false);
"""

_DOWN = """
DROP POLICY within_reach ON early_warning.delivery;
CREATE POLICY within_reach ON early_warning.delivery TO loantrail_web
    USING ((SELECT access.whole_bank()) OR (SELECT access.may('system')) OR (SELECT access.may('warnings')));
"""


def upgrade() -> None:
    """Narrow what is seen of messages."""
    run_sql(_UP)


def downgrade() -> None:
    """Let everybody who reads warnings see all messages, as before."""
    run_sql(_DOWN)
