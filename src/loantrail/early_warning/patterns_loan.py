"""Patterns of the loan itself: money that lies idle, instalments paid from elsewhere."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.destinations.names import NAME_INDIVIDUAL, name_shape
from loantrail.early_warning.debts import about_as_much, is_borrowed, says
from loantrail.early_warning.frames import LEADS
from loantrail.early_warning.telling import tell, yuan
from loantrail.early_warning.view import (
    View,
    lead,
    least,
    least_share,
    party_name,
    related_parties,
)
from loantrail.early_warning.words import TRADE_WORDS
from loantrail.few_rows import empty

DEALING_WORDS: Final = "往来|周转|代付|代偿|拆借"
"""Of money between parties to some business, which family and friends do not write."""


def is_person(party_kind: str, name: str) -> pl.Expr:
    """An individual, as recorded, else by the shape of the name."""
    named = pl.col(party_kind).is_null() & (name_shape(pl.col(name)) == NAME_INDIVIDUAL)
    return (pl.col(party_kind) == "individual").fill_null(value=False) | named


def idle_funds(view: View) -> pl.DataFrame:
    """Corporate loan money of which a large part still lies in the borrower's accounts days after disbursement, or was
    put into time or structured deposits. What was paid out later has not lain there so long, and does not count."""
    days = view.number("idle_funds_days")
    loans = view.loans.filter(
        ~pl.col("retail") & (pl.col("disbursed_at") + pl.duration(days=days) <= pl.lit(view.as_of))
    ).select(
        "loan_id",
        "disbursed_at",
        loan_fen="amount_fen",
        limit=pl.col("disbursed_at") + pl.duration(days=days),
    )
    moves = view.moves.join(loans.select("loan_id", "limit"), on="loan_id").filter(
        pl.col("booked_at") <= pl.col("limit")
    )
    later = (pl.col("depth") == 0) & (pl.col("booked_at") > pl.col("disbursed_at"))
    # What must still lie there however one counts: what was paid out first, less all that the accounts
    # which got the loan's money paid out since.
    reached = moves.filter("to_side").select("loan_id", account="to_account").unique()
    spent = (
        reached.join(loans, on="loan_id")
        .join(view.transactions.rename({"debit_account": "account", "amount_fen": "paid_fen"}), on="account")
        .filter((pl.col("booked_at") > pl.col("disbursed_at")) & (pl.col("booked_at") <= pl.col("limit")))
        .join(view.sides.rename({"account": "credit_account"}), on=["loan_id", "credit_account"], how="anti")
        .group_by("loan_id")
        .agg(pl.col("paid_fen").sum())
    )
    held = (
        moves.with_columns(
            later_fen=pl.when(later).then(pl.col("amount_fen")).otherwise(0),
            change=pl.when(pl.col("to_side") & pl.col("use").is_null())
            .then(pl.col("amount_fen"))
            .otherwise(0)
            - pl.when(pl.col("from_side")).then(pl.col("amount_fen")).otherwise(0),
        )
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("later_fen").sum(),
            amount_fen=pl.col("change").sum(),
            first_fen=pl.col("amount_fen").filter((pl.col("depth") == 0) & ~later).sum(),
            transaction_ids=pl.col("transaction_id").filter((pl.col("depth") == 0) & ~later),
        )
        .join(loans.select("loan_id", "loan_fen"), on="loan_id")
        .join(spent, on="loan_id", how="left")
        .with_columns(
            amount_fen=pl.min_horizontal(
                pl.col("amount_fen") - pl.col("later_fen"),
                pl.col("first_fen") - pl.col("paid_fen").fill_null(0),
            )
        )
    )
    idle = held.filter(least_share("amount_fen", "loan_fen", view, "idle_funds_share_ppm"))
    deposited = (
        view.arrivals.filter(~pl.col("retail") & (pl.col("arrived") == "time_deposit"))
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            transaction_ids=pl.col("transaction_id").filter(pl.col("amount_fen") > 0),
        )
        .filter(
            (pl.col("amount_fen") > 0) & least_share("amount_fen", "loan_fen", view, "idle_funds_share_ppm")
        )
    )
    idle = idle.join(deposited.select("loan_id"), on="loan_id", how="anti")
    return pl.concat(
        [
            lead(
                deposited,
                "IDLE_FUNDS",
                tell(
                    "{} of the loan was put into time deposits",
                    "贷款中 {} 转为定期或结构性存款",
                    yuan("amount_fen"),
                ),
                "time_deposit",
            ),
            lead(
                idle,
                "IDLE_FUNDS",
                tell(
                    "{} of the loan still lay idle {} days after disbursement",
                    "{} 闲置，放款已过 {} 天",
                    yuan("amount_fen"),
                    pl.lit(days),
                ),
                "own_account",
            ),
        ]
    )


def repay_source_odd(view: View) -> pl.DataFrame:
    """Of the last instalments, several were paid from elsewhere: from an account that is not the borrower's side, or
    with a sum of about their size that came in just before from a lender, as a loan, or for a company from a person or
    a related party. Payments that trade documents back are revenue."""
    window = view.number("repay_source_odd_window")
    days = view.number("repay_source_odd_days")
    instalments = (
        view.repayments.with_columns(
            due_fen=pl.col("principal_fen").fill_null(0) + pl.col("interest_fen").fill_null(0)
        )
        .filter(pl.col("due_fen") > 0)
        .sort("loan_id", "paid_at", "repayment_id", descending=[False, True, False])
        .group_by("loan_id", maintain_order=True)
        .head(window)
        .join(
            view.loans.select("loan_id", "retail", "repayment_account", loan_fen="amount_fen"), on="loan_id"
        )
        .with_columns(payer=pl.coalesce("account", "repayment_account"))
    )
    if instalments.is_empty():
        return empty(LEADS)
    sides = view.sides.select("loan_id", payer="account", own=pl.lit(value=True))
    instalments = instalments.join(
        sides, on=["loan_id", "payer"], how="left", maintain_order="left"
    ).with_columns(pl.col("own").fill_null(value=False))
    strange = instalments.filter(~pl.col("own") & pl.col("payer").is_not_null()).select(
        "loan_id", "repayment_id", "due_fen", "reference"
    )
    credits = view.transactions.select(
        "debit_account",
        "debit_name",
        "purpose_text",
        "amount_fen",
        "booked_at",
        "transaction_id",
        payer="credit_account",
    )
    received = (
        instalments.filter(pl.col("own"))
        .join(credits, on="payer")
        .filter(
            (pl.col("booked_at") <= pl.col("paid_at"))
            & (pl.col("booked_at") >= pl.col("paid_at") - pl.duration(days=days))
            & about_as_much("amount_fen", "due_fen")
        )
    )
    if strange.is_empty() and received.is_empty():
        return empty(LEADS)
    owners = view.accounts.select(debit_account="account", source_party="owner", source_name="name")
    kinds = view.parties.select(source_party="party_id", source_kind="kind")
    related = related_parties(view).select("loan_id", source_party="party_id", close=pl.lit(value=True))
    trade = pl.concat(
        [
            view.invoices.select(borrower_party_id="seller_party_id", source_party="buyer_party_id"),
            view.invoices.select(borrower_party_id="buyer_party_id", source_party="seller_party_id"),
        ]
    ).drop_nulls().unique()  # fmt: skip
    sources = (
        received.join(owners, on="debit_account", how="left")
        .join(kinds, on="source_party", how="left")
        .join(related, on=["loan_id", "source_party"], how="left")
        .join(
            view.sides.select("loan_id", debit_account="account"), on=["loan_id", "debit_account"], how="anti"
        )
        .join(view.loans.select("loan_id", "borrower_party_id", "borrower_name"), on="loan_id")
        .with_columns(source_name=pl.coalesce("source_name", "debit_name"))
        .filter(
            (pl.col("source_party").is_null() | (pl.col("source_party") != pl.col("borrower_party_id")))
            & (party_name("source_name") != party_name("borrower_name")).fill_null(value=True)
        )
        .join(trade, on=["borrower_party_id", "source_party"], how="anti")
    )
    # Family and friends help an individual out; who writes of dealings and pays just the instalment is neither.
    nearly = (pl.col("amount_fen") - pl.col("due_fen")).abs().cast(pl.Int128) * 1_000_000 <= pl.col(
        "due_fen"
    ).cast(pl.Int128) * view.number("repay_source_odd_person_ppm")
    stranger = nearly & says("purpose_text", DEALING_WORDS) & ~pl.col("close").fill_null(value=False)
    person = (
        is_person("source_kind", "source_name")
        & ~says("purpose_text", TRADE_WORDS)
        & (~pl.col("retail") | stranger)
    )
    odd = sources.filter(
        is_borrowed("purpose_text", "source_name")
        | person
        | (pl.col("close").fill_null(value=False) & ~pl.col("retail"))
    ).unique(["loan_id", "repayment_id"], keep="first", maintain_order=True)
    found = pl.concat(
        [
            strange.select("loan_id", "repayment_id", "due_fen", transaction_id="reference"),
            odd.select("loan_id", "repayment_id", "due_fen", "transaction_id"),
        ]
    )
    rows = (
        found.join(view.loans.select("loan_id", loan_fen="amount_fen"), on="loan_id")
        .group_by("loan_id", maintain_order=True)
        .agg(
            amount_fen=pl.col("due_fen").sum(),
            loan_fen=pl.col("loan_fen").first(),
            instalments=pl.col("repayment_id").n_unique(),
            transaction_ids=pl.col("transaction_id"),
        )
        .filter(least("instalments", view, "repay_source_odd_count"))
    )
    return lead(
        rows,
        "REPAY_SOURCE_ODD",
        tell(
            "{} of the last {} instalments were paid from elsewhere",
            "有 {} 期还款不是由借款人自己的收入偿还（最近 {} 期）",
            "instalments",
            pl.lit(window),
        ),
        "",
    )
