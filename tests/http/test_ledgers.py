"""The ledgers: whatever they are narrowed and ordered by, rows and sums are those of the whole list; the sheet says the same."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from tests.http.conftest import application, client_of
from tests.http.ledger_bank import (
    DATA_DATE,
    NET_CAPITAL_FEN,
    NET_TIER1_FEN,
    Loan,
    write_ledger_bank,
)
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import AS, write_person

from loantrail.http.pages.instalments import Instalment, course
from loantrail.http.pages.ledgers.catalogue import LEDGERS
from loantrail.http.pages.ledgers.model import Column, ColumnFilter, ColumnKind, Ledger, LedgerName
from loantrail.identity.abilities import Role
from loantrail.parties.client_groups import Link, client_groups
from loantrail.postgres.connection import Database, configure

pytestmark = pytest.mark.database
Json = dict[str, Any]
_BELOW = {
    "0000": {"1000", "1001", "1002", "1100", "1101"},
    "1000": {"1000", "1001", "1002"},
    "1100": {"1100", "1101"},
}


@pytest.fixture(scope="module")
def bank(
    database_server: Database, template_database: str, _own_home: None
) -> Iterator[tuple[str, list[Loan]]]:
    """Address of the drawn bank, and its loans; no test changes it."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            configure(connection)
            loans = write_ledger_bank(connection)
            write_person(connection, "S2", [Role.RELATIONSHIP_MANAGER], "1001", "S2")
            write_person(connection, "boss", [Role.EXECUTIVE])
            write_person(connection, "counsel", [Role.LEGAL])
        with application(url) as address:
            yield address, loans


@pytest.fixture(scope="module")
def drawn(bank: tuple[str, list[Loan]]) -> Iterator[httpx.Client]:
    """A client of the drawn bank."""
    with client_of(bank[0]) as opened:
        yield opened


def _page(client: httpx.Client, name: str, **query: Any) -> Json:
    answer = client.get(f"/api/v1/ledgers/{name}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


_EVERY: dict[str, list[Json]] = {}


def _every(client: httpx.Client, name: str) -> list[Json]:
    """Every row of a ledger, read once."""
    if name not in _EVERY:
        rows = []
        while len(page := _page(client, name, offset=len(rows), limit=200)["rows"]):
            rows += page
        _EVERY[name] = rows
    return _EVERY[name]


# ---- what one asks for is what one gets --------------------------------------------------------------------------


@st.composite
def _questions(draw: st.DrawFn) -> tuple[Ledger, Json]:
    """A ledger, and conditions of some of its columns."""
    ledger = LEDGERS[draw(st.sampled_from([name for name in LedgerName if name is not LedgerName.CHECKS]))]
    filters = [column for column in ledger.columns if column.filter is not ColumnFilter.NONE]
    query: Json = {}
    for column in draw(st.lists(st.sampled_from(filters), max_size=3, unique_by=lambda one: one.field)):
        match column.filter:
            case ColumnFilter.FLAG:
                query[column.field] = "true"
            case ColumnFilter.RANGE:
                query[f"{column.field}{draw(st.sampled_from(['_from', '_to']))}"] = draw(
                    st.integers(0, 10**9)
                )
            case _:
                query[column.field] = draw(st.integers(0, 10**9))
    sort = draw(st.sampled_from([column for column in ledger.columns if column.sortable]))
    return ledger, query | {
        "sort": sort.field,
        "direction": draw(st.sampled_from(["ascending", "descending"])),
    }


def _made_real(ledger: Ledger, rows: list[Json], query: Json) -> Json:
    """The drawn numbers of a question turned into values that rows have."""
    real = dict(query)
    for name, drawn_number in query.items():
        if not isinstance(drawn_number, int):
            continue
        field = name.removesuffix("_from").removesuffix("_to")
        values = sorted({str(one) for row in rows for one in _values(row, ledger.column(field))})
        real[name] = values[drawn_number % len(values)] if values else "0"
        if not values and ledger.column(field).kind in (ColumnKind.DAY, ColumnKind.INSTANT):
            real[name] = "2025-01-01"
        if not values and ledger.column(field).filter is ColumnFilter.CHOICE:
            del real[name]
    return real


def _values(row: Json, column: Column) -> list[Any]:
    value = row["cells"][column.field]
    if column.field == "managers":
        return [f"S{name.removeprefix('经理')}" for name in value]
    if column.kind is ColumnKind.INSTANT and value is not None:
        instant = datetime.datetime.fromisoformat(value)
        return [instant.astimezone(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()]
    return value if isinstance(value, list) else [] if value is None else [value]


def _meets(ledger: Ledger, row: Json, query: Json) -> bool:
    for name, wanted in query.items():
        if name in ("sort", "direction", "limit", "offset"):
            continue
        field, _, end = name.rpartition("_") if name.endswith(("_from", "_to")) else (name, "", "")
        column = ledger.column(field)
        values = _values(row, column)
        if column.filter is ColumnFilter.FLAG:
            met = values == [True]
        elif column.filter is ColumnFilter.RANGE:
            if not values:
                return False
            days = column.kind in (ColumnKind.DAY, ColumnKind.INSTANT)
            value, limit = (values[0], wanted) if days else (int(values[0]), int(wanted))
            met = value >= limit if end == "from" else value <= limit
        elif column.kind is ColumnKind.UNIT:
            met = values[0] in _BELOW.get(wanted, {wanted})
        else:
            met = wanted in values
        if not met:
            return False
    return True


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=_questions())
def test_rows_and_sums_are_those_of_the_rows_that_meet_the_conditions(
    drawn: httpx.Client, question: tuple[Ledger, Json]
) -> None:
    ledger, asked = question
    every = _every(drawn, ledger.name)
    query = _made_real(ledger, every, asked)

    page = _page(drawn, ledger.name, **query, limit=200)

    wanted = [row for row in every if _meets(ledger, row, query)]
    assert sorted(row["key"] for row in page["rows"]) == sorted(row["key"] for row in wanted)
    assert page["total_count"] == len(wanted)
    for total in page["sums"]:
        own = [row for row in wanted if row["currency"] == total["currency"]]
        assert total["row_count"] == len(own)
        for field, summed in total["sums"].items():
            assert int(summed) == sum(int(row["cells"][field] or 0) for row in own), field
    assert {total["currency"] for total in page["sums"]} == {row["currency"] for row in wanted}


@pytest.mark.parametrize("name", [name for name in LedgerName if name is not LedgerName.CHECKS])
def test_every_order_lists_every_row_once_and_in_order(drawn: httpx.Client, name: str) -> None:
    every = {row["key"] for row in _every(drawn, name)}
    for column in LEDGERS[LedgerName(name)].columns:
        if not column.sortable:
            continue
        for direction in ("ascending", "descending"):
            rows = []
            while page := _page(
                drawn, name, sort=column.field, direction=direction, offset=len(rows), limit=50
            )["rows"]:
                rows += page
            assert len(rows) == len(every) and {row["key"] for row in rows} == every
            values = [row["cells"][column.field] for row in rows]
            known = [value for value in values if value is not None]
            assert values == known + [None] * (len(values) - len(known)), "what is not known stands last"
            if column.kind in (ColumnKind.AMOUNT, ColumnKind.SHARE, ColumnKind.COUNT, ColumnKind.RATE):
                numbers = [int(value) for value in known]
                assert numbers == sorted(numbers, reverse=direction == "descending"), column.field
            elif column.kind is ColumnKind.DAY or column.values:
                keys = [
                    column.values.index(value) if column.values else value
                    for value in known
                    if isinstance(value, str)
                ]
                assert keys == sorted(keys, reverse=direction == "descending"), column.field


def test_the_choices_are_what_occurs(drawn: httpx.Client) -> None:
    choices = drawn.get("/api/v1/ledgers/loans/choices").json()["fields"]
    every = _every(drawn, "loans")
    assert {one["value"]: one["row_count"] for one in choices["five_class"]} == {
        value: sum(row["cells"]["five_class"] == value for row in every)
        for value in {row["cells"]["five_class"] for row in every}
    }
    units = {one["value"]: one for one in choices["unit"]}
    assert units["0000"]["row_count"] == len(every)
    assert units["1001"]["parent"] == "1000"
    assert {one["label"]["chinese"] for one in choices["managers"]} <= {"经理1", "经理2", "经理3", "经理4"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "party"}, "sort"), ({"five_class": "gold"}, "five_class"), ({"balance_fen_from": "1.5"}, "balance_fen_from"),
        ({"issued_on_from": "2025-02-30"}, "issued_on_from"), ({"limit": "201"}, "limit"), ({"search": "a\x00"}, "search"),
        ({"columns": "colour"}, "columns"), ({"direction": "sideways"}, "direction"),
    ],
)  # fmt: skip
def test_a_question_that_means_nothing_is_refused_with_its_field(
    drawn: httpx.Client, query: Json, field: str
) -> None:
    answer = drawn.get("/api/v1/ledgers/loans", params=query)
    assert answer.status_code == 422
    assert answer.json()["code"] == "request_refused"
    assert answer.json()["fields"][0]["field"].startswith(field)
    assert answer.json()["fields"][0]["problem_chinese"]


def test_empty_values_are_none(drawn: httpx.Client) -> None:
    assert _page(drawn, "loans", balance_fen_from="", issued_on_to="", search="")["total_count"] == len(
        _every(drawn, "loans")
    )


# ---- what the columns mean ----------------------------------------------------------------------------------------


def test_arrears_are_those_of_the_loans_own_page(drawn: httpx.Client, bank: tuple[str, list[Loan]]) -> None:
    rows = {row["key"]: row["cells"] for row in _every(drawn, "loans")}
    behind = 0
    for loan in bank[1]:
        cells = rows[loan.loan_id]
        if loan.state == "settled":
            assert (cells["overdue_fen"], cells["days_past_due"]) == (None, None)
            continue
        schedule = [Instalment(place, *part) for place, part in enumerate(loan.instalments, 1)]
        paid_fen = sum(part[1] + part[2] for part in loan.payments if part[0] <= DATA_DATE)
        kept = course(schedule, paid_fen, DATA_DATE)
        since = kept.overdue_since.isoformat() if kept.overdue_since else None
        assert (int(cells["overdue_fen"]), cells["days_past_due"], cells["overdue_since"]) == (
            kept.overdue_fen, kept.days_past_due, since,
        ), loan.loan_id  # fmt: skip
        behind += kept.overdue_fen > 0
    assert behind > 10


def test_collateral_is_held_against_the_balance_of_its_contract(drawn: httpx.Client) -> None:
    rows = [row["cells"] for row in _every(drawn, "collateral")]
    values: dict[str, int] = {}
    for cells in rows:
        values[cells["contract_id"]] = values.get(cells["contract_id"], 0) + int(cells["value_fen"])
    for cells in rows:
        assert (
            cells["present_ppm"]
            == int(cells["contract_balance_fen"]) * 1_000_000 // values[cells["contract_id"]]
        )
    states = {(cells["registration_expires_on"], cells["registration"]) for cells in rows}
    assert states == {
        ("2025-06-29", "expired"), ("2025-06-30", "soon"), ("2025-08-29", "soon"), ("2025-08-30", "valid"),
    }  # fmt: skip
    assert {cells["valued_on"]: cells["valued_long_ago"] for cells in rows}["2024-06-29"] is True
    assert {cells["valued_on"]: cells["valued_long_ago"] for cells in rows}["2024-06-30"] is False


def test_groups_join_members_controllers_and_majority_holders(
    bank: tuple[str, list[Loan]], drawn: httpx.Client
) -> None:
    loans = {loan.loan_id: loan for loan in bank[1]}
    rows = _every(drawn, "groups")
    assert any(row["cells"]["kind"] == "group" for row in rows)
    counted = [
        loan
        for loan in loans.values()
        if loan.state in ("outstanding", "overdue") and loan.product != "designated_loan"
    ]
    for row in rows:
        cells, parties = row["cells"], {int(one[1:]) for one in row["cells"]["party"]}
        own = [loan for loan in counted if loan.party in parties and loan.currency == row["currency"]]
        assert int(cells["balance_fen"]) == sum(loan.balance_fen for loan in own)
        assert cells["loan_count"] == len(own)
        assert int(cells["exposure_fen"]) == int(cells["balance_fen"]) + int(cells["undrawn_fen"])
        if row["currency"] != "CNY":
            assert cells["capital_ppm"] is None and cells["limit_used_ppm"] is None
            continue
        assert cells["capital_ppm"] == int(cells["balance_fen"]) * 1_000_000 // NET_CAPITAL_FEN
        used = cells["limit_used_ppm"]
        if cells["kind"] == "group":
            of_group = int(cells["exposure_fen"]) * 10**12 // (NET_TIER1_FEN * 200_000)
            assert used >= of_group
        else:
            of_loans = int(cells["balance_fen"]) * 10**12 // (NET_CAPITAL_FEN * 100_000)
            of_exposure = int(cells["exposure_fen"]) * 10**12 // (NET_TIER1_FEN * 150_000)
            assert used == max(of_loans, of_exposure)
        assert cells["exceeded"] == (used > 1_000_000)
        assert cells["large"] == (int(cells["exposure_fen"]) * 40 >= NET_TIER1_FEN)
    every = [party for row in rows if row["currency"] == "CNY" for party in row["cells"]["party"]]
    assert len(every) == len(set(every)), "nobody is in two groups"


def test_a_holding_of_exactly_half_joins_nobody_and_an_ended_relation_neither() -> None:
    assert client_groups([]) == {}
    groups = client_groups(
        [
            Link("member", "head", "group_member"),
            Link("other", "head", "group_member"),
            Link("head", "far", "controller"),
        ]
    )
    assert groups["far"].members == ("far", "head", "member", "other")
    assert {groups[party].head for party in groups} == {"head"}


def test_relations_that_ended_or_are_half_only_join_nobody(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_ledger_bank(connection, count=12, seed=3)
        connection.execute("DELETE FROM parties.party_relation")
        connection.execute(
            "UPDATE ledger.loan_note SET state = 'outstanding', currency = 'CNY', balance_fen = 100"
        )
        connection.execute("UPDATE ledger.loan_contract SET product = 'mortgage_loan', valid_to = NULL")
        borrowers = [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT borrower_party_id FROM ledger.loan_contract ORDER BY 1"
            )
        ]
        first, second, third, fourth = borrowers[:4]
        connection.execute(
            "INSERT INTO parties.party_relation (from_party_id, to_party_id, kind, share_ppm, valid_from, valid_to, unit_id) VALUES"
            " (%s, %s, 'shareholder', 500000, '2020-01-01', NULL, '1001'),"
            " (%s, %s, 'controller', NULL, '2020-01-01', '2025-06-30', '1001'),"
            " (%s, %s, 'shareholder', 500001, '2020-01-01', NULL, '1001')",
            (first, second, second, third, third, fourth),
        )
        connection.commit()
    joined = [set(row["cells"]["party"]) for row in _page(own_client, "groups", kind="group")["rows"]]
    assert joined == [{third, fourth}]


def test_without_capital_no_share_is_told_and_the_page_says_so(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_ledger_bank(connection, count=12, seed=3)
        connection.execute("DELETE FROM parties.bank_capital")
        connection.commit()
    page = _page(own_client, "groups")
    assert {row["cells"]["capital_ppm"] for row in page["rows"]} == {None}
    assert {row["cells"]["exceeded"] for row in page["rows"]} <= {None, False}
    assert "no_capital" in {note["code"] for note in page["notes"]}


def test_search_finds_numbers_names_and_pinyin(drawn: httpx.Client) -> None:
    every = _every(drawn, "loans")
    borrower = every[0]["cells"]["borrower"]
    own = {row["key"] for row in every if row["cells"]["borrower"] == borrower}
    assert {row["key"] for row in _page(drawn, "loans", search=borrower[:-4], limit=200)["rows"]} >= own
    assert [row["key"] for row in _page(drawn, "loans", search="ht0007")["rows"]] == ["JJ0007"]
    found = {
        row["cells"]["borrower"] for row in _page(drawn, "loans", search="yi youxian", limit=200)["rows"]
    }
    assert found == {row["cells"]["borrower"] for row in every if row["cells"]["borrower"].startswith("乙")}
    named = _page(drawn, "groups", search=borrower)["rows"]
    assert all(
        borrower in row["cells"]["main_borrowers"] or row["cells"]["borrower_count"] > 3 for row in named
    )


# ---- who sees what ------------------------------------------------------------------------------------------------


def test_each_sees_the_ledgers_and_rows_of_their_role(drawn: httpx.Client) -> None:
    mine = drawn.get("/api/v1/ledgers/loans", headers={AS: "S2"}, params={"limit": 200}).json()
    everybody = [row for row in _every(drawn, "loans") if row["cells"]["managers"] == ["经理2"]]
    assert {row["key"] for row in mine["rows"]} == {row["key"] for row in everybody}
    assert mine["total_count"] < len(_every(drawn, "loans"))
    notes = drawn.get("/api/v1/ledgers/groups", headers={AS: "S2"}).json()["notes"]
    assert "within_reach" in {note["code"] for note in notes}
    assert drawn.get("/api/v1/ledgers/loans", headers={AS: "boss"}).status_code == 403
    assert drawn.get("/api/v1/ledgers", headers={AS: "boss"}).status_code == 403
    names = {one["name"] for one in drawn.get("/api/v1/ledgers", headers={AS: "counsel"}).json()["items"]}
    assert names == set(LedgerName)


# ---- the sheet ----------------------------------------------------------------------------------------------------


def _sheet(client: httpx.Client, name: str, **query: Any) -> tuple[list[list[Any]], list[list[Any]], bytes]:
    answer = client.get(f"/api/v1/ledgers/{name}.xlsx", params=query)
    assert answer.status_code == 200, answer.text
    assert f'filename="{name}-' in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    rows, about = (book.get_sheet_by_name(sheet).to_python() for sheet in book.sheet_names)
    return rows, about, answer.content


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", list(LedgerName))
def test_the_sheet_holds_every_row_and_column_in_order(drawn: httpx.Client, name: str, language: str) -> None:
    ledger = LEDGERS[LedgerName(name)]
    rows, about, _ = _sheet(drawn, name, language=language)
    titles = [str(title) for title in rows[0]] if rows else []
    wanted = [column.title(language) for column in ledger.columns]
    assert len(titles) >= len(wanted)
    assert all(title.startswith(start) for title, start in zip(titles, wanted, strict=False))
    assert len(rows) - 1 == (0 if name == LedgerName.CHECKS else len(_every(drawn, name)))
    assert about[0][0] == ledger.title(language)
    assert any(str(line[1]) == "2025-06-30" for line in about)


def test_the_sheet_says_what_it_holds_as_numbers_and_days(drawn: httpx.Client) -> None:
    query = {
        "currency": "",
        "unit": "1000",
        "overdue_fen_from": "1",
        "sort": "overdue_fen",
        "direction": "descending",
    }
    page = _page(drawn, "loans", **query, limit=200)
    rows, about, _ = _sheet(
        drawn,
        "loans",
        **query,
        columns=["loan_id", "issued_on", "overdue_fen", "days_past_due", "rate_ppm", "unit", "level"],
    )
    assert rows[0][:7] == [
        "借据号",
        "发放日",
        "逾期本息（原币）",
        "逾期天数",
        "年利率",
        "经办机构",
        "预警等级",
    ]
    for written, row in zip(rows[1:], page["rows"], strict=True):
        cells = row["cells"]
        assert written[0] == row["key"]
        assert str(written[1]) == cells["issued_on"]
        assert round(written[2] * 100) == int(cells["overdue_fen"])
        assert (written[3], written[4]) == (cells["days_past_due"], cells["rate_ppm"] / 1_000_000)
        assert written[7] == row["currency"]
    told = {(line[0].strip(), str(line[1])) for line in about}
    assert ("条件", "经办机构: 东分行") in told
    assert any("逾期本息 不低于 0.01" in line[1] for line in about if isinstance(line[1], str))
    assert ("排序", "逾期本息，从大到小") in told
    sums = {total["currency"]: total for total in page["sums"]}
    assert ["逾期本息合计", int(sums["CNY"]["sums"]["overdue_fen"]) / 100] in about


def test_a_name_that_looks_like_a_formula_stays_text_even_when_edited(
    own_client: httpx.Client, database_url: str
) -> None:
    names = ["=1+1", "+86", "-cmd", "@SUM(A1)", "\t=1"]
    with psycopg.connect(database_url) as connection:
        loans = write_ledger_bank(connection, count=len(names), seed=1)
        for loan, name in zip(loans, names, strict=True):
            connection.execute(
                "UPDATE ledger.loan_contract SET purpose_text = %s WHERE contract_id = %s",
                (name, loan.loan_id.replace("JJ", "HT")),
            )
        connection.commit()

    rows, _, content = _sheet(own_client, "loans", columns=["loan_id", "purpose"], sort="loan_id")

    assert [row[1] for row in rows[1:]] == names
    parts = zipfile.ZipFile(BytesIO(content))
    sheet, styles = parts.read("xl/worksheets/sheet1.xml").decode(), parts.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    quoted = [
        place
        for place, one in enumerate(re.findall(r"<xf [^>]*>", styles.split("<cellXfs")[1]))
        if "quotePrefix" in one
    ]
    cells = re.findall(r'<c r="B[2-6]" s="(\d+)" t="', sheet)
    assert {int(style) for style in cells} == set(quoted) and len(cells) == len(names)


def test_who_may_not_export_gets_no_sheet(drawn: httpx.Client) -> None:
    assert drawn.get("/api/v1/ledgers/loans.xlsx", headers={AS: "boss"}).status_code == 403


def test_too_many_rows_for_a_sheet_are_refused_in_words(
    drawn: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loantrail.http.pages.sheet_files.SHEET_ROWS_MAX", 2)
    answer = drawn.get("/api/v1/ledgers/loans.xlsx")
    assert (answer.status_code, answer.json()["code"]) == (422, "limit_exceeded")
    assert answer.json()["detail_chinese"]


# ---- filters kept by name -----------------------------------------------------------------------------------------


def _kept(client: httpx.Client, person: str, place: str = "ledgers/loans") -> list[Json]:
    return client.get("/api/v1/saved-filters", params={"place": place}, headers={AS: person}).json()["items"]


def test_each_keeps_their_own_filters(own_client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_person(connection, "one")
        write_person(connection, "two")
    wanted = {"place": "ledgers/loans", "name": " 逾期 ", "text": "overdue_fen_from=1"}

    kept = own_client.put("/api/v1/saved-filters", json=wanted, headers={AS: "one"})

    assert kept.json()["items"] == [{"name": "逾期", "text": "overdue_fen_from=1"}]
    assert _kept(own_client, "two") == []
    assert _kept(own_client, "one", "loans") == []
    own_client.put("/api/v1/saved-filters", json=wanted | {"text": "overdue_fen_from=2"}, headers={AS: "one"})
    assert _kept(own_client, "one") == [{"name": "逾期", "text": "overdue_fen_from=2"}]
    gone = own_client.delete(
        "/api/v1/saved-filters", params={"place": "ledgers/loans", "name": "逾期"}, headers={AS: "one"}
    )
    assert gone.json()["items"] == []


def test_no_more_filters_are_kept_than_one_finds_again(
    own_client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loantrail.http.pages.saved_filters.routes.KEPT_MAX", 2)
    for number in range(2):
        wanted = {"place": "loans", "name": f"第{number}个", "text": "state=overdue"}
        assert own_client.put("/api/v1/saved-filters", json=wanted).status_code == 200
    refused = own_client.put(
        "/api/v1/saved-filters", json={"place": "loans", "name": "再一个", "text": "a=b"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "limit_exceeded")
    replaced = own_client.put(
        "/api/v1/saved-filters", json={"place": "loans", "name": "第0个", "text": "a=b"}
    )
    assert replaced.status_code == 200


def test_an_empty_bank_has_empty_ledgers(own_client: httpx.Client) -> None:
    for name in LedgerName:
        page = _page(own_client, name)
        assert (page["total_count"], page["rows"], page["sums"], page["data_date"]) == (0, [], [], None)
        assert "no_data_date" in {note["code"] for note in page["notes"]}
        rows, about, _ = _sheet(own_client, name)
        assert len(rows) == 1
        assert ["数据日期", "未知"] in about


def test_a_customer_s_page_tells_the_group_as_the_ledger_of_groups_does(drawn: httpx.Client) -> None:
    rows = [row for row in _every(drawn, "groups") if row["currency"] == "CNY"]
    joined = next(row for row in rows if row["cells"]["kind"] == "group")
    single = next(row for row in rows if row["cells"]["kind"] == "single")
    for row in (joined, single):
        told = row["cells"]
        for party in told["party"]:
            group = drawn.get(f"/api/v1/customers/{party}/group").json()

            assert (group["name"], group["member_count"]) == (told["name"], told["member_count"])
            assert set(told["party"]) <= {one["party_id"] for one in group["members"]}
            exposure = group["exposure"]
            for field in ("balance_fen", "exposure_fen", "loan_count", "limit_used_ppm", "exceeded", "large"):
                assert exposure[field] == told[field], field
