"""Accounts that a person found to be one, and who handed a pairing back to the rules."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0009_account_merges"
down_revision = "0008_lead_texts"
branch_labels = None
depends_on = None

_TRANSFER = """
CREATE OR REPLACE VIEW published.transfer AS
SELECT replace(t.transfer_id::text, '-', '') AS transfer_id, t.version,
       replace(t.debit_line::text, '-', '') AS debit_line, replace(t.credit_line::text, '-', '') AS credit_line,
       {debit_account} AS debit_account, {credit_account} AS credit_account, t.amount_fen, t.currency, t.booked_at, t.basis,
       coalesce(c.counterparty_name, d.counterparty_name) AS counterparty_name,
       coalesce(d.account_name, c.counterparty_name) AS debit_name,
       coalesce(c.account_name, d.counterparty_name) AS credit_name,
       coalesce(d.purpose_text, c.purpose_text) AS purpose_text,
       coalesce(d.document_no, c.document_no) AS document_no,
       coalesce(d.reference, c.reference) AS reference, t.unit_id, t.transfer_id AS transfer_uuid
FROM ledger.transfer t
JOIN ledger.statement_line d ON d.line_id = t.debit_line AND d.booked_at = t.debit_booked_at
JOIN ledger.statement_line c ON c.line_id = t.credit_line AND c.booked_at = t.credit_booked_at
{pair_joins}
WHERE t.state = 'valid'
UNION ALL
SELECT replace(l.line_id::text, '-', ''), 1,
       CASE WHEN l.direction = 'debit' THEN replace(l.line_id::text, '-', '') END,
       CASE WHEN l.direction = 'credit' THEN replace(l.line_id::text, '-', '') END,
       CASE WHEN l.direction = 'debit' THEN {account} WHEN NOT coalesce(a.has_lines, false) THEN {other} END,
       CASE WHEN l.direction = 'credit' THEN {account} WHEN NOT coalesce(a.has_lines, false) THEN {other} END,
       l.amount_fen, l.currency, l.booked_at, 'unpaired', l.counterparty_name,
       CASE WHEN l.direction = 'debit' THEN l.account_name ELSE l.counterparty_name END,
       CASE WHEN l.direction = 'credit' THEN l.account_name ELSE l.counterparty_name END,
       l.purpose_text, l.document_no, l.reference, l.unit_id, l.line_id
FROM ledger.statement_line l
{line_joins}
WHERE NOT EXISTS (
    SELECT 1 FROM ledger.transfer t WHERE t.state = 'valid' AND t.debit_line = l.line_id AND t.credit_line IS NOT NULL
) AND NOT EXISTS (
    SELECT 1 FROM ledger.transfer t WHERE t.state = 'valid' AND t.credit_line = l.line_id AND t.debit_line IS NOT NULL
);
"""

_UP = """
-- A person's judgement that two keys are one account: what `from_account` is called is `into_account`. No line and no
-- record is rewritten. Stands at an instant t: made_at <= t and (withdrawn_at is null or withdrawn_at > t). Never deleted.
CREATE TABLE ledger.account_merge (
    merge_id text PRIMARY KEY,
    -- Made by the client: the same request twice is one merge.
    request_key text NOT NULL UNIQUE,
    from_account text NOT NULL,
    into_account text NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text,
    unit_id text,
    CHECK (from_account <> into_account),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL)),
    CHECK (withdrawn_at >= made_at)
);
CREATE UNIQUE INDEX account_merge_standing ON ledger.account_merge (from_account) WHERE withdrawn_at IS NULL;
CREATE INDEX account_merge_by_survivor ON ledger.account_merge (into_account) WHERE withdrawn_at IS NULL;
CREATE VIEW published.account_merge AS SELECT * FROM ledger.account_merge;

-- What the merges that stand now come to: account -> the one that stands for it in the end. Made anew from
-- ledger.account_merge, in the transaction that changes it.
CREATE TABLE ledger.merged_account (
    account text PRIMARY KEY,
    survivor text NOT NULL CHECK (survivor <> account)
);
CREATE INDEX merged_account_by_survivor ON ledger.merged_account (survivor);
CREATE VIEW published.merged_account AS SELECT * FROM ledger.merged_account;

-- Every key under which an account that stands for itself is written, its own included.
CREATE VIEW published.account_key AS
SELECT a.account AS survivor, a.account FROM ledger.account a
WHERE NOT EXISTS (SELECT 1 FROM ledger.merged_account m WHERE m.account = a.account)
UNION ALL
SELECT survivor, account FROM ledger.merged_account;

-- Accounts as they are known: those merged away left out, the survivor with what it does not say itself
-- (loantrail.ledger.merging.known_accounts says the same of an earlier instant).
CREATE VIEW published.known_account AS
SELECT a.account, a.account_number, a.sub_account, a.institution, a.currency, coalesce(a.party_id, o.party_id) AS party_id,
       coalesce(a.name, o.name) AS name,
       CASE WHEN a.kind NOT IN ('unknown', 'external') THEN a.kind
            WHEN o.kind IS NOT NULL THEN o.kind
            WHEN o.unknown THEN 'unknown' ELSE a.kind END AS kind,
       a.opened_on, a.closed_on, a.auto_created, a.has_lines OR coalesce(o.has_lines, false) AS has_lines,
       coalesce(a.unit_id, o.unit_id) AS unit_id
FROM ledger.account a
LEFT JOIN (
    SELECT m.survivor,
           (array_agg(x.party_id ORDER BY x.account) FILTER (WHERE x.party_id IS NOT NULL))[1] AS party_id,
           (array_agg(x.name ORDER BY x.account) FILTER (WHERE x.name IS NOT NULL))[1] AS name,
           (array_agg(x.kind ORDER BY x.account) FILTER (WHERE x.kind NOT IN ('unknown', 'external')))[1] AS kind,
           bool_or(x.kind = 'unknown') AS unknown, bool_or(x.has_lines) AS has_lines,
           (array_agg(x.unit_id ORDER BY x.account) FILTER (WHERE x.unit_id IS NOT NULL))[1] AS unit_id
    FROM ledger.merged_account m JOIN ledger.account x USING (account) GROUP BY m.survivor
) o ON o.survivor = a.account
WHERE NOT EXISTS (SELECT 1 FROM ledger.merged_account m WHERE m.account = a.account);

-- Who handed a pairing made by hand back to the rules.
ALTER TABLE ledger.transfer ADD COLUMN superseded_by text;
CREATE OR REPLACE VIEW published.pairing AS SELECT * FROM ledger.transfer;
"""
_DOWN = """
DROP VIEW published.pairing;
ALTER TABLE ledger.transfer DROP COLUMN superseded_by;
CREATE VIEW published.pairing AS SELECT * FROM ledger.transfer;
DROP VIEW published.known_account; DROP VIEW published.account_key; DROP VIEW published.merged_account;
DROP VIEW published.account_merge; DROP TABLE ledger.merged_account; DROP TABLE ledger.account_merge;
"""


def upgrade() -> None:
    """Create the tables and views of merges; transfers are shown between the accounts that stand now."""
    run_sql(_UP)
    run_sql(
        _TRANSFER.format(
            debit_account="coalesce(md.survivor, t.debit_account)",
            credit_account="coalesce(mc.survivor, t.credit_account)",
            pair_joins="LEFT JOIN ledger.merged_account md ON md.account = t.debit_account\n"
            "LEFT JOIN ledger.merged_account mc ON mc.account = t.credit_account",
            account="coalesce(ml.survivor, l.account)",
            other="coalesce(mo.survivor, l.counterparty_account)",
            line_joins="LEFT JOIN ledger.merged_account ml ON ml.account = l.account\n"
            "LEFT JOIN ledger.merged_account mo ON mo.account = l.counterparty_account\n"
            "LEFT JOIN published.known_account a ON a.account = coalesce(mo.survivor, l.counterparty_account)",
        )
    )


def downgrade() -> None:
    """Drop them; merges are lost and their accounts stand alone again."""
    run_sql(
        _TRANSFER.format(
            debit_account="t.debit_account",
            credit_account="t.credit_account",
            pair_joins="",
            account="l.account",
            other="l.counterparty_account",
            line_joins="LEFT JOIN ledger.account a ON a.account = l.counterparty_account",
        )
    )
    run_sql(_DOWN)
