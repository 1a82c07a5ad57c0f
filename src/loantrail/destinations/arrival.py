"""Destination classes for transactions that come as files, where they carry text to judge by."""

from __future__ import annotations

import datetime

import polars as pl

from loantrail.clock import business_date
from loantrail.destinations.classify import Context, classify
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.parameters import shipped_parameters


def arrival_classes(transactions: pl.DataFrame, accounts: pl.DataFrame | None) -> pl.Series | None:
    """The class of each transaction's destination, or None when nothing but account classes could tell."""
    texts = [name for name in ("credit_name", "purpose_text") if name in transactions.columns]
    if not any(transactions[name].null_count() < len(transactions) for name in texts):
        return None
    if len(transactions) == 0:
        return None
    latest = transactions["booked_at"].max()
    if not isinstance(latest, datetime.datetime):
        return None
    on_date = business_date(latest)
    classified = classify(
        transactions, shipped_dictionary(), shipped_parameters(), on_date, Context(accounts=accounts)
    )
    return classified["destination_class"]
