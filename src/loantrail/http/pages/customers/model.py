"""What the list of customers is asked for and answers with, and the head of one customer."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field

from loantrail.http.pages.model import Answer, Fen, Priced


class CustomerSort(StrEnum):
    """What the list of customers can be ordered by. Amounts order by those in CNY."""

    NAME = "name"
    CUSTOMER = "customer"
    KIND = "kind"
    INDUSTRY = "industry"
    UNIT = "unit"
    LOANS = "loans"
    LIMIT = "limit"
    BALANCE = "balance"
    OVERDUE = "overdue"
    CLASS = "class"
    LEVEL = "level"


class Borrowing(StrEnum):
    """Whether a customer owes the bank anything."""

    ANY = "any"
    NOW = "now"
    EVER = "ever"
    NEVER = "never"


class CustomerSums(Priced):
    """What one customer, or all that a filter found, owes in one currency."""

    limit_fen: Fen = Field(
        description="Sum of the loan contracts that hold on the data date: the books know no other limit."
    )
    balance_fen: Fen = Field(description="Outstanding now.")
    overdue_balance_fen: Fen = Field(description="Outstanding of the loans that are overdue.")


class CodeName(Answer):
    """What a code of a public list stands for; empty names where the list has none."""

    code: str
    chinese: str
    english: str


class CustomerRow(Answer):
    party_id: str
    name: str
    kind: str
    is_customer: bool = Field(
        description="False for one that the bank knows only as somebody's counterparty."
    )
    industry: CodeName | None = Field(description="Division of GB/T 4754, with the bank's own code.")
    unit_id: str
    unit_name: str
    loan_count: int = Field(description="Loans that were ever granted.")
    open_count: int = Field(description="Loans that are not settled.")
    worst_class: str | None = Field(description="Of the loans that are not settled; null without any.")
    level: str | None = Field(description="The highest of the open warnings; null without any.")
    sums: list[CustomerSums] = Field(description="One for each currency; CNY first.")


class CustomerTotals(CustomerSums):
    """Sums over every customer that the filter found."""

    customer_count: int = Field(description="Customers with a loan or a contract in this currency.")


class CustomerList(Answer):
    data_date: datetime.date | None
    total_count: int
    borrower_count: int = Field(description="Customers with loans that are not settled.")
    totals: list[CustomerTotals]
    offset: int
    limit: int
    items: list[CustomerRow]


class CustomerChoice(Answer):
    value: str
    name: str
    customer_count: int


class CustomerIndustryChoice(Answer):
    value: str = Field(description="First two digits of GB/T 4754.")
    chinese: str
    english: str
    customer_count: int


class CustomerUnitChoice(CustomerChoice):
    parent: str | None


class CustomerChoices(Answer):
    """What the customers can be filtered by; only values that occur."""

    customer_count: int
    kinds: list[CustomerChoice]
    units: list[CustomerUnitChoice] = Field(
        description="Units with customers of their own, and those above them."
    )
    industries: list[CustomerIndustryChoice] = Field(description="Divisions of GB/T 4754, in order.")


class CustomerFacts(Answer):
    """What the bank's own record says. Personal numbers are masked."""

    party_id: str
    name: str
    kind: str
    is_customer: bool
    identity_kind: str | None
    identity_masked: str | None = Field(
        description="A person's number is masked; a unified social credit code is public."
    )
    phone_masked: str | None
    has_hidden_identifiers: bool = Field(description="Whether something of the above is masked.")
    industry: CodeName | None = Field(description="Division of GB/T 4754, with the bank's own code.")
    registered_on: datetime.date | None
    region: CodeName | None = Field(description="Administrative division of GB/T 2260.")
    address: str | None
    unit_id: str
    unit_name: str
    managers: list[str] = Field(description="Who manages a loan of the customer now; the leads first.")


class CustomerWarning(Answer):
    thread_id: str
    level: str
    state: str
    rule_codes: list[str]
    due_at: datetime.datetime
    opened_at: datetime.datetime


class CustomerLoan(Priced):
    loan_id: str
    contract_id: str
    role: str = Field(description="`borrower` or `co_borrower`.")
    product: str
    purpose_text: str
    amount_fen: Fen
    balance_fen: Fen
    rate_ppm: int = Field(description="Yearly rate in millionths.")
    issued_on: datetime.date
    matures_on: datetime.date
    state: str
    five_class: str
    days_past_due: int | None = Field(description="Null where the books hold no schedule or data date.")
    overdue_fen: Fen | None = Field(description="Due and not paid on the data date.")
    suspected_fen: Fen | None = Field(
        description="Largest lead of the current trace; null where it is not traced."
    )
    warning: CustomerWarning | None


class CustomerAccount(Priced):
    account: str
    kind: str
    institution: str
    ours: bool = Field(description="Whether its own statement is in the books.")
    opened_on: datetime.date | None
    closed_on: datetime.date | None
    balance_fen: Fen | None = Field(description="After the last line that states one.")
    balance_at: datetime.datetime | None
    loan_fen: Fen = Field(description="Loan money that lies there in the current trace, whosever loan.")


class CustomerFigures(Priced):
    """What one customer owes in one currency, as borrower."""

    limit_fen: Fen = Field(
        description="Sum of the loan contracts that hold on the data date: the books know no other limit."
    )
    balance_fen: Fen
    overdue_balance_fen: Fen = Field(description="Outstanding of the loans that are overdue.")
    overdue_fen: Fen | None = Field(
        description="Due and not paid on the data date; null where that is not known."
    )
    guaranteed_fen: Fen = Field(description="Guarantees given for others that hold on the data date.")
    deposit_fen: Fen = Field(
        description="Sum of the last balances of the accounts that are ours, where known."
    )


class CustomerGroupMember(Answer):
    party_id: str
    name: str
    is_head: bool


class CustomerPage(Answer):
    """One customer at a glance."""

    facts: CustomerFacts
    data_date: datetime.date | None
    figures: list[CustomerFigures] = Field(description="One for each currency; CNY first.")
    loan_count: int
    open_count: int
    worst_class: str | None
    level: str | None
    loans: list[CustomerLoan] = Field(description="Not settled first, the largest balance first.")
    account_count: int
    accounts: list[CustomerAccount]
    group: list[CustomerGroupMember] = Field(
        description="The group of connected clients that it belongs to, the head first."
    )
    relation_count: int = Field(description="Relations on record and guarantees, on the data date.")
    contact_count: int
    last_contact_at: datetime.datetime | None
    next_step: str = Field(
        description="What is due soonest of the steps that contacts left to do, else what the latest left; empty where nothing."
    )
    next_on: datetime.date | None


class CustomerIdentifiers(Answer):
    """In clear. That they were read, by whom and why, stands in the audit log."""

    identity_kind: str | None
    identity_number: str | None
    phone: str | None
