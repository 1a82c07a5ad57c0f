"""What of a business date stands in the books, whatever a later attempt came to; when an alarm was last raised."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0014_nightly_standing"
down_revision = "0013_live_intake"
branch_labels = None
depends_on = None

_RAISED = """
-- Once more for the same date: the alarm keeps its place and when it was first raised.
ALTER TABLE nightly.alarm ADD COLUMN raised_at timestamptz;
UPDATE nightly.alarm SET raised_at = created_at;
ALTER TABLE nightly.alarm ALTER COLUMN raised_at SET NOT NULL;
CREATE OR REPLACE VIEW published.nightly_alarm AS SELECT * FROM nightly.alarm;
"""

_DATE = """
CREATE OR REPLACE VIEW published.nightly_date AS
SELECT DISTINCT ON (r.business_date)
       r.business_date, r.state, r.attempt, r.run_id, r.is_older, r.folder, r.started_at, r.finished_at, r.data_loaded_at,
       r.problem, loaded.run_id AS loaded_run_id, loaded.data_loaded_at AS loaded_at, loaded.content_hash AS loaded_content_hash,
       {counts}
       coalesce(alarms.critical_count, 0) AS critical_alarm_count
FROM nightly.run r
LEFT JOIN LATERAL (
    SELECT l.run_id, l.data_loaded_at, l.content_hash FROM nightly.run l
    WHERE l.business_date = r.business_date AND l.data_loaded_at IS NOT NULL ORDER BY l.attempt DESC LIMIT 1
) loaded ON true
{joins}
LEFT JOIN LATERAL (
    SELECT count(*) AS open_count, count(*) FILTER (WHERE a.severity = 'critical') AS critical_count
    FROM nightly.alarm a WHERE a.business_date = r.business_date AND a.state = 'open'
) alarms ON true
ORDER BY r.business_date, r.attempt DESC;
"""

# What came into the books is the sum of all attempts: one with the same files once more brings nothing new.
_STANDING = _DATE.format(
    counts="""coalesce(came.rows_accepted, 0) AS lines_accepted, coalesce(came.rows_new, 0) AS records_new,
       coalesce(came.rows_changed, 0) AS records_changed, coalesce(files.rows_refused, 0) AS rows_refused,
       coalesce(files.file_count, 0) AS file_count, coalesce(alarms.open_count, 0) AS open_alarm_count,""",
    joins="""LEFT JOIN LATERAL (
    SELECT (sum(f.rows_accepted) FILTER (WHERE f.mode = 'append'))::bigint AS rows_accepted, sum(f.rows_new)::bigint AS rows_new,
           sum(f.rows_changed)::bigint AS rows_changed
    FROM nightly.file f JOIN nightly.run o USING (run_id) WHERE o.business_date = r.business_date
) came ON true
LEFT JOIN LATERAL (
    SELECT sum(f.rows_refused)::bigint AS rows_refused, count(*) AS file_count
    FROM nightly.file f WHERE f.run_id = coalesce(loaded.run_id, r.run_id)
) files ON true""",
)

_LAST = _DATE.format(
    counts="""coalesce(files.rows_accepted, 0) AS lines_accepted, coalesce(files.rows_new, 0) AS records_new,
       coalesce(files.rows_changed, 0) AS records_changed, coalesce(files.rows_refused, 0) AS rows_refused,
       coalesce(files.file_count, 0) AS file_count, coalesce(alarms.open_count, 0) AS open_alarm_count,""",
    joins="""LEFT JOIN LATERAL (
    SELECT (sum(f.rows_accepted) FILTER (WHERE f.mode = 'append'))::bigint AS rows_accepted, sum(f.rows_new)::bigint AS rows_new,
           sum(f.rows_changed)::bigint AS rows_changed, sum(f.rows_refused)::bigint AS rows_refused, count(*) AS file_count
    FROM nightly.file f WHERE f.run_id = r.run_id
) files ON true""",
)


def upgrade() -> None:
    """Count what stands in the books; note when an alarm was last raised."""
    run_sql(_RAISED)
    run_sql(_STANDING)


def downgrade() -> None:
    """As before."""
    run_sql(_LAST)
    run_sql(
        "DROP VIEW published.nightly_alarm; ALTER TABLE nightly.alarm DROP COLUMN raised_at; "
        "CREATE VIEW published.nightly_alarm AS SELECT * FROM nightly.alarm"
    )
