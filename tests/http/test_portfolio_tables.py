"""Uses, concentration and migration of the portfolio: they are the sums of the books, and hide what the groups hide."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from python_calamine import CalamineWorkbook
from tests.http.conftest import application, client_of
from tests.http.ledger_bank import NET_CAPITAL_FEN, RUN, Loan, write_ledger_bank
from tests.postgres_fixtures import copied
from tests.signing_in import AS, write_person

from loantrail.http.pages.portfolio.model import PortfolioBy
from loantrail.http.pages.portfolio.model_uses import UseGroup
from loantrail.identity.abilities import Role
from loantrail.postgres.connection import Database, configure

pytestmark = pytest.mark.database
Json = dict[str, Any]
LEAST = 3
LIVE = ("outstanding", "overdue")


@pytest.fixture(scope="module")
def bank(
    database_server: Database, template_database: str, _own_home: None
) -> Iterator[tuple[str, list[Loan], str]]:
    """Address of the drawn bank, its loans, and the address of its database; no test changes it."""
    with copied(database_server, template_database) as name:
        url = make_conninfo(database_server.url(), dbname=name)
        with psycopg.connect(url) as connection:
            configure(connection)
            loans = write_ledger_bank(connection, count=240)
            write_person(connection, "boss", [Role.EXECUTIVE])
            write_person(connection, "S2", [Role.RELATIONSHIP_MANAGER], "1001", "S2")
            write_person(connection, "machinist", [Role.IT_OPERATOR])
        with application(url) as address:
            yield address, loans, url


@pytest.fixture(scope="module")
def drawn(bank: tuple[str, list[Loan], str]) -> Iterator[httpx.Client]:
    """A client of the drawn bank."""
    with client_of(bank[0]) as opened:
        yield opened


@pytest.fixture(scope="module")
def lines(bank: tuple[str, list[Loan], str]) -> list[tuple[str, str, str, int, str]]:
    """`loan, group, use, fen, currency` of every loan that counts."""
    with psycopg.connect(bank[2]) as connection:
        rows = connection.execute(
            "SELECT line.loan_id, CASE WHEN line_group <> 'prohibited' THEN line_group WHEN EXISTS (SELECT 1 FROM tracing.lead"
            " WHERE lead.run_id = line.run_id AND lead.loan_id = line.loan_id AND lead.class = line.use) THEN 'suspected'"
            " ELSE 'restricted' END, line.use, line.amount_fen, note.currency FROM tracing.statement AS line"
            " JOIN ledger.loan_note AS note USING (loan_id)"
            " WHERE line.run_id = %s AND note.state IN ('outstanding', 'overdue')",
            (RUN,),
        ).fetchall()
    return [tuple(row) for row in rows]  # pyright: ignore[reportReturnType]


def _read(client: httpx.Client, table: str, person: str = "operator", **query: Any) -> Json:
    answer = client.get(f"/api/v1/portfolio/{table}", params=query, headers={AS: person})
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---- uses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["CNY", "USD"])
@pytest.mark.parametrize("by", list(PortfolioBy))
def test_uses_are_the_sums_over_the_loans_to_the_fen(
    drawn: httpx.Client, lines: list[tuple[str, str, str, int, str]], by: str, currency: str
) -> None:
    amounts: Counter[tuple[str, str]] = Counter()
    for _, group, use, fen, own in lines:
        if own == currency:
            amounts[group, use] += fen

    read = _read(drawn, "uses", by=by, currency=currency)

    assert {(line["line_group"], line["use"]): int(line["amount_fen"]) for line in read["uses"]} == amounts
    for cell in read["total"]["cells"]:
        own = sum(fen for (group, _), fen in amounts.items() if group == cell["line_group"])
        assert int(cell["amount_fen"]) == own
        assert cell["loan_count"] == len(
            {loan for loan, group, _, _, one in lines if group == cell["line_group"] and one == currency}
        )
        parts = [row["cells"] for row in read["groups"]]
        assert own == sum(
            int(part["amount_fen"])
            for part in itertools.chain.from_iterable(parts)
            if part["line_group"] == cell["line_group"]
        )
    for row in (*read["groups"], read["total"]):
        assert sum(int(cell["amount_fen"]) for cell in row["cells"]) == int(row["disbursed_fen"])
        assert [cell["line_group"] for cell in row["cells"]] == list(UseGroup)


@pytest.mark.parametrize("by", list(PortfolioBy))
def test_uses_stand_for_the_same_loans_as_the_groups_of_the_portfolio(drawn: httpx.Client, by: str) -> None:
    for within in ([], ["unit:1000"], ["industry:C"], ["product:mortgage_loan", "unit:1000"]):
        groups = drawn.get("/api/v1/portfolio", params={"by": by, "within": within}).json()
        read = _read(drawn, "uses", by=by, within=within)
        assert {row["value"]: (row["disbursed_fen"], row["traced_count"]) for row in read["groups"]} == {
            group["value"]: (group["disbursed_fen"], group["traced_count"])
            for group in groups["groups"]
            if group["loan_count"]
        }
        assert read["untraced_count"] == groups["total"]["loan_count"] - groups["total"]["traced_count"]


def test_going_down_shows_the_row_that_one_went_into(drawn: httpx.Client) -> None:
    for person in ("operator", "boss"):
        top = _read(drawn, "uses", person, by="industry")
        for row in top["groups"]:
            below = _read(drawn, "uses", person, by="product", within=f"industry:{row['value']}")
            own = [(cell["amount_fen"], cell["cover"]) for cell in row["cells"]]
            assert [(cell["amount_fen"], cell["cover"]) for cell in below["total"]["cells"]] == own
            assert below["total"]["disbursed_fen"] == row["disbursed_fen"]


def _cells(read: Json) -> Iterator[tuple[str, Json]]:
    for row in (*read["groups"], read["total"]):
        for cell in row["cells"]:
            yield row["value"], cell
    for line in read["uses"]:
        yield f"use {line['use']}", line


@pytest.mark.parametrize("by", list(PortfolioBy))
@pytest.mark.parametrize(
    "within", [[], ["unit:1000"], ["unit:1000", "unit:1001"], ["product:mortgage_loan"], ["industry:C"]]
)
def test_no_use_of_too_few_loans_is_told_to_who_may_not_see_single_loans(
    drawn: httpx.Client, by: str, within: list[str]
) -> None:
    seen, true = (
        _read(drawn, "uses", "boss", by=by, within=within),
        _read(drawn, "uses", by=by, within=within),
    )
    full = {(place, cell["line_group"]): cell for place, cell in _cells(true)}
    for place, cell in _cells(seen):
        own = full[place, cell["line_group"]]
        if cell["cover"] is None:
            assert (cell["amount_fen"], cell["loan_count"]) == (own["amount_fen"], own["loan_count"])
            assert not 0 < cell["loan_count"] < LEAST
        else:
            assert (cell["amount_fen"], cell["loan_count"]) == (None, None)
            assert (cell["cover"] == "few") == (0 < own["loan_count"] < LEAST)


@pytest.mark.parametrize("by", list(PortfolioBy))
def test_a_hidden_use_cannot_be_had_from_row_column_or_the_uses_of_a_group(
    drawn: httpx.Client, by: str
) -> None:
    for within in ([], ["unit:1000"], ["industry:C"]):
        seen, true = (
            _read(drawn, "uses", "boss", by=by, within=within),
            _read(drawn, "uses", by=by, within=within),
        )
        truly = {(place, cell["line_group"]): cell["loan_count"] for place, cell in _cells(true)}

        def small(place: str, cell: Json) -> bool:
            return 0 < truly[place, cell["line_group"]] < LEAST  # noqa: B023  used at once

        for row in (*seen["groups"], seen["total"]):
            behind = [cell for cell in row["cells"] if cell["cover"]]
            full = [cell for cell in behind if truly[row["value"], cell["line_group"]]]
            if row["cover"] is None and any(small(row["value"], cell) for cell in behind):
                assert len(full) > 1, (row["value"], within)
        for column, group in enumerate(UseGroup):
            cells = [(row["value"], row["cells"][column]) for row in seen["groups"]]
            behind = [one for one in cells if one[1]["cover"] and truly[one[0], group]]
            if seen["total"]["cells"][column]["cover"] is None and any(small(*one) for one in behind):
                assert len(behind) > 1, (group, within)
                assert sum(truly[place, group] for place, _ in behind) >= LEAST
            uses = [line for line in seen["uses"] if line["line_group"] == group]
            lost = [line for line in uses if line["cover"]]
            if seen["total"]["cells"][column]["cover"] is not None:
                assert len(lost) == len(uses)
            elif any(line["cover"] == "few" for line in lost):
                assert len(lost) > 1, (group, within)


def test_a_use_hidden_above_is_hidden_below(drawn: httpx.Client) -> None:
    hidden = 0
    for by in (PortfolioBy.INDUSTRY, PortfolioBy.PRODUCT, PortfolioBy.REGION):
        for row in _read(drawn, "uses", "boss", by=by)["groups"]:
            query = {"by": "class", "within": f"{by}:{row['value']}"}
            below, true = _read(drawn, "uses", "boss", **query), _read(drawn, "uses", **query)
            for column, cell in enumerate(row["cells"]):
                if cell["cover"] and int(true["total"]["cells"][column]["amount_fen"]):
                    hidden += 1
                    assert below["total"]["cells"][column]["amount_fen"] is None
                    parts = [one["cells"][column]["amount_fen"] for one in below["groups"]]
                    assert None in parts, (by, row["value"], cell["line_group"])
    assert hidden > 0


def test_each_sees_the_uses_of_their_own_reach_and_no_use_without_the_ability(drawn: httpx.Client) -> None:
    mine = drawn.get("/api/v1/portfolio", headers={AS: "S2"}).json()
    assert _read(drawn, "uses", "S2")["total"]["disbursed_fen"] == mine["total"]["disbursed_fen"]
    for table in ("uses", "concentration", "migration"):
        for ending in ("", ".xlsx"):
            answer = drawn.get(f"/api/v1/portfolio/{table}{ending}", headers={AS: "machinist"})
            assert answer.status_code == 403


# ---- concentration ------------------------------------------------------------------------------------------------


def _owed(loans: list[Loan]) -> Counter[int]:
    owed: Counter[int] = Counter()
    for loan in loans:
        if loan.state in LIVE and loan.currency == "CNY":
            owed[loan.party] += loan.balance_fen
    return owed


def test_concentration_is_what_the_largest_owe(
    drawn: httpx.Client, bank: tuple[str, list[Loan], str]
) -> None:
    owed = _owed(bank[1])
    whole = owed.total()
    ten = [fen for _, fen in owed.most_common(10)]

    read = _read(drawn, "concentration")

    figures = {one["of"]: one for one in read["figures"]}
    assert int(read["balance_fen"]) == whole
    assert int(figures["largest_customer"]["balance_fen"]) == ten[0]
    assert int(figures["ten_largest"]["balance_fen"]) == sum(ten)
    assert figures["ten_largest"]["share_ppm"] == round(sum(ten) * 1_000_000 / whole)
    assert read["customers_index"] == {
        "hhi_ppm": round(sum(fen * fen for fen in owed.values()) * 1_000_000 / whole**2),
        "count": len(owed),
        "cover": None,
    }
    industries = drawn.get("/api/v1/portfolio", params={"by": "industry"}).json()["groups"]
    balances = {one["value"]: int(one["balance_fen"]) for one in industries}
    largest = max((value for value in balances if value != "none"), key=lambda value: balances[value])
    assert (figures["largest_industry"]["value"], int(figures["largest_industry"]["balance_fen"])) == (
        largest, balances[largest],
    )  # fmt: skip
    assert read["industries_index"]["hhi_ppm"] == round(
        sum(fen * fen for fen in balances.values()) * 1_000_000 / whole**2
    )
    assert [int(one["balance_fen"]) for one in read["customers"]] == ten


def test_the_largest_group_is_the_one_of_the_ledger_of_groups(drawn: httpx.Client) -> None:
    rows = drawn.get("/api/v1/ledgers/groups", params={"limit": 200}).json()["rows"]
    largest = max(int(row["cells"]["balance_fen"]) for row in rows if row["currency"] == "CNY")
    figures = {one["of"]: one for one in _read(drawn, "concentration")["figures"]}
    assert int(figures["largest_group"]["balance_fen"]) == largest


def test_limits_are_shares_of_the_capital_on_record(
    drawn: httpx.Client, bank: tuple[str, list[Loan], str]
) -> None:
    read = _read(drawn, "concentration")
    largest = next(one for one in read["figures"] if one["of"] == "largest_customer")
    assert int(read["capital"]["net_capital_fen"]) == NET_CAPITAL_FEN
    assert (largest["limit"]["limit_ppm"], largest["limit"]["of"]) == (100_000, "net_capital")
    share = int(largest["balance_fen"]) * 1_000_000 / NET_CAPITAL_FEN
    assert largest["limit"]["share_ppm"] == round(share)
    assert largest["limit"]["exceeded"] is (share > 100_000)
    # They are the whole bank's in CNY.
    for query in ({"within": "unit:1000"}, {"currency": "USD"}):
        part = _read(drawn, "concentration", **query)
        assert {one["limit"] for one in part["figures"]} == {None}
        assert "limits_whole" in {note["code"] for note in part["notes"]}


def test_without_capital_on_record_nothing_is_invented(own_client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_ledger_bank(connection, count=30, seed=5)
        connection.execute("DELETE FROM parties.bank_capital")
        connection.commit()
    read = own_client.get("/api/v1/portfolio/concentration").json()
    assert read["capital"] is None
    assert {one["limit"]["share_ppm"] for one in read["figures"] if one["limit"]} == {None}
    assert {one["limit"]["exceeded"] for one in read["figures"] if one["limit"]} == {None}
    assert "no_capital" in {note["code"] for note in read["notes"]}


@pytest.mark.parametrize(
    "within", [[], ["unit:1000"], ["product:mortgage_loan"], ["industry:C", "industry:13"], ["region:43"]]
)
def test_concentration_names_nobody_and_hides_what_stands_for_too_few_loans(
    drawn: httpx.Client, within: list[str]
) -> None:
    answer = drawn.get("/api/v1/portfolio/concentration", params={"within": within}, headers={AS: "boss"})
    assert "有限公司" not in answer.text and not re.search(r'"P\d', answer.text)
    seen, true = answer.json(), _read(drawn, "concentration", within=within)
    count = drawn.get("/api/v1/portfolio", params={"within": within}).json()["total"]["loan_count"]
    assert seen["customers"] is None and len(true["customers"]) > 0
    for one, own in zip(seen["figures"], true["figures"], strict=True):
        if one["cover"]:
            assert (one["loan_count"], one["balance_fen"], one["share_ppm"], one["value"]) == (
                None,
                None,
                None,
                "",
            )
            assert one["limit"] is None or one["limit"]["share_ppm"] is None
        else:
            assert one == own
            assert one["loan_count"] >= LEAST and not 0 < count - one["loan_count"] < LEAST
    if within:
        assert seen["customers_index"]["hhi_ppm"] is None


# ---- migration ----------------------------------------------------------------------------------------------------


def test_rates_of_migration_follow_the_matrix(drawn: httpx.Client) -> None:
    read = _read(drawn, "migration")
    assert (read["since"], read["days"]) == ("2025-05-31", ["2025-05-31"])
    groups = drawn.get("/api/v1/portfolio", params={"by": "class"}).json()
    then = {group["value"]: group["before"] for group in groups["groups"]}
    for rate in read["rates"]:
        if rate["class_then"] == "performing":
            continue
        assert rate["opening_fen"] == then[rate["class_then"]]["balance_fen"]
        left = int(rate["opening_fen"]) - int(rate["reduced_fen"])
        assert rate["rate_ppm"] == (round(int(rate["down_fen"]) * 1_000_000 / left) if left else None)
    stayed = sum(
        one["loan_count"]
        for one in read["moves"]
        if one["class_now"] not in ("settled", "written_off", "transferred")
    )
    assert read["new_count"] == groups["total"]["loan_count"] - stayed


def test_an_executive_sees_no_move_of_too_few_loans(drawn: httpx.Client) -> None:
    for within in ([], ["unit:1000"], ["product:mortgage_loan"]):
        seen, true = (
            _read(drawn, "migration", "boss", within=within),
            _read(drawn, "migration", within=within),
        )
        truly = {(own["class_then"], own["class_now"]): own for own in true["moves"]}
        told = {(one["class_then"], one["class_now"]): one for one in seen["moves"]}
        assert truly and truly.keys() <= told.keys()
        for key, own in truly.items():
            assert (told[key]["cover"] == "few") == (0 < own["loan_count"] < LEAST)
            assert told[key]["cover"] or told[key] == own
        for key in told.keys() - truly.keys():
            # An empty cell is hidden with the only one of its row.
            (only,) = [one for one in truly if one[0] == key[0]]
            assert (told[key]["cover"], told[key]["loan_count"]) == ("withheld", None) and told[only]["cover"]
        for line in ("class_then", "class_now"):
            for value in {one[line] for one in true["moves"]}:
                pairs = [(told[key], own) for key, own in truly.items() if own[line] == value]
                behind = [own["loan_count"] for one, own in pairs if one["cover"]]
                if (
                    any(count < LEAST for count in behind)
                    and sum(own["loan_count"] for _, own in pairs) >= LEAST
                ):
                    assert len(behind) > 1 and sum(behind) >= LEAST, (within, value)
        for rate in seen["rates"]:
            assert rate["cover"] or rate["down_count"] == 0 or rate["down_count"] >= LEAST


@pytest.mark.parametrize(
    ("query", "note"), [({"within": "level:red"}, "level_then"), ({"since": "2025-05-30"}, "no_history")]
)
def test_what_is_not_on_record_is_said(drawn: httpx.Client, query: dict[str, str], note: str) -> None:
    read = _read(drawn, "migration", **query)
    assert (read["moves"], read["rates"], read["since"], read["new_count"]) == (None, [], None, None)
    assert note in {one["code"] for one in read["notes"]}


@pytest.mark.parametrize("table", ["uses", "concentration", "migration"])
def test_an_empty_bank_has_empty_tables(own_client: httpx.Client, table: str) -> None:
    assert own_client.get(f"/api/v1/portfolio/{table}").status_code == 200
    assert own_client.get(f"/api/v1/portfolio/{table}.xlsx").status_code == 200


# ---- sheets -------------------------------------------------------------------------------------------------------


def _rows(
    client: httpx.Client, table: str, person: str, **query: Any
) -> tuple[list[list[Any]], list[list[Any]]]:
    answer = client.get(f"/api/v1/portfolio/{table}.xlsx", params=query, headers={AS: person})
    assert answer.status_code == 200, answer.text
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    rows, about = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    return rows, about


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_of_uses_holds_the_table(drawn: httpx.Client, language: str) -> None:
    read = _read(drawn, "uses", by="industry")
    rows, _ = _rows(drawn, "uses", "operator", by="industry", language=language)
    table = rows[1 : len(read["groups"]) + 2]
    for row, own in zip(table, (*read["groups"], read["total"]), strict=True):
        assert [round(cell * 100) for cell in row[1:]] == [
            int(own["disbursed_fen"]), *(int(cell["amount_fen"]) for cell in own["cells"]),
        ]  # fmt: skip
    assert len(rows) == len(table) + 1 + len(read["uses"])


def test_hidden_figures_are_words_in_the_sheets(drawn: httpx.Client) -> None:
    seen = _read(drawn, "uses", "boss", by="product")
    rows, about = _rows(drawn, "uses", "boss", by="product")
    texts = Counter(cell for row in rows[1:] for cell in row[1:] if isinstance(cell, str) and cell)
    covers = Counter(cell["cover"] for _, cell in _cells(seen))
    covers.update(row["cover"] for row in (*seen["groups"], seen["total"]))
    assert texts == {"少于 3 笔": covers["few"], "不显示": covers["withheld"]}
    assert any("少于 3 笔的数字不显示" in str(cell) for line in about for cell in line)


def test_the_sheets_of_concentration_and_migration_hold_what_the_page_shows(drawn: httpx.Client) -> None:
    concentration, _ = _rows(drawn, "concentration", "operator")
    read = _read(drawn, "concentration")
    assert len(concentration) == 1 + len(read["figures"]) + 2
    assert round(concentration[1][2] * 100) == int(read["figures"][0]["balance_fen"])
    migration, about = _rows(drawn, "migration", "operator", language="en")
    moves = _read(drawn, "migration")["moves"]
    assert [round(row[3] * 100) for row in migration[1:]] == [int(one["balance_fen"]) for one in moves]
    assert any("Rate of migration, Normal" in str(line[0]) for line in about)
