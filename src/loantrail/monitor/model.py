"""What is delivered, and what is answered for each of its rows. Shapes only."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import polars as pl

    from loantrail.audit.model import Entry

ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
REFUSED: Final = "refused"
ALLOW: Final = "allow"
REVIEW: Final = "review"

NOT_READY: Final = "not_ready"
"""There is no state to judge by yet."""
MANY: Final = "many"
"""More came than is judged at once."""
LATE: Final = "late"
"""It was booked before what the state holds open; another state is made in which it has its place, or the next run takes it along."""
LOAN: Final = "loan"
"""It says something of a loan that could not be judged."""
HALF: Final = "half"
"""A hit would rest on it, but its other line, of the other account's statement, is yet to come: then it is judged."""

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not accepted, in the words of its adapter."""

    position: int
    """1-based number of the row in its delivery; 0 when the delivery breaks off there."""
    field: str
    reason: str
    message: str
    original: bytes
    told_by: str = ""
    """Of a notice, which has no bytes of its own: what tells it from the same words about another message."""


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A row as it was sent: its field names and plain values, and its bytes."""

    position: int
    values: dict[str, Value]
    original: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """The rows of one request, message or file, in their order. Either `sent` or `typed` holds them."""

    source: str
    """How the quarantine calls where it came from."""
    sent: Sequence[Sent] = ()
    typed: pl.DataFrame | None = None
    """Columns of the record type statement_line, of an adapter; `position` counts in the delivery."""
    refused: Sequence[Refused] = ()
    size_bytes: int = 0
    key: str | None = None
    """The sender's idempotency key."""
    content_hash: str = ""
    offsets: Sequence[Offset] = ()
    """Where its source stands once it is committed."""
    entry: Entry | None = None
    """What the audit log keeps of it; what became of its rows is put to it (`committing`)."""

    @property
    def row_count(self) -> int:
        return len(self.sent) + (0 if self.typed is None else len(self.typed)) + len(self.refused)


@dataclass(frozen=True, slots=True)
class Offset:
    source: str
    partition: int
    next_offset: int


class Line(msgspec.Struct, gc=False):
    """One statement line, prepared as `intake.prepared` prepares it, and where it came from."""

    delivery: int
    """Number of its delivery in the group, from 0."""
    position: int
    """Number in its delivery, from 1."""
    original: bytes | None
    instant_text: str
    """`booked_at` as it stands in the content: UTC, with microseconds."""
    booked_at: datetime.datetime
    account: str
    direction: str
    amount_fen: int
    currency: str
    counterparty_account: str | None
    counterparty_name: str | None
    purpose_text: str | None
    balance_fen: int | None
    reverses: str | None
    reference: str | None
    document_no: str | None
    counterparty_institution: str | None
    account_name: str | None
    institution: str | None
    sequence: int | None
    """None where the sender gives none: then its place among those that arrived."""
    is_plain: bool = False
    """Whether no text of it holds a control character."""
    number: int = 0
    """Its place among the rows of the group, from 0."""
    source_key: str = ""
    content_hash: str = ""


class Entered(msgspec.Struct, gc=False):
    """A line that a group brings into the books."""

    line_id: str
    arrival_number: int
    """Also its position among the lines of its day: groups that are committed at the same time share no number."""
    sequence: int
    unit_id: str
    line: Line


class RowHit(msgspec.Struct, frozen=True, gc=False):
    """What a pattern or a rule says of a loan, as far as it rests on one row."""

    hit_id: str
    rule_code: str
    loan_id: str
    level: str
    amount_fen: int
    explanation: str
    explanation_chinese: str


class RowDecision(msgspec.Struct, frozen=True, gc=False):
    """`allow` or `review`, and why; or None, and why there is none (NOT_READY, MANY, LATE, LOAN, HALF)."""

    decision: str | None
    hits: tuple[RowHit, ...] = ()
    undecided: str | None = None


class RowAnswer(msgspec.Struct, frozen=True, gc=False):
    position: int
    outcome: str
    line_id: str | None = None
    field: str | None = None
    reason: str | None = None
    message: str | None = None
    remedy: str | None = None
    refusal_id: str | None = None
    decision: str | None = None
    """`allow` or `review`; None where the row was not accepted, or is judged later."""
    hits: tuple[RowHit, ...] = ()
    undecided: str | None = None
    """Why a row that was accepted is judged later, as RowDecision has it."""
    message_chinese: str | None = None
    """Filled in as the answer goes out, not where rows are written."""
    remedy_chinese: str | None = None
    account_is_new: bool = False
    """Of a row that was accepted: neither a record of its account nor a line of it was in the books before its delivery."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a delivery."""

    accepted: int
    duplicate: int
    refused: int
    rows: Sequence[RowAnswer] = field(default_factory=tuple[RowAnswer, ...])
    new_accounts: int = 0
    """Accounts of such rows."""

    @property
    def undecided(self) -> int:
        """Rows that were accepted without a decision."""
        return sum(row.outcome == ACCEPTED and row.decision is None for row in self.rows)


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The idempotency key was used before, for another content: nothing was taken in."""

    key: str


def remedy_of(message: str) -> tuple[str, str]:
    """What was wrong, and what to do: an adapter tells both in one sentence with a semicolon between."""
    what, semicolon, remedy = message.rpartition("; ")
    if not semicolon:
        return message, "Correct the row and send it again"
    return what, remedy[:1].upper() + remedy[1:]
