"""Reads the portfolio as one person may see it: groups, what they were before, what is hidden, what cannot be known."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loantrail import clock
from loantrail.http.pages.ledgers.model import Remark
from loantrail.http.pages.ledgers.store_arrears import day_parameters
from loantrail.http.pages.loan_list import store_choices
from loantrail.http.pages.portfolio import store, store_migration
from loantrail.http.pages.portfolio.disclosure import hidden_counts
from loantrail.http.pages.portfolio.grouping import (
    BEFORE,
    COUNTS,
    UNTRACED,
    Figures,
    Grouping,
    Units,
    added,
    label,
    total,
)
from loantrail.http.pages.portfolio.model import (
    CurrencyCount,
    Portfolio,
    PortfolioBasis,
    PortfolioBy,
    PortfolioChange,
    PortfolioCondition,
    PortfolioGroup,
    Within,
)
from loantrail.http.pages.portfolio.scope import few_note, least_loans, value_of
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.identity.model import Signed
from loantrail.ledger.model import FIVE_CLASSES

CNY: Final = "CNY"
_ORDERS: Final = {
    PortfolioBy.CLASS: FIVE_CLASSES,
    PortfolioBy.LEVEL: ("red", "orange", "yellow", "blue", "none"),
}
_MARKED: Final = (*COUNTS, UNTRACED)
_NO_CHECKS: Final = ("check_due_count", "check_overdue_count")
Hidden = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier day, and how it is known."""

    day: datetime.date | None
    basis: PortfolioBasis
    loaded_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """One request. `least`: the fewest loans a figure may stand for; 0 for who may see single loans."""

    connection: Database
    units: Units
    parameters: Row
    least: int

    def now(self, by: PortfolioBy, within: Sequence[Within]) -> dict[str, Figures]:
        """Group -> its figures today."""
        rows = store.now(self.connection, by, within, self.parameters)
        return added(rows, Grouping(by, within, self.units))

    def then(self, by: PortfolioBy, within: Sequence[Within], earlier: Earlier) -> dict[str, Figures]:
        """Group -> number, balance and arrears on the earlier day; nothing where they cannot be known."""
        recorded = earlier.basis is PortfolioBasis.RECORDED
        grouped_by = {by, *(one.by for one in within)}
        if (
            earlier.basis is PortfolioBasis.NONE
            or PortfolioBy.LEVEL in grouped_by
            or (PortfolioBy.CLASS in grouped_by and not recorded)
        ):
            return {}
        rows = store.then(self.connection, by, within, self.parameters, recorded=recorded)
        return added(rows, Grouping(by, within, self.units))

    def hidden_above(self, within: Sequence[Within]) -> frozenset[str]:
        """The counts that are hidden of the group that the conditions lead to, in the tables on the way to it."""
        above: frozenset[str] = frozenset()
        if self.least:
            for place, one in enumerate(within):
                groups = self.now(one.by, within[:place])
                marks = hidden_counts(groups, _MARKED, self.least, above)
                above = marks.get(value_of(one), frozenset())
        return above


def read_portfolio(
    connection: Database, by: PortfolioBy, within: Sequence[Within], currency: str, person: Signed
) -> Portfolio:
    """The portfolio in one currency, grouped by `by`, of the loans that meet `within`."""
    run = current_run(connection)
    data_date: datetime.date | None = run["data_date"] if run else None
    earlier = _earlier(connection, data_date)
    least = least_loans(connection, person)
    reader = Reader(
        connection,
        Units.of(store_choices.units(connection)),
        day_parameters(data_date)
        | day_parameters(earlier.day, "previous")
        | {
            "run_id": run["run_id"] if run else None,
            "currency": currency,
            "today": clock.business_date(clock.now()),
            "loaded_at": earlier.loaded_at,
        },
        least,
    )
    now, then = reader.now(by, within), reader.then(by, within, earlier)
    order = sorted({*now, *then}, key=lambda value: _place(by, value, now.get(value, {})))
    now_all = {value: now.get(value, {}) for value in order}
    then_all = {value: then.get(value, {}) for value in order}
    above = reader.hidden_above(within)
    marks: Hidden = hidden_counts(now_all, _MARKED, least, above) if least else {}
    before: Hidden = hidden_counts(then_all, BEFORE, least) if least else {}
    known = bool(then)
    checks = store.has_checks(connection)
    grouping = Grouping(by, within, reader.units)
    sums, sums_then = total(now_all), total(then_all)
    small = above | {name for name in _MARKED if 0 < sums.get(name, 0) < least}
    if "loan_count" in small:
        small = frozenset(_MARKED)
    groups = [
        _group(
            value, by, grouping, reader.units, now_all[value], then_all[value] if known else None,
            marks.get(value, frozenset()), before.get(value, frozenset()), least, checks=checks,
        )
        for value in order
    ]  # fmt: skip
    small_then = frozenset(name for name in BEFORE if 0 < sums_then.get(name, 0) < least) | (
        frozenset(BEFORE) if "loan_count" in small else frozenset()
    )
    counted = store.currencies(connection)
    return Portfolio(
        currency=currency,
        data_date=data_date,
        previous_date=earlier.day,
        basis=earlier.basis if known else PortfolioBasis.NONE,
        by=by,
        within=[
            PortfolioCondition(
                by=one.by,
                value=value_of(one),
                label=label(one.by, value_of(one), reader.units),
            )
            for one in within
        ],
        fewest_loans=least or None,
        currencies=[
            CurrencyCount(
                currency=row["currency"],
                loan_count=None if 0 < row["loan_count"] < least else row["loan_count"],
            )
            for row in counted
        ],
        total=_group(
            "",
            by,
            grouping,
            reader.units,
            sums,
            sums_then if known else None,
            small,
            small_then,
            least,
            checks=checks,
        ),
        groups=sorted(groups, key=lambda group: group.loan_count is None),
        notes=_notes(by, within, earlier, data_date, least),
    )


def _place(by: PortfolioBy, value: str, figures: Figures) -> tuple[int, str]:
    """Classes and levels stand in their own order, others with the largest balance first."""
    own = _ORDERS.get(by, ())
    return (own.index(value) if value in own else len(own) - figures.get("balance_fen", 0), value)


def _earlier(connection: Database, data_date: datetime.date | None) -> Earlier:
    """The last day of the month before; where a delivery of that month was taken in, its last business date."""
    if data_date is None:
        return Earlier(None, PortfolioBasis.NONE)
    last = data_date.replace(day=1) - datetime.timedelta(days=1)
    recorded = store_migration.recorded_days(connection, last.replace(day=1), last)
    if recorded:
        return Earlier(recorded[0][0], PortfolioBasis.RECORDED, recorded[0][1])
    return Earlier(last, PortfolioBasis.BOOKED)


def _group(
    value: str,
    by: PortfolioBy,
    grouping: Grouping,
    units: Units,
    figures: Figures,
    then: Figures | None,
    small: frozenset[str],
    small_then: frozenset[str],
    least: int,
    *,
    checks: bool,
) -> PortfolioGroup:
    given: dict[str, int | None] = {}
    few: list[str] = []
    withheld: list[str] = []
    for count, amounts in COUNTS.items():
        gone = count in small or "loan_count" in small
        if gone:
            (few if 0 < figures.get(count, 0) < least else withheld).extend((count, *amounts))
        absent = gone or (count in _NO_CHECKS and not checks)
        for name in (count, *amounts):
            given[name] = None if absent else figures.get(name, 0)
    if UNTRACED in small and given["traced_count"] is not None:
        # The amounts are of those traced alone; only the number tells how many are not.
        given["traced_count"] = None
        withheld.append("traced_count")
    change: dict[str, int | None] = {}
    for count, amounts in BEFORE.items():
        gone = then is None or count in small_then or "loan_count" in small_then or "loan_count" in small
        for name in (count, *amounts):
            change[name] = None if gone or then is None else then.get(name, 0)
    return PortfolioGroup.model_validate(
        {
            "value": value,
            "label": label(by, value, units) if value else None,
            "deeper": bool(value) and grouping.deeper(value),
            "few": few,
            "withheld": withheld,
            "before": PortfolioChange.model_validate(change),
            **given,
        }
    )


def _notes(
    by: PortfolioBy, within: Sequence[Within], earlier: Earlier, data_date: datetime.date | None, least: int
) -> list[Remark]:
    notes: list[Remark] = []
    grouped_by = {by, *(one.by for one in within)}
    if data_date is None:
        notes.append(
            Remark(
                code="no_data_date",
                chinese="尚未追踪，数据日期未知：逾期、去向和上月数都无法计算。",
                english="Nothing was traced yet, so the data date is not known: arrears, uses and the month before cannot be told.",
            )
        )
    elif earlier.basis is PortfolioBasis.BOOKED:
        notes.append(
            Remark(
                code="booked",
                chinese="上月数按放款和还款的记账日期倒推；上月之后核销或转让的贷款、上月的五级分类、预警等级和资金去向无法倒推。",
                english="The month before is worked back from the dates of payments and repayments. Loans written off or sold "
                "since, and the classes, warning levels and uses of then, cannot be had so.",
            )
        )
    if PortfolioBy.LEVEL in grouped_by:
        notes.append(
            Remark(
                code="level_then",
                chinese="上月每笔贷款的预警等级没有记录，因此按预警等级分组时没有上月数。",
                english="The warning level that each loan had then is not on record: by level there is no month before.",
            )
        )
    if PortfolioBy.CLASS in grouped_by and earlier.basis is PortfolioBasis.BOOKED:
        notes.append(
            Remark(
                code="class_then",
                chinese="上月的五级分类没有记录（需要夜间批量），因此按五级分类分组时没有上月数。",
                english="The classes of then are not on record (nightly deliveries hold them): by class there is no month "
                "before.",
            )
        )
    if least:
        notes.append(few_note(least))
    return notes
