"""What is not said to be affected by new transactions is judged as before; the end of its day follows from what is remembered."""

from __future__ import annotations

import random

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.early_warning.bank import Bank
from tests.monitor.judging import BOOK, NO_RULES, full_run
from tests.monitor.random_books import LOANS, random_frames
from tests.monitor.test_slice import in_turn, up_to

from loantrail.clock import business_date
from loantrail.early_warning.frames import Frames
from loantrail.monitor import affected as affected_module
from loantrail.monitor.affected import Affected, Told, affected
from loantrail.monitor.concerned import with_money_in
from loantrail.monitor.judge import Judged
from loantrail.monitor.remembered import SAID, Remembered
from loantrail.monitor.slice_index import Index

LOAN_IDS = [f"L{n}" for n in range(LOANS)]
SEEDS = st.integers(0, 1 << 32)


def taken(index: Index, now: Frames, count: int) -> Affected:
    """What the transactions from row `count` on change, which are new in the index by then."""
    new = now.transactions.slice(count)
    index.take(new, now.hops.slice(index.hop_count))
    rows = index.transaction_rows(new["transaction_id"])
    moved = new.join(now.hops, on="transaction_id", how="semi")["transaction_id"]
    return affected(index, Told.of(index, rows), Told.of(index, index.transaction_rows(moved)))


def ends_of_day(judged: Judged) -> pl.DataFrame:
    return judged.rows.filter(pl.col("occasion") == "day")


def leads_of(judged: Judged, loan: str) -> pl.DataFrame:
    return judged.leads.filter(pl.col("loan_id") == loan).sort("pattern")


@settings(max_examples=8, deadline=None)
@given(SEEDS)
@example(618407333)  # what is traced to an account puts out what was handed on to it more than a month before
def test_what_is_not_affected_stays_as_it_is_remembered(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance, payments=chance.choice((40, 90)))
    count = chance.randint(len(frames.transactions) // 3, len(frames.transactions) - 6)
    before = up_to(frames, count)
    index = Index.of(before, BOOK)
    run = full_run(before, NO_RULES)
    remembered = Remembered(run.leads, ends_of_day(run), before.as_of, BOOK)
    step = chance.choice((1, 1, 3))
    for at in range(count, min(len(frames.transactions), count + 18 * step), step):
        now = up_to(frames, at + step)
        found = taken(index, now, at)
        rows = index.transaction_rows(now.transactions.slice(at)["transaction_id"])
        looked_at = {LOAN_IDS[n] for n in found.leads | with_money_in(index, rows)}
        remembered.doubt(LOAN_IDS[n] for n in found.doubtful)
        draining = {LOAN_IDS[n] for n in found.draining}
        looked_at |= {loan for loan in draining if remembered.drains(loan)}
        looked_at |= {loan for loan in LOAN_IDS if not remembered.stands(index, loan)}
        run = full_run(now, NO_RULES)
        for loan in LOAN_IDS:
            if loan in looked_at:
                continue
            said = remembered.leads_of([loan]).sort("pattern")
            assert_frame_equal(said, leads_of(run, loan))
            told = remembered.ends_of_day(index, [loan], business_date(now.as_of)).select(SAID)
            assert_frame_equal(told, ends_of_day(run).filter(pl.col("loan_id") == loan).select(SAID))
        own = pl.col("loan_id").is_in(looked_at)
        remembered.keep(looked_at, run.leads.filter(own), ends_of_day(run).filter(own), now.as_of)


def test_some_loans_are_left_alone_and_the_leads_of_some_others_change() -> None:
    alone = changed = 0
    for seed in range(6):
        frames = random_frames(random.Random(seed), payments=60)
        count = len(frames.transactions) - 20
        index = Index.of(up_to(frames, count), BOOK)
        leads = full_run(up_to(frames, count), NO_RULES)
        for at in range(count, len(frames.transactions), 4):
            now = up_to(frames, at + 4)
            found = taken(index, now, at)
            run = full_run(now, NO_RULES)
            for number, loan in enumerate(LOAN_IDS):
                alone += number not in found.leads
                changed += number in found.leads and not leads_of(run, loan).equals(leads_of(leads, loan))
            leads = run

    assert alone > 20
    assert changed > 5


def test_an_account_of_many_loans_makes_them_doubtful_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affected_module, "HUB_LOANS", 3)
    doubtful: set[int] = set()
    for seed in range(12):
        frames = random_frames(random.Random(seed), payments=60)
        count = len(frames.transactions) - 40
        index = Index.of(up_to(frames, count), BOOK)
        doubtful |= taken(index, frames, count).doubtful

    assert doubtful


def by_the_last_line(bank: Bank) -> tuple[Affected, list[str]]:
    """What the last line of the bank's books changes; and the numbered loans."""
    frames = in_turn(bank)
    count = len(frames.transactions) - 1
    index = Index.of(up_to(frames, count), BOOK)
    return taken(index, frames, count), index.records.loan_ids


def test_own_money_spent_in_a_shop_moves_the_side_and_affects_no_leads() -> None:
    bank = Bank()
    bank.move(bank.loan(100), "B.main", "shop", 60, 30)
    bank.pay("B.main", "another shop", 1, 119)

    found, _loans = by_the_last_line(bank)

    assert (found.leads, found.sides) == (set(), {0})


@pytest.mark.parametrize(("payer", "payee", "wan"), [("X", "Y", 59), ("Y", "B.main", 59), ("X", "Y", 20)])
def test_a_payment_as_large_as_one_of_the_loan_may_close_a_loop(payer: str, payee: str, wan: float) -> None:
    bank = Bank()
    paid_out = bank.loan(100)
    bank.move(paid_out, "B.main", bank.account("X", "C1"), 60, 30)
    bank.account("Y", "C2")
    bank.pay(payer, payee, wan, 36)

    found, _loans = by_the_last_line(bank)

    assert (0 in found.leads) == (wan > 50)


@pytest.mark.parametrize(("day", "is_soon"), [(10.4, True), (12.5, False)])
def test_what_a_payee_pays_within_hours_may_be_rapid(day: float, is_soon: bool) -> None:
    bank = Bank()
    bank.balances.append({"account": "X", "balance_fen": 0})
    bank.move(bank.loan(100), "B.main", bank.account("X", "C1"), 80, 10)
    bank.pay("X", "elsewhere", 30, day)

    found, _loans = by_the_last_line(bank)

    assert (0 in found.leads) == is_soon


def test_money_of_another_borrower_in_the_same_account_may_make_a_pool() -> None:
    bank = Bank()
    person = bank.account("pool", bank.party("P", "individual"))
    for n in range(6):
        paid_out = bank.loan(100, loan=f"L{n}", borrower=bank.party(f"C{n}"))
        bank.move(
            paid_out, bank.loans[n]["disbursement_account"], person, 20, 3 + n, loan=f"L{n}", cls="individual"
        )

    found, loans = by_the_last_line(bank)

    assert {loans[number] for number in found.leads} >= {f"L{n}" for n in range(5)}
