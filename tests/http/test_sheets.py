"""The lists of customers and of an account's lines as spreadsheets: the rows of the page, as numbers and days."""

from __future__ import annotations

import datetime

import httpx
import pytest
from tests.http.bank import BORROWER, SUPPLIER
from tests.http.opened_sheets import listed, sheet

pytestmark = pytest.mark.database


def test_the_sheet_of_customers_has_the_rows_and_the_order_of_the_page(client: httpx.Client) -> None:
    asked = {"sort": "name", "direction": "ascending"}
    shown = listed(client, "/customers", **asked)

    head, *rows = sheet(client, "/customers.xlsx", **asked)

    assert head[:2] == ["客户号", "客户名称"]
    assert [row[0] for row in rows] == [one["party_id"] for one in shown]
    [owed] = [one for one in shown if one["loan_count"]][:1]
    [row] = [one for one in rows if one[0] == owed["party_id"]]
    balance = head.index("贷款余额（元）")
    assert row[balance] == int(owed["sums"][0]["balance_fen"]) / 100
    assert len(sheet(client, "/customers.xlsx", search="没有这样的")) == 1


def test_the_sheet_of_accounts_has_the_rows_of_the_page(client: httpx.Client) -> None:
    shown = listed(client, "/accounts", sort="account", side="ours")

    head, *rows = sheet(client, "/accounts.xlsx", sort="account", side="ours")

    assert [row[0] for row in rows] == [one["account"] for one in shown]
    assert [row[head.index("流水笔数")] for row in rows] == [one["line_count"] or "" for one in shown]
    assert {row[head.index("账户类型")] for row in rows} == {"结算户"}


def test_the_sheet_of_an_account_has_all_its_lines_in_and_out(client: httpx.Client) -> None:
    shown = listed(client, f"/accounts/{BORROWER}/lines", limit=100)

    head, *rows = sheet(client, f"/accounts/{BORROWER}/lines.xlsx", language="en")

    assert len(rows) == len(shown) > 2
    came, went = head.index("In (CNY)"), head.index("Out (CNY)")
    for row, line in zip(rows, shown, strict=True):
        own, other = (came, went) if line["direction"] == "credit" else (went, came)
        assert (row[own], row[other]) == (int(line["amount_fen"]) / 100, "")
        assert isinstance(row[0], datetime.datetime)
    narrowed = sheet(client, f"/accounts/{BORROWER}/lines.xlsx", direction="debit")
    assert 1 < len(narrowed) < len(rows) + 1


def test_lines_are_read_part_by_part_without_gap_or_double(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loantrail.http.pages.accounts import line_pages

    whole = sheet(client, f"/accounts/{BORROWER}/lines.xlsx")
    monkeypatch.setattr(line_pages, "READ_AT_ONCE", 1)

    assert sheet(client, f"/accounts/{BORROWER}/lines.xlsx") == whole


def test_an_account_that_only_others_name_has_a_sheet_too(client: httpx.Client) -> None:
    shown = listed(client, f"/accounts/{SUPPLIER}/lines")

    assert len(sheet(client, f"/accounts/{SUPPLIER}/lines.xlsx")) == len(shown) + 1
