"""The moves of a view: hops beside what their transaction, their loan and the accounts at both ends say, with joins. Pure.

Few of them are put together one by one in `moves_of_few.py`."""

from __future__ import annotations

import polars as pl


def sides_made(loans: pl.DataFrame, accounts: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """loan_id, account: the borrower's own accounts, the one that the loan was paid out to, and declared ones, once each."""
    owned = loans.select("loan_id", owner="borrower_party_id").join(
        accounts.filter(pl.col("owner").is_not_null()).select("owner", "account"), on="owner"
    )
    named = loans.select("loan_id", account="disbursement_account").drop_nulls()
    return pl.concat([owned.select("loan_id", "account"), named, declared]).unique(maintain_order=True)


def moves_made(
    hops: pl.DataFrame,
    transactions: pl.DataFrame,
    loans: pl.DataFrame,
    accounts: pl.DataFrame,
    sides: pl.DataFrame,
    orders: pl.DataFrame,
) -> pl.DataFrame:
    """`View.moves` of hops (frames.HOPS, `use` null where there is none) in their order; those of unknown loans are left
    out."""
    parents = hops.select(
        parent_hop_id="hop_id",
        use_before="use",
        parent_transaction_id="transaction_id",
        parent_booked_at="booked_at",
    )
    said = transactions.select(
        "transaction_id",
        "purpose_text",
        "document_no",
        "destination_class",
        "documented",
        "credit_name",
        transaction_fen="amount_fen",
    )
    moves = (
        hops.join(parents, on="parent_hop_id", how="left", maintain_order="left")
        .join(said, on="transaction_id", how="left", maintain_order="left")
        .join(
            loans.select(
                "loan_id",
                "disbursed_at",
                "retail",
                "product",
                "borrower_party_id",
                "borrower_name",
                loan_fen="amount_fen",
            ),
            on="loan_id",
            how="inner",
            maintain_order="left",
        )
    )
    moves = _ends(moves, accounts, sides)
    ordered = orders.select("loan_id", to_account="payee_account").drop_nulls().unique()
    return moves.join(
        ordered.with_columns(ordered=pl.lit(value=True)),
        on=["loan_id", "to_account"],
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.col("ordered", "documented").fill_null(value=False),
        days=(pl.col("booked_at") - pl.col("disbursed_at")).dt.total_days(),
        payee=pl.coalesce("to_owner", "to_account", "credit_name"),
    )


def _ends(moves: pl.DataFrame, accounts: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    for end in ("from", "to"):
        account = f"{end}_account"
        moves = moves.join(
            accounts.rename(
                {"account": account, "owner": f"{end}_owner", "kind": f"{end}_kind", "name": f"{end}_name"}
            ),
            on=account,
            how="left",
            maintain_order="left",
        ).join(
            sides.rename({"account": account}).with_columns(pl.lit(value=True).alias(f"{end}_side")),
            on=["loan_id", account],
            how="left",
            maintain_order="left",
        )
    return moves.with_columns(pl.col("from_side", "to_side").fill_null(value=False))
