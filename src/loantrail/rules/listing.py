"""Marks of the watch and black lists (loantrail.lists) on rows of movements.

An entry that stands marks every payment to its account, or to an account of its party, whenever it was made: rules ask for the
marks as `payee_on_watch_list` and `payee_on_black_list`.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.early_warning.frames import Frames
from loantrail.lists.model import ListName, ListScope
from loantrail.rules.fields import LISTED

PAYEES: Final = {"transaction_id": pl.String(), "account": pl.String(), "party_id": pl.String()}
"""Who was paid in each transaction."""
_MARKS: Final = tuple(zip((ListName.WATCH, ListName.BLACK), (field.name for field in LISTED), strict=True))
"""List -> the field that rules ask for."""


def payees_of(frames: Frames) -> pl.DataFrame:
    """Who was paid in each transaction, PAYEES."""
    paid, accounts = frames.transactions.select("transaction_id", account="credit_account"), frames.accounts
    owners = accounts.select("account", party_id="owner").unique("account", keep="first")
    return paid.join(owners, on="account", how="left", maintain_order="left").match_to_schema(
        pl.Schema(PAYEES)
    )


def marked(rows: pl.DataFrame, payees: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """The rows with LISTED: whether the payee (PAYEES) stands on each list (`list, scope, subject`); null without a payee."""
    wanted = rows.select("transaction_id").join(
        payees.unique("transaction_id", keep="first"), on="transaction_id", how="left", maintain_order="left"
    )
    subjects = _subjects(entries)
    known = pl.col("account").is_not_null() | pl.col("party_id").is_not_null()

    def stands(name: ListName, scope: ListScope, column: str) -> pl.Expr:
        listed = pl.Series(subjects.get((name.value, scope.value), []), dtype=pl.String)
        return pl.col(column).is_in(listed.implode()).fill_null(value=False)

    marks = wanted.select(
        pl.when(known)
        .then(stands(name, ListScope.ACCOUNT, "account") | stands(name, ListScope.PARTY, "party_id"))
        .alias(field)
        for name, field in _MARKS
    )
    return rows.with_columns(marks.get_columns())


class Listed:
    """What stands on the watch and black lists, for payees one by one."""

    def __init__(self, entries: pl.DataFrame) -> None:
        """`entries`: `list, scope, subject`."""
        self._subjects = {key: set(of_list) for key, of_list in _subjects(entries).items()}

    def marks(self, account: str | None, party: str | None) -> dict[str, bool | None]:
        """LISTED of a payment to the account of the party; null without a payee."""
        if account is None and party is None:
            return dict.fromkeys((field for _, field in _MARKS), None)
        return {
            field: account in self._of(name, ListScope.ACCOUNT) or party in self._of(name, ListScope.PARTY)
            for name, field in _MARKS
        }

    def _of(self, name: ListName, scope: ListScope) -> set[str]:
        return self._subjects.get((name.value, scope.value), set())


def marked_beside(
    rows: pl.DataFrame, accounts: pl.Series, parties: pl.Series, entries: pl.DataFrame
) -> pl.DataFrame:
    """`marked`, where who was paid is known beside the rows, in their order: the account and the party, either may be null."""
    listed = Listed(entries)
    marks = [listed.marks(*payee) for payee in zip(accounts.to_list(), parties.to_list(), strict=True)]
    return rows.hstack(
        [pl.Series(field, [one[field] for one in marks], dtype=pl.Boolean) for _, field in _MARKS]
    )


def _subjects(entries: pl.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Of each list and scope what stands there."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for name, scope, subject in entries.select("list", "scope", "subject").iter_rows():
        subjects.setdefault((name, scope), []).append(subject)
    return subjects
