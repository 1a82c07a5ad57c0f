"""What is asked for of a payee follows from the borrower's own line, and from nothing that the bank thinks of the payee."""

from __future__ import annotations

import datetime
import uuid
from typing import Final

import psycopg
import pytest
from tests.borrower_pack.random_bank import RandomBank
from tests.http.bank import BORROWER, LOAN, RUN, moment, write_books, write_trace
from tests.http.checked import CHECK, write_checked_bank
from tests.http.warned import write_warnings

from loantrail.borrower_pack.gathering import read_pack
from loantrail.borrower_pack.model import Documented, Pack
from loantrail.borrower_pack.packing import files_of, zipped
from loantrail.borrower_pack.uses import UNEXPLAINED, said_uses
from loantrail.clock import BUSINESS_ZONE
from loantrail.inspections.material import read_material
from loantrail.inspections.model import Paper
from loantrail.inspections.scheduling import schedule
from loantrail.parameters import shipped_parameters

pytestmark = pytest.mark.database

YUAN: Final = 100
DAY: Final = datetime.date(2025, 3, 20)
CLASSES: Final = (
    "supplier",
    "payroll",
    "securities",
    "gambling",
    "virtual_assets",
    "developer",
    "cash",
    "other_bank",
    "",
)


def pay(
    connection: psycopg.Connection,
    name: str,
    yuan: int,
    *,
    account: str | None = None,
    text: str = "",
    use: str = "",
) -> str:
    """甲 pays the loan's money to a name, with an account number or without; the payee's own line never came."""
    line = uuid.uuid5(uuid.NAMESPACE_OID, f"{name}{account}{yuan}")
    number = int(line.hex[:6], 16)
    connection.execute(
        "INSERT INTO ledger.statement_line (line_id, file_id, position, booked_at, sequence, account, direction, amount_fen, "
        "counterparty_account, counterparty_name, purpose_text, account_name, unit_id) "
        "SELECT %s, min(file_id), %s, %s, %s, %s, 'debit', %s, %s, %s, %s, '甲纺织有限公司', 'U1' FROM ledger.import_file",
        (line, number, moment(10), number, BORROWER, yuan * YUAN, account, name, text),
    )
    connection.execute(
        "INSERT INTO tracing.hop VALUES (%s, %s, %s, 'hop-放款', %s, %s, %s, %s, %s, %s, 1, %s, false, 'U1')",
        (
            RUN,
            1000 + number,
            f"hop-{line.hex}",
            LOAN,
            line.hex,
            moment(10),
            BORROWER,
            account,
            yuan * YUAN,
            use,
        ),
    )
    return line.hex


def pack_of(url: str, loan_id: str = LOAN) -> Pack:
    with psycopg.connect(url) as connection:
        found = read_pack(connection, connection, loan_id)
    assert found is not None
    return found


def of(pack: Pack, name: str) -> Documented:
    [found] = [one for one in pack.payees if one.payee_name == name]
    return found


def name_in_contract(connection: psycopg.Connection, name: str) -> None:
    connection.execute(
        "INSERT INTO ledger.contract_payee VALUES (%s, %s, NULL, NULL, 'U1')", (f"HT{LOAN}", name)
    )


# Payees without an account number --------------------------------------------------------------------------------


def test_payees_that_only_a_name_tells_apart_have_a_row_each(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        pay(connection, "张三", 300_000)
        pay(connection, "李四", 400_000)
        pay(connection, "李四", 50_000)
        name_in_contract(connection, "张三")
    pack = pack_of(database_url)

    first, second = of(pack, "张三"), of(pack, "李四")
    assert (first.loan_fen, first.contracts) == (300_000 * YUAN, (f"HT{LOAN}",))
    # 45 万 is below what a contract is asked for from; together with 张三 it would not be.
    assert (second.loan_fen, second.contracts, second.asked_for) == (450_000 * YUAN, (), ())


def test_a_check_compares_papers_with_each_payee_that_only_a_name_tells_apart(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        for name, yuan in (("张三", 300_000), ("李四", 600_000)):
            pay(connection, name, yuan, use="supplier")
        name_in_contract(connection, "张三")
        connection.commit()
        material = read_material(connection, LOAN, shipped_parameters(), DAY)

    nameless = {one.payee.name_key: one for one in material.papers["supplier"] if not one.payee.account}
    assert {name: one.payee.amount_fen for name, one in nameless.items()} == {
        "张三": 300_000 * YUAN,
        "李四": 600_000 * YUAN,
    }
    assert (nameless["张三"].contracts, nameless["李四"].contracts) == ((f"HT{LOAN}",), ())
    assert Paper.CONTRACT in {lack.paper for lack in nameless["李四"].lacks}
    keys = {one.payee.key for one in nameless.values()}
    assert len(keys) == 2 and "" not in keys and keys <= material.payments["supplier"].keys()


# What is asked for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payee", [None, "6299"])
def test_what_the_bank_takes_a_payee_for_changes_no_byte(database_url: str, payee: str | None) -> None:
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        paid = pay(connection, "海天科技有限公司", 600_000, account=payee)
    before = pack_of(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO destinations.correction (correction_id, request_key, scope, transfer_id, line_id, destination_class, "
            "reason, made_by, made_at) VALUES ('C1', 'C1', 'transaction', %s, %s, 'gambling', '涉赌', 'S1', now())",
            (uuid.UUID(paid), uuid.UUID(paid)),
        )
        connection.execute("UPDATE tracing.hop SET use = 'gambling' WHERE transfer_id = %s", (paid,))
        connection.execute(
            "INSERT INTO tracing.destination VALUES (%s, %s, 'gambling', 'correction', 1000, '涉赌', 'U1')",
            (RUN, paid),
        )
    after = pack_of(database_url)

    assert of(before, "海天科技有限公司").asked_for == ((Paper.CONTRACT, 600_000 * YUAN),)
    assert after == before
    assert zipped(files_of(after)) == zipped(files_of(before))


def test_a_voucher_counts_for_its_payee_whatever_the_payee_was_taken_for(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        pay(connection, "海天科技有限公司", 600_000, account="6299")
        connection.execute(
            "INSERT INTO inspections.voucher (voucher_id, check_id, loan_id, paper, name, media_type, size_bytes, sha256, content, "
            "uploaded_by, uploaded_at, unit_id) VALUES ('V1', %s, %s, 'contract', '合同.pdf', 'application/pdf', 1, %s, 'x', 'S1', "
            "now(), 'U1')",
            (CHECK, LOAN, "0" * 64),
        )
        connection.execute(
            "INSERT INTO inspections.voucher_line VALUES ('V1', 'gambling', '6299', 'S1', now(), %s, 'U1')",
            (LOAN,),
        )
    payee = of(pack_of(database_url), "海天科技有限公司")

    assert (payee.voucher_count, payee.asked_for) == (1, ())


@pytest.mark.parametrize(
    ("name", "account", "text", "use"),
    [
        ("海天科技有限公司", "6299", "往来款", UNEXPLAINED),
        ("某某证券有限公司", "6299", "", UNEXPLAINED),
        ("王小明", "6299", "三月工资", "payroll"),
        ("国家税务总局某市税务局", "", "", "tax"),
        ("", "", "现金支取", "cash"),
        ("甲纺织有限公司", "6299", "", "same_name_other_bank"),
    ],
)
def test_a_payment_says_what_it_was_for_by_its_own_line(name: str, account: str, text: str, use: str) -> None:
    line = {
        "line_id": "1",
        "account": BORROWER,
        "payee_account": account,
        "payee_name": name,
        "text": text,
        "amount_fen": 600_000,
        "booked_at": datetime.datetime(2025, 3, 10, 9, tzinfo=BUSINESS_ZONE),
    }
    borrower = {
        "borrower_name": "甲纺织有限公司",
        "borrower_kind": "company",
        "product": "working_capital_loan",
    }

    assert said_uses({"one": line}, {BORROWER}, borrower, shipped_parameters(), DAY) == {"one": use}


# Whatever the bank thinks, and whatever others did ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(11, 14))
def test_in_random_banks_no_class_and_no_record_of_others_changes_a_pack(
    database_url: str, seed: int
) -> None:
    bank = RandomBank(seed)
    with psycopg.connect(database_url) as connection:
        bank.write(connection)
        # Large enough that papers are asked for.
        connection.execute("UPDATE tracing.hop SET amount_fen = amount_fen * 100000")
    asked = 0
    for loan, borrower in bank.loans.items():
        before = pack_of(database_url, loan)
        own = [account for account, one in bank.accounts.items() if one == borrower]
        with psycopg.connect(database_url) as connection:
            run = connection.execute
            for (hop,) in run("SELECT hop_id FROM tracing.hop WHERE loan_id = %s", (loan,)).fetchall():
                run("UPDATE tracing.hop SET use = %s WHERE hop_id = %s", (bank.chance.choice(CLASSES), hop))
            run(
                "INSERT INTO tracing.destination SELECT DISTINCT ON (transfer_id) 'R', transfer_id, 'gambling', 'correction', 1000, "
                "'', 'U1' FROM tracing.hop ON CONFLICT DO NOTHING"
            )
            run("DELETE FROM tracing.statement WHERE loan_id = %s", (loan,))
            run(
                "INSERT INTO tracing.statement (run_id, loan_id, use, amount_fen, line_group, unit_id) "
                "VALUES ('R', %s, 'gambling', 1000, 'documented', 'U1'), ('R', %s, 'supplier', 1000, 'prohibited', 'U1')",
                (loan, loan),
            )
            run(
                "UPDATE ledger.statement_line SET purpose_text = '赌资', counterparty_name = '他人', account_name = '改名', "
                "amount_fen = amount_fen + 1 WHERE account <> ALL(%s)",
                (own,),
            )
            run(
                "DELETE FROM tracing.hop WHERE loan_id = %s AND from_account <> ALL(%s) AND to_account <> ALL(%s)",
                (loan, own, own),
            )
            run("UPDATE ledger.account SET kind = 'pooled', name = '改名' WHERE account <> ALL(%s)", (own,))
            after = read_pack(connection, connection, loan)
            connection.rollback()
        assert after == before, loan
        asked += sum(len(one.asked_for) for one in before.payees)
    assert asked > 0, "packs that ask for nothing show nothing"


def test_no_warning_lead_or_judgement_changes_a_pack(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        pay(connection, "海天科技有限公司", 600_000)
        connection.execute("DELETE FROM tracing.lead")
        connection.execute(
            "INSERT INTO parties.staff VALUES ('S3', 'U1', '贷后检查岗三', 'post_loan_inspector')"
        )
        connection.execute("UPDATE tracing.run SET data_date = %s", (DAY,))
    unwarned = pack_of(database_url)
    with psycopg.connect(database_url) as connection:
        write_warnings(connection)
        connection.execute(
            "INSERT INTO tracing.lead VALUES (%s, %s, 'FLOW_GAMBLING', 60000000, 'gambling', %s, '涉赌', 'U1')",
            (RUN, LOAN, ["0" * 32]),
        )
    assert pack_of(database_url) == unwarned

    with psycopg.connect(database_url) as connection:
        schedule(connection, shipped_parameters())
    unjudged = pack_of(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO inspections.line_judgement VALUES (%s, 'supplier', 'not_genuine', '不实', 1, 'S3', now(), %s, 'U1')",
            (CHECK, LOAN),
        )
    assert pack_of(database_url) == unjudged
