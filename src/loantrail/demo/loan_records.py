"""Contracts, notes, drawdowns, orders, schedules, guarantees and invoices as records."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.flow_book import Flows
from loantrail.demo.lending import MORTGAGE, PRODUCTS, Loans
from loantrail.demo.model import DAYS
from loantrail.demo.papers import Papers
from loantrail.demo.population import Population
from loantrail.demo.repaying import Schedule, Standing
from loantrail.demo.season import date_of
from loantrail.demo.statement_records import References
from loantrail.demo.writing import gather, record_frame
from loantrail.ids import seeded_generator
from loantrail.ledger import model as ledger

Int64 = NDArray[np.int64]


def _days(days: Int64) -> pl.Series:
    """Day numbers of the demo as dates."""
    return pl.Series(days + (date_of(0) - datetime.date(1970, 1, 1)).days, dtype=pl.Int32).cast(pl.Date)


def loan_frames(
    loans: Loans,
    schedule: Schedule,
    standing: Standing,
    papers: Papers,
    people: Population,
    places: Places,
    flows: Flows,
    references: References,
    seed: int,
) -> dict[str, pl.DataFrame]:
    """All record types of loans but accounts and statement lines, by name."""
    generator = seeded_generator(seed, "loan records")
    parties, units, book = people.parties, people.units, places.book
    party_id = pl.Series([parties.party_id(row) for row in range(len(parties))])
    party_name = pl.Series(parties.name)
    number = pl.Series(book.number)
    account_name = pl.Series(book.name)
    unit_id = pl.Series(units.unit_id)
    note, contract = pl.Series(loans.note_no), pl.Series(loans.contract_no)
    loan_unit = gather(unit_id, loans.unit)
    count = len(loans)
    matures = pl.Series(loans.issue_day + loans.term_months * 365 // 12)

    def reference_of(entries: Int64) -> pl.Series:
        return references.at(np.where(entries >= 0, flows.position_of[entries.clip(0)], -1))

    frames: dict[str, pl.DataFrame] = {}
    frames["loan_contract"] = record_frame(
        ledger.LOAN_CONTRACT,
        {
            "contract_id": contract,
            "borrower_party_id": gather(party_id, loans.borrower),
            "product": [PRODUCTS[int(row)] for row in loans.product],
            "purpose_text": loans.purpose,
            "payment_mode": loans.mode,
            "amount_fen": loans.amount_fen,
            "signed_on": _days(loans.issue_day - generator.integers(1, 12, count)),
            "valid_to": _days(matures.to_numpy()),
            "unit_id": loan_unit,
        },
    )
    named = list({(row, account_name[account]): (row, account) for row, account in papers.payees}.values())
    named_loans = np.array([row for row, _ in named], dtype=np.int64)
    named_accounts = np.array([account for _, account in named], dtype=np.int64)
    owner = np.array(book.party, dtype=np.int64)
    by_name = [
        (row, name)
        for row, name in papers.payee_names
        if (row, name) not in {(r, account_name[a]) for r, a in named}
    ]
    extra = np.array([row for row, _ in by_name], dtype=np.int64)
    nobody = np.full(len(extra), -1)
    all_loans = np.r_[named_loans, extra]
    frames["contract_payee"] = record_frame(
        ledger.CONTRACT_PAYEE,
        {
            "contract_id": gather(contract, all_loans),
            "name": [account_name[int(a)] for a in named_accounts] + [name for _, name in by_name],
            "account": gather(number, np.r_[named_accounts, nobody]),
            "party_id": gather(party_id, np.r_[owner[named_accounts], nobody]),
            "unit_id": gather(loan_unit, all_loans),
        },
    )
    declared = list(dict.fromkeys(papers.declared))
    for row in np.flatnonzero(~loans.corporate & (generator.random(count) < 0.4)):
        spouse = people.spouse.get(int(loans.borrower[row]))
        if spouse is not None:
            declared.append((int(row), spouse, "co_borrower"))
    declared_loans = np.array([row[0] for row in declared], dtype=np.int64)
    frames["contract_party"] = record_frame(
        ledger.CONTRACT_PARTY,
        {
            "contract_id": gather(contract, declared_loans),
            "party_id": gather(party_id, np.array([row[1] for row in declared], dtype=np.int64)),
            "role": [row[2] for row in declared],
            "unit_id": gather(loan_unit, declared_loans),
        },
    )
    days = standing.overdue_days
    classes = np.select(
        [days == 0, days <= 90, days <= 270, days <= 360],
        ["normal", "special_mention", "substandard", "doubtful"],
        "loss",
    )
    frames["loan_note"] = record_frame(
        ledger.LOAN_NOTE,
        {
            "loan_id": note,
            "contract_id": contract,
            "disbursement_account": gather(number, loans.account),
            "repayment_account": gather(number, loans.main),
            "amount_fen": loans.amount_fen,
            "issued_on": _days(loans.issue_day),
            "matures_on": _days(matures.to_numpy()),
            "rate_ppm": loans.rate_ppm,
            "balance_fen": standing.balance_fen,
            "state": np.select(
                [standing.balance_fen == 0, days > 0], ["settled", "overdue"], "outstanding"
            ).tolist(),
            "five_class": classes.tolist(),
            "unit_id": loan_unit,
        },
    )
    floating = np.flatnonzero((loans.term_months > 12) & (loans.issue_day < 270))
    frames["rate_reset"] = record_frame(
        ledger.RATE_RESET,
        {
            "loan_id": gather(note, floating),
            "effective_from": _days(np.full(len(floating), 275)),
            "rate_ppm": np.maximum(loans.rate_ppm[floating] - 1000, 30_000),
            "basis": "LPR调整",
            "unit_id": gather(loan_unit, floating),
        },
    )
    drawn = np.array(papers.drawdowns, dtype=np.int64).reshape(-1, 4)
    frames["disbursement"] = record_frame(
        ledger.DISBURSEMENT,
        {
            "disbursement_id": [f"FK{row + 1:09d}" for row in range(len(drawn))],
            "loan_id": gather(note, drawn[:, 0]),
            "account": gather(number, loans.account[drawn[:, 0]]),
            "amount_fen": drawn[:, 3],
            "booked_at": drawn[:, 2],
            "reference": reference_of(drawn[:, 1]),
            "payment_mode": [loans.mode[int(row)] for row in drawn[:, 0]],
            "unit_id": gather(loan_unit, drawn[:, 0]),
        },
    )
    order_loans = np.array([row[0] for row in papers.orders], dtype=np.int64)
    order_accounts = np.array([row[1] for row in papers.orders], dtype=np.int64)
    order_days = np.array([row[4] for row in papers.orders], dtype=np.int64)
    frames["entrusted_order"] = record_frame(
        ledger.ENTRUSTED_ORDER,
        {
            "order_id": [f"ZF{row + 1:09d}" for row in range(len(papers.orders))],
            "loan_id": gather(note, order_loans),
            "payee_account": gather(number, order_accounts),
            "payee_name": gather(account_name, order_accounts),
            "amount_fen": np.array([row[2] for row in papers.orders], dtype=np.int64),
            "document_no": [row[3] for row in papers.orders],
            "valid_from": _days(order_days),
            "valid_to": _days(order_days + 14),
            "unit_id": gather(loan_unit, order_loans),
        },
    )
    frames["repayment_schedule"] = record_frame(
        ledger.REPAYMENT_SCHEDULE,
        {
            "loan_id": gather(note, schedule.loan),
            "instalment_no": schedule.number,
            "due_on": _days(schedule.due_day),
            "principal_fen": schedule.principal_fen,
            "interest_fen": schedule.interest_fen,
            "unit_id": gather(loan_unit, schedule.loan),
        },
    )
    paid = [np.concatenate([batch[column] for batch in papers.repayments]) for column in range(6)]
    order = np.lexsort((paid[0], paid[2]))
    loan, entry, when, principal, interest, penalty = (column[order] for column in paid)
    frames["repayment"] = record_frame(
        ledger.REPAYMENT,
        {
            "repayment_id": [f"HK{row + 1:010d}" for row in range(len(loan))],
            "loan_id": gather(note, loan),
            "paid_at": when,
            "principal_fen": principal,
            "interest_fen": interest,
            "penalty_fen": penalty,
            "account": gather(number, loans.main[loan]),
            "reference": reference_of(entry),
            "unit_id": gather(loan_unit, loan),
        },
    )

    guaranteed = np.flatnonzero(loans.guarantor >= 0)
    pledged = np.flatnonzero((loans.product == MORTGAGE) | (loans.corporate & (loans.guarantor < 0)))
    secured = np.r_[guaranteed, pledged]
    is_charge = np.arange(len(secured)) >= len(guaranteed)
    guarantee_ids = pl.Series([f"DB{row + 1:09d}" for row in range(len(secured))], dtype=pl.String)
    frames["guarantee_contract"] = record_frame(
        ledger.GUARANTEE_CONTRACT,
        {
            "guarantee_id": guarantee_ids,
            "contract_id": gather(contract, secured),
            "kind": np.where(is_charge, "mortgage_charge", "guarantor").tolist(),
            "guarantor_party_id": gather(
                party_id, np.where(is_charge, loans.borrower[secured], loans.guarantor[secured])
            ),
            "amount_fen": loans.amount_fen[secured],
            "valid_from": _days(loans.issue_day[secured] - 1),
            "valid_to": _days(matures.to_numpy()[secured] + 730),
            "unit_id": gather(loan_unit, secured),
        },
    )
    ratio = generator.integers(38, 76, len(pledged)) * 10_000
    frames["collateral"] = record_frame(
        ledger.COLLATERAL,
        {
            "collateral_id": [f"YP{row + 1:09d}" for row in range(len(pledged))],
            "guarantee_id": guarantee_ids[len(guaranteed) :],
            "kind": ["住宅" if product == MORTGAGE else "工业厂房" for product in loans.product[pledged]],
            "owner_party_id": gather(party_id, loans.borrower[pledged]),
            "value_fen": loans.amount_fen[pledged] * 1_000_000 // ratio,
            "valued_on": _days(loans.issue_day[pledged] - generator.integers(10, 90, len(pledged))),
            "loan_to_value_ppm": ratio,
            "registration_no": [f"BDC{value:010d}" for value in generator.integers(0, 10**10, len(pledged))],
            "registration_expires_on": _days(matures.to_numpy()[pledged] + 365),
            "insurance_expires_on": _days(
                loans.issue_day[pledged] + generator.integers(200, 800, len(pledged))
            ),
            "unit_id": gather(loan_unit, pledged),
        },
    )
    frames["loan_manager"] = _manager_frame(generator, loans, people, note, loan_unit)
    frames["invoice"] = _invoice_frame(generator, papers, people, places, party_id, party_name)
    return frames


def _manager_frame(
    generator: np.random.Generator, loans: Loans, people: Population, note: pl.Series, loan_unit: pl.Series
) -> pl.DataFrame:
    """A lead and an assisting manager for each loan; some loans changed hands in the year."""
    rows: list[tuple[int, str, str, int, int | None]] = []
    staff = people.units.staff
    moved = generator.random(len(loans)) < 0.06
    for row in range(len(loans)):
        one, two = people.units.managers[int(loans.unit[row])]
        lead, assist = (one, two) if row % 2 else (two, one)
        start = int(loans.issue_day[row])
        change = start + 60
        if moved[row] and change < DAYS:
            rows.append((row, staff[assist][0], "lead", start, change - 1))
            rows.append((row, staff[lead][0], "lead", change, None))
        else:
            rows.append((row, staff[lead][0], "lead", start, None))
            rows.append((row, staff[assist][0], "assist", start, None))
    index = np.array([row[0] for row in rows], dtype=np.int64)
    return record_frame(
        ledger.LOAN_MANAGER,
        {
            "loan_id": gather(note, index),
            "staff_id": [row[1] for row in rows],
            "role": [row[2] for row in rows],
            "valid_from": [date_of(row[3]) for row in rows],
            "valid_to": pl.Series(
                [None if row[4] is None else date_of(row[4]) for row in rows], dtype=pl.Date
            ),
            "unit_id": gather(loan_unit, index),
        },
    )


def _invoice_frame(
    generator: np.random.Generator,
    papers: Papers,
    people: Population,
    places: Places,
    party_id: pl.Series,
    party_name: pl.Series,
) -> pl.DataFrame:
    """Invoices in order of date: 13% tax inside the amount; one in a hundred is void."""
    seller, buyer, day, total = (
        np.concatenate([batch[column] for batch in papers.invoices]) for column in range(4)
    )
    order = np.lexsort((buyer, day))
    seller, buyer, day, total = seller[order], buyer[order], day[order], total[order]
    amount = total * 100 // 113
    number = generator.integers(0, 10**8, len(day))
    owner = np.array(places.book.party, dtype=np.int64)
    head = pl.Series([f"25{33 + int(d) % 3:02d}2{d:04d}" for d in day.clip(0)], dtype=pl.String)
    return record_frame(
        ledger.INVOICE,
        {
            "invoice_id": [
                f"{h}{i:07d}{n % 1000:03d}" for i, (h, n) in enumerate(zip(head, number, strict=True))
            ],
            "seller_party_id": gather(party_id, owner[seller]),
            "seller_name": gather(pl.Series(places.book.name), seller),
            "buyer_party_id": gather(party_id, buyer),
            "buyer_name": gather(party_name, buyer),
            "issued_on": _days(day),
            "amount_fen": amount,
            "tax_fen": total - amount,
            "state": np.where(generator.random(len(day)) < 0.01, "void", "valid").tolist(),
            "unit_id": gather(
                pl.Series(people.units.unit_id), np.array(people.parties.unit, dtype=np.int64)[buyer]
            ),
        },
    )
