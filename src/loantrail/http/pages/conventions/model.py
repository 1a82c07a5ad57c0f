"""What a loan's statement by another convention answers with."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from loantrail.http.pages.model import Answer, Fen, Priced


class OtherConvention(StrEnum):
    """The conventions beside the official FIFO."""

    LIFO = "lifo"
    PRO_RATA = "pro_rata"
    OWN_FIRST = "own_first"
    LOAN_FIRST = "loan_first"
    POISON = "poison"


class ConventionLine(Answer):
    """One use of the loan's money, counted twice."""

    use: str
    line_group: str
    official_fen: Fen = Field(description="By FIFO, as the statement has it; 0 for a use it does not have.")
    amount_fen: Fen | None = Field(
        description="By this convention; null for POISON, which taints without amounts."
    )
    difference_fen: Fen | None
    place_count: int | None = Field(
        description="POISON alone: accounts (or payments out of the records) that the taint reached; 0 when none."
    )


class ConventionStatement(Priced):
    """For analysis only: the official statement is counted by FIFO."""

    loan_id: str
    convention: OtherConvention
    run_id: str
    disbursed_fen: Fen
    lines: list[ConventionLine]
