"""Refused rows once more: corrected by a person, or because what they pointed to has come."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import polars as pl

from loantrail.clock import now
from loantrail.errors import ConfigurationError, InputError
from loantrail.ledger import intake, store
from loantrail.ledger.intake import RECORD_TYPES, Occurrences
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.quarantine.store import StoredRefusal
from loantrail.ledger.taking import DEFAULT_UNIT, make_ready, take_rows
from loantrail.records import Kind
from loantrail.sources.columns import accept_records

AT_ONCE: Final = 5_000
BY_INTAKE: Final = "intake"


@dataclass(frozen=True, slots=True)
class Replay:
    refusal_id: str
    outcome: str
    """`accepted`, `duplicate` or `refused`."""
    reason: str = ""
    message: str = ""


def find(connection: store.type_of_connection, start: str) -> StoredRefusal:
    """The refusal whose id begins with `start`. InputError when there is none, or more than one."""
    found = quarantine.find_refusals(connection, start)
    if not found:
        raise InputError(f"there is no refusal {start}", remedy="`loantrail refusals list` shows them")
    if len(found) > 1:
        raise InputError(f"several refusals begin with {start}", remedy="Give more of the id")
    return found[0]


def editable_record(refusal: StoredRefusal) -> dict[str, Any]:
    """The fields that a correction starts from: the last correction, the typed record, or what can be told from the
    original bytes. Amounts of the latter are left out: their unit is not known."""
    if refusal.corrected is not None:
        return dict(refusal.corrected)
    if refusal.record is not None:
        return dict(refusal.record)
    record_type = RECORD_TYPES.get(refusal.record_type)
    try:
        told = json.loads(refusal.original)
    except ValueError:
        return {}
    if record_type is None or not isinstance(told, dict):
        return {}
    values = cast(Mapping[str, Any], told)
    numbers = (Kind.AMOUNT_FEN, Kind.RATE_PPM)
    return {
        field.name: str(values[field.name])
        for field in record_type.fields
        if values.get(field.name) is not None and field.kind not in numbers
    }


def correct(
    connection: store.type_of_connection,
    refusal: StoredRefusal,
    changes: Mapping[str, str],
    by: str,
    note: str | None,
) -> dict[str, Any]:
    """Set fields of a refused record (an empty value clears the field; amounts in fen) and return it whole.

    InputError when the refusal is of a whole file, settled already, or a field does not exist.
    """
    record_type = RECORD_TYPES.get(refusal.record_type)
    if record_type is None:
        raise InputError(
            "this refusal is about a whole file",
            remedy="Mend the file and import it again, or dismiss the refusal",
        )
    if refusal.state in ("replayed", "dismissed"):
        raise InputError(
            f"the refusal is {refusal.state} already", remedy="Only open and corrected ones can change"
        )
    record = editable_record(refusal)
    for name, value in changes.items():
        if name not in record_type.field_names:
            raise InputError(
                f"{record_type.name} has no field {name}",
                remedy=f"Its fields are {', '.join(record_type.field_names)}",
            )
        if value == "":
            record.pop(name, None)
        else:
            record[name] = value
    quarantine.set_correction(connection, refusal.refusal_id, record, now(), by, note)
    return record


def replay(connection: store.type_of_connection, refusals: Sequence[StoredRefusal], by: str) -> list[Replay]:
    """Take refused records in again, each as it is now known. Commits."""
    outcomes: list[Replay] = []
    for refusal in refusals:
        if refusal.state in ("replayed", "dismissed"):
            raise ConfigurationError(
                f"the refusal {refusal.refusal_id} is {refusal.state} already", remedy="Nothing is left to do"
            )
        outcomes.append(_replay_one(connection, refusal, by))
        connection.commit()
    return outcomes


def _replay_one(connection: store.type_of_connection, refusal: StoredRefusal, by: str) -> Replay:
    record_type = RECORD_TYPES.get(refusal.record_type)
    record = refusal.corrected or refusal.record
    if record_type is None or record is None:
        return Replay(
            refusal.refusal_id, "refused", refusal.reason, "nothing could be read from it; correct it first"
        )
    read = accept_records(
        record_type, [record], refusal.source_file, [refusal.original], first_position=refusal.position
    )
    if read.refusals:
        again = read.refusals[0]
        quarantine.set_reason(connection, refusal.refusal_id, again.field, again.reason, again.message, now())
        return Replay(refusal.refusal_id, "refused", again.reason, again.message)
    results = _take(connection, refusal.record_type, read.rows, [refusal], by)
    return results[0]


def replay_waiting(
    connection: store.type_of_connection, this_import: Collection[int] = ()
) -> Counter[tuple[str, int | None]]:
    """Take in again what waited for a record that may have come meanwhile; commits. Returns how many were settled, by
    record type and file. What came with one of the files of this import was never refused for good: its entry goes.
    Record types follow each other as they refer to each other."""
    settled: Counter[tuple[str, int | None]] = Counter()
    progress = True
    while progress:
        progress = False
        for name, waiting in _by_type(connection).items():
            for first in range(0, len(waiting), AT_ONCE):
                some = waiting[first : first + AT_ONCE]
                records = [one.record or {} for one in some]
                read = accept_records(RECORD_TYPES[name], records, "")
                if read.refusals:
                    continue
                results = _take(connection, name, read.rows, some, BY_INTAKE)
                done = [one for one, result in zip(some, results, strict=True) if result.outcome != "refused"]
                settled.update((name, one.file_id) for one in done)
                quarantine.forget(connection, [one.refusal_id for one in done if one.file_id in this_import])
                connection.commit()
                progress = progress or bool(done)
    return settled


def _by_type(connection: store.type_of_connection) -> dict[str, list[StoredRefusal]]:
    waiting: dict[str, list[StoredRefusal]] = {name: [] for name in RECORD_TYPES}
    after = ""
    while page := quarantine.waiting_for_references(connection, after, AT_ONCE):
        for one in page:
            waiting.setdefault(one.record_type, []).append(one)
        after = page[-1].refusal_id
    return {name: some for name, some in waiting.items() if some and name in RECORD_TYPES}


def _take(
    connection: store.type_of_connection,
    type_name: str,
    rows: pl.DataFrame,
    refusals: Sequence[StoredRefusal],
    by: str,
) -> list[Replay]:
    """Take rows that stand for these refusals, one each, and note what came of them."""
    record_type = RECORD_TYPES[type_name]
    keyed = intake.with_keys(record_type, intake.prepared(record_type, rows, DEFAULT_UNIT), Occurrences())
    ready = make_ready(connection, record_type, keyed)
    file_id = next((one.file_id for one in refusals if one.file_id is not None), None)
    taken = take_rows(connection, record_type, ready, file_id or 0)
    broken = {one.row: one for one in taken.broken}
    results: list[Replay] = []
    for row, refusal in enumerate(refusals):
        one = broken.get(row)
        if one is None:
            results.append(Replay(refusal.refusal_id, "accepted" if taken.accepted else "duplicate"))
        else:
            if one.reason != refusal.reason or one.field != refusal.field:
                quarantine.set_reason(
                    connection, refusal.refusal_id, one.field, one.reason, one.message, now()
                )
            results.append(Replay(refusal.refusal_id, "refused", one.reason, one.message))
    done = [result.refusal_id for result in results if result.outcome != "refused"]
    quarantine.set_state(connection, done, "replayed", now(), by, None)
    return results
