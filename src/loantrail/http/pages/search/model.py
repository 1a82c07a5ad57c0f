"""What the search answers with: a few hits of each kind, the best first."""

from __future__ import annotations

from pydantic import Field

from loantrail.http.pages.model import Answer, Fen, Priced


class FoundCustomer(Answer):
    party_id: str
    name: str
    kind: str
    is_customer: bool
    unit_id: str
    unit_name: str
    open_count: int = Field(description="Loans that are not settled.")


class FoundLoan(Priced):
    loan_id: str
    borrower_name: str
    product: str
    state: str
    balance_fen: Fen


class FoundAccount(Answer):
    account: str
    name: str | None
    kind: str
    institution: str
    ours: bool


class FoundWarning(Answer):
    thread_id: str
    loan_id: str
    borrower_name: str
    level: str
    state: str
    rule_codes: list[str]


class FoundCustomers(Answer):
    total_count: int
    by_sound: bool = Field(
        description="Nothing is written like that: these are names that sound like it, such as a name in traditional characters."
    )
    items: list[FoundCustomer]


class FoundLoans(Answer):
    total_count: int
    items: list[FoundLoan]


class FoundAccounts(Answer):
    total_count: int
    items: list[FoundAccount]


class FoundWarnings(Answer):
    total_count: int
    items: list[FoundWarning]


class SearchAnswer(Answer):
    """All groups are empty for a text that is too short to search by: one letter or digit."""

    customers: FoundCustomers
    loans: FoundLoans
    accounts: FoundAccounts
    warnings: FoundWarnings
