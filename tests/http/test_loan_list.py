"""The list of loans: what its filters find, what it sums, what it exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import psycopg
import pytest
from python_calamine import CalamineWorkbook
from tests.http.bank import LOAN, QUIET_LOAN, RUN, UNTRACED_LOAN, write_books, write_trace
from tests.http.conftest import application, client_of
from tests.postgres_fixtures import address_of, copied

from loantrail.http.pages.loan_list.model import LoanFilter, LoanSort, SheetColumn
from loantrail.http.pages.loan_list.sheet import ASKED
from loantrail.http.pages.loan_list.titles import TITLES
from loantrail.parties.names import party_keys, sort_key
from loantrail.postgres.connection import Database, configure, type_of_connection
from loantrail.tracing.store import digest_leads

WEB = Path(__file__).resolve().parents[2] / "web" / "src" / "i18n"
pytestmark = pytest.mark.database

Keyed = tuple[type_of_connection, httpx.Client]
Filter = dict[str, str | int | list[str]]


def _loans(client: httpx.Client, **query: str | int | list[str]) -> dict:
    answer = client.get("/api/v1/loans", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ids(client: httpx.Client, **query: str | int | list[str]) -> list[str]:
    return [row["loan_id"] for row in _loans(client, sort="loan", direction="ascending", **query)["items"]]


@pytest.fixture(scope="module")
def keyed_bank(database_server: Database, template_database: str) -> Iterator[str]:
    """Name of a database of the keyed bank; no test changes it."""
    with copied(database_server, template_database) as name:
        with psycopg.connect(address_of(database_server, name)) as connection:
            configure(connection)
            write_keyed_bank(connection)
        yield name


@pytest.fixture(scope="module")
def keyed(database_server: Database, keyed_bank: str, _own_home: None) -> Iterator[httpx.Client]:
    """A client of the keyed bank; for tests that only read."""
    # A copy, since a database with readers cannot be copied for those that write.
    with (
        copied(database_server, keyed_bank) as name,
        application(address_of(database_server, name)) as address,
        client_of(address) as client,
    ):
        yield client


@pytest.fixture
def own_keyed(database_server: Database, keyed_bank: str) -> Iterator[Keyed]:
    """A connection to this test's own keyed bank, and a client of it."""
    with copied(database_server, keyed_bank) as name:
        url = address_of(database_server, name)
        with (
            psycopg.connect(url) as connection,
            application(url) as address,
            client_of(address) as client,
        ):
            configure(connection)
            yield connection, client


def write_keyed_bank(connection: type_of_connection) -> None:
    """The bank of three loans with names as an import keys them, identity numbers and units below units."""
    write_books(connection)
    write_trace(connection)
    connection.execute(
        "UPDATE parties.party SET name = '杭州中盛纺织有限公司', identity_number = '91330100MA2ABCDE0X'"
        " WHERE party_id = 'P1'"
    )
    connection.execute("UPDATE parties.party SET name = '曾乐' WHERE party_id = 'P5'")
    for party, name, kind, identity in connection.execute(
        "SELECT party_id, name, kind, identity_number FROM parties.party"
    ).fetchall():
        connection.execute(
            "UPDATE parties.party SET name_sort = %s, name_search = %s WHERE party_id = %s",
            (*party_keys(name, kind, identity), party),
        )
    connection.execute("UPDATE parties.staff SET name_sort = %s", (sort_key("客户经理一", person=True),))
    connection.execute("INSERT INTO parties.organisation_unit VALUES ('U0', '总行', 'head_office', NULL)")
    connection.execute("UPDATE parties.organisation_unit SET parent_unit_id = 'U0' WHERE unit_id = 'U1'")
    connection.execute(
        "UPDATE ledger.loan_note SET state = 'overdue', five_class = 'doubtful', grant_kind = 'rollover_loan',"
        " issued_on = '2025-06-01', balance_fen = 5000000 WHERE loan_id = %s",
        (UNTRACED_LOAN,),
    )


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("hzzs", [LOAN, UNTRACED_LOAN]),
        ("hangzhou", [LOAN, UNTRACED_LOAN]),
        ("HangZhou zhongsheng", [LOAN, UNTRACED_LOAN]),
        ("杭州 030003", [UNTRACED_LOAN]),
        ("ma2abc", [LOAN, UNTRACED_LOAN]),
        ("HTJJ2025030002", [QUIET_LOAN]),
        ("zengle", [QUIET_LOAN]),
        ("cy", [QUIET_LOAN]),
        ("ｚｌ", [QUIET_LOAN]),
        ("zshz", []),
        ("杭_中", []),
        ("杭州\\", []),
    ],
)
def test_one_box_finds_numbers_names_pinyin_initials_and_codes(
    keyed: httpx.Client, search: str, found: list[str]
):
    assert _ids(keyed, search=search) == found


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"product": ["consumer_loan"]}, [QUIET_LOAN]),
        ({"product": ["consumer_loan", "working_capital_loan"]}, [LOAN, QUIET_LOAN, UNTRACED_LOAN]),
        ({"borrower_kind": ["individual"]}, [QUIET_LOAN]),
        ({"unit": ["U0"]}, [LOAN, QUIET_LOAN, UNTRACED_LOAN]),
        ({"unit": ["elsewhere"]}, []),
        ({"manager": ["S1"]}, [LOAN]),
        ({"state": ["overdue"]}, [UNTRACED_LOAN]),
        ({"five_class": ["doubtful", "loss"]}, [UNTRACED_LOAN]),
        ({"grant_kind": ["new"]}, [LOAN, QUIET_LOAN]),
        ({"pattern": ["FLOW_SECURITIES"]}, [LOAN]),
        ({"main_pattern": ["ROUND_TRIP"]}, []),
        ({"suspected_class": ["securities"]}, [LOAN]),
        ({"suspected": "true"}, [LOAN]),
        ({"seen_below": 85}, [QUIET_LOAN]),
        ({"seen_below": 86}, [LOAN, QUIET_LOAN]),
        ({"amount_from": "30000000"}, [LOAN, QUIET_LOAN]),
        ({"amount_to": "29999999"}, [UNTRACED_LOAN]),
        ({"issued_from": "2025-03-04"}, [UNTRACED_LOAN]),
        ({"issued_to": "2025-03-03", "amount_to": "30000000"}, [QUIET_LOAN]),
        ({"amount_from": "", "seen_below": "", "issued_to": ""}, [LOAN, QUIET_LOAN, UNTRACED_LOAN]),
    ],
)
def test_filters_hold_together(keyed: httpx.Client, chosen: Filter, found: list[str]):
    assert _ids(keyed, **chosen) == found


@pytest.mark.parametrize(
    "chosen",
    [
        {"product": ["gold"]}, {"seen_below": 101}, {"amount_from": "1.5"}, {"issued_from": "2025-02-30"},
        {"pattern": ["x"]}, {"search": "a\x00b"}, {"limit": 201}, {"sort": "colour"},
    ],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused_with_its_name(keyed: httpx.Client, chosen: Filter):
    answer = keyed.get("/api/v1/loans", params=chosen)
    assert answer.status_code == 422
    assert next(iter(chosen)) in answer.json()["fields"][0]["field"]


@pytest.mark.parametrize("direction", ["ascending", "descending"])
@pytest.mark.parametrize("sort", list(LoanSort))
def test_every_order_lists_every_loan_once(client: httpx.Client, sort: LoanSort, direction: str):
    pages = [_loans(client, sort=sort, direction=direction, offset=at, limit=1)["items"] for at in range(4)]
    assert sorted(row["loan_id"] for page in pages for row in page) == [LOAN, QUIET_LOAN, UNTRACED_LOAN]


def test_borrowers_stand_in_the_order_of_their_pinyin(keyed: httpx.Client):
    names = [row["borrower_name"] for row in _loans(keyed, sort="borrower", direction="ascending")["items"]]
    assert names == ["杭州中盛纺织有限公司", "杭州中盛纺织有限公司", "曾乐"]  # hang, hang, zeng


def test_states_and_classes_stand_in_their_own_order(keyed: httpx.Client):
    for sort in ("state", "class"):
        assert _loans(keyed, sort=sort, direction="descending")["items"][0]["loan_id"] == UNTRACED_LOAN


def test_leads_of_one_loan_count_once(own_keyed: Keyed):
    connection, keyed = own_keyed
    connection.execute(
        "INSERT INTO tracing.lead VALUES (%s, %s, 'ROUND_TRIP', 30000000, 'own_account', '{}', ''),"
        " (%s, %s, 'IDLE_FUNDS', 20000000, 'time_deposit', '{}', ''),"
        " (%s, %s, 'IDLE_FUNDS', 9000000, 'time_deposit', '{}', '')",
        (RUN, LOAN, RUN, LOAN, RUN, QUIET_LOAN),
    )
    digest_leads(connection, RUN)
    connection.commit()
    found = _loans(keyed)
    (total,) = found["totals"]
    assert (total["suspected_fen"], total["suspected_count"]) == ("39000000", 2)
    assert total["suspected_by_pattern"] == [
        {"pattern": "FLOW_SECURITIES", "amount_fen": "30000000", "loan_count": 1},
        {"pattern": "IDLE_FUNDS", "amount_fen": "9000000", "loan_count": 1},
    ]
    first = found["items"][0]
    assert (first["lead_count"], first["patterns"]) == (3, ["FLOW_SECURITIES", "IDLE_FUNDS", "ROUND_TRIP"])
    assert _ids(keyed, pattern=["IDLE_FUNDS"]) == [LOAN, QUIET_LOAN]
    assert _ids(keyed, main_pattern=["IDLE_FUNDS"]) == [QUIET_LOAN]
    assert _ids(keyed, suspected_class=["own_account"]) == [LOAN]


def test_sums_are_of_what_the_filter_finds(keyed: httpx.Client):
    (total,) = _loans(keyed, search="hzzs", limit=1)["totals"]
    assert (total["loan_count"], total["amount_fen"], total["balance_fen"]) == (2, "108000000", "105000000")
    assert (total["disbursed_fen"], total["seen_fen"]) == ("100000000", "85000000")


def test_currencies_are_summed_apart(own_keyed: Keyed):
    connection, keyed = own_keyed
    connection.execute("UPDATE ledger.loan_note SET currency = 'JPY' WHERE loan_id = %s", (QUIET_LOAN,))
    connection.commit()
    totals = _loans(keyed)["totals"]
    assert [(one["currency"], one["minor_digits"], one["loan_count"]) for one in totals] == [
        ("CNY", 2, 2),
        ("JPY", 0, 1),
    ]


def test_choices_are_what_occurs_and_units_count_those_below(keyed: httpx.Client):
    choices = keyed.get("/api/v1/loan-choices").json()
    assert choices["loan_count"] == 3
    assert choices["units"] == [
        {"value": "U0", "name": "总行", "loan_count": 3, "parent": None},
        {"value": "U1", "name": "测试支行", "loan_count": 3, "parent": "U0"},
    ]
    assert choices["managers"] == [{"value": "S1", "name": "客户经理一", "loan_count": 1}]
    assert {one["value"]: one["loan_count"] for one in choices["products"]} == {
        "working_capital_loan": 2,
        "consumer_loan": 1,
    }
    assert [one["value"] for one in choices["states"]] == ["outstanding", "overdue"]
    assert [one["value"] for one in choices["patterns"]] == ["FLOW_SECURITIES"]
    assert [one["value"] for one in choices["suspected_classes"]] == ["securities"]


def _sheet(client: httpx.Client, **query: str | int | list[str]) -> tuple[list[list], list[list]]:
    answer = client.get("/api/v1/loans.xlsx", params=query)
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    loans, about = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    return loans, about


def test_the_sheet_holds_what_the_filter_found_as_numbers_and_days(keyed: httpx.Client):
    columns = ["loan", "borrower", "issued", "amount", "seen", "suspected", "pattern", "manager"]
    loans, about = _sheet(keyed, search="hzzs", columns=columns)
    assert loans[0] == [
        "借据号", "借款人", "发放日", "借据金额（元）", "看清去向", "疑似金额（元）", "主要疑点", "客户经理",
    ]  # fmt: skip
    assert [row[0] for row in loans[1:]] == [LOAN, UNTRACED_LOAN]
    first, untraced = loans[1:]
    assert (str(first[2]), first[3:]) == (
        "2025-03-03",
        [1_000_000.0, 0.85, 300_000.0, "流入证券、期货、理财等", "客户经理一"],
    )
    assert untraced[4:6] == ["", ""]
    assert ["贷款笔数", 2.0] in about
    assert ["条件", "查找：hzzs"] in about
    assert [row[0] for row in about][:3] == ["导出时间", "导出人", "条件"]
    assert ["疑似金额合计", 300_000.0] in about


def test_the_sheet_speaks_the_language_and_has_every_column(keyed: httpx.Client):
    loans, _ = _sheet(keyed, language="en")
    assert loans[0][:3] == ["Loan", "Borrower", "Borrower kind"]
    assert len(loans[0]) == len(SheetColumn)
    assert len(loans) == 4


def test_a_name_that_looks_like_a_formula_stays_text(own_keyed: Keyed):
    connection, keyed = own_keyed
    connection.execute("UPDATE parties.party SET name = '=1+1' WHERE party_id = 'P1'")
    connection.commit()
    loans, _ = _sheet(keyed, columns=["borrower"], search="030001")
    assert loans[1] == ["=1+1"]


def test_amounts_past_fifteen_digits_are_exact_text(own_keyed: Keyed):
    connection, keyed = own_keyed
    connection.execute(
        "UPDATE ledger.loan_note SET amount_fen = 4611686018427387903 WHERE loan_id = %s", (LOAN,)
    )
    connection.commit()
    loans, _ = _sheet(keyed, columns=["amount"], search="030001")
    assert loans[1] == ["46116860184273879.03"]
    assert _loans(keyed, search="030001")["totals"][0]["amount_fen"] == "4611686018427387903"


def test_too_many_loans_for_a_sheet_are_refused_in_words(
    keyed: httpx.Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("loantrail.http.pages.sheet_files.SHEET_ROWS_MAX", 2)
    answer = keyed.get("/api/v1/loans.xlsx")
    assert (answer.status_code, answer.json()["code"]) == (422, "limit_exceeded")
    assert "Narrow the filter" in answer.json()["remedy"]


def test_an_empty_bank_exports_its_titles(own_client: httpx.Client):
    loans, about = _sheet(own_client)
    assert len(loans) == 1
    assert ["追踪批次", "尚未追踪"] in about
    assert own_client.get("/api/v1/loan-choices").json()["loan_count"] == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_and_the_page_title_columns_alike(language: str):
    page = json.loads((WEB / language / "loan_list.json").read_text("utf-8"))
    assert set(TITLES[language]) == set(SheetColumn)
    for column, title in TITLES[language].items():
        assert page[f"loans.column.{column}"] == title


def test_the_sheet_tells_every_condition_that_there_is(keyed: httpx.Client):
    _, about = _sheet(
        keyed, amount_from=12_345, product="working_capital_loan", suspected="true", language="en"
    )
    told = [row[1] for row in about if row[0] in ("Conditions", " ")]
    assert told == ["Product: Working capital loan", "With a lead", "Loan amount at least (CNY): 123.45"]
    assert set(LoanFilter.model_fields) == set(ASKED)
