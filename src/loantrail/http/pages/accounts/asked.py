"""What the list of accounts and its spreadsheet are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from loantrail.http.pages.accounts import store
from loantrail.http.pages.loan_list.model import any_of, values_of
from loantrail.http.pages.routes import PRINTABLE, Limit, Offset
from loantrail.ledger.model import ACCOUNT_KINDS
from loantrail.reports.words import Language


class AccountFilter(BaseModel):
    """Conditions of different fields hold together; empty ones do not narrow."""

    model_config = ConfigDict(frozen=True)

    search: Annotated[
        str,
        Field(
            max_length=100,
            pattern=PRINTABLE,
            description="Fragments of a number or name, blanks between them.",
        ),
    ] = ""
    kind: Annotated[list[str], any_of(ACCOUNT_KINDS), values_of(ACCOUNT_KINDS, "Kinds.", 20)] = []
    side: store.Side = store.Side.ANY
    loan_money: store.LoanMoney = store.LoanMoney.ANY
    reconciliation: Literal["reconciled", "differs", "no_balances"] | None = None
    sort: store.AccountSort = store.AccountSort.LOAN_MONEY
    direction: Literal["ascending", "descending"] = "descending"


class AccountPart(AccountFilter):
    """A filter, an order, and the part of what was found that is asked for."""

    offset: Offset = 0
    limit: Limit = 50


class AccountSheet(AccountFilter):
    """A filter and an order."""

    language: Annotated[Language, Field(description="Language of the sheet.")] = "zh"


def query_of(asked: AccountFilter, offset: int, limit: int) -> store.AccountQuery:
    """The same as the store takes it."""
    return store.AccountQuery(
        words=tuple(asked.search.split()[:8]),
        kinds=tuple(asked.kind),
        side=asked.side,
        loan_money=asked.loan_money,
        reconciliation=asked.reconciliation,
        sort=asked.sort,
        ascending=asked.direction == "ascending",
        offset=offset,
        limit=limit,
    )
