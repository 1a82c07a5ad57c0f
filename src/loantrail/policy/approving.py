"""A value of a parameter from a day on, or that a planned one does not come, as a proposal that a second person decides.

A value begins the day after the decision at the earliest: what was judged by a number is judged by it again whenever it is looked at
anew. One proposal of a parameter waits at a time, so that who decides sees what it changes.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.approvals.deciding import Kind
from loantrail.approvals.model import Described
from loantrail.clock import business_date
from loantrail.errors import ConfigurationError, InputError, Place
from loantrail.identity.abilities import Ability
from loantrail.parameters import Parameter, ParameterBook, shipped_parameters
from loantrail.policy import store
from loantrail.policy.bounds import choices, contradiction, span, tried
from loantrail.policy.model import Change, names_a_text, overlay, rests_on_law, standing
from loantrail.policy.words import basis_chinese, counting_is_fixed, meaning_of

NAME: Final = "parameter_change"
AHEAD_MOST: Final = datetime.timedelta(days=3_660)
"""A day further ahead than this is a slip of the pen."""
_DAY: Final = datetime.timedelta(days=1)


class ParameterWaiting(InputError):
    """Another proposal of this parameter waits to be decided."""

    code = "parameter_waiting"


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is wanted from a day on. `value`: a whole number of the parameter's unit, or a list of names."""

    name: str
    value: int | tuple[str, ...]
    inclusive: bool
    effective_from: datetime.date
    basis: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a planned value does not come."""

    name: str
    change_id: str
    basis: str


def written(wanted: Value | Withdrawal) -> dict[str, Any]:
    """The content of a proposal."""
    if isinstance(wanted, Withdrawal):
        return {"name": wanted.name, "withdraws": wanted.change_id, "basis": wanted.basis}
    value = list(wanted.value) if isinstance(wanted.value, tuple) else wanted.value
    return {
        "name": wanted.name,
        "value": value,
        "inclusive": wanted.inclusive,
        "effective_from": wanted.effective_from.isoformat(),
        "basis": wanted.basis,
    }


def read(content: Mapping[str, Any]) -> Value | Withdrawal:
    """What `written` wrote."""
    if "withdraws" in content:
        return Withdrawal(content["name"], content["withdraws"], content["basis"])
    value = content["value"]
    return Value(
        content["name"],
        tuple(value) if isinstance(value, list) else value,
        content["inclusive"],
        datetime.date.fromisoformat(content["effective_from"]),
        content["basis"],
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What would hold on the first day that changes, and what holds there now."""

    day: datetime.date
    before: Parameter
    after: Parameter
    is_law: bool


def _judged(
    shipped: ParameterBook, changes: Sequence[Change], wanted: Value | Withdrawal, today: datetime.date
) -> _Judged:
    """What it would change. InputError where it cannot be done on this day."""
    if wanted.name not in shipped.names:
        raise InputError(
            f"there is no parameter {wanted.name!r}",
            Place(field="name"),
            "Choose one on the page Administration, tab Parameters",
        )
    book = overlay(shipped, changes)
    planned = {one.change_id: one for one in standing(changes) if one.name == wanted.name}
    if isinstance(wanted, Withdrawal):
        gone = planned.get(wanted.change_id)
        day = None if gone is None else gone.effective_from
        if gone is None or day is None or day <= today:
            raise InputError(
                "only a value that is planned and has not begun is withdrawn",
                Place(field="change_id"),
                "Propose another value from a later day on",
            )
        new = overlay(shipped, [one for one in changes if one is not gone])
    else:
        day = wanted.effective_from
        _check_day(day, today, [one.effective_from for one in planned.values()])
        unit = shipped.periods(wanted.name)[0].unit
        _check_value(shipped, wanted, unit)
        if (
            counting_is_fixed(wanted.name)
            and wanted.inclusive is not shipped.periods(wanted.name)[-1].inclusive
        ):
            raise InputError(
                "whether the threshold itself counts is fixed for this parameter",
                Place(field="inclusive"),
                "Change the number instead",
            )
        told = Change(
            "", wanted.name, None, wanted.value, unit, wanted.inclusive, day, wanted.basis, "", "",
            datetime.datetime.max.replace(tzinfo=datetime.UTC),
        )  # fmt: skip
        new = overlay(shipped, [*changes, told])
    try:
        before = book.at(wanted.name, day)
        after = new.at(wanted.name, day)
        book.at_or_first(wanted.name, day - _DAY)
    except ConfigurationError as problem:
        raise InputError(problem.problem, Place(field="effective_from"), "Choose an earlier day") from problem
    is_law = rests_on_law(shipped.at_or_first(wanted.name, day))
    if isinstance(wanted, Value):
        if (before.value, before.inclusive) == (after.value, after.inclusive):
            raise InputError(
                "that value holds on that day already", Place(field="value"), "Enter another one"
            )
        if is_law and not names_a_text(wanted.basis):
            raise InputError(
                "this is a number of law: its basis must name the new text",
                Place(field="basis"),
                "Name it as in 《个人贷款管理办法》第8条, with its number or article",
            )
    _check_book(new, wanted.name, after, day)
    return _Judged(day, before, after, is_law)


def _check_day(day: datetime.date, today: datetime.date, taken: Sequence[datetime.date | None]) -> None:
    if day <= today:
        raise InputError(
            f"a value begins on {today + _DAY} at the earliest: what was judged stays as it was judged",
            Place(field="effective_from"),
            "Choose a later day",
        )
    if day > today + AHEAD_MOST:
        raise InputError(
            "the day lies more than ten years ahead", Place(field="effective_from"), "Choose an earlier day"
        )
    if day in taken:
        raise InputError(
            f"another value begins on {day}", Place(field="effective_from"), "Have that one withdrawn first"
        )


def _check_value(shipped: ParameterBook, wanted: Value, unit: str) -> None:
    place = Place(field="value")
    if unit == "classes":
        known = choices(shipped, wanted.name)
        if not isinstance(wanted.value, tuple) or not wanted.value:
            raise InputError("the value must be a list of names", place, "Choose at least one")
        if len(set(wanted.value)) < len(wanted.value):
            raise InputError("a name stands in the list twice", place, "Leave one out")
        for one in wanted.value:
            if one not in known:
                raise InputError(
                    f"the parameter {wanted.name!r} cannot hold {one!r}", place, "Choose of the list"
                )
        return
    least, most = span(wanted.name, unit)
    if not isinstance(wanted.value, int):
        raise InputError("the value must be a whole number", place, "Enter a number")
    if not least <= wanted.value <= most:
        raise InputError(f"the value must be between {least} and {most}", place, "Enter a number in between")


def _check_book(book: ParameterBook, name: str, after: Parameter, day: datetime.date) -> None:
    place = Place(field="value")
    against = contradiction(book, name, day)
    if against is not None:
        raise InputError(
            f"{against[0]!r} would be more than {against[1]!r}", place, "Change the other one first"
        )
    try:
        tried(book, day)
    except (ConfigurationError, ValueError, OverflowError) as problem:
        raise InputError(
            f"the product cannot work by the value {after.value!r}", place, "Enter another one"
        ) from problem


def _side(one: Parameter, is_law: bool) -> dict[str, Any]:
    return {
        "parameter": {
            "name": one.name,
            "unit": one.unit,
            "number": str(one.value) if isinstance(one.value, int) else None,
            "names": [] if isinstance(one.value, int) else list(one.value),
            "inclusive": one.inclusive,
            "effective_from": one.effective_from.isoformat(),
            "effective_to": None if one.effective_to is None else one.effective_to.isoformat(),
            "legal_basis": one.legal_basis,
            "legal_basis_chinese": basis_chinese(one.legal_basis),
            "verified": one.verified,
            "is_law": is_law,
        }
    }


def _describe(
    connection: store.Database, content: Mapping[str, Any], maker: str, now: datetime.datetime
) -> Described:
    del maker
    wanted = read(content)
    store.lock(connection)
    waiting = store.waiting(connection, NAME, now, wanted.name)
    if waiting:
        raise ParameterWaiting(
            f"a proposal of {waiting[0]['maker']} for this parameter waits to be decided",
            remedy="Have it decided or taken back first",
        )
    _, changes = store.changes(connection)
    found = _judged(shipped_parameters(), changes, wanted, business_date(now))
    chinese, english = meaning_of(wanted.name)
    withdraws = isinstance(wanted, Withdrawal)
    act = ("撤销计划中的参数值", "Planned value withdrawn") if withdraws else ("调整参数", "Parameter")
    return Described(
        subject=wanted.name,
        title_chinese=f"{act[0]}：{chinese}（自 {found.day}）",
        title_english=f"{act[1]}: {english} (from {found.day})",
        before=_side(found.before, found.is_law),
        after=_side(found.after, found.is_law),
    )


def _do(
    connection: store.Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Mapping[str, Any]:
    wanted = read(content)
    store.lock(connection)
    _, changes = store.changes(connection)
    # The day may have come while the proposal waited, and other numbers may have changed.
    _judged(shipped_parameters(), changes, wanted, business_date(now))
    change_id = store.proposal_of(connection, NAME, wanted.name, maker, content)
    value = wanted if isinstance(wanted, Value) else None
    store.insert(
        connection,
        Change(
            change_id,
            wanted.name,
            wanted.change_id if isinstance(wanted, Withdrawal) else None,
            None if value is None else value.value,
            None if value is None else shipped_parameters().periods(wanted.name)[0].unit,
            None if value is None else value.inclusive,
            None if value is None else value.effective_from,
            wanted.basis,
            maker,
            checker,
            now,
        ),
    )
    return {"change_id": change_id}


PARAMETER_CHANGE: Final = Kind(
    NAME, "参数调整", "Change of a parameter", Ability.APPROVE_PARAMETERS, _describe, _do
)
