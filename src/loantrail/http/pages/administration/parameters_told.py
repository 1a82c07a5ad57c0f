"""The book of parameters as people read it: what each means, in both languages, which period holds today, what the bank decided
for itself, and what waits."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from loantrail.http.pages.administration.model import (
    ParameterDecision,
    ParameterPeriod,
    ParameterProposal,
    ParameterRow,
    ParameterValue,
    ParameterWithdrawn,
)
from loantrail.http.pages.store import Database
from loantrail.parameters import Parameter, ParameterBook
from loantrail.policy import store
from loantrail.policy.approving import NAME, Value, read
from loantrail.policy.bounds import choices, span
from loantrail.policy.model import OWN, Change, overlay, rests_on_law, standing
from loantrail.policy.words import basis_chinese, counting_is_fixed, meaning_of, meanings


@dataclass(frozen=True, slots=True)
class Decided:
    """What the bank decided, what waits, and the names of those who acted."""

    changes: tuple[Change, ...]
    waiting: tuple[store.Row, ...]
    people: Mapping[str, str]


def decided(connection: Database, now: datetime.datetime) -> Decided:
    """As the database holds it. For the owner's connection: what waits is shown to everybody."""
    _, changes = store.changes(connection)
    waiting = tuple(store.waiting(connection, NAME, now))
    people = {person for one in changes for person in (one.maker, one.checker)}
    people |= {row["maker"] for row in waiting}
    return Decided(changes, waiting, store.names_of(connection, people))


def told(shipped: ParameterBook, found: Decided, today: datetime.date) -> list[ParameterRow]:
    """Every parameter, by what it belongs to, in the order of the files."""
    book = overlay(shipped, found.changes)
    order = {name: place for place, name in enumerate(meanings())}
    names = sorted(book.names, key=lambda name: (order.get(name, len(order)), name))
    return [_row(shipped, book, found, name, today) for name in names]


def _row(
    shipped: ParameterBook, book: ParameterBook, found: Decided, name: str, today: datetime.date
) -> ParameterRow:
    chinese, english = meaning_of(name)
    unit = book.periods(name)[0].unit
    least, most = span(name, unit)
    own = {one.effective_from: one for one in standing(found.changes) if one.name == name}
    return ParameterRow(
        name=name,
        group=meanings()[name][0],
        unit=unit,
        meaning=english,
        meaning_chinese=chinese,
        is_law=rests_on_law(shipped.at_or_first(name, today)),
        counting_is_fixed=counting_is_fixed(name),
        choices=list(choices(shipped, name)),
        least=None if unit == "classes" else str(least),
        most=None if unit == "classes" else str(most),
        periods=[
            _period(one, today, own.get(one.effective_from) if one.verified == OWN else None, found.people)
            for one in book.periods(name)
        ],
        waiting=[
            proposal
            for row in found.waiting
            if row["name"] == name and (proposal := _proposal(row, found)) is not None
        ],
        withdrawn=[
            ParameterWithdrawn(
                value=_value(gone.value, gone.inclusive, gone.effective_from),
                basis=gone.basis,
                decision=_decision(gone, found.people),
                reason=one.basis,
                withdrawn=_decision(one, found.people),
            )
            for one in found.changes
            if one.name == name and one.withdraws is not None
            for gone in found.changes
            if gone.change_id == one.withdraws
        ],
    )


def _proposal(row: store.Row, found: Decided) -> ParameterProposal | None:
    wanted = read(row["content"])
    if isinstance(wanted, Value):
        value, basis = _value(wanted.value, wanted.inclusive, wanted.effective_from), wanted.basis
    else:
        gone = next((one for one in found.changes if one.change_id == wanted.change_id), None)
        if gone is None:
            return None
        value, basis = _value(gone.value, gone.inclusive, gone.effective_from), gone.basis
    return ParameterProposal(
        request_id=row["request_id"],
        act="value" if isinstance(wanted, Value) else "withdrawal",
        value=value,
        basis=basis,
        reason=row["reason"],
        maker=row["maker"],
        maker_name=found.people.get(row["maker"], row["maker"]),
        made_at=row["made_at"],
    )


def _value(
    value: int | tuple[str, ...] | None, inclusive: bool | None, day: datetime.date | None
) -> ParameterValue:
    assert day is not None
    return ParameterValue(
        number=str(value) if isinstance(value, int) else None,
        names=list(value) if isinstance(value, tuple) else [],
        inclusive=bool(inclusive),
        effective_from=day,
    )


def _decision(one: Change, people: Mapping[str, str]) -> ParameterDecision:
    return ParameterDecision(
        change_id=one.change_id,
        maker=one.maker,
        maker_name=people.get(one.maker, one.maker),
        checker=one.checker,
        checker_name=people.get(one.checker, one.checker),
        decided_at=one.decided_at,
    )


def _period(
    one: Parameter, today: datetime.date, change: Change | None, people: Mapping[str, str]
) -> ParameterPeriod:
    ended = one.effective_to is not None and one.effective_to < today
    return ParameterPeriod(
        **_value(one.value, one.inclusive, one.effective_from).model_dump(),
        effective_to=one.effective_to,
        legal_basis=one.legal_basis,
        legal_basis_chinese=basis_chinese(one.legal_basis),
        verified="V" if one.verified == "V" else "B" if one.verified == OWN else "K",
        in_force=one.effective_from <= today and not ended,
        is_planned=one.effective_from > today,
        decision=None if change is None else _decision(change, people),
    )
