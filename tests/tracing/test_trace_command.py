"""`loantrail trace --database` as whoever calls it meets it."""

from __future__ import annotations

from pathlib import Path
from string import ascii_letters

import pytest
from click.testing import CliRunner
from tests.http.bank import BORROWER, UNTRACED_LOAN, moment, write_books

from loantrail.cli.trace import command
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


@pytest.fixture
def books(
    connection: type_of_connection, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> type_of_connection:
    """The bank of three loans, not traced yet; one disbursement has no line in the statements."""
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", database_url)
    write_books(connection)
    connection.execute(
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, reference, payment_mode, unit_id) "
        "VALUES ('FK9', %s, %s, 1, %s, '放款', 'autonomous_payment', 'U1')",
        (UNTRACED_LOAN, BORROWER, moment(3)),
    )
    connection.commit()
    return connection


def test_steps_and_findings_are_said_in_the_language_of_the_environment(
    books: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    chinese = CliRunner().invoke(command, ["--database"])
    assert chinese.exit_code == 0
    assert chinese.stdout.startswith("计算方法：先进先出；借据：1 笔；资金流动：")
    *steps, unlinked = chinese.stderr.splitlines()
    assert (steps[0], steps[-1]) == ("读取账簿", "生成贷后检查任务")
    assert not any(letter in "".join(steps) for letter in ascii_letters)
    assert unlinked == f"借据 {UNTRACED_LOAN}：流水中没有找到放款（没有对应的流水）"
    english = CliRunner().invoke(command, ["--database", "--english"])
    assert english.stdout.startswith("convention: fifo; loans: 1; movements: ")
    assert english.stderr.startswith("reading the books\njudging destinations\n")
