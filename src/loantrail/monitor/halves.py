"""What hits say while the other line of a transfer is yet to come, or another state that knows more. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import polars as pl

_OF_HIT = ("loan_id", "rule_code")


def with_standing(hits: pl.DataFrame, standing: pl.DataFrame, codes: Collection[str]) -> pl.DataFrame:
    """The hits (HITS), but those that stand (`standing`) of rules (`codes`) in the place of none, and of one that rests on nothing that
    they do not rest on."""
    standing = standing.filter(pl.col("rule_code").is_in(list(codes)))
    rests_on = _transactions(standing)
    says_more = [key not in rests_on or not ids <= rests_on[key] for key, ids in _transactions(hits).items()]
    told = hits.filter(pl.Series(says_more, dtype=pl.Boolean))
    return pl.concat([told, standing.join(told, on=list(_OF_HIT), how="anti")])


def _transactions(hits: pl.DataFrame) -> dict[tuple[str, str], set[str]]:
    """Loan and rule -> what the hit rests on, in the order of the hits."""
    return {
        (loan, rule): set(ids) for loan, rule, ids in hits.select(*_OF_HIT, "transaction_ids").iter_rows()
    }


def without_halves(
    hits: pl.DataFrame, waiting: frozenset[str], standing: Callable[[Sequence[str]], pl.DataFrame]
) -> tuple[pl.DataFrame, frozenset[str]]:
    """The hits (HITS) that are told, and the transactions of one line on which others would rest.

    `waiting`: transactions of one line, whose other end is an account of ours that has not told of it yet, and that no run over the books
    took as they are: who was paid is not known for certain, so that nothing rests on them alone. `standing`: the hits that stand of some
    loans. A hit is told where it rests on something whole that it did not rest on before, or on nothing that waits but what it
    rested on before; else it says what it said before."""
    on_half = [waiting.intersection(ids) for ids in hits["transaction_ids"].to_list()]
    if not any(on_half):
        return hits, frozenset()
    before = standing(hits.filter(pl.Series(map(bool, on_half)))["loan_id"].unique().to_list())
    said = _transactions(before)
    told: list[bool] = []
    held_back: set[str] = set()
    rows = hits.select(*_OF_HIT, "transaction_ids").iter_rows()
    for halves, (loan, rule, ids) in zip(on_half, rows, strict=True):
        new = set(ids) - said.get((loan, rule), set())
        told.append(not new & halves or bool(new - halves))
        if not told[-1]:
            held_back |= halves
    kept, others = hits.filter(pl.Series(told)), hits.filter(~pl.Series(told))
    before = before.join(others, on=list(_OF_HIT), how="semi").join(kept, on="hit_id", how="anti")
    return pl.concat([kept, before]), frozenset(held_back)
