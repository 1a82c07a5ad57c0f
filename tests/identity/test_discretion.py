"""What is masked of an answer, and what only looks like a secret."""

from __future__ import annotations

import datetime

from loantrail.identity.discretion import MARK, Secrets, redacted, secrets_of

KEY = b"k" * 32
OWN_ACCOUNT = "6206"
"""Of the bank itself: few digits."""
ACCOUNT = "6222020200112233445"


def hiding(*accounts: str, name: str = "己证券有限公司") -> Secrets:
    return secrets_of(accounts, [name], [], [], KEY)


def test_a_moment_keeps_the_digits_that_an_account_has_too() -> None:
    check = {"state": "closed", "closed_at": "2026-03-31T02:15:00.106206Z", "due_on": "6206-03-31"}

    told = redacted(check, hiding(OWN_ACCOUNT))

    assert told == check
    assert datetime.datetime.fromisoformat(told["closed_at"]).microsecond == 106206


def test_an_amount_keeps_the_digits_that_an_account_has_too() -> None:
    line = {"amount_fen": "6206", "balance_fen": "-162060", "account": OWN_ACCOUNT}

    told = redacted(line, hiding(OWN_ACCOUNT))

    assert (told["amount_fen"], told["balance_fen"]) == ("6206", "-162060")
    assert MARK in told["account"]


def test_an_identifier_keeps_the_digits_that_a_short_account_has_too() -> None:
    row = {"check_id": "0a62060b0c0d0e0f6206a0b0c0d0e0f0", "loan_id": "JJ2025062060001"}

    assert redacted(row, hiding(OWN_ACCOUNT)) == row


def test_a_short_account_is_masked_in_texts_where_it_stands_alone() -> None:
    told = redacted(["转入6206账户", "6206", "from 6206, to 6207"], hiding(OWN_ACCOUNT))

    assert not any(OWN_ACCOUNT in text for text in told)
    assert told[2].endswith(", to 6207")


def test_a_long_account_is_masked_in_texts_whatever_stands_beside_it() -> None:
    told = redacted([f"ACCT{ACCOUNT}X", f"转{ACCOUNT}1"], hiding(ACCOUNT))

    assert not any(ACCOUNT in text for text in told)


def test_a_name_is_masked_inside_of_texts() -> None:
    assert redacted({"reason": "转入己证券有限公司账户"}, hiding(ACCOUNT)) == {"reason": "转入己证****账户"}


def test_words_under_the_name_of_an_amount_are_masked() -> None:
    assert MARK in redacted({"remark_fen": f"见 {ACCOUNT}"}, hiding(ACCOUNT))["remark_fen"]
