"""The slow twin of the tracing kernel: the rules of `docs/concepts/tracing.md` in plain Python, one event at a time.
It is written from the rules alone, for clarity; the kernel must agree with it row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantrail.tracing.model import (
    IN_TRANSIT,
    NO_HOP,
    NO_LOAN,
    NO_SPECIAL,
    OUTSIDE,
    OWN,
    USE_NONE,
    USE_OTHER_DEBT,
    USE_OUTSIDE,
    USE_OVERDRAFT,
    USE_OWN_INSTALMENT,
    USE_RELENT,
    USE_REPAYMENT,
    Convention,
    History,
    Holdings,
    Hops,
    Trace,
    Untraced,
)
from loantrail.tracing.slow_pots import (
    POTS,
    BucketPot,
    Pot,
    Slice,
    TaintPot,
    own,
    slot_pot,
    split_back,
    split_each,
    split_front,
)
from loantrail.tracing.slow_reversal import Hop, find_segments, find_shares, find_taint

NOTHING = -1


@dataclass(frozen=True)
class Special:
    """The special sides of one event; NOTHING and 0 where it is a plain transfer."""

    row: int = NOTHING
    disburses: int = NO_LOAN
    reverses: int = NOTHING
    specific_loan: int = NO_LOAN
    specific_fen: int = 0
    opens_slot: bool = False
    carries: int = NOTHING
    repays: int = NO_LOAN


def _special(history: History, event: int) -> Special:
    row = int(history.special[event])
    if row == NO_SPECIAL:
        return Special()
    table = history.specials
    return Special(
        row,
        int(table.disburses[row]),
        int(table.reverses[row]),
        int(table.specific_loan[row]),
        int(table.specific_fen[row]),
        bool(table.opens_slot[row]),
        int(table.carries[row]),
        int(table.repays[row]),
    )


def reversal_targets(history: History) -> dict[int, int]:
    """Which earlier event each event takes back. A reversal that comes before its original swaps the roles: the
    original, when it comes, takes back the first such reversal, unless it has an earlier original of its own."""

    def plain(event: int) -> bool:
        special = _special(history, event)
        in_transit = IN_TRANSIT in (history.debit[event], history.credit[event])
        return special.disburses == NO_LOAN and special.carries == NOTHING and not in_transit

    def crosswise(event: int, other: int) -> bool:
        ends = history.debit[event] == history.credit[other] and history.credit[event] == history.debit[other]
        return bool(ends) and plain(event) and plain(other)

    targets: dict[int, int] = {}
    early: dict[int, int] = {}
    for event in range(history.event_count):
        original = _special(history, event).reverses
        if original in (NOTHING, event) or not crosswise(event, original):
            continue
        if original < event:
            targets[event] = original
        else:
            early.setdefault(original, event)
    return {**early, **targets}


@dataclass
class _Slot:
    """Money that waits between two events: a private account of its own."""

    event: int
    account: int
    order: int
    balance: int
    pot: Pot


class _Books:
    """Everything that changes while the history is gone through."""

    def __init__(self, history: History, convention: Convention) -> None:
        self.history = history
        self.convention = convention
        self.balances = [int(fen) for fen in history.opening_fen]
        self.pots: list[Pot] = [POTS[convention](balance) for balance in self.balances]
        self.hops: list[Hop] = []
        self.hops_of_event: dict[int, list[int]] = defaultdict(list)
        self.disbursement_hops: set[int] = set()
        self.slots: dict[int, _Slot] = {}  # by the event that opened it
        self.targets = reversal_targets(history)
        self.reversed = set(self.targets.values())
        self.opener = {int(row): event for event, row in enumerate(history.special) if row != NO_SPECIAL}
        self.taken_back: dict[int, int] = defaultdict(int)
        self.taken_back_of_hop: dict[int, int] = defaultdict(int)
        self.untraced: list[tuple[int, int, Slice]] = []
        self.no_lineage = convention in (Convention.PRO_RATA, Convention.POISON)

    def is_terminal(self, account: int) -> bool:
        return account >= 0 and bool(self.history.terminal[account])

    def holds_lots(self, account: int) -> bool:
        return account >= 0 and not self.is_terminal(account)

    # What the debit account gives

    def pay(self, account: int, amount: int, special: Special) -> list[Slice]:
        """The slices of an ordinary debit, in consumption order; they sum to `amount` (all but POISON)."""
        if special.carries != NOTHING:
            slices = self._carry(self.opener[special.carries], amount)
            if account >= 0:
                self.balances[account] -= amount
            return slices
        if not self.holds_lots(account):
            if account >= 0:
                self.balances[account] -= amount
            return own(amount)
        pot = self.pots[account]
        covered = min(amount, max(self.balances[account], 0))
        tied: list[Slice] = []
        tied_fen = 0
        if special.specific_loan != NO_LOAN:
            limit = min(special.specific_fen, covered)
            tied, tied_fen = pot.take_tied(special.specific_loan, limit, self.disbursement_hops)
        slices = [*tied, *pot.take(covered - tied_fen), *own(amount - covered)]
        self.balances[account] -= amount
        pot.settle(self.balances[account])
        return slices

    def _carry(self, opener: int, amount: int) -> list[Slice]:
        slot = self.slots.get(opener)
        if slot is None:
            return own(amount)
        covered = min(amount, max(slot.balance, 0))
        slices = [*slot.pot.take(covered), *own(amount - covered)]
        slot.balance = max(slot.balance - amount, 0)
        slot.pot.settle(slot.balance)
        return slices

    # What the credit account receives

    def use_after(self, event: int, piece: Slice) -> int:
        """The arrival rule."""
        if piece.restored_use is not None:
            return piece.restored_use
        history = self.history
        account = int(history.credit[event])
        if account >= 0:
            side = history.side_borrower[history.side_start[account] : history.side_start[account + 1]]
            if history.loan_borrower[piece.loan] in side:
                return USE_NONE
        if piece.use != USE_NONE:
            return piece.use
        use = int(history.arrival_use[event])
        if use == USE_REPAYMENT:
            own_loan = _special(history, event).repays == piece.loan
            return USE_OWN_INSTALMENT if own_loan else USE_OTHER_DEBT
        return USE_OUTSIDE if use == USE_NONE and account == OUTSIDE else use

    def record(self, event: int, piece: Slice, use: int, ended: bool) -> int:
        """Write down the hop of one labelled slice and give its index."""
        parent = NO_HOP if self.no_lineage else piece.hop
        parent_depth = -1 if parent == NO_HOP else self.hops[parent].depth
        depth = 0 if piece.disbursed else -1 if self.no_lineage else parent_depth + 1
        offset = -1 if self.no_lineage else piece.offset
        hop = Hop(piece.loan, event, parent, piece.amount, offset, use, piece.use, depth, ended)
        self.hops.append(hop)
        index = len(self.hops) - 1
        self.hops_of_event[event].append(index)
        if piece.disbursed:
            self.disbursement_hops.add(index)
        return index

    def move(self, event: int, slices: Sequence[Slice], ended: bool) -> list[Slice]:
        """Record the hops of `slices` and give the lots that they become."""
        lots: list[Slice] = []
        for piece in slices:
            if piece.loan == OWN:
                lots.append(Slice(OWN, USE_NONE, piece.amount))
                continue
            use = self.use_after(event, piece)
            hop = self.record(event, piece, use, ended)
            lots.append(Slice(piece.loan, use, piece.amount, NO_HOP if self.no_lineage else hop))
        return lots

    def end_in_overdraft(self, event: int, slices: Sequence[Slice]) -> None:
        for piece in slices:
            if piece.loan != OWN:
                use = self.use_after(event, piece)
                self.record(event, piece, USE_OVERDRAFT if use == USE_NONE else use, ended=True)

    def arrive(self, event: int, amount: int, slices: Sequence[Slice], special: Special) -> None:
        """Slices reach the credit account of an ordinary event (or of the excess of a reversal)."""
        account = int(self.history.credit[event])
        if account == IN_TRANSIT:
            self._open_slot(event, amount, special, slices)
            return
        if not self.holds_lots(account):
            waits = event in self.reversed or (special.opens_slot and account != OUTSIDE)
            lots = self.move(event, slices, ended=not waits)
            if waits:
                left = [replace(lot, use=piece.use) for lot, piece in zip(lots, slices, strict=True)]
                self._open_slot(event, amount, special, left)
            if account >= 0:
                self.balances[account] += amount
            return
        pot = self.pots[account]
        overdraft = min(amount, max(-self.balances[account], 0))
        repaying, rest = pot.repay(slices, overdraft)
        self.end_in_overdraft(event, repaying)
        self.balances[account] += amount
        pot.arrive(self.move(event, rest, ended=False))
        pot.settle(self.balances[account])

    def _open_slot(self, event: int, amount: int, special: Special, slices: Sequence[Slice]) -> None:
        row = special.row if special.row != NOTHING else len(self.history.specials.reverses) + event
        pot = slot_pot(self.convention)(0)
        pot.arrive([replace(piece, restored_use=None) for piece in slices])
        self.slots[event] = _Slot(event, int(self.history.credit[event]), row, amount, pot)

    def shed(self, event: int) -> None:
        account = int(self.history.credit[event])
        if self.holds_lots(account):
            self.untraced += [(account, event, bucket) for bucket in self.pots[account].shed()]


def _number(slices: Sequence[Slice]) -> list[Slice]:
    """Lay the slices end to end."""
    offset = 0
    numbered: list[Slice] = []
    for piece in slices:
        numbered.append(replace(piece, offset=offset))
        offset += piece.amount
    return numbered


def _ordinary(books: _Books, event: int, special: Special) -> None:
    history = books.history
    amount = int(history.amount_fen[event])
    slices = _number(books.pay(int(history.debit[event]), amount, special))
    if special.disburses != NO_LOAN:
        for piece in slices:
            if piece.loan != OWN:
                use = USE_RELENT if piece.use == USE_NONE else piece.use
                books.record(event, piece, use, ended=True)
        slices = [Slice(special.disburses, USE_NONE, amount, disbursed=True)]
    books.arrive(event, amount, slices, special)
    books.shed(event)


def _find(books: _Books, payer: int, original: int, limit: int, again: int) -> tuple[list[Slice], int]:
    """What is still there of the last `again` of the `limit` fen that `original` brought `payer` and that no
    reversal took back yet; and how much is missing."""
    slot = books.slots.get(original)
    if slot is None and not books.holds_lots(payer):
        return [], again
    pot = books.pots[payer] if slot is None else slot.pot
    in_slot = slot is not None
    hops = [(index, books.hops[index]) for index in books.hops_of_event[original]]
    if isinstance(pot, BucketPot):
        found, missing = find_shares(pot, hops, books.taken_back_of_hop, limit, again, in_slot)
    elif isinstance(pot, TaintPot):
        found, missing = find_taint(pot, hops, again, in_slot), 0
    else:
        found, missing = find_segments(pot, hops, limit - again, limit)
    if slot is not None:
        slot.balance = max(slot.balance - again + missing, 0)
        pot.settle(slot.balance)
    if payer >= 0:
        books.balances[payer] -= again - missing
    if slot is None:
        pot.settle(books.balances[payer])
    return found, missing


def _reversal(books: _Books, event: int, original: int) -> None:
    history = books.history
    payer, receiver = int(history.debit[event]), int(history.credit[event])
    amount = int(history.amount_fen[event])
    limit = int(history.amount_fen[original]) - books.taken_back[original]
    again = min(amount, limit)
    books.taken_back[original] += again
    found, missing = _find(books, payer, original, limit, again)
    substitute, excess = split_front(books.pay(payer, missing + amount - again, Special()), missing)
    if books.convention == Convention.POISON:
        numbered, returned_count = [*found, *excess], len(found)
    else:
        numbered, returned_count = _number([*found, *substitute, *excess]), len(found) + len(substitute)
    returned, excess = numbered[:returned_count], numbered[returned_count:]
    if books.holds_lots(receiver):
        pot = books.pots[receiver]
        overdraft = min(again, max(-books.balances[receiver], 0))
        split = split_each if books.convention == Convention.POISON else split_back
        repaying, rest = split(returned, overdraft)
        books.end_in_overdraft(event, repaying)
        books.balances[receiver] += again
        pot.arrive_returned(books.move(event, rest, ended=False))
        books.arrive(event, amount - again, excess, Special())
    else:
        books.arrive(event, amount, numbered, _special(history, event))
    books.shed(event)


def trace_slow(history: History, convention: Convention) -> Trace:
    """Trace `history` by `convention`, exactly and slowly.

    Raises ConservationBroken where the lots of an account do not sum to its balance: a defect, never bad input.
    """
    books = _Books(history, convention)
    for event in range(history.event_count):
        if event in books.targets:
            _reversal(books, event, books.targets[event])
        else:
            _ordinary(books, event, _special(history, event))
    return _trace(books)


def _trace(books: _Books) -> Trace:
    hops = books.hops
    rows: list[tuple[int, int, int, int, int]] = []
    for account, pot in enumerate(books.pots):
        for lot in pot.lots:
            if lot.loan != OWN:
                amount = books.balances[account] if isinstance(pot, TaintPot) else lot.amount
                rows.append((account, lot.loan, lot.use, amount, lot.hop))
    for slot in sorted(books.slots.values(), key=lambda slot: slot.order):
        for lot in slot.pot.lots:
            if lot.loan != OWN:
                amount = slot.balance if isinstance(slot.pot, TaintPot) else lot.amount
                use = lot.use if slot.account == IN_TRANSIT else books.use_after(slot.event, lot)
                rows.append((slot.account, lot.loan, use, amount, lot.hop))
    return Trace(
        books.convention,
        Hops(
            np.array([hop.loan for hop in hops], np.int32),
            np.array([hop.event for hop in hops], np.int32),
            np.array([hop.parent for hop in hops], np.int32),
            np.array([hop.amount for hop in hops], np.int64),
            np.array([hop.offset for hop in hops], np.int64),
            np.array([hop.use for hop in hops], np.uint8),
            np.array([hop.use_before for hop in hops], np.uint8),
            np.array([hop.depth for hop in hops], np.int32),
            np.array([hop.ended for hop in hops], np.bool_),
        ),
        Holdings(
            np.array([row[0] for row in rows], np.int32),
            np.array([row[1] for row in rows], np.int32),
            np.array([row[2] for row in rows], np.uint8),
            np.array([row[3] for row in rows], np.int64),
            np.array([row[4] for row in rows], np.int32),
        ),
        Untraced(
            np.array([account for account, _, _ in books.untraced], np.int32),
            np.array([event for _, event, _ in books.untraced], np.int32),
            np.array([bucket.loan for _, _, bucket in books.untraced], np.int32),
            np.array([bucket.use for _, _, bucket in books.untraced], np.uint8),
            np.array([bucket.amount for _, _, bucket in books.untraced], np.int64),
        ),
        np.array(books.balances, np.int64),
    )
