"""The flow of a loan's money as the page gets it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.http.bank import BORROWER, BROKER, LOAN, RELATED, SUPPLIER, UNTRACED_LOAN, transfer_id

pytestmark = pytest.mark.database


def flow(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/loans/{LOAN}/flow", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def amounts(answer: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(edge["source"], edge["target"]): int(edge["amount_fen"]) for edge in answer["edges"]}


def node(answer: dict[str, Any], node_id: str) -> dict[str, Any]:
    return next(one for one in answer["nodes"] if one["node_id"] == node_id)


def test_the_graph_holds_the_loans_money_to_the_fen(client: httpx.Client) -> None:
    answer = flow(client)
    assert amounts(answer) == {
        ("loan", f"={BORROWER}"): 100_000_000,
        (f"={BORROWER}", f"={SUPPLIER}"): 45_000_000,
        (f"={BORROWER}", f"={RELATED}"): 35_000_000,
        (f"={BORROWER}", "~cash"): 10_000_000,
        (f"={RELATED}", f"={BROKER}"): 30_000_000,
        (f"={RELATED}", f"={BORROWER}"): 5_000_000,
    }
    statement = client.get(f"/api/v1/loans/{LOAN}").json()["statement"]
    assert {line["use"]: line["amount_fen"] for line in answer["lines"]} == {
        line["use"]: line["amount_fen"] for line in statement
    }
    assert answer["disbursed_fen"] == "100000000"


def test_nodes_say_who_they_are_and_what_is_suspected(client: httpx.Client) -> None:
    answer = flow(client)
    borrower, broker = node(answer, f"={BORROWER}"), node(answer, f"={BROKER}")
    assert (borrower["name"], borrower["role"], borrower["in_fen"]) == (
        "甲纺织有限公司",
        "borrower",
        "105000000",
    )
    assert (broker["use"], broker["line_group"], broker["patterns"]) == (
        "securities",
        "suspected",
        ["FLOW_SECURITIES"],
    )
    assert node(answer, "~cash")["kind"] == "outside"
    suspected = [edge["target"] for edge in answer["edges"] if edge["patterns"]]
    assert suspected == [f"={BROKER}"]


def test_by_hop_the_borrower_stands_again_where_money_came_back(client: httpx.Client) -> None:
    answer = flow(client, by="hop", levels=6)
    assert amounts(answer)[f"1/={RELATED}", f"2/={BORROWER}"] == 5_000_000
    assert node(answer, f"0/={BORROWER}")["in_fen"] == "100000000"


def test_a_range_of_dates_holds_for_everything(client: httpx.Client) -> None:
    answer = flow(client, since="2025-03-05", until="2025-03-06")
    assert amounts(answer) == {
        (f"={BORROWER}", f"={RELATED}"): 35_000_000,
        (f"={RELATED}", f"={BROKER}"): 30_000_000,
    }
    assert node(answer, f"={BORROWER}")["before_fen"] == "60000000"
    assert {one["day"]: one["moved_fen"] for one in answer["days"]}["2025-03-09"] == "10000000"


def test_search_finds_folded_accounts_and_the_way_to_them(client: httpx.Client) -> None:
    for text in ("证券", BROKER):
        found = client.get(f"/api/v1/loans/{LOAN}/flow/search", params={"text": text}).json()
        assert found["total_count"] == 1
        assert found["items"][0]["path"] == [f"={BORROWER}", f"={RELATED}", f"={BROKER}"]
        assert found["items"][0]["amount_fen"] == "30000000"
    by_hop = client.get(f"/api/v1/loans/{LOAN}/flow/search", params={"text": "己证券", "by": "hop"}).json()
    assert by_hop["items"][0]["path"] == [f"0/={BORROWER}", f"1/={RELATED}", f"2/={BROKER}"]
    nothing = client.get(f"/api/v1/loans/{LOAN}/flow/search", params={"text": "%"}).json()
    assert nothing == {"total_count": 0, "items": []}


def test_the_transactions_behind_a_node_and_an_edge(client: httpx.Client) -> None:
    def asked(**query: Any) -> dict[str, Any]:
        return client.get(f"/api/v1/loans/{LOAN}/flow/transactions", params=query).json()

    related = asked(account=RELATED)
    assert [one["transfer_id"] for one in related["items"]] == [
        transfer_id(name) for name in ("往来", "入市", "回流")
    ]
    edge = asked(account=SUPPLIER, payer=BORROWER)
    assert [(one["amount_fen"], one["transfer_fen"]) for one in edge["items"]] == [
        ("40000000", "42000000"),
        ("5000000", "5000000"),
    ]
    assert edge["amount_fen"] == "45000000"
    assert [one["payee_name"] for one in asked(use="cash", payer=BORROWER)["items"]] == ["现金"]
    at_hop = asked(account=BORROWER, depth=2)
    assert [one["transfer_id"] for one in at_hop["items"]] == [transfer_id("回流"), transfer_id("再付")]
    paid_out = asked(account=BORROWER, depth=0, arriving=True)
    assert [one["transfer_id"] for one in paid_out["items"]] == [transfer_id("放款")]
    page = asked(account=BORROWER, limit=2, offset=2)
    assert (page["total_count"], len(page["items"])) == (6, 2)
    assert asked(account=RELATED, until="2025-03-05")["total_count"] == 1


def test_a_loan_that_was_not_traced_has_no_graph(client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/loans/{UNTRACED_LOAN}/flow").json()
    assert (answer["traced"], answer["layered"], answer["nodes"]) == (False, True, [])


def test_an_unknown_loan_is_named(client: httpx.Client) -> None:
    for path in ("flow", "flow/search?text=a", "flow/transactions"):
        answer = client.get(f"/api/v1/loans/JJ0/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
