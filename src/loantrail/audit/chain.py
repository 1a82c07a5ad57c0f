"""The hash chain of the audit log: how entries are linked, and how the first broken one is found. Pure.

    header   = canonical JSON of the batch's number, algorithm, first and last entry, time, and of the head before it
    hash(1st entry of a batch) = H(H(header) || content),   hash(next) = H(hash before || content)

H is the batch's algorithm; the head of a batch is the hash of its last entry. `content` is the entry as canonical JSON: keys
sorted, no spaces, UTF-8. docs/concepts/audit.md gives a worked example.
"""

from __future__ import annotations

import datetime
import decimal
import hashlib
import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, Final, cast

import msgspec

from loantrail.audit.model import FIELD_LENGTH_MAX, Algorithm, Batch, Break, Entry, Fault, Head, Verdict
from loantrail.errors import ConfigurationError, Place, ValueRefused

FORMAT: Final = 1
"""Version of the layout of headers and contents."""

_ACTION: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_ALGORITHMS: Final = frozenset(one.value for one in Algorithm)


class Columns(msgspec.Struct):
    """What of an entry stands in columns of its own, to be found by, in their order."""

    entry_no: int
    batch_no: int
    at_us: int
    person: str
    acting_for: str | None
    action: str
    object_kind: str
    object_id: str
    request_id: str
    unit_id: str | None
    outcome: str


COLUMNS: Final = Columns.__struct_fields__

StoredEntry = Sequence[Any]
"""A row as it is stored: content (bytes), hash (bytes), then the values of COLUMNS. A plain tuple, for there are many."""


# Writing -----------------------------------------------------------------------------------------------------


def link(
    entries: Sequence[Entry], before: Head, algorithm: str, made_at_us: int
) -> tuple[Batch, list[tuple[str, bytes]]]:
    """The next batch after `before`, and the content and hash of each of its entries.

    ValueRefused for an action that is not of the form `noun.verb`; ConfigurationError for an algorithm that this machine lacks.
    """
    assert entries, "a batch has at least one entry"
    batch_no, first = before.batch_no + 1, before.entry_no + 1
    unfinished = Batch(batch_no, algorithm, first, before.entry_no + len(entries), made_at_us, b"")
    hash_of = hashing(algorithm)
    digest = hash_of(header(unfinished, before.head))
    linked: list[tuple[str, bytes]] = []
    for entry_no, entry in enumerate(entries, first):
        text = content(entry, entry_no, batch_no)
        digest = hash_of(digest + text.encode())
        linked.append((text, digest))
    return Batch(batch_no, algorithm, first, unfinished.last_entry_no, made_at_us, digest), linked


def header(batch: Batch, head_before: str) -> bytes:
    """What the hash of a batch's first entry rests on. Written out, for a log has nearly as many batches as entries; nothing
    in it needs an escape."""
    return (
        f'{{"algorithm":"{batch.algorithm}","batch_no":{batch.batch_no},"first_entry_no":{batch.first_entry_no},'
        f'"format":{FORMAT},"head_before":"{head_before}","last_entry_no":{batch.last_entry_no},'
        f'"made_at_us":{batch.made_at_us}}}'
    ).encode()


def content(entry: Entry, entry_no: int, batch_no: int) -> str:
    """The entry as canonical JSON."""
    if not _ACTION.fullmatch(entry.action):
        raise ValueRefused(
            f"{entry.action!r} does not name an action",
            Place(field="action"),
            "Write a noun and a verb with a dot between them",
        )
    values = {
        "acting_for": None if entry.acting_for is None else _short(entry.acting_for),
        "action": entry.action,
        "address": _short(entry.address),
        "after": entry.after,
        "at_us": entry.at_us,
        "batch_no": batch_no,
        "before": entry.before,
        "entry_no": entry_no,
        "object_id": _short(entry.object_id),
        "object_kind": _short(entry.object_kind),
        "outcome": entry.outcome.value,
        "person": _short(entry.person),
        "request_id": _short(entry.request_id),
        "unit_id": None if entry.unit_id is None else _short(entry.unit_id),
        "why": entry.why,
    }
    try:
        text = _canonical(values)
    except (TypeError, ValueError):  # keys of several kinds; a number that is none
        return _canonical(_storable(values))
    # The database takes neither a zero character nor half a character, also not escaped.
    if "\\u0000" in text or not _is_utf8(text):
        return _canonical(_storable(values))
    return text


def _short(text: str) -> str:
    return text if len(text) <= FIELD_LENGTH_MAX else text[: FIELD_LENGTH_MAX - 1] + "…"


def _canonical(value: object) -> str:
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_json
    )


def _as_json(value: object) -> object:
    """What JSON has no notation for."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (set, frozenset)):
        return sorted(cast("set[Any]", value))
    raise TypeError(f"an audit entry cannot hold values of type {type(value).__name__}")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_storable(str(key)): _storable(one) for key, one in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_storable(one) for one in cast("Sequence[Any]", value)]
    return value


# Hashing -----------------------------------------------------------------------------------------------------


@lru_cache
def hashing(algorithm: str) -> Callable[[bytes], bytes]:
    """The hash function of that name; ConfigurationError where it is none of the log's, or this machine lacks it."""
    if algorithm == "sha256":
        return _sha256
    if algorithm == "sm3":
        try:
            fresh = hashlib.new("sm3")
        except ValueError:
            raise ConfigurationError(
                "this machine's OpenSSL has no SM3",
                remedy="Install OpenSSL 1.1.1 or newer with SM3, or set LOANTRAIL_AUDIT_ALGORITHM to sha256",
            ) from None

        def sm3(data: bytes) -> bytes:
            # Copying one that is ready saves looking the algorithm up, which takes longer than hashing an entry.
            state = fresh.copy()
            state.update(data)
            return state.digest()

        return sm3
    raise ConfigurationError(
        f"the audit log has no algorithm {algorithm!r}",
        remedy="Set LOANTRAIL_AUDIT_ALGORITHM to sha256 or sm3",
    )


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# Verifying ---------------------------------------------------------------------------------------------------


class Walk:
    """Goes along the stored chain from its beginning and stops at the first broken entry.

    Give it pieces of the log in order (`take`), then `finish`. Each piece holds the batches that begin in a range of entry
    numbers, ordered by first entry and number, and the entries of that range, ordered by number.
    """

    def __init__(self, anchors: Sequence[Head] = ()) -> None:
        self._anchors: dict[int, list[Head]] = {}
        for one in anchors:
            self._anchors.setdefault(one.entry_no, []).append(one)
        self._anchor_count = len(anchors)
        self._trusted_entry_no = 0
        self._waiting: deque[Batch] = deque()
        self._batch = Batch(0, "", 1, 0, 0, b"")
        self._digest = b""
        self._entry_no = 0
        self._broken: Break | None = None

    @property
    def entry_no(self) -> int:
        """Up to this entry all is well."""
        return self._entry_no

    def take(self, batches: Iterable[Batch], entries: Iterable[StoredEntry]) -> Break | None:
        """Check the next piece. Once something is broken nothing more is looked at."""
        if self._broken is None:
            self._waiting.extend(batches)
            self._broken = self._checked(entries)
        return self._broken

    def finish(self) -> Verdict:
        """What was found, once all pieces were given."""
        if self._broken is None:
            self._broken = self._broken_end()
        batch, whole = self._batch, self._broken is None
        return Verdict(
            entry_count=self._entry_no,
            batch_count=batch.batch_no,
            head=_head_of(batch) if whole else Head(),
            anchors=self._anchor_count,
            broken=self._broken,
        )

    def _checked(self, entries: Iterable[StoredEntry]) -> Break | None:
        # One loop with everything at hand: it runs for every entry that the bank ever wrote.
        entry_no, digest, batch = self._entry_no, self._digest, self._batch
        batch_no, last, hash_of = batch.batch_no, batch.last_entry_no, _sha256
        if batch_no:
            hash_of = hashing(batch.algorithm)
        decode, as_tuple = msgspec.json.Decoder(Columns).decode, msgspec.structs.astuple
        for row in entries:
            found = row[2]
            if found != entry_no + 1:
                self._entry_no = entry_no
                return self._out_of_turn(found)
            entry_no += 1
            if entry_no > last:
                broken = self._begin(entry_no)
                if broken is not None:
                    return broken
                batch = self._batch
                batch_no, last = batch.batch_no, batch.last_entry_no
                hash_of, digest = hashing(batch.algorithm), self._digest
            content = row[0]
            digest = hash_of(digest + content)
            if digest != row[1]:
                return self._break(Fault.HASH, entry_no, batch_no, digest.hex(), bytes(row[1]).hex())
            try:
                known = as_tuple(decode(content))
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                return self._break(Fault.COLUMN, entry_no, batch_no, found=str(problem), column="content")
            if row[2:] != known:
                return self._deviating(entry_no, batch_no, known, row[2:])
            if row[3] != batch_no:
                return self._break(Fault.BATCH, entry_no, batch_no, str(batch_no), str(row[3]))
            if entry_no == last:
                broken = self._end(batch, digest)
                if broken is not None:
                    return broken
        self._entry_no, self._digest = entry_no, digest
        return None

    def _begin(self, entry_no: int) -> Break | None:
        """Go over to the batch that begins with this entry."""
        before, number = self._batch, self._batch.batch_no + 1
        if not self._waiting:
            return self._break(Fault.BATCH, entry_no, number, str(number))
        batch = self._waiting.popleft()
        if (batch.batch_no, batch.first_entry_no) != (number, entry_no):
            return self._break(
                Fault.BATCH,
                entry_no,
                number,
                _extent(number, entry_no),
                _extent(batch.batch_no, batch.first_entry_no),
            )
        if batch.last_entry_no < entry_no:
            return self._break(Fault.BATCH, entry_no, number, str(entry_no), str(batch.last_entry_no))
        if batch.algorithm not in _ALGORITHMS:
            return self._break(Fault.ALGORITHM, entry_no, number, found=batch.algorithm)
        self._digest = hashing(batch.algorithm)(header(batch, before.head.hex()))
        self._batch = batch
        return None

    def _end(self, batch: Batch, digest: bytes) -> Break | None:
        """The last entry of a batch: its head, and what was anchored of it."""
        last = batch.last_entry_no
        if digest != batch.head:
            return self._break(Fault.HEAD, last, batch.batch_no, digest.hex(), bytes(batch.head).hex())
        for anchor in self._anchors.pop(last, ()):
            if (anchor.batch_no, anchor.head) != (batch.batch_no, digest.hex()):
                return self._anchored_otherwise(anchor, _head_of(batch))
            self._trusted_entry_no = last
        return None

    def _broken_end(self) -> Break | None:
        batch, last = self._batch, self._entry_no
        if last < batch.last_entry_no:
            return self._break(Fault.MISSING, last + 1, batch.batch_no, str(batch.last_entry_no), str(last))
        if self._waiting:
            left = self._waiting[0]
            return self._break(Fault.MISSING, last + 1, left.batch_no, str(left.last_entry_no), str(last))
        for anchor in (one for entry_no in sorted(self._anchors) for one in self._anchors[entry_no]):
            if anchor.entry_no > last:
                since, self._entry_no = self._trusted_entry_no + 1, self._trusted_entry_no
                return Break(
                    Fault.CUT, last + 1, anchor.batch_no, str(anchor.entry_no), str(last), since=since
                )
            if anchor.entry_no > 0:
                return self._anchored_otherwise(anchor, None)
        return None

    def _anchored_otherwise(self, anchor: Head, found: Head | None) -> Break:
        told = "" if found is None else f"{found.batch_no} {found.head}"
        since = self._trusted_entry_no + 1
        self._entry_no = self._trusted_entry_no
        expected = f"{anchor.batch_no} {anchor.head}"
        return Break(Fault.ANCHOR, anchor.entry_no, anchor.batch_no, expected, told, since=since)

    def _out_of_turn(self, found: int) -> Break:
        whole, batch_no = self._entry_no, self._batch.batch_no
        named, fault = (whole + 1, Fault.MISSING) if found > whole else (found, Fault.REPEATED)
        return Break(fault, named, batch_no, str(whole + 1), str(found), since=named)

    def _deviating(self, entry_no: int, batch_no: int, known: Sequence[Any], stored: Sequence[Any]) -> Break:
        name, said, held = next(
            (name, said, held)
            for name, said, held in zip(COLUMNS, known, stored, strict=True)
            if said != held
        )
        return self._break(Fault.COLUMN, entry_no, batch_no, _told(said), _told(held), name)

    def _break(
        self,
        fault: Fault,
        entry_no: int,
        batch_no: int,
        expected: str = "",
        found: str = "",
        column: str = "",
    ) -> Break:
        self._entry_no = entry_no - 1  # so many are whole
        return Break(fault, entry_no, batch_no, expected, found, column, entry_no)


def _head_of(batch: Batch) -> Head:
    if not batch.batch_no:
        return Head()
    return Head(
        batch.batch_no, batch.last_entry_no, batch.algorithm, bytes(batch.head).hex(), batch.made_at_us
    )


def _extent(batch_no: int, first_entry_no: int) -> str:
    return f"{batch_no} ({first_entry_no}–)"


def _told(value: object) -> str:
    return "null" if value is None else str(value)
