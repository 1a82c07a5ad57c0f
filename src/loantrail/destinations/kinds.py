"""What the kind of an account, the kind of a party and the shape of a name say of a payee: class and confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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


def _constant_table(entries: Mapping[str, tuple[str, int]], key: str, what: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            key: list(entries),
            "class_code": [BY_NAME[name].code for name, _ in entries.values()],
            "confidence_permille": [confidence for _, confidence in entries.values()],
            "evidence": [f"{what} {value}" for value in entries],
        },
        schema={
            key: pl.String,
            "class_code": pl.UInt8,
            "confidence_permille": pl.Int16,
            "evidence": pl.String,
        },
    )


OF_ACCOUNT_KINDS: Final = _constant_table(_ACCOUNT_KIND_CLASS, "kind", "account kind")
OF_PARTY_KINDS: Final = _constant_table(_PARTY_KIND_CLASS, "kind", "party kind")
OF_SHAPES: Final = pl.DataFrame(
    {
        "shape": [NAME_INDIVIDUAL, NAME_COMPANY],
        "class_code": [BY_NAME["individual"].code, BY_NAME["company"].code],
        "confidence_permille": [800, 700],
        "evidence": ["name of a person", "name of a company"],
    },
    schema_overrides={"shape": pl.UInt8},
)
