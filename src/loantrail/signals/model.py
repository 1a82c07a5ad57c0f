"""The arrays of a count of signals: what goes in, and the columns of what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loantrail.signals.catalogue import LOAN_SUMS, WINDOWS_DAYS
from loantrail.signals.kernel_state import GROUPS, RETURNED, Events
from loantrail.tracing.model import Bool, Int64

if len(LOAN_SUMS) != GROUPS or LOAN_SUMS[RETURNED] != "returned":
    raise AssertionError("kernel and catalogue name different sums")

GROUP_OF: Final = {name: number for number, name in enumerate(LOAN_SUMS)}

# Families of windows in the order in which the kernel writes them; shorter ones write their first windows.
_ALL: Final = WINDOWS_DAYS
_FAMILIES: Final = (
    ("paid_to_payee_fen", _ALL), ("paid_to_payee_count", _ALL), ("largest_to_payee_fen", _ALL),
    ("received_from_payee_fen", _ALL), ("received_from_payee_count", _ALL),
    ("payee_in_fen", _ALL[:3]), ("payee_out_fen", _ALL[:3]),
    ("out_fen", _ALL), ("out_count", _ALL), ("largest_out_fen", _ALL), ("counterparty_count", _ALL), ("in_fen", _ALL),
    ("customer_out_fen", _ALL), ("customer_in_fen", _ALL),
)  # fmt: skip

COLUMNS: Final[tuple[str, ...]] = (
    *(
        f"{name}_fen{suffix}"
        for name in LOAN_SUMS
        for suffix in ("", *(f"_{days}d" for days in WINDOWS_DAYS))
    ),
    "payee_count",
    "idle_fen",
    "balance_fen",
    "labelled_fen",
    "payee_borrower_count_30d",
    *(f"{name}_{days}d" for name, windows in _FAMILIES for days in windows),
)
"""What the kernel writes of every row. On rows of a day `balance_fen` is that of the repayment account."""


@dataclass(frozen=True, slots=True)
class Given:
    """Everything that a count reads. `m` accounts, `p` pairs of a loan and a payee account."""

    events: Events
    opening_fen: Int64  # [m]
    on_side: Bool  # [m] accounts of any borrower's side: they have windows from the start
    borrowers: int
    loans: int
    tied: Bool  # [p] payees looked through from the start: related, guarantor, young

    @property
    def event_count(self) -> int:
        return len(self.events.at_us)

    @property
    def row_count(self) -> int:
        return len(self.events.wanted)
