"""Dispute sheets: make one, read it, print it, compute it again."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from loantrail.disputes import store
from loantrail.disputes.sheet import (
    Sheet,
    SheetList,
    SheetRequest,
    SheetRow,
    Verification,
    VerificationRequest,
)
from loantrail.http.access import Person, Reading, Recording, allowed, reading_as, web_connections
from loantrail.http.connections import Lending
from loantrail.http.discretion import discreet
from loantrail.http.pages import store as pages
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId
from loantrail.http.problems import WRITE_STATUSES, NotFound, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.reports.routes import PDF, ReportLanguage, file_answer, file_responses

JSON: Final = "application/json"
WRITE_PROBLEMS: Final = problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES)

SheetId = Annotated[
    str, Path(min_length=32, max_length=32, pattern=r"^[0-9a-f]{32}$", description="Id of the sheet.")
]

router = APIRouter()

# One at a time: the history of a run is kept once, and a second request for the same sheet finds the first one's.
_COMPOSING = threading.Lock()


@router.post(
    "/loans/{loan_id}/disputes",
    dependencies=[allowed(Ability.MAKE_DISPUTES)],
    tags=["disputes"],
    responses=WRITE_PROBLEMS,
)
def make_sheet(connections: Lending, record: Recording, loan_id: LoanId, wanted: SheetRequest) -> Sheet:
    """Make the dispute sheet of a statement line, of one transaction of it, or of an amount of either, and keep it.
    Asking again for the same gives the same sheet."""
    # Imported when first needed: the kernels would make every start of the server wait.
    from loantrail.disputes import making
    from loantrail.disputes.composing import Wanted

    with connections.connection() as connection:
        if pages.loan_facts(connection, loan_id) is None:
            raise NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")
    amount_fen = None if wanted.amount_fen is None else int(wanted.amount_fen)
    with _COMPOSING, connections.session() as connection:
        made = making.make_sheet(
            connection, Wanted(loan_id, wanted.use, wanted.transfer_id, amount_fen), wanted.made_by
        )
        record(connection, "dispute.make", "dispute_sheet", made.sheet_id, after={"loan_id": loan_id})
        connection.commit()
        return made


@router.get(
    "/loans/{loan_id}/dispute-sheets",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["disputes"],
    responses=LOAN_PROBLEMS,
)
def sheets_of_loan(connection: Reading, loan_id: LoanId) -> SheetList:
    """The dispute sheets of a loan, the latest first."""
    if pages.loan_facts(connection, loan_id) is None:
        raise NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")
    return SheetList(
        items=[SheetRow.model_validate(row) for row in store.sheets_of_loan(connection, loan_id)]
    )


@router.get(
    "/disputes/{sheet_id}",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["disputes"],
    responses=LOAN_PROBLEMS,
)
def one_sheet(connection: Reading, sheet_id: SheetId) -> Sheet:
    """A dispute sheet as it was made."""
    from loantrail.disputes.making import sheet_of

    return sheet_of(_row(connection, sheet_id))


@router.get(
    "/disputes/{sheet_id}/sheet.pdf",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["disputes"],
    response_class=Response,
    responses=file_responses(PDF) | LOAN_PROBLEMS,
)
def sheet_pdf(
    request: Request,
    connections: Lending,
    person: Person,
    sheet_id: SheetId,
    language: ReportLanguage = "zh",
) -> Response:
    """The sheet, ready to print."""
    from loantrail.disputes.making import sheet_of
    from loantrail.disputes.printing import sheet_document
    from loantrail.reports.typeset import pdf

    # Given back before third parties are looked for, which takes a connection of the same pool.
    with reading_as(web_connections(request), person) as connection:
        row = _row(connection, sheet_id)
    made = sheet_of(row)
    sheet = discreet(connections, web_connections(request), person, [row["loan_id"]], made)
    content = pdf(sheet_document(sheet, language), sheet.made_at)
    return file_answer(content, PDF, f"{sheet.number}-{language}.pdf")


@router.get(
    "/disputes/{sheet_id}/sheet.json",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["disputes"],
    response_class=Response,
    responses=file_responses(JSON) | LOAN_PROBLEMS,
)
def sheet_file(connection: Reading, sheet_id: SheetId) -> Response:
    """The sheet as a file that `loantrail dispute verify` takes."""
    from loantrail.disputes.making import sheet_of

    sheet = sheet_of(_row(connection, sheet_id))
    text = json.dumps(sheet.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
    return file_answer(text.encode(), JSON, f"{sheet.number}.json")


@router.post(
    "/disputes/{sheet_id}/verification",
    dependencies=[allowed(Ability.MAKE_DISPUTES)],
    tags=["disputes"],
    responses=WRITE_PROBLEMS,
)
def verify_sheet(connections: Lending, sheet_id: SheetId, wanted: VerificationRequest) -> Verification:
    """Compute the sheet again from the books as they were: identical, or what differs. Reads all books of then."""
    del wanted
    from loantrail.disputes import verifying

    with connections.connection() as connection:
        row = _row(connection, sheet_id)
    with _COMPOSING, connections.session() as connection:
        return verifying.verify_row(connection, row)


def _row(connection: store.Database, sheet_id: str) -> store.Row:
    row = store.find(connection, sheet_id)
    if row is None:
        raise NotFound(f"There is no dispute sheet {sheet_id}", remedy="Open it from the page of its loan")
    return row
