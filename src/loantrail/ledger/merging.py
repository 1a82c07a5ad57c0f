"""What it means that several keys are one account. Pure: frames in, frames out.

Facts keep the key they were written with; whoever reads them puts the survivor in its place. A merge is an edge
`from_account -> into_account`; each account has at most one edge that stands, so that edges form trees and every key
leads to one survivor.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

MERGED_SCHEMA: Final = {"account": pl.String(), "survivor": pl.String()}
NOTHING_KNOWN: Final = ("unknown", "external")
"""Kinds of accounts that only say that the bank has no record."""
ORDINARY: Final = frozenset(("settlement", "savings", "card"))
"""Kinds that may be two names for one account: a card and the account behind it."""

CONTEXT_ACCOUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "loans": ("disbursement_account", "repayment_account"),
    "contract_payees": ("account",),
    "orders": ("payee_account",),
    "repayments": ("account",),
    "unreconciled": ("account",),
}
"""Frame of a trace's context -> the columns that name accounts."""


def survivors(edges: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """MERGED_SCHEMA of merges `(from, into)` that stand together: every merged account with the one that stands for it
    in the end, ordered by account. ValueError where they go in a circle."""
    into = dict(edges)
    rows: list[tuple[str, str]] = []
    for account in sorted(into):
        survivor, steps = into[account], 0
        while survivor in into:
            survivor, steps = into[survivor], steps + 1
            if steps > len(into):
                raise ValueError(f"merges of account {account} go in a circle")
        rows.append((account, survivor))
    return pl.DataFrame(rows, schema=MERGED_SCHEMA, orient="row")


def resolved(frame: pl.DataFrame, columns: Sequence[str], merged: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the survivor in place of every merged account in `columns`; rows and order stay."""
    if merged.is_empty():
        return frame
    old, new = merged["account"], merged["survivor"]
    return frame.with_columns(pl.col(name).replace(old, new) for name in columns)


def kinds_agree(one: str, other: str) -> bool:
    """Whether accounts of these kinds can be one: pools, deposits and the bank's own accounts are what they are."""
    if one == other or one in NOTHING_KNOWN or other in NOTHING_KNOWN:
        return True
    return one in ORDINARY and other in ORDINARY


def known_accounts(
    accounts: pl.DataFrame, merged: pl.DataFrame, filled: Sequence[str] = ("name", "owner", "unit_id")
) -> pl.DataFrame:
    """`accounts` (`account, kind` and `filled`) as they are known: those merged away left out, the survivor with what
    it does not say itself. Among several that say it the smallest key counts."""
    if merged.is_empty():
        return accounts
    told = pl.col("kind").filter(~pl.col("kind").is_in(NOTHING_KNOWN))
    others = (
        accounts.join(merged, on="account")
        .sort("account")
        .group_by("survivor")
        .agg(
            *(pl.col(name).drop_nulls().first().name.prefix("other_") for name in filled),
            told.first().alias("other_kind"),
            (pl.col("kind") == "unknown").any().alias("other_unknown"),
        )
        .rename({"survivor": "account"})
    )
    return (
        accounts.join(merged, on="account", how="anti", maintain_order="left")
        .join(others, on="account", how="left", maintain_order="left")
        .with_columns(
            *(pl.coalesce(name, f"other_{name}").alias(name) for name in filled),
            pl.when(~pl.col("kind").is_in(NOTHING_KNOWN))
            .then("kind")
            .when(pl.col("other_kind").is_not_null())
            .then("other_kind")
            .when(pl.col("other_unknown"))
            .then(pl.lit("unknown"))
            .otherwise("kind")
            .alias("kind"),
        )
        .select(accounts.columns)
    )


def sides(named: pl.DataFrame, accounts: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """The borrowers' sides (`loan_id, account`) by survivors. A merged account whose record names another owner than
    its survivor's brings nobody's side into it. `accounts` as the bank's records give them."""
    if merged.is_empty():
        return named
    owners = accounts.select("account", own="owner")
    strangers = (
        merged.join(owners, on="account")
        .join(
            known_accounts(accounts, merged).select(survivor="account", theirs="owner"),
            on="survivor",
        )
        .filter(pl.col("own") != pl.col("theirs"))
    )
    kept = named.join(strangers, on="account", how="anti", maintain_order="left")
    return resolved(kept, ["account"], merged).unique(maintain_order=True).sort("loan_id", "account")


def known_context(context: Mapping[str, pl.DataFrame], merged: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The context of a trace (`tracing.store.CONTEXT`) by survivors."""
    if merged.is_empty():
        return dict(context)
    found = {name: resolved(frame, CONTEXT_ACCOUNTS.get(name, ()), merged) for name, frame in context.items()}
    found["accounts"] = known_accounts(context["accounts"], merged)
    found["sides"] = sides(context["sides"], context["accounts"], merged)
    found["unreconciled"] = found["unreconciled"].unique(maintain_order=True)
    return found


def known_corrections(standing: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Standing corrections (`account` null for those of transactions) by survivors, in an order in which the last of an
    account counts: what was said of the survivor itself, else what was said last of one merged into it."""
    if merged.is_empty():
        return standing
    direct = ~pl.col("account").is_in(merged["account"].implode()).fill_null(value=False)
    ordered = standing.with_columns(direct.alias("direct")).sort("direct", maintain_order=True)
    return resolved(ordered.drop("direct"), ["account"], merged)


# Opening balances --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Beginning:
    """One key of an account: the opening balance that the bank gave for it, and where its statement begins."""

    account: str
    opening_fen: int | None
    first: tuple[datetime.datetime, int] | None
    """`(booked_at, sequence)` of its first line; None without lines."""


def opening_of(survivor: str, keys: Iterable[Beginning]) -> int | None:
    """The balance before the first line of an account written under several keys, None where it is not given.

    An opening balance is that of its own statement. Where more than one key has lines, the statements follow each other
    and the one that begins first says what there was before: what a later one starts with is the end of the one before.
    Where one key has lines or none, its own counts, then the survivor's, then that of the smallest key.
    """
    ordered = sorted(keys, key=lambda key: (key.account != survivor, key.account))
    started = [(key.first, key.opening_fen) for key in ordered if key.first is not None]
    if started:
        _, opening_fen = min(started, key=lambda one: one[0])
        if opening_fen is not None or len(started) > 1:
            return opening_fen
    return next((key.opening_fen for key in ordered if key.opening_fen is not None), None)


def known_openings(given: pl.DataFrame, lines: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Opening balances (`account, balance_fen`) by survivors; `lines` as they are written: `account, booked_at,
    sequence`."""
    if merged.is_empty():
        return given
    keys = pl.concat(
        [merged, merged.select(pl.col("survivor").alias("account"), "survivor").unique("account")]
    )
    first = (
        lines.select("account", "booked_at", "sequence")
        .filter(pl.col("account").is_in(keys["account"].implode()))
        .sort("booked_at", "sequence")
        .unique("account", keep="first", maintain_order=True)
    )
    told = keys.join(given, on="account", how="left").join(first, on="account", how="left")
    groups: dict[str, list[Beginning]] = {}
    for row in told.iter_rows(named=True):
        first = None if row["booked_at"] is None else (row["booked_at"], row["sequence"])
        groups.setdefault(row["survivor"], []).append(Beginning(row["account"], row["balance_fen"], first))
    found = [
        (survivor, opening)
        for survivor, beginnings in groups.items()
        if (opening := opening_of(survivor, beginnings)) is not None
    ]
    others = given.join(keys, on="account", how="anti", maintain_order="left")
    return pl.concat([others, pl.DataFrame(found, schema=given.schema, orient="row")]).sort("account")
