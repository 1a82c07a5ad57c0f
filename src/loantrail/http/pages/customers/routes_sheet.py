"""The list of customers, handed out as a spreadsheet: one row a customer and currency."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from starlette.responses import FileResponse

from loantrail import clock
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.exporting import Exporting
from loantrail.http.pages.customers import store
from loantrail.http.pages.customers.asked import CustomerSheet, query_of
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.http.pages.store import Row, current_run
from loantrail.identity.abilities import Ability
from loantrail.parties.industries import industry_named
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.table_sheet import TEXTS, Form, Line, SheetColumn, write_table
from loantrail.reports.words import words

router = APIRouter(tags=["customers"])

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "customers": "客户", "number": "客户号", "name": "客户名称", "kind": "客户类型", "unit": "管户机构", "industry": "行业",
        "loans": "贷款笔数", "open": "未结清笔数", "limit": "合同金额", "balance": "贷款余额", "overdue": "逾期贷款余额",
        "class": "最差分类", "level": "最高预警",
    },
    "en": {
        "customers": "Customers", "number": "Customer", "name": "Name", "kind": "Kind", "unit": "Unit",
        "industry": "Industry", "loans": "Loans", "open": "Open loans", "limit": "Contracted", "balance": "Balance",
        "overdue": "Balance of overdue loans", "class": "Worst class", "level": "Highest warning",
    },
}  # fmt: skip


@router.get(
    "/customers.xlsx",
    dependencies=[allowed(Ability.EXPORT)],
    response_class=Response,
    responses=file_responses(XLSX) | LIST_PROBLEMS,
)
def customer_sheet(
    connection: Reading, person: Person, exporting: Exporting, asked: Annotated[CustomerSheet, Query()]
) -> FileResponse:
    """All customers that a filter finds."""
    run = current_run(connection)
    data_date = run["data_date"] if run else None
    warned = person.may(Ability.READ_WARNINGS)
    _, count, _, totals = store.customers(connection, query_of(asked, 0, 1), data_date, warned)
    refuse_too_many(count)
    rows = list(_by_currency(store.customers(connection, query_of(asked, 0, count), data_date, warned)[0]))
    refuse_too_many(len(rows))
    exporting(len(rows))
    made_at = clock.now()
    currencies = [row["currency"] for row in totals]
    return sheet_answer(
        "customers",
        made_at,
        lambda path: _write(path, rows, currencies, data_date, asked.language, made_at),
    )


def _write(
    path: Path,
    rows: Iterable[Row],
    currencies: list[str],
    data_date: datetime.date | None,
    language: str,
    made_at: datetime.datetime,
) -> None:
    say = TEXTS[language] | _TEXTS[language]
    about = [
        Line(say["made_at"], made_at, Form.INSTANT),
        Line(say["data_date"], data_date or say["unknown"], Form.DAY),
    ]
    write_table(
        path,
        say["customers"],
        _columns(say, language),
        rows,
        currencies,
        about,
        language,
        made_at,
    )


def _by_currency(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        for sums in row["sums"] or [{"currency": "CNY"}]:
            yield {**row, **sums}


def _columns(say: dict[str, str], language: str) -> list[SheetColumn]:
    named = words(language)

    def industry(row: Any) -> str | None:
        code = row["industry_code"]
        found = industry_named(code[:2]) if code else None
        return (found.chinese if language == "zh" else found.english) if found else code

    def word(kind: str, field: str) -> Any:
        return lambda row: named.name(kind, row[field]) if row[field] else None

    def fen(field: str) -> Any:
        return lambda row: int(row[field]) if row.get(field) is not None else None

    return [
        SheetColumn(say["number"], Form.TEXT, lambda row: row["party_id"]),
        SheetColumn(say["name"], Form.TEXT, lambda row: row["name"], 34),
        SheetColumn(say["kind"], Form.TEXT, word("party_kind", "kind")),
        SheetColumn(say["unit"], Form.TEXT, lambda row: row["unit_name"], 30),
        SheetColumn(say["industry"], Form.TEXT, industry, 24),
        SheetColumn(say["loans"], Form.COUNT, lambda row: row["loan_count"], 10),
        SheetColumn(say["open"], Form.COUNT, lambda row: row["open_count"], 10),
        SheetColumn(say["limit"], Form.AMOUNT, fen("limit_fen")),
        SheetColumn(say["balance"], Form.AMOUNT, fen("balance_fen")),
        SheetColumn(say["overdue"], Form.AMOUNT, fen("overdue_balance_fen")),
        SheetColumn(say["class"], Form.TEXT, word("five_class", "worst_class")),
        SheetColumn(say["level"], Form.TEXT, word("warning_level", "level")),
    ]
