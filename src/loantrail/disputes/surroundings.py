"""What lies around the disputed payments: what came into each account meanwhile, and what could stand in their place."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from loantrail.clock import business_date
from loantrail.disputes.sheet import Inflow, Likeness, Window
from loantrail.disputes.texts import Texts
from loantrail.disputes.trail import LoanMoney

INFLOWS_LISTED: Final = 60
LIKE_LISTED: Final = 15
"""Of each kind, for one payment."""
LOOKED_BACK_DAYS: Final = 30
_DAY_US: Final = 86_400_000_000


@dataclass(slots=True)
class Span:
    """An account on the way: the event that first brought the loan's money, and the last that carried it on."""

    account: int
    first: int
    last: int
    payments: set[int] = field(default_factory=set[int])


def spans(money: LoanMoney, ways: Iterable[Sequence[int]]) -> list[Span]:
    """The accounts that paid on, from the events of every way, in the order in which the money came to them."""
    found: dict[int, Span] = {}
    for events in ways:
        for before, after in itertools.pairwise(events):
            account = int(money.history.debit[after])
            if account < 0:
                continue
            span = found.setdefault(account, Span(account, before, after))
            span.first, span.last = min(span.first, before), max(span.last, after)
            span.payments.add(after)
    return sorted(found.values(), key=lambda span: (span.first, span.account))


def _between(column: np.ndarray, account: int, first: int, last: int) -> list[int]:
    """Events from `first` to `last`, both included, whose account it is."""
    return (np.flatnonzero(column[first : last + 1] == account) + first).tolist()


def windows(money: LoanMoney, texts: Texts, found: Sequence[Span]) -> list[Window]:
    """Per account: balance before the loan's money came, what came and went until the last payment, balance after."""
    history = money.history
    listed: dict[int, list[int]] = {}
    for span in found:
        inflows = _between(history.credit, span.account, span.first, span.last)
        inflows.sort(key=lambda event: (-int(history.amount_fen[event]), event))
        listed[span.account] = sorted(inflows[:INFLOWS_LISTED])
    _load(money, texts, [event for events in listed.values() for event in events])
    return [_window(money, texts, span, listed[span.account]) for span in found]


def _load(money: LoanMoney, texts: Texts, events: Sequence[int]) -> None:
    at = np.array(events, np.int64)
    names = [
        *money.named.account_name(money.history.debit[at]).to_list(),
        *money.named.account_name(money.history.credit[at]).to_list(),
    ]
    texts.load(money.named.transaction_id(at).to_list(), names)


def _window(money: LoanMoney, texts: Texts, span: Span, listed: Sequence[int]) -> Window:
    history = money.history
    inflows = _between(history.credit, span.account, span.first, span.last)
    outflows = _between(history.debit, span.account, span.first, span.last)
    inflow_fen = sum(int(history.amount_fen[event]) for event in inflows)
    outflow_fen = sum(int(history.amount_fen[event]) for event in outflows)
    before_fen = money.balance_before(span.first, span.account)
    name = money.named.accounts[span.account]
    texts.load((), (name,))
    return Window(
        account=texts.account(name),
        reasons=money.reasons(span.account),
        pooled=bool(history.terminal[span.account]),
        starts_at=money.booked_at(span.first),
        ends_at=money.booked_at(span.last),
        balance_before_fen=before_fen,
        inflow_count=len(inflows),
        inflow_fen=inflow_fen,
        this_loan_inflow_fen=sum(money.moved_fen(event) for event in inflows),
        outflow_count=len(outflows),
        outflow_fen=outflow_fen,
        balance_after_fen=before_fen + inflow_fen - outflow_fen,
        inflows=[_inflow(money, texts, event) for event in listed],
    )


def _ends(money: LoanMoney, event: int) -> tuple[str, str | None, str | None]:
    at = np.array([event], np.int64)
    return (
        money.named.transaction_id(at)[0],
        money.named.account_name(money.history.debit[at])[0],
        money.named.account_name(money.history.credit[at])[0],
    )


def _inflow(money: LoanMoney, texts: Texts, event: int) -> Inflow:
    transfer_id, payer, _ = _ends(money, event)
    return Inflow(
        transfer_id=transfer_id,
        booked_at=money.booked_at(event),
        from_account=texts.payer(transfer_id, payer),
        amount_fen=int(money.history.amount_fen[event]),
        this_loan_fen=money.moved_fen(event),
        any_loan_fen=money.any_loan_fen(event),
        purpose_text=texts.transfer(transfer_id).get("purpose_text"),
    )


def likenesses(money: LoanMoney, texts: Texts, found: Sequence[Span]) -> list[Likeness]:
    """Money other than this loan's that came to a payer with the payment's own amount, in the 30 days before it, or
    on its business day; and payments out of the disbursed account of just the amount that was paid out."""
    history = money.history
    rows: list[tuple[str, int | None, int]] = []
    for span in found:
        for payment in sorted(span.payments):
            since = int(money.named.booked_at_us[payment]) - LOOKED_BACK_DAYS * _DAY_US
            first = int(np.searchsorted(money.named.booked_at_us[:payment], since))
            came = [
                event
                for event in _between(history.credit, span.account, first, payment - 1)
                if money.moved_fen(event) < int(history.amount_fen[event])
            ]
            same = [event for event in came if history.amount_fen[event] == history.amount_fen[payment]]
            rows += [("same_amount", payment, event) for event in same[-LIKE_LISTED:]]
            day = business_date(money.booked_at(payment))
            of_day = [
                event for event in came if event not in same and business_date(money.booked_at(event)) == day
            ]
            of_day.sort(key=lambda event: (-int(history.amount_fen[event]), event))
            rows += [("same_day", payment, event) for event in sorted(of_day[:LIKE_LISTED])]
    rows += [("loan_amount", None, event) for event in _of_the_loans_amount(money)[:LIKE_LISTED]]
    _load(money, texts, [event for _, _, event in rows])
    return [_likeness(money, texts, kind, payment, event) for kind, payment, event in rows]


def _of_the_loans_amount(money: LoanMoney) -> list[int]:
    """Payments out of an account that the loan was paid to, after it, of just the disbursed amount."""
    history, specials = money.history, money.history.specials
    special = np.flatnonzero(history.special >= 0)
    paid = special[specials.disburses[history.special[special]] == money.loan]
    found: list[int] = []
    for event in paid.tolist():
        account, amount = int(history.credit[event]), int(history.amount_fen[event])
        later = np.flatnonzero(history.debit[event:] == account) + event
        found += [
            one for one in later.tolist() if int(history.amount_fen[one]) in (amount, money.disbursed_fen)
        ]
    return sorted(set(found))


def _likeness(money: LoanMoney, texts: Texts, kind: str, payment: int | None, event: int) -> Likeness:
    transfer_id, payer, payee = _ends(money, event)
    return Likeness(
        kind=kind,
        payment_id=None if payment is None else _ends(money, payment)[0],
        transfer_id=transfer_id,
        booked_at=money.booked_at(event),
        from_account=texts.payer(transfer_id, payer),
        to_account=texts.payee(transfer_id, payee),
        amount_fen=int(money.history.amount_fen[event]),
        this_loan_fen=money.moved_fen(event),
        purpose_text=texts.transfer(transfer_id).get("purpose_text"),
    )
