"""Spreadsheets that a page hands out, opened."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import httpx
from python_calamine import CalamineWorkbook


def _book(client: httpx.Client, address: str, query: dict[str, Any]) -> CalamineWorkbook:
    answer = client.get(f"/api/v1{address}", params=query)
    assert answer.status_code == 200, answer.text
    return CalamineWorkbook.from_filelike(BytesIO(answer.content))


def sheet(client: httpx.Client, address: str, **query: Any) -> list[list[Any]]:
    """The rows of the table, its titles first."""
    book = _book(client, address, query)
    return book.get_sheet_by_name(book.sheet_names[0]).to_python()


def about(client: httpx.Client, address: str, **query: Any) -> dict[str, Any]:
    """What the second sheet says: title -> value."""
    book = _book(client, address, query)
    return {str(title): value for title, value, *_ in book.get_sheet_by_name(book.sheet_names[1]).to_python()}


def listed(client: httpx.Client, address: str, **query: Any) -> list[dict[str, Any]]:
    """What the page shows at the address."""
    answer = client.get(f"/api/v1{address}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def column(rows: list[list[Any]], title: str) -> list[Any]:
    """The values of a column."""
    return [row[rows[0].index(title)] for row in rows[1:]]
