"""The arrays of a trace, their shapes and units. `docs/concepts/tracing.md` gives the rules they follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

OUTSIDE: Final = -1
"""In `debit` or `credit`: the outside world. Money that arrives there has left what the records show."""
IN_TRANSIT: Final = -2
"""In `credit` of a debit half and in `debit` of its credit half: the slices wait in a slot between."""
NO_LOAN: Final = -1
OWN: Final = -1
"""The `loan` of unlabelled money."""
NO_HOP: Final = -1
NO_SPECIAL: Final = -1
PRO_RATA_LABELS_MAX: Final = 64

Int8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


class Convention(IntEnum):
    """How money out of an account is matched to money in. SPECIFIC matching always comes first."""

    FIFO = 0
    LIFO = 1
    PRO_RATA = 2
    OWN_FIRST = 3
    LOAN_FIRST = 4
    POISON = 5


# Codes of `use`. 0 is "none yet"; 1..99 are destination classes (see destinations/model.py); the rest are
# ends that the tracing itself gives.
USE_NONE: Final = 0
USE_REPAYMENT: Final = 200
"""Only in `arrival_use`: resolved per label into the two below."""
USE_OWN_INSTALMENT: Final = 201
USE_OTHER_DEBT: Final = 202
USE_OVERDRAFT: Final = 203
USE_RELENT: Final = 204
USE_OUTSIDE: Final = 205
USE_UNTRACED: Final = 206


@dataclass(frozen=True, slots=True)
class Specials:
    """The few events that are more than a plain transfer; row `s` belongs to one event. Shapes `[specials]`."""

    disburses: Int32
    """Loan whose proceeds the credit of this event is, or -1."""
    reverses: Int32
    """Event that this one takes back (it may come later in the order: an early reversal), or -1."""
    specific_loan: Int32
    """Loan that a document ties this payment to, or -1."""
    specific_fen: Int64
    """How much of the payment the document covers."""
    opens_slot: Bool
    """The slices of this event wait in slot `s` (a pooled account with a matching reference, or transit)."""
    carries: Int32
    """Slot that this event's money comes out of (the special row of the event that opened it), or -1."""
    repays: Int32
    """Loan that this event repays, or -1; read where `arrival_use` is USE_REPAYMENT."""


@dataclass(frozen=True, slots=True)
class History:
    """Everything a trace needs: `n` events in their total order, `m` accounts, `k` loans in order of
    their first disbursement."""

    debit: Int32  # [n] account index, OUTSIDE or IN_TRANSIT
    credit: Int32  # [n]
    amount_fen: Int64  # [n] > 0
    arrival_use: Int8  # [n] use that arrival through this event gives, 0 when it is not final
    special: Int32  # [n] row of `specials`, or NO_SPECIAL
    specials: Specials
    opening_fen: Int64  # [m] balance before the first event; may be negative
    terminal: Bool  # [m] accounts that hold no lots: the trace ends there unless a slot carries it on
    side_start: (
        Int32  # [m + 1] account a is on the borrower's side of side_borrower[side_start[a]:side_start[a + 1]]
    )
    side_borrower: Int32  # borrower indices
    loan_borrower: Int32  # [k] borrower index of each loan

    @property
    def event_count(self) -> int:
        return len(self.debit)

    @property
    def account_count(self) -> int:
        return len(self.opening_fen)

    @property
    def loan_count(self) -> int:
        return len(self.loan_borrower)


@dataclass(frozen=True, slots=True)
class Hops:
    """One row per slice of labelled money that an event moved, in the order of events and, within one,
    in the order the slices left. Shapes `[hops]`."""

    loan: Int32
    event: Int32
    parent: Int32
    """Hop that brought the slice into the account it leaves; NO_HOP for disbursements and in PRO_RATA, POISON."""
    amount_fen: Int64
    offset_fen: Int64
    """Fen of the event that left before this slice (own money included); -1 in PRO_RATA and POISON."""
    use: Int8
    """After arrival."""
    use_before: Int8
    """When it left."""
    depth: Int32
    """0 for a disbursement; -1 in PRO_RATA and POISON past it."""
    ended: Bool
    """The slice came to rest for good: outside, in a terminal account, repaying an overdraft, lent again."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Labelled money still held when the history ends. Shapes `[holdings]`."""

    account: Int32
    """Where; for money still in a slot, the pooled account, or IN_TRANSIT."""
    loan: Int32
    use: Int8
    amount_fen: Int64
    hop: Int32
    """The hop that brought it, or NO_HOP in PRO_RATA and POISON."""


@dataclass(frozen=True, slots=True)
class Untraced:
    """PRO_RATA only: labels dropped because an account held more than PRO_RATA_LABELS_MAX. Shapes `[dropped]`."""

    account: Int32
    event: Int32
    loan: Int32
    use: Int8
    amount_fen: Int64


@dataclass(frozen=True, slots=True)
class Trace:
    convention: Convention
    hops: Hops
    holdings: Holdings
    untraced: Untraced
    balance_fen: Int64  # [m] closing balances
