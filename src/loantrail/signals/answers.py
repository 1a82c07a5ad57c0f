"""What the pages of signals are told."""

from __future__ import annotations

import datetime

from pydantic import Field as Described

from loantrail.http.pages.model import Answer


class SignalField(Answer):
    """One signal of the catalogue."""

    name: str
    window: str = Described(description="1d, 3d, 7d, 30d, 90d, disbursement (since), or empty.")
    chinese: str
    english: str
    meaning_chinese: str
    meaning_english: str


class SignalFamily(Answer):
    """Signals that differ only in their window, and what they have in common."""

    stem: str
    kind: str = Described(
        description="fen, ppm, permille, count, days, hours: whole numbers; flag: true or false; class, text: words."
    )
    unit: str = Described(description="What one of it is; empty for flags, classes and texts.")
    grain: str = Described(description="Rows that have it: movement, day or both.")
    group: str
    chinese: str
    english: str
    meaning_chinese: str
    meaning_english: str
    fields: list[SignalField]


class SignalCatalogue(Answer):
    """Every signal, in the order of a row."""

    families: list[SignalFamily]


class SignalRow(Answer):
    """What was known of a loan at one occasion."""

    occasion_id: str
    occasion: str = Described(description="movement: a transaction; day: the end of a business date.")
    transaction_id: str | None
    at: datetime.datetime
    business_date: datetime.date
    values: dict[str, str | bool | None] = Described(
        description="Signal -> value; whole numbers as decimal text, since amounts reach 2^62. Signals that rows of the "
        "other occasion have are left out; null: not known."
    )


class LoanSignals(Answer):
    """The rows of one loan, newest first."""

    loan_id: str
    total_count: int
    offset: int
    limit: int
    rows: list[SignalRow]
