"""Why the level of a warning is to be lowered may name third parties: who decides reads it masked, the list of all that waits tells
none of it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Final

import httpx
import psycopg
import pytest
from python_calamine import CalamineWorkbook
from tests.http.bank import BROKER, LOAN, NAMES, RELATED, write_books, write_trace
from tests.http.conftest import application, client_of
from tests.http.warned import THREAD, write_warnings
from tests.signing_in import AS, write_person

from loantrail.identity.abilities import Role
from loantrail.ids import new_id

pytestmark = pytest.mark.database
MAKER, BRANCH_HEAD, HEAD_OFFICE = "S1", "branch", "office"
REASON: Final = f"资金转入{NAMES[BROKER]}账户{BROKER}，已归还"
LIST: Final = "/api/v1/approvals"
PLACE: Final = f"{LIST}/warnings/{THREAD}/lowering"


@pytest.fixture
def bank(database_url: str, _own_home: None) -> Iterator[httpx.Client]:
    """A warning whose level is proposed to be lowered, for a reason that names the broker beyond the first payee."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
        connection.execute(
            "INSERT INTO parties.organisation_unit (unit_id, name, kind) VALUES ('U2', '邻行', 'sub_branch')"
        )
        connection.execute(
            "UPDATE ledger.account SET unit_id = 'U2' WHERE account = ANY(%s)", ([RELATED, BROKER],)
        )
        write_person(connection, MAKER, staff_id=MAKER)
        write_person(connection, BRANCH_HEAD, [Role.BRANCH_MANAGER], "U1")
        write_person(connection, HEAD_OFFICE, [Role.HEAD_OFFICE_RISK])
    with application(database_url) as address, client_of(address) as client:
        wanted = {"act": "propose_lowering", "level": "yellow", "reason": REASON, "version": 2}
        made = client.post(
            f"/api/v1/warnings/{THREAD}/acts", json=wanted | {"request_key": new_id()}, headers={AS: MAKER}
        )
        assert made.status_code == 201, made.text
        yield client


def told(bank: httpx.Client, path: str, by: str) -> str:
    answer = bank.get(path, headers={AS: by})
    assert answer.status_code == 200, answer.text
    if not path.endswith(".xlsx"):
        return answer.text
    book = CalamineWorkbook.from_object(BytesIO(answer.content))
    return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])


@pytest.mark.parametrize("path", [LIST, f"{LIST}.xlsx", PLACE])
def test_nobody_beyond_the_first_payee_is_told_to_who_may_not_see_them(bank: httpx.Client, path: str) -> None:
    text = told(bank, path, BRANCH_HEAD)

    assert LOAN in text, "it waits there"
    assert NAMES[BROKER] not in text
    assert f"账户{BROKER}" not in text


def test_who_decides_reads_why(bank: httpx.Client) -> None:
    assert "资金转入己证****账户" in told(bank, PLACE, BRANCH_HEAD)
    assert REASON in told(bank, PLACE, HEAD_OFFICE)
