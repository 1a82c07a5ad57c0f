"""The loans, one loan with its use-of-proceeds statement, and the evidence of one statement line."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from loantrail.http.access import Reading, allowed, public
from loantrail.http.connections import Lending
from loantrail.http.pages import store
from loantrail.http.pages.model import Evidence, Health, LoanPage, Unexplained
from loantrail.http.pages.names import named_arrivals, named_payments
from loantrail.http.pages.standing import loan_standing, loan_verdict
from loantrail.http.pages.trails import loan_trail
from loantrail.http.problems import NotFound, problem_responses
from loantrail.identity.abilities import Ability

# A NUL cannot stand in a text of the database; other control characters stand in no name.
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
OFFSET_MAX: Final = 10_000_000

LoanId = Annotated[
    str, Path(min_length=1, max_length=128, pattern=PRINTABLE, description="Loan note number 借据号.")
]
Use = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^[a-z_]+$", description="The use a line is of.")
]
Offset = Annotated[int, Query(ge=0, le=OFFSET_MAX)]
Limit = Annotated[int, Query(ge=1, le=200)]

_COMMON: Final = (
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
LIST_PROBLEMS: Final = problem_responses(*_COMMON)
LOAN_PROBLEMS: Final = problem_responses(HTTPStatus.NOT_FOUND, *_COMMON)

router = APIRouter()


@router.get(
    "/health",
    dependencies=[public("says whether the server works; names nothing")],
    tags=["health"],
    responses=problem_responses(HTTPStatus.SERVICE_UNAVAILABLE),
)
def health(connections: Lending) -> Health:
    """Whether the database answers, and whether anything has been traced."""
    with connections.connection() as connection:
        run = store.current_run(connection)
    return Health(
        status="ok",
        software_version=version("loantrail"),
        traced=run is not None,
        data_date=run["data_date"] if run else None,
    )


@router.get(
    "/loans/{loan_id}", dependencies=[allowed(Ability.READ_LOANS)], tags=["loans"], responses=LOAN_PROBLEMS
)
def one_loan(connection: Reading, loan_id: LoanId) -> LoanPage:
    """One loan: its facts, its use-of-proceeds statement, what could be seen, the leads."""
    facts = store.loan_facts(connection, loan_id)
    if facts is None:
        raise no_loan(loan_id)
    run = store.current_run(connection)
    run_id = run["run_id"] if run else ""
    summary = store.loan_summary(connection, run_id, loan_id)
    statement = store.statement_lines(connection, run_id, loan_id)
    leads = store.leads(connection, run_id, loan_id)
    return LoanPage.model_validate(
        {
            "facts": facts,
            "standing": loan_standing(connection, facts, run["data_date"] if run else None),
            "verdict": loan_verdict(facts, summary, statement, leads, store.is_warned(connection, loan_id)),
            "run": run,
            "summary": summary,
            "statement": statement,
            "leads": leads,
        }
    )


@router.get(
    "/loans/{loan_id}/unexplained",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["loans"],
    responses=LOAN_PROBLEMS,
)
def unexplained(
    connection: Reading, loan_id: LoanId, limit: Annotated[int, Query(ge=1, le=50)] = 5
) -> Unexplained:
    """The largest payments of the loan's money that no document explains: to a person, a company, an account at
    another bank, in cash, or to someone unknown."""
    facts = store.loan_facts(connection, loan_id)
    if facts is None:
        raise no_loan(loan_id)
    run = store.current_run(connection)
    rows, total_count, total_fen = (
        store.unexplained_payments(connection, run["run_id"], loan_id, limit) if run else ([], 0, 0)
    )
    return Unexplained(
        loan_id=loan_id,
        currency=facts["currency"],
        total_count=total_count,
        total_fen=total_fen,
        payments=named_payments(connection, rows),
    )


@router.get(
    "/loans/{loan_id}/statement/{use}/evidence",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["loans"],
    responses=LOAN_PROBLEMS,
)
def line_evidence(
    connection: Reading,
    loan_id: LoanId,
    use: Use,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Evidence:
    """What one statement line rests on: which transactions, when, how much of each, along which path."""
    run = store.current_run(connection)
    lines = store.statement_lines(connection, run["run_id"], loan_id) if run else []
    line = next((line for line in lines if line["use"] == use), None)
    if run is None or line is None:
        raise no_line(loan_id, use)
    run_id = run["run_id"]
    trail = loan_trail(connection, run_id, loan_id)
    arrivals = trail.arrivals(use, store.held_uses(connection, run_id, loan_id, use))
    return Evidence(
        loan_id=loan_id,
        use=use,
        amount_fen=line["amount_fen"],
        explained_fen=sum(arrival.counted_fen for arrival in arrivals),
        total_count=len(arrivals),
        offset=offset,
        limit=limit,
        arrivals=named_arrivals(connection, run_id, trail, arrivals[offset : offset + limit]),
    )


def no_loan(loan_id: str) -> NotFound:
    """The answer to a request for a loan that the books do not have."""
    return NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")


def no_line(loan_id: str, use: str) -> NotFound:
    """The answer to a request for a line that the statement does not have."""
    return NotFound(
        f"The statement of loan {loan_id} has no line {use}", remedy="Open the loan's statement again"
    )
