"""Whether money that came to a lender was lent on or paid a debt back. Pure."""

from __future__ import annotations

from typing import Final

import polars as pl

LENDER_CLASSES: Final = ("lender", "guarantee_pawn", "underground_bank")
REPAYING_WORDS: Final = "归还|还款|偿还|还贷|还本|付息|结清"


def repays_a_lender(destination_class: str) -> pl.Expr:
    """A payment to a lender that says it pays back."""
    return pl.col(destination_class).is_in(LENDER_CLASSES).fill_null(value=False) & pl.col(
        "purpose_text"
    ).str.contains(REPAYING_WORDS).fill_null(value=False)
