"""What a person says of a payee wins over every rule, and only there."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import polars as pl
import psycopg
import pytest
from tests.destinations.test_classify import DAY, payments

from loantrail.destinations import store
from loantrail.destinations.classify import OUTPUT_SCHEMA, classify
from loantrail.destinations.corrections import (
    CORRECTABLE_CLASSES,
    Correction,
    Scope,
    account_classes,
    correct,
    corrected,
    withdraw,
)
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.errors import InputError
from loantrail.ledger.pairs.booking import keep_apart
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection


def _standing(*rows: tuple[str | None, str | None, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "correction_id": str(number),
                "scope": "account" if account else "transaction",
                "transaction_id": transaction,
                "account": account,
                "destination_class": name,
                "reason": f"原因{number}",
            }
            for number, (transaction, account, name) in enumerate(rows)
        ],
        schema=store.STANDING_SCHEMA,
    )


def _after(standing: pl.DataFrame, *rows: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    made = payments(*rows)
    classes = classify(made, shipped_dictionary(), shipped_parameters(), DAY)
    found = corrected(classes, made, standing)
    assert found.schema == pl.Schema(OUTPUT_SCHEMA)
    return [
        (row["destination_class"], row["basis"], row["confidence_permille"], row["evidence"])
        for row in found.to_dicts()
    ]


def test_a_transaction_corrected_keeps_its_neighbours_as_they_were() -> None:
    broker = {"credit_name": "华夏证券股份有限公司"}
    found = _after(_standing(("T1", None, "supplier")), broker, broker, broker)
    assert found[1] == ("supplier", "correction", 1000, "原因0")
    assert [row[:2] for row in found[::2]] == [("securities", "name")] * 2


def test_an_account_corrected_is_so_for_all_that_it_receives() -> None:
    found = _after(_standing((None, "X", "gambling")), {}, {"credit_account": "Y"}, {})
    assert [row[0] for row in found] == ["gambling", "unknown", "gambling"]


def test_a_transaction_wins_over_its_payees_account() -> None:
    found = _after(_standing((None, "X", "gambling"), ("T0", None, "tax")), {}, {})
    assert [(row[0], row[3]) for row in found] == [("tax", "原因1"), ("gambling", "原因0")]


def test_without_corrections_nothing_changes() -> None:
    made = payments({"credit_name": "华夏证券股份有限公司"})
    classes = classify(made, shipped_dictionary(), shipped_parameters(), DAY)
    assert corrected(classes, made, _standing()).equals(classes)


def test_an_account_said_to_be_a_pool_is_one_for_the_trace() -> None:
    accounts = pl.DataFrame(
        {"account": ["X", "Y"], "name": ["甲", "乙"], "owner": [None, None], "class": [None, "pooled"]},
        schema_overrides={"class": pl.String, "owner": pl.String},
    )
    told = _standing((None, "X", "payment_institution"), (None, "Y", "supplier"))
    assert account_classes(accounts, told)["class"].to_list() == ["payment_institution", "supplier"]


# In the books --------------------------------------------------------------------------------------------------


@pytest.fixture
def payment(connection: type_of_connection) -> str:
    """A payment of 10.00 from our account A to our account B, both lines paired; its id."""
    run = connection.execute
    for account in "AB":
        run(
            "INSERT INTO ledger.account (account, account_number, kind, has_lines) VALUES (%s, %s, 'settlement', true)",
            (account, account),
        )
    run("INSERT INTO ledger.import_run (run_id, started_at, state) VALUES ('I1', now(), 'finished')")
    run(
        "INSERT INTO ledger.import_file (run_id, name, adapter, content_hash, size_bytes, software_version, started_at)"
        " VALUES ('I1', '流水.csv', 'test', '', 0, '0', now())"
    )
    run(
        "CREATE TABLE ledger.statement_line_test PARTITION OF ledger.statement_line"
        " FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    )
    for number, (account, direction, other) in enumerate((("A", "debit", "B"), ("B", "credit", "A")), 1):
        run(
            "INSERT INTO ledger.statement_line (line_id, file_id, position, booked_at, sequence, account, direction,"
            " amount_fen, counterparty_account, unit_id) SELECT %s::uuid, file_id, %s, '2025-03-01', %s, %s, %s, 1000,"
            " %s, 'unassigned' FROM ledger.import_file",
            (f"{number:032x}", number, number, account, direction, other),
        )
    run(
        "INSERT INTO ledger.transfer (transfer_id, version, debit_line, credit_line, debit_account, credit_account,"
        " debit_booked_at, credit_booked_at, amount_fen, currency, booked_at, basis, created_at)"
        " VALUES (%s::uuid, 1, %s::uuid, %s::uuid, 'A', 'B', '2025-03-01', '2025-03-01', 1000, 'CNY', '2025-03-01',"
        " 'reference', '2025-03-02')",
        (f"{9:032x}", f"{1:032x}", f"{2:032x}"),
    )
    connection.commit()
    return f"{9:032x}"


def _wanted(subject: str, name: str = "tax", key: str = "key-00000001", **more: Any) -> Correction:
    scope = Scope.ACCOUNT if len(subject) < 32 else Scope.TRANSACTION
    return Correction(scope, subject, name, more.get("reason", "查过凭证"), "operator", key)


def _now(connection: type_of_connection, at: datetime.datetime | None = None) -> list[tuple[str | None, str]]:
    found = store.standing_at(connection, at)
    connection.rollback()
    return list(found.select(pl.coalesce("transaction_id", "account"), "destination_class").iter_rows())


@pytest.mark.database
def test_the_same_request_twice_is_one_correction(connection: type_of_connection, payment: str) -> None:
    made = [correct(connection, _wanted(payment)) for _ in range(2)]
    connection.commit()
    assert [new for _, new in made] == [True, False]
    assert made[0][0] == made[1][0]
    assert _now(connection) == [(payment, "tax")]


@pytest.mark.database
def test_what_stands_already_is_not_said_again(connection: type_of_connection, payment: str) -> None:
    correct(connection, _wanted(payment))
    assert correct(connection, _wanted(payment, key="key-00000002"))[1] is False


@pytest.mark.database
def test_a_key_used_for_something_else_is_refused(connection: type_of_connection, payment: str) -> None:
    correct(connection, _wanted(payment))
    with pytest.raises(InputError, match="another correction"):
        correct(connection, _wanted(payment, "cash"))


@pytest.mark.database
def test_a_new_correction_takes_the_place_of_the_one_before(
    connection: type_of_connection, payment: str
) -> None:
    first, _ = correct(connection, _wanted(payment))
    second, _ = correct(connection, _wanted(payment, "cash", "key-00000002"))
    connection.commit()
    assert _now(connection) == [(payment, "cash")]
    ended = store.one(connection, first["correction_id"])
    assert ended is not None
    assert (ended["replaced_by"], ended["withdrawn_by"]) == (second["correction_id"], "operator")


@pytest.mark.database
def test_what_stood_at_an_instant_can_be_read_for_ever(connection: type_of_connection, payment: str) -> None:
    before = _instant(connection)
    made, _ = correct(connection, _wanted("B", "pooled"))
    connection.commit()
    between = _instant(connection)
    assert withdraw(connection, made["correction_id"], "误判", "operator") is not None
    connection.commit()
    assert _now(connection, before) == []
    assert _now(connection, between) == [("B", "pooled")]
    assert _now(connection) == []


@pytest.mark.database
def test_a_correction_follows_its_line_when_the_pairing_is_mended(
    connection: type_of_connection, payment: str
) -> None:
    correct(connection, _wanted(payment))
    connection.commit()
    paired = _instant(connection)
    alone = keep_apart(connection, f"{1:032x}", "不是同一笔", "operator")
    assert _now(connection) == [(alone.transfer_id, "tax")]
    assert _now(connection, paired) == [(payment, "tax")]


@pytest.mark.database
def test_withdrawing_twice_is_withdrawing_once(connection: type_of_connection, payment: str) -> None:
    made, _ = correct(connection, _wanted(payment))
    found = [withdraw(connection, made["correction_id"], reason, "operator") for reason in ("甲", "乙")]
    assert [one and one[1] for one in found] == [True, False]
    assert found[1] is not None
    assert found[1][0]["withdrawn_reason"] == "甲"
    assert withdraw(connection, "0" * 32, "甲", "operator") is None


@pytest.mark.database
@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (_wanted("0" * 32), "no transaction"),
        (_wanted("没有"), "no account"),
        (_wanted("B", "related_party"), "ownership"),
        (_wanted("B", "nonsense"), "no destination class"),
        (_wanted("B", reason=" \n"), "no reason"),
    ],
)
def test_what_cannot_be_corrected_is_refused(
    connection: type_of_connection, payment: str, wanted: Correction, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        correct(connection, wanted)


@pytest.mark.database
def test_many_clients_with_one_request_make_one_correction(
    connection: type_of_connection, database_url: str, payment: str
) -> None:
    made: list[bool] = []

    def ask() -> None:
        with psycopg.connect(database_url) as own:
            made.append(correct(own, _wanted(payment))[1])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]


def test_every_class_but_the_relative_ones_can_be_given() -> None:
    assert len(CORRECTABLE_CLASSES) == 36
    assert "own_account" not in CORRECTABLE_CLASSES


def _instant(connection: type_of_connection) -> datetime.datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    connection.rollback()
    assert row is not None
    return row[0]
