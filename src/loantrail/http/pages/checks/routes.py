"""The loan checks: the queue, one check laid out to be done, the checks of a loan."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query

from loantrail import clock
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages import store as pages
from loantrail.http.pages.checks import laying_out, store
from loantrail.http.pages.checks.model import (
    CheckCount,
    CheckList,
    CheckRow,
    CheckWarning,
    LoanChecks,
    NextCheck,
    OneCheck,
    Proposed,
)
from loantrail.http.pages.routes import (
    LIST_PROBLEMS,
    LOAN_PROBLEMS,
    PRINTABLE,
    Limit,
    LoanId,
    Offset,
    no_loan,
)
from loantrail.http.pages.warnings.store import people_names, unit_names
from loantrail.http.problems import NotFound, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.inspections import store as checks
from loantrail.inspections import store_vouchers
from loantrail.inspections.files import MEBIBYTE
from loantrail.inspections.material import read_material
from loantrail.inspections.model import Paper, policy_of
from loantrail.policy.reading import parameters_in_force

router = APIRouter(tags=["checks"])

CheckId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Id = Annotated[str, Query(max_length=128, pattern=PRINTABLE)]
READ: Final = allowed(Ability.READ_LOANS)


def _wanted(
    person: Person,
    state: Annotated[
        Literal["open", "review", "closed", "changed", "taken_over", "all"],
        Query(
            description="`review` waits for a second person; `changed` is closed, and its figures became others."
        ),
    ] = "open",
    mine: Annotated[
        bool, Query(description="Only what is given to who asks: to do, or (submitted) to review.")
    ] = False,
    unit: Id = "",
    owner: Annotated[
        str, Query(max_length=128, pattern=PRINTABLE, description="A staff id, or `none` for nobody's.")
    ] = "",
    overdue: Annotated[bool, Query(description="Only those past their deadline.")] = False,
    search: Annotated[
        str, Query(max_length=100, pattern=PRINTABLE, description="Part of the borrower's name or the loan.")
    ] = "",
) -> store.Wanted:
    me = tuple(dict.fromkeys((person.acting, *person.reach.staff, *person.standing_in_for)))
    return store.Wanted(state, mine, unit, owner, overdue, search.strip(), me)


Filters = Annotated[store.Wanted, Depends(_wanted)]


@router.get("/checks", dependencies=[READ], responses=LIST_PROBLEMS)
def list_checks(connection: Reading, wanted: Filters, offset: Offset = 0, limit: Limit = 50) -> CheckList:
    """The queue by deadline, then the amount of the loan, with counts by state and unit."""
    today = clock.business_date(clock.now())
    rows, total = store.queue(connection, wanted, today, offset, limit)
    counts = store.counts(connection, wanted, today)
    return CheckList(
        items=[CheckRow.model_validate(row) for row in rows],
        total_count=total,
        overdue_count=counts["overdue"],
        mine_count=counts["mine"],
        states=[CheckCount(value=value, count=counts["states"].get(value, 0)) for value in store.STATES],
        units=[CheckCount(value=value, count=count) for value, count in counts["units"].items()],
        unit_names=dict(unit_names(connection, counts["units"])),
        owner_names=dict(people_names(connection, [wanted.owner, *(row["assignee"] for row in rows)])),
        today=today,
        offset=offset,
        limit=limit,
    )


@router.get("/checks/next", dependencies=[READ], responses=LIST_PROBLEMS)
def next_check(
    connection: Reading,
    wanted: Filters,
    after: Annotated[str, Query(pattern="^([0-9a-f]{32})?$", description="Not this one.")] = "",
) -> NextCheck:
    """The most urgent check of the queue, but for one that was just worked on."""
    rows, total = store.queue(connection, wanted, clock.business_date(clock.now()), 0, 2)
    found = next((row["check_id"] for row in rows if row["check_id"] != after), None)
    return NextCheck(check_id=found, left_count=total)


@router.get("/loans/{loan_id}/checks", dependencies=[READ], responses=LOAN_PROBLEMS)
def checks_of_loan(connection: Reading, loan_id: LoanId) -> LoanChecks:
    """The checks of one loan, the newest first."""
    if pages.loan_facts(connection, loan_id) is None:
        raise no_loan(loan_id)
    today = clock.business_date(clock.now())
    return LoanChecks(
        items=[CheckRow.model_validate(row) for row in store.of_loan(connection, loan_id, today)], today=today
    )


@router.get(
    "/checks/{check_id}",
    dependencies=[READ],
    responses=problem_responses(
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
def one_check(connection: Reading, connections: Lending, person: Person, check_id: CheckId) -> OneCheck:
    """One check, laid out to be done."""
    today = clock.business_date(clock.now())
    book = parameters_in_force(connection)
    policy = policy_of(book, today)
    row = store.one(connection, check_id, today)
    check = checks.one(connection, check_id)
    if row is None or check is None:
        raise NotFound(f"There is no check {check_id}", remedy="Open the list of checks")
    # Which papers a payee has does not depend on who asks; names are read within their reach.
    with connections.connection() as whole:
        material = read_material(whole, row["loan_id"], book, today)
    facts = pages.loan_facts(connection, row["loan_id"])
    assert facts is not None  # the check's row was found beside its loan
    timeline = store.events(connection, check_id)
    brought = store_vouchers.of_loan(connection, row["loan_id"])
    names = people_names(connection, laying_out.people(check, timeline, brought))
    lines = laying_out.check_lines(connection, material, check, policy, names)
    composed = material.composed(check.judgements, policy)
    warned = store.warning(connection, row["loan_id"])
    return OneCheck(
        currency=row["currency"],
        row=CheckRow.model_validate(row),
        borrower_kind=facts["borrower_kind"],
        purpose_text=facts["purpose_text"],
        payment_mode=facts["payment_mode"],
        due_rule=check.due_rule,
        run_id=material.run_id or None,
        data_date=material.data_date,
        lines=lines,
        plain_count=sum(line.plain and line.use in composed.open_uses for line in lines),
        vouchers=laying_out.vouchers(brought, names),
        proposed=Proposed(
            conclusion=composed.conclusion,
            chinese=composed.chinese,
            english=composed.english,
            open_uses=list(composed.open_uses),
        ),
        submission=laying_out.submission(timeline, names),
        return_reason=check.return_reason,
        differences=laying_out.difference_rows(check),
        warning=CheckWarning.model_validate(warned) if warned else None,
        may=laying_out.may(person, check),
        timeline=laying_out.entries(timeline, names),
        papers=list(Paper),
        file_bytes_max=book.at_or_first("check_voucher_mebibytes_most", today).number * MEBIBYTE,
    )
