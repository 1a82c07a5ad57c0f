"""The end of the order, line by line: which lines are one transfer, in which order they stand, what their payees are.

Pure. The same functions that read whole books are asked about the last lines alone: pairing, order and classes of a line
do not depend on lines that stand far before it (docs/concepts/live.md says where they do, and what happens then).
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.clock import business_date
from loantrail.destinations.classify import OUTPUT_SCHEMA, classify
from loantrail.destinations.corrections import corrected
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.ledger.disbursements import link_disbursements
from loantrail.ledger.merging import resolved
from loantrail.ledger.pairing import pair_lines
from loantrail.ledger.transfers import LINES as BOOKED
from loantrail.ledger.transfers import TRANSACTION_COLUMNS, build_transfers, numbered_pairs
from loantrail.monitor.payees import KnownPayees
from loantrail.monitor.slice_rows import among
from loantrail.parameters import ParameterBook
from loantrail.tracing.model import Int64

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
    payees: KnownPayees
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
    """`line_id, account, reference, transaction_id`, in the order of the lines."""
    disbursing: dict[str, str]
    """Transaction -> loan."""
    event_of_line: Int64
    """[lines] place of each line's transaction among the transactions."""
    first_us: Int64
    """[transactions] when the line that the order goes by was booked: the debit, or the only one."""
    last_us: Int64
    """[transactions] when the latest of its lines was booked."""
    contradicts: bool
    """Whether statements contradict each other in their order."""
    own_count: int
    """How many accounts had statements."""


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
    if touched["direction"].n_unique() < 2:
        return tail  # nor was any of them paired before
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
    tail: Lines, own: Collection[str], place: int, floor: datetime.datetime | None, around: Surroundings
) -> tuple[Ordered, Lines]:
    """The transactions of the tail and its lines with their classes. `own`: accounts with statements, new ones behind those
    of before; `place`: how many transactions stand before; `floor`: booking time of the last of them."""
    every = np.arange(len(tail.lines), dtype=np.int64)
    nothing = pl.DataFrame()
    part = _part(tail, every, own, place, floor)
    classes, _again = _classes(part.transactions, part.transactions, tail.classes, around)
    return _whole(tail, nothing, part, np.zeros(len(every), np.int64), every, classes, own), replace(
        tail, classes=classes
    )


def ordered_from(
    before: Ordered,
    lines_before: Lines,
    tail: Lines,
    own: Collection[str],
    place: int,
    floor: datetime.datetime | None,
    around: Surroundings,
) -> tuple[Ordered, Lines, int] | None:
    """The same as `ordered`, where `before` is the order of `lines_before`: only what can stand otherwise is put in order anew;
    and the first place of that. None where all must be.

    The order takes, of all transactions whose predecessors in their statements stand already, the first by its own time.
    So what is booked with all its lines before every line that came, went or was paired otherwise stands where it stood, as
    far as no transaction with a line of these times has a first line of before that.
    """
    common = _common(lines_before, tail)
    if common is None or before.contradicts:
        return None
    new = list(islice(own, before.own_count, None))
    if new and tail.lines["counterparty_account"].head(common).is_in(new).any():
        return None  # it was an account elsewhere when this line came
    touched = _touched(lines_before, tail, common)
    if touched is None:
        return None
    since = int(touched["booked_at"].to_physical().min()) if len(touched) else _NEVER_US  # pyright: ignore[reportArgumentType]
    late = before.last_us >= since
    first = min(since, int(before.first_us[late].min(initial=_NEVER_US)))
    ends = np.flatnonzero(late | (before.first_us >= first))
    start = int(ends[0]) if len(ends) else len(before.first_us)
    rows = np.concatenate(
        [np.flatnonzero(before.event_of_line[:common] >= start), np.arange(common, len(tail.lines))]
    )
    taking_back = tail.lines.select("account", "reverses").with_row_index("row").drop_nulls("reverses")
    if len(taking_back) and (
        among(taking_back["row"].to_numpy(), rows).any()
        or taking_back["account"].is_in(touched["account"].implode()).any()
    ):
        return None
    kept = before.transactions.head(start)
    if start:
        floor = kept["booked_at"][-1]
    part = _part(tail, rows, own, place + start, floor)
    plain = pl.concat([kept.select(*TRANSACTION_COLUMNS), part.transactions.select(*TRANSACTION_COLUMNS)])
    classes, again = _classes(plain, part.transactions, tail.classes, around)
    said = kept.filter(pl.col("transaction_id").is_in(again["transaction_id"].implode())).select(*CLASSES)
    if len(said.join(again, on=list(CLASSES), how="anti", nulls_equal=True)):
        return None  # wages show by later payments
    event_of_line = np.concatenate(
        [before.event_of_line[:common], np.zeros(len(tail.lines) - common, np.int64)]
    )
    found = _whole(tail, kept, part, event_of_line, rows, classes, own, before)
    return found, replace(tail, classes=classes), start


_NEVER_US: Final = int(np.iinfo(np.int64).max)


def _common(one: Lines, other: Lines) -> int | None:
    """How many lines both begin with, where one holds all lines of the other; else None."""
    count = min(len(one.lines), len(other.lines))
    same = one.lines["line_id"].head(count).equals(other.lines["line_id"].head(count))
    return count if same and one.by_hand == other.by_hand else None


def _touched(one: Lines, other: Lines, common: int) -> pl.DataFrame | None:
    """`line_id, account, booked_at` of the lines that came or went, that are paired otherwise, or of which something else is
    settled."""
    ids: set[str] = set()
    if one.pairs is not other.pairs and not one.pairs.equals(other.pairs):
        ids.update(_ids_of_pairs(one.pairs, other.pairs), _ids_of_pairs(other.pairs, one.pairs))
    for told, said in ((one.disbursing, other.disbursing), (one.reversing, other.reversing)):
        if told != said:
            ids.update(line for line, _ in told.items() ^ said.items())
    longer = one.lines if len(one.lines) > len(other.lines) else other.lines
    columns = ["line_id", "account", "booked_at"]
    found = longer.select(columns).slice(common)
    return (
        pl.concat([found, longer.select(columns).filter(pl.col("line_id").is_in(list(ids)))])
        if ids
        else found
    )


def _ids_of_pairs(one: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    only = one if other.is_empty() else one.join(other, on=["debit_line", "credit_line"], how="anti")
    return [*only["debit_line"].to_list(), *only["credit_line"].to_list()]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some lines of the tail in order."""

    transactions: pl.DataFrame
    of_line: pl.Series
    lines: pl.DataFrame
    contradicts: bool


def _part(
    tail: Lines, rows: Int64, own: Collection[str], place: int, floor: datetime.datetime | None
) -> _Part:
    lines = tail.lines if len(rows) == len(tail.lines) else tail.lines[rows]
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
    of_line = lines.select("line_id").with_columns(transaction_id=transfers.transaction_of_line)
    transactions = _with_reversals(transactions, of_line, tail.reversing)
    contradicts = bool((transfers.problems["problem"] == "order_contradiction").any())
    return _Part(transactions, transfers.transaction_of_line, lines, contradicts)


def _whole(
    tail: Lines,
    kept: pl.DataFrame,
    part: _Part,
    event_of_line: Int64,
    rows: Int64,
    classes: pl.DataFrame,
    own: Collection[str],
    before: Ordered | None = None,
) -> Ordered:
    """Transactions that stay where they were, and behind them those of `rows` of the lines."""
    start = len(kept)
    judged = part.transactions.join(classes, on="transaction_id", how="left", maintain_order="left")
    place_of = {name: number for number, name in enumerate(judged["transaction_id"].to_list(), start)}
    events = np.array([place_of[name] for name in part.of_line.to_list()], np.int64)
    event_of_line[rows] = events
    booked = part.lines["booked_at"].to_physical().to_numpy()
    debit = (part.lines["direction"] == "debit").to_numpy()
    first, last = np.zeros(len(judged), np.int64), np.zeros(len(judged), np.int64)
    np.maximum.at(last, events - start, booked)
    first[events[~debit] - start] = booked[~debit]
    first[events[debit] - start] = booked[debit]
    if before is not None:
        judged = pl.concat([kept, judged.select(kept.columns)])
        first, last = (
            np.concatenate([one[:start], two])
            for one, two in ((before.first_us, first), (before.last_us, last))
        )
    lines = tail.lines
    of_line = lines.select(
        "line_id", "account", "reference", transaction_id=judged["transaction_id"].gather(event_of_line)
    )
    lines_of = dict(
        of_line.filter(pl.col("line_id").is_in(list(tail.disbursing)))
        .select("line_id", "transaction_id")
        .iter_rows()
    )
    return Ordered(
        transactions=judged,
        of_line=of_line,
        disbursing={lines_of[line]: loan for line, loan in tail.disbursing.items() if line in lines_of},
        event_of_line=event_of_line,
        first_us=first,
        last_us=last,
        contradicts=part.contradicts,
        own_count=len(own),
    )


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


def _classes(
    transactions: pl.DataFrame, unsettled: pl.DataFrame, known: pl.DataFrame, around: Surroundings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CLASSES of all transactions (and of some that are gone), of which those that are new are among `unsettled`; and those
    that were judged now. What is new is judged together with what the same payers paid: wages show by many payments of one
    account on one day."""
    new = unsettled.join(known.select("transaction_id"), on="transaction_id", how="anti")
    if new.is_empty():
        return known, known.clear()
    day = pl.col("booked_at").dt.convert_time_zone("Asia/Shanghai").dt.date().alias("_day")
    days = new.select("debit_account", day).drop_nulls().unique()
    again = (
        transactions.filter(pl.col("debit_account").is_in(days["debit_account"].unique().implode()))
        .with_columns(day)
        .join(days, on=["debit_account", "_day"], how="semi", maintain_order="left")
        .drop("_day")
    )
    wanted = pl.concat([again, new.filter(pl.col("debit_account").is_null())])
    latest = transactions["booked_at"].max()
    assert isinstance(latest, datetime.datetime)
    judged = classify(
        wanted, shipped_dictionary(), around.parameters, business_date(latest), around.payees.near(wanted)
    )
    judged = corrected(judged, wanted, around.corrections).select(*CLASSES)
    judged = judged.cast(known.schema)  # pyright: ignore[reportArgumentType]  its own schema
    kept = known.filter(~pl.col("transaction_id").is_in(judged["transaction_id"].implode()))
    return pl.concat([kept, judged]), judged
