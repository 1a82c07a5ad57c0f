"""What is foreseen of a payment is what showing it changes, and it changes nothing."""

from __future__ import annotations

import datetime
import os
import random
from dataclasses import replace
from typing import Any, Final

import polars as pl
import pytest
from tests.monitor.judging import BOOK, ENTRIES, NO_RULES, NOTHING_PROVEN
from tests.monitor.small_bank import (
    LOAN_ACCOUNT,
    OURS,
    OUTSIDE,
    POOL,
    START,
    Bank,
    bank_at_random,
    bank_of_two_currencies,
    traced_at_once,
)

from loantrail.monitor import tail_classes
from loantrail.monitor.foreseeing import Foreseeing, Foreseen, looked_at
from loantrail.monitor.judge import judge_loans
from loantrail.monitor.last_payment import last_of, pays_on
from loantrail.monitor.payment import Payment, Placed, TracedPart, lines_of, placed
from loantrail.monitor.resting import may_rest
from loantrail.monitor.shown import Changed
from loantrail.monitor.slice_frames import slice_of
from loantrail.monitor.tail import LINES, Lines
from loantrail.parameters import shipped_parameters
from loantrail.tracing.live_digest import state_digest

SEEDS: Final = int(os.environ.get("LOANTRAIL_FORESEEN_BANKS", "40"))
FEW: Final = 6
PAYMENTS: Final = 20
SILENT: Final = "62silent"


def newly_made(bank: Bank, count: int) -> Foreseeing:
    """The state of a bank that has so many lines, as it is built."""
    whole = traced_at_once(bank, bank.lines.head(count))
    recent = whole.books.read.recent.lines
    tail = bank.lines.head(count).join(
        recent.select("line_id"), on="line_id", how="semi", maintain_order="left"
    )
    return Foreseeing(whole.books, whole.hops, tail.select(*LINES), frozenset())


def foreseeing(bank: Bank, count: int) -> Foreseeing:
    """The state of a bank of which so many lines are there; the last third of them came while it went on."""
    settled = count * 2 // 3
    state = newly_made(bank, settled)
    state.show(state.with_lines(bank.lines.slice(settled, count - settled)))
    return state


def payment_at_random(dice: random.Random, state: Foreseeing, number: int) -> Payment:
    latest: datetime.datetime = max(state.lines.lines["booked_at"].to_list())
    at = latest + datetime.timedelta(minutes=dice.choice((0, 0, 1, 90, 40_000)))
    payer = dice.choice(sorted(one for one in state.known.own if one.isdigit()))
    others: list[str | None] = [*OURS, *OUTSIDE, f"98new{number}", None]
    return Payment(
        at,
        at,
        payer,
        dice.choice((100, 250, 5_000, dice.randrange(1, 90_000))),
        counterparty_account=dice.choice([one for one in others if one != payer]),
        counterparty_name=dice.choice((None, "江南钢材贸易有限公司", "王小明", "华东证券股份有限公司")),
        purpose_text=dice.choice((None, "货款", "银证转账", "工资", "归还借款")),
        document_no=dice.choice((None, None, "P3")),
    )


def payment_like(dice: random.Random, state: Foreseeing, bank: Bank) -> Payment:
    """One as a line of the bank is, come or yet to come, or as the one that faces it."""
    line = dice.choice([*state.lines.lines.iter_rows(named=True), *bank.lines.iter_rows(named=True)])
    payer, payee = line["account"], line["counterparty_account"]
    if line["direction"] == "credit":
        payer, payee = payee, payer
    if payer not in state.known.own:
        payer = dice.choice(sorted(one for one in state.known.own if one != payee and "/" not in one))
    latest: datetime.datetime = max(state.lines.lines["booked_at"].to_list())
    return Payment(
        latest,
        latest,
        payer,
        line["amount_fen"],
        counterparty_account=dice.choice((payee, payee, None, SILENT)),
        purpose_text=line["purpose_text"],
        document_no=line["document_no"],
    )


def with_silent_account(bank: Bank) -> Bank:
    """With one more account of a borrower, that no line names."""
    accounts = bank.context["accounts"]
    silent = accounts.filter(pl.col("account") == OURS[1]).with_columns(account=pl.lit(SILENT))
    return replace(bank, context={**bank.context, "accounts": pl.concat([accounts, silent])})


def place(state: Foreseeing, payment: Payment) -> Placed:
    return placed(payment, state.lines, state.known.own, state.survivors)


def assert_same(foreseen: Foreseen, state: Foreseeing, changed: Changed, at: datetime.datetime) -> None:
    """What was foreseen of a payment is what the state says that shows it; of one told by numbers but for its class."""
    assert not changed.gone
    assert foreseen.at == at
    (row,) = state.index.transaction_rows(pl.Series(changed.transactions, dtype=pl.String)).tolist()
    told, shown = foreseen.payment, last_of(state.index, row)
    assert told.row == -1
    if shown is None:
        assert pays_on(state.index, told.payee, told.at_us)
        return
    if told.payee < 0 and shown.payee >= 0:  # an account that nobody paid before
        alone = state.index.lines.within(shown.payee)
        assert alone.tolist() == [row]
        shown = replace(shown, payee=-1)
    if told.any_class:
        shown = replace(shown, of_class=None, any_class=True)
    assert replace(shown, row=-1) == told


def assert_nothing_rests(state: Foreseeing, changed: Changed) -> None:
    """No pattern lists what is new."""
    (new,) = changed.transactions
    part = slice_of(state.index, sorted({*changed.loans, *changed.draining}), BOOK)
    leads = judge_loans(part, BOOK, NO_RULES, ENTRIES, "", NOTHING_PROVEN).leads
    assert not any(new in ids for ids in leads["transaction_ids"].to_list())


def said_of_payments(bank: Bank, dice: random.Random) -> tuple[int, int]:
    """How many payments were foreseen, and how many by numbers alone; each said what showing it said."""
    bank = with_silent_account(bank)
    state = foreseeing(bank, dice.randrange(len(bank.lines) // 2, len(bank.lines)))
    committed: Lines = state.lines
    before = state_digest(state.trace), state.index.transactions.all(), state.index.as_of
    found = told = 0
    for number in range(PAYMENTS):
        payment = payment_like(dice, state, bank) if number % 2 else payment_at_random(dice, state, number)
        where = place(state, payment)
        lines = lines_of(where, committed)
        with_it = state.with_lines(lines, committed)

        plain = state.foresee_plain(where)
        foreseen = state.foresee(with_it)
        rests = True
        for one in (plain, foreseen):
            if one is not None:
                with looked_at(state.index, one.at):
                    rests = rests and may_rest(state.index, one.payment, NO_RULES, lambda: ENTRIES)

        # New accounts are numbered for good: what is compared are those that a transaction names.
        assert state.index.transactions.all().equals(before[1])
        assert state.index.as_of == before[2]
        changed = state.show(with_it)
        if foreseen is not None:
            found += 1
            assert_same(foreseen, state, changed, state.index.transactions.all()["booked_at"][-1])
            traced = tuple(TracedPart(*row) for row in state.moved_in(lines["line_id"]).rows())
            assert foreseen.traced == traced
        if plain is not None:
            told += 1
            assert_same(plain, state, changed, where.at)
            assert plain.traced == tuple(TracedPart(*row) for row in state.moved_in(lines["line_id"]).rows())
        if not rests and number % 4 == 0:
            assert_nothing_rests(state, changed)
        state.go_back(committed)
        assert state.lines is committed
    return found, told


@pytest.mark.parametrize(
    "seed", [*range(FEW), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(FEW, SEEDS))]
)
def test_what_is_foreseen_is_what_showing_changes(seed: int) -> None:
    said_of_payments(bank_at_random(seed, alike=seed % 2 == 0, crowd=seed % 3 * 4), random.Random(seed))


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(2, 12))]
)
def test_the_same_of_books_in_two_currencies(seed: int) -> None:
    said_of_payments(bank_of_two_currencies(seed), random.Random(seed))


def test_much_of_what_moves_no_loan_money_is_foreseen() -> None:
    found = [
        said_of_payments(bank_at_random(seed, alike=False, crowd=8), random.Random(seed)) for seed in range(3)
    ]

    assert sum(lines for lines, _ in found) > len(found) * PAYMENTS // 4
    assert sum(numbers for _, numbers in found) > len(found) * PAYMENTS // 5


def test_a_state_knows_what_was_handed_on_in_its_tail_before_anything_is_shown() -> None:
    for seed in range(3):
        state = newly_made(bank_at_random(seed), 60)

        known = {account: state.index.handed.arrivals(account) for account in state.index.accounts.names}

        assert state.index.handed.settle() == set()
        state.index.handed.doubt(set(range(len(state.index.records.loan_ids))))
        state.index.handed.settle()
        assert {account: state.index.handed.arrivals(account) for account in known} == known


def test_what_is_foreseen_leaves_the_state_as_it_is() -> None:
    bank, dice = bank_at_random(3), random.Random(3)
    state, other = foreseeing(bank, 60), foreseeing(bank, 60)

    for number in range(PAYMENTS):
        payment = payment_at_random(dice, state, number)
        where = place(state, payment)
        state.foresee_plain(where)
        state.foresee(state.with_lines(lines_of(where, state.lines)))
    rest = bank.lines.slice(60)
    after, alone = state.show(state.with_lines(rest)), other.show(other.with_lines(rest))

    assert replace(after, order=alone.order) == alone
    assert state.index.transactions.all().equals(other.index.transactions.all())
    assert (
        state.index.hops.all()
        .drop(pl.selectors.by_dtype(pl.Int32))
        .equals(other.index.hops.all().drop(pl.selectors.by_dtype(pl.Int32)))
    )


def test_loan_money_is_foreseen_with_the_lines_of_its_payment_and_without() -> None:
    state = foreseeing(bank_at_random(0), 60)
    held = state.trace.result().holdings
    payer = next(
        state.known.names[one] for one in held.account.tolist() if state.known.names[one] in state.known.own
    )
    latest: datetime.datetime = max(state.lines.lines["booked_at"].to_list())
    payment = Payment(latest, latest, payer, 1 << 40, counterparty_account="98new")

    where = place(state, payment)

    with_lines = state.foresee(state.with_lines(lines_of(where, state.lines)))
    without = state.foresee_plain(where)

    assert with_lines == without
    assert without is not None
    assert without.traced


BORROWER, LOAN_FEN = OURS[3], 10_000
"""The first loan of a random bank is paid out into that account."""


def bank_of(*payments: tuple[str, str | None, int, dict[str, str]]) -> Bank:
    """A bank of one loan, which is paid out into BORROWER, and of these payments behind each other, a minute apart: payer, payee, fen, and
    what else a line says. Lines are those of both accounts, where both are the bank's."""
    bank = bank_at_random(0)
    lines: list[dict[str, object]] = []
    for minute, (payer, payee, amount_fen, more) in enumerate(payments):
        ends: list[tuple[str, str | None, str]] = [(payer, payee, "debit")]
        if payee in (*OURS, POOL):
            ends.append((payee, payer, "credit"))
        for account, other, direction in ends:
            number = len(lines) + 1
            lines.append(
                dict.fromkeys(LINES)
                | {"line_id": f"{number:032x}", "source_file": "live", "sequence": number, "arrival_number": number,
                   "position": number, "booked_at": START + datetime.timedelta(minutes=minute), "account": account,
                   "counterparty_account": other, "direction": direction, "amount_fen": amount_fen,
                   "currency": "CNY", "counterparty_elsewhere": False, "reference": f"R{minute}"}
                | more
            )  # fmt: skip
    loans = bank.context["loans"].head(1).with_columns(disbursement_account=pl.lit(BORROWER))
    paid_out = {"loan_id": loans["loan_id"].to_list(), "account": [BORROWER], "amount_fen": [LOAN_FEN], "currency": ["CNY"],
                "booked_at": [START], "reference": ["R0"]}  # fmt: skip
    return replace(
        bank,
        lines=pl.DataFrame(lines, schema=LINES),
        context=bank.context | {"loans": loans, "repayments": bank.context["repayments"].clear()},
        disbursements=pl.DataFrame(paid_out, schema=bank.disbursements.schema),
        openings=pl.DataFrame(
            {"account": [LOAN_ACCOUNT, POOL, OURS[4]], "balance_fen": [10**9, 10**9, 10**9]},
            schema=bank.openings.schema,
        ),
    )


def asked_of(
    bank: Bank, payer: str, payee: str | None, amount_fen: int, **more: str
) -> tuple[Foreseen | None, Changed, int]:
    """What is foreseen by numbers alone, what showing changes, and how much loan money that moves, fen."""
    state = foreseeing(bank, len(bank.lines))
    latest: datetime.datetime = max(state.lines.lines["booked_at"].to_list())
    where = place(state, Payment(latest, latest, payer, amount_fen, counterparty_account=payee, **more))
    lines = lines_of(where, state.lines)
    foreseen = state.foresee_plain(where)
    changed = state.show(state.with_lines(lines))
    return foreseen, changed, int(state.moved_in(lines["line_id"])["amount_fen"].sum())


def test_loan_money_that_waits_in_a_pool_is_not_foreseen_by_numbers() -> None:
    bank = bank_of(
        (LOAN_ACCOUNT, BORROWER, LOAN_FEN, {}),
        (OURS[5], OURS[4], 300, {}),
        (BORROWER, POOL, LOAN_FEN, {"document_no": "P1"}),
        (OURS[4], OURS[5], 700, {}),
    )

    foreseen, _changed, moved_fen = asked_of(bank, POOL, OURS[5], LOAN_FEN, document_no="P1")

    assert moved_fen == LOAN_FEN
    assert foreseen is None


def test_a_payment_that_pays_a_loan_out_is_not_foreseen_by_numbers() -> None:
    bank = bank_of(
        (LOAN_ACCOUNT, OURS[4], 300, {}), (BORROWER, OURS[5], 700, {}), (OURS[4], OURS[5], 700, {})
    )

    foreseen, _changed, moved_fen = asked_of(bank, LOAN_ACCOUNT, BORROWER, LOAN_FEN)

    assert moved_fen == LOAN_FEN
    assert foreseen is None


PAID_OUT, AMONG_OTHERS = (LOAN_ACCOUNT, BORROWER, LOAN_FEN, {}), (OURS[4], OURS[5], 700, {})


@pytest.mark.parametrize(
    "behind_own_money",
    [(PAID_OUT, AMONG_OTHERS), (AMONG_OTHERS, PAID_OUT)],
    ids=["before the state was made", "while it went on"],
)
@pytest.mark.parametrize(
    ("order", "document_no", "is_tied"),
    [
        ({}, None, True),
        ({"document_no": "C1"}, "C1", True),
        ({"document_no": "C1"}, "C2", False),
        ({"valid_to": START.date() - datetime.timedelta(days=1)}, None, False),
        ({"valid_from": START.date() + datetime.timedelta(days=1)}, None, False),
        ({"payee_account": OUTSIDE[0]}, None, False),
        ({"loan_id": "another"}, None, False),
        ({"amount_fen": 0}, None, False),
    ],
)
def test_a_payment_is_foreseen_by_numbers_only_where_no_entrusted_order_ties_it_to_a_loan(
    behind_own_money: tuple[tuple[str, str, int, dict[str, str]], ...],
    order: dict[str, object],
    document_no: str | None,
    is_tied: bool,
) -> None:
    # Own money came first: the loan's moves only where an order says so.
    bank = bank_of((OURS[4], BORROWER, 5_000, {}), *behind_own_money)
    schema = bank.context["orders"].schema
    usual = {"loan_id": "L0", "payee_account": OUTSIDE[1], "amount_fen": LOAN_FEN}
    orders = pl.DataFrame([dict.fromkeys(schema) | usual | order], schema=schema)
    bank = replace(bank, context=bank.context | {"orders": orders})
    more = {} if document_no is None else {"document_no": document_no}

    foreseen, _changed, moved_fen = asked_of(bank, BORROWER, OUTSIDE[1], 1_000, **more)

    assert moved_fen == (1_000 if is_tied else 0)
    assert (foreseen is None) == is_tied


@pytest.mark.parametrize(("named_by_it", "is_foreseen"), [(OURS[4], False), (OURS[6], True), (None, True)])
def test_a_payment_that_names_nobody_is_not_foreseen_by_numbers_where_a_line_of_its_amount_names_the_payer(
    named_by_it: str | None, is_foreseen: bool
) -> None:
    bank = bank_of(PAID_OUT, AMONG_OTHERS, AMONG_OTHERS)
    received = {
        "account": OURS[7],
        "direction": "credit",
        "counterparty_account": named_by_it,
        "amount_fen": 250,
    }
    last = bank.lines.tail(1).with_columns(*(pl.lit(told).alias(name) for name, told in received.items()))
    bank = replace(
        bank, lines=pl.concat([bank.lines.head(len(bank.lines) - 1), last.cast(bank.lines.schema)])
    )

    foreseen, changed, _moved_fen = asked_of(bank, OURS[4], None, 250)

    assert (foreseen is not None) == is_foreseen
    assert bool(changed.gone) != is_foreseen


def test_a_payment_that_makes_others_wages_is_not_foreseen_by_numbers() -> None:
    fewest = shipped_parameters().at_or_first("payroll_payees_same_day", START.date()).number
    names = [f"王{chr(ord('一') + number)}" for number in range(fewest)]
    paid = [
        (OURS[4], f"98{number}", 500_000 + 1_111 * number, {"counterparty_name": name})
        for number, name in enumerate(names[:-1])
    ]
    bank = bank_of((LOAN_ACCOUNT, BORROWER, LOAN_FEN, {}), *paid)

    foreseen, changed, _moved_fen = asked_of(bank, OURS[4], "98new", 512_345, counterparty_name=names[-1])

    assert len(changed.transactions) == fewest
    assert foreseen is None


def test_with_a_payment_to_a_company_nothing_is_judged_again_that_its_payer_paid_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paid = [
        (OURS[4], f"98{number}", 500_000, {"counterparty_name": "某某贸易有限公司"}) for number in range(9)
    ]
    bank = bank_of((LOAN_ACCOUNT, BORROWER, LOAN_FEN, {}), *paid)
    judged: list[int] = []
    classify = tail_classes.classify

    def counted(transactions: pl.DataFrame, *rest: Any) -> pl.DataFrame:
        judged.append(len(transactions))
        return classify(transactions, *rest)

    monkeypatch.setattr(tail_classes, "classify", counted)
    with_it: list[int] = []
    for name in ("另一家贸易有限公司", "王一", None):
        asked_of(bank, OURS[4], "98new", 512_345, counterparty_name=name)
        with_it.append(judged[-1])

    assert with_it == [1, 10, 10]
