"""Running balances: which accounts add up, and where the others go wrong first."""

from __future__ import annotations

from tests.ledger.statement_lines import lines

from loantrail.ledger.reconcile import reconcile


def test_a_statement_that_adds_up_is_reconciled_and_gives_its_opening_balance():
    [row] = reconcile(lines("""
        03-01 08:00 | A | credit | 100 | bal=1100
        03-01 09:00 | A | debit  | 400 | bal=700
        03-01 10:00 | A | debit  | 800 | bal=-100
    """)).to_dicts()  # fmt: skip
    assert (row["state"], row["line_count"], row["opening_fen"]) == ("reconciled", 3, 1000)


def test_the_first_wrong_line_is_named_and_the_error_is_counted_once():
    [row] = reconcile(lines("""
        03-01 08:00 | A | credit | 100 | bal=100
        03-01 09:00 | A | debit  | 40  | bal=70
        03-01 10:00 | A | debit  | 10  | bal=60
    """)).to_dicts()  # fmt: skip
    assert (row["state"], row["difference_count"]) == ("differs", 1)
    assert (row["first_position"], row["expected_fen"], row["actual_fen"]) == (2, 60, 70)


def test_lines_without_balance_between_balances_count():
    [row] = reconcile(lines("""
        03-01 08:00 | A | credit | 100 | bal=100
        03-01 09:00 | A | debit  | 40
        03-01 10:00 | A | debit  | 10  | bal=50
    """)).to_dicts()  # fmt: skip
    assert (row["state"], row["balance_count"]) == ("reconciled", 2)


def test_order_is_that_of_the_statement_not_of_the_rows():
    frame = lines("""
        03-01 08:00 | A | credit | 100 | bal=100
        03-01 08:00 | A | debit  | 40  | bal=60
    """)
    assert reconcile(frame.reverse()).item(0, "state") == "reconciled"


def test_an_account_without_balances_says_so():
    assert reconcile(lines("03-01 08:00 | A | credit | 100")).item(0, "state") == "no_balances"
