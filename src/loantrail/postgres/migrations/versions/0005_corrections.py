"""Destination classes that a person corrected, the state of their re-evaluation, and what account pages read by."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0005_corrections"
down_revision = "0004_names"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA destinations;

-- What a person said a payee is. A correction of one transaction follows the statement line it was made about (the
-- debit where there is one), since a transaction's id changes when its pairing is mended; `transfer_id` is the id it had.
-- Stands at an instant t: made_at <= t and (withdrawn_at is null or withdrawn_at > t). Rows are never deleted.
CREATE TABLE destinations.correction (
    correction_id text PRIMARY KEY,
    -- Made by the client: the same request twice is one correction.
    request_key text NOT NULL UNIQUE,
    scope text NOT NULL CHECK (scope IN ('transaction', 'account')),
    transfer_id uuid,
    line_id uuid,
    account text,
    destination_class text NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text,
    -- The one that took its place.
    replaced_by text,
    unit_id text,
    CHECK ((scope = 'transaction') = (line_id IS NOT NULL)),
    CHECK ((scope = 'transaction') = (transfer_id IS NOT NULL)),
    CHECK ((scope = 'account') = (account IS NOT NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL)),
    CHECK (withdrawn_at >= made_at)
);
-- At most one stands for a line and for an account.
CREATE UNIQUE INDEX correction_standing_line ON destinations.correction (line_id) WHERE withdrawn_at IS NULL;
CREATE UNIQUE INDEX correction_standing_account ON destinations.correction (account) WHERE withdrawn_at IS NULL;
CREATE INDEX correction_by_line ON destinations.correction (line_id);
CREATE INDEX correction_by_account ON destinations.correction (account);
CREATE VIEW published.destination_correction AS SELECT * FROM destinations.correction;

-- One row: how far the trace follows what people changed. `requested` counts changes; those up to `evaluated` are in a
-- run, those up to `failed` were tried and met `problem`.
CREATE TABLE tracing.evaluation (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    requested bigint NOT NULL DEFAULT 0,
    requested_at timestamptz,
    evaluated bigint NOT NULL DEFAULT 0,
    started_at timestamptz,
    finished_at timestamptz,
    run_id text,
    failed bigint NOT NULL DEFAULT 0,
    failed_at timestamptz,
    problem text,
    remedy text
);
INSERT INTO tracing.evaluation DEFAULT VALUES;

-- An account's part of the trace, and a transaction's.
CREATE INDEX hop_by_payee ON tracing.hop (run_id, to_account, booked_at);
CREATE INDEX hop_by_payer ON tracing.hop (run_id, from_account, booked_at);
CREATE INDEX hop_by_transfer ON tracing.hop (run_id, transfer_id);
CREATE INDEX position_by_account ON tracing.position (run_id, account);

-- What is known of an account elsewhere stands in the lines of those that it dealt with.
CREATE INDEX statement_line_by_counterparty ON ledger.statement_line (counterparty_account, booked_at)
    WHERE counterparty_account IS NOT NULL;
CREATE INDEX transfer_ended_by_debit_line ON ledger.transfer (debit_line) WHERE state = 'superseded';
CREATE INDEX transfer_ended_by_credit_line ON ledger.transfer (credit_line) WHERE state = 'superseded';

-- As they are stored, with the ids that the indexes are over. Who does not ask for the file's name does not pay for it.
CREATE VIEW published.booked_line AS
SELECT l.*, f.name AS source_file FROM ledger.statement_line l LEFT JOIN ledger.import_file f USING (file_id);
CREATE VIEW published.pairing AS SELECT * FROM ledger.transfer;
CREATE VIEW published.ambiguous_pairing AS SELECT * FROM ledger.ambiguous_pairing;
CREATE VIEW published.reversal AS SELECT * FROM ledger.reversal;
"""
_DOWN = """
DROP VIEW published.reversal; DROP VIEW published.ambiguous_pairing; DROP VIEW published.pairing;
DROP VIEW published.booked_line;
DROP INDEX ledger.transfer_ended_by_credit_line; DROP INDEX ledger.transfer_ended_by_debit_line;
DROP INDEX ledger.statement_line_by_counterparty;
DROP INDEX tracing.position_by_account; DROP INDEX tracing.hop_by_transfer; DROP INDEX tracing.hop_by_payer;
DROP INDEX tracing.hop_by_payee;
DROP TABLE tracing.evaluation;
DROP VIEW published.destination_correction; DROP SCHEMA destinations CASCADE;
"""


def upgrade() -> None:
    """Create the schema `destinations`, the state of evaluation, indexes and views."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop them again; corrections are lost."""
    run_sql(_DOWN)
