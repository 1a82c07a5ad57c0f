"""`rows.parquet` in, two-sided transfers out: the files of `loantrail pair`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import polars as pl

from loantrail.errors import ColumnMissing, Place
from loantrail.ledger.disbursements import link_disbursements
from loantrail.ledger.identity import HOME_CURRENCY, normalised, normalised_numbers
from loantrail.ledger.model import STATEMENT_LINE
from loantrail.ledger.pairing import PairingParameters, pair_lines
from loantrail.ledger.transfers import PROBLEM_SCHEMA, Transfers, build_transfers, line_ids
from loantrail.records import Field, Kind, RecordType
from loantrail.sources.model import Refusal
from loantrail.tracing.inputs import read_table
from loantrail.tracing.outputs import write_whole

LISTED: Final = STATEMENT_LINE.field_names[:13]
_REQUIRED: Final = ("source_file", "position", "booked_at", "sequence", "account", "direction", "amount_fen")
_NUMBERS: Final = (Kind.AMOUNT_FEN, Kind.INTEGER)
_PROBLEM_COLUMNS: Final = {
    "source_file": pl.String,
    "position": pl.Int64,
    "transaction_id": pl.String,
    "field": pl.String,
    "problem": pl.String,
    "message": pl.String,
}

_ROWS: Final = RecordType(
    name="rows",
    schema="ledger",
    chinese="",
    key=STATEMENT_LINE.key,
    fields=tuple(
        # Positions and sequences only order the lines: any whole number will do. These files go into no books.
        replace(
            item,
            required=item.name in _REQUIRED,
            chinese="",
            minimum=None if item.kind is Kind.INTEGER else item.minimum,
            most=None,
        )
        for item in STATEMENT_LINE.fields
    ),
)
_DISBURSEMENTS: Final = RecordType(
    name="disbursements",
    schema="ledger",
    chinese="",
    key=("loan_id",),
    fields=(
        Field("loan_id", Kind.TEXT),
        Field("account", Kind.TEXT),
        Field("amount_fen", Kind.AMOUNT_FEN, minimum=1),
        Field("booked_at", Kind.INSTANT),
        Field("currency", Kind.CURRENCY, required=False, default=HOME_CURRENCY),
        Field("reference", Kind.TEXT, required=False),
    ),
)


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

    Values are read by the rules of every other source, amounts in fen. Raises FileUnreadable when the file cannot be
    read, ColumnMissing when one of the needed columns is not there.
    """
    table, refusals, name = read_table(path, _ROWS)
    if "counterparty_account" not in table.columns:
        raise ColumnMissing(
            "there is no column counterparty_account",
            Place(name, field="counterparty_account"),
            f"Needed are {', '.join((*_REQUIRED, 'counterparty_account'))}; `loantrail import --dry-run` writes them",
        )
    absent = [
        pl.lit(item.default, pl.Int64 if item.kind in _NUMBERS else pl.String).alias(item.name)
        for item in STATEMENT_LINE.fields
        if item.name in LISTED and item.name not in table.columns
    ]
    lines = table.with_columns(absent).select(
        [item for item in STATEMENT_LINE.field_names if item in table.columns or item in LISTED]
    )
    lines = lines.with_columns(pl.col("currency").fill_null(HOME_CURRENCY))
    lines = lines.with_columns(normalised(lines, "account"), normalised(lines, "counterparty_account"))
    judged = lines.with_columns(
        # Blanks alone are no account number, which shows only once it is normalised.
        pl.coalesce(
            *[pl.when(pl.col(item).is_null()).then(pl.lit(item)) for item in _REQUIRED],
            pl.when(~pl.struct("source_file", "position").is_first_distinct()).then(pl.lit("position")),
        ).alias("field")
    )
    twice = (pl.col("field") == "position") & pl.col("position").is_not_null()
    broken = judged.filter(pl.col("field").is_not_null()).select(
        "source_file",
        "position",
        "field",
        pl.when(twice)
        .then(pl.lit("position_twice"))
        .when(pl.col("field") == "account")
        .then(pl.lit("account_missing"))
        .otherwise(pl.lit("value_missing"))
        .alias("problem"),
        pl.when(twice)
        .then(
            pl.format("position {} of this file stands in an earlier row already; it is left out", "position")
        )
        .otherwise(pl.format("{} is missing; correct it at the source", "field"))
        .alias("message"),
    )
    usable = judged.filter(pl.col("field").is_null()).drop("field")
    return usable, _problems([_refused(refusals), broken])


def _refused(refusals: Iterable[Refusal]) -> pl.DataFrame:
    """Problems under the source file and position that the row itself names; where it names none, the file of the
    rows and the number of the row there."""
    listed: list[dict[str, object]] = []
    for item in refusals:
        source_file, position = _own_place(item.original) or (Path(item.source_file).name, item.position)
        listed.append(
            {
                "source_file": source_file,
                "position": position,
                "field": item.field,
                "problem": item.reason,
                "message": f"{item.message} (row {item.position} of {Path(item.source_file).name})",
            }
        )
    schema = {name: kind for name, kind in _PROBLEM_COLUMNS.items() if name != "transaction_id"}
    return pl.DataFrame(listed, schema=schema)


def _own_place(original: bytes) -> tuple[str, int] | None:
    try:
        row: object = json.loads(original)
    except ValueError:
        # A line that could not even be cut into columns.
        return None
    if not isinstance(row, dict):
        return None
    values = cast("dict[str, object]", row)
    position = str(values.get("position", "")).strip()
    source_file = str(values.get("source_file", "")).strip()
    if not source_file or not re.fullmatch("[0-9]{1,18}", position):
        return None
    return source_file, int(position)


def _problems(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The parts below one another, with the columns of `problems.csv`."""
    return pl.concat([pl.DataFrame(schema=_PROBLEM_COLUMNS), *parts], how="diagonal").select(
        list(_PROBLEM_COLUMNS)
    )


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
    # A BIC names its institution by the first eight characters; one and a code of another kind say nothing of each other.
    is_bic = pl.col("at").str.contains(r"^[A-Z]{6}[A-Z0-9]{2,5}$")
    short = pl.when(is_bic).then(pl.col("at").str.slice(0, 8)).otherwise("at")
    known = (
        lines.select("account", pl.col("institution").alias("at"))
        .filter(pl.col("at") != "")
        .select("account", short.alias("at"), is_bic.alias("is_bic"))
        .unique()
    )
    named = lines.with_row_index("_row").select(
        "_row",
        pl.col("counterparty_account").alias("account"),
        pl.col("counterparty_institution").alias("at"),
    )
    named = named.filter(pl.col("at") != "").with_columns(short.alias("at"), is_bic.alias("is_bic"))
    elsewhere = named.join(known, on=["account", "is_bic"], how="semi").join(
        known, on=["account", "at"], how="anti"
    )
    return lines.with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32)
        .is_in(elsewhere.get_column("_row").implode())
        .alias("counterparty_elsewhere")
    )


def pair_files(
    rows: Path, out: Path, disbursements: Path | None = None, parameters: PairingParameters | None = None
) -> PairSummary:
    """Pair the lines of `rows` and write `transactions.parquet`, `pairs.parquet`, `unpaired.parquet`,
    `ambiguous.csv`, `problems.csv` and, for a file of disbursements, `disbursements.parquet` into `out`, each whole or not at all.

    Raises FileUnreadable or ColumnMissing for input that cannot be used, FileUnreadable for a folder that cannot be
    written, StorageExhausted for a full disk.
    """
    lines, problems = read_rows(rows)
    lines, split = split_currencies(lines)
    lines = lines.sort("source_file", "position")
    lines = mark_elsewhere(lines).with_columns(line_ids(lines))
    pairing = pair_lines(lines, parameters)
    transfers = build_transfers(lines, pairing.pairs)
    problems = _problems([problems, transfers.problems, *[_split_problem(number) for number in split]])
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
        write_whole(out / "disbursements.parquet", links.write_parquet)
        problems = _problems([problems, lost])
        linked, wanted = len(links), len(links) + len(lost)
    write_whole(out / "transactions.parquet", transfers.transactions.write_parquet)
    pairs, unpaired = transfers.pairs(), transfers.unpaired()
    write_whole(out / "pairs.parquet", pairs.write_parquet)
    write_whole(out / "unpaired.parquet", unpaired.write_parquet)
    write_whole(out / "ambiguous.csv", ambiguous.write_csv)
    write_whole(out / "problems.csv", problems.write_csv)
    by_basis = dict(pairing.pairs.group_by("basis").len().sort("basis").iter_rows())
    return PairSummary(
        line_count=len(lines),
        transfer_count=len(transfers.transactions),
        pair_count=len(pairs),
        by_basis=by_basis,
        unpaired_count=len(unpaired),
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
    for each that cannot be read or that no line shows."""
    table, refusals, _ = read_table(path, _DISBURSEMENTS)
    absent = [
        pl.lit(None, pl.String).alias(name) for name in ("currency", "reference") if name not in table.columns
    ]
    typed = table.with_columns(absent).with_columns(
        normalised_numbers("account"), pl.col("currency").fill_null(HOME_CURRENCY)
    )
    marked = pl.format("{}/{}", "account", "currency")
    known = lines.get_column("account").unique()
    typed = typed.with_columns(
        pl.when(marked.is_in(known.implode())).then(marked).otherwise("account").alias("account")
    )
    found = link_disbursements(typed.drop("row"), lines, parameters)
    rows = found.links.get_column("row")
    links = pl.DataFrame(
        {
            "loan_id": typed.get_column("loan_id").gather(rows),
            "transaction_id": transfers.transaction_of_line.gather(found.links.get_column("line")),
        }
    )
    lost = found.unlinked.select(
        pl.lit(path.name).alias("source_file"),
        typed.get_column("row").gather(found.unlinked.get_column("row")).alias("position"),
        "problem",
        pl.lit(
            "no single line of that account, amount and time shows this disbursement; it cannot be traced"
        ).alias("message"),
    )
    return links, _problems([_refused(refusals), lost])
