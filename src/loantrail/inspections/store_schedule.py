"""What the making of checks reads: loans without one, who answers for them, and statements that became others."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence

from psycopg.rows import dict_row

from loantrail.inspections.store import Database, Row


def data_date(connection: Database) -> datetime.date | None:
    """Up to which business date the current trace of the books goes; None before the first."""
    row = connection.execute(
        "SELECT data_date FROM published.trace_run WHERE current AND convention = 'fifo'"
    ).fetchone()
    return row[0] if row else None


def begin(connection: Database, on_date: datetime.date, at: datetime.datetime) -> datetime.date:
    """Up to which business date the data went when checks were first made: noted once."""
    connection.execute(
        "INSERT INTO inspections.beginning (data_date, at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (on_date, at),
    )
    row = connection.execute("SELECT data_date FROM inspections.beginning").fetchone()
    assert row is not None
    return row[0]


def paid_out(connection: Database, loan_id: str | None = None) -> list[Row]:
    """What decides about the first check of loans that were paid out: of one loan, or of all that have no such check yet."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT loan.loan_id, loan.unit_id, loan.product, loan.borrower_kind, loan.currency, loan.amount_fen,
                   (paid.first_at AT TIME ZONE 'Asia/Shanghai')::date AS paid_out_on, paid.autonomous_fen,
                   NOT EXISTS (
                       SELECT 1 FROM published.loan AS earlier
                       WHERE earlier.borrower_party_id = loan.borrower_party_id AND earlier.loan_id <> loan.loan_id
                         AND earlier.issued_on < loan.issued_on
                   ) AS first_time
            FROM published.loan AS loan
            JOIN (
                SELECT loan_id, min(booked_at) AS first_at,
                       coalesce(max(amount_fen) FILTER (WHERE payment_mode = 'autonomous_payment'), 0) AS autonomous_fen
                FROM published.disbursement WHERE %(loan)s::text IS NULL OR loan_id = %(loan)s GROUP BY loan_id
            ) AS paid USING (loan_id)
            WHERE %(loan)s::text IS NOT NULL OR NOT EXISTS (
                SELECT 1 FROM published.loan_check AS made WHERE made.loan_id = loan.loan_id AND made.kind = 'first'
            )
            ORDER BY loan.loan_id
            """,
            {"loan": loan_id},
        ).fetchall()


def lead_managers(
    connection: Database, on_date: datetime.date, loans: Collection[str] | None = None
) -> dict[str, str]:
    """loan_id -> the lead manager on a business date, of these loans or of all."""
    rows = connection.execute(
        """
        SELECT DISTINCT ON (loan_id) loan_id, staff_id FROM published.loan_manager
        WHERE role = 'lead' AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s)
          AND (%(loans)s::text[] IS NULL OR loan_id = ANY(%(loans)s))
        ORDER BY loan_id, valid_from DESC, staff_id
        """,
        {"day": on_date, "loans": None if loans is None else sorted(loans)},
    ).fetchall()
    return dict(rows)


def units(connection: Database) -> dict[str, str | None]:
    """unit_id -> the unit above it."""
    rows = connection.execute("SELECT unit_id, parent_unit_id FROM published.organisation_unit").fetchall()
    return dict(rows)


def staff_of_roles(connection: Database, roles: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """`(unit_id, role)` -> staff of that role, in the order of their numbers."""
    rows = connection.execute(
        "SELECT unit_id, role, staff_id FROM published.staff WHERE role = ANY(%s) ORDER BY staff_id",
        (list(roles),),
    ).fetchall()
    found: dict[tuple[str, str], list[str]] = {}
    for unit_id, role, staff_id in rows:
        found.setdefault((unit_id, role), []).append(staff_id)
    return found


def open_with_other_manager(connection: Database, on_date: datetime.date) -> list[tuple[str, str]]:
    """`(check_id, staff_id)` of open checks whose loan has another lead manager now, or had none before."""
    return connection.execute(
        """
        SELECT made.check_id, lead.staff_id
        FROM published.loan_check AS made
        JOIN LATERAL (
            SELECT staff_id FROM published.loan_manager
            WHERE loan_id = made.loan_id AND role = 'lead' AND valid_from <= %(day)s
              AND (valid_to IS NULL OR valid_to > %(day)s)
            ORDER BY valid_from DESC, staff_id LIMIT 1
        ) AS lead ON true
        WHERE made.state = 'open' AND made.assignee <> lead.staff_id
        ORDER BY made.check_id
        """,
        {"day": on_date},
    ).fetchall()


def with_other_figures(connection: Database) -> dict[str, Mapping[str, int]]:
    """check_id -> the figures of now, of checks that were submitted on others, or are marked as changed."""
    rows = connection.execute(
        """
        SELECT made.check_id, coalesce(now.figures, '{}'::jsonb)
        FROM published.loan_check AS made
        LEFT JOIN (
            SELECT line.loan_id, jsonb_object_agg(line.use, line.amount_fen) AS figures
            FROM published.trace_statement AS line
            JOIN published.trace_run AS run ON run.run_id = line.run_id AND run.current AND run.convention = 'fifo'
            WHERE line.loan_id IN (SELECT loan_id FROM published.loan_check WHERE figures IS NOT NULL)
            GROUP BY line.loan_id
        ) AS now USING (loan_id)
        WHERE made.state IN ('submitted', 'closed')
          AND (made.figures IS DISTINCT FROM coalesce(now.figures, '{}'::jsonb) OR made.figures_changed <> 'no')
        ORDER BY made.check_id
        """
    ).fetchall()
    return dict(rows)


def identities(connection: Database, check_ids: Collection[str]) -> dict[str, Row]:
    """check_id -> `check_id, loan_id, unit_id, kind`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT check_id, loan_id, unit_id, kind FROM published.loan_check WHERE check_id = ANY(%s)",
            (sorted(check_ids),),
        ).fetchall()
    return {row["check_id"]: row for row in rows}
