"""Valid codes: unified social credit codes (GB 32100), resident identity numbers (GB 11643), account and bank
numbers. Check digits are right; the numbers are drawn at random."""

from __future__ import annotations

import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

REGIONS: Final = "330122 330127 340121 340421 340621 360121 430121 430321 510121 510321 510421 510422".split()
"""County codes of GB/T 2260 that were valid at every date of birth drawn here."""

_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
_ORGANISATION_WEIGHTS: Final = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_IDENTITY_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_EPOCH: Final = datetime.date(1970, 1, 1)


def _digits(texts: list[str]) -> NDArray[np.int64]:
    return np.array([[int(letter) for letter in text] for text in texts], dtype=np.int64)


def credit_codes(generator: np.random.Generator, count: int) -> list[str]:
    """`count` unified social credit codes of companies (91...): the organisation code (GB 11714, modulo 11) and
    the whole (GB 32100, modulo 31) both carry right check characters."""
    regions = _digits(list(REGIONS))[generator.integers(0, len(REGIONS), count)]
    organisation = generator.integers(0, 10, (count, 8))
    organisation[:, 0] = 10 + generator.integers(0, 2, count)  # codes of recent years begin with MA or MB
    body = np.concatenate(
        [np.tile(np.array([[9, 1]]), (count, 1)), regions, organisation, np.zeros((count, 1), np.int64)],
        axis=1,
    )
    body[:, 8] = _CREDIT_ALPHABET.index("M")
    body[:, 9] = organisation[:, 0]
    # GB 11714 values letters A=10 ... Z=35; the alphabet above skips I, O, S, V, Z.
    values = np.array([int(letter, 36) for letter in _CREDIT_ALPHABET])[body[:, 8:16]]
    remainder = (11 - (values * _ORGANISATION_WEIGHTS).sum(axis=1) % 11) % 11
    body[:, 16] = np.where(remainder == 10, _CREDIT_ALPHABET.index("X"), remainder)
    check = (31 - (body * _CREDIT_WEIGHTS).sum(axis=1) % 31) % 31
    letters = np.array(list(_CREDIT_ALPHABET))[np.concatenate([body, check[:, None]], axis=1)]
    return ["".join(row) for row in letters]


def identity_numbers(generator: np.random.Generator, count: int) -> list[str]:
    """`count` resident identity numbers of persons born from 1958 to 2003."""
    first = (datetime.date(1958, 1, 1) - _EPOCH).days
    last = (datetime.date(2003, 12, 31) - _EPOCH).days
    born = generator.integers(first, last, count)
    regions = generator.integers(0, len(REGIONS), count)
    orders = generator.integers(1, 999, count)
    bodies = [
        f"{REGIONS[r]}{(_EPOCH + datetime.timedelta(days=int(b))):%Y%m%d}{o:03d}"
        for r, b, o in zip(regions, born, orders, strict=True)
    ]
    sums = (_digits(bodies) * _IDENTITY_WEIGHTS).sum(axis=1) % 11
    return [body + "10X98765432"[rest] for body, rest in zip(bodies, sums, strict=True)]


def _luhn_completed(prefix: str, numbers: NDArray[np.int64], width: int) -> list[str]:
    bodies = [f"{prefix}{number:0{width}d}" for number in numbers]
    digits = _digits(bodies)[:, ::-1]
    digits[:, ::2] *= 2
    digits = np.where(digits > 9, digits - 9, digits)
    check = (10 - digits.sum(axis=1) % 10) % 10
    return [f"{body}{digit}" for body, digit in zip(bodies, check, strict=True)]


def card_numbers(start: int, count: int) -> list[str]:
    """Numbers of cards and savings accounts: 19 digits, Luhn (ISO/IEC 7812) check digit, an unassigned prefix."""
    return _luhn_completed("6299917", np.arange(start, start + count, dtype=np.int64), 11)


def corporate_account_numbers(start: int, count: int) -> list[str]:
    """Account numbers of companies at this bank: 17 digits with a Luhn check digit."""
    return _luhn_completed("801100", np.arange(start, start + count, dtype=np.int64), 10)


def outside_account_numbers(
    generator: np.random.Generator, company: NDArray[np.bool_], start: int
) -> list[str]:
    """One account number at another bank for each row; unique through the running number in its middle."""
    heads = generator.integers(10, 99, len(company))
    tails = generator.integers(0, 1000, len(company))
    return [
        f"{head}{9000000 + start + i:010d}{tail:03d}"
        if is_company
        else f"62{head}{8000000 + start + i:012d}{tail:03d}"
        for i, (head, tail, is_company) in enumerate(zip(heads, tails, company, strict=True))
    ]


def bank_number(bank: int, branch: int) -> str:
    """A 12-digit bank number in the shape of CNAPS numbers; the bank part 9xx is not assigned."""
    return f"{900 + bank:03d}{3300 + branch % 90:04d}{branch:05d}"
