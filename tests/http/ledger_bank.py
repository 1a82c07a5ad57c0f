"""A bank of many loans drawn from a seed: units below units, schedules kept and not kept, groups, collateral, warnings, and
what the nightly deliveries recorded of the month before."""

from __future__ import annotations

import datetime
import json
import random
from dataclasses import dataclass, field
from typing import Final

from loantrail.ledger.model import FIVE_CLASSES, PRODUCTS
from loantrail.parties.names import party_keys, sort_key
from loantrail.postgres.connection import type_of_connection

DATA_DATE: Final = datetime.date(2025, 6, 30)
LAST_MONTH: Final = datetime.date(2025, 5, 31)
RUN: Final = "run-ledger"
ZONE: Final = datetime.timezone(datetime.timedelta(hours=8))
UNITS: Final = (
    ("0000", "澜江银行总行", "head_office", None),
    ("1000", "东分行", "branch", "0000"),
    ("1001", "东一支行", "sub_branch", "1000"),
    ("1002", "东二支行", "sub_branch", "1000"),
    ("1100", "西分行", "branch", "0000"),
    ("1101", "西一支行", "sub_branch", "1100"),
)
LENDING: Final = ("1000", "1001", "1002", "1101")
INDUSTRIES: Final = ("1713", "1351", "5122", "0511", "6510", None)
REGIONS: Final = ("330122", "330127", "430121", "430321", None)
NET_CAPITAL_FEN: Final = 2_000_000_000
NET_TIER1_FEN: Final = 1_600_000_000
PLACES: Final = (
    ("supplier", "documented"), ("payroll", "documented"), ("tax", "documented"), ("securities", "prohibited"),
    ("property_purchase", "prohibited"), ("held_by_borrower", "held"), ("held_by_third_party", "held"),
    ("other_debt_repaid", "debt"), ("other_bank", "left_bank"), ("payment_institution", "pooled"), ("untraced", "other"),
)  # fmt: skip
"""A use and its group of the statement."""
LEVELS: Final = ("blue", "yellow", "orange", "red")


@dataclass
class Loan:
    """What was written of one loan."""

    loan_id: str
    party: int
    unit: str
    product: str
    currency: str
    amount_fen: int
    balance_fen: int
    state: str
    five_class: str
    instalments: list[tuple[datetime.date, int, int]] = field(default_factory=list)
    payments: list[tuple[datetime.date, int, int]] = field(default_factory=list)


def noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), tzinfo=ZONE)


def write_ledger_bank(connection: type_of_connection, count: int = 90, seed: int = 7) -> list[Loan]:
    """Write the bank; the loans that it has."""
    chance = random.Random(seed)
    run = connection.execute
    for unit in UNITS:
        run("INSERT INTO parties.organisation_unit VALUES (%s, %s, %s, %s)", unit)
    for number, unit in enumerate(LENDING, 1):
        run(
            "INSERT INTO parties.staff (staff_id, unit_id, name, role, name_sort) VALUES (%s, %s, %s, %s, %s)",
            (
                f"S{number}",
                unit,
                f"经理{number}",
                "relationship_manager",
                sort_key(f"经理{number}", person=True),
            ),
        )
    parties = count * 2 // 3
    for party in range(parties):
        name = f"{chance.choice('甲乙丙丁戊己庚辛')}{party}有限公司"
        sort, search = party_keys(name, "company", None)
        run(
            "INSERT INTO parties.party (party_id, unit_id, kind, name, industry_code, region_code, name_sort, name_search)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                f"P{party}", chance.choice(LENDING), chance.choice(("company", "individual")), name,
                chance.choice(INDUSTRIES), chance.choice(REGIONS), sort, search,
            ),
        )  # fmt: skip
    run(
        "INSERT INTO ledger.account (account, account_number, kind, unit_id) VALUES ('A', 'A', 'settlement', '1001')"
    )
    run(
        "INSERT INTO parties.bank_capital VALUES ('2024-12-31', %s, %s, '年末报表'), ('2099-01-01', 1, 1, '以后')",
        (NET_CAPITAL_FEN, NET_TIER1_FEN),
    )
    run(
        "INSERT INTO tracing.run (run_id, convention, data_version, software_version, opening, created_at, loan_count,"
        " event_count, hop_count, current, data_date) VALUES (%s, 'fifo', 'd', '0', 'stated', now(), 1, 1, 1, true, %s)",
        (RUN, DATA_DATE),
    )
    _write_relations(connection, chance, parties)
    loans = [_write_loan(connection, chance, number, parties) for number in range(count)]
    _write_history(connection, chance, loans)
    # Its own chance: what was drawn before stays as it was.
    _write_statements(connection, random.Random(seed + 1))
    connection.commit()
    return loans


def _write_relations(connection: type_of_connection, chance: random.Random, parties: int) -> None:
    kinds = ("group_member", "controller", "shareholder", "spouse")
    written: set[tuple[int, int, str]] = set()
    for _ in range(parties // 2):
        one, other, kind = chance.randrange(parties), chance.randrange(parties), chance.choice(kinds)
        if one == other or (one, other, kind) in written:
            continue
        written.add((one, other, kind))
        connection.execute(
            "INSERT INTO parties.party_relation (from_party_id, to_party_id, kind, share_ppm, valid_from, valid_to, unit_id)"
            " VALUES (%s, %s, %s, %s, '2020-01-01', %s, '1001')",
            (
                f"P{one}", f"P{other}", kind,
                chance.choice((400_000, 500_000, 510_000)) if kind == "shareholder" else None,
                chance.choice((None, None, datetime.date(2024, 1, 1), datetime.date(2026, 1, 1))),
            ),
        )  # fmt: skip


def _write_loan(connection: type_of_connection, chance: random.Random, number: int, parties: int) -> Loan:
    run = connection.execute
    unit, product = chance.choice(LENDING), chance.choice(PRODUCTS)
    currency = "USD" if chance.random() < 0.1 else "CNY"
    amount_fen = chance.randrange(1, 200) * 1_000_000 + chance.randrange(100)
    settled = chance.random() < 0.15
    issued = DATA_DATE - datetime.timedelta(days=chance.randrange(10, 400))
    if number == 0:
        # Two instalments, neither paid: one is late, the other falls due on the very data date.
        issued, settled = DATA_DATE - datetime.timedelta(days=60), False
    loan = Loan(
        f"JJ{number:04d}",
        chance.randrange(parties),
        unit,
        product,
        currency,
        amount_fen,
        0 if settled else amount_fen,
        "settled" if settled else chance.choice(("outstanding", "outstanding", "overdue", "written_off")),
        chance.choice(FIVE_CLASSES),
    )
    contract = f"HT{number:04d}"
    run(
        "INSERT INTO ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode, amount_fen,"
        " currency, signed_on, valid_to, unit_id) VALUES (%s, %s, %s, '采购', 'autonomous_payment', %s, %s, %s, %s, %s)",
        (
            contract, f"P{loan.party}", product, amount_fen + chance.choice((0, 0, 5_000_000)), currency, issued,
            chance.choice((None, datetime.date(2026, 1, 1), datetime.date(2025, 1, 1))), unit,
        ),
    )  # fmt: skip
    paid = 0
    for instalment in range(1, chance.randrange(3, 8)):
        due = issued + datetime.timedelta(days=30 * instalment)
        part = (due, amount_fen // 10, chance.randrange(1_000, 90_000))
        loan.instalments.append(part)
        if due <= DATA_DATE and chance.random() < 0.8 and number > 0:
            late = due + datetime.timedelta(days=chance.choice((0, 0, 0, 3, 40)))
            loan.payments.append((late, part[1] * chance.choice((1, 1, 1, 0)), part[2]))
            paid += loan.payments[-1][1] if late <= DATA_DATE else 0
    if not settled:
        loan.balance_fen -= paid
    run(
        "INSERT INTO ledger.loan_note (loan_id, contract_id, disbursement_account, amount_fen, currency, issued_on, matures_on,"
        " rate_ppm, balance_fen, state, five_class, unit_id) VALUES (%s, %s, 'A', %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            loan.loan_id, contract, amount_fen, currency, issued, issued + datetime.timedelta(days=365),
            chance.choice((43_500, 38_000)), loan.balance_fen, loan.state, loan.five_class, unit,
        ),
    )  # fmt: skip
    run(
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, currency, booked_at, payment_mode,"
        " unit_id) VALUES (%s, %s, 'A', %s, %s, %s, 'autonomous_payment', %s)",
        (f"FK{number}", loan.loan_id, amount_fen, currency, noon(issued), unit),
    )
    run(
        "INSERT INTO ledger.loan_manager VALUES (%s, %s, 'lead', '2024-01-01', NULL, %s)",
        (loan.loan_id, f"S{LENDING.index(unit) + 1}", unit),
    )
    for place, (due, principal, interest) in enumerate(loan.instalments, 1):
        run(
            "INSERT INTO ledger.repayment_schedule VALUES (%s, %s, %s, %s, %s, %s)",
            (loan.loan_id, place, due, principal, interest, unit),
        )
    for place, (day, principal, interest) in enumerate(loan.payments):
        run(
            "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, interest_fen, unit_id)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (f"HK{number}-{place}", loan.loan_id, noon(day), principal, interest, unit),
        )
    _write_around(connection, chance, loan, contract, number)
    return loan


def _write_around(
    connection: type_of_connection, chance: random.Random, loan: Loan, contract: str, number: int
) -> None:
    """Collateral, what the trace saw, a lead, a warning."""
    run = connection.execute
    if chance.random() < 0.5:
        kind = chance.choice(("mortgage_charge", "guarantor"))
        run(
            "INSERT INTO ledger.guarantee_contract (guarantee_id, contract_id, kind, guarantor_party_id, amount_fen, currency,"
            " valid_from, unit_id) VALUES (%s, %s, %s, 'P0', %s, %s, '2024-01-01', %s)",
            (f"DB{number}", contract, kind, loan.amount_fen, loan.currency, loan.unit),
        )
        for thing in range(chance.randrange(3) if kind == "mortgage_charge" else 0):
            run(
                "INSERT INTO ledger.collateral (collateral_id, guarantee_id, kind, owner_party_id, value_fen, currency, valued_on,"
                " registration_no, registration_expires_on, insurance_expires_on, unit_id)"
                " VALUES (%s, %s, %s, 'P1', %s, %s, %s, %s, %s, %s, %s)",
                (
                    f"YP{number}-{thing}", f"DB{number}", chance.choice(("住宅", "厂房")),
                    loan.amount_fen * chance.randrange(1, 4), loan.currency,
                    DATA_DATE - datetime.timedelta(days=chance.choice((100, 365, 366))), f"BDC{number}",
                    DATA_DATE + datetime.timedelta(days=chance.choice((-1, 0, 60, 61))), None, loan.unit,
                ),
            )  # fmt: skip
    if chance.random() < 0.9:
        suspected = loan.amount_fen // 2 if chance.random() < 0.3 else 0
        run(
            "INSERT INTO tracing.loan_summary (run_id, loan_id, disbursed_fen, seen_fen, lost_other_bank_fen, lost_pool_fen,"
            " prohibited_fen, gross_returned_fen, unit_id, suspected_fen, lead_count)"
            " VALUES (%s, %s, %s, %s, 0, 0, 0, 0, %s, %s, %s)",
            (
                RUN,
                loan.loan_id,
                loan.amount_fen,
                loan.amount_fen // 3,
                loan.unit,
                suspected,
                int(suspected > 0),
            ),
        )
        if suspected and chance.random() < 0.5:
            run(
                "INSERT INTO tracing.lead (run_id, loan_id, pattern, amount_fen, transaction_ids, unit_id)"
                " VALUES (%s, %s, 'IDLE_FUNDS', %s, '{}', %s)",
                (RUN, loan.loan_id, suspected, loan.unit),
            )
    if chance.random() < 0.35:
        happened = noon(DATA_DATE - datetime.timedelta(days=chance.choice((2, 20, 90))))
        run(
            "INSERT INTO early_warning.thread (thread_id, loan_id, version, level, state, opened_at, first_at, due_at, amount_fen,"
            " proven_fen, rule_codes, changed_at, unit_id) VALUES (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s, now(), %s)",
            (
                f"T{number}", loan.loan_id, chance.choice(LEVELS), chance.choice(("open", "open", "snoozed", "closed")),
                happened, happened, happened + datetime.timedelta(days=3), loan.amount_fen // 2,
                chance.choice((0, loan.amount_fen // 4)), ["FLOW_SECURITIES"], loan.unit,
            ),
        )  # fmt: skip


def _write_statements(connection: type_of_connection, chance: random.Random) -> None:
    """Where the money of each traced loan rests: it adds up to what was paid out. A lead speaks of some restricted uses."""
    traced = connection.execute(
        "SELECT loan_id, disbursed_fen, unit_id FROM tracing.loan_summary WHERE run_id = %s ORDER BY loan_id",
        (RUN,),
    ).fetchall()
    for loan_id, disbursed_fen, unit in traced:
        left_fen = disbursed_fen
        places = chance.sample(PLACES, chance.randrange(1, 4))
        for number, (use, group) in enumerate(places, 1):
            part_fen = left_fen if number == len(places) else chance.randrange(1, left_fen)
            left_fen -= part_fen
            connection.execute(
                "INSERT INTO tracing.statement (run_id, loan_id, use, amount_fen, line_group, unit_id) VALUES (%s, %s, %s, %s, %s, %s)",
                (RUN, loan_id, use, part_fen, group, unit),
            )
            if group == "prohibited" and chance.random() < 0.6:
                connection.execute(
                    "INSERT INTO tracing.lead (run_id, loan_id, pattern, class, amount_fen, transaction_ids, unit_id)"
                    " VALUES (%s, %s, 'PROHIBITED_DESTINATION', %s, %s, '{}', %s)",
                    (RUN, loan_id, use, part_fen, unit),
                )
            if left_fen == 0:
                break


def _write_history(connection: type_of_connection, chance: random.Random, loans: list[Loan]) -> None:
    """The delivery of the last day of May, and what it said of some loans that June's changed: class and balance then."""
    loaded = noon(LAST_MONTH + datetime.timedelta(days=1))
    connection.execute(
        "INSERT INTO nightly.run (run_id, business_date, attempt, state, folder, content_hash, software_version, started_at,"
        " data_loaded_at) VALUES ('N1', %s, 1, 'complete', '', '', '0', %s, %s)",
        (LAST_MONTH, loaded, loaded),
    )
    for loan in chance.sample(loans, len(loans) // 4):
        content = {
            "loan_id": loan.loan_id, "state": "outstanding", "five_class": chance.choice(FIVE_CLASSES[:2]),
            "balance_fen": loan.amount_fen,
        }  # fmt: skip
        absent = chance.random() < 0.2
        connection.execute(
            "INSERT INTO ledger.record_version (record_type, record_key, content, superseded_at, reason, unit_id)"
            " VALUES ('loan_note', %s, %s, %s, %s, %s)",
            (
                loan.loan_id, None if absent else json.dumps(content), loaded + datetime.timedelta(days=5),
                "new" if absent else "changed", loan.unit,
            ),
        )  # fmt: skip
