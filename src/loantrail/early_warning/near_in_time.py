"""Payments that follow a disbursement at once, where the trace is blind: a rich account spends its own money first."""

from __future__ import annotations

import polars as pl

from loantrail.early_warning.telling import class_words, tell, yuan
from loantrail.early_warning.view import SWEEP_WORDS, View, lead, least_share


def with_near_in_time(
    traced: pl.DataFrame,
    view: View,
    pattern: str,
    classes: tuple[str, ...],
    reached: pl.Expr | None = None,
    allowed: pl.Expr | None = None,
) -> pl.DataFrame:
    """The traced leads, and for loans without one: payments of the disbursement account to the classes within the
    days of the parameter, net of what these payees paid back, that come to its share of the loan.

    `reached` is the pattern's own threshold on amount_fen, loan_fen, retail, which must be met as well.
    `allowed` is true for rows that do not count, by product, grant_kind, retail, documented, destination_class.
    """
    days = view.number("near_in_time_days")
    backs = view.transactions.select(
        credit_account="debit_account",
        disbursement_account="credit_account",
        back_fen="amount_fen",
        back_at="booked_at",
    ).drop_nulls(["credit_account", "disbursement_account"])
    near = (
        view.loans.select(
            "loan_id",
            "product",
            "grant_kind",
            "retail",
            "disbursed_at",
            "disbursement_account",
            loan_fen="amount_fen",
        )
        .join(traced.select("loan_id"), on="loan_id", how="anti")
        .join(view.transactions.rename({"debit_account": "disbursement_account"}), on="disbursement_account")
        .filter(
            pl.col("destination_class").is_in(classes)
            & (pl.col("booked_at") >= pl.col("disbursed_at"))
            & (pl.col("booked_at") <= pl.col("disbursed_at") + pl.duration(days=days))
            & ~pl.col("purpose_text").str.contains(SWEEP_WORDS).fill_null(value=False)
        )
    )
    if allowed is not None:
        near = near.filter(~allowed.fill_null(value=False))
    returned = (
        near.select("loan_id", "credit_account", "disbursement_account", "disbursed_at")
        .unique()
        .join(backs, on=["credit_account", "disbursement_account"])
        .filter(pl.col("back_at") >= pl.col("disbursed_at"))
        .group_by("loan_id")
        .agg(pl.col("back_fen").sum())
    )
    rows = (
        near.group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("loan_fen", "retail").first(),
            paid_fen=pl.col("amount_fen").sum(),
            destination_class=pl.col("destination_class").sort_by("amount_fen", descending=True).first(),
            transaction_ids=pl.col("transaction_id"),
        )
        .join(returned, on="loan_id", how="left")
        .with_columns(
            amount_fen=pl.min_horizontal(pl.col("paid_fen") - pl.col("back_fen").fill_null(0), "loan_fen")
        )
        .filter(least_share("amount_fen", "loan_fen", view, "near_in_time_share_ppm"))
        .filter(pl.lit(value=True) if reached is None else reached)
    )
    by_time = lead(
        rows,
        pattern,
        tell(
            "{} went to {} within {} days of disbursement: by time and amount; the trace gives it to own money",
            "{} 流向{}，在放款后 {} 天内；按时间和金额相符判断，按记账规则计为自有资金",
            yuan("amount_fen"),
            class_words(),
            pl.lit(days),
        ),
    )
    return pl.concat([traced, by_time])
