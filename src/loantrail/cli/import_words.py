"""What `loantrail import` prints, in English and Chinese."""

from __future__ import annotations

from typing import Final

from loantrail.cli.speech import Language, phrase

_SENTENCES: Final = {
    "imported": ("Imported", "已导入"),
    "checked": ("Checked, written to {out}", "已检查，结果写入 {out}"),
    "reading": ("reading", "读取"),
    # headings
    "records": ("records", "记录"),
    "read": ("read", "读取"),
    "accepted": ("accepted", "已收"),
    "duplicate": ("duplicate", "重复"),
    "refused": ("refused", "拒收"),
    "all": ("all", "合计"),
    "by_reason": ("Refused, by reason", "拒收原因"),
    "reason": ("reason", "原因"),
    "rows": ("rows", "行"),
    "opened": (
        "accounts opened that the books had no record of: {count:,} (their records are yet to come, or numbers are mistyped)",
        "新开账上没有记录的账户 {count:,} 个（其资料尚未导入，或账号有误）",
    ),
    "balances": ("Running balances", "逐笔余额核对"),
    "accounts": ("accounts", "账户"),
    "number": ("number", "个数"),
    "reconciled": ("reconciled", "一致"),
    "differing": ("with a difference", "有差异"),
    "without": ("without balances", "无余额"),
    "difference": (
        "{account}: from {file}, row {row}: balance {actual} fen, expected {expected} fen",
        "{account}：从 {file} 第 {row} 行起：余额 {actual} 分，应为 {expected} 分",
    ),
    "more": ("... and {count:,} more accounts", "……另有 {count:,} 个账户"),
}


def sentence(key: str, language: Language, **values: object) -> str:
    """A heading or sentence of the list above."""
    return phrase(_SENTENCES, key, language, **values)
