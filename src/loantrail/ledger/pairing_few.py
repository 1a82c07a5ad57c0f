"""Which two of a few statement lines are one transfer: `pairing` line by line, without frames. Pure.

Same steps, same answers; the words of `pairing` and `clusters` hold here too. No pair crosses (currency, amount), so the
lines of each are looked at by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, NamedTuple

import polars as pl

from loantrail.few_rows import FewRows
from loantrail.ledger.few import INSTANT, plain_columns
from loantrail.ledger.identity import has_hidden_digits
from loantrail.ledger.pairing_model import (
    AMBIGUOUS_SCHEMA,
    NO_REFERENCE,
    PAIR_SCHEMA,
    SHARED_REFERENCE_MAX,
    Pairing,
    PairingParameters,
)
from loantrail.working_days import statutory

_READ: Final[dict[str, Any]] = {
    "account": pl.String(),
    "direction": pl.String(),
    "amount_fen": pl.Int64(),
    "currency": pl.String(),
    "booked_at": INSTANT,
    "sequence": pl.Int64(),
    "counterparty_account": pl.String(),
    "reference": pl.String(),
    "counterparty_elsewhere": pl.Boolean(),
}
_NULLABLE: Final = (
    "account",
    "amount_fen",
    "currency",
    "counterparty_account",
    "reference",
    "counterparty_elsewhere",
)
_ABSENT: Final = ("reference", "counterparty_elsewhere")
_TIES: Final = (pl.String(), pl.Int64(), pl.UInt32())
_PAIRS: Final = FewRows(PAIR_SCHEMA)
_AMBIGUOUS: Final = FewRows(AMBIGUOUS_SCHEMA)

# From 1992 on the clocks of the business zone kept one offset; before, the zone's own rules must be asked.
_ONE_OFFSET_SINCE_US: Final = 694_224_000_000_000
_OFFSET_US: Final = 8 * 3_600_000_000
_DAY_US: Final = 86_400_000_000
# White space as Unicode has it; Python's own would also take the separators U+001C to U+001F away.
_BLANKS: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_PLACEHOLDERS: Final = frozenset(NO_REFERENCE)


class Line(NamedTuple):
    place: int
    """In the order of time: the smaller, the earlier."""
    account: str
    other: str | tuple[str] | None
    """The account that the line names; in a tuple where that is one of another institution."""
    is_debit: bool
    reference: str | None
    booked_at_us: int
    date: int
    """Days since 1970 on the calendar of the business zone."""
    day: int
    """Number of the working day."""


def pair_few(lines: pl.DataFrame, limits: PairingParameters, tie: str | None) -> Pairing | None:
    """`pairing.pair_lines` of few lines. None where they are not plain: other types of columns, nulls where a statement line
    has none, instants before 1992."""
    read = plain_columns(lines, _READ, _NULLABLE, _ABSENT)
    if read is None:
        return None
    ties: list[Any] = list(range(len(lines)))
    if tie is not None:
        column = lines.get_column(tie)
        if column.dtype not in _TIES or column.null_count():
            return None
        ties = column.to_list()
    instants = read["booked_at"]
    if min(instants, default=_ONE_OFFSET_SINCE_US) < _ONE_OFFSET_SINCE_US:
        return None
    amounts, currencies, accounts = read["amount_fen"], read["currency"], read["account"]
    sequences = read["sequence"]
    # Lines without a currency never face each other.
    before_others = list(zip(instants, sequences, ties, strict=True))
    in_time = sorted(
        (
            row
            for row in range(len(lines))
            if amounts[row] is not None and currencies[row] is not None and accounts[row] is not None
        ),
        key=before_others.__getitem__,
    )
    rows_of: dict[tuple[str, int], list[int]] = {}
    for place, row in enumerate(in_time):
        key = currencies[row], amounts[row]
        places = rows_of.get(key)
        if places is None:
            rows_of[key] = [place]
        else:
            places.append(place)
    directions = read["direction"]
    pairs: list[tuple[int, int, str]] = []
    doubtful: list[tuple[int, int, str]] = []
    for places in rows_of.values():
        if len(places) == 1 or len({directions[in_time[place]] == "debit" for place in places}) == 1:
            continue
        facing = [_line(read, place, in_time[place]) for place in places]
        if len(facing) == 2:
            debit, credit = facing if facing[0].is_debit else reversed(facing)
            basis = _basis_of_two(debit, credit, limits)
            if basis is not None:
                pairs.append((debit.place, credit.place, basis))
            continue
        settled = _Settled(limits)
        settled.pair(facing)
        pairs += settled.pairs
        doubtful += settled.doubtful()
    pairs.sort()
    doubtful.sort()
    return Pairing(
        _PAIRS.frame([(in_time[debit], in_time[credit], basis) for debit, credit, basis in pairs]),
        _AMBIGUOUS.frame([(in_time[place], in_time[group], reason) for group, place, reason in doubtful]),
    )


def _line(read: dict[str, list[Any]], place: int, row: int) -> Line:
    named: str | None = read["counterparty_account"][row]
    other: str | tuple[str] | None = None
    if named and not has_hidden_digits(named):
        other = (named,) if read["counterparty_elsewhere"][row] else named
    reference: str | None = read["reference"][row]
    if reference is not None:
        reference = reference.strip(_BLANKS)
        if reference.upper() in _PLACEHOLDERS:
            reference = None
    booked_at_us: int = read["booked_at"][row]
    date = (booked_at_us + _OFFSET_US) // _DAY_US
    return Line(
        place,
        read["account"][row],
        other,
        read["direction"][row] == "debit",
        reference,
        booked_at_us,
        date,
        statutory().number(date),
    )


def _basis_of_two(debit: Line, credit: Line, limits: PairingParameters) -> str | None:
    """Why the two are one transfer, None where they are not; nothing else is of their amount, so that neither can be in doubt."""
    names, named = _names(debit), _names(credit)
    debit_agrees, credit_agrees = debit.other == credit.account, credit.other == debit.account
    agrees = (debit_agrees or debit.other is None) and (credit_agrees or credit.other is None)
    if not agrees or debit.account == credit.account:
        return None
    later = credit.day - debit.day
    if later < -limits.lead_days:
        return None
    shares = debit.reference is not None and debit.reference == credit.reference
    if shares and abs(later) <= limits.reference_window_days:
        return "reference"
    return "amount_window" if (names or named) and abs(later) <= limits.window_days else None


# Whole clusters, then each business date, then each instant, then what is left.
_NARROWINGS: Final[tuple[Callable[[Line], Hashable], ...]] = (
    lambda _: None,
    lambda line: line.date,
    lambda line: line.booked_at_us,
    lambda _: None,
)


class _Settled:
    """What is settled about the lines of one amount."""

    def __init__(self, limits: PairingParameters) -> None:
        self.limits = limits
        self.pairs: list[tuple[int, int, str]] = []
        self._paired: set[int] = set()
        self._doubts: dict[int, tuple[int, str]] = {}
        """Place -> group and reason, of the step that met the line first."""

    def doubtful(self) -> list[tuple[int, int, str]]:
        """Group, place and reason of each line that stayed ambiguous: a later step may have found a clear partner."""
        return [
            (group, place, reason)
            for place, (group, reason) in self._doubts.items()
            if place not in self._paired
        ]

    def pair(self, lines: list[Line]) -> None:
        """All steps, each among the lines that the steps before left over. `lines` in the order of time."""
        self._by_reference(lines)
        window = self.limits.window_days
        for group in _grouped(_naming(self._left(lines)), _payer_and_payee):
            self._match(group, window, "amount_window")
        for naming in (True, False):
            left = self._left(lines)
            told = [
                line
                for line in left
                if (_names(line) if line.is_debit == naming else line.other is None)
            ]  # fmt: skip
            for group in _grouped(
                told, lambda line, naming=naming: line.other if line.is_debit == naming else line.account
            ):
                self._match(group, window, "amount_window", naming)

    def _left(self, lines: list[Line]) -> list[Line]:
        return [line for line in lines if line.place not in self._paired]

    def _by_reference(self, lines: list[Line]) -> None:
        """Lines that share a reference. First those that name each other, then those of which one names nobody."""
        window = self.limits.reference_window_days
        for shared in _grouped((line for line in lines if line.reference is not None), _reference):
            for group in _grouped(_naming(shared), _payer_and_payee):
                self._match(group, window, "reference")
            for cluster in _clusters(self._left(shared), window):
                self._by_possible_accounts(cluster, window)

    def _by_possible_accounts(self, cluster: list[Line], window: int) -> None:
        """Which debit could go with which credit of the same reference: one pair of accounts only, on either side, and
        counting decides as in any cluster. Nothing where more share it than name single transfers."""
        debits = sum(line.is_debit for line in cluster)
        if max(debits, len(cluster) - debits) > SHARED_REFERENCE_MAX:
            return
        possible = [
            (debit, credit)
            for debit in cluster
            if debit.is_debit
            for credit in cluster
            if not credit.is_debit
            and debit.account != credit.account
            and debit.other in (None, credit.account)
            and credit.other in (None, debit.account)
        ]
        payees: dict[int, set[str]] = {}
        payers: dict[int, set[str]] = {}
        for debit, credit in possible:
            payees.setdefault(debit.place, set()).add(credit.account)
            payers.setdefault(credit.place, set()).add(debit.account)
        sides: dict[int, tuple[str, str]] = {}
        # The debits come in the order of time: the first one met is the smallest.
        groups: dict[int, int] = {}
        for debit, credit in possible:
            if len(payees[debit.place]) == 1 and len(payers[credit.place]) == 1:
                sides[debit.place] = sides[credit.place] = (debit.account, credit.account)
                continue
            for line in (debit, credit):
                groups.setdefault(line.place, debit.place)
        for group in _grouped(
            (line for line in cluster if line.place in sides), lambda one: sides[one.place]
        ):
            self._match(group, window, "reference")
        for place, group in groups.items():
            self._doubts.setdefault(place, (group, "reference_shared"))

    def _match(self, lines: list[Line], window: int, basis: str, naming: bool | None = None) -> None:
        """Pair debits and credits of lines that agree on all that is asked. With `naming` the debits (True) or the credits
        (False) paired together in a group must all be of one account."""
        left = lines
        while True:
            clusters = _clusters(left, window)
            settled_before = len(self._paired)
            left = []
            for whole in clusters:
                cluster = whole
                for narrowing in _NARROWINGS:
                    for group in _grouped(cluster, narrowing):
                        self._pair_equal_counts(group, window, basis, naming)
                    cluster = self._left(cluster)
                left += cluster
            # What was taken out may have held two halves of a cluster together: divide again.
            if len(self._paired) == settled_before:
                break
        for cluster in clusters:
            self._doubt_facing(cluster, window)

    def _pair_equal_counts(self, lines: list[Line], window: int, basis: str, naming: bool | None) -> None:
        """Where there are as many debits as credits, the first with the first, the second with the second, ..."""
        debits = [line for line in lines if line.is_debit]
        credits = [line for line in lines if not line.is_debit]
        if len(debits) != len(credits):
            return
        together = list(zip(debits, credits, strict=True))
        if not all(self._fits(debit, credit, window) for debit, credit in together):
            return
        if naming is not None and len({line.account for line in (debits if naming else credits)}) > 1:
            return
        for debit, credit in together:
            self.pairs.append((debit.place, credit.place, basis))
            self._paired.update((debit.place, credit.place))

    def _fits(self, debit: Line, credit: Line, window: int) -> bool:
        return -self.limits.lead_days <= credit.day - debit.day <= window

    def _doubt_facing(self, cluster: list[Line], window: int) -> None:
        """Lines that still have a possible partner within the window are ambiguous."""
        debits = [line for line in cluster if line.is_debit]
        credits = [line for line in cluster if not line.is_debit]
        doubtful = [one for one in debits if any(self._fits(one, other, window) for other in credits)]
        doubtful += [one for one in credits if any(self._fits(other, one, window) for other in debits)]
        for line in doubtful:
            self._doubts.setdefault(line.place, (cluster[0].place, "several_equal_partners"))


def _names(line: Line) -> bool:
    return line.other is not None and line.other != line.account


def _naming(lines: Iterable[Line]) -> Iterable[Line]:
    return (line for line in lines if _names(line))


def _payer_and_payee(line: Line) -> Hashable:
    return (line.account, line.other) if line.is_debit else (line.other, line.account)


def _reference(line: Line) -> Hashable:
    return line.reference


def _facing(lines: list[Line]) -> bool:
    return len({line.is_debit for line in lines}) == 2


def _grouped(lines: Iterable[Line], key: Callable[[Line], Hashable]) -> list[list[Line]]:
    """The lines that agree on `key`, only groups that hold both directions; the order of time stays."""
    groups: dict[Hashable, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return [group for group in groups.values() if _facing(group)]


def _clusters(lines: list[Line], window: int) -> list[list[Line]]:
    """Runs of lines that follow each other within the window, only those that hold both directions."""
    found: list[list[Line]] = []
    last: int | None = None
    for line in lines:
        if last is None or line.day - last > window:
            found.append([])
        found[-1].append(line)
        last = line.day
    return [cluster for cluster in found if _facing(cluster)]
