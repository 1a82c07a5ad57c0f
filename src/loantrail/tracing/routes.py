"""Bounds of a statement line, on request."""

from __future__ import annotations

import threading

from fastapi import APIRouter

from loantrail.http.access import allowed
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages import store
from loantrail.http.pages.model import LineBounds
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId, Use, no_line
from loantrail.identity.abilities import Ability

router = APIRouter()

# One at a time: a request that waited finds the bounds of all lines of its loan stored.
_COMPUTING = threading.Lock()


@router.get(
    "/loans/{loan_id}/statement/{use}/bounds",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["loans"],
    responses=LOAN_PROBLEMS,
)
def line_bounds(connections: Lending, loan_id: LoanId, use: Use) -> LineBounds:
    """The least and the most of the loan that can have come to this use, whichever way one counts. Computed when
    first asked for, for every line of the loan, and kept with its trace."""
    line = _stored(connections, loan_id, use)
    if line["least_fen"] is None:
        with _COMPUTING:
            line = _stored(connections, loan_id, use)
            if line["least_fen"] is None:
                _compute(connections, loan_id)
                line = _stored(connections, loan_id, use)
    return LineBounds(
        loan_id=loan_id,
        use=use,
        least_fen=line["least_fen"],
        most_fen=line["most_fen"],
        proven=line["proven"],
    )


def _stored(connections: Connections, loan_id: str, use: str) -> store.Row:
    with connections.connection() as connection:
        store.read_one_state(connection)
        run = store.current_run(connection)
        lines = store.statement_lines(connection, run["run_id"], loan_id) if run else []
    for line in lines:
        if line["use"] == use:
            return line
    raise no_line(loan_id, use)


def _compute(connections: Connections, loan_id: str) -> None:
    # Imported when first needed: the kernels would make every start of the server wait.
    from loantrail.tracing import database

    with connections.session() as connection:
        database.line_bounds(connection, loan_id)
