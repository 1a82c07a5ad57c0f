"""Debts that are paid back: to lenders, and in instalments of other loans here. Pure."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.early_warning.view import View

LENDER_CLASSES: Final = ("lender", "guarantee_pawn", "underground_bank")
REPAYING_WORDS: Final = "归还|还款|偿还|还贷|还本|付息|结清"
LENDER_WORDS: Final = "贷款|小贷|消费金融|典当|担保"
BORROWED_WORDS: Final = "贷款|放款|过桥|借款|代还|垫|转贷|搭桥|还贷|借入"
INSTALMENT_LOW_PPM: Final = 900_000
INSTALMENT_HIGH_PPM: Final = 1_100_000
BANKS_OWN_KINDS: Final = ("bank_internal", "loan_internal")


def repays_a_lender(destination_class: str) -> pl.Expr:
    """A payment to a lender that says it pays back."""
    return pl.col(destination_class).is_in(LENDER_CLASSES).fill_null(value=False) & pl.col(
        "purpose_text"
    ).str.contains(REPAYING_WORDS).fill_null(value=False)


def says(text: str, words: str) -> pl.Expr:
    """The column of texts holds one of the words; false where it is empty."""
    return pl.col(text).str.contains(words).fill_null(value=False)


def is_borrowed(purpose_text: str, payer_name: str) -> pl.Expr:
    """Money that came as a loan: so it says, or its payer lends."""
    return says(purpose_text, BORROWED_WORDS) | says(payer_name, LENDER_WORDS)


def about_as_much(amount: str, as_what: str) -> pl.Expr:
    """`amount` is that of the instalment `as_what`, within a tenth."""
    scaled, base = pl.col(amount).cast(pl.Int128) * 1_000_000, pl.col(as_what).cast(pl.Int128)
    return (scaled >= base * INSTALMENT_LOW_PPM) & (scaled <= base * INSTALMENT_HIGH_PPM)


def instalments_with_own_receipt(view: View) -> pl.DataFrame:
    """loan_id, transaction_id: payments of instalments of other loans here whose payer got a sum of their size within
    days before, from somebody else, that was neither borrowed nor the loan's own money. They are paid from that."""
    paid = (
        view.moves.filter(pl.col("use") == "other_debt_repaid")
        .select("loan_id", "transaction_id", "booked_at", "transaction_fen", account="from_account")
        .unique(maintain_order=True)
    )
    if paid.is_empty():
        return paid.select("loan_id", "transaction_id")
    names = view.accounts.select(debit_account="account", owner_name="name", payer="owner", payer_kind="kind")
    owners = view.accounts.select(account="account", owner="owner")
    days = view.number("repay_source_odd_days")
    return (
        paid.join(
            view.transactions.select(
                "debit_account", "debit_name", "purpose_text", "amount_fen", account="credit_account",
                got_at="booked_at", got_id="transaction_id",
            ),
            on="account",
        )
        .filter(
            (pl.col("got_at") <= pl.col("booked_at"))
            & (pl.col("got_at") >= pl.col("booked_at") - pl.duration(days=days))
            & about_as_much("amount_fen", "transaction_fen")
        )
        .join(view.moves.select("loan_id", got_id="transaction_id"), on=["loan_id", "got_id"], how="anti")
        .join(names, on="debit_account", how="left")
        .join(owners, on="account", how="left")
        .filter(
            ~pl.col("payer_kind").is_in(BANKS_OWN_KINDS).fill_null(value=False)
            & (pl.col("payer") != pl.col("owner")).fill_null(value=True)
        )
        .with_columns(source_name=pl.coalesce("owner_name", "debit_name"))
        .filter(~is_borrowed("purpose_text", "source_name"))
        .select("loan_id", "transaction_id")
        .unique()
    )  # fmt: skip
