"""What a message about warnings says, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from loantrail.early_warning.channels import Language
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import SHANGHAI
from loantrail.tracing.verdict_words import ENGLISH_PATTERN, PATTERN, chinese_money, english_money

CHINESE_LEVEL: Final = {Level.RED: "红色", Level.ORANGE: "橙色", Level.YELLOW: "黄色", Level.BLUE: "蓝色"}
LISTED_MOST: Final = 50


def message(rows: Sequence[Mapping[str, Any]], language: Language, public_url: str = "") -> tuple[str, str]:
    """Title and plain text. `rows` as `store_outbox.contents` gives them; at least one. `public_url`: where the page is reached,
    without a slash at its end; without it only the path of each warning is told."""
    chinese = language == "zh"
    first = rows[0]
    level = Level(first["level"])
    if len(rows) == 1:
        title = (
            f"【{CHINESE_LEVEL[level]}预警】{first['borrower_name']} {first['loan_id']}"
            if chinese
            else f"[{level.value} warning] {first['borrower_name']} {first['loan_id']}"
        )
    else:
        title = (
            f"【预警】{len(rows)} 条，最高{CHINESE_LEVEL[level]}"
            if chinese
            else f"[warnings] {len(rows)}, the highest {level.value}"
        )
    lines = [_line(row, chinese, public_url) for row in rows[:LISTED_MOST]]
    if len(rows) > LISTED_MOST:
        rest = len(rows) - LISTED_MOST
        lines.append(
            f"另有 {rest} 条，请在预警中心查看。" if chinese else f"And {rest} more in the warning centre."
        )
    lines.append("以上均为疑似，不是认定。" if chinese else "All of this is suspected, not found.")
    return title, "\n\n".join(lines)


def _line(row: Mapping[str, Any], chinese: bool, public_url: str) -> str:
    level, currency = Level(row["level"]), row["currency"]
    due = row["due_at"].astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    proven = row["proven_fen"]
    address = f"{public_url}/warnings/{row['thread_id']}"
    if chinese:
        rules = "、".join(_rules(row, 0))
        amount = f"涉及 {chinese_money(row['amount_fen'], currency)}" + (
            f"，确证至少 {chinese_money(proven, currency)}" if proven else ""
        )
        return (
            f"{CHINESE_LEVEL[level]}　{row['borrower_name']}（{row['loan_id']}）：{rules}；{amount}；"
            f"处理期限 {due}\n{address}"
        )
    rules = ", ".join(_rules(row, 1))
    amount = english_money(row["amount_fen"], currency) + (
        f", at least {english_money(proven, currency)} proven" if proven else ""
    )
    return (
        f"{level.value}  {row['borrower_name']} ({row['loan_id']}): {rules}; {amount}; due {due}\n{address}"
    )


def _rules(row: Mapping[str, Any], language: int) -> list[str]:
    """What the rules are called: 0 in Chinese, 1 in English."""
    patterns = (PATTERN, ENGLISH_PATTERN)[language]
    return [
        patterns.get(code) or row["rules"].get(code, (code, code))[language] for code in row["rule_codes"]
    ]
