"""What is known of the few accounts that some transactions name, out of the records of the whole bank. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from loantrail.destinations.documents import BOUGHT, CONTRACT, ORDER, ORDERED, SOLD, is_valid
from loantrail.destinations.kinds import Opinion
from loantrail.destinations.known import STRANGE, Account, Context, watched_by
from loantrail.destinations.names import company_key
from loantrail.destinations.seen import Seen
from loantrail.monitor.payee_documents import Documents
from loantrail.monitor.slice_rows import ByText

_OF_ACCOUNT: Final = ("name", "owner", "class", "kind")
_OF_PARTY: Final = ("name", "kind", "industry_code")


class _Records:
    """Rows of a table by the text that names each."""

    def __init__(self, frame: pl.DataFrame, key: str, columns: Sequence[str]) -> None:
        self._key = key
        self.by_text = ByText(frame, key)
        self._columns = [
            self.by_text.frame[name].cast(pl.String) if name in frame.columns else None for name in columns
        ]

    def first(self, text: str) -> list[str | None] | None:
        """The columns of the first row of that name; empty ones are None, and so is a row that is not there."""
        rows = self.by_text.rows_in(self._key, text)
        if not len(rows):
            return None
        row = int(rows[0])
        return [None if column is None else column[row] or None for column in self._columns]


class KnownPayees:
    """The context of classes by account, party and name (`destinations.known.Known`): asked about some transactions it gives
    the part of the whole that `classify` looks at for them."""

    def __init__(self, context: Context) -> None:
        assert context.accounts is not None
        self._whole = context
        self._accounts = _Records(context.accounts, "account", _OF_ACCOUNT)
        self._parties = None if context.parties is None else _Records(context.parties, "party_id", _OF_PARTY)
        self._more = context.accounts.clear()
        """Accounts that were not known at first."""
        self._learned: dict[str, list[str | None]] = {}
        """The same, as `_Records` gives them."""
        self.seen = Seen()
        self._documents: dict[str, Documents] = {}
        if context.orders is not None:
            self._documents["orders"] = Documents(context.orders, (ORDER,))
        if context.contract_payees is not None:
            self._documents["contract_payees"] = Documents(context.contract_payees, (CONTRACT,))
        if context.invoices is not None:
            counts = is_valid(context.invoices).to_numpy()
            self._documents["invoices"] = Documents(context.invoices, (BOUGHT, SOLD), counts)
        listed = context.watch_list
        self._watched: dict[str, dict[str, Opinion]] = {
            key: {}
            if listed is None
            else {row[0]: Opinion(*row[1:]) for row in watched_by(listed, key).rows()}
            for key in ("account", "name")
        }

    def learn(self, accounts: pl.DataFrame) -> None:
        """More accounts (the context's `accounts`), none of which is known yet."""
        new = accounts.select(self._more.columns)
        self._more = pl.concat([self._more, new])
        there = [name for name in _OF_ACCOUNT if name in new.columns]
        for account, *texts in new.select("account", pl.col(there).cast(pl.String)).iter_rows():
            told = dict(zip(there, texts, strict=True))
            self._learned.setdefault(account, [told.get(name) or None for name in _OF_ACCOUNT])
        self.seen.forget(new["account"].to_list())

    # One by one -------------------------------------------------------------------------------------------------

    def account(self, account: str) -> Account:
        """STRANGE where it is not known."""
        found = self._accounts.first(account) or self._learned.get(account)
        if found is None:
            return STRANGE
        name, owner, given_class, kind = found
        party = None if owner is None or self._parties is None else self._parties.first(owner)
        party_name, owner_kind, industry_code = party or (None, None, None)
        return Account(name or party_name, owner, given_class, kind, owner_kind, industry_code)

    def has_documents(self, payer: tuple[str | None, str | None]) -> bool:
        """Whether any document may name this payer (party, company key)."""
        return any(
            documents.may_name(text, of_payer)
            for of_payer, text in enumerate(payer)
            if text is not None
            for documents in self._documents.values()
        )

    def document(
        self,
        payer: tuple[str | None, str | None],
        payee: tuple[str | None, str | None, str | None],
        document_no: str | None,
    ) -> str | None:
        """The evidence where a document of the payer (party, company key) names the payee (party, account, company key), or an
        order the account with this number; None where none does."""
        for of_payer, payer_text in enumerate(payer):
            for of_payee, payee_text in enumerate(payee):
                if payer_text is None or payee_text is None:
                    continue
                for documents in self._documents.values():
                    found = documents.evidence(payer_text, payee_text, of_payer, of_payee)
                    if found is not None:
                        return found
        account, orders = payee[1], self._documents.get("orders")
        if orders is None or account is None or document_no is None:
            return None
        return ORDERED.format(document_no) if orders.is_ordered(account, document_no) else None

    def watched(self, account: str | None, name: str | None) -> Opinion | None:
        """What the watch list says of an account or of a normalised name."""
        by_account = None if account is None else self._watched["account"].get(account)
        return by_account or (None if name is None else self._watched["name"].get(name))

    # As frames --------------------------------------------------------------------------------------------------

    def near(self, transactions: pl.DataFrame) -> Context:
        """The context as far as it speaks of the accounts of these transactions, their owners and their documents."""
        debits = transactions["debit_account"].drop_nulls().unique().to_list()
        credits = transactions["credit_account"].drop_nulls().unique().to_list()
        accounts = self._named({*debits, *credits})
        parties = (
            None if self._parties is None else self._parties.by_text.of(accounts["owner"].unique().to_list())
        )
        keys = {*self._payers(accounts.filter(pl.col("account").is_in(debits)), parties), *credits}
        # Where there is no document, none is looked for.
        documents = {
            name: found for name, table in self._documents.items() if len(found := table.of_payers(keys))
        }
        return Context(accounts=accounts, parties=parties, watch_list=self._whole.watch_list, **documents)

    def _named(self, names: Iterable[str]) -> pl.DataFrame:
        wanted = list(names)
        found = self._accounts.by_text.of(wanted)
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
