"""What hits say while the other line of a transfer is yet to come. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import polars as pl

_OF_HIT = ("loan_id", "rule_code")


def without_halves(
    hits: pl.DataFrame,
    waiting: frozenset[str],
    come: Collection[str],
    standing: Callable[[Sequence[str]], pl.DataFrame],
) -> tuple[pl.DataFrame, frozenset[str]]:
    """The hits (HITS) that are told, and the transactions of one line on which others would rest.

    `waiting`: transactions of one line, whose other end is an account of ours that has not told of it: who was paid is not known for
    certain, so that nothing rests on them alone. `come`: transactions that are new or say something else. `standing`: the hits that stand
    of some loans. A hit is told where what waits was in it already (a run over the books waits for nothing), or where something whole came
    to it; else it says what it said before."""
    on_half = [waiting.intersection(ids) for ids in hits["transaction_ids"].to_list()]
    if not any(on_half):
        return hits, frozenset()
    whole = frozenset(come) - waiting
    before = standing(hits.filter(pl.Series(map(bool, on_half)))["loan_id"].unique().to_list())
    said = {
        (loan, rule): set(ids) for loan, rule, ids in before.select(*_OF_HIT, "transaction_ids").iter_rows()
    }
    told = [
        not halves or halves <= said.get((loan, rule), set()) or not whole.isdisjoint(ids)
        for halves, (loan, rule, ids) in zip(
            on_half, hits.select(*_OF_HIT, "transaction_ids").iter_rows(), strict=True
        )
    ]
    kept, held_back = hits.filter(pl.Series(told)), hits.filter(~pl.Series(told))
    before = before.join(held_back, on=list(_OF_HIT), how="semi").join(kept, on="hit_id", how="anti")
    halves = [found for found, is_told in zip(on_half, told, strict=True) if not is_told]
    return pl.concat([kept, before]), frozenset[str]().union(*halves)
