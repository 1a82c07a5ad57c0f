"""The tables of the data page as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from loantrail.http.access import allowed
from loantrail.http.pages.imports.model import Import, ImportFile, RunFile
from loantrail.http.pages.imports.routes import (
    ImportId,
    Tells,
    list_imports,
    list_runs,
    one_import,
)
from loantrail.http.pages.imports.routes_open import list_ambiguous, list_reconciliations, list_unpaired
from loantrail.http.pages.imports.routes_refusals import list_refusals
from loantrail.http.pages.imports.routes_sources import data_sources
from loantrail.http.pages.routes import PRINTABLE
from loantrail.http.pages.sheets import Column, Table, add_sheet, amount, count, day, instant, text
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["imports"])

_OTHER_NAME: Final = ("对方户名", "Other name")
_ACCOUNT_NAME: Final = ("户名", "Account name")
_PROBLEM: Final = ("出错原因", "Problem")
_SIZE: Final = ("大小（字节）", "Size (bytes)")
_BUSINESS_DATE: Final = ("业务日期", "Business date")
_NO_FILE: Final = dict.fromkeys(
    (*ImportFile.model_fields, *RunFile.model_fields, "problem", "problem_chinese")
)


def base_name(path: str | None) -> str | None:
    """What a file is called on screen: its own name, without the folders that the books keep before it."""
    return None if path is None else path.rpartition("/")[2]


def _file(field: str) -> Any:
    return lambda row, _: base_name(row[field])


def _direction(row: Row, words: Words) -> str:
    return words.say("imports.debit" if row["direction"] == "debit" else "imports.credit")


def _counts(*, read: bool = True) -> tuple[Column, ...]:
    return (
        *((count("imports.column.read", "rows_read"),) if read else ()),
        count("imports.column.taken", "rows_accepted"),
        count("imports.column.duplicate", "rows_duplicate"),
        count("imports.column.refused", "rows_refused"),
    )


def problem(row: Row, words: Words) -> str | None:
    """Why something failed, in the language of the sheet as far as there are words."""
    return (row["problem_chinese"] if words.language == "zh" else None) or row["problem"]


def _said(row: Row, words: Words) -> str:
    """Why a row was refused, in the language of the sheet as far as there are words."""
    return (row["message_chinese"] if words.language == "zh" else None) or row["message"]


def _with_files(answer: Any) -> Iterable[Row]:
    """A row for each file, with what is told of those that belong together; one where there is no file."""
    for one in answer["items"]:
        yield from ({"whole": one, **file} for file in one["files"] or [_NO_FILE])


UPLOADS: Final = Table(
    "uploads",
    "imports.tab_files",
    (
        text("imports.column.file", "name", 34),
        text("imports.column.state", "whole.stage", 14, "import_stage"),
        count(_SIZE, "size_bytes"),
        *_counts(),
        instant(
            "imports.column.started", lambda row, _: row["whole"]["started_at"] or row["whole"]["created_at"]
        ),
        text(_PROBLEM, lambda row, words: problem(row["whole"], words), 40),
    ),
    {},
    _with_files,
)
HISTORY: Final = Table(
    "imports",
    "imports.tab_history",
    (
        instant("imports.column.started", "whole.started_at"),
        text("imports.column.file", _file("name"), 34),
        text("imports.column.format", "adapter", 16, "format"),
        count(_SIZE, "size_bytes"),
        text(
            "imports.column.state",
            lambda row, words: words.name("import_state", row["state"] or row["whole"]["state"]),
            14,
        ),
        *_counts(),
        instant(("结束", "Ended"), "finished_at"),
        text(_PROBLEM, lambda row, words: problem(row, words) or problem(row["whole"], words), 40),
    ),
    {},
    _with_files,
)
REFUSALS: Final = Table(
    "refusals",
    "imports.tab_refusals",
    (
        text("imports.column.reason", "reason", 28, "refusal_reason"),
        text(
            "imports.column.record",
            lambda row, words: words.name("record_type", row["record_type"] or "file"),
        ),
        text("imports.column.field", "field"),
        text("imports.column.original", "preview", 60),
        text("imports.column.file", _file("source_file"), 34),
        count("imports.column.row", lambda row, _: row["position"] or None),
        text("imports.column.state", "state", 12, "refusal_state"),
        text(("说明", "What was said"), _said, 60),
        text(("处理人", "Settled by"), "changed_by", 14),
        instant(("处理时间", "Settled at"), "changed_at"),
        text(("处理说明", "Note"), "note", 40),
    ),
    {
        "state": ("imports.filter.state", "refusal_state"),
        "reason": ("imports.filter.reason", "refusal_reason"),
        "record_type": ("imports.filter.record", "record_type"),
        "search": ("imports.filter.file", ""),
    },
)
BALANCES: Final = Table(
    "balances",
    "imports.tab_balances",
    (
        text("imports.column.account", "account", 24),
        text(_ACCOUNT_NAME, "account_name", 30),
        text("imports.column.state", "state", 16, "balance_state"),
        instant("imports.column.first", "first_booked_at"),
        text("imports.column.place", _file("first_source_file"), 34),
        count("imports.column.row", "first_position"),
        amount("imports.column.expected", "expected_fen"),
        amount("imports.column.actual", "actual_fen"),
        amount("imports.column.off", lambda row, _: _difference(row)),
        count("imports.column.differences", "difference_count"),
        count("imports.column.lines", "line_count"),
        instant("imports.column.checked", "checked_at"),
    ),
    {"state": ("imports.column.state", "balance_state"), "search": ("imports.filter.account", "")},
)
_LINE: Final = (
    instant("imports.column.time", "booked_at"),
    text("imports.column.account", "account", 24),
    text("imports.column.direction", _direction, 8),
    amount("imports.column.amount", "amount_fen"),
    text("imports.column.other", "counterparty_account", 24),
    text(_OTHER_NAME, "counterparty_name", 30),
    text("imports.column.text", "purpose_text", 30),
    text(("流水号", "Reference"), "reference", 24),
    text("imports.column.place", _file("source_file"), 34),
    count("imports.column.row", "position"),
)
UNPAIRED: Final = Table(
    "unpaired",
    "imports.tab_unpaired",
    (
        *_LINE,
        text(
            "imports.tab_ambiguous",
            lambda row, words: words.say("imports.mark_ambiguous") if row["ambiguous"] else None,
        ),
    ),
    {"account": ("imports.filter.account_whole", ""), "days": ("imports.period", "")},
    dated=True,
)
AMBIGUOUS: Final = Table(
    "ambiguous",
    "imports.tab_ambiguous",
    (
        text(("组", "Group"), lambda row, words: words.say("imports.group", number=row["number"]), 10),
        text("imports.column.reason", "reason", 30, "pairing_doubt"),
        *_LINE,
    ),
    {},
    lambda answer: (
        {"number": number, "reason": group["reason"], **line}
        for number, group in enumerate(answer["items"], 1)
        for line in group["lines"]
    ),
)
SOURCES: Final = Table(
    "sources",
    "imports.freshness",
    (
        text("imports.column.record_type", "record_type", 24, "record_type"),
        instant("imports.column.last_at", "delivered_at"),
        text("imports.column.source", "source", 20, "format"),
        text("imports.column.last_file", _file("name"), 34),
        day(_BUSINESS_DATE, "business_date"),
        count("imports.column.taken", "rows_accepted"),
        count("imports.column.refused", "rows_refused"),
    ),
    {},
    lambda answer: answer["records"],
    dated=True,
)


DELIVERERS: Final = Table(
    "data-sources",
    "imports.sources",
    (
        text("imports.column.source", "source", 20, "format"),
        instant("imports.column.last_at", "last_at"),
        text("imports.column.last_file", _file("last_name"), 34),
        day(_BUSINESS_DATE, "business_date"),
        count("imports.column.files", "file_count"),
        count("imports.column.failed_files", "failed_count"),
        count("imports.column.taken", "rows_accepted"),
        count("imports.column.refused", "rows_refused"),
    ),
    {},
    lambda answer: answer["sources"],
    dated=True,
)
_UPLOAD: Final = {"import_id": (("导入编号", "Import id"), "")}


def _as_read(answer: Any) -> Iterator[Row]:
    """The files of one import as far as they are taken in; before that, what reading them showed."""
    begun = answer["stage"] in ("importing", "finished") or answer["interrupted_in"] == "importing"
    for file in answer["files"]:
        records = (file["check"] or {"records": []})["records"]
        read = {
            f"rows_{name}": sum(one[name] for one in records) for name in ("read", "accepted", "duplicate")
        }
        refused = {} if file["check"] is None else {"rows_refused": sum(file["check"]["refused"].values())}
        yield {"records": records, **file, **({} if begun or file["check"] is None else read | refused)}


UPLOADED: Final = Table(
    "upload",
    ("一次导入的文件", "Files of one import"),
    (
        text("imports.column.file", "name", 34),
        text("imports.column.format", "check.format", 16, "format"),
        text(
            "imports.column.records",
            lambda row, words: words.say("app.comma").join(
                words.name("record_type", one["record_type"]) for one in row["records"]
            ),
            20,
        ),
        count(_SIZE, "size_bytes"),
        *_counts(),
        text("imports.column.state", "state", 12, "import_state"),
        text(_PROBLEM, lambda row, words: problem(row["check"], words) if row["check"] else None, 40),
    ),
    _UPLOAD,
    _as_read,
)


def would_refuse(
    tells: Tells,
    import_id: ImportId,
    file: Annotated[str, Query(max_length=1_000, pattern=PRINTABLE, description="Of this file only.")] = "",
) -> Import:
    """The rows of an import that would be refused, as far as reading its files without the books showed them."""
    answer = tells.one(import_id)
    return answer.model_copy(update={"files": [one for one in answer.files if file in ("", one.name)]})


WOULD_REFUSE: Final = Table(
    "would-refuse",
    "imports.would_refuse",
    (
        text("imports.column.file", "file", 34),
        count("imports.column.row", lambda row, _: row["position"] or None),
        text("imports.column.field", "field"),
        text("imports.column.reason", "reason", 28, "refusal_reason"),
        text(("处理办法", "What to do"), "reason", 40, "refusal_remedy"),
        text(("说明", "What was said"), _said, 60),
    ),
    _UPLOAD | {"file": ("imports.column.file", "")},
    lambda answer: (
        {"file": file["name"], **row}
        for file in answer["files"]
        for row in (file["check"] or {"refused_rows": []})["refused_rows"]
    ),
)


def _difference(row: Row) -> int | None:
    if row["actual_fen"] is None or row["expected_fen"] is None:
        return None
    return int(row["actual_fen"]) - int(row["expected_fen"])


_READ: Final = allowed(Ability.READ_DATA)
add_sheet(router, "/imports", UPLOADS, list_imports, _READ)
add_sheet(router, "/import-runs", HISTORY, list_runs, _READ)
add_sheet(router, "/refusals", REFUSALS, list_refusals, _READ)
add_sheet(router, "/reconciliations", BALANCES, list_reconciliations, _READ)
add_sheet(router, "/unpaired", UNPAIRED, list_unpaired, _READ)
add_sheet(router, "/ambiguous", AMBIGUOUS, list_ambiguous, _READ)
add_sheet(router, "/data-sources", SOURCES, data_sources, _READ)
add_sheet(router, "/data-sources/deliveries", DELIVERERS, data_sources, _READ)
add_sheet(router, "/imports/{import_id}/files", UPLOADED, one_import, _READ)
add_sheet(router, "/imports/{import_id}/would-refuse", WOULD_REFUSE, would_refuse, _READ)
