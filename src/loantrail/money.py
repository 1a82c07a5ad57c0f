"""Money is a whole number of minor units (fen) with an ISO 4217 currency. No float touches an amount."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

AMOUNT_FEN_MAX: Final = 2**62 - 1
"""Amounts and balances stay below 2^62, so that one sum of two never overflows 64 bits."""
LINE_FEN_MOST: Final = 10**15
"""The largest amount of one statement line: ten trillion yuan. Thousands of such lines into one account stay below the largest balance, so
that no few lines of a stranger can stop the tracing of all."""

BALANCE_FEN_MOST: Final = 10**17
"""The largest balance that an account may begin with, either way: a thousand trillion yuan, more than all deposits of a country."""

# ISO 4217 minor units that differ from 2; every other known currency has two digits.
_MINOR_DIGITS: Final[dict[str, int]] = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}  # fmt: skip
# CSK (Czechoslovak koruna, until 1993) and ATS DEM FIM FRF IEP NLG (until 2001) stand for historical ledgers.
_TWO_DIGITS: Final = frozenset(
    "AED AFN ALL AMD AOA ARS ATS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK CSK DEM DKK DOP DZD EGP ERN ETB EUR FIM FJD FKP FRF GBP GEL GHS GIP GMD GTQ GYD "
    "HKD HNL HTG HUF IDR IEP ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NLG NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR "
    "SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU "
    "UZS VED VES WST XCD YER ZAR ZMW ZWG".split()
)
CURRENCIES: Final = tuple(sorted(_TWO_DIGITS | _MINOR_DIGITS.keys()))
"""Every currency this product knows (ISO 4217, upper case)."""


def is_currency(code: str) -> bool:
    """Whether `code` is a currency this product knows (ISO 4217, upper case)."""
    return code in _TWO_DIGITS or code in _MINOR_DIGITS


def minor_digits(currency: str) -> int:
    """Digits after the point that one minor unit stands for: 2 for CNY, 0 for JPY, 3 for KWD."""
    return _MINOR_DIGITS.get(currency, 2)


def fen_from_decimal(value: Decimal, currency: str = "CNY") -> int:
    """Exact minor units of `value`.

    Raises ValueError when the value is not finite, is finer than one minor unit, or reaches 2^62.
    """
    if not value.is_finite():
        raise ValueError("amount_not_finite")
    scaled = value.scaleb(minor_digits(currency))
    whole = scaled.to_integral_value()
    if whole != scaled:
        raise ValueError("amount_finer_than_minor_unit")
    fen = int(whole)
    if abs(fen) > AMOUNT_FEN_MAX:
        raise ValueError("amount_too_large")
    return fen


def fen_from_text(text: str, currency: str = "CNY") -> int:
    """Exact minor units of a plain decimal text such as `1234.50`, `1,234.50`, `¥1,234.50` or `-0.01`.

    Raises ValueError with a named reason: amount_missing, amount_not_a_number, amount_finer_than_minor_unit,
    amount_too_large.
    """
    cleaned = text.strip().replace(",", "").replace("，", "").lstrip("¥￥").strip()
    if not cleaned:
        raise ValueError("amount_missing")
    if len(cleaned) > 64:
        raise ValueError("amount_too_large")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        raise ValueError("amount_not_a_number") from None
    if not value.is_finite():
        raise ValueError("amount_not_a_number")
    return fen_from_decimal(value, currency)


def yuan_text(amount_fen: int, currency: str = "CNY") -> str:
    """`amount_fen` in major units with thousands separators: 123456789 -> 1,234,567.89."""
    digits = minor_digits(currency)
    sign = "-" if amount_fen < 0 else ""
    whole, part = divmod(abs(amount_fen), 10**digits)
    return f"{sign}{whole:,}.{part:0{digits}d}" if digits else f"{sign}{whole:,}"
