"""What the list of accounts and the head of one account read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row
from loantrail.ledger.merging import Beginning, opening_of

LOANS_SHOWN_MAX: Final = 50


class Side(StrEnum):
    ANY = "any"
    OURS = "ours"
    OUTSIDE = "outside"


class LoanMoney(StrEnum):
    ANY = "any"
    NOW = "now"
    EVER = "ever"


class AccountSort(StrEnum):
    """What the list of accounts can be ordered by."""

    LOAN_MONEY = "loan_money"
    ACCOUNT = "account"
    NAME = "name"
    LINES = "lines"


_ORDER: Final[dict[AccountSort, sql.SQL]] = {
    AccountSort.LOAN_MONEY: sql.SQL("found.loan_fen"),
    AccountSort.ACCOUNT: sql.SQL("found.account"),
    AccountSort.NAME: sql.SQL("found.name_sort"),
    AccountSort.LINES: sql.SQL("found.line_count"),
}


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """`words` are fragments of a number or a holder's name, all of which must be found."""

    words: tuple[str, ...]
    kinds: tuple[str, ...]
    side: Side
    loan_money: LoanMoney
    reconciliation: str | None
    sort: AccountSort
    ascending: bool
    offset: int
    limit: int


_ACCOUNTS: Final = sql.SQL(
    """
    WITH held AS (
        SELECT coalesce(m.survivor, t.account) AS account, sum(amount_fen) AS loan_sum,
               count(DISTINCT loan_id) AS loan_count
        FROM published.trace_position t LEFT JOIN published.merged_account m ON m.account = t.account
        WHERE run_id = %(run_id)s AND t.account <> '' GROUP BY 1
    ), found AS (
        SELECT a.account, coalesce(p.name, a.name) AS name, coalesce(p.name_sort, a.name) AS name_sort, a.institution,
               a.kind, a.has_lines AS ours, a.currency, a.opened_on, a.closed_on, r.state AS reconciliation,
               r.line_count, coalesce(h.loan_sum, 0) AS loan_fen, coalesce(h.loan_count, 0) AS loan_count,
               CASE WHEN a.has_lines THEN u.name END AS unit_name
        FROM published.known_account a
        LEFT JOIN published.organisation_unit u ON u.unit_id = a.unit_id
        LEFT JOIN published.party p USING (party_id)
        LEFT JOIN published.reconciliation r ON r.account = a.account AND r.currency = a.currency
        LEFT JOIN held h ON h.account = a.account
        WHERE {conditions}
    )
    """
)


def accounts(connection: Database, run_id: str | None, query: AccountQuery) -> tuple[list[Row], int]:
    """The page of accounts that `query` asks for, and how many it finds."""
    conditions: list[sql.Composable] = [sql.SQL("true")]
    parameters: dict[str, object] = {"run_id": run_id, "limit": query.limit, "offset": query.offset}
    for number, word in enumerate(query.words):
        parameters[f"word_{number}"] = _fragment_pattern(word)
        conditions.append(
            sql.SQL(
                "(a.account ILIKE {0} OR coalesce(p.name, a.name) ILIKE {0} OR p.name_search LIKE lower({0}) "
                # By what it was called before, too.
                "OR a.account IN (SELECT m.survivor FROM published.merged_account m "
                "JOIN published.account x ON x.account = m.account WHERE m.account ILIKE {0} OR x.name ILIKE {0}))"
            ).format(sql.Placeholder(f"word_{number}"))
        )
    if query.kinds:
        conditions.append(sql.SQL("a.kind = ANY({})").format(sql.Literal(list(query.kinds))))
    if query.side is not Side.ANY:
        conditions.append(sql.SQL("a.has_lines") if query.side is Side.OURS else sql.SQL("NOT a.has_lines"))
    if query.reconciliation:
        conditions.append(sql.SQL("r.state = {}").format(sql.Literal(query.reconciliation)))
    if query.loan_money is LoanMoney.NOW:
        conditions.append(sql.SQL("h.account IS NOT NULL"))
    elif query.loan_money is LoanMoney.EVER:
        conditions.append(
            sql.SQL(
                "(EXISTS (SELECT 1 FROM published.trace_hop t WHERE t.run_id = %(run_id)s AND t.to_account = a.account) "
                "OR a.account IN (SELECT m.survivor FROM published.merged_account m WHERE EXISTS ("
                "SELECT 1 FROM published.trace_hop t WHERE t.run_id = %(run_id)s AND t.to_account = m.account)))"
            )
        )
    found = _ACCOUNTS.format(conditions=sql.SQL(" AND ").join(conditions))
    page = sql.SQL(
        "{found} SELECT account, name, institution, kind, ours, currency, opened_on, closed_on, reconciliation, "
        "line_count, loan_fen::text AS loan_fen, loan_count, unit_name FROM found "
        "ORDER BY {key} {direction} NULLS LAST, found.account LIMIT %(limit)s OFFSET %(offset)s"
    ).format(
        found=found,
        key=_ORDER[query.sort],
        direction=sql.SQL("ASC" if query.ascending else "DESC"),
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(page, parameters).fetchall()
    counted = connection.execute(
        sql.SQL("{} SELECT count(*) FROM found").format(found), parameters
    ).fetchone()
    assert counted is not None
    return rows, int(counted[0])


def account_facts(connection: Database, account: str) -> Row | None:
    """What the books say about one account that stands for itself; None when there is no such account."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT a.account, a.account_number, a.sub_account, coalesce(p.name, a.name) AS name, a.party_id,
                   p.kind AS party_kind, a.institution, a.kind, a.has_lines AS ours, a.auto_created, a.currency,
                   a.opened_on, a.closed_on, a.unit_id, coalesce(u.name, a.unit_id) AS unit_name
            FROM published.known_account a
            LEFT JOIN published.party p USING (party_id)
            LEFT JOIN published.organisation_unit u ON u.unit_id = a.unit_id
            WHERE a.account = %s
            """,
            (account,),
        ).fetchone()


def reconciliation(connection: Database, account: str, currency: str) -> Row | None:
    """Whether the account's balances add up; None when it was never checked."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT state, line_count, balance_count, difference_count, first_source_file, first_position,
                   first_booked_at, expected_fen, actual_fen, checked_at
            FROM published.reconciliation WHERE account = %s AND currency = %s
            """,
            (account, currency),
        ).fetchone()


def extent(connection: Database, keys: Sequence[str]) -> Row:
    """First and last booking under any of an account's keys, and the last balance that its statements give."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            """
            SELECT first.booked_at AS first_booked_at, last.booked_at AS last_booked_at, last.balance_fen
            FROM (SELECT 1) AS always
            LEFT JOIN (
                SELECT min(line.booked_at) AS booked_at FROM unnest(%(keys)s::text[]) AS key
                CROSS JOIN LATERAL (
                    SELECT booked_at FROM published.booked_line WHERE account = key ORDER BY booked_at LIMIT 1
                ) AS line
            ) AS first ON true
            LEFT JOIN (
                SELECT line.booked_at, line.balance_fen FROM unnest(%(keys)s::text[]) AS key
                CROSS JOIN LATERAL (
                    SELECT booked_at, sequence, arrival_number, balance_fen FROM published.booked_line
                    WHERE account = key ORDER BY booked_at DESC, sequence DESC, arrival_number DESC LIMIT 1
                ) AS line
                ORDER BY line.booked_at DESC, line.sequence DESC, line.arrival_number DESC LIMIT 1
            ) AS last ON true
            """,
            {"keys": list(keys)},
        ).fetchone()
    assert row is not None
    return row


def mirrored_extent(connection: Database, keys: Sequence[str]) -> Row:
    """First and last booking of those that dealt with the account, under any of its keys."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            """
            SELECT min(first.booked_at) AS first_booked_at, max(last.booked_at) AS last_booked_at,
                   NULL::bigint AS balance_fen
            FROM unnest(%(keys)s::text[]) AS key
            LEFT JOIN LATERAL (
                SELECT booked_at FROM published.booked_line WHERE counterparty_account = key ORDER BY booked_at LIMIT 1
            ) AS first ON true
            LEFT JOIN LATERAL (
                SELECT booked_at FROM published.booked_line WHERE counterparty_account = key
                ORDER BY booked_at DESC LIMIT 1
            ) AS last ON true
            """,
            {"keys": list(keys)},
        ).fetchone()
    assert row is not None
    return row


def opening_balance(connection: Database, keys: Sequence[str]) -> int | None:
    """The balance before the account's first line, where the bank gave one; the account itself is the first key."""
    rows = connection.execute(
        """
        SELECT a.account, a.opening_balance_fen, line.booked_at, line.sequence
        FROM published.account a
        LEFT JOIN LATERAL (
            SELECT booked_at, sequence FROM published.booked_line l WHERE l.account = a.account
            ORDER BY booked_at, sequence LIMIT 1
        ) AS line ON true
        WHERE a.account = ANY(%s)
        """,
        (list(keys),),
    ).fetchall()
    return opening_of(
        keys[0],
        (
            Beginning(account, opening_fen, None if booked_at is None else (booked_at, sequence))
            for account, opening_fen, booked_at, sequence in rows
        ),
    )


def loans_held(connection: Database, run_id: str, keys: Sequence[str]) -> list[Row]:
    """Whose money lies in the account in one run, the largest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT t.loan_id, l.borrower_name, t.amount_fen
            FROM (
                SELECT loan_id, sum(amount_fen)::bigint AS amount_fen FROM published.trace_position
                WHERE run_id = %s AND account = ANY(%s) GROUP BY loan_id
            ) t
            LEFT JOIN published.loan l USING (loan_id)
            ORDER BY t.amount_fen DESC, t.loan_id
            """,
            (run_id, list(keys)),
        ).fetchall()


def same_number(connection: Database, number: str, account: str) -> list[str]:
    """Other accounts under one number: sub-accounts, other currencies, or what an account became."""
    rows = connection.execute(
        "SELECT account FROM published.account WHERE account_number = %s AND account <> %s AND account NOT IN "
        "(SELECT account FROM published.merged_account) ORDER BY account LIMIT 20",
        (number, account),
    ).fetchall()
    return [str(row[0]) for row in rows]


def successors(connection: Database, account: str) -> list[str]:
    """Where the number of an account that is no longer there is found now."""
    number = account.partition("/")[0]
    rows = connection.execute(
        "SELECT account FROM published.account WHERE account_number = ANY(%s) ORDER BY account LIMIT 20",
        (sorted({number, number.rpartition("-")[0] or number}),),
    ).fetchall()
    return [str(row[0]) for row in rows]


def borrowers(connection: Database, loan_ids: list[str]) -> dict[str, str]:
    """Who borrowed each of these loans."""
    rows = connection.execute(
        "SELECT loan_id, borrower_name FROM published.loan WHERE loan_id = ANY(%s)", (loan_ids,)
    ).fetchall()
    return {str(loan_id): str(name) for loan_id, name in rows}


def _fragment_pattern(search: str) -> str:
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
