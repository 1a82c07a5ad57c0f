"""Who owes most of what the loans in reach owe: customers and groups of connected customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from psycopg import sql

from loantrail.http.pages.portfolio.model import Within
from loantrail.http.pages.portfolio.store import conditions_of, read
from loantrail.http.pages.store import Database, Row

_OWED: Final = sql.SQL(
    """
    SELECT contract.borrower_party_id AS party_id, count(*) AS loan_count, sum(note.balance_fen)::numeric AS balance_fen
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN (
        SELECT loan_id, level FROM published.warning_thread WHERE state IN ('open', 'snoozed')
    ) AS thread ON thread.loan_id = note.loan_id
    WHERE note.currency = %(currency)s AND note.state IN ('outstanding', 'overdue') AND {within}
    GROUP BY 1
    """
)
_CUSTOMERS: Final = sql.SQL(
    """
    WITH owed AS MATERIALIZED ({owed}),
    whole AS (
        SELECT count(*) AS customer_count, coalesce(sum(loan_count), 0)::bigint AS all_loans,
               coalesce(sum(balance_fen), 0) AS whole_fen, coalesce(sum(balance_fen * balance_fen), 0) AS squares
        FROM owed
    )
    SELECT whole.*, largest.party_id, largest.loan_count, largest.balance_fen
    FROM whole LEFT JOIN (
        SELECT * FROM owed ORDER BY balance_fen DESC, party_id LIMIT %(most)s
    ) AS largest ON true
    ORDER BY largest.balance_fen DESC, largest.party_id
    """
)
_GROUP: Final = sql.SQL(
    """
    WITH owed AS ({owed})
    SELECT member.group_id, sum(owed.loan_count)::bigint AS loan_count, sum(owed.balance_fen) AS balance_fen
    FROM owed JOIN unnest(%(members)s::text[], %(member_groups)s::text[]) AS member (party_id, group_id)
      ON member.party_id = owed.party_id
    GROUP BY 1 ORDER BY balance_fen DESC, group_id LIMIT 1
    """
)


class Customers(NamedTuple):
    """All customers together, and the largest of them: `party_id, loan_count, balance_fen`, the largest first."""

    customer_count: int
    loan_count: int
    balance_fen: int
    squares: int
    largest: list[Row]


def customers(connection: Database, within: Sequence[Within], parameters: Row, most: int) -> Customers:
    """What each customer owes, added up; the `most` largest one by one. `squares`: the sum of the squared balances."""
    conditions, values = conditions_of(connection, within)
    rows = read(
        connection,
        _CUSTOMERS.format(owed=_OWED.format(within=conditions)),
        parameters | values | {"most": most},
    )
    first: dict[str, Any] = dict(rows[0])  # the sums stand in every row, and there is always one
    return Customers(
        first["customer_count"],
        first["all_loans"],
        int(first["whole_fen"]),
        int(first["squares"]),
        [row for row in rows if row["party_id"] is not None],
    )


def largest_group(
    connection: Database, within: Sequence[Within], parameters: Row, groups: Sequence[tuple[str, str]]
) -> Row | None:
    """`group_id, loan_count, balance_fen` of the group that owes most, of `groups` (party, group); None where none owes."""
    conditions, values = conditions_of(connection, within)
    members: Row = {
        "members": [party for party, _ in groups],
        "member_groups": [group for _, group in groups],
    }
    rows = read(
        connection, _GROUP.format(owed=_OWED.format(within=conditions)), parameters | values | members
    )
    return rows[0] if rows else None
