"""What is known of payers and payees: as frames of many, or asked about one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import polars as pl

from loantrail.destinations.candidates import columns_or_null
from loantrail.destinations.kinds import Opinion
from loantrail.destinations.model import CLASSES
from loantrail.destinations.terms import normalised

if TYPE_CHECKING:
    from loantrail.destinations.seen import Seen


@dataclass(frozen=True, slots=True)
class Context:
    """What else is known; every frame may be missing, and every column not named `account` or an id too.

    accounts: account, name, owner (party id), class (given by the bank: wins over all), kind.
    parties: party_id, name, kind, industry_code, identity_number.
    contract_payees: contract_id, borrower_party_id, name, account, party_id.
    invoices: invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, state.
    orders: order_id, loan_id, borrower_party_id, payee_account, payee_name, document_no.
    watch_list: account and/or name, class, source.
    """

    accounts: pl.DataFrame | None = None
    parties: pl.DataFrame | None = None
    contract_payees: pl.DataFrame | None = None
    invoices: pl.DataFrame | None = None
    orders: pl.DataFrame | None = None
    watch_list: pl.DataFrame | None = None


class Account(NamedTuple):
    """What is known of one account; None where nothing is."""

    name: str | None = None
    """Its own, else its owner's."""
    owner: str | None = None
    given_class: str | None = None
    kind: str | None = None
    owner_kind: str | None = None
    industry_code: str | None = None


STRANGE: Final = Account()
"""An account that nothing is known of."""


class Known(Protocol):
    """The same as `Context`, asked about single accounts. No text is empty."""

    @property
    def seen(self) -> Seen:
        """What was told of accounts and is so still."""
        ...

    def account(self, account: str) -> Account:
        """STRANGE where it is not known."""
        ...

    def has_documents(self, payer: tuple[str | None, str | None]) -> bool:
        """Whether any document may name this payer (party, company key)."""
        ...

    def document(
        self,
        payer: tuple[str | None, str | None],
        payee: tuple[str | None, str | None, str | None],
        document_no: str | None,
    ) -> str | None:
        """The evidence where a document of the payer (party, company key) names the payee (party, account, company key), or an
        order the account with this number; None where none does."""
        ...

    def watched(self, account: str | None, name: str | None) -> Opinion | None:
        """What the watch list says of an account or of a normalised name."""
        ...

    def near(self, transactions: pl.DataFrame) -> Context:
        """As frames, as far as it speaks of the accounts of these transactions."""
        ...


def watched_by(watch_list: pl.DataFrame, key: str) -> pl.DataFrame:
    """What the list says by `account` or (normalised) `name`: that column, class_code, confidence_permille, evidence."""
    listed = columns_or_null(watch_list, ("account", "name", "class", "source")).with_columns(
        normalised("name"),
        pl.col("source").fill_null("watch list"),
        class_code=pl.col("class").replace_strict(
            {row.name: row.code for row in CLASSES}, default=0, return_dtype=pl.UInt8
        ),
        confidence_permille=pl.lit(950, pl.Int16),
    )
    return (
        listed.filter(pl.col(key).is_not_null() & (pl.col("class_code") != 0))
        .unique(key, keep="first", maintain_order=True)
        .select(key, "class_code", "confidence_permille", evidence=pl.format("{} {}", "source", key))
    )
