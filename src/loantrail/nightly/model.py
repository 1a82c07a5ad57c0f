"""What a nightly delivery is: its manifest, what was found in its folder, and the alarms it can raise. Pure.

A delivery is one folder per business date. Its manifest names every file with the table it holds, how the table is delivered
(`MODES`), how many rows it has and what its amounts sum to. Amounts are integer fen.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from loantrail.nightly.language import remedy_words, said_values

FLAG: Final = "READY"
"""Empty file that the bank writes last: the folder is complete."""
MANIFEST: Final = "manifest.json"
OPEN_END: Final = datetime.date(9999, 12, 31)
"""End of a row of a history chain that is still valid (99991231)."""
GENERAL_LEDGER: Final = "general_ledger"
"""The table of general-ledger totals, beside the record types of the books."""

MODES: Final = ("full", "incremental", "chain", "append", "totals")
"""全量, 增量, 拉链; `append` is a day's statement lines (流水), `totals` the general ledger's."""
OPERATIONS: Final = {
    "I": "insert", "INSERT": "insert", "A": "insert", "U": "update", "UPDATE": "update", "M": "update",
    "D": "delete", "DELETE": "delete",
}  # fmt: skip
"""What a bank may write into the operation column of an incremental table."""

CONTROL_COLUMNS: Final = {"operation": "op", "start": "start_date", "end": "end_date"}
"""Usual names of the columns that say what becomes of a row; a file may name others in the manifest."""

NAMES_ALONE: Final = ("subject_name",)
"""Parameters that only name another one: without them an alarm is the same."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject (科目) of the general ledger and the loan products whose balances it holds."""

    subject: str
    name: str
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """One file as the manifest declares it."""

    file: str
    record_type: str
    mode: str
    rows: int
    totals: Mapping[str, int] = field(default_factory=dict[str, int])
    """Field -> sum in fen."""
    sha256: str = ""
    mapping: str = ""
    """Mapping file beside the root's folders, or a shipped one; empty for the canonical columns."""
    columns: Mapping[str, str] = field(default_factory=lambda: dict(CONTROL_COLUMNS))


@dataclass(frozen=True, slots=True)
class Manifest:
    business_date: datetime.date
    files: tuple[Declared, ...]
    subjects: tuple[Subject, ...] = ()
    previous_date: datetime.date | None = None
    """The business date delivered before this one; None means the calendar day before."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One declared file as it lies in the folder."""

    declared: Declared
    exists: bool
    size_bytes: int = 0
    sha256: str = ""
    rows: int = 0
    """Records read, refused ones included."""
    refused: int = 0
    totals: Mapping[str, int] = field(default_factory=dict[str, int])
    latest: datetime.date | None = None
    """Business date of the latest statement line."""
    problem: str = ""
    """Why it cannot be read to its end."""
    trouble: tuple[tuple[str, Mapping[str, str]], ...] = ()
    """`(alarm code, parameters)` of what is wrong with its rows as a table."""


@dataclass(frozen=True, slots=True)
class FoundFolder:
    """A folder as it lies there. `problem` says why the manifest cannot be used."""

    business_date: datetime.date
    exists: bool
    has_flag: bool = False
    has_manifest: bool = False
    manifest: Manifest | None = None
    problem: str = ""
    files: tuple[FoundFile, ...] = ()
    unlisted: tuple[str, ...] = ()
    """Files that the manifest does not name."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file of a date that is in the books."""

    business_date: datetime.date
    file: str
    record_type: str
    mode: str
    content_hash: str
    rows: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the books know of earlier deliveries."""

    dates: tuple[datetime.date, ...] = ()
    """Business dates that are in the books, ascending."""
    files: tuple[Loaded, ...] = ()
    waiting: tuple[datetime.date, ...] = ()
    """Dates whose folders lie there and are not in the books."""

    @property
    def newest(self) -> datetime.date | None:
        return self.dates[-1] if self.dates else None

    def files_of(self, business_date: datetime.date) -> tuple[Loaded, ...]:
        return tuple(file for file in self.files if file.business_date == business_date)


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """What a code means. The words take the alarm's parameters in braces."""

    severity: str
    holds_back: bool
    chinese: str
    english: str
    acceptable: bool = False
    """Whether a person may let the delivery pass all the same (`--accept CODE`)."""


@dataclass(frozen=True, slots=True)
class Alarm:
    code: str
    file: str = ""
    expected: str = ""
    actual: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def kind(self) -> AlarmKind:
        return ALARMS[self.code]

    def words(self, language: str = "zh") -> str:
        """The alarm in plain words, `zh` or `en`."""
        return alarm_words(self.code, language, self.file, self.expected, self.actual, self.parameters)

    def remedy(self, language: str = "zh") -> str:
        """What to do next, `zh` or `en`."""
        return remedy_words(self.code, language)


def _bad(chinese: str, english: str, *, acceptable: bool = False) -> AlarmKind:
    return AlarmKind("critical", True, chinese, english, acceptable)


ALARMS: Final[Mapping[str, AlarmKind]] = {
    "folder_missing": _bad(
        "没有找到 {actual} 的交付文件夹", "The folder of {actual} is not there"
    ),
    "flag_missing": _bad(
        "文件夹里没有就绪标志 {expected}，可能还在传送；什么都没有读取",
        "The folder has no ready flag {expected}: it may still be on its way; nothing was read",
    ),
    "manifest_missing": _bad("缺少清单文件 {expected}", "The manifest {expected} is missing"),
    "manifest_unreadable": _bad("清单无法使用：{problem}", "The manifest cannot be used: {problem}"),
    "wrong_business_date": _bad(
        "清单写的业务日期是 {actual}，文件夹是 {expected}", "The manifest is of {actual}, the folder of {expected}"
    ),
    "file_missing": _bad("清单列出的文件 {file} 不在文件夹里", "{file}, named in the manifest, is not in the folder"),
    "table_missing": _bad(
        "上一次交付有 {record_type}，这一次没有", "The last delivery had {record_type}, this one has not", acceptable=True
    ),
    "file_unlisted": AlarmKind(
        "notice", False, "文件 {file} 不在清单里，没有读取", "{file} is not in the manifest and was not read"
    ),
    "file_unreadable": _bad(
        "{file} 无法读到结尾，可能只传了一半：{problem}", "{file} cannot be read to its end, perhaps only half of it came: {problem}"
    ),
    "row_count_differs": _bad(
        "{file} 应有 {expected} 行，实际 {actual} 行", "{file} should have {expected} rows and has {actual}"
    ),
    "total_differs": _bad(
        "{file} 的{field}合计应为 {expected}，实际 {actual}",
        "{field} of {file} should sum to {expected} and sums to {actual}",
    ),
    "hash_differs": _bad(
        "{file} 的 SHA-256 与清单不符", "The SHA-256 of {file} is not the one of the manifest"
    ),
    "repeated_delivery": _bad(
        "{file} 与 {other_date} 的文件内容完全相同：像是把旧文件又送了一次",
        "{file} has the same content as the one of {other_date}: it looks like that delivery again",
        acceptable=True,
    ),
    "changed_after_load": _bad(
        "{actual} 的文件入库之后又变了：{files}",
        "Files of {actual} changed after they were taken in: {files}",
    ),
    "date_gap": _bad(
        "前一业务日 {expected} 还没有入库", "{expected}, the business date before, is not in the books", acceptable=True
    ),
    "lines_dated_later": _bad(
        "{file} 有业务日期之后的流水，最晚 {actual}", "{file} has lines later than the business date, up to {actual}"
    ),
    "table_shrunk": _bad(
        "全量表 {record_type} 从 {expected} 行减到 {actual} 行", "The full table {record_type} fell from {expected} rows to {actual}",
        acceptable=True,
    ),
    "operation_unknown": _bad(
        "{file} 的操作列有不认识的值 {value}", "The operation column of {file} holds {value}, which is not known"
    ),
    "control_missing": _bad(
        "{file} 缺少列 {expected}", "{file} lacks the column {expected}"
    ),
    "chain_broken": _bad(
        "拉链表 {file} 的有效期不成立，主键 {key}", "The validity periods of {file} overlap or end before they begin, key {key}"
    ),
    "ledger_unusable": _bad(
        "总账文件 {file} 有 {actual} 行不可用", "{actual} rows of the general-ledger file {file} cannot be used"
    ),
    "rows_refused": AlarmKind(
        "warning", False, "{file} 有 {actual} 行被拒收，原文在隔离区", "{actual} rows of {file} were refused and are kept in quarantine"
    ),
    "older_date": AlarmKind(
        "warning", False,
        "晚到的旧日期：流水已入库，客户、合同、借据等不覆盖 {expected} 的较新内容",
        "An older date came late: its lines are taken in; parties, contracts and loans keep the newer content of {expected}",
    ),
    "records_vanished": AlarmKind(
        "warning", False,
        "全量表 {record_type} 中有 {actual} 条记录不再出现，其中 {marked} 条已标记结束，没有删除",
        "{actual} records are gone from the full table {record_type}; {marked} were marked as ended, none was deleted",
    ),
    "vanished_not_judged": AlarmKind(
        "warning", False,
        "{file} 有读不出的行，因此没有判断哪些记录消失了",
        "{file} has rows that cannot be read, so nothing was said about records that are gone",
    ),
    "loans_vanished": AlarmKind(
        "critical", False,
        "{actual} 笔仍有余额的借据不再出现，已标记结清，请核对",
        "{actual} loans with a balance are gone; they were marked as settled: check them",
    ),
    "lines_all_known": AlarmKind(
        "warning", False, "{file} 的流水全部已在库中", "Every line of {file} was in the books already"
    ),
    "lines_withdrawn": AlarmKind(
        "warning", False,
        "更正后的流水比原来少 {actual} 行，原有的行保留在库中",
        "The corrected statement lines lack {actual} that came before; those stay in the books",
    ),
    "ledger_difference": AlarmKind(
        "critical", False,
        "科目 {subject}、机构 {unit}、{currency}：总账 {expected}，借据余额合计 {actual}，相差 {difference}",
        "Subject {subject}, unit {unit}, {currency}: general ledger {expected}, loans {actual}, difference {difference}",
    ),
    "ledger_missing": AlarmKind(
        "critical", False,
        "科目 {subject}、机构 {unit}、{currency}：总账没有这一行，借据余额合计 {actual}",
        "Subject {subject}, unit {unit}, {currency}: the general ledger has no such row, loans sum to {actual}",
    ),
    "subject_unknown": AlarmKind(
        "warning", False, "产品 {product} 没有对应的科目，{actual} 未与总账核对",
        "No subject holds the product {product}: {actual} were not compared with the general ledger",
    ),
    "ledger_not_delivered": AlarmKind(
        "notice", False, "没有总账合计，借据余额未核对", "No general-ledger totals came: the loans were not compared"
    ),
    "balances_differ": AlarmKind(
        "warning", False, "{actual} 个账户的流水余额不连续", "The running balances of {actual} accounts do not add up"
    ),
    "run_failed": AlarmKind(
        "critical", False, "处理中断：{problem}。再运行一次即可继续", "The run broke off: {problem}. Run it again to go on"
    ),
}  # fmt: skip
"""Code -> what it means. The codes are stable; a page may have words of its own for them."""


def alarm_words(
    code: str, language: str, file: str, expected: str, actual: str, parameters: Mapping[str, str]
) -> str:
    """The words of an alarm, its parameters filled in; a code of other software is shown as it is."""
    kind = ALARMS.get(code)
    if kind is None:
        return f"{code} {file} {expected} {actual}".strip()
    values = said_values(code, language, {"file": file, "expected": expected, "actual": actual, **parameters})
    return (kind.chinese if language == "zh" else kind.english).format_map(_Named(values))


class _Named(dict[str, str]):
    """A parameter that is not there shows as its name."""

    def __missing__(self, key: str) -> str:
        return f"[{key}]"


@dataclass(frozen=True, slots=True)
class LedgerTotal:
    """The general ledger's balance of a subject in a unit and currency."""

    subject: str
    unit_id: str
    currency: str
    balance_fen: int


@dataclass(frozen=True, slots=True)
class LoanTotal:
    """The balance of the loans of a product in a unit and currency."""

    product: str
    unit_id: str
    currency: str
    balance_fen: int
    count: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One subject, unit and currency: `ledger_fen` is None where the general ledger has no such row."""

    subject: str
    subject_name: str
    unit_id: str
    currency: str
    ledger_fen: int | None
    loans_fen: int
    loan_count: int

    @property
    def difference_fen(self) -> int:
        """Loans less general ledger."""
        return self.loans_fen - (self.ledger_fen or 0)
