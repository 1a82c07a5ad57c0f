"""The parts that ISO 20022 cash messages share: amounts, dates, accounts, parties, agents, references, remittance.

Element names are compared without their namespace, so that one reading serves all versions: names that changed
between versions (`BIC` and `BICFI`, `Sts` and `Sts/Cd`, a party with or without `Pty`) are tried one after the
other. Source of the structures: the ISO 20022 message definitions camt.052, camt.053 and camt.054, versions 1 to
13, and pacs.008, versions 2 to 12 (iso20022.org).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from loantrail.money import AMOUNT_FEN_MAX, is_currency, minor_digits
from loantrail.sources.iso20022_xml import Element
from loantrail.sources.statement_lines import first_of, joined

_DECIMAL: Final = re.compile(r"\+?(\d*)(?:\.(\d*))?", re.ASCII)
_NOT_PROVIDED: Final = frozenset(("NOTPROVIDED", "NOT PROVIDED", "NONREF"))
_DIRECTIONS: Final = {"CRDT": "credit", "DBIT": "debit"}


@lru_cache(maxsize=4096)
def local_name(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def child(element: Element | None, *path: str) -> Element | None:
    """The first element on the path of names, or None."""
    for name in path:
        if element is None:
            return None
        element = next((part for part in element if local_name(part.tag) == name), None)
    return element


def children(element: Element | None, name: str) -> list[Element]:
    """All direct children of that name."""
    return [] if element is None else [part for part in element if local_name(part.tag) == name]


def text(element: Element | None, *path: str) -> str | None:
    """The text of the element on the path, without surrounding white space; None when it is absent or empty."""
    found = child(element, *path)
    if found is None or found.text is None:
        return None
    return found.text.strip() or None


@dataclass(frozen=True, slots=True)
class Amount:
    """`amount_fen` is in minor units of `currency`; None when `problem` names why there is none."""

    amount_fen: int | None
    currency: str | None
    problem: str = ""
    given: str = ""


def minor_units(given: str | None, currency: str | None) -> Amount:
    """An amount as XML Schema writes decimals: digits, at most one point, no thousands separator, no exponent.

    Problems: amount_missing, amount_not_a_number, amount_not_positive (a minus sign), amount_too_large,
    amount_finer_than_minor_unit, currency_missing, currency_unknown.
    """
    written = (given or "").strip()
    if not currency:
        return Amount(None, None, "currency_missing", written)
    if not is_currency(currency):
        return Amount(None, currency, "currency_unknown", written)
    if not written:
        return Amount(None, currency, "amount_missing", written)
    if written[0] == "-":
        return Amount(None, currency, "amount_not_positive", written)
    match = _DECIMAL.fullmatch(written)
    if match is None or not (match[1] or match[2]):
        return Amount(None, currency, "amount_not_a_number", written)
    whole, fraction = match[1].lstrip("0"), (match[2] or "").rstrip("0")
    digits = minor_digits(currency)
    if len(fraction) > digits:
        return Amount(None, currency, "amount_finer_than_minor_unit", written)
    if len(whole) + digits > 19:
        return Amount(None, currency, "amount_too_large", written)
    fen = int((whole + fraction.ljust(digits, "0")) or "0")
    if fen > AMOUNT_FEN_MAX:
        return Amount(None, currency, "amount_too_large", written)
    return Amount(fen, currency, "", written)


def amount_of(element: Element | None) -> Amount:
    """The amount that an `Amt` element holds, with its attribute `Ccy`."""
    if element is None:
        return Amount(None, None, "amount_missing")
    return minor_units(element.text, element.get("Ccy"))


def direction_of(element: Element | None) -> str | None:
    """`debit`, `credit` or None, from the `CdtDbtInd` of an element, seen from the account holder."""
    return _DIRECTIONS.get(text(element, "CdtDbtInd") or "")


def moment_of(element: Element | None) -> str | None:
    """Date or date and time of a choice `Dt` | `DtTm`, as written; None when absent."""
    if element is None:
        return None
    moment = first_of(text(element, "DtTm"), text(element, "Dt"), text(element, "Dt", "DtTm"))
    if moment is not None and re.fullmatch(r"\d{4}-\d\d-\d\d(?:Z|[+-]\d\d:\d\d)", moment):
        return moment[:10]  # a date with an offset is a business date all the same
    return moment


def account_number(element: Element | None) -> str | None:
    """The number of an account: IBAN, else another identification, else its proxy."""
    number = child(element, "Id")
    iban = text(number, "IBAN")
    if iban is not None:
        return iban.replace(" ", "").upper()
    return first_of(
        text(number, "Othr", "Id"),
        text(number, "BBAN"),
        text(number, "PrtryAcct", "Id"),
        text(number, "UPIC"),
        text(element, "Prxy", "Id"),
    )


def institution_of(element: Element | None) -> str | None:
    """How an agent is identified: BIC, else its number in a clearing system, else another, else its name."""
    institution = child(element, "FinInstnId")
    if institution is None:
        return None
    combined = child(institution, "CmbndId")
    for part in (institution, combined):
        found = first_of(
            text(part, "BICFI"),
            text(part, "BIC"),
            text(part, "ClrSysMmbId", "MmbId"),
            text(part, "ClrSysMmbId", "Id"),
            text(part, "ClrSysMmbId", "Prtry"),
            text(part, "LEI"),
            text(part, "Othr", "Id"),
            text(part, "PrtryId", "Id"),
            text(part, "Nm"),
            text(part, "NmAndAdr", "Nm"),
        )
        if found is not None:
            return found
    return None


def party_name(element: Element | None) -> str | None:
    """The name of a party, whether it stands directly, in `Pty`, or is itself an agent."""
    return first_of(
        text(element, "Nm"),
        text(element, "Pty", "Nm"),
        text(element, "Agt", "FinInstnId", "Nm"),
        text(element, "Agt", "FinInstnId", "BICFI"),
        text(element, "FinInstnId", "Nm"),
    )


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a payment."""

    name: str | None = None
    account: str | None = None
    institution: str | None = None
    ultimate_name: str | None = None
    """On whose behalf it acts, where that is another."""


def party_of(parties: Element | None, agents: Element | None, side: str) -> Party:
    """The `Dbtr` or `Cdtr` (`side`) with its account and agent."""
    name, ultimate = party_name(child(parties, side)), party_name(child(parties, f"Ultmt{side}"))
    return Party(
        name=name or ultimate,
        account=account_number(child(parties, f"{side}Acct")),
        institution=institution_of(child(agents, f"{side}Agt")),
        ultimate_name=ultimate if ultimate != name else None,
    )


@dataclass(frozen=True, slots=True)
class References:
    """`shared` goes with the payment from end to end; `servicer` is what the account's own bank calls it."""

    shared: str | None = None
    servicer: str | None = None
    document: str | None = None
    """A cheque number or a reference of the bank's own kind."""


def references_of(element: Element | None) -> References:
    """From `Refs` of a camt or `PmtId` of a pacs message. Shared is the first of: UETR, transaction id,
    end-to-end id, clearing system reference, instruction id."""
    shared = [text(element, name) for name in ("UETR", "TxId", "EndToEndId", "ClrSysRef", "InstrId")]
    return References(
        shared=first_of(*(value for value in shared if value and value.upper() not in _NOT_PROVIDED)),
        servicer=text(element, "AcctSvcrRef"),
        document=first_of(text(element, "ChqNb"), text(element, "Prtry", "Ref")),
    )


def remittance_text(element: Element | None) -> str | None:
    """What the payer wrote: unstructured lines, then structured references and remarks."""
    parts = [part.text for part in children(element, "Ustrd")]
    for structured in children(element, "Strd"):
        parts.append(text(structured, "CdtrRefInf", "Ref") or text(structured, "CdtrRefInf", "CdtrRef"))
        parts += [text(document, "Nb") for document in children(structured, "RfrdDocInf")]
        parts += [part.text for part in children(structured, "AddtlRmtInf")]
    return joined(*parts)
