"""The entries of the lists, handed out as a spreadsheet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import FileResponse

from loantrail.clock import business_date, now
from loantrail.http.access import Person, Reading, allowed, demand
from loantrail.http.exporting import Exporting
from loantrail.http.pages.routes import LIST_PROBLEMS, PRINTABLE
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.identity.abilities import Ability
from loantrail.lists import store
from loantrail.lists.model import EntryState, ListName
from loantrail.lists.sheet import write_entries
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.words import Language

router = APIRouter(tags=["lists"])


@router.get(
    "/list-entries.xlsx",
    dependencies=[allowed(Ability.READ_RULES)],
    response_class=Response,
    responses=file_responses(XLSX) | LIST_PROBLEMS,
)
def list_entry_sheet(
    connection: Reading,
    person: Person,
    exporting: Exporting,
    list_name: Annotated[ListName | None, Query(alias="list")] = None,
    state: EntryState | None = None,
    search: Annotated[str, Query(max_length=100, pattern=PRINTABLE)] = "",
    language: Annotated[Language, Query(description="Language of the sheet.")] = "zh",
) -> FileResponse:
    """All entries and proposals that the conditions find, in the order of the page."""
    # The lists are read by who reads rules; what leaves as a file asks for more.
    demand(person, Ability.EXPORT)
    made_at = now()
    today = business_date(made_at)
    _, count = store.page(connection, today, list_name, state, search.strip(), 0, 1)
    refuse_too_many(count)
    exporting(count)
    entries, _ = store.page(connection, today, list_name, state, search.strip(), 0, count)
    names = {code: (chinese, english) for code, chinese, english in store.rule_names(connection)}
    asked = {"list": list_name or "", "state": state or "", "search": search.strip()}
    return sheet_answer(
        "lists",
        made_at,
        lambda path: write_entries(path, entries, today, names, asked, language, person.name, made_at),
    )
