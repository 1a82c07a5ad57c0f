"""What `loantrail nightly` prints beside the alarms, in English and Chinese."""

from __future__ import annotations

from typing import Final

from loantrail.cli.speech import Language, in_language, phrase

_CHINESE: Final = {
    # headings
    "Steps": "步骤", "step": "步骤", "seconds": "秒", "counts": "数量", "all": "合计", "Business dates": "业务日期",
    "date": "日期", "state": "状态", "attempt": "第几次", "lines": "新增流水", "new": "新增", "changed": "变更",
    "refused": "拒收", "alarms": "告警",
    # states
    "complete": "已完成", "held": "未入库（已拦截）", "failed": "中断", "running": "处理中", "older": "晚到的旧日期",
    "in the books": "已入库",
    # alarms
    "critical": "严重", "warning": "提醒", "notice": "告知", "what to do": "处理",
    # counts
    "files": "文件", "rows": "行", "read": "读取", "accepted": "已收", "duplicate": "重复", "same": "未变", "removed": "删除",
    "vanished": "消失", "accounts": "账户", "reconciled": "一致", "differs": "有差异", "no_balances": "无余额",
    "compared": "核对", "differing": "不一致", "loans": "贷款", "hops": "步", "leads": "线索",
}  # fmt: skip
_STEPS: Final = {
    "check": "检查文件", "master": "客户与借据等", "lines": "流水", "pair": "配对", "reconcile": "余额核对",
    "ledger": "总分核对", "trace": "追踪",
}  # fmt: skip
_SENTENCES: Final = {
    "known": (
        "{day} is in the books already, with these files. --again runs it once more.",
        "{day} 已经用这些文件入库。加 --again 可以重跑。",
    ),
    "complete": (
        "{day} is in the books (attempt {attempt}{resumed})",
        "{day} 已入库（第 {attempt} 次处理{resumed}）",
    ),
    "held": (
        "{day} was HELD BACK; the books are as they were (attempt {attempt}{resumed})",
        "{day} 未入库（已拦截），账簿没有变动（第 {attempt} 次处理{resumed}）",
    ),
    "resumed": (", resumed", "，接着上次"),
}


def word(english: str, language: Language) -> str:
    """A heading, state or count."""
    return _CHINESE.get(english, english) if language == "zh" else english


def step_word(step: str, language: Language) -> str:
    return _STEPS.get(step, step) if language == "zh" else step


def progress_words(text: str, language: Language) -> str:
    """What is going on: a step, or what a step says of its work."""
    return step_word(text, language) if text in _STEPS else in_language(text, language)


def outcome_words(state: str, language: Language, day: str, attempt: int, *, resumed: bool) -> str:
    """What became of a date: `known`, `complete` or `held`."""
    again = phrase(_SENTENCES, "resumed", language) if resumed else ""
    return phrase(_SENTENCES, state, language, day=day, attempt=attempt, resumed=again)
