"""What the list of loans answers with."""

from __future__ import annotations

import datetime

from pydantic import Field

from loantrail.http.pages.model import Answer, Fen, Priced, Run


class Totals(Priced):
    """Sums over every loan that the search found. Currencies never mix."""

    loan_count: int
    disbursed_fen: Fen
    seen_fen: Fen
    suspected_fen: Fen = Field(description="Sum over the loans of the largest lead of each.")
    suspected_count: int = Field(description="Loans with a lead.")


class LoanRow(Priced):
    loan_id: str
    borrower_name: str
    product: str
    issued_on: datetime.date
    state: str
    five_class: str
    amount_fen: Fen
    disbursed_fen: Fen | None = Field(
        description="Paid out and traced; null when the loan is not in the trace."
    )
    seen_fen: Fen | None = Field(description="Followed to a final use.")
    suspected_fen: Fen | None = Field(
        description="Amount of the largest lead, 0 without one. Leads may speak of the same money, so no sum."
    )
    lead_count: int


class LoanList(Answer):
    run: Run | None = Field(description="Null when nothing has been traced yet.")
    totals: list[Totals]
    total_count: int
    offset: int
    limit: int
    items: list[LoanRow]
