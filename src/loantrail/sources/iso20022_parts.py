"""The parts that ISO 20022 cash messages share: amounts, dates, accounts, parties, agents, references, remittance.

Element names are compared without their namespace, so that one reading serves all versions: names that changed
between versions (`BIC` and `BICFI`, `Sts` and `Sts/Cd`, a party with or without `Pty`) are tried one after the
other. Source of the structures: the ISO 20022 message definitions camt.052, camt.053 and camt.054, versions 1 to
13, and pacs.008, versions 2 to 12 (iso20022.org).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from loantrail.money import AMOUNT_FEN_MAX, is_currency, minor_digits
from loantrail.sources.iso20022_xml import CURRENCY, Values

_DECIMAL: Final = re.compile(r"\+?(\d*)(?:\.(\d*))?", re.ASCII)
_NOT_PROVIDED: Final = frozenset(("NOTPROVIDED", "NOT PROVIDED", "NONREF"))
_DIRECTIONS: Final = {"CRDT": "credit", "DBIT": "debit"}


class Amount(NamedTuple):
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


def amount_of(values: Values, path: str) -> Amount:
    """The amount that an `Amt` element holds, with its attribute `Ccy`."""
    return minor_units(values.get(path), values.get(path + CURRENCY))


def direction_of(values: Values) -> str | None:
    """`debit`, `credit` or None, from the `CdtDbtInd` of a record, seen from the account holder."""
    return _DIRECTIONS.get(values.get("CdtDbtInd", ""))


def moment_paths(path: str) -> tuple[str, ...]:
    """The choice of a date or a date and time, under the name `path`."""
    return (f"{path}/DtTm={path}", f"{path}/Dt={path}", f"{path}/Dt/DtTm={path}")


def moment_of(values: Values, name: str) -> str | None:
    """Date or date and time, as written; None when absent. A date with an offset is a business date all the same."""
    moment = values.get(name)
    if moment is not None and len(moment) > 10 and moment[10] in "Z+-":
        return moment[:10]
    return moment


def account_paths(path: str, name: str) -> tuple[str, ...]:
    """An account's IBAN as `name.iban`, else another identification or its proxy as `name.account`."""
    others = ("Id/Othr/Id", "Id/BBAN", "Id/PrtryAcct/Id", "Id/UPIC", "Prxy/Id")
    return (f"{path}Id/IBAN={name}.iban", *(f"{path}{other}={name}.account" for other in others))


def account_of(values: Values, name: str) -> str | None:
    """The account number; an IBAN without spaces, in capitals."""
    iban = values.get(f"{name}.iban")
    return values.get(f"{name}.account") if iban is None else iban.replace(" ", "").upper()


def institution_paths(path: str, name: str) -> tuple[str, ...]:
    """An agent's BIC, number in a clearing system or other number as `name.institution`, its name as
    `name.institution_name`. Messages give the BIC first."""
    numbers = (
        "BICFI", "BIC", "ClrSysMmbId/MmbId", "ClrSysMmbId/Id", "ClrSysMmbId/Prtry", "LEI", "Othr/Id", "PrtryId/Id",
    )  # fmt: skip
    found: list[str] = []
    for part in (f"{path}/FinInstnId/", f"{path}/FinInstnId/CmbndId/"):
        found += [f"{part}{number}={name}.institution" for number in numbers]
        found += [f"{part}{inner}={name}.institution_name" for inner in ("Nm", "NmAndAdr/Nm")]
    return tuple(found)


def institution_of(values: Values, name: str) -> str | None:
    """How an agent is identified."""
    return values.get(f"{name}.institution") or values.get(f"{name}.institution_name")


def name_paths(path: str, name: str) -> tuple[str, ...]:
    """The name of a party, whether it stands directly, in `Pty`, or the party is itself an agent."""
    names = ("Nm", "Pty/Nm", "Agt/FinInstnId/Nm", "FinInstnId/Nm")
    return tuple(f"{path}/{inner}={name}" for inner in names)


class Party(NamedTuple):
    """One side of a payment."""

    name: str | None = None
    account: str | None = None
    institution: str | None = None
    ultimate_name: str | None = None
    """On whose behalf it acts, where that is another."""


def party_paths(parties: str, agents: str, side: str) -> tuple[str, ...]:
    """Where the `Dbtr` or `Cdtr` (`side`) stands, with its account and agent."""
    return (
        *name_paths(f"{parties}{side}", f"{side}.name"),
        *name_paths(f"{parties}Ultmt{side}", f"{side}.ultimate"),
        *account_paths(f"{parties}{side}Acct/", side),
        *institution_paths(f"{agents}{side}Agt", side),
    )


def debtor_of(values: Values) -> Party:
    """Who pays."""
    name, ultimate = values.get("Dbtr.name"), values.get("Dbtr.ultimate")
    other = ultimate if name is not None and ultimate != name else None
    return Party(name or ultimate, account_of(values, "Dbtr"), institution_of(values, "Dbtr"), other)


def creditor_of(values: Values) -> Party:
    """Who is paid."""
    name, ultimate = values.get("Cdtr.name"), values.get("Cdtr.ultimate")
    other = ultimate if name is not None and ultimate != name else None
    return Party(name or ultimate, account_of(values, "Cdtr"), institution_of(values, "Cdtr"), other)


class References(NamedTuple):
    """`shared` goes with the payment from end to end; `servicer` is what the account's own bank calls it."""

    shared: str | None = None
    servicer: str | None = None
    document: str | None = None
    """A cheque number or a reference of the bank's own kind."""


_SHARED: Final = ("UETR", "TxId", "EndToEndId", "ClrSysRef", "InstrId")


def reference_paths(path: str) -> tuple[str, ...]:
    """The references in `Refs` of a camt or `PmtId` of a pacs message."""
    plain = tuple(f"{path}/{name}={name}" for name in _SHARED)
    return (*plain, f"{path}/AcctSvcrRef=servicer", f"{path}/ChqNb=document", f"{path}/Prtry/Ref=document")


def references_of(values: Values) -> References:
    """Shared is the first of: UETR, transaction id, end-to-end id, clearing system reference, instruction id."""
    shared: str | None = None
    for name in _SHARED:
        found = values.get(name)
        if found is not None and found.upper() not in _NOT_PROVIDED:
            shared = found
            break
    return References(shared, values.get("servicer"), values.get("document"))


_REMITTANCE: Final = (
    "RmtInf/Ustrd", "RmtInf/Strd/RfrdDocInf/Nb", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef",
    "RmtInf/Strd/AddtlRmtInf",
)  # fmt: skip
REMITTANCE_PATHS: Final = tuple(f"{path}*" for path in _REMITTANCE)


def remittance_text(values: Values) -> list[str]:
    """What the payer wrote: unstructured lines, then structured references and remarks."""
    lines: list[str] = []
    for path in _REMITTANCE:
        text = values.get(path)
        if text is not None:
            lines += text.split("\n")
    return lines
