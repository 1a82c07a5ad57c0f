"""The parts of one customer's page: relations, cash flow, documents, outside information, timeline."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Query

from loantrail.clock import business_date, now
from loantrail.errors import InputError, Place
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.pages.customers import store_one, store_papers, store_timeline
from loantrail.http.pages.customers.gathering import cash_flow_of, relations_of
from loantrail.http.pages.customers.model_sides import (
    CashFlows,
    CurrencySum,
    CustomerDocument,
    CustomerDocuments,
    CustomerInvoices,
    CustomerTimeline,
    DocumentKind,
    InvoiceMonth,
    OutsideFact,
    OutsideInformation,
    OutsideKind,
    OutsideState,
    Relations,
    TimelineEvent,
)
from loantrail.http.pages.customers.months import month_before, months_between
from loantrail.http.pages.routes import LOAN_PROBLEMS, Limit, Offset
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.identity.abilities import Ability
from loantrail.parties.contacts.routes import PartyId, no_customer

router = APIRouter(tags=["customers"])

_READ: Final = [allowed(Ability.READ_LOANS)]
INVOICE_MONTHS: Final = 12
COMPANIES: Final = frozenset(("company", "sole_proprietor", "public_body", "financial_institution"))
"""Kinds of parties that are registered, insure staff and issue invoices."""
NOT_DELIVERED: Final = (
    "credit_report",
    "court",
    "penalties",
    "tax_returns",
    "utilities",
    "customs",
    "land_registry",
)
"""Kinds of outside information that no source gives yet."""
_Kind = Literal[tuple(store_timeline.KINDS)]  # pyright: ignore[reportInvalidTypeForm]  made of the one list of kinds
_CURSOR: Final = re.compile(r"([0-9]{1,17})\.(.{1,300})", re.DOTALL)
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@router.get("/customers/{party_id}/relations", dependencies=_READ, responses=LOAN_PROBLEMS)
def customer_relations(
    connection: Reading,
    person: Person,
    party_id: PartyId,
    depth: Annotated[
        int, Query(ge=1, le=4, description="Relations between the customer and the outermost.")
    ] = 2,
) -> Relations:
    """Who is related to the customer and who guarantees for whom, with the chains of ownership multiplied through."""
    _facts(connection, party_id)
    return relations_of(
        connection, party_id, depth, _data_date(connection), person.may(Ability.READ_WARNINGS)
    )


@router.get("/customers/{party_id}/cash-flow", dependencies=_READ, responses=LOAN_PROBLEMS)
def customer_cash_flow(
    connection: Reading,
    party_id: PartyId,
    months: Annotated[int, Query(ge=1, le=36, description="So many months up to the data date.")] = 12,
) -> CashFlows:
    """What came in and went out by month over the customer's accounts, own transfers netted out."""
    facts = _facts(connection, party_id)
    return cash_flow_of(connection, party_id, facts["name"], months, current_run(connection))


@router.get("/customers/{party_id}/documents", dependencies=_READ, responses=LOAN_PROBLEMS)
def customer_documents(
    connection: Reading,
    party_id: PartyId,
    kind: Annotated[list[DocumentKind] | None, Query(max_length=10)] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> CustomerDocuments:
    """What is on paper about the customer, as far as the books know of it."""
    _facts(connection, party_id)
    kinds = [one.value for one in kind or []]
    rows, counts = store_papers.documents(connection, party_id, kinds, offset, limit)
    return CustomerDocuments(
        total_count=sum(count for name, count in counts.items() if not kinds or name in kinds),
        offset=offset,
        limit=limit,
        items=[
            CustomerDocument.model_validate(
                {name: value for name, value in row.items() if name not in ("amount_fen", "currency")}
                | {"amount": _sum(row)}
            )
            for row in rows
        ],
        counts=counts,
    )


@router.get("/customers/{party_id}/outside", dependencies=_READ, responses=LOAN_PROBLEMS)
def customer_outside(connection: Reading, party_id: PartyId) -> OutsideInformation:
    """What was delivered about the customer from outside the bank, with its date and file; and what no source gives."""
    facts = _facts(connection, party_id)
    today = _data_date(connection) or business_date(now())
    since = month_before(today, INVOICE_MONTHS - 1)
    issued = {row["month"]: row for row in store_papers.invoice_months(connection, party_id, since)}
    counted = sum(row["sold_count"] + row["bought_count"] + row["void_count"] for row in issued.values())
    record = store_papers.delivery(connection, "party", party_id)
    invoices = store_papers.delivery(connection, "invoice")
    relations = store_papers.delivery(connection, "party_relation")
    registered = facts["kind"] in COMPANIES
    related = store_papers.relation_count(connection, party_id)
    return OutsideInformation(
        kinds=[
            _kind(
                "registration",
                registered,
                record,
                facts,
                ("registered_on", "industry_code", "region_code", "address"),
            ),
            _kind("insured_staff", registered, record, facts, ("insured_staff_count",)),
            _kind("tax", registered, record, facts, ("tax_paid_on",)),
            _kind("invoices", registered, invoices, {"invoice_count": counted or None}, ("invoice_count",)),
            _kind("ownership", True, relations, {"relation_count": related or None}, ("relation_count",)),
            *(
                OutsideKind(
                    kind=kind,
                    state=OutsideState.NOT_DELIVERED,
                    facts=[],
                    file=None,
                    delivered_at=None,
                    business_date=None,
                )
                for kind in NOT_DELIVERED
            ),
        ],
        invoices=CustomerInvoices(
            currency="CNY",
            months=[_invoice_month(month, issued.get(month)) for month in months_between(since, today)]
            if counted
            else [],
        ),
    )


@router.get("/customers/{party_id}/timeline", dependencies=_READ, responses=LOAN_PROBLEMS)
def customer_timeline(
    connection: Reading,
    person: Person,
    party_id: PartyId,
    kind: Annotated[list[_Kind] | None, Query(max_length=20)] = None,  # type: ignore[valid-type]  as above
    cursor: Annotated[str, Query(max_length=320, description="As the page before gave it.")] = "",
    limit: Limit = 50,
) -> CustomerTimeline:
    """What happened with the customer, the latest first."""
    _facts(connection, party_id)
    rows = store_timeline.events(
        connection,
        party_id,
        cast("list[str]", kind or []),
        _place(cursor),
        limit + 1,
        person.may(Ability.READ_WARNINGS),
    )
    more, rows = len(rows) > limit, rows[:limit]
    return CustomerTimeline(
        items=[_event(row) for row in rows],
        next_cursor=_cursor(rows[-1]) if more else None,
    )


def _facts(connection: Database, party_id: str) -> Row:
    facts = store_one.facts(connection, party_id)
    if facts is None:
        raise no_customer(party_id)
    return facts


def _data_date(connection: Database) -> datetime.date | None:
    run = current_run(connection)
    return run["data_date"] if run else None


def _sum(row: Row) -> CurrencySum | None:
    if row["amount_fen"] is None or row["currency"] is None:
        return None
    return CurrencySum(currency=row["currency"], amount_fen=row["amount_fen"])


def _kind(
    kind: str, applies: bool, delivered: Row | None, values: dict[str, Any], names: tuple[str, ...]
) -> OutsideKind:
    facts = [OutsideFact(name=name, value=str(values[name])) for name in names if values[name] is not None]
    state = (
        OutsideState.DELIVERED
        if facts
        else OutsideState.NOT_APPLICABLE
        if not applies
        else OutsideState.EMPTY
        if delivered
        else OutsideState.NOT_DELIVERED
    )
    told = delivered if state in (OutsideState.DELIVERED, OutsideState.EMPTY) else None
    return OutsideKind(
        kind=kind,
        state=state,
        facts=facts if state is OutsideState.DELIVERED else [],
        file=re.split(r"[/\\]", told["file"])[-1] if told and told["file"] else None,
        delivered_at=told["delivered_at"] if told else None,
        business_date=told["business_date"] if told else None,
    )


def _invoice_month(month: datetime.date, row: Row | None) -> InvoiceMonth:
    return InvoiceMonth(
        month=month,
        sold_fen=int(row["sold_fen"]) if row else 0,
        sold_count=row["sold_count"] if row else 0,
        bought_fen=int(row["bought_fen"]) if row else 0,
        bought_count=row["bought_count"] if row else 0,
        void_count=row["void_count"] if row else 0,
    )


def _event(row: Row) -> TimelineEvent:
    about = {"warning": "thread_id", "dispute_sheet": "sheet_id", "check": "check_id"}.get(row["kind"])
    return TimelineEvent(
        event_id=row["event_id"],
        kind=row["kind"],
        at=row["at"],
        whole_day=row["whole_day"],
        loan_id=row["loan_id"],
        thread_id=row["about_id"] if about == "thread_id" else None,
        sheet_id=row["about_id"] if about == "sheet_id" else None,
        check_id=row["about_id"] if about == "check_id" else None,
        other_party_id=row["other_party_id"] if row["other_name"] is not None else None,
        other_name=row["other_name"],
        amount=_sum(row),
        code=row["code"],
        level=row["level"],
        text=row["text"],
        by=row["by_name"],
    )


def _place(cursor: str) -> store_timeline.Place | None:
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is None or "\x00" in cursor:
            raise OverflowError
        return _EPOCH + datetime.timedelta(microseconds=int(found[1])), found[2]
    except OverflowError:
        raise InputError(
            "the cursor names no place", Place(field="cursor"), "Begin with the first page again"
        ) from None


def _cursor(row: Row) -> str:
    return f"{(row['at'] - _EPOCH) // datetime.timedelta(microseconds=1)}.{row['event_id']}"
