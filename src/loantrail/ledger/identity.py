"""When two ways of writing an account mean the same account. Pure.

An account is (institution, normalised number, currency, sub-account). Its key in the books is the normalised number,
followed by `-` and the sub-account where there is one, and by `/` and the currency where that is not CNY: one number
may hold several currencies, and money of different currencies never mixes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import polars as pl

from loantrail.records import Field

HOME_CURRENCY: Final = "CNY"

# Card numbers are printed in groups of four; the hyphens between them mean nothing.
_GROUPED: Final = r"^\d{4}(?:-\d{4})+(?:-\d{1,4})?$"
# ISO 13616: country, two check digits, up to 30 letters and digits; case means nothing.
_IBAN: Final = r"^[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}$"
_BLANK: Final = "[\\s\\u200b\\u200c\\u200d\\ufeff]+"
_UNSEEN: Final = "[\\u200b\\u200c\\u200d\\ufeff]"
_PLAIN: Final = "^[0-9A-Z]+$"
# Banks hide digits of a counterparty's account; such a text names nobody.
_MASKED: Final = r"[*＊]"
_HIDDEN: Final = re.compile(_MASKED).search


def normalised_number(text: str) -> str:
    """An account number as it is compared: no blanks, no grouping hyphens, full-width forms made plain, an IBAN in
    capitals. Leading zeros and everything else stay."""
    plain = re.sub(_BLANK, "", unicodedata.normalize("NFKC", text))
    if re.match(_GROUPED, plain):
        return plain.replace("-", "")
    return plain.upper() if re.match(_IBAN, plain) else plain


def normalised_numbers(column: str) -> pl.Expr:
    """`normalised_number` over a String column; the empty text is null."""
    plain = pl.col(column).str.normalize("NFKC").str.replace_all(_BLANK, "")
    compared = (
        pl.when(plain.str.contains(_GROUPED))
        .then(plain.str.replace_all("-", "", literal=True))
        .when(plain.str.contains(_IBAN))
        .then(plain.str.to_uppercase())
        .otherwise(plain)
    )
    return pl.when(compared != "").then(compared).alias(column)


def normalised(rows: pl.DataFrame, column: str) -> pl.Series:
    """`normalised_numbers` of a column. Numbers of digits and capitals alone, nearly all there are, cost one look."""
    values = rows.get_column(column)
    if values.str.contains(_PLAIN).all():
        return values
    return rows.select(normalised_numbers(column)).to_series()


def names_account(field: Field) -> bool:
    """Whether the field of a record type holds an account number."""
    return field.references == "account.account" or field.name.endswith("account")


def named_numbers(values: pl.Series) -> pl.Series:
    """Account numbers as they are written (String); null where nothing but blanks and signs without width is, which names no account."""
    if not values.str.contains(_UNSEEN).any():
        return values
    compared = pl.DataFrame({"number": values}).select(normalised_numbers("number")).to_series()
    return values.set(compared.is_null(), None)


def account_key(number: str, currency: str = HOME_CURRENCY, sub_account: str = "") -> str:
    """The key of an account in the books: `6222021234`, `6222021234-001`, `6222021234/USD`."""
    key = normalised_number(number)
    if sub_account:
        key = f"{key}-{sub_account.strip()}"
    return key if currency == HOME_CURRENCY else f"{key}/{currency}"


def account_keys(
    rows: pl.DataFrame, column: str, currency: str = "currency", sub_account: str | None = None
) -> pl.Series:
    """`account_key` over columns of `rows`; null where the number is."""
    keyed = rows.with_columns(normalised(rows, column))
    key = pl.col(column)
    if sub_account is not None:
        marked = pl.col(sub_account).fill_null("").str.strip_chars()
        key = pl.when(marked != "").then(pl.format("{}-{}", key, marked)).otherwise(key)
    foreign = pl.col(currency) != HOME_CURRENCY
    if not keyed.select(foreign.any()).item():
        return keyed.select(key.alias(column)).to_series()
    whole = pl.when(foreign).then(pl.format("{}/{}", key, pl.col(currency))).otherwise(key)
    return keyed.select(whole.alias(column)).to_series()


def has_hidden_digits(number: str) -> bool:
    """`is_masked` of one account number."""
    return _HIDDEN(number) is not None


def is_masked(column: str) -> pl.Expr:
    """Whether the account number in `column` has hidden digits (`6222****1234`)."""
    return pl.col(column).str.contains(_MASKED).fill_null(value=False)


def same_institution(left: str, right: str) -> pl.Expr:
    """Whether two institution columns may name the same one: either unknown, equal, or the same BIC with and
    without its branch (ISO 9362: the first eight characters name the institution)."""
    first, second = pl.col(left).fill_null(""), pl.col(right).fill_null("")
    bic = r"^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$"
    both_bic = first.str.contains(bic) & second.str.contains(bic)
    same_bic = both_bic & (first.str.slice(0, 8) == second.str.slice(0, 8))
    return (first == "") | (second == "") | (first == second) | same_bic
