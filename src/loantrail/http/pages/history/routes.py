"""One loan's history: all that happened in one list, how it was classified, its documents."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from loantrail.disputes import store as sheets
from loantrail.disputes.sheet import SheetRow
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.pages import store as pages
from loantrail.http.pages.checks import laying_out
from loantrail.http.pages.history import store
from loantrail.http.pages.history.model import (
    ChainPeriod,
    ClassPeriod,
    HistoryCount,
    HistoryEntry,
    HistoryKind,
    LoanClassification,
    LoanDocuments,
    LoanHistory,
    LoanPaper,
)
from loantrail.http.pages.routes import LOAN_PROBLEMS, Limit, LoanId, Offset, no_loan
from loantrail.http.pages.standing import loan_standing
from loantrail.http.pages.warnings.store import people_names
from loantrail.identity.abilities import Ability
from loantrail.inspections import store_vouchers

router = APIRouter(tags=["loans"])
READ: Final = allowed(Ability.READ_LOANS)
KINDS: Final[tuple[HistoryKind, ...]] = (
    "money",
    "warning",
    "check",
    "correction",
    "classification",
    "document",
)


@router.get("/loans/{loan_id}/history", dependencies=[READ], responses=LOAN_PROBLEMS)
def loan_history(
    connection: Reading,
    person: Person,
    loan_id: LoanId,
    kind: Annotated[HistoryKind | None, Query(description="Only this kind.")] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> LoanHistory:
    """Payments, repayments, warnings, checks, corrections, changes of class and documents of one loan, the newest first."""
    facts = pages.loan_facts(connection, loan_id)
    if facts is None:
        raise no_loan(loan_id)
    run = pages.current_run(connection)
    rows, counts = store.entries(
        connection,
        run["run_id"] if run else "",
        loan_id,
        kind or "",
        person.may(Ability.READ_WARNINGS),
        offset,
        limit,
    )
    names = people_names(
        connection,
        {row["by"] for row in rows} | {str(row["data"].get("to") or "") for row in rows},
    )
    return LoanHistory(
        currency=facts["currency"],
        items=[
            HistoryEntry(
                at=row["at"],
                kind=row["kind"],
                what=row["what"],
                by=row["by"],
                by_name=names.get(row["by"], row["by"]),
                amount_fen=row["amount_fen"],
                link=str(row["link"]).replace("-", "") if row["kind"] == "correction" else row["link"],
                data=_named(row["data"], names),
            )
            for row in rows
        ],
        total_count=sum(counts.values()) if kind is None else counts.get(kind, 0),
        kinds=[HistoryCount(kind=one, count=counts[one]) for one in KINDS if one in counts],
        offset=offset,
        limit=limit,
    )


def _named(data: dict[str, Any], names: Any) -> dict[str, Any]:
    to = data.get("to")
    return data | {"to_name": names[to]} if isinstance(to, str) and to in names else data


@router.get("/loans/{loan_id}/classification", dependencies=[READ], responses=LOAN_PROBLEMS)
def loan_classification(connection: Reading, loan_id: LoanId) -> LoanClassification:
    """How the loan was classified, as far as the bank's files say."""
    facts = pages.loan_facts(connection, loan_id)
    if facts is None:
        raise no_loan(loan_id)
    told, chain = store.classes(connection, loan_id)
    now = {
        "five_class": facts["five_class"],
        "state": facts["state"],
        "told_from": told[-1]["told_until"] if told else None,
        "told_until": None,
    }
    periods: list[dict[str, Any]] = []
    for row in (*told, now):
        # The record changed and its class did not: one period.
        if periods and periods[-1]["five_class"] == row["five_class"]:
            periods[-1] |= {"told_until": row["told_until"], "state": row["state"]}
        else:
            periods.append(dict(row))
    run = pages.current_run(connection)
    standing = loan_standing(connection, facts, run["data_date"] if run else None)
    return LoanClassification(
        five_class=facts["five_class"],
        days_past_due=standing.days_past_due,
        periods=[ClassPeriod.model_validate(row) for row in reversed(periods)],
        told_afterwards=[ChainPeriod.model_validate(row) for row in chain],
        change_count=len(periods) - 1,
    )


@router.get("/loans/{loan_id}/documents", dependencies=[READ], responses=LOAN_PROBLEMS)
def loan_documents(connection: Reading, loan_id: LoanId) -> LoanDocuments:
    """What the books know to be on paper about a loan; the vouchers that were brought for it and its dispute sheets, the newest
    first."""
    if pages.loan_facts(connection, loan_id) is None:
        raise no_loan(loan_id)
    brought = store_vouchers.of_loan(connection, loan_id)
    names = people_names(
        connection, {row[name] for row in brought for name in ("uploaded_by", "withdrawn_by") if row[name]}
    )
    return LoanDocuments(
        papers=[LoanPaper.model_validate(row) for row in store.papers(connection, loan_id)],
        vouchers=laying_out.vouchers(brought, names),
        sheets=[SheetRow.model_validate(row) for row in sheets.sheets_of_loan(connection, loan_id)],
    )
