"""What is delivered, and what is answered for each of its rows. Shapes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
REFUSED: Final = "refused"

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


@dataclass(frozen=True, slots=True)
class Sent:
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

    @property
    def row_count(self) -> int:
        return len(self.sent) + (0 if self.typed is None else len(self.typed)) + len(self.refused)


@dataclass(frozen=True, slots=True)
class Offset:
    source: str
    partition: int
    next_offset: int


@dataclass(frozen=True, slots=True)
class RowAnswer:
    position: int
    outcome: str
    line_id: str | None = None
    field: str | None = None
    reason: str | None = None
    message: str | None = None
    remedy: str | None = None
    refusal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a delivery."""

    accepted: int
    duplicate: int
    refused: int
    rows: Sequence[RowAnswer] = field(default_factory=tuple[RowAnswer, ...])


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
