"""What is known of the few accounts that some transactions name, out of the records of the whole bank. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from loantrail.destinations.classify import Context
from loantrail.destinations.names import company_key
from loantrail.monitor.slice_rows import ByText

_PAYER: Final = ("borrower_party_id", "borrower_name")
_INVOICE: Final = ("buyer_party_id", "buyer_name", "seller_party_id", "seller_name")


class KnownPayees:
    """The context of classes by account, party and name: asked about some transactions it gives the part of the whole that
    `classify` looks at for them."""

    def __init__(self, context: Context) -> None:
        assert context.accounts is not None
        self._whole = context
        self._accounts = ByText(context.accounts, "account")
        self._more = context.accounts.clear()
        """Accounts that were not known at first."""
        self._parties = None if context.parties is None else ByText(context.parties, "party_id")
        self._documents = {
            name: _by_payer(frame, columns)
            for name, frame, columns in (
                ("contract_payees", context.contract_payees, _PAYER),
                ("invoices", context.invoices, _INVOICE),
                ("orders", context.orders, (*_PAYER, "payee_account")),
            )
            if frame is not None
        }

    def learn(self, accounts: pl.DataFrame) -> None:
        """More accounts (the context's `accounts`), none of which is known yet."""
        self._more = pl.concat([self._more, accounts.select(self._more.columns)])

    def near(self, transactions: pl.DataFrame) -> Context:
        """The context as far as it speaks of the accounts of these transactions, their owners and their documents."""
        debits = transactions["debit_account"].drop_nulls().unique().to_list()
        credits = transactions["credit_account"].drop_nulls().unique().to_list()
        accounts = self._named({*debits, *credits})
        parties = None if self._parties is None else self._parties.of(accounts["owner"].unique().to_list())
        keys = {*self._payers(accounts.filter(pl.col("account").is_in(debits)), parties), *credits}
        # Where there is no document, none is looked for.
        documents = {name: found for name, table in self._documents.items() if len(found := table.of(keys))}
        return Context(accounts=accounts, parties=parties, watch_list=self._whole.watch_list, **documents)

    def _named(self, names: Iterable[str]) -> pl.DataFrame:
        wanted = list(names)
        found = self._accounts.of(wanted)
        return (
            pl.concat([found, self._more.filter(pl.col("account").is_in(wanted))])
            if len(self._more)
            else found
        )

    def _payers(self, accounts: pl.DataFrame, parties: pl.DataFrame | None) -> set[str]:
        """Parties and names (as documents are compared by them) of these accounts."""
        names = [accounts["name"].rename("name")] if "name" in accounts.columns else []
        if parties is not None and "name" in parties.columns:
            names.append(parties["name"].rename("name"))
        told = {one for one in accounts["owner"].to_list() if one is not None}
        if names:
            keys = pl.concat(names).to_frame().select(company_key("name").alias("key"))["key"]
            told.update(keys.drop_nulls().to_list())
        return told


def _by_payer(frame: pl.DataFrame, columns: tuple[str, ...]) -> ByText:
    """The documents by the parties and names in these columns, names as `documents` compares them."""
    there = [name for name in columns if name in frame.columns]
    keyed = frame.with_columns(
        (company_key(name) if name.endswith("_name") else pl.col(name).cast(pl.String)).alias(f"_{name}")
        for name in there
    )
    found = ByText(keyed, *(f"_{name}" for name in there))
    found.frame = frame.rechunk()
    return found
