"""Pattern of money that goes in a circle: payee, another party, and the borrower pay each other nearly the same sum."""

from __future__ import annotations

import polars as pl

from loantrail.early_warning.frames import LEADS
from loantrail.early_warning.patterns_return import NOT_A_PARTY_KINDS
from loantrail.early_warning.telling import tell
from loantrail.early_warning.view import (
    HOMECOMING_CLASSES,
    View,
    lead,
    least,
    within_days,
)
from loantrail.early_warning.words import REFUND_WORDS, SWEEP_WORDS
from loantrail.few_rows import empty


def _payments(view: View, nobody: pl.DataFrame) -> pl.DataFrame:
    """Payments between accounts of parties that may be part of a loop."""
    smallest, low = view.number("counterparty_loop_fen"), view.number("counterparty_loop_ratio_least_ppm")
    return (
        view.transactions.filter(
            pl.col("debit_account").is_not_null()
            & pl.col("credit_account").is_not_null()
            & (pl.col("amount_fen").cast(pl.Int128) * 1_000_000 >= pl.lit(smallest, pl.Int128) * low)
            & ~pl.col("purpose_text").str.contains(f"{REFUND_WORDS}|{SWEEP_WORDS}").fill_null(value=False)
        )
        .join(nobody, left_on="debit_account", right_on="account", how="anti")
        .join(nobody, left_on="credit_account", right_on="account", how="anti")
        .select("transaction_id", "debit_account", "credit_account", "amount_fen", "booked_at")
    )


def counterparty_loop(view: View) -> pl.DataFrame:
    """A payee of the loan's money, another party, and the borrower pay each other nearly the same sum within days:
    borrower to payee, payee to other, other to borrower, in any order of time."""
    low, high = (
        view.number("counterparty_loop_ratio_least_ppm"),
        view.number("counterparty_loop_ratio_most_ppm"),
    )
    days = view.number("counterparty_loop_days")
    party_kinds = view.accounts.filter(pl.col("kind").is_in(NOT_A_PARTY_KINDS).fill_null(value=False)).select(
        "account"
    )
    public = view.accounts.join(
        view.parties.filter(pl.col("kind").is_in(["public_body", "financial_institution"])).select(
            owner="party_id"
        ),
        on="owner",
        how="semi",
    ).select("account")
    nobody = pl.concat([party_kinds, public]).unique()
    first = (
        view.moves.filter(
            pl.col("from_side")
            & ~pl.col("to_side")
            & pl.col("to_account").is_not_null()
            & (pl.col("depth") > 0)
            & ~pl.col("destination_class").is_in(HOMECOMING_CLASSES).fill_null(value=False)
            & ~pl.col("purpose_text").str.contains(f"{REFUND_WORDS}|{SWEEP_WORDS}").fill_null(value=False)
        )
        .group_by("loan_id", "loan_fen", "transaction_id", "to_account", "booked_at", "transaction_fen")
        .agg(traced_fen=pl.col("amount_fen").sum(), days=pl.col("days").first())
        .filter(least("transaction_fen", view, "counterparty_loop_fen"))
        # A rich account pays with its own money first: right after disbursement the whole payment counts.
        .with_columns(
            traced_fen=pl.when(within_days("days", view, "near_in_time_days"))
            .then(pl.min_horizontal("transaction_fen", "loan_fen"))
            .otherwise("traced_fen")
        )
        .filter(least("traced_fen", view, "counterparty_loop_fen"))
        .join(nobody, left_on="to_account", right_on="account", how="anti")
    )
    if first.is_empty():
        return empty(LEADS)
    payments = _payments(view, nobody)

    def alike(amount: str) -> pl.Expr:
        scaled = pl.col(amount).cast(pl.Int128) * 1_000_000
        base = pl.col("transaction_fen").cast(pl.Int128)
        return (scaled >= base * low) & (scaled <= base * high)

    def near(instant: str) -> pl.Expr:
        return (pl.col(instant) - pl.col("booked_at")).abs() <= pl.duration(days=days)

    second = payments.select(
        to_account="debit_account", middle="credit_account", second_fen="amount_fen", second_at="booked_at",
        second_id="transaction_id",
    )  # fmt: skip
    back = payments.select(
        middle="debit_account", account="credit_account", third_fen="amount_fen", third_at="booked_at",
        third_id="transaction_id",
    )  # fmt: skip
    chained = (
        first.join(second, on="to_account")
        .filter(alike("second_fen") & near("second_at"))
        .with_columns(account=pl.col("middle"))
    )
    if chained.is_empty():
        return empty(LEADS)
    # Two hops: the payee pays the borrower's side itself.
    two = chained.join(view.sides, on=["loan_id", "account"], how="semi").select(
        "loan_id", "loan_fen", "traced_fen", "transaction_id", "second_id", third_id=pl.lit(None, pl.String)
    )
    strangers = chained.join(view.sides, on=["loan_id", "account"], how="anti").drop("account")
    three = (
        strangers.filter(pl.col("middle") != pl.col("to_account"))
        .join(back, on="middle")
        .filter(
            alike("third_fen")
            & near("third_at")
            & ((pl.col("third_at") - pl.col("second_at")).abs() <= pl.duration(days=days))
        )
        .join(view.sides, on=["loan_id", "account"], how="semi")
        .select("loan_id", "loan_fen", "traced_fen", "transaction_id", "second_id", "third_id")
    )
    found = pl.concat([two, three] if view.number("counterparty_loop_hops") >= 3 else [two])
    ids = found.group_by("loan_id", maintain_order=True).agg(
        transaction_ids=pl.concat_list("transaction_id", "second_id", "third_id").explode(empty_as_null=True)
    )
    amounts = (
        found.unique(["loan_id", "transaction_id"], maintain_order=True)
        .group_by("loan_id", maintain_order=True)
        .agg(amount_fen=pl.col("traced_fen").sum(), loan_fen=pl.col("loan_fen").first(), loops=pl.len())
    )
    rows = amounts.join(ids, on="loan_id")
    return lead(
        rows,
        "COUNTERPARTY_LOOP",
        tell(
            "{} payments of the loan came round to the borrower within {} days",
            "贷款的 {} 笔付款在 {} 天内绕回借款人",
            "loops",
            pl.lit(days),
        ),
        "company",
    )
