"""The limit of what a rule may hit holds between two runs over the books too: a rule whose hits would come to stand on too many loans is
stopped before its hits are taken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Set
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from loantrail.clock import microseconds
from loantrail.early_warning.patterns import PATTERNS
from loantrail.early_warning.taking import Looked, take_hits
from loantrail.rules import store_hits
from loantrail.rules.running import Runaway, stop
from loantrail.rules.stopping import runaway_of

if TYPE_CHECKING:
    from psycopg import Connection

    from loantrail.monitor.held import Held
    from loantrail.monitor.judging import Judgement
    from loantrail.monitor.shown import Changed
    from loantrail.monitor.slice_index import Index
    from loantrail.parameters import ParameterBook
    from loantrail.rules.model import RuleVersion

TAKEN_BACK_AT_ONCE: Final = 500
"""Hits on more loans than that stand until the next run over the books, or until their loan is judged: nobody waits for so many."""
_LOG = logging.getLogger(__name__)


class LoansHit:
    """Which loans each rule has hit, by what stands in the books: of each version read once, when it first hits a loan here."""

    def __init__(self) -> None:
        self._loans: dict[tuple[str, str], set[str]] = {}

    def runaways(
        self,
        connection: Connection[Any],
        judgement: Judgement,
        paid_out: Callable[[], int],
        parameters: ParameterBook,
    ) -> list[Runaway]:
        """The rules that would hit too many of the loans if the judgement were taken; `paid_out`: how many these are, asked where a rule
        hits."""
        found: list[Runaway] = []
        told: list[int] = []
        by_rule = _by_rule(judgement.hits)
        for one in judgement.rules:
            version, key = one.version, (one.version.code, str(one.version.version))
            if key not in by_rule:
                continue
            told = told or [paid_out()]
            loans = told[0]

            def is_over(
                known: set[str],
                hit: set[str] = by_rule[key],
                version: RuleVersion = version,
                loans: int = loans,
            ) -> bool:
                count = _count(known, judgement.loans, hit)
                return runaway_of(version, count, loans, parameters, judgement.on_date) is not None

            if key in self._loans and not is_over(self._loans[key]):
                continue
            # What is remembered may be from before a run that is about to be stood on.
            known = self._loans[key] = store_hits.loans_hit_by(connection, *key)
            if is_over(known):
                found.append(Runaway(version, _count(known, judgement.loans, by_rule[key]), loans))
        return found

    def keep(self, hits: pl.DataFrame, judged: Collection[str]) -> None:
        """These hits of the loans that were judged stand in the books."""
        if not self._loans:
            return
        by_rule = _by_rule(hits)
        for key, known in self._loans.items():
            known.difference_update(judged)
            known.update(by_rule.get(key, ()))

    def forget(self) -> None:
        """Others changed what stands."""
        self._loans.clear()


def loans_paid_out(index: Index) -> int:
    """How many loans were paid out: by a line, or by their record alone. The one count of loans that a run holds against the limit too
    (rules.cost.loans_had, over the whole of the books)."""
    paid = index.records.paid_out_by_record_us <= microseconds(index.as_of)
    by_line = index.hop_loan.array[index.hop_depth.array == 0]
    paid[by_line] = True
    return int(paid.sum())


def _count(known: Set[str], judged: Collection[str], hit: Set[str]) -> int:
    """How many loans are hit when those that were judged are hit no more, but for these."""
    return len(known) - sum(loan in known for loan in judged) + len(hit)


def _by_rule(hits: pl.DataFrame) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for code, version, loan in hits.select("rule_code", "rule_version", "loan_id").iter_rows():
        found.setdefault((code, version), set()).add(loan)
    return found


def judged_within_limits(
    connection: Connection[Any], held: Held, changed: Changed, difficult: Collection[str]
) -> Judgement:
    """What is said of the loans that changed, in the caller's transaction: rules that would hit too many loans are stopped, and what they
    found before is taken back."""
    found = held.judge(connection, changed, difficult)
    stopped: list[Runaway] = []
    while runaways := held.judging.runaways(connection, held.standing.index, found):
        for one in runaways:
            _LOG.warning(
                "rule %s, version %d, hits %d of %d loans and is stopped: it judges nothing until the next run over the books",
                one.version.code,
                one.version.version,
                one.loans_hit,
                one.loans,
            )
            stop(connection, one, found.on_date)
        stopped += runaways
        found = held.judge(connection, changed, difficult)
    # Behind all of these: who takes hits has the turn of all warnings, for which a run that writes what it found of rules may wait.
    codes = [one.version.code for one in stopped if one.loans_hit <= TAKEN_BACK_AT_ONCE]
    codes = [code for code in codes if code not in PATTERNS]
    if codes:
        take_hits(
            connection,
            found.hits.clear(),
            codes,
            found.proven,
            found.payees,
            held.standing.parameters,
            found.on_date,
            Looked(but=frozenset(found.loans)),
        )
    return found
