"""One group of rows of one record type into the books, within the caller's transaction."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from loantrail.clock import business_date, now
from loantrail.ledger import intake, store
from loantrail.ledger import store_versions as versions
from loantrail.ledger.booked_ahead import lines_far_ahead
from loantrail.ledger.intake import LINE, Broken
from loantrail.ledger.quarantine.store import StoredRefusal, refusal_id
from loantrail.ledger.store_entering import NamedAccount, enter_accounts
from loantrail.ledger.store_moments import begin_writing
from loantrail.ledger.store_versions import Origin
from loantrail.records import RecordType

DEFAULT_UNIT: Final = "unassigned"
DEFAULT_UNIT_NAME: Final = "未归属机构"


class KeysTaken(Exception):
    """Another import entered one of the keys meanwhile: roll back and take the rows again."""


@dataclass(frozen=True, slots=True)
class Taken:
    accepted: int
    duplicate: int
    broken: list[Broken] = field(default_factory=list[Broken])
    """Rows refused; `row` counts in the frame that was given."""
    opened: frozenset[str] = frozenset()
    """Accounts that have lines from now on and were new to the books: no record of them is there."""


def months_of(rows: pl.DataFrame) -> list[datetime.date]:
    """First days of the months that the lines need partitions for."""
    local = pl.col("booked_at").dt.convert_time_zone("Asia/Shanghai").dt.date().dt.truncate("1mo")
    return rows.select(local.unique().sort()).to_series().to_list()


@dataclass(frozen=True, slots=True)
class Ready:
    """Prepared and keyed rows of one record type that may be taken in."""

    rows: pl.DataFrame
    broken: list[Broken]
    """Those that may not; `row` counts in the frame that was given."""


def make_ready(connection: store.type_of_connection, record_type: RecordType, keyed: pl.DataFrame) -> Ready:
    """Rows that are prepared and keyed (`intake.prepared`, `intake.with_keys`): for lines there are partitions then, and those that
    no bank can have booked are left out. Commits; call it outside a batch."""
    if record_type.name != LINE or keyed.is_empty():
        return Ready(keyed, [])
    ahead = lines_far_ahead(keyed, now(), lambda after: store.newest_line(connection, after))
    broken = _renumbered(ahead, keyed)
    rows = keyed.filter(~pl.col("row_number").is_in([one.row for one in broken])) if broken else keyed
    store.ensure_partitions(connection, months_of(rows))
    return Ready(rows, broken)


def take_rows(
    connection: store.type_of_connection, record_type: RecordType, ready: Ready, file_id: int
) -> Taken:
    """Decide on rows that `make_ready` gave, and store the accepted ones.

    Duplicates within the frame are gone already. Raises KeysTaken when the transaction must be tried again.
    """
    begin_writing(connection)
    keyed = ready.rows
    broken = [*ready.broken, *_renumbered(intake.broken_rules(record_type, keyed), keyed)]
    refused = {one.row: one for one in broken}
    clean = keyed.filter(~pl.col("row_number").is_in(list(refused)))
    # A key whose first row was refused passes to the next.
    clean = clean.with_columns(pl.col("source_key").is_first_distinct().alias("is_first"))
    if clean.is_empty():
        return Taken(0, 0, list(refused.values()))
    if record_type.name == LINE or DEFAULT_UNIT in _units(clean):
        store.ensure_unit(connection, DEFAULT_UNIT, DEFAULT_UNIT_NAME)
    store.stage(connection, record_type, clean)
    store.resolve_currencies(connection, record_type)
    refuse_unknown_references(connection, record_type, refused)
    duplicate = 0
    opened: frozenset[str] = frozenset()
    # Nearly always all keys are new, and entering them is the quickest way to know.
    if not store.claim_all_keys(connection, record_type):
        duplicate = store.drop_duplicates(connection, record_type)
        duplicate += _settle_conflicts(connection, record_type, refused)
        if not store.claim_all_keys(connection, record_type):
            raise KeysTaken
    if record_type.name == LINE:
        named = intake.auto_accounts(clean).select(NamedAccount.__struct_fields__)
        if len(named):
            accounts = [NamedAccount(*row) for row in named.iter_rows()]
            opened = enter_accounts(connection, accounts, DEFAULT_UNIT).opened
        accepted = store.insert_lines(connection, file_id, DEFAULT_UNIT)
    else:
        if versions.has_been_traced(connection):
            at = now()
            versions.note_imported(connection, record_type, Origin(at, business_date(at), None, None))
        accepted = store.insert_records(connection, record_type)
    return Taken(accepted, duplicate, [refused[row] for row in sorted(refused)], opened)


def _units(rows: pl.DataFrame) -> pl.Series:
    return rows.get_column("unit_id") if "unit_id" in rows.columns else pl.Series([], dtype=pl.String)


def _renumbered(broken: Sequence[Broken], keyed: pl.DataFrame) -> list[Broken]:
    """Rows are numbered as given; the rules count places in the keyed frame."""
    numbers = keyed.get_column("row_number")
    return [replace(one, row=int(numbers[one.row])) for one in broken]


def _settle_conflicts(
    connection: store.type_of_connection, record_type: RecordType, refused: dict[int, Broken]
) -> int:
    """Rows whose key is taken: those that balances prove get a key of their own, the others are refused. Returns how
    many of the former turn out to be in the books already."""
    found = store.conflicts(connection, record_type)
    if not found:
        return 0
    proven = {row: intake.repeat_key(key, content) for row, key, content, is_proven in found if is_proven}
    for row, _, _, is_proven in found:
        if not is_proven:
            refused[row] = intake.other_content(record_type, row)
    store.unstage(connection, record_type, [row for row, _, _, is_proven in found if not is_proven])
    if not proven:
        return 0
    store.give_keys(connection, record_type, proven)
    return store.drop_duplicates(connection, record_type)


def refuse_unknown_references(
    connection: store.type_of_connection, record_type: RecordType, refused: dict[int, Broken]
) -> None:
    """Until nothing changes: a refused row may be what another row of the same frame points to."""
    fields = intake.reference_fields(record_type)
    again = True
    while again:
        again = False
        for name, target, target_field in fields:
            unknown = store.unknown_references(connection, record_type, name, target, target_field)
            for row, value in unknown:
                refused[row] = intake.unknown_reference(record_type, name, row, value)
            if unknown:
                store.unstage(connection, record_type, [row for row, _ in unknown])
                again = again or target.name == record_type.name


def stored_refusal(
    broken: Broken,
    record_type: str,
    record: dict[str, Any],
    source_file: str,
    position: int,
    file_id: int | None,
) -> StoredRefusal:
    """The quarantine entry of a typed row; its bytes are the record as JSON."""
    plain = {
        name: value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value
        for name, value in record.items()
        if value is not None
    }
    original = json.dumps(plain, ensure_ascii=False).encode()
    return StoredRefusal(
        refusal_id=refusal_id(record_type, source_file, position, broken.field, broken.reason, original),
        file_id=file_id,
        source_file=source_file,
        position=position,
        record_type=record_type,
        field=broken.field,
        reason=broken.reason,
        message=broken.message,
        original=original,
        record=plain,
        corrected=None,
        state="open",
        created_at=now(),
    )
