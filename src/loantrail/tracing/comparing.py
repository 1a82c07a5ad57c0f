"""Whether two sets of rows are the same, bit for bit: canonical rows, their digests, and what differs.

A canonical row is the text of its columns in the order of their names: `-` where there is nothing, whole numbers in
decimal, instants as microseconds since 1970 UTC, dates as YYYY-MM-DD, `t` or `f`, texts with the number of their UTF-8
bytes before them, lists with the number of their elements. Its digest is SHA-256 of that text; the digest of a kind is
SHA-256 of the names of the columns and of the digests of all rows, sorted. So neither the order of rows nor the machine matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

DIGEST: Final = "row_digest"
_PLACE: Final = "row_place"
SHOWN: Final = 5
"""Rows of each kind that are named."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A set of rows. `key`: the columns that name a row; `shown`: those that tell it to a person."""

    name: str
    key: tuple[str, ...]
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same on both sides. `state`: `missing` (only computed anew), `extra` (only standing),
    `different`, then with the columns that differ: `(column, standing, computed anew)`, or `unreadable`."""

    state: str
    names: dict[str, str]
    columns: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """How a kind of rows stands against the rows computed anew; digests in hexadecimal digits."""

    name: str
    equal: int
    missing: int
    extra: int
    different: int
    digest: str
    standing_digest: str
    differences: tuple[Difference, ...] = field(default=())

    @property
    def is_equal(self) -> bool:
        return self.digest == self.standing_digest and not self.differences


@dataclass(frozen=True, slots=True)
class Apart:
    """Which rows are not the same: `missing` and `extra` with the key and DIGEST, `different` with the key and both
    digests (`standing`, `anew`), each sorted by the key; `equal`: how many are the same."""

    equal: int
    missing: pl.DataFrame
    extra: pl.DataFrame
    different: pl.DataFrame


def row_digests(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """`key` and DIGEST of each row, in their order."""
    return rows.select(*key, digests_of(rows))


def digests_of(rows: pl.DataFrame) -> pl.Series:
    """DIGEST of each row, in their order."""
    texts = rows.select(_canonical(rows.schema)).to_series()
    return pl.Series(DIGEST, [hashlib.sha256(text.encode()).digest() for text in texts], dtype=pl.Binary)


def digest_of(columns: Sequence[str], digests: pl.Series) -> str:
    """The digest of a kind of rows, out of the DIGEST of all of them."""
    whole = hashlib.sha256(",".join(sorted(columns)).encode())
    for digest in digests.sort():
        whole.update(digest)
    return whole.hexdigest()


def _canonical(schema: pl.Schema) -> pl.Expr:
    return pl.concat_str([_told(name, schema[name]) for name in sorted(schema)], separator=",").alias("row")


def _told(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.List(pl.String):
        element = pl.element().str.len_bytes().cast(pl.String) + ":" + pl.element()
        told = pl.concat_str(
            column.list.len().cast(pl.String), pl.lit("["), column.list.eval(element).list.join(",")
        )
    elif isinstance(dtype, pl.Datetime):
        told = column.dt.timestamp("us").cast(pl.String)
    elif dtype == pl.Boolean:
        told = pl.when(column).then(pl.lit("t")).when(~column).then(pl.lit("f"))
    elif dtype.is_integer() or dtype == pl.Date:
        told = column.cast(pl.String)
    elif dtype == pl.Null:
        told = pl.lit(None, pl.String)
    else:
        text = column.cast(pl.String)
        told = text.str.len_bytes().cast(pl.String) + ":" + text
    return told.fill_null("-").alias(name)


def apart(standing: pl.DataFrame, anew: pl.DataFrame, key: Sequence[str]) -> Apart:
    """What is not the same, of two frames of `row_digests`. Rows of one key are told apart by their digests."""
    same = [*key, DIGEST]
    left, right = _numbered(standing, same), _numbered(anew, same)
    on = [*same, _PLACE]
    only_left = left.join(right, on=on, how="anti", nulls_equal=True).drop(_PLACE)
    only_right = right.join(left, on=on, how="anti", nulls_equal=True).drop(_PLACE)
    left, right = _numbered(only_left, key), _numbered(only_right, key)
    on = [*key, _PLACE]
    return Apart(
        equal=len(standing) - len(only_left),
        missing=right.join(left, on=on, how="anti", nulls_equal=True).drop(_PLACE).sort(key),
        extra=left.join(right, on=on, how="anti", nulls_equal=True).drop(_PLACE).sort(key),
        different=left.join(right, on=on, how="inner", nulls_equal=True, suffix="_anew")
        .select(*key, standing=DIGEST, anew=f"{DIGEST}_anew")
        .sort(key),
    )


def _numbered(rows: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    ordered = rows.sort(*by, *([] if DIGEST in by else [DIGEST]))
    return ordered.with_columns(pl.int_range(pl.len()).over(by).alias(_PLACE))


def compare(kind: Kind, standing: pl.DataFrame, anew: pl.DataFrame) -> Compared:
    """Compare the rows that stand with those computed anew; both have the same columns."""
    left, right = row_digests(standing, kind.key), row_digests(anew, kind.key)
    return told_apart(kind, left, right, standing, anew, anew.columns)


def told_apart(
    kind: Kind,
    left: pl.DataFrame,
    right: pl.DataFrame,
    standing: pl.DataFrame,
    anew: pl.DataFrame,
    columns: Sequence[str],
) -> Compared:
    """As `compare`, of digests that were taken before: `left` of what stands, `right` of what was computed. `standing`
    and `anew` hold at least the rows that are named, of the first that differ."""
    digest, standing_digest = digest_of(columns, right[DIGEST]), digest_of(columns, left[DIGEST])
    if digest == standing_digest:
        return Compared(kind.name, len(right), 0, 0, 0, digest, standing_digest)
    found = apart(left, right, kind.key)
    told: list[Difference] = []
    for one in found.different.head(SHOWN).iter_rows(named=True):
        old, new = _row(standing, kind, one, "standing"), _row(anew, kind, one, "anew")
        told.append(Difference("different", _names(kind, new, one), _changes(old, new)))
    for state, rows, frame in (("missing", found.missing, anew), ("extra", found.extra, standing)):
        for one in rows.head(SHOWN).iter_rows(named=True):
            told.append(Difference(state, _names(kind, _row(frame, kind, one, DIGEST), one)))
    return Compared(
        kind.name,
        found.equal,
        len(found.missing),
        len(found.extra),
        len(found.different),
        digest,
        standing_digest,
        tuple(told),
    )


def _row(rows: pl.DataFrame, kind: Kind, wanted: dict[str, Any], digest: str) -> dict[str, object] | None:
    """The row with this key and digest, where the frame holds it."""
    near = rows.filter(pl.col(name).eq_missing(pl.lit(wanted[name])) for name in kind.key)
    place = digests_of(near).to_list()
    return near.row(place.index(wanted[digest]), named=True) if wanted[digest] in place else None


def _names(kind: Kind, row: dict[str, object] | None, key: dict[str, object]) -> dict[str, str]:
    known = key if row is None else row
    return {name: str(known[name]) for name in kind.shown if known.get(name) is not None}


def _changes(
    old: dict[str, object] | None, new: dict[str, object] | None
) -> tuple[tuple[str, str, str], ...]:
    if old is None or new is None:
        return ()
    return tuple(
        (name, str(old[name]), str(value))
        for name, value in new.items()
        if name in old and old[name] != value
    )
