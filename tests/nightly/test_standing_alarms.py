"""An alarm of what a delivery did stays until somebody looked at it, however often the same files are run."""

from __future__ import annotations

import pytest
from tests.nightly.bank import DAY, NEXT, Bank, loan
from tests.nightly.conftest import Books

pytestmark = pytest.mark.database


def test_a_loan_that_vanished_is_still_told_after_the_same_files_once_more(books: Books, bank: Bank) -> None:
    bank.deliver(DAY)
    books.night(DAY)
    bank.loans = [loan(1), loan(3)]
    bank.deliver(NEXT)
    books.night(NEXT)
    assert books.codes() >= {"loans_vanished", "records_vanished"}
    books.night(NEXT, again=True)
    assert books.codes() >= {"loans_vanished", "records_vanished"}
    # Files in which it is there again settle it.
    bank.loans = [loan(1), loan(2), loan(3)]
    bank.deliver(NEXT)
    books.night(NEXT, again=True)
    assert not books.codes() & {"loans_vanished", "records_vanished"}
