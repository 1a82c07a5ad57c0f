"""Loans planted into transfers of others: disbursements before a payer's first payment, traced, and the leads found."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import polars as pl

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.patterns import find_leads
from loantrail.parameters import shipped_parameters
from loantrail.tracing.api import trace

TRANSFERS = ("transaction_id", "booked_at", "sequence", "debit_account", "credit_account", "amount_fen")


def planted_leads(
    transfers: pl.DataFrame,
    loans: pl.DataFrame,
    balances: pl.DataFrame | None = None,
    patterns: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Leads (frames.LEADS) of working-capital loans paid out into these transfers.

    `transfers` has TRANSFERS; `loans` has `loan_id, account, amount_fen, disbursed_at`. Every account belongs to a
    company of its own; no payee is known as anything but a company.
    """
    paid_out = loans.select(
        transaction_id=pl.format("D{}", "loan_id"),
        booked_at="disbursed_at",
        sequence=pl.int_range(pl.len(), dtype=pl.Int64),
        debit_account=pl.lit(None, pl.String),
        credit_account="account",
        amount_fen="amount_fen",
    )
    moved = pl.concat([paid_out, transfers.select(TRANSFERS)])
    traced = trace(moved, loans.select("loan_id", transaction_id=pl.format("D{}", "loan_id")), balances)
    assert not traced.problems
    accounts = pl.DataFrame(
        {"account": pl.concat([moved["debit_account"], moved["credit_account"]]).drop_nulls().unique().sort()}
    )
    latest = moved["booked_at"].max()
    assert isinstance(latest, datetime.datetime)
    frames = Frames(
        as_of=latest + datetime.timedelta(days=60),
        hops=traced.hops.join(
            moved.select("transaction_id", "booked_at"),
            on="transaction_id",
            how="left",
            maintain_order="left",
        ),
        transactions=moved.with_columns(destination_class=pl.lit("company")),
        loans=loans.select(
            "loan_id",
            contract_id="loan_id",
            product=pl.lit("working_capital_loan"),
            customer_kind=pl.lit("company"),
            amount_fen="amount_fen",
            disbursed_at="disbursed_at",
            borrower_party_id="account",
            disbursement_account="account",
            payment_mode=pl.lit("autonomous_payment"),
        ),
        accounts=accounts.select("account", owner="account", kind=pl.lit("settlement"), name="account"),
        parties=accounts.select(party_id="account", kind=pl.lit("company"), name="account"),
    )
    return find_leads(frames, shipped_parameters(), patterns)
