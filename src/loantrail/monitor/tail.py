"""The last lines of the books: which of them are one transfer, and what else is settled of each line.

Pure. The same functions that read whole books are asked about the last lines alone: pairing, order and classes of a line
do not depend on lines that stand far before it (docs/concepts/live.md says where they do, and what happens then).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.destinations.classify import OUTPUT_SCHEMA
from loantrail.few_rows import FewRows, picked
from loantrail.ledger.disbursements import link_disbursements
from loantrail.ledger.merging import resolved
from loantrail.ledger.pairing import NEEDED, OPTIONAL, pair_lines
from loantrail.ledger.transfers import LINES as BOOKED
from loantrail.monitor.payees import KnownPayees
from loantrail.parameters import ParameterBook
from loantrail.tracing.model import Int64

INSTANT: Final = pl.Datetime("us", "UTC")
LINES: Final[dict[str, Any]] = {
    "arrival_number": pl.Int64(),
    **BOOKED,
    "counterparty_elsewhere": pl.Boolean(),
}
"""A statement line as the tail holds it."""
FEW_LINES: Final = FewRows(LINES)
CLASSES: Final = {name: dtype for name, dtype in OUTPUT_SCHEMA.items() if name != "evidence"}
Said = tuple[Any, ...]
"""What CLASSES say of a transaction, but for its id."""
_CHUNKS_MOST: Final = 16
_PAIRED_BY: Final = (*NEEDED, *OPTIONAL, "line_id")
"""What is looked at where lines are paired."""
_FEW: Final = 16
"""The lines of so many amounts are looked for one amount after the other."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the tail and what is settled about them. Lines are named by their row."""

    lines: pl.DataFrame
    """LINES, in order of arrival; accounts as they stand after merges."""
    partner: Int64
    """[lines] the other line of the transfer, -1 where there is none."""
    by_hand: frozenset[str]
    """Lines (ids) that a person paired or kept apart: rules do not touch them."""
    disbursing: dict[int, str]
    """Credit line -> loan that it pays out."""
    shown: frozenset[int]
    """Rows of `Surroundings.waiting` that lines of the tail show by now."""
    reversing: dict[int, str]
    """Line -> transaction before the tail that it takes back."""
    repaying: dict[int, str]
    """Line -> loan that it repays as recorded."""
    classes: dict[str, Said]
    """What CLASSES say of the transactions of these lines, as far as they were judged (and of some that are gone)."""
    own_count: int
    """How many accounts had statements when they were judged."""
    grown_from: object = None
    """The `mark` of the tail that this is with lines behind it."""
    otherwise: frozenset[int] = frozenset()
    """Lines of that tail of which something else is settled here."""
    mark: object = field(default_factory=object, compare=False)
    """Tells this tail, whatever its classes, from any other."""

    def __len__(self) -> int:
        return len(self.lines)

    def taking_back(self, originals: Mapping[str, str]) -> Lines:
        """With what lines (ids), none of which was in the tail that this one has grown from, take back of the transactions before the tail."""
        found = rows_of(self.lines["line_id"], originals)
        told = {row: originals[line] for line, row in found.items()}
        return replace(self, reversing=self.reversing | told, mark=object())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the lines are read with; stays until the books are read anew."""

    merged: pl.DataFrame
    payees: KnownPayees
    corrections: pl.DataFrame
    waiting: pl.DataFrame
    """Disbursements that no line showed: `loan_id, account, amount_fen, currency, booked_at, reference`."""
    repayments: Mapping[tuple[str, str], str]
    """(reference, account) -> loan that the payment repays."""
    parameters: ParameterBook
    last_arrival: int
    """Arrival number of the last line that these books hold."""


def rows_of(line_ids: pl.Series, wanted: Iterable[str]) -> dict[str, int]:
    """Line -> row, of those that are there. Lines that came last, which are asked about mostly, are found at once."""
    names = dict.fromkeys(wanted)
    last = line_ids.tail(len(names)).to_list()
    if names.keys() == set(last):
        first = len(line_ids) - len(last)
        return {name: first + number for number, name in enumerate(last)}
    places = line_ids.is_in(list(names)).arg_true()
    return dict(zip(line_ids.gather(places).to_list(), places.to_list(), strict=True))


def repaying_lines(lines: pl.DataFrame, first: int, around: Mapping[tuple[str, str], str]) -> dict[int, str]:
    """Line -> loan that it repays as recorded, of these lines, the first of which stands in row `first`."""
    if not around:
        return {}
    named = zip(lines["reference"].to_list(), lines["account"].to_list(), strict=True)
    found = ((row, around.get(one)) for row, one in enumerate(named, first))
    return {row: loan for row, loan in found if loan is not None}


def joined(before: Lines, arrived: pl.DataFrame, around: Surroundings) -> Lines:
    """The tail with lines that arrived (LINES as the books hold them) behind it, paired."""
    if arrived.is_empty():
        return before
    first = len(before)
    new = resolved(arrived, ["account", "counterparty_account"], around.merged)
    if new.columns != before.lines.columns:
        new = new.select(before.lines.columns)
    lines = pl.concat([before.lines, new])
    if lines.n_chunks() > _CHUNKS_MOST:
        lines = lines.rechunk()
    whole = replace(
        before,
        lines=lines,
        partner=np.concatenate([before.partner, np.full(len(new), -1, np.int64)]),
        repaying=before.repaying | repaying_lines(new, first, around.repayments),
        grown_from=before.mark,
        otherwise=frozenset(),
        mark=object(),
    )
    amounts = set(zip(new["amount_fen"].to_list(), new["currency"].to_list(), strict=True))
    return _with_disbursements(_paired(whole, amounts, first), first, around)


def paired_anew(tail: Lines) -> Lines:
    """The tail as books give it whose last lines were not paired yet: those of amounts that could be are paired now."""
    single = pl.Series(tail.partner < 0) & ~tail.lines["line_id"].is_in(list(tail.by_hand))
    alone = tail.lines.filter(single)
    facing = alone.group_by("amount_fen", "currency").agg(pl.col("direction").n_unique().alias("sides"))
    amounts = facing.filter(pl.col("sides") == 2).select("amount_fen", "currency")
    return _paired(tail, set(amounts.iter_rows()), 0) if len(amounts) else tail


def _paired(tail: Lines, amounts: set[tuple[int, str]], first: int) -> Lines:
    """The tail with the lines of these amounts (in fen, and their currency) paired anew; those from `first` on are new."""
    rows = _of_amounts(tail, amounts)
    touched = tail.lines.select_seq(_PAIRED_BY)[rows]
    if touched["direction"].n_unique() < 2:
        return tail  # nor was any of them paired before
    found = pair_lines(touched, tie="line_id").pairs
    partner = tail.partner.copy()
    partner[rows] = -1
    debit, credit = (rows[found[end].to_numpy()] for end in ("debit", "credit"))
    partner[debit], partner[credit] = credit, debit
    other = rows[(partner[rows] != tail.partner[rows]) & (rows < first)]
    return replace(tail, partner=partner, otherwise=tail.otherwise | frozenset(other.tolist()))


def _of_amounts(tail: Lines, amounts: set[tuple[int, str]]) -> Int64:
    """Rows of the lines of these amounts that rules may pair, ascending."""
    lines = tail.lines
    fen = lines["amount_fen"].to_numpy()
    if len(amounts) > _FEW:
        rows = np.flatnonzero(lines["amount_fen"].is_in([amount for amount, _ in amounts]).to_numpy())
    else:
        places = [np.flatnonzero(fen == amount) for amount in {amount for amount, _ in amounts}]
        rows = np.sort(np.concatenate([np.zeros(0, np.int64), *places]))
    currencies = picked(lines["currency"], rows).to_list()
    named = zip(fen[rows].tolist(), currencies, strict=True)
    rows = rows[np.array([one in amounts for one in named], np.bool_)]
    if tail.by_hand:
        free = [line not in tail.by_hand for line in picked(lines["line_id"], rows).to_list()]
        rows = rows[np.array(free, np.bool_)]
    return rows


def _with_disbursements(tail: Lines, first: int, around: Surroundings) -> Lines:
    """The tail with the credit lines that show disbursements which no line showed before; lines from `first` on are new."""
    if len(around.waiting) == len(tail.shown):
        return tail
    new = tail.lines.slice(first)
    if not new["account"].is_in(around.waiting["account"].implode()).any():
        return tail
    waiting = around.waiting.with_row_index("place").filter(~pl.col("place").is_in(list(tail.shown)))
    into = (
        tail.lines.with_row_index("row")
        .filter(
            (pl.col("direction") == "credit")
            & pl.col("account").is_in(waiting["account"].implode())
            & ~pl.col("row").is_in(list(tail.disbursing))
        )
        .with_columns(pl.col("row").cast(pl.Int64))
    )
    if into.is_empty():
        return tail
    links = link_disbursements(waiting.drop("place"), into.drop("row")).links
    rows = into["row"].gather(links["line"]).to_list()
    found = dict(zip(rows, waiting["loan_id"].gather(links["row"]).to_list(), strict=True))
    shown = waiting["place"].gather(links["row"]).to_list()
    return replace(
        tail,
        disbursing=tail.disbursing | found,
        shown=tail.shown | frozenset(shown),
        otherwise=tail.otherwise | frozenset(row for row in rows if row < first),
    )
