"""What the workbench reads of loans: instalments, new loans, sums by unit."""

from __future__ import annotations

import datetime
from typing import Final

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

# Payments fill the oldest instalments first, as `loantrail.http.pages.instalments` counts.
_INSTALMENTS: Final = """
    WITH near AS MATERIALIZED (
        SELECT loan_id, instalment_no, due_on, principal_fen + interest_fen AS due_fen
        FROM published.repayment_schedule WHERE due_on BETWEEN %(first)s AND %(last)s
    ), owing AS MATERIALIZED (
        SELECT near.*, note.currency, note.contract_id, note.repayment_account,
               (SELECT coalesce(sum(earlier.principal_fen + earlier.interest_fen), 0)
                FROM published.repayment_schedule AS earlier
                WHERE earlier.loan_id = near.loan_id
                  AND (earlier.due_on, earlier.instalment_no) < (near.due_on, near.instalment_no)) AS before_fen,
               (SELECT coalesce(sum(paid.principal_fen + paid.interest_fen), 0) FROM published.repayment AS paid
                WHERE paid.loan_id = near.loan_id
                  AND (paid.paid_at AT TIME ZONE 'Asia/Shanghai')::date <= %(as_of)s) AS paid_fen
        FROM near JOIN published.loan_note AS note ON note.loan_id = near.loan_id AND note.state <> 'settled'
    ), open AS MATERIALIZED (
        SELECT owing.*, least(due_fen, before_fen + due_fen - paid_fen)::bigint AS open_fen,
               paid_fen < before_fen AS overdue_before
        FROM owing WHERE paid_fen < before_fen + due_fen
    ), page AS (
        SELECT *, count(*) OVER () AS total_count,
               coalesce(sum(open_fen) FILTER (WHERE currency = 'CNY') OVER (), 0)::text AS total_fen
        FROM open ORDER BY due_on, open_fen DESC, loan_id LIMIT %(limit)s
    )
    SELECT page.loan_id, party.name AS borrower_name, contract.product, page.currency, page.instalment_no,
           page.due_on, page.open_fen, page.overdue_before, page.total_count, page.total_fen, (
               SELECT line.balance_fen FROM published.account_key AS key
               CROSS JOIN LATERAL (
                   SELECT balance_fen, booked_at, sequence FROM published.statement_line
                   WHERE account = key.account AND balance_fen IS NOT NULL
                   ORDER BY booked_at DESC, sequence DESC LIMIT 1
               ) AS line
               WHERE key.survivor = coalesce(merged.survivor, page.repayment_account)
               ORDER BY line.booked_at DESC, line.sequence DESC LIMIT 1
           ) AS account_balance_fen
    FROM page
    JOIN published.loan_contract AS contract ON contract.contract_id = page.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN published.merged_account AS merged ON merged.account = page.repayment_account
    ORDER BY page.due_on, page.open_fen DESC, page.loan_id
"""


def instalments(
    connection: Database, first: datetime.date, last: datetime.date, as_of: datetime.date, limit: int
) -> tuple[list[Row], int, int]:
    """Instalments due from `first` to `last` that are not paid in full at the end of `as_of`: those due first and the
    largest; how many there are; what is open of those in CNY, in fen."""
    values: Row = {"first": first, "last": last, "as_of": as_of, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_INSTALMENTS, values).fetchall()
    return _with_totals(rows)


def new_loans(
    connection: Database, since: datetime.date, until: datetime.date, limit: int
) -> tuple[list[Row], int, int]:
    """Loans that began after `since`, up to `until`: the largest; how many; their sum in CNY, in fen."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT note.loan_id, party.name AS borrower_name, contract.product, note.currency, note.amount_fen, note.issued_on,
                   count(*) OVER () AS total_count,
                   coalesce(sum(note.amount_fen) FILTER (WHERE note.currency = 'CNY') OVER (), 0)::text AS total_fen
            FROM published.loan_note AS note
            JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
            JOIN published.party AS party ON party.party_id = contract.borrower_party_id
            WHERE note.issued_on > %(since)s AND note.issued_on <= %(until)s
            ORDER BY note.amount_fen DESC, note.loan_id LIMIT %(limit)s
            """,
            {"since": since, "until": until, "limit": limit},
        ).fetchall()
    return _with_totals(rows)


def _with_totals(rows: list[Row]) -> tuple[list[Row], int, int]:
    count, open_fen = (rows[0]["total_count"], int(rows[0]["total_fen"])) if rows else (0, 0)
    return (
        [{key: row[key] for key in row if not key.startswith("total_")} for row in rows],
        count,
        open_fen,
    )


SUMS: Final = (
    "loan_count",
    "balance_fen",
    "overdue_count",
    "overdue_balance_fen",
    "suspected_count",
    "suspected_fen",
    "warning_count",
    "severe_count",
    "late_count",
)


def unit_sums(connection: Database, run_id: str | None, now: datetime.datetime) -> list[Row]:
    """`unit_id` and `SUMS` for each unit: of the loans that are not settled, and of the open warnings."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            WITH lent AS (
                SELECT note.unit_id, count(*) AS loan_count,
                       sum(note.balance_fen) FILTER (WHERE note.currency = 'CNY') AS balance_fen,
                       count(*) FILTER (WHERE note.state = 'overdue') AS overdue_count,
                       sum(note.balance_fen) FILTER (WHERE note.state = 'overdue' AND note.currency = 'CNY')
                           AS overdue_balance_fen,
                       count(*) FILTER (WHERE summary.lead_count > 0) AS suspected_count,
                       sum(summary.suspected_fen) FILTER (WHERE note.currency = 'CNY') AS suspected_fen
                FROM published.loan_note AS note
                LEFT JOIN published.trace_loan_summary AS summary
                    ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
                WHERE note.state <> 'settled' GROUP BY note.unit_id
            ), warned AS (
                SELECT unit_id, count(*) AS warning_count, count(*) FILTER (WHERE level IN ('orange', 'red')) AS severe_count,
                       count(*) FILTER (WHERE due_at < %(now)s) AS late_count
                FROM published.warning_thread WHERE state = 'open' GROUP BY unit_id
            )
            SELECT unit_id, coalesce(loan_count, 0) AS loan_count, coalesce(balance_fen, 0)::text AS balance_fen,
                   coalesce(overdue_count, 0) AS overdue_count, coalesce(overdue_balance_fen, 0)::text AS overdue_balance_fen,
                   coalesce(suspected_count, 0) AS suspected_count, coalesce(suspected_fen, 0)::text AS suspected_fen,
                   coalesce(warning_count, 0) AS warning_count, coalesce(severe_count, 0) AS severe_count,
                   coalesce(late_count, 0) AS late_count
            FROM lent FULL JOIN warned USING (unit_id) WHERE unit_id IS NOT NULL ORDER BY unit_id
            """,
            {"run_id": run_id, "now": now},
        ).fetchall()
    return [row | {name: int(row[name]) for name in SUMS} for row in rows]


def units(connection: Database) -> dict[str, Row]:
    """unit_id -> `name, kind, parent_unit_id` of every unit."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT unit_id, name, kind, parent_unit_id FROM published.organisation_unit"
        ).fetchall()
    return {row["unit_id"]: row for row in rows}
