"""Make the pack of a loan for its borrower."""

from __future__ import annotations

import hashlib
from typing import Final

from fastapi import APIRouter, Response

from loantrail.borrower_pack.gathering import read_pack
from loantrail.http.access import Reading, Recording, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages import store as pages
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId
from loantrail.http.problems import NotFound
from loantrail.identity.abilities import Ability
from loantrail.reports.routes import file_answer, file_responses

ZIP: Final = "application/zip"

router = APIRouter()


@router.get(
    "/loans/{loan_id}/borrower-pack.zip",
    dependencies=[allowed(Ability.MAKE_DISPUTES)],
    tags=["reports"],
    response_class=Response,
    responses=file_responses(ZIP) | LOAN_PROBLEMS,
)
def borrower_pack(connection: Reading, connections: Lending, record: Recording, loan_id: LoanId) -> Response:
    """The pack for the borrower of one loan, with the borrower's own records and nobody else's: prints in Chinese and English, and
    a spreadsheet. The same books and parameters give the same bytes; each making is on record, with the file's SHA-256."""
    from loantrail.borrower_pack.packing import files_of, zipped

    with connections.connection() as whole:
        pages.read_one_state(whole)
        pack = read_pack(connection, whole, loan_id)
    if pack is None:
        raise NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")
    content = zipped(files_of(pack))
    told = {"sha256": hashlib.sha256(content).hexdigest(), "data_date": str(pack.data_date or "")}
    with connections.connection() as writing:
        record(writing, "borrower_pack.make", "loan", loan_id, after=told)
    return file_answer(content, ZIP, f"{loan_id}-借款人材料.zip")
