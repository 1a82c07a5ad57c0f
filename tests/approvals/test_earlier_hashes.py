"""What was proposed before proposals of warnings and lists had a hash gets the one that it would have been given."""

from __future__ import annotations

import datetime
import importlib
from typing import Any

import psycopg
import pytest
from tests.http.bank import BROKER, LOAN, write_books
from tests.http.warned import QUIET_THREAD, THREAD, write_warnings

from loantrail import clock
from loantrail.early_warning.acting_on import act_on
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import (
    Act,
    ApproveLowering,
    Dispose,
    Disposition,
    ProposeFinding,
    ProposeLowering,
)
from loantrail.lists.acting import propose
from loantrail.lists.model import ListName, ListScope, Proposal
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database
BOOK = shipped_parameters()
VERSION = importlib.import_module("loantrail.postgres.migrations.versions.0025_proposal_hashes")
REASON = '已归还“一部分”\n\t"C:\\退款" / 50% \u2028 🏦\x7f'
HASHES = (
    "SELECT thread_id, kind, data->>'content_hash', data FROM early_warning.thread_event "
    "WHERE kind LIKE '%\\_proposed' OR kind LIKE '%\\_approved' ORDER BY 1, version",
    "SELECT entry_id, list, content_hash FROM lists.entry ORDER BY 1",
)


def did(bank: type_of_connection, thread: str, number: int, act: Act, by: str = "S1") -> Any:
    return act_on(bank, thread, act, by, number, f"key-{thread}-{number}", BOOK).thread


def test_an_upgrade_gives_what_was_proposed_before_its_hash(connection: type_of_connection) -> None:
    bank = connection
    write_books(bank)
    write_warnings(bank)
    first = did(bank, THREAD, 2, ProposeLowering(Level.ORANGE, REASON)).lowering
    did(bank, THREAD, 3, ApproveLowering(first.content_hash), "S2")
    did(bank, THREAD, 4, ProposeLowering(Level.BLUE, "再次下调"))
    did(bank, QUIET_THREAD, 2, Dispose(Disposition.TRUE_POSITIVE))
    did(bank, QUIET_THREAD, 3, ProposeFinding(REASON))
    until = clock.business_date(clock.now()) + datetime.timedelta(days=9)
    for number, (list_, scope, subject, rule, thread) in enumerate(
        (
            (ListName.BLACK, ListScope.ACCOUNT, BROKER, "", None),
            (ListName.ALLOW, ListScope.LOAN, LOAN, "FLOW_SECURITIES", THREAD),
        )
    ):
        propose(bank, Proposal(list_, scope, subject, REASON, until, "S1", f"k{number}", rule, thread), BOOK)
    given = [bank.execute(query).fetchall() for query in HASHES]
    assert [len(rows) for rows in given] == [4, 2]
    assert all(row[2] for rows in given for row in rows)

    bank.execute(VERSION._DOWN)
    assert bank.execute(
        "SELECT count(*) FROM early_warning.thread_event WHERE data ? 'content_hash'"
    ).fetchone() == (0,)
    bank.execute(VERSION._UP)

    assert [bank.execute(query).fetchall() for query in HASHES] == given
    with pytest.raises(psycopg.errors.RestrictViolation):
        bank.execute("UPDATE early_warning.thread_event SET data = '{}'")
    bank.rollback()
