"""The path of any amount of a statement: which transactions, when, how much of each. Pure.

A lineage convention knows each hop's parent. PRO_RATA mixes: there a path is one way to take its hops apart, first
in first out within each label, so that the parts of all paths sum to the hops and to the line.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantrail.errors import InputError, Place
from loantrail.tracing.model import Convention, Int64, Trace
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.statement import Rest, rests

SCHEMA = {
    "path": pl.Int64,
    "step": pl.Int64,
    "transaction_id": pl.String,
    "booked_at": pl.Datetime("us", "UTC"),
    "from_account": pl.String,
    "to_account": pl.String,
    "amount_fen": pl.Int64,
    "transaction_fen": pl.Int64,
}


@dataclass(slots=True)
class _Part:
    """Some fen of a hop, and the part they came from."""

    hop: int
    amount_fen: int
    before: _Part | None


def evidence(
    named: NamedHistory, trace: Trace, loan_id: str, use: str, related: Int64 | None = None
) -> pl.DataFrame:
    """Every path that ends in the line `use` of a loan's statement: `path, step, transaction_id, booked_at,
    from_account, to_account, amount_fen, transaction_fen`, the largest path first. `amount_fen` is what of the
    transaction belongs to the path, the same in each of its steps; over all paths it sums to the line.

    Raises InputError for a loan that was not paid out, and for POISON, which has no amounts to explain.
    """
    if trace.convention == Convention.POISON:
        raise InputError(
            "POISON taints without amounts: there is nothing to explain", Place(field="convention")
        )
    if loan_id not in named.loans:
        raise InputError(
            f"loan {loan_id} is not among the loans paid out", Place(field="loan_id"), "Check the id"
        )
    loan = named.loans.index(loan_id)
    rest = rests(named.history, trace, related)
    if trace.convention == Convention.PRO_RATA:
        parts = _taken_apart(named, trace, rest, loan, use)
    else:
        parts = [
            _lineage(trace, int(rest.hop[i]), int(rest.amount_fen[i]))
            for i in np.flatnonzero(rest.loan == loan).tolist()
            if rest.line[i] == use and rest.hop[i] >= 0
        ]
    return _frame(named, trace, parts)


def _lineage(trace: Trace, hop: int, amount_fen: int) -> _Part:
    chain = [hop]
    while trace.hops.parent[chain[-1]] >= 0:
        chain.append(int(trace.hops.parent[chain[-1]]))
    part: _Part | None = None
    for row in reversed(chain):
        part = _Part(row, amount_fen, part)
    assert part is not None
    return part


def _taken_apart(named: NamedHistory, trace: Trace, rest: Rest, loan: int, use: str) -> list[_Part]:
    """PRO_RATA: follow the loan's own hops, first in first out within (account, use)."""
    hops, history = trace.hops, named.history
    waiting: dict[tuple[int, int], deque[_Part]] = {}
    ended: list[_Part] = []
    for row in np.flatnonzero(hops.loan == loan).tolist():
        event = int(hops.event[row])
        taken = [_Part(row, int(hops.amount_fen[row]), None)]
        if hops.depth[row] != 0:
            source = waiting.setdefault((int(history.debit[event]), int(hops.use_before[row])), deque())
            taken = [_Part(row, fen, part) for part, fen in _first_parts(source, int(hops.amount_fen[row]))]
        if hops.ended[row]:
            ended.extend(taken)
        else:
            place = (int(history.credit[event]), int(hops.use[row]))
            waiting.setdefault(place, deque()).extend(taken)
    wanted = np.flatnonzero(rest.loan == loan).tolist()
    line_of_hop = {int(rest.hop[i]): rest.line[i] for i in wanted if rest.hop[i] >= 0}
    found = [part for part in ended if line_of_hop.get(part.hop) == use]
    codes = {
        int(account): rest.line[i]
        for i, account in enumerate(rest.account)
        if rest.loan[i] == loan and rest.hop[i] < 0
    }
    for (account, _), parts in waiting.items():
        if codes.get(account) == use:
            found.extend(parts)
    return found


def _first_parts(source: deque[_Part], amount_fen: int) -> list[tuple[_Part, int]]:
    taken: list[tuple[_Part, int]] = []
    left = amount_fen
    while left > 0 and source:
        part = source[0]
        fen = min(left, part.amount_fen)
        taken.append((part, fen))
        left -= fen
        if fen == part.amount_fen:
            source.popleft()
        else:
            part.amount_fen -= fen
    return taken


def _frame(named: NamedHistory, trace: Trace, parts: list[_Part]) -> pl.DataFrame:
    paths: list[tuple[int, list[int]]] = []
    for part in parts:
        rows: list[int] = []
        at: _Part | None = part
        while at is not None:
            rows.append(at.hop)
            at = at.before
        paths.append((part.amount_fen, rows[::-1]))
    paths.sort(key=lambda path: (-path[0], path[1]))
    hops, history = trace.hops, named.history
    chosen = np.array([row for _, chain in paths for row in chain], np.int64)
    events = hops.event[chosen] if len(chosen) else np.zeros(0, np.int32)
    return pl.DataFrame(
        {
            "path": [number for number, (_, chain) in enumerate(paths, 1) for _ in chain],
            "step": [step for _, chain in paths for step in range(len(chain))],
            "transaction_id": named.transaction_id(events),
            "booked_at": pl.Series(named.booked_at_us[events]).cast(pl.Datetime("us", "UTC")),
            "from_account": named.account_name(history.debit[events]),
            "to_account": named.account_name(history.credit[events]),
            "amount_fen": [fen for fen, chain in paths for _ in chain],
            "transaction_fen": pl.Series(history.amount_fen[events]),
        },
        schema=SCHEMA,
    )
