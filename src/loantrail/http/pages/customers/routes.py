"""The list of customers, what it can be filtered by, and the head of one customer."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query

from loantrail.clock import business_date, now
from loantrail.early_warning.hits import LEVELS, Level
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.pages.customers import store, store_one, store_relations
from loantrail.http.pages.customers.asked import CustomerPart, query_of
from loantrail.http.pages.customers.model import (
    CodeName,
    CustomerAccount,
    CustomerChoice,
    CustomerChoices,
    CustomerFacts,
    CustomerFigures,
    CustomerGroupMember,
    CustomerIndustryChoice,
    CustomerList,
    CustomerLoan,
    CustomerPage,
    CustomerRow,
    CustomerTotals,
    CustomerUnitChoice,
    CustomerWarning,
)
from loantrail.http.pages.instalments import course
from loantrail.http.pages.loan_list import store_choices
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.identity.abilities import Ability
from loantrail.ledger.model import FIVE_CLASSES
from loantrail.parties.contacts.routes import PartyId, no_customer
from loantrail.parties.industries import industry_named
from loantrail.parties.masking import masked_identity, masked_phone
from loantrail.parties.model import PARTY_KINDS
from loantrail.parties.regions import region_named

router = APIRouter(tags=["customers"])


@router.get("/customers", dependencies=[allowed(Ability.READ_LOANS)], responses=LIST_PROBLEMS)
def list_customers(
    connection: Reading, person: Person, asked: Annotated[CustomerPart, Query()]
) -> CustomerList:
    """The customers that a filter finds, with what each owes, and the sums over all of them."""
    run = current_run(connection)
    data_date = run["data_date"] if run else None
    rows, total, borrowers, totals = store.customers(
        connection, query_of(asked, asked.offset, asked.limit), data_date, person.may(Ability.READ_WARNINGS)
    )
    return CustomerList(
        data_date=data_date,
        total_count=total,
        borrower_count=borrowers,
        totals=[CustomerTotals.model_validate({name: row[name] for name in _TOTALS}) for row in totals],
        offset=asked.offset,
        limit=asked.limit,
        items=[_row(row) for row in rows],
    )


@router.get("/customer-choices", dependencies=[allowed(Ability.READ_LOANS)], responses=LIST_PROBLEMS)
def customer_choices(connection: Reading) -> CustomerChoices:
    """What the list of customers can be filtered by: the values that occur, with how many customers have each."""
    counted = store.counts(connection)
    names = {row["unit_id"]: row for row in store_choices.units(connection)}
    shown: dict[str, None] = {}
    for unit in counted["units"]:
        step: str | None = unit
        while step is not None and step in names and step not in shown:
            shown[step] = None
            step = names[step]["parent_unit_id"]
    return CustomerChoices(
        customer_count=counted["total"],
        kinds=_choices({one: counted["kinds"][one] for one in PARTY_KINDS if one in counted["kinds"]}),
        industries=[
            CustomerIndustryChoice(
                value=code,
                chinese=named.chinese if (named := industry_named(code)) else code,
                english=named.english if named else code,
                customer_count=count,
            )
            for code, count in sorted(counted["industries"].items())
        ],
        units=[
            CustomerUnitChoice(
                value=unit,
                name=names[unit]["name"],
                customer_count=counted["units"].get(unit, 0),
                parent=names[unit]["parent_unit_id"],
            )
            for unit in sorted(shown)
        ],
    )


@router.get("/customers/{party_id}", dependencies=[allowed(Ability.READ_LOANS)], responses=LOAN_PROBLEMS)
def one_customer(connection: Reading, person: Person, party_id: PartyId) -> CustomerPage:
    """One customer: what the record says (numbers masked), loans and how they are repaid, accounts, the group."""
    facts = store_one.facts(connection, party_id)
    if facts is None:
        raise no_customer(party_id)
    run = current_run(connection)
    data_date = run["data_date"] if run else None
    run_id = run["run_id"] if run else None
    warned = person.may(Ability.READ_WARNINGS)
    rows = store_one.loans(connection, party_id, run_id, warned)
    overdue = _overdue(connection, rows, data_date)
    accounts, account_count = store_one.accounts(connection, party_id, run_id)
    counted = store_one.counts(connection, party_id)
    contact = store_one.last_contact(connection, party_id, business_date(now()))
    own = [row for row in rows if row["role"] == "borrower"]
    return CustomerPage(
        facts=_facts(facts, store_one.managers(connection, party_id)),
        data_date=data_date,
        figures=_figures(
            store.sums_of(connection, [party_id], data_date).get(party_id, []),
            own,
            overdue,
            accounts,
            store_one.guaranteed(connection, party_id, data_date),
        ),
        loan_count=counted["loan_count"],
        open_count=counted["open_count"],
        worst_class=_worst(counted["classes"] or []),
        level=_highest(store_one.levels(connection, party_id) if warned else []),
        loans=[_loan(row, overdue.get(row["loan_id"])) for row in rows],
        account_count=account_count,
        accounts=[CustomerAccount.model_validate({name: row[name] for name in _ACCOUNT}) for row in accounts],
        group=[
            CustomerGroupMember.model_validate(row)
            for row in store_one.group(connection, party_id, data_date)
        ],
        relation_count=store_relations.count(connection, party_id, data_date),
        contact_count=contact["contact_count"],
        last_contact_at=contact["happened_at"],
        next_step=contact["next_step"] or "",
        next_on=contact["next_on"],
    )


_DEPOSITS: Final = frozenset(
    (
        "settlement",
        "savings",
        "time_deposit",
        "structured_deposit",
        "margin_deposit",
        "supervised",
        "card",
    )
)
"""Kinds of accounts whose money is the customer's."""
_TOTALS: Final = ("currency", "customer_count", "limit_fen", "balance_fen", "overdue_balance_fen")
_ROW: Final = (
    "party_id", "name", "kind", "is_customer", "unit_id", "unit_name", "loan_count", "open_count", "worst_class", "level",
)  # fmt: skip
_SUMS: Final = ("currency", "limit_fen", "balance_fen", "overdue_balance_fen")
_FACTS: Final = (
    "party_id", "name", "kind", "is_customer", "identity_kind", "registered_on", "address", "unit_id", "unit_name",
)  # fmt: skip
_LOAN: Final = (
    "loan_id", "contract_id", "role", "product", "purpose_text", "amount_fen", "balance_fen", "currency", "rate_ppm",
    "issued_on", "matures_on", "state", "five_class", "suspected_fen",
)  # fmt: skip
_ACCOUNT: Final = (
    "account", "kind", "institution", "currency", "ours", "opened_on", "closed_on", "balance_fen", "balance_at", "loan_fen",
)  # fmt: skip


def _row(row: Row) -> CustomerRow:
    return CustomerRow.model_validate(
        {name: row[name] for name in _ROW}
        | {
            "sums": [{name: one[name] for name in _SUMS} for one in row["sums"]],
            "industry": _industry(row["industry_code"]),
        }
    )


def _industry(code: str | None) -> CodeName | None:
    if not code:
        return None
    named = industry_named(code[:2])
    return CodeName(code=code, chinese=named.chinese if named else "", english=named.english if named else "")


def _region(code: str | None) -> CodeName | None:
    if not code:
        return None
    steps = [named for digits in (2, 4, 6) if len(code) >= digits and (named := region_named(code[:digits]))]
    chinese, english = (list(dict.fromkeys(step[place] for step in steps)) for place in (0, 1))
    return CodeName(code=code, chinese="".join(chinese), english=" ".join(english))


def _choices(counts: Mapping[str, int]) -> list[CustomerChoice]:
    return [CustomerChoice(value=value, name=value, customer_count=count) for value, count in counts.items()]


def _facts(row: Row, managers: list[str]) -> CustomerFacts:
    identity = masked_identity(row["identity_kind"], row["identity_number"])
    phone = masked_phone(row["phone"])
    return CustomerFacts.model_validate(
        {name: row[name] for name in _FACTS}
        | {
            "identity_masked": identity,
            "phone_masked": phone,
            "has_hidden_identifiers": (identity, phone) != (row["identity_number"], row["phone"]),
            "managers": managers,
            "industry": _industry(row["industry_code"]),
            "region": _region(row["region_code"]),
        }
    )


def _overdue(
    connection: Database, rows: list[Row], data_date: datetime.date | None
) -> dict[str, tuple[int, int]]:
    """Days past due and fen overdue of each loan, where they are known. A settled loan owes nothing, whatever its schedule
    foresaw: paid early, it bore less interest."""
    if data_date is None:
        return {}
    owed = [row["loan_id"] for row in rows if row["state"] in store.OPEN_STATES]
    schedules = store_one.schedules(connection, owed)
    paid = store_one.paid(connection, owed, data_date)
    found = {row["loan_id"]: (0, 0) for row in rows if row["state"] == "settled"}
    for loan_id, schedule in schedules.items():
        kept = course(schedule, paid.get(loan_id, 0), data_date)
        found[loan_id] = kept.days_past_due, kept.overdue_fen
    return found


def _loan(row: Row, overdue: tuple[int, int] | None) -> CustomerLoan:
    return CustomerLoan.model_validate(
        {name: row[name] for name in _LOAN}
        | {
            "days_past_due": overdue[0] if overdue else None,
            "overdue_fen": overdue[1] if overdue else None,
            "warning": CustomerWarning(
                thread_id=row["thread_id"],
                level=row["level"],
                state=row["thread_state"],
                rule_codes=row["rule_codes"],
                due_at=row["due_at"],
                opened_at=row["opened_at"],
            )
            if row["thread_id"]
            else None,
        }
    )


def _figures(
    sums: list[Row],
    own: list[Row],
    overdue: Mapping[str, tuple[int, int]],
    accounts: list[Row],
    guaranteed: Mapping[str, int],
) -> list[CustomerFigures]:
    owed = {row["currency"]: row for row in sums}
    held: dict[str, int] = {}
    for row in accounts:
        if row["balance_fen"] is not None and row["kind"] in _DEPOSITS:
            held[row["currency"]] = held.get(row["currency"], 0) + row["balance_fen"]
    late: dict[str, int | None] = {}
    for row in own:
        if row["state"] in store.OPEN_STATES:
            known, before = overdue.get(row["loan_id"]), late.get(row["currency"], 0)
            late[row["currency"]] = None if known is None or before is None else before + known[1]
    currencies = sorted({*owed, *held, *guaranteed} or {"CNY"}, key=lambda one: (one != "CNY", one))
    return [
        CustomerFigures(
            currency=one,
            limit_fen=int(owed[one]["limit_fen"]) if one in owed else 0,
            balance_fen=int(owed[one]["balance_fen"]) if one in owed else 0,
            overdue_balance_fen=int(owed[one]["overdue_balance_fen"]) if one in owed else 0,
            overdue_fen=late.get(one, 0),
            guaranteed_fen=guaranteed.get(one, 0),
            deposit_fen=held.get(one, 0),
        )
        for one in currencies
    ]


def _worst(classes: list[str]) -> str | None:
    return max(classes, key=FIVE_CLASSES.index, default=None)


def _highest(levels: list[str]) -> str | None:
    return max((Level(level) for level in levels), key=LEVELS.index, default=None)
