"""What the audit log says: who did what to what, when, why, what it was before and after; and what can be wrong with the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FIELD_LENGTH_MAX = 256
"""Characters of a field that is searched by; what is longer ends in an ellipsis. `why`, before and after have no limit."""


class Outcome(StrEnum):
    """What became of the act."""

    DONE = "done"
    REFUSED = "refused"
    """Not allowed, or not possible now: nothing was changed or shown."""
    FAILED = "failed"


class Algorithm(StrEnum):
    """A hash of the chain. SHA-256: FIPS 180-4. SM3: GB/T 32905-2016."""

    SHA256 = "sha256"
    SM3 = "sm3"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `before` and `after`: JSON values (dates, enumerations and decimals are written as text), None where there is
    none. Never put a password, a key or another secret into them: an entry cannot be taken out again."""

    at_us: int
    """UTC microseconds."""
    person: str
    """Who acted: a member of staff, `key:` and a key's id, or a program."""
    action: str
    """Noun and verb with a dot between them, such as `warning.dispose`, `loan.read`, `session.begin`."""
    object_kind: str = ""
    object_id: str = ""
    acting_for: str | None = None
    """Whom the person stands in for."""
    before: object = None
    after: object = None
    why: str = ""
    request_id: str = ""
    address: str = ""
    """Where the request came from."""
    unit_id: str | None = None
    outcome: Outcome = Outcome.DONE


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that were written together, and the hash of the last of them."""

    batch_no: int
    algorithm: str
    first_entry_no: int
    last_entry_no: int
    made_at_us: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ended when it was looked at; of an empty log all zero and empty. Kept elsewhere, it shows later that
    nothing up to there was changed or cut off."""

    batch_no: int = 0
    entry_no: int = 0
    algorithm: str = ""
    head: str = ""
    """The hash of the last entry, hexadecimal."""
    made_at_us: int = 0


class Fault(StrEnum):
    """What is wrong with the first broken entry."""

    MISSING = "missing"
    """There is no such entry, and there are later ones, or its batch says that it was written."""
    REPEATED = "repeated"
    """There is an entry of that number already, or none can have it."""
    BATCH = "batch"
    """The batch that begins with it, or to which it belongs, is not there, or has another number or extent."""
    ALGORITHM = "algorithm"
    """Its batch names an algorithm that the log does not use."""
    HASH = "hash"
    """Its content, its place, or the header of its batch is not what was hashed."""
    COLUMN = "column"
    """A column by which it is found says something else than its content."""
    HEAD = "head"
    """It is the last one of its batch, and the batch holds another hash."""
    CUT = "cut"
    """An anchored head names later entries than there are."""
    ANCHOR = "anchor"
    """An anchored head holds another hash than the entry: the chain was written anew somewhere up to here."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken entry. `since`: the first entry that the fault can lie in. It is `entry_no` but for CUT and ANCHOR, where
    the chain is consistent in itself and only a head that was kept elsewhere tells that it is not the one that was."""

    fault: Fault
    entry_no: int
    batch_no: int
    expected: str = ""
    found: str = ""
    column: str = ""
    since: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying the log found: so many entries are whole, checked against so many `anchors` kept elsewhere. `head`: where the
    chain ends, if nothing is broken."""

    entry_count: int
    batch_count: int
    head: Head = field(default_factory=Head)
    anchors: int = 0
    broken: Break | None = None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are looked for; what is empty or None says nothing. `text` stands anywhere in an entry, in capitals or not."""

    person: str = ""
    action: str = ""
    object_kind: str = ""
    object_id: str = ""
    outcome: str = ""
    request_id: str = ""
    text: str = ""
    from_us: int | None = None
    """UTC microseconds of the first instant."""
    until_us: int | None = None
    """UTC microseconds of the first instant that is no longer looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it stands in the log: the values of its content, and its hash."""

    values: dict[str, Any]
    hash: bytes
    algorithm: str
