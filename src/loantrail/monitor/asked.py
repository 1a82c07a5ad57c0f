"""What is looked at of lines to know whether they can say anything of a loan (`bystanders`). Pure."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from loantrail.monitor.model import Line

if TYPE_CHECKING:
    import polars as pl

    from loantrail.tracing.model import Int64

ASKED: Final = ("account", "counterparty_account", "reference", "reverses")
"""What is looked at of a line (tail.LINES), besides its amount and time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at of lines that are asked about."""

    earliest: datetime.datetime | None
    """When the first of them was booked."""
    amounts: Int64
    """[lines] in fen"""
    named: Collection[tuple[str, str | None, str | None, str | None]]
    """[lines] the values of ASKED"""

    @classmethod
    def of_frame(cls, lines: pl.DataFrame) -> Asked:
        """Of lines as the books hold them (tail.LINES)."""
        earliest: Any = lines["booked_at"].min()
        return cls(
            earliest,
            lines["amount_fen"].to_numpy(),
            list(zip(*(lines[name].to_list() for name in ASKED), strict=True)),
        )

    @classmethod
    def of_lines(cls, lines: Sequence[Line]) -> Asked:
        """Of lines as they were sent."""
        return cls(
            min((line.booked_at for line in lines), default=None),
            np.array([line.amount_fen for line in lines], np.int64),
            [(line.account, line.counterparty_account, line.reference, line.reverses) for line in lines],
        )
