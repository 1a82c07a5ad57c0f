"""SQL of pairing and reconciliation: lines out, pairings and reports in."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

import polars as pl
import psycopg
from psycopg import sql

from loantrail.ledger.store_moments import begin_writing

type_of_connection = psycopg.Connection[tuple[Any, ...]]

_PAIRING_LOCK: Final = "loantrail.ledger.pairing"
_MICROSECONDS: Final = pl.Datetime("us", "UTC")
BYTES_AT_ONCE: Final = 64 << 20
"""Text of rows that is in memory at one time while a frame is read."""
# A BIC names its institution by the first eight characters (ISO 9362). One and a bank's code of another kind say nothing of each other:
# messages bear BICs where the books have clearing numbers.
ELSEWHERE: Final = sql.SQL(
    "(a.has_lines AND a.institution <> '' AND l.counterparty_institution <> '' "
    "AND a.institution <> l.counterparty_institution "
    "AND (a.institution ~ '^[A-Z]{6}[A-Z0-9]{2,5}$') = (l.counterparty_institution ~ '^[A-Z]{6}[A-Z0-9]{2,5}$') "
    "AND NOT (a.institution ~ '^[A-Z]{6}[A-Z0-9]{2,5}$' "
    "AND left(a.institution, 8) = left(l.counterparty_institution, 8)))"
)


def read_frame(
    connection: type_of_connection,
    query: sql.Composable,
    schema: dict[str, Any],
    parameters: Sequence[object] = (),
) -> pl.DataFrame:
    """The result of `query` as a frame. Instants come as whole microseconds (Int64 in SQL) where the schema says
    Datetime."""
    raw = {name: pl.Int64() if kind == _MICROSECONDS else kind for name, kind in schema.items()}
    frames: list[pl.DataFrame] = []
    waiting, size = list[Any](), 0

    def read_waiting() -> None:
        # Nulls come bare, empty texts quoted.
        frames.append(pl.read_csv(b"".join(waiting), has_header=False, schema=raw))
        waiting.clear()

    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(query), list(parameters)) as stream,
    ):
        # Each piece is a whole row: millions of rows are read part by part, never held as text at once.
        for piece in stream:
            waiting.append(piece)
            size += len(piece)
            if size > BYTES_AT_ONCE:
                read_waiting()
                size = 0
    if waiting:
        read_waiting()
    if not frames:
        return pl.DataFrame(schema=schema)
    frame = pl.concat(frames)
    return frame.with_columns(
        pl.from_epoch(name, time_unit="us").dt.replace_time_zone("UTC").alias(name)
        for name, kind in schema.items()
        if kind == _MICROSECONDS
    )


def lock_pairing(connection: type_of_connection) -> None:
    """Until the transaction ends nobody else pairs, and nobody begins to read the books for a trace."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_PAIRING_LOCK,))
    begin_writing(connection)


# What is new -------------------------------------------------------------------------------------------------


def note_touched(
    connection: type_of_connection, keys: Sequence[str] = (), recheck: Sequence[str] = ()
) -> tuple[list[int], int]:
    """`(ids of notes, lines they are about)`; the amounts and accounts they touch are put in temporary tables, with the
    lines of `keys` and those that name one of them; such lines were `counted` before. Of the accounts `recheck` only the balances are looked at again."""
    rows = connection.execute("SELECT pending_id, line_count FROM ledger.pairing_pending").fetchall()
    ids = [int(row[0]) for row in rows]
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS touched_line (amount_fen bigint, currency char(3), account text, "
        "line_count bigint, with_balance boolean, counted boolean) ON COMMIT DELETE ROWS"
    )
    connection.execute(
        """
        INSERT INTO pg_temp.touched_line
        SELECT l.amount_fen, l.currency, coalesce(m.survivor, l.account), count(*), bool_or(l.balance_fen IS NOT NULL), false
        FROM ledger.pairing_pending p
        JOIN ledger.statement_line l ON l.booked_at BETWEEN p.first_booked_at AND p.last_booked_at
         AND l.file_id = p.file_id AND l.arrival_number BETWEEN p.first_arrival AND p.last_arrival
        LEFT JOIN ledger.merged_account m ON m.account = l.account
        WHERE p.pending_id = ANY(%s)
        GROUP BY 1, 2, 3
        """,
        (ids,),
    )
    if keys:
        # A line that only names one of the keys may pair otherwise; the balances of its own account stay as they are.
        connection.execute(
            """
            INSERT INTO pg_temp.touched_line
            SELECT l.amount_fen, l.currency,
                   CASE WHEN l.account = ANY(%(keys)s) THEN coalesce(m.survivor, l.account) END, count(*),
                   bool_or(l.balance_fen IS NOT NULL), true
            FROM ledger.statement_line l LEFT JOIN ledger.merged_account m ON m.account = l.account
            WHERE l.account = ANY(%(keys)s) OR l.counterparty_account = ANY(%(keys)s)
            GROUP BY 1, 2, 3
            """,
            {"keys": list(keys)},
        )
        connection.execute(
            "INSERT INTO pg_temp.touched_line SELECT NULL, currency, account, 0, false, true FROM published.known_account "
            "WHERE account = ANY(%s) AND has_lines",
            (list(recheck),),
        )
    connection.execute("ANALYZE pg_temp.touched_line")
    return ids, sum(int(row[1]) for row in rows)


def count_lines_estimate(connection: type_of_connection) -> int:
    """About how many lines the books hold."""
    row = connection.execute("SELECT coalesce(sum(rows_accepted), 0) FROM ledger.import_file").fetchone()
    return 0 if row is None else int(row[0])


def forget_notes(connection: type_of_connection, ids: Sequence[int]) -> None:
    connection.execute("DELETE FROM ledger.pairing_pending WHERE pending_id = ANY(%s)", (list(ids),))


LINE_SCHEMA: Final[dict[str, Any]] = {
    "line_id": pl.String(),
    "account": pl.String(),
    "written_account": pl.String(),
    "direction": pl.String(),
    "amount_fen": pl.Int64(),
    "currency": pl.String(),
    "booked_at": _MICROSECONDS,
    "sequence": pl.Int64(),
    "counterparty_account": pl.String(),
    "reference": pl.String(),
    "counterparty_elsewhere": pl.String(),
    "unit_id": pl.String(),
}


def lines_of_touched_amounts(connection: type_of_connection, part: int, parts: int) -> pl.DataFrame:
    """All lines, new and old, of the amounts that new lines have; those that a person paired or kept apart are left
    out. Cut in `parts` by amount. Accounts are those that stand, `written_account` is what the statement says."""
    query = sql.SQL(
        """
        SELECT replace(l.line_id::text, '-', ''), coalesce(ml.survivor, l.account), l.account, l.direction, l.amount_fen,
               l.currency, (extract(epoch FROM l.booked_at) * 1000000)::bigint, l.sequence,
               coalesce(mo.survivor, l.counterparty_account), l.reference, CASE WHEN {elsewhere} THEN 'yes' END, l.unit_id
        FROM (SELECT DISTINCT amount_fen, currency FROM pg_temp.touched_line WHERE amount_fen % {parts} = {part}) t
        JOIN ledger.statement_line l USING (amount_fen, currency)
        LEFT JOIN ledger.account a ON a.account = l.counterparty_account
        LEFT JOIN ledger.merged_account ml ON ml.account = l.account
        LEFT JOIN ledger.merged_account mo ON mo.account = l.counterparty_account
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger.transfer m WHERE m.state = 'valid' AND m.basis = 'manual'
            AND (m.debit_line = l.line_id OR m.credit_line = l.line_id)
        )
        """
    ).format(elsewhere=ELSEWHERE, parts=sql.Literal(parts), part=sql.Literal(part))
    return read_frame(connection, query, LINE_SCHEMA).with_columns(
        (pl.col("counterparty_elsewhere") == "yes").fill_null(value=False)
    )


# Pairings ----------------------------------------------------------------------------------------------------

COMPUTED_COLUMNS: Final = (
    "transfer_id",
    "debit_line",
    "credit_line",
    "debit_account",
    "credit_account",
    "debit_booked_at",
    "credit_booked_at",
    "amount_fen",
    "currency",
    "basis",
    "unit_id",
)


def book_pairings(
    connection: type_of_connection,
    computed: pl.DataFrame,
    part: int,
    parts: int,
    at: datetime.datetime,
    why: str = "other lines came",
) -> tuple[int, int]:
    """Make the valid pairings of the touched amounts equal to `computed`; `(new, superseded)`. What is the same stays,
    of what is not it is noted `why`."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS computed_pairing (transfer_id uuid, debit_line uuid, credit_line uuid, "
        "debit_account text, credit_account text, debit_booked_at timestamptz, credit_booked_at timestamptz, "
        "amount_fen bigint, currency char(3), basis text, unit_id text) ON COMMIT DELETE ROWS"
    )
    connection.execute("DELETE FROM pg_temp.computed_pairing")
    copy = sql.SQL("COPY pg_temp.computed_pairing ({}) FROM STDIN (FORMAT csv)").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in COMPUTED_COLUMNS)
    )
    with connection.cursor() as cursor, cursor.copy(copy) as stream:
        stream.write(computed.select(COMPUTED_COLUMNS).write_csv(include_header=False).encode())
    connection.execute("ANALYZE pg_temp.computed_pairing")
    superseded = connection.execute(
        """
        UPDATE ledger.transfer t
        SET state = 'superseded', superseded_at = %s, superseded_reason = %s
        FROM (SELECT DISTINCT amount_fen, currency FROM pg_temp.touched_line WHERE amount_fen %% %s = %s) a
        WHERE t.state = 'valid' AND t.basis <> 'manual' AND t.amount_fen = a.amount_fen AND t.currency = a.currency
          AND NOT EXISTS (SELECT 1 FROM pg_temp.computed_pairing c WHERE c.transfer_id = t.transfer_id)
        """,
        (at, why, parts, part),
    ).rowcount
    added = connection.execute(
        """
        INSERT INTO ledger.transfer (transfer_id, version, debit_line, credit_line, debit_account, credit_account,
               debit_booked_at, credit_booked_at, amount_fen, currency, booked_at, basis, created_at, unit_id)
        SELECT c.transfer_id, coalesce((SELECT max(version) FROM ledger.transfer o WHERE o.transfer_id = c.transfer_id), 0)
               + 1, c.debit_line, c.credit_line, c.debit_account, c.credit_account, c.debit_booked_at,
               c.credit_booked_at, c.amount_fen, c.currency, c.debit_booked_at, c.basis, %s, c.unit_id
        FROM pg_temp.computed_pairing c
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger.transfer t WHERE t.state = 'valid' AND t.transfer_id = c.transfer_id
        )
        """,
        (at,),
    ).rowcount
    return added, superseded


def book_ambiguous(
    connection: type_of_connection, ambiguous: pl.DataFrame, part: int, parts: int, at: datetime.datetime
) -> None:
    """Replace the list of ambiguous lines of the touched amounts. `ambiguous` has `line_id, group_id, reason,
    booked_at, unit_id`."""
    connection.execute(
        """
        DELETE FROM ledger.ambiguous_pairing x USING ledger.statement_line l
        WHERE l.line_id = x.line_id AND l.booked_at = x.booked_at AND l.amount_fen %% %s = %s
          AND (l.amount_fen, l.currency) IN (SELECT amount_fen, currency FROM pg_temp.touched_line)
        """,
        (parts, part),
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger.ambiguous_pairing (line_id, group_id, reason, booked_at, unit_id, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [(*row, at) for row in ambiguous.iter_rows()],
        )


def link_reversals(connection: type_of_connection, at: datetime.datetime) -> int:
    """Link lines that take an earlier one back to it, where exactly one line of the account has that reference and
    the opposite direction; how many new links. Looks at the accounts that new lines touch."""
    return connection.execute(
        """
        WITH touched AS MATERIALIZED (
            SELECT k.survivor, k.account FROM (SELECT DISTINCT account FROM pg_temp.touched_line) t
            JOIN published.account_key k ON k.survivor = t.account
        )
        INSERT INTO ledger.reversal (reversing_line, original_line, amount_fen, created_at, unit_id)
        SELECT r.line_id, (array_agg(o.line_id))[1], r.amount_fen, %s, r.unit_id
        FROM touched t
        JOIN ledger.statement_line r ON r.account = t.account AND r.reverses IS NOT NULL
        JOIN touched s ON s.survivor = t.survivor
        JOIN ledger.statement_line o ON o.account = s.account AND o.currency = r.currency
         AND o.direction <> r.direction AND o.line_id <> r.line_id AND o.reference = r.reverses
        WHERE NOT EXISTS (SELECT 1 FROM ledger.reversal v WHERE v.reversing_line = r.line_id)
        GROUP BY r.line_id, r.amount_fen, r.unit_id
        HAVING count(*) = 1
        """,
        (at,),
    ).rowcount


def unlink_reversals(connection: type_of_connection) -> int:
    """Drop the links between lines of touched accounts that are no longer one account; how many."""
    return connection.execute(
        """
        DELETE FROM ledger.reversal v
        USING ledger.statement_line r, ledger.statement_line o
        WHERE r.line_id = v.reversing_line AND o.line_id = v.original_line AND r.reverses IS NOT NULL
          AND r.account IN (
              SELECT k.account FROM pg_temp.touched_line t JOIN published.account_key k ON k.survivor = t.account
          )
          AND coalesce((SELECT m.survivor FROM ledger.merged_account m WHERE m.account = r.account), r.account)
           <> coalesce((SELECT m.survivor FROM ledger.merged_account m WHERE m.account = o.account), o.account)
        """
    ).rowcount


# By hand -----------------------------------------------------------------------------------------------------


def find_line(connection: type_of_connection, line_id: str) -> tuple[Any, ...] | None:
    """`line_id, booked_at, account, direction, amount_fen, currency, unit_id` of a line, and the account that stands for
    its account."""
    return connection.execute(
        "SELECT replace(l.line_id::text, '-', ''), l.booked_at, l.account, l.direction, l.amount_fen, l.currency, "
        "l.unit_id, coalesce(m.survivor, l.account) FROM ledger.statement_line l "
        "LEFT JOIN ledger.merged_account m ON m.account = l.account WHERE l.line_id = %s::uuid",
        (line_id,),
    ).fetchone()


def supersede_of_lines(
    connection: type_of_connection, line_ids: Sequence[str], at: datetime.datetime, reason: str, by: str
) -> int:
    """End every valid pairing that holds one of these lines."""
    return connection.execute(
        "UPDATE ledger.transfer SET state = 'superseded', superseded_at = %s, superseded_reason = %s, superseded_by = %s "
        "WHERE state = 'valid' AND (debit_line = ANY(%s::uuid[]) OR credit_line = ANY(%s::uuid[]))",
        (at, reason, by, list(line_ids), list(line_ids)),
    ).rowcount


def add_manual(
    connection: type_of_connection,
    transfer_id: str,
    debit: tuple[Any, ...] | None,
    credit: tuple[Any, ...] | None,
    reason: str,
    by: str,
    at: datetime.datetime,
) -> None:
    """Enter a pairing by hand; with one line only, that line is kept apart. Lines as `find_line` gives them."""
    given = debit or credit
    if given is None:
        raise ValueError("a manual pairing names a line")
    none: tuple[Any, ...] = (None,) * 7
    connection.execute(
        "INSERT INTO ledger.transfer (transfer_id, version, debit_line, credit_line, debit_account, credit_account, "
        "debit_booked_at, credit_booked_at, amount_fen, currency, booked_at, basis, reason, changed_by, created_at, unit_id) "
        "SELECT %s::uuid, coalesce(max(version), 0) + 1, %s::uuid, %s::uuid, %s, %s, %s, %s, %s, %s, %s, 'manual', %s, %s, "
        "%s, %s FROM ledger.transfer WHERE transfer_id = %s::uuid",
        (
            transfer_id, (debit or none)[0], (credit or none)[0], (debit or none)[2], (credit or none)[2],
            (debit or none)[1], (credit or none)[1], given[4], given[5], given[1], reason, by, at, given[6], transfer_id,
        ),
    )  # fmt: skip


def note_lines(connection: type_of_connection, line_ids: Sequence[str]) -> None:
    """Have the pairing look at these lines again."""
    connection.execute(
        "INSERT INTO ledger.pairing_pending "
        "(file_id, first_arrival, last_arrival, first_booked_at, last_booked_at, line_count) "
        "SELECT file_id, arrival_number, arrival_number, booked_at, booked_at, 1 FROM ledger.statement_line "
        "WHERE line_id = ANY(%s::uuid[])",
        (list(line_ids),),
    )
