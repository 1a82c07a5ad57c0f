"""The portfolio: its groups add up to the loans of the ledgers, the month before is what the books say, small figures are hidden."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import psycopg
import pytest
from python_calamine import CalamineWorkbook
from tests.http.conftest import application, client_of
from tests.http.ledger_bank import DATA_DATE, LAST_MONTH, Loan, noon, write_ledger_bank
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import AS, write_person

from loantrail.http.pages.instalments import Instalment, course
from loantrail.http.pages.portfolio.grouping import COUNTS
from loantrail.http.pages.portfolio.model import PortfolioBy
from loantrail.identity.abilities import Role
from loantrail.postgres.connection import Database, configure

pytestmark = pytest.mark.database
Json = dict[str, Any]
LEAST = 3
LIVE = ("outstanding", "overdue")


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
            write_person(connection, "boss", [Role.EXECUTIVE])
            write_person(connection, "S2", [Role.RELATIONSHIP_MANAGER], "1001", "S2")
            write_person(connection, "machinist", [Role.IT_OPERATOR])
        with application(url) as address:
            yield address, loans


@pytest.fixture(scope="module")
def drawn(bank: tuple[str, list[Loan]]) -> Iterator[httpx.Client]:
    """A client of the drawn bank."""
    with client_of(bank[0]) as opened:
        yield opened


def _read(client: httpx.Client, person: str = "operator", **query: Any) -> Json:
    answer = client.get("/api/v1/portfolio", params=query, headers={AS: person})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ledger(client: httpx.Client, **query: Any) -> list[Json]:
    page = client.get("/api/v1/ledgers/loans", params={"live": "true", "limit": 200, **query}).json()
    assert page["total_count"] == len(page["rows"])
    return [row["cells"] for row in page["rows"] if row["currency"] == "CNY"]


FILTERS = {"unit": "unit", "industry": "section", "product": "product", "region": "region", "class": "five_class", "level": "level"}  # fmt: skip


# ---- the groups add up --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", list(PortfolioBy))
def test_each_group_is_the_sum_of_its_loans_in_the_ledger(drawn: httpx.Client, by: str) -> None:
    read = _read(drawn, by=by)
    assert read["groups"]
    for group in read["groups"]:
        if group["value"].endswith(".") or (by == "level" and group["value"] == "none"):
            continue
        rows = _ledger(drawn, **{FILTERS[by]: group["value"]})
        assert group["loan_count"] == len(rows), group["value"]
        assert int(group["balance_fen"]) == sum(int(row["balance_fen"]) for row in rows)
        assert int(group["overdue_fen"]) == sum(int(row["overdue_fen"]) for row in rows)
        assert group["overdue_count"] == sum(int(row["overdue_fen"]) > 0 for row in rows)
        assert group["red_count"] == sum(row["level"] == "red" for row in rows)
        assert int(group["suspected_fen"]) == sum(int(row["suspected_fen"] or 0) for row in rows)


@pytest.mark.parametrize("by", list(PortfolioBy))
def test_the_groups_add_up_to_the_total_whatever_they_are_grouped_by(drawn: httpx.Client, by: str) -> None:
    whole = _read(drawn)["total"]
    read = _read(drawn, by=by)
    for count, amounts in COUNTS.items():
        for name in (count, *amounts):
            if read["total"][name] is None:
                assert name.startswith("check_")
                continue
            assert int(read["total"][name]) == int(whole[name]), name
            assert sum(int(group[name]) for group in read["groups"]) == int(whole[name]), name


def test_going_down_divides_a_group_and_loses_nothing(drawn: httpx.Client) -> None:
    top = _read(drawn, by="unit")
    assert {group["value"] for group in top["groups"]} == {"1000", "1100"}
    east = next(group for group in top["groups"] if group["value"] == "1000")
    below = _read(drawn, by="unit", within="unit:1000")
    assert {group["value"]: group["label"]["chinese"] for group in below["groups"]} == {
        "1000.": "东分行（本级）", "1001": "东一支行", "1002": "东二支行",
    }  # fmt: skip
    assert [group["deeper"] for group in below["groups"]] == [False, False, False]
    assert below["total"]["balance_fen"] == east["balance_fen"]
    alone = _read(drawn, by="product", within=["unit:1000", "unit:1000."])
    own = next(group for group in below["groups"] if group["value"] == "1000.")
    assert alone["total"]["loan_count"] == own["loan_count"]

    sections = _read(drawn, by="industry")
    making = next(group for group in sections["groups"] if group["value"] == "C")
    assert (making["label"]["english"], making["deeper"]) == ("Manufacturing", True)
    divisions = _read(drawn, by="industry", within="industry:C")
    assert {group["value"] for group in divisions["groups"]} == {"13", "17"}
    assert divisions["total"]["loan_count"] == making["loan_count"]
    assert _read(drawn, by="product", within="industry:none")["total"]["loan_count"] == next(
        group["loan_count"] for group in sections["groups"] if group["value"] == "none"
    )

    provinces = _read(drawn, by="region")
    assert {group["value"] for group in provinces["groups"]} == {"33", "43", "none"}
    prefectures = _read(drawn, by="region", within="region:43")
    assert {group["value"]: group["label"]["chinese"] for group in prefectures["groups"]} == {
        "4301": "长沙市",
        "4303": "湘潭市",
    }
    counties = _read(drawn, by="region", within=["region:43", "region:4303"])
    assert [(group["value"], group["deeper"]) for group in counties["groups"]] == [("430321", False)]


def test_classes_and_levels_stand_in_their_own_order_others_by_balance(drawn: httpx.Client) -> None:
    values = [group["value"] for group in _read(drawn, by="class")["groups"]]
    assert values == [
        one for one in ("normal", "special_mention", "substandard", "doubtful", "loss") if one in values
    ]
    assert [group["value"] for group in _read(drawn, by="level")["groups"]][-1] == "none"
    balances = [int(group["balance_fen"]) for group in _read(drawn, by="product")["groups"]]
    assert balances == sorted(balances, reverse=True)


def test_currencies_never_mix(drawn: httpx.Client, bank: tuple[str, list[Loan]]) -> None:
    live = [loan for loan in bank[1] if loan.state in LIVE]
    yuan, dollars = _read(drawn), _read(drawn, currency="USD")
    assert yuan["total"]["loan_count"] == sum(loan.currency == "CNY" for loan in live)
    assert int(dollars["total"]["balance_fen"]) == sum(
        loan.balance_fen for loan in live if loan.currency == "USD"
    )
    assert {one["currency"] for one in yuan["currencies"]} == {"CNY", "USD"}


@pytest.mark.parametrize("within", ["colour:red", "unit:", "unit", "unit:a:b", "unit:\x01"])
def test_a_group_that_cannot_be_is_refused(drawn: httpx.Client, within: str) -> None:
    answer = drawn.get("/api/v1/portfolio", params={"within": within})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_refused")


def test_a_group_that_is_not_there_is_empty(drawn: httpx.Client) -> None:
    read = _read(drawn, by="product", within="unit:elsewhere")
    assert (read["groups"], read["total"]["loan_count"], read["total"]["balance_fen"]) == ([], 0, "0")


# ---- the month before ---------------------------------------------------------------------------------------------


def test_the_month_before_is_what_was_recorded_of_it(
    drawn: httpx.Client, bank: tuple[str, list[Loan]]
) -> None:
    read = _read(drawn)
    assert (read["basis"], read["previous_date"]) == ("recorded", "2025-05-31")
    moves = drawn.get("/api/v1/portfolio/migration").json()["moves"]
    moved = {(one["class_then"], one["class_now"]): one["loan_count"] for one in moves}
    assert sum(moved.values()) == read["total"]["before"]["loan_count"]
    for then, now in moved:
        assert then in ("normal", "special_mention", "substandard", "doubtful", "loss")
        assert now in (
            "normal",
            "special_mention",
            "substandard",
            "doubtful",
            "loss",
            "settled",
            "written_off",
            "transferred",
        )
    by_class = _read(drawn, by="class")
    for group in by_class["groups"]:
        then = sum(count for (before, _), count in moved.items() if before == group["value"])
        assert (group["before"]["loan_count"] or 0) == then
    balance = sum(int(one["balance_fen"]) for one in moves)
    assert balance == int(read["total"]["before"]["balance_fen"])


def _without_history(connection: psycopg.Connection[Any]) -> None:
    connection.execute("DELETE FROM ledger.record_version")
    connection.execute("DELETE FROM nightly.run")


def test_without_a_delivery_the_month_before_is_worked_back_from_bookings(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        loans = write_ledger_bank(connection, count=60, seed=11)
        _without_history(connection)
        connection.commit()

    read = _read(own_client)

    balance, count, behind, overdue_fen = 0, 0, 0, 0
    for loan in loans:
        issued = loan.instalments[0][0] - datetime.timedelta(days=30)
        june = [part for part in loan.payments if LAST_MONTH < part[0] <= DATA_DATE]
        repaid = sum(part[1] for part in june)
        counts = loan.state in LIVE or (loan.state == "settled" and repaid > 0)
        if loan.currency != "CNY" or issued > LAST_MONTH or not counts:
            continue
        balance, count = balance + loan.balance_fen + repaid, count + 1
        schedule = [Instalment(place, *part) for place, part in enumerate(loan.instalments, 1)]
        paid_fen = sum(part[1] + part[2] for part in loan.payments if part[0] <= LAST_MONTH)
        kept = course(schedule, paid_fen, LAST_MONTH)
        behind, overdue_fen = behind + (kept.overdue_fen > 0), overdue_fen + kept.overdue_fen
    before = read["total"]["before"]
    assert read["basis"] == "booked"
    assert (before["loan_count"], int(before["balance_fen"])) == (count, balance)
    assert (before["overdue_count"], int(before["overdue_fen"])) == (behind, overdue_fen)
    moved = own_client.get("/api/v1/portfolio/migration").json()
    assert (moved["moves"], moved["since"], moved["days"]) == (None, None, [])
    assert "no_history" in {note["code"] for note in moved["notes"]}
    assert "booked" in {note["code"] for note in read["notes"]}


@pytest.mark.parametrize(("by", "note"), [("class", "class_then"), ("level", "level_then")])
def test_what_cannot_be_known_of_the_month_before_is_said(
    own_client: httpx.Client, database_url: str, by: str, note: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_ledger_bank(connection, count=20, seed=5)
        _without_history(connection)
        connection.commit()
    read = _read(own_client, by=by)
    assert read["basis"] == "none"
    assert {group["before"]["balance_fen"] for group in read["groups"]} == {None}
    assert note in {one["code"] for one in read["notes"]}


def test_an_empty_bank_has_an_empty_portfolio(own_client: httpx.Client) -> None:
    read = _read(own_client)
    assert (read["groups"], read["data_date"], read["basis"]) == ([], None, "none")
    assert read["total"]["loan_count"] == 0
    assert {note["code"] for note in read["notes"]} == {"no_data_date"}


def test_first_checks_are_counted_once_there_are_any(own_client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        loans = write_ledger_bank(connection, count=20, seed=5)
        live = [loan for loan in loans if loan.state in LIVE and loan.currency == "CNY"][:3]
        connection.commit()
        assert _read(own_client)["total"]["check_due_count"] is None
        for place, (loan, due, state) in enumerate(
            zip(live, ("2999-01-01", "2000-01-01", "2000-01-01"), ("open", "open", "taken_over"), strict=True)
        ):
            connection.execute(
                "INSERT INTO inspections.check (check_id, loan_id, kind, version, state, opened_at, paid_out_on, due_on, changed_at,"
                " unit_id) VALUES (%s, %s, 'first', 1, %s, now(), '2025-01-01', %s, now(), %s)",
                (f"C{place}", loan.loan_id, state, None if state == "taken_over" else due, loan.unit),
            )
        connection.commit()
    total = _read(own_client)["total"]
    assert (total["check_due_count"], total["check_overdue_count"]) == (1, 1)


# ---- who sees what ------------------------------------------------------------------------------------------------


def test_executives_see_sums_and_no_name(drawn: httpx.Client, bank: tuple[str, list[Loan]]) -> None:
    text = drawn.get("/api/v1/portfolio", params={"by": "product"}, headers={AS: "boss"}).text
    assert "有限公司" not in text and "JJ0" not in text
    assert drawn.get("/api/v1/portfolio", headers={AS: "machinist"}).status_code == 403


def test_each_sees_the_sums_of_their_own_reach(drawn: httpx.Client) -> None:
    mine = _read(drawn, "S2")
    assert mine["total"]["loan_count"] == len(_ledger(drawn, managers="S2"))
    assert mine["fewest_loans"] is None


# ---- the sheet ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_holds_the_groups_and_their_total(drawn: httpx.Client, language: str) -> None:
    read = _read(drawn, by="product")
    answer = drawn.get("/api/v1/portfolio.xlsx", params={"by": "product", "language": language})
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    sheets: list[list[list[Any]]] = [book.get_sheet_by_name(sheet).to_python() for sheet in book.sheet_names]
    rows, about = sheets
    titles = [str(title) for title in rows[0]]
    at = titles.index("余额（元）" if language == "zh" else "Balance (CNY)")
    assert [round(row[at] * 100) for row in rows[1:]] == [
        *(int(group["balance_fen"]) for group in read["groups"]), int(read["total"]["balance_fen"]),
    ]  # fmt: skip
    assert rows[-1][0] == ("合计" if language == "zh" else "Total")
    assert any(str(line[1]) == "2025-05-31" for line in about)


def test_the_sheet_of_who_may_not_see_single_loans_says_fewer_than(drawn: httpx.Client) -> None:
    seen = _read(drawn, "boss", by="product")
    answer = drawn.get("/api/v1/portfolio.xlsx", params={"by": "product"}, headers={AS: "boss"})
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    rows = book.get_sheet_by_name(book.sheet_names[0]).to_python()
    texts = [cell for row in rows[1:] for cell in row if isinstance(cell, str)]
    figures = [*seen["groups"], seen["total"]]
    assert texts.count("少于 3 笔") == sum(len(group["few"]) for group in figures) > 0
    assert texts.count("不显示") == sum(len(group["withheld"]) for group in figures)


def test_warnings_that_arose_since_are_those_that_happened_since(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        loans = write_ledger_bank(connection, count=20, seed=5)
        connection.execute("DELETE FROM early_warning.thread")
        live = [loan for loan in loans if loan.state in LIVE and loan.currency == "CNY"][:2]
        for place, (loan, day) in enumerate(
            zip(live, (LAST_MONTH, LAST_MONTH + datetime.timedelta(days=1)), strict=True)
        ):
            connection.execute(
                "INSERT INTO early_warning.thread (thread_id, loan_id, version, level, state, opened_at, first_at, due_at, changed_at,"
                " unit_id) VALUES (%s, %s, 1, 'red', 'open', now(), %s, now(), now(), %s)",
                (f"N{place}", loan.loan_id, noon(day), loan.unit),
            )
        connection.commit()
    total = _read(own_client)["total"]
    assert (total["red_count"], total["new_warning_count"]) == (2, 1)
