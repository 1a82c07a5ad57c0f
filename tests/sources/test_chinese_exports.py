"""Exports of banks and wallets as customers hand them in: which rows move money, whose account, and damaged files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from loantrail.errors import FileUnreadable
from loantrail.sources.model import Refusal, SourceFile
from loantrail.sources.registry import named, recognise

ICBC = "明细查询文件下载\n\n卡号: 6222001,卡别名: \n\n交易日期,摘要,交易场所,记账金额(收入),记账金额(支出),记账币种,余额,对方户名,对方账户\n"
CCB = "China Construction Bank\n开户机构：,杭州支行\n币　　种：,人民币\n账　　号：,6217001\n\n记账日,交易日期,交易时间,支出,收入,账户余额,币种,摘要,对方账号,对方户名,交易地点\n"
ALIPAY = (
    "导出信息：\n姓名：张三\n支付宝账户：zs@example.com\n交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,"
    "交易订单号,商家订单号,备注\n"
)
WECHAT = "微信支付账单明细\n微信昵称：[李四]\n交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(
    folder: Path, adapter: str, content: str | bytes, name: str = "export.csv", **options: str
) -> tuple[list[dict[str, Any]], list[Refusal]]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    batches = list(named(adapter).read(SourceFile(path, f"in/{name}", options)))
    rows = pl.concat([batch.rows for batch in batches]).to_dicts()
    refusals = [refusal for batch in batches for refusal in batch.refusals]
    assert sum(batch.records_read for batch in batches) == len(rows) + sum(
        one.position > 0 for one in refusals
    )
    assert all(one.source_file == f"in/{name}" for one in refusals)
    assert len({row["position"] for row in rows}) == len(rows)
    return rows, refusals


def signed(line: dict[str, Any]) -> int:
    return line["amount_fen"] if line["direction"] == "credit" else -line["amount_fen"]


def reasons(refusals: list[Refusal]) -> list[tuple[int, str, str]]:
    return [(one.position, one.field, one.reason) for one in refusals]


def moves(rows: list[dict[str, Any]]) -> list[tuple[str, int, str | None]]:
    """Account, signed amount and counterparty of each line, in statement order."""
    return [
        (row["account"], signed(row), row["counterparty_name"])
        for row in sorted(rows, key=lambda row: row["sequence"])
    ]


# Banks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_icbc_is_read_in_each_encoding(folder: Path, encoding: str) -> None:
    content = (
        ICBC
        + '2026-03-02\t,"消费   ",商场,,"1,013.40 ",人民币,"8,986.60",某商户,6222999\n人民币合计,,,,"1,013.40",,,,\n'
    )
    rows, refusals = read(folder, "icbc", content.encode(encoding))
    assert refusals == []
    (line,) = rows
    assert (line["account"], signed(line), line["balance_fen"]) == ("6222001", -101340, 898660)
    assert (line["counterparty_account"], line["counterparty_name"]) == ("6222999", "某商户")
    assert recognise(folder / "export.csv").name == "icbc"


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("2026-02-30,消费,,,10.00,人民币,,,", "booked_at", "date_impossible"),
        ("2026-03-02,消费,,10.00,10.00,人民币,,,", "记账金额", "amount_ambiguous"),
        ("2026-03-02,消费,,,,人民币,,,", "记账金额", "amount_missing"),
        ("2026-03-02,消费,,,-10.00,人民币,,,", "amount_fen", "amount_not_positive"),
        ("2026-03-02,消费,,,0.00,人民币,,,", "amount_fen", "amount_not_positive"),
        ("2026-03-02,消费,,,10.001,人民币,,,", "amount_fen", "amount_finer_than_minor_unit"),
        ("2026-03-02,消费,,,99999999999999999999,人民币,,,", "amount_fen", "amount_too_large"),
        ("2026-03-02,消费,,,十元,人民币,,,", "amount_fen", "amount_not_a_number"),
        ("2026-03-02,消费,,,10.00,贝壳,,,", "currency", "currency_unknown"),
    ],
)
def test_a_bad_row_is_refused_by_name_and_the_rest_is_read(
    folder: Path, row: str, field: str, reason: str
) -> None:
    rows, refusals = read(folder, "icbc", f"{ICBC}{row}\n2026-03-01,工资,,5.00,,人民币,,公司,\n")
    assert [signed(line) for line in rows] == [500]
    assert reasons(refusals) == [(1, field, reason)]
    assert row.encode() in refusals[0].original


def test_a_masked_account_is_said_and_the_option_replaces_it(folder: Path) -> None:
    content = ICBC.replace("6222001", "6222****001") + "2026-03-02,消费,,,10.00,人民币,,某商户,6222****999\n"
    rows, refusals = read(folder, "icbc", content)
    assert reasons(refusals) == [(0, "account", "account_masked")]
    assert rows[0]["counterparty_account"] is None and "6222****999" in rows[0]["purpose_text"]
    rows, refusals = read(folder, "icbc", content, account="6222000001")
    assert (rows[0]["account"], refusals) == ("6222000001", [])


def test_without_an_account_every_row_is_refused(folder: Path) -> None:
    _, refusals = read(
        folder, "icbc", ICBC.replace("卡号: 6222001", "") + "2026-03-02,消费,,,10.00,人民币,,,\n"
    )
    assert reasons(refusals) == [(1, "account", "account_missing")]


def workbook(path: Path, rows: list[list[object]]) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("明细")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()


def test_ccb_numbers_of_a_workbook_are_exact(folder: Path) -> None:
    """515.02 has no exact binary form; what was typed is what is read."""
    rows_above = [line.split(",") for line in CCB.splitlines()]
    amounts = [515.02, 0.07, 1234567.89, 66.4]
    below: list[list[object]] = [
        ["20260302", "20260302", f"10:00:0{index}", amount, 0, 1000.1, "人民币", "消费", "6222", "某", "地"]
        for index, amount in enumerate(amounts)
    ]
    path = folder / "ccb.xlsx"
    workbook(path, [*rows_above, *below, ["以上数据仅供参考"]])
    assert recognise(path).name == "ccb"
    rows, refusals = read(folder, "ccb", path.read_bytes(), "ccb.xlsx")
    assert [signed(row) for row in rows] == [-51502, -7, -123456789, -6640]
    assert {row["balance_fen"] for row in rows} == {100010}
    assert (rows[0]["account"], rows[0]["institution"], refusals) == ("6217001", "建设银行 杭州支行", [])


def test_ccb_runs_from_old_to_new_whichever_way_it_was_exported(folder: Path) -> None:
    lines = [
        f"20260302,20260302,10:00:0{second},1.00,0.00,,人民币,消费,,某{second},\n" for second in range(3)
    ]
    for order in (lines, lines[::-1]):
        rows, _ = read(folder, "ccb", CCB + "".join(order))
        assert [name for _, _, name in moves(rows)] == ["某0", "某1", "某2"]


def test_ccb_row_with_both_columns_is_refused(folder: Path) -> None:
    _, refusals = read(folder, "ccb", CCB + "20260302,20260302,10:00:00,1.00,2.00,,人民币,消费,,,\n")
    assert reasons(refusals) == [(1, "支出", "amount_ambiguous")]


# Wallets -----------------------------------------------------------------------------------------------------------


def alipay(folder: Path, *rows: str, **options: str) -> tuple[list[dict[str, Any]], list[Refusal]]:
    return read(
        folder,
        "alipay",
        ALIPAY + "".join(f"2026-03-0{9 - index} 10:00:00,{row}\n" for index, row in enumerate(rows)),
        **options,
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("日用百货,店,/,伞,支出,20.00,余额,交易成功,O1,M1,", [("", -2000, "店")]),
        ("日用百货,店,/,伞,支出,20.00,余额宝,等待确认收货,O1,M1,", [("/余额宝", -2000, "店")]),
        ("日用百货,店,/,伞,支出,20.00,某银行(1)&红包,交易成功,O1,M1,", [("", 2000, "某银行(1)"), ("", -2000, "店")]),
        ("转账,友,/,转账,收入,20.00,余额,交易成功,O1,,", [("", 2000, "友")]),
        ("退款,店,/,退款-伞,不计收支,20.00,某银行(1),退款成功,O0_R1,M1,", [("", 2000, "店"), ("", -2000, "某银行(1)")]),
        ("投资理财,基金,/,余额宝-单次转入,不计收支,20.00,余额,交易成功,O1,,", [("", -2000, "张三"), ("/余额宝", 2000, "张三")]),
        ("投资理财,基金,/,余额宝-单次转入,不计收支,20.00,某银行(1),交易成功,O1,,", [("/余额宝", 2000, "某银行(1)")]),
        ("投资理财,基金,/,余额宝-转出到银行卡,不计收支,20.00,某银行(1),交易成功,O1,,", [("/余额宝", -2000, "某银行(1)")]),
        ("投资理财,余额宝,/,余额宝-收益发放,不计收支,0.02,余额宝,交易成功,O1,,", [("/余额宝", 2, "余额宝")]),
        ("信用借还,花呗,/,花呗主动还款,不计收支,20.00,余额,还款成功,O1,,", [("", -2000, "花呗")]),
        ("账户存取,本人,/,充值-普通充值,不计收支,20.00,某银行(1),交易成功,O1,,", [("", 2000, "某银行(1)")]),
        ("账户存取,本人,/,提现-实时提现,不计收支,20.00,某银行(1),交易成功,O1,,", [("", -2000, "某银行(1)")]),
    ],
)  # fmt: skip
def test_alipay_rows_move_money_through_the_wallet(
    folder: Path, row: str, expected: list[tuple[str, int, str]]
) -> None:
    rows, refusals = alipay(folder, row)
    assert refusals == []
    assert moves(rows) == [(f"alipay:zs@example.com{part}", fen, name) for part, fen, name in expected]


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("日用百货,店,/,伞,不计收支,20.00,,交易关闭,O1,M1,", "交易状态", "no_money_moved"),
        ("日用百货,店,/,伞,支出,20.00,余额,还款失败,O1,M1,", "交易状态", "no_money_moved"),
        ("日用百货,店,/,伞,支出,20.00,余额,冻结成功,O1,M1,", "交易状态", "no_money_moved"),
        ("日用百货,店,/,伞,支出,20.00,余额,奇怪,O1,M1,", "交易状态", "status_unknown"),
        ("其他,店,/,伞,不计收支,20.00,余额,交易成功,O1,M1,", "商品说明", "direction_unknown"),
        ("日用百货,店,/,伞,支出,0.00,余额,交易成功,O1,M1,", "金额", "amount_not_positive"),
        ("日用百货,店,/,伞,支出,多,余额,交易成功,O1,M1,", "金额", "amount_not_a_number"),
    ],
)
def test_alipay_rows_that_are_no_movement_are_refused_by_name(
    folder: Path, row: str, field: str, reason: str
) -> None:
    rows, refusals = alipay(folder, row, "转账,友,/,转账,收入,1.00,余额,交易成功,O9,,")
    assert [signed(line) for line in rows] == [100]
    assert reasons(refusals) == [(1, field, reason)]


def test_a_refund_names_the_payment_it_takes_back(folder: Path) -> None:
    """By its own number, else by the merchant's; a closed order that was refunded had been paid."""
    rows, refusals = alipay(
        folder,
        "退款,店,/,退款-伞,不计收支,20.00,余额,退款成功,O1_R1,M1,",
        "退款,馆,/,退款-茶,不计收支,5.00,余额,退款成功,R2,M2,",
        "日用百货,店,/,伞,支出,20.00,余额,交易关闭,O1,M1,",
        "餐饮,馆,/,茶,支出,5.00,余额,交易成功,O2,M2,",
    )
    assert refusals == []
    assert [(row["reference"], row["reverses"]) for row in rows] == [
        ("O1_R1", "O1"),
        ("R2", "O2"),
        ("O1", None),
        ("O2", None),
    ]
    assert sum(signed(row) for row in rows) == 0


def test_wallet_lines_follow_time_and_money_comes_in_before_it_goes_out(folder: Path) -> None:
    """The export begins with the newest row."""
    rows, _ = alipay(
        folder,
        "日用百货,新店,/,伞,支出,3.00,某银行(1),交易成功,O2,M2,",
        "日用百货,老店,/,伞,支出,2.00,余额,交易成功,O1,M1,",
    )
    assert [(fen, name) for _, fen, name in moves(rows)] == [
        (-200, "老店"),
        (300, "某银行(1)"),
        (-300, "新店"),
    ]
    assert sorted(row["position"] for row in rows) == [1, 2, 3]


def wechat(folder: Path, *rows: str) -> tuple[list[dict[str, Any]], list[Refusal]]:
    return read(
        folder,
        "wechat",
        WECHAT + "".join(f"2026-03-0{9 - index} 10:00:00,{row}\n" for index, row in enumerate(rows)),
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("商户消费,店,伞,支出,¥20.00,零钱,支付成功,O1,M1,/", [("", -2000, "店")]),
        ("商户消费,店,伞,支出,¥20.00,某银行(1),支付成功,O1,M1,/", [("", 2000, "某银行(1)"), ("", -2000, "店")]),
        ("微信红包,友,/,收入,¥20.00,/,已存入零钱,O1,/,/", [("", 2000, "友")]),
        ("零钱提现,某银行,/,/,¥20.10,某银行(1),提现已到账,O1,/,服务费¥0.10", [("", -2000, "某银行(1)"), ("", -10, "微信支付")]),
        ("零钱充值,某银行(1),/,/,¥20.00,某银行(1),充值完成,O1,/,/", [("", 2000, "某银行(1)")]),
        ("转入零钱通-来自零钱,/,/,/,¥20.00,零钱,支付成功,O1,/,/", [("", -2000, "李四"), ("/零钱通", 2000, "李四")]),
        ("零钱通转出-到某银行(1),/,/,/,¥20.00,零钱通,支付成功,O1,/,/", [("/零钱通", -2000, "某银行(1)")]),
        ("信用卡还款,某卡,/,/,¥20.00,零钱,支付成功,O1,/,/", [("", -2000, "某卡")]),
        ("店-退款,店,/,收入,¥20.00,某银行(1),已全额退款,O1,M1,/", [("", 2000, "店"), ("", -2000, "某银行(1)")]),
    ],
)  # fmt: skip
def test_wechat_rows_move_money_through_the_wallet(
    folder: Path, row: str, expected: list[tuple[str, int, str]]
) -> None:
    rows, refusals = wechat(folder, row)
    assert refusals == []
    assert moves(rows) == [(f"wechat:李四{part}", fen, name) for part, fen, name in expected]


def test_wechat_refunds_and_what_never_moved(folder: Path) -> None:
    rows, refusals = wechat(
        folder,
        "店-退款,店,/,收入,¥8.00,零钱,已退款(￥8.00),R1,M1,/",
        "商户消费,店,伞,支出,¥20.00,零钱,已退款(￥8.00),O1,M1,/",
        "商户消费,店,伞,支出,¥20.00,零钱,支付失败,O2,M2,/",
        "商户消费,店,伞,支出,¥20.00,零钱,奇怪,O3,M3,/",
        "未知,店,伞,/,¥20.00,零钱,支付成功,O4,M4,/",
    )
    assert [(row["reference"], row["reverses"], signed(row)) for row in rows] == [
        ("R1", "O1", 800),
        ("O1", None, -2000),
    ]
    assert reasons(refusals) == [
        (3, "当前状态", "no_money_moved"),
        (4, "当前状态", "status_unknown"),
        (5, "交易类型", "direction_unknown"),
    ]


# Files that are not what they should be ----------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", ["icbc", "ccb", "alipay", "wechat"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"   \n\n", "the file is empty"),
        (b"a,b\n1,2\n", "no heading with the columns"),
        ("交易日期".encode("utf-16"), "UTF-16"),
        (b"\x81\xff\xff\xfe\x00" * 50, "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04 no workbook", "damaged or protected"),
        (b"\xd0\xcf\x11\xe0 no workbook", "damaged or protected"),
    ],
)
def test_a_file_that_is_no_export_is_refused_whole(
    folder: Path, adapter: str, content: bytes, message: str
) -> None:
    with pytest.raises(FileUnreadable, match=message) as refused:
        read(folder, adapter, content)
    assert refused.value.place.file == "in/export.csv"
    assert named(adapter).recognises(folder / "export.csv", content) == 0


@pytest.mark.parametrize(
    ("adapter", "content"), [("icbc", ICBC), ("ccb", CCB), ("alipay", ALIPAY), ("wechat", WECHAT)]
)
def test_a_heading_alone_is_said(folder: Path, adapter: str, content: str) -> None:
    rows, refusals = read(folder, adapter, content)
    assert rows == []
    assert reasons(refusals) == [(0, "", "no_rows")]


def test_a_row_with_a_broken_byte_is_refused_and_the_rest_is_read(folder: Path) -> None:
    good = "2026-03-02,消费,,,10.00,人民币,,某商户,\n".encode()
    bad = good.replace("某商户".encode(), b"\xe6\x9f\xff\xff")
    rows, refusals = read(folder, "icbc", ICBC.encode() + good + bad + good)
    assert [row["position"] for row in rows] == [1, 3]
    assert reasons(refusals) == [(2, "", "row_unreadable")]


def test_a_cell_without_end_is_refused(folder: Path) -> None:
    content = (
        ICBC + "2026-03-02,消费,,,10.00,人民币,,某,\n" + "2026-03-03," + "x" * 200_000 + ",,,1.00,人民币,,,\n"
    )
    rows, refusals = read(folder, "icbc", content + "2026-03-04,消费,,,20.00,人民币,,某,\n")
    assert [signed(row) for row in rows] == [-1000, -2000]
    assert reasons(refusals) == [(2, "", "row_unreadable")]


def test_rows_that_are_missing_are_noticed(folder: Path) -> None:
    content = (
        WECHAT.replace("微信昵称", "共3笔记录\n微信昵称")
        + "2026-03-02 10:00:00,商户消费,店,伞,支出,¥1.00,零钱,支付成功,O,M,/\n"
    )
    rows, refusals = read(folder, "wechat", content)
    assert len(rows) == 1
    assert reasons(refusals) == [(0, "", "record_count_difference")]
    _, refusals = read(folder, "icbc", ICBC + "2026-03-02,消费,,,10.00,人民币,,,\n人民币合计,,,,30.00,,,,\n")
    assert reasons(refusals) == [(0, "记账金额(支出)", "total_difference")]
