"""Pattern of money that is lent on: to lenders, or to persons who take or pay interest."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.destinations.names import NAME_INDIVIDUAL, name_shape
from loantrail.early_warning.debts import LENDER_CLASSES, repays_a_lender
from loantrail.early_warning.near_in_time import with_near_in_time
from loantrail.early_warning.patterns_use import CAME_TO, by_loan, final_use_reached, net_arrivals
from loantrail.early_warning.telling import tell
from loantrail.early_warning.view import View, lead, least

INTEREST_CLASSES: Final = ("individual", "lender")
INTEREST_WORD: Final = "息"
LENT_TIMES: Final = 5
"""Payments that nothing calls interest are like it where the payee gave so many times the largest of them before."""


def private_lending(view: View) -> pl.DataFrame:
    """Loan money at lenders, guarantee companies and pawn shops; or regular interest-like payments to several
    persons. The fee of a guarantee company that a document names is no lending, and what pays a lender back is other debt.
    What the borrower pays a lender counts from a small sum on; what a person got, or others passed on, from that of any
    forbidden use on."""
    arrivals = net_arrivals(view, LENDER_CLASSES, None).filter(
        ((pl.col("arrived") != "guarantee_pawn") | ~(pl.col("documented") | pl.col("ordered")))
        & ~repays_a_lender("arrived")
    )
    persons = view.parties.filter(pl.col("kind") == "individual").select(
        to_owner="party_id", person=pl.lit(value=True)
    )
    arrivals = arrivals.join(persons, on="to_owner", how="left", maintain_order="left").with_columns(
        plain=(pl.col("from_side") | (pl.col("amount_fen") < 0))
        & ~pl.col("person")
        .fill_null(value=name_shape(pl.col("to_name")) == NAME_INDIVIDUAL)
        .fill_null(value=False)
    )
    large = by_loan(arrivals).filter(
        final_use_reached(view) & least("amount_fen", view, "private_lending_fen")
    )
    small = by_loan(arrivals.filter("plain")).filter(least("amount_fen", view, "private_lending_fen"))
    rows = pl.concat([large, small.join(large.select("loan_id"), on="loan_id", how="anti")])
    traced = lead(
        rows,
        "PRIVATE_LENDING",
        CAME_TO,
    )
    traced = with_near_in_time(
        traced,
        view,
        "PRIVATE_LENDING",
        LENDER_CLASSES,
        allowed=pl.col("documented") | repays_a_lender("destination_class"),
    )
    interest = _interest_like(view).join(traced.select("loan_id"), on="loan_id", how="anti")
    return pl.concat(
        [
            traced,
            lead(
                interest,
                "PRIVATE_LENDING",
                tell(
                    "interest-like payments to {} persons month after month",
                    "按月向 {} 人支付类似利息的款项",
                    "payees",
                ),
                "individual",
            ),
        ]
    )


def _interest_like(view: View) -> pl.DataFrame:
    """Per loan: even payments of the borrower's side to persons, months in a row, called interest or following a
    larger sum from the same person."""
    paid = (
        view.sides.rename({"account": "debit_account"})
        .join(view.transactions, on="debit_account")
        .filter(pl.col("destination_class").is_in(INTEREST_CLASSES) & pl.col("credit_account").is_not_null())
        .join(view.loans.select("loan_id", "disbursed_at", loan_fen="amount_fen"), on="loan_id")
        .filter(pl.col("booked_at") >= pl.col("disbursed_at"))
        .with_columns(
            month=pl.col("booked_at").dt.convert_time_zone("Asia/Shanghai").dt.truncate("1mo"),
            called=pl.col("purpose_text").str.contains(INTEREST_WORD, literal=True).fill_null(value=False),
        )
    )
    if paid["month"].n_unique() < view.number("private_lending_regular_months"):
        return pl.DataFrame(schema={"loan_id": pl.String})
    regular = (
        paid.group_by("loan_id", "credit_account")
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("transaction_id").alias("transaction_ids"),
            pl.col("called").all(),
            months=pl.col("month").n_unique(),
            smallest=pl.col("amount_fen").min(),
            largest=pl.col("amount_fen").max(),
            first_at=pl.col("booked_at").min(),
        )
        .filter(
            least("months", view, "private_lending_regular_months")
            & (pl.col("largest") * 20 <= pl.col("smallest") * 21)
        )
    )
    lent = (
        view.sides.rename({"account": "credit_account"})
        .join(view.transactions, on="credit_account")
        .select("loan_id", credit_account="debit_account", lent_fen="amount_fen", lent_at="booked_at")
        .join(
            regular.select("loan_id", "credit_account", "first_at", "largest"),
            on=["loan_id", "credit_account"],
        )
        .filter(
            (pl.col("lent_at") < pl.col("first_at")) & (pl.col("lent_fen") >= LENT_TIMES * pl.col("largest"))
        )
        .select("loan_id", "credit_account")
    )
    like = pl.concat(
        [
            regular.filter(pl.col("called")),
            regular.filter(~pl.col("called")).join(lent, on=["loan_id", "credit_account"], how="semi"),
        ]
    )
    return (
        like.group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("transaction_ids").explode(empty_as_null=True),
            payees=pl.len(),
        )
        .filter(least("payees", view, "private_lending_regular_payees"))
    )
