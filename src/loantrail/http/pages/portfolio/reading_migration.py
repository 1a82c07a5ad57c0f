"""Reads the migration of classes as one person may see it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

from loantrail.http.pages.ledgers.model import Remark
from loantrail.http.pages.portfolio import store_migration
from loantrail.http.pages.portfolio.migration_cover import PERFORMING_ROW, Cell, Covered
from loantrail.http.pages.portfolio.model import PortfolioBy, Within
from loantrail.http.pages.portfolio.model_migration import MigrationRate, PortfolioMigration, PortfolioMove
from loantrail.http.pages.portfolio.model_uses import Cover
from loantrail.http.pages.portfolio.ratios import Move, Rate, down_rates, turned_bad_rate
from loantrail.http.pages.portfolio.reading_moves import Moves, Shown, read_moves
from loantrail.http.pages.portfolio.scope import Scope, scope_of
from loantrail.http.pages.store import Database
from loantrail.identity.model import Signed
from loantrail.ledger.model import FIVE_CLASSES

_GONE: Final = ("settled", "written_off", "transferred")
_NOW: Final = (*FIVE_CLASSES, *_GONE)
_YEAR: Final = datetime.timedelta(days=400)
_ONE_DAY: Final = datetime.timedelta(days=1)


def read_migration(
    connection: Database,
    within: Sequence[Within],
    currency: str,
    person: Signed,
    since: datetime.date | None = None,
) -> PortfolioMigration:
    """Classes on an earlier day and today of the loans that meet `within`. `since`: one of the days on record; the last of an
    earlier month without one."""
    scope = scope_of(connection, currency, person)
    days = _days(scope)
    if since is None:
        month = scope.data_date.replace(day=1) if scope.data_date else None
        since = next((day for day in days if month is not None and day < month), next(iter(days), None))
    by_level = any(one.by is PortfolioBy.LEVEL for one in within)
    loaded_at = days.get(since) if since is not None and not by_level else None
    known = loaded_at is not None
    shown = (
        read_moves(scope, within, loaded_at) if loaded_at is not None else Shown(Moves(), Covered(), False)
    )
    cells, hidden = shown.moves.cells, shown.covered
    moves = list(cells.values())
    rates = {PERFORMING_ROW: turned_bad_rate(moves), **down_rates(moves)} if moves else {}
    return PortfolioMigration(
        currency=currency,
        data_date=scope.data_date,
        since=since if known else None,
        days=list(days),
        within=scope.conditions(within),
        fewest_loans=scope.least or None,
        moves=_moves(cells, hidden, scope.least) if known else None,
        rates=[_rate(name, rate, scope.least, hide=name in hidden.rates) for name, rate in rates.items()],
        new_count=sum(shown.moves.new.values()) if known and shown.new_known and not hidden.new else None,
        notes=_notes(scope, known=known, by_level=by_level),
    )


def _days(scope: Scope) -> dict[datetime.date, datetime.datetime]:
    """Earlier days on record, one a month, the newest first -> when their delivery had been taken in."""
    if scope.data_date is None:
        return {}
    first, last = scope.data_date - _YEAR, scope.data_date - _ONE_DAY
    return dict(store_migration.recorded_days(scope.connection, first, last))


def _place(key: tuple[str, str]) -> tuple[int, int]:
    then, now = key
    return (
        FIVE_CLASSES.index(then) if then in FIVE_CLASSES else len(FIVE_CLASSES),
        _NOW.index(now) if now in _NOW else len(_NOW),
    )


def _moves(cells: Mapping[Cell, Move], hidden: Covered, least: int) -> list[PortfolioMove]:
    """The cells in order; those that are hidden stand there though they be empty."""
    rows = {then for then, _ in cells}
    every = {(then, now) for then in rows for now in _NOW} if hidden.whole else set[Cell]()
    behind = every | {cell for cell in hidden.moves if cell[0] in rows}
    return [
        _move(cells.get(cell) or Move(*cell, 0, 0, 0, 0), least, hide=cell in behind)
        for cell in sorted({*cells, *behind}, key=_place)
    ]


def _small(count: int, least: int) -> bool:
    return 0 < count < least


def _move(move: Move, least: int, *, hide: bool) -> PortfolioMove:
    return PortfolioMove(
        class_then=move.class_then,
        class_now=move.class_now,
        loan_count=None if hide else move.loan_count,
        balance_fen=None if hide else move.balance_fen,
        cover=(Cover.FEW if _small(move.loan_count, least) else Cover.WITHHELD) if hide else None,
    )


def _rate(name: str, rate: Rate, least: int, *, hide: bool) -> MigrationRate:
    cover = (Cover.FEW if _small(rate.down_count, least) else Cover.WITHHELD) if hide else None
    return MigrationRate(
        class_then=name,
        opening_fen=None if hide else rate.opening_fen,
        reduced_fen=None if hide else rate.reduced_fen,
        down_count=None if hide else rate.down_count,
        down_fen=None if hide else rate.down_fen,
        rate_ppm=None if hide else rate.ppm,
        cover=cover,
    )


def _notes(scope: Scope, *, known: bool, by_level: bool) -> list[Remark]:
    notes: list[Remark] = []
    if by_level:
        notes.append(
            Remark(
                code="level_then",
                chinese="当时每笔贷款的预警等级没有记录，因此在按预警等级选出的贷款里没有迁徙表。",
                english="The warning level that each loan had then is not on record: loans chosen by it have no migration.",
            )
        )
    elif not known:
        notes.append(
            Remark(
                code="no_history",
                chinese="以前的五级分类没有记录：只有按日接收夜间批量之后，才能知道当时每笔贷款的分类。这里不推算。",
                english="Earlier classes are not on record: they are known from the nightly deliveries on. Nothing is guessed.",
            )
        )
    else:
        notes.append(
            Remark(
                code="migration",
                chinese="迁徙率 = 期初该类贷款中期末分类更差的余额 ÷（期初该类余额 − 期间减少额）；期间减少额是这些贷款还款、核销、"
                "转让减少的余额。正常贷款迁徙率 = 期初正常、关注类中期末为不良的余额 ÷（两类期初余额 − 两类期间减少额）。"
                "期初之后新发放的贷款不在表中。",
                english="Rate of migration = what is owed at the end by loans of the class that are in a worse one ÷ (balance of the "
                "class at the beginning − reductions since, by repayment, write-off or sale). For performing loans: what was normal "
                "or special mention and is non-performing. Loans that began since are in no row.",
            )
        )
    return notes + scope.few_notes()
