"""Random banks: borrowers with two accounts each, others with one, payments between any of them, and loans whose money went along some."""

from __future__ import annotations

import datetime
import random
import uuid
from typing import Any, Final

import psycopg

NOW: Final = datetime.datetime(2025, 3, 4, 2, 30, tzinfo=datetime.UTC)
BORROWERS, OTHERS, PAYMENTS = 6, 24, 160


class RandomBank:
    """Borrowers with two accounts each, others with one, and payments between any of them; each loan's money went along some."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.people = [f"K{seed}-{number:03}" for number in range(BORROWERS + OTHERS)]
        self.names = {one: f"商号{seed}号{number:03}" for number, one in enumerate(self.people)}
        self.accounts = {
            f"62{seed}0{number:03}{side}": one
            for number, one in enumerate(self.people)
            for side in range(2 if number < BORROWERS else 1)
        }
        self.loans = {f"JJ{seed}{number}": one for number, one in enumerate(self.people[:BORROWERS])}
        self.paid: dict[str, set[str]] = {one: set() for one in self.people}

    def write(self, connection: psycopg.Connection[Any]) -> None:
        run = connection.execute
        run("INSERT INTO parties.organisation_unit VALUES ('U1', '测试支行', 'sub_branch', NULL)")
        run("INSERT INTO ledger.import_run (run_id, started_at, state) VALUES ('I1', now(), 'finished')")
        run(
            "INSERT INTO ledger.import_file (file_id, run_id, name, adapter, content_hash, size_bytes, software_version, started_at) "
            "OVERRIDING SYSTEM VALUE VALUES (1, 'I1', '流水.csv', 'test', '', 0, '0', now())"
        )
        run(
            "CREATE TABLE ledger.statement_line_2025_03 PARTITION OF ledger.statement_line "
            "FOR VALUES FROM ('2025-03-01') TO ('2025-04-01')"
        )
        run("INSERT INTO tracing.run VALUES ('R', 'fifo', 'd', '0', 'inferred', %s, 2, 8, 8, true)", (NOW,))
        for one in self.people:
            run(
                "INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES (%s, 'U1', 'company', %s)",
                (one, self.names[one]),
            )
        for account, one in self.accounts.items():
            run(
                "INSERT INTO ledger.account (account, account_number, party_id, name, kind, has_lines, unit_id) "
                "VALUES (%s, %s, %s, %s, 'settlement', true, 'U1')",
                (account, account, one, self.names[one]),
            )
        payments = [self._payment(connection, number) for number in range(PAYMENTS)]
        for number, (loan, borrower) in enumerate(self.loans.items()):
            own = [account for account, one in self.accounts.items() if one == borrower]
            run(
                "INSERT INTO ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode, "
                "amount_fen, signed_on, unit_id) VALUES (%s, %s, 'working_capital_loan', '采购', 'autonomous_payment', 100000000, "
                "'2025-03-01', 'U1')",
                (f"HT{loan}", borrower),
            )
            run(
                "INSERT INTO ledger.loan_note (loan_id, contract_id, disbursement_account, amount_fen, issued_on, matures_on, "
                "rate_ppm, balance_fen, unit_id) VALUES (%s, %s, %s, 100000000, '2025-03-01', '2026-03-01', 43500, 100000000, 'U1')",
                (loan, f"HT{loan}", own[0]),
            )
            run(
                "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, interest_fen, account, unit_id) "
                "VALUES (%s, %s, '2025-03-20 02:00Z', 1, 1, %s, 'U1')",
                (f"HK{loan}", loan, self.chance.choice(list(self.accounts))),
            )
            self._follow(connection, loan, own[0], payments, number)

    def _payment(
        self, connection: psycopg.Connection[Any], number: int
    ) -> tuple[str, str, str, datetime.datetime]:
        """A payment with a line on each side; a payer's line names the payee as the payer knows it."""
        payer, payee = self.chance.sample(list(self.accounts), 2)
        self.paid[self.accounts[payer]] |= {payee, self.names[self.accounts[payee]]}
        at = NOW + datetime.timedelta(hours=number)
        sides = {"debit": (payer, payee), "credit": (payee, payer)}
        lines = {side: uuid.UUID(int=self.chance.getrandbits(128)) for side in sides}
        for side, (account, other) in sides.items():
            connection.execute(
                "INSERT INTO ledger.statement_line (line_id, file_id, position, booked_at, sequence, account, direction, amount_fen, "
                "counterparty_account, counterparty_name, purpose_text, account_name, unit_id) "
                "VALUES (%s, 1, %s, %s, %s, %s, %s, 100000, %s, %s, '货款', %s, 'U1')",
                (
                    lines[side],
                    number + 1,
                    at,
                    number,
                    account,
                    side,
                    other,
                    self.names[self.accounts[other]],
                    self.names[self.accounts[account]],
                ),
            )
        transfer = uuid.UUID(int=self.chance.getrandbits(128))
        connection.execute(
            "INSERT INTO ledger.transfer (transfer_id, version, debit_line, credit_line, debit_account, credit_account, "
            "debit_booked_at, credit_booked_at, amount_fen, currency, booked_at, basis, created_at) "
            "VALUES (%s, 1, %s, %s, %s, %s, %s, %s, 100000, 'CNY', %s, 'reference', now())",
            (transfer, lines["debit"], lines["credit"], payer, payee, at, at, at),
        )
        return transfer.hex, payer, payee, at

    def _follow(
        self,
        connection: psycopg.Connection[Any],
        loan: str,
        first: str,
        payments: list[tuple[str, str, str, datetime.datetime]],
        number: int,
    ) -> None:
        """The loan's money: from wherever it came by then along every second payment, to whatever use."""
        at_account = {first: [f"{loan}-out"]}
        rows: list[tuple[Any, ...]] = [(f"{loan}-out", None, "0" * 32, NOW, None, first, "")]
        for place, (transfer, payer, payee, at) in enumerate(payments):
            if payer in at_account and self.chance.random() < 0.5:
                hop = f"{loan}-{place}"
                use = self.chance.choice(("", "supplier", "securities", "gambling"))
                rows.append((hop, self.chance.choice(at_account[payer]), transfer, at, payer, payee, use))
                at_account.setdefault(payee, []).append(hop)
        for ordinal, (hop, parent, transfer, at, payer, payee, use) in enumerate(rows):
            connection.execute(
                "INSERT INTO tracing.hop VALUES ('R', %s, %s, %s, %s, %s, %s, %s, %s, 1000, 0, %s, false, 'U1')",
                (number * 1000 + ordinal, hop, parent, loan, transfer, at, payer, payee, use),
            )
        connection.execute(
            "INSERT INTO tracing.statement (run_id, loan_id, use, amount_fen, line_group, unit_id) "
            "VALUES ('R', %s, 'supplier', 1000, 'documented', 'U1')",
            (loan,),
        )
