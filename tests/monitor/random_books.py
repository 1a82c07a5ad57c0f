"""Random small books: loans, owned and strange accounts, payments of every kind, and loan money that moves on hop by hop."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import polars as pl
from tests.early_warning.bank import WAN, Bank, at

from loantrail.early_warning.frames import Frames

CLASSES = (
    "company", "individual", "supplier", "securities", "wealth_management", "developer", "lender", "cash", "other_bank_loan",
    "other_debt_repaid", "acceptance_margin", "same_name_other_bank", "tax", "unknown", "own_account", None,
)  # fmt: skip
USES = ("", "", "", "", "supplier", "securities", "wealth_management", "cash", "lender", "other_debt_repaid", "overdraft_repaid")  # fmt: skip
REMARKS = ("", "货款", "归还贷款", "利息", "余额宝", "退款", "往来款", "工资")
PERSONS, COMPANIES, LOANS = 4, 5, 6


def random_frames(chance: random.Random, payments: int = 60) -> Frames:
    """Books of some loans; transactions are in the order of the trace and numbered by `sequence`, hops say `ended`."""
    bank = Bank(end_day=chance.choice((20, 60, 130)))
    accounts = [
        bank.account(f"X{n}", kind=chance.choice(("settlement", "settlement", "pooled"))) for n in range(2)
    ]
    parties: list[str] = []
    for n in range(PERSONS):
        parties.append(bank.party(f"P{n}", "individual"))
    for n in range(COMPANIES):
        registered = at(-chance.choice((20, 300, 4000))).date()
        parties.append(
            bank.party(f"C{n}", registered_on=registered, insured_staff_count=chance.choice((0, 5, None)))
        )
    accounts += [bank.account(f"{party}.main", party) for party in parties if chance.random() < 0.9]
    accounts += [
        bank.account(f"C{n}.time", f"C{n}", chance.choice(("time_deposit", "settlement"))) for n in range(2)
    ]
    borrowers = chance.sample(parties[1:], LOANS)
    if chance.random() < 0.3:
        borrowers[1] = borrowers[0]
    opening = [_loan(chance, bank, f"L{n}", borrower) for n, borrower in enumerate(borrowers)]
    frontier = [(f"L{n}", hop, bank.hops[-LOANS + n]) for n, hop in enumerate(opening)]
    for party in parties[:4]:
        other = chance.choice(parties)
        bank.relations.append(
            {"from_party_id": party, "to_party_id": other, "share_ppm": 600_000,
             "kind": chance.choice(("controller", "spouse", "shareholder", "legal_representative", "guarantees"))}
        )  # fmt: skip
    bank.guarantors.append({"loan_id": "L0", "guarantor_party_id": chance.choice(parties)})
    for plant in chance.sample(PLANTS, chance.randint(0, 3)):
        plant(chance, bank, opening, accounts)
    days = sorted(chance.uniform(-100, bank.end_day) for _ in range(payments))
    for day in days:
        said: dict[str, Any] = {
            "cls": chance.choice(CLASSES), "remark": chance.choice(REMARKS), "documented": chance.random() < 0.2,
        }  # fmt: skip
        wan = chance.choice((0.5, 5, 10, 45, 50, 100, 300))
        movable = [
            one for one in frontier if one[2]["booked_at"] < at(day) and one[2]["to_account"] is not None
        ]
        payee = chance.choice([*accounts, None])
        if movable and chance.random() < 0.6:
            loan, parent, before = chance.choice(movable)
            part = min(wan, before["amount_fen"] / WAN)
            hop = bank.move(
                parent, before["to_account"], payee, part, day, loan=loan, use=chance.choice(USES), of_wan=max(wan, part), **said
            )  # fmt: skip
            frontier.append((loan, hop, bank.hops[-1]))
        else:
            payer = chance.choice(accounts)
            bank.pay(payer, payee if payee != payer else None, wan, day, **said)
    for n in range(LOANS):
        for month in range(1, chance.choice((1, 4))):
            bank.repayments.append(
                {"repayment_id": f"R{n}-{month}", "loan_id": f"L{n}", "paid_at": at(30.0 * month), "principal_fen": 5 * WAN,
                 "interest_fen": 0, "account": chance.choice([None, *accounts])}
            )  # fmt: skip
    bank.balances += [
        {"account": account, "balance_fen": chance.randrange(500) * WAN}
        for account in accounts
        if chance.random() < 0.6
    ]
    bank.orders.append({"loan_id": "L1", "payee_account": chance.choice(accounts), "amount_fen": 10 * WAN})
    return in_order(bank.frames())


def _side(bank: Bank, loan: int) -> str:
    return bank.loans[loan]["disbursement_account"]


def _sweep(chance: random.Random, bank: Bank, opening: list[str], accounts: list[str]) -> None:
    """Into a fund and back since long before the loan; then loan money goes the same way."""
    side, fund, remark = _side(bank, 0), chance.choice(accounts), chance.choice(("", "余额宝"))
    for n in range(chance.choice((1, 3))):
        bank.pay(side, fund, 30, -200 + n, cls="wealth_management", remark=remark)
        bank.pay(fund, side, 30, -199.5 + n, cls="wealth_management", remark=remark)
    use = chance.choice(("wealth_management", "securities"))
    bank.move(opening[0], side, fund, 40, 6, loan="L0", use=use, cls=use)


def _interest(chance: random.Random, bank: Bank, opening: list[str], accounts: list[str]) -> None:
    """Even payments month after month to persons, who lent a larger sum long ago or take them for interest; or neither."""
    for person in chance.sample(accounts, 3):
        if chance.random() < 0.6:
            bank.pay(person, _side(bank, 1), 50, chance.choice((-150, -20, 10)), cls="individual")
        remark = chance.choice(("", "", "利息"))
        for month in range(4):
            cls = chance.choice(("individual", "lender"))
            bank.pay(_side(bank, 1), person, 2, 12 + 30 * month, cls=cls, remark=remark)


def _loop(chance: random.Random, bank: Bank, opening: list[str], accounts: list[str]) -> None:
    first, other = chance.sample(accounts, 2)
    bank.move(opening[2], _side(bank, 2), first, 60, 8, loan="L2", of_wan=chance.choice((60, 90)))
    bank.pay(first, other, 59, chance.choice((6, 9, 20)))
    bank.pay(other, _side(bank, 2), 58.5, chance.choice((5, 10, 11)))


def _pool(chance: random.Random, bank: Bank, opening: list[str], accounts: list[str]) -> None:
    """Money of all borrowers in the account of one person within some days."""
    person = bank.account(f"pool {len(bank.accounts)}", "P0")
    for n, hop in enumerate(opening):
        documented = chance.random() < 0.1
        bank.move(hop, _side(bank, n), person, chance.choice((1, 20)), 3 + chance.random() * 9, loan=f"L{n}", cls="individual", documented=documented)  # fmt: skip


def _rapid(chance: random.Random, bank: Bank, opening: list[str], accounts: list[str]) -> None:
    """A payee passes on all it got within hours."""
    payee = bank.account(f"rapid {len(bank.accounts)}", chance.choice(("C1", None)))
    if chance.random() < 0.5:
        bank.balances.append({"account": payee, "balance_fen": chance.choice((0, 9 * WAN))})
    for day in (-50, -20.5):
        bank.pay(chance.choice(accounts), payee, 70, day)
        bank.pay(payee, chance.choice(accounts), chance.choice((70, 65)), day + 0.2)
    bank.move(opening[3], _side(bank, 3), payee, 80, 10, loan="L3")
    bank.pay(payee, chance.choice(accounts), 50, 10.1)
    bank.pay(payee, chance.choice(accounts), chance.choice((30, 20)), 10.2)


def _instalment(chance: random.Random, bank: Bank, opening: list[str], accounts: list[str]) -> None:
    """Another loan here is repaid over another's account, for which money of that size came in before or not."""
    other = chance.choice(accounts)
    hop = bank.move(opening[4], _side(bank, 4), other, 60, 7, loan="L4")
    if chance.random() < 0.7:
        bank.pay(chance.choice(accounts), other, 55, chance.choice((2, 8)))
    bank.move(hop, other, "BANK", 55, 9, loan="L4", use="other_debt_repaid")


def _handing_on(chance: random.Random, bank: Bank, opening: list[str], accounts: list[str]) -> None:
    """Rich payees hand the amount on, to a use or to the account of another's pool."""
    one, two, three = chance.sample(accounts, 3)
    for n in range(LOANS):
        bank.pay(_side(bank, n), one, 45 + n, 1 + n / 10)
        bank.pay(one, two, 45 + n, 1.2 + n / 10)
        bank.pay(two, three, 44.5 + n, chance.choice((2, 3, 9)), cls=chance.choice(("individual", "securities", "company")))  # fmt: skip


PLANTS = (_sweep, _interest, _loop, _pool, _rapid, _instalment, _handing_on)


def _loan(chance: random.Random, bank: Bank, loan: str, borrower: str) -> str:
    return bank.loan(
        chance.choice((50, 100, 300)), loan=loan, borrower=borrower, retail=borrower.startswith("P"),
        mode=chance.choice(("entrusted_payment", "autonomous_payment")),
    )  # fmt: skip


def in_order(frames: Frames) -> Frames:
    transactions = frames.transactions.sort("booked_at", maintain_order=True).with_columns(
        sequence=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    )
    places = transactions.select("transaction_id", place="sequence")
    hops = (
        frames.hops.join(places, on="transaction_id", how="left", maintain_order="left")
        .sort("place", maintain_order=True)
        .drop("place")
        .with_columns(ended=pl.col("use").is_in(["cash", "overdraft_repaid"]))
    )
    latest = transactions["booked_at"].max()
    assert latest is not None
    return replace(frames, transactions=transactions, hops=hops, as_of=latest)  # pyright: ignore[reportArgumentType]
