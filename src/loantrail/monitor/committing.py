"""A group of deliveries into the books in one transaction: keys, rows, refusals, answers and offsets, all or none.

What becomes of a row does not depend on which deliveries share its group. Rows without a reference are counted in their
own delivery, as rows of a file are in their file (`ledger.intake`).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final

import msgspec
import polars as pl

from loantrail import clock
from loantrail.ids import new_id
from loantrail.ledger import intake
from loantrail.ledger import store as books
from loantrail.ledger.intake import LINE, RECORD_TYPES, Occurrences
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.quarantine.store import StoredRefusal, refusal_id
from loantrail.ledger.taking import DEFAULT_UNIT, KeysTaken, months_of, stored_refusal, take_rows
from loantrail.monitor import store
from loantrail.monitor.model import (
    ACCEPTED,
    DUPLICATE,
    REFUSED,
    Answered,
    Delivery,
    KeyReused,
    Refused,
    RowAnswer,
    Sent,
    Value,
    remedy_of,
)
from loantrail.monitor.payload import FIELDS
from loantrail.postgres.failures import database_failures
from loantrail.sources.columns import accept, polars_schema
from loantrail.sources.kinds import Reading

LINE_TYPE: Final = RECORD_TYPES[LINE]
TRIES: Final = 8
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d:\d\d|Z)", re.ASCII)
_READING: Final = Reading(amount_unit="minor")
_answered: Final = msgspec.json.Decoder(Answered)


@dataclass(frozen=True, slots=True)
class _Row:
    """Where a row of the group came from."""

    delivery: int
    position: int
    original: bytes | None


class _PerDelivery(Occurrences):
    """Counts equal rows within their delivery: of the rows that are counted, `deliveries` tells each one's."""

    def __init__(self, deliveries: Sequence[int]) -> None:
        super().__init__()
        self._deliveries = iter(deliveries)

    def next_of(self, content: str) -> int:
        return super().next_of(f"{next(self._deliveries)} {content}")


def commit_group(connection: store.Database, deliveries: Sequence[Delivery]) -> list[Answered | KeyReused]:
    """Take the deliveries in and commit; one answer each. Again, when somebody else held what it needed.

    DatabaseUnavailable or StorageExhausted when the database fails: then nothing of the group is in the books, or, where
    the answer to the commit was lost, all of it: the same deliveries again settle it.
    """
    for attempt in range(TRIES):
        try:
            with database_failures(), store.undone_on_error(connection):
                answers = _Group(connection, deliveries).take()
                connection.commit()
                return answers
        except (KeysTaken, *store.COLLISIONS):
            if attempt == TRIES - 1:
                raise
            clock.sleep(0.01 * 2**attempt)
    raise AssertionError("the loop above returns or raises")


class _Group:
    def __init__(self, connection: store.Database, deliveries: Sequence[Delivery]) -> None:
        self._connection = connection
        self._deliveries = deliveries
        self._at = clock.now()
        self._name = f"live/{clock.business_date(self._at).isoformat()}"
        self._rows: list[_Row] = []
        self._answers: list[list[RowAnswer]] = [[] for _ in deliveries]
        self._refusals: list[StoredRefusal] = []
        self._file_id = 0
        self._read_before = 0

    def take(self) -> list[Answered | KeyReused]:
        done, fresh = self._settle_keys_first()
        if not fresh:
            return [done[number] for number in range(len(self._deliveries))]
        rows = self._typed(fresh)
        accepted = self._take_rows(rows) if len(rows) else 0
        quarantine.add_refusals(self._connection, self._refusals)
        counts = [self._answered(number) for number in fresh]
        read = sum(self._deliveries[number].row_count for number in fresh)
        books.note_progress(
            self._connection,
            self._file_id,
            1,
            0,
            read,
            accepted,
            sum(one.duplicate for one in counts),
            sum(one.refused for one in counts),
        )
        store.note_waiting(self._connection, accepted, self._at)
        store.keep_offsets(
            self._connection,
            [offset for number in fresh for offset in self._deliveries[number].offsets],
            self._at,
        )
        keyed: dict[str, bytes] = {}
        for number, answer in zip(fresh, counts, strict=True):
            done[number] = answer
            key = self._deliveries[number].key
            if key is not None:
                keyed[key] = msgspec.json.encode(answer)
        store.keep_answers(self._connection, keyed)
        self._answer_repeats(done)
        return [done[number] for number in range(len(self._deliveries))]

    # Keys of requests ----------------------------------------------------------------------------------------

    def _settle_keys_first(self) -> tuple[dict[int, Answered | KeyReused], list[int]]:
        """Answers of deliveries whose key is known, and the numbers of those that are taken in now."""
        store.begin_group(self._connection)
        self._first_of_key: dict[str, int] = {}
        for number, one in enumerate(self._deliveries):
            if one.key is not None:
                self._first_of_key.setdefault(one.key, number)
        hashes = {key: self._deliveries[number].content_hash for key, number in self._first_of_key.items()}
        known = store.claim_requests(self._connection, hashes, self._at)
        done: dict[int, Answered | KeyReused] = {}
        fresh: list[int] = []
        for number, one in enumerate(self._deliveries):
            if one.key is None:
                fresh.append(number)
            elif one.key in known:
                content, answer = known[one.key]
                same = content == one.content_hash and answer is not None
                done[number] = _answered.decode(answer) if same and answer else KeyReused(one.key)
            elif self._first_of_key[one.key] == number:
                fresh.append(number)
        self._file_id, self._read_before = store.live_file(
            self._connection, self._name, new_id(), version("loantrail"), self._at
        )
        return done, fresh

    def _answer_repeats(self, done: dict[int, Answered | KeyReused]) -> None:
        """Deliveries whose key an earlier one of the same group has."""
        for number, one in enumerate(self._deliveries):
            if number not in done and one.key is not None:
                first = self._first_of_key[one.key]
                same = self._deliveries[first].content_hash == one.content_hash
                done[number] = done[first] if same else KeyReused(one.key)

    # Rows ----------------------------------------------------------------------------------------------------

    def _typed(self, fresh: Sequence[int]) -> pl.DataFrame:
        """Typed rows of all deliveries in their order; `self._rows` tells where each came from."""
        frames: list[tuple[list[_Row], pl.DataFrame]] = []
        sent: list[tuple[_Row, Sent]] = []
        position = self._read_before
        for number in fresh:
            one = self._deliveries[number]
            for refused in one.refused:
                self._refuse(number, refused)
            sent += [(_Row(number, row.position, row.original), row) for row in one.sent]
            if one.typed is not None:
                owners = [_Row(number, place, None) for place in one.typed.get_column("position").to_list()]
                frames.append((owners, one.typed))
        if sent:
            frames.append(self._accepted(sent))
        everything = [frame for _, frame in frames]
        self._rows = [owner for owners, _ in frames for owner in owners]
        if not self._rows:
            return pl.DataFrame(schema=polars_schema(LINE_TYPE))
        rows = pl.concat(everything)
        # Where a line stands is counted through: the day's lines are one source.
        numbers = pl.Series("position", range(position + 1, position + 1 + len(rows)), dtype=pl.Int64)
        return rows.with_columns(pl.lit(self._name).alias("source_file"), numbers)

    def _accepted(self, sent: Sequence[tuple[_Row, Sent]]) -> tuple[list[_Row], pl.DataFrame]:
        """The rows that were sent as plain values, typed; those that break a rule are refused."""
        columns: dict[str, list[str | None]] = {}
        for name in FIELDS:
            values = [_as_text(row.values.get(name)) for _, row in sent]
            if any(value is not None for value in values):
                columns[name] = values
        # Arrival is the order of lines of one account and moment, where the sender gives no other.
        counted = range(self._read_before + 1, self._read_before + 1 + len(sent))
        given = columns.get("sequence", [None] * len(sent))
        columns["sequence"] = [
            value if value is not None and value.strip() else str(number)
            for value, number in zip(given, counted, strict=True)
        ]
        texts = pl.DataFrame(
            [
                _instants(name, values) if name == "booked_at" else pl.Series(name, values, dtype=pl.String)
                for name, values in columns.items()
            ]
        )
        originals = [row.original for _, row in sent]
        found = accept(LINE_TYPE, texts, self._name, originals, reading=_READING)
        gone: set[int] = set()
        for one in found.refusals:
            place = one.position - 1
            gone.add(place)
            owner = sent[place][0]
            self._refuse(
                owner.delivery, Refused(owner.position, one.field, one.reason, one.message, one.original)
            )
        return [owner for place, (owner, _) in enumerate(sent) if place not in gone], found.rows

    def _take_rows(self, rows: pl.DataFrame) -> int:
        connection = self._connection
        keyed = self._keyed(rows)
        all_keys = dict(zip(keyed["row_number"].to_list(), keyed["source_key"].to_list(), strict=True))
        contents = dict(zip(keyed["row_number"].to_list(), keyed["content_hash"].to_list(), strict=True))
        representative: dict[tuple[str, str], int] = {}
        for row, key in all_keys.items():
            representative.setdefault((key, contents[row]), row)
        firsts = list(representative.values())
        known = store.known_keys(connection, LINE, sorted({all_keys[row] for row in firsts}))
        first_of_key = {all_keys[row]: row for row in reversed(firsts)}
        suspects = [
            row
            for row in firsts
            if known.get(all_keys[row], contents[row]) != contents[row] or first_of_key[all_keys[row]] != row
        ]
        proven = self._proven(rows, suspects)
        repeats = {row: intake.repeat_key(all_keys[row], contents[row]) for row in suspects}
        if repeats:
            known |= store.known_keys(connection, LINE, sorted(set(repeats.values())))
        there: dict[int, str] = {}
        for row in firsts:
            if known.get(all_keys[row]) == contents[row]:
                there[row] = all_keys[row]
            elif row in repeats and repeats[row] in known:
                there[row] = repeats[row]
        wanted = keyed.filter(
            pl.col("row_number").is_in([row for row in firsts if row not in there])
        ).with_columns(
            pl.col("row_number").is_in(sorted(proven)).alias("proven"),
            pl.col("source_key").is_first_distinct().alias("is_first"),
        )
        accepted, refused = 0, {}
        if len(wanted):
            self._ensure_partitions(wanted)
            taken = take_rows(connection, LINE_TYPE, wanted, self._file_id)
            if taken.duplicate:
                raise KeysTaken  # entered by an import meanwhile: who is a duplicate is looked up again
            accepted = taken.accepted
            refused = {one.row: one for one in taken.broken}
        told: dict[int, RowAnswer] = {}
        for row in sorted(refused):
            owner, broken = self._rows[row], refused[row]
            source = self._deliveries[owner.delivery].source
            # Its place in the delivery, so that the same row sent again is the same refusal.
            record = rows.row(row, named=True) | {"source_file": source, "position": owner.position}
            stored = stored_refusal(broken, LINE, record, source, owner.position, self._file_id)
            if owner.original is not None:
                again = refusal_id(LINE, source, owner.position, broken.field, broken.reason, owner.original)
                stored = replace(stored, original=owner.original, refusal_id=again)
            self._refusals.append(stored)
            told[row] = _refused_row(
                owner.position, broken.field, broken.reason, broken.message, stored.refusal_id
            )
        for row, key in all_keys.items():
            owner = self._rows[row]
            first = representative[key, contents[row]]
            if first in refused:
                answer = replace(told[first], position=owner.position)
            else:
                is_new = first == row and row not in there
                # A row that only its balances tell from another is stored under a key of its own.
                line_id = there.get(first, repeats.get(first, key))
                answer = RowAnswer(owner.position, ACCEPTED if is_new else DUPLICATE, line_id)
            self._answers[owner.delivery].append(answer)
        return accepted

    def _keyed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`intake.with_keys` with repetitions kept; equal rows without a reference are counted in their delivery."""
        prepared = intake.prepared(LINE_TYPE, rows, DEFAULT_UNIT)
        without = prepared.get_column("reference").is_null()
        counted = [row.delivery for row, counts in zip(self._rows, without.to_list(), strict=True) if counts]
        return intake.keyed_lines(prepared, _PerDelivery(counted))

    def _proven(self, rows: pl.DataFrame, suspects: Sequence[int]) -> set[int]:
        """Of these rows, those that the running balances of their own delivery prove."""
        proven: set[int] = set()
        for number in sorted({self._rows[row].delivery for row in suspects}):
            own = [row for row, owner in enumerate(self._rows) if owner.delivery == number]
            part = intake.prepared(LINE_TYPE, rows[own], DEFAULT_UNIT)
            flags = intake.keyed_lines(part, Occurrences()).get_column("proven").to_list()
            proven |= {row for row, flag in zip(own, flags, strict=True) if flag}
        return proven

    def _ensure_partitions(self, rows: pl.DataFrame) -> None:
        """New months need partitions, which are made in a transaction of their own: then all begins again."""
        missing = store.months_without_partition(self._connection, months_of(rows))
        if missing:
            self._connection.rollback()
            books.ensure_partitions(self._connection, missing)
            raise KeysTaken

    # Answers -------------------------------------------------------------------------------------------------

    def _refuse(self, number: int, refused: Refused) -> None:
        source = self._deliveries[number].source
        stored = StoredRefusal(
            refusal_id=refusal_id(
                LINE, source, refused.position, refused.field, refused.reason, refused.original
            ),
            file_id=self._file_id,
            source_file=source,
            position=refused.position,
            record_type=LINE,
            field=refused.field,
            reason=refused.reason,
            message=refused.message,
            original=refused.original,
            record=None,
            corrected=None,
            state="open",
            created_at=self._at,
        )
        self._refusals.append(stored)
        self._answers[number].append(
            _refused_row(refused.position, refused.field, refused.reason, refused.message, stored.refusal_id)
        )

    def _answered(self, number: int) -> Answered:
        rows = sorted(self._answers[number], key=lambda row: row.position)
        outcomes = [row.outcome for row in rows]
        return Answered(
            outcomes.count(ACCEPTED), outcomes.count(DUPLICATE), outcomes.count(REFUSED), tuple(rows)
        )


def _refused_row(position: int, field: str, reason: str, message: str, refusal: str) -> RowAnswer:
    what, remedy = remedy_of(message)
    return RowAnswer(position, REFUSED, None, field, reason, what, remedy, refusal)


def _instants(name: str, values: Sequence[str | None]) -> pl.Series:
    """Instants in the one form that nearly all senders write, read at once; the texts themselves where one differs."""
    found: list[datetime.datetime] = []
    for value in values:
        if value is None or _INSTANT.fullmatch(value) is None:
            return pl.Series(name, values, dtype=pl.String)
        try:
            found.append(datetime.datetime.fromisoformat(value).astimezone(datetime.UTC))
        except (ValueError, OverflowError):
            return pl.Series(name, values, dtype=pl.String)
    return pl.Series(name, found, dtype=pl.Datetime("us", "UTC"))


def _as_text(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
