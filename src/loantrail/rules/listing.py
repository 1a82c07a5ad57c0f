"""Watch and black lists of accounts and parties: proposed by one person, approved by another, until a day.

An entry that stands marks every payment to its account, or to an account of its party, whenever it was made: rules ask for the
marks as `payee_on_watch_list` and `payee_on_black_list`.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl

from loantrail.clock import business_date
from loantrail.early_warning.frames import Frames
from loantrail.errors import InputError, Place
from loantrail.ids import new_id
from loantrail.rules import store_lists
from loantrail.rules.acting import Conflicting
from loantrail.rules.fields import LISTED


class ListName(StrEnum):
    WATCH = "watch"
    BLACK = "black"


class ListScope(StrEnum):
    ACCOUNT = "account"
    PARTY = "party"


PAYEES: Final = {"transaction_id": pl.String(), "account": pl.String(), "party_id": pl.String()}
"""Who was paid in each transaction."""


@dataclass(frozen=True, slots=True)
class Proposal:
    list: ListName
    scope: ListScope
    subject: str
    reason: str
    expires_on: datetime.date
    by: str
    request_key: str


class EntryRefused(Conflicting):
    """The act cannot be done with the entry now."""


class SubjectMissing(InputError):
    """The books know no such account or party."""

    code = "not_found"


def propose(connection: store_lists.Database, wanted: Proposal) -> tuple[store_lists.Row, bool]:
    """Propose an entry: `(its row, whether it is new)`. The caller commits. InputError for a day in the past, a subject that
    the books do not know or that stands on the list, or a request key that was used for something else."""
    at = store_lists.lock(connection)
    before = store_lists.by_request(connection, wanted.request_key)
    if before is not None:
        if (before["list"], before["scope"], before["subject"]) != (
            wanted.list,
            wanted.scope,
            wanted.subject,
        ):
            raise EntryRefused(
                "this request key was used for something else",
                Place(field="request_key"),
                "Make a new key for each act",
            )
        return before, False
    if not store_lists.is_known(connection, wanted.scope.value, wanted.subject):
        raise SubjectMissing(
            f"the books know no {wanted.scope.value} {wanted.subject}",
            Place(field="subject"),
            "Check the number",
        )
    if wanted.expires_on < business_date(at):
        raise InputError(
            "the entry would expire in the past", Place(field="expires_on"), "Choose today or a later date"
        )
    if store_lists.stands(connection, wanted.list.value, wanted.scope.value, wanted.subject):
        raise InputError(
            "it is on the list, or proposed for it", Place(field="subject"), "End that entry first"
        )
    row: store_lists.Row = {
        "entry_id": new_id(),
        "request_key": wanted.request_key,
        "list": wanted.list.value,
        "scope": wanted.scope.value,
        "subject": wanted.subject,
        "reason": wanted.reason,
        "expires_on": wanted.expires_on,
        "maker": wanted.by,
        "made_at": at,
    }
    return store_lists.insert(connection, row), True


def approve(connection: store_lists.Database, entry_id: str, by: str) -> tuple[store_lists.Row, bool] | None:
    """Put a proposal in force: `(its row, whether something changed)`; None where there is none."""
    at = store_lists.lock(connection)
    row = store_lists.one(connection, entry_id)
    if row is None:
        return None
    if row["ended_at"] is not None:
        raise EntryRefused("the entry has ended", remedy="Propose it anew")
    if row["checker"] is not None:
        return row, False
    if row["maker"] == by:
        raise EntryRefused("the same person proposed it", remedy="Ask a second person")
    return store_lists.check(connection, entry_id, by, at), True


def end(
    connection: store_lists.Database, entry_id: str, by: str, reason: str
) -> tuple[store_lists.Row, bool] | None:
    """Refuse a proposal or end an entry: `(its row, whether it was in force)`; None where there is none. What is in force is
    ended by somebody else than its maker."""
    at = store_lists.lock(connection)
    row = store_lists.one(connection, entry_id)
    if row is None:
        return None
    if row["ended_at"] is not None:
        return row, False
    in_force = row["checker"] is not None
    if in_force and row["maker"] == by:
        raise EntryRefused("whoever proposed an entry does not end it", remedy="Ask a second person")
    return store_lists.end(connection, entry_id, by, at, reason), in_force


def payees_of(frames: Frames) -> pl.DataFrame:
    """Who was paid in each transaction, PAYEES."""
    owners = frames.accounts.select("account", party_id="owner").unique("account", keep="first")
    return (
        frames.transactions.select("transaction_id", account="credit_account")
        .join(owners, on="account", how="left", maintain_order="left")
        .match_to_schema(pl.Schema(PAYEES))
    )


def marked(rows: pl.DataFrame, payees: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """The rows with LISTED: whether the payee (PAYEES) stands on each list (`list, scope, subject`); null without a payee."""
    wanted = rows.select("transaction_id").join(
        payees.unique("transaction_id", keep="first"), on="transaction_id", how="left", maintain_order="left"
    )
    known = wanted["account"].is_not_null() | wanted["party_id"].is_not_null()
    columns: list[pl.Series] = []
    for name, field in zip(ListName, (LISTED[0].name, LISTED[1].name), strict=True):
        own = entries.filter(pl.col("list") == name.value)
        on_it = pl.Series([False] * len(wanted), dtype=pl.Boolean)
        for scope, column in ((ListScope.ACCOUNT, "account"), (ListScope.PARTY, "party_id")):
            subjects = own.filter(pl.col("scope") == scope.value)["subject"]
            on_it |= wanted[column].is_in(subjects.implode()).fill_null(value=False)
        columns.append(pl.select(pl.when(known).then(on_it)).to_series().alias(field))
    return rows.with_columns(columns)
