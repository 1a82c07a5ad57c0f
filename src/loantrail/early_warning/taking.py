"""Takes the hits of a run into threads, in one transaction. The same hits again change nothing."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.early_warning import store, store_allow
from loantrail.early_warning.deadlines import business_date
from loantrail.early_warning.frames import Shape
from loantrail.early_warning.gathering import take, tick
from loantrail.early_warning.hits import HITS, PROVEN, Level, is_of_rule
from loantrail.early_warning.model import Found, Kind, Policy, Thread, policy_of
from loantrail.early_warning.timeline import after, thread_of
from loantrail.few_rows import empty
from loantrail.ids import derived_id
from loantrail.parameters import ParameterBook
from loantrail.policy.reading_calendar import calendar_in_force

KEPT: Final[Shape] = {
    **HITS, "suppressed_by": pl.String, "proven_fen": pl.Int64, "payee_accounts": pl.List(pl.String)
}  # fmt: skip
"""Hits as they are kept."""
FEW_PAYMENTS: Final = 500
"""The payees of so few are looked up one by one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run's hits changed."""

    hits: int
    suppressed: int
    opened: int
    changed: int
    told: frozenset[str]
    """Ids of the hits that no entry of the allow list keeps out."""


@dataclass(frozen=True, slots=True)
class Payees:
    """What the allow list is compared with: who was paid (`transaction_id, account, party_id`) and who borrowed
    (`loan_id, party_id`)."""

    transactions: pl.DataFrame
    borrowers: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Looked:
    """Which loans a run looked at: `only` these (None: all), those of `but` left out."""

    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()

    def has(self, loan_id: str) -> bool:
        """Whether the run looked at this loan."""
        return loan_id not in self.but and (self.only is None or loan_id in self.only)

    def at(self, column: str) -> pl.Expr:
        """The same of a column of loans."""
        there = pl.lit(value=True) if self.only is None else pl.col(column).is_in(sorted(self.only))
        return there & ~pl.col(column).is_in(sorted(self.but))


def thread_id_of(loan_id: str) -> str:
    """The one thread of a loan."""
    return derived_id("thread", loan_id)


def take_hits(
    connection: store.Database,
    hits: pl.DataFrame,
    codes: Collection[str],
    proven: pl.DataFrame,
    payees: Payees,
    parameters: ParameterBook,
    on_date: datetime.date,
    looked: Looked | None = None,
) -> Taken:
    """Take the hits (HITS) of a run that looked with the rules `codes`; the caller commits.

    `proven` (PROVEN) gives what no way of counting undercuts. New hits open threads or join them, larger ones raise
    them, those that are no longer found are marked so. Hits of other rules, and of loans that the run did not look at,
    are left alone.
    """
    looked = looked or Looked()
    hits = hits.filter(looked.at("loan_id"))
    now = store.lock(connection)
    policy = policy_of(parameters, on_date, calendar_in_force(connection))
    # Parameters are those of the data; whether an entry has expired is asked of today.
    entries = store_allow.in_force(connection, business_date(now))
    rows = hit_rows(hits, entries, proven, payees)
    before = [one for one in store.loans_of_standing_hits(connection, codes) if looked.has(one)]
    loans = sorted({*rows["loan_id"], *before})
    units = store.loan_units(connection, loans)
    store.write_hits(
        connection,
        [row | {"found_at": now, "unit_id": units.get(row["loan_id"])} for row in rows.to_dicts()],
        codes,
        now,
        loans,
    )
    known = store.threads_of_loans(connection, loans)
    found: dict[str, list[Found]] = {}
    for row in rows.filter(pl.col("suppressed_by").is_null()).to_dicts():
        found.setdefault(row["loan_id"], []).append(
            Found(
                row["hit_id"],
                row["rule_code"],
                Level(row["level"]),
                row["amount_fen"],
                row["at"],
                len(row["transaction_ids"]) if is_of_rule(row["rule_version"]) else None,
                row["rule_version"],
            )
        )
    opened = changed = 0
    for loan_id in loans:
        thread_id, thread = known.get(loan_id, (thread_id_of(loan_id), None))
        events = take(thread, found.get(loan_id, []), codes, now, policy)
        if not events:
            continue
        became = thread_of(events) if thread is None else thread
        if thread is not None:
            for event in events:
                became = after(became, event)
        raised = any(event.kind in (Kind.LEVEL_RAISED, Kind.REOPENED) for event in events)
        told = "new" if thread is None else "raised" if raised else "changed"
        store.append(connection, thread_id, loan_id, units.get(loan_id), thread, became, events, told)
        opened, changed = opened + (thread is None), changed + (thread is not None)
    store.settle_hits(connection, loans)
    return Taken(len(rows), rows["suppressed_by"].count(), opened, changed, told_of(rows))


def hit_rows(hits: pl.DataFrame, entries: pl.DataFrame, proven: pl.DataFrame, payees: Payees) -> pl.DataFrame:
    """The hits (HITS) as they are kept: with `suppressed_by`, `proven_fen` and `payee_accounts`. `entries`: the allow
    list in force (store_allow.ENTRIES)."""
    if hits.is_empty():
        return empty(KEPT)
    return (
        suppressed(hits.match_to_schema(pl.Schema(HITS)), entries, payees)
        .join(
            proven.match_to_schema(pl.Schema(PROVEN)).select(
                "loan_id", destination_class="use", least_fen="least_fen"
            ),
            on=["loan_id", "destination_class"],
            how="left",
            maintain_order="left",
        )
        .with_columns(proven_fen=pl.min_horizontal("least_fen", "amount_fen"))
        .with_columns(proven_fen=pl.when(pl.col("least_fen").is_not_null()).then("proven_fen"))
        .join(_payee_accounts(hits, payees), on="hit_id", how="left", maintain_order="left")
        .with_columns(pl.col("payee_accounts").fill_null([]))
        .drop("least_fen")
    )


def told_of(rows: pl.DataFrame) -> frozenset[str]:
    """Ids of the hits (`hit_rows`) that no entry of the allow list keeps out."""
    return frozenset(rows.filter(pl.col("suppressed_by").is_null())["hit_id"].to_list())


def _payee_accounts(hits: pl.DataFrame, payees: Payees) -> pl.DataFrame:
    if len(payees.transactions) <= FEW_PAYMENTS and len(hits) <= FEW_PAYMENTS:
        return _payee_accounts_of_few(hits, payees)
    return (
        hits.select("hit_id", transaction_id="transaction_ids")
        .explode("transaction_id", empty_as_null=True, keep_nulls=True)
        .join(payees.transactions, on="transaction_id")
        .drop_nulls("account")
        .group_by("hit_id")
        .agg(payee_accounts=pl.col("account").unique().sort())
    )


def _payee_accounts_of_few(hits: pl.DataFrame, payees: Payees) -> pl.DataFrame:
    paid: dict[str, set[str]] = {}
    for transaction_id, account in payees.transactions.select("transaction_id", "account").rows():
        if account is not None:
            paid.setdefault(transaction_id, set()).add(account)
    found: dict[str, set[str]] = {}
    for hit_id, ids in hits.select("hit_id", "transaction_ids").rows():
        found.setdefault(hit_id, set()).update(*(paid.get(one, ()) for one in ids or ()))
    return pl.DataFrame(
        {"hit_id": list(found), "payee_accounts": [sorted(accounts) for accounts in found.values()]},
        schema={"hit_id": pl.String, "payee_accounts": pl.List(pl.String)},
    )


def suppressed(hits: pl.DataFrame, entries: pl.DataFrame, payees: Payees) -> pl.DataFrame:
    """The hits with `suppressed_by`: the entry of the allow list that keeps them out, else null.

    An entry of a loan covers that loan's hits; one of a party those of its own loans; one of an account, or of a party
    as payee, those whose every payment went there, or to others that such an entry stands for: of several entries the first is told.
    """
    if entries.is_empty():
        return hits.with_columns(suppressed_by=pl.lit(None, pl.String))

    def of(scope: str, name: str) -> pl.DataFrame:
        return entries.filter(pl.col("scope") == scope).select(
            "rule_code", pl.col("subject").alias(name), entry="entry_id"
        )

    base = hits.select("hit_id", "rule_code", "loan_id")
    paid = (
        hits.select("hit_id", "rule_code", transaction_id="transaction_ids")
        .explode("transaction_id", empty_as_null=True, keep_nulls=True)
        .join(payees.transactions, on="transaction_id", how="left")
    )
    borrowed = base.join(payees.borrowers, on="loan_id")
    parts = [
        base.join(of("loan", "loan_id"), on=["rule_code", "loan_id"]).select("hit_id", "entry"),
        borrowed.join(of("party", "party_id"), on=["rule_code", "party_id"]).select("hit_id", "entry"),
    ]
    counts = paid.group_by("hit_id").agg(all_payments=pl.len())
    covered = pl.concat(
        paid.join(of(scope, name), on=["rule_code", name]).select("hit_id", "transaction_id", "entry")
        for scope, name in (("account", "account"), ("party", "party_id"))
    )
    parts.append(
        covered.group_by("hit_id")
        .agg(payments=pl.col("transaction_id").n_unique(), entry=pl.col("entry").min())
        .join(counts, on="hit_id")
        .filter(pl.col("payments") == pl.col("all_payments"))
        .select("hit_id", "entry")
    )
    keeping = pl.concat(parts).sort("hit_id", "entry").unique("hit_id", keep="first", maintain_order=True)
    return hits.join(
        keeping.rename({"entry": "suppressed_by"}), on="hit_id", how="left", maintain_order="left"
    )


def sweep(connection: store.Database, parameters: ParameterBook, on_date: datetime.date) -> int:
    """Wake what was put aside until now and escalate what is long overdue; how many threads changed. The caller
    commits."""
    now = store.lock(connection)
    policy: Policy = policy_of(parameters, on_date, calendar_in_force(connection))
    wanted = store.threads_to_tick(connection, now)
    units = store.units_of(connection, wanted)
    lent = store.lent_of(connection, wanted)
    changed = 0
    for thread_id, (loan_id, thread) in store.threads(connection, wanted).items():
        events = tick(thread, lent[thread_id], now, policy)
        if not events:
            continue
        became: Thread = thread
        for event in events:
            became = after(became, event)
        raised = any(event.kind is Kind.ESCALATED for event in events)
        told = "raised" if raised else "changed"
        store.append(connection, thread_id, loan_id, units[thread_id], thread, became, events, told)
        changed += 1
    return changed
