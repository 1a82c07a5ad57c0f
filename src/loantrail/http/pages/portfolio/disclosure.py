"""Which figures are hidden from people who may not see single loans, because they stand for too few of them. Pure.

Primary: a count from 1 to below the least. Secondary: while what is hidden could be had by taking the shown from a total that is
shown, the smallest shown cell is hidden too; and where the total is hidden, its cells must not add up to it. So a figure that is
hidden in one table stays so in the tables that its groups are divided into. Source: statistical disclosure control of tables of
counts, cell suppression (Hundepool et al., Statistical Disclosure Control, 2012, chapter 4). It holds for the tables on the
way from the whole to a group, not against somebody who sets many tables of different division against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

WHOLE: Final = "loan_count"
"""The count of all loans of a group: where it is hidden, every figure of the group is."""


def hidden(
    counts: Sequence[int], least: int, also: Sequence[bool] = (), total_hidden: bool = False
) -> list[bool]:
    """Cell -> whether it is hidden, of cells that add up to a total. `also`: cells that are hidden anyhow. Empty cells hide
    nothing."""
    small = [0 < count < least for count in counts]
    marks = [one or other for one, other in zip(small, also or [False] * len(counts), strict=True)]
    while True:
        behind = sum(count for count, mark in zip(counts, marks, strict=True) if mark)
        enough = behind >= least and (sum(marks) > 1 or not any(small))
        # What is behind is the difference to the total; where the total is hidden, something must be behind.
        if enough or (behind == 0 and not total_hidden):
            return marks
        if total_hidden and behind > 0:
            return marks
        shown = [place for place, count in enumerate(counts) if count > 0 and not marks[place]]
        if not shown:
            return marks
        marks[min(shown, key=lambda place: (counts[place], place))] = True


def hidden_counts(
    groups: Mapping[str, Mapping[str, int]],
    names: Iterable[str],
    least: int,
    total_hidden: Iterable[str] = (),
) -> dict[str, frozenset[str]]:
    """Group -> the counts of it that are hidden, of `names`; all of them where its loans are too few."""
    # In one order, so that the same cells are hidden wherever the table is looked at.
    order, above, wanted = sorted(groups), frozenset(total_hidden), list(names)

    def marks_of(name: str, also: Sequence[bool]) -> list[bool]:
        return hidden([groups[group].get(name, 0) for group in order], least, also, name in above)

    whole = marks_of(WHOLE, ())
    marks = {name: whole if name == WHOLE else marks_of(name, whole) for name in wanted}
    return {
        group: frozenset(name for name in wanted if marks[name][place]) for place, group in enumerate(order)
    }
