"""What the kind of an account, the kind of a party, the shape of a name and other marks say of a payee: class and
confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import polars as pl

from loantrail.destinations.model import BY_NAME
from loantrail.destinations.names import NAME_COMPANY, NAME_INDIVIDUAL

_ACCOUNT_KIND_CLASS: Final = {
    "time_deposit": ("time_deposit", 990),
    "structured_deposit": ("time_deposit", 990),
    "margin_deposit": ("acceptance_margin", 950),
    "supervised": ("property_purchase", 950),
    "loan_internal": ("loan_internal", 990),
    "bank_internal": ("bank_internal", 950),
    "pooled": ("pooled", 900),
    "card": ("card_repayment", 800),
    "external": ("other_bank", 500),
}
_PARTY_KIND_CLASS: Final = {
    "company": ("company", 900),
    "individual": ("individual", 950),
    "sole_proprietor": ("company", 850),
    "public_body": ("company", 700),
}


class Opinion(NamedTuple):
    """What one source says of a payee."""

    class_code: int
    """0: nothing."""
    confidence_permille: int
    evidence: str


NO_OPINION: Final = Opinion(0, 0, "")


def _opinions(entries: Mapping[str, tuple[str, int]], what: str) -> dict[str, Opinion]:
    return {
        kind: Opinion(BY_NAME[name].code, confidence, f"{what} {kind}")
        for kind, (name, confidence) in entries.items()
    }


def _table(
    opinions: Mapping[str, Opinion] | Mapping[int, Opinion], key: str, dtype: pl.DataType
) -> pl.DataFrame:
    return pl.DataFrame(
        [(value, *opinion) for value, opinion in opinions.items()],
        schema={
            key: dtype,
            "class_code": pl.UInt8,
            "confidence_permille": pl.Int16,
            "evidence": pl.String,
        },
        orient="row",
    )


BY_ACCOUNT_KIND: Final = _opinions(_ACCOUNT_KIND_CLASS, "account kind")
BY_PARTY_KIND: Final = _opinions(_PARTY_KIND_CLASS, "party kind")
BY_SHAPE: Final = {
    NAME_INDIVIDUAL: Opinion(BY_NAME["individual"].code, 800, "name of a person"),
    NAME_COMPANY: Opinion(BY_NAME["company"].code, 700, "name of a company"),
}
OF_ACCOUNT_KINDS: Final = _table(BY_ACCOUNT_KIND, "kind", pl.String())
OF_PARTY_KINDS: Final = _table(BY_PARTY_KIND, "kind", pl.String())
OF_SHAPES: Final = _table(BY_SHAPE, "shape", pl.UInt8())
SAME_NAME: Final = Opinion(BY_NAME["same_name_other_bank"].code, 900, "same name as the payer")
WAGES: Final = Opinion(BY_NAME["payroll"].code, 550, "many persons paid on one day")
NOTHING_KNOWN: Final = Opinion(BY_NAME["unknown"].code, 0, "nothing known")
SUPPLIER: Final = Opinion(BY_NAME["supplier"].code, 950, "document")
"""A document of the payer names the payee; the evidence is that document."""
