"""Asks for tables of the portfolio as one person."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import httpx
from python_calamine import CalamineWorkbook
from tests.signing_in import AS

Json = dict[str, Any]
LEAST: Final = 3
LIVE: Final = ("outstanding", "overdue")


def read_portfolio(client: httpx.Client, person: str = "operator", **query: Any) -> Json:
    """The table of groups."""
    answer = client.get("/api/v1/portfolio", params=query, headers={AS: person})
    assert answer.status_code == 200, answer.text
    return answer.json()


def read_table(client: httpx.Client, table: str, person: str = "operator", **query: Any) -> Json:
    """Uses, concentration or migration."""
    answer = client.get(f"/api/v1/portfolio/{table}", params=query, headers={AS: person})
    assert answer.status_code == 200, answer.text
    return answer.json()


def sheet_rows(
    client: httpx.Client, table: str, person: str, **query: Any
) -> tuple[list[list[Any]], list[list[Any]]]:
    """The rows of a table's sheet, and of the one about it."""
    answer = client.get(f"/api/v1/portfolio/{table}.xlsx", params=query, headers={AS: person})
    assert answer.status_code == 200, answer.text
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    rows, about = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    return rows, about


def use_cells(read: Json) -> Iterator[tuple[str, Json]]:
    """Every cell of a table of uses, by its place."""
    for row in (*read["groups"], read["total"]):
        for cell in row["cells"]:
            yield row["value"], cell
    for line in read["uses"]:
        yield f"use {line['use']}", line
