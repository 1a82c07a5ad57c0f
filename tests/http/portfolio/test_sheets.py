"""The sheets of the portfolio hold what the pages show, and leave an entry in the audit log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import httpx
import psycopg
import pytest
from tests.http.ledger_bank import Loan
from tests.http.portfolio.asking import Json, read_table, sheet_rows, use_cells
from tests.signing_in import AS

pytestmark = pytest.mark.database


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_of_uses_holds_the_table(drawn: httpx.Client, language: str) -> None:
    read = read_table(drawn, "uses", by="industry")
    rows, _ = sheet_rows(drawn, "uses", "operator", by="industry", language=language)
    table = rows[1 : len(read["groups"]) + 2]
    for row, own in zip(table, (*read["groups"], read["total"]), strict=True):
        assert [round(cell * 100) for cell in row[1:]] == [
            int(own["disbursed_fen"]), *(int(cell["amount_fen"]) for cell in own["cells"]),
        ]  # fmt: skip
    assert len(rows) == len(table) + 1 + len(read["uses"])


def test_hidden_figures_are_words_in_the_sheets(drawn: httpx.Client) -> None:
    seen = read_table(drawn, "uses", "boss", by="product")
    rows, about = sheet_rows(drawn, "uses", "boss", by="product")
    texts = Counter(cell for row in rows[1:] for cell in row[1:] if isinstance(cell, str) and cell)
    covers = Counter(cell["cover"] for _, cell in use_cells(seen))
    covers.update(row["cover"] for row in (*seen["groups"], seen["total"]))
    assert texts == {"少于 3 笔": covers["few"], "不显示": covers["withheld"]}
    assert any("少于 3 笔的数字不显示" in str(cell) for line in about for cell in line)


def test_the_sheets_of_concentration_and_migration_hold_what_the_page_shows(drawn: httpx.Client) -> None:
    concentration, _ = sheet_rows(drawn, "concentration", "operator")
    read = read_table(drawn, "concentration")
    assert len(concentration) == 1 + len(read["figures"]) + 2
    assert round(concentration[1][2] * 100) == int(read["figures"][0]["balance_fen"])
    migration, about = sheet_rows(drawn, "migration", "operator", language="en")
    moves = read_table(drawn, "migration")["moves"]
    assert [round(row[3] * 100) for row in migration[1:]] == [int(one["balance_fen"]) for one in moves]
    assert any("Rate of migration, Normal" in str(line[0]) for line in about)


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("", lambda read: len(read["groups"]) + 1),
        ("/uses", lambda read: len(read["groups"]) + 1 + len(read["uses"])),
        ("/concentration", lambda read: len(read["figures"]) + 2),
        ("/migration", lambda read: len(read["moves"])),
    ],
)
def test_a_sheet_leaves_an_entry_of_who_took_what_and_how_much(
    drawn: httpx.Client, bank: tuple[str, list[Loan], str], table: str, rows: Callable[[Json], int]
) -> None:
    path = f"/api/v1/portfolio{table}"
    answer = drawn.get(f"{path}.xlsx", params={"within": "unit:1000"}, headers={AS: "boss"})
    assert answer.status_code == 200

    with psycopg.connect(bank[2]) as connection:
        taken = connection.execute(
            "SELECT person, content::jsonb -> 'after' FROM audit.entry WHERE action = 'data.export'"
            " AND content::jsonb -> 'after' ->> 'path' = %s",
            (f"{path}.xlsx",),
        ).fetchall()
    read = drawn.get(path, params={"within": "unit:1000"}, headers={AS: "boss"}).json()
    own = {"path": f"{path}.xlsx", "query": "within=unit%3A1000", "rows": rows(read)}
    assert ("boss", own) in taken
