"""What the patterns of misuse look at: the bank's records and the trace, as polars frames."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from loantrail.few_rows import empty

INSTANT: Final = pl.Datetime("us", "UTC")
T: Final = pl.String
Shape = Mapping[str, pl.DataType | type[pl.DataType]]
"""Column names and polars types of a frame."""
HOPS: Final[Shape] = {
    "hop_id": T,
    "parent_hop_id": T,
    "loan_id": T,
    "transaction_id": T,
    "from_account": T,
    "to_account": T,
    "amount_fen": pl.Int64,
    "depth": pl.Int32,
    "use": T,
    "booked_at": INSTANT,
}
STATEMENT: Final[Shape] = {"loan_id": T, "use": T, "amount_fen": pl.Int64}
TRANSACTIONS: Final[Shape] = {
    "transaction_id": T,
    "booked_at": INSTANT,
    "debit_account": T,
    "debit_name": T,
    "credit_account": T,
    "credit_name": T,
    "amount_fen": pl.Int64,
    "purpose_text": T,
    "document_no": T,
    "destination_class": T,
    "documented": pl.Boolean,
}
LOANS: Final[Shape] = {
    "loan_id": T,
    "contract_id": T,
    "product": T,
    "customer_kind": T,
    "amount_fen": pl.Int64,
    "disbursed_at": INSTANT,
    "borrower_party_id": T,
    "disbursement_account": T,
    "repayment_account": T,
    "payment_mode": T,
    "purpose": T,
    "grant_kind": T,
}
ACCOUNTS: Final[Shape] = {"account": T, "owner": T, "kind": T, "name": T}
RELATIONS: Final[Shape] = {
    "from_party_id": T,
    "to_party_id": T,
    "kind": T,
    "share_ppm": pl.Int64,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
}
GUARANTORS: Final[Shape] = {"loan_id": T, "guarantor_party_id": T, "valid_from": pl.Date, "valid_to": pl.Date}
ORDERS: Final[Shape] = {
    "loan_id": T,
    "payee_account": T,
    "payee_name": T,
    "amount_fen": pl.Int64,
    "document_no": T,
}
CONTRACT_PAYEES: Final[Shape] = {"contract_id": T, "name": T, "account": T, "party_id": T}
INVOICES: Final[Shape] = {
    "invoice_id": T,
    "seller_party_id": T,
    "seller_name": T,
    "buyer_party_id": T,
    "buyer_name": T,
    "issued_on": pl.Date,
    "amount_fen": pl.Int64,
    "state": T,
}
PARTIES: Final[Shape] = {
    "party_id": T,
    "name": T,
    "kind": T,
    "registered_on": pl.Date,
    "insured_staff_count": pl.Int64,
    "tax_paid_on": pl.Date,
    "identity_number": T,
    "industry_code": T,
}
REPAYMENTS: Final[Shape] = {
    "repayment_id": T,
    "loan_id": T,
    "paid_at": INSTANT,
    "principal_fen": pl.Int64,
    "interest_fen": pl.Int64,
    "account": T,
    "reference": T,
}
SCHEDULES: Final[Shape] = {
    "loan_id": T,
    "instalment_no": pl.Int64,
    "due_on": pl.Date,
    "principal_fen": pl.Int64,
    "interest_fen": pl.Int64,
}
SIDES: Final[Shape] = {"loan_id": T, "account": T}
BALANCES: Final[Shape] = {"account": T, "balance_fen": pl.Int64}

LEADS: Final[Shape] = {
    "loan_id": T,
    "pattern": T,
    "amount_fen": pl.Int64,
    "share_ppm": pl.Int64,
    "destination_class": T,
    "transaction_ids": pl.List(pl.String),
    "explanation": T,
    "explanation_chinese": T,
}
"""A lead is a suspicion, never a finding. `share_ppm`: amount over the loan; `destination_class` is empty where the
pattern knows none; `transaction_ids` are sorted and distinct."""


def fitted(frame: pl.DataFrame, schema: Shape) -> pl.DataFrame:
    """Exactly the columns of `schema`, cast; a column that is missing is null, empty text is null.

    Raises polars' own error when a value cannot be cast.
    """
    # One column after the other: looking whether there is anything to do costs less than doing it.
    columns: list[pl.Series] = []
    for name, dtype in schema.items():
        if name not in frame.columns:
            columns.append(pl.Series(name, [None], dtype=dtype).new_from_index(0, len(frame)))
            continue
        column = frame.get_column(name)
        if column.dtype != dtype:
            column = column.cast(dtype)
        if column.dtype == pl.String and (column == "").any():
            column = column.replace("", None)
        columns.append(column)
    return pl.DataFrame(columns)


@dataclass(frozen=True, slots=True)
class Frames:
    """Bank data and trace. Columns as the schemas above; a frame the bank lacks stays empty. `sides` lists accounts
    of co-borrowers and declared related parties (the borrower's own accounts need not be listed). `as_of` is the
    instant up to which the records go; parameters are those of its business date. `out_of_view`: all but hops and
    transactions are rows of a view that was made of the whole (`view.prepare`), none twice."""

    as_of: datetime.datetime
    hops: pl.DataFrame
    transactions: pl.DataFrame
    loans: pl.DataFrame
    statement: pl.DataFrame = field(default_factory=lambda: empty(STATEMENT))
    accounts: pl.DataFrame = field(default_factory=lambda: empty(ACCOUNTS))
    relations: pl.DataFrame = field(default_factory=lambda: empty(RELATIONS))
    guarantors: pl.DataFrame = field(default_factory=lambda: empty(GUARANTORS))
    orders: pl.DataFrame = field(default_factory=lambda: empty(ORDERS))
    contract_payees: pl.DataFrame = field(default_factory=lambda: empty(CONTRACT_PAYEES))
    invoices: pl.DataFrame = field(default_factory=lambda: empty(INVOICES))
    parties: pl.DataFrame = field(default_factory=lambda: empty(PARTIES))
    repayments: pl.DataFrame = field(default_factory=lambda: empty(REPAYMENTS))
    schedules: pl.DataFrame = field(default_factory=lambda: empty(SCHEDULES))
    sides: pl.DataFrame = field(default_factory=lambda: empty(SIDES))
    balances: pl.DataFrame = field(default_factory=lambda: empty(BALANCES))
    out_of_view: bool = False
