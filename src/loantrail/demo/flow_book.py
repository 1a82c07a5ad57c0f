"""All movements of money, collected in any order as columns, then put in one order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]

NONE = -1


@dataclass(frozen=True, slots=True)
class Flows:
    """`n` movements in order of time (ties: in order of entry). Accounts are indices into the account book;
    -1 is the outside world with no account. Columns have shape `[n]`."""

    booked_at: Int64
    """UTC microseconds."""
    debit: Int32
    credit: Int32
    amount_fen: Int64
    purpose: Int32
    """Index into `purposes`."""
    document: Int32
    """Index into `documents`, or -1."""
    reverses: Int32
    """Position of the movement taken back, or -1."""
    position_of: Int32
    """Entry number -> position in this order."""
    purposes: list[str]
    documents: list[str]

    def __len__(self) -> int:
        return len(self.booked_at)


class FlowBook:
    """Movements as they are thought of. Entry numbers are given in the order of entry and never change."""

    def __init__(self) -> None:
        self._chunks: list[tuple[Int64, Int32, Int32, Int64, Int32, Int32, Int32]] = []
        self._count = 0
        self._purpose_of: dict[str, int] = {}
        self.documents: list[str] = []

    def __len__(self) -> int:
        return self._count

    def purpose(self, text: str) -> int:
        """The index of a remark text."""
        return self._purpose_of.setdefault(text, len(self._purpose_of))

    def document(self, number: str) -> int:
        """The index of a new document number."""
        self.documents.append(number)
        return len(self.documents) - 1

    def add(
        self,
        booked_at: Int64 | int,
        debit: Int64 | Int32 | int,
        credit: Int64 | Int32 | int,
        amount_fen: Int64 | int,
        purpose: str | Int64,
        document: Int64 | int = NONE,
        reverses: Int64 | int = NONE,
    ) -> Int64:
        """Enter movements (scalars repeat). `reverses` is an entry number. Returns the entry numbers.

        Rows whose amount is not positive or whose accounts are equal are left out: their entry number is -1.
        """
        code = self.purpose(purpose) if isinstance(purpose, str) else purpose
        columns = np.broadcast_arrays(
            np.atleast_1d(np.asarray(booked_at, dtype=np.int64)),
            debit,
            credit,
            amount_fen,
            code,
            document,
            reverses,
        )
        keep = (columns[3] > 0) & (columns[1] != columns[2])
        kept = [column[keep] for column in columns]
        entries = np.full(len(keep), NONE, dtype=np.int64)
        entries[keep] = self._count + np.arange(len(kept[0]))
        self._chunks.append(
            (
                kept[0].astype(np.int64),
                kept[1].astype(np.int32),
                kept[2].astype(np.int32),
                kept[3].astype(np.int64),
                kept[4].astype(np.int32),
                kept[5].astype(np.int32),
                kept[6].astype(np.int32),
            )
        )
        self._count += len(kept[0])
        return entries

    def one(
        self,
        booked_at: int,
        debit: int,
        credit: int,
        amount_fen: int,
        purpose: str,
        document: int = NONE,
        reverses: int = NONE,
    ) -> int:
        """Enter one movement; returns its entry number."""
        return int(self.add(booked_at, debit, credit, amount_fen, purpose, document, reverses)[0])

    def columns(self) -> tuple[Int64, Int32, Int32, Int64, Int32, Int32, Int32]:
        """All columns in the order of entry: time, debit, credit, amount, purpose, document, reverses."""
        merged = tuple(np.concatenate([chunk[i] for chunk in self._chunks]) for i in range(7))
        self._chunks = [merged]  # type: ignore[list-item]  a tuple comprehension loses its length
        return self._chunks[0]

    def ordered(self) -> Flows:
        """Everything entered, in order of time. The book is empty afterwards: large banks fill the memory once."""
        booked_at, debit, credit, amount_fen, purpose, document, reverses = self.columns()
        self._chunks = []
        order = np.argsort(booked_at, kind="stable").astype(np.int32)
        position_of = np.empty(len(order), dtype=np.int32)
        position_of[order] = np.arange(len(order), dtype=np.int32)
        linked = reverses[order]
        return Flows(
            booked_at=booked_at[order],
            debit=debit[order],
            credit=credit[order],
            amount_fen=amount_fen[order],
            purpose=purpose[order],
            document=document[order],
            reverses=np.where(linked >= 0, position_of[linked.clip(0)], NONE).astype(np.int32),
            position_of=position_of,
            purposes=list(self._purpose_of),
            documents=self.documents,
        )
