"""Whether a document of the payer names the payee: contract, invoice, payment order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.destinations.candidates import Candidate
from loantrail.destinations.kinds import SUPPLIER
from loantrail.destinations.names import company_key
from loantrail.destinations.plain import WHITE_SPACE

_PAYER_KEYS = ("payer_party", "payer_key")
_PAYEE_KEYS = ("payee_party", "credit_account", "payee_key")


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns of a kind of documents name payer and payee; None where none does. A document may lack any."""

    what: str
    number: str
    payer_party: str
    payer_name: str
    payee_party: str | None
    payee_account: str | None
    payee_name: str

    @property
    def payer(self) -> tuple[str, str]:
        """By party, else by name."""
        return self.payer_party, self.payer_name

    @property
    def payee(self) -> tuple[str | None, str | None, str]:
        """By party, else by account, else by name."""
        return self.payee_party, self.payee_account, self.payee_name

    def evidence(self, number: str | None) -> str:
        """What is told of one document."""
        return f"{self.what} {number or ''}".strip(WHITE_SPACE)


ORDER: Final = Roles(
    "payment order", "order_id", "borrower_party_id", "borrower_name", None, "payee_account", "payee_name"
)
CONTRACT: Final = Roles(
    "contract", "contract_id", "borrower_party_id", "borrower_name", "party_id", "account", "name"
)
BOUGHT: Final = Roles(
    "invoice", "invoice_id", "buyer_party_id", "buyer_name", "seller_party_id", None, "seller_name"
)
SOLD: Final = Roles(
    "invoice", "invoice_id", "seller_party_id", "seller_name", "buyer_party_id", None, "buyer_name"
)

ORDERED: Final = "payment order, document {}"
"""What is told of an order that has the number of the payment's document."""


def _pairs(frame: pl.DataFrame, roles: Roles) -> pl.DataFrame:
    """Rows with all key columns (null where `roles` gives no column of `frame`), and the evidence text."""

    def column(name: str | None) -> pl.Expr:
        if name is None or name not in frame.columns:
            return pl.lit(None, pl.String)
        return pl.col(name).cast(pl.String).replace("", None)

    keyed = frame.select(
        column(roles.payer_party).alias("payer_party"),
        column(roles.payer_name).alias("payer_name"),
        column(roles.payee_party).alias("payee_party"),
        column(roles.payee_account).alias("credit_account"),
        column(roles.payee_name).alias("payee_name"),
        pl.format("{} {}", pl.lit(roles.what), column(roles.number).fill_null(""))
        .str.strip_chars()
        .alias("evidence"),
    )
    return keyed.with_columns(
        company_key("payer_name").alias("payer_key"), company_key("payee_name").alias("payee_key")
    )


def is_valid(invoices: pl.DataFrame) -> pl.Series:
    """[invoices] whether each counts: those without a state all do."""
    if "state" not in invoices.columns:
        return pl.repeat(value=True, n=len(invoices), dtype=pl.Boolean, eager=True)
    return invoices.select((pl.col("state") == "valid").fill_null(value=False))["state"]


def _all_pairs(
    contract_payees: pl.DataFrame | None, invoices: pl.DataFrame | None, orders: pl.DataFrame | None
) -> pl.DataFrame | None:
    parts: list[pl.DataFrame] = []
    if orders is not None:
        parts.append(_pairs(orders, ORDER))
    if contract_payees is not None:
        parts.append(_pairs(contract_payees, CONTRACT))
    if invoices is not None:
        valid = invoices.filter(is_valid(invoices))
        parts += [_pairs(valid, BOUGHT), _pairs(valid, SOLD)]
    return pl.concat(parts) if parts else None


def documented_pairs(
    rows: pl.DataFrame,
    contract_payees: pl.DataFrame | None,
    invoices: pl.DataFrame | None,
    orders: pl.DataFrame | None,
) -> Candidate:
    """`supplier` for every row whose payer (by party, else by name) has a document that names its payee (by party,
    account or name). A payment order without a borrower counts for the loan's payee account and its document number.

    `rows`: payer_party, payer_name, payee_party, credit_account, payee_name, document_no, in the order of the result.
    """
    count = rows.height
    found = pl.Series("evidence", [None], dtype=pl.String).extend_constant(None, max(count - 1, 0))[:count]
    pairs = _all_pairs(contract_payees, invoices, orders)
    if pairs is not None and count:
        keyed = rows.select(
            "payer_party", "payee_party", "credit_account", company_key("payer_name").alias("payer_key"),
            company_key("payee_name").alias("payee_key"),
        ).with_row_index("place")  # fmt: skip
        for payer in _PAYER_KEYS:
            for payee in _PAYEE_KEYS:
                usable = pairs.filter(pl.col(payer).is_not_null() & pl.col(payee).is_not_null())
                if usable.is_empty():
                    continue
                unique = usable.unique([payer, payee], keep="first", maintain_order=True).select(
                    payer, payee, "evidence"
                )
                hit = keyed.select(payer, payee).join(
                    unique, on=[payer, payee], how="left", maintain_order="left"
                )["evidence"]
                found = pl.select(pl.coalesce(found, hit).alias("evidence"))["evidence"]
        if orders is not None and {"payee_account", "document_no"} <= set(orders.columns):
            numbered = (
                orders.select(
                    pl.col("payee_account").cast(pl.String).alias("credit_account"),
                    pl.col("document_no").cast(pl.String).replace("", None),
                )
                .drop_nulls()
                .unique(maintain_order=True)
                .with_columns(evidence=pl.format(ORDERED, "document_no"))
            )
            hit = rows.select("credit_account", "document_no").join(
                numbered, on=["credit_account", "document_no"], how="left", maintain_order="left"
            )["evidence"]
            found = pl.select(pl.coalesce(found, hit).alias("evidence"))["evidence"]
    has = found.is_not_null().to_numpy()
    return Candidate(
        np.where(has, SUPPLIER.class_code, 0).astype(np.uint8),
        np.where(has, SUPPLIER.confidence_permille, 0).astype(np.int16),
        found,
        np.arange(count, dtype=np.int32),
    )
