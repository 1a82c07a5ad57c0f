"""Pattern of money that stays with parties related to the borrower, without a contract."""

from __future__ import annotations

import polars as pl

from loantrail.early_warning.handing_on import handed_on
from loantrail.early_warning.near_in_time import WENT_TO, by_time_and_amount
from loantrail.early_warning.patterns_return import staying_with_related
from loantrail.early_warning.related import CLOSE_RELATIONS
from loantrail.early_warning.telling import tell, yuan
from loantrail.early_warning.view import (
    BENIGN_USES,
    View,
    lead,
    least_share,
    related_parties,
)
from loantrail.early_warning.words import TRADE_WORDS


def related_party(view: View) -> pl.DataFrame:
    """Loan money that stays with parties related to the borrower without a contract. What they pass on to a use of
    the business, or give back, is taken off: an owner's card that works as the till does not warn."""
    rows = (
        staying_with_related(view)
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("transaction_id").alias("transaction_ids"),
        )
        .filter(
            (pl.col("amount_fen") > 0)
            & least_share("amount_fen", "loan_fen", view, "related_party_share_ppm")
        )
    )
    traced = lead(
        rows,
        "RELATED_PARTY",
        tell("{} stayed with related parties, no contract", "{} 留在关联方，没有合同", yuan("amount_fen")),
        "related_party",
    )
    near = _soon_with_related(view)
    if near.is_empty():
        return traced
    return by_time_and_amount(
        traced,
        near,
        view,
        "RELATED_PARTY",
        WENT_TO,
        least_share("amount_fen", "loan_fen", view, "related_party_share_ppm"),
        _spent_by_related(view, near),
    )


def _soon_with_related(view: View) -> pl.DataFrame:
    """Of `handed_on`: what a related party got without a contract, from the borrower or over strangers. What strangers
    pay the controller or spouse is a round trip, and told there."""
    related = related_parties(view).join(view.accounts.select("account", party_id="owner"), on="party_id")
    accounts = related.select("loan_id", from_account="account")
    return (
        handed_on(view)
        .join(
            related.select("loan_id", "party_id", "relation", credit_account="account"),
            on=["loan_id", "credit_account"],
        )
        .join(accounts, on=["loan_id", "from_account"], how="anti")
        .filter(~pl.col("documented") & ((pl.col("hands") == 0) | ~pl.col("relation").is_in(CLOSE_RELATIONS)))
        .with_columns(destination_class=pl.lit("related_party"))
    )


def _spent_by_related(view: View, near: pl.DataFrame) -> pl.DataFrame:
    """loan_id, back_fen: what these related parties gave back to the borrower's side, or spent on its business: against a
    document within days, and a person, who has no business of their own, on goods at any time of the window."""
    persons = view.parties.filter(pl.col("kind") == "individual").select(
        "party_id", person=pl.lit(value=True)
    )
    got = near.group_by("loan_id", "party_id", "credit_account").agg(
        pl.col("amount_fen").sum(), since=pl.col("booked_at").min()
    )
    home = view.sides.select("loan_id", paid_account="account", home=pl.lit(value=True))
    return (
        got.join(persons, on="party_id", how="left")
        .join(
            view.transactions.select(
                "booked_at", "purpose_text", "destination_class", "documented",
                credit_account="debit_account", paid_account="credit_account", paid_fen="amount_fen",
            ),
            on="credit_account",
        )
        .join(home, on=["loan_id", "paid_account"], how="left")
        .with_columns(
            pl.col("person", "home").fill_null(value=False),
            business=pl.col("documented") | pl.col("destination_class").is_in(BENIGN_USES).fill_null(value=False),
            goods=(pl.col("destination_class") == "company").fill_null(value=False)
            & pl.col("purpose_text").str.contains(TRADE_WORDS).fill_null(value=False),
        )
        .filter(
            (pl.col("booked_at") > pl.col("since"))
            & (pl.col("booked_at") <= pl.col("since") + pl.duration(days=view.number("round_trip_days")))
            & (
                pl.col("home")
                | (pl.col("person") & (pl.col("business") | pl.col("goods")))
                | (
                    pl.col("business")
                    & (pl.col("booked_at") <= pl.col("since") + pl.duration(days=view.number("handed_on_days")))
                )
            )
        )
        .group_by("loan_id", "party_id", "credit_account")
        .agg(pl.col("paid_fen").sum(), pl.col("amount_fen").first())
        .group_by("loan_id")
        .agg(back_fen=pl.min_horizontal("paid_fen", "amount_fen").sum())
    )  # fmt: skip
