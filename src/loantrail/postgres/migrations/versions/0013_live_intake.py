"""Live intake: requests that were answered, how far other systems were read, and what waits to be paired and traced."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0013_live_intake"
down_revision = "0012_signals"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA live;

-- A request that named an idempotency key, with the answer it got. Committed together with its rows; forgotten after some
-- days (loantrail.monitor.store).
CREATE TABLE live.request (
    request_key text PRIMARY KEY CHECK (length(request_key) BETWEEN 1 AND 200),
    content_hash text NOT NULL,
    -- The answer as it was given, compressed (zlib). Null only inside the transaction that makes it.
    answer bytea,
    committed_at timestamptz NOT NULL
);
CREATE INDEX request_by_time ON live.request (committed_at);

-- How far a source that counts its messages was read: written in the transaction that holds their rows.
CREATE TABLE live.source_offset (
    source text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    committed_at timestamptz NOT NULL,
    PRIMARY KEY (source, partition)
);

-- One row: lines that came in live since a trace was last asked for.
CREATE TABLE live.waiting (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    line_count bigint NOT NULL DEFAULT 0 CHECK (line_count >= 0),
    since timestamptz,
    CHECK ((line_count = 0) = (since IS NULL))
);
INSERT INTO live.waiting DEFAULT VALUES;

CREATE VIEW published.live_waiting AS
SELECT w.line_count AS untraced_lines, w.since,
       (SELECT coalesce(sum(p.line_count), 0)::bigint FROM ledger.pairing_pending p) AS unpaired_lines
FROM live.waiting w;
CREATE VIEW published.live_source_offset AS SELECT * FROM live.source_offset;
"""
_DOWN = """
DROP VIEW published.live_source_offset; DROP VIEW published.live_waiting; DROP SCHEMA live CASCADE;
"""


def upgrade() -> None:
    """Create the schema `live` and its published views."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop them: requests answered before are no longer recognised by their key."""
    run_sql(_DOWN)
