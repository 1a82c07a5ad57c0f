"""From hits to what is answered for each row. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import polars as pl

from loantrail.monitor.judge import decisions_of
from loantrail.monitor.model import ALLOW, HALF, LOAN, Entered, RowDecision, RowHit

_ALLOWED: Final = RowDecision(ALLOW)
_HALF: Final = RowDecision(None, (), HALF)
_NOT_JUDGED: Final = RowDecision(None, (), LOAN)


def decided(
    hits: pl.DataFrame,
    told: frozenset[str],
    transactions: Collection[str],
    halves: Collection[str] = (),
) -> dict[str, RowDecision]:
    """Transaction -> decision, of these; `told`: ids of the hits (HITS) that count; `halves`: transactions that wait for their other
    line, on which hits would rest."""
    hits = hits.filter(pl.col("hit_id").is_in(sorted(told)))
    rows = {row["hit_id"]: row for row in hits.to_dicts()}
    return {
        transaction: _HALF
        if transaction in halves and not one.hit_ids
        else RowDecision(one.answer, tuple(_told(rows[hit_id]) for hit_id in one.hit_ids))
        for transaction, one in decisions_of(hits, transactions).items()
    }


def _told(row: Mapping[str, Any]) -> RowHit:
    return RowHit(
        hit_id=row["hit_id"],
        rule_code=row["rule_code"],
        loan_id=row["loan_id"],
        level=row["level"],
        amount_fen=row["amount_fen"],
        explanation=row["explanation"],
        explanation_chinese=row["explanation_chinese"],
    )


def of_lines(
    judged: Mapping[str, RowDecision], transactions: Mapping[str, str], unknown: Collection[str]
) -> dict[str, RowDecision]:
    """Line -> decision, where `transactions` tells the transaction of each; `unknown` ones could not be judged."""
    return {
        line: _NOT_JUDGED if name in unknown else judged.get(name, _ALLOWED)
        for line, name in transactions.items()
    }


def none_for(lines: Iterable[Entered], why: str) -> dict[str, RowDecision]:
    """Line -> no decision, and why."""
    undecided = RowDecision(None, (), why)
    return {one.line_id: undecided for one in lines}
