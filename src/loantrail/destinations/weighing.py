"""What the classes of a payee are told in, and which of two opinions weighs more."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.destinations.model import BY_NAME, CLASSES, Basis

CLASS_DTYPE: Final = pl.Enum([row.name for row in CLASSES])
BASIS_DTYPE: Final = pl.Enum([basis.value for basis in Basis])
OUTPUT_SCHEMA: Final = {
    "transaction_id": pl.String,
    "destination_class": CLASS_DTYPE,
    "basis": BASIS_DTYPE,
    "confidence_permille": pl.Int16,
    "evidence": pl.String,
    "documented": pl.Boolean,
}

# Says nothing about use: anything more particular wins over these.
GENERIC: Final = frozenset(BY_NAME[name].code for name in ("individual", "company", "unknown", "other_bank"))
# A way money takes rather than a use: a strong remark says more.
CARRIERS: Final = frozenset(
    BY_NAME[name].code for name in ("other_bank", "payment_institution", "bank_internal", "pooled")
)
STRONG_REMARK_PERMILLE: Final = 850
FIRM_NAME_PERMILLE: Final = 700
"""A name below this gives way to a remark that is surer."""
