"""Payments right after a disbursement, and who handed the same amount on within days. Pure.

The trace is blind where an account on the way was rich: it spends its own money first. What an examiner sees at once is
that the amount goes on: a payee that pays out within days one sum, or several to one payee, of what it got (domain F1,
"same amount"). That is a reading by time and amount, told as such, and serves only where the trace finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from loantrail.early_warning.payments import NO_PAYEE_KINDS
from loantrail.early_warning.view import GENERIC_CLASSES, View, least_share
from loantrail.early_warning.words import REFUND_WORDS, SWEEP_WORDS

PaymentsOf = Callable[[pl.Series], pl.DataFrame]
"""Accounts -> all that they paid, as frames.TRANSACTIONS."""
PAID: Final = ("booked_at", "credit_account", "purpose_text", "destination_class", "documented")
ONE_PAYMENT: Final = ("loan_id", "transaction_id")
KEPT: Final = (*ONE_PAYMENT, "from_account", *PAID, "amount_fen", "transaction_ids")


def handed_on(view: View) -> pl.DataFrame:
    """One row per loan and payment: loan_id, transaction_id (of several to one payee the first), from_account, booked_at,
    credit_account, purpose_text, destination_class, documented, amount_fen (may be above the loan), transaction_ids (the
    way up to here), hands: 0 for what the borrower paid right after disbursement, else how many payees handed it on. Made
    once for a view."""
    if "handed_on" not in view.made:

        def payments_of(accounts: pl.Series) -> pl.DataFrame:
            return view.transactions.join(accounts.to_frame("debit_account"), on="debit_account", how="semi")

        view.made["handed_on"] = follow(view, first_payments(view), payments_of)
    return view.made["handed_on"]


def first_payments(view: View) -> pl.DataFrame:
    """The undocumented payments of the disbursement account to companies and persons within the days of the parameter,
    each of some share of the loan. Columns KEPT."""
    days = view.number("near_in_time_days")
    ordered = view.orders.select("loan_id", credit_account="payee_account").drop_nulls().unique()
    return (
        view.loans.select("loan_id", "disbursed_at", "disbursement_account", loan_fen="amount_fen")
        .join(view.transactions, left_on="disbursement_account", right_on="debit_account")
        .filter(
            (pl.col("booked_at") >= pl.col("disbursed_at"))
            & (pl.col("booked_at") <= pl.col("disbursed_at") + pl.duration(days=days))
            & least_share("amount_fen", "loan_fen", view, "misuse_final_use_share_ppm")
            & _goes_on()
        )
        .join(ordered, on=["loan_id", "credit_account"], how="anti")
        .join(_nobody(view), on="credit_account", how="anti")
        .join(view.sides.rename({"account": "credit_account"}), on=["loan_id", "credit_account"], how="anti")
        .select(
            *ONE_PAYMENT,
            pl.col("disbursement_account").alias("from_account"),
            *PAID,
            "amount_fen",
            transaction_ids=pl.concat_list("transaction_id"),
        )
    )


def follow(view: View, starts: pl.DataFrame, payments_of: PaymentsOf) -> pl.DataFrame:
    """The first payments (KEPT) and what payees handed on of them, hand by hand."""
    found = [starts.with_columns(hands=pl.lit(0, pl.Int32))]
    reached = starts
    sides = view.sides.select("loan_id", credit_account="account")
    for hands in range(1, view.number("near_in_time_hands") + 1):
        onward = (
            reached.filter(_goes_on())
            .join(_nobody(view), on="credit_account", how="anti")
            .join(sides, on=["loan_id", "credit_account"], how="anti")
            .sort("loan_id", "booked_at", "transaction_id")
        )
        if onward.is_empty():
            break
        reached = _matched(view, onward, payments_of(onward["credit_account"].unique()))
        found.append(reached.with_columns(hands=pl.lit(hands, pl.Int32)))
    # One payment may end two ways that came together.
    return pl.concat(found).unique(ONE_PAYMENT, keep="first", maintain_order=True)


def _goes_on() -> pl.Expr:
    """A payment to somebody who may hand it on, and neither a sweep nor a refund."""
    return (
        pl.col("credit_account").is_not_null()
        & pl.col("destination_class").is_in(GENERIC_CLASSES).fill_null(value=True)
        & ~pl.col("documented")
        & _is_deal()
    )


def _is_deal() -> pl.Expr:
    """Neither a sweep nor a refund."""
    return ~pl.col("purpose_text").str.contains(f"{SWEEP_WORDS}|{REFUND_WORDS}").fill_null(value=False)


def _nobody(view: View) -> pl.DataFrame:
    """credit_account: accounts through which everybody's money goes."""
    return view.accounts.filter(pl.col("kind").is_in(NO_PAYEE_KINDS).fill_null(value=False)).select(
        credit_account="account"
    )


def _matched(view: View, onward: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """What was handed on of the payments that came to `credit_account`: of each alone, and of all to one account together.
    The closest in amount is taken, then the earliest."""
    bundle = ["loan_id", "from_account", "part"]
    alone = onward.select(
        "loan_id",
        pl.int_range(pl.len()).alias("part"),
        "transaction_ids",
        got_fen="amount_fen",
        got_at="booked_at",
        from_account="credit_account",
    )
    all_of_it = (
        alone.group_by("loan_id", "from_account", maintain_order=True)
        .agg(
            pl.col("transaction_ids").explode(empty_as_null=True),
            pl.col("got_fen").sum(),
            pl.col("got_at").max(),
            parts=pl.len(),
        )
        .filter(pl.col("parts") > 1)
        .select("loan_id", pl.lit(-1, pl.Int64).alias("part"), *alone.columns[2:])
    )
    days = view.number("handed_on_days")
    outgoing = (
        pl.concat([alone, all_of_it])
        .join(
            paid.select("transaction_id", *PAID, "amount_fen", from_account="debit_account"),
            on="from_account",
        )
        .filter(
            (pl.col("booked_at") >= pl.col("got_at"))
            & (pl.col("booked_at") <= pl.col("got_at") + pl.duration(days=days))
            & _is_deal()
        )
        .sort("booked_at", "transaction_id")
    )
    least = pl.lit(view.number("near_in_time_match_least_ppm"), pl.Int128)

    def matches(amount: str) -> pl.Expr:
        return (pl.col(amount) <= pl.col("got_fen")) & (
            pl.col(amount).cast(pl.Int128) * 1_000_000 >= pl.col("got_fen").cast(pl.Int128) * least
        )

    single = outgoing.with_columns(out_ids=pl.concat_list("transaction_id")).filter(matches("amount_fen"))
    # Cash has no account: its class stands for the payee.
    together = (
        outgoing.with_columns(payee=pl.coalesce("credit_account", "destination_class"))
        .group_by(*bundle, "payee", maintain_order=True)
        .agg(
            pl.col(
                "transaction_id", "transaction_ids", "got_fen", "got_at", "credit_account", "purpose_text",
                "destination_class",
            ).first(),
            pl.col("documented").all(),
            pl.col("amount_fen").sum(),
            pl.col("booked_at").max(),
            out_ids=pl.col("transaction_id"),
            payments=pl.len(),
        )
        .filter((pl.col("payments") > 1) & matches("amount_fen"))
    )  # fmt: skip
    columns = [*bundle, "transaction_id", "got_fen", *PAID, "amount_fen", "transaction_ids", "out_ids"]
    chosen = (
        pl.concat([single.select(columns), together.select(columns)])
        .sort(*bundle, pl.col("got_fen") - pl.col("amount_fen"), "booked_at", "transaction_id")
        .unique(bundle, keep="first", maintain_order=True)
    )
    merged = chosen.filter(pl.col("part") < 0).select("loan_id", "from_account")
    kept = pl.concat(
        [
            chosen.filter(pl.col("part") < 0),
            chosen.filter(pl.col("part") >= 0).join(merged, on=["loan_id", "from_account"], how="anti"),
        ]
    )
    return (
        kept.unique(ONE_PAYMENT, keep="first", maintain_order=True)
        .with_columns(transaction_ids=pl.concat_list("transaction_ids", "out_ids"))
        .select(KEPT)
    )
