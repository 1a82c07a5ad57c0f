"""Two keys that are one account: what it means for every reading of the books, and that it can be undone."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.disputes.bank import ACCOUNT, DISBURSEMENT, LOAN, NOTE
from tests.ledger.test_importing import CONTRACT, PARTY, UNIT, Books
from tests.postgres_fixtures import address_of, copied

from loantrail.cli.accounts import command
from loantrail.destinations.corrections import Correction, Scope, SubjectMerged, correct
from loantrail.disputes.composing import Wanted
from loantrail.disputes.making import make_sheet
from loantrail.disputes.verifying import verify
from loantrail.errors import InputError
from loantrail.ledger.merges import store
from loantrail.ledger.merges.acts import REFUSALS, Acted, Merge, MergeRefused, merge, withdraw
from loantrail.ledger.merging import (
    Beginning,
    kinds_agree,
    known_accounts,
    known_corrections,
    known_openings,
    opening_of,
    resolved,
    sides,
    survivors,
)
from loantrail.ledger.pairs.booking import keep_apart, pair_by_hand, release
from loantrail.postgres.connection import Database
from loantrail.tracing import snapshots
from loantrail.tracing import store as tracing_store
from loantrail.tracing.database import trace_books
from loantrail.tracing.store_evaluation import request

# What it means, without a database --------------------------------------------------------------------------


def test_chains_lead_to_the_one_that_stands_in_the_end() -> None:
    merged = survivors([("A", "B"), ("B", "C"), ("D", "C")])
    assert merged.rows() == [("A", "C"), ("B", "C"), ("D", "C")]
    frame = pl.DataFrame({"account": ["A", "X", None], "other": ["B", "A", "C"], "text": ["A", "B", "C"]})
    assert resolved(frame, ["account", "other"], merged).rows() == [
        ("C", "C", "A"),
        ("X", "C", "B"),
        (None, "C", "C"),
    ]
    with pytest.raises(ValueError, match="circle"):
        survivors([("A", "B"), ("B", "A")])


def _accounts(*rows: tuple[str, str | None, str | None, str]) -> pl.DataFrame:
    schema = {
        "account": pl.String,
        "name": pl.String,
        "owner": pl.String,
        "kind": pl.String,
        "unit_id": pl.String,
    }
    return pl.DataFrame([(*row, None) for row in rows], schema=schema, orient="row")


def test_the_survivor_takes_what_it_does_not_say_itself() -> None:
    accounts = _accounts(
        ("A", "甲", "P1", "settlement"),
        ("B", None, None, "unknown"),
        ("C", "丙", None, "external"),
        ("D", None, None, "unknown"),
    )
    known = known_accounts(accounts, survivors([("A", "B"), ("D", "C")]))
    assert known.rows() == [("B", "甲", "P1", "settlement", None), ("C", "丙", None, "unknown", None)]


def test_an_account_that_the_records_give_to_another_brings_nobodys_side() -> None:
    accounts = _accounts(("A", None, "P2", "card"), ("B", None, "P1", "card"), ("C", None, None, "card"))
    named = pl.DataFrame({"loan_id": ["L1", "L2"], "account": ["A", "B"]})
    assert sides(named, accounts, survivors([("A", "B")])).rows() == [("L2", "B")]
    assert sides(named, accounts, survivors([("A", "C")])).rows() == [("L1", "C"), ("L2", "B")]


def test_what_was_said_of_the_survivor_itself_wins() -> None:
    standing = pl.DataFrame({"account": ["B", None, "A"], "class": ["own", "line", "merged"]})
    found = known_corrections(standing, survivors([("A", "B")]))
    told = found.drop_nulls("account").unique("account", keep="last")
    assert told.rows() == [("B", "own")]
    assert found["class"].to_list().count("line") == 1


def _at(day: int) -> tuple[datetime.datetime, int]:
    return datetime.datetime(2024, 3, day, tzinfo=datetime.UTC), 1


@pytest.mark.parametrize(
    ("keys", "opening"),
    [
        # The statement that begins first says what there was before.
        ([("B", 500, _at(5)), ("A", 200, _at(1))], 200),
        ([("B", 500, _at(5)), ("A", None, _at(1))], None),
        # One statement alone: its own, else the survivor's, else the other's.
        ([("B", 500, None), ("A", 200, _at(1))], 200),
        ([("B", 500, None), ("A", None, _at(1))], 500),
        ([("B", None, _at(1)), ("A", 200, None)], 200),
        ([("B", None, None), ("A", None, None)], None),
        # At the same instant the survivor's counts.
        ([("A", 200, _at(1)), ("B", 500, _at(1))], 500),
    ],
)
def test_the_opening_balance_is_that_of_the_first_statement(keys: list[Any], opening: int | None) -> None:
    assert opening_of("B", [Beginning(*key) for key in keys]) == opening


def test_opening_balances_of_a_merged_account_become_one() -> None:
    lines = pl.DataFrame(
        {
            "account": ["S", "R", "R", "A"],
            "booked_at": [_at(day)[0] for day in (6, 4, 3, 1)],
            "sequence": [1, 2, 3, 4],
        }
    )
    given = pl.DataFrame({"account": ["A", "R", "S"], "balance_fen": [1, 7, 99]})
    assert known_openings(given, lines, survivors([("R", "S")])).rows() == [("A", 1), ("S", 7)]
    assert known_openings(given, lines, survivors([("S", "R")])).rows() == [("A", 1), ("R", 7)]
    assert known_openings(given.head(1), lines, survivors([("R", "S")])).rows() == [("A", 1)]


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("card", "settlement", True),
        ("pooled", "pooled", True),
        ("external", "pooled", True),
        ("settlement", "pooled", False),
        ("time_deposit", "savings", False),
        ("loan_internal", "bank_internal", False),
    ],
)
def test_pools_and_deposits_are_what_they_are(one: str, other: str, agree: bool) -> None:
    assert kinds_agree(one, other) is kinds_agree(other, one) is agree


# Over the books ---------------------------------------------------------------------------------------------

CARD, NUMBER = "6222000000000001", "S"
LINES = """
    03-01 08:00 | A      | credit | 50000  | to=E1 bal=50000 text=货款
    03-02 09:00 | A      | credit | 100000 | ref=D1 bal=150000 text=放款
    03-03 10:00 | A      | debit  | 120000 | to={card} bal=30000 text=往来
    03-03 10:00 | {own}  | credit | 120000 | to=A bal=120000
    03-04 10:00 | {own}  | debit  | 70000  | to={outside} bal=50000 text=货款
    03-05 10:00 | {own}  | debit  | 20000  | to={outside2} bal=30000 ref=Z1 text=货款
    03-06 10:00 | {next} | credit | 20000  | to={outside2} bal=50000 reverses=Z1 text=退回
    03-07 11:00 | {next} | debit  | 40000  | to=A bal=10000
    03-07 11:00 | A      | credit | 40000  | to={next} bal=70000
    03-08 11:00 | A      | debit  | 30000  | to={outside2} bal=40000 text=货款
"""
ONE = {"card": "S", "own": "S", "next": "S", "outside": "X", "outside2": "X"}
CASES: dict[str, tuple[dict[str, str], list[tuple[str, str]]]] = {
    "a card number and the account behind it": ({"card": CARD}, [(CARD, "S")]),
    "an outside account written in two ways": ({"outside2": "X-1"}, [("X-1", "X")]),
    "a renumbered account with two statements": ({"own": "R", "card": "R"}, [("R", "S")]),
    "a chain": (
        {"card": CARD, "own": "R", "outside2": "X-1"},
        [(CARD, "R"), ("R", "S"), ("X-1", "X")],
    ),
}
QUICK = ("a renumbered account with two statements", "a chain")
"""The chain holds the other cases too; those tell which of them is broken."""


@pytest.fixture
def two_books(
    database_server: Database, template_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Books, Books]]:
    """Two empty databases."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path / "home"))
    with copied(database_server, template_database) as one, copied(database_server, template_database) as two:
        yield tuple(  # pyright: ignore[reportReturnType]  two of them
            Books(address_of(database_server, name), tmp_path / name) for name in (one, two)
        )


@pytest.fixture
def books(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path / "home"))
    snapshots.forget()
    return Books(database_url, tmp_path)


OPENINGS: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "a renumbered account with two statements": ({"S": 7_000}, {"R": 7_000, "S": 99_000}),
}
"""Opening balances that the bank gives: under one number, and as they are written."""


def _fill(books: Books, names: dict[str, str], *accounts: dict[str, Any]) -> None:
    payee = {"contract_id": "C1", "name": "棉业", "account": names["outside2"], "unit_id": "0101"}
    order = {
        "order_id": "O1", "loan_id": LOAN, "payee_account": names["outside2"], "payee_name": "棉业",
        "amount_fen": 30_000, "unit_id": "0101",
    }  # fmt: skip
    books.take(
        books.records("organisation_unit", UNIT),
        books.records("party", PARTY),
        books.records(
            "account", ACCOUNT, *({**ACCOUNT, "party_id": None, **account} for account in accounts)
        ),
        books.records("loan_contract", CONTRACT),
        books.records("contract_payee", payee),
        books.records("loan_note", NOTE),
        books.records("disbursement", DISBURSEMENT),
        books.records("entrusted_order", order),
    )
    books.take_lines(LINES.format(**names))


def _merge(books: Books, one: str, other: str, key: str = "") -> Acted:
    with books.database.connect() as connection:
        return merge(
            connection, Merge(one, other, "同一账户", "核查员", key or f"key-{one}-{other}"), request
        )


def _undo(books: Books, merge_id: str) -> Acted | None:
    with books.database.connect() as connection:
        return withdraw(connection, merge_id, "并错了", "核查员", request)


def _traced(books: Books) -> dict[str, list[tuple]]:
    """All that a trace says, without the ids that follow from how a line is written."""
    with books.database.connect() as connection:
        trace_books(connection)
    return {
        "hops": books.ask(
            "SELECT ordinal, loan_id, booked_at, from_account, to_account, amount_fen, depth, use, ended "
            "FROM published.trace_hop ORDER BY ordinal"
        ),
        "statement": books.ask(
            "SELECT loan_id, use, amount_fen, line_group, least_fen, most_fen, proven, basis FROM published.trace_statement "
            "ORDER BY 1, 2"
        ),
        "positions": books.ask(
            "SELECT loan_id, account, use, amount_fen FROM published.trace_position ORDER BY 1, 2, 3"
        ),
        "leads": books.ask(
            "SELECT loan_id, pattern, amount_fen, class FROM published.trace_lead ORDER BY 1, 2, 3"
        ),
        "transfers": books.ask(
            "SELECT debit_account, credit_account, amount_fen, booked_at, basis FROM published.transfer ORDER BY 4, 1, 2, 3"
        ),
        "reports": books.ask(
            "SELECT account, state, line_count, balance_count, difference_count FROM published.reconciliation ORDER BY 1"
        ),
        "reversals": books.ask("SELECT count(*) FROM published.reversal"),
    }


@pytest.mark.database
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=() if case in QUICK else pytest.mark.heavy) for case in CASES]
)
def test_merged_books_are_traced_like_books_with_one_number(
    two_books: tuple[Books, Books], case: str
) -> None:
    written, merges = CASES[case]
    one, two = two_books
    of_one, of_two = (
        [{"account": account, "name": None, "opening_balance_fen": fen} for account, fen in openings.items()]
        for openings in OPENINGS.get(case, ({}, {}))
    )
    _fill(one, ONE, *of_one)
    _fill(two, ONE | written, *of_two)
    before = _traced(two)
    made = [_merge(two, *pair) for pair in merges]
    assert all(acted.new for acted in made)
    expected = _traced(one)
    assert _traced(two) == expected != before
    # Undone, it is as it was.
    for acted in reversed(made):
        undone = _undo(two, acted.row["merge_id"])
        assert undone is not None
        assert undone.new
    assert _traced(two) == before
    assert two.ask("SELECT * FROM ledger.merged_account") == []


@pytest.mark.database
def test_known_accounts_are_the_same_in_the_database_and_in_frames(books: Books) -> None:
    recorded = {"account": "R", "name": "棉业", "kind": "card", "opening_balance_fen": None}
    _fill(books, ONE | {"card": CARD, "own": "R"}, recorded)
    _merge(books, CARD, "R")
    _merge(books, "R", "S")
    columns = "account, name, party_id, kind, unit_id"
    with books.database.connect() as connection:
        raw = pl.DataFrame(
            connection.execute(f"SELECT {columns} FROM published.account ORDER BY account").fetchall(),
            schema=["account", "name", "owner", "kind", "unit_id"],
            orient="row",
        )
        at = connection.execute("SELECT clock_timestamp()").fetchone()
        assert at is not None
        merged = store.merged_at(connection, at[0])
    known = books.ask(f"SELECT {columns} FROM published.known_account ORDER BY account")
    assert known_accounts(raw, merged).rows() == known
    assert ("S", "棉业", None, "card", "unassigned") in known
    keys = books.ask("SELECT account FROM published.account_key WHERE survivor = 'S' ORDER BY 1")
    assert keys == [(CARD,), ("R",), ("S",)]


@pytest.mark.database
def test_lines_of_accounts_without_balances_are_counted_anew_when_they_become_one(books: Books) -> None:
    counts = "SELECT account, state, line_count FROM published.reconciliation ORDER BY 1"
    books.take(books.records("organisation_unit", UNIT), books.records("account", ACCOUNT))
    books.take_lines(
        f"03-01 08:00 | {CARD} | credit | 9\n03-02 08:00 | {CARD} | debit | 4\n03-03 08:00 | S | debit | 1"
    )
    assert books.ask(counts) == [(CARD, "no_balances", 2), ("S", "no_balances", 1)]

    _merge(books, CARD, "S")

    assert books.ask(counts) == [("S", "no_balances", 3)]


@pytest.mark.database
def test_lines_that_come_later_under_the_old_number_follow_by_themselves(books: Books) -> None:
    _fill(books, ONE | {"card": CARD})
    _merge(books, CARD, "S")
    books.take_lines(
        """
        03-09 10:00 | A                | debit  | 7 | to=S bal=39993
        03-09 10:00 | 6222000000000001 | credit | 7 | to=A bal=10007
        """,
        "later.parquet",
    )
    pairs = books.ask("SELECT debit_account, credit_account FROM published.transfer WHERE amount_fen = 7")
    assert pairs == [("A", "S")]
    reports = books.ask("SELECT account, state, line_count FROM published.reconciliation ORDER BY 1")
    assert reports == [("A", "reconciled", 6), ("S", "reconciled", 6)]
    # The pairing keeps what the lines say.
    [stored] = books.ask("SELECT debit_account, credit_account FROM ledger.transfer WHERE amount_fen = 7")
    assert stored == ("A", CARD)


@pytest.mark.database
def test_two_accounts_that_cannot_be_one_are_not_merged(books: Books) -> None:
    _fill(books, ONE)
    with psycopg.connect(books.url) as connection:
        connection.execute(
            """
            INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES ('P2', '0101', 'company', '别家');
            INSERT INTO ledger.account (account, account_number, currency, party_id, kind) VALUES
                ('U/USD', 'U', 'USD', NULL, 'unknown'), ('B', 'B', 'CNY', 'P2', 'settlement'),
                ('Q', 'Q', 'CNY', NULL, 'pooled'), ('Y', 'Y', 'CNY', NULL, 'external')
            """
        )
    _merge(books, "Y", "X")
    refused = {
        ("N", "A"): ("account_unknown", "from_account"),
        ("A", "N"): ("account_unknown", "into_account"),
        ("Y", "A"): ("account_merged_away", "from_account"),
        ("A", "Y"): ("account_merged_away", "into_account"),
        ("A", "A"): ("same_account", "into_account"),
        ("A", "U/USD"): ("currency_differs", "into_account"),
        ("A", "B"): ("party_differs", "into_account"),
        ("A", "Q"): ("kind_differs", "into_account"),
        ("A", "S"): ("money_moved_between", "into_account"),
        ("S", "A"): ("money_moved_between", "into_account"),
    }
    assert {code for code, _ in refused.values()} == set(REFUSALS)
    standing = books.ask("SELECT merge_id FROM ledger.account_merge")
    for (one, other), (code, field) in refused.items():
        with pytest.raises(MergeRefused) as caught:
            _merge(books, one, other)
        assert (caught.value.code, caught.value.place.field) == (code, field)
        assert caught.value.remedy
    with pytest.raises(MergeRefused, match="merged into X") as caught:
        _merge(books, "A", "Y")
    assert caught.value.survivor == "X"
    with books.database.connect() as connection, pytest.raises(InputError, match="no reason"):
        merge(connection, Merge("Q", "X", " ", "核查员", "key-00000009"), request)
    assert books.ask("SELECT merge_id FROM ledger.account_merge") == standing


@pytest.mark.database
def test_the_same_request_acts_once_however_often_and_at_once_it_comes(books: Books) -> None:
    _fill(books, ONE | {"card": CARD})
    acted: list[Acted] = []
    threads = [
        threading.Thread(target=lambda: acted.append(_merge(books, CARD, "S", "key-00000001")))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.new for one in acted) == [False, False, True]
    assert len({one.row["merge_id"] for one in acted}) == 1
    assert books.ask("SELECT requested FROM tracing.evaluation") == [(1,)]
    # Said once more in other words: it stands already.
    assert _merge(books, CARD, "S", "key-00000002").new is False
    with pytest.raises(InputError, match="another merge"):
        _merge(books, CARD, "X", "key-00000001")
    merge_id = acted[0].row["merge_id"]
    first, second = _undo(books, merge_id), _undo(books, merge_id)
    assert first is not None
    assert second is not None
    assert (first.new, second.new, second.row["withdrawn_reason"]) == (True, False, "并错了")
    assert _undo(books, "0" * 32) is None
    assert _merge(books, CARD, "S", "key-00000003").new is True


@pytest.mark.database
def test_a_merge_gives_the_books_another_name_and_so_does_its_end(books: Books) -> None:
    _fill(books, ONE | {"outside2": "X-1"})

    def version() -> str:
        with books.database.connect() as connection:
            return tracing_store.data_version(connection)

    never = version()
    acted = _merge(books, "X-1", "X")
    standing = version()
    _undo(books, acted.row["merge_id"])
    assert len({never, standing, version()}) == 3


@pytest.mark.database
def test_a_sheet_from_before_a_merge_is_the_same_after_it_and_one_from_after_it_when_it_is_undone(
    books: Books,
) -> None:
    recorded = {"account": "X-1", "name": "棉业", "kind": "external", "opening_balance_fen": None}
    _fill(books, ONE | {"card": CARD, "outside2": "X-1"}, recorded)
    with books.database.connect() as connection:
        correct(connection, Correction(Scope.ACCOUNT, "X-1", "lender", "查过", "核查员", "key-correct-1"))
    before = _traced(books)
    with books.database.connect() as connection:
        sheet = make_sheet(connection, Wanted(LOAN, before["statement"][0][1]), "核查员")
    acted = [_merge(books, CARD, "S"), _merge(books, "X-1", "X")]
    snapshots.forget()
    assert _traced(books)["statement"] != before["statement"]
    with books.database.connect() as connection:
        # A correction of the merged account counts for the survivor.
        uses = [use for _, use, *_ in _traced(books)["statement"]]
        assert "lender" in uses
        later = make_sheet(connection, Wanted(LOAN, "lender"), "核查员")
        assert later.content.classes[-1].correction is not None
        assert [order.is_payee for order in later.content.vouchers.orders] == [True]
        assert verify(connection, sheet.sheet_id).identical
    for one in reversed(acted):
        _undo(books, one.row["merge_id"])
    snapshots.forget()
    with books.database.connect() as connection:
        for number in (sheet.sheet_id, later.sheet_id):
            assert verify(connection, number).differences == []
            assert verify(connection, number).identical


@pytest.mark.database
def test_a_merged_account_takes_no_correction_and_its_lines_no_pair_with_each_other(books: Books) -> None:
    _fill(books, ONE | {"own": "R", "card": "R"})
    _merge(books, "R", "S")
    with books.database.connect() as connection:
        with pytest.raises(SubjectMerged) as caught:
            correct(connection, Correction(Scope.ACCOUNT, "R", "lender", "查过", "核查员", "key-correct-1"))
        assert caught.value.survivor == "S"
        connection.rollback()
        lines = dict(
            connection.execute(
                "SELECT account, line_id FROM published.statement_line WHERE account = 'R' AND amount_fen = 120000 "
                "OR account = 'S' AND amount_fen = 40000"
            ).fetchall()
        )
        connection.execute(
            "UPDATE ledger.statement_line SET amount_fen = 120000 WHERE line_id = %s::uuid", (lines["S"],)
        )
        with pytest.raises(InputError, match="same account"):
            pair_by_hand(connection, lines["S"], lines["R"], "试", "核查员")


# Back to the rules ------------------------------------------------------------------------------------------


@pytest.mark.database
def test_a_line_kept_apart_is_handed_back_to_the_rules(books: Books) -> None:
    _fill(books, ONE)
    pair = "SELECT transfer_id, basis FROM published.transfer WHERE amount_fen = 120000"
    [(transfer_id, basis)] = books.ask(pair)
    assert basis != "manual"
    with books.database.connect() as connection:
        assert release(connection, transfer_id, "没有人改过", "核查员") is None
        connection.rollback()
        [(debit,)] = connection.execute(
            "SELECT debit_line FROM published.transfer WHERE amount_fen = 120000"
        ).fetchall()
        keep_apart(connection, debit, "不是同一笔", "核查员")
        assert len(books.ask(pair)) == 2
        made = release(connection, debit, "看错了", "核查员")
    assert made is not None
    assert (made.transfer_id, made.superseded) == (transfer_id, 1)
    assert books.ask(pair) == [(transfer_id, basis)]
    ended = books.ask("SELECT superseded_reason, superseded_by FROM ledger.transfer WHERE basis = 'manual'")
    assert ended == [("看错了", "核查员")]


@pytest.mark.database
def test_the_command_merges_lists_and_takes_back(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(books, ONE | {"card": CARD})
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", books.url)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, list(arguments))

    assert "no account is merged" in run("merges").output
    assert f"account {CARD} is account S now" in run("merge", CARD, "S", "--reason", "卡号背后的账户").output
    assert "nothing changed" in run("merge", CARD, "S", "--reason", "再说一次").output
    assert f"{CARD} -> S" in run("merges").output
    assert "stands for itself again" in run("unmerge", CARD, "--reason", "并错了").output
    assert isinstance(run("unmerge", CARD, "--reason", "并错了").exception, InputError)
    assert "taken back" in run("merges", "--all").output
    assert books.ask("SELECT requested FROM tracing.evaluation") == [(2,)]
