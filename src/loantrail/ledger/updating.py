"""Records that change: a delivered table against the books, within the caller's transaction.

New records come in, changed ones take their new content and keep the earlier one, records that are gone are marked as ended
and never deleted blindly. What breaks a rule or points to a record that is not there goes to quarantine, as in an import.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import polars as pl

from loantrail.ledger import intake, store
from loantrail.ledger import store_versions as versions
from loantrail.ledger.intake import Broken, Occurrences
from loantrail.ledger.store_versions import Origin
from loantrail.ledger.taking import DEFAULT_UNIT, DEFAULT_UNIT_NAME, refuse_unknown_references
from loantrail.records import RecordType


@dataclass(frozen=True, slots=True)
class Rows:
    """A delivered table, cut by what becomes of its rows. All frames have the fields of the record type."""

    current: pl.DataFrame
    """What records say now."""
    removed: pl.DataFrame | None = None
    """Records that the bank says are gone; their keys count."""
    earlier: pl.DataFrame | None = None
    """Ended periods of a history chain, with `valid_from_date` and `valid_to_date` (Date)."""
    is_whole: bool = False
    """The table holds every record there is: others of the type have vanished."""


@dataclass(slots=True)
class Updated:
    """What became of the rows."""

    new: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    """Taken out, or marked as ended, because the bank says so."""
    vanished: int = 0
    """In the books, and not in a whole table."""
    vanished_marked: int = 0
    loans_owing: int = 0
    """Vanished or removed loans that still had a balance."""
    chain_periods: int = 0
    broken: list[tuple[int, Broken]] = field(default_factory=list[tuple[int, Broken]])
    """Refused rows of `current` by their place in it."""


def update_records(
    connection: store.type_of_connection, record_type: RecordType, rows: Rows, origin: Origin
) -> Updated:
    """Bring the records of a type to the delivered state. Does not commit.

    Of two rows with one key and different content the later is refused. Raises nothing for bad rows.
    """
    updated = Updated()
    # Asked first: the unit of rows without one is none that the bank told.
    was_empty = versions.is_empty(connection, record_type)
    store.ensure_unit(connection, DEFAULT_UNIT, DEFAULT_UNIT_NAME)
    refused = _take_current(connection, record_type, rows, origin, updated, was_empty)
    updated.broken = [(row, refused[row]) for row in sorted(refused)]
    if rows.is_whole and not was_empty:
        updated.vanished, updated.vanished_marked, updated.loans_owing = versions.mark_ended(
            connection, record_type, origin, "vanished"
        )
        versions.forget_delivered(connection)
    if rows.earlier is not None and len(rows.earlier):
        updated.chain_periods = _keep_chain(connection, record_type, rows.earlier, origin)
    if rows.removed is not None and len(rows.removed):
        _remove(connection, record_type, rows.removed, origin, updated)
    versions.clear_staging(connection, record_type)
    return updated


def _keyed(record_type: RecordType, rows: pl.DataFrame) -> pl.DataFrame:
    return intake.with_keys(record_type, intake.prepared(record_type, rows, DEFAULT_UNIT), Occurrences())


def _take_current(
    connection: store.type_of_connection,
    record_type: RecordType,
    rows: Rows,
    origin: Origin,
    updated: Updated,
    was_empty: bool,
) -> dict[int, Broken]:
    keyed = _keyed(record_type, rows.current)
    numbers = keyed.get_column("row_number").to_list()
    refused = {
        numbers[one.row]: Broken(numbers[one.row], one.field, one.reason, one.message)
        for one in intake.broken_rules(record_type, keyed)
    }
    store.stage(connection, record_type, keyed)
    store.resolve_currencies(connection, record_type)
    if rows.is_whole and not was_empty:
        versions.hold_keys(connection, record_type)
    twice = keyed.filter(~pl.col("row_number").is_in(list(refused))).filter(
        ~pl.col("source_key").is_first_distinct()
    )
    for row in twice.get_column("row_number").to_list():
        refused[row] = intake.other_content(record_type, row)
    store.unstage(connection, record_type, list(refused))
    refuse_unknown_references(connection, record_type, refused)
    updated.changed = 0 if was_empty else versions.change_records(connection, record_type, origin)
    # The first records of a type matter too to what was computed without them.
    note_absence = not was_empty or versions.has_been_traced(connection)
    updated.new = versions.add_records(connection, record_type, origin, note_absence=note_absence)
    updated.same = len(rows.current) - len(refused) - updated.changed - updated.new
    versions.enter_keys(connection, record_type)
    return refused


def _keep_chain(
    connection: store.type_of_connection, record_type: RecordType, earlier: pl.DataFrame, origin: Origin
) -> int:
    versions.clear_staging(connection, record_type)
    plain = earlier.drop("valid_from_date", "valid_to_date")
    keyed = _keyed(record_type, plain)
    store.stage(connection, record_type, keyed)
    # Two periods may say the same: the keys of intake leave out the second, its days must not be lost.
    same = intake.prepared(record_type, plain, DEFAULT_UNIT).with_row_index("row_number")
    told = same.join(
        keyed.rename({"row_number": "kept"}), on=list(plain.columns), how="left", nulls_equal=True
    ).unique("row_number", keep="first", maintain_order=True)
    periods: list[tuple[int, datetime.date, datetime.date]] = [
        (int(kept), start, end)
        for kept, start, end in zip(
            told.get_column("kept").to_list(),
            earlier.get_column("valid_from_date").to_list(),
            earlier.get_column("valid_to_date").to_list(),
            strict=True,
        )
        if kept is not None
    ]
    return versions.keep_chain(connection, record_type, origin, periods)


def _remove(
    connection: store.type_of_connection,
    record_type: RecordType,
    removed: pl.DataFrame,
    origin: Origin,
    updated: Updated,
) -> None:
    versions.clear_staging(connection, record_type)
    keyed = _keyed(record_type, removed).filter(pl.col("is_first"))
    store.stage(connection, record_type, keyed)
    if record_type.name in versions.REFERRED_TO:
        concerned, marked, owing = versions.mark_ended(connection, record_type, origin, "removed")
        updated.removed += concerned
        updated.vanished_marked += marked
        updated.loans_owing += owing
    else:
        updated.removed += versions.remove_records(connection, record_type, origin)
