"""The workbench: what a person's roles call for today, and what is new since the working day before."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter

from loantrail import clock
from loantrail.early_warning.hits import LEVELS
from loantrail.http.access import Person, Reading, signed_in
from loantrail.http.connections import Lending
from loantrail.http.pages import store as pages
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.warnings import store as warnings
from loantrail.http.pages.warnings import store_volume
from loantrail.http.pages.warnings.judging import judging
from loantrail.http.pages.warnings.model import RuleWords, WarningCount
from loantrail.http.pages.workbench import standing, store, store_loans, store_waiting
from loantrail.http.pages.workbench.days import AHEAD, beginning
from loantrail.http.pages.workbench.handover import work_held
from loantrail.http.pages.workbench.model import (
    ApprovalTask,
    ApprovalWork,
    Changes,
    CheckTask,
    CheckWork,
    DataStanding,
    LastImport,
    NewLoan,
    PaymentDue,
    PaymentsComing,
    PortfolioStanding,
    RulesStanding,
    RuleWork,
    WarningChange,
    WarningTask,
    WarningWork,
    Workbench,
)
from loantrail.http.pages.workbench.recording import people_standing, record_standing
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.policy.reading_calendar import calendar_in_force
from loantrail.tracing.verdict_words import PATTERN

ITEMS: Final = 8
"""Rows of each part; the pages that it leads to hold the rest."""
RULES_SHOWN: Final = 6
_ONE_DAY: Final = datetime.timedelta(days=1)

router = APIRouter(tags=["workbench"])


@router.get("/workbench", dependencies=[signed_in(protected=True)], responses=LIST_PROBLEMS)
def workbench(connection: Reading, connections: Lending, person: Person) -> Workbench:
    """What this person sees first: each part that their roles have a use for, within their reach."""
    now = clock.now()
    run = pages.current_run(connection)
    data_date = run["data_date"] if run else None
    sees_loans = person.reach.kind != "none"
    warned = _warnings(connection, person, now) if sees_loans and person.may(Ability.READ_WARNINGS) else None
    changed = _changes(connection, person, now, data_date) if sees_loans else None
    ruled = _rules(connection, connections, person) if person.may(Ability.READ_RULES) else None
    codes = [
        *(code for one in (warned.items if warned else []) for code in one.rule_codes),
        *(code for one in (warned.reviews if warned else []) for code in one.rule_codes),
        *(code for one in (changed.warnings if changed else []) for code in one.rule_codes),
        *(one.rule_code for one in (ruled.items if ruled else [])),
    ]
    return Workbench(
        now=now,
        data_date=data_date,
        warnings=warned,
        checks=_checks(connection, person, now) if sees_loans else None,
        approvals=_approvals(connection, person) if person.may(Ability.APPROVE) else None,
        payments=_payments(connection, data_date)
        if sees_loans and data_date and person.may(Ability.READ_LOANS)
        else None,
        changes=changed,
        portfolio=_portfolio(connection, connections, person, run["run_id"] if run else None, now)
        if sees_loans and person.may(Ability.READ_PORTFOLIO)
        else None,
        rules=ruled,
        data=_data(connection, run) if person.may(Ability.READ_DATA) else None,
        record=record_standing(connection, now) if person.may(Ability.READ_AUDIT) else None,
        people=people_standing(connections, now, ITEMS)
        if person.may(Ability.EDIT_PEOPLE) or person.may(Ability.APPROVE_PEOPLE)
        else None,
        work=work_held(connection, connections, now, ITEMS)
        if sees_loans and person.may(Ability.ASSIGN_WARNINGS)
        else None,
        rule_words=_words(connection, codes),
    )


def names_of(person: Signed) -> list[str]:
    """The names that this person's work stands under: their own, and those of whom they stand in for."""
    return sorted({person.acting, *person.standing_in_for, *person.reach.staff})


def _warnings(connection: Reading, person: Signed, now: datetime.datetime) -> WarningWork:
    me = names_of(person)
    mine = judging(connection, person)
    counts = store.warning_counts(connection, me, mine, now)
    second = person.may(Ability.CHECK_WARNINGS)
    acts = person.may(Ability.ACT_ON_WARNINGS)
    reviews = store.warning_tasks(connection, me, mine, now, ITEMS, reviews=True) if second else []
    items = store.warning_tasks(connection, me, mine, now, ITEMS) if acts else []
    return WarningWork(
        levels=[
            WarningCount(value=level.value, count=counts["levels"].get(level.value, 0))
            for level in reversed(LEVELS)
        ],
        open_count=counts["open_count"],
        overdue_count=counts["overdue_count"],
        mine_count=counts["mine_count"],
        unassigned_count=counts["unassigned_count"],
        review_count=counts["review_count"] if second else 0,
        items=[WarningTask.model_validate(row) for row in items],
        items_count=counts["items_count"] if acts else 0,
        reviews=[WarningTask.model_validate(row) for row in reviews],
    )


def _checks(connection: Reading, person: Signed, now: datetime.datetime) -> CheckWork | None:
    acts, second = person.may(Ability.ACT_ON_CHECKS), person.may(Ability.REVIEW_CHECKS)
    if not (acts or second):
        return None
    me, today = names_of(person), clock.business_date(now)
    counts = store_waiting.check_counts(connection, me, today)
    items = store_waiting.checks(connection, me, today, ITEMS) if acts else []
    reviews = store_waiting.checks(connection, me, today, ITEMS, reviews=True) if second else []
    return CheckWork(
        open_count=counts["open_count"],
        overdue_count=counts["overdue_count"],
        items=[CheckTask.model_validate(row) for row in items],
        items_count=counts["items_count"] if acts else 0,
        reviews=[CheckTask.model_validate(row) for row in reviews],
        review_count=counts["review_count"] if second else 0,
    )


def _approvals(connection: Reading, person: Signed) -> ApprovalWork:
    rows, count = store_waiting.approvals(connection, names_of(person), ITEMS)
    return ApprovalWork(count=count, items=[ApprovalTask.model_validate(row) for row in rows])


def _payments(connection: Reading, data_date: datetime.date) -> PaymentsComing:
    until = data_date + AHEAD
    rows, count, open_fen = store_loans.instalments(connection, data_date, until, data_date, ITEMS)
    return PaymentsComing(
        until=until,
        count=count,
        open_fen=open_fen,
        items=[PaymentDue.model_validate(row) for row in rows],
    )


def _changes(
    connection: Reading, person: Signed, now: datetime.datetime, data_date: datetime.date | None
) -> Changes | None:
    reads_loans, reads_warnings = person.may(Ability.READ_LOANS), person.may(Ability.READ_WARNINGS)
    if not (reads_loans or reads_warnings):
        return None
    calendar = calendar_in_force(connection)
    warnings_since = beginning(calendar.before(clock.business_date(now)))
    told, opened, raised = (
        store.warning_changes(connection, warnings_since, ITEMS) if reads_warnings else ([], 0, 0)
    )
    nothing: tuple[list[store.Row], int, int] = ([], 0, 0)
    fresh, missed, books_since = nothing, nothing, None
    if data_date is not None and reads_loans:
        books_since = calendar.before(data_date)
        fresh = store_loans.new_loans(connection, books_since, data_date, ITEMS)
        # What fell due on a day is late from the next day on.
        missed = store_loans.instalments(connection, books_since, data_date - _ONE_DAY, data_date, ITEMS)
    return Changes(
        warnings_since=warnings_since,
        warnings_opened_count=opened,
        warnings_raised_count=raised,
        warnings=[WarningChange.model_validate(row) for row in told],
        books_since=books_since,
        new_loan_count=fresh[1],
        new_loan_fen=fresh[2],
        new_loans=[NewLoan.model_validate(row) for row in fresh[0]],
        missed_count=missed[1],
        missed_fen=missed[2],
        missed=[PaymentDue.model_validate(row) for row in missed[0]],
    )


def _portfolio(
    connection: Reading, connections: Lending, person: Signed, run_id: str | None, now: datetime.datetime
) -> PortfolioStanding:
    rows = store_loans.unit_sums(connection, run_id, now)
    whole = person.reach.kind == "bank"
    total = standing.together(rows, None, None)
    if whole:
        bank = total
    else:
        # A unit's head asks how it stands against the others: three shares of the whole bank answer that.
        with connections.connection() as every:
            bank = standing.together(store_loans.unit_sums(every, run_id, now), None, None)
    # Unit by unit the portfolio hides figures of too few loans from who may not see single ones; these here do not.
    sees_each = person.may(Ability.READ_LOANS)
    return PortfolioStanding(
        total=total,
        bank=standing.shares(bank),
        units=standing.by_unit(rows, store_loans.units(connection), whole) if sees_each else [],
    )


def _rules(connection: Reading, connections: Lending, person: Signed) -> RulesStanding:
    if person.reach.kind == "none" and person.may(Ability.WRITE_RULES):
        # Who writes rules sees no loan, but must know what a rule costs: counts for each rule name nobody.
        with connections.connection() as every:
            found = store_volume.rules(every)
    else:
        found = store_volume.rules(connection)
    judged = sorted(
        found,
        key=lambda row: (-row["false_alarms"], -row["threads"], row["rule_code"]),
    )
    return RulesStanding(
        **store.rule_counts(connection),
        items=[
            RuleWork.model_validate({name: row[name] for name in RuleWork.model_fields})
            for row in judged[:RULES_SHOWN]
        ],
    )


def _data(connection: Reading, run: store.Row | None) -> DataStanding:
    last = store.last_import(connection)
    return DataStanding(
        traced_at=run["created_at"] if run else None,
        **store.data_standing(connection),
        last_import=LastImport.model_validate(last) if last else None,
    )


def _words(connection: Reading, codes: Sequence[str]) -> dict[str, RuleWords]:
    found = warnings.rule_words(connection, [code for code in codes if code not in PATTERN])
    return {code: RuleWords.model_validate(row) for code, row in found.items()}
