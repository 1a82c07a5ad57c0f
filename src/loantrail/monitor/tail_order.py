"""The transactions of the last lines in their order, and the classes of their payees.

Pure. What stands otherwise than before is put in order anew, by the functions that read whole books; the rest stays.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.few_rows import FewRows, instants_us, picked
from loantrail.ledger.transfers import build_transfers
from loantrail.monitor.newest import newest
from loantrail.monitor.tail import CLASSES, INSTANT, Lines, Said, Surroundings
from loantrail.monitor.tail_classes import classes_of
from loantrail.tracing.model import Bool, Int64

CHUNKS_MOST: Final = 16
_NEVER_US: Final = int(np.iinfo(np.int64).max)
_SAID: Final = FewRows({name: dtype for name, dtype in CLASSES.items() if name != "transaction_id"})
_PAIRS: Final = FewRows({"debit": pl.UInt32, "credit": pl.UInt32, "basis": pl.String})


@dataclass(frozen=True, slots=True)
class Ordered:
    """The transactions of the tail."""

    transactions: pl.DataFrame
    """TRANSACTION_COLUMNS and CLASSES, in order; `sequence` counts from the beginning of the books."""
    disbursing: dict[int, str]
    """Place of a transaction -> loan."""
    repaying: dict[int, str]
    """Place of a transaction -> loan that it repays as recorded: of several lines the first that says so counts."""
    event_of_line: Int64
    """[lines] place of each line's transaction among the transactions."""
    booked_us: Int64
    """[transactions] as they stand in the order."""
    first_us: Int64
    """[transactions] when the line that the order goes by was booked: the debit, or the only one."""
    last_us: Int64
    """[transactions] when the latest of its lines was booked."""
    waits: Bool
    """[transactions] whether there is but one line yet, which names an account that statements are given of, and no other
    institution's of that number."""
    circle: Int64
    """[transactions] of those that statements put each before the others, the place of the first; -1 of all the others."""
    own_count: int
    """How many accounts had statements."""

    def contradicts_over(self, place: int) -> bool:
        """Whether statements contradict each other about a transaction before this place and one behind it."""
        behind = self.circle[place:]
        return bool(((behind >= 0) & (behind < place)).any())

    def waiting(self) -> frozenset[str]:
        """Transactions of one line that came since the books that the state stands on, whose other one is yet to come."""
        places = np.flatnonzero(self.waits)
        return frozenset(picked(self.transactions["transaction_id"], places).to_list())

    def transactions_of(self, rows: Collection[int]) -> list[str]:
        """The transaction of each of these lines (rows of the tail)."""
        places = self.event_of_line[list(rows)]
        return picked(self.transactions["transaction_id"], places).to_list()

    def behind(self, gone: int, kept: Int64, left: Lines) -> Ordered | None:
        """The order of the lines that are `left` (rows `kept` of these) where the first `gone` transactions are settled; what stands
        behind was put in order among what did not stand yet. None where it must be made anew: of lines that take back, and of
        statements that contradict each other about what is gone and what is not, it depends on what is gone."""
        if self.contradicts_over(gone) or left.lines["reverses"].null_count() < len(left):
            return None
        return replace(
            self,
            transactions=self.transactions.slice(gone),
            disbursing={place - gone: loan for place, loan in self.disbursing.items() if place >= gone},
            repaying={place - gone: loan for place, loan in self.repaying.items() if place >= gone},
            event_of_line=self.event_of_line[kept] - gone,
            circle=np.maximum(self.circle[gone:] - gone, -1),
            **{name: getattr(self, name)[gone:] for name in ("booked_us", "first_us", "last_us", "waits")},
        )


def ordered(
    tail: Lines, own: dict[str, None], place: int, floor: datetime.datetime | None, around: Surroundings
) -> tuple[Ordered, Lines]:
    """The transactions of the tail and its lines with their classes. `own`: accounts with statements, new ones behind those
    of before; `place`: how many transactions stand before; `floor`: booking time of the last of them."""
    tail = _still_judged(tail, own)
    part = _part(tail, np.arange(len(tail), dtype=np.int64), own, place, floor)
    kept = _Kept.nothing()
    classes, _again = _classes(kept, part, tail.classes, around, none_went=False)
    return _whole(tail, kept, part, classes, own, around.last_arrival), replace(
        tail, classes=classes, own_count=len(own)
    )


def ordered_from(
    before: Ordered,
    lines_before: Lines,
    tail: Lines,
    differing: tuple[int, Int64],
    own: dict[str, None],
    place: int,
    floor: datetime.datetime | None,
    around: Surroundings,
) -> tuple[Ordered, Lines, int] | None:
    """The same as `ordered`, where `before` is the order of `lines_before`: only what can stand otherwise is put in order anew;
    and the first place of that. None where all must be. `differing`: `difference` of the two.

    The order takes, of all transactions whose predecessors in their statements stand already, the first by its own time.
    So what is booked with all its lines before every line that came, went or was paired otherwise stands where it stood, as
    far as no transaction with a line of these times has a first line of before that, and no statements contradict each other about one that
    stays and one that does not.
    """
    if _still_judged(tail, own).classes is not tail.classes:
        return None
    if tail.classes is not lines_before.classes and not tail.classes.items() <= lines_before.classes.items():
        return None  # a line that went showed wages
    common, otherwise = differing
    new = newest(own, len(own) - before.own_count)
    if new and tail.lines["counterparty_account"].head(common).is_in(new).any():
        return None  # it was an account elsewhere when this line came
    longer = tail.lines if len(tail) > common else lines_before.lines
    touched = np.concatenate([otherwise, np.arange(common, len(longer), dtype=np.int64)])
    booked = instants_us(picked(longer["booked_at"], touched))
    since = int(booked.min()) if len(booked) else _NEVER_US
    late = before.last_us >= since
    first = min(since, int(before.first_us[late].min(initial=_NEVER_US)))
    ends = np.flatnonzero(late | (before.first_us >= first))
    start = int(ends[0]) if len(ends) else len(before.first_us)
    if before.contradicts_over(start):
        return None
    rows = np.concatenate(
        [
            np.flatnonzero(before.event_of_line[:common] >= start),
            np.arange(common, len(tail), dtype=np.int64),
        ]
    )
    if tail.lines["reverses"].null_count() < len(tail):
        taking_back = tail.lines["reverses"].is_not_null().arg_true().to_numpy()
        accounts = set(picked(longer["account"], touched).to_list())
        told = picked(tail.lines["account"], taking_back).to_list()
        if np.isin(taking_back, rows).any() or not accounts.isdisjoint(told):
            return None
    kept = _Kept(before, common, start)
    if start:
        floor = before.transactions["booked_at"][start - 1]
    part = _part(tail, rows, own, place + start, floor)
    if (part.first_us[part.circle >= 0] < first).any():
        return None  # it no longer waits for what came late, and goes before some that stay
    known = tail.classes
    if known is not lines_before.classes:
        known = known | {name: lines_before.classes[name] for name in kept.transactions["transaction_id"]}
    only_longer = common == len(lines_before) and not len(otherwise)
    classes, again = _classes(kept, part, known, around, none_went=only_longer)
    stays = again.keys() - set(part.ids)
    if any(known[transaction] != again[transaction] for transaction in stays):
        return None  # wages show by later payments
    told = replace(tail, classes=classes, own_count=len(own))
    return _whole(tail, kept, part, classes, own, around.last_arrival), told, start


def _still_judged(tail: Lines, own: dict[str, None]) -> Lines:
    """Without what was said of payments to and from accounts that were elsewhere then and have statements now: where no other line
    tells of such a payment, it is not known any more whose account that was."""
    new = newest(own, len(own) - tail.own_count)
    if not new:
        return tail
    names = tail.lines["counterparty_account"].is_in(new).arg_true().to_numpy()
    gone = tail.classes.keys() & set(picked(tail.lines["line_id"], names).to_list())
    if not gone:
        return tail
    return replace(tail, classes={name: said for name, said in tail.classes.items() if name not in gone})


def difference(one: Lines, other: Lines) -> tuple[int, Int64] | None:
    """How many lines both begin with, where one holds all lines of the other, and of which of these (rows, ascending) something else
    is settled; else None."""
    count = min(len(one), len(other))
    if one.mark is other.mark:
        return count, np.zeros(0, np.int64)
    for shorter, longer in ((one, other), (other, one)):
        if longer.grown_from is shorter.mark:
            return len(shorter), np.array(sorted(longer.otherwise), np.int64)
    if one.by_hand != other.by_hand:
        return None
    if not one.lines["line_id"].head(count).equals(other.lines["line_id"].head(count)):
        return None
    differs = one.partner[:count] != other.partner[:count]
    settled = ((one.disbursing, other.disbursing), (one.reversing, other.reversing))
    for told, said in (*settled, (one.repaying, other.repaying)):
        differs[[row for row, _ in told.items() ^ said.items() if row < count]] = True
    return count, np.flatnonzero(differs)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What stays of an order: its first lines, as far as they are among those of before, and its first transactions."""

    before: Ordered | None
    lines: int
    start: int

    @classmethod
    def nothing(cls) -> _Kept:
        return cls(None, 0, 0)

    @property
    def transactions(self) -> pl.DataFrame:
        return pl.DataFrame() if self.before is None else self.before.transactions.head(self.start)

    def of(self, name: str) -> Any:
        """One of the arrays over the transactions that stay."""
        return (
            np.zeros(0, np.bool_ if name == "waits" else np.int64)
            if self.before is None
            else getattr(self.before, name)[: self.start]
        )

    @property
    def event_of_line(self) -> Int64:
        return np.zeros(0, np.int64) if self.before is None else self.before.event_of_line[: self.lines]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some lines of the tail (rows, ascending) in order."""

    rows: Int64
    lines: pl.DataFrame
    is_debit: Bool
    """[rows]"""
    transactions: pl.DataFrame
    """TRANSACTION_COLUMNS."""
    ids: list[str]
    event_of_line: Int64
    """[rows] place of the transaction among those of the part."""
    booked_us: Int64
    first_us: Int64
    last_us: Int64
    """[transactions] as those of `Ordered`."""
    circle: Int64
    """[transactions] as `Ordered.circle`, places among those of the part."""


def _part(
    tail: Lines, rows: Int64, own: dict[str, None], place: int, floor: datetime.datetime | None
) -> _Part:
    one_after_another = len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1
    lines = tail.lines.slice(int(rows[0]), len(rows)) if one_after_another else tail.lines[rows]
    is_debit = (lines["direction"] == "debit").to_numpy()
    named = set(lines["counterparty_account"].to_list())
    ours = {one for one in named if one in own} | set(lines["account"].to_list())
    transfers = build_transfers(
        lines,
        _pairs(tail, rows, is_debit),
        pl.Series("account", list(ours), pl.String),
    )
    transactions = transfers.transactions
    booked = transactions["booked_at"]
    if floor is not None and len(booked) and booked[0] < floor:
        booked = booked.to_frame().select(pl.max_horizontal("booked_at", pl.lit(floor, INSTANT))).to_series()
    again = {"booked_at": booked.alias("booked_at"), "sequence": transactions["sequence"] + place}
    transactions = pl.DataFrame([again.get(one.name, one) for one in transactions.get_columns()])
    of_line = transfers.transaction_of_line.to_list()
    if tail.reversing:
        transactions = _with_reversals(transactions, rows, of_line, tail.reversing)
    ids = transactions["transaction_id"].to_list()
    place_of = {name: number for number, name in enumerate(ids)}
    events = np.array([place_of[name] for name in of_line], np.int64)
    line_us = instants_us(lines["booked_at"])
    first, last = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    np.maximum.at(last, events, line_us)
    first[events[~is_debit]] = line_us[~is_debit]
    first[events[is_debit]] = line_us[is_debit]
    return _Part(
        rows=rows,
        lines=lines,
        is_debit=is_debit,
        transactions=transactions,
        ids=ids,
        event_of_line=events,
        booked_us=instants_us(booked),
        first_us=first,
        last_us=last,
        circle=transfers.circle,
    )


def _pairs(tail: Lines, rows: Int64, is_debit: Bool) -> pl.DataFrame:
    """`debit, credit` (places among the rows), `basis`: the pairs of which both lines are among the rows."""
    partner = tail.partner[rows]
    places = np.minimum(np.searchsorted(rows, partner), max(len(rows) - 1, 0))
    there = (partner >= 0) & (rows[places] == partner) if len(rows) else np.zeros(0, np.bool_)
    debit = np.flatnonzero(there & is_debit)
    pairs = zip(debit.tolist(), places[debit].tolist(), strict=True)
    return _PAIRS.frame([(one, other, "amount_window") for one, other in pairs])


def _with_reversals(
    transactions: pl.DataFrame, rows: Int64, of_line: list[str], reversing: dict[int, str]
) -> pl.DataFrame:
    """What transactions take back that stands before the tail."""
    told: dict[str, str] = {}
    for row, transaction in zip(rows.tolist(), of_line, strict=True):
        if row in reversing:
            told.setdefault(transaction, reversing[row])
    if not told:
        return transactions
    named = zip(transactions["reverses"].to_list(), transactions["transaction_id"].to_list(), strict=True)
    found = [told.get(transaction) if original is None else original for original, transaction in named]
    return transactions.with_columns(pl.Series("reverses", found, dtype=pl.String))


def _whole(
    tail: Lines, kept: _Kept, part: _Part, classes: dict[str, Said], own: dict[str, None], last_arrival: int
) -> Ordered:
    """Transactions that stay where they were, and behind them those of the part."""
    start = kept.start
    said = [classes[name] for name in part.ids]
    judged = part.transactions.hstack(_SAID.frame(said).get_columns())
    if start:
        judged = pl.concat([kept.transactions, judged])
        if judged.n_chunks() > CHUNKS_MOST:
            judged = judged.rechunk()
    event_of_line = np.zeros(len(tail), np.int64)
    before = kept.event_of_line
    event_of_line[: len(before)] = before
    event_of_line[part.rows] = part.event_of_line + start
    return Ordered(
        transactions=judged,
        disbursing={int(event_of_line[row]): loan for row, loan in tail.disbursing.items()},
        repaying={int(event_of_line[row]): tail.repaying[row] for row in sorted(tail.repaying, reverse=True)},
        event_of_line=event_of_line,
        booked_us=np.concatenate([kept.of("booked_us"), part.booked_us]),
        first_us=np.concatenate([kept.of("first_us"), part.first_us]),
        last_us=np.concatenate([kept.of("last_us"), part.last_us]),
        waits=_waits(kept, part, own, last_arrival),
        circle=np.concatenate(
            [kept.of("circle"), np.where(part.circle < 0, part.circle, part.circle + start)]
        ),
        own_count=len(own),
    )


def _waits(kept: _Kept, part: _Part, own: dict[str, None], last_arrival: int) -> Bool:
    """[transactions] What the books hold that the state stands on waits no longer: a run over them takes it as it is."""
    count = np.bincount(part.event_of_line, minlength=len(part.ids))
    named = part.lines.select("counterparty_account", "counterparty_elsewhere", "arrival_number").iter_rows()
    # Another institution's account of the same number sends no statement.
    faces = np.array(
        [one in own and not elsewhere and arrival > last_arrival for one, elsewhere, arrival in named],
        np.bool_,
    )
    waits = np.zeros(len(part.ids), np.bool_)
    waits[part.event_of_line[faces]] = True
    return np.concatenate([kept.of("waits"), waits & (count == 1)])


def _classes(
    kept: _Kept, part: _Part, known: dict[str, Said], around: Surroundings, *, none_went: bool
) -> tuple[dict[str, Said], dict[str, Said]]:
    before, behind = (kept.transactions, kept.of("booked_us")), (part.transactions, part.booked_us)
    return classes_of(before, behind, part.ids, known, around, none_went=none_went)
