"""Filters that people keep by name; the bank's net capital by the day from which it holds; indexes for sums over time."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0023_saved_filters"
down_revision = "0022_contacts"
branch_labels = None
depends_on = None

_UP = """
-- What one person narrowed a list to, under a name: conditions and order as they stand in the address. The web application's
-- role is granted nothing here: it is read and written by the owner's connection, for the person who asks alone.
CREATE TABLE identity.saved_filter (
    person_id text NOT NULL REFERENCES identity.person,
    -- The list: `loans`, `ledgers/collateral`, ...
    place text NOT NULL CHECK (place ~ '^[a-z_/]{1,64}$'),
    name text NOT NULL CHECK (btrim(name) <> '' AND length(name) <= 60),
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, place, name)
);

-- What limits on large exposures are shares of. The bank delivers it; without it no share is told.
CREATE TABLE parties.bank_capital (
    effective_from date NOT NULL,
    net_capital_fen bigint NOT NULL CHECK (net_capital_fen BETWEEN 1 AND 4611686018427387903),
    net_tier1_capital_fen bigint NOT NULL CHECK (net_tier1_capital_fen BETWEEN 1 AND 4611686018427387903),
    source text,
    PRIMARY KEY (effective_from)
);
SELECT access.protect('parties.bank_capital', 'true');
CREATE VIEW published.bank_capital WITH (security_invoker = true) AS SELECT * FROM parties.bank_capital;
GRANT SELECT ON parties.bank_capital, published.bank_capital TO loantrail_web;

-- Balances of an earlier day are those of today less what was booked since.
CREATE INDEX repayment_by_time ON ledger.repayment (paid_at);
CREATE INDEX disbursement_by_time ON ledger.disbursement (booked_at);
CREATE INDEX record_version_by_time ON ledger.record_version (record_type, superseded_at);
"""

_DOWN = """
DROP INDEX ledger.record_version_by_time, ledger.disbursement_by_time, ledger.repayment_by_time;
DROP VIEW published.bank_capital;
DROP TABLE parties.bank_capital;
DROP TABLE identity.saved_filter;
"""


def upgrade() -> None:
    """Create the tables and indexes."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop them again; the filters that people kept are lost."""
    run_sql(_DOWN)
