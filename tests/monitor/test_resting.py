"""What may rest on a payment behind all transactions holds every hit that does."""

from __future__ import annotations

import inspect
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Final

import polars as pl
import pytest
from tests.early_warning import bank as of_patterns
from tests.early_warning import (
    test_handing_on,
    test_payee_patterns,
    test_return_patterns,
    test_use_patterns,
)
from tests.monitor.judging import BOOK, ENTRIES, NO_RULES, all_rules, full_run
from tests.monitor.random_books import in_order, random_frames
from tests.monitor.test_slice import up_to

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.patterns import PATTERNS, find_leads
from loantrail.monitor.foreseeing import looked_at
from loantrail.monitor.last_payment import Last, last_of
from loantrail.monitor.resting import Resting, may_rest, resting
from loantrail.monitor.slice_index import Index
from loantrail.rules.evaluate import ReadyRules
from loantrail.rules.shipped import shipped_rules

SEEDS: Final = int(os.environ.get("LOANTRAIL_RESTING_BOOKS", "30"))
FEW: Final = 4
SHIPPED: Final = all_rules(frozenset(one.content.code for one in shipped_rules()))
"""All shipped rules, as if they were published."""


def told_of(frames: Frames, rules: ReadyRules = NO_RULES) -> tuple[Resting, ...]:
    """What is said of the last transaction of the books, where it is in the index and where it is yet to come; nothing where another may
    follow it."""
    count = len(frames.transactions)
    index = Index.of(frames, BOOK)
    payment = last_of(index, count - 1)
    if payment is None:
        return ()
    told = [said_by(index, payment, rules)]
    if count == 1:
        return tuple(told)
    before = Index.of(up_to(frames, count - 1), BOOK)
    payer = before.accounts.known(index.accounts.names[payment.payer])
    if payer >= 0:
        payee = before.accounts.known(payment.payee_account)
        with looked_at(before, frames.as_of):
            told.append(said_by(before, replace(payment, payer=payer, payee=payee, row=-1), rules))
    return tuple(told)


def said_by(index: Index, payment: Last, rules: ReadyRules) -> Resting:
    told = resting(index, payment, rules, lambda: ENTRIES)
    assert may_rest(index, payment, rules, lambda: ENTRIES) == bool(told.loans)
    return told


def assert_holds(told: Resting, leads: pl.DataFrame, transaction_id: str) -> list[str]:
    """Codes of the leads that rest on the transaction, each of which is told."""
    on_it = [
        (loan, code)
        for loan, code, ids in leads.select("loan_id", "pattern", "transaction_ids").rows()
        if transaction_id in ids
    ]
    missing = [(loan, code) for loan, code in on_it if loan not in told.loans or code not in told.codes]
    assert not missing, f"{transaction_id}: {missing}"
    return [code for _, code in on_it]


def ends_of(frames: Frames, chance: random.Random, most: int) -> Iterator[Frames]:
    """The books as they stood after some of their transactions: after those that leads rest on last, and after others."""
    leads = find_leads(frames, BOOK)
    place = {one: number for number, one in enumerate(frames.transactions["transaction_id"].to_list())}
    of_leads = {number for ids in leads["transaction_ids"] for one in ids for number in (place[one],)}
    some = chance.sample(sorted(of_leads), min(most, len(of_leads)))
    some += [chance.randrange(len(frames.transactions)) for _ in range(most // 4)]
    for number in sorted(
        {*some, *(max(place[one] for one in ids) for ids in leads["transaction_ids"] if len(ids))}
    ):
        yield up_to(frames, number + 1)


def codes_found(books: Iterator[Frames], most: int) -> tuple[Counter[str], Counter[str]]:
    """How often leads of each pattern rested on the last transaction, and how often the pattern was told; every lead was."""
    found, told = Counter[str](), Counter[str]()
    chance = random.Random(1)
    for frames in books:
        for now in ends_of(frames, chance, most):
            leads = find_leads(now, BOOK)
            for number, said in enumerate(told_of(now)):
                on_it = assert_holds(said, leads, now.transactions["transaction_id"][-1])
                if number == 0:
                    found.update(on_it)
                    told.update([*said.codes, "asked"])
    return found, told


@cache
def books_of_pattern_tests() -> list[Frames]:
    """The books that the patterns' own tests are made of."""
    books: list[Frames] = []
    as_ever = of_patterns.Bank.leads

    def leads(bank: of_patterns.Bank, *codes: str) -> list[tuple[str, str, int]]:
        books.append(in_order(bank.frames()))
        return as_ever(bank, *codes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_patterns.Bank, "leads", leads)
        for module in (test_handing_on, test_payee_patterns, test_return_patterns, test_use_patterns):
            for name, test in vars(module).items():
                if name.startswith("test_") and not inspect.signature(test).parameters:
                    test()
    return books


def test_what_rests_on_the_last_transaction_of_random_books_is_told() -> None:
    books = (random_frames(random.Random(seed), payments=60) for seed in range(FEW))

    found, told = codes_found(books, 6)

    assert sum(found.values()) > 15
    # It is of use: most patterns are told of few transactions.
    assert sum(told[code] for code in PATTERNS) < told["asked"] * len(PATTERNS) // 4


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_the_same_of_many_books() -> None:
    books = (random_frames(random.Random(seed), payments=90) for seed in range(FEW, SEEDS))

    found, _told = codes_found(books, 20)

    assert len(found) >= 12


def test_what_rests_on_the_last_transaction_of_the_books_of_pattern_tests_is_told() -> None:
    found, _told = codes_found(islice(books_of_pattern_tests(), 0, None, 12), 2)

    assert len(found) >= 4


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_the_same_of_all_of_them() -> None:
    found, _told = codes_found(iter(books_of_pattern_tests()), 40)

    # Instalments that are paid oddly are recorded after their money came.
    assert set(PATTERNS) - set(found) <= {"REPAY_SOURCE_ODD"}


def rules_found(frames: Frames) -> tuple[set[tuple[str, str]], tuple[Resting, ...]]:
    """Loans and ids of the shipped rules whose hits rest on the last transaction, and what is told."""
    found = full_run(frames, SHIPPED).found
    last = frames.transactions["transaction_id"][-1]
    rows = found.select("loan_id", "rule_id", "transaction_ids").rows()
    return {(loan, rule) for loan, rule, ids in rows if last in ids}, told_of(frames, SHIPPED)


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(4, 24))]
)
def test_rules_that_the_last_transaction_meets_are_told(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance, payments=60)
    place = {one: number for number, one in enumerate(frames.transactions["transaction_id"].to_list())}
    ever_met = sorted(
        {place[one] for ids in full_run(frames, SHIPPED).found["transaction_ids"] for one in ids}
    )
    met = asked = told = 0
    for number in chance.sample(ever_met, min(8, len(ever_met))):
        on_it, said = rules_found(up_to(frames, number + 1))
        for rest in said:
            assert {loan for loan, _ in on_it} <= {*rest.loans}
            assert {rule for _, rule in on_it} <= {one.version.rule_id for one in rest.rules.rules}
            met += len(on_it)
            asked, told = asked + len(SHIPPED.rules), told + len(rest.rules.rules)
    assert met
    assert told < asked


def test_lists_are_asked_for_only_where_loan_money_moves_and_a_rule_looks_at_them() -> None:
    by_list = all_rules(frozenset(("BLACK_LIST_PAYEE",)))
    bank = of_patterns.Bank()
    bank.move(bank.loan(100), "B.main", bank.account("shop", bank.party("C1")), 30, 40)
    loan_money = in_order(bank.frames())
    bank.pay("B.main", "shop", 30, 41)
    own_money = in_order(bank.frames())
    asked: list[str] = []

    def is_met(frames: Frames, rules: ReadyRules, party: str) -> bool:
        now = up_to(frames, len(frames.transactions))
        index = Index.of(now, BOOK)
        payment = last_of(index, len(now.transactions) - 1)
        assert payment is not None

        def listed() -> pl.DataFrame:
            asked.append(party)
            return pl.DataFrame([("black", "party", party)], schema=ENTRIES.schema, orient="row")

        return "BLACK_LIST_PAYEE" in {
            one.version.code for one in resting(index, payment, rules, listed).rules.rules
        }

    assert is_met(loan_money, by_list, "C1")
    assert not is_met(loan_money, by_list, "C2")
    assert not is_met(own_money, by_list, "C1")
    assert not is_met(loan_money, NO_RULES, "C1")
    assert asked == ["C1", "C2"]


@pytest.mark.parametrize("is_known", [True, False])
def test_one_payment_with_the_money_of_several_borrowers_may_make_a_pool(is_known: bool) -> None:
    bank = of_patterns.Bank(end_day=20)
    hub, pool = bank.account("hub", bank.party("HUB")), bank.account("pool", bank.party("Q", "individual"))
    if is_known:
        bank.pay(hub, pool, 1, -50, cls="individual")
    paid: list[tuple[str, str]] = []
    for number in range(5):
        loan = f"L{number}"
        first = bank.loan(30, loan=loan, borrower=bank.party(f"P{number}", "individual"), retail=True)
        paid.append(
            (loan, bank.move(first, bank.loans[number]["disbursement_account"], hub, 5, 1, loan=loan))
        )
    for loan, hop in paid:
        bank.move(hop, hub, pool, 5, 9, loan=loan, cls="individual", of_wan=25)
    frames = in_one_payment(in_order(bank.frames()), len(paid))

    leads = find_leads(frames, BOOK)
    said = told_of(frames)

    assert leads["pattern"].to_list() == ["MULTI_BORROWER_POOL"] * 5
    assert len(said) == 2
    for told in said:
        assert_holds(told, leads, frames.transactions["transaction_id"][-1])


def in_one_payment(frames: Frames, count: int) -> Frames:
    """The last so many transactions, which are alike, are one."""
    one, *others = frames.transactions["transaction_id"].to_list()[-count:]
    return replace(
        frames,
        transactions=frames.transactions.filter(~pl.col("transaction_id").is_in(others)),
        hops=frames.hops.with_columns(pl.col("transaction_id").replace(others, [one] * len(others))),
        as_of=frames.transactions["booked_at"][-1],
    )
