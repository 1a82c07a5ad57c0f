"""What a version of a rule was found to hit and to cost belongs to the content that was judged."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0029_evaluation_content"
down_revision = "0028_rule_retirement"
branch_labels = None
depends_on = None

_UP = """
-- Of the content that was judged: a version that was changed since was not judged yet. Empty where it changed while it was being
-- judged, or may have.
ALTER TABLE rules.evaluation ADD COLUMN content_hash text NOT NULL DEFAULT '';
UPDATE rules.evaluation AS judged SET content_hash = version.content_hash FROM rules.rule_version AS version
WHERE version.rule_id = judged.rule_id AND NOT EXISTS (
    SELECT 1 FROM rules.event WHERE event.rule_id = judged.rule_id AND event.kind = 'changed' AND event.at > judged.at);
CREATE OR REPLACE VIEW published.rule_evaluation WITH (security_invoker = true) AS SELECT * FROM rules.evaluation;
"""
_DOWN = """
DROP VIEW published.rule_evaluation;
ALTER TABLE rules.evaluation DROP COLUMN content_hash;
CREATE VIEW published.rule_evaluation WITH (security_invoker = true) AS SELECT * FROM rules.evaluation;
GRANT SELECT ON published.rule_evaluation TO loantrail_web;
"""


def upgrade() -> None:
    """Say of each evaluation which content it judged."""
    run_sql(_UP)


def downgrade() -> None:
    """Forget it: what was found is told of whatever a version says since."""
    run_sql(_DOWN)
