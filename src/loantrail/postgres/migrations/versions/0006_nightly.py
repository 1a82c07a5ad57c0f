"""Nightly deliveries: dates, files, counts, alarms, and earlier contents of changed records."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0006_nightly"
down_revision = "0005_corrections"
branch_labels = None
depends_on = None

_VERSIONS = """
-- What a record said before it was changed, and that it was not there before it came. `content` is null where the record
-- was absent. A row with was_current is about what stood in the books until superseded_at; one without is a part of a
-- history chain that the bank told afterwards, valid from valid_from until the day before valid_to.
CREATE TABLE ledger.record_version (
    version_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_type text NOT NULL,
    record_key text NOT NULL,
    content jsonb,
    recorded_at timestamptz,
    superseded_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason IN ('new', 'changed', 'removed', 'vanished', 'chain')),
    was_current boolean NOT NULL DEFAULT true,
    valid_from date,
    valid_to date,
    source_file text,
    run_id text,
    unit_id text
);
CREATE INDEX record_version_by_key ON ledger.record_version (record_type, record_key, superseded_at);
CREATE UNIQUE INDEX record_version_of_chain ON ledger.record_version (record_type, record_key, valid_from, valid_to)
    WHERE NOT was_current;
CREATE VIEW published.record_version AS SELECT * FROM ledger.record_version;
"""

_NIGHTLY = """
CREATE SCHEMA nightly;

-- One attempt to take in the delivery of one business date.
CREATE TABLE nightly.run (
    run_id text PRIMARY KEY,
    business_date date NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    state text NOT NULL CHECK (state IN ('running', 'held', 'complete', 'failed')),
    -- An older date came late: its lines are taken in, its master data is not.
    is_older boolean NOT NULL DEFAULT false,
    folder text NOT NULL,
    content_hash text NOT NULL,
    software_version text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- When the last step that changes the books was done.
    data_loaded_at timestamptz,
    trace_run_id text,
    problem text,
    UNIQUE (business_date, attempt)
);
CREATE INDEX run_by_state ON nightly.run (state, business_date);

CREATE TABLE nightly.step (
    run_id text NOT NULL REFERENCES nightly.run ON DELETE CASCADE,
    ordinal integer NOT NULL,
    step text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    counts jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, step)
);

CREATE TABLE nightly.file (
    run_id text NOT NULL REFERENCES nightly.run ON DELETE CASCADE,
    file text NOT NULL,
    record_type text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('full', 'incremental', 'chain', 'append', 'totals')),
    size_bytes bigint,
    content_hash text,
    rows_expected bigint,
    rows_found bigint,
    totals_expected jsonb NOT NULL DEFAULT '{}',
    totals_found jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL CHECK (state IN ('checked', 'bad', 'taken', 'left_out')),
    rows_read bigint,
    rows_accepted bigint,
    rows_duplicate bigint,
    rows_refused bigint,
    rows_new bigint,
    rows_changed bigint,
    rows_same bigint,
    rows_removed bigint,
    rows_vanished bigint,
    PRIMARY KEY (run_id, file)
);
CREATE INDEX file_by_content ON nightly.file (content_hash);

CREATE TABLE nightly.alarm (
    alarm_id text PRIMARY KEY,
    run_id text NOT NULL REFERENCES nightly.run ON DELETE CASCADE,
    business_date date NOT NULL,
    code text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('critical', 'warning', 'notice')),
    -- Whether it kept the delivery out of the books.
    holds_back boolean NOT NULL,
    file text NOT NULL DEFAULT '',
    expected text NOT NULL DEFAULT '',
    actual text NOT NULL DEFAULT '',
    parameters jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved')),
    created_at timestamptz NOT NULL,
    changed_at timestamptz,
    changed_by text,
    note text,
    unit_id text
);
CREATE INDEX alarm_by_state ON nightly.alarm (state, business_date);
CREATE INDEX alarm_by_run ON nightly.alarm (run_id);

-- The balance of the loans against the general ledger, per subject, unit and currency.
CREATE TABLE nightly.ledger_balance (
    run_id text NOT NULL REFERENCES nightly.run ON DELETE CASCADE,
    business_date date NOT NULL,
    subject text NOT NULL,
    subject_name text NOT NULL DEFAULT '',
    unit_id text NOT NULL,
    currency char(3) NOT NULL,
    ledger_fen bigint,
    loans_fen bigint NOT NULL,
    loan_count bigint NOT NULL,
    difference_fen bigint NOT NULL,
    PRIMARY KEY (run_id, subject, unit_id, currency)
);

CREATE VIEW published.nightly_run AS SELECT * FROM nightly.run;
CREATE VIEW published.nightly_step AS
SELECT *, extract(epoch FROM finished_at - started_at)::double precision AS seconds FROM nightly.step;
CREATE VIEW published.nightly_file AS
SELECT f.*, r.business_date, r.attempt FROM nightly.file f JOIN nightly.run r USING (run_id);
CREATE VIEW published.nightly_alarm AS SELECT * FROM nightly.alarm;

-- The reconciliation that stands: of the last attempt of each date that got so far.
CREATE VIEW published.nightly_ledger AS
SELECT b.*, b.difference_fen <> 0 OR b.ledger_fen IS NULL AS differs
FROM nightly.ledger_balance b
JOIN (
    SELECT DISTINCT ON (r.business_date) r.run_id FROM nightly.run r
    WHERE EXISTS (SELECT 1 FROM nightly.ledger_balance x WHERE x.run_id = r.run_id)
    ORDER BY r.business_date, r.attempt DESC
) last USING (run_id);

-- One row per business date: its last attempt, and what of it stands in the books.
CREATE VIEW published.nightly_date AS
SELECT DISTINCT ON (r.business_date)
       r.business_date, r.state, r.attempt, r.run_id, r.is_older, r.folder, r.started_at, r.finished_at, r.data_loaded_at,
       r.problem, loaded.run_id AS loaded_run_id, loaded.data_loaded_at AS loaded_at, loaded.content_hash AS loaded_content_hash,
       coalesce(files.rows_accepted, 0) AS lines_accepted, coalesce(files.rows_new, 0) AS records_new,
       coalesce(files.rows_changed, 0) AS records_changed, coalesce(files.rows_refused, 0) AS rows_refused,
       coalesce(files.file_count, 0) AS file_count, coalesce(alarms.open_count, 0) AS open_alarm_count,
       coalesce(alarms.critical_count, 0) AS critical_alarm_count
FROM nightly.run r
LEFT JOIN LATERAL (
    SELECT l.run_id, l.data_loaded_at, l.content_hash FROM nightly.run l
    WHERE l.business_date = r.business_date AND l.data_loaded_at IS NOT NULL ORDER BY l.attempt DESC LIMIT 1
) loaded ON true
LEFT JOIN LATERAL (
    SELECT (sum(f.rows_accepted) FILTER (WHERE f.mode = 'append'))::bigint AS rows_accepted, sum(f.rows_new)::bigint AS rows_new,
           sum(f.rows_changed)::bigint AS rows_changed, sum(f.rows_refused)::bigint AS rows_refused, count(*) AS file_count
    FROM nightly.file f WHERE f.run_id = r.run_id
) files ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS open_count, count(*) FILTER (WHERE a.severity = 'critical') AS critical_count
    FROM nightly.alarm a WHERE a.business_date = r.business_date AND a.state = 'open'
) alarms ON true
ORDER BY r.business_date, r.attempt DESC;

-- The date that the books stand at: the newest whose data is in them; and the newest that went through to its end.
-- Both are null where no delivery was ever taken in.
CREATE VIEW published.nightly_data_date AS
SELECT max(business_date) FILTER (WHERE data_loaded_at IS NOT NULL AND NOT is_older) AS data_date,
       max(business_date) FILTER (WHERE state = 'complete' AND NOT is_older) AS complete_date
FROM nightly.run;
"""

_DOWN = """
DROP VIEW published.nightly_data_date; DROP VIEW published.nightly_date; DROP VIEW published.nightly_ledger;
DROP VIEW published.nightly_alarm; DROP VIEW published.nightly_file; DROP VIEW published.nightly_step;
DROP VIEW published.nightly_run; DROP SCHEMA nightly CASCADE;
DROP VIEW published.record_version; DROP TABLE ledger.record_version;
"""


def upgrade() -> None:
    """Create the schema `nightly`, the earlier contents of records, and their published views."""
    run_sql(_VERSIONS)
    run_sql(_NIGHTLY)


def downgrade() -> None:
    """Drop them again."""
    run_sql(_DOWN)
