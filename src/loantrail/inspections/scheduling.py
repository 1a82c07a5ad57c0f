"""Makes the checks that are due after a run over the books, and brings those that are there up to date. The same again
changes nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loantrail.ids import derived_id
from loantrail.inspections import store, store_schedule
from loantrail.inspections.decide import Due, PaidOut, change_of, differences, first_check_due, is_taken_over
from loantrail.inspections.model import (
    Check,
    CheckKind,
    Event,
    FiguresChange,
    Kind,
    Policy,
    business_date,
    policy_of,
)
from loantrail.inspections.timeline import after, check_of
from loantrail.parameters import ParameterBook


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What scheduling did. `taken_over`: loans that were old when Loantrail began and need no first check."""

    made: int = 0
    taken_over: int = 0
    handed_on: int = 0
    changed: int = 0
    restored: int = 0


def check_id_of(loan_id: str, kind: CheckKind, trigger: str = "") -> str:
    """The id of a check: a hash of what it is for."""
    return derived_id("check", kind.value, loan_id, trigger)


def schedule(connection: store.Database, parameters: ParameterBook) -> Scheduled:
    """Make the first checks that are missing, hand open ones on to new lead managers, and mark those whose figures became
    others; the caller commits. Nothing before the books were traced."""
    store.lock_schedule(connection)
    on_date = store_schedule.data_date(connection)
    if on_date is None:
        return Scheduled()
    now = store.now(connection)
    policy = policy_of(parameters, business_date(now))
    beginning = store_schedule.begin(connection, on_date, now)
    made, taken_over = _make(connection, beginning, now, policy, parameters)
    handed_on = _hand_on(connection, now)
    changed, restored = _compare(connection, now)
    return Scheduled(made, taken_over, handed_on, changed, restored)


def _make(
    connection: store.Database,
    beginning: datetime.date,
    now: datetime.datetime,
    policy: Policy,
    parameters: ParameterBook,
) -> tuple[int, int]:
    loans = store_schedule.paid_out(connection)
    if not loans:
        return 0, 0
    today = business_date(now)
    managers = store_schedule.lead_managers(connection, today)
    reviewers = Reviewers(
        store_schedule.units(connection),
        store_schedule.staff_of_roles(connection, policy.reviewer_roles),
        policy.reviewer_roles,
    )
    made: list[tuple[store.Row, Check, Event]] = []
    old: list[tuple[store.Row, Check, Event]] = []
    for row in loans:
        manager = managers.get(row["loan_id"], "")
        data = {
            "check_kind": CheckKind.FIRST.value,
            "paid_out_on": row["paid_out_on"].isoformat(),
            "assignee": manager,
            "reviewer": reviewers.of(row["unit_id"], manager),
        }
        identity = {
            "check_id": check_id_of(row["loan_id"], CheckKind.FIRST),
            "loan_id": row["loan_id"],
            "unit_id": row["unit_id"],
            "kind": CheckKind.FIRST.value,
        }
        if is_taken_over(row["paid_out_on"], beginning, policy):
            event = Event(Kind.TAKEN_OVER, now, "", data)
            old.append((identity, check_of([event]), event))
        else:
            due = first_check_due(paid_out_of(row), today, policy, parameters)
            event = Event(Kind.CREATED, now, "", data | due_data(due))
            made.append((identity, check_of([event]), event))
    return store.insert(connection, made), store.insert(connection, old)


def paid_out_of(row: Mapping[str, object]) -> PaidOut:
    """What decides about a first check, from a row of `store_schedule`."""
    return PaidOut(
        product=str(row["product"]),
        borrower_kind=str(row["borrower_kind"]),
        currency=str(row["currency"]),
        amount_fen=int(str(row["amount_fen"])),
        paid_out_on=_day(row["paid_out_on"]),
        autonomous_fen=int(str(row["autonomous_fen"])),
        first_time=bool(row["first_time"]),
    )


def _day(value: object) -> datetime.date:
    assert isinstance(value, datetime.date)
    return value


def due_data(due: Due) -> dict[str, str]:
    """A deadline as an event holds it."""
    return {
        "regular_due_on": due.regular_on.isoformat(),
        "due_on": due.on.isoformat(),
        "due_rule": due.rule,
    }


class Reviewers:
    """Who reviews: somebody of the roles in their order, of the unit itself or of the nearest one above it, and not who does
    the check. `staff`: `(unit_id, role)` -> staff; several of one role take turns by unit order."""

    def __init__(
        self,
        parents: Mapping[str, str | None],
        staff: Mapping[tuple[str, str], Sequence[str]],
        roles: Sequence[str],
    ) -> None:
        self._parents, self._staff, self._roles = parents, staff, roles

    def of(self, unit_id: str, but: str) -> str:
        """The reviewer for a unit's loan; empty where there is nobody."""
        unit: str | None = unit_id
        seen: set[str] = set()
        while unit is not None and unit not in seen:
            seen.add(unit)
            for role in self._roles:
                found = next((one for one in self._staff.get((unit, role), ()) if one != but), None)
                if found is not None:
                    return found
            unit = self._parents.get(unit)
        return ""


def _hand_on(connection: store.Database, now: datetime.datetime) -> int:
    """Open checks follow the loan to its new lead manager, where no person gave them to somebody."""
    wanted = dict(store_schedule.open_with_other_manager(connection, business_date(now)))
    if not wanted:
        return 0
    store.lock_all(connection, wanted)
    identities = store_schedule.identities(connection, wanted)
    handed = 0
    for check_id, check in store.checks(connection, wanted).items():
        to = wanted[check_id]
        if check.assigned_by_person or check.assignee == to:
            continue
        event = Event(Kind.ASSIGNED, now, "", {"to": to, "before": check.assignee})
        store.append(connection, identities[check_id], check, after(check, event), [event])
        handed += 1
    return handed


def _compare(connection: store.Database, now: datetime.datetime) -> tuple[int, int]:
    figures = store_schedule.with_other_figures(connection)
    if not figures:
        return 0, 0
    store.lock_all(connection, figures)
    identities = store_schedule.identities(connection, figures)
    changed = restored = 0
    for check_id, check in store.checks(connection, figures).items():
        if check.submission is None:
            continue
        event = figures_event(check, figures[check_id], now)
        if event is None:
            continue
        store.append(connection, identities[check_id], check, after(check, event), [event])
        changed += event.kind is Kind.FIGURES_CHANGED
        restored += event.kind is Kind.FIGURES_RESTORED
    return changed, restored


def figures_event(check: Check, figures: Mapping[str, int], now: datetime.datetime) -> Event | None:
    """What a statement of now says about a check that was submitted; None where that is on its timeline already."""
    assert check.submission is not None
    became = change_of(check.submission.figures, figures)
    if became is FiguresChange.NO:
        return Event(Kind.FIGURES_RESTORED, now, "") if check.change is not FiguresChange.NO else None
    found = differences(check.submission.figures, figures)
    if became is check.change and found == dict(check.differences):
        return None
    return Event(Kind.FIGURES_CHANGED, now, "", {"change": became.value, "differences": found})
