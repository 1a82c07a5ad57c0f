"""What pairing is asked and what it answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

# What formats write where there is no reference.
NO_REFERENCE: Final = ("", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NONE", "N/A", "-", "0")


# A reference that more lines of one amount share than this on each side names no single transfer.
SHARED_REFERENCE_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class PairingParameters:
    """Days are working days by law: clearing does not follow a bank's own ones."""

    window_days: int = 3
    """Working days by which the credit may follow the debit, without a common reference."""
    reference_window_days: int = 10
    """The same where both lines carry the same reference; a reference may be used again later."""
    lead_days: int = 1
    """Working days by which the credit may be booked before its debit."""


@dataclass(frozen=True, slots=True)
class Pairing:
    pairs: pl.DataFrame
    """`debit, credit` (row numbers of the lines, UInt32), `basis` (`reference` or `amount_window`)."""
    ambiguous: pl.DataFrame
    """`row, group` (the smallest row number of those that could not be told apart), `reason`."""


PAIR_SCHEMA: Final[dict[str, Any]] = {"debit": pl.UInt32(), "credit": pl.UInt32(), "basis": pl.String()}
AMBIGUOUS_SCHEMA: Final[dict[str, Any]] = {"row": pl.UInt32(), "group": pl.UInt32(), "reason": pl.String()}
