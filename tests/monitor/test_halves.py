"""What rests on half a transfer waits for its other line, and holds up nothing else."""

from __future__ import annotations

from typing import Any

import polars as pl

from loantrail.early_warning.hits import HITS
from loantrail.few_rows import FewRows
from loantrail.monitor.halves import without_halves

_HITS = FewRows(HITS)


def hits(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Rule, loan, transactions with blanks between them."""
    return _HITS.frame(
        [
            tuple(
                {"hit_id": f"{rule} {loan}", "rule_code": rule, "loan_id": loan, "transaction_ids": ids.split()}.get(name)
                for name in HITS
            )
            for rule, loan, ids in rows
        ]
    )  # fmt: skip


def told(
    found: pl.DataFrame, waiting: str, come: str, standing: pl.DataFrame | None = None
) -> tuple[list[tuple[str, list[str]]], set[str]]:
    asked: list[Any] = []

    def stands(loans: Any) -> pl.DataFrame:
        asked.append(sorted(loans))
        return hits() if standing is None else standing

    kept, halves = without_halves(found, frozenset(waiting.split()), come.split(), stands)
    assert not asked or halves or waiting
    return list(kept.select("hit_id", "transaction_ids").iter_rows()), set(halves)


def test_a_hit_that_rests_on_a_new_half_alone_is_kept_back() -> None:
    assert told(hits(("A", "L", "t1 half")), "half", "half") == ([], {"half"})


def test_such_a_hit_says_what_it_said_before() -> None:
    before = hits(("A", "L", "t1"), ("B", "L", "t9"))
    assert told(hits(("A", "L", "t1 half")), "half", "half", before) == ([("A L", ["t1"])], {"half"})


def test_a_hit_to_which_something_whole_came_is_told_with_all_that_it_rests_on() -> None:
    assert told(hits(("A", "L", "half t2")), "half", "t2") == ([("A L", ["half", "t2"])], set())


def test_a_hit_whose_halves_stood_in_it_already_is_told() -> None:
    before = hits(("A", "L", "half"))
    assert told(hits(("A", "L", "half")), "half", "t2", before) == ([("A L", ["half"])], set())


def test_another_hit_of_the_loan_is_told() -> None:
    found = hits(("A", "L", "half"), ("B", "L", "t2"))
    assert told(found, "half", "half") == ([("B L", ["t2"])], {"half"})


def test_what_waits_and_came_together_with_something_whole_of_another_rule_is_kept_back() -> None:
    found = hits(("A", "L", "half"), ("B", "L", "t2"))
    assert told(found, "half", "half t2") == ([("B L", ["t2"])], {"half"})


def test_nothing_is_asked_where_nothing_waits() -> None:
    kept, halves = without_halves(hits(("A", "L", "t1")), frozenset({"half"}), ("t1",), lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
    assert (len(kept), halves) == (1, frozenset())
