"""Row numbers of growing tables, by what stands in them: by text, by group, by account and instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.few_rows import picked
from loantrail.monitor.kernel_rows import lines_by_account, rows_by_group
from loantrail.tracing.codes import code_texts
from loantrail.tracing.model import Bool, Int32, Int64

NO_ROWS: Final[Int64] = np.zeros(0, np.int64)
_FEW: Final = 256
_ROW: Final = pl.get_index_type()
_TAIL_LEAST: Final = 4096
"""Rows at the end of a table that are kept apart before they are put to the others."""


def distinct(*parts: np.ndarray) -> Int64:
    """All that stands in any of the parts, ascending and each once."""
    whole = np.sort(np.concatenate([NO_ROWS, *parts]))
    return whole[np.diff(whole, prepend=whole[:1] - 1) > 0]


def _ascends(values: np.ndarray) -> bool:
    return bool((values[1:] >= values[:-1]).all())


def among(values: np.ndarray, ascending: np.ndarray) -> Bool:
    """Whether each value stands in the ascending ones."""
    if not len(ascending):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return ascending[places] == values


def filled(told: pl.Series) -> Int64:
    """Numbers of a column (Int64), 0 where there is none."""
    return (told.fill_null(0) if told.null_count() else told).to_numpy()


class Column:
    """Numbers that grow at the end."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values
        self.count = len(values)

    @property
    def array(self) -> Any:
        """All of them, [count]; to be written to as well."""
        return self._values[: self.count]

    def extend(self, values: np.ndarray) -> None:
        end = self.count + len(values)
        if end > len(self._values):
            longer = np.zeros(max(2 * len(self._values), end, 1024), self._values.dtype)
            longer[: self.count] = self._values[: self.count]
            self._values = longer
        self._values[self.count : end] = values
        self.count = end

    def cut(self, count: int) -> None:
        self.count = min(self.count, count)


def _taken(frame: pl.DataFrame, rows: Int64) -> pl.DataFrame:
    """Rows of a frame. Of the type that frames count by: others are looked through first."""
    return frame[pl.Series(rows, dtype=_ROW)] if len(rows) else frame.clear()


class Table:
    """A frame that grows at the end, read by row numbers."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._whole = frame.rechunk()
        self._tail = frame.clear()

    def __len__(self) -> int:
        return len(self._whole) + len(self._tail)

    @property
    def columns(self) -> list[str]:
        return self._whole.columns

    @property
    def schema(self) -> pl.Schema:
        return self._whole.schema

    def all(self) -> pl.DataFrame:
        """The whole table."""
        return self._whole.vstack(self._tail)

    def none(self) -> pl.DataFrame:
        """No rows."""
        return self._tail.clear()

    def extend(self, frame: pl.DataFrame) -> None:
        """More rows, with the same columns in any order."""
        if frame.schema != self._whole.schema:
            frame = frame.select(self._whole.columns).cast(self._whole.schema)
        self._tail = self._tail.vstack(frame)
        if len(self._tail) > max(_TAIL_LEAST, len(self._whole) // 8):
            self._whole = self._whole.vstack(self._tail).rechunk()
            self._tail = self._whole.clear()
        elif self._tail.n_chunks() > 32:
            self._tail = self._tail.rechunk()

    def cut(self, count: int) -> None:
        """Only the first rows stay."""
        if count < len(self._whole):
            self._whole, self._tail = self._whole.head(count), self._whole.clear()
        else:
            self._tail = self._tail.head(count - len(self._whole))

    def rows(self, rows: Int64) -> pl.DataFrame:
        """Those rows, in that order, which is ascending where there are any of the tail."""
        split = int(np.searchsorted(rows, len(self._whole))) if len(self._tail) else len(rows)
        if split == len(rows):
            return _taken(self._whole, rows)
        if split == 0:
            return _taken(self._tail, rows - len(self._whole))
        tail = _taken(self._tail, rows[split:] - len(self._whole))
        return _taken(self._whole, rows[:split]).vstack(tail).rechunk()

    def series(self, column: str, rows: Int64) -> pl.Series:
        """What stands in one column (String) of those rows, ascending ones; nulls, where there is none."""
        if column not in self.columns:
            return pl.Series(column, [None] * len(rows), dtype=pl.String)
        whole, tail = self._whole.get_column(column), self._tail.get_column(column)
        split = int(np.searchsorted(rows, len(whole)))
        return picked(whole, rows[:split]).append(picked(tail, rows[split:] - len(whole)))

    def texts(self, column: str, rows: Int64) -> list[str | None]:
        """What stands in one column of those rows, in any order."""
        whole, tail = self._whole.get_column(column), self._tail.get_column(column)
        if not len(tail):
            return picked(whole, rows).to_list()
        return [whole[row] if row < len(whole) else tail[row - len(whole)] for row in rows.tolist()]

    def in_any_order(self, rows: Int64) -> pl.DataFrame:
        """Those rows, in that order."""
        if not len(self._tail) or not len(rows) or int(rows.max()) < len(self._whole):
            return _taken(self._whole, rows)
        order = np.argsort(rows, kind="stable")
        back = np.empty(len(rows), np.int64)
        back[order] = np.arange(len(rows))
        return self.rows(rows[order])[back]


class Numbers:
    """Texts by number, in order of appearance."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._number = {name: number for number, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def known(self, text: str | None) -> int:
        """-1 where the text is new, or null."""
        return -1 if text is None else self._number.get(text, -1)

    def of(self, text: str | None) -> int:
        """A new text gets the next number; null, or an empty one, is -1."""
        if not text:
            return -1
        number = self._number.get(text)
        if number is None:
            number = self._number[text] = len(self.names)
            self.names.append(text)
        return number

    def of_all(self, texts: pl.Series) -> Int32:
        """The same of many; few are numbered one by one."""
        if len(texts) <= _FEW:
            return np.array([self.of(text) for text in texts.to_list()], np.int32)
        distinct = texts.unique()
        codes = pl.Series([self.of(text) for text in distinct.to_list()], dtype=pl.Int32)
        numbers = texts.replace_strict(distinct, codes, return_dtype=pl.Int32)
        return numbers.fill_null(-1).to_numpy().astype(np.int32)


class Grouped:
    """Row numbers by group, ascending. Rows of group -1 are in none."""

    def __init__(self, groups: np.ndarray, count: int) -> None:
        self._rows, self._starts = rows_by_group(groups.astype(np.int32), count)
        self._limit = len(groups)
        self._more: dict[int, list[int]] = {}

    def add(self, row: int, group: int) -> None:
        """A row after all others."""
        if group >= 0:
            self._more.setdefault(group, []).append(row)

    def cut(self, count: int, groups: Iterable[int]) -> None:
        """Rows from `count` on are in no group any more; `groups`: those that they are in."""
        self._limit = min(self._limit, count)
        for group in groups:
            more = self._more.get(group, [])
            while more and more[-1] >= count:
                more.pop()
            if not more:
                self._more.pop(group, None)

    def any_of(self, groups: np.ndarray) -> Bool:
        """Whether each of the groups may have rows; -1 has none."""
        known = (groups >= 0) & (groups < len(self._starts) - 1)
        places = np.where(known, groups, 0)
        found = known & (self._starts[places] < self._starts[np.minimum(places + 1, len(self._starts) - 1)])
        if self._more:
            found |= np.array([group in self._more for group in groups.tolist()], np.bool_)
        return found

    def of(self, group: int) -> Int64:
        found = NO_ROWS
        if 0 <= group < len(self._starts) - 1:
            found = self._rows[self._starts[group] : self._starts[group + 1]]
            if len(found) and found[-1] >= self._limit:
                found = found[: np.searchsorted(found, self._limit)]
        more = self._more.get(group)
        return found if more is None else np.concatenate([found, np.array(more, np.int64)])


class ByText:
    """Rows of a table that does not change, by the texts in some of its columns."""

    def __init__(self, frame: pl.DataFrame, *columns: str) -> None:
        self.frame = frame.rechunk()
        self._none = frame.clear()
        codes, names = code_texts([frame[column] for column in columns])
        self._numbers: dict[str | None, int] = {name: number for number, name in enumerate(names.to_list())}
        self._columns = {name: place for place, name in enumerate(columns)}
        # By text, then by column, then by row.
        width = len(columns)
        narrow = np.int32 if len(names) * width <= np.iinfo(np.int32).max else np.int64
        cells = [np.where(one < 0, -1, one.astype(narrow) * width + k) for k, one in enumerate(codes)]
        flat = np.concatenate(cells) if cells else NO_ROWS
        order = np.argsort(flat, kind="stable")
        self._starts = np.searchsorted(flat[order], np.arange(len(names) * width + 1))
        self._rows = order % max(len(frame), 1)

    def rows(self, texts: Iterable[str | None]) -> Int64:
        """Numbers of the rows that hold any of the texts, each once, ascending."""
        width, numbers = len(self._columns), self._numbers
        known = {number for text in texts if (number := numbers.get(text)) is not None}
        if not known:
            return NO_ROWS
        if len(known) == 1:
            (number,) = known
            found = self._rows[self._starts[number * width] : self._starts[(number + 1) * width]]
            return found if width == 1 else distinct(found)
        cells = np.fromiter(known, np.int64, len(known)) * width
        first = self._starts[cells]
        counts = self._starts[cells + width] - first
        # The places of each text, one after the other.
        places = np.arange(counts.sum()) + np.repeat(first - np.cumsum(counts) + counts, counts)
        return distinct(self._rows[places])

    def rows_in(self, column: str, text: str) -> Int64:
        """Numbers of the rows that hold the text in that column, ascending; none where the column is not looked at."""
        number, place = self._numbers.get(text, -1), self._columns.get(column, -1)
        if number < 0 or place < 0:
            return NO_ROWS
        cell = number * len(self._columns) + place
        return self._rows[self._starts[cell] : self._starts[cell + 1]]

    def of(self, texts: Iterable[str | None]) -> pl.DataFrame:
        """Those rows."""
        rows = self.rows(texts)
        return self.frame[rows] if len(rows) else self._none


class Ids:
    """Rows by an id that no two rows share."""

    def __init__(self, ids: pl.Series) -> None:
        hashes = ids.hash().to_numpy()
        self._order = np.argsort(hashes)
        self._hashes = hashes[self._order]
        self._ids = ids
        self._more: dict[str, int] = {}

    def add(self, text: str, row: int) -> None:
        self._more[text] = row

    def add_all(self, texts: Sequence[str], first: int) -> None:
        """Rows one after the other, from `first` on."""
        self._more.update(zip(texts, range(first, first + len(texts)), strict=True))

    def drop(self, text: str) -> None:
        """An id that was added is not known any more."""
        self._more.pop(text, None)

    def cut(self, count: int, gone: Iterable[str]) -> None:
        """Rows from `count` on, which have these ids, are not known any more."""
        if count < len(self._ids):
            self.__init__(self._ids.head(count))
        else:
            for text in gone:
                self._more.pop(text, None)

    def rows(self, ids: pl.Series) -> Int64:
        """The row of each id; -1 where there is none."""
        asked = ids.to_list()
        if self._more.keys() >= set(asked):
            return np.array([self._more[text] for text in asked], np.int64)
        texts = ids.cast(pl.String)
        hashes = texts.hash().to_numpy()
        first = np.searchsorted(self._hashes, hashes, side="left")
        last = np.searchsorted(self._hashes, hashes, side="right")
        found, left = np.full(len(ids), -1, np.int64), range(len(ids))
        if len(ids) > _FEW and len(self._ids):
            # Most hashes are those of one text: many are compared together.
            nearest = self._order[np.minimum(first, len(self._order) - 1)]
            same = (self._ids.gather(nearest) == texts).fill_null(value=False).to_numpy()
            found[same] = nearest[same]
            left = np.flatnonzero(~same).tolist()
        for i in left:
            text = asked[i]
            for place in range(int(first[i]), int(last[i])) if text is not None else ():
                row = int(self._order[place])
                if self._ids[row] == text:
                    found[i] = row
                    break
        if self._more:
            for i, text in enumerate(asked):
                more = -1 if text is None else self._more.get(text, -1)
                found[i] = more if more >= 0 else found[i]
        return found


class Lines:
    """Transactions by account, in the order of time, with running sums of what came in less what went out.

    `accounts` [2, n]: account that paid, account that was paid, or -1.
    """

    def __init__(self, accounts: Int32, at_us: Int64, amount_fen: Int64, count: int) -> None:
        in_time = np.arange(len(at_us)) if _ascends(at_us) else np.argsort(at_us, kind="stable")
        debit, credit = accounts
        self._rows, self._at, self._sums, self._starts = lines_by_account(
            debit, credit, at_us, amount_fen, in_time, count
        )
        self._more: dict[int, list[tuple[int, int, int]]] = {}

    def add(self, row: int, account: int, at_us: int, change_fen: int) -> None:
        if account >= 0:
            self._more.setdefault(account, []).append((at_us, row, change_fen))

    def drop(self, account: int, count: int) -> None:
        """Take out what was added of rows from `count` on."""
        more = self._more.get(account, [])
        while more and more[-1][1] >= count:
            more.pop()
        if not more:
            self._more.pop(account, None)

    def _bounds(self, account: int) -> tuple[int, int]:
        if 0 <= account < len(self._starts) - 1:
            return int(self._starts[account]), int(self._starts[account + 1])
        return 0, 0

    def within(self, account: int, first_us: int | None = None, last_us: int | None = None) -> Int64:
        """Rows of the account booked from `first_us` to `last_us`, both included."""
        start, end = self._bounds(account)
        at = self._at[start:end]
        low = 0 if first_us is None else int(np.searchsorted(at, first_us, side="left"))
        high = len(at) if last_us is None else int(np.searchsorted(at, last_us, side="right"))
        found = self._rows[start + low : start + max(low, high)]
        more = self._more.get(account)
        if more is None:
            return found
        kept = [
            row
            for at_us, row, _change in more
            if (first_us is None or at_us >= first_us) and (last_us is None or at_us <= last_us)
        ]
        return np.concatenate([found, np.array(kept, np.int64)]) if kept else found

    def sum_of(self, account: int) -> int:
        """What came in less what went out in all bookings."""
        start, end = self._bounds(account)
        more = self._more.get(account, ())
        return int(self._sums[end] - self._sums[start]) + sum(change for _at, _row, change in more)

    def sum_before(self, account: int, instant_us: int) -> int:
        """What came in less what went out in the bookings before an instant."""
        start, end = self._bounds(account)
        low = int(np.searchsorted(self._at[start:end], instant_us, side="left"))
        total = int(self._sums[start + low] - self._sums[start])
        return total + sum(
            change for at_us, _row, change in self._more.get(account, ()) if at_us < instant_us
        )
