"""Rows in the one form that nearly all senders write, read value by value: a row this way takes a few microseconds, through
the readers of all sources a small group takes milliseconds.

A row is plain when nothing about it needs a decision: exact words, whole fen, an instant to the second or finer, texts
without blanks at their ends. What is read here `sources.columns.accept` reads alike; what is not is left to it.
"""

from __future__ import annotations

import datetime
import re
from typing import Final, cast

from loantrail.ledger.identity import HOME_CURRENCY, has_hidden_digits
from loantrail.ledger.pairing import NO_REFERENCE
from loantrail.money import AMOUNT_FEN_MAX, LINE_FEN_MOST, is_currency
from loantrail.monitor.model import Line, Sent, Value

_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:[+-](?:0\d|1[0-4]):[0-5]\d|Z)?",
    re.ASCII,
).fullmatch
# Between these years the clocks of the business zone kept one offset, and no year is out of range.
_FIRST_YEAR: Final = "1992"
_LAST_YEAR: Final = "2199"
_BUSINESS_OFFSET: Final = datetime.timezone(datetime.timedelta(hours=8))
# Without blanks, hyphens, small letters and wide forms a number is compared as it stands.
_ACCOUNT: Final = re.compile(r"[!-,./-9:-`{-~]{1,64}", re.ASCII).fullmatch
_WHOLE: Final = re.compile(r"-?[1-9]\d{0,17}|0", re.ASCII).fullmatch
_LONGEST_NAME: Final = 64
_LONGEST_TEXT: Final = 16_384
_DIRECTIONS: Final = frozenset(("debit", "credit"))


def plain_line(delivery: int, row: Sent, instants: dict[str, tuple[datetime.datetime, str]]) -> Line | None:
    """The line of a row in the plain form, without its keys; None for every other row. `instants` remembers texts."""
    values = row.values
    for value in values.values():
        # No blank at an end, no control character, no blank but the space, nothing long.
        if (
            type(value) is str
            and value
            and not (
                value.isprintable() and value[0] != " " and value[-1] != " " and len(value) <= _LONGEST_TEXT
            )
        ):
            return None
    get = values.get
    booked, account, direction = get("booked_at"), get("account"), get("direction")
    if type(booked) is not str or type(account) is not str or direction not in _DIRECTIONS:
        return None
    moment = instants.get(booked)
    if moment is None:
        moment = _moment(booked)
        if moment is None:
            return None
        instants[booked] = moment
    amount = _whole(get("amount_fen"))
    balance, sequence = get("balance_fen"), get("sequence")
    if amount is None or not 1 <= amount <= LINE_FEN_MOST or _ACCOUNT(account) is None:
        return None
    if has_hidden_digits(account):
        return None
    balance = None if balance == "" else balance
    sequence = None if sequence == "" else sequence
    if balance is not None and (balance := _whole(balance)) is None:
        return None
    if sequence is not None and (sequence := _whole(sequence)) is None:
        return None
    other, currency, reference = get("counterparty_account"), get("currency"), get("reference")
    if other == "":
        other = None
    elif other is not None and (type(other) is not str or _ACCOUNT(other) is None):
        return None
    if currency is None or currency == "":
        currency = HOME_CURRENCY
    elif type(currency) is not str or not is_currency(currency):
        return None
    elif currency != HOME_CURRENCY:
        account = f"{account}/{currency}"
        other = None if other is None else f"{other}/{currency}"
    if reference is not None:
        if type(reference) is not str or len(reference) > _LONGEST_NAME:
            return None
        if reference.upper() in NO_REFERENCE:
            reference = None
    others = (
        get("counterparty_name"),
        get("purpose_text"),
        get("reverses"),
        get("document_no"),
        get("counterparty_institution"),
        get("account_name"),
        get("institution"),
    )
    for value in others:
        if value is not None and type(value) is not str:
            return None
    name, purpose, reverses, document, bank, own_name, own_bank = cast("tuple[str | None, ...]", others)
    return Line(
        delivery,
        row.position,
        row.original,
        moment[1],
        moment[0],
        account,
        direction,
        amount,
        currency,
        other,
        name or None,
        purpose or None,
        balance,
        reverses or None,
        reference,
        document or None,
        bank or None,
        own_name or None,
        own_bank or None,
        sequence,
        True,
    )


def _moment(text: str) -> tuple[datetime.datetime, str] | None:
    if _INSTANT(text) is None or not _FIRST_YEAR <= text[:4] <= _LAST_YEAR:
        return None
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=_BUSINESS_OFFSET)
    at = at.astimezone(datetime.UTC)
    return at, instant_text(at)


def instant_text(at: datetime.datetime) -> str:
    return at.isoformat(" ", "microseconds")


def _whole(value: Value) -> int | None:
    """A whole number that may be stored; None for what is none, or not written plainly."""
    if type(value) is int:
        return value if -AMOUNT_FEN_MAX <= value <= AMOUNT_FEN_MAX else None
    if type(value) is str and _WHOLE(value) is not None:
        return int(value)
    return None
