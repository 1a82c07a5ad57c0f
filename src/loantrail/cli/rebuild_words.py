"""What `loantrail rebuild` prints, in English and Chinese."""

from __future__ import annotations

from typing import Final

from loantrail.cli.speech import Language, phrase

_KINDS: Final = {
    "hop": ("movements", "资金流动"),
    "position": ("money that rests", "停留资金"),
    "statement": ("statement lines", "资金用途表"),
    "loan_summary": ("loan summaries", "借据汇总"),
    "destination": ("destination classes", "收款方分类"),
    "lead": ("leads", "线索"),
    "bounds": ("bounds of loans with leads", "线索借据的上下界"),
    "bounds_on_request": ("bounds on request", "按需计算的上下界"),
    "signal": ("signal rows", "信号行"),
    "rule_hit": ("rule hits", "规则命中"),
    "warning_hit": ("warning hits", "预警命中"),
}
_OUTDATED: Final = {
    "data": ("the books changed since the run", "账簿在上次追踪之后有变化"),
    "software": ("the run was made by another version of the software", "上次追踪由其他软件版本完成"),
    "requested": ("a change waits for its evaluation", "有变更尚未重新计算"),
    "rules": ("versions of rules were put to work or taken out since", "此后有规则版本生效或停用"),
    "lists": ("entries of a list expired since", "此后有名单条目到期"),
}
_STATES: Final = {
    "missing": ("missing", "缺少"),
    "extra": ("extra", "多出"),
    "different": ("different", "不同"),
    "unreadable": ("unreadable", "无法读取"),
}
_NAMES: Final = {
    "loan_id": ("loan", "借据"),
    "transfer_id": ("transfer", "交易"),
    "transaction_id": ("transfer", "交易"),
    "account": ("account", "账户"),
    "use": ("line", "用途"),
    "pattern": ("pattern", "模式"),
    "occasion": ("occasion", "时点"),
    "at": ("at", "时间"),
    "rule_code": ("rule", "规则"),
    "rule_version": ("version", "版本"),
    "part": ("part", "分段"),
    "block": ("block", "块"),
}
_SENTENCES: Final = {
    "run": ("Run {run}, against the books read anew", "追踪批次 {run}，与重新读取账簿计算的结果比对"),
    "counts": (
        "equal {equal:,}, missing {missing:,}, extra {extra:,}, different {different:,}",
        "一致 {equal:,}，缺少 {missing:,}，多出 {extra:,}，不同 {different:,}",
    ),
    "change": ("{column}: {standing} stands, {anew} computed", "{column}：现存 {standing}，重算 {anew}"),
    "more": ("and {count:,} more", "另有 {count:,} 处"),
    "brought": ("Brought up to date first: {why}.", "已先更新追踪结果：{why}。"),
    "outdated": (
        "Not compared: {why}. Run `loantrail rebuild` without --check, or `loantrail trace --database`, then compare.",
        "未比对：{why}。请先运行 loantrail rebuild（不带 --check）或 loantrail trace --database，再比对。",
    ),
    "equal": ("Everything is equal.", "全部一致。"),
    "differs": (
        "There are differences; nothing was changed. `loantrail rebuild` without --check replaces what stands.",
        "存在差异，未作任何更改。不带 --check 运行 loantrail rebuild 可用重算结果替换。",
    ),
    "replaced": (
        "There were differences; what stood was replaced by what was computed. Acts of people stay.",
        "存在差异，已用重算结果替换；人工处置保留。",
    ),
    "unsettled": (
        "Still not as computed: {kinds}. This is a defect of the software: send its maintainers this output.",
        "替换后仍与重算结果不一致：{kinds}。这是软件缺陷，请把本页输出发给维护人员。",
    ),
}


def kind_word(kind: str, language: Language) -> str:
    return phrase(_KINDS, kind, language)


def reason_word(reason: str, language: Language) -> str:
    return phrase(_OUTDATED, reason, language)


def state_word(state: str, language: Language) -> str:
    return phrase(_STATES, state, language)


def name_word(column: str, language: Language) -> str:
    """What names a row: a loan, a transfer."""
    return phrase(_NAMES, column, language) if column in _NAMES else column


def sentence(name: str, language: Language, **values: str | int) -> str:
    return phrase(_SENTENCES, name, language, **values)
