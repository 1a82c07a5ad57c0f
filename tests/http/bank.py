"""A bank of three loans, told in movements, for the tests of the pages.

甲 borrowed 1,000,000.00: 400,000.00 went to a supplier; 350,000.00 to a related party, which put 300,000.00 into
securities and paid 50,000.00 back, and that went to the supplier too; 100,000.00 was taken in cash; 150,000.00 is
still there. 乙 borrowed 300,000.00 and holds it all. 丙's loan is in the books but not in the trace.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Final

from loantrail.postgres.connection import type_of_connection
from loantrail.tracing.store import digest_leads

LOAN: Final = "JJ2025030001"
QUIET_LOAN: Final = "JJ2025030002"
UNTRACED_LOAN: Final = "JJ2025030003"
RUN: Final = "run-1"
LOT_FEN: Final = 100
ZONE: Final = datetime.timezone(datetime.timedelta(hours=8))

BORROWER, SUPPLIER, RELATED, BROKER, QUIET = "6201", "6202", "6203", "6204", "6205"
NAMES: Final = {
    BORROWER: "甲纺织有限公司",
    SUPPLIER: "丁棉业有限公司",
    RELATED: "戊贸易有限公司",
    BROKER: "己证券股份有限公司客户资金",
    QUIET: "乙",
    "": "现金",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """A transfer and the hop of the loan's money in it, in whole yuan."""

    name: str
    parent: str | None
    day: int
    payer: str
    payee: str
    hop_yuan: int
    use: str = ""
    ended: bool = False
    transfer_yuan: int = 0
    text: str = ""
    loan: str = LOAN
    depth: int = 0


MOVEMENTS: Final = (
    Movement("放款", None, 3, "", BORROWER, 1_000_000, text="贷款发放"),
    Movement("货款", "放款", 4, BORROWER, SUPPLIER, 400_000, "supplier", False, 420_000, "棉纱货款", depth=1),
    Movement("往来", "放款", 5, BORROWER, RELATED, 350_000, text="往来款", depth=1),
    Movement("入市", "往来", 6, RELATED, BROKER, 300_000, "securities", True, text="银证转账", depth=2),
    Movement("回流", "往来", 7, RELATED, BORROWER, 50_000, text="还款", depth=2),
    Movement("再付", "回流", 8, BORROWER, SUPPLIER, 50_000, "supplier", text="棉纱尾款", depth=3),
    Movement("取现", "放款", 9, BORROWER, "", 100_000, "cash", True, text="现金支取", depth=1),
    Movement("乙放款", None, 10, "", QUIET, 300_000, text="贷款发放", loan=QUIET_LOAN),
)

STATEMENT: Final = (
    # loan, use, yuan, group, least, most, proven, basis, voucher
    (LOAN, "supplier", 450_000, "documented", 400_000, 450_000, True, "document", "合同 HT-2025-17"),
    (LOAN, "securities", 300_000, "prohibited", 250_000, 300_000, True, "account_kind", None),
    (LOAN, "cash", 100_000, "other", 0, 100_000, False, "remark", None),
    (LOAN, "held_by_borrower", 150_000, "held", None, None, None, None, None),
    (QUIET_LOAN, "held_by_borrower", 300_000, "held", 300_000, 300_000, True, None, None),
)


def moment(day: int) -> datetime.datetime:
    return datetime.datetime(2025, 3, day, 10, 30, tzinfo=ZONE)


def transfer_id(name: str) -> str:
    """The id of the movement of that name, as the books give it."""
    return uuid.uuid5(uuid.NAMESPACE_OID, name).hex


def write_books(connection: type_of_connection) -> None:
    """Parties, accounts, loans and the lines of every movement."""
    run = connection.execute
    run("INSERT INTO parties.organisation_unit VALUES ('U1', '测试支行', 'sub_branch', NULL)")
    run("INSERT INTO parties.staff VALUES ('S1', 'U1', '客户经理一', 'relationship_manager')")
    for number, (account, name) in enumerate(NAMES.items(), 1):
        if account:
            kind = "individual" if account == QUIET else "company"
            run(
                "INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES (%s, 'U1', %s, %s)",
                (f"P{number}", kind, name),
            )
            run(
                "INSERT INTO ledger.account (account, account_number, party_id, name, kind, has_lines, unit_id)"
                " VALUES (%s, %s, %s, %s, 'settlement', true, 'U1')",
                (account, account, f"P{number}", name),
            )
    for loan_id, party, product, yuan, account in (
        (LOAN, "P1", "working_capital_loan", 1_000_000, BORROWER),
        (QUIET_LOAN, "P5", "consumer_loan", 300_000, QUIET),
        (UNTRACED_LOAN, "P1", "working_capital_loan", 80_000, BORROWER),
    ):
        run(
            "INSERT INTO ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode,"
            " amount_fen, signed_on, unit_id)"
            " VALUES (%s, %s, %s, '采购原材料', 'autonomous_payment', %s, '2025-03-01', 'U1')",
            (f"HT{loan_id}", party, product, yuan * LOT_FEN),
        )
        run(
            "INSERT INTO ledger.loan_note (loan_id, contract_id, disbursement_account, amount_fen, issued_on,"
            " matures_on, rate_ppm, balance_fen, unit_id)"
            " VALUES (%s, %s, %s, %s, '2025-03-03', '2026-03-03', 43500, %s, 'U1')",
            (loan_id, f"HT{loan_id}", account, yuan * LOT_FEN, yuan * LOT_FEN),
        )
    run("INSERT INTO ledger.loan_manager VALUES (%s, 'S1', 'lead', '2025-03-01', NULL, 'U1')", (LOAN,))
    run(
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, reference,"
        " payment_mode, unit_id) VALUES ('FK1', %s, %s, %s, %s, '放款', 'autonomous_payment', 'U1')",
        (LOAN, BORROWER, 1_000_000 * LOT_FEN, moment(3)),
    )
    _write_lines(connection)


def _write_lines(connection: type_of_connection) -> None:
    run = connection.execute
    run("INSERT INTO ledger.import_run (run_id, started_at, state) VALUES ('I1', now(), 'finished')")
    row = run(
        "INSERT INTO ledger.import_file (run_id, name, adapter, content_hash, size_bytes, software_version, started_at)"
        " VALUES ('I1', '流水.csv', 'test', '', 0, '0', now()) RETURNING file_id"
    ).fetchone()
    assert row is not None
    run(
        "CREATE TABLE ledger.statement_line_2025_03 PARTITION OF ledger.statement_line"
        " FOR VALUES FROM ('2025-03-01') TO ('2025-04-01')"
    )
    for number, movement in enumerate(MOVEMENTS, 1):
        sides = {"debit": movement.payer, "credit": movement.payee}
        lines: dict[str, uuid.UUID | None] = dict.fromkeys(sides)
        for direction, account in sides.items():
            if not account:
                continue
            other = sides["credit" if direction == "debit" else "debit"]
            paired = all(sides.values())
            lines[direction] = uuid.uuid4() if paired else uuid.UUID(transfer_id(movement.name))
            run(
                "INSERT INTO ledger.statement_line (line_id, file_id, position, booked_at, sequence, account,"
                " direction, amount_fen, counterparty_account, counterparty_name, purpose_text, account_name, reference,"
                " unit_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'U1')",
                (
                    lines[direction],
                    row[0],
                    number * 2 + (direction == "credit"),
                    moment(movement.day),
                    number,
                    account,
                    direction,
                    (movement.transfer_yuan or movement.hop_yuan) * LOT_FEN,
                    other or None,
                    NAMES[other],
                    movement.text,
                    NAMES[account],
                    movement.name,
                ),
            )
        if all(lines.values()):
            run(
                "INSERT INTO ledger.transfer (transfer_id, version, debit_line, credit_line, debit_account,"
                " credit_account, debit_booked_at, credit_booked_at, amount_fen, currency, booked_at, basis,"
                " created_at) VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s, 'CNY', %s, 'reference', now())",
                (
                    uuid.UUID(transfer_id(movement.name)),
                    lines["debit"],
                    lines["credit"],
                    movement.payer,
                    movement.payee,
                    moment(movement.day),
                    moment(movement.day),
                    (movement.transfer_yuan or movement.hop_yuan) * LOT_FEN,
                    moment(movement.day),
                ),
            )


def write_trace(connection: type_of_connection) -> None:
    """What the tracing found of these movements."""
    run = connection.execute
    run(
        "INSERT INTO tracing.run VALUES (%s, 'fifo', 'data-1', '0.1.0', 'inferred', %s, 2, 8, 8, true)",
        (RUN, moment(20)),
    )
    for ordinal, movement in enumerate(MOVEMENTS):
        run(
            "INSERT INTO tracing.hop VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'U1')",
            (
                RUN,
                ordinal,
                f"hop-{movement.name}",
                f"hop-{movement.parent}" if movement.parent else None,
                movement.loan,
                transfer_id(movement.name),
                moment(movement.day),
                movement.payer or None,
                movement.payee or None,
                movement.hop_yuan * LOT_FEN,
                movement.depth,
                movement.use,
                movement.ended,
            ),
        )
    for loan, account, use, yuan in (
        (LOAN, BORROWER, "held_by_borrower", 150_000),
        (LOAN, SUPPLIER, "supplier", 450_000),
        (QUIET_LOAN, QUIET, "held_by_borrower", 300_000),
    ):
        run(
            "INSERT INTO tracing.position VALUES (%s, %s, %s, %s, %s, 'U1')",
            (RUN, loan, account, use, yuan * LOT_FEN),
        )
    for loan, use, yuan, group, least, most, proven, basis, voucher in STATEMENT:
        run(
            "INSERT INTO tracing.statement VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'U1')",
            (
                RUN,
                loan,
                use,
                yuan * LOT_FEN,
                group,
                None if least is None else least * LOT_FEN,
                None if most is None else most * LOT_FEN,
                proven,
                basis,
                voucher,
            ),
        )
    run(
        "INSERT INTO tracing.loan_summary VALUES (%s, %s, 100000000, 85000000, 0, 0, 30000000, 5000000, 'U1'),"
        " (%s, %s, 30000000, 0, 0, 0, 0, 0, 'U1')",
        (RUN, LOAN, RUN, QUIET_LOAN),
    )
    run(
        "INSERT INTO tracing.destination VALUES (%s, %s, 'securities', 'account_kind', 980, '银证转账', 'U1'),"
        " (%s, %s, 'supplier', 'document', 1000, 'HT-2025-17', 'U1')",
        (RUN, transfer_id("入市"), RUN, transfer_id("货款")),
    )
    run(
        "INSERT INTO tracing.lead VALUES (%s, %s, 'FLOW_SECURITIES', 30000000, 'securities', %s,"
        " '经关联方转入证券账户', 'U1')",
        (RUN, LOAN, [transfer_id("入市")]),
    )
    digest_leads(connection, RUN)
