"""Loans judged together and, where that breaks off, in ever smaller parts: one that cannot be judged takes no decision from another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import polars as pl
import psycopg
from psycopg import Connection

from loantrail.clock import business_date
from loantrail.defects import DEFECTS
from loantrail.monitor.judging import Judgement, Judging, nothing_said, payees_of_hits
from loantrail.monitor.shown import Changed
from loantrail.monitor.slice_index import Index

LEFT_MOST: Final = 4
"""Where so many loans cannot be judged and none could be, the state is to blame and not the loans."""
_LOG = logging.getLogger(__name__)


def judged_apart(
    connection: Connection[Any], judging: Judging, index: Index, changed: Changed, difficult: Collection[str]
) -> tuple[Judgement, frozenset[str]]:
    """What is said of the loans that changed, and those of them that could not be judged. `difficult`: loans that could not be judged
    before, which are looked at by themselves. Raises what the database raises, and what went wrong where no loan can be judged."""

    def judge(loans: Sequence[str]) -> Judgement:
        return judging.judge(connection, index, changed.of_loans(loans))

    loans = sorted({*changed.loans, *changed.draining})
    alone = [loan for loan in loans if loan in difficult]
    try:
        if not alone:
            return judging.judge(connection, index, changed), frozenset()
    except psycopg.Error:
        raise
    except DEFECTS:
        _LOG.exception("%d loans could not be judged together; each is judged by itself", len(loans))
    parts = _Parts(judge)
    rest = [loan for loan in loans if loan not in difficult]
    # Those that just broke off together are not tried together again.
    for group in ([rest] if alone else _halves(rest)) + [[loan] for loan in alone]:
        parts.add(group)
    return together(index, parts.judged, changed), frozenset(parts.left)


def together(index: Index, parts: Sequence[Judgement], changed: Changed) -> Judgement:
    """What was said of some of the loans that changed, and of others, as of all of these together."""
    said = [nothing_said(), *parts]
    hits = pl.concat([one.hits for one in said])
    looked = [{*one.codes} for one in parts if one.loans]  # not alike where a rule broke meanwhile
    loans = tuple(sorted(loan for one in parts for loan in one.loans))
    return Judgement(
        loans=loans,
        hits=hits,
        codes=tuple(sorted(set[str].intersection(*looked))) if looked else (),
        proven=pl.concat([one.proven for one in said]),
        payees=payees_of_hits(index, hits, loans),
        on_date=business_date(index.as_of),
        found={loan: rows for one in parts for loan, rows in one.found.items()},
        whole=tuple(sorted(loan for one in parts for loan in one.whole)),
        leads=pl.concat([one.leads for one in said]),
        days=pl.concat([one.days for one in said]),
        as_of=index.as_of,
        doubtful=changed.doubtful,
        halves=frozenset[str]().union(*(one.halves for one in parts)),
        broken=frozenset[str]().union(*(one.broken for one in parts)),
        rules=next((one.rules for one in parts), ()),
    )


class _Parts:
    def __init__(self, judge: Callable[[Sequence[str]], Judgement]) -> None:
        self._judge = judge
        self.judged: list[Judgement] = []
        self.left: list[str] = []

    def add(self, loans: list[str]) -> None:
        if not loans:
            return
        try:
            self.judged.append(self._judge(loans))
        except psycopg.Error:
            raise
        except DEFECTS:
            if len(loans) == 1:
                if not self.judged and len(self.left) + 1 >= LEFT_MOST:
                    raise
                self.left.append(loans[0])
                _LOG.exception("loan %s could not be judged; the next run over the books judges it", loans[0])
                return
            for half in _halves(loans):
                self.add(half)


def _halves(loans: list[str]) -> list[list[str]]:
    middle = (len(loans) + 1) // 2
    return [loans[:middle], loans[middle:]]


def left_undecided(index: Index, transactions: Sequence[str], left: frozenset[str]) -> Collection[str]:
    """Those of the transactions that say something of loans that could not be judged; all, where it cannot be told which."""
    if not left:
        return ()
    about = {one: left & {*index.loans_of(pl.Series([one], dtype=pl.String))} for one in transactions}
    found = {one for one, loans in about.items() if loans}
    return found if left <= set().union(*about.values()) else transactions
