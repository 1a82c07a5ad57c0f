"""A borrower with own money, a loan of 1,000.00, a supplier that pays back, a broker, and money of the same amount."""

from __future__ import annotations

import datetime
from typing import Final

from tests.ledger.test_importing import CONTRACT, PARTY, UNIT, Books

from loantrail.tracing.database import trace_books

LOAN: Final = "L1"
BROKER_NAME: Final = "远见证券有限责任公司"
NOTE: Final = {
    "loan_id": LOAN, "contract_id": "C1", "disbursement_account": "A", "amount_fen": 100_000, "currency": "CNY",
    "issued_on": datetime.date(2024, 3, 2), "matures_on": datetime.date(2025, 3, 2), "grant_kind": "new",
    "rate_ppm": 43_500, "balance_fen": 100_000, "state": "outstanding", "five_class": "normal", "unit_id": "0101",
}  # fmt: skip
DISBURSEMENT: Final = {
    "disbursement_id": "D1", "loan_id": LOAN, "account": "A", "amount_fen": 100_000, "currency": "CNY",
    "booked_at": datetime.datetime(2024, 3, 2, 1, 0, tzinfo=datetime.UTC), "payment_mode": "entrusted_payment",
    "reference": "D1", "unit_id": "0101",
}  # fmt: skip
ACCOUNT: Final = {
    "account": "A", "party_id": "P1", "name": "远山机械有限公司", "kind": "settlement", "currency": "CNY",
    "opening_balance_fen": 0, "unit_id": "0101", "institution": "", "sub_account": "",
}  # fmt: skip
LINES: Final = f"""
    03-01 08:00 | A | credit | 50000  | to=E1 bal=50000 text=货款
    03-02 09:00 | A | credit | 100000 | ref=D1 bal=150000 text=放款
    03-03 10:00 | A | debit  | 60000  | to=S ref=P1 bal=90000 doc=HT-7 text=货款
    03-03 10:00 | S | credit | 60000  | to=A ref=P1 bal=60000
    03-04 10:00 | A | credit | 30000  | to=E2 bal=120000 text=往来
    03-05 10:00 | A | debit  | 30000  | to=X name={BROKER_NAME} bal=90000 doc=V1 text=银证转账
    03-06 11:00 | S | debit  | 40000  | to=A ref=P2 bal=20000
    03-06 11:00 | A | credit | 40000  | to=S ref=P2 bal=130000
"""
"""By FIFO 500.00 of own money leaves first: the supplier gets 100.00 of the loan, the broker 300.00."""
LATER: Final = """
    03-01 07:00 | A | credit | 20000 | to=E9 text=补录 pos=1
    03-20 09:00 | A | debit  | 50000 | to=E8 text=以后 pos=2
"""


def fill(books: Books) -> None:
    """The bank in the books, traced."""
    books.take(
        books.records("organisation_unit", UNIT),
        books.records("party", PARTY),
        books.records("account", ACCOUNT),
        books.records("loan_contract", CONTRACT),
        books.records("loan_note", NOTE),
        books.records("disbursement", DISBURSEMENT),
    )
    books.take_lines(LINES)
    trace(books)


def trace(books: Books) -> None:
    """Follow the money again."""
    with books.database.connect() as connection:
        trace_books(connection)
