"""How the values inside an alarm are said, and what to do about each alarm, in Chinese and English. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from loantrail.money import minor_digits
from loantrail.wording import in_chinese
from loantrail.wording.catalogue import word_lists

_AMOUNTS: Final = {
    "total_differs": ("expected", "actual"),
    "ledger_difference": ("expected", "actual", "difference"),
    "ledger_missing": ("actual",),
    "subject_unknown": ("actual",),
}
"""Alarm -> its values that are amounts in minor units."""
_LISTS: Final = {"record_type": "record_type", "product": "product", "field": "amount_field"}
"""Value that is a code -> the list of words that names it."""
_REASON: Final = "problem"
"""The value that holds a sentence."""


def said_values(code: str, language: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values of an alarm as its words take them: amounts in yuan (or their currency), codes by their names."""
    said = dict(values)
    currency = values.get("currency", "CNY")
    for name in _AMOUNTS.get(code, ()):
        if name in said:
            said[name] = amount_words(said[name], currency, language, signed=name == "difference")
    if values.get("subject_name"):
        said["subject"] = f"{values['subject']} {values['subject_name']}"
    if language == "zh":
        for name, listed in _LISTS.items():
            if name in said:
                said[name] = word_lists()[listed].get(said[name], said[name])
        if _REASON in said:
            # An error's own sentence.
            said[_REASON] = in_chinese(said[_REASON]) or said[_REASON]
    return said


def amount_words(fen: str, currency: str, language: str, *, signed: bool = False) -> str:
    """`-12345` as `-123.45 元` or `CNY -123.45`; `signed` writes a plus too. What is no whole number stays as it is."""
    try:
        amount = int(fen)
    except ValueError:
        return fen
    digits = minor_digits(currency)
    whole, part = divmod(abs(amount), 10**digits)
    sign = "-" if amount < 0 else "+" if signed and amount else ""
    number = f"{sign}{whole:,}" + (f".{part:0{digits}d}" if digits else "")
    if language == "zh":
        return f"{number} {'元' if currency == 'CNY' else currency}"
    return f"{currency} {number}"


_AGAIN: Final = (
    "请交付方更正后重新交付，再运行一次",
    "Have the sender deliver it again, corrected, and run the date again",
)
_COMPARE: Final = (
    "对照总账核对该机构的借据余额，由出错的一方更正后再交付",
    "Compare the loans of the unit with the ledger; whichever is wrong is corrected and delivered again",
)
_SOURCE: Final = (
    "这些行自相矛盾：在源系统更正后重新交付",
    "The rows contradict themselves: correct them at the source and deliver again",
)

REMEDIES: Final[Mapping[str, tuple[str, str]]] = {
    "folder_missing": ("等待交付，或催问交付方；到齐后再运行", "Wait for the delivery or ask its sender; run the date when it is there"),
    "flag_missing": ("等交付方写入就绪标志后再运行；迟迟没有就催问", "Run the date when the sender has written the flag; ask the sender if it does not come"),
    "manifest_missing": ("请交付方补上清单，再运行一次", "Have the sender add the manifest and run the date again"),
    "manifest_unreadable": ("请交付方重新生成清单，再运行一次", "Have the sender make the manifest again and run the date again"),
    "wrong_business_date": ("核对文件夹与清单的日期，请交付方重新交付", "Compare the dates of folder and manifest; have it delivered again"),
    "file_missing": ("请交付方补传这个文件，再运行一次", "Have the sender send the file and run the date again"),
    "table_missing": ("问交付方是否应有这张表；确实没有，可在运行时放行", "Ask whether the table should be there; if not, let it pass when you run the date"),
    "file_unlisted": ("需要这个文件就把它写进清单；不需要可以不管", "Name the file in the manifest if it is wanted; else leave it"),
    "file_unreadable": ("请交付方完整地重传这个文件，再运行一次", "Have the sender send the whole file again and run the date again"),
    "row_count_differs": _AGAIN,
    "total_differs": _AGAIN,
    "hash_differs": ("文件在传送中变了：请交付方重传，再运行一次", "The file changed on its way: have it sent again and run the date again"),
    "repeated_delivery": ("问交付方是否传错了日期；内容确实相同，可在运行时放行", "Ask whether the wrong date was sent; if the content is right, let it pass when you run the date"),
    "changed_after_load": ("确认改动无误后重跑这一天（命令行用 --again）", "When the changes are right, run the date again (--again on the command line)"),
    "date_gap": ("先处理缺的那一天；那天确实没有交付，可在运行时放行", "Take in the missing date first; if it has no delivery, let it pass when you run the date"),
    "lines_dated_later": _SOURCE,
    "table_shrunk": ("问交付方是否只传了一部分；确实变少了，可在运行时放行", "Ask whether only a part was sent; if it did shrink, let it pass when you run the date"),
    "operation_unknown": _SOURCE,
    "control_missing": ("补上缺的列，或在清单的 columns、映射文件里写明列名，再重新交付", "Add the column, or name it in the manifest's columns or the mapping file, and deliver again"),
    "chain_broken": _SOURCE,
    "ledger_unusable": _SOURCE,
    "rows_refused": ("在“数据接入”的拒收记录里看原因，更正后重放", "See the reasons among the refusals of the imports, correct and replay them"),
    "older_date": ("不用处理；如果新日期的内容有误，请交付方更正新日期", "Nothing to do; if the newer content is wrong, have the newer date corrected"),
    "records_vanished": ("抽查这些记录在源系统是否真的不在了", "Check at the source whether these records are really gone"),
    "vanished_not_judged": ("先更正读不出的行，再重新交付", "Correct the rows that cannot be read and deliver again"),
    "loans_vanished": ("逐笔核对是否已经结清；没有结清，请交付方补上后重跑", "Check each loan; if it is not settled, have it delivered again and run the date again"),
    "lines_all_known": ("问交付方是否传了旧流水", "Ask whether old lines were sent"),
    "lines_withdrawn": ("核对少的行；确属多记的，按账务差错更正流程处理", "Check the lines that are lacking; what was booked wrongly is corrected as such"),
    "ledger_difference": _COMPARE,
    "ledger_missing": _COMPARE,
    "subject_unknown": ("在清单的 subjects 里写明这个产品属于哪个科目", "Say in the manifest's subjects which subject holds the product"),
    "ledger_not_delivered": ("需要总分核对，就请交付方加上总账合计", "Have the general-ledger totals delivered if the loans are to be compared"),
    "balances_differ": ("在“数据接入”的余额核对里看是哪些账户，请交付方补齐流水", "See which accounts in the reconciliation of the imports; have their lines completed"),
    "run_failed": ("先按原因排除故障（数据库、磁盘、设置）", "Remove the cause first: database, disk or settings"),
}  # fmt: skip
"""Alarm -> what to do next, Chinese and English."""


def remedy_words(code: str, language: str) -> str:
    """What to do about an alarm; empty for a code of other software."""
    chinese, english = REMEDIES.get(code, ("", ""))
    return chinese if language == "zh" else english
