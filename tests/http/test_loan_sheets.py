"""One loan as spreadsheets: the flow, its transactions, other conventions, what secures it; and the words that explain all this."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from tests.http.bank import BORROWER, LOAN, write_books
from tests.http.opened_sheets import about, column, listed, sheet

from loantrail.http.pages.glossary.terms import GROUPS
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database
WEB = Path(__file__).resolve().parents[2] / "web" / "src"


def in_yuan(fen: str) -> float:
    """An amount as a sheet has it."""
    return int(fen) / 100


def test_the_flow_of_a_loan_as_its_table_is_unfolded(related: httpx.Client) -> None:
    path = f"/loans/{LOAN}/flow"
    shown = related.get(f"/api/v1{path}").json()
    accounts = {node["node_id"]: node["account"] for node in shown["nodes"]}

    told = sheet(related, f"{path}.xlsx")
    folded = sheet(related, f"{path}.xlsx", levels=0)
    none = sheet(related, f"{path}.xlsx", until="2020-01-01")

    assert column(told, "金额（元）") == [in_yuan(one["amount_fen"]) for one in shown["edges"]]
    assert column(told, "笔数") == [one["transaction_count"] for one in shown["edges"]]
    assert column(told, "收款账号") == [accounts[one["target"]] or "" for one in shown["edges"]]
    assert (column(told, "付款方")[0], column(told, "收款方")[0]) == ("贷款发放", "甲纺织有限公司")
    assert "现金" in column(told, "收款方"), "what left the records is called by its use"
    assert len(folded) < len(told)
    assert any("后续" in one for one in column(folded, "收款方")), "a summary stands as the page calls it"
    assert len(none) == 1
    assert about(related, f"{path}.xlsx", until="2025-03-31")["条件"] == f"借据号：{LOAN}"


def test_the_transactions_behind_a_node_and_along_an_edge(related: httpx.Client) -> None:
    path = f"/loans/{LOAN}/flow/transactions"
    shown = listed(related, path, account=BORROWER)

    told = sheet(related, f"{path}.xlsx", account=BORROWER)
    arrived = sheet(related, f"{path}.xlsx", account=BORROWER, arriving=True)
    at_once = about(related, f"{path}.xlsx", account=BORROWER, depth=0)
    assert "第几手：0" in at_once.values()
    conditions = about(related, f"{path}.xlsx", account=BORROWER, arriving=True)

    assert len(shown) > 1
    assert column(told, "交易编号") == [one["transfer_id"] for one in shown]
    assert column(told, "本笔贷款资金（元）") == [in_yuan(one["amount_fen"]) for one in shown]
    assert column(told, "付款方")[0] == "贷款发放"
    assert 1 < len(arrived) < len(told)
    assert (conditions["条件"], conditions["行数"]) == (f"借据号：{LOAN}", len(arrived) - 1)


@pytest.mark.heavy
def test_a_loan_by_other_conventions_beside_the_official_one(
    own_client: httpx.Client,
    connection: type_of_connection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from loantrail.tracing import conventions, snapshots
    from loantrail.tracing.database import trace_books

    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    write_books(connection)
    connection.commit()
    snapshots.forget()
    conventions.forget()
    trace_books(connection)
    path = f"/loans/{LOAN}/conventions"
    counted = {
        one: own_client.get(f"/api/v1{path}/{one}").json()["lines"] for one in ("lifo", "pro_rata", "poison")
    }

    told = sheet(own_client, f"{path}.xlsx", by=["lifo", "pro_rata"])
    reached = sheet(own_client, f"{path}.xlsx", by="poison")
    usual = sheet(own_client, f"{path}.xlsx", language="en")

    official = [in_yuan(one["official_fen"]) for one in counted["lifo"]]
    assert column(told, "先进先出（元）")[: len(official)] == official
    assert column(told, "后进先出（元）")[: len(official)] == [
        in_yuan(one["amount_fen"]) for one in counted["lifo"]
    ]
    assert sum(column(told, "按比例分摊（元）")) == pytest.approx(sum(official))
    assert sum(column(told, "按比例分摊：与正式之差（元）")) == pytest.approx(0)
    assert "自有资金先出（元）" not in told[0], "what was not chosen has no column"
    assert column(reached, "全部视为沾染（仅供探索）") == [one["place_count"] for one in counted["poison"]]
    assert len(usual[0]) == 10 and not any("poison" in title for title in usual[0])


def test_guarantees_collateral_and_schedule(related: httpx.Client) -> None:
    found = related.get(f"/api/v1/loans/{LOAN}/guarantees").json()

    given, schedule = (
        sheet(related, f"/loans/{LOAN}/guarantees.xlsx"),
        sheet(related, f"/loans/{LOAN}/schedule.xlsx"),
    )

    assert column(given, "担保合同号") == [one["guarantee_id"] for one in found["guarantees"]]
    assert column(given, "担保金额（元）") == [int(one["amount_fen"]) / 100 for one in found["guarantees"]]
    assert column(schedule, "期次") == [one["instalment_no"] for one in found["schedule"]]
    assert len(sheet(related, f"/loans/{LOAN}/collateral.xlsx")[0]) == 13


def test_the_glossary_as_it_is_searched(related: httpx.Client) -> None:
    every, found = (
        sheet(related, "/glossary.xlsx"),
        sheet(related, "/glossary.xlsx", search="first in FIRST out"),
    )

    assert column(every, "中文")[:2] == ["借据号", "借款合同"]
    assert len(every) > 100
    assert "先进先出" in column(found, "中文") and len(found) < 10


def test_the_glossary_of_the_sheet_is_that_of_the_page() -> None:
    page = (WEB / "glossary" / "terms.ts").read_text("utf-8")
    listed_there = page[page.index("export const GROUPS") : page.index("] as const satisfies")]
    groups = re.findall(r'\[\s*"(\w+)",\s*\[(.*?)\]', listed_there, re.DOTALL)

    assert {group: tuple(re.findall(r'"(\w+)"', names)) for group, names in groups} == GROUPS
    assert [group for group, _ in groups] == list(GROUPS)
