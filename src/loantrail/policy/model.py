"""The shipped parameters, and over them what the bank decided. Pure.

A period of the bank's own holds from its day until the day before the next one begins, whoever's that is. A shipped number of
law that begins later ends it; a shipped starting value of practice that begins later does not: it is the bank's to choose. Where both
begin on one day, the bank's own holds.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from loantrail.parameters import Parameter, ParameterBook

OWN: Final = "B"
"""`Parameter.verified` of what two persons of the bank decided."""
_PRACTICE: Final = re.compile(r"practice|design default|the bank confirms|reveal persons", re.IGNORECASE)
_NAMES_A_TEXT: Final = re.compile(
    r"《[^》]{2,}》|〔[0-9]{4}〕|[0-9]{1,4}\s*号|第\s*[0-9一二三四五六七八九十百]+\s*条|IFRS|GB/T"
)


@dataclass(frozen=True, slots=True)
class Change:
    """A decision about a parameter: a value from a day on, or (`withdraws`) that a planned one does not come."""

    change_id: str
    name: str
    withdraws: str | None
    value: int | tuple[str, ...] | None
    unit: str | None
    inclusive: bool | None
    effective_from: datetime.date | None
    basis: str
    maker: str
    checker: str
    decided_at: datetime.datetime


def rests_on_law(one: Parameter) -> bool:
    """Whether the number is one of a law, a rule or a standard of accounting, not a starting value of practice."""
    return one.verified != OWN and _PRACTICE.search(one.legal_basis) is None


def names_a_text(basis: str) -> bool:
    """Whether a basis names a text of law: its title in 《》, its number, or an article of it."""
    return _NAMES_A_TEXT.search(basis) is not None


def standing(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The values that came or will come, in the order of decisions: those not withdrawn."""
    told = list(changes)
    gone = {one.withdraws for one in told if one.withdraws is not None}
    return tuple(one for one in told if one.withdraws is None and one.change_id not in gone)


def overlay(shipped: ParameterBook, changes: Iterable[Change]) -> ParameterBook:
    """The book in force. Values of names that are not shipped, or have another unit there by now, are left out: nothing would
    read them. Whatever was decided, every name has the value on every day that it had one, and from its first own period on."""
    own: dict[str, list[Parameter]] = {}
    for one in standing(changes):
        found = _period(one)
        if one.name in shipped.names and shipped.periods(one.name)[0].unit == found.unit:
            own.setdefault(one.name, []).append(found)
    if not own:
        return shipped
    merged: list[Parameter] = []
    for name in shipped.names:
        merged += _merged(shipped.periods(name), own[name]) if name in own else shipped.periods(name)
    return ParameterBook(merged)


def _period(one: Change) -> Parameter:
    assert one.value is not None
    assert one.unit is not None
    assert one.inclusive is not None
    assert one.effective_from is not None
    return Parameter(one.name, one.value, one.unit, one.inclusive, one.effective_from, None, one.basis, OWN)


def _merged(shipped: Sequence[Parameter], own: Sequence[Parameter]) -> list[Parameter]:
    # Of two decisions for one day the later holds; the database lets no second one in.
    by_day = {one.effective_from: one for one in own}
    first = min(by_day)
    by_day |= {
        one.effective_from: one
        for one in shipped
        if one.effective_from not in by_day and (one.effective_from < first or rests_on_law(one))
    }
    periods = [by_day[day] for day in sorted(by_day)]
    ended = [
        replace(one, effective_to=after.effective_from - datetime.timedelta(days=1))
        for one, after in itertools.pairwise(periods)
    ]
    # The last one of all holds as long as it was shipped to; one whose successor gave way holds on.
    last = periods[-1]
    return [*ended, last if last is shipped[-1] else replace(last, effective_to=None)]
