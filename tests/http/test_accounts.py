"""The pages of accounts and transactions over the bank of `bank.py`: what they show, and the curve of loan money."""

from __future__ import annotations

import datetime
from typing import Any

import httpx
import pytest
from tests.http.bank import (
    BORROWER,
    BROKER,
    LOAN,
    MOVEMENTS,
    QUIET,
    QUIET_LOAN,
    RELATED,
    SUPPLIER,
    transfer_id,
)

from loantrail.http.pages.accounts.curve import drawn, running_balances
from loantrail.http.pages.accounts.model import PairingState
from loantrail.http.pages.accounts.pairing_words import pairing_state, reasons, strength

NOON = datetime.datetime(2025, 3, 1, 4, tzinfo=datetime.UTC)


def _at(day: int) -> datetime.datetime:
    return NOON + datetime.timedelta(days=day)


def _read(client: httpx.Client, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _accounts(client: httpx.Client, **query: Any) -> list[str]:
    return [row["account"] for row in _read(client, "/accounts", **query)["items"]]


# The curve, without a database --------------------------------------------------------------------------------


def test_each_loans_line_is_the_running_sum_of_what_came_and_went() -> None:
    lines = drawn(
        [(_at(1), 900), (_at(2), 400)],
        [(_at(1), "L1", 500), (_at(2), "L1", -200), (_at(3), "L1", -300), (_at(2), "L2", 50)],
    )
    assert lines.times == [_at(1), _at(2), _at(3)]
    assert lines.loans == [("L1", [500, 300, 0]), ("L2", [0, 50, 50])]
    assert lines.labelled_fen == [500, 350, 50]
    assert lines.balance_fen == [900, 400, 400]


def test_small_loans_are_drawn_together_so_that_the_whole_stays_exact() -> None:
    flows = [(_at(day), f"L{day}", 100 * day) for day in range(1, 6)]
    lines = drawn([], flows, loans_shown=2)
    assert [loan for loan, _ in lines.loans] == ["L5", "L4", None]
    assert [
        sum(amounts) for amounts in zip(*(line for _, line in lines.loans), strict=True)
    ] == lines.labelled_fen
    assert lines.loan_count == 5
    assert lines.balance_fen == [None] * 5


def test_of_several_lines_at_one_instant_the_last_balance_counts() -> None:
    assert drawn([(_at(1), 7), (_at(1), 9)], []).balance_fen == [9]


@pytest.mark.parametrize(
    ("moved", "opening", "expected"),
    [
        ([(5, None), (-8, None), (2, None)], None, [8, 0, 2]),
        ([(5, None), (-8, None)], 10, [15, 7]),
        ([(5, None), (-8, 100), (2, None)], 0, [108, 100, 102]),
        ([], None, []),
    ],
)
def test_balances_that_are_not_stated_are_counted(
    moved: list[tuple[int, int | None]], opening: int | None, expected: list[int]
) -> None:
    rows = [(_at(number), change, stated) for number, (change, stated) in enumerate(moved)]
    assert [balance for _, balance in running_balances(rows, opening)] == expected


# How a line stands ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("basis", "partner", "ambiguous", "ours", "state"),
    [
        ("reference", True, False, True, PairingState.PAIRED),
        ("manual", True, False, True, PairingState.MANUAL),
        ("manual", False, False, True, PairingState.APART),
        (None, False, True, True, PairingState.AMBIGUOUS),
        (None, False, False, True, PairingState.UNPAIRED),
        (None, False, False, False, PairingState.OUTSIDE),
    ],
)
def test_a_lines_state(
    basis: str | None, partner: bool, ambiguous: bool, ours: bool, state: PairingState
) -> None:
    row = {"pairing_basis": basis, "has_partner": partner, "ambiguous": ambiguous, "other_is_ours": ours}
    assert pairing_state(row) is state


def _line(account: str, day: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "account": account,
        "account_now": account,
        "counterparty_now": more.get("counterparty_account"),
        "account_name": f"户{account}",
        "booked_at": _at(day),
        "reference": None,
        "counterparty_account": None,
        "counterparty_name": None,
        "pairing_basis": None,
        "has_partner": False,
    } | more


def test_what_speaks_for_a_partner_decides_their_order() -> None:
    line = _line("A", reference="R1", counterparty_account="B")
    same = _line("C", 3, reference="R1")
    mutual = _line("B", 1, counterparty_account="A")
    named = _line("B")
    nobody = _line("D")
    taken = _line("B", reference="R1", counterparty_account="A", pairing_basis="reference", has_partner=True)
    assert reasons(line, same) == ["same_reference", "near_in_time"]
    assert reasons(line, mutual) == ["names_each_other", "near_in_time"]
    assert reasons(line, named) == ["named_by_this", "same_instant"]
    assert reasons(line, _line("E", counterparty_account="A")) == ["names_this", "same_instant"]
    found = sorted((taken, nobody, named, mutual, same), key=lambda one: -strength(line, one))
    assert found == [same, mutual, named, nobody, taken]


# Over the traced bank --------------------------------------------------------------------------------------------


@pytest.mark.database
def test_accounts_are_found_by_number_name_and_what_they_hold(client: httpx.Client) -> None:
    assert _accounts(client) == [SUPPLIER, QUIET, BORROWER, RELATED, BROKER]
    assert _accounts(client, search="证券") == [BROKER]
    assert _accounts(client, search="620 甲纺") == [BORROWER]
    assert _accounts(client, search="100%") == []
    assert _accounts(client, loan_money="now") == [SUPPLIER, QUIET, BORROWER]
    assert _accounts(client, loan_money="ever", sort="account", direction="ascending") == [
        BORROWER,
        SUPPLIER,
        RELATED,
        BROKER,
        QUIET,
    ]
    assert _accounts(client, kind="pooled") == []
    assert _accounts(client, side="outside") == []
    assert _accounts(client, reconciliation="differs") == []
    assert _accounts(client, sort="account", direction="descending", limit=2, offset=1) == [BROKER, RELATED]


@pytest.mark.database
def test_an_account_says_whose_money_lies_there(client: httpx.Client) -> None:
    page = _read(client, f"/accounts/{BORROWER}")
    assert (page["name"], page["loan_fen"], page["ours"]) == ("甲纺织有限公司", "15000000", True)
    assert page["loans"] == [{"loan_id": LOAN, "borrower_name": "甲纺织有限公司", "amount_fen": "15000000"}]


@pytest.mark.database
def test_the_curve_ends_with_what_the_trace_left_there(client: httpx.Client) -> None:
    for account, loan, expected in (
        (BORROWER, LOAN, ["100000000", "60000000", "25000000", "30000000", "25000000", "15000000"]),
        (SUPPLIER, LOAN, ["40000000", "45000000"]),
        (QUIET, QUIET_LOAN, ["30000000"]),
    ):
        curve = _read(client, f"/accounts/{account}/curve")
        assert [(line["loan_id"], line["amounts_fen"]) for line in curve["loans"]] == [(loan, expected)]
        assert curve["labelled_fen"] == expected
        assert len(curve["times"]) == len(curve["balance_fen"]) == len(expected)
    # What ended at the broker's is no money that its account holds on.
    assert _read(client, f"/accounts/{BROKER}/curve")["loans"] == []


@pytest.mark.database
def test_the_balance_without_stated_ones_is_assumed(client: httpx.Client) -> None:
    curve = _read(client, f"/accounts/{BORROWER}/curve")
    assert curve["balance_state"] == "assumed"
    # 420,000.00 went to the supplier of which 400,000.00 was the loan's: 1,000,000.00 covers it all.
    assert curve["balance_fen"][:2] == ["100000000", "58000000"]


@pytest.mark.database
def test_lines_show_loan_money_class_and_pairing(client: httpx.Client) -> None:
    found = {line["purpose_text"]: line for line in _read(client, f"/accounts/{BORROWER}/lines")["items"]}
    assert len(found) == 6
    goods = found["棉纱货款"]
    assert (goods["direction"], goods["amount_fen"], goods["loan_fen"]) == ("debit", "42000000", "40000000")
    assert (goods["pairing"], goods["pairing_basis"]) == ("paired", "reference")
    assert (goods["destination_class"], goods["basis"]) == ("supplier", "document")
    assert goods["counterparty"] == {"account": SUPPLIER, "name": "丁棉业有限公司"}
    assert found["现金支取"]["pairing"] == "outside"


@pytest.mark.database
def test_pages_of_lines_follow_each_other_without_gap_or_overlap(client: httpx.Client) -> None:
    whole = [line["line_id"] for line in _read(client, f"/accounts/{BORROWER}/lines")["items"]]
    pieces: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = _read(client, f"/accounts/{BORROWER}/lines", limit=2, cursor=cursor)
        pieces += [line["line_id"] for line in page["items"]]
        cursor = page["next_cursor"]
    assert pieces == whole


@pytest.mark.database
@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ({"direction": "credit"}, ["还款", "贷款发放"]),
        ({"text": "棉纱"}, ["棉纱尾款", "棉纱货款"]),
        ({"text": "戊贸易"}, ["还款", "往来款"]),
        ({"least_fen": "42000000"}, ["棉纱货款", "贷款发放"]),
        ({"most_fen": "5000000", "direction": "debit"}, ["棉纱尾款"]),
        ({"booked_from": "2025-03-08", "booked_to": "2025-03-08"}, ["棉纱尾款"]),
        ({"text": "%"}, []),
    ],
)
def test_lines_can_be_narrowed(client: httpx.Client, query: dict[str, str], texts: list[str]) -> None:
    found = _read(client, f"/accounts/{BORROWER}/lines", **query)["items"]
    assert [line["purpose_text"] for line in found] == texts


@pytest.mark.database
def test_a_transaction_shows_both_lines_and_whose_money_moved(client: httpx.Client) -> None:
    page = _read(client, f"/transactions/{transfer_id('货款')}")
    assert (page["payer"]["account"], page["payee"]["account"]) == (BORROWER, SUPPLIER)
    assert (page["debit"]["account"], page["credit"]["account"]) == (BORROWER, SUPPLIER)
    assert (page["pairing"], page["current"], page["successors"]) == ("paired", True, [])
    assert [(loan["loan_id"], loan["amount_fen"]) for loan in page["loans"]] == [(LOAN, "40000000")]
    assert page["judgement"]["destination_class"] == "supplier"
    assert [(row["version"], row["state"]) for row in page["history"]] == [(1, "valid")]
    assert page["debit"]["source_file"] == "流水.csv"
    assert page["debit"]["position"] == next(
        number * 2 for number, one in enumerate(MOVEMENTS, 1) if one.name == "货款"
    )


@pytest.mark.database
def test_a_single_line_is_a_transaction_with_one_side(client: httpx.Client) -> None:
    page = _read(client, f"/transactions/{transfer_id('取现')}")
    assert page["credit"] is None
    assert (page["payer"]["account"], page["payee"]["account"]) == (BORROWER, None)
    assert (page["pairing"], page["candidates"]) == ("outside", [])


@pytest.mark.database
@pytest.mark.parametrize(
    "path", ["/accounts/9", "/accounts/9/lines", "/accounts/9/curve", f"/transactions/{'0' * 32}"]
)
def test_what_is_not_there_is_said_so(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/api/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["successors"] == []


@pytest.mark.database
@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "99999999999999999.1.1"}, {"least_fen": "-1"}])
def test_nonsense_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    answer = client.get(f"/api/v1/accounts/{BORROWER}/lines", params=query)
    assert answer.status_code in (200, 422), answer.text
    assert answer.status_code == 200 or answer.json()["code"] in ("request_refused", "input")
