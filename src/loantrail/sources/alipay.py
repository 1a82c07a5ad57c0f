"""Transaction exports of Alipay 支付宝 (电子客户回单), CSV in GB18030 or UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from loantrail.sources.export_rows import check_record_count, refuse_undecodable
from loantrail.sources.exports import Row, heading_score, read_export
from loantrail.sources.model import Adapter, Batch, SourceFile
from loantrail.sources.statement_lines import LineGatherer, joined
from loantrail.sources.wallet import (
    Side,
    Step,
    WalletRow,
    amount_fen,
    payment_steps,
    receipt_steps,
    write_lines,
)

_COLUMNS: Final = ("交易时间", "交易分类", "交易对方", "商品说明", "收/支", "金额", "交易状态", "交易订单号")
_MOVED: Final = frozenset(
    ("等待确认收货", "等待对方确认收货", "已转账", "已发货", "等待对方发货", "等待卖家发货")
)
_NOTHING_MOVED: Final = ("冻结", "解冻", "信用服务使用")
_FAILED: Final = ("失败", "等待付款", "待付款", "已取消", "已撤销", "超时")
_FUND: Final = "余额宝"
_INTO_FUND: Final = re.compile(r"余额宝.*转入|转入.*余额宝")
_OUT_OF_FUND: Final = re.compile(r"余额宝.*转出|转出.*余额宝")
_RECEIVED: Final = ("卖出", "赎回", "收益", "退款", "退回", "返还")
_PAID: Final = ("买入", "申购", "购买", "还款", "转账", "提现", "缴费", "基金定投")


class AlipayAdapter:
    """Reads Alipay exports."""

    name = "alipay"
    chinese = "支付宝交易明细"

    def recognises(self, path: Path, head: bytes) -> int:
        return heading_score(path, head, _COLUMNS)

    def read(self, source: SourceFile) -> Iterator[Batch]:
        """Statement lines of the wallet `alipay:user`. Rows that moved no money are refused as `no_money_moved`.
        Raises what `read_export` raises."""
        lines = LineGatherer(source)
        lines.take_masked_account()  # a wallet is named as its statement names its user
        export = read_export(source, _COLUMNS)
        refuse_undecodable(export, lines)
        check_record_count(export, lines)
        user = source.options.get("account") or _wallet(export.fact("支付宝账户", "支付宝账号", "账号"))
        name = export.fact("姓名")
        originals = {row["交易订单号"]: row for row in export.rows if row["交易订单号"]}
        refunded = {_refunded(row, originals) for row in export.rows if _is_refund(row)}
        found: list[WalletRow] = []
        for row in export.rows:
            steps = _steps(row, user, name, originals, refunded)
            if isinstance(steps, tuple):
                purpose = joined(
                    row.text("交易分类"), row.text("商品说明"), row.text("收/付款方式"), row.text("备注")
                )
                document = row.text("商家订单号") or row.text("交易订单号")
                found.append(WalletRow(row, row["交易时间"], steps, purpose, document))
            else:
                field, reason = steps.split(":", 1)
                lines.refuse(row.position, field, reason, _message(row, field, reason), row.original)
        write_lines(found, len(export.rows) + len(export.undecodable), name, "支付宝", lines)
        yield from lines.batches(export.bytes_read, final=True)


def _wallet(user: str | None) -> str | None:
    return None if user is None else f"alipay:{user}"


def _message(row: Row, field: str, reason: str) -> str:
    said = {
        "no_money_moved": "no money has moved; nothing to do",
        "status_unknown": "it is not known whether money moved; tell the maintainers of the adapter",
        "direction_unknown": "it does not say which way money went; correct the row and replay it",
    }.get(reason, "correct the row and replay it")
    return f"{field} is {row[field]!r}, 收/支 is {row['收/支']!r}: {reason}; {said}"


def _is_refund(row: Row) -> bool:
    return row["交易状态"] == "退款成功" or row["交易分类"] == "退款"


def _refunded(row: Row, originals: Mapping[str, Row]) -> str | None:
    """Order number of the payment that a refund takes back: the part of its own number before the stroke, else the
    one payment with the same number of the merchant."""
    order = row["交易订单号"]
    prefix = re.split(r"[_*]", order, maxsplit=1)[0]
    if prefix and prefix != order:
        return prefix
    merchant = row.text("商家订单号")
    same = [
        number
        for number, other in originals.items()
        if merchant is not None
        and other is not row
        and other["商家订单号"] == merchant
        and not _is_refund(other)
    ]
    return same[0] if len(same) == 1 else None


def _steps(
    row: Row, user: str | None, name: str | None, originals: Mapping[str, Row], refunded: set[str | None]
) -> tuple[Step, ...] | str:
    """What the row says happened, or `field:reason` why it is no movement of money."""
    fen = amount_fen(row["金额"])
    if isinstance(fen, str):
        return f"金额:{fen}"
    method = row["收/付款方式"].split("&")[0].strip()
    moved = _has_moved(row, method, refunded)
    if moved is not None:
        return moved
    wallet = Side(user, name, inside=True)
    fund = Side(None if user is None else f"{user}/{_FUND}", name, inside=True)
    means = (
        wallet if method in ("", "余额", "账户余额", "/") else fund if method == _FUND else Side(name=method)
    )
    other = Side(row.text("对方账号"), row.text("交易对方"))
    reference, text, sign = row.text("交易订单号"), row["商品说明"], row["收/支"]
    if _is_refund(row):
        return receipt_steps(wallet, means, other, fen, reference, _refunded(row, originals))
    if sign == "支出":
        return payment_steps(wallet, means, other, fen, reference)
    if sign == "收入":
        return receipt_steps(wallet, means, other, fen, reference)
    if _OUT_OF_FUND.search(text):
        target = wallet if means is fund or means is wallet else means
        return (Step(fund, target, fen, reference),)
    if _INTO_FUND.search(text):
        return (Step(wallet if means is fund else means, fund, fen, reference),)
    if any(word in text for word in _RECEIVED):
        return receipt_steps(wallet, means, other, fen, reference)
    if "充值" in text:
        return (Step(means if not means.inside else other, wallet, fen, reference),)
    if "提现" in text:
        return (Step(wallet, means if not means.inside else other, fen, reference),)
    if any(word in text for word in _PAID):
        return payment_steps(wallet, means, other, fen, reference)
    return "商品说明:direction_unknown"


def _has_moved(row: Row, method: str, refunded: set[str | None]) -> str | None:
    """None when the row's status says that money moved; else `field:reason`."""
    status = row["交易状态"]
    if status == "交易关闭":
        # closed after it was paid (then a refund names it) or before
        paid = row["交易订单号"] in refunded or (row["收/支"] == "支出" and method not in ("", "/"))
        return None if paid else "交易状态:no_money_moved"
    if status.startswith(_NOTHING_MOVED) or any(word in status for word in _FAILED):
        return "交易状态:no_money_moved"
    if status.endswith("成功") or status in _MOVED:
        return None
    return "交易状态:status_unknown"


ADAPTERS: Final[tuple[Adapter, ...]] = (AlipayAdapter(),)
