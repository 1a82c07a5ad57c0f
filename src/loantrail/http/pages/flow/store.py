"""What the flow of one loan's money is read from, through the published views."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from psycopg import Connection
from psycopg.rows import dict_row

from loantrail.errors import LimitExceeded
from loantrail.http.pages.flow.folding import Holders, HopRow
from loantrail.http.pages.store import HOPS_MAX

Database = Connection[Any]
Row = dict[str, Any]
FOUND_MAX = 12


def loan_currency(connection: Database, loan_id: str) -> tuple[str, str] | None:
    """Currency and borrower's party of one loan; None when there is no such loan."""
    return connection.execute(
        "SELECT currency, borrower_party_id FROM published.loan WHERE loan_id = %s", (loan_id,)
    ).fetchone()


def hop_rows(connection: Database, run_id: str, loan_id: str) -> list[HopRow]:
    """Every hop of one loan in the order of the trace; LimitExceeded above HOPS_MAX."""
    rows = connection.execute(
        """
        SELECT hop_id, parent_hop_id, transfer_id, (booked_at AT TIME ZONE 'Asia/Shanghai')::date, to_account,
               amount_fen, depth, use, ended
        FROM published.trace_hop WHERE run_id = %s AND loan_id = %s ORDER BY ordinal LIMIT %s
        """,
        (run_id, loan_id, HOPS_MAX + 1),
        binary=True,
    ).fetchall()
    if len(rows) > HOPS_MAX:
        raise LimitExceeded(
            f"loan {loan_id} has more than {HOPS_MAX} movements",
            remedy="Read its hops with `loantrail trace` instead",
        )
    return cast("list[HopRow]", rows)


def holders(connection: Database, run_id: str, loan_id: str, borrower_party_id: str) -> Holders:
    """Who holds what has no use, and whose accounts are the borrower's and its related parties'."""
    lines = connection.execute(
        """
        SELECT account, use FROM published.trace_position
        WHERE run_id = %s AND loan_id = %s AND use IN
            ('held_by_borrower', 'held_by_related_party', 'held_by_third_party', 'pooled', 'in_transit', 'outside')
        """,
        (run_id, loan_id),
    ).fetchall()
    sides = connection.execute(
        """
        SELECT DISTINCT known.account, account.party_id = %(party)s FROM published.account AS account
        LEFT JOIN published.merged_account AS merged ON merged.account = account.account
        JOIN published.known_account AS known
            ON known.account = coalesce(merged.survivor, account.account) AND known.party_id = account.party_id
        WHERE account.party_id = %(party)s OR account.party_id IN (
            SELECT to_party_id FROM published.party_relation WHERE from_party_id = %(party)s
            UNION SELECT from_party_id FROM published.party_relation WHERE to_party_id = %(party)s)
        """,
        {"party": borrower_party_id},
    ).fetchall()
    return Holders(
        dict(lines),
        frozenset(account for account, own in sides if own),
        frozenset(account for account, own in sides if not own),
    )


def lead_patterns(connection: Database, run_id: str, loan_id: str) -> tuple[dict[str, list[str]], set[str]]:
    """transfer_id -> patterns of the leads that name it; and the destination classes of the loan's leads."""
    rows = connection.execute(
        "SELECT pattern, class, transaction_ids FROM published.trace_lead WHERE run_id = %s AND loan_id = %s",
        (run_id, loan_id),
    ).fetchall()
    patterns: dict[str, list[str]] = {}
    for pattern, _, transfer_ids in sorted(rows):
        for transfer_id in transfer_ids:
            known = patterns.setdefault(transfer_id, [])
            if pattern not in known:
                known.append(pattern)
    return patterns, {row[1] for row in rows}


def payee_classes(
    connection: Database, run_id: str, loan_id: str, accounts: Iterable[str]
) -> Mapping[str, str]:
    """What the payee of most of the loan's money was taken for: account -> destination class."""
    rows = connection.execute(
        """
        SELECT DISTINCT ON (hop.to_account) hop.to_account, destination.destination_class
        FROM published.trace_hop AS hop
        JOIN published.trace_destination AS destination
            ON destination.run_id = hop.run_id AND destination.transfer_id = hop.transfer_id
        WHERE hop.run_id = %s AND hop.loan_id = %s AND hop.to_account = ANY(%s) AND hop.depth > 0
        GROUP BY hop.to_account, destination.destination_class
        ORDER BY hop.to_account, sum(hop.amount_fen) DESC, destination.destination_class
        """,
        (run_id, loan_id, sorted(accounts)),
    ).fetchall()
    return dict(rows)


def largest_transfers(
    connection: Database, run_id: str, loan_id: str, accounts: Iterable[str]
) -> Mapping[str, str]:
    """The transfer that brought the most of the loan's money to each of `accounts`: account -> transfer_id."""
    rows = connection.execute(
        """
        SELECT DISTINCT ON (to_account) to_account, transfer_id FROM published.trace_hop
        WHERE run_id = %s AND loan_id = %s AND to_account = ANY(%s)
        ORDER BY to_account, amount_fen DESC, transfer_id
        """,
        (run_id, loan_id, sorted(accounts)),
    ).fetchall()
    return dict(rows)


def found_accounts(
    connection: Database, run_id: str, loan_id: str, text: str
) -> tuple[int, Sequence[tuple[str, str | None, int, list[str | None], list[str]]]]:
    """How many accounts of the loan carry `text` in number or name; of the largest of them: account, name, amount,
    and the accounts and uses along the shortest way to it, the first one first. Of holders whose records are out of reach those
    are found by name whom an account in reach paid: its own statement names them."""
    rows = connection.execute(
        """
        WITH RECURSIVE reached AS (
            SELECT to_account, sum(amount_fen) AS amount_fen FROM published.trace_hop
            WHERE run_id = %(run)s AND loan_id = %(loan)s AND to_account IS NOT NULL GROUP BY to_account
        ), found AS (
            SELECT reached.to_account AS account, coalesce(party.name, account.name, paid.name) AS name,
                   reached.amount_fen, count(*) OVER () AS total_count
            FROM reached
            LEFT JOIN published.known_account AS account ON account.account = reached.to_account
            LEFT JOIN published.party AS party USING (party_id)
            LEFT JOIN LATERAL (
                SELECT seen.credit_name AS name FROM published.trace_hop AS hop
                JOIN published.account AS own ON own.account = hop.from_account
                JOIN published.seen_transfer AS seen ON seen.transfer_uuid = hop.transfer_id::uuid
                WHERE party.name IS NULL AND account.name IS NULL AND hop.run_id = %(run)s
                  AND hop.loan_id = %(loan)s AND hop.to_account = reached.to_account AND hop.depth > 0 LIMIT 1
            ) AS paid ON true
            WHERE strpos(lower(reached.to_account), lower(%(text)s)) > 0
               OR strpos(lower(coalesce(party.name, account.name, paid.name, '')), lower(%(text)s)) > 0
               OR reached.to_account IN (SELECT survivor FROM published.merged_account
                                         WHERE strpos(lower(account), lower(%(text)s)) > 0)
            ORDER BY reached.amount_fen DESC, reached.to_account LIMIT %(limit)s
        ), first AS (
            SELECT DISTINCT ON (hop.to_account) hop.to_account AS account, hop.hop_id
            FROM published.trace_hop AS hop JOIN found ON found.account = hop.to_account
            WHERE hop.run_id = %(run)s AND hop.loan_id = %(loan)s
            ORDER BY hop.to_account, hop.depth, hop.amount_fen DESC, hop.ordinal
        ), hops AS MATERIALIZED (
            SELECT hop_id, parent_hop_id, to_account, depth, use FROM published.trace_hop
            WHERE run_id = %(run)s AND loan_id = %(loan)s
        ), way AS (
            SELECT first.account, hops.parent_hop_id, hops.to_account, hops.depth, hops.use
            FROM first JOIN hops USING (hop_id)
            UNION ALL
            SELECT way.account, hops.parent_hop_id, hops.to_account, hops.depth, hops.use
            FROM way JOIN hops ON hops.hop_id = way.parent_hop_id
        )
        SELECT found.total_count, found.account, found.name, found.amount_fen,
               array_agg(way.to_account ORDER BY way.depth), array_agg(way.use ORDER BY way.depth)
        FROM found JOIN way USING (account)
        GROUP BY found.total_count, found.account, found.name, found.amount_fen
        ORDER BY found.amount_fen DESC, found.account
        """,
        {"run": run_id, "loan": loan_id, "text": text, "limit": FOUND_MAX},
    ).fetchall()
    total = rows[0][0] if rows else 0
    return total, [(account, name, int(fen), ways, uses) for _, account, name, fen, ways, uses in rows]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which transactions: all of one node (`account` or `use` of money that left), or of the edge from `payer`."""

    run: str
    loan: str
    account: str | None
    use: str | None
    depth: int | None
    payer: str | None
    arriving: bool
    since: datetime.date | None
    until: datetime.date | None
    offset: int
    limit: int


def flow_transactions(connection: Database, wanted: Wanted) -> tuple[int, int, list[Row]]:
    """How many, their sum in fen, and one page of them, in order of booking."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            WITH moved AS (
                SELECT transfer_id, min(booked_at) AS booked_at, from_account AS payer_account,
                       to_account AS payee_account, sum(amount_fen) AS amount_fen, min(depth) AS hop,
                       array_agg(DISTINCT use) AS uses
                FROM published.trace_hop
                WHERE run_id = %(run)s AND loan_id = %(loan)s
                  AND (%(since)s::date IS NULL OR (booked_at AT TIME ZONE 'Asia/Shanghai')::date >= %(since)s::date)
                  AND (%(until)s::date IS NULL OR (booked_at AT TIME ZONE 'Asia/Shanghai')::date <= %(until)s::date)
                  AND (
                      ((%(account)s::text IS NOT NULL AND to_account = %(account)s::text
                        OR %(use)s::text IS NOT NULL AND to_account IS NULL AND use = %(use)s::text)
                       AND (%(depth)s::int IS NULL OR depth = %(depth)s::int)
                       AND (%(payer)s::text IS NULL OR from_account = %(payer)s::text))
                      OR (NOT %(arriving)s AND %(payer)s::text IS NULL AND %(account)s::text IS NOT NULL
                          AND from_account = %(account)s::text AND depth > 0
                          AND (%(depth)s::int IS NULL OR depth = %(depth)s::int + 1))
                  )
                GROUP BY transfer_id, from_account, to_account
            )
            SELECT moved.*, count(*) OVER () AS total_count, sum(amount_fen) OVER () AS total_fen
            FROM moved ORDER BY booked_at, transfer_id, payee_account OFFSET %(offset)s LIMIT %(limit)s
            """,
            asdict(wanted),
        ).fetchall()
    total_count = rows[0]["total_count"] if rows else 0
    total_fen = int(rows[0]["total_fen"]) if rows else 0
    return total_count, total_fen, [{**row, "amount_fen": int(row["amount_fen"])} for row in rows]
