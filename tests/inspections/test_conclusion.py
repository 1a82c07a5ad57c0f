"""The conclusion in words."""

from __future__ import annotations

import dataclasses
import datetime

from tests.inspections.told import LINES, POLICY, UNUSED, YUAN, all_genuine, created, judged

from loantrail.inspections.conclusion import Basis, compose
from loantrail.inspections.model import Check, Conclusion, Line, Paper
from loantrail.reports.words import words

ZH, EN = words("zh"), words("en")


def basis(check: Check, lines: tuple[Line, ...] = LINES, seen_yuan: int = 750_000) -> Basis:
    return Basis(
        lines=lines,
        judgements=check.judgements,
        lacks={},
        seen_fen=seen_yuan * YUAN,
        data_date=datetime.date(2025, 3, 31),
        currency="CNY",
        chinese=lambda use: ZH.name("use", use),
        english=lambda use: EN.name("use", use),
    )


def test_an_honest_loan_in_both_languages() -> None:
    said = compose(basis(all_genuine()), POLICY)
    assert said.conclusion is Conclusion.AS_AGREED
    assert said.open_uses == ()
    assert said.chinese == (
        "发放 100.00 万元；数据截至 2025-03-31，75% 已追踪到最终用途。"
        "有据用途 65.00 万元（有贸易依据的供应商或客户 60.00 万元、税费 5.00 万元）。"
        "受限用途 10.00 万元（证券、基金）。未看到去向 5.00 万元（同名他行账户）。尚未使用 20.00 万元。"
        "逐项核查：属实 4 项 80.00 万元（证券、基金：结算户误分类）。应有凭证齐全。建议结论：符合约定用途。"
    )
    assert said.english == (
        "CNY 1.00 million was paid out; by 2025-03-31 75% of it was followed to a final use. "
        "Documented uses: CNY 650,000.00 (supplier or customer with trade evidence CNY 600,000.00 and tax and fees "
        "CNY 50,000.00). Restricted uses: CNY 100,000.00 (securities and funds). "
        "Not seen: CNY 50,000.00 (own-name account at another bank). Not used yet: CNY 200,000.00. "
        "Line by line: 4 genuine, CNY 800,000.00 (securities and funds: 结算户误分类). "
        "All papers asked for are there. Proposed conclusion: used as agreed."
    )


def test_open_points_are_named() -> None:
    check = judged(created(), securities="not_genuine: 转入证券", tax="more_papers: 完税凭证")
    missing = {"supplier": {Paper.INVOICE: 100_000 * YUAN}, "cash": {Paper.INVOICE: 20_000 * YUAN}}
    said = compose(dataclasses.replace(basis(check), lacks=missing), POLICY)
    assert said.open_uses == ("supplier", "same_name_other_bank")
    assert (
        "逐项核查：不属实（一人确认的疑似） 1 项 10.00 万元（证券、基金：转入证券）；"
        "待补材料 1 项 5.00 万元（税费：完税凭证）；未判断 2 项。凭证尚缺：发票 12.00 万元。"
    ) in said.chinese
    assert "Papers missing: invoice for CNY 120,000.00." in said.english


def test_a_loan_that_nobody_used_yet() -> None:
    said = compose(basis(created(), (UNUSED,), 0), POLICY)
    assert said.chinese == (
        "发放 20.00 万元；数据截至 2025-03-31，0% 已追踪到最终用途。尚未使用 20.00 万元。建议结论：暂不能认定。"
    )


def test_every_figure_stands_in_the_statement() -> None:
    said = compose(basis(all_genuine()), POLICY)
    assert said.chinese.count("60.00 万元") == 1
    assert "100%" not in said.chinese
