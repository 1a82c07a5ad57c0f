"""Search keys of names: pinyin and its initials, and what the list of loans sorts and sums by.

The columns of a loan's summary digest its leads. Leads of one loan may speak of the same money, so the largest stands
for the loan: `suspected_fen` is its amount, `suspected_pattern` its pattern. `patterns` and `lead_classes` name all.
"""

from __future__ import annotations

from typing import Any, Final, cast

import psycopg

from loantrail.parties.names import party_keys, sort_key
from loantrail.postgres.migrate import run_sql

revision = "0004_names"
down_revision = "0003_run_data"
branch_labels = None
depends_on = None

_BATCH: Final = 20_000

_UP = """
ALTER TABLE parties.party ADD COLUMN name_sort text, ADD COLUMN name_search text;
ALTER TABLE parties.staff ADD COLUMN name_sort text;
CREATE OR REPLACE VIEW published.party AS SELECT * FROM parties.party;
CREATE OR REPLACE VIEW published.staff AS SELECT * FROM parties.staff;

ALTER TABLE tracing.loan_summary
    ADD COLUMN suspected_fen bigint NOT NULL DEFAULT 0,
    ADD COLUMN suspected_pattern text NOT NULL DEFAULT '',
    ADD COLUMN lead_count integer NOT NULL DEFAULT 0,
    ADD COLUMN patterns text[] NOT NULL DEFAULT '{}',
    ADD COLUMN lead_classes text[] NOT NULL DEFAULT '{}',
    -- Share followed to a final use, in millionths; null where nothing was paid out.
    ADD COLUMN seen_ppm bigint GENERATED ALWAYS AS (
        CASE WHEN disbursed_fen > 0 THEN (seen_fen::numeric * 1000000 / disbursed_fen)::bigint END
    ) STORED;
UPDATE tracing.loan_summary AS summary
SET suspected_fen = digest.amount_fen, suspected_pattern = digest.pattern, lead_count = digest.lead_count,
    patterns = digest.patterns, lead_classes = digest.classes
FROM (
    SELECT run_id, loan_id, max(amount_fen) AS amount_fen, count(*) AS lead_count,
           (array_agg(pattern ORDER BY amount_fen DESC, pattern NOT IN (
               'FLOW_SECURITIES', 'FLOW_REALESTATE', 'FORBIDDEN_USE', 'PRIVATE_LENDING', 'ROLLOVER_OTHER_DEBT',
               'ACCEPTANCE_MARGIN', 'CASH_OUT'), pattern))[1] AS pattern,
           array_agg(DISTINCT pattern) AS patterns,
           coalesce(array_agg(DISTINCT class) FILTER (WHERE class <> ''), '{}') AS classes
    FROM tracing.lead GROUP BY run_id, loan_id
) AS digest
WHERE summary.run_id = digest.run_id AND summary.loan_id = digest.loan_id;
CREATE OR REPLACE VIEW published.trace_loan_summary AS SELECT * FROM tracing.loan_summary;
"""

_DOWN = """
DROP VIEW published.trace_loan_summary;
ALTER TABLE tracing.loan_summary DROP COLUMN seen_ppm, DROP COLUMN suspected_fen, DROP COLUMN suspected_pattern,
    DROP COLUMN lead_count, DROP COLUMN patterns, DROP COLUMN lead_classes;
CREATE VIEW published.trace_loan_summary AS SELECT * FROM tracing.loan_summary;
DROP VIEW published.party;
ALTER TABLE parties.party DROP COLUMN name_sort, DROP COLUMN name_search;
CREATE VIEW published.party AS SELECT * FROM parties.party;
DROP VIEW published.staff;
ALTER TABLE parties.staff DROP COLUMN name_sort;
CREATE VIEW published.staff AS SELECT * FROM parties.staff;
"""


def upgrade() -> None:
    """Add the keys and the digests, and fill them for what is there already."""
    run_sql(_UP)
    from alembic import op

    _fill_keys(cast("psycopg.Connection[Any]", op.get_bind().connection.driver_connection))


def downgrade() -> None:
    """Drop them again."""
    run_sql(_DOWN)


def _fill_keys(connection: psycopg.Connection[Any]) -> None:
    """Names are keyed at import; these were imported before."""
    parties = connection.execute("SELECT party_id, name, kind, identity_number FROM parties.party").fetchall()
    for start in range(0, len(parties), _BATCH):
        batch = parties[start : start + _BATCH]
        keys = [party_keys(name, kind, identity) for _, name, kind, identity in batch]
        connection.execute(
            "UPDATE parties.party AS party SET name_sort = key.name_sort, name_search = key.name_search "
            "FROM unnest(%s::text[], %s::text[], %s::text[]) AS key(party_id, name_sort, name_search) "
            "WHERE party.party_id = key.party_id",
            ([row[0] for row in batch], [key[0] for key in keys], [key[1] for key in keys]),
        )
    staff = connection.execute("SELECT staff_id, name FROM parties.staff").fetchall()
    connection.execute(
        "UPDATE parties.staff AS staff SET name_sort = key.name_sort "
        "FROM unnest(%s::text[], %s::text[]) AS key(staff_id, name_sort) WHERE staff.staff_id = key.staff_id",
        ([row[0] for row in staff], [sort_key(name, person=True) for _, name in staff]),
    )
