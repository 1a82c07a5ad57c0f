"""What an account holds under each convention, in plain Python: the slow twin's half of the lots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from loantrail.errors import ConservationBroken
from loantrail.tracing.model import NO_HOP, OWN, PRO_RATA_LABELS_MAX, USE_NONE, Convention


@dataclass
class Slice:
    """`amount` fen of one label: lying in an account (a lot) or on its way (a slice)."""

    loan: int
    use: int
    amount: int
    hop: int = NO_HOP
    offset: int = 0
    """Fen of the event that left before it; only while on its way."""
    disbursed: bool = False
    """The proceeds that this event pays out: no parent, depth 0."""
    restored_use: int | None = None
    """Taken back by a reversal: the use it returns with, in place of the arrival rule."""


def share(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in proportion to `weights` by largest remainder, ties to the first; sums to `amount`."""
    total = sum(weights)
    if amount == 0 or total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def own(amount: int) -> list[Slice]:
    """One slice of own money, or nothing."""
    return [Slice(OWN, USE_NONE, amount)] if amount else []


def split_front(slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
    """The first `amount` fen of `slices`, and the rest."""
    taken: list[Slice] = []
    rest: list[Slice] = []
    for piece in slices:
        part = min(piece.amount, amount)
        amount -= part
        if part:
            taken.append(replace(piece, amount=part))
        if piece.amount > part:
            rest.append(replace(piece, amount=piece.amount - part, offset=piece.offset + part))
    return taken, rest


def split_back(slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
    """The last `amount` fen of `slices`, last slice first; and the rest in order."""
    keep = max(sum(piece.amount for piece in slices) - amount, 0)
    rest, taken = split_front(slices, keep)
    return taken[::-1], rest


def split_share(slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
    """`amount` fen in proportion to the slices, in their order; and the rest."""
    parts = share(amount, [piece.amount for piece in slices])
    taken = [replace(s, amount=part) for s, part in zip(slices, parts, strict=True) if part]
    rest = [
        replace(s, amount=s.amount - part) for s, part in zip(slices, parts, strict=True) if s.amount > part
    ]
    return taken, rest


def split_each(slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
    """Up to `amount` fen of every slice (POISON); and the rest."""
    taken = [replace(s, amount=min(s.amount, amount)) for s in slices if amount]
    rest = [replace(s, amount=s.amount - amount) for s in slices if s.amount > amount]
    return taken, rest


class Pot(ABC):
    """Money of one account that keeps lots: they sum to max(balance, 0) (all but POISON)."""

    def __init__(self, opening: int) -> None:
        self.lots = own(max(opening, 0))

    @abstractmethod
    def take(self, amount: int) -> list[Slice]:
        """What a debit takes that the balance covers, in consumption order."""

    @abstractmethod
    def take_tied(self, loan: int, amount: int, disbursements: set[int]) -> tuple[list[Slice], int]:
        """What a payment tied to `loan` takes first (`disbursements` are the hops that paid loans out), and
        how much of the payment that covers."""

    @abstractmethod
    def arrive(self, slices: Sequence[Slice]) -> None:
        """Slices join as they arrive."""

    @abstractmethod
    def take_back_own(self, amount: int) -> int:
        """Own money for a reversal, newest first; says how much there was."""

    @abstractmethod
    def repay(self, slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
        """Arriving slices parted into those that repay an overdraft of `amount` (take order) and the rest."""

    def arrive_returned(self, slices: Sequence[Slice]) -> None:
        """Slices that a reversal gives back join."""
        self.arrive(slices)

    def take_hop(self, hop: int, amount: int) -> int:
        """Money that `hop` brought, for a reversal, front to back; says how much there was."""
        return self._take_where(amount, [lot for lot in self.lots if lot.loan != OWN and lot.hop == hop])

    def take_label(self, loan: int, use: int, amount: int) -> int:
        """Money of one label, for a reversal in PRO_RATA; says how much there was."""
        return self._take_where(amount, [lot for lot in self.lots if (lot.loan, lot.use) == (loan, use)])

    def settle(self, balance: int) -> None:
        """Called with the balance after every debit."""
        held = sum(lot.amount for lot in self.lots)
        if held != max(balance, 0):
            raise ConservationBroken(f"lots of {held} fen under a balance of {balance} fen")

    def shed(self) -> list[Slice]:
        """Labels above the limit turn into own money (PRO_RATA); says which."""
        return []

    def _take_where(self, amount: int, lots: Sequence[Slice]) -> int:
        before = amount
        for lot in lots:
            part = min(lot.amount, amount)
            lot.amount -= part
            amount -= part
        self.lots = [lot for lot in self.lots if lot.amount]
        return before - amount

    def _take_tied_lots(
        self, loan: int, amount: int, disbursements: set[int]
    ) -> tuple[list[Slice], list[Slice]]:
        taken: list[Slice] = []
        left: list[Slice] = []
        for lot in self.lots:
            tied = lot.loan == loan and lot.hop in disbursements
            part = min(lot.amount, amount) if tied else 0
            amount -= part
            if part:
                taken.append(replace(lot, amount=part))
            if lot.amount > part:
                left.append(replace(lot, amount=lot.amount - part))
        return taken, left


class QueuePot(Pot):
    """FIFO: the first lot is the front, arrivals join at the back."""

    def take(self, amount: int) -> list[Slice]:
        taken, self.lots = split_front(self.lots, amount)
        return taken

    def take_tied(self, loan: int, amount: int, disbursements: set[int]) -> tuple[list[Slice], int]:
        taken, self.lots = self._take_tied_lots(loan, amount, disbursements)
        return taken, sum(lot.amount for lot in taken)

    def arrive(self, slices: Sequence[Slice]) -> None:
        self.lots = [*self.lots, *slices]

    def arrive_returned(self, slices: Sequence[Slice]) -> None:
        self.lots = [*slices, *self.lots]

    def take_back_own(self, amount: int) -> int:
        return self._take_where(amount, [lot for lot in reversed(self.lots) if lot.loan == OWN])

    def repay(self, slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
        return split_front(slices, amount)


class StackPot(QueuePot):
    """LIFO: the first lot is the front, arrivals are pushed before it one by one."""

    def arrive(self, slices: Sequence[Slice]) -> None:
        self.lots = [*reversed(slices), *self.lots]

    def take_back_own(self, amount: int) -> int:
        return self._take_where(amount, [lot for lot in self.lots if lot.loan == OWN])

    def repay(self, slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
        return split_back(slices, amount)


class SortedPot(Pot):
    """OWN_FIRST and LOAN_FIRST: lots in consumption order, own money one lot, labelled ones by loan number."""

    own_first = True

    def _sorted(self, slices: Sequence[Slice]) -> list[Slice]:
        labelled = sorted((s for s in slices if s.loan != OWN), key=lambda s: s.loan)
        unlabelled = [s for s in slices if s.loan == OWN]
        return [*unlabelled, *labelled] if self.own_first else [*labelled, *unlabelled]

    def take(self, amount: int) -> list[Slice]:
        taken, self.lots = split_front(self.lots, amount)
        return taken

    def take_tied(self, loan: int, amount: int, disbursements: set[int]) -> tuple[list[Slice], int]:
        taken, self.lots = self._take_tied_lots(loan, amount, disbursements)
        return taken, sum(lot.amount for lot in taken)

    def arrive(self, slices: Sequence[Slice]) -> None:
        labelled = [s for s in [*self.lots, *slices] if s.loan != OWN]
        unlabelled = own(sum(s.amount for s in [*self.lots, *slices] if s.loan == OWN))
        self.lots = self._sorted([*unlabelled, *labelled])

    def take_back_own(self, amount: int) -> int:
        return self._take_where(amount, [lot for lot in self.lots if lot.loan == OWN])

    def repay(self, slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
        taken: list[Slice] = []
        paid: dict[int, int] = {}
        for piece in self._sorted(slices):
            part = min(piece.amount, amount)
            amount -= part
            paid[id(piece)] = part
            if part:
                taken.append(replace(piece, amount=part))
        rest = [
            replace(s, amount=s.amount - paid[id(s)], offset=s.offset + paid[id(s)])
            for s in slices
            if s.amount > paid[id(s)]
        ]
        return taken, rest


class LoanFirstPot(SortedPot):
    own_first = False


class BucketPot(Pot):
    """PRO_RATA: one bucket per label and one of own money, in the order they last became non-empty."""

    def take(self, amount: int) -> list[Slice]:
        taken, self.lots = split_share(self.lots, amount)
        return taken

    def take_tied(self, loan: int, amount: int, disbursements: set[int]) -> tuple[list[Slice], int]:
        del disbursements  # buckets do not know which movement brought their money
        covered = self.take_label(loan, USE_NONE, amount)
        return ([Slice(loan, USE_NONE, covered)] if covered else []), covered

    def arrive(self, slices: Sequence[Slice]) -> None:
        for piece in slices:
            for bucket in self.lots:
                if (bucket.loan, bucket.use) == (piece.loan, piece.use):
                    bucket.amount += piece.amount
                    break
            else:
                self.lots.append(Slice(piece.loan, piece.use, piece.amount))

    def take_back_own(self, amount: int) -> int:
        return self.take_label(OWN, USE_NONE, amount)

    def repay(self, slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
        return split_share(slices, amount)

    def shed(self) -> list[Slice]:
        dropped: list[Slice] = []
        while True:
            labelled = [bucket for bucket in self.lots if bucket.loan != OWN]
            if len(labelled) <= PRO_RATA_LABELS_MAX:
                return dropped
            smallest = min(bucket.amount for bucket in labelled)
            victim = [bucket for bucket in labelled if bucket.amount == smallest][-1]
            self.lots = [bucket for bucket in self.lots if bucket is not victim]
            self.arrive(own(victim.amount))
            dropped.append(victim)


class TaintPot(Pot):
    """POISON: a set of labels; `amount` of a member means nothing until the history ends."""

    def __init__(self, opening: int) -> None:
        super().__init__(opening)
        self.lots = []

    def take(self, amount: int) -> list[Slice]:
        return [Slice(lot.loan, lot.use, amount) for lot in self.lots if amount]

    def take_tied(self, loan: int, amount: int, disbursements: set[int]) -> tuple[list[Slice], int]:
        del disbursements
        tied = [Slice(lot.loan, lot.use, amount) for lot in self.lots if lot.loan == loan and amount]
        return tied, amount if tied else 0

    def arrive(self, slices: Sequence[Slice]) -> None:
        for piece in slices:
            if piece.loan != OWN and not self.holds(piece.loan, piece.use):
                self.lots.append(Slice(piece.loan, piece.use, 0))

    def holds(self, loan: int, use: int) -> bool:
        return any((lot.loan, lot.use) == (loan, use) for lot in self.lots)

    def take_back_own(self, amount: int) -> int:
        return amount

    def repay(self, slices: Sequence[Slice], amount: int) -> tuple[list[Slice], list[Slice]]:
        return split_each(slices, amount)

    def settle(self, balance: int) -> None:
        if balance <= 0:
            self.lots = []


def slot_pot(convention: Convention) -> type[Pot]:
    """What a slot is: a queue, the buckets of PRO_RATA or the set of POISON."""
    alone = convention in (Convention.PRO_RATA, Convention.POISON)
    return POTS[convention] if alone else QueuePot


POTS: Final[dict[Convention, type[Pot]]] = {
    Convention.FIFO: QueuePot,
    Convention.LIFO: StackPot,
    Convention.PRO_RATA: BucketPot,
    Convention.OWN_FIRST: SortedPot,
    Convention.LOAN_FIRST: LoanFirstPot,
    Convention.POISON: TaintPot,
}
