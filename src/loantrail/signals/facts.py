"""What a row says beside the counted windows: facts of the loan, the transaction and the payee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from loantrail.early_warning.patterns_loan import is_person
from loantrail.early_warning.patterns_return import guarantors_in_force
from loantrail.early_warning.related import made_once
from loantrail.early_warning.view import View, related_parties

_CASH: Final = "cash"
JUDGED: Final = {"class_basis": pl.String, "class_confidence_permille": pl.Int64}
"""How the class of a transaction was judged."""


@made_once
def loan_facts(view: View) -> pl.DataFrame:
    """Per loan: what rows of both occasions say of it, with `disbursed_at`, `repayment_account`, `borrower_party_id`."""
    industry = view.parties.select("industry_code", borrower_party_id="party_id")
    return (
        view.loans.select(
            "loan_id", "product", "customer_kind", "retail", "payment_mode", "grant_kind", "disbursed_at",
            "repayment_account", "borrower_party_id", loan_purpose_text="purpose", loan_amount_fen="amount_fen",
        )
        .join(industry, on="borrower_party_id", how="left", maintain_order="left")
    )  # fmt: skip


def since_disbursement(at: str = "at") -> list[pl.Expr]:
    """Whole hours and days of 24 hours from `disbursed_at` on, at least 0."""
    hours = pl.max_horizontal((pl.col(at) - pl.col("disbursed_at")).dt.total_hours(), 0)
    known = pl.col("disbursed_at").is_not_null()
    return [
        pl.when(known).then(hours).alias("hours_since_disbursement"),
        pl.when(known).then(hours // 24).alias("days_since_disbursement"),
    ]


def traced_part(view: View, loans: Sequence[str] | None = None) -> pl.DataFrame:
    """Per loan (of `loans`, or all) and transaction with its money: traced_amount_fen, depth, is_disbursement, use_before,
    use_after."""
    largest = ["amount_fen", "hop_id"]
    moves = view.moves if loans is None else view.moves.filter(pl.col("loan_id").is_in(loans))
    return moves.group_by("loan_id", "transaction_id").agg(
        traced_amount_fen=pl.col("amount_fen").sum(),
        depth=pl.col("depth").min().cast(pl.Int64),
        is_disbursement=(pl.col("depth") == 0).any(),
        use_before=pl.col("use_before").sort_by(largest, descending=[True, False]).first(),
        use_after=pl.col("use").sort_by(largest, descending=[True, False]).first(),
    )


def with_told(transactions: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The transactions of a view with `sequence` and JUDGED as those of its frames (`told`) have them: of several of one id
    the first; a sequence of 0 where none has any, null where a class was not judged."""
    columns = [
        pl.col(name).cast(dtype) if name in told.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in JUDGED.items()
    ]
    if "sequence" in told.columns:
        columns.append(pl.col("sequence"))
    if len(told) == len(transactions) and not transactions["transaction_id"].null_count():
        # All of them are in the view, in the same order.
        known = transactions.with_columns(told.select("transaction_id", *columns).get_columns()[1:])
    else:
        first = told.select("transaction_id", *columns).unique("transaction_id", keep="first")
        known = transactions.join(first, on="transaction_id", how="left", maintain_order="left")
    return known if "sequence" in told.columns else known.with_columns(sequence=pl.lit(0))


def with_payee(rows: pl.DataFrame, view: View) -> pl.DataFrame:
    """`rows` (loan_id, credit_account, credit_name, business_date) + what is known of the payee, in the same order."""
    owners = view.accounts.select(credit_account="account", owner="owner")
    parties = view.parties.select(
        "registered_on", "insured_staff_count", "tax_paid_on", owner="party_id", payee_kind="kind"
    )
    related = related_parties(view).select("loan_id", owner="party_id", payee_relation="relation")
    guarantors = guarantors_in_force(view)
    by_owner = guarantors.select(
        "loan_id", owner="guarantor_party_id", is_guarantor=pl.lit(value=True)
    ).unique()
    by_name = (
        guarantors.drop_nulls("guarantor_name")
        .select("loan_id", credit_name="guarantor_name", is_named_guarantor=pl.lit(value=True))
        .unique()
    )
    for other, key in (
        (owners, ["credit_account"]),
        (parties, ["owner"]),
        (related, ["loan_id", "owner"]),
        (by_owner, ["loan_id", "owner"]),
        (by_name, ["loan_id", "credit_name"]),
    ):
        rows = rows.join(other, on=key, how="left", maintain_order="left")
    return rows.with_columns(payee_signals())


def payee_signals() -> list[pl.Expr]:
    """What rows with the columns of `with_payee` say of the payee."""
    days = (pl.col("business_date") - pl.col("registered_on")).dt.total_days()
    registered_days = pl.when(days.is_not_null()).then(pl.max_horizontal(days, 0))
    has_tax = pl.when(pl.col("payee_kind").is_not_null()).then(
        (pl.col("tax_paid_on") <= pl.col("business_date")).fill_null(value=False)
    )
    is_guarantor = pl.col("is_guarantor").is_not_null() | (
        pl.col("owner").is_null() & pl.col("is_named_guarantor").is_not_null()
    )
    return [
        registered_days.alias("payee_registered_days"),
        pl.col("insured_staff_count").alias("payee_insured_staff_count"),
        has_tax.alias("payee_has_tax"),
        pl.col("payee_relation").is_not_null().alias("payee_is_related"),
        is_guarantor.alias("payee_is_guarantor"),
        is_person("payee_kind", "credit_name").fill_null(value=False).alias("payee_is_individual"),
        (pl.col("destination_class") == _CASH).fill_null(value=False).alias("is_cash"),
    ]
