"""Whether a document of the payer names the payee: contract, invoice, payment order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from loantrail.destinations.candidates import Candidate
from loantrail.destinations.model import BY_NAME
from loantrail.destinations.names import company_key

_PAYER_KEYS = ("payer_party", "payer_key")
_PAYEE_KEYS = ("payee_party", "credit_account", "payee_key")


def _pairs(frame: pl.DataFrame, names: Mapping[str, str | None], what: str, number: str) -> pl.DataFrame:
    """Rows with all key columns (null where `names` gives no column of `frame`), and the evidence text."""

    def column(name: str | None) -> pl.Expr:
        if name is None or name not in frame.columns:
            return pl.lit(None, pl.String)
        return pl.col(name).cast(pl.String).replace("", None)

    keyed = frame.select(
        column(names["payer_party"]).alias("payer_party"),
        column(names["payer_name"]).alias("payer_name"),
        column(names["payee_party"]).alias("payee_party"),
        column(names["payee_account"]).alias("credit_account"),
        column(names["payee_name"]).alias("payee_name"),
        pl.format("{} {}", pl.lit(what), column(number).fill_null("")).str.strip_chars().alias("evidence"),
    )
    return keyed.with_columns(
        company_key("payer_name").alias("payer_key"), company_key("payee_name").alias("payee_key")
    )


def _all_pairs(
    contract_payees: pl.DataFrame | None, invoices: pl.DataFrame | None, orders: pl.DataFrame | None
) -> pl.DataFrame | None:
    parts: list[pl.DataFrame] = []
    if orders is not None:
        columns = {
            "payer_party": "borrower_party_id",
            "payer_name": "borrower_name",
            "payee_party": None,
            "payee_account": "payee_account",
            "payee_name": "payee_name",
        }
        parts.append(_pairs(orders, columns, "payment order", "order_id"))
    if contract_payees is not None:
        columns = {
            "payer_party": "borrower_party_id",
            "payer_name": "borrower_name",
            "payee_party": "party_id",
            "payee_account": "account",
            "payee_name": "name",
        }
        parts.append(_pairs(contract_payees, columns, "contract", "contract_id"))
    if invoices is not None:
        valid = invoices.filter(pl.col("state") == "valid") if "state" in invoices.columns else invoices
        for payer, payee in (("buyer", "seller"), ("seller", "buyer")):
            columns = {
                "payer_party": f"{payer}_party_id",
                "payer_name": f"{payer}_name",
                "payee_party": f"{payee}_party_id",
                "payee_account": None,
                "payee_name": f"{payee}_name",
            }
            parts.append(_pairs(valid, columns, "invoice", "invoice_id"))
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
                .with_columns(evidence=pl.format("payment order, document {}", "document_no"))
            )
            hit = rows.select("credit_account", "document_no").join(
                numbered, on=["credit_account", "document_no"], how="left", maintain_order="left"
            )["evidence"]
            found = pl.select(pl.coalesce(found, hit).alias("evidence"))["evidence"]
    has = found.is_not_null().to_numpy()
    return Candidate(
        np.where(has, BY_NAME["supplier"].code, 0).astype(np.uint8),
        np.where(has, 950, 0).astype(np.int16),
        found,
        np.arange(count, dtype=np.int32),
    )
