"""Flows by use: they are the sums of the books, and hide what the groups hide."""

from __future__ import annotations

import itertools
from collections import Counter

import httpx
import psycopg
import pytest
from tests.http.ledger_bank import RUN, Loan
from tests.http.portfolio.asking import LEAST, Json, read_portfolio, read_table, use_cells
from tests.signing_in import AS

from loantrail.http.pages.portfolio.model import PortfolioBy
from loantrail.http.pages.portfolio.model_uses import UseGroup

pytestmark = pytest.mark.database


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


@pytest.mark.parametrize("currency", ["CNY", "USD"])
@pytest.mark.parametrize("by", list(PortfolioBy))
def test_uses_are_the_sums_over_the_loans_to_the_fen(
    drawn: httpx.Client, lines: list[tuple[str, str, str, int, str]], by: str, currency: str
) -> None:
    amounts: Counter[tuple[str, str]] = Counter()
    for _, group, use, fen, own in lines:
        if own == currency:
            amounts[group, use] += fen

    read = read_table(drawn, "uses", by=by, currency=currency)

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
        read = read_table(drawn, "uses", by=by, within=within)
        assert {row["value"]: (row["disbursed_fen"], row["traced_count"]) for row in read["groups"]} == {
            group["value"]: (group["disbursed_fen"], group["traced_count"])
            for group in groups["groups"]
            if group["loan_count"]
        }
        assert read["untraced_count"] == groups["total"]["loan_count"] - groups["total"]["traced_count"]


def test_going_down_shows_the_row_that_one_went_into(drawn: httpx.Client) -> None:
    for person in ("operator", "boss"):
        top = read_table(drawn, "uses", person, by="industry")
        for row in top["groups"]:
            below = read_table(drawn, "uses", person, by="product", within=f"industry:{row['value']}")
            own = [(cell["amount_fen"], cell["cover"]) for cell in row["cells"]]
            assert [(cell["amount_fen"], cell["cover"]) for cell in below["total"]["cells"]] == own
            assert below["total"]["disbursed_fen"] == row["disbursed_fen"]


@pytest.mark.parametrize("by", list(PortfolioBy))
@pytest.mark.parametrize(
    "within", [[], ["unit:1000"], ["unit:1000", "unit:1001"], ["product:mortgage_loan"], ["industry:C"]]
)
def test_no_use_of_too_few_loans_is_told_to_who_may_not_see_single_loans(
    drawn: httpx.Client, by: str, within: list[str]
) -> None:
    seen, true = (
        read_table(drawn, "uses", "boss", by=by, within=within),
        read_table(drawn, "uses", by=by, within=within),
    )
    full = {(place, cell["line_group"]): cell for place, cell in use_cells(true)}
    for place, cell in use_cells(seen):
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
            read_table(drawn, "uses", "boss", by=by, within=within),
            read_table(drawn, "uses", by=by, within=within),
        )
        truly = {(place, cell["line_group"]): cell["loan_count"] for place, cell in use_cells(true)}

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
        for row in read_table(drawn, "uses", "boss", by=by)["groups"]:
            query = {"by": "class", "within": f"{by}:{row['value']}"}
            below, true = read_table(drawn, "uses", "boss", **query), read_table(drawn, "uses", **query)
            for column, cell in enumerate(row["cells"]):
                if cell["cover"] and int(true["total"]["cells"][column]["amount_fen"]):
                    hidden += 1
                    assert below["total"]["cells"][column]["amount_fen"] is None
                    parts = [one["cells"][column]["amount_fen"] for one in below["groups"]]
                    assert None in parts, (by, row["value"], cell["line_group"])
    assert hidden > 0


def test_each_sees_the_uses_of_their_own_reach_and_no_use_without_the_ability(drawn: httpx.Client) -> None:
    mine = drawn.get("/api/v1/portfolio", headers={AS: "S2"}).json()
    assert read_table(drawn, "uses", "S2")["total"]["disbursed_fen"] == mine["total"]["disbursed_fen"]
    for table in ("uses", "concentration", "migration"):
        for ending in ("", ".xlsx"):
            answer = drawn.get(f"/api/v1/portfolio/{table}{ending}", headers={AS: "machinist"})
            assert answer.status_code == 403


@pytest.mark.parametrize("table", ["groups", "uses"])
@pytest.mark.parametrize("by", list(PortfolioBy))
def test_few_loans_without_a_trace_are_not_told_by_subtraction(
    drawn: httpx.Client, by: str, table: str
) -> None:
    for within in ([], ["unit:1000"], ["product:mortgage_loan"], ["industry:C"]):
        groups = read_portfolio(drawn, "boss", by=by, within=within)
        true = read_portfolio(drawn, by=by, within=within)
        traced = groups if table == "groups" else read_table(drawn, "uses", "boss", by=by, within=within)
        told = {one["value"]: one["traced_count"] for one in (*traced["groups"], traced["total"])}
        loans = {one["value"]: one["loan_count"] for one in (*groups["groups"], groups["total"])}
        truly = {
            one["value"]: one["loan_count"] - one["traced_count"] for one in (*true["groups"], true["total"])
        }

        rests = {
            value: loans[value] - count
            for value, count in told.items()
            if count is not None and loans[value] is not None
        }

        assert not [value for value, rest in rests.items() if 0 < rest < LEAST], (by, within)
        behind = [truly[value] for value in told if value and value not in rests and truly[value]]
        if "" in rests and any(rest < LEAST for rest in behind):
            assert len(behind) > 1 and sum(behind) >= LEAST, (by, within)
        if table == "uses" and traced["untraced_count"] is not None:
            assert traced["untraced_count"] == truly[""] and not 0 < truly[""] < LEAST
