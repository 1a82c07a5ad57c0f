"""What tracing found: runs, hops, positions, statements, summaries, destinations, leads.

A run is one trace of all loans under one convention; its rows never change. Uses are the names of destination
classes (`loantrail.destinations.model`) or of the ends that tracing itself gives. `tracing.position.use` and
`tracing.statement.use` share one vocabulary; `tracing.hop.use` is the use after arrival, empty while there is none.
Other nouns read the views of the schema `published`.
"""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0002_tracing"
down_revision = "0001_books"
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE tracing.run (
        run_id text PRIMARY KEY,
        convention text NOT NULL,
        data_version text NOT NULL,
        software_version text NOT NULL,
        opening text NOT NULL,
        created_at timestamptz NOT NULL,
        loan_count integer NOT NULL,
        event_count bigint NOT NULL,
        hop_count bigint NOT NULL,
        current boolean NOT NULL DEFAULT false
    )
    """,
    # Screens and rules read one run per convention.
    "CREATE UNIQUE INDEX run_current_by_convention ON tracing.run (convention) WHERE current",
    """
    CREATE TABLE tracing.hop (
        run_id text NOT NULL REFERENCES tracing.run ON DELETE CASCADE,
        ordinal bigint NOT NULL,
        hop_id text NOT NULL,
        parent_hop_id text,
        loan_id text NOT NULL,
        transfer_id text NOT NULL,
        booked_at timestamptz NOT NULL,
        from_account text,
        to_account text,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        depth integer NOT NULL,
        use text NOT NULL DEFAULT '',
        ended boolean NOT NULL,
        unit_id text,
        PRIMARY KEY (run_id, ordinal)
    )
    """,
    "CREATE INDEX hop_by_loan ON tracing.hop (run_id, loan_id, ordinal)",
    """
    CREATE TABLE tracing.position (
        run_id text NOT NULL REFERENCES tracing.run ON DELETE CASCADE,
        loan_id text NOT NULL,
        account text NOT NULL DEFAULT '',
        use text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        unit_id text,
        PRIMARY KEY (run_id, loan_id, account, use)
    )
    """,
    """
    CREATE TABLE tracing.statement (
        run_id text NOT NULL REFERENCES tracing.run ON DELETE CASCADE,
        loan_id text NOT NULL,
        use text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
        line_group text NOT NULL CHECK (
            line_group IN ('documented', 'prohibited', 'held', 'debt', 'left_bank', 'pooled', 'other')
        ),
        least_fen bigint,
        most_fen bigint,
        proven boolean,
        basis text,
        voucher text,
        unit_id text,
        PRIMARY KEY (run_id, loan_id, use),
        CHECK (least_fen IS NULL OR (least_fen >= 0 AND least_fen <= most_fen))
    )
    """,
    """
    CREATE TABLE tracing.loan_summary (
        run_id text NOT NULL REFERENCES tracing.run ON DELETE CASCADE,
        loan_id text NOT NULL,
        disbursed_fen bigint NOT NULL,
        seen_fen bigint NOT NULL,
        lost_other_bank_fen bigint NOT NULL,
        lost_pool_fen bigint NOT NULL,
        prohibited_fen bigint NOT NULL,
        gross_returned_fen bigint NOT NULL,
        unit_id text,
        PRIMARY KEY (run_id, loan_id)
    )
    """,
    "CREATE INDEX loan_summary_by_prohibited ON tracing.loan_summary (run_id, prohibited_fen DESC, loan_id)",
    """
    CREATE TABLE tracing.destination (
        run_id text NOT NULL REFERENCES tracing.run ON DELETE CASCADE,
        transfer_id text NOT NULL,
        destination_class text NOT NULL,
        basis text NOT NULL,
        confidence_permille integer NOT NULL CHECK (confidence_permille BETWEEN 0 AND 1000),
        evidence text NOT NULL DEFAULT '',
        unit_id text,
        PRIMARY KEY (run_id, transfer_id)
    )
    """,
    """
    CREATE TABLE tracing.lead (
        run_id text NOT NULL REFERENCES tracing.run ON DELETE CASCADE,
        loan_id text NOT NULL,
        pattern text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
        class text NOT NULL DEFAULT '',
        transaction_ids text[] NOT NULL,
        explanation text NOT NULL DEFAULT '',
        unit_id text
    )
    """,
    "CREATE INDEX lead_by_loan ON tracing.lead (run_id, loan_id)",
)

_PUBLISHED = {
    "trace_run": "run",
    "trace_hop": "hop",
    "trace_position": "position",
    "trace_statement": "statement",
    "trace_loan_summary": "loan_summary",
    "trace_destination": "destination",
    "trace_lead": "lead",
}


def upgrade() -> None:
    """Create the schema `tracing` and its published views."""
    run_sql("CREATE SCHEMA tracing; CREATE SCHEMA IF NOT EXISTS published")
    for statement in _TABLES:
        run_sql(statement)
    for view, table in _PUBLISHED.items():
        run_sql(f"CREATE VIEW published.{view} AS SELECT * FROM tracing.{table}")  # noqa: S608  constants above


def downgrade() -> None:
    """Drop them again; a trace can always be computed anew."""
    for view in _PUBLISHED:
        run_sql(f"DROP VIEW published.{view}")
    run_sql("DROP SCHEMA tracing CASCADE")
