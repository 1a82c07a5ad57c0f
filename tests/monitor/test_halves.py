"""What rests on half a transfer waits for its other line, and holds up nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from loantrail.early_warning.hits import HITS
from loantrail.few_rows import FewRows
from loantrail.monitor.halves import with_standing, without_halves

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
    found: pl.DataFrame, waiting: str, standing: pl.DataFrame | None = None
) -> tuple[list[tuple[str, list[str]]], set[str]]:
    """What is told, and what is kept back."""
    kept, halves = without_halves(
        found, frozenset(waiting.split()), lambda _loans: hits() if standing is None else standing
    )
    return list(kept.select("hit_id", "transaction_ids").iter_rows()), set(halves)


def test_a_hit_that_rests_on_a_new_half_alone_is_kept_back() -> None:
    assert told(hits(("A", "L", "half")), "half") == ([], {"half"})


def test_such_a_hit_says_what_it_said_before() -> None:
    before = hits(("A", "L", "t1"), ("B", "L", "t9"))
    assert told(hits(("A", "L", "t1 half")), "half", before) == ([("A L", ["t1"])], {"half"})


def test_a_hit_to_which_something_whole_came_is_told_with_all_that_it_rests_on() -> None:
    before = hits(("A", "L", "t1"))
    assert told(hits(("A", "L", "t1 half t2")), "half", before) == ([("A L", ["t1", "half", "t2"])], set())


def test_a_hit_whose_halves_stood_in_it_already_is_told() -> None:
    before = hits(("A", "L", "t1 half"))
    assert told(hits(("A", "L", "half")), "half", before) == ([("A L", ["half"])], set())


def test_another_hit_of_the_loan_is_told() -> None:
    found = hits(("A", "L", "half"), ("B", "L", "t2"))
    assert told(found, "half") == ([("B L", ["t2"])], {"half"})


def test_only_the_loans_of_such_hits_are_asked_about_and_none_where_nothing_waits() -> None:
    asked: list[Sequence[str]] = []

    def standing(loans: Sequence[str]) -> pl.DataFrame:
        asked.append(loans)
        return hits()

    found = hits(("A", "L", "half"), ("A", "M", "t1"))
    without_halves(found, frozenset({"other"}), standing)
    assert asked == []
    without_halves(found, frozenset({"half"}), standing)
    assert asked == [["L"]]


def test_beside_a_run_that_knows_more_what_stands_is_told_where_nothing_more_was_found() -> None:
    found = hits(("A", "L", "a"), ("B", "L", "a new"), ("C", "M", ""), ("A", "N", "a"))
    stands = hits(("A", "L", "a b"), ("B", "L", "b"), ("D", "L", "d"), ("E", "L", "e"))

    told = with_standing(found, stands, ("A", "B", "C", "D"))

    assert sorted(told.select("hit_id", "transaction_ids").iter_rows()) == [
        ("A L", ["a", "b"]),
        ("A N", ["a"]),
        ("B L", ["a", "new"]),
        ("C M", []),
        ("D L", ["d"]),
    ]
