"""The payments of loan money by the borrower's side to others."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.early_warning.view import HOMECOMING_CLASSES, View, made_once
from loantrail.early_warning.words import SWEEP_WORDS

# Paid by everyone, and by nature in one place.
PUBLIC_CLASSES: Final = ("tax", "utilities", "payroll", "payment_institution", "bank_internal", "pooled", "loan_internal", "group_cash_pool", "own_instalment", "cash", "other_debt_repaid")  # fmt: skip
NO_PAYEE_KINDS: Final = ("bank_internal", "pooled", "loan_internal")


@made_once
def loan_payments(view: View) -> pl.DataFrame:
    """Payments of loan money by the borrower's side to someone else: one row per loan and transaction, with the
    traced part as amount_fen. Not those that a payment order covers."""
    return (
        view.moves.filter(
            pl.col("from_side")
            & ~pl.col("to_side")
            & (pl.col("depth") > 0)
            & ~pl.col("use").is_in(PUBLIC_CLASSES).fill_null(value=False)
            & ~pl.col("destination_class").is_in(PUBLIC_CLASSES + HOMECOMING_CLASSES).fill_null(value=False)
            & ~pl.col("purpose_text").str.contains(SWEEP_WORDS).fill_null(value=False)
            & ~pl.col("to_kind").is_in(NO_PAYEE_KINDS).fill_null(value=False)
        )
        .group_by("loan_id", "transaction_id", maintain_order=True)
        .agg(
            pl.col("amount_fen").sum(),
            pl.col(
                "loan_fen", "transaction_fen", "booked_at", "disbursed_at", "days", "product", "payee", "ordered",
                "documented", "to_account", "to_owner", "to_name", "to_kind", "credit_name", "destination_class",
                "document_no", "borrower_party_id",
            ).first(),
        )
    )  # fmt: skip
