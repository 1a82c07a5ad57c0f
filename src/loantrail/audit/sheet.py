"""Entries of the audit log as a spreadsheet: one row an entry, and a second sheet that says which they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loantrail.audit.model import Found
from loantrail.audit.store import instant_of
from loantrail.clock import BUSINESS_ZONE, now
from loantrail.reports.table_sheet import Form, Line, SheetColumn, write_table

TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "audit": "审计日志", "entry_no": "编号", "at": "时间（北京时间）", "person": "操作人", "acting_for": "代理",
        "action": "操作", "object_kind": "对象类型", "object_id": "对象", "outcome": "结果", "unit_id": "机构", "why": "原因",
        "before": "之前", "after": "之后", "request_id": "请求编号", "address": "来源地址", "batch_no": "批次", "hash": "散列",
        "algorithm": "算法",
    },
    "en": {
        "audit": "Audit log", "entry_no": "Number", "at": "Time (Beijing)", "person": "Person", "acting_for": "Standing in for",
        "action": "Action", "object_kind": "Kind of object", "object_id": "Object", "outcome": "Outcome", "unit_id": "Unit",
        "why": "Reason", "before": "Before", "after": "After", "request_id": "Request", "address": "Address",
        "batch_no": "Batch", "hash": "Hash", "algorithm": "Algorithm",
    },
}  # fmt: skip
_WIDTHS: Final = {
    "at": 28,
    "action": 24,
    "object_id": 28,
    "why": 40,
    "before": 40,
    "after": 40,
    "request_id": 34,
    "hash": 66,
}
_COUNTS: Final = ("entry_no", "batch_no")


def write_sheet(path: Path, entries: Iterable[Found], about: Sequence[Line], language: str) -> int:
    """Write the entries to `path` as they come and answer how many there were."""
    say = TITLES[language]
    columns = [
        SheetColumn(
            say[name], Form.COUNT if name in _COUNTS else Form.TEXT, _reading(name), _WIDTHS.get(name, 16)
        )
        for name in say
        if name != "audit"
    ]
    rows = (entry.values | {"hash": entry.hash.hex(), "algorithm": entry.algorithm} for entry in entries)
    return write_table(path, say["audit"], columns, rows, (), about, language, now())


def _reading(name: str) -> Any:
    if name == "at":
        return lambda row: (
            instant_of(row["at_us"])
            .astimezone(BUSINESS_ZONE)
            .isoformat(sep=" ", timespec="microseconds")[:26]
        )
    if name in ("before", "after"):
        return lambda row: None if row[name] is None else json.dumps(row[name], ensure_ascii=False)
    return lambda row: row[name] if row[name] != "" else None
