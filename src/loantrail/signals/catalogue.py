"""Every signal by name: what rules may ask. Names, kinds and meanings are promises; the formulas are in rows.py.

Windows are exact and roll with the booking instant: `7d` is `at - 7 * 24 h < t <= at`, the row's own transaction
included. Since disbursement is from the loan's first disbursement to `at`. `occasions`: docs/concepts/signals.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from loantrail.errors import InputError
from loantrail.few_rows import FewRows
from loantrail.signals.catalogue_words import GROUP_WORDS, PLAIN, Grain, Group, Kind

WINDOWS_DAYS: Final = (1, 3, 7, 30, 90)
DAYS_KEPT: Final = WINDOWS_DAYS[-1]
"""Nothing older is kept, but for sums since disbursement."""
SINCE_DISBURSEMENT: Final = "disbursement"

MOVEMENT: Final = "movement"
DAY: Final = "day"
OCCASIONS: Final = (MOVEMENT, DAY)


@dataclass(frozen=True, slots=True)
class Field:
    """One signal. `kind` fixes the type: flag is Boolean, class and text are String, the others Int64; `unit` is what
    one of it is. `window` is empty, `disbursement` (since) or `1d` to `90d`. `grain`: rows of which occasion have it.
    Any field may be null: not known, or no denominator; sums and counts never are, on rows that have them."""

    name: str
    kind: Kind
    unit: str
    window: str
    grain: Grain
    chinese: str
    english: str
    meaning_chinese: str
    meaning_english: str
    group: Group
    stem: str
    """The name without its window: what FAMILIES gathers."""


LOAN_SUMS: Final = tuple(GROUP_WORDS)
"""What a loan's money is summed by, in the order of the kernel's columns."""


def _plain() -> Iterator[Field]:
    for name, kind, unit, grain, group, words in PLAIN:
        yield Field(name, kind, unit, "", grain, *words, group, name)


def _since(days: int | None) -> tuple[str, str, str, str]:
    """Suffix of names, window, and how both languages say it."""
    if days is None:
        return "", SINCE_DISBURSEMENT, "放款以来", "since disbursement"
    return f"_{days}d", f"{days}d", f"近 {days} 天", f"in the last {days * 24} hours" if days == 1 else f"in the last {days} days"  # fmt: skip


def _of_loan() -> Iterator[Field]:
    for name, (chinese, english, meaning_chinese, meaning_english) in GROUP_WORDS.items():
        for days in (None, *WINDOWS_DAYS):
            suffix, window, when_chinese, when = _since(days)
            yield Field(
                f"{name}_fen{suffix}", "fen", "fen", window, "both",
                f"{when_chinese}{chinese}", f"{english}, {when}",
                f"{when_chinese}：{meaning_chinese}", f"{meaning_english}; {when}",
                "loan", f"{name}_fen",
            )  # fmt: skip
            yield Field(
                f"{name}_share_ppm{suffix}", "ppm", "ppm", window, "both",
                f"{when_chinese}{chinese}占贷款", f"{english} over the loan, {when}",
                f"{name}_fen{suffix} 除以贷款金额，百万分之几，向下取整",
                f"{name}_fen{suffix} over the loan's amount, in millionths, rounded down",
                "loan", f"{name}_share_ppm",
            )  # fmt: skip
    yield Field(
        "payee_count", "count", "payees", SINCE_DISBURSEMENT, "both",
        "放款以来收款方数", "payees, since disbursement",
        "放款以来借款人一方用贷款资金付过款的不同收款方：有户主的按户主，否则按账户，再否则按户名",
        "different payees whom the borrower's side paid with loan money since disbursement: by owner, else by account, "
        "else by name",
        "loan", "payee_count",
    )  # fmt: skip


_WINDOWED: Final[tuple[tuple[str, Kind, str, tuple[int, ...], Grain, Group, str, str, str, str], ...]] = (
    (
        "paid_to_payee_fen", "fen", "fen", WINDOWS_DAYS, "movement", "pair",
        "付给该收款方金额", "paid to this payee",
        "借款人一方各账户付给本笔收款方的全部金额（不限贷款资金）；收款方有户主的按户主，否则按账户，再否则按户名",
        "all that accounts of the borrower's side paid to the payee of this movement, loan money or not; the payee by "
        "owner, else by account, else by name",
    ),
    (
        "paid_to_payee_count", "count", "transactions", WINDOWS_DAYS, "movement", "pair",
        "付给该收款方笔数", "payments to this payee",
        "借款人一方各账户付给本笔收款方的笔数", "number of payments counted in paid_to_payee_fen",
    ),
    (
        "largest_to_payee_fen", "fen", "fen", WINDOWS_DAYS, "movement", "pair",
        "付给该收款方最大一笔", "largest payment to this payee",
        "借款人一方付给本笔收款方的最大一笔金额，没有则为 0",
        "the largest payment counted in paid_to_payee_fen; 0 where there is none",
    ),
    (
        "received_from_payee_fen", "fen", "fen", WINDOWS_DAYS, "movement", "pair",
        "该收款方付回金额", "paid back by this payee",
        "本笔收款方付给借款人一方各账户的全部金额（不限贷款资金）",
        "all that the payee of this movement paid to accounts of the borrower's side, loan money or not",
    ),
    (
        "received_from_payee_count", "count", "transactions", WINDOWS_DAYS, "movement", "pair",
        "该收款方付回笔数", "payments back by this payee",
        "本笔收款方付给借款人一方的笔数", "number of payments counted in received_from_payee_fen",
    ),
    (
        "payee_in_fen", "fen", "fen", (1, 3, 7), "movement", "payee",
        "收款账户流入", "money into the account paid",
        "本笔收款账户的全部流入，自该账户首次与贷款有关起计",
        "all money into the account that this movement pays, counted from its first touch with a loan on",
    ),
    (
        "payee_out_fen", "fen", "fen", (1, 3, 7), "movement", "payee",
        "收款账户流出", "money out of the account paid",
        "本笔收款账户的全部流出，自该账户首次与贷款有关起计",
        "all money out of the account that this movement pays, counted from its first touch with a loan on",
    ),
    (
        "out_fen", "fen", "fen", WINDOWS_DAYS, "movement", "payer",
        "付款账户流出", "money out of the paying account",
        "本笔付款账户的全部流出，自该账户首次与贷款有关起计",
        "all money out of the paying account, counted from its first touch with a loan on",
    ),
    (
        "in_fen", "fen", "fen", WINDOWS_DAYS, "movement", "payer",
        "付款账户流入", "money into the paying account",
        "本笔付款账户的全部流入，自该账户首次与贷款有关起计",
        "all money into the paying account, counted from its first touch with a loan on",
    ),
    (
        "out_count", "count", "transactions", WINDOWS_DAYS, "movement", "payer",
        "付款账户付款笔数", "payments of the paying account",
        "付款账户流出的笔数", "number of payments counted in out_fen",
    ),
    (
        "counterparty_count", "count", "payees", WINDOWS_DAYS, "movement", "payer",
        "付款账户收款方数", "payees of the paying account",
        "付款账户付过款的不同收款方：有户主的按户主，否则按账户，再否则按户名",
        "different payees of the payments counted in out_fen: by owner, else by account, else by name; cash and the "
        "nameless outside count as one",
    ),
    (
        "largest_out_fen", "fen", "fen", WINDOWS_DAYS, "movement", "payer",
        "付款账户最大一笔", "largest payment of the paying account",
        "付款账户流出的最大一笔金额，没有则为 0", "the largest payment counted in out_fen; 0 where there is none",
    ),
    (
        "turnover_ppm", "ppm", "ppm", (1, 3), "movement", "payer",
        "付款账户周转", "turnover of the paying account",
        "付款账户流出除以流入，百万分之几，向下取整；没有流入时为空；快进快出时接近或超过一百万",
        "out_fen over in_fen of the same window, in millionths, rounded down; null without money in; near or above one "
        "million where money only passes through",
    ),
    (
        "customer_in_fen", "fen", "fen", WINDOWS_DAYS, "both", "customer",
        "借款人一方流入", "money into the borrower's side",
        "借款人一方各账户自外部的流入，内部互转不计，放款与还款计入",
        "money into all accounts of the borrower's side from others; transfers among them do not count, disbursements do",
    ),
    (
        "customer_out_fen", "fen", "fen", WINDOWS_DAYS, "both", "customer",
        "借款人一方流出", "money out of the borrower's side",
        "借款人一方各账户付给外部的流出，内部互转不计，还款计入",
        "money out of all accounts of the borrower's side to others; transfers among them do not count, instalments do",
    ),
)  # fmt: skip


def _windowed() -> Iterator[Field]:
    for name, kind, unit, windows, grain, group, chinese, english, meaning_chinese, meaning in _WINDOWED:
        for days in windows:
            suffix, window, when_chinese, when = _since(days)
            yield Field(
                f"{name}{suffix}", kind, unit, window, grain,
                f"{when_chinese}{chinese}", f"{english}, {when}",
                f"{when_chinese}：{meaning_chinese}", f"{meaning}; {when}",
                group, name,
            )  # fmt: skip


FIELDS: Final[tuple[Field, ...]] = (*_plain(), *_of_loan(), *_windowed())
"""All signals, in the order of the columns of a row."""


@dataclass(frozen=True, slots=True)
class Family:
    """Signals that differ only in their window, and what they have in common."""

    stem: str
    chinese: str
    english: str
    meaning_chinese: str
    meaning_english: str
    fields: tuple[Field, ...]


def _families() -> Iterator[Family]:
    words: dict[str, tuple[str, str, str, str]] = {name: one for name, *_, one in PLAIN}
    words |= {row[0]: row[-4:] for row in _WINDOWED}
    for name, (chinese, english, meaning_chinese, meaning) in GROUP_WORDS.items():
        words[f"{name}_fen"] = (chinese, english, meaning_chinese, meaning)
        words[f"{name}_share_ppm"] = (
            f"{chinese}占贷款", f"{english} over the loan",
            f"{name}_fen 除以贷款金额，百万分之几，向下取整",
            f"{name}_fen over the loan's amount, in millionths, rounded down",
        )  # fmt: skip
    gathered: dict[str, list[Field]] = {}
    for field in FIELDS:
        gathered.setdefault(field.stem, []).append(field)
    for stem, fields in gathered.items():
        one = fields[0]
        said = words.get(stem, (one.chinese, one.english, one.meaning_chinese, one.meaning_english))
        yield Family(stem, *said, tuple(fields))


FAMILIES: Final = tuple(_families())
"""Signals by what they count, in the order of FIELDS."""

_BY_NAME: Final = {field.name: field for field in FIELDS}
if len(_BY_NAME) != len(FIELDS):
    raise AssertionError("two signals have one name")

ROW_COLUMNS: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "occasion_id": pl.String,
    "occasion": pl.String,
    "loan_id": pl.String,
    "transaction_id": pl.String,
    "at": pl.Datetime("us", "UTC"),
    "business_date": pl.Date,
}
"""What a row has before its signals; `transaction_id` is null on `day` rows."""


def by_name(name: str) -> Field:
    """The signal of that name; InputError when there is none."""
    field = _BY_NAME.get(name)
    if field is None:
        raise InputError(
            f"there is no signal {name!r}",
            remedy="Choose a name of the signal catalogue: docs/concepts/signals.md",
        )
    return field


def names(occasion: str) -> list[str]:
    """The signals that rows of that occasion have, in the order of FIELDS."""
    return [field.name for field in FIELDS if field.grain in (occasion, "both")]


def dtype(field: Field) -> pl.DataType | type[pl.DataType]:
    """The polars type of a signal."""
    if field.kind == "flag":
        return pl.Boolean
    return pl.String if field.kind in ("class", "text") else pl.Int64


@cache
def schema() -> pl.Schema:
    """Names and polars types of all signals, in order: fen, ppm, permille, count, days, hours Int64; flag Boolean;
    class, text String. A frame of rows has ROW_COLUMNS before them."""
    return pl.Schema({field.name: dtype(field) for field in FIELDS})


@cache
def row_schema() -> pl.Schema:
    """The columns of a frame of rows: ROW_COLUMNS and all signals, in order."""
    return pl.Schema({**ROW_COLUMNS, **schema()})


@cache
def _few_rows() -> FewRows:
    return FewRows(row_schema())


def no_rows() -> pl.DataFrame:
    """A frame of rows without any."""
    return _few_rows().nothing()
