"""Account names as small whole numbers: exact, in order of first appearance."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from loantrail.tracing.kernel_codes import all_distinct, dense_codes
from loantrail.tracing.model import Int32

_FIRST_TABLE: Final = 1 << 16
_CHECKED_AT_ONCE: Final = 1 << 20
_FEW: Final = 4_096
"""So many texts are looked up one after the other."""


def code_texts(columns: list[pl.Series]) -> tuple[list[Int32], pl.Series]:
    """For each column its codes (-1 where null), and the distinct texts by code.

    Hashes do the work; a final comparison with the texts makes sure that no two texts share one.
    """
    if sum(map(len, columns)) <= _FEW:
        return _codes_of_few(columns)
    hashes = [column.hash().to_numpy() for column in columns]
    codes = [np.where(column.is_null().to_numpy(), -2, -1).astype(np.int32) for column in columns]
    size = _FIRST_TABLE
    table = np.full(size, -1, np.int32)
    known = np.zeros(size // 2, np.uint64)
    names = pl.Series("name", [], dtype=pl.String)
    count = 0
    for column, hashed, coded in zip(columns, hashes, codes, strict=True):
        coded[coded == -2] = np.iinfo(np.int32).max  # the kernel leaves codes >= 0 alone
        start = count
        first_row = np.zeros(len(known), np.int64)
        while True:
            result = int(dense_codes(hashed, table, known, first_row, coded, count))
            if result >= 0:
                count = result
                break
            count = -1 - result
            size *= 4
            table = _rehashed(known, count, size)
            known = np.concatenate([known, np.zeros(size // 2 - len(known), np.uint64)])
            first_row = np.concatenate([first_row, np.zeros(size // 2 - len(first_row), np.int64)])
        names = pl.concat([names, column.gather(first_row[start:count]).alias("name")])
        coded[coded == np.iinfo(np.int32).max] = -1
    if not all(_names_hold(column, coded, names) for column, coded in zip(columns, codes, strict=True)):
        return _exact_codes(columns)
    return codes, names


def _codes_of_few(columns: list[pl.Series]) -> tuple[list[Int32], pl.Series]:
    code_of: dict[str | None, int] = {}
    codes: list[Int32] = []
    for column in columns:
        coded = [-1 if text is None else code_of.setdefault(text, len(code_of)) for text in column.to_list()]
        codes.append(np.array(coded, np.int32))
    return codes, pl.Series("name", list(code_of), dtype=pl.String)


def are_distinct(texts: pl.Series) -> bool:
    """Whether no text comes twice (nulls count as one text). Texts whose hashes differ differ; only where two hashes
    are equal are the texts themselves compared."""
    return bool(all_distinct(texts.hash().to_numpy())) or texts.n_unique() == len(texts)


def _rehashed(known: np.ndarray, count: int, size: int) -> Int32:
    table = np.full(size, -1, np.int32)
    codes = np.full(count, -1, np.int32)
    copy = known[:count].copy()
    dense_codes(copy, table, np.zeros(size // 2, np.uint64), np.zeros(size // 2, np.int64), codes, 0)
    return table


def _names_hold(column: pl.Series, codes: Int32, names: pl.Series) -> bool:
    for start in range(0, len(column), _CHECKED_AT_ONCE):
        part = codes[start : start + _CHECKED_AT_ONCE]
        present = part >= 0
        texts = column.slice(start, len(part)).filter(pl.Series(present))
        if not bool((names.gather(part[present]) == texts).all()):
            return False
    return True


def _exact_codes(columns: list[pl.Series]) -> tuple[list[Int32], pl.Series]:
    """Two texts share a hash: count them by comparison instead."""
    names = pl.concat([column.alias("name") for column in columns]).drop_nulls().unique(maintain_order=True)
    place = pl.DataFrame({"name": names, "code": np.arange(len(names), dtype=np.int32)})
    coded = [
        column.alias("name")
        .to_frame()
        .join(place, on="name", how="left", maintain_order="left")["code"]
        .fill_null(-1)
        .to_numpy()
        .astype(np.int32)
        for column in columns
    ]
    return coded, names
