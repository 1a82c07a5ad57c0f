"""Fields of SWIFT MT940 and MT942: what stands in :60a:, :61:, :86: and their like.

Source of the formats: SWIFT User Handbook, category 9 (MT940, MT942); the subfields ?00 to ?63 of :86: follow the
German banks' rules for data exchange (DFÜ-Abkommen, appendix 3).
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from loantrail.money import AMOUNT_FEN_MAX, is_currency, minor_digits

_AMOUNT: Final = re.compile(r"(\d*)(?:[,.](\d*))?", re.ASCII)
_BALANCE: Final = re.compile(
    r"\s*(?P<mark>[DC])(?P<date>\d{6})(?P<currency>[A-Z]{3})?(?P<amount>[\d,.]+)\s*", re.ASCII
)
_SUM: Final = re.compile(r"\s*(?P<number>\d{0,5})(?P<currency>[A-Z]{3})(?P<amount>[\d,.]+)\s*", re.ASCII)
_ENTRY: Final = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4})?"
    r"(?P<mark>R[DC]|E[DC]|[DC])(?P<funds>[A-Z])?[\n ]?"
    r"(?P<amount>\d[\d,.]*)"
    r"(?P<kind>[A-Z][A-Z0-9]{3})?(?P<references>[^\n]*)"
    r"(?:\n(?P<supplement>.*))?",
    re.ASCII | re.DOTALL,
)
_STRUCTURED: Final = re.compile(r"\s*(?P<code>\d{3})(?P<mark>[^\w\s])(?=\d\d)")
_SEPA: Final = re.compile(
    r"(EREF|KREF|MREF|BREF|RREF|CRED|DEBT|COAM|OAMT|SVWZ|PURP|ABWA|ABWE|IBAN|BIC|SQTP)[+]"
)
_CODE_WORD: Final = re.compile(
    r"/{1,2}(EREF|TRTP|IBAN|BIC|NAME|REMI|ORDP|BENM|ACCW|PREF|MARF|CSID|RTRN|ISDT|ADDR|ID|ACCT|USTD|STRD|CDTRREF|PURP|"
    r"ULTC|ULTD|OCMT|CHGS|EXCH|SVCL|IREF|KREF|CREF|UETR|TXID)/"
)
_ABSENT: Final = frozenset(("NONREF", "NOREF", "NOTPROVIDED", "N"))


class Balance(NamedTuple):
    """A booked balance; `amount_fen` is negative when the account is overdrawn."""

    amount_fen: int
    currency: str
    date: str


def minor_units(written: str, currency: str) -> int | str:
    """Minor units of an amount such as `1234,5`, `0000,62` or `7`; or the name of what is wrong."""
    match = _AMOUNT.fullmatch(written)
    if match is None or not (match[1] or match[2]):
        return "amount_not_a_number"
    whole, fraction, digits = match[1].lstrip("0"), (match[2] or "").rstrip("0"), minor_digits(currency)
    if len(fraction) > digits:
        return "amount_finer_than_minor_unit"
    if len(whole) + digits > 19:
        return "amount_too_large"
    fen = int((whole + fraction.ljust(digits, "0")) or "0")
    return fen if fen <= AMOUNT_FEN_MAX else "amount_too_large"


def read_balance(content: str, default_currency: str | None = None) -> Balance | None:
    """A balance field (:60F:, :62M:, :64:, ...): `C140829EUR147,64`; None when it cannot be read. Where a bank leaves
    the currency out, it is the one that the statement has so far."""
    match = _BALANCE.fullmatch(content.replace("\n", ""))
    if match is None:
        return None
    currency = match["currency"] or default_currency
    if currency is None or not is_currency(currency):
        return None
    fen = minor_units(match["amount"], currency)
    if isinstance(fen, str):
        return None
    return Balance(-fen if match["mark"] == "D" else fen, currency, _century(match["date"]))


def currency_of_balance(content: str) -> str | None:
    """The three letters that stand for the currency in a balance field, known or not."""
    match = re.match(r"\s*[DC]\d{6}([A-Z]{3})", content)
    return match[1] if match is not None else None


def read_sum(content: str) -> tuple[int | None, int, str] | None:
    """Number, sum in minor units and currency of :90D: or :90C: of an MT942; None when it cannot be read."""
    match = _SUM.fullmatch(content)
    if match is None or not is_currency(match["currency"]):
        return None
    fen = minor_units(match["amount"], match["currency"])
    if isinstance(fen, str):
        return None
    return (int(match["number"]) if match["number"] else None, fen, match["currency"])


def _century(six: str) -> str:
    """YYMMDD as YYYY-MM-DD: years from 80 on are of the twentieth century."""
    year = int(six[:2])
    return f"{1900 + year if year >= 80 else 2000 + year}-{six[2:4]}-{six[4:6]}"


@dataclass(slots=True)
class Entry:
    """A statement line :61:, as it is written; dates YYYY-MM-DD, not yet checked against the calendar."""

    value_date: str
    entry_date: str | None
    mark: str
    """D, C, RD (reversal of a debit), RC (reversal of a credit), ED, EC (expected)."""
    funds_code: str | None
    amount: str
    kind: str | None
    customer_reference: str | None
    bank_reference: str | None
    supplement: str
    details: list[str] = field(default_factory=list[str])
    """Contents of :86: (or :NS:) that belong to the line."""

    @property
    def booked_on(self) -> str:
        """The entry date; where the bank gives none, the value date."""
        return self.entry_date or self.value_date

    @property
    def direction(self) -> str:
        """Money out of the account (`debit`) or into it."""
        return {"D": "debit", "C": "credit", "RD": "credit", "RC": "debit", "ED": "debit", "EC": "credit"}[
            self.mark
        ]

    @property
    def is_reversal(self) -> bool:
        return self.mark.startswith("R")

    @property
    def is_expected(self) -> bool:
        return self.mark.startswith("E")


def read_entry(content: str) -> Entry | None:
    """A statement line: value date, entry date, mark, funds code, amount, type, references, supplementary details."""
    match = _ENTRY.fullmatch(content)
    if match is None:
        return None
    value_date = _century(match["value"])
    references = match["references"]
    customer, separator, bank = references.partition("//")
    return Entry(
        value_date=value_date,
        entry_date=_entry_date(value_date, match["entry"]),
        mark=match["mark"],
        funds_code=match["funds"],
        amount=match["amount"],
        kind=match["kind"],
        customer_reference=customer.strip() or None,
        bank_reference=(bank.strip() or None) if separator else None,
        supplement=(match["supplement"] or "").strip(),
    )


def _entry_date(value_date: str, month_day: str | None) -> str | None:
    """MMDD with the year that puts it closest to the value date: around New Year the two differ."""
    if month_day is None:
        return None
    month, day = month_day[:2], month_day[2:]
    year = int(value_date[:4])
    distance = int(month) - int(value_date[5:7])
    if distance > 6:
        year -= 1
    elif distance < -6:
        year += 1
    return f"{year}-{month}-{day}"


def is_day(date: str) -> bool:
    """Whether the calendar has that day."""
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class Details:
    """What :86: says about an entry."""

    code: str | None = None
    """Business transaction code of structured details."""
    posting_text: str | None = None
    purpose: str | None = None
    end_to_end: str | None = None
    counterparty_bank: str | None = None
    counterparty_account: str | None = None
    counterparty_name: str | None = None


def read_details(content: str) -> Details:
    """Details in subfields (`?20...`), with code words (`/EREF/...`), or free text."""
    structured = _STRUCTURED.match(content)
    if structured is not None:
        return _subfields(
            content[structured.end() - 1 :].replace("\n", ""), structured["code"], structured["mark"]
        )
    plain = content.replace("\n", "")
    words = list(_CODE_WORD.finditer(plain))
    if words and words[0].start() <= 1:
        return _code_words(plain, words)
    return Details(purpose=_clean(content.replace("\n", " ")))


def _subfields(content: str, code: str, mark: str) -> Details:
    parts: dict[str, str] = {}
    for number, value in re.findall(
        rf"{re.escape(mark)}(\d\d)((?:(?!{re.escape(mark)}\d\d).)*)", content, re.DOTALL
    ):
        parts[number] = parts.get(number, "") + value
    purpose = "".join(parts[number] for number in sorted(parts) if "20" <= number <= "29")
    more = "".join(parts[number] for number in sorted(parts) if "60" <= number <= "65")
    sepa = _sepa_words(purpose)
    account = _clean(parts.get("38")) if "IBAN" not in (parts.get("38") or "") else None
    return Details(
        code=code,
        posting_text=_clean(parts.get("00")),
        purpose=_clean(" ".join((sepa.get("SVWZ") or purpose, more))),
        end_to_end=_given(sepa.get("EREF")),
        counterparty_bank=_clean(parts.get("30")) or _given(sepa.get("BIC")),
        counterparty_account=_clean(parts.get("31")) or account or _given(sepa.get("IBAN")),
        counterparty_name=_clean(parts.get("32", "") + parts.get("33", "")),
    )


def _sepa_words(purpose: str) -> dict[str, str]:
    """The marked parts of a purpose (`EREF+...SVWZ+...`); what stands before the first is `SVWZ` too."""
    words = list(_SEPA.finditer(purpose))
    if not words:
        return {}
    found = {"SVWZ": purpose[: words[0].start()]}
    for word, following in zip(words, [*words[1:], None], strict=True):
        text = purpose[word.end() : following.start() if following is not None else len(purpose)]
        found[word[1]] = f"{found[word[1]]} {text}".strip() if found.get(word[1]) else text
    return found


def _code_words(content: str, words: list[re.Match[str]]) -> Details:
    found: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], None], strict=True):
        text = content[word.end() : following.start() if following is not None else len(content)].strip("/ ")
        if text and word[1] not in found:
            found[word[1]] = text
    remark = " ".join(found[name] for name in ("REMI", "USTD", "STRD", "CDTRREF") if name in found)
    return Details(
        purpose=_clean(remark) or _clean(content),
        end_to_end=_given(found.get("UETR")) or _given(found.get("TXID")) or _given(found.get("EREF")),
        counterparty_bank=_given(found.get("BIC")),
        counterparty_account=_given(found.get("IBAN")) or _given(found.get("ACCT")),
        counterparty_name=_clean(found.get("NAME") or found.get("ORDP") or found.get("BENM")),
    )


def _clean(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None


def _given(reference: str | None) -> str | None:
    """A reference that says something."""
    cleaned = _clean(reference)
    return cleaned if cleaned and cleaned.upper() not in _ABSENT else None


def given_reference(reference: str | None) -> str | None:
    """The reference, unless it stands for none (NONREF, NOTPROVIDED)."""
    return _given(reference)
