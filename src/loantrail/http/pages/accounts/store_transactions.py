"""What the page of one transaction reads."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

CANDIDATE_WINDOW: Final = datetime.timedelta(days=15)
CANDIDATES_READ_MAX: Final = 300

_LINE: Final = sql.SQL(
    "replace(l.line_id::text, '-', '') AS line_id, l.account, l.account_name, l.institution, l.direction, l.booked_at, "
    "l.amount_fen, l.balance_fen, l.counterparty_account, l.counterparty_name, l.counterparty_institution, "
    "l.purpose_text, l.reference, l.document_no, l.reverses, l.source_file, l.position, l.sequence, l.arrival_number, "
    "l.currency, coalesce(ml.survivor, l.account) AS account_now, "
    "coalesce(mo.survivor, l.counterparty_account) AS counterparty_now"
)
_NOW: Final = sql.SQL(
    "LEFT JOIN published.merged_account ml ON ml.account = l.account "
    "LEFT JOIN published.merged_account mo ON mo.account = l.counterparty_account"
)
_VERSION: Final = sql.SQL(
    "replace(transfer_id::text, '-', '') AS transfer_id, version, state, basis, "
    "replace(debit_line::text, '-', '') AS debit_line, replace(credit_line::text, '-', '') AS credit_line, reason, "
    "changed_by, created_at, superseded_at, superseded_reason, superseded_by"
)


def pairing_versions(connection: Database, transfer_id: str) -> list[Row]:
    """Every version of one pairing, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "SELECT {} FROM published.pairing WHERE transfer_id = %s::uuid ORDER BY version DESC"
            ).format(_VERSION),
            (transfer_id,),
        ).fetchall()


def pairings_of_lines(connection: Database, line_ids: Sequence[str]) -> list[Row]:
    """Every pairing that one of these lines is or was in, the newest first."""
    one_state = sql.SQL(
        "SELECT * FROM published.pairing WHERE state = {state} "
        "AND (debit_line = ANY(%(lines)s::uuid[]) OR credit_line = ANY(%(lines)s::uuid[]))"
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "SELECT {columns} FROM ({valid} UNION ALL {ended}) AS found "
                "ORDER BY state = 'valid' DESC, coalesce(superseded_at, created_at) DESC, version DESC"
            ).format(
                columns=_VERSION,
                valid=one_state.format(state=sql.Literal("valid")),
                ended=one_state.format(state=sql.Literal("superseded")),
            ),
            {"lines": list(line_ids)},
        ).fetchall()


def statement_lines(connection: Database, line_ids: Sequence[str]) -> list[Row]:
    """These lines as their statements give them."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} FROM published.booked_line l {} WHERE l.line_id = ANY(%s::uuid[])").format(
                _LINE, _NOW
            ),
            (list(line_ids),),
        ).fetchall()


def ambiguous_reasons(connection: Database, line_ids: Sequence[str]) -> dict[str, str]:
    """Why the rules could not decide on a line's partner: line -> reason."""
    rows = connection.execute(
        "SELECT replace(line_id::text, '-', ''), reason FROM published.ambiguous_pairing "
        "WHERE line_id = ANY(%s::uuid[])",
        (list(line_ids),),
    ).fetchall()
    return {str(line): str(reason) for line, reason in rows}


def parties(connection: Database, accounts: Sequence[str]) -> dict[str, Row]:
    """Holder and whether it is ours, of each account: account -> `name, ours`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT a.account, coalesce(p.name, a.name) AS name, a.has_lines AS ours
            FROM published.known_account a LEFT JOIN published.party p USING (party_id) WHERE a.account = ANY(%s)
            """,
            (list(accounts),),
        ).fetchall()
    return {str(row["account"]): row for row in rows}


def candidates(connection: Database, line: Row) -> list[Row]:
    """Lines that could be the other side of this one: same amount and currency, the other direction, another account,
    near in time; the nearest first. `pairing_basis` and `has_partner` tell whether they are taken."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                """
                WITH near AS (
                    SELECT * FROM published.booked_line l
                    WHERE l.amount_fen = %(amount_fen)s AND l.currency = %(currency)s AND l.direction <> %(direction)s
                      AND l.account NOT IN (
                          SELECT account FROM published.account_key WHERE survivor = %(account_now)s
                      ) AND l.booked_at BETWEEN %(first)s AND %(last)s
                    ORDER BY abs(extract(epoch FROM l.booked_at - %(booked_at)s)), l.arrival_number
                    LIMIT {limit}
                )
                SELECT {line}, replace(coalesce(d.transfer_id, c.transfer_id, l.line_id)::text, '-', '') AS transfer_id,
                       coalesce(d.basis, c.basis) AS pairing_basis,
                       coalesce(d.credit_line, c.debit_line) IS NOT NULL AS has_partner,
                       x.line_id IS NOT NULL AS ambiguous, coalesce(o.has_lines, false) AS other_is_ours
                FROM near l
                LEFT JOIN published.pairing d ON l.direction = 'debit' AND d.state = 'valid' AND d.debit_line = l.line_id
                LEFT JOIN published.pairing c ON l.direction = 'credit' AND c.state = 'valid' AND c.credit_line = l.line_id
                LEFT JOIN published.ambiguous_pairing x ON x.line_id = l.line_id
                {now}
                LEFT JOIN published.known_account o ON o.account = coalesce(mo.survivor, l.counterparty_account)
                """
            ).format(line=_LINE, now=_NOW, limit=sql.Literal(CANDIDATES_READ_MAX)),
            {
                **line,
                "first": line["booked_at"] - CANDIDATE_WINDOW,
                "last": line["booked_at"] + CANDIDATE_WINDOW,
            },
        ).fetchall()


def loans_moved(connection: Database, run_id: str, transfer_id: str) -> list[Row]:
    """Whose money moved in a transfer, the most first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT t.loan_id, l.borrower_name, t.amount_fen
            FROM (
                SELECT loan_id, sum(amount_fen)::bigint AS amount_fen FROM published.trace_hop
                WHERE run_id = %s AND transfer_id = %s GROUP BY loan_id
            ) t
            LEFT JOIN published.loan l USING (loan_id)
            ORDER BY t.amount_fen DESC, t.loan_id
            """,
            (run_id, transfer_id),
        ).fetchall()


def reversals(connection: Database, line_ids: Sequence[str]) -> list[Row]:
    """Lines that take back one of these, or that one of these takes back, by the transactions they belong to."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT replace(coalesce(a.transfer_id, r.reversing_line)::text, '-', '') AS reversing_transfer,
                   replace(coalesce(b.transfer_id, r.original_line)::text, '-', '') AS original_transfer, r.amount_fen
            FROM published.reversal r
            LEFT JOIN published.pairing a
                   ON a.state = 'valid' AND (a.debit_line = r.reversing_line OR a.credit_line = r.reversing_line)
            LEFT JOIN published.pairing b
                   ON b.state = 'valid' AND (b.debit_line = r.original_line OR b.credit_line = r.original_line)
            WHERE r.reversing_line = ANY(%(lines)s::uuid[]) OR r.original_line = ANY(%(lines)s::uuid[])
            ORDER BY r.created_at
            """,
            {"lines": list(line_ids)},
        ).fetchall()
