"""A business date in a real browser: one that is in the books takes corrected files although an attempt was held back."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.nightly.bank import DAY, Bank

from loantrail.nightly.running import run_night
from loantrail.postgres.connection import Database

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


def test_a_loaded_date_is_run_again_with_corrected_files(
    page: Page, own_address: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOANTRAIL_NIGHTLY", raising=False)
    bank = Bank(tmp_path)
    bank.ledger_yuan = 188_332
    bank.deliver(DAY)
    run_night(Database(database_url), tmp_path, DAY)
    bank.parties[0]["name"] = "更正公司"
    bank.deliver(DAY)
    assert run_night(Database(database_url), tmp_path, DAY).state == "held"

    page.goto(f"{own_address}/nightly")
    day = page.get_by_role("link", name=f"{DAY}：已入库（最近一次处理被拦下）")
    expect(day).to_be_visible()
    page.goto(f"{own_address}/nightly/{DAY}")
    # Without LOANTRAIL_NIGHTLY the command names the folder.
    command = f"loantrail nightly {DAY:%Y%m%d} --from 交付文件夹 --again"
    expect(page.get_by_text(command)).to_be_visible()
    expect(page.get_by_text("第 1 次处理的文件，已入库")).to_be_visible()
    expect(page.get_by_text("总账 188,332.00 元")).to_be_visible()
    expect(page.get_by_text("处理：确认改动无误后重跑这一天")).to_be_visible()
    expect(page.get_by_text("changed_after_load")).to_have_count(0)

    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(tmp_path))
    page.reload()
    expect(page.get_by_text(command.replace(" --from 交付文件夹", ""))).to_be_visible()
    page.get_by_role("button", name="重跑").click()
    page.get_by_role("dialog").get_by_role("button", name="重跑").click()

    expect(page.locator(".import-head").get_by_text("已完成")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("系统（夜间批量）")).to_be_visible()
    # A connection of somebody else's may work at once.
    assert run_night(Database(database_url), tmp_path, DAY).state == "known"
    assert run_night(Database(database_url), tmp_path, DAY + datetime.timedelta(days=1)).state == "held"
