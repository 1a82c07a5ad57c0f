"""Concentration of the portfolio: what the largest owe, by the books; it names nobody to who may not see single loans."""

from __future__ import annotations

import re
from collections import Counter

import httpx
import psycopg
import pytest
from tests.http.ledger_bank import NET_CAPITAL_FEN, Loan, write_ledger_bank
from tests.http.portfolio.asking import LEAST, LIVE, read_table
from tests.signing_in import AS

pytestmark = pytest.mark.database


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

    read = read_table(drawn, "concentration")

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
    figures = {one["of"]: one for one in read_table(drawn, "concentration")["figures"]}
    assert int(figures["largest_group"]["balance_fen"]) == largest


def test_limits_are_shares_of_the_capital_on_record(
    drawn: httpx.Client, bank: tuple[str, list[Loan], str]
) -> None:
    read = read_table(drawn, "concentration")
    largest = next(one for one in read["figures"] if one["of"] == "largest_customer")
    assert int(read["capital"]["net_capital_fen"]) == NET_CAPITAL_FEN
    assert (largest["limit"]["limit_ppm"], largest["limit"]["of"]) == (100_000, "net_capital")
    share = int(largest["balance_fen"]) * 1_000_000 / NET_CAPITAL_FEN
    assert largest["limit"]["share_ppm"] == round(share)
    assert largest["limit"]["exceeded"] is (share > 100_000)
    # They are the whole bank's in CNY.
    for query in ({"within": "unit:1000"}, {"currency": "USD"}):
        part = read_table(drawn, "concentration", **query)
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
    seen, true = answer.json(), read_table(drawn, "concentration", within=within)
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
