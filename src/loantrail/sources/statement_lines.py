"""Statement lines gathered one by one and handed on as batches of typed rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal, NamedTuple

import polars as pl

from loantrail.ledger.model import STATEMENT_LINE
from loantrail.money import AMOUNT_FEN_MAX
from loantrail.sources.columns import Reading, accept
from loantrail.sources.model import Batch, Refusal, SourceFile

LINES_MAX: Final = 10_000
"""Lines of one batch."""
HELD_BYTES_MAX: Final = 16_777_216
"""Original bytes that are held at a time; beyond it a batch is made before it has its lines."""
REFERENCES_REMEMBERED: Final = 2_000_000
ORIGINAL_BYTES_MAX: Final = 1_048_576
"""A refusal keeps at most this much of what it refuses."""
MASKS: Final = ("*", "＊")


class Line(NamedTuple):
    """One line as the statement gives it. Text where the books have text; `booked_at` is a date or a date and
    time, with or without an offset; amounts are minor units of `currency`, or text in its major units when the
    gatherer says so."""

    position: int
    sequence: int
    booked_at: str | None
    account: str | None
    direction: str | None
    amount_fen: int | str | None
    currency: str | None
    counterparty_account: str | None = None
    counterparty_name: str | None = None
    purpose_text: str | None = None
    balance_fen: int | str | None = None
    reverses: str | None = None
    reference: str | None = None
    document_no: str | None = None
    counterparty_institution: str | None = None
    account_name: str | None = None
    institution: str | None = None


_NUMBERS: Final = ("position", "sequence")
_AMOUNTS: Final = ("amount_fen", "balance_fen")


class LineGatherer:
    """Gathers lines and refusals of one file; `batches` empties it."""

    def __init__(self, source: SourceFile, *, amount_unit: Literal["major", "minor"] = "minor") -> None:
        self.source_file: Final = source.name
        self._reading = Reading(zone=source.options.get("zone", "Asia/Shanghai"), amount_unit=amount_unit)
        amounts = pl.Int64() if amount_unit == "minor" else pl.String()
        self._schema: Final = {
            name: pl.Int64() if name in _NUMBERS else amounts if name in _AMOUNTS else pl.String()
            for name in Line._fields
        }
        self._lines: list[Line] = []
        self._originals: list[bytes] = []
        self._refusals: list[Refusal] = []
        self._refused_records = 0
        self._held_bytes = 0
        self._references: set[int] = set()

    def take_masked_account(self) -> None:
        """Take lines whose own account has hidden digits: they are all of one account."""
        self._reading = replace(self._reading, takes_masked_account=True)

    @property
    def full(self) -> bool:
        """Whether it is time for a batch."""
        return len(self._lines) + len(self._refusals) >= LINES_MAX or self._held_bytes >= HELD_BYTES_MAX

    def line(self, line: Line, original: bytes) -> None:
        """Take a line. What is wrong with its values is found, and refused by name, when the batch is made."""
        if line.counterparty_account is not None and line.counterparty_account == line.account:
            # an account cannot be its own counterparty; the movement itself is the bank's word and stays
            line = line._replace(counterparty_account=None)
        if isinstance(line.balance_fen, int) and abs(line.balance_fen) > AMOUNT_FEN_MAX:
            # what a sum of amounts beyond reason comes to is no balance; those amounts are refused by themselves
            line = line._replace(balance_fen=None)
        if line.reference is not None and self._is_repeated(line):
            line = line._replace(reference=None, document_no=line.document_no or line.reference)
        self._lines.append(line)
        self._originals.append(original)
        self._held_bytes += len(original)

    def _is_repeated(self, line: Line) -> bool:
        """Whether an earlier line of the day has the same reference in the same direction. Customers choose
        references and repeat them; the books take one for the same line again, which it is not within one file."""
        day = (line.booked_at or "")[:10]
        known = hash((line.account, line.currency, line.direction, day, line.reference))
        if known in self._references:
            return True
        if len(self._references) >= REFERENCES_REMEMBERED:
            self._references.clear()
        self._references.add(known)
        return False

    def refuse(self, position: int, field: str, reason: str, message: str, original: bytes) -> None:
        """One record that is not accepted."""
        self._refused_records += 1
        self._refusals.append(
            Refusal(self.source_file, position, field, reason, message, original[:ORIGINAL_BYTES_MAX])
        )
        self._held_bytes += min(len(original), ORIGINAL_BYTES_MAX)

    def notice(self, field: str, reason: str, message: str, original: bytes = b"") -> None:
        """Something about the file as a whole, at position 0. It refuses no record."""
        self._refusals.append(
            Refusal(self.source_file, 0, field, reason, message, original[:ORIGINAL_BYTES_MAX])
        )

    def batches(self, bytes_read: int = 0, *, final: bool = False) -> Iterator[Batch]:
        """Full batches of what was gathered; with `final` all of it, an empty batch at least."""
        while self.full:
            yield self._batch(bytes_read)
        if final:
            yield self._batch(bytes_read)

    def _batch(self, bytes_read: int) -> Batch:
        lines, originals = self._lines[:LINES_MAX], self._originals[:LINES_MAX]
        columns = zip(*lines, strict=True) if lines else ((),) * len(Line._fields)
        data = {name: list(values) for name, values in zip(Line._fields, columns, strict=True)}
        texts = pl.DataFrame(data, schema=self._schema)
        accepted = accept(
            STATEMENT_LINE,
            texts.drop("position"),
            self.source_file,
            originals,
            reading=self._reading,
            positions=texts.get_column("position"),
        )
        refusals = sorted((*self._refusals, *accepted.refusals), key=lambda refusal: refusal.position)
        read = len(lines) + self._refused_records
        self._lines, self._originals = self._lines[LINES_MAX:], self._originals[LINES_MAX:]
        self._refusals, self._refused_records = [], 0
        self._held_bytes = sum(map(len, self._originals))
        return Batch(
            STATEMENT_LINE.name, accepted.rows, tuple(refusals), records_read=read, bytes_read=bytes_read
        )


def is_masked(number: str) -> bool:
    """Whether an account number is partly hidden: different accounts then share it, so it identifies none."""
    return any(mask in number for mask in MASKS)


def joined(*parts: str | None) -> str | None:
    """The parts that are there, each once, with spaces between; None when there is none."""
    seen: list[str] = []
    for part in parts:
        cleaned = " ".join(part.split()) if part else ""
        if cleaned and cleaned not in seen:
            seen.append(cleaned)
    return " ".join(seen) or None


def first_of(*values: str | None) -> str | None:
    """The first value that is there and not empty."""
    for value in values:
        if value:
            return value
    return None
