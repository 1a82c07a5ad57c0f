"""Transaction exports of WeChat Pay 微信支付 (账单明细), CSV or XLSX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
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

_COLUMNS: Final = (
    "交易时间",
    "交易类型",
    "交易对方",
    "商品",
    "收/支",
    "金额(元)",
    "支付方式",
    "当前状态",
    "交易单号",
)
_MOVED: Final = frozenset((
    "支付成功", "已转账", "朋友已收钱", "对方已收钱", "已收钱", "已存入零钱", "提现已到账", "提现成功", "充值完成", "充值成功",
    "已到账", "已全额退款", "对方已退还", "已退还", "已存入零钱通", "到账成功", "还款成功", "已支付", "资金已到账", "退款成功",
))  # fmt: skip
_PARTLY_REFUNDED: Final = re.compile(r"已(?:部分)?退款.*")
_FAILED: Final = ("失败", "关闭", "未支付", "待支付", "待收款", "已撤销", "已取消", "处理中")
_FUND: Final = "零钱通"
_FEE: Final = re.compile(r"服务费[¥￥]?([0-9.,]+)")


class WechatAdapter:
    """Reads WeChat Pay exports."""

    name = "wechat"
    chinese = "微信支付账单明细"

    def recognises(self, path: Path, head: bytes) -> int:
        return heading_score(path, head, _COLUMNS)

    def read(self, source: SourceFile) -> Iterator[Batch]:
        """Statement lines of the wallet `wechat:nickname`. Rows that moved no money are refused as `no_money_moved`.
        Raises what `read_export` raises."""
        lines = LineGatherer(source)
        lines.take_masked_account()  # a wallet is named as its statement names its user
        export = read_export(source, _COLUMNS)
        refuse_undecodable(export, lines)
        check_record_count(export, lines)
        name = export.fact("微信昵称")
        user = source.options.get("account") or (None if name is None else f"wechat:{name}")
        found: list[WalletRow] = []
        for row in export.rows:
            steps = _steps(row, user, name, export.rows)
            if isinstance(steps, tuple):
                purpose = joined(
                    row.text("交易类型"), row.text("商品"), row.text("支付方式"), row.text("备注")
                )
                document = row.text("商户单号") or row.text("交易单号")
                found.append(WalletRow(row, row["交易时间"], steps, purpose, document))
            else:
                field, reason = steps.split(":", 1)
                message = f"{field} is {row[field]!r}, 收/支 is {row['收/支']!r}: {reason}; correct the row and replay it"
                if reason == "no_money_moved":
                    message = f"{field} is {row[field]!r}: no money has moved; nothing to do"
                lines.refuse(row.position, field, reason, message, row.original)
        write_lines(found, len(export.rows) + len(export.undecodable), name, "微信支付", lines)
        yield from lines.batches(export.bytes_read, final=True)


def _steps(row: Row, user: str | None, name: str | None, rows: Sequence[Row]) -> tuple[Step, ...] | str:
    """What the row says happened, or `field:reason` why it is no movement of money."""
    fen = amount_fen(row["金额(元)"])
    if isinstance(fen, str):
        return f"金额(元):{fen}"
    status = row["当前状态"]
    if any(word in status for word in _FAILED):
        return "当前状态:no_money_moved"
    if status not in _MOVED and not _PARTLY_REFUNDED.fullmatch(status):
        return "当前状态:status_unknown"
    wallet = Side(user, name, inside=True)
    fund = Side(None if user is None else f"{user}/{_FUND}", name, inside=True)

    def side(method: str) -> Side:
        plain = method.split("&", maxsplit=1)[0].strip()
        return wallet if plain in ("", "/", "零钱") else fund if plain == _FUND else Side(name=plain)

    means, other = side(row["支付方式"]), Side(name=row.text("交易对方"))
    reference, kind, sign = row.text("交易单号"), row["交易类型"], row["收/支"]
    if sign == "支出":
        return payment_steps(wallet, means, other, fen, reference)
    if sign == "收入":
        reverses = _refunded(row, rows) if kind.endswith("退款") else None
        return receipt_steps(wallet, means, other, fen, reference, reverses)
    return _neutral_steps(row, kind, fen, reference, wallet, fund, means, other, side)


def _neutral_steps(
    row: Row,
    kind: str,
    fen: int,
    reference: str | None,
    wallet: Side,
    fund: Side,
    means: Side,
    other: Side,
    side: Callable[[str], Side],
) -> tuple[Step, ...] | str:
    """Movements that the export counts neither as income nor as expense."""
    if kind.startswith("转入零钱通"):
        return (Step(side(kind.partition("来自")[2] or row["支付方式"]), fund, fen, reference),)
    if kind.startswith("零钱通转出"):
        return (Step(fund, side(kind.partition("到")[2]), fen, reference),)
    if kind == "零钱充值":
        return (Step(means if not means.inside else other, wallet, fen, reference),)
    if kind == "零钱提现":
        bank = other if means.inside else means
        fee = _FEE.search(row["备注"])
        fee_fen = amount_fen(fee[1]) if fee is not None else 0
        if isinstance(fee_fen, str) or fee_fen >= fen:
            return (Step(wallet, bank, fen, reference),)
        paid_out = Step(wallet, bank, fen - fee_fen, reference)
        return (
            (paid_out, Step(wallet, Side(name="微信支付"), fee_fen, None, remark="服务费"))
            if fee_fen
            else (paid_out,)
        )
    if "赎回" in kind or "收益" in kind:
        return receipt_steps(wallet, means, other, fen, reference)
    if kind in ("信用卡还款", "购买理财通") or kind.startswith(("购买", "还款", "理财通")):
        return payment_steps(wallet, means, other, fen, reference)
    return "交易类型:direction_unknown"


def _refunded(row: Row, rows: Sequence[Row]) -> str | None:
    """Number of the one payment that shares the refund's merchant number and says that it was refunded."""
    merchant = row.text("商户单号")
    same = [
        other["交易单号"]
        for other in rows
        if merchant is not None
        and other is not row
        and other["商户单号"] == merchant
        and other["收/支"] == "支出"
        and "退款" in other["当前状态"]
    ]
    return same[0] if len(same) == 1 else None


ADAPTERS: Final[tuple[Adapter, ...]] = (WechatAdapter(),)
