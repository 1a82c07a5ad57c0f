"""What `loantrail monitor` prints, in English and Chinese."""

from __future__ import annotations

from typing import Final

from loantrail.cli.speech import Language, in_language, phrase
from loantrail.monitor.taken_file import TakenFile

_SENTENCES: Final = {
    "taken": (
        "{name}: rows accepted {accepted:,}, known already {known:,}, refused {refused:,}",
        "{name}：已收 {accepted:,} 行，已有 {known:,} 行，拒收 {refused:,} 行",
    ),
    "unusable": ("{name} could not be used", "{name} 不能使用"),
    "broken_off": (
        "{name} could be used in part: rows accepted {accepted:,}, known already {known:,}, refused {refused:,}",
        "{name} 只有一部分可用：已收 {accepted:,} 行，已有 {known:,} 行，拒收 {refused:,} 行",
    ),
    "cut_off": (
        "{name} was not taken to its end; rows before that may be in the books, and it can be dropped again",
        "{name} 没有处理完；此前的行可能已入账，可以再次放入",
    ),
    "opened": (
        "; accounts opened that the books had no record of: {count:,}",
        "；新开账上没有记录的账户 {count:,} 个",
    ),
    "wrong": ("; {problem}{more}", "；{problem}{more}"),
    "report": ("; report: {report}", "；报告：{report}"),
    "more": (" (and {count:,} more)", "（另有 {count:,} 处）"),
    "ends": (
        "this monitor was told to end; it finishes what it is at",
        "监控程序收到结束指令，处理完手头的内容后结束",
    ),
    "ended": ("this monitor has ended", "监控程序已结束"),
}


def sentence(key: str, language: Language, **values: object) -> str:
    """A sentence of the list above."""
    return phrase(_SENTENCES, key, language, **values)


def line_of(file: TakenFile, language: Language) -> str:
    """One line on what became of a file; where something was wrong, what it was first and where the report lies; where accounts were
    opened, how many, and the report too, which names them."""
    rows = file.accepted + file.known + file.refused
    if file.broke_off:
        key = "cut_off"
    else:
        key = "taken" if not file.is_refused else "broken_off" if rows else "unusable"
    line = sentence(
        key,
        language,
        name=file.name,
        accepted=file.accepted,
        known=file.known,
        refused=file.refused,
    )
    if file.new_accounts:
        line += sentence("opened", language, count=file.new_accounts)
    if not file.problems and not file.new_accounts:
        return line
    # Of refused rows none may be known: the first were taken in by the end.
    if file.first_problem:
        more = sentence("more", language, count=file.problems - 1) if file.problems > 1 else ""
        problem = " ".join(in_language(file.first_problem, language).split())
        line += sentence("wrong", language, problem=problem, more=more)
    return line + sentence("report", language, report=file.report)
