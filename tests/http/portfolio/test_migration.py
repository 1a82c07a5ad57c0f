"""Migration of classes: the rates follow the matrix, and nothing that is hidden can be had from what is told."""

from __future__ import annotations

import httpx
import psycopg
import pytest
from tests.http.ledger_bank import Loan
from tests.http.portfolio.asking import LEAST, Json, read_portfolio, read_table
from tests.http.portfolio.told import NEW, Cell, reader_of

pytestmark = pytest.mark.database


def test_rates_of_migration_follow_the_matrix(drawn: httpx.Client) -> None:
    read = read_table(drawn, "migration")
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


WITHIN = [
    [], ["unit:1000"], ["unit:1000", "unit:1001"], ["unit:1100"], ["product:mortgage_loan"], ["industry:C"],
    ["industry:C", "industry:13"], ["region:43"], ["class:normal"], ["unit:1000", "class:normal"],
]  # fmt: skip


def _moves(read: Json) -> dict[Cell, Json]:
    return {(one["class_then"], one["class_now"]): one for one in read["moves"]}


@pytest.mark.parametrize("within", WITHIN)
def test_an_executive_sees_no_move_of_too_few_loans(drawn: httpx.Client, within: list[str]) -> None:
    seen, true = (
        read_table(drawn, "migration", "boss", within=within),
        read_table(drawn, "migration", within=within),
    )
    truly, told = _moves(true), _moves(seen)
    assert truly and truly.keys() <= told.keys()
    for key, one in told.items():
        own = truly.get(key)
        assert (one["cover"] == "few") == (own is not None and own["loan_count"] < LEAST)
        assert one["cover"] or one == own
        assert (one["loan_count"] is None) == (one["balance_fen"] is None) == bool(one["cover"])
    for rate in seen["rates"]:
        assert rate["cover"] or rate["down_count"] == 0 or rate["down_count"] >= LEAST


@pytest.mark.parametrize("within", [one for one in WITHIN if not any("class" in part for part in one)])
def test_no_small_move_follows_from_the_matrix_the_rates_and_the_classes_of_today(
    drawn: httpx.Client, within: list[str]
) -> None:
    seen = read_table(drawn, "migration", "boss", within=within)
    groups = read_portfolio(drawn, "boss", by="class", within=within)
    true = read_table(drawn, "migration", within=within)
    truth = {cell: one["loan_count"] for cell, one in _moves(true).items()}
    for group in read_portfolio(drawn, by="class", within=within)["groups"]:
        stayed = sum(count for (_, now), count in truth.items() if now == group["value"])
        truth[NEW, group["value"]] = group["loan_count"] - stayed
    small = {cell for cell, count in truth.items() if 0 < count < LEAST and cell[0] != NEW}
    assert small
    if all(one["cover"] for one in seen["moves"]):
        return

    known = set(reader_of(truth, seen, groups).known())

    assert not small & known, sorted(small & known)


def test_a_move_hidden_above_is_hidden_below_and_no_unit_tells_of_another(drawn: httpx.Client) -> None:
    whole = _moves(read_table(drawn, "migration", "boss"))
    rates = {one["class_then"]: one["cover"] for one in read_table(drawn, "migration", "boss")["rates"]}
    for by in ("unit", "product", "region"):
        parts = {}
        for group in read_portfolio(drawn, by=by)["groups"]:
            within = f"{by}:{group['value']}"
            parts[within] = read_table(drawn, "migration", "boss", within=within)
        true = {within: _moves(read_table(drawn, "migration", within=within)) for within in parts}
        for cell, one in whole.items():
            covers = {
                within: _moves(read).get(cell, {"cover": None})["cover"] for within, read in parts.items()
            }
            full = {within: own[cell]["loan_count"] for within, own in true.items() if cell in own}
            if one["cover"]:
                assert all(covers[within] for within in full), (by, cell)
            else:
                hidden = [count for within, count in full.items() if covers[within]]
                assert not hidden or len(hidden) > 1 or hidden == [one["loan_count"]], (by, cell)
        for within, read in parts.items():
            below = {one["class_then"]: one["cover"] for one in read["rates"]}
            assert all(below.get(name, True) for name, cover in rates.items() if cover), within


def test_a_row_gone_down_into_hides_what_the_matrix_hides(drawn: httpx.Client) -> None:
    for above in ([], ["unit:1000"]):
        whole = _moves(read_table(drawn, "migration", "boss", within=above))
        for then in {cell[0] for cell in whole}:
            own = read_table(drawn, "migration", "boss", within=[f"class:{then}", *above])
            assert _moves(own) == {cell: one for cell, one in whole.items() if cell[0] == then}


def test_new_loans_are_those_that_did_not_count_on_the_earlier_day(
    drawn: httpx.Client, bank: tuple[str, list[Loan], str]
) -> None:
    with psycopg.connect(bank[2]) as connection:
        absent = connection.execute(
            "SELECT count(*) FROM ledger.record_version AS was JOIN ledger.loan_note AS note ON note.loan_id = was.record_key"
            " WHERE was.content IS NULL AND note.currency = 'CNY' AND note.state IN ('outstanding', 'overdue')"
        ).fetchone()
    assert absent and read_table(drawn, "migration")["new_count"] == absent[0] > 0
    # The class is the one of then, and what began since had none: the number would be that of other loans.
    for name in ("normal", "special_mention", "loss"):
        assert read_table(drawn, "migration", within=f"class:{name}")["new_count"] is None
    assert read_table(drawn, "migration", within=["unit:1000", "class:normal"])["new_count"] is None


@pytest.mark.parametrize(
    ("query", "note"), [({"within": "level:red"}, "level_then"), ({"since": "2025-05-30"}, "no_history")]
)
def test_what_is_not_on_record_is_said(drawn: httpx.Client, query: dict[str, str], note: str) -> None:
    read = read_table(drawn, "migration", **query)
    assert (read["moves"], read["rates"], read["since"], read["new_count"]) == (None, [], None, None)
    assert note in {one["code"] for one in read["notes"]}


@pytest.mark.parametrize("table", ["uses", "concentration", "migration"])
def test_an_empty_bank_has_empty_tables(own_client: httpx.Client, table: str) -> None:
    assert own_client.get(f"/api/v1/portfolio/{table}").status_code == 200
    assert own_client.get(f"/api/v1/portfolio/{table}.xlsx").status_code == 200
