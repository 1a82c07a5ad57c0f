"""The rows of every table of the schema `tracing` that a run gives."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from loantrail.tracing.books import Books
from loantrail.tracing.model import Convention
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.statement import LINE_GROUPS, PROHIBITED, PURPOSE_OF_PRODUCT, Rest, disbursed_fen

SEEN_NOT: Final = frozenset(("outside", "other_bank", "same_name_other_bank"))
NOTHING_SEEN: Final = frozenset(
    ("payment_institution", "group_cash_pool", "pooled", "bank_internal", "currency_exchange")
)
HELD: Final = "held_by_"
LINEAGE: Final = (Convention.FIFO, Convention.LIFO, Convention.OWN_FIRST, Convention.LOAN_FIRST)
"""Conventions whose hops know their parents: leads look at paths."""


def run_tables(
    books: Books,
    run_id: str,
    hops: pl.DataFrame,
    ended: np.ndarray,
    rest: Rest,
    statement: pl.DataFrame,
    leads: pl.DataFrame,
    convention: Convention,
) -> dict[str, pl.DataFrame]:
    """Rows of every table of the schema."""
    named = books.named
    unit = books.context["loans"].select("loan_id", "unit_id")
    run = pl.lit(run_id).alias("run_id")
    touched = np.unique(hops["transaction_id"].to_numpy()) if len(hops) else np.zeros(0)
    destination = books.classes.filter(
        pl.col("transaction_id").is_in(pl.Series(touched, dtype=pl.String).implode())
    ).select(
        run,
        pl.col("transaction_id").alias("transfer_id"),
        pl.col("destination_class").cast(pl.String),
        pl.col("basis").cast(pl.String),
        pl.col("confidence_permille").cast(pl.Int32),
        "evidence",
    )
    tables = {
        "hop": hops.with_row_index("ordinal")
        .with_columns(pl.Series("ended", ended), pl.col("depth").fill_null(-1))
        .join(unit, on="loan_id", how="left", maintain_order="left")
        .select(
            run, pl.col("ordinal").cast(pl.Int64), "hop_id", "parent_hop_id", "loan_id",
            pl.col("transaction_id").alias("transfer_id"),
            pl.col("booked_at").dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00"),
            "from_account", "to_account", "amount_fen", "depth", "use", "ended", "unit_id",
        ),
        "position": _positions(named, rest, ended)
        .join(unit, on="loan_id", how="left", maintain_order="left")
        .select(run, "loan_id", "account", "use", "amount_fen", "unit_id"),
        "statement": _statement_rows(books, statement, hops).join(unit, on="loan_id", how="left", maintain_order="left").select(
            run, "loan_id", "use", "amount_fen", "line_group", "basis", "voucher", "unit_id"
        ),
        "loan_summary": _summaries(books, statement, hops).join(
            unit, on="loan_id", how="left", maintain_order="left"
        ).select(run, pl.all()),
        "destination": destination,
    }  # fmt: skip
    if convention in LINEAGE:
        tables["lead"] = leads.join(unit, on="loan_id", how="left", maintain_order="left").select(
            run,
            "loan_id",
            "pattern",
            "amount_fen",
            pl.col("destination_class").fill_null("").alias("class"),
            (pl.lit("{") + pl.col("transaction_ids").list.join(",") + pl.lit("}")).alias("transaction_ids"),
            pl.col("explanation").fill_null(""),
            pl.col("explanation_chinese").fill_null(""),
            "unit_id",
        )
    return tables


def _positions(named: NamedHistory, rest: Rest, ended: np.ndarray) -> pl.DataFrame:
    """`loan_id, account, use, amount_fen`: money not at its end yet, `use` being the statement line it stands in."""
    waiting = rest.hop >= 0
    waiting[waiting] = ~ended[rest.hop[waiting]]
    places = np.flatnonzero(rest.held | (waiting & (rest.account >= 0)))
    return (
        pl.DataFrame(
            {
                "loan_id": pl.Series(named.loans, dtype=pl.String).gather(rest.loan[places]),
                "account": named.account_name(rest.account[places]),
                "use": pl.Series(rest.line, dtype=pl.String).gather(places),
                "amount_fen": rest.amount_fen[places],
            }
        )
        .group_by("loan_id", "account", "use")
        .agg(pl.col("amount_fen").sum())
        .sort("loan_id", "account", "use")
    )


def _statement_rows(books: Books, statement: pl.DataFrame, hops: pl.DataFrame) -> pl.DataFrame:
    """Statement lines with their group, the strongest basis of their arrivals, and the documents seen."""
    arrivals = hops.select("loan_id", "use", "transaction_id", "amount_fen").filter(pl.col("use") != "")
    documents = books.read.transactions.select("transaction_id", "document_no")
    judged = (
        arrivals.join(books.classes.select("transaction_id", "basis"), on="transaction_id", how="left")
        .join(documents, on="transaction_id", how="left")
        .group_by("loan_id", "use")
        .agg(
            pl.col("basis").cast(pl.String).sort_by("amount_fen", "basis", descending=[True, False]).first(),
            pl.col("document_no").drop_nulls().unique().sort().head(3).str.join(", ").alias("voucher"),
        )
    )
    group = pl.col("use").replace_strict(LINE_GROUPS, default="other", return_dtype=pl.String)
    return (
        _with_product(books, statement)
        .join(judged, on=["loan_id", "use"], how="left", maintain_order="left")
        .with_columns(
            pl.when(_is_the_purpose()).then(pl.lit("documented")).otherwise(group).alias("line_group"),
            pl.when(pl.col("voucher") != "").then(pl.col("voucher")),
        )
    )


def _with_product(books: Books, statement: pl.DataFrame) -> pl.DataFrame:
    products = books.context["loans"].select("loan_id", "product")
    return statement.join(products, on="loan_id", how="left", maintain_order="left")


def _is_the_purpose() -> pl.Expr:
    """A use that the loan's product is for: a home under a mortgage, shares under an acquisition loan."""
    return pl.any_horizontal(
        (pl.col("product") == product) & pl.col("use").is_in(sorted(uses))
        for product, uses in PURPOSE_OF_PRODUCT.items()
    ).fill_null(value=False)


def _summaries(books: Books, statement: pl.DataFrame, hops: pl.DataFrame) -> pl.DataFrame:
    """Per loan: paid out, seen to a final use, lost from sight, forbidden, gross returns to the borrower's side."""

    def total(condition: pl.Expr, name: str) -> pl.Expr:
        return pl.col("amount_fen").filter(condition).sum().alias(name)

    use = pl.col("use")
    lost = use.is_in(sorted(SEEN_NOT))
    pooled = use.is_in(sorted(NOTHING_SEEN))
    held = use.str.starts_with(HELD) | (use == "untraced") | (use == "in_transit")
    named = books.named
    lines = (
        _with_product(books, statement)
        .group_by("loan_id")
        .agg(
            total(~lost & ~pooled & ~held, "seen_fen"),
            total(lost, "lost_other_bank_fen"),
            total(pooled, "lost_pool_fen"),
            total(use.is_in(sorted(PROHIBITED)) & ~_is_the_purpose(), "prohibited_fen"),
        )
    )
    sides = _side_accounts(named)
    returns = (
        hops.join(sides.select("loan_id", to_account="account"), on=["loan_id", "to_account"], how="semi")
        .join(sides.select("loan_id", from_account="account"), on=["loan_id", "from_account"], how="anti")
        .filter(pl.col("depth") != 0)
        .group_by("loan_id")
        .agg(pl.col("amount_fen").sum().alias("gross_returned_fen"))
    )
    paid = pl.DataFrame(
        {"loan_id": named.loans, "disbursed_fen": disbursed_fen(named.history)},
        schema={"loan_id": pl.String, "disbursed_fen": pl.Int64},
    )
    return (
        paid.join(lines, on="loan_id", how="left", maintain_order="left")
        .join(returns, on="loan_id", how="left", maintain_order="left")
        .with_columns(pl.exclude("loan_id").fill_null(0))
    )


def _side_accounts(named: NamedHistory) -> pl.DataFrame:
    """`loan_id, account`: the borrower's side of every loan."""
    history = named.history
    accounts = np.repeat(np.arange(history.account_count), np.diff(history.side_start))
    sides = pl.DataFrame(
        {"account": named.account_name(accounts), "borrower": history.side_borrower},
        schema={"account": pl.String, "borrower": pl.Int32},
    )
    loans = pl.DataFrame(
        {"loan_id": named.loans, "borrower": history.loan_borrower},
        schema={"loan_id": pl.String, "borrower": pl.Int32},
    )
    return loans.join(sides, on="borrower").select("loan_id", "account")
