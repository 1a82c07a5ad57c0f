"""A slice of the books judges a few loans exactly as a full run over all of them does."""

from __future__ import annotations

import random
from dataclasses import replace

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.early_warning.bank import Bank
from tests.monitor.judging import (
    BOOK,
    ENTRIES,
    NOTHING_PROVEN,
    SOFTWARE,
    all_rules,
    assert_same,
    full_run,
    of_loans,
)
from tests.monitor.random_books import LOANS, random_frames

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import prepare
from loantrail.monitor.judge import Judged, judge_loans
from loantrail.monitor.running_away import loans_paid_out
from loantrail.monitor.slice_frames import slice_of
from loantrail.monitor.slice_index import Index
from loantrail.rules.cost import loans_had, span_of_books

RULES = all_rules(frozenset({"FLOW_SECURITIES", "CASH_OUT", "IDLE_FUNDS", "MULTI_BORROWER_POOL"}))
SEEDS = st.integers(0, 1 << 32)


def sliced(
    index: Index, loans: list[str], wanted: pl.Series | None = None, before: pl.DataFrame | None = None
) -> Judged:
    part = slice_of(index, loans, BOOK, wanted)
    return judge_loans(part, BOOK, RULES, ENTRIES, SOFTWARE, NOTHING_PROVEN, before)


def up_to(frames: Frames, count: int) -> Frames:
    """The books after their first transactions."""
    transactions = frames.transactions.head(count)
    hops = frames.hops.join(transactions, on="transaction_id", how="semi", maintain_order="left")
    latest = transactions["booked_at"].max()
    assert latest is not None
    return replace(frames, transactions=transactions, hops=hops, as_of=latest)  # pyright: ignore[reportArgumentType]


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_all_rows_and_hits_of_some_loans_are_those_of_the_full_run(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance)
    loans = chance.sample([f"L{n}" for n in range(LOANS)], chance.randint(1, 3))

    judged = sliced(Index.of(frames, BOOK), loans)

    assert_same(judged, of_loans(full_run(frames, RULES), loans))


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_leads_are_the_same_whatever_rows_are_wanted(seed: int) -> None:
    frames = random_frames(random.Random(seed), payments=20)
    loans = [f"L{n}" for n in range(LOANS)]
    leads = full_run(frames, RULES).leads

    judged = sliced(Index.of(frames, BOOK), loans, frames.transactions["transaction_id"].tail(1))

    assert_frame_equal(judged.leads.sort("loan_id", "pattern"), leads.sort("loan_id", "pattern"))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_what_is_new_is_judged_on_top_of_what_was_found_before(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance)
    count = len(frames.transactions) - chance.randint(1, 12)
    before = up_to(frames, count)
    index = Index.of(before, BOOK)
    found = full_run(before, RULES).found
    loans = [f"L{n}" for n in range(LOANS)]
    for at in range(count, len(frames.transactions), 3):
        now = up_to(frames, at + 3)
        new = now.transactions.slice(at)
        index.take(new, now.hops.slice(index.hop_count))
        judged = sliced(index, loans, new["transaction_id"], found)

        assert_same(judged, of_loans(full_run(now, RULES), loans, new["transaction_id"]))
        found = judged.found


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_transactions_that_are_taken_out_again_leave_no_trace(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance)
    count = len(frames.transactions) - 10
    before = up_to(frames, count)
    index = Index.of(before, BOOK)
    strange = frames.transactions.slice(count).with_columns(
        pl.col("debit_account").reverse(), transaction_id=pl.col("transaction_id") + "?"
    )
    index.take(strange, frames.hops.clear())
    loans = [f"L{n}" for n in range(LOANS)]
    sliced(index, loans)

    index.take(
        frames.transactions.slice(count),
        frames.hops.slice(len(before.hops)),
        first_hop=len(before.hops),
        first_transaction=count,
    )

    assert_same(sliced(index, loans), of_loans(full_run(frames, RULES), loans))


def test_a_slice_leaves_out_what_cannot_matter() -> None:
    chance = random.Random(7)
    frames = random_frames(chance, payments=400)
    index = Index.of(frames, BOOK)

    part = slice_of(index, ["L0", "no such loan"], BOOK, frames.transactions["transaction_id"].tail(1))

    assert part.loans == ("L0",)
    assert len(part.frames.transactions) < len(frames.transactions)
    assert set(part.frames.transactions["transaction_id"]) >= set(part.frames.hops["transaction_id"])


def in_turn(bank: Bank) -> Frames:
    """The bank's books, in the order of time; no hop is said to have ended."""
    frames = bank.frames()
    transactions = frames.transactions.sort("booked_at").with_row_index("sequence")
    return replace(
        frames,
        transactions=transactions,
        hops=frames.hops.sort("booked_at").with_columns(ended=pl.lit(value=False)),
    )


def leads_by_the_last_line(bank: Bank) -> list[tuple[str, str]]:
    """Loan and pattern, as a slice finds them for whom only the last line is new; as the full run finds them."""
    frames = in_turn(bank)
    last = frames.transactions["transaction_id"].tail(1)
    found = sliced(Index.of(frames, BOOK), ["L"], last).leads
    assert_frame_equal(found, full_run(frames, RULES).leads)
    return found.select("loan_id", "pattern").rows()


def test_a_loop_of_long_ago_is_still_seen() -> None:
    bank = Bank()
    paid_out = bank.loan(100)
    payee, other = bank.account("X", "C1"), bank.account("Y", "C2")
    bank.move(paid_out, "B.main", payee, 60, 30)
    bank.pay(payee, other, 59, 32)
    bank.pay(other, "B.main", 58.5, 33)
    bank.pay("B.main", "shop", 1, 119)

    assert ("L", "COUNTERPARTY_LOOP") in leads_by_the_last_line(bank)


def test_money_that_came_in_before_an_instalment_of_another_loan_is_still_seen() -> None:
    def repaid(with_receipt: bool) -> Bank:
        bank = Bank()
        other = bank.account("M", "C1")
        paid_out = bank.loan(100)
        hop = bank.move(paid_out, "B.main", other, 60, 20)
        if with_receipt:
            bank.pay("Z", other, 55, 24)
        bank.move(hop, other, "BANK", 55, 25, use="other_debt_repaid")
        bank.pay("B.main", "shop", 1, 119)
        return bank

    lead = ("L", "ROLLOVER_OTHER_DEBT")
    assert lead in leads_by_the_last_line(repaid(False))
    assert lead not in leads_by_the_last_line(repaid(True))


def test_live_and_a_run_count_the_same_loans_as_paid_out() -> None:
    frames = random_frames(random.Random(3))
    loans = frames.loans
    assert "disbursed_at" in loans.columns and len(loans) >= 3
    by_line = set(frames.hops.filter(pl.col("depth") == 0)["loan_id"])
    # Then none is told by its record.
    silent = replace(
        frames, loans=loans.with_columns(disbursed_at=pl.lit(None, loans.schema["disbursed_at"]))
    )
    for books in (frames, silent):
        index = Index.of(books, BOOK)
        span = span_of_books(books.transactions)
        assert span is not None
        assert loans_paid_out(index) == len(loans_had(prepare(books, BOOK), span))
    assert loans_paid_out(Index.of(silent, BOOK)) == len(by_line)
