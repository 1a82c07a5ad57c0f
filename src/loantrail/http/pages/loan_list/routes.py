"""The list of loans."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from loantrail.http.connections import Reading
from loantrail.http.pages.loan_list import store
from loantrail.http.pages.loan_list.model import LoanList, LoanRow, Totals
from loantrail.http.pages.routes import LIST_PROBLEMS, PRINTABLE, Limit, Offset
from loantrail.http.pages.store import current_run

router = APIRouter()


@router.get("/loans", tags=["loans"], responses=LIST_PROBLEMS)
def list_loans(
    connection: Reading,
    search: Annotated[
        str,
        Query(max_length=100, pattern=PRINTABLE, description="Fragment of a loan number or borrower's name."),
    ] = "",
    suspected: Annotated[bool, Query(description="Only loans with a lead.")] = False,
    sort: store.LoanSort = store.LoanSort.SUSPECTED,
    direction: store.Direction = store.Direction.DESCENDING,
    offset: Offset = 0,
    limit: Limit = 50,
) -> LoanList:
    """The loans, with what the current trace saw of each."""
    run = current_run(connection)
    query = store.LoanQuery(search.strip(), suspected, sort, direction, offset, limit)
    rows, sums = store.loans(connection, run["run_id"] if run else None, query)
    totals = [Totals.model_validate(row) for row in sums]
    return LoanList.model_validate(
        {
            "run": run,
            "totals": totals,
            "total_count": sum(total.loan_count for total in totals),
            "offset": offset,
            "limit": limit,
            "items": [LoanRow.model_validate(row) for row in rows],
        }
    )
