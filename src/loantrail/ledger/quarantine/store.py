"""SQL of the quarantine."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loantrail.ids import derived_id

type_of_connection = psycopg.Connection[tuple[Any, ...]]
type_of_record = dict[str, Any]

_COLUMNS: Final = (
    "refusal_id, file_id, source_file, position, record_type, field, reason, message, original, record, corrected, "
    "state, created_at, changed_at, changed_by, note"
)


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    refusal_id: str
    file_id: int | None
    source_file: str
    position: int
    record_type: str
    field: str
    reason: str
    message: str
    original: bytes
    record: type_of_record | None
    """The typed values, where the row could be read: instants and dates as ISO texts, amounts in fen."""
    corrected: type_of_record | None
    state: str
    created_at: datetime.datetime
    changed_at: datetime.datetime | None = None
    changed_by: str | None = None
    note: str | None = None


def refusal_id(
    record_type: str,
    source_file: str,
    position: int,
    field: str,
    reason: str,
    original: bytes,
    told_by: str = "",
) -> str:
    """The same refusal of the same bytes has the same id, so that a second import does not list it twice. Where there are no bytes,
    `told_by` tells it from others."""
    parts = (record_type, source_file, position, field, reason, original.hex())
    return derived_id("refusal", *parts, *((told_by,) if told_by else ()))


def add_refusals(connection: type_of_connection, refusals: Sequence[StoredRefusal]) -> None:
    """Enter refusals; those that are there already stay as they are."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger.refusal (refusal_id, file_id, source_file, position, record_type, field, reason, "
            "message, original, record, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (refusal_id) DO NOTHING",
            [
                (
                    one.refusal_id,
                    one.file_id,
                    _storable(one.source_file),
                    one.position,
                    one.record_type,
                    _storable(one.field),
                    one.reason,
                    _storable(one.message),
                    one.original,
                    None if one.record is None else Jsonb(one.record),
                    one.created_at,
                )
                for one in sorted(refusals, key=lambda one: one.refusal_id)
            ],
        )


def _storable(text: str) -> str:
    """The text without what no column of text can hold; a sender may name a field so."""
    return text.replace("\x00", "�")


def list_refusals(
    connection: type_of_connection,
    state: str | None = None,
    reason: str | None = None,
    source_file: str | None = None,
    limit: int = 100,
) -> list[StoredRefusal]:
    """Refusals by file and position."""
    with connection.cursor(row_factory=class_row(StoredRefusal)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM ledger.refusal WHERE (%(state)s::text IS NULL OR state = %(state)s) "  # noqa: S608  constant columns
            "AND (%(reason)s::text IS NULL OR reason = %(reason)s) "
            "AND (%(file)s::text IS NULL OR source_file = %(file)s) "
            "ORDER BY source_file, position, refusal_id LIMIT %(limit)s",
            {"state": state, "reason": reason, "file": source_file, "limit": limit},
        ).fetchall()


def count_refusals(connection: type_of_connection) -> list[tuple[str, str, int]]:
    """`(state, reason, count)`."""
    rows = connection.execute(
        "SELECT state, reason, count(*) FROM ledger.refusal GROUP BY state, reason ORDER BY state, count(*) DESC, reason"
    ).fetchall()
    return [(str(state), str(reason), int(count)) for state, reason, count in rows]


def find_refusals(connection: type_of_connection, start: str, limit: int = 2) -> list[StoredRefusal]:
    """Refusals whose id begins with `start`."""
    with connection.cursor(row_factory=class_row(StoredRefusal)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM ledger.refusal WHERE starts_with(refusal_id, %s) ORDER BY refusal_id LIMIT %s",  # noqa: S608  constant columns
            (start, limit),
        ).fetchall()


def replayed_of(connection: type_of_connection, ids: Sequence[str]) -> set[str]:
    """Those of these refusals whose rows are in the books by now."""
    rows = connection.execute(
        "SELECT refusal_id FROM ledger.refusal WHERE refusal_id = ANY(%s) AND state = 'replayed'",
        (list(ids),),
    ).fetchall()
    return {str(one) for (one,) in rows}


def waiting_for_references(connection: type_of_connection, after: str, limit: int) -> list[StoredRefusal]:
    """Open refusals of records that point to one which was not there, behind the id `after`."""
    with connection.cursor(row_factory=class_row(StoredRefusal)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM ledger.refusal WHERE state = 'open' AND reason = 'unknown_reference' "  # noqa: S608  constant columns
            "AND record IS NOT NULL AND refusal_id > %s ORDER BY refusal_id LIMIT %s",
            (after, limit),
        ).fetchall()


def set_state(
    connection: type_of_connection,
    ids: Sequence[str],
    state: str,
    at: datetime.datetime,
    by: str,
    note: str | None,
) -> None:
    connection.execute(
        "UPDATE ledger.refusal SET state = %s, changed_at = %s, changed_by = %s, note = coalesce(%s, note) "
        "WHERE refusal_id = ANY(%s)",
        (state, at, by, note, list(ids)),
    )


def forget(connection: type_of_connection, ids: Sequence[str]) -> None:
    """Remove entries that only waited for another file of the same import."""
    connection.execute("DELETE FROM ledger.refusal WHERE refusal_id = ANY(%s)", (list(ids),))


def set_correction(
    connection: type_of_connection,
    refusal: str,
    record: type_of_record,
    at: datetime.datetime,
    by: str,
    note: str | None,
) -> None:
    connection.execute(
        "UPDATE ledger.refusal SET corrected = %s, state = 'corrected', changed_at = %s, changed_by = %s, "
        "note = coalesce(%s, note) WHERE refusal_id = %s",
        (Jsonb(record), at, by, note, refusal),
    )


def set_reason(
    connection: type_of_connection, refusal: str, field: str, reason: str, message: str, at: datetime.datetime
) -> None:
    """The row was tried again and refused, perhaps for another reason."""
    connection.execute(
        "UPDATE ledger.refusal SET field = %s, reason = %s, message = %s, changed_at = %s WHERE refusal_id = %s",
        (field, reason, message, at, refusal),
    )
