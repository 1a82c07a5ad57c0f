"""The loan page beyond its statement: standing, verdict, unexplained payments, guarantees, other conventions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import (
    BORROWER,
    LOAN,
    QUIET_LOAN,
    RUN,
    UNTRACED_LOAN,
    moment,
    transfer_id,
    write_books,
    write_trace,
)
from tests.http.warned import write_warnings

from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


def _written(connection: type_of_connection, data_date: str | None = "2025-06-25") -> None:
    write_books(connection)
    write_trace(connection)
    connection.execute("UPDATE tracing.run SET data_date = %s", (data_date,))


def _page(client: httpx.Client, loan: str = LOAN) -> dict[str, Any]:
    answer = client.get(f"/api/v1/loans/{loan}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _schedule(connection: type_of_connection) -> None:
    for number, month in enumerate((4, 5, 6, 7), 1):
        connection.execute(
            "INSERT INTO ledger.repayment_schedule VALUES (%s, %s, %s, 1000000, 50000, 'U1')",
            (LOAN, number, f"2025-{month:02}-20"),
        )


def _repaid(
    connection: type_of_connection, name: str, when: str, principal_fen: int, penalty_fen: int = 0
) -> None:
    connection.execute(
        "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, interest_fen, penalty_fen, unit_id)"
        " VALUES (%s, %s, %s, %s, 50000, %s, 'U1')",
        (name, LOAN, when, principal_fen, penalty_fen),
    )


def test_the_band_says_what_is_overdue_what_comes_next_and_what_the_account_holds(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    _written(connection)
    _schedule(connection)
    _repaid(connection, "HK1", "2025-04-20 10:00+08", 1000000)
    _repaid(connection, "HK2", "2025-05-22 10:00+08", 400000, penalty_fen=7777)
    _repaid(connection, "HK3", "2025-06-26 00:30+08", 9000000)  # after the data date: not known then
    connection.execute(
        "UPDATE ledger.loan_note SET repayment_account = %s WHERE loan_id = %s", (BORROWER, LOAN)
    )
    connection.execute(
        "UPDATE ledger.statement_line SET balance_fen = 123 WHERE account = %s AND booked_at = %s",
        (BORROWER, moment(9)),
    )
    connection.commit()
    standing = _page(own_client)["standing"]
    assert standing["data_date"] == "2025-06-25"
    assert (standing["days_past_due"], standing["overdue_since"]) == (36, "2025-05-20")
    assert standing["overdue_fen"] == "1650000"  # 600,000 of May and all of June
    assert (standing["paid_count"], standing["instalment_count"]) == (1, 4)
    assert (standing["next_instalment"]["due_on"], standing["next_instalment"]["open_fen"]) == (
        "2025-07-20",
        "1050000",
    )
    assert standing["last_paid_fen"] == "457777"
    assert (standing["repayment_account"], standing["account_balance_fen"]) == (BORROWER, "123")
    assert standing["account_balance_at"] == "2025-03-09T02:30:00Z"


def test_what_the_books_do_not_say_is_null(client: httpx.Client) -> None:
    standing = _page(client)["standing"]
    assert standing == {
        "data_date": None,
        "instalment_count": 0,
        "paid_count": None,
        "days_past_due": None,
        "overdue_fen": None,
        "overdue_since": None,
        "next_instalment": None,
        "last_paid_at": None,
        "last_paid_fen": None,
        "repayment_account": None,
        "account_balance_fen": None,
        "account_balance_at": None,
    }


def test_a_settled_loan_owes_nothing_though_its_schedule_foresaw_more_interest(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    _written(connection)
    _schedule(connection)
    connection.execute(
        "UPDATE ledger.loan_note SET state = 'settled', balance_fen = 0 WHERE loan_id = %s", (LOAN,)
    )
    connection.commit()
    standing = _page(own_client)["standing"]
    assert (standing["days_past_due"], standing["overdue_fen"], standing["next_instalment"]) == (0, "0", None)


def test_the_verdict_names_the_suspected_use_with_its_proven_least(client: httpx.Client) -> None:
    verdict = _page(client)["verdict"]
    assert verdict["level"] == "suspected"
    chinese = "".join(sentence["chinese"] for sentence in verdict["sentences"])
    assert "其中 30.00 万元疑似流入证券、基金（无论如何计算至少 25.00 万元），请核实凭证。" in chinese
    assert "借款人账户 15.00 万元" in chinese


def test_the_verdict_of_a_loan_that_was_not_traced_or_not_paid_out(client: httpx.Client) -> None:
    untraced = _page(client, UNTRACED_LOAN)["verdict"]
    assert untraced["level"] == "unknown"
    assert untraced["sentences"][0]["chinese"].startswith("这笔贷款没有放款记录")
    assert _page(client, QUIET_LOAN)["verdict"]["sentences"][0]["chinese"].endswith(
        "全部仍在借款人账户，尚未使用。"
    )


def test_the_verdict_of_a_loan_without_leads_says_that_it_has_a_warning(
    own_client: httpx.Client, database_url: str
) -> None:
    def said() -> tuple[str, str]:
        verdict = _page(own_client, QUIET_LOAN)["verdict"]
        return verdict["level"], verdict["sentences"][-1]["chinese"]

    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
    assert _page(own_client, QUIET_LOAN)["leads"] == []
    assert said() == ("clear", "资金追踪未发现疑似线索。")
    with psycopg.connect(database_url) as connection:
        write_warnings(connection)
    assert said() == ("attention", "资金追踪未发现疑似线索，但有预警。")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE early_warning.thread SET state = 'closed' WHERE loan_id = %s", (QUIET_LOAN,)
        )
    assert said() == ("clear", "资金追踪未发现疑似线索。")


def _unexplained(client: httpx.Client, loan: str = LOAN, **query: int) -> dict[str, Any]:
    answer = client.get(f"/api/v1/loans/{loan}/unexplained", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_unexplained_payments_are_the_ones_without_a_document_largest_first(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    _written(connection)
    connection.execute(
        "INSERT INTO tracing.destination VALUES (%s, %s, 'cash', 'remark', 900, '', 'U1'),"
        " (%s, %s, 'company', 'registry', 700, '', 'U1'), (%s, %s, 'company', 'document', 700, '', 'U1')",
        (RUN, transfer_id("取现"), RUN, transfer_id("往来"), RUN, transfer_id("再付")),
    )
    connection.commit()
    found = _unexplained(own_client)
    assert [(one["transfer_id"], one["loan_fen"]) for one in found["payments"]] == [
        (transfer_id("往来"), "35000000"),
        (transfer_id("取现"), "10000000"),
    ]
    assert (found["total_count"], found["total_fen"]) == (2, "45000000")
    assert found["payments"][0]["to_account"]["name"] == "戊贸易有限公司"
    assert found["payments"][1]["to_account"] == {"account": None, "name": "现金"}
    assert _unexplained(own_client, limit=1)["total_count"] == 2


def test_money_is_unexplained_once_not_again_at_each_step(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    _written(connection)
    connection.execute("UPDATE tracing.hop SET use = '' WHERE transfer_id = %s", (transfer_id("入市"),))
    connection.execute("DELETE FROM tracing.destination")
    connection.execute(
        "INSERT INTO tracing.destination VALUES (%s, %s, 'company', 'registry', 700, '', 'U1'),"
        " (%s, %s, 'company', 'registry', 700, '', 'U1'), (%s, %s, 'own_account', 'relation', 700, '', 'U1'),"
        " (%s, %s, 'supplier', 'document', 700, '', 'U1')",
        (
            RUN,
            transfer_id("往来"),
            RUN,
            transfer_id("入市"),
            RUN,
            transfer_id("回流"),
            RUN,
            transfer_id("货款"),
        ),
    )
    connection.commit()
    assert transfer_id("入市") not in [one["transfer_id"] for one in _unexplained(own_client)["payments"]]


def _secured(connection: type_of_connection) -> None:
    run = connection.execute
    run(
        "INSERT INTO ledger.guarantee_contract VALUES ('DB1', %s, 'mortgage_charge', 'P3', 80000000, 'CNY',"
        " '2025-03-01', '2025-08-24', 'U1'), ('DB2', %s, 'guarantor', 'P2', 50000000, 'CNY', '2025-03-01', NULL, 'U1')",
        (f"HT{LOAN}", f"HT{LOAN}"),
    )
    run(
        "INSERT INTO ledger.collateral VALUES ('YP1', 'DB1', '厂房', 'P3', 200000000, 'CNY', '2024-06-24', 2, 500000,"
        " 'BDC1', '2025-08-25', '2025-06-24', 'U1')"
    )
    run("INSERT INTO ledger.contract_party VALUES (%s, 'P3', 'declared_related_party', 'U1')", (f"HT{LOAN}",))
    run(
        "INSERT INTO parties.party_relation VALUES ('P5', 'P1', 'shareholder', 600000, '2020-01-01', NULL, NULL, 'U1'),"
        " ('P1', 'P2', 'group_member', NULL, '2020-01-01', '2025-06-25', NULL, 'U1')"
    )


def test_guarantees_say_what_expires_and_what_the_collateral_covers_today(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    _written(connection)
    _secured(connection)
    connection.commit()
    found = own_client.get(f"/api/v1/loans/{LOAN}/guarantees").json()
    first, second = found["guarantees"]
    assert (first["guarantor_name"], first["kind"]) == ("戊贸易有限公司", "mortgage_charge")
    assert first["valid_to"] == {"on": "2025-08-24", "expiry": "soon"}  # the 60th day
    assert second["valid_to"] == {"on": None, "expiry": "unknown"}
    (thing,) = first["collateral"]
    assert thing["registration"]["expiry"] == "valid"  # the 61st day
    assert thing["insurance"]["expiry"] == "expired"
    assert (thing["ranking"], thing["valued_long_ago"], thing["loan_to_value_ppm"]) == (2, True, 500000)
    assert found["loan_to_value_ppm"] == 500000  # 1,000,000.00 over 2,000,000.00
    assert [(one["name"], one["relation"], one["share_ppm"]) for one in found["related"]] == [
        ("戊贸易有限公司", "declared_related_party", None),
        ("乙", "shareholder", 600000),
    ]


def test_without_a_data_date_nothing_is_called_expired(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    _written(connection, data_date=None)
    _secured(connection)
    connection.commit()
    (thing,) = own_client.get(f"/api/v1/loans/{LOAN}/guarantees").json()["guarantees"][0]["collateral"]
    assert (thing["insurance"]["expiry"], thing["valued_long_ago"]) == ("unknown", False)


def test_an_unsecured_loan_answers_empty_lists(client: httpx.Client) -> None:
    found = client.get(f"/api/v1/loans/{LOAN}/guarantees").json()
    assert (found["guarantees"], found["related"], found["schedule"], found["loan_to_value_ppm"]) == (
        [],
        [],
        [],
        None,
    )


@pytest.mark.heavy
def test_other_conventions_stand_beside_the_official_one_and_sum_to_the_disbursement(
    own_client: httpx.Client, connection: type_of_connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    write_books(connection)
    connection.commit()
    from loantrail.tracing import conventions, snapshots
    from loantrail.tracing.database import trace_books

    snapshots.forget()
    conventions.forget()
    trace_books(connection)
    official = {line["use"]: line["amount_fen"] for line in _page(own_client)["statement"]}
    for convention in ("lifo", "pro_rata", "own_first", "loan_first"):
        found = own_client.get(f"/api/v1/loans/{LOAN}/conventions/{convention}").json()
        assert (
            sum(int(line["amount_fen"]) for line in found["lines"])
            == int(found["disbursed_fen"])
            == 100_000_000
        )
        for line in found["lines"]:
            assert line["official_fen"] == official.get(line["use"], "0")
            assert int(line["difference_fen"]) == int(line["amount_fen"]) - int(line["official_fen"])
    taint = own_client.get(f"/api/v1/loans/{LOAN}/conventions/poison").json()
    assert {line["amount_fen"] for line in taint["lines"]} == {None}
    assert sum(line["place_count"] for line in taint["lines"]) >= 3
    # What is kept on disk is found again.
    conventions.forget()
    again = own_client.get(f"/api/v1/loans/{LOAN}/conventions/lifo").json()
    assert sum(int(line["amount_fen"]) for line in again["lines"]) == 100_000_000


@pytest.mark.heavy
def test_conventions_are_not_counted_over_books_that_changed_since_the_trace(
    own_client: httpx.Client, connection: type_of_connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))  # no history is kept there
    from loantrail.tracing import conventions, snapshots

    snapshots.forget()
    conventions.forget()
    _written(connection)
    connection.commit()
    answer = own_client.get(f"/api/v1/loans/{LOAN}/conventions/lifo")
    assert answer.status_code == 422
    assert "changed since they were traced" in answer.json()["detail"]


@pytest.mark.parametrize(
    "where",
    [
        "/api/v1/loans/none/unexplained",
        "/api/v1/loans/none/guarantees",
        "/api/v1/loans/none/conventions/lifo",
        f"/api/v1/loans/{UNTRACED_LOAN}/conventions/lifo",
    ],
)
def test_what_is_not_there_says_so(client: httpx.Client, where: str) -> None:
    answer = client.get(where)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_convention_that_does_not_exist_is_refused(client: httpx.Client) -> None:
    assert client.get(f"/api/v1/loans/{LOAN}/conventions/fifo").status_code == 422
