"""Payments that follow a disbursement at once, where the trace is blind: a rich account spends its own money first."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.early_warning.handing_on import handed_on
from loantrail.early_warning.telling import Telling, class_words, tell, yuan
from loantrail.early_warning.view import View, lead, least_share, made_once
from loantrail.early_warning.words import SWEEP_WORDS

WENT_TO: Final = tell(
    "{} went to {} soon after disbursement: by time and amount; the trace gives it to own money",
    "{} 在放款后不久流向{}；按时间和金额相符判断，按记账规则计为自有资金",
    yuan("amount_fen"),
    class_words(),
)


def with_near_in_time(
    traced: pl.DataFrame,
    view: View,
    pattern: str,
    classes: tuple[str, ...],
    reached: pl.Expr | None = None,
    allowed: pl.Expr | None = None,
    over_others: bool = True,
) -> pl.DataFrame:
    """The traced leads, and for loans without one: payments of the disbursement account to the classes within the
    days of the parameter, net of what these payees paid back, and (`over_others`) payments to the classes by those who
    handed on the same amount (`handed_on`), that together come to the parameter's share of the loan.

    `reached` is the pattern's own threshold on amount_fen, loan_fen, retail, which must be met as well.
    `allowed` is true for rows that do not count, by product, grant_kind, retail, documented, destination_class,
    purpose_text.
    """
    direct = soon_paid(view).filter(pl.col("destination_class").is_in(classes))
    columns = ["loan_id", "amount_fen", "destination_class", "documented", "purpose_text", "transaction_ids"]
    passed = handed_on(view).filter(
        pl.lit(over_others) & (pl.col("hands") > 0) & pl.col("destination_class").is_in(classes)
    )
    if direct.is_empty() and passed.is_empty():
        return traced
    near = pl.concat([direct.select(columns), passed.select(columns)]).join(
        view.loans.select("loan_id", "product", "grant_kind", "retail"), on="loan_id", maintain_order="left"
    )
    if allowed is not None:
        near = near.filter(~allowed.fill_null(value=False))
    return by_time_and_amount(traced, near, view, pattern, WENT_TO, reached, _paid_back(view, direct))


def by_time_and_amount(
    traced: pl.DataFrame,
    near: pl.DataFrame,
    view: View,
    pattern: str,
    telling: Telling,
    reached: pl.Expr | None = None,
    returned: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The traced leads, and one for each other loan whose payments in `near` (loan_id, amount_fen, destination_class,
    transaction_ids), less `returned` (loan_id, back_fen), come to the share of the parameter. `reached` as above."""
    if near.is_empty():
        return traced
    rows = (
        near.select("loan_id", "amount_fen", "destination_class", "transaction_ids")
        .join(traced.select("loan_id"), on="loan_id", how="anti")
        .join(view.loans.select("loan_id", "retail", loan_fen="amount_fen"), on="loan_id")
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("loan_fen", "retail").first(),
            paid_fen=pl.col("amount_fen").sum(),
            destination_class=pl.col("destination_class").sort_by("amount_fen", descending=True).first(),
            transaction_ids=pl.col("transaction_ids").explode(empty_as_null=True),
        )
    )
    if returned is not None:
        rows = rows.join(returned, on="loan_id", how="left", maintain_order="left").with_columns(
            paid_fen=pl.col("paid_fen") - pl.col("back_fen").fill_null(0)
        )
    rows = (
        rows.with_columns(amount_fen=pl.min_horizontal("paid_fen", "loan_fen"))
        .filter(least_share("amount_fen", "loan_fen", view, "near_in_time_share_ppm"))
        .filter(pl.lit(value=True) if reached is None else reached)
    )
    return pl.concat([traced, lead(rows, pattern, telling)])


@made_once
def soon_paid(view: View) -> pl.DataFrame:
    """What the disbursement account paid to any class within the days of the parameter, sweeps apart."""
    days = view.number("near_in_time_days")
    return (
        view.loans.select("loan_id", "disbursed_at", "disbursement_account")
        .join(view.transactions.rename({"debit_account": "disbursement_account"}), on="disbursement_account")
        .filter(
            pl.col("destination_class").is_not_null()
            & (pl.col("booked_at") >= pl.col("disbursed_at"))
            & (pl.col("booked_at") <= pl.col("disbursed_at") + pl.duration(days=days))
            & ~pl.col("purpose_text").str.contains(SWEEP_WORDS).fill_null(value=False)
        )
        .with_columns(transaction_ids=pl.concat_list("transaction_id"))
    )


def _paid_back(view: View, direct: pl.DataFrame) -> pl.DataFrame:
    """loan_id, back_fen: what the payees paid back to the disbursement account since."""
    backs = view.transactions.select(
        credit_account="debit_account",
        disbursement_account="credit_account",
        back_fen="amount_fen",
        back_at="booked_at",
    ).drop_nulls(["credit_account", "disbursement_account"])
    return (
        direct.select("loan_id", "credit_account", "disbursement_account", "disbursed_at")
        .unique()
        .join(backs, on=["credit_account", "disbursement_account"])
        .filter(pl.col("back_at") >= pl.col("disbursed_at"))
        .group_by("loan_id")
        .agg(pl.col("back_fen").sum())
    )
