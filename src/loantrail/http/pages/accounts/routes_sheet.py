"""The list of accounts and the lines of one of them, handed out as spreadsheets."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from starlette.responses import FileResponse

from loantrail import clock
from loantrail.http.access import Reading, allowed
from loantrail.http.exporting import Exporting
from loantrail.http.pages.accounts import store, store_lines
from loantrail.http.pages.accounts.asked import AccountSheet, query_of
from loantrail.http.pages.accounts.line_pages import READ_AT_ONCE, every_line, midnight
from loantrail.http.pages.accounts.routes import AccountKey, Amount, facts_of
from loantrail.http.pages.accounts.sheet import write_accounts, write_lines
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS, PRINTABLE
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.http.pages.store import current_run
from loantrail.http.problems import problem_responses
from loantrail.identity.abilities import Ability
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.table_sheet import SHEET_ROWS_MAX
from loantrail.reports.words import Language

router = APIRouter()


@router.get(
    "/accounts.xlsx",
    dependencies=[allowed(Ability.EXPORT)],
    tags=["accounts"],
    response_class=Response,
    responses=file_responses(XLSX) | LIST_PROBLEMS,
)
def accounts_sheet(
    connection: Reading, exporting: Exporting, asked: Annotated[AccountSheet, Query()]
) -> FileResponse:
    """All accounts that a filter finds."""
    run = current_run(connection)
    run_id = run["run_id"] if run else None
    _, count = store.accounts(connection, run_id, query_of(asked, 0, 1))
    refuse_too_many(count)
    exporting(count)
    rows, _ = store.accounts(connection, run_id, query_of(asked, 0, count))
    made_at = clock.now()
    return sheet_answer(
        "accounts", made_at, lambda path: write_accounts(path, rows, run, asked.language, made_at)
    )


@router.get(
    "/accounts/{account}/lines.xlsx",
    dependencies=[allowed(Ability.EXPORT)],
    tags=["accounts"],
    response_class=Response,
    responses=file_responses(XLSX) | LOAN_PROBLEMS | problem_responses(HTTPStatus.CONFLICT),
)
def lines_sheet(
    connection: Reading,
    exporting: Exporting,
    account: AccountKey,
    booked_from: Annotated[datetime.date | None, Query(description="First business date.")] = None,
    booked_to: Annotated[datetime.date | None, Query(description="Last business date.")] = None,
    least_fen: Amount = None,
    most_fen: Amount = None,
    direction: Literal["credit", "debit"] | None = None,
    text: Annotated[
        str, Query(max_length=100, pattern=PRINTABLE, description="Fragment of the other side or of a text.")
    ] = "",
    language: Annotated[Language, Query(description="Language of the sheet.")] = "zh",
) -> FileResponse:
    """All lines of an account that the conditions find, the newest first."""
    facts, keys = facts_of(connection, account)
    query = store_lines.LineQuery(
        keys=tuple(keys),
        mirrored=not facts["ours"],
        after=None,
        booked_from=midnight(booked_from, 0),
        booked_before=midnight(booked_to, 1),
        least_fen=least_fen,
        most_fen=most_fen,
        direction=direction,
        text=text.strip(),
        limit=READ_AT_ONCE,
    )
    count = store_lines.line_count(connection, query, SHEET_ROWS_MAX)
    refuse_too_many(count)
    exporting(count)
    made_at = clock.now()
    return sheet_answer(
        "lines",
        made_at,
        lambda path: write_lines(
            path, every_line(connection, query), facts, query.mirrored, language, made_at
        ),
    )
