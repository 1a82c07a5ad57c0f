"""From the repayments of a loan to the transactions that paid them, and from those to their sources."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from psycopg import Connection

from loantrail.clock import business_date
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.early_warning.debts import INSTALMENT_HIGH_PPM, INSTALMENT_LOW_PPM
from loantrail.early_warning.frames import HOPS, TRANSACTIONS, Frames
from loantrail.early_warning.view import RETAIL_PRODUCTS
from loantrail.few_rows import empty
from loantrail.http.pages.payments import store
from loantrail.parameters import ParameterBook
from loantrail.policy.reading import parameters_in_force
from loantrail.tracing.backward import Origin
from loantrail.tracing.backward_entries import Share, months_paid, payments_between, shares
from loantrail.tracing.backward_payers import BRIDGED_KINDS, ENTRIES, Kind, Payer, judge_payers, odd_kinds
from loantrail.tracing.backward_runs import BackwardRun
from loantrail.tracing.model import NO_LOAN, USE_REPAYMENT, Bool
from loantrail.tracing.statement import USE_NAMES

PARTS_MAX: Final = 2_000
"""Intervals that one instalment is taken into; smaller ones are left where they are."""
DAYS_AROUND: Final = 7
DAY_US: Final = 86_400_000_000
EARNED_USES: Final = ("supplier", "payroll", "tax", "utilities")
"""Uses at which another borrower's loan money had come to its end before it was paid on."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bridged:
    """How a bridge went back."""

    event: int
    returned_fen: int
    loan: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A share of an instalment, what kind of money it is, and whether that is odd for this borrower."""

    kind: Kind
    odd: bool
    share: Share
    payer: Payer | None
    bridge: Bridged | None


@dataclass(frozen=True, slots=True)
class Near:
    """Odd money of about the instalment's size that came in just before it, while FIFO counts older money as spent."""

    entry: int
    kind: Kind
    payer: Payer
    bridge: Bridged | None


@dataclass(frozen=True, slots=True)
class Followed:
    """A repayment, the event that paid it, and where its money came from; no event when none is in the books."""

    row: Row
    event: int | None
    followed_fen: int
    judged: tuple[Judged, ...]
    near: tuple[Near, ...] = ()


@dataclass(frozen=True)
class Following:
    """The repayments of one loan, followed; `transfers` are the movements their shares came in by."""

    repayments: list[Followed]
    transfers: dict[str, Row]
    accounts: dict[str, Row]


def _us(instant: datetime.datetime) -> int:
    return round(instant.timestamp() * 1_000_000)


def own_mask(run: BackwardRun, accounts: list[str]) -> Bool:
    """[m] the accounts of the borrower's side."""
    own = np.zeros(run.named.history.account_count, np.bool_)
    own[run.places(accounts)] = True
    return own


def _paying_events(
    connection: Connection[Any], run: BackwardRun, loan: Row, repayments: Sequence[Row], own: list[str]
) -> dict[str, int]:
    """Repayment -> the event that paid it: by the bank's reference, else the one payment of that amount on that day."""
    history, booked = run.named.history, run.named.booked_at_us
    around: dict[str, list[int]] = {}
    for row in repayments:
        names = [row["account"]] if row["account"] else [loan["repayment_account"], *own]
        paid_us = _us(row["paid_at"])
        found: list[int] = []
        for place in run.places([name for name in names if name]).tolist():
            events = run.backward.events_of(place)
            first, last = np.searchsorted(
                booked[events], [paid_us - DAYS_AROUND * DAY_US, paid_us + DAYS_AROUND * DAY_US]
            )
            near = events[first:last]
            near = near[history.debit[near] == place]
            fits = (history.arrival_use[near] == USE_REPAYMENT) | (
                history.amount_fen[near] == row["amount_fen"]
            )
            found += near[fits].tolist()
        around[row["repayment_id"]] = found
    candidates = sorted({event for events in around.values() for event in events})
    ids = dict(zip(candidates, run.transaction_ids(candidates), strict=True))
    known = store.transfers(connection, ids.values())
    chosen: dict[str, int] = {}
    for row in repayments:
        events = around[row["repayment_id"]]
        named = [
            event
            for event in events
            if row["reference"] and known.get(ids[event], {}).get("reference") == row["reference"]
        ]
        alike = [
            event
            for event in events
            if history.amount_fen[event] == row["amount_fen"]
            and history.arrival_use[event] == USE_REPAYMENT
            and abs(int(booked[event]) - _us(row["paid_at"])) < DAY_US
        ]
        if named:
            chosen[row["repayment_id"]] = named[0]
        elif len(alike) == 1:
            chosen[row["repayment_id"]] = alike[0]
    return chosen


def follow(
    connection: Connection[Any],
    run: BackwardRun,
    loan: Row,
    repayments: Sequence[Row],
    wanted: frozenset[str] | None = None,
) -> Following:
    """Follow the repayments (all of the loan's, so that several which share one transaction share it out in their
    order), or those `wanted`."""
    odd = odd_kinds(loan["customer_kind"] == "individual" or loan["product"] in RETAIL_PRODUCTS)
    own_names = store.own_accounts(connection, loan["loan_id"])
    own = own_mask(run, own_names)
    event_of = _paying_events(connection, run, loan, repayments, own_names)
    book = parameters_in_force(connection)
    parts: dict[str, list[Share]] = {}
    followed_fen: dict[str, int] = {}
    used: dict[int, int] = {}
    with run.walking:
        for row in reversed(repayments):
            event = event_of.get(row["repayment_id"])
            if event is None:
                continue
            low = used.get(event, 0)
            high = min(low + row["amount_fen"], int(run.named.history.amount_fen[event]))
            used[event] = max(low, high)
            followed_fen[row["repayment_id"]] = max(high - low, 0)
            if high > low and (wanted is None or row["repayment_id"] in wanted):
                sources = run.backward.sources(event, low, high, run.elsewhere & ~own, PARTS_MAX)
                parts[row["repayment_id"]] = shares(run.backward, sources, own)
        near = {
            row["repayment_id"]: _near(run, own, event_of[row["repayment_id"]], row["amount_fen"], book)
            for row in repayments
            if row["repayment_id"] in parts
        }
        counted = {entry for found in near.values() for entry in found}
        counted |= {s.entry for found in parts.values() for s in found if s.entry is not None}
        entries = sorted(counted)
        months = {entry: _months(run, own, entry) for entry in entries}
    transfers, accounts, payers = _judge(connection, run, loan, entries, months, event_of)
    followed: list[Followed] = []
    for row in repayments:
        event = event_of.get(row["repayment_id"])
        judged: list[Judged] = []
        for share in parts.get(row["repayment_id"], ()):
            payer = payers.get(share.entry) if share.entry is not None else None
            kind = _kind(run, loan, share, payer)
            bridge = None
            if kind in BRIDGED_KINDS and event is not None and share.loan == NO_LOAN:
                bridge = _bridge(connection, run, own, share.entry, payer, transfers, event)
            kind = Kind.BRIDGE if bridge else kind
            judged.append(Judged(kind, kind in odd, share, payer, bridge))
        shown = {item.share.entry for item in judged}
        close: list[Near] = []
        for entry in near.get(row["repayment_id"], ()):
            payer = payers.get(entry)
            if payer is None or payer.kind not in odd or entry in shown or event is None:
                continue
            bridge = _bridge(connection, run, own, entry, payer, transfers, event)
            close.append(Near(entry, Kind.BRIDGE if bridge else payer.kind, payer, bridge))
        paid_fen = followed_fen.get(row["repayment_id"], 0)
        followed.append(Followed(row, event, paid_fen, tuple(judged), tuple(close)))
    return Following(followed, transfers, accounts)


def _near(run: BackwardRun, own: Bool, event: int, amount_fen: int, book: ParameterBook) -> list[int]:
    """Receipts of about that amount from outside the own accounts in the days before the event, as REPAY_SOURCE_ODD
    looks for them."""
    history, booked = run.backward.history, run.named.booked_at_us
    day = business_date(datetime.datetime.fromtimestamp(booked[event] / 1_000_000, datetime.UTC))
    days = book.at_or_first("repay_source_odd_days", day).number
    found: list[int] = []
    for place in np.flatnonzero(own).tolist():
        events = run.backward.events_of(place)
        first = np.searchsorted(booked[events], int(booked[event]) - days * DAY_US)
        events = events[first:]
        events = events[(events < event) & (history.credit[events] == place)]
        debit = history.debit[events]
        strange = (debit < 0) | (debit >= len(own)) | ~own[np.clip(debit, 0, len(own) - 1)]
        for one in events[strange].tolist():
            scaled = int(history.amount_fen[one]) * 1_000_000
            if amount_fen * INSTALMENT_LOW_PPM <= scaled <= amount_fen * INSTALMENT_HIGH_PPM:
                found.append(one)
    return found


def _months(run: BackwardRun, own: Bool, entry: int) -> int:
    payer = int(run.backward.history.debit[entry])
    return months_paid(run.backward, run.named.booked_at_us, payer, own, entry)


def _judge(
    connection: Connection[Any],
    run: BackwardRun,
    loan: Row,
    entries: list[int],
    months: dict[int, int],
    event_of: dict[str, int],
) -> tuple[dict[str, Row], dict[str, Row], dict[int, Payer]]:
    """The transfers by which money came in, who holds their accounts, and what each payer was taken for."""
    ids = run.transaction_ids(entries)
    transfers = store.transfers(connection, ids)
    names = {
        account for row in transfers.values() for account in (row["debit_account"], row["credit_account"])
    }
    accounts = store.accounts(connection, filter(None, names | {loan["disbursement_account"]}))
    owners = {row["owner"] for row in accounts.values() if row["owner"]}
    paying = set(event_of.values())
    rows: list[Row] = []
    for event, transfer_id in zip(entries, ids, strict=True):
        row = transfers.get(transfer_id)
        if row is None:
            continue
        rows.append(
            {
                **{name: row[name] for name in ENTRIES if name in row},
                "transaction_id": transfer_id,
                "booked_at": row["booked_at"].astimezone(datetime.UTC),
                # What stands on a repayment speaks of this loan, not of its payer.
                "purpose_text": None if event in paying else row["purpose_text"],
                "payer_months": months[event],
            }
        )
    papers = store.papers(connection, loan, sorted(owners))
    loans = pl.DataFrame(
        [{**loan, "disbursed_at": loan["disbursed_at"].astimezone(datetime.UTC)}],
        schema_overrides={"disbursed_at": pl.Datetime("us", "UTC")},
    )
    frames = Frames(
        as_of=loan["disbursed_at"],
        hops=empty(HOPS),
        transactions=empty(TRANSACTIONS),
        loans=loans,
        accounts=pl.DataFrame(
            list(accounts.values()),
            schema={"account": pl.String, "owner": pl.String, "kind": pl.String, "name": pl.String},
        ),
    )
    judged = judge_payers(
        pl.DataFrame(rows, schema=ENTRIES),
        replace(frames, **papers),
        shipped_dictionary(),
        parameters_in_force(connection),
        business_date(loan["disbursed_at"]),
    )
    payers = {event: judged[t] for event, t in zip(entries, ids, strict=True) if t in judged}
    return transfers, accounts, payers


def _kind(run: BackwardRun, loan: Row, share: Share, payer: Payer | None) -> Kind:
    if share.loan != NO_LOAN:
        if run.named.loans[share.loan] == loan["loan_id"]:
            return Kind.OWN_LOAN
        earned = payer is not None and payer.kind is Kind.REVENUE
        return Kind.REVENUE if earned and USE_NAMES.get(share.use) in EARNED_USES else Kind.OTHER_LOAN
    if share.entry is not None:
        judged = payer.kind if payer else Kind.UNKNOWN
        # A pool without a reference says where its money came from only by its own name.
        pool = share.origin is Origin.POOL and judged in (Kind.UNKNOWN, Kind.COMPANY)
        return Kind.POOL if pool else judged
    if share.origin is Origin.OVERDRAFT:
        return Kind.OVERDRAFT
    if share.origin is Origin.OPENING:
        elsewhere = share.account >= 0 and run.elsewhere[share.account]
        return Kind.OWN_ELSEWHERE if elsewhere else Kind.OPENING
    return Kind.POOL if share.origin is Origin.POOL else Kind.UNKNOWN


def _bridge(
    connection: Connection[Any],
    run: BackwardRun,
    own: Bool,
    entry: int | None,
    payer: Payer | None,
    transfers: dict[str, Row],
    event: int,
) -> Bridged | None:
    """How the money of that entry went back to its payer after the instalment, if it did: in time, and about as
    much."""
    if entry is None:
        return None
    booked, history = run.named.booked_at_us, run.named.history
    day = business_date(datetime.datetime.fromtimestamp(booked[event] / 1_000_000, datetime.UTC))
    book = parameters_in_force(connection)
    numbers = {
        name: book.at_or_first(f"bridge_{name}", day).number
        for name in ("days_before", "days_after", "ratio_least_ppm", "ratio_most_ppm")
    }
    if int(booked[event]) - int(booked[entry]) > numbers["days_before"] * DAY_US:
        return None
    came = int(history.amount_fen[entry])
    until = int(booked[event]) + numbers["days_after"] * DAY_US
    with run.walking:
        outgoing = payments_between(run.backward, booked, np.flatnonzero(own), event, until)
    transfer = transfers.get(run.transaction_ids([entry])[0], {})
    names = [transfer["debit_account"]] if transfer.get("debit_account") else []
    if payer and payer.party_id:
        names += store.accounts_of(connection, [payer.party_id]).get(payer.party_id, [])
    back = outgoing[np.isin(history.credit[outgoing], run.places(names))]
    if not names and transfer.get("debit_name"):
        ids = run.transaction_ids(outgoing.tolist())
        known = store.transfers(connection, ids)
        same = [known.get(t, {}).get("credit_name") == transfer["debit_name"] for t in ids]
        back = outgoing[np.array(same, np.bool_)] if same else outgoing[:0]

    def about(fen: int) -> bool:
        return came * numbers["ratio_least_ppm"] <= fen * 1_000_000 <= came * numbers["ratio_most_ppm"]

    alone = [one for one in back.tolist() if about(int(history.amount_fen[one]))]
    total = int(history.amount_fen[back].sum())
    if not alone and not about(total):
        return None
    last = alone[0] if alone else int(back[-1])
    returned = int(history.amount_fen[last]) if alone else total
    return Bridged(last, returned, _loan_between(run, own, entry, last))


def _loan_between(run: BackwardRun, own: Bool, after: int, until: int) -> int:
    """A loan paid out to the own accounts between two events, or none."""
    history = run.named.history
    if not len(history.specials.disburses):
        return NO_LOAN
    events = np.arange(after + 1, until)
    rows = history.special[events]
    events, rows = events[rows >= 0], rows[rows >= 0]
    paid = history.specials.disburses[rows] >= 0
    credit = history.credit[events]
    mine = paid & (credit >= 0) & own[np.maximum(credit, 0)]
    found = history.specials.disburses[rows[mine]]
    return int(found[0]) if len(found) else NO_LOAN
