"""The fewest loans that a figure may stand for: in force is the number of today, and whatever it is, it names nobody."""

from __future__ import annotations

import datetime

import httpx
import psycopg
import pytest
from tests.decided import decide_parameter
from tests.http.ledger_bank import DATA_DATE, write_ledger_bank
from tests.signing_in import AS, write_person

from loantrail.identity.abilities import Role
from loantrail.policy.bounds import span

NAME = "portfolio_least_loans"


def test_a_bank_cannot_choose_less_than_one_loan() -> None:
    assert span(NAME, "count")[0] == 1


@pytest.mark.database
def test_customers_are_named_to_who_may_read_loans_alone_whatever_the_number(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_ledger_bank(connection, count=40, seed=5)
        write_person(connection, "boss", [Role.EXECUTIVE])
        # As it may have been written before there was a bound.
        decide_parameter(connection, NAME, 0, DATA_DATE - datetime.timedelta(days=30))
        connection.commit()

    seen = own_client.get("/api/v1/portfolio/concentration", headers={AS: "boss"})

    assert seen.json()["customers"] is None
    assert "有限公司" not in seen.text
    assert own_client.get("/api/v1/portfolio/concentration").json()["customers"]


@pytest.mark.database
def test_the_number_is_the_one_of_today_not_of_the_data_date(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_ledger_bank(connection, count=40, seed=5)
        write_person(connection, "boss", [Role.EXECUTIVE])
        decide_parameter(connection, NAME, 7, DATA_DATE + datetime.timedelta(days=1))
        connection.commit()

    for table in ("", "/uses", "/concentration", "/migration"):
        read = own_client.get(f"/api/v1/portfolio{table}", headers={AS: "boss"}).json()
        assert read["fewest_loans"] == 7, table
