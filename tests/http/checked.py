"""Checks of the bank of three loans, and of any number of honest ones."""

from __future__ import annotations

import datetime
from typing import Final

from tests.http.bank import LOAN, RUN, write_books, write_trace
from tests.http.warned import write_warnings

from loantrail.inspections.model import CheckKind
from loantrail.inspections.scheduling import Scheduled, check_id_of, schedule
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection

DATA_DATE: Final = datetime.date(2025, 3, 20)
CHECK: Final = check_id_of(LOAN, CheckKind.FIRST)
INSPECTOR: Final = "S3"
HONEST_YUAN: Final = 600_000
PDF_BYTES: Final = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def write_checked_bank(connection: type_of_connection) -> Scheduled:
    """The books, their trace, its warnings, an inspector in the unit; and the checks that come of it."""
    write_books(connection)
    write_trace(connection)
    write_warnings(connection)
    connection.execute(
        "INSERT INTO parties.staff VALUES (%s, 'U1', '贷后检查岗三', 'post_loan_inspector')", (INSPECTOR,)
    )
    connection.execute("UPDATE tracing.run SET data_date = %s", (DATA_DATE,))
    done = schedule(connection, shipped_parameters())
    connection.commit()
    return done


def honest_loan(number: int) -> str:
    return f"JJ20250309{number:02}"


def write_honest_loans(connection: type_of_connection, count: int) -> Scheduled:
    """Companies that paid a supplier with contract and invoice, their taxes, and a little to a payment institution, and hold
    the rest; and their checks. The supplier of the bank is paid."""
    run = connection.execute
    for number in range(count):
        loan, party, account = honest_loan(number), f"H{number}", f"64{number:02}"
        paid = datetime.datetime(2025, 3, 5, 10, number, tzinfo=datetime.UTC)
        run(
            "INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES (%s, 'U1', 'company', %s)",
            (party, f"诚信第{number}制造有限公司"),
        )
        run(
            "INSERT INTO ledger.account (account, account_number, party_id, name, kind, has_lines, unit_id) "
            "VALUES (%s, %s, %s, %s, 'settlement', true, 'U1')",
            (account, account, party, f"诚信第{number}制造有限公司"),
        )
        run(
            "INSERT INTO ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode, "
            "amount_fen, signed_on, unit_id) VALUES (%s, %s, 'working_capital_loan', '采购原材料', 'autonomous_payment', "
            "100000000, '2025-03-01', 'U1')",
            (f"HT{loan}", party),
        )
        run(
            "INSERT INTO ledger.contract_payee VALUES (%s, '丁棉业有限公司', '6202', 'P2', 'U1')",
            (f"HT{loan}",),
        )
        run(
            "INSERT INTO ledger.loan_note (loan_id, contract_id, disbursement_account, amount_fen, issued_on, matures_on, "
            "rate_ppm, balance_fen, unit_id) VALUES (%s, %s, %s, 100000000, '2025-03-05', '2026-03-05', 43500, 100000000, "
            "'U1')",
            (loan, f"HT{loan}", account),
        )
        run("INSERT INTO ledger.loan_manager VALUES (%s, 'S1', 'lead', '2025-03-01', NULL, 'U1')", (loan,))
        run(
            "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, payment_mode, "
            "unit_id) VALUES (%s, %s, %s, 100000000, %s, 'autonomous_payment', 'U1')",
            (f"FK{loan}", loan, account, paid),
        )
        run(
            "INSERT INTO ledger.invoice (invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, issued_on, "
            "amount_fen, tax_fen, unit_id) VALUES (%s, 'P2', '丁棉业有限公司', %s, %s, '2025-03-06', 55000000, 7150000, 'U1')",
            (f"FP{loan}", party, f"诚信第{number}制造有限公司"),
        )
        hops = (
            ("放款", None, None, account, 100_000_000, 0, "", False),
            ("货款", "放款", "6202", "6202", HONEST_YUAN * 100, 1, "supplier", False),
            ("税", "放款", "6206", "6206", 10_000_000, 1, "tax", True),
            ("支付", "放款", "6207", "6207", 5_000_000, 1, "payment_institution", True),
        )
        for ordinal, (name, parent, _, payee, fen, depth, use, ended) in enumerate(hops):
            run(
                "INSERT INTO tracing.hop VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'U1')",
                (
                    RUN,
                    1000 + number * 10 + ordinal,
                    f"hop-{loan}-{name}",
                    f"hop-{loan}-{parent}" if parent else None,
                    loan,
                    f"{number:016x}{ordinal:016x}",
                    paid + datetime.timedelta(days=ordinal),
                    None if name == "放款" else account,
                    payee,
                    fen,
                    depth,
                    use,
                    ended,
                ),
            )
        run(
            "INSERT INTO tracing.position VALUES (%s, %s, %s, 'held_by_borrower', 25000000, 'U1')",
            (RUN, loan, account),
        )
        for use, fen, group in (
            ("supplier", HONEST_YUAN * 100, "documented"),
            ("tax", 10_000_000, "documented"),
            ("payment_institution", 5_000_000, "pooled"),
            ("held_by_borrower", 25_000_000, "held"),
        ):
            run(
                "INSERT INTO tracing.statement (run_id, loan_id, use, amount_fen, line_group, unit_id) "
                "VALUES (%s, %s, %s, %s, %s, 'U1')",
                (RUN, loan, use, fen, group),
            )
        run(
            "INSERT INTO tracing.loan_summary VALUES (%s, %s, 100000000, 70000000, 0, 5000000, 0, 0, 'U1')",
            (RUN, loan),
        )
    done = schedule(connection, shipped_parameters())
    connection.commit()
    return done
