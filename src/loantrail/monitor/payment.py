"""A payment not yet made, such as an entrusted payment at the counter, as the lines that it would leave."""

from __future__ import annotations

import datetime
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.clock import BUSINESS_ZONE
from loantrail.errors import InputError, Place
from loantrail.ids import derived_id
from loantrail.ledger.identity import account_key, normalised_number
from loantrail.money import CURRENCIES, LINE_FEN_MOST
from loantrail.monitor.asked import Asked
from loantrail.monitor.model import RowHit
from loantrail.monitor.tail import FEW_LINES, LINES, Lines

AHEAD_MOST: Final = datetime.timedelta(days=31)
"""A payment is judged as one of the next month at the latest."""
BEHIND_MOST: Final = datetime.timedelta(days=10)
"""Nor as one so much later than it is, and than now, because a line of the books was booked later."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What is asked about. `at`: when it would be booked; not before the last line of the books, and not much later than
    `asked_at`."""

    at: datetime.datetime
    asked_at: datetime.datetime
    account: str
    amount_fen: int
    currency: str = "CNY"
    counterparty_account: str | None = None
    counterparty_name: str | None = None
    purpose_text: str | None = None
    document_no: str | None = None


@dataclass(frozen=True, slots=True)
class TracedPart:
    """Loan money that the payment would move; `use` after arrival, empty where it gives none."""

    loan_id: str
    amount_fen: int
    use: str


@dataclass(frozen=True, slots=True)
class Decided:
    """`allow` or `review`, what speaks for a review, and the loan money that the payment would move."""

    decision: str
    hits: tuple[RowHit, ...]
    traced: tuple[TracedPart, ...]
    at: datetime.datetime
    """The instant that it was judged for."""


class PayerUnknown(InputError):
    """The bank holds no statement of the account that would pay, or none in that currency."""

    code = "not_found"


class PaysItself(InputError):
    """Payer and payee are one account."""

    code = "pays_itself"


class BooksAhead(InputError):
    """Lines are in the books that were booked long after the payment would be: what holds before them cannot be told."""

    code = "books_ahead"


@dataclass(frozen=True, slots=True)
class Placed:
    """A payment where it would stand: behind all lines that are there. Accounts are those that stand after merges."""

    payment: Payment
    payer: str
    payee: str | None
    is_within: bool
    """Whether statements of the payee's account are given here too: then there are two lines."""
    at: datetime.datetime
    arrival_number: int
    """Of the first of its lines."""
    reference: str

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of its lines."""
        return (self.payer, self.payee) if self.is_within and self.payee is not None else (self.payer,)

    def asked(self) -> Asked:
        """What is looked at to know whether it can say anything of a loan."""
        others = self.payee, self.payer
        return Asked(
            self.at,
            np.full(len(self.accounts), self.payment.amount_fen, np.int64),
            [
                (account, other, self.reference, None)
                for account, other in zip(self.accounts, others, strict=False)
            ],
        )


def placed(payment: Payment, tail: Lines, own: Container[str], survivors: Mapping[str, str]) -> Placed:
    """Where the payment would stand. `own`: accounts that statements are given of; `survivors`: merged account -> what it became.
    PayerUnknown for an account that has no statement in that currency here, PaysItself."""

    def key_of(number: str, currency: str = payment.currency) -> str:
        key = account_key(number, currency)
        return survivors.get(key, key)

    payer = key_of(payment.account)
    number = payment.counterparty_account
    # As with a line, a number that shows nothing names nobody.
    payee = key_of(number) if number is not None and normalised_number(number) else None
    if payer not in own:
        held = [one for one in CURRENCIES if key_of(payment.account, one) in own]
        if held:
            raise PayerUnknown(
                f"the books hold statements of account {payment.account} in {', '.join(held)} and none in {payment.currency}",
                Place(field="currency"),
                "Ask in a currency that the account has, or check its number",
            )
        raise PayerUnknown(
            f"the books hold no statement of account {payment.account}",
            Place(field="account"),
            "Check the number of the paying account",
        )
    if payee == payer:
        raise PaysItself(
            "the account would pay itself", Place(field="counterparty_account"), "Name the payee's account"
        )
    if not 0 < payment.amount_fen <= LINE_FEN_MOST:
        raise InputError("the amount is not possible", Place(field="amount_fen"), "Give whole fen above zero")
    latest = tail.lines["booked_at"].max()
    at = payment.at
    if isinstance(latest, datetime.datetime):
        if latest > max(at, payment.asked_at) + BEHIND_MOST:
            raise BooksAhead(
                f"the books hold lines booked up to {latest.astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M}, long after this payment",
                Place(field="booked_at"),
                "Ask about a payment behind them, or have the lines looked at: they may bear a wrong date",
            )
        at = min(max(at, latest), max(latest, payment.asked_at) + AHEAD_MOST)
    arrival = tail.lines["arrival_number"].max()
    first = int(arrival) + 1 if isinstance(arrival, int) else 1
    return Placed(
        payment=payment,
        payer=payer,
        payee=payee,
        is_within=payee is not None and payee in own,
        at=at.astimezone(datetime.UTC),
        arrival_number=first,
        reference=derived_id("payment", payment.account, first),
    )


def lines_of(placed: Placed, tail: Lines) -> pl.DataFrame:
    """The lines (tail.LINES) of the payment, to stand behind those of the tail."""
    payment, at, first = placed.payment, placed.at, placed.arrival_number
    sequence = tail.lines["sequence"].filter(tail.lines["booked_at"] == at).max()
    common = dict.fromkeys(LINES) | {
        "source_file": "",
        "booked_at": at,
        "sequence": int(sequence) + 1 if isinstance(sequence, int) else 1,
        "amount_fen": payment.amount_fen,
        "currency": payment.currency,
        "purpose_text": payment.purpose_text,
        "document_no": payment.document_no,
        "reference": placed.reference,
        "counterparty_elsewhere": False,
    }
    rows = [
        common
        | {
            "line_id": derived_id("payment", placed.reference, "debit"),
            "arrival_number": first,
            "position": 1,
            "account": placed.payer,
            "direction": "debit",
            "counterparty_account": placed.payee,
            "counterparty_name": payment.counterparty_name,
        }
    ]
    if placed.is_within:
        rows.append(
            common
            | {
                "line_id": derived_id("payment", placed.reference, "credit"),
                "arrival_number": first + 1,
                "position": 2,
                "account": placed.payee,
                "direction": "credit",
                "counterparty_account": placed.payer,
                "account_name": payment.counterparty_name,
            }
        )
    return FEW_LINES.frame([tuple(row[name] for name in LINES) for row in rows])
