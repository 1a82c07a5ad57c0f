"""A bank whose borrower pays five instalments, each from other money, for the tests of the pages of repayments.

甲 (account A) has loan L1. 客户 pays it 8,000.00, which pays the first instalment. Then 王过桥 lends 50,000.00 and 客户
pays 10,000.00: the second instalment. Loan L2 is paid out, 50,500.00 go back to 王过桥; what is left of L2 pays the third.
The guarantor pays the fourth directly. The fifth is recorded, but no line shows it. Of the sixth the account lacks
300.00: the bank lends them. Before the seventh, which revenue pays, a lender sends its amount.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Final

from loantrail.ledger.transfers import transfer_id
from loantrail.postgres.connection import type_of_connection

LOAN: Final = "JJ1"
NEW_LOAN: Final = "JJ2"
UNPAID_LOAN: Final = "JJ3"
LOT: Final = 100
ZONE: Final = datetime.timezone(datetime.timedelta(hours=8))

PARTIES: Final = {
    "P1": ("甲纺织有限公司", "company"),
    "P2": ("丁客户贸易有限公司", "company"),
    "P3": ("王过桥", "individual"),
    "P4": ("戊担保物资有限公司", "company"),
    "P5": ("己棉业有限公司", "company"),
}
ACCOUNTS: Final = {
    "A": ("P1", "settlement"),
    "C": ("P2", "settlement"),
    "B": ("P3", "savings"),
    "G": ("P4", "settlement"),
    "S": ("P5", "settlement"),
    "I": (None, "loan_internal"),
}
OUTSIDE: Final = {"N": ("9001", "青山小额贷款有限公司")}
"""Accounts at other banks: account number and name."""

# name, day, payer, payee, yuan, text
MOVEMENTS: Final = (
    ("放款一", 1, "I", "A", 100_000, "贷款发放"),
    ("采购", 2, "A", "S", 100_000, "棉纱货款"),
    ("收款一", 30, "C", "A", 8_000, "往来"),
    ("还款一", 31, "A", "I", 8_000, "归还贷款"),
    ("借入", 58, "B", "A", 50_000, "往来"),
    ("收款二", 59, "C", "A", 10_000, "往来"),
    ("还款二", 60, "A", "I", 60_000, "归还贷款"),
    ("放款二", 62, "I", "A", 60_000, "贷款发放"),
    ("退回", 63, "A", "B", 50_500, "往来"),
    ("还款三", 91, "A", "I", 9_000, "归还贷款"),
    ("还款四", 121, "G", "I", 2_000, "归还贷款"),
    ("还款六", 181, "A", "I", 800, "归还贷款"),
    ("收款三", 200, "C", "A", 3_300, "往来"),
    ("小贷", 210, "N", "A", 3_000, "往来款"),
    ("还款七", 211, "A", "I", 3_000, "归还贷款"),
)
# number, day, principal, interest, account, reference
REPAYMENTS: Final = (
    ("HK1", 31, 7_000, 1_000, "A", "还款一"),
    ("HK2", 60, 59_000, 1_000, "A", "还款二"),
    ("HK3", 91, 8_000, 1_000, "A", "还款三"),
    ("HK4", 121, 2_000, 0, "G", "还款四"),
    ("HK5", 151, 500, 0, "A", "柜台"),
    ("HK6", 181, 700, 100, "A", "还款六"),
    ("HK7", 211, 2_900, 100, "A", "还款七"),
)


def moment(day: int) -> datetime.datetime:
    return datetime.datetime(2025, 1, 1, 10, 30, tzinfo=ZONE) + datetime.timedelta(days=day)


def write_paying_bank(connection: type_of_connection) -> None:
    """Books only; trace them with `trace_books`."""
    run = connection.execute
    run("INSERT INTO parties.organisation_unit VALUES ('U1', '测试支行', 'sub_branch', NULL)")
    for party, (name, kind) in PARTIES.items():
        run(
            "INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES (%s, 'U1', %s, %s)",
            (party, kind, name),
        )
    for account, (party, kind) in ACCOUNTS.items():
        run(
            "INSERT INTO ledger.account (account, account_number, party_id, name, kind, has_lines, opening_balance_fen,"
            " unit_id) VALUES (%s, %s, %s, %s, %s, true, %s, 'U1')",
            (account, account, party, PARTIES[party][0] if party else "贷款核算户", kind, _opening(account)),
        )
    for loan, yuan, day in ((LOAN, 100_000, 1), (NEW_LOAN, 60_000, 62), (UNPAID_LOAN, 5_000, 62)):
        run(
            "INSERT INTO ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode,"
            " amount_fen, signed_on, unit_id)"
            " VALUES (%s, 'P1', 'working_capital_loan', '采购', 'autonomous_payment', %s, '2025-01-01', 'U1')",
            (f"HT{loan}", yuan * LOT),
        )
        run(
            "INSERT INTO ledger.loan_note (loan_id, contract_id, disbursement_account, repayment_account, amount_fen,"
            " issued_on, matures_on, rate_ppm, balance_fen, unit_id)"
            " VALUES (%s, %s, 'A', 'A', %s, '2025-01-02', '2026-01-02', 43500, 0, 'U1')",
            (loan, f"HT{loan}", yuan * LOT),
        )
        if loan != UNPAID_LOAN:
            run(
                "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, reference,"
                " payment_mode, unit_id) VALUES (%s, %s, 'A', %s, %s, %s, 'autonomous_payment', 'U1')",
                (f"FK{loan}", loan, yuan * LOT, moment(day), "放款一" if loan == LOAN else "放款二"),
            )
    run(
        "INSERT INTO ledger.guarantee_contract (guarantee_id, contract_id, kind, guarantor_party_id, amount_fen,"
        " valid_from, unit_id) VALUES ('DB1', %s, 'guarantor', 'P4', 10000000, '2025-01-01', 'U1')",
        (f"HT{LOAN}",),
    )
    run(
        "INSERT INTO ledger.invoice (invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, issued_on,"
        " amount_fen, tax_fen) VALUES ('FP1', 'P1', %s, 'P2', %s, '2025-01-20', 800000, 0)",
        (PARTIES["P1"][0], PARTIES["P2"][0]),
    )
    for number, day, principal, interest, account, reference in REPAYMENTS:
        run(
            "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, interest_fen, account,"
            " reference, unit_id) VALUES (%s, %s, %s, %s, %s, %s, %s, 'U1')",
            (number, LOAN, moment(day), principal * LOT, interest * LOT, account, reference),
        )
    _write_lines(connection)
    connection.commit()


def _opening(account: str) -> int:
    return {"C": 100_000, "B": 60_000, "G": 5_000}.get(account, 0) * LOT


def _write_lines(connection: type_of_connection) -> None:
    run = connection.execute
    run("INSERT INTO ledger.import_run (run_id, started_at, state) VALUES ('I1', now(), 'finished')")
    row = run(
        "INSERT INTO ledger.import_file (run_id, name, adapter, content_hash, size_bytes, software_version, started_at)"
        " VALUES ('I1', '流水.csv', 'test', '', 0, '0', now()) RETURNING file_id"
    ).fetchone()
    assert row is not None
    run(
        "CREATE TABLE ledger.statement_line_test PARTITION OF ledger.statement_line"
        " FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    )
    for number, (name, day, payer, payee, yuan, text) in enumerate(MOVEMENTS, 1):
        lines: dict[str, uuid.UUID | None] = {"debit": None, "credit": None}
        for direction, account, other in (("debit", payer, payee), ("credit", payee, payer)):
            if account not in ACCOUNTS:
                continue
            lines[direction] = uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {direction}")
            counter = OUTSIDE.get(other) or (other, _holder(other))
            run(
                "INSERT INTO ledger.statement_line (line_id, file_id, position, booked_at, sequence, account, direction,"
                " amount_fen, counterparty_account, counterparty_name, purpose_text, account_name, reference, unit_id)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'U1')",
                (
                    lines[direction], row[0], number * 2 + (direction == "credit"), moment(day), number, account,
                    direction, yuan * LOT, counter[0], counter[1], text, _holder(account), name,
                ),
            )  # fmt: skip
        debit, credit = lines["debit"], lines["credit"]
        if debit and credit:
            run(
                "INSERT INTO ledger.transfer (transfer_id, version, debit_line, credit_line, debit_account,"
                " credit_account, debit_booked_at, credit_booked_at, amount_fen, currency, booked_at, basis, created_at)"
                " VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s, 'CNY', %s, 'reference', now())",
                (
                    uuid.UUID(transfer_id(debit.hex, credit.hex)), debit, credit, payer, payee, moment(day),
                    moment(day), yuan * LOT, moment(day),
                ),
            )  # fmt: skip


def _holder(account: str) -> str:
    party = ACCOUNTS[account][0]
    return PARTIES[party][0] if party else "贷款核算户"
