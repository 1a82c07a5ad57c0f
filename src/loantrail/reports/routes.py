"""The fund-flow report of a loan, to print and as a spreadsheet."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from loantrail import clock
from loantrail.errors import LoantrailError
from loantrail.http.access import Person, allowed, web_connections
from loantrail.http.connections import Connections, Lending
from loantrail.http.discretion import discreet
from loantrail.http.pages import store as pages
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId
from loantrail.http.problems import NotFound
from loantrail.identity.abilities import Ability
from loantrail.reports.loan_report import LoanReport, read_loan_report
from loantrail.reports.words import Language

PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

ReportLanguage = Annotated[Language, Query(description="Language of the document.")]

router = APIRouter()


def file_responses(media_type: str) -> dict[int | str, dict[str, Any]]:
    """How a route that answers a file stands in the description."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {int(HTTPStatus.OK): {"description": "The document", "content": content}}


def file_answer(content: bytes, media_type: str, name: str) -> Response:
    """A file to save under `name`."""
    plain = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name
    )
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


@router.get(
    "/loans/{loan_id}/report.pdf",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["reports"],
    response_class=Response,
    responses=file_responses(PDF) | LOAN_PROBLEMS,
)
def loan_report_pdf(
    request: Request, connections: Lending, person: Person, loan_id: LoanId, language: ReportLanguage = "zh"
) -> Response:
    """The fund-flow report of one loan, ready to print. Bounds that were never asked for are computed first."""
    report = discreet(connections, web_connections(request), person, [loan_id], _report(connections, loan_id))
    # Imported when first needed: fonts and typesetter would make every start of the server wait.
    from loantrail.reports.fund_flow import fund_flow_document
    from loantrail.reports.typeset import pdf

    made_at = clock.now()
    return file_answer(
        pdf(fund_flow_document(report, language, made_at), made_at), PDF, f"{loan_id}-{language}.pdf"
    )


@router.get(
    "/loans/{loan_id}/report.xlsx",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["reports"],
    response_class=Response,
    responses=file_responses(XLSX) | LOAN_PROBLEMS,
)
def loan_report_sheet(
    request: Request, connections: Lending, person: Person, loan_id: LoanId, language: ReportLanguage = "zh"
) -> Response:
    """The same report as a spreadsheet: facts, statement, evidence, leads."""
    report = discreet(connections, web_connections(request), person, [loan_id], _report(connections, loan_id))
    from loantrail.reports.spreadsheet import fund_flow_sheet

    return file_answer(fund_flow_sheet(report, language, clock.now()), XLSX, f"{loan_id}-{language}.xlsx")


def _report(connections: Connections, loan_id: str) -> LoanReport:
    found = _read(connections, loan_id)
    if any(line.least_fen is None for line in found.statement) and _bounds_computed(connections, loan_id):
        found = _read(connections, loan_id)
    return found


def _read(connections: Connections, loan_id: str) -> LoanReport:
    with connections.connection() as connection:
        pages.read_one_state(connection)
        found = read_loan_report(connection, loan_id)
    if found is None:
        raise NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")
    return found


def _bounds_computed(connections: Connections, loan_id: str) -> bool:
    """Compute the loan's bounds. A report without them is still a report: it says that they are not computed."""
    from loantrail.tracing import database

    try:
        with connections.session() as connection:
            database.line_bounds(connection, loan_id)
    except LoantrailError:
        return False
    return True
