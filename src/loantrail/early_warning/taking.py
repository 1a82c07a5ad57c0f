"""Takes the hits of a run into threads, in one transaction. The same hits again change nothing."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from loantrail.early_warning import store, store_allow
from loantrail.early_warning.deadlines import business_date
from loantrail.early_warning.gathering import take, tick
from loantrail.early_warning.hits import HITS, PROVEN, Level
from loantrail.early_warning.model import Found, Kind, Policy, Thread, policy_of
from loantrail.early_warning.timeline import after, thread_of
from loantrail.ids import derived_id
from loantrail.parameters import ParameterBook


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run's hits changed."""

    hits: int
    suppressed: int
    opened: int
    changed: int


@dataclass(frozen=True, slots=True)
class Payees:
    """What the allow list is compared with: who was paid (`transaction_id, account, party_id`) and who borrowed
    (`loan_id, party_id`)."""

    transactions: pl.DataFrame
    borrowers: pl.DataFrame


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
) -> Taken:
    """Take the hits (HITS) of a run that looked with the rules `codes`; the caller commits.

    `proven` (PROVEN) gives what no way of counting undercuts. New hits open threads or join them, larger ones raise
    them, those that are no longer found are marked so. Hits of other rules are left alone.
    """
    now = store.lock(connection)
    policy = policy_of(parameters, on_date)
    # Parameters are those of the data; whether an entry has expired is asked of today.
    entries = store_allow.in_force(connection, business_date(now))
    rows = (
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
    )
    loans = sorted({*rows["loan_id"], *store.loans_of_standing_hits(connection, codes)})
    units = store.loan_units(connection, loans)
    store.write_hits(
        connection,
        [
            row | {"found_at": now, "unit_id": units.get(row["loan_id"])}
            for row in rows.drop("least_fen").to_dicts()
        ],
        codes,
        now,
    )
    known = store.threads_of_loans(connection, loans)
    found: dict[str, list[Found]] = {}
    for row in rows.filter(pl.col("suppressed_by").is_null()).to_dicts():
        found.setdefault(row["loan_id"], []).append(
            Found(row["hit_id"], row["rule_code"], Level(row["level"]), row["amount_fen"], row["at"])
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
    return Taken(len(rows), rows["suppressed_by"].count(), opened, changed)


def _payee_accounts(hits: pl.DataFrame, payees: Payees) -> pl.DataFrame:
    return (
        hits.select("hit_id", transaction_id="transaction_ids")
        .explode("transaction_id", empty_as_null=True, keep_nulls=True)
        .join(payees.transactions, on="transaction_id")
        .drop_nulls("account")
        .group_by("hit_id")
        .agg(payee_accounts=pl.col("account").unique().sort())
    )


def suppressed(hits: pl.DataFrame, entries: pl.DataFrame, payees: Payees) -> pl.DataFrame:
    """The hits with `suppressed_by`: the entry of the allow list that keeps them out, else null.

    An entry of a loan covers that loan's hits; one of a party those of its own loans; one of an account, or of a party
    as payee, those whose every payment went there.
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
    for scope, name in (("account", "account"), ("party", "party_id")):
        covered = paid.join(of(scope, name), on=["rule_code", name]).unique(
            ["hit_id", "transaction_id", "entry"]
        )
        parts.append(
            covered.group_by("hit_id", "entry")
            .agg(payments=pl.len())
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
    policy: Policy = policy_of(parameters, on_date)
    wanted = store.threads_to_tick(connection, now)
    units = store.units_of(connection, wanted)
    changed = 0
    for thread_id, (loan_id, thread) in store.threads(connection, wanted).items():
        events = tick(thread, now, policy)
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
