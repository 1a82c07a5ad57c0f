"""Which accounts and transactions a page may lead to: those that who looks may open."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.access.conftest import HERE, person_of
from tests.access.test_routes import ask
from tests.http.bank import BORROWER, BROKER, RELATED, transfer_id
from tests.signing_in import COOKIE, token_of

from loantrail.identity.abilities import Role

pytestmark = pytest.mark.database

MANAGER = person_of(Role.RELATIONSHIP_MANAGER, HERE)
HEAD_OFFICE = person_of(Role.HEAD_OFFICE_RISK, HERE)
OPERATOR = person_of(Role.IT_OPERATOR, HERE)
ASKED = {
    "account": [BORROWER, RELATED, BROKER, "没有这样的账户"],
    "transfer_id": [transfer_id("入市"), "0" * 32],
}


@pytest.fixture(scope="module")
def client(two_branches: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=two_branches, timeout=60) as opened:
        yield opened


@pytest.mark.parametrize("person", [MANAGER, HEAD_OFFICE, OPERATOR])
def test_what_is_said_to_open_opens_and_nothing_else_does(client: httpx.Client, person: str) -> None:
    said = client.get(
        "/api/v1/openings", params=ASKED, headers={"Cookie": f"{COOKIE}={token_of(person)}"}
    ).json()

    for account in ASKED["account"]:
        opens = ask(client, "GET", f"/api/v1/accounts/{account}", person).status_code == 200
        assert (account in said["accounts"]) == opens, account
    for transfer in ASKED["transfer_id"]:
        opens = ask(client, "GET", f"/api/v1/transactions/{transfer}", person).status_code == 200
        assert (transfer in said["transfers"]) == opens, transfer


def test_head_office_opens_all_and_a_manager_the_own_side(client: httpx.Client) -> None:
    def accounts(person: str) -> list[str]:
        headers = {"Cookie": f"{COOKIE}={token_of(person)}"}
        return client.get("/api/v1/openings", params=ASKED, headers=headers).json()["accounts"]

    assert accounts(HEAD_OFFICE) == sorted([BORROWER, RELATED, BROKER])
    assert BORROWER in accounts(MANAGER) and BROKER not in accounts(MANAGER)
