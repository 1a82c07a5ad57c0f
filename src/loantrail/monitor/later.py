"""Lines that are committed and wait to be shown: they can say nothing of any loan. Any thread may add to them."""

from __future__ import annotations

import threading

import polars as pl

from loantrail.monitor.arrived import Arrived
from loantrail.monitor.tail import FEW_LINES


class Later:
    """Groups of lines in order of arrival, counted; who has the state takes the first of them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._groups: list[Arrived | pl.DataFrame] = []
        self._lines = 0

    def __len__(self) -> int:
        """How many lines wait."""
        return self._lines

    @property
    def groups(self) -> int:
        """How many groups they came in."""
        return len(self._groups)

    def add(self, group: Arrived | pl.DataFrame) -> None:
        """A group that was committed: as it came, or as the books hold it (LINES)."""
        with self._guard:
            self._groups.append(group)
            self._lines += _count(group)

    def first(self, groups: int) -> pl.DataFrame:
        """The lines (LINES) of the first so many groups."""
        with self._guard:
            taken = self._groups[:groups]
        return pl.concat([FEW_LINES.nothing(), *map(_lines, taken)])

    def drop(self, groups: int) -> None:
        """Forget the first so many groups."""
        with self._guard:
            self._lines -= sum(map(_count, self._groups[:groups]))
            del self._groups[:groups]

    def keep(self, groups: int) -> None:
        """Forget all but the first so many groups."""
        with self._guard:
            del self._groups[groups:]
            self._lines = sum(map(_count, self._groups))

    def own_accounts(self) -> set[str]:
        """Accounts that these lines are of."""
        with self._guard:
            groups = list(self._groups)
        return {account for group in groups for account in _accounts(group)}


def _count(group: Arrived | pl.DataFrame) -> int:
    return len(group) if isinstance(group, pl.DataFrame) else len(group.entered)


def _lines(group: Arrived | pl.DataFrame) -> pl.DataFrame:
    return group if isinstance(group, pl.DataFrame) else group.lines()


def _accounts(group: Arrived | pl.DataFrame) -> set[str]:
    if isinstance(group, pl.DataFrame):
        return set(group["account"].unique().to_list())
    return {one.line.account for one in group.entered}
