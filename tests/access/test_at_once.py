"""Many pages at once: an answer that is looked through for third parties does not wait for a connection that it holds itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.access.conftest import HERE, person_of
from tests.http.bank import LOAN
from tests.signing_in import COOKIE, token_of

from loantrail.identity.abilities import Role

pytestmark = pytest.mark.database
AT_ONCE, ROUNDS = 12, 5
"""Three times the connections that the application of these tests has."""


def test_more_requests_at_once_than_connections_are_all_answered(two_branches: str) -> None:
    cookie = {"Cookie": f"{COOKIE}={token_of(person_of(Role.RELATIONSHIP_MANAGER, HERE))}"}
    paths = [f"/api/v1/loans/{LOAN}/{one}" for one in ("checks", "warning", "unexplained", "history")] * 3

    def ask(path: str) -> int:
        return httpx.get(f"{two_branches}{path}", headers=cookie, timeout=60).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answered = [status for _ in range(ROUNDS) for status in pool.map(ask, paths)]
    assert set(answered) == {200}, answered
