"""The pack of a small bank by hand, and of many random ones: the borrower's own records, and nobody else's."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Final
from zipfile import ZipFile

import httpx
import msgspec
import psycopg
import pytest
from python_calamine import CalamineWorkbook
from tests.borrower_pack.random_bank import NOW, RandomBank
from tests.http.bank import BORROWER, BROKER, LOAN, LOT_FEN, NAMES, QUIET, RELATED, SUPPLIER, UNTRACED_LOAN
from tests.http.checked import DATA_DATE, write_checked_bank
from tests.http.conftest import _own_home, client_of, own_address
from tests.signing_in import COOKIE, token_of, write_person

from loantrail.borrower_pack.gathering import read_pack
from loantrail.borrower_pack.model import Pack
from loantrail.borrower_pack.packing import files_of, zipped
from loantrail.borrower_pack.printing import pack_document
from loantrail.borrower_pack.statement import own_payments
from loantrail.http.pages.paths import Hop
from loantrail.identity.abilities import Role
from loantrail.inspections.model import Paper

pytestmark = pytest.mark.database
__all__ = ["_own_home", "own_address"]

MANAGER: Final = "manager"
JUDGING: Final = (
    "预警",
    "疑",
    "规则",
    "评分",
    "挪用",
    "追踪",
    "线索",
    "warning",
    "suspic",
    "misuse",
    "trace",
    "证券",
)
"""Words that would tell of what the bank thinks."""


@pytest.fixture
def bank(own_address: str, database_url: str) -> Iterator[httpx.Client]:
    """The checked bank, asked by the manager of 甲's loan; two instalments, one of them paid by 甲 and one by a stranger."""
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        run = connection.execute
        for number, day in ((1, 20), (2, 21)):
            run(
                "INSERT INTO ledger.repayment_schedule VALUES (%s, %s, %s, 900000, 10000, 'U1')",
                (LOAN, number, datetime.date(2025, 3, day)),
            )
        for key, account in (("HK1", BORROWER), ("HK2", RELATED)):
            run(
                "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, interest_fen, account, unit_id) "
                "VALUES (%s, %s, '2025-03-20 02:00Z', 900000, 10000, %s, 'U1')",
                (key, LOAN, account),
            )
        write_person(connection, MANAGER, [Role.RELATIONSHIP_MANAGER], "U1", "S1")
        write_person(connection, "auditor", [Role.INTERNAL_AUDITOR])
    with client_of(own_address) as client:
        client.headers["Cookie"] = f"{COOKIE}={token_of(MANAGER)}"
        yield client


def pack_of(url: str, loan_id: str) -> Pack:
    with psycopg.connect(url) as connection:
        found = read_pack(connection, connection, loan_id)
    assert found is not None
    return found


def texts_of(pack: Pack) -> dict[str, list[str]]:
    """Everything that each file of the pack says. A print says what its document holds: the template adds nothing."""
    files = files_of(pack)
    said = {
        name: [msgspec.json.encode(pack_document(pack, language)).decode()]
        for name, language in zip(list(files)[:2], ("zh", "en"), strict=True)
    }
    name = list(files)[2]
    book = CalamineWorkbook.from_object(BytesIO(files[name]))
    said[name] = [
        str(cell)
        for sheet in book.sheet_names
        for row in book.get_sheet_by_name(sheet).to_python()
        for cell in row
    ]
    said["names"] = list(files)
    return said


# The small bank ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bank")
def test_the_own_payments_are_told_as_they_stand_on_the_own_statement(database_url: str) -> None:
    pack = pack_of(database_url, LOAN)

    assert (pack.borrower, pack.data_date, pack.amount_fen) == (NAMES[BORROWER], DATA_DATE, 100_000_000)
    assert [
        (one.payee_name, one.payee_account, one.text, one.amount_fen, one.loan_fen) for one in pack.lines
    ] == [
        (NAMES[SUPPLIER], SUPPLIER, "棉纱货款", 42_000_000, 40_000_000),
        (NAMES[RELATED], RELATED, "往来款", 35_000_000, 35_000_000),
        ("现金", "", "现金支取", 10_000_000, 10_000_000),
    ]
    assert {one.account for one in pack.lines} == {BORROWER}
    # What came back and went out again is known to be the loan's only from the accounts of others.
    assert sum(one.loan_fen for one in pack.lines) == 85_000_000


@pytest.mark.usefixtures("bank")
def test_papers_are_asked_for_what_the_borrower_paid_and_no_further(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO ledger.contract_payee VALUES (%s, %s, %s, 'P2', 'U1')",
            (f"HT{LOAN}", NAMES[SUPPLIER], SUPPLIER),
        )
        connection.execute(
            "INSERT INTO ledger.invoice (invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, issued_on, "
            "amount_fen, tax_fen, unit_id) VALUES ('FP1', 'P2', %s, 'P1', %s, '2025-03-04', 20000000, 0, 'U1')",
            (NAMES[SUPPLIER], NAMES[BORROWER]),
        )
    supplier, related, cash = pack_of(database_url, LOAN).payees

    assert (supplier.payee_name, supplier.use, supplier.contracts) == (
        NAMES[SUPPLIER],
        "supplier",
        (f"HT{LOAN}",),
    )
    assert (supplier.invoices, supplier.invoiced_fen) == (("FP1",), 20_000_000)
    assert supplier.asked_for == ((Paper.INVOICE, 20_000_000),)
    # 35 万 is below what a contract is asked for from (50 万), and what its payee did with it is nobody's business here.
    assert (related.payee_name, related.use, related.asked_for) == (NAMES[RELATED], "", ())
    assert (cash.payee_name, cash.use, cash.asked_for) == ("现金", "", ((Paper.RECEIPT, 10_000_000),))


@pytest.mark.usefixtures("bank")
def test_loan_schedule_and_repayments_stand_without_the_accounts_of_others(database_url: str) -> None:
    pack = pack_of(database_url, LOAN)

    assert [(one.on.isoformat(), one.amount_fen, one.account) for one in pack.paid_out] == [
        ("2025-03-03", 1_000_000 * LOT_FEN, BORROWER)
    ]
    assert [(one.number, one.on.day, one.principal_fen) for one in pack.schedule] == [
        (1, 20, 900_000),
        (2, 21, 900_000),
    ]
    assert [(one.principal_fen, one.account) for one in pack.repaid] == [(900_000, BORROWER), (900_000, None)]
    with psycopg.connect(database_url) as connection:
        [due] = connection.execute(
            "SELECT due_on FROM published.loan_check WHERE loan_id = %s", (LOAN,)
        ).fetchall()
    assert (pack.answering.unit, pack.answering.by) == ("测试支行", due[0])


@pytest.mark.usefixtures("bank")
def test_no_file_tells_of_others_or_of_what_the_bank_thinks(database_url: str) -> None:
    pack = pack_of(database_url, LOAN)
    strangers = {BROKER, NAMES[BROKER], QUIET, "P4", "P5"}

    for name, said in texts_of(pack).items():
        whole = "\n".join(said).lower()
        assert [one for one in strangers if one.lower() in whole] == [], name
        assert re.findall(r"(?<![\d,])(?:50|300),000\.00", whole) == [], "amounts that others moved"
        assert [one for one in JUDGING if one in whole.replace("loantrail", "").replace("贷迹", "")] == [], (
            name
        )
        if name != "names":
            assert NAMES[BORROWER] in "\n".join(said) and NAMES[SUPPLIER] in "\n".join(said)


@pytest.mark.usefixtures("bank")
def test_a_loan_that_was_not_followed_has_a_pack_too(database_url: str) -> None:
    pack = pack_of(database_url, UNTRACED_LOAN)

    assert (pack.data_date, pack.lines, pack.payees) == (None, (), ())
    assert "本人账户还没有付出本笔贷款的资金" in texts_of(pack)[f"{UNTRACED_LOAN}-借款人材料.pdf"][0]


def test_the_same_books_give_the_same_bytes_and_every_making_is_on_record(
    bank: httpx.Client, database_url: str
) -> None:
    first, second = (bank.get(f"/api/v1/loans/{LOAN}/borrower-pack.zip") for _ in range(2))

    assert (first.status_code, first.headers["Content-Type"]) == (200, "application/zip")
    assert first.content == second.content
    names = ZipFile(BytesIO(first.content)).namelist()
    assert names == [f"{LOAN}-借款人材料.pdf", f"{LOAN}-borrower-pack.pdf", f"{LOAN}.xlsx"]
    assert ZipFile(BytesIO(first.content)).read(names[0]).startswith(b"%PDF")
    with psycopg.connect(database_url) as connection:
        made = connection.execute(
            "SELECT person, object_id FROM audit.entry WHERE action = 'borrower_pack.make'"
        ).fetchall()
        assert made == [("S1", LOAN)] * 2
        # Within this manager's reach the same stands as for who sees the whole bank.
        assert first.content == zipped(files_of(pack_of(database_url, LOAN)))


def test_it_is_made_by_who_answers_borrowers_for_loans_in_reach(bank: httpx.Client) -> None:
    path = "/api/v1/loans/{}/borrower-pack.zip"
    auditor = {"Cookie": f"{COOKIE}={token_of('auditor')}"}

    assert bank.get(path.format(LOAN), headers=auditor).status_code == 403
    assert bank.get(path.format("JJ2025030002")).status_code == 404
    assert bank.get(path.format("NOBODYS")).status_code == 404


# What is followed -----------------------------------------------------------------------------------------------


def _hop(
    name: str, parent: str | None, payer: str | None, payee: str | None, fen: int = 10, use: str = ""
) -> Hop:
    return Hop(name, parent, name, NOW, payer, payee, fen, 0, use, False)


def test_money_is_followed_over_own_accounts_until_it_leaves_them() -> None:
    hops = [
        _hop("paid out", None, None, "own-1"),
        _hop("moved", "paid out", "own-1", "own-2"),
        _hop("bought", "moved", "own-2", "shop", 7, "supplier"),
        _hop("cash", "moved", "own-2", None, 3, "cash"),
        _hop("returned", "bought", "shop", "own-1", 7),
        _hop("again", "returned", "own-1", "other", 7),
    ]
    found = {
        one.transfer_id: (one.from_account, one.loan_fen, one.within)
        for one in own_payments(hops, {"own-1", "own-2"})
    }

    assert found == {
        "moved": ("own-1", 10, True),
        "bought": ("own-2", 7, False),
        "cash": ("own-2", 3, False),
    }


def test_what_was_paid_out_to_somebody_else_is_not_followed() -> None:
    hops = [_hop("paid out", None, None, "seller"), _hop("on", "paid out", "seller", "other")]

    assert own_payments(hops, {"own"}) == []


# Random banks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(1, 6))
def test_in_random_banks_nobody_is_named_but_the_borrower_and_direct_payees(
    database_url: str, seed: int
) -> None:
    bank = RandomBank(seed)
    with psycopg.connect(database_url) as connection:
        bank.write(connection)
    told_of = 0
    for loan, borrower in bank.loans.items():
        pack = pack_of(database_url, loan)
        may_be_named = bank.paid[borrower] | {bank.names[borrower]} | {
            account for account, one in bank.accounts.items() if one == borrower
        }  # fmt: skip
        hidden = ({*bank.accounts, *bank.names.values()} - may_be_named) | set(bank.people)
        hidden |= bank.loans.keys() - {loan}
        for name, said in texts_of(pack).items():
            whole = "\n".join(said)
            assert [one for one in hidden if one in whole] == [], (loan, name)
        told_of += len(pack.lines)
        assert all(bank.accounts[line.account] == borrower for line in pack.lines)
    assert told_of > 0, "a bank without payments shows nothing"
