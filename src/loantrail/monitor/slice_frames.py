"""The part of the books that the judgement of a few loans can depend on.

Which transactions stand in it is chosen in `slice_spans.py`; here the records around them are found, and what the rest of
the books says beside them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantrail.early_warning import frames as shapes
from loantrail.early_warning.frames import Frames
from loantrail.few_rows import FewRows
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import among, distinct
from loantrail.monitor.slice_spans import NEVER_EMPTY_FEN, Chosen, chosen
from loantrail.parameters import ParameterBook
from loantrail.signals.beforehand import HELD, REACHED, TOUCHED, Beforehand
from loantrail.tracing.model import Int64

_BALANCES, _TOUCHED, _HELD, _REACHED = (FewRows(shape) for shape in (shapes.BALANCES, TOUCHED, HELD, REACHED))


@dataclass(frozen=True, slots=True)
class Slice:
    """`frames`: what patterns and signals look at, for `loans` (other loans in it serve comparison only).
    `beforehand`: what the rest of the books says that is not in the frames. `wanted`: ids of the transactions that signal
    rows are wanted of; None: all of the loans. `ended` (`hop_id`): hops that came to rest for good. `handed_on`: what
    `early_warning.handing_on.handed_on` gives for a view of the whole, of these loans and those they are compared with."""

    frames: Frames
    loans: tuple[str, ...]
    beforehand: Beforehand
    wanted: pl.Series | None
    ended: pl.DataFrame
    handed_on: pl.DataFrame


def slice_of(
    around: Index,
    loans: Sequence[str],
    parameters: ParameterBook,
    wanted: pl.Series | None = None,
    asked: Collection[str] | None = None,
) -> Slice:
    """The slice for these loans (unknown ones are left out), as of the latest booking of the whole. `wanted`: the
    transactions (ids) that signal rows are wanted of, which leaves out what only older rows need; None: every row.
    `asked`: the signals that are looked at, others may be wrong; None: all."""
    numbers = sorted({number for loan in loans if (number := around.records.number_of(loan)) >= 0})
    found = chosen(around, numbers, parameters, wanted, asked)
    hops = around.hops.rows(found.hops)
    over = around.hop_ended.array[found.hops]
    return Slice(
        frames=_frames(around, found, hops),
        loans=tuple(around.records.loan_ids[number] for number in numbers),
        beforehand=_beforehand(around, found, asked),
        wanted=wanted,
        ended=hops.filter(pl.Series(over)).select("hop_id"),
        handed_on=found.handed,
    )


def _frames(around: Index, found: Chosen, hops: pl.DataFrame) -> Frames:
    records = around.records
    rows = found.transactions
    met = np.concatenate(
        [around.debit.array[rows], around.credit.array[rows], around.hop_from.array[found.hops],
         around.hop_to.array[found.hops], found.sides]
    )  # fmt: skip
    accounts = distinct(met)
    loans = records.loans.frame[found.loans]
    loan_ids = loans["loan_id"].to_list()
    borrowers = loans["borrower_party_id"].to_list()
    # The borrowers' own accounts are on their side, whether anything was booked on them or not.
    own = distinct(
        records.account_rows(around.accounts, accounts[accounts >= 0]),
        records.accounts.rows(
            [*loans["repayment_account"].to_list(), *loans["disbursement_account"].to_list()]
        ),
        records.accounts_of_owner.rows(borrowers),
    )
    known = records.accounts.at(own)
    guarantors = records.guarantors.of(loan_ids)
    payees = records.contract_payees.of(loans["contract_id"].to_list())
    invoices = records.invoices.of(borrowers)
    parties = records.parties.of(
        {
            *known["owner"].to_list(), *borrowers, *guarantors["guarantor_party_id"].to_list(),
            *payees["party_id"].to_list(), *invoices["seller_party_id"].to_list(),
        }
    )  # fmt: skip
    return Frames(
        as_of=around.as_of,
        hops=hops,
        transactions=around.transactions.in_any_order(rows),
        loans=loans,
        accounts=known,
        relations=records.relations.frame[records.related_by_two(borrowers)],
        guarantors=guarantors,
        orders=records.orders.of(loan_ids),
        contract_payees=payees,
        invoices=invoices,
        parties=parties,
        repayments=records.repayments.of(loan_ids),
        schedules=records.schedules.of(loan_ids),
        sides=records.declared.of(loan_ids),
        balances=_balances(around, found),
        out_of_view=True,
    )


def _balances(around: Index, found: Chosen) -> pl.DataFrame:
    """What stood in the accounts before their first transaction of the slice that matters."""
    changes = _changes(around, found)
    told: list[tuple[str, int]] = []
    for account, start_us in found.balances.items():
        name = around.accounts.names[account]
        before = around.lines.sum_before(account, start_us)
        opening = around.records.opening_fen.get(name)
        if account in found.never_empty and account not in found.exact:
            told.append((name, NEVER_EMPTY_FEN))
        elif name in around.records.opening_fen:
            told.append((name, (opening or 0) + before - changes[account]))
        elif account in found.emptied:
            least = _least_opening(around, account)
            told.append((name, least + before - changes[account]))
    return _BALANCES.frame(told)


def _changes(around: Index, found: Chosen) -> dict[int, int]:
    """What came in less what went out of the accounts whose balance matters, by transactions of the slice before that."""
    accounts = np.array(sorted(found.balances), np.int64)
    since = np.array([found.balances[account] for account in accounts.tolist()], np.int64)
    change = np.zeros(len(accounts), np.int64)
    rows = found.transactions
    for ends, sign in ((around.credit.array[rows], 1), (around.debit.array[rows], -1)):
        place = np.minimum(np.searchsorted(accounts, ends), max(len(accounts) - 1, 0))
        if len(accounts):
            kept = (accounts[place] == ends) & (around.at_us.array[rows] < since[place])
            np.add.at(change, place[kept], sign * around.amount_fen.array[rows[kept]])
    return dict(zip(accounts.tolist(), change.tolist(), strict=True))


def _least_opening(around: Index, account: int) -> int:
    """The least opening balance that never overdraws the account; within an instant what goes out comes first."""
    rows = distinct(around.lines.within(account))
    debit, credit = around.debit.array[rows] == account, around.credit.array[rows] == account
    at, amount = around.at_us.array[rows], around.amount_fen.array[rows]
    change = np.concatenate([-amount[debit], amount[credit]])
    order = np.argsort(np.concatenate([at[debit], at[credit]]), kind="stable")
    return max(0, -int(np.cumsum(change[order]).min(initial=0)))


class _Named:
    """Transactions as the slice names them."""

    def __init__(self, around: Index, inside: Int64) -> None:
        self._around = around
        self.inside = inside

    def ids(self, rows: Int64) -> list[str | None]:
        """None for those that do not stand in it."""
        known = among(rows, self.inside)
        if not known.any():
            return [None] * len(rows)
        taken = iter(self._around.transactions.texts("transaction_id", rows[known]))
        return [next(taken) if one else None for one in known.tolist()]


def _beforehand(around: Index, found: Chosen, asked: Collection[str] | None) -> Beforehand:
    names, records = around.accounts.names, around.records
    named = _Named(around, found.transactions_by_row)
    held: list[tuple[str, str | None, int]] = []
    for account in found.payers if asked is None or "labelled_fen" in asked else ():
        held += _held(around, found, named, account, around.hops_into.of(account), 1)
        held += _held(around, found, named, account, around.hops_from.of(account), -1)
    others = {account: hops[~among(hops, found.hops)] for account, hops in found.reached.items()}
    every = np.concatenate([np.zeros(0, np.int64), *others.values()])
    payees = [names[account] for account, hops in others.items() for _ in range(len(hops))]
    texts = named.ids(around.hop_transaction.array[every])
    lent = around.hop_loan.array[every].tolist()
    reached = [
        (payee, text, records.loan_ids[loan], records.borrowers[loan])
        for payee, text, loan in zip(payees, texts, lent, strict=True)
    ]
    return Beforehand(
        touched=_TOUCHED.frame(_touched(around, found, named)),
        held=_HELD.frame(held),
        reached=_REACHED.frame(reached),
        assumed=tuple(
            names[account] for account in found.balances if names[account] not in records.opening_fen
        ),
    )


def _touched(around: Index, found: Chosen, named: _Named) -> list[tuple[str, str | None]]:
    told: list[tuple[str, str | None]] = []
    first = {
        account: -1 if around.on_side.array[account] else around.first_touch(account)
        for account in found.windowed
    }
    texts = iter(named.ids(np.array([row for row in first.values() if row >= 0], np.int64)))
    for account, row in first.items():
        name = around.accounts.names[account]
        if around.on_side.array[account]:
            told.append((name, None))
        elif row >= 0:
            text = next(texts)
            # What is not in the slice came before the windows, or only after all rows.
            if text is not None or int(around.at_us.array[row]) < found.spans[account][0]:
                told.append((name, text))
    return told


def _held(
    around: Index, found: Chosen, named: _Named, account: int, hops: Int64, sign: int
) -> list[tuple[str, str | None, int]]:
    """Loan money of other hops that came to an account (sign 1) or left it (-1), as HELD."""
    rows = around.hop_transaction.array[hops]
    counts = (around.hop_loan.array[hops] >= 0) & (rows >= 0) & ~among(hops, found.hops)
    counts &= ~around.hop_ended.array[hops] if sign > 0 else around.hop_depth.array[hops] > 0
    rows, fen = rows[counts], around.hop_fen.array[hops[counts]] * sign
    inside = among(rows, named.inside)
    early = ~inside & (around.at_us.array[rows] < found.spans[account][0])
    name = around.accounts.names[account]
    told: list[tuple[str, str | None, int]] = [
        (name, text, amount)
        for text, amount in zip(named.ids(rows[inside]), fen[inside].tolist(), strict=True)
    ]
    if early.any():
        told.append((name, None, int(fen[early].sum())))
    return told
