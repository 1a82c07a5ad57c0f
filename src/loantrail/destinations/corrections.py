"""A person says what a payee is: for one transaction, or for an account always. What was said wins over every rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from loantrail.destinations import store
from loantrail.destinations.classify_few import FEW_PAYMENTS
from loantrail.destinations.corrected_few import SURE_PERMILLE, corrected_few
from loantrail.destinations.model import BY_NAME, CLASSES, Basis
from loantrail.errors import InputError, Place
from loantrail.ids import new_id
from loantrail.ledger.merges.store import survivor_of

if TYPE_CHECKING:
    from psycopg import Connection

RELATIVE_CLASSES: Final = frozenset(("own_account", "related_party", "guarantor"))
"""What an account is to one loan: ownership on record decides these, so that nobody sets them for all loans."""

CORRECTABLE_CLASSES: Final = tuple(row.name for row in CLASSES if row.name not in RELATIVE_CLASSES)


class Scope(StrEnum):
    TRANSACTION = "transaction"
    ACCOUNT = "account"


class SubjectMissing(InputError):
    """There is no such transaction or account now."""

    code = "not_found"


class SubjectMerged(InputError):
    """The account was merged into another one, `survivor`."""

    code = "superseded"

    def __init__(self, account: str, survivor: str) -> None:
        super().__init__(
            f"account {account} was merged into {survivor}", Place(field="account"), f"Use account {survivor}"
        )
        self.survivor = survivor


@dataclass(frozen=True, slots=True)
class Correction:
    """What is asked for. `subject` is a transaction's id or an account, after `scope`."""

    scope: Scope
    subject: str
    destination_class: str
    reason: str
    by: str
    request_key: str


def corrected(classes: pl.DataFrame, transactions: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """`classes` (classify.OUTPUT_SCHEMA) with the standing corrections (store.STANDING_SCHEMA) put in.

    Rows keep their order. A correction of a transaction wins over one of its payee's account. `documented` stays: a
    correction says what the payee is, not that a document names it.
    """
    if standing.is_empty():
        return classes
    if len(classes) <= FEW_PAYMENTS:
        return corrected_few(classes, transactions, standing)
    return _corrected_many(classes, transactions, standing)


def _corrected_many(
    classes: pl.DataFrame, transactions: pl.DataFrame, standing: pl.DataFrame
) -> pl.DataFrame:
    told = pl.col("destination_class").alias("told_class"), pl.col("reason").alias("told_reason")
    of_account = standing.drop_nulls("account").select(pl.col("account").alias("credit_account"), *told)
    of_transaction = standing.drop_nulls("transaction_id").select("transaction_id", *told)
    found = (
        transactions.select("transaction_id", "credit_account")
        .join(
            of_account.unique("credit_account", keep="last"),
            on="credit_account",
            how="left",
            maintain_order="left",
        )
        .join(
            of_transaction.unique("transaction_id", keep="last"),
            on="transaction_id",
            how="left",
            maintain_order="left",
            suffix="_here",
        )
        .select(
            pl.coalesce("told_class_here", "told_class").alias("told_class"),
            pl.when(pl.col("told_class_here").is_not_null())
            .then("told_reason_here")
            .otherwise("told_reason")
            .alias("told_reason"),
        )
    )
    said = pl.col("told_class").is_not_null()
    schema = classes.schema
    return (
        pl.concat([classes, found], how="horizontal")
        .with_columns(
            pl.when(said)
            .then(pl.col("told_class"))
            .otherwise(pl.col("destination_class").cast(pl.String))
            .cast(schema["destination_class"])
            .alias("destination_class"),
            pl.when(said)
            .then(pl.lit(Basis.CORRECTION.value))
            .otherwise(pl.col("basis").cast(pl.String))
            .cast(schema["basis"])
            .alias("basis"),
            pl.when(said)
            .then(pl.lit(SURE_PERMILLE))
            .otherwise(pl.col("confidence_permille"))
            .cast(schema["confidence_permille"])
            .alias("confidence_permille"),
            pl.when(said).then(pl.col("told_reason")).otherwise(pl.col("evidence")).alias("evidence"),
        )
        .select(classes.columns)
    )


def account_classes(classes: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """`account, ..., class` with the classes that were corrected for an account always."""
    told = standing.drop_nulls("account").select("account", pl.col("destination_class").alias("told_class"))
    return (
        classes.join(told.unique("account", keep="last"), on="account", how="left", maintain_order="left")
        .with_columns(pl.coalesce("told_class", "class").alias("class"))
        .select(classes.columns)
    )


def correct(connection: Connection[Any], wanted: Correction) -> tuple[store.Row, bool]:
    """Enter a correction: `(its row, whether it is new)`. The caller commits.

    The same request again, or one that says what stands already, changes nothing. InputError for a class that
    cannot be given by hand, a missing reason, an unknown transaction or account, or a request key that was used
    for something else.
    """
    reason = wanted.reason.strip()
    if not reason:
        raise InputError(
            "no reason is given", Place(field="reason"), "A correction says why, for whoever reads it later"
        )
    if wanted.destination_class not in CORRECTABLE_CLASSES:
        known = wanted.destination_class in BY_NAME
        raise InputError(
            f"{wanted.destination_class} "
            + ("follows from ownership on record" if known else "is no destination class"),
            Place(field="destination_class"),
            "Correct the related parties on record instead" if known else "Choose one of the list",
        )
    at = store.lock(connection)
    before = store.by_request(connection, wanted.request_key)
    if before is not None:
        _same_request(before, wanted)
        return before, False
    row, standing = _subject(connection, wanted)
    if standing is not None and (standing["destination_class"], standing["reason"]) == (
        wanted.destination_class,
        reason,
    ):
        return standing, False
    row |= {
        "correction_id": new_id(),
        "request_key": wanted.request_key,
        "scope": wanted.scope.value,
        "destination_class": wanted.destination_class,
        "reason": reason,
        "made_by": wanted.by,
        "made_at": at,
    }
    return store.insert(connection, row), True


def _subject(connection: Connection[Any], wanted: Correction) -> tuple[store.Row, store.Row | None]:
    """The columns that name what is corrected, and the correction that stands for it."""
    if wanted.scope is Scope.ACCOUNT:
        unit = store.account_unit(connection, wanted.subject)
        if unit is None:
            raise SubjectMissing(
                f"there is no account {wanted.subject}", Place(field="account"), "Search the list of accounts"
            )
        row: store.Row = {"transfer_id": None, "line_id": None, "account": wanted.subject, "unit_id": unit[0]}
        survivor = survivor_of(connection, wanted.subject)
        if survivor is not None:
            raise SubjectMerged(wanted.subject, survivor)
        made = store.of_target(connection, [], [wanted.subject])
    else:
        lines = store.subject_lines(connection, wanted.subject)
        if lines is None:
            raise SubjectMissing(
                f"there is no transaction {wanted.subject} now",
                Place(field="transfer_id"),
                "Its pairing may have been mended meanwhile: open the transaction again",
            )
        line = lines["debit_line"] or lines["credit_line"]
        row = {
            "transfer_id": wanted.subject,
            "line_id": line,
            "account": None,
            "unit_id": lines["unit_id"],
        }
        made = store.of_target(connection, [line], [])
    return row, next((one for one in made if one["withdrawn_at"] is None), None)


def _same_request(before: store.Row, wanted: Correction) -> None:
    subject = before["transfer_id"] if wanted.scope is Scope.TRANSACTION else before["account"]
    asked = (wanted.scope.value, wanted.subject, wanted.destination_class)
    if (before["scope"], subject, before["destination_class"]) != asked:
        raise InputError(
            "this request key was used for another correction",
            Place(field="request_key"),
            "Make a new key for each correction",
        )


def withdraw(
    connection: Connection[Any], correction_id: str, reason: str, by: str
) -> tuple[store.Row, bool] | None:
    """End a correction: `(its row, whether it stood)`; None where there is none. The caller commits. InputError
    without a reason."""
    if not reason.strip():
        raise InputError(
            "no reason is given", Place(field="reason"), "A withdrawal says why, for whoever reads it later"
        )
    at = store.lock(connection)
    ended = store.withdraw(connection, correction_id, reason.strip(), by, at)
    row = store.one(connection, correction_id)
    return None if row is None else (row, ended)
