"""What a payment says it was for, from the borrower's own line alone.

The same text and the same name on the line give the same use, whatever the bank took the payee for: papers that are asked for
by it tell nothing of a payee.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any, Final

import polars as pl

from loantrail.destinations.classify import Context, classify
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.model import Basis
from loantrail.parameters import ParameterBook
from loantrail.tracing.conventions import group_of_line

UNEXPLAINED: Final = "held_by_third_party"
"""The use where nothing on the line says what it was for, whatever became of the money there: to ask by what its payee is or did
with it would tell of the payee."""
WITH_PAPERS: Final = "supplier"
"""The use where a contract, payment order or invoice of the borrower names the payee."""

_NOBODY_ELSE: Final = frozenset(("cash", "same_name_other_bank"))
"""Classes that speak of no payee but the borrower."""
_NO_USE: Final = frozenset(("individual", "company", "unknown", "other_bank"))
"""Classes that say who was paid, and not what for."""
_SCHEMA: Final = {
    "transaction_id": pl.String,
    "debit_account": pl.String,
    "credit_account": pl.String,
    "credit_name": pl.String,
    "purpose_text": pl.String,
    "amount_fen": pl.Int64,
    "booked_at": pl.Datetime("us", "UTC"),
}


def said_uses(
    lines: Mapping[str, Mapping[str, Any]],
    own: Collection[str],
    borrower: Mapping[str, Any],
    parameters: ParameterBook,
    on_date: datetime.date,
) -> dict[str, str]:
    """Key of each of `lines` (`store.own_lines`) -> its use, UNEXPLAINED where the line says none.

    `borrower`: `borrower_name, borrower_kind, product` of the loan. Known of the world are the dictionaries and the borrower's own
    accounts `own`: no party, account, correction or list of the bank has a say.
    """
    if not lines:
        return {}
    name, kind, product = borrower["borrower_name"], borrower["borrower_kind"], borrower["product"]
    rows = [
        (
            key,
            line["account"],
            line["payee_account"] or None,
            line["payee_name"] or None,
            line["text"] or None,
            line["amount_fen"],
            line["booked_at"].astimezone(datetime.UTC),
        )
        for key, line in sorted(lines.items(), key=lambda item: item[1]["line_id"])
    ]
    accounts = [(account, name, name) for account in sorted(own)]
    context = Context(
        accounts=pl.DataFrame(
            accounts, {"account": pl.String, "name": pl.String, "owner": pl.String}, orient="row"
        ),
        parties=pl.DataFrame({"party_id": [name], "name": [name], "kind": [kind]}),
    )
    classes = classify(
        pl.DataFrame(rows, _SCHEMA, orient="row"), shipped_dictionary(), parameters, on_date, context
    )
    told = classes.select("transaction_id", pl.col("destination_class", "basis").cast(pl.String)).iter_rows()
    return {
        key: told_class
        if basis == Basis.REMARK or told_class in _NOBODY_ELSE or is_documented(told_class, product)
        else UNEXPLAINED
        for key, told_class, basis in told
    }


def is_documented(use: str, product: str) -> bool:
    """Whether the statement of a loan of this product counts the use as documented."""
    return use not in _NO_USE and group_of_line(use, product) == "documented"
