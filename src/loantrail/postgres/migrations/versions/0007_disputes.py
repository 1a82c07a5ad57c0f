"""Dispute sheets: stored once, changed never, each with the versions of data, rules and software it stands on."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0007_disputes"
down_revision = "0006_nightly"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA disputes;
CREATE SEQUENCE disputes.sheet_number AS bigint;

-- `content` is the canonical text whose SHA-256 is `sha256`; the columns before it repeat parts of it to search by.
CREATE TABLE disputes.sheet (
    sheet_id text PRIMARY KEY,
    number text NOT NULL UNIQUE,
    loan_id text NOT NULL,
    use text NOT NULL,
    transfer_id text,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    content text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    unit_id text
);
CREATE INDEX sheet_by_loan ON disputes.sheet (loan_id, made_at DESC);

CREATE FUNCTION disputes.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a dispute sheet is never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER sheet_stays BEFORE UPDATE OR DELETE ON disputes.sheet
    FOR EACH ROW EXECUTE FUNCTION disputes.refuse_change();
CREATE TRIGGER sheets_stay BEFORE TRUNCATE ON disputes.sheet
    FOR EACH STATEMENT EXECUTE FUNCTION disputes.refuse_change();

CREATE VIEW published.dispute_sheet AS SELECT * FROM disputes.sheet;
"""
_DOWN = "DROP VIEW published.dispute_sheet; DROP SCHEMA disputes CASCADE"


def upgrade() -> None:
    """Create the schema `disputes` and its published view."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop it again; sheets are lost."""
    run_sql(_DOWN)
