"""The tables of the data page as spreadsheets: the rows of the page, whole, whatever stands in the files that were sent."""

from __future__ import annotations

import httpx
import pytest
from tests.http.opened_sheets import about, listed, sheet
from tests.http.test_imports import BAD, GOOD, HEADER, UNITS, imported

pytestmark = pytest.mark.database

SECOND_BAD = "6201,2025-03-04 10:00:00,debit,一百,CNY,6202,水费,\n"
OFF = "6201,2025-03-05 10:00:00,debit,100,CNY,6202,水费,1\n"


@pytest.fixture
def brought_in(own_client: httpx.Client) -> httpx.Client:
    """Two files: units, and lines of which two are refused and one leaves the balances differing."""
    imported(own_client, organisation_unit=UNITS, lines=HEADER + GOOD + BAD + SECOND_BAD + OFF)
    return own_client


def test_refusals_are_exported_whole_and_as_they_are_filtered(brought_in: httpx.Client) -> None:
    shown = listed(brought_in, "/refusals", limit=1)

    head, *rows = sheet(brought_in, "/refusals.xlsx")

    assert (len(shown), len(rows)) == (1, 2), "all rows, and not the page"
    assert head[:6] == ["原因", "记录类型", "字段", "原始内容", "文件", "行"]
    assert [row[head.index("文件")] for row in rows] == ["lines.csv", "lines.csv"]
    assert [row[head.index("状态")] for row in rows] == ["待处理", "待处理"]
    assert sheet(brought_in, "/refusals.xlsx", state="dismissed")[1:] == []
    assert about(brought_in, "/refusals.xlsx", search="lines")["条件"].startswith("处理状态")


def test_imports_and_their_files_are_exported(brought_in: httpx.Client) -> None:
    head, *rows = sheet(brought_in, "/import-runs.xlsx")
    uploads = sheet(brought_in, "/imports.xlsx")

    files = {row[head.index("文件")]: row for row in rows}
    assert files.keys() == {"organisation_unit.csv", "lines.csv"}
    assert files["lines.csv"][head.index("拒收")] == 2
    own = {row[uploads[0].index("文件")]: row for row in uploads[1:]}
    assert {own[name][uploads[0].index("状态")] for name in files} == {"已导入"}


def test_differing_balances_are_exported_as_amounts(brought_in: httpx.Client) -> None:
    [shown] = listed(brought_in, "/reconciliations")

    head, row = sheet(brought_in, "/reconciliations.xlsx")

    assert row[head.index("账户")] == shown["account"]
    assert row[head.index("应为（元）")] == int(shown["expected_fen"]) / 100
    assert row[head.index("相差（元）")] == (int(shown["actual_fen"]) - int(shown["expected_fen"])) / 100
    assert len(sheet(brought_in, "/reconciliations.xlsx", state="reconciled")) == 1


def test_lines_without_a_partner_and_those_that_several_fit_are_exported(own_client: httpx.Client) -> None:
    alone = "6201,2025-03-01 12:00:00,debit,700,CNY,6202,=1+1,\n"
    torn = "".join(f"6201,2025-03-01 {hour}:00:00,debit,900,CNY,6202,往来,\n" for hour in (13, 14))
    other = "6202,2025-03-01 15:00:00,credit,900,CNY,6201,往来,\n"
    imported(own_client, lines=HEADER + alone + torn + other)
    shown = listed(own_client, "/unpaired", days=0)

    head, *rows = sheet(own_client, "/unpaired.xlsx", days=0, language="en")
    titles, *doubtful = sheet(own_client, "/ambiguous.xlsx")

    amounts = [int(one["amount_fen"]) / 100 for one in shown]
    assert [row[head.index("Amount (CNY)")] for row in rows] == amounts
    [text] = [row[head.index("Payment text")] for row in rows if row[head.index("Amount (CNY)")] == 7.0]
    assert text == "=1+1", "a text, whatever it begins with"
    assert [row[titles.index("组")] for row in doubtful] == ["第 1 组"] * 3
    assert sorted(row[titles.index("方向")] for row in doubtful) == ["支出", "支出", "收入"]
    assert len(sheet(own_client, "/unpaired.xlsx", days=0, account="nobody")) == 1


def test_the_freshness_of_each_kind_of_record_is_exported(brought_in: httpx.Client) -> None:
    records = brought_in.get("/api/v1/data-sources").json()["records"]

    head, *rows = sheet(brought_in, "/data-sources.xlsx", language="en")

    assert len(rows) == len(records)
    assert {row[head.index("Last file")] for row in rows} == {"", "organisation_unit.csv", "lines.csv"}
