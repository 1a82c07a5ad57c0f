"""What a rule's hit says is the same as a line comes in and after a run."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from tests.http.bank import moment
from tests.monitor.test_deciding import post, standing
from tests.monitor.test_running_away import of_borrower, publish

from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing.database import trace_books

pytestmark = pytest.mark.database


@pytest.mark.parametrize("condition", ["TRUE", "amount_fen > 0 AND NOT is_disbursement"])
def test_a_rule_that_only_looks_whether_something_is_there_says_what_it_saw(
    bank: type_of_connection, database_url: str, asked: psycopg.Connection[Any], condition: str
) -> None:
    publish(bank, condition=condition, effective_from=moment(1).date())
    trace_books(bank)
    deciding = Deciding(Connecting(Database(database_url)))
    deciding.want()
    deciding.wait()
    [row] = post(bank, deciding, of_borrower("A1"))
    told = next(one for one in row.hits if one.rule_code == "ALL_THAT_MOVES")
    assert told.explanation and told.explanation_chinese
    live = standing(asked)
    assert (told.explanation, told.explanation_chinese) in {one[8:10] for one in live}
    trace_books(bank)
    assert standing(asked) == live
