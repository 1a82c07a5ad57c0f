"""Every table of the pages as a spreadsheet: asked for in both languages, with the rows and the order of its page."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi.routing import APIRoute
from python_calamine import CalamineWorkbook
from tests.http.bank import BORROWER, LOAN
from tests.http.busy import NIGHT, do_work, write_busy_bank, write_work
from tests.http.conftest import application, client_of
from tests.http.opened_sheets import about, column, listed, sheet
from tests.http.test_rules import CONTENT
from tests.postgres_fixtures import address_of, copied

from loantrail import clock
from loantrail.http.app import create_app
from loantrail.http.openapi import NO_CONNECTIONS
from loantrail.http.pages.sheets import Table
from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.postgres.connection import Database
from loantrail.reports.table_sheet import Form, SheetColumn, write_table

pytestmark = pytest.mark.database


def declared() -> dict[str, Table]:
    """Address -> the table that is handed out there."""
    found: dict[str, Table] = {}

    def walk(routes: list[Any]) -> None:
        for route in routes:
            if isinstance(route, APIRoute) and hasattr(route.endpoint, "table"):
                found[route.path] = route.endpoint.table
            inner = getattr(route, "original_router", None)
            if inner is not None:
                walk(inner.routes)

    walk(create_app(NO_CONNECTIONS, NO_CONNECTIONS).routes)
    return found


DECLARED = declared()
BY_CONVENTIONS = "/loans/{loan_id}/conventions.xlsx"
"""Made of books that are traced, which those of the busy bank are not: it has a test of its own."""
BY_THE_MANAGER = {"Cookie": f"loantrail=session-of-{Role.RELATIONSHIP_MANAGER}"}


def try_rule(address: str) -> None:
    """A back-test of a new rule, waited for to its end."""
    with client_of(address) as client:
        draft = client.post("/api/v1/rules", json={"content": CONTENT, "request_key": new_id()})
        assert draft.status_code == 201, draft.text
        rule_id = draft.json()["version"]["rule_id"]
        wanted = {"from_date": "2025-03-01", "to_date": "2025-03-31", "request_key": new_id()}
        started = client.post(f"/api/v1/rule-versions/{rule_id}/backtests", json=wanted)
        assert started.status_code == 201, started.text
        limit = time.monotonic() + 90
        while time.monotonic() < limit:
            row = client.get(f"/api/v1/backtests/{started.json()['backtest_id']}").json()
            if row["state"] not in ("queued", "running"):
                assert row["state"] == "finished", row["problem"]
                return
            time.sleep(0.05)
        raise AssertionError("the back-test does not end")


def backtests_of(client: httpx.Client) -> list[dict[str, Any]]:
    """The back-tests of the bank."""
    codes = [one["code"] for one in client.get("/api/v1/rules").json()["rules"]]
    return [test for code in codes for test in client.get(f"/api/v1/rules/{code}").json()["backtests"]]


@pytest.fixture(scope="module")
def busy_address(database_server: Database, template_database: str, _own_home: None) -> Iterator[str]:
    """Address of the application over the bank where something waits on every page."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_busy_bank(connection)
        with application(url) as address:
            do_work(address)
            try_rule(address)
            with psycopg.connect(url) as connection:
                write_work(connection)
            yield address


@pytest.fixture(scope="module")
def busy(busy_address: str) -> Iterator[httpx.Client]:
    """A client of that bank."""
    with client_of(busy_address) as client:
        yield client


@pytest.fixture(scope="module")
def auditor(busy_address: str) -> Iterator[httpx.Client]:
    """A client whose person reads people too, and decides nothing."""
    with client_of(busy_address) as client:
        client.headers["Cookie"] = f"loantrail=session-of-{Role.INTERNAL_AUDITOR}"
        yield client


def filled(client: httpx.Client, path: str) -> str:
    """The address with what the bank has."""
    named = {"loan_id": LOAN, "party_id": "P1", "business_date": str(NIGHT)}
    if "{rule_id}" in path:
        named["rule_id"] = client.get("/api/v1/rules").json()["rules"][0]["rule_id"]
    if "{backtest_id}" in path:
        named["backtest_id"] = backtests_of(client)[0]["backtest_id"]
    if "{import_id}" in path:
        named["import_id"] = listed(client, "/imports")[0]["import_id"]
    return re.sub(r"\{(\w+)\}", lambda found: named[found[1]], path)


@pytest.mark.parametrize("path", sorted(DECLARED.keys() - {BY_CONVENTIONS}))
def test_every_table_is_handed_out_in_both_languages(
    busy: httpx.Client, auditor: httpx.Client, path: str
) -> None:
    reader = (
        busy if path in ("/approvals.xlsx", "/approvals/history.xlsx", "/system/settings.xlsx") else auditor
    )
    address = filled(reader, path)

    chinese = sheet(reader, address)
    english = sheet(reader, address, language="en")

    assert len(chinese) == len(english)
    assert all("." not in str(title) for title in chinese[0]), "titles are words, not their keys"
    assert not any(re.search(r"[\u4e00-\u9fff]", str(title)) for title in english[0])
    assert len(set(chinese[0])) == len(chinese[0]), "no two columns are called the same"
    told = about(reader, address)
    assert told["行数"] == len(chinese) - 1
    assert told["导出人"]


def test_enough_tables_are_known() -> None:
    assert len(DECLARED) >= 30


@pytest.mark.parametrize("path", ["/rules.xlsx", "/approvals/mine.xlsx", "/parameters.xlsx"])
def test_who_may_not_export_is_handed_none(busy: httpx.Client, path: str) -> None:
    answer = busy.get(f"/api/v1{path}", headers={"Cookie": f"loantrail=session-of-{Role.RULE_AUTHOR}"})

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/glossary.xlsx", "/system/settings.xlsx", "/system/jobs.xlsx"])
def test_what_tells_of_no_customer_is_handed_to_who_reads_it(busy: httpx.Client, path: str) -> None:
    by_operator = {"Cookie": f"loantrail=session-of-{Role.IT_OPERATOR}"}

    answer = busy.get(f"/api/v1{path}", headers=by_operator)

    assert answer.status_code == 200, answer.text


def test_the_rules_are_those_that_the_page_shows(busy: httpx.Client) -> None:
    rules = busy.get("/api/v1/rules").json()["rules"]

    every = sheet(busy, "/rules.xlsx")
    published = sheet(busy, "/rules.xlsx", shown="published")
    named = sheet(busy, "/rules.xlsx", search=rules[0]["chinese"][:3].upper())

    assert column(every, "代码") == [one["code"] for one in rules]
    assert column(published, "代码") == [one["code"] for one in rules if one["state"] == "published"]
    assert set(column(published, "状态")) == {"已发布"}
    assert rules[0]["code"] in column(named, "代码")
    assert len(named) < len(every)


def test_each_period_of_a_parameter_is_a_row_with_its_value_as_the_page_says_it(busy: httpx.Client) -> None:
    items = busy.get("/api/v1/parameters").json()["items"]
    periods = sum(len(one["periods"]) + len(one["waiting"]) + len(one["withdrawn"]) for one in items)

    every = sheet(busy, "/parameters.xlsx")
    few = sheet(busy, "/parameters.xlsx", group="large_value")
    [most] = sheet(busy, "/parameters.xlsx", name="export_approval_rows")[1:]

    assert len(every) - 1 == periods
    assert {one["name"] for one in items if one["group"] == "large_value"} == set(column(few, "代码"))
    assert set(column(few, "类别")) == {"大额交易"}
    assert isinstance(most[every[0].index("生效日")], datetime.date)
    assert re.fullmatch(r"超过 [\d,]+|[\d,]+", most[every[0].index("值")])
    assert any(one.endswith("元") for one in column(few, "值"))
    assert len(sheet(busy, "/parameters.xlsx", search="没有这样的")) == 1


def test_what_waits_and_what_one_proposed_is_told_with_its_reason(busy: httpx.Client) -> None:
    shown = listed(busy, "/approvals")

    waiting = sheet(busy, "/approvals.xlsx")
    mine = busy.get("/api/v1/approvals/mine.xlsx", headers=BY_THE_MANAGER)

    assert column(waiting, "事项") == [one["title_chinese"] for one in shown]
    assert "核对" in column(waiting, "理由")
    assert mine.status_code == 200


def test_papers_vouchers_and_the_history_of_a_loan(busy: httpx.Client) -> None:
    documents = busy.get(f"/api/v1/loans/{LOAN}/documents").json()
    history = listed(busy, f"/loans/{LOAN}/history", limit=200)

    papers, vouchers = sheet(busy, f"/loans/{LOAN}/papers.xlsx"), sheet(busy, f"/loans/{LOAN}/vouchers.xlsx")
    told = sheet(busy, f"/loans/{LOAN}/history.xlsx")
    money = sheet(busy, f"/loans/{LOAN}/history.xlsx", kind="money")

    assert column(papers, "编号") == [one["number"] for one in documents["papers"]]
    assert column(vouchers, "文件") == ["合同.pdf"]
    assert column(vouchers, "对应用途") == ["有贸易依据的供应商或客户"]
    assert len(told) - 1 == len(history)
    assert set(column(money, "类别")) == {"放款与还款"}
    amounts = [int(one["amount_fen"]) / 100 for one in history if one["kind"] == "money"]
    assert column(money, "金额（元）") == amounts


def test_a_business_date_its_alarms_and_files(busy: httpx.Client) -> None:
    dates = sheet(busy, "/nightly.xlsx")
    alarms = sheet(busy, f"/nightly/{NIGHT}/alarms.xlsx")

    assert column(dates, "业务日期") == [NIGHT]
    assert column(alarms, "级别") == ["严重"]
    assert column(alarms, "状态") == ["待处理"]


def test_persons_are_told_with_each_role_and_where_it_is_held(auditor: httpx.Client) -> None:
    shown = listed(auditor, "/persons", limit=200)

    told = sheet(auditor, "/persons.xlsx")

    by_person = {one["person_id"]: one for one in shown}
    assert list(dict.fromkeys(column(told, "登录名"))) == list(by_person)
    assert len(told) - 1 == sum(len(one["roles"]) or 1 for one in shown)
    assert "全行" in column(told, "角色所在机构")
    only = sheet(auditor, "/persons.xlsx", role="legal", search="legal")
    assert set(column(only, "登录名")) == {"legal"}


def test_jobs_and_units(busy: httpx.Client) -> None:
    jobs = busy.get("/api/v1/system/jobs").json()["jobs"]
    units = busy.get("/api/v1/organisation").json()

    told = sheet(busy, "/system/jobs.xlsx")

    assert len(told) - 1 == len(jobs)
    assert "重新评估" in column(told, "任务")
    assert column(sheet(busy, "/organisation.xlsx"), "机构号") == [one["unit_id"] for one in units]


def test_warnings_by_month_and_by_rule(busy: httpx.Client) -> None:
    volume = busy.get("/api/v1/warnings/volume").json()

    months, rules = sheet(busy, "/warnings/volume.xlsx"), sheet(busy, "/warnings/rules.xlsx", language="en")

    assert column(months, "发生月份") == [one["month"] for one in volume["months"]]
    assert column(months, "新线索数") == [one["threads"] for one in volume["months"]]
    [first] = column(months, "新预警 / 千笔")[:1]
    assert first == pytest.approx(volume["months"][0]["threads"] * 1_000 / volume["loans"], abs=0.001)
    assert column(rules, "Rule")[0] == "Flow into securities, futures or wealth products"
    assert column(rules, "Warnings") == [one["threads"] for one in volume["rules"]]


def test_keys_are_told_with_what_they_may_do_and_never_with_their_secret(related: httpx.Client) -> None:
    told = sheet(related, "/keys.xlsx")
    shown = related.get("/api/v1/keys").json()

    assert column(told, "哪个系统") == [one["name"] for one in shown]
    [reader] = [row for row in told[1:] if "读" in str(row) or "查看" in str(row)][:1]
    assert reader[told[0].index("状态")] == "有效"
    assert reader[told[0].index("机构")] == "全行"
    assert isinstance(reader[told[0].index("有效至")], datetime.datetime)
    assert not any("secret" in str(cell) or "lt_" in str(cell) for row in told for cell in row)


def test_the_catalogue_of_signals_as_it_is_searched(busy: httpx.Client) -> None:
    families = busy.get("/api/v1/signals/catalogue").json()["families"]
    names = [field["name"] for one in families for field in one["fields"]]

    assert column(sheet(busy, "/signals/catalogue.xlsx"), "字段名") == names
    found = column(sheet(busy, "/signals/catalogue.xlsx", search="securities _FEN"), "字段名")
    assert found and len(found) < len(names)
    assert "securities_fen_7d" in found


def test_the_customer_in_parts(related: httpx.Client) -> None:
    of = "/customers/P1"
    page = related.get(f"/api/v1{of}").json()
    relations = related.get(f"/api/v1{of}/relations").json()
    flows = related.get(f"/api/v1{of}/cash-flow", params={"months": 24}).json()["flows"]
    documents = listed(related, f"{of}/documents")

    loans, accounts = sheet(related, f"{of}/loans.xlsx"), sheet(related, f"{of}/accounts.xlsx")
    edges, held = sheet(related, f"{of}/relations.xlsx"), sheet(related, f"{of}/ownership.xlsx")
    cash, papers = sheet(related, f"{of}/cash-flow.xlsx", months=24), sheet(related, f"{of}/documents.xlsx")

    assert column(loans, "借据号") == [one["loan_id"] for one in page["loans"]]
    assert column(accounts, "账号") == [one["account"] for one in page["accounts"]]
    assert BORROWER in column(accounts, "账号")
    assert len(edges) - 1 >= len(relations["edges"]) > 0
    assert 0.6 in column(edges, "持股比例"), "王 holds 60% of 庚"
    assert any(isinstance(one, float) and one > 0 for one in column(edges, "担保金额（元）"))
    assert column(held, "合计持股") == [
        one["share_ppm"] / 1e6 for one in relations["owners"] + relations["holdings"]
    ]
    months = [month for flow in flows for month in reversed(flow["months"])]
    assert column(cash, "月份") == [one["month"][:7] for one in months]
    assert column(cash, "流入（元）") == [int(one["in_fen"]) / 100 for one in months]
    assert column(papers, "编号") == [one["number"] for one in documents]
    assert set(column(sheet(related, f"{of}/documents.xlsx", kind="loan_contract"), "种类")) == {"借款合同"}


def test_the_timeline_of_a_customer_is_read_to_its_end(
    related: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loantrail.http.pages import sheets

    whole = sheet(related, "/customers/P1/timeline.xlsx")
    monkeypatch.setattr(sheets, "PARTS_AT_ONCE", 2)

    assert sheet(related, "/customers/P1/timeline.xlsx") == whole
    assert len(whole) - 1 == len(listed(related, "/customers/P1/timeline", limit=200)) > 2
    assert all(isinstance(one, datetime.date) for one in column(whole, "日期"))
    [only] = set(column(sheet(related, "/customers/P1/timeline.xlsx", kind="disbursed"), "种类"))
    assert only == "放款"


def test_what_somebody_wrote_stays_a_text(busy: httpx.Client) -> None:
    wanted = {
        "way": "phone",
        "happened_at": "2025-03-04T02:30:00Z",
        "said": "=1+1",
        "next_step": "+回访",
        "spoke_with": "@张",
        "request_key": "8" * 32,
    }
    answer = busy.post("/api/v1/customers/P1/contacts", json=wanted, headers=BY_THE_MANAGER)
    assert answer.status_code == 201, answer.text

    told = sheet(busy, "/customers/P1/contacts.xlsx")

    assert (column(told, "谈到的情况"), column(told, "下一步")) == (["=1+1"], ["+回访"])
    assert column(told, "对方是谁") == ["@张"]
    assert column(told, "时间") == [datetime.datetime.fromisoformat("2025-03-04T10:30:00")]


def test_back_tests_and_their_examples(busy: httpx.Client) -> None:
    [shown] = backtests_of(busy)
    result = busy.get(f"/api/v1/backtests/{shown['backtest_id']}").json()["result"]
    assert "examples" not in shown["result"]

    told = sheet(busy, f"/rule-versions/{shown['rule_id']}/backtests.xlsx")
    examples = sheet(busy, f"/backtests/{shown['backtest_id']}/examples.xlsx")

    assert column(told, "状态") == ["完成"]
    assert column(told, "命中贷款") == [result["loans_hit"]]
    assert column(told, "其中新命中") == [result["loans_new"]]
    assert column(told, "每千笔每月线索") == [result["threads_milli"] / 1_000]
    assert column(examples, "借据") == [one["loan_id"] for one in result["examples"]] != []
    assert all("：" in one for one in column(examples, "判断所见"))
    assert busy.get(f"/api/v1/backtests/{'0' * 32}/examples.xlsx").status_code == 404


def test_the_steps_of_a_business_date_and_the_settings(busy: httpx.Client) -> None:
    settings = busy.get("/api/v1/system/settings").json()

    steps, told = sheet(busy, f"/nightly/{NIGHT}/steps.xlsx"), sheet(busy, "/system/settings.xlsx")

    assert steps[0] == ["步骤", "状态", "开始", "用时（秒）", "数量"]
    assert column(told, "代码") == [one["name"] for one in settings]
    assert column(told, "值") == [one["value"] for one in settings]


def test_the_files_of_an_import_and_the_rows_it_would_refuse(busy: httpx.Client) -> None:
    # Tests that share the bank hand over files, too.
    shown = next(
        one for one in listed(busy, "/imports") if [file["name"] for file in one["files"]] == ["流水.csv"]
    )
    path = f"/imports/{shown['import_id']}"

    files, refused = sheet(busy, f"{path}/files.xlsx"), sheet(busy, f"{path}/would-refuse.xlsx")

    assert column(files, "文件") == [one["name"] for one in shown["files"]] == ["流水.csv"]
    rows = [row for one in shown["files"] for row in (one["check"] or {"refused_rows": []})["refused_rows"]]
    assert len(refused) - 1 == len(rows)
    assert len(sheet(busy, f"{path}/would-refuse.xlsx", file="another.csv")) == 1


def test_a_text_that_no_cell_takes_is_told_by_its_beginning(tmp_path: Path) -> None:
    column = SheetColumn("原因", Form.TEXT, lambda row: row["why"])
    path = tmp_path / "long.xlsx"

    write_table(path, "表", [column], [{"why": "长" * 40_000}], [], [], "zh", clock.now())

    [_, [told]] = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert told == "长" * 32_766 + "…"
