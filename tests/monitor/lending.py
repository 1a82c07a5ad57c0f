"""A bank that lends, and what its core systems send of a few weeks: loans paid out, money that borrowers spend well and badly, money that
comes back, and the lines of everybody else.

The records are always the same; the lines are another history with each seed. Lines come late, twice, and once more with another content, as
core systems send them.
"""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import pytest
from tests.postgres_fixtures import address_of, copied

from loantrail.ledger.pairs.booking import settle
from loantrail.monitor.committing import commit_group
from loantrail.monitor.payload import JSON, read_payload
from loantrail.postgres.connection import Database, configure, type_of_connection
from loantrail.tracing import snapshots
from loantrail.tracing.database import trace_books

Row = dict[str, Any]
YUAN: Final = 100
ZONE: Final = datetime.timezone(datetime.timedelta(hours=8))
START: Final = datetime.datetime(2025, 4, 14, 9, 0, tzinfo=ZONE)
"""No shipped parameter begins between the first loan and the end of any history: then a state is made anew, and there are no decisions
until it is there."""

LOAN_ACCOUNT, POOL = "110000000001", "130000000001"


@dataclass(frozen=True, slots=True)
class Loan:
    loan_id: str
    borrower: str
    product: str
    mode: str
    yuan: int
    is_paid_out_before: bool
    """Its lines are in the books before others come."""

    @property
    def account(self) -> str:
        return ACCOUNTS[self.borrower]

    @property
    def reference(self) -> str:
        return f"FK-{self.loan_id}"


PARTIES: Final = {
    "B0": ("company", "甲纺织有限公司"),
    "B1": ("company", "乙钢材贸易有限公司"),
    "B2": ("company", "丙食品有限公司"),
    "B3": ("company", "丁运输有限公司"),
    "B4": ("individual", "赵一"),
    "B5": ("individual", "钱二"),
    "R0": ("company", "甲控股有限公司"),
    "S0": ("company", "戊棉业有限公司"),
    "S1": ("company", "己商贸有限公司"),
    "P0": ("individual", "孙三"),
    "P1": ("individual", "李四"),
    "N0": ("company", "庚超市有限公司"),
    "N1": ("company", "辛餐饮有限公司"),
    "N2": ("individual", "周五"),
}
ACCOUNTS: Final = {party: f"62000000{number:04}" for number, party in enumerate(PARTIES, 1)}
BORROWERS: Final = ("B0", "B1", "B2", "B3", "B4", "B5")
OTHERS: Final = ("R0", "S0", "S1", "P0", "P1")
STRANGERS: Final = ("N0", "N1", "N2")
LOANS: Final = (
    Loan("JJ01", "B0", "working_capital_loan", "autonomous_payment", 3_000_000, True),
    Loan("JJ02", "B1", "working_capital_loan", "entrusted_payment", 6_000_000, True),
    Loan("JJ03", "B2", "fixed_asset_loan", "entrusted_payment", 9_000_000, True),
    Loan("JJ04", "B4", "personal_business_loan", "autonomous_payment", 500_000, True),
    Loan("JJ05", "B3", "working_capital_loan", "autonomous_payment", 2_000_000, False),
    Loan("JJ06", "B5", "consumer_loan", "autonomous_payment", 300_000, False),
    Loan("JJ07", "B0", "working_capital_loan", "autonomous_payment", 1_500_000, False),
)
PAID_OUT_BEFORE: Final = sum(one.is_paid_out_before for one in LOANS)
INSTALMENTS: Final = 6
"""Recorded of each loan; which of them a history pays, it says."""
OUTSIDE: Final = (
    ("990000000001", "华东证券股份有限公司", "银证转账"),
    ("990000000002", "江南房地产开发有限公司", "购房款"),
    ("990000000003", "惠民小额贷款有限公司", "还款"),
    ("990000000004", "长江钢材有限公司", "货款"),
    ("990000000005", "王小明", "往来款"),
    ("990000000006", "市税务局", "税款"),
    ("990000000007", "吴六", "借款"),
    (None, None, "现金支取"),
)


def paid_out_at(number: int) -> datetime.datetime:
    """When the loan of that number in LOANS was paid out."""
    before = LOANS[number].is_paid_out_before
    return (
        START - datetime.timedelta(days=20 - number)
        if before
        else START + datetime.timedelta(days=number - 3)
    )


@pytest.fixture(scope="session")
def opened(
    database_server: Database, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database with the bank, opened, to be copied."""
    home = tmp_path_factory.mktemp("lending")
    with (
        copied(database_server, template_database) as name,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("LOANTRAIL_HOME", str(home))
        snapshots.forget()
        with psycopg.connect(address_of(database_server, name)) as connection:
            configure(connection)
            open_bank(connection)
        yield name


def open_bank(connection: type_of_connection) -> None:
    """The records, the first lines, and a run over them; the home folder keeps what it leaves."""
    write_records(connection)
    connection.commit()
    commit_group(connection, [read_payload(json.dumps(lines_before()).encode(), JSON, "test")], None)
    settle(connection)
    trace_books(connection)
    connection.execute("UPDATE live.waiting SET line_count = 0, since = NULL")
    connection.commit()


def write_records(connection: type_of_connection) -> None:
    """Customers, accounts, loans, what is recorded of paying them out and back, and a list of whom the bank watches. Commits nothing."""
    run = connection.execute
    run("INSERT INTO parties.organisation_unit VALUES ('U1', '测试支行', 'sub_branch', NULL)")
    for party, (kind, name) in PARTIES.items():
        is_young = party == "S1"
        run(
            "INSERT INTO parties.party (party_id, unit_id, kind, name, registered_on, insured_staff_count) VALUES (%s, 'U1', %s, %s, %s, %s)",
            (
                party,
                kind,
                name,
                START.date() - datetime.timedelta(days=40 if is_young else 4_000),
                0 if is_young else 30,
            ),
        )
        _account(connection, ACCOUNTS[party], party, name, "settlement")
    _account(connection, LOAN_ACCOUNT, None, "贷款", "loan_internal")
    _account(connection, POOL, None, "清算", "pooled")
    run(
        "INSERT INTO parties.party_relation (from_party_id, to_party_id, kind, share_ppm, valid_from, unit_id) "
        "VALUES ('R0', 'B0', 'controller', 800000, '2020-01-01', 'U1'), ('P0', 'B1', 'legal_representative', NULL, '2020-01-01', 'U1'), "
        "('B4', 'P1', 'spouse', NULL, '2020-01-01', 'U1')"
    )
    for number, loan in enumerate(LOANS):
        _loan(connection, number, loan)
    run(
        "INSERT INTO ledger.guarantee_contract (guarantee_id, contract_id, kind, guarantor_party_id, amount_fen, valid_from, unit_id) "
        "VALUES ('DB1', 'HT-JJ01', 'guarantor', 'P1', 100000000, '2020-01-01', 'U1')"
    )
    run(
        "INSERT INTO ledger.entrusted_order (order_id, loan_id, payee_account, amount_fen, document_no, unit_id) "
        "VALUES ('ST1', 'JJ02', %s, 200000000, NULL, 'U1'), ('ST2', 'JJ03', %s, 300000000, 'F1', 'U1')",
        (ACCOUNTS["S0"], ACCOUNTS["S0"]),
    )
    run(
        "INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, reason, expires_on, maker, made_at, checker, checked_at, content_hash) "
        "VALUES ('E1', 'E1', 'watch', 'account', %s, '关注', '2999-01-01', 'S1', now(), 'S2', now(), repeat('0', 64))",
        (ACCOUNTS["S1"],),
    )


def _account(connection: type_of_connection, account: str, party: str | None, name: str, kind: str) -> None:
    connection.execute(
        "INSERT INTO ledger.account (account, account_number, party_id, name, kind, has_lines, unit_id) "
        "VALUES (%s, %s, %s, %s, %s, false, 'U1')",
        (account, account, party, name, kind),
    )


def _loan(connection: type_of_connection, number: int, loan: Loan) -> None:
    run, fen, contract = connection.execute, loan.yuan * YUAN, f"HT-{loan.loan_id}"
    issued = paid_out_at(number).date()
    run(
        "INSERT INTO ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode, amount_fen, "
        "signed_on, unit_id) VALUES (%s, %s, %s, '采购原材料', %s, %s, %s, 'U1')",
        (contract, loan.borrower, loan.product, loan.mode, fen, issued),
    )
    run(
        "INSERT INTO ledger.loan_note (loan_id, contract_id, disbursement_account, repayment_account, amount_fen, issued_on, "
        "matures_on, rate_ppm, balance_fen, unit_id) VALUES (%s, %s, %s, %s, %s, %s, %s, 43500, %s, 'U1')",
        (
            loan.loan_id,
            contract,
            loan.account,
            loan.account,
            fen,
            issued,
            issued + datetime.timedelta(days=365),
            fen,
        ),
    )
    run(
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, reference, payment_mode, "
        "unit_id) VALUES (%s, %s, %s, %s, %s, %s, %s, 'U1')",
        (loan.reference, loan.loan_id, loan.account, fen, paid_out_at(number), loan.reference, loan.mode),
    )
    for instalment in range(INSTALMENTS):
        reference = f"HK-{loan.loan_id}-{instalment}"
        run(
            "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, interest_fen, account, reference, unit_id) "
            "VALUES (%s, %s, %s, %s, 0, %s, %s, 'U1')",
            (
                reference,
                loan.loan_id,
                START + datetime.timedelta(days=3 * instalment),
                fen // 100,
                loan.account,
                reference,
            ),
        )


def lines_before() -> list[Row]:
    """Of the loans that were paid out before others come, and of what was in the accounts."""
    history = History(random.Random(0))
    for number in range(PAID_OUT_BEFORE):
        history.pay_out(number)
    for number, party in enumerate((*OTHERS, *STRANGERS)):
        history.at = START - datetime.timedelta(days=10, minutes=number)
        history.transfer("N0", party, 40_000 * YUAN + number) if party != "N0" else None
    return history.rows


def lines_at_random(seed: int, steps: int = 60) -> list[Row]:
    """The lines of a history in the order in which they are sent: mostly in that in which they were booked."""
    return Lines(seed).more(steps)


class Lines:
    """A history that goes on."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._history = History(self.chance)
        self._to_pay_out = list(range(PAID_OUT_BEFORE, len(LOANS)))

    def more(self, steps: int) -> list[Row]:
        """The lines of so many steps more, in the order in which they are sent."""
        history, first = self._history, len(self._history.rows)
        for _ in range(steps):
            history.at += datetime.timedelta(minutes=self.chance.choice((0, 1, 7, 45, 200, 700)))
            if self._to_pay_out and history.at >= paid_out_at(self._to_pay_out[0]):
                history.pay_out(self._to_pay_out.pop(0))
            history.step()
        return as_sent(self.chance, history.rows[first:])

    def interest(self) -> list[Row]:
        """Of all borrowers' deposits: after it something came of each loan. What only a day brings, such as that money lay idle for so
        long, is told of a loan with its next line, or by the next run over the books."""
        history, first = self._history, len(self._history.rows)
        for number, borrower in enumerate(BORROWERS):
            history.line(ACCOUNTS[borrower], "credit", 7 + number, purpose_text="结息", reference=f"X{first}")
        return history.rows[first:]


def as_sent(chance: random.Random, rows: list[Row]) -> list[Row]:
    """Some lines come after later ones, some twice, some once more with another amount under the same reference."""
    sent: list[Row] = []
    held_back: list[Row] = []
    for row in rows:
        (held_back if chance.random() < 0.12 else sent).append(row)
        while held_back and chance.random() < 0.12:
            sent.append(held_back.pop(chance.randrange(len(held_back))))
        # Without a reference two in one delivery would be two payments.
        named = [one for one in sent[-20:] if "reference" in one]
        if named and chance.random() < 0.08:
            sent.append(dict(chance.choice(named)))
        if named and chance.random() < 0.03:
            sent.append(chance.choice(named) | {"amount_fen": 77})
    return [*sent, *held_back]


def in_deliveries(chance: random.Random, rows: list[Row]) -> list[list[Row]]:
    """Cut at random."""
    cut: list[list[Row]] = []
    at = 0
    while at < len(rows):
        cut.append(rows[at : at + chance.choice((1, 1, 1, 2, 3, 8, 20))])
        at += len(cut[-1])
    return cut


@dataclass
class History:
    """What is booked, step by step; `rows` in the order of booking."""

    chance: random.Random
    at: datetime.datetime = START
    rows: list[Row] = field(default_factory=list[Row])
    instalments: dict[str, int] = field(default_factory=dict[str, int])
    _number: int = 0
    """Of the payment that was booked last."""

    def line(self, account: str, direction: str, fen: int, **values: Any) -> Row:
        row = {
            "booked_at": self.at.isoformat(),
            "account": account,
            "direction": direction,
            "amount_fen": fen,
        }
        self.rows.append(row | {name: value for name, value in values.items() if value is not None})
        return self.rows[-1]

    def pay_out(self, number: int) -> None:
        loan = LOANS[number]
        now, self.at = self.at, paid_out_at(number)
        self.both(LOAN_ACCOUNT, loan.account, loan.yuan * YUAN, loan.reference, purpose_text="贷款发放")
        self.at = now

    def both(self, payer: str, payee: str, fen: int, reference: str | None, **values: Any) -> None:
        """A payment within the bank."""
        self.line(payer, "debit", fen, counterparty_account=payee, reference=reference, **values)
        self.line(payee, "credit", fen, counterparty_account=payer, reference=reference, **values)

    def transfer(self, payer: str, payee: str, fen: int, **values: Any) -> None:
        self._number += 1
        reference = f"Z{self._number}" if self.chance.random() < 0.8 else None
        self.both(ACCOUNTS[payer], ACCOUNTS[payee], fen, reference, **values)

    def outwards(self, payer: str, fen: int, to: tuple[str | None, str | None, str]) -> Row:
        self._number += 1
        account, name, purpose = to
        return self.line(
            ACCOUNTS[payer], "debit", fen, counterparty_account=account, counterparty_name=name, purpose_text=purpose,
            reference=f"Y{self._number}",
        )  # fmt: skip

    def fen(self) -> int:
        """Mostly an amount that no other payment has."""
        yuan = self.chance.choice((800, 9_000, 30_000, 60_000, 120_000, 250_000, 480_000, 900_000))
        return yuan * YUAN + (0 if self.chance.random() < 0.2 else 1 + len(self.rows) % 97)

    def step(self) -> None:
        """What somebody does."""
        chance = self.chance
        fen, kind = self.fen(), chance.random()
        borrower = chance.choice(BORROWERS)
        if kind < 0.30:
            self.outwards(
                chance.choice((borrower, borrower, chance.choice(OTHERS))), fen, chance.choice(OUTSIDE)
            )
        elif kind < 0.52:
            payer, payee = chance.choice(
                ((borrower, chance.choice(OTHERS)), tuple(chance.sample((*BORROWERS, *OTHERS), 2)))
            )
            self.transfer(payer, payee, fen, purpose_text=chance.choice((None, "货款", "往来款", "借款")))
        elif kind < 0.62:  # to a payee and back
            payee = chance.choice(OTHERS)
            self.transfer(borrower, payee, fen, purpose_text="货款")
            self.at += datetime.timedelta(hours=chance.choice((1, 30)))
            self.transfer(payee, borrower, fen - 1_000, purpose_text=chance.choice((None, "退款")))
        elif kind < 0.68:  # one sum in parts
            to = chance.choice(OUTSIDE[3:])
            for part in range(chance.choice((3, 4))):
                self.outwards(borrower, 48_000 * YUAN + part, to)
                self.at += datetime.timedelta(minutes=20)
        elif kind < 0.74:  # through a pool
            self._number += 1
            document = f"P{self._number}"
            self.both(ACCOUNTS[borrower], POOL, fen, None, document_no=document)
            self.at += datetime.timedelta(minutes=5)
            self.both(POOL, ACCOUNTS[chance.choice(OTHERS)], fen, None, document_no=document)
        elif kind < 0.80:
            loan = chance.choice(LOANS)
            count = self.instalments.get(loan.loan_id, 0)
            if count < INSTALMENTS:
                self.instalments[loan.loan_id] = count + 1
                self.both(
                    loan.account, LOAN_ACCOUNT, loan.yuan, f"HK-{loan.loan_id}-{count}", purpose_text="还款"
                )
        elif kind < 0.84:
            out = [one for one in self.rows if one.get("reference", "").startswith("Y")]
            if out:
                back = chance.choice(out)
                self.line(
                    back["account"], "credit", back["amount_fen"], reverses=back["reference"], counterparty_account=back.get("counterparty_account")
                )  # fmt: skip
        elif kind < 0.88:
            self.transfer("B1", "S0", fen, document_no=chance.choice((None, "F1")), purpose_text="棉纱货款")
        else:
            payer, payee = chance.sample(STRANGERS, 2)
            self.transfer(payer, payee, fen)
