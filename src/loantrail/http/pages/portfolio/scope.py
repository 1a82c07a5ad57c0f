"""What every table of the portfolio is read within: one person's reach, one currency, the fewest loans a figure may stand for."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loantrail import clock
from loantrail.http.pages.ledgers.model import Remark
from loantrail.http.pages.loan_list import store_choices
from loantrail.http.pages.portfolio import store_uses
from loantrail.http.pages.portfolio.disclosure import WHOLE, hidden_counts
from loantrail.http.pages.portfolio.grouping import UNTRACED, Figures, Grouping, Units, added, label
from loantrail.http.pages.portfolio.model import ALONE, PortfolioBy, PortfolioCondition, Within
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.policy.reading import parameters_in_force

TRACED: Final = "traced_count"
_COUNTED: Final = (WHOLE, TRACED, UNTRACED)


@dataclass(frozen=True, slots=True)
class Scope:
    """One request. `least`: the fewest loans a figure may stand for; 0 for who may see single loans."""

    connection: Database
    units: Units
    parameters: Row
    least: int
    data_date: datetime.date | None

    def counts(self, by: PortfolioBy, within: Sequence[Within]) -> dict[str, Figures]:
        """Group -> `loan_count, balance_fen, traced_count, disbursed_fen, untraced_count`."""
        rows = store_uses.counts(self.connection, by, within, self.parameters)
        return added(rows, Grouping(by, within, self.units))

    def marks(
        self, groups: Mapping[str, Figures], above: frozenset[str] = frozenset()
    ) -> dict[str, frozenset[str]]:
        """Group -> which of its counts are hidden, as the table of groups hides them."""
        return hidden_counts(groups, _COUNTED, self.least, above) if self.least else {}

    def hidden_above(self, within: Sequence[Within]) -> frozenset[str]:
        """The counts that are hidden of the group that the conditions lead to, in the tables on the way to it."""
        above: frozenset[str] = frozenset()
        if self.least:
            for place, one in enumerate(within):
                marks = self.marks(self.counts(one.by, within[:place]), above)
                above = marks.get(value_of(one), frozenset())
        return above

    def conditions(self, within: Sequence[Within]) -> list[PortfolioCondition]:
        """The groups gone down into, as the answer names them."""
        return [
            PortfolioCondition(by=one.by, value=value_of(one), label=label(one.by, value_of(one), self.units))
            for one in within
        ]

    def few_notes(self) -> list[Remark]:
        """That small figures are hidden, for whom they are."""
        return [few_note(self.least)] if self.least else []


def scope_of(connection: Database, currency: str, person: Signed) -> Scope:
    """What this person may see, in one currency."""
    run = current_run(connection)
    data_date: datetime.date | None = run["data_date"] if run else None
    return Scope(
        connection,
        Units.of(store_choices.units(connection)),
        {"run_id": run["run_id"] if run else None, "currency": currency},
        least_loans(connection, person),
        data_date,
    )


def least_loans(connection: Database, person: Signed) -> int:
    """The fewest loans a figure may stand for when this person sees it today; 0 for who may see single loans. A rule about who sees
    what is the one of today, whatever day the figures are of."""
    if person.may(Ability.READ_LOANS):
        return 0
    book = parameters_in_force(connection)
    return max(1, book.at_or_first("portfolio_least_loans", clock.business_date(clock.now())).number)


def value_of(one: Within) -> str:
    """The group of a condition, as tables name it."""
    return f"{one.value}{ALONE if one.alone else ''}"


def few_note(least: int) -> Remark:
    """That figures of fewer loans than `least` are hidden."""
    return Remark(
        code="few",
        chinese=f"少于 {least} 笔的数字不显示；为避免倒推，个别其他数字也不显示。",
        english=f"Figures of fewer than {least} loans are not shown, nor are some that would give them away.",
    )
