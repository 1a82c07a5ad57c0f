"""Through a trace a manager sees the borrower's own lines and the first payee; beyond, class, date, amount and a masked name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from python_calamine import CalamineWorkbook
from tests.access.conftest import HERE, person_of
from tests.access.test_routes import ENDLESS, ROUTES, ask, filled, objects, rule
from tests.http.bank import BORROWER, BROKER, LOAN, NAMES, RELATED, transfer_id
from tests.signing_in import COOKIE, token_of

from loantrail.identity.abilities import Ability, Role
from loantrail.identity.discretion import MARK
from loantrail.ids import new_id

pytestmark = pytest.mark.database
__all__ = ["objects"]

MANAGER = person_of(Role.RELATIONSHIP_MANAGER, HERE)
HEAD_OFFICE = person_of(Role.HEAD_OFFICE_RISK, HERE)
BRANCH_HEAD = person_of(Role.BRANCH_MANAGER, HERE)


@pytest.fixture(scope="module")
def client(two_branches: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=two_branches, timeout=60) as opened:
        yield opened


def read(client: httpx.Client, path: str, person: str) -> httpx.Response:
    answer = ask(client, "GET", path, person)
    assert answer.status_code == 200, answer.text
    return answer


def test_a_manager_sees_the_first_payee_and_a_mask_beyond(client: httpx.Client) -> None:
    path = f"/api/v1/loans/{LOAN}/statement/securities/evidence"
    clear, masked = read(client, path, HEAD_OFFICE).text, read(client, path, MANAGER).text
    assert NAMES[BROKER] in clear and f'"{BROKER}"' in clear
    assert NAMES[BROKER] not in masked and f'"{BROKER}"' not in masked
    assert "己证****" in masked
    assert NAMES[RELATED] in masked, "the first payee stands in the borrower's own statement"


def test_amounts_dates_and_classes_stay(client: httpx.Client) -> None:
    path = f"/api/v1/loans/{LOAN}/statement/securities/evidence"
    [clear] = read(client, path, HEAD_OFFICE).json()["arrivals"]
    [masked] = read(client, path, MANAGER).json()["arrivals"]
    for kept in ("counted_fen", "transfer_fen", "booked_at", "destination_class", "transfer_id"):
        assert masked[kept] == clear[kept]


def test_no_page_of_a_loan_tells_a_manager_who_stands_beyond(
    client: httpx.Client, objects: dict[str, str]
) -> None:
    here = objects | {"transfer_id": transfer_id("入市"), "loan_id": LOAN}
    told: dict[str, list[str]] = {}
    for method, path, rules in ROUTES:
        if method != "GET" or path in ENDLESS or rule(rules).is_public:
            continue
        address = filled(path, here)
        if address is None:
            continue
        text = ask(client, "GET", address, MANAGER).text
        found = [one for one in (f'"{BROKER}"', NAMES[BROKER]) if one in text]
        if found:
            told[path] = found
    assert told == {}


def test_a_masked_account_can_be_unfolded_in_the_graph(client: httpx.Client) -> None:
    path = f"/api/v1/loans/{LOAN}/flow?by=account&open={RELATED}"
    shown = read(client, path, MANAGER)
    nodes = re.findall(rf'"node_id":"([^"]*{MARK}[^"]*)"', shown.text)
    assert nodes, shown.text
    again = client.get(
        f"/api/v1/loans/{LOAN}/flow",
        params={"by": "account", "open": [RELATED, nodes[0]]},
        headers={"Cookie": f"{COOKIE}={token_of(MANAGER)}"},
    )
    assert again.status_code == 200, again.text


def test_the_graph_names_the_first_payee_and_masks_who_stands_beyond(client: httpx.Client) -> None:
    nodes = read(client, f"/api/v1/loans/{LOAN}/flow?levels=6", MANAGER).json()["nodes"]

    names = {node["account"]: node["name"] for node in nodes if node["account"]}
    assert names[RELATED] == NAMES[RELATED]
    assert {name for account, name in names.items() if MARK in account} == {"己证****"}


def test_the_search_in_the_graph_finds_the_first_payee_by_name_and_nobody_beyond(
    client: httpx.Client,
) -> None:
    def found(name: str, person: str) -> list[str]:
        path = f"/api/v1/loans/{LOAN}/flow/search?text={name}"
        return [one["name"] for one in read(client, path, person).json()["items"]]

    assert found(NAMES[RELATED], MANAGER) == [NAMES[RELATED]]
    assert found(NAMES[BROKER], MANAGER) == []
    assert found(NAMES[BROKER], HEAD_OFFICE) == [NAMES[BROKER]]


def test_who_approved_reason_opens_a_trace_for_some_days(client: httpx.Client, two_branches_url: str) -> None:
    def post(path: str, person: str, body: dict[str, object]) -> httpx.Response:
        return client.post(path, json=body, headers={"Cookie": f"{COOKIE}={token_of(person)}"})

    path = f"/api/v1/loans/{LOAN}/statement/securities/evidence"
    asked = post(
        f"/api/v1/loans/{LOAN}/unmasking", MANAGER, {"reason": "核实证券账户", "request_key": new_id()}
    )
    assert asked.status_code == 202, asked.text
    assert NAMES[BROKER] not in read(client, path, MANAGER).text
    request = asked.json()
    decided = post(
        f"/api/v1/approvals/{request['request_id']}/decision",
        BRANCH_HEAD,
        {"approve": True, "reason": "同意", "content_hash": request["content_hash"]},
    )
    assert decided.status_code == 200, decided.text
    assert NAMES[BROKER] in read(client, path, MANAGER).text
    with psycopg.connect(two_branches_url) as connection:
        connection.execute("UPDATE approvals.unmasking SET until = now() - interval '1 second'")
    assert NAMES[BROKER] not in read(client, path, MANAGER).text


def cells(client: httpx.Client, path: str, person: str) -> set[str]:
    """What stands in the cells of a spreadsheet."""
    book = CalamineWorkbook.from_object(BytesIO(read(client, path, person).content))
    return {
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    }


def test_printed_reports_keep_the_secret_too(client: httpx.Client) -> None:
    told = cells(client, f"/api/v1/loans/{LOAN}/report.xlsx", MANAGER)

    assert not any(NAMES[BROKER] in cell or cell == BROKER for cell in told)
    assert any("己证****" in cell for cell in told)


def test_tables_of_a_loan_leave_as_their_page_shows_them(client: httpx.Client, two_branches_url: str) -> None:
    with psycopg.connect(two_branches_url) as connection:
        connection.execute(
            "INSERT INTO destinations.correction (correction_id, request_key, scope, account, destination_class, reason, made_by, "
            "made_at, unit_id) VALUES (%s, %s, 'account', %s, 'securities', %s, 'S2', now(), 'U1')",
            (new_id(), new_id(), BORROWER, f"{NAMES[BROKER]}的账户"),
        )
    path = f"/api/v1/loans/{LOAN}/history"
    assert NAMES[BROKER] in read(client, path, HEAD_OFFICE).text
    assert NAMES[BROKER] not in read(client, path, MANAGER).text

    clear, masked = (str(cells(client, f"{path}.xlsx", one)) for one in (HEAD_OFFICE, MANAGER))

    assert NAMES[BROKER] in clear
    assert NAMES[BROKER] not in masked and "己证****的账户" in masked


def table(client: httpx.Client, path: str, person: str) -> list[dict[Any, Any]]:
    """The rows of a spreadsheet by the titles of its columns."""
    book = CalamineWorkbook.from_object(BytesIO(read(client, path, person).content))
    head, *rows = book.get_sheet_by_index(0).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_the_flow_leaves_masked_as_the_graph_shows_it(client: httpx.Client) -> None:
    path = f"/api/v1/loans/{LOAN}/flow.xlsx?levels=6"

    clear, masked = (table(client, path, one) for one in (HEAD_OFFICE, MANAGER))

    assert BROKER in {row["收款账号"] for row in clear}
    assert {row["收款方"] for row in clear if row["收款账号"] == BROKER} == {NAMES[BROKER]}
    beyond = [row for row in masked if str(row["收款方"]) == "己证****"]
    assert beyond and all("****" in str(row["收款账号"]) for row in beyond)
    told = str(cells(client, path, MANAGER))
    assert BROKER not in told and NAMES[BROKER] not in told
    assert MARK not in told, "without the mark that the page does not show either"


def test_transactions_of_a_masked_account_are_asked_for_by_its_mask(
    client: httpx.Client, two_branches_url: str
) -> None:
    nodes = read(client, f"/api/v1/loans/{LOAN}/flow?levels=6", MANAGER).json()["nodes"]
    account = next(node["account"] for node in nodes if MARK in (node["account"] or ""))
    path = f"/api/v1/loans/{LOAN}/flow/transactions"

    shown = read(client, f"{path}?account={quote(account)}", MANAGER).json()["items"]
    told = table(client, f"{path}.xlsx?account={quote(account)}", MANAGER)

    assert [row["交易编号"] for row in told] == [one["transfer_id"] for one in shown] != []
    everything = str(cells(client, f"{path}.xlsx?account={quote(account)}", MANAGER))
    assert BROKER not in everything and NAMES[BROKER] not in everything
    with psycopg.connect(two_branches_url) as connection:
        kept = connection.execute(
            "SELECT action, content::text FROM audit.entry WHERE person = %s AND strpos(content::text, '/flow/transactions') > 0 "
            "AND strpos(content::text, 'account=') > 0",
            (f"{Role.RELATIONSHIP_MANAGER}-{HERE}",),
        ).fetchall()
    assert {action for action, _ in kept} == {"data.read", "data.export"}
    assert BROKER not in str(kept), "on record as it was asked for"
    assert all(quote(MARK) in content for _, content in kept)


def test_head_office_needs_the_ability_not_the_reach() -> None:
    from loantrail.identity.abilities import ABILITIES

    assert Ability.SEE_THIRD_PARTIES not in ABILITIES[Role.RELATIONSHIP_MANAGER]
    assert Ability.SEE_THIRD_PARTIES in ABILITIES[Role.AML_OFFICER]
