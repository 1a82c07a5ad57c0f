"""The end of the order, line by line: which lines are one transfer, in which order they stand, what their payees are.

Pure. The same functions that read whole books are asked about the last lines alone: pairing, order and classes of a line
do not depend on lines that stand far before it (docs/concepts/live.md says where they do, and what happens then).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from loantrail.clock import business_date
from loantrail.destinations.classify import OUTPUT_SCHEMA, Context, classify
from loantrail.destinations.corrections import corrected
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.ledger.disbursements import link_disbursements
from loantrail.ledger.merging import resolved
from loantrail.ledger.pairing import pair_lines
from loantrail.ledger.transfers import LINES as BOOKED
from loantrail.ledger.transfers import build_transfers, numbered_pairs
from loantrail.parameters import ParameterBook

INSTANT: Final = pl.Datetime("us", "UTC")
LINES: Final[dict[str, Any]] = {
    "arrival_number": pl.Int64(),
    **BOOKED,
    "counterparty_elsewhere": pl.Boolean(),
}
"""A statement line as the tail holds it."""
PAIRS: Final = {"debit_line": pl.String, "credit_line": pl.String, "basis": pl.String}
CLASSES: Final = {name: dtype for name, dtype in OUTPUT_SCHEMA.items() if name != "evidence"}


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the tail and what is settled about them."""

    lines: pl.DataFrame
    """LINES, in order of arrival; accounts as they stand after merges."""
    pairs: pl.DataFrame
    """PAIRS of lines that are one transfer."""
    by_hand: frozenset[str]
    """Lines that a person paired or kept apart: rules do not touch them."""
    disbursing: dict[str, str]
    """Credit line -> loan that it pays out."""
    shown: frozenset[int]
    """Rows of `Surroundings.waiting` that lines of the tail show by now."""
    reversing: dict[str, str]
    """Line -> transaction before the tail that it takes back."""
    classes: pl.DataFrame
    """CLASSES of the transactions of these lines, as far as they were judged."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the lines are read with; stays until the books are read anew."""

    merged: pl.DataFrame
    context: Context
    corrections: pl.DataFrame
    waiting: pl.DataFrame
    """Disbursements that no line showed: `loan_id, account, amount_fen, currency, booked_at, reference`."""
    parameters: ParameterBook


@dataclass(frozen=True, slots=True)
class Ordered:
    """The transactions of the tail."""

    transactions: pl.DataFrame
    """TRANSACTION_COLUMNS and CLASSES, in order; `sequence` counts from the beginning of the books."""
    of_line: pl.DataFrame
    """`line_id, account, reference, transaction_id`."""
    disbursing: dict[str, str]
    """Transaction -> loan."""


def joined(before: Lines, arrived: pl.DataFrame, around: Surroundings) -> Lines:
    """The tail with lines that arrived (LINES as the books hold them) behind it, paired."""
    if arrived.is_empty():
        return before
    new = resolved(arrived, ["account", "counterparty_account"], around.merged)
    lines = pl.concat([before.lines, new.select(before.lines.columns)])
    whole = _paired(replace(before, lines=lines), new.select("amount_fen", "currency").unique())
    return _with_disbursements(whole, around)


def paired_anew(tail: Lines) -> Lines:
    """The tail as books give it whose last lines were not paired yet: those of amounts that could be are paired now."""
    paired = [*tail.pairs["debit_line"], *tail.pairs["credit_line"], *tail.by_hand]
    alone = tail.lines.filter(~pl.col("line_id").is_in(paired))
    facing = alone.group_by("amount_fen", "currency").agg(pl.col("direction").n_unique().alias("sides"))
    amounts = facing.filter(pl.col("sides") == 2).select("amount_fen", "currency")
    return tail if amounts.is_empty() else _paired(tail, amounts)


def _paired(tail: Lines, amounts: pl.DataFrame) -> Lines:
    """The tail with the lines of these amounts paired anew."""
    lines = tail.lines
    touched = lines.join(amounts, on=["amount_fen", "currency"], how="semi", maintain_order="left").filter(
        ~pl.col("line_id").is_in(list(tail.by_hand))
    )
    found = pair_lines(touched, tie="line_id").pairs
    ids = touched["line_id"]
    pairs = pl.DataFrame(
        {
            "debit_line": ids.gather(found["debit"]),
            "credit_line": ids.gather(found["credit"]),
            "basis": found["basis"],
        },
        schema=PAIRS,
    )
    kept = tail.pairs.join(
        touched.select(debit_line="line_id"), on="debit_line", how="anti", maintain_order="left"
    )
    return replace(tail, pairs=pl.concat([kept, pairs]))


def _with_disbursements(tail: Lines, around: Surroundings) -> Lines:
    """The tail with the credit lines that show disbursements which no line showed before."""
    waiting = around.waiting.with_row_index("place").filter(~pl.col("place").is_in(list(tail.shown)))
    if waiting.is_empty():
        return tail
    lines = tail.lines
    into = lines.filter(
        (pl.col("direction") == "credit")
        & pl.col("account").is_in(waiting["account"].implode())
        & ~pl.col("line_id").is_in(list(tail.disbursing))
    )
    if into.is_empty():
        return tail
    links = link_disbursements(waiting.drop("place"), into).links
    found = zip(into["line_id"].gather(links["line"]), waiting["loan_id"].gather(links["row"]), strict=True)
    shown = waiting["place"].gather(links["row"]).to_list()
    return replace(tail, disbursing=tail.disbursing | dict(found), shown=tail.shown | frozenset(shown))


def ordered(
    tail: Lines, own: set[str], place: int, floor: datetime.datetime | None, around: Surroundings
) -> tuple[Ordered, Lines]:
    """The transactions of the tail and its lines with their classes. `own`: accounts with statements; `place`: how many
    transactions stand before; `floor`: booking time of the last of them."""
    lines = tail.lines
    named = lines["counterparty_account"].drop_nulls().unique().to_list()
    ours = {one for one in named if one in own} | set(lines["account"].unique().to_list())
    transfers = build_transfers(
        lines.drop("counterparty_elsewhere", "arrival_number"),
        numbered_pairs(tail.pairs, lines),
        pl.Series("account", list(ours), pl.String),
    )
    transactions = transfers.transactions.with_columns(pl.col("sequence") + place)
    if floor is not None:
        transactions = transactions.with_columns(pl.max_horizontal("booked_at", pl.lit(floor, INSTANT)))
    of_line = lines.select("line_id", "account", "reference").with_columns(
        transaction_id=transfers.transaction_of_line
    )
    transactions = _with_reversals(transactions, of_line, tail.reversing)
    classes = _classes(transactions, tail.classes, around)
    judged = transactions.join(classes, on="transaction_id", how="left", maintain_order="left")
    lines_of = dict(
        of_line.filter(pl.col("line_id").is_in(list(tail.disbursing)))
        .select("line_id", "transaction_id")
        .iter_rows()
    )
    disbursing = {lines_of[line]: loan for line, loan in tail.disbursing.items() if line in lines_of}
    return Ordered(judged, of_line, disbursing), replace(tail, classes=classes)


def _with_reversals(
    transactions: pl.DataFrame, of_line: pl.DataFrame, reversing: dict[str, str]
) -> pl.DataFrame:
    """What transactions take back that stands before the tail."""
    if not reversing:
        return transactions
    told = pl.DataFrame(
        {"line_id": list(reversing), "_before": list(reversing.values())},
        schema={"line_id": pl.String, "_before": pl.String},
    )
    of_transaction = told.join(of_line, on="line_id").select("transaction_id", "_before")
    return (
        transactions.join(
            of_transaction.unique("transaction_id"), on="transaction_id", how="left", maintain_order="left"
        )
        .with_columns(pl.coalesce("reverses", "_before").alias("reverses"))
        .drop("_before")
    )


def _classes(transactions: pl.DataFrame, known: pl.DataFrame, around: Surroundings) -> pl.DataFrame:
    """CLASSES of all transactions. What is new is judged together with what the same payers paid: wages show by many
    payments of one account on one day."""
    new = transactions.join(known, on="transaction_id", how="anti")
    here = known.join(transactions.select("transaction_id"), on="transaction_id", how="semi")
    if new.is_empty():
        return here
    day = pl.col("booked_at").dt.convert_time_zone("Asia/Shanghai").dt.date().alias("_day")
    days = new.select("debit_account", day).drop_nulls().unique()
    again = (
        transactions.with_columns(day)
        .join(days, on=["debit_account", "_day"], how="semi", maintain_order="left")
        .drop("_day")
    )
    wanted = pl.concat([again, new.filter(pl.col("debit_account").is_null())])
    latest = transactions["booked_at"].max()
    assert isinstance(latest, datetime.datetime)
    judged = classify(
        wanted, shipped_dictionary(), around.parameters, business_date(latest), _near(wanted, around.context)
    )
    judged = corrected(judged, wanted, around.corrections).select(*CLASSES)
    kept = here.join(judged.select("transaction_id"), on="transaction_id", how="anti")
    return pl.concat([kept, judged.cast(kept.schema)])  # pyright: ignore[reportArgumentType]  its own schema


def _near(transactions: pl.DataFrame, context: Context) -> Context:
    """What the context says of the accounts of these transactions."""
    if context.accounts is None:
        return context
    named = pl.concat([transactions["debit_account"], transactions["credit_account"]]).unique().implode()
    return replace(context, accounts=context.accounts.filter(pl.col("account").is_in(named)))
