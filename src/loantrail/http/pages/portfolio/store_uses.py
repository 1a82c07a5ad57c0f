"""Where the money of the loans in reach rests or went, by raw code, group of the statement and use; and light counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from loantrail.http.pages.portfolio.model import PortfolioBy, Within
from loantrail.http.pages.portfolio.store import CODES, conditions_of, read
from loantrail.http.pages.store import Database, Row

# A restricted use is suspected where a lead of the loan speaks of it, as on the loan's page.
_USES: Final = sql.SQL(
    """
    SELECT code, line_group, coalesce(use, '') AS use, count(DISTINCT loan_id) AS loan_count,
           sum(amount_fen)::numeric AS amount_fen
    FROM (
        SELECT {code} AS code, note.loan_id, line.use, line.amount_fen,
               CASE WHEN line.line_group <> 'prohibited' THEN line.line_group
                    WHEN spoken.class IS NULL THEN 'restricted' ELSE 'suspected' END AS line_group
        FROM published.loan_note AS note
        JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
        JOIN published.party AS party ON party.party_id = contract.borrower_party_id
        LEFT JOIN (
            SELECT loan_id, level FROM published.warning_thread WHERE state IN ('open', 'snoozed')
        ) AS thread ON thread.loan_id = note.loan_id
        JOIN published.trace_statement AS line ON line.run_id = %(run_id)s AND line.loan_id = note.loan_id
        LEFT JOIN (
            SELECT DISTINCT loan_id, class FROM published.trace_lead WHERE run_id = %(run_id)s AND class <> ''
        ) AS spoken ON spoken.loan_id = line.loan_id AND spoken.class = line.use
        WHERE note.currency = %(currency)s AND note.state IN ('outstanding', 'overdue') AND line.amount_fen > 0 AND {within}
    ) AS line
    GROUP BY GROUPING SETS ((code, line_group), (code, line_group, use))
    """
)
_COUNTS: Final = sql.SQL(
    """
    SELECT {code} AS code, count(*) AS loan_count, sum(note.balance_fen)::numeric AS balance_fen,
           count(summary.loan_id) AS traced_count, coalesce(sum(summary.disbursed_fen), 0)::numeric AS disbursed_fen
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN (
        SELECT loan_id, level FROM published.warning_thread WHERE state IN ('open', 'snoozed')
    ) AS thread ON thread.loan_id = note.loan_id
    LEFT JOIN published.trace_loan_summary AS summary ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
    WHERE note.currency = %(currency)s AND note.state IN ('outstanding', 'overdue') AND {within}
    GROUP BY 1
    """
)


def uses(connection: Database, by: PortfolioBy, within: Sequence[Within], parameters: Row) -> list[Row]:
    """`code, line_group, use, loan_count, amount_fen`: each group of the statement as a whole (`use` empty), and each use of it."""
    conditions, values = conditions_of(connection, within)
    return read(connection, _USES.format(code=CODES[by], within=conditions), parameters | values)


def counts(connection: Database, by: PortfolioBy, within: Sequence[Within], parameters: Row) -> list[Row]:
    """`code, loan_count, balance_fen, traced_count, disbursed_fen` of the loans that count today."""
    conditions, values = conditions_of(connection, within)
    return read(connection, _COUNTS.format(code=CODES[by], within=conditions), parameters | values)
