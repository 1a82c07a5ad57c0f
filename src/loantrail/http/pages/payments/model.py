"""Instalments and the money that paid them."""

from __future__ import annotations

import datetime

from pydantic import Field

from loantrail.http.pages.model import Account, Answer, Fen, Path, Priced, Run


class SourceShare(Answer):
    """What one kind of money paid."""

    kind: str
    amount_fen: Fen
    odd: bool = Field(description="Neither earned nor the borrower's own: worth a question, not a finding.")


class Repayment(Answer):
    """One repayment as the bank booked it. The shares sum to `followed_fen`."""

    repayment_id: str
    paid_at: datetime.datetime
    principal_fen: Fen
    interest_fen: Fen
    penalty_fen: Fen
    amount_fen: Fen
    account: Account
    transfer_id: str | None = Field(
        description="The transaction that paid it; null when none is in the books."
    )
    followed_fen: Fen = Field(description="What of it the transaction shows.")
    odd_fen: Fen
    shares: list[SourceShare]
    near_fen: Fen = Field(
        description="Odd money of about its size that came in just before, while older money counts as spent."
    )


class Repayments(Priced):
    loan_id: str
    run: Run | None = Field(description="Null when nothing has been traced yet: then no shares.")
    convention: str = Field(description="Which money is taken to be spent first: FIFO, first in first out.")
    amount_fen: Fen
    followed_fen: Fen
    odd_fen: Fen
    odd_count: int = Field(
        description="Instalments with some money that is neither earned nor the borrower's own."
    )
    near_count: int = Field(
        description="Instalments just before which odd money of their size came in uncounted."
    )
    shares: list[SourceShare]
    total_count: int
    offset: int
    limit: int
    items: list[Repayment] = Field(description="The latest first.")


class NamedLoan(Answer):
    loan_id: str
    borrower_name: str | None
    product: str | None
    same_borrower: bool


class Bridge(Answer):
    """Money that came in shortly before the instalment and went back to the same party shortly after."""

    returned_fen: Fen
    returned_at: datetime.datetime
    transfer_id: str
    days_in_hand: int
    new_loan_id: str | None = Field(description="A loan that was paid out to the borrower in between.")


class NearReceipt(Answer):
    """Odd money of about the instalment's size that came in just before it; first in, first out counts older money."""

    kind: str
    payer: Account
    transfer_id: str
    booked_at: datetime.datetime
    amount_fen: Fen
    purpose_text: str | None
    days_before: int
    payer_class: str
    basis: str
    evidence: str
    bridge: Bridge | None


class RepaymentSource(Answer):
    """Money of one kind that came in by one movement, or lay there from the beginning."""

    kind: str
    odd: bool
    amount_fen: Fen
    loan: NamedLoan | None
    payer: Account | None = Field(description="Who paid it to the borrower; null where nobody did.")
    transfer_id: str | None
    booked_at: datetime.datetime | None
    transfer_fen: Fen | None
    purpose_text: str | None
    days_before: int | None = Field(description="Days from its arrival to the instalment.")
    payer_class: str | None
    basis: str | None
    confidence_permille: int | None
    evidence: str | None
    bridge: Bridge | None
    ends: list[str] = Field(
        description="Where the walk back ends: `loan`, `outside`, `payer` (an account at another bank), `pool`,"
        " `transit`, `opening` (before the records begin), `overdraft`, `unfollowed`."
    )
    path_count: int
    paths: list[Path] = Field(
        description="From the instalment back in time; `depth` 0 is the instalment. The largest ones only."
    )


class RepaymentPage(Priced):
    loan_id: str
    run: Run
    convention: str
    repayment: Repayment
    sources: list[RepaymentSource] = Field(description="The largest first; they sum to `followed_fen`.")
    near: list[NearReceipt]
