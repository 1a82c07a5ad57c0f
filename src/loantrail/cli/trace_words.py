"""What `loantrail trace` and `loantrail bounds` print, in English and Chinese."""

from __future__ import annotations

from typing import Final

from loantrail.cli.speech import Language, phrase

_SENTENCES: Final = {
    "traced_files": (
        "convention: {convention}; opening: {opening}; loans: {loans}; hops: {hops}",
        "计算方法：{convention}；期初余额：{opening}；借据：{loans} 笔；资金流动：{hops} 步",
    ),
    "traced_books": (
        "convention: {convention}; loans: {loans}; movements: {hops}; leads: {leads}",
        "计算方法：{convention}；借据：{loans} 笔；资金流动：{hops} 步；线索：{leads} 条",
    ),
    "written": ("written: {paths}", "已写入：{paths}"),
    "unlinked": (
        "loan {loan}: disbursement not found in the statements ({problem})",
        "借据 {loan}：流水中没有找到放款（{problem}）",
    ),
    "disbursement_ambiguous": ("disbursement_ambiguous", "多笔流水都可能是它"),
    "disbursement_without_line": ("disbursement_without_line", "没有对应的流水"),
    "problem": ("1 row with problems: {counts}", "1 行有问题：{counts}"),
    "problems": ("{count} rows with problems: {counts}", "{count} 行有问题：{counts}"),
    "all_in": ("; all of them in {where}", "；全部列在 {where}"),
    "comma": (", ", "、"),
}


def sentence(key: str, language: Language, **values: object) -> str:
    """A sentence of the list above."""
    return phrase(_SENTENCES, key, language, **values)
