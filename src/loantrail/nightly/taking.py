"""One delivered table of records into the books, in one transaction."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl

from loantrail.clock import now
from loantrail.errors import FileUnreadable, Place
from loantrail.ledger import updating
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.quarantine.store import StoredRefusal, refusal_id
from loantrail.ledger.store_moments import begin_writing
from loantrail.ledger.store_versions import Origin
from loantrail.ledger.taking import stored_refusal
from loantrail.ledger.updating import Rows, Updated
from loantrail.nightly import store
from loantrail.nightly.chain import chain_parts, joined_key
from loantrail.nightly.inspecting import content_hash_of
from loantrail.nightly.model import Alarm, Declared, FoundFile
from loantrail.nightly.reading import is_bare, read_parts, record_type_of
from loantrail.records import RecordType
from loantrail.sources.columns import polars_schema
from loantrail.sources.model import Refusal


def take_table(
    connection: store.type_of_connection,
    run: store.Run,
    root: Path,
    folder: Path,
    found: FoundFile,
    *,
    is_sole: bool,
) -> tuple[dict[str, int], list[Alarm]]:
    """Bring the records of one file into the books and note it; commits. `(counts, alarms)`. Only where the file is the
    sole one of its table (`is_sole`) can a full one tell which records are gone.

    Raises InputError when the file is no longer as it was checked: nothing of it is taken then.
    """
    declared = found.declared
    path = folder / declared.file
    name = f"{folder.name}/{declared.file}"
    if content_hash_of(path) != found.sha256:
        raise FileUnreadable(
            "changed while the delivery was taken in", Place(name), "Let the bank finish its delivery"
        )
    record_type = record_type_of(declared)
    rows, controls, refusals = _whole(path, name, declared, root, record_type)
    cut, numbers = _cut(
        declared, record_type, rows, controls, run.business_date, is_whole=is_sole and not refusals
    )
    begin_writing(connection)
    at = now()
    origin = Origin(at, run.business_date, name, run.run_id)
    updated = updating.update_records(connection, record_type, cut, origin)
    broken = [
        stored_refusal(one, record_type.name, cut.current.row(place, named=True), name, numbers[place], None)
        for place, one in updated.broken
    ]
    quarantine.add_refusals(connection, [*(_entry(one, record_type.name, at) for one in refusals), *broken])
    counts = _counts(updated, len(rows), len(refusals) + len(broken))
    alarms = _alarms(declared, record_type, updated, counts, could_not_judge=bool(refusals))
    store.note_file_taken(connection, run.run_id, declared.file, counts)
    connection.commit()
    return counts, alarms


def _whole(
    path: Path, name: str, declared: Declared, root: Path, record_type: RecordType
) -> tuple[pl.DataFrame, pl.DataFrame, list[Refusal]]:
    rows = [pl.DataFrame(schema=polars_schema(record_type))]
    controls: list[pl.DataFrame] = []
    refusals: list[Refusal] = []
    for part in () if is_bare(path) else read_parts(path, name, declared, root):
        rows.append(part.rows)
        controls.append(part.controls.with_columns(part.positions.alias("position")))
        refusals += part.refusals
    if not controls:
        return rows[0], pl.DataFrame({"position": pl.Series([], dtype=pl.Int64)}), refusals
    return pl.concat(rows), pl.concat(controls, how="vertical_relaxed"), refusals


def _cut(
    declared: Declared,
    record_type: RecordType,
    rows: pl.DataFrame,
    controls: pl.DataFrame,
    day: datetime.date,
    *,
    is_whole: bool,
) -> tuple[Rows, list[int]]:
    """The rows by what becomes of them, and the record numbers of the current ones."""
    positions = controls.get_column("position")
    if declared.mode == "incremental" and len(rows):
        # Of several changes of one record the last one counts.
        last = joined_key(rows, record_type.key).is_last_distinct()
        deleted = controls.get_column("operation") == "delete"
        keep = last & ~deleted
        return Rows(rows.filter(keep), removed=rows.filter(last & deleted)), positions.filter(keep).to_list()
    if declared.mode == "chain" and len(rows):
        start, end = controls.get_column("start"), controls.get_column("end")
        parts = chain_parts(joined_key(rows, record_type.key), start, end, day)
        earlier = rows[parts.earlier].with_columns(
            start.gather(parts.earlier).alias("valid_from_date"),
            end.gather(parts.earlier).alias("valid_to_date"),
        )
        cut = Rows(rows[parts.current], removed=rows[parts.ended], earlier=earlier)
        return cut, positions.gather(parts.current).to_list()
    return Rows(rows, is_whole=is_whole and declared.mode == "full"), positions.to_list()


def _counts(updated: Updated, accepted: int, refused: int) -> dict[str, int]:
    return {
        "read": accepted + refused - len(updated.broken),
        "accepted": updated.new + updated.changed + updated.removed,
        "duplicate": updated.same,
        "refused": refused,
        "new": updated.new,
        "changed": updated.changed,
        "same": updated.same,
        "removed": updated.removed,
        "vanished": updated.vanished,
    }


def _alarms(
    declared: Declared,
    record_type: RecordType,
    updated: Updated,
    counts: dict[str, int],
    *,
    could_not_judge: bool,
) -> list[Alarm]:
    alarms: list[Alarm] = []
    if counts["refused"]:
        alarms.append(Alarm("rows_refused", declared.file, actual=str(counts["refused"])))
    if could_not_judge and declared.mode == "full":
        alarms.append(Alarm("vanished_not_judged", declared.file))
    # What is marked once is marked still the night after: only what is news is told.
    if updated.vanished and (updated.vanished_marked or record_type.name not in _ONCE):
        alarms.append(
            Alarm(
                "records_vanished",
                declared.file,
                actual=str(updated.vanished),
                parameters={"record_type": record_type.name, "marked": str(updated.vanished_marked)},
            )
        )
    if updated.loans_owing:
        alarms.append(Alarm("loans_vanished", declared.file, actual=str(updated.loans_owing)))
    return alarms


_ONCE = frozenset(
    {"loan_note", "account", "loan_contract", "guarantee_contract", "loan_manager", "party_relation"}
)
"""Types whose vanished records can be marked."""


def _entry(refusal: Refusal, record_type: str, at: datetime.datetime) -> StoredRefusal:
    """The quarantine entry of a row that could not be read."""
    return StoredRefusal(
        refusal_id=refusal_id(
            record_type,
            refusal.source_file,
            refusal.position,
            refusal.field,
            refusal.reason,
            refusal.original,
        ),
        file_id=None,
        source_file=refusal.source_file,
        position=refusal.position,
        record_type=record_type,
        field=refusal.field,
        reason=refusal.reason,
        message=refusal.message,
        original=refusal.original,
        record=None,
        corrected=None,
        state="open",
        created_at=at,
    )
