"""SQL that tells how transactions stand that a person wants to mend."""

from __future__ import annotations

from collections.abc import Sequence

from loantrail.ledger.pairs.store import type_of_connection


def manual_of_lines(connection: type_of_connection, line_ids: Sequence[str]) -> str | None:
    """The valid pairing by hand that holds exactly these lines (one: kept apart); its id."""
    row = connection.execute(
        "SELECT replace(transfer_id::text, '-', '') FROM ledger.transfer WHERE state = 'valid' AND basis = 'manual' "
        "AND (debit_line = ANY(%(lines)s::uuid[]) OR credit_line = ANY(%(lines)s::uuid[])) "
        "AND array_remove(ARRAY[debit_line, credit_line], NULL) @> %(lines)s::uuid[] "
        "AND array_remove(ARRAY[debit_line, credit_line], NULL) <@ %(lines)s::uuid[]",
        {"lines": list(line_ids)},
    ).fetchone()
    return None if row is None else str(row[0])


def lines_of_transfer(connection: type_of_connection, transfer_id: str) -> tuple[list[str], list[str]] | None:
    """`(ids of the transactions that its lines belong to now, its lines)` of a transaction that is or was; None where
    there never was one. A transaction that stands unchanged gives its own id alone."""
    row = connection.execute(
        "SELECT array_remove(ARRAY[debit_line, credit_line], NULL) FROM ledger.transfer WHERE transfer_id = %s::uuid "
        "ORDER BY version DESC LIMIT 1",
        (transfer_id,),
    ).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT ARRAY[line_id] FROM ledger.statement_line WHERE line_id = %s::uuid", (transfer_id,)
        ).fetchone()
    if row is None:
        return None
    lines = [line.hex for line in row[0]]
    now = connection.execute(
        """
        SELECT DISTINCT replace(coalesce(t.transfer_id, l.line_id)::text, '-', '')
        FROM unnest(%s::uuid[]) AS l (line_id)
        LEFT JOIN ledger.transfer t ON t.state = 'valid' AND (t.debit_line = l.line_id OR t.credit_line = l.line_id)
        """,
        (lines,),
    ).fetchall()
    return sorted(str(one[0]) for one in now), lines


def lines_of_manual(connection: type_of_connection, transfer_id: str) -> list[str]:
    """The lines of a valid pairing by hand (one: kept apart), the debit first; none where it is no such pairing."""
    row = connection.execute(
        "SELECT array_remove(ARRAY[debit_line, credit_line], NULL) FROM ledger.transfer "
        "WHERE transfer_id = %s::uuid AND state = 'valid' AND basis = 'manual'",
        (transfer_id,),
    ).fetchone()
    return [] if row is None else [line.hex for line in row[0]]


def transfer_of_line(connection: type_of_connection, line_id: str) -> str:
    """The transaction that a line belongs to now."""
    row = connection.execute(
        "SELECT replace(transfer_id::text, '-', '') FROM ledger.transfer "
        "WHERE state = 'valid' AND (debit_line = %(line)s::uuid OR credit_line = %(line)s::uuid)",
        {"line": line_id},
    ).fetchone()
    return line_id if row is None else str(row[0])
