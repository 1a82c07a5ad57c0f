"""What the history of a loan is answered with."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import Field

from loantrail.disputes.sheet import SheetRow
from loantrail.http.pages.checks.model import VoucherRow
from loantrail.http.pages.model import Answer, Fen, Priced

HistoryKind = Literal["money", "warning", "check", "correction", "classification", "document"]


class HistoryEntry(Answer):
    """One thing that happened. `what` names it within its kind; `data` holds what a reader needs of it."""

    at: datetime.datetime
    kind: HistoryKind
    what: str
    by: str = Field(description="Empty where the system or the bank's files said so.")
    by_name: str
    amount_fen: Fen | None
    link: str = Field(
        description="The id of the thing that it stands in: a warning, a check, a transaction, a sheet."
    )
    data: dict[str, Any]


class HistoryCount(Answer):
    kind: HistoryKind
    count: int


class LoanHistory(Priced):
    items: list[HistoryEntry] = Field(description="The newest first.")
    total_count: int
    kinds: list[HistoryCount] = Field(description="Whatever kind is asked for.")
    offset: int
    limit: int


class ClassPeriod(Answer):
    """What the bank's files called the loan, and from when to when they did."""

    five_class: str
    state: str | None = Field(description="Of the loan note, where the files gave it.")
    told_from: datetime.datetime | None = Field(
        description="When the books began to say so; null: since the loan came into the books."
    )
    told_until: datetime.datetime | None = Field(description="Null: they still say so.")


class ChainPeriod(Answer):
    """A period that the bank told afterwards, by its own dates."""

    five_class: str
    valid_from: datetime.date | None
    valid_until: datetime.date | None


class LoanClassification(Answer):
    """How the loan was classified, as far as the bank's files say. Who classified it, and on what evidence, they do not."""

    five_class: str
    days_past_due: int | None = Field(description="Of today's books, to hold the class against.")
    periods: list[ClassPeriod] = Field(description="The newest first.")
    told_afterwards: list[ChainPeriod]
    change_count: int = Field(description="How often the books changed what they say of the class.")


class LoanPaper(Priced):
    """Something on paper that the books know of; the bank's own systems keep it."""

    kind: Literal["loan_contract", "guarantee_contract", "payment_order"]
    number: str
    title: str = Field(description="The agreed use, the guarantor or the payee; empty where there is none.")
    on: datetime.date | None
    amount_fen: Fen


class LoanDocuments(Answer):
    papers: list[LoanPaper] = Field(description="Contract, guarantees, payment orders.")
    vouchers: list[VoucherRow] = Field(description="The newest first, withdrawn ones too.")
    sheets: list[SheetRow]
