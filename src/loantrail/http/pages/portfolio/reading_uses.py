"""Reads where the money went as one person may see it: the table of groups and uses, and what of it is hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.http.pages.ledgers.model import Remark
from loantrail.http.pages.portfolio import store_uses
from loantrail.http.pages.portfolio.cells import covered
from loantrail.http.pages.portfolio.disclosure import WHOLE
from loantrail.http.pages.portfolio.grouping import UNTRACED, Figures, Grouping, label
from loantrail.http.pages.portfolio.model import PortfolioBy, Within
from loantrail.http.pages.portfolio.model_uses import (
    Cover,
    PortfolioUses,
    UseCell,
    UseGroup,
    UseLine,
    UseRow,
)
from loantrail.http.pages.portfolio.scope import TRACED, Scope, scope_of, value_of
from loantrail.http.pages.store import Database
from loantrail.identity.model import Signed

Key = tuple[str, str]
"""Group of uses and use; no use: the group of uses as a whole."""
_GROUPS: Final = tuple(UseGroup)


@dataclass(frozen=True, slots=True)
class Crossed:
    """The table of one level: counts of loans and amounts by group and use, and what is hidden of it."""

    counts: Mapping[str, Figures]
    loans: Mapping[tuple[str, Key], int]
    amounts: Mapping[tuple[str, Key], int]
    whole: frozenset[str]
    """Groups whose sum is not shown."""
    hidden: frozenset[tuple[str, Key]]
    rests: frozenset[str]
    """Groups whose number of loans traced is not shown, because it would tell how few are not."""
    totals: frozenset[Key]
    """Uses, and groups of uses, whose total is not shown."""

    def row(self, group: str) -> frozenset[Key]:
        """What of one group is hidden: the totals that are when one goes down into it."""
        return frozenset(key for value, key in self.hidden if value == group)


def read_uses(
    connection: Database, by: PortfolioBy, within: Sequence[Within], currency: str, person: Signed
) -> PortfolioUses:
    """Where the money of the loans that meet `within` rests or went, in one currency, crossed with the groups of `by`."""
    scope = scope_of(connection, currency, person)
    above_counts, above = _above(scope, within)
    crossed = _crossed(scope, by, within, above_counts, above)
    none = bool({WHOLE, TRACED} & above_counts) or _few(scope, crossed, TRACED)
    rest = UNTRACED in above_counts or _few(scope, crossed, UNTRACED)
    order = sorted(crossed.counts, key=lambda value: (-_disbursed(crossed, value), value))
    grouping = Grouping(by, within, scope.units)
    rows = [
        UseRow(
            value=value,
            label=label(by, value, scope.units),
            deeper=grouping.deeper(value),
            **_traced(
                crossed, [value], scope.least, hide=value in crossed.whole, rest=value in crossed.rests
            ),
            cells=[
                UseCell(
                    **_cell(
                        crossed, [value], (name, ""), scope.least, hide=(value, (name, "")) in crossed.hidden
                    )
                )
                for name in _GROUPS
            ],
        )
        for value in order
    ]
    total = UseRow(
        value="",
        label=None,
        deeper=False,
        **_traced(crossed, order, scope.least, hide=none, rest=rest),
        cells=[
            UseCell(
                **_cell(crossed, order, (name, ""), scope.least, hide=none or (name, "") in crossed.totals)
            )
            for name in _GROUPS
        ],
    )
    untraced = sum(figures.get(UNTRACED, 0) for figures in crossed.counts.values())
    return PortfolioUses(
        currency=currency,
        data_date=scope.data_date,
        by=by,
        within=scope.conditions(within),
        fewest_loans=scope.least or None,
        untraced_count=None if none or rest else untraced,
        total=total,
        groups=sorted(rows, key=lambda row: row.cover is not None),
        uses=_lines(crossed, order, scope.least, hide=none),
        notes=_notes(scope),
    )


def _above(scope: Scope, within: Sequence[Within]) -> tuple[frozenset[str], frozenset[Key] | None]:
    """The counts, and the uses, that are hidden of the group that the conditions lead to; None for the whole in reach."""
    counts: frozenset[str] = frozenset()
    uses: frozenset[Key] | None = None
    if scope.least:
        for place, one in enumerate(within):
            crossed = _crossed(scope, one.by, within[:place], counts, uses)
            counts = scope.marks(crossed.counts, counts).get(value_of(one), frozenset())
            uses = crossed.row(value_of(one))
    return counts, uses


def _crossed(
    scope: Scope,
    by: PortfolioBy,
    within: Sequence[Within],
    above_counts: frozenset[str],
    above: frozenset[Key] | None,
) -> Crossed:
    counts = scope.counts(by, within)
    grouping = Grouping(by, within, scope.units)
    loans: dict[tuple[str, Key], int] = {}
    amounts: dict[tuple[str, Key], int] = {}
    for row in store_uses.uses(scope.connection, by, within, scope.parameters):
        cell = grouping.value(row["code"]), (row["line_group"], row["use"])
        loans[cell] = loans.get(cell, 0) + row["loan_count"]
        amounts[cell] = amounts.get(cell, 0) + int(row["amount_fen"])
    marks = scope.marks(counts, above_counts)
    whole = frozenset(value for value, hidden in marks.items() if hidden & {WHOLE, TRACED})
    hidden, totals, sums = _hidden(sorted(counts), loans, scope.least, whole, above)
    rests = frozenset(value for value, names in marks.items() if UNTRACED in names)
    return Crossed(counts, loans, amounts, sums, hidden, rests, totals)


def _hidden(
    order: Sequence[str],
    loans: Mapping[tuple[str, Key], int],
    least: int,
    whole: frozenset[str],
    above: frozenset[Key] | None,
) -> tuple[frozenset[tuple[str, Key]], frozenset[Key], frozenset[str]]:
    """Cells, totals of uses and sums of groups that are hidden: first of the groups of uses, then of the uses of each, whose sum
    a group of uses is.
    `above`: the totals that are hidden already; None for the whole of what is in reach, which is hidden as a row of its own."""
    if not least or not order:
        return frozenset(), frozenset(), frozenset()
    hidden: set[tuple[str, Key]] = set()
    totals: set[Key] = set(above or ())

    def hide(keys: Sequence[Key], rows: Sequence[bool], *, total_hidden: bool) -> list[bool]:
        table = [[loans.get((value, key), 0) for key in keys] for value in order]
        sums = [sum(column) for column in zip(*table, strict=True)]
        while True:
            columns = [key in totals for key in keys]
            if above is None:
                # The totals are a row of their own: what is hidden of them must not be had from the rest.
                also = [(0, place) for place, mark in enumerate(columns) if mark]
                own = covered([sums], least, forced=[total_hidden], also=also, alone=True, apart=False)
                columns = own.cells[0]
            found = covered(table, least, forced=rows, columns=columns, apart=False)
            totals.update(key for key, mark in zip(keys, found.columns, strict=True) if mark)
            if found.columns == columns:
                break
        for value, marks in zip(order, found.cells, strict=True):
            hidden.update((value, key) for key, mark in zip(keys, marks, strict=True) if mark)
        return found.rows

    groups: list[Key] = [(name, "") for name in _GROUPS]
    rows = hide(groups, [value in whole for value in order], total_hidden=len(whole) == len(order))
    for group in groups:
        uses = sorted({key for _, key in loans if key[0] == group[0] and key[1]})
        if uses:
            # A group of uses that is hidden shows none of its uses.
            hide(uses, [(value, group) in hidden for value in order], total_hidden=group in totals)
    return (
        frozenset(hidden),
        frozenset(totals),
        whole | {value for value, row in zip(order, rows, strict=True) if row},
    )


def _few(scope: Scope, crossed: Crossed, name: str) -> bool:
    return 0 < sum(figures.get(name, 0) for figures in crossed.counts.values()) < scope.least


def _disbursed(crossed: Crossed, value: str) -> int:
    return crossed.counts[value].get("disbursed_fen", 0)


def _cover(count: int, least: int, *, hide: bool) -> Cover | None:
    return None if not hide else Cover.FEW if 0 < count < least else Cover.WITHHELD


def _traced(crossed: Crossed, values: Sequence[str], least: int, *, hide: bool, rest: bool) -> dict[str, Any]:
    count = sum(crossed.counts[value].get(TRACED, 0) for value in values)
    return {
        "traced_count": None if hide or rest else count,
        "disbursed_fen": None if hide else sum(_disbursed(crossed, value) for value in values),
        "cover": _cover(count, least, hide=hide),
    }


def _cell(crossed: Crossed, values: Sequence[str], key: Key, least: int, *, hide: bool) -> dict[str, Any]:
    count = sum(crossed.loans.get((value, key), 0) for value in values)
    return {
        "line_group": key[0],
        "loan_count": None if hide else count,
        "amount_fen": None if hide else sum(crossed.amounts.get((value, key), 0) for value in values),
        "cover": _cover(count, least, hide=hide),
    }


def _lines(crossed: Crossed, values: Sequence[str], least: int, *, hide: bool) -> list[UseLine]:
    keys = {key for _, key in crossed.loans if key[1]}
    lines = [
        UseLine(use=key[1], **_cell(crossed, values, key, least, hide=hide or key in crossed.totals))
        for key in keys
    ]
    return sorted(lines, key=lambda line: (_GROUPS.index(line.line_group), -(line.amount_fen or 0), line.use))


def _notes(scope: Scope) -> list[Remark]:
    notes = scope.few_notes()
    if scope.data_date is None:
        return [
            Remark(
                code="no_data_date",
                chinese="尚未追踪，资金去向无法统计。",
                english="Nothing was traced yet, so uses cannot be told.",
            ),
            *notes,
        ]
    return [
        Remark(
            code="uses",
            chinese="金额是已追踪放款按官方口径（先进先出）分到各用途的结果，每笔贷款各用途之和等于放款额；"
            "疑似违规是有线索的受限用途，疑似不等于认定。",
            english="Amounts are what was paid out and traced, divided among uses by the official convention (first in, first "
            "out); the uses of a loan add up to what was paid out. Suspected are restricted uses that a lead speaks of: "
            "suspected is not found.",
        ),
        *notes,
    ]
