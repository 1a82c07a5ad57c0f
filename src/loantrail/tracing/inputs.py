"""The tables a trace is made from, read from CSV, Parquet or frames: each row accepted or refused by name.

Typed columns (whole numbers, instants) are checked a column at a time; what looks wrong, and every text column,
goes through the same rules as any other source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from loantrail.destinations.model import BY_NAME
from loantrail.errors import ColumnMissing, FileUnreadable, Place
from loantrail.money import AMOUNT_FEN_MAX
from loantrail.records import Field, Kind, RecordType
from loantrail.sources.columns import Reading, accept
from loantrail.sources.delimited import find_layout, read_delimited
from loantrail.sources.encoding import recognise_file_encoding
from loantrail.sources.model import HEAD_BYTES, Refusal
from loantrail.tracing.codes import are_distinct

Table = Any
"""A path to a CSV or Parquet file, or a polars, pandas or pyarrow table."""

_READING: Final = Reading(amount_unit="minor")


def _table(name: str, *fields: Field) -> RecordType:
    return RecordType(name=name, schema="tracing", chinese="", key=(fields[0].name,), fields=fields)


TRANSACTIONS: Final = _table(
    "transactions",
    Field("transaction_id", Kind.TEXT),
    Field("booked_at", Kind.INSTANT),
    Field("sequence", Kind.INTEGER),
    Field("debit_account", Kind.TEXT, required=False),
    Field("credit_account", Kind.TEXT, required=False),
    Field("amount_fen", Kind.AMOUNT_FEN, minimum=1),
    Field("currency", Kind.CURRENCY, required=False, default="CNY"),
    Field("reverses", Kind.TEXT, required=False),
    Field("document_no", Kind.TEXT, required=False),
    Field("purpose_text", Kind.TEXT, required=False),
    Field("credit_name", Kind.TEXT, required=False),
)
DISBURSEMENTS: Final = _table(
    "disbursements", Field("loan_id", Kind.TEXT), Field("transaction_id", Kind.TEXT)
)
BALANCES: Final = _table("balances", Field("account", Kind.TEXT), Field("balance_fen", Kind.AMOUNT_FEN))
ORDERS: Final = _table(
    "orders",
    Field("loan_id", Kind.TEXT),
    Field("payee_account", Kind.TEXT),
    Field("amount_fen", Kind.AMOUNT_FEN, minimum=1),
    Field("document_no", Kind.TEXT, required=False),
    Field("valid_from", Kind.DATE, required=False),
    Field("valid_to", Kind.DATE, required=False),
)
ACCOUNTS: Final = _table(
    "accounts",
    Field("account", Kind.TEXT),
    Field("name", Kind.TEXT, required=False),
    Field("owner", Kind.TEXT, required=False),
    Field("class", Kind.CHOICE, required=False, choices=tuple(BY_NAME)),
)
DESTINATIONS: Final = _table("destinations", Field("account", Kind.TEXT))


@dataclass(slots=True)
class Inputs:
    """Accepted rows, and what was not accepted. `transactions` keeps the 1-based `row` of each."""

    transactions: pl.DataFrame
    disbursements: pl.DataFrame
    balances: pl.DataFrame | None = None
    orders: pl.DataFrame | None = None
    accounts: pl.DataFrame | None = None
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Table -> how its file is called in messages."""
    problems: list[Refusal] = field(default_factory=list[Refusal])


def refusal(file: str, position: int, field_name: str, reason: str, message: str) -> Refusal:
    """A refusal of a row that has no bytes of its own (it came from a table)."""
    return Refusal(file, position, field_name, reason, message, b"")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A table as it came: the columns of its spec, the number of each row, rows that could not even be cut."""

    frame: pl.DataFrame
    name: str
    rows: pl.Series
    refusals: tuple[Refusal, ...] = ()


def _numbered(frame: pl.DataFrame, name: str) -> _Loaded:
    return _Loaded(frame, name, pl.select(pl.int_range(1, len(frame) + 1, dtype=pl.Int64)).to_series())


def _load(source: Table, spec: RecordType) -> _Loaded:
    """The columns of `spec` that the source has."""
    if isinstance(source, (str, Path)):
        return _load_file(Path(source), spec)
    if isinstance(source, pl.LazyFrame):
        source = source.collect()
    if not isinstance(source, pl.DataFrame):
        try:
            source = pl.DataFrame(source)
        except (TypeError, ValueError) as problem:
            raise FileUnreadable(
                f"{type(source).__name__} is not a table",
                Place(spec.name),
                "Give a path, or a polars, pandas or pyarrow table",
            ) from problem
    return _numbered(source.select([name for name in spec.field_names if name in source.columns]), spec.name)


def _load_file(path: Path, spec: RecordType) -> _Loaded:
    place = Place(str(path))
    try:
        if not path.is_file():
            raise FileUnreadable("there is no such file", place, "Check the path")
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        if not head:
            raise FileUnreadable("the file is empty", place, "Give a file with a header and rows")
        if head.startswith(b"PAR1"):
            present = pl.read_parquet_schema(path)
            frame = pl.read_parquet(path, columns=[name for name in spec.field_names if name in present])
            return _numbered(frame, str(path))
        return _load_text(path, head, spec)
    except pl.exceptions.PolarsError as problem:
        raise FileUnreadable(
            f"cannot be read as CSV or Parquet ({str(problem).splitlines()[0]})",
            place,
            "Check that the file is whole and of the stated form",
        ) from problem
    except OSError as problem:
        raise FileUnreadable(f"cannot be read ({problem.strerror})", place, "Check the file") from problem


def _load_text(path: Path, head: bytes, spec: RecordType) -> _Loaded:
    """CSV of any size; a damaged line costs only itself."""
    encoding = recognise_file_encoding(path, head, str(path))
    known = set(spec.field_names)
    layout = find_layout(
        head, str(path), is_header=lambda columns: bool(known.intersection(columns)), encoding=encoding
    )
    if layout is None:
        raise ColumnMissing(
            "there is no header with the columns of this table",
            Place(str(path), field=spec.fields[0].name),
            f"{spec.name} need {_needed(spec)}",
        )
    columns = [name for name in spec.field_names if name in layout.columns]
    frames: list[pl.DataFrame] = []
    rows: list[pl.Series] = []
    refusals: list[Refusal] = []
    try:
        for block in read_delimited(path, str(path), layout):
            frames.append(block.texts.select(columns))
            rows.append(block.positions)
            refusals.extend(block.refusals)
    except FileUnreadable:
        if frames or spec in (TRANSACTIONS, DISBURSEMENTS):
            raise
        # A header alone is a table without rows; only a history needs some.
        return _numbered(pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), str(path))
    return _Loaded(pl.concat(frames), str(path), pl.concat(rows), tuple(refusals))


def _needed(spec: RecordType) -> str:
    return ", ".join(item.name for item in spec.fields if item.required)


def read_table(source: Table, spec: RecordType) -> tuple[pl.DataFrame, list[Refusal], str]:
    """Accepted rows (`row` and the columns of `spec`, absent optional ones left out), refusals, the name.

    Raises FileUnreadable or ColumnMissing when the table as a whole cannot be used.
    """
    loaded = _load(source, spec)
    frame, name = loaded.frame, loaded.name
    for item in spec.fields:
        if item.required and item.name not in frame.columns:
            raise ColumnMissing(
                f"there is no column {item.name}",
                Place(name, field=item.name),
                f"{spec.name} need {_needed(spec)}",
            )
    if len(frame) == 0 and not loaded.refusals and spec in (TRANSACTIONS, DISBURSEMENTS):
        raise FileUnreadable("there are columns but no rows", Place(name), "Give a table with rows")
    frame = frame.with_columns(
        _as_text(frame[column], name)
        for column, dtype in frame.schema.items()
        if spec.field(column).kind is Kind.TEXT and dtype != pl.String
    )
    good = _plainly_good(frame, spec)
    row = loaded.rows.alias("row")
    if good is not None and bool(good.all()):
        return _normal(frame, spec).select(row, pl.all()), list(loaded.refusals), name
    doubtful = row
    kept: list[pl.DataFrame] = []
    if good is not None:
        kept.append(_normal(frame.with_columns(row).filter(good), spec))
        doubtful = doubtful.filter(~good)
        frame = frame.filter(~good)
    read = accept(spec, frame, name, reading=_READING, positions=doubtful)
    refused = [item.position for item in read.refusals]
    rows = read.rows.select(list(frame.columns)).with_columns(
        doubtful.filter(~doubtful.is_in(pl.Series(refused, dtype=pl.Int64).implode())).alias("row")
    )
    columns = ["row", *frame.columns]
    joined = pl.concat([part.select(columns) for part in (*kept, rows)])
    return (joined.sort("row") if kept else joined), [*loaded.refusals, *read.refusals], name


def _as_text(column: pl.Series, table: str) -> pl.Series:
    """Numbers as text. Whole ones that came as floats (columns with gaps do) lose their `.0`; beyond 2^53 digits
    are lost already: FileUnreadable."""
    if not column.dtype.is_float():
        return column.cast(pl.String)
    column = column.fill_nan(None)
    inexact = (column.abs() >= 2.0**53).fill_null(value=False).arg_true()
    if len(inexact):
        raise FileUnreadable(
            "the numbers came as floating point and have lost digits",
            Place(table, int(inexact[0]) + 1, column.name),
            "Give them as text or as whole numbers",
        )
    whole = (column == column.round()).fill_null(value=False)
    return column.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole, column.cast(pl.String))


def _plainly_good(frame: pl.DataFrame, spec: RecordType) -> pl.Series | None:
    """Rows that need no closer look; None when a column's type alone asks for it."""
    checks: list[pl.Expr] = []
    for item in spec.fields:
        if item.name not in frame.columns:
            continue
        column, dtype = pl.col(item.name), frame.schema[item.name]
        if item.kind is Kind.TEXT:
            if item.required:
                checks.append(column.is_not_null() & (column != ""))
            continue
        if item.kind is Kind.AMOUNT_FEN and dtype.is_integer():
            low = item.minimum if item.minimum is not None else -AMOUNT_FEN_MAX
            checks.append(column.is_between(low, AMOUNT_FEN_MAX))
        elif item.kind is Kind.INTEGER and dtype.is_integer():
            checks.append(column.is_between(-AMOUNT_FEN_MAX, AMOUNT_FEN_MAX))
        elif item.kind is Kind.INSTANT and isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
            checks.append(column.is_not_null())
        elif item.kind is Kind.DATE and dtype == pl.Date:
            continue
        elif item.kind is Kind.CHOICE and dtype == pl.String:
            known = column.is_in(list(item.choices))
            checks.append(known if item.required and item.default is None else column.is_null() | known)
        elif item.kind is Kind.CURRENCY and dtype == pl.String and frame[item.name].null_count() == 0:
            checks.append(column == "CNY")
        else:
            return None
    if not checks:
        return pl.Series([True]).new_from_index(0, len(frame))
    return frame.select(pl.all_horizontal(checks).fill_null(value=False).alias("good"))["good"]


def _normal(frame: pl.DataFrame, spec: RecordType) -> pl.DataFrame:
    """The types that `accept` gives; empty text is null."""
    casts: list[pl.Expr] = []
    for item in spec.fields:
        if item.name not in frame.columns:
            continue
        dtype = frame.schema[item.name]
        if item.kind in (Kind.AMOUNT_FEN, Kind.INTEGER) and dtype != pl.Int64:
            casts.append(pl.col(item.name).cast(pl.Int64))
        elif item.kind is Kind.INSTANT and dtype != pl.Datetime("us", "UTC"):
            casts.append(pl.col(item.name).dt.cast_time_unit("us").dt.convert_time_zone("UTC"))
        elif item.kind is Kind.TEXT and not item.required:
            casts.append(pl.when(pl.col(item.name) != "").then(pl.col(item.name)).alias(item.name))
    return frame.with_columns(casts) if casts else frame


def read_inputs(
    transactions: Table,
    disbursements: Table,
    balances: Table | None = None,
    orders: Table | None = None,
    accounts: Table | None = None,
) -> Inputs:
    """Read every table; refuse duplicate and self-transferring rows.

    Raises FileUnreadable or ColumnMissing when a table as a whole cannot be used.
    """
    frames: dict[str, pl.DataFrame] = {}
    names: dict[str, str] = {}
    problems: list[Refusal] = []
    for spec, table in (
        (TRANSACTIONS, transactions),
        (DISBURSEMENTS, disbursements),
        (BALANCES, balances),
        (ORDERS, orders),
        (ACCOUNTS, accounts),
    ):
        if table is None:
            continue
        frame, refused, names[spec.name] = read_table(table, spec)
        problems.extend(refused)
        if spec is TRANSACTIONS:
            frame, refused = _sound_transfers(frame, names[spec.name])
            problems.extend(refused)
        elif spec in (BALANCES, ACCOUNTS):
            frame, refused = _first_of_each(frame, ["account"], names[spec.name], "account_twice")
            problems.extend(refused)
        frames[spec.name] = frame
    return Inputs(
        transactions=frames["transactions"],
        disbursements=frames["disbursements"],
        balances=frames.get("balances"),
        orders=frames.get("orders"),
        accounts=frames.get("accounts"),
        names=names,
        problems=problems,
    )


def _sound_transfers(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, list[Refusal]]:
    problems: list[Refusal] = []
    debit = (
        pl.col("debit_account")
        if "debit_account" in frame.columns
        else pl.lit(None, pl.String).alias("debit_account")
    )
    credit = (
        pl.col("credit_account")
        if "credit_account" in frame.columns
        else pl.lit(None, pl.String).alias("credit_account")
    )
    frame = frame.with_columns(debit, credit)
    nowhere = pl.col("debit_account").is_null() & pl.col("credit_account").is_null()
    to_itself = (pl.col("debit_account") == pl.col("credit_account")).fill_null(value=False)
    bad = frame.filter(nowhere | to_itself)
    if len(bad):
        for row, debit_account in bad.select("row", "debit_account").iter_rows():
            if debit_account is None:
                problems.append(
                    refusal(
                        name,
                        row,
                        "debit_account",
                        "account_missing",
                        "debit and credit account are both empty; name at least one",
                    )
                )
            else:
                problems.append(
                    refusal(
                        name,
                        row,
                        "credit_account",
                        "self_transfer",
                        f"debit and credit account are both {debit_account}; nothing moves, leave the row out",
                    )
                )
        frame = frame.filter(~(nowhere | to_itself))
    frame, twice = _first_of_each(frame, ["transaction_id"], name, "duplicate_id")
    return frame, [*problems, *twice]


def _first_of_each(
    frame: pl.DataFrame, key: list[str], name: str, reason: str
) -> tuple[pl.DataFrame, list[Refusal]]:
    """Of rows with the same key the first counts; an exact repetition is a `duplicate`, another content is
    refused with `reason`."""
    if len(key) == 1 and are_distinct(frame[key[0]]):
        return frame, []
    repeated = frame.filter(~pl.struct(key).is_first_distinct())
    first = frame.filter(pl.struct(key).is_first_distinct())
    rest = [column for column in frame.columns if column != "row"]
    same = repeated.join(first.select(rest), on=rest, how="semi", nulls_equal=True)["row"].to_list()
    identical = set(same)
    problems = [
        refusal(
            name,
            row,
            key[0],
            "duplicate" if row in identical else reason,
            f"{value} stands in an earlier row already"
            + ("; it counts once" if row in identical else " with other content; correct one of them"),
        )
        for row, value in repeated.select("row", key[0]).iter_rows()
    ]
    return first, problems
