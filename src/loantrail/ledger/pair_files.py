"""`rows.parquet` in, two-sided transfers out: the files of `loantrail pair`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from loantrail.errors import ColumnMissing, FileUnreadable, Place
from loantrail.ledger.disbursements import link_disbursements
from loantrail.ledger.identity import HOME_CURRENCY, normalised, normalised_numbers
from loantrail.ledger.model import STATEMENT_LINE
from loantrail.ledger.pairing import PairingParameters, pair_lines
from loantrail.ledger.transfers import PROBLEM_SCHEMA, Transfers, build_transfers, line_ids
from loantrail.money import AMOUNT_FEN_MAX, is_currency
from loantrail.records import Kind

LISTED: Final = STATEMENT_LINE.field_names[:13]
_REQUIRED: Final = ("source_file", "position", "booked_at", "sequence", "account", "direction", "amount_fen")
_NUMBERS: Final = (Kind.AMOUNT_FEN, Kind.INTEGER)


@dataclass(frozen=True, slots=True)
class PairSummary:
    line_count: int
    transfer_count: int
    pair_count: int
    by_basis: dict[str, int]
    unpaired_count: int
    ambiguous_count: int
    problem_count: int
    disbursement_count: int
    linked_count: int


def read_rows(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Usable lines of a Parquet or CSV file with the columns of `rows.parquet`, and a problem for each other row.

    Raises FileUnreadable when the file cannot be read, ColumnMissing when one of the needed columns is not there.
    """
    table = read_table(path)
    missing = [name for name in (*_REQUIRED, "counterparty_account") if name not in table.columns]
    if missing:
        raise ColumnMissing(
            f"has no column {missing[0]}",
            Place(str(path), field=missing[0]),
            f"Needed are {', '.join((*_REQUIRED, 'counterparty_account'))}; `loantrail import --dry-run` writes them",
        )
    lines = _typed(table)
    first_of_position = pl.struct("source_file", "position").is_first_distinct()
    problem = (
        pl.when(pl.any_horizontal([pl.col(name).is_null() for name in _REQUIRED]))
        .then(pl.lit("value_missing_or_unreadable"))
        .when(~pl.col("direction").is_in(["debit", "credit"]))
        .then(pl.lit("direction_unknown"))
        .when(pl.col("amount_fen") <= 0)
        .then(pl.lit("amount_not_positive"))
        .when(pl.col("amount_fen") > AMOUNT_FEN_MAX)
        .then(pl.lit("amount_too_large"))
        .when(~pl.col("currency").is_in(_known_currencies(lines)))
        .then(pl.lit("currency_unknown"))
        .when(~first_of_position)
        .then(pl.lit("position_twice"))
    )
    judged = lines.with_columns(problem.alias("problem"))
    broken = judged.filter(pl.col("problem").is_not_null()).select(
        "source_file",
        "position",
        pl.lit(None, pl.String).alias("transaction_id"),
        "problem",
        pl.lit("the row is left out; correct it at the source").alias("message"),
    )
    return judged.filter(pl.col("problem").is_null()).drop("problem"), broken


def read_table(path: Path) -> pl.DataFrame:
    """A Parquet file, or a CSV file with every column as text. Raises FileUnreadable."""
    try:
        with path.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        return pl.read_parquet(path) if is_parquet else pl.read_csv(path, infer_schema=False)
    except OSError as problem:
        raise FileUnreadable(
            f"cannot be opened ({problem.strerror})", Place(str(path)), "Check the path"
        ) from None
    except pl.exceptions.PolarsError as problem:
        first_line = str(problem).strip().splitlines()[0]
        raise FileUnreadable(
            f"is neither Parquet nor UTF-8 CSV ({first_line})", Place(str(path)), "Write it again"
        ) from None


def _typed(table: pl.DataFrame) -> pl.DataFrame:
    """The fields of a statement line that the table has, with their types; what cannot be read is null."""
    columns: list[pl.Expr] = []
    for field in STATEMENT_LINE.fields:
        if field.name not in table.columns:
            if field.name in LISTED:
                kind = pl.Int64 if field.kind in _NUMBERS else pl.String
                columns.append(pl.lit(field.default, kind).alias(field.name))
            continue
        columns.append(_as_kind(field.name, field.kind, table.schema[field.name]))
    typed = table.select(columns).with_columns(pl.col("currency").fill_null(HOME_CURRENCY))
    return typed.with_columns(normalised(typed, "account"), normalised(typed, "counterparty_account"))


def _as_kind(name: str, kind: Kind, given: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind in _NUMBERS:
        return column.cast(pl.Int64, strict=False)
    if kind is not Kind.INSTANT:
        return column.cast(pl.String, strict=False)
    if given == pl.String:
        # Naive texts are Asia/Shanghai times, as everywhere.
        naive = column.str.replace("T", " ", literal=True).str.to_datetime(
            "%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False
        )
        here = naive.dt.replace_time_zone("Asia/Shanghai", ambiguous="earliest", non_existent="null")
        aware = column.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False
        )
        return pl.coalesce(aware, here.dt.convert_time_zone("UTC")).alias(name)
    if isinstance(given, pl.Datetime) and given.time_zone is None:
        here = column.cast(pl.Datetime("us")).dt.replace_time_zone(
            "Asia/Shanghai", ambiguous="earliest", non_existent="null"
        )
        return here.dt.convert_time_zone("UTC")
    return column.cast(pl.Datetime("us", "UTC"), strict=False)


def _known_currencies(lines: pl.DataFrame) -> list[str]:
    return [code for code in lines.get_column("currency").unique().to_list() if code and is_currency(code)]


def split_currencies(lines: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Accounts that hold several currencies become one account per currency (`number/USD`), since money of different
    currencies never mixes. Returns the lines and the numbers that were split; other accounts keep their names."""
    several = (
        lines.group_by("account")
        .agg(pl.col("currency").n_unique())
        .filter(pl.col("currency") > 1)
        .get_column("account")
        .sort()
    )
    if several.is_empty():
        return lines, []
    marked = [
        pl.when(pl.col(name).is_in(several.implode()))
        .then(pl.format("{}/{}", name, "currency"))
        .otherwise(name)
        .alias(name)
        for name in ("account", "counterparty_account")
    ]
    return lines.with_columns(marked), several.to_list()


def mark_elsewhere(lines: pl.DataFrame) -> pl.DataFrame:
    """`counterparty_elsewhere`: the counterparty's number is that of one of our accounts, its institution is not."""
    if "institution" not in lines.columns or "counterparty_institution" not in lines.columns:
        return lines
    # A BIC names its institution by the first eight characters.
    short = (
        pl.when(pl.col("at").str.contains(r"^[A-Z]{6}[A-Z0-9]{2,5}$"))
        .then(pl.col("at").str.slice(0, 8))
        .otherwise("at")
    )
    known = (
        lines.select("account", pl.col("institution").alias("at"))
        .filter(pl.col("at") != "")
        .select("account", short.alias("at"))
        .unique()
    )
    named = lines.with_row_index("_row").select(
        "_row",
        pl.col("counterparty_account").alias("account"),
        pl.col("counterparty_institution").alias("at"),
    )
    named = named.filter(pl.col("at") != "").with_columns(short.alias("at"))
    elsewhere = named.join(known, on="account", how="semi").join(known, on=["account", "at"], how="anti")
    return lines.with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32)
        .is_in(elsewhere.get_column("_row").implode())
        .alias("counterparty_elsewhere")
    )


def pair_files(
    rows: Path, out: Path, disbursements: Path | None = None, parameters: PairingParameters | None = None
) -> PairSummary:
    """Pair the lines of `rows` and write `transactions.parquet`, `pairs.parquet`, `unpaired.parquet`,
    `ambiguous.csv`, `problems.csv` and, for a file of disbursements, `disbursements.parquet` into `out`."""
    lines, problems = read_rows(rows)
    lines, split = split_currencies(lines)
    lines = lines.sort("source_file", "position")
    lines = mark_elsewhere(lines).with_columns(line_ids(lines))
    pairing = pair_lines(lines, parameters)
    transfers = build_transfers(lines, pairing.pairs)
    problems = pl.concat([problems, transfers.problems, *[_split_problem(number) for number in split]])
    out.mkdir(parents=True, exist_ok=True)
    told = lines.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        *("source_file", "position", "booked_at", "account", "direction", "amount_fen", "currency"),
        "counterparty_account",
    )
    ambiguous = pairing.ambiguous.join(told, on="row", how="left", maintain_order="left").drop("row")
    linked = 0
    wanted = 0
    if disbursements is not None:
        links, lost = _disbursement_file(disbursements, lines, transfers, parameters)
        links.write_parquet(out / "disbursements.parquet")
        problems = pl.concat([problems, lost])
        linked, wanted = len(links), len(links) + len(lost)
    transfers.transactions.write_parquet(out / "transactions.parquet")
    transfers.pairs.write_parquet(out / "pairs.parquet")
    transfers.unpaired.write_parquet(out / "unpaired.parquet")
    ambiguous.write_csv(out / "ambiguous.csv")
    problems.write_csv(out / "problems.csv")
    by_basis = dict(pairing.pairs.group_by("basis").len().sort("basis").iter_rows())
    return PairSummary(
        line_count=len(lines),
        transfer_count=len(transfers.transactions),
        pair_count=len(transfers.pairs),
        by_basis=by_basis,
        unpaired_count=len(transfers.unpaired),
        ambiguous_count=len(ambiguous),
        problem_count=len(problems),
        disbursement_count=wanted,
        linked_count=linked,
    )


def _split_problem(number: str) -> pl.DataFrame:
    message = f"account {number} holds several currencies; each is an account of its own here"
    row = {
        "source_file": None,
        "position": None,
        "transaction_id": None,
        "problem": "several_currencies",
        "message": message,
    }
    return pl.DataFrame([row], schema=PROBLEM_SCHEMA)


def _disbursement_file(
    path: Path, lines: pl.DataFrame, transfers: Transfers, parameters: PairingParameters | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`loan_id, transaction_id` for `loan_id, account, amount_fen, booked_at` (+ `currency, reference`), and a problem
    for each that no line shows."""
    table = read_table(path)
    for name in ("loan_id", "account", "amount_fen", "booked_at"):
        if name not in table.columns:
            raise ColumnMissing(
                f"has no column {name}",
                Place(str(path), field=name),
                "Needed are loan_id, account, amount_fen, booked_at",
            )
    typed = table.select(
        pl.col("loan_id").cast(pl.String),
        pl.col("account").cast(pl.String),
        pl.col("amount_fen").cast(pl.Int64, strict=False),
        _as_kind("booked_at", Kind.INSTANT, table.schema["booked_at"]),
        *[
            pl.col(name).cast(pl.String) if name in table.columns else pl.lit(None, pl.String).alias(name)
            for name in ("currency", "reference")
        ],
    ).with_columns(normalised_numbers("account"), pl.col("currency").fill_null(HOME_CURRENCY))
    marked = pl.format("{}/{}", "account", "currency")
    known = lines.get_column("account").unique()
    typed = typed.with_columns(
        pl.when(marked.is_in(known.implode())).then(marked).otherwise("account").alias("account")
    )
    found = link_disbursements(typed, lines, parameters)
    rows = found.links.get_column("row")
    links = pl.DataFrame(
        {
            "loan_id": typed.get_column("loan_id").gather(rows),
            "transaction_id": transfers.transaction_of_line.gather(found.links.get_column("line")),
        }
    )
    lost = found.unlinked.select(
        pl.lit(path.name).alias("source_file"),
        (pl.col("row") + 1).cast(pl.Int64).alias("position"),
        pl.lit(None, pl.String).alias("transaction_id"),
        "problem",
        pl.lit(
            "no single line of that account, amount and time shows this disbursement; it cannot be traced"
        ).alias("message"),
    )
    return links, lost
