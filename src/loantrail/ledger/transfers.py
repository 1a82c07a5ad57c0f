"""From lines and their pairs to transfers in one order: the two-sided rows that tracing reads. Pure.

The order keeps every account's own statement order (booking time, sequence, file, position), and of all orders that
do, it takes the one nearest to booking time, sequence and id. A transfer of two lines is one row: it stands after
everything that precedes either of its lines. Its booking time is that of its debit (of its credit where there is no
debit), moved later only as far as the rows before it demand; `sequence` is its place among all rows. So sorting by
(booked_at, sequence, transaction_id) gives the order back.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.ids import derived_id, derived_ids
from loantrail.ledger.few import FEW
from loantrail.ledger.kernel_order import by_first_place, order_transfers
from loantrail.ledger.reconcile import ACCOUNT_ORDER
from loantrail.ledger.transfers_few import few_transfers
from loantrail.ledger.transfers_model import (
    CONTRADICTS,
    PROBLEM_SCHEMA,
    TRANSACTION_COLUMNS,
    UNKNOWN_ORIGINAL,
    Transfers,
)

LINES: Final[dict[str, Any]] = {
    "line_id": pl.String(),
    "source_file": pl.String(),
    "position": pl.Int64(),
    "booked_at": pl.Datetime("us", "UTC"),
    "sequence": pl.Int64(),
    "account": pl.String(),
    "direction": pl.String(),
    "amount_fen": pl.Int64(),
    "currency": pl.String(),
    "counterparty_account": pl.String(),
    "counterparty_name": pl.String(),
    "purpose_text": pl.String(),
    "balance_fen": pl.Int64(),
    "reverses": pl.String(),
    "reference": pl.String(),
    "document_no": pl.String(),
    "account_name": pl.String(),
}
"""A statement line as the books hold it, with the name of the file that brought it."""


def transfer_id(debit_line: str, credit_line: str) -> str:
    """Id of the transfer that pairs two lines. A line by itself is a transfer under its own line id."""
    return derived_id("transfer", debit_line, credit_line)


def transfer_ids(debit_lines: pl.Series, credit_lines: pl.Series) -> pl.Series:
    """`transfer_id` of each row."""
    made = derived_ids(("transfer",), debit_lines.to_list(), credit_lines.to_list())
    return pl.Series("transfer_id", made, dtype=pl.String)


def line_ids(lines: pl.DataFrame) -> pl.Series:
    """A stable id for each line of files: of its file's name and its position there."""
    numbered = lines.select("source_file", "position").with_row_index("row")
    parts = [
        part.select(
            "row",
            pl.Series(
                "line_id",
                derived_ids(("line", str(file)), part.get_column("position").to_list()),
                dtype=pl.String,
            ),
        )
        for (file,), part in numbered.group_by(["source_file"], maintain_order=True)
    ]
    if not parts:
        return pl.Series("line_id", [], dtype=pl.String)
    return pl.concat(parts).sort("row").get_column("line_id")


def numbered_pairs(pairs: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """`debit, credit` (row numbers in `lines`), `basis` of pairs given by `debit_line, credit_line`; those of which a line is
    not among `lines` are left out."""
    rows = lines.select("line_id").with_row_index("row")
    return (
        pairs.join(rows.rename({"row": "debit"}), left_on="debit_line", right_on="line_id")
        .join(rows.rename({"row": "credit"}), left_on="credit_line", right_on="line_id")
        .select("debit", "credit", "basis")
        .sort("debit")
    )


def build_transfers(lines: pl.DataFrame, pairs: pl.DataFrame, own: pl.Series | None = None) -> Transfers:
    """Two-sided rows from `lines` and `pairs` (`debit, credit` row numbers, `basis`).

    `lines` has the first thirteen fields of a statement line and `line_id`; `reference`, `document_no` and
    `account_name` are used where present. `own`: the accounts that statements are given of, where `lines` are only
    some of all.
    """
    transfers = few_transfers(lines, pairs, own) if len(lines) <= FEW else None
    return transfers or many_transfers(lines, pairs, own)


def many_transfers(lines: pl.DataFrame, pairs: pl.DataFrame, own: pl.Series | None = None) -> Transfers:
    """`build_transfers` of lines of any number, by frames."""
    lines = _with_optional(lines).with_row_index("row")
    nodes = _nodes(lines, pairs)
    node_of_line = _node_of_line(len(lines), nodes)
    reversals, problems = _reversals(lines, node_of_line, nodes)
    order, forced, circle = _order(lines, node_of_line, len(nodes))
    own = lines.get_column("account").unique() if own is None else own
    sides = _sides(lines, nodes, own)
    at_place = nodes.get_column("booked_at").gather(order).cum_max()
    sequence = pl.int_range(1, len(nodes) + 1, dtype=pl.Int64, eager=True)
    ids = nodes.get_column("transaction_id")
    transactions = (
        sides.with_columns(ids, pl.Series("reverses", reversals, dtype=pl.String))
        .select(pl.all().gather(order))
        .with_columns(at_place.alias("booked_at"), sequence.alias("sequence"))
        .select(TRANSACTION_COLUMNS)
    )
    contradictions = _contradictions(nodes, forced)
    return Transfers(
        transactions=transactions,
        transaction_of_line=ids.gather(node_of_line),
        circle=by_first_place(circle[order]),
        problems=pl.concat([problems, contradictions]).sort("source_file", "position", nulls_last=True),
        lines=lines,
        nodes=nodes,
    )


def _with_optional(lines: pl.DataFrame) -> pl.DataFrame:
    optional = ("reference", "document_no", "account_name")
    missing = [pl.lit(None, pl.String).alias(name) for name in optional if name not in lines.columns]
    return lines.with_columns(missing)


def _nodes(lines: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """One row per transfer, in order of preference: `debit, credit` (rows of lines or null), `basis`, id, time."""
    paired = pl.concat([pairs.get_column("debit"), pairs.get_column("credit")]).alias("row")
    single = lines.select("row", "direction").join(
        paired.to_frame(), on="row", how="anti", maintain_order="left"
    )
    alone = single.select(
        pl.when(pl.col("direction") == "debit").then("row").alias("debit"),
        pl.when(pl.col("direction") == "credit").then("row").alias("credit"),
        pl.lit(None, pl.String).alias("basis"),
    )
    nodes = pl.concat([pairs.select("debit", "credit", "basis"), alone])
    lead = pl.coalesce("debit", "credit").alias("lead")
    of_lines = lines.select("row", "line_id", "booked_at", "sequence", "source_file", "position")
    nodes = nodes.with_columns(lead).join(
        of_lines, left_on="lead", right_on="row", how="left", maintain_order="left"
    )
    credit_ids = lines.get_column("line_id").gather(nodes.get_column("credit"))
    nodes = nodes.with_columns(credit_ids.alias("credit_line_id"))
    is_pair = nodes.get_column("basis").is_not_null()
    both = nodes.filter(is_pair)
    made = transfer_ids(both.get_column("line_id"), both.get_column("credit_line_id"))
    return (
        pl.concat(
            [
                both.with_columns(made.alias("transaction_id")),
                nodes.filter(~is_pair).with_columns(pl.col("line_id").alias("transaction_id")),
            ]
        )
        .drop("line_id", "credit_line_id", "lead")
        .sort("booked_at", "sequence", "transaction_id")
    )


def _node_of_line(line_count: int, nodes: pl.DataFrame) -> np.ndarray:
    node_of_line = np.full(line_count, -1, dtype=np.int64)
    numbers = np.arange(len(nodes))
    for end in ("debit", "credit"):
        known = nodes.get_column(end).is_not_null().to_numpy()
        node_of_line[nodes.get_column(end).drop_nulls().to_numpy()] = numbers[known]
    return node_of_line


def _order(
    lines: pl.DataFrame, node_of_line: np.ndarray, node_count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transfers in the order that keeps each account's own, and what `order_transfers` says of contradictions."""
    in_account = lines.select("row", "account", "currency", "direction", *ACCOUNT_ORDER).sort(
        "account", "currency", *ACCOUNT_ORDER
    )
    rows = in_account.get_column("row").to_numpy()
    same = (
        in_account.select(
            (pl.col("account") == pl.col("account").shift(1))
            & (pl.col("currency") == pl.col("currency").shift(1))
        )
        .to_series()
        .fill_null(value=False)
        .to_numpy()
    )
    node = node_of_line[rows]
    side = (in_account.get_column("direction") == "credit").cast(pl.Int64).to_numpy()
    before = np.full((node_count, 2), -1, dtype=np.int64)
    follows = np.flatnonzero(same)
    before[node[follows], side[follows]] = 2 * node[follows - 1] + side[follows - 1]
    return order_transfers(before)


def _sides(lines: pl.DataFrame, nodes: pl.DataFrame, own: pl.Series) -> pl.DataFrame:
    """Accounts and texts of both ends. The missing end is the counterparty's account where that is not ours."""
    other = pl.when(~pl.col("counterparty_account").is_in(own.implode())).then("counterparty_account")
    told = lines.select(
        "account",
        pl.when(pl.col("counterparty_account") != "").then(other).alias("other"),
        "counterparty_name",
        "account_name",
        "amount_fen",
        "currency",
        "purpose_text",
        "document_no",
    )
    debit = told.select(pl.all().gather(nodes.get_column("debit")))
    credit = told.select(pl.all().gather(nodes.get_column("credit")).name.suffix("_credit"))
    both = pl.concat([debit, credit], how="horizontal")
    return both.select(
        pl.coalesce("account", "other_credit").alias("debit_account"),
        pl.coalesce("account_credit", "other").alias("credit_account"),
        pl.coalesce("amount_fen", "amount_fen_credit").alias("amount_fen"),
        pl.coalesce("currency", "currency_credit").alias("currency"),
        pl.coalesce("document_no", "document_no_credit").alias("document_no"),
        pl.coalesce("purpose_text", "purpose_text_credit").alias("purpose_text"),
        pl.coalesce("account_name_credit", "counterparty_name").alias("credit_name"),
    )


def _reversals(
    lines: pl.DataFrame, node_of_line: np.ndarray, nodes: pl.DataFrame
) -> tuple[list[str | None], pl.DataFrame]:
    """Per transfer the id of the one it takes back, or None; and a problem for each original not found."""
    reverses: list[str | None] = [None] * len(nodes)
    if lines.get_column("reverses").null_count() == len(lines):
        return reverses, pl.DataFrame(schema=PROBLEM_SCHEMA)
    links, lost = link_reversals(lines)
    ids = nodes.get_column("transaction_id").to_list()
    for row, original in links.select("row", "original").iter_rows():
        if node_of_line[row] != node_of_line[original]:
            reverses[int(node_of_line[row])] = ids[int(node_of_line[original])]
    of_line = nodes.get_column("transaction_id").gather(node_of_line[lost.get_column("row").to_numpy()])
    told = lines.select("source_file", "position", "reverses").select(pl.all().gather(lost.get_column("row")))
    problems = told.select(
        "source_file",
        "position",
        of_line.alias("transaction_id"),
        lost.get_column("problem"),
        pl.format(UNKNOWN_ORIGINAL, "reverses").alias("message"),
    )
    return reverses, problems


def link_reversals(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Which line each reversing line takes back.

    `reverses` names the original by its reference, else its document number, else its position in the same file;
    the original stands in the same account and currency and has the opposite direction. Returns `row, original`
    and `row, problem` (`reversal_of_unknown`, `reversal_ambiguous`).
    """
    wanted = lines.filter(pl.col("reverses").is_not_null(), pl.col("reverses") != "").select(
        "row", "account", "currency", "direction", "source_file", pl.col("reverses").alias("name")
    )
    if wanted.is_empty():
        none = pl.DataFrame(schema={"row": pl.UInt32, "original": pl.UInt32})
        return none, pl.DataFrame(schema={"row": pl.UInt32, "problem": pl.String})
    all_lines = lines.select(
        pl.col("row").alias("original"),
        "account",
        "currency",
        pl.col("direction").alias("original_direction"),
        pl.col("source_file").alias("original_file"),
        pl.col("position").cast(pl.String),
        "reference",
        "document_no",
    )
    found: list[pl.DataFrame] = []
    ambiguous: list[pl.DataFrame] = []
    left = wanted
    for named_by in ("reference", "document_no", "position"):
        hits = left.join(
            all_lines, left_on=["account", "currency", "name"], right_on=["account", "currency", named_by]
        ).filter(pl.col("direction") != pl.col("original_direction"), pl.col("row") != pl.col("original"))
        if named_by == "position":
            hits = hits.filter(pl.col("source_file") == pl.col("original_file"))
        counted = hits.group_by("row").agg(pl.len().alias("count"), pl.col("original").min())
        found.append(counted.filter(pl.col("count") == 1).select("row", "original"))
        ambiguous.append(counted.filter(pl.col("count") > 1).select("row"))
        left = left.join(counted, on="row", how="anti", maintain_order="left")
    lost = pl.concat(
        [
            left.select("row", pl.lit("reversal_of_unknown").alias("problem")),
            pl.concat(ambiguous).with_columns(pl.lit("reversal_ambiguous").alias("problem")),
        ]
    )
    return pl.concat(found).sort("row"), lost.sort("row")


def _contradictions(nodes: pl.DataFrame, forced: np.ndarray) -> pl.DataFrame:
    if not forced.any():
        return pl.DataFrame(schema=PROBLEM_SCHEMA)
    broken = nodes.filter(pl.Series(forced))
    return broken.select(
        "source_file",
        "position",
        "transaction_id",
        pl.lit("order_contradiction").alias("problem"),
        pl.lit(CONTRADICTS).alias("message"),
    ).cast(PROBLEM_SCHEMA)  # pyright: ignore[reportArgumentType]  polars accepts a schema of types
