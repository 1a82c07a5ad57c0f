"""The lines of one account, and what the trace says of them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

Place = tuple[datetime.datetime, int, int]
"""Where a line stands in its statement: booked_at, sequence, arrival_number."""


@dataclass(frozen=True, slots=True)
class LineQuery:
    """Newest lines first, from behind `after`. `mirrored` reads the statements of those that dealt with the account."""

    keys: tuple[str, ...]
    """Every key under which the account is written."""
    mirrored: bool
    after: Place | None
    booked_from: datetime.datetime | None
    booked_before: datetime.datetime | None
    least_fen: int | None
    most_fen: int | None
    direction: str | None
    text: str
    limit: int

    @property
    def narrowed(self) -> bool:
        """Whether lines between two of a page may be left out."""
        return bool(
            self.booked_from
            or self.booked_before
            or self.least_fen is not None
            or self.most_fen is not None
            or self.direction
            or self.text
        )


_LINES: Final = sql.SQL(
    """
    WITH line AS (
        SELECT of_key.*
        FROM unnest(%(keys)s::text[]) AS key
        -- Key by key, each in the order of the index.
        CROSS JOIN LATERAL (
            SELECT l.line_id, l.booked_at, l.sequence, l.arrival_number, l.account, l.direction, l.amount_fen,
                   l.balance_fen, l.counterparty_account, l.counterparty_name, l.purpose_text, l.reference, l.reverses,
                   l.account_name
            FROM published.booked_line l
            WHERE {conditions}
            ORDER BY l.booked_at DESC, l.sequence DESC, l.arrival_number DESC
            LIMIT {limit}
        ) AS of_key
        ORDER BY of_key.booked_at DESC, of_key.sequence DESC, of_key.arrival_number DESC
        LIMIT {limit}
    )
    SELECT replace(l.line_id::text, '-', '') AS line_id,
           replace(coalesce(d.transfer_id, c.transfer_id, l.line_id)::text, '-', '') AS transfer_id,
           l.booked_at, l.sequence, l.arrival_number, l.account, l.direction, l.amount_fen, l.balance_fen,
           coalesce(m.survivor, {other}) AS other_account,
           l.counterparty_name AS written_name, l.account_name, coalesce(p.name, o.name) AS other_name,
           coalesce(o.has_lines, false) AS other_is_ours, l.purpose_text, l.reference, l.reverses,
           coalesce(d.basis, c.basis) AS pairing_basis,
           coalesce(d.credit_line, c.debit_line) IS NOT NULL AS has_partner, x.line_id IS NOT NULL AS ambiguous
    FROM line l
    LEFT JOIN published.pairing d ON l.direction = 'debit' AND d.state = 'valid' AND d.debit_line = l.line_id
    LEFT JOIN published.pairing c ON l.direction = 'credit' AND c.state = 'valid' AND c.credit_line = l.line_id
    LEFT JOIN published.ambiguous_pairing x ON x.line_id = l.line_id
    LEFT JOIN published.merged_account m ON m.account = {other}
    LEFT JOIN published.known_account o ON o.account = coalesce(m.survivor, {other})
    LEFT JOIN published.party p ON p.party_id = o.party_id
    ORDER BY l.booked_at DESC, l.sequence DESC, l.arrival_number DESC
    """
)
_WRITTEN_OTHER: Final = sql.SQL("coalesce(d.credit_account, c.debit_account, l.counterparty_account)")


def lines(connection: Database, query: LineQuery) -> list[Row]:
    """The page of lines that `query` asks for. Of a mirrored account `other_*` is who dealt with it, and the
    direction is still that of the other's statement."""
    conditions, parameters = _narrowed(query)
    statement = _LINES.format(
        conditions=sql.SQL(" AND ").join(conditions),
        limit=sql.Literal(query.limit),
        other=sql.SQL("l.account") if query.mirrored else _WRITTEN_OTHER,
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def line_count(connection: Database, query: LineQuery, most: int) -> int:
    """How many lines `query` finds, counted up to `most` and one more."""
    conditions, parameters = _narrowed(query)
    row = connection.execute(
        sql.SQL(
            "SELECT count(*) FROM (SELECT 1 FROM unnest(%(keys)s::text[]) AS key "
            "JOIN published.booked_line l ON {conditions} LIMIT {limit}) AS found"
        ).format(conditions=sql.SQL(" AND ").join(conditions), limit=sql.Literal(most + 1)),
        parameters,
    ).fetchone()
    assert row is not None
    return int(row[0])


def _narrowed(query: LineQuery) -> tuple[list[sql.Composable], dict[str, Any]]:
    owner = sql.SQL("l.counterparty_account" if query.mirrored else "l.account")
    conditions: list[sql.Composable] = [sql.SQL("{} = key").format(owner)]
    parameters: dict[str, Any] = {"keys": list(query.keys)}

    def narrow(condition: str, name: str, value: object) -> None:
        if value is not None:
            conditions.append(sql.SQL(condition))  # pyright: ignore[reportArgumentType]  constants below
            parameters[name] = value

    if query.after is not None:
        conditions.append(
            sql.SQL(
                "(l.booked_at, l.sequence, l.arrival_number) < (%(after_at)s, %(after_sequence)s, %(after_arrival)s) "
                "AND l.booked_at <= %(after_at)s"
            )
        )
        parameters |= dict(zip(("after_at", "after_sequence", "after_arrival"), query.after, strict=True))
    narrow("l.booked_at >= %(booked_from)s", "booked_from", query.booked_from)
    narrow("l.booked_at < %(booked_before)s", "booked_before", query.booked_before)
    narrow("l.amount_fen >= %(least)s", "least", query.least_fen)
    narrow("l.amount_fen <= %(most)s", "most", query.most_fen)
    direction = query.direction
    if direction and query.mirrored:
        direction = "debit" if direction == "credit" else "credit"
    narrow("l.direction = %(direction)s", "direction", direction)
    if query.text:
        escaped = query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        other = (
            "l.account ILIKE %(text)s OR l.account_name"
            if query.mirrored
            else ("l.counterparty_account ILIKE %(text)s OR l.counterparty_name")
        )
        narrow(
            f"({other} ILIKE %(text)s OR l.purpose_text ILIKE %(text)s OR l.reference ILIKE %(text)s "
            "OR l.document_no ILIKE %(text)s)",
            "text",
            f"%{escaped}%",
        )
    return conditions, parameters


def moved_up_to(connection: Database, keys: Sequence[str], place: Place) -> int:
    """What the lines of an account up to and with this place moved, in fen: credits less debits."""
    row = connection.execute(
        """
        SELECT coalesce(sum(CASE direction WHEN 'credit' THEN amount_fen ELSE -amount_fen END), 0)::bigint
        FROM published.booked_line
        WHERE account = ANY(%s) AND booked_at <= %s AND (booked_at, sequence, arrival_number) <= (%s, %s, %s)
        """,
        (list(keys), place[0], *place),
    ).fetchone()
    assert row is not None
    return int(row[0])


def loan_money(connection: Database, run_id: str, transfer_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Loan money in each of these transfers: transfer_id -> (fen, loans)."""
    rows = connection.execute(
        """
        SELECT transfer_id, sum(amount_fen)::bigint, count(DISTINCT loan_id) FROM published.trace_hop
        WHERE run_id = %s AND transfer_id = ANY(%s) GROUP BY transfer_id
        """,
        (run_id, list(transfer_ids)),
    ).fetchall()
    return {str(transfer_id): (int(fen), int(loans)) for transfer_id, fen, loans in rows}
