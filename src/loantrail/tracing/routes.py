"""Bounds of a statement line, on request."""

from __future__ import annotations

from fastapi import APIRouter

from loantrail.http.connections import Reading
from loantrail.http.pages import store
from loantrail.http.pages.model import LineBounds
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId, Use, no_line

router = APIRouter()


@router.get("/loans/{loan_id}/statement/{use}/bounds", tags=["loans"], responses=LOAN_PROBLEMS)
def line_bounds(connection: Reading, loan_id: LoanId, use: Use) -> LineBounds:
    """The least and the most of the loan that can have come to this use, whichever way one counts."""
    run = store.current_run(connection)
    lines = store.statement_lines(connection, run["run_id"], loan_id) if run else []
    for line in lines:
        if line["use"] == use:
            return LineBounds(
                loan_id=loan_id,
                use=use,
                least_fen=line["least_fen"],
                most_fen=line["most_fen"],
                proven=line["proven"],
            )
    raise no_line(loan_id, use)
