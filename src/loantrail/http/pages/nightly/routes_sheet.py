"""Business dates, and the parts of one of them, as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter

from loantrail.http.access import allowed
from loantrail.http.pages.imports.routes_sheet import problem
from loantrail.http.pages.nightly.routes import list_nights, one_night
from loantrail.http.pages.sheets import Table, add_sheet, amount, count, day, instant, tenths, text
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["nightly"])

_DATE: Final = {"business_date": ("nightly.column.date", "")}


def _standing(row: Row, words: Words) -> str:
    """An attempt that failed or was held back takes nothing away from a date that is in the books."""
    loaded = row["loaded_at"] is not None and row["state"] in ("held", "failed")
    return words.name("night_state", f"{row['state']}_loaded" if loaded else row["state"])


DATES: Final = Table(
    "nightly",
    "nightly.title",
    (
        day("nightly.column.date", "business_date"),
        text("nightly.column.state", _standing, 20),
        text(
            ("说明", "Remark"), lambda row, words: words.say("nightly.older") if row["is_older"] else None, 14
        ),
        count("nightly.open_alarms", "open_alarm_count"),
        count(("其中严重", "Critical ones"), "critical_alarm_count"),
        count("nightly.column.files", "file_count"),
        count("nightly.column.lines", "lines_accepted"),
        count(("新增记录", "New records"), "records_new"),
        count(("变更记录", "Changed records"), "records_changed"),
        count("nightly.column.refused", "rows_refused"),
        count("nightly.column.attempt", "attempt"),
        instant("nightly.column.started", "started_at"),
        instant(("结束", "Ended"), "finished_at"),
        text(("出错原因", "Problem"), problem, 60),
    ),
    {},
)


def _totals(answer: Any) -> Iterator[Row]:
    """A row for each file and each amount that is summed in it, in yuan: what manifests tell of sums is in fen of CNY."""
    for file in answer["files"]:
        for total in file["totals"] or [{}]:
            sums = {name: total.get(name) for name in ("field", "expected_fen", "found_fen")}
            yield {**file, **sums, "currency": "CNY"}


def _table(row: Row, words: Words) -> str:
    kind = "night_table" if row["record_type"] == "general_ledger" else "record_type"
    return words.name(kind, row["record_type"])


def _counted(word: str) -> tuple[str, str]:
    return {
        "accepted": ("已收", "Accepted"), "new": ("新增", "New"), "changed": ("变更", "Changed"), "same": ("未变", "Unchanged"),
        "removed": ("删除", "Removed"), "vanished": ("消失", "Vanished"), "duplicate": ("重复", "Duplicate"),
        "refused": ("拒收", "Refused"),
    }[word]  # fmt: skip


FILES: Final = Table(
    "nightly-files",
    "nightly.files",
    (
        text("nightly.column.file", "file", 34),
        text("nightly.column.table", _table, 20),
        text("nightly.column.mode", "mode", 12, "night_mode"),
        count(("清单行数", "Rows told"), "rows_expected"),
        count(("实际行数", "Rows found"), "rows_found"),
        text(("合计字段", "Field summed"), "field", 20),
        amount(("清单合计", "Total told"), "expected_fen"),
        amount(("实际合计", "Total found"), "found_fen"),
        text("nightly.column.outcome", "state", 12, "night_file_state"),
        *(
            count(_counted(one), f"rows_{one}")
            for one in ("accepted", "new", "changed", "same", "removed", "vanished", "duplicate", "refused")
        ),
    ),
    _DATE,
    _totals,
)


def _alarm(field: str) -> Any:
    return lambda row, words: row[f"{field}_{'chinese' if words.language == 'zh' else 'english'}"]


_STATES: Final = ("open", "acknowledged", "resolved")
ALARMS: Final = Table(
    "nightly-alarms",
    "nightly.alarms",
    (
        text(("级别", "Severity"), "severity", 10, "severity"),
        text(("告警", "Alarm"), _alarm("words"), 60),
        text(("处理办法", "What to do"), _alarm("remedy"), 60),
        text("nightly.column.file", "file", 30),
        text("nightly.column.state", "state", 12, "alarm_state"),
        instant(("首次出现", "Raised first"), "created_at"),
        instant(("最近出现", "Raised last"), "raised_at"),
        text(("处理人", "Seen to by"), "changed_by", 14),
        instant(("处理时间", "Seen to at"), "changed_at"),
        text(("处理说明", "Note"), "note", 40),
    ),
    _DATE,
    lambda answer: sorted(answer["alarms"], key=lambda one: _STATES.index(one["state"])),
)
LEDGER: Final = Table(
    "ledger-reconciliation",
    "nightly.ledger",
    (
        text("nightly.column.subject", "subject", 14),
        text(("科目名称", "Name of the subject"), "subject_name", 24),
        text("nightly.column.unit", lambda row, _: row["unit_name"] or row["unit_id"], 30),
        amount("nightly.column.ledger", "ledger_fen"),
        amount("nightly.column.loans", "loans_fen"),
        count("nightly.column.loan_count", "loan_count"),
        amount("nightly.column.difference", "difference_fen"),
    ),
    _DATE,
    lambda answer: answer["ledger"],
)


def _counts(row: Row, words: Words) -> str:
    told = (f"{words.name('night_count', name)} {many:,}" for name, many in row["counts"].items() if many > 0)
    return " · ".join(told)


STEPS: Final = Table(
    "nightly-steps",
    "nightly.steps",
    (
        text("nightly.column.step", "step", 24, "night_step"),
        text("nightly.column.state", "state", 14, "night_step_state"),
        instant("nightly.column.started", "started_at"),
        tenths(
            ("用时（秒）", "Took (seconds)"),
            lambda row, _: None if row["seconds"] is None else round(row["seconds"] * 1_000),
        ),
        text("nightly.column.counts", _counts, 60),
    ),
    _DATE,
    lambda answer: answer["steps"],
)
_READ: Final = allowed(Ability.READ_DATA)
add_sheet(router, "/nightly", DATES, list_nights, _READ)
add_sheet(router, "/nightly/{business_date}/files", FILES, one_night, _READ)
add_sheet(router, "/nightly/{business_date}/alarms", ALARMS, one_night, _READ)
add_sheet(router, "/nightly/{business_date}/ledger", LEDGER, one_night, _READ)
add_sheet(router, "/nightly/{business_date}/steps", STEPS, one_night, _READ)
